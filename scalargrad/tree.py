"""Trees: numbers, arrays and nodes in dicts, lists and tuples, nested as one likes.

Parameters seldom come alone: ``{"hidden": (W, b), "out": (V, c)}`` is a tree of four leaves. :func:`map` does with all
of them what is written for one; ``flatten`` and ``unflatten`` are its two halves. Containers are dicts, lists, tuples,
named tuples, dataclasses, and those derived from them; ``None`` is one with nothing in it. All else is a leaf, an array
too. (The names are those of ``jax.tree``.)

>>> map(lambda x: 2 * x, {"w": [1.0, 2.0], "b": (3.0, None)})
{'w': [2.0, 4.0], 'b': (6.0, None)}
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_Keys = tuple[Any, ...] | None


class Structure:
    """The containers of a tree without its leaves."""

    __slots__ = ("keys", "parts", "shell")

    def __init__(self, shell: Any, keys: _Keys, parts: tuple[Structure, ...]) -> None:
        self.shell = shell
        """The container, emptied, for others to be made like it."""
        self.keys = keys
        """The keys of a dict, the fields of a dataclass; None for a sequence."""
        self.parts = parts

    def leaves_of(self, tree: Any, where: str, place: str = "") -> list[Any]:
        """The leaves of another tree that must have these containers; ValueError says where it has not."""
        if self is LEAF:
            return [tree]
        keys, items = _opened(tree) or (None, None)
        if items is not None and keys and self.keys and set(keys) == set(self.keys) and keys != self.keys:
            items = tuple([items[keys.index(key)] for key in self.keys])  # a dict written in another order
            keys = self.keys
        if (
            items is None
            or keys != self.keys
            or len(items) != len(self.parts)
            or (tree is None) != (self.shell is None)
        ):
            found = type(tree).__name__ + (f" of {len(items)}" if items else "")
            raise ValueError(f"{where}{place} is a {found}, where {self._described()} is expected")
        names = self.keys or range(len(self.parts))
        return [
            leaf
            for part, key, item in zip(self.parts, names, items)
            for leaf in part.leaves_of(item, where, f"{place}[{key!r}]")
        ]

    def _described(self) -> str:
        if self.shell is None:
            return "None"
        if self.keys is not None:
            return f"one with {', '.join(map(repr, self.keys))}"
        kind = self.shell.kind if isinstance(self.shell, _Named) else type(self.shell)
        return f"a {kind.__name__} of {len(self.parts)}"


LEAF = Structure(None, None, ())
"""The structure of a leaf alone."""
_NOTHING = Structure(None, None, ())


def _opened(x: Any) -> tuple[_Keys, tuple[Any, ...]] | None:
    """The keys (None for a sequence) and the items of a container; None for a leaf."""
    if isinstance(x, (list, tuple)):
        return None, tuple(x)
    if isinstance(x, dict):
        return tuple(x), tuple(x.values())
    if x is None:
        return None, ()
    if hasattr(type(x), "__dataclass_fields__"):
        names = tuple(type(x).__dataclass_fields__)
        return names, tuple([getattr(x, name) for name in names])
    return None


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a tree from left to right, and its structure.

    >>> leaves, structure = flatten({"w": [1.0, 2.0], "b": 3.0})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> unflatten(structure, [10.0, 20.0, 30.0])
    {'w': [10.0, 20.0], 'b': 30.0}
    """
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(x: Any, leaves: list[Any]) -> Structure:
    opened = _opened(x)
    if opened is None:
        leaves.append(x)
        return LEAF
    if x is None:
        return _NOTHING
    keys, items = opened
    return Structure(_emptied(x, keys), keys, tuple([_flatten(item, leaves) for item in items]))


def _emptied(x: Any, keys: _Keys) -> Any:
    if type(x) in (dict, list, tuple):
        return type(x)()
    if isinstance(x, tuple):
        return x if not x else _Named(type(x))
    shell = copy.copy(x)
    if isinstance(x, list):
        shell[:] = ()
    for key in keys or ():
        _put(shell, key, None)
    return shell


class _Named:
    """Stands for a tuple of this class."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.make: Callable[..., Any] = getattr(kind, "_make", kind)


def _put(container: Any, key: Any, item: Any) -> None:
    if isinstance(container, dict):
        container[key] = item
    else:
        object.__setattr__(container, key, item)


def unflatten(structure: Structure, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves."""
    return _filled(structure, iter(leaves))


def _filled(structure: Structure, rest: Iterator[Any]) -> Any:
    if structure is LEAF:
        return next(rest)
    if structure is _NOTHING:
        return None
    items, shell = [_filled(part, rest) for part in structure.parts], structure.shell
    if isinstance(shell, _Named):
        return shell.make(items)
    if isinstance(shell, tuple):
        return tuple(items) if items else shell
    new = copy.copy(shell)
    if structure.keys is None:
        new[:] = items
    for key, item in zip(structure.keys or (), items):
        _put(new, key, item)
    return new


def map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The tree with ``function(leaf)`` in the place of each leaf; of several trees, ``function(leaf, other leaf, …)``.

    Of a gradient step: ``map(lambda p, g: p - 0.1 * g, parameters, gradients)``. Raises ValueError if the containers of
    the others are not those of the first.
    """
    leaves, structure = flatten(tree)
    columns = [structure.leaves_of(other, "tree.map: another tree") for other in others]
    return unflatten(structure, [function(*row) for row in zip(leaves, *columns)])


def leaves(tree: Any) -> Iterator[Any]:
    """The leaves, from left to right."""
    rest = [tree]
    while rest:
        x = rest.pop()
        opened = _opened(x)
        if opened is None:
            yield x
        else:
            rest += reversed(opened[1])


def named(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf with its name, as it is written in Python: ``p['w'][0]``.

    >>> dict(named({"w": [1.0, 2.0]}, "p"))
    {"p['w'][0]": 1.0, "p['w'][1]": 2.0}
    """
    opened = _opened(tree)
    if opened is None:
        yield name, tree
        return
    keys, items = opened
    by_field = keys is not None and not isinstance(tree, dict)
    for key, item in zip(keys or range(len(items)), items):
        yield from named(item, f"{name}.{key}" if by_field else f"{name}[{key!r}]")
