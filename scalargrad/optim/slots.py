"""Where the numbers of the parameters are: each slot is one array that an optimizer reads and writes.

A Tensor is one slot, and so are all Values together. A class of Values whose numbers lie elsewhere has ``_slots``: what
these are (:mod:`fastpath.compiler.slots`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from scalargrad.engine import Value
from scalargrad.graph import Node
from scalargrad.settings import Array, short

Named = tuple[str, Any]
"""A parameter, a Value or a Tensor, by its name."""


class Slot:
    """Numbers that are read, changed and written together. A subclass says where they are."""

    __slots__ = ("name", "state", "steps")

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps = 0
        """How many steps it has taken part in."""
        self.state: tuple[Any, ...] = ()
        """What the rule keeps of it from step to step, after the first."""

    def read(self) -> Any:
        """The numbers, to be looked at only."""
        raise NotImplementedError

    def write(self, new: Any) -> None:
        """Put other numbers in their place; the array is given away."""
        raise NotImplementedError

    def gradient(self) -> Any:
        """An array, or None if there is none."""
        raise NotImplementedError

    def clear(self, set_to_none: bool = True) -> None:
        """Clear the gradient."""
        raise NotImplementedError

    def element(self, i: int) -> str:
        """What to call the element number ``i``."""
        raise NotImplementedError

    def current(self) -> bool:
        """Whether the numbers are still where they were."""
        return True


class TensorSlot(Slot):
    """The numbers of one Tensor."""

    __slots__ = ("tensor",)

    def __init__(self, name: str, tensor: Any) -> None:
        super().__init__(name)
        self.tensor = tensor

    def read(self) -> Any:
        return self.tensor._data

    def write(self, new: Any) -> None:
        self.tensor._array = new

    def gradient(self) -> Any:
        return self.tensor.grad

    def clear(self, set_to_none: bool = True) -> None:
        zeros = not set_to_none and self.tensor.grad is not None
        self.tensor.grad = np.zeros_like(self.tensor.grad) if zeros else None

    def element(self, i: int) -> str:
        return _at(self.name, i, self.tensor.shape)


class HalfSlot(TensorSlot):
    """The numbers of a Tensor in float16, with which the rules compute in float32.

    In float16 the ε of a rule is 0 and the square of a gradient of 300 infinite.
    """

    __slots__ = ()

    def read(self) -> Any:
        return self.tensor._data.astype(np.float32)

    def write(self, new: Any) -> None:
        with np.errstate(over="ignore"):
            self.tensor._array = new.astype(np.float16)

    def gradient(self) -> Any:
        grad = self.tensor.grad
        return None if grad is None else grad.astype(np.float32)


class ValuesSlot(Slot):
    """The numbers of many Values, one by one."""

    __slots__ = ("first", "members", "places", "values")

    def __init__(self, members: list[Named]) -> None:
        super().__init__("values")
        self.members = members
        self.values = [value for _, value in members]
        self.first = type(self.values[0])
        self.places = np.arange(len(members))
        """Where in the array each member is."""

    def read(self) -> Any:
        return np.array([v.data for v in self.values], dtype=np.float64)

    def write(self, new: Any) -> None:
        for v, number in zip(self.values, new.tolist()):
            v.data = number

    def gradient(self) -> Any:
        return np.array([v.grad for v in self.values], dtype=np.float64)

    def clear(self, set_to_none: bool = True) -> None:
        for v in self.values:
            v.grad = 0.0

    def element(self, i: int) -> str:
        return self.members[i][0]

    def current(self) -> bool:
        return type(self.values[0]) is self.first  # else they have been bound since, or released


def gather(parameters: Any) -> list[Named]:
    """The parameters one by one, each with its name: that given, else its label, else its number.

    ``parameters`` is a module, or Values, Tensors, arrays of Values, ``(name, any of these)`` pairs, or a list, tuple,
    mapping or iterator of these. One that is given twice is taken once.

    Raises TypeError for what is no parameter, ValueError if there is none, or one that is computed from others.
    """
    found: dict[Any, str] = {}
    names: set[str] = set()
    for name, leaf in _leaves(_contents(parameters), ""):
        if leaf.op is not None:
            raise ValueError(f"{name or leaf!r} is computed from others: give the optimizer the leaves it comes from")
        if leaf not in found:
            called = name or leaf.label or f"parameter {len(found)}"
            found[leaf] = called if called not in names else f"{called} (parameter {len(found)})"
            names.add(found[leaf])
    if not found:
        raise ValueError("there are no parameters to optimize: the optimizer was given an empty collection")
    return [(name, leaf) for leaf, name in found.items()]


def _contents(parameters: Any) -> Any:
    for way in ("named_parameters", "parameters", "items"):
        if hasattr(parameters, way) and not isinstance(parameters, (Node, np.ndarray)):
            return getattr(parameters, way)()
    return parameters


def _leaves(given: Any, name: str) -> Iterator[Named]:
    if isinstance(given, Value) or (isinstance(given, Node) and hasattr(given, "_array")):
        yield name, given
    elif isinstance(given, np.ndarray) and given.dtype == object:
        for i, item in enumerate(given.ravel().tolist()):
            yield from _leaves(item, _at(name, i, given.shape) if name else "")
    elif isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str):
        yield from _leaves(given[1], given[0])
    elif isinstance(given, Iterable) and not isinstance(given, (str, bytes, np.ndarray, Mapping)):
        for item in given:
            yield from _leaves(item, name)
    else:
        kind = "an array of numbers" if isinstance(given, np.ndarray) else f"{short(given)} ({type(given).__name__})"
        raise TypeError(f"an optimizer takes Values, Tensors, arrays of Values or a module, not {kind}")


def _at(name: str, i: int, shape: tuple[int, ...]) -> str:
    """The name of the element number ``i`` of an array."""
    return f"{name}[{', '.join(str(int(k)) for k in np.unravel_index(i, shape))}]" if shape else name


def slots_of(parameters: list[Named]) -> list[Slot]:
    """The slots in which the numbers of these parameters are now."""
    slots: list[Slot] = []
    plain: list[Named] = []
    elsewhere: dict[Any, list[Named]] = {}
    for name, x in parameters:
        if not isinstance(x, Value):
            slots.append((HalfSlot if x.dtype == np.float16 else TensorSlot)(name, x))
        elif hasattr(x, "_slots"):
            elsewhere.setdefault(type(x), []).append((name, x))
        else:
            plain.append((name, x))
    for kind, members in elsewhere.items():
        slots += kind._slots(members)
    return slots + ([ValuesSlot(plain)] if plain else [])


def of_values(slots: list[Slot]) -> list[ValuesSlot]:
    """Those of the slots that hold Values."""
    return [slot for slot in slots if isinstance(slot, ValuesSlot)]


def collected(slots: list[Slot], parameters: list[Named]) -> tuple[int, tuple[Array, ...]]:
    """The steps and the state of all Values, in the order of the parameters, wherever they are."""
    order = {value: i for i, value in enumerate(x for _, x in parameters if isinstance(x, Value))}
    held = [slot for slot in of_values(slots) if slot.steps]
    if not held:
        return 0, ()
    state = tuple([np.zeros(len(order)) for _ in held[0].state])
    for slot in held:
        rows = [order[value] for _, value in slot.members]
        for whole, part in zip(state, slot.state):
            whole[rows] = part[slot.places]
    return max(slot.steps for slot in held), state


def distribute(slots: list[Slot], parameters: list[Named], steps: int, state: tuple[Array, ...]) -> None:
    """Give the slots what :func:`collected` gave."""
    order = {value: i for i, value in enumerate(x for _, x in parameters if isinstance(x, Value))}
    for slot in of_values(slots):
        rows = [order[value] for _, value in slot.members]
        parts = []
        for whole in state:
            part = np.empty(len(rows))
            part[slot.places] = whole[rows]
            parts.append(part)
        slot.steps, slot.state = steps, tuple(parts)
