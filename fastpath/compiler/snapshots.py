"""Snapshots: what an object that can change held when it was looked at, and whether it still does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import is_
from types import CellType
from typing import Any

import numpy as np

from fastpath.numerics import Array

MISSING: Any = object()
"""What stands for a name that is not there."""
PLAIN = frozenset([int, float, complex, str, bytes, bool, type(None), type(...), type(NotImplemented), range, slice])
"""Types whose objects never change and hold nothing that could."""
_LONG, _SHORT = 1000, 16


class Snapshot:
    """The objects something held, by a function that gets them anew."""

    __slots__ = ("get", "held", "name")

    def __init__(self, name: str, get: Callable[[], Sequence[Any]]) -> None:
        self.name = name
        self.get = get
        self.held = get()

    def unchanged(self) -> bool:
        """Whether it holds the same objects, or equal numbers and texts."""
        now = self.get()
        if len(now) == len(self.held) and all(map(is_, now, self.held)):
            return True
        if len(now) != len(self.held) or not all(map(_same, now, self.held)):
            return False
        self.held = now  # equal numbers, but others: compared by identity from now on
        return True

    def forgive(self) -> bool:
        """Stop comparing what differs now: what the function changes itself. Whether nothing is left."""
        return not self.unchanged()

    def written(self, bind: Callable[[Any], str]) -> str:
        """The comparison as an expression of Python; ``bind`` gives an object a name in it."""
        return f"{bind(self.unchanged)}()"


class _Items(Snapshot):
    """The items of a list."""

    __slots__ = ("items",)

    def __init__(self, name: str, items: list[Any]) -> None:
        super().__init__(name, items.copy)
        self.items = items

    def written(self, bind: Callable[[Any], str]) -> str:
        if len(self.held) > _SHORT:
            return super().written(bind)
        items = bind(self.items)
        parts = [f"{items}[{i}] is {bind(x)}" for i, x in enumerate(self.held)]
        return " and ".join([f"len({items}) == {len(self.held)}", *parts])


class _Named(Snapshot):
    """What stands under some names: in a namespace or, with ``whole``, all that is in a dict."""

    __slots__ = ("keys", "space", "whole")

    def __init__(self, name: str, space: Any, keys: Sequence[Any], whole: bool = False) -> None:
        self.space = space
        self.whole = whole
        self._look(name, keys)

    def _look(self, name: str, keys: Sequence[Any]) -> None:
        self.keys = keys = tuple(keys)
        space, rest = self.space, (MISSING,) * len(keys)
        super().__init__(name, lambda: list(map(space.get, keys, rest)))

    def unchanged(self) -> bool:
        return super().unchanged() and (not self.whole or len(self.space) == len(self.keys))

    def forgive(self) -> bool:
        now = self.get()
        keys = [k for k, a, b in zip(self.keys, now, self.held) if _same(a, b)]
        if self.whole and len(self.space) != len(self.keys):
            self.whole = False
        self._look(self.name, keys)
        return not keys and not self.whole

    def written(self, bind: Callable[[Any], str]) -> str:
        space = bind(self.space)
        parts = [f"len({space}) == {len(self.keys)}"] if self.whole else []
        for key, held in zip(self.keys, self.held):
            name = repr(key) if type(key) is str else bind(key)
            parts.append(f"{name} not in {space}" if held is MISSING else f"{space}[{name}] is {bind(held)}")
        return " and ".join(parts) or "True"


class _Numbers(Snapshot):
    """A long list of plain numbers: compared as a whole, in a third of the time."""

    __slots__ = ("numbers",)

    def __init__(self, name: str, numbers: list[Any]) -> None:
        super().__init__(name, numbers.copy)
        self.numbers = numbers

    def unchanged(self) -> bool:
        return self.numbers == self.held


class _Elements(Snapshot):
    """The numbers in an array, or which objects are in it."""

    __slots__ = ("array",)

    def __init__(self, name: str, array: Array) -> None:
        super().__init__(name, lambda: (array.shape, array.dtype, array.tobytes()))
        self.array = array

    def unchanged(self) -> bool:
        shape, dtype, numbers = self.held
        array = self.array
        return bool(array.shape == shape and array.dtype == dtype and array.tobytes() == numbers)

    def written(self, bind: Callable[[Any], str]) -> str:
        shape, _, numbers = self.held
        array = bind(self.array)
        return f"{array}.tobytes() == {bind(numbers)} and {array}.shape == {shape!r}"


def compared(snapshots: Sequence[Snapshot]) -> Callable[[], bool]:
    """One function that compares by identity what all of these hold: it takes a fifth of the time.

    Where it is false, or raises, something may have changed.
    """
    space: dict[str, Any] = {}

    def bind(x: Any) -> str:
        name = f"x{len(space)}"
        space[name] = x
        return name

    parts = [f"({s.written(bind)})" for s in snapshots]
    source = f"lambda: {' and '.join(parts) or 'True'}"
    return eval(compile(source, "<comparison of what is closed over>", "eval"), space)  # type: ignore[no-any-return]


def _same(a: Any, b: Any) -> bool:
    """The same object, or the same plain number or text."""
    if a is b:
        return True
    if type(a) is not type(b) or not (type(a) in PLAIN or isinstance(a, np.generic)):
        return False
    if isinstance(a, (float, np.floating)):
        return bool(a == b and math.copysign(1, a) == math.copysign(1, b)) or bool(a != a and b != b)
    return bool(a == b)


def of_items(name: str, x: Any) -> Snapshot:
    """The items of a list, deque or set."""
    if type(x) is list and len(x) > _LONG and all(type(item) in PLAIN for item in x):
        return _Numbers(name, x)
    return _Items(name, x) if type(x) is list else Snapshot(name, lambda: list(x))


def of_values(name: str, x: dict[Any, Any]) -> Snapshot:
    """The keys and values of a dict."""
    return _Named(name, x, list(x), whole=True)


def of_attributes(name: str, space: Any, keys: Sequence[str]) -> Snapshot:
    """What stands under some names in a namespace."""
    return _Named(name or "a global", space, keys)


def of_slots(name: str, x: Any, slots: Sequence[str]) -> Snapshot:
    """What stands in some slots of an object."""
    return Snapshot(name, lambda: [getattr(x, s, MISSING) for s in slots])


def of_cell(name: str, cell: CellType) -> Snapshot:
    """What a variable of an outer function is."""

    def get() -> Sequence[Any]:
        try:
            return (cell.cell_contents,)
        except ValueError:  # not assigned yet
            return (MISSING,)

    return Snapshot(name, get)


def of_array(name: str, x: Array) -> Snapshot:
    """The numbers in an array, or which objects are in it."""
    return _Elements(name, x)
