"""The store: the numbers of many Values in one Tensor, so that no step of training touches them one by one.

A Value that has been compiled is *bound*: its ``data`` and ``grad`` are those of its place in the store. Everything
else of it stays as it was, and a copy of it is a plain Value.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any
from weakref import ref

import numpy as np

from fastpath.tensor import Tensor
from scalargrad import graph
from scalargrad.engine import Value
from scalargrad.ops.registry import as_number

moves = 0
"""How often a Value has moved from one store to another: what was planned before may have to be planned anew."""


def _standing_in(kind: Any, plain: Any) -> Any:
    """``kind``, a class of nodes that stand in for Values, for those of a class that a user has derived from Value."""
    if plain is Value:
        return kind
    own = {"__slots__": (), "__module__": plain.__module__}
    return type(plain.__name__, (plain, kind), own, stands_in=True)


standing_in: Callable[[Any, Any], Any] = cache(_standing_in)


class BoundValue(Value, stands_in=True):
    """A leaf whose numbers lie in a store."""

    __slots__ = ()
    _cell = Value.__dict__["scope"]
    """A leaf's own slot for its scope: here it holds the store and the place too."""

    @property
    def store(self) -> Tensor:
        """The Tensor that holds its number, and those of others."""
        return self._cell[0]  # type: ignore[no-any-return]

    @property
    def place(self) -> int:
        """Where in the store it is."""
        return self._cell[1]  # type: ignore[no-any-return]

    @staticmethod
    def _slots(members: list[Any]) -> list[Any]:
        """What an optimizer reads and writes for these bound Values."""
        from fastpath.compiler.slots import slots_of_bound  # with the optimizers, which are loaded when used

        return slots_of_bound(members)

    @property
    def _data(self) -> float:
        """The number, as the store has it now: what ``data`` gives."""
        store, place, _ = self._cell
        return float(store._data[place])

    @_data.setter
    def _data(self, new: Any) -> None:
        store, place, _ = self._cell
        store.data[place] = as_number(new, "Value")

    @property
    def grad(self) -> float:
        """The gradient, as the store has it now."""
        store, place, _ = self._cell
        return 0.0 if store.grad is None else float(store.grad[place])

    @grad.setter
    def grad(self, new: float) -> None:
        store, place, _ = self._cell
        if store.grad is None:
            if new == 0:
                return
            store.grad = np.zeros_like(store._data)
        store.grad[place] = new

    @property
    def scope(self) -> str | None:
        """The scope it was made in."""
        return self._cell[2]  # type: ignore[no-any-return]

    @scope.setter
    def scope(self, new: str | None) -> None:
        store, place, _ = self._cell
        self._cell = store, place, new


_data, _grad = Value.__dict__["_data"], Value.__dict__["grad"]
_members: dict[int, tuple[ref[Tensor], list[ref[Value]]]] = {}
"""The Values of each store, by its id: they keep it alive, it does not keep them."""
_binding = threading.RLock()


def bind(values: Sequence[Value]) -> tuple[Tensor, list[int]]:
    """The store of these leaves, and the place of each.

    If some are in stores already, of other functions, and not all in one, all that are in these stores move to a new
    one together: a store grows, and no Value is moved to and fro. Numbers stay what they are, float64.
    """
    with _binding:
        for v in values:
            if not isinstance(v, Value):
                raise TypeError(f"compile: expected parameters of the class Value, not {type(v).__name__}")
        stores = dict.fromkeys([v.store if isinstance(v, BoundValue) else None for v in values])
        if len(stores) == 1:
            (store,) = stores
            if store is not None:
                return store, [v.place for v in values if isinstance(v, BoundValue)]
        joint = list(dict.fromkeys([*_held(stores), *values]))
        store = _moved(joint)
        return store, [v.place for v in values if isinstance(v, BoundValue)]


def _held(stores: Iterable[Tensor | None]) -> Iterator[Value]:
    """The Values that are in these stores."""
    for store in stores:
        for member in _members[id(store)][1] if store is not None else ():
            v = member()
            if isinstance(v, BoundValue) and v.store is store:
                yield v


def _moved(values: Sequence[Value]) -> Tensor:
    """A new store with these Values in it."""
    global moves
    grads = [v.grad for v in values]
    store = Tensor(np.array([v.data for v in values], dtype=float), requires_grad=True, label="parameters")
    if any(grads):
        store.grad = np.array(grads, dtype=float)
    for place, v in enumerate(values):
        moves += isinstance(v, BoundValue)
        cell = store, place, v.scope
        v.__class__ = standing_in(BoundValue, v._kind)
        v._cell = cell  # type: ignore[attr-defined]
    number = id(store)
    _members[number] = ref(store, lambda _: _members.pop(number)), list(map(ref, values))
    return store


def are_in(store: Tensor | None, values: Iterable[Value]) -> bool:
    """Whether these Values are still in this store."""
    return all(isinstance(v, BoundValue) and v.store is store for v in values)


def release(values: Sequence[Value]) -> None:
    """Make bound Values plain ones again, with the numbers they have now."""
    global moves
    graph.epoch = object()  # what was computed from them while they were bound may be stale
    for v in values:
        if isinstance(v, BoundValue):
            data, grad, scope = v.data, v.grad, v.scope
            v.__class__ = v._kind  # type: ignore[assignment]
            _data.__set__(v, data)
            _grad.__set__(v, grad)
            v.scope = scope
            moves += 1
