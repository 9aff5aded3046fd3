"""The store: the numbers of many Values in one Tensor, so that no step of training touches them one by one.

A Value that has been compiled is *bound*: its ``data`` and ``grad`` are those of its place in the store. Everything
else of it stays as it was, and a copy of it is a plain Value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastpath.tensor import Tensor
from scalargrad import graph
from scalargrad.engine import Value
from scalargrad.ops.registry import as_number

_cell = Value.__dict__["scope"]  # a leaf's own slot for its scope: here it holds the store and the place too

moves = 0
"""How often a Value has moved from one store to another: what was planned before may have to be planned anew."""


class BoundValue(Value):
    """A leaf whose numbers lie in a store."""

    __slots__ = ()

    @property
    def store(self) -> Tensor:
        """The Tensor that holds its number, and those of others."""
        return _cell.__get__(self)[0]  # type: ignore[no-any-return]

    @property
    def place(self) -> int:
        """Where in the store it is."""
        return _cell.__get__(self)[1]  # type: ignore[no-any-return]

    @property
    def _data(self) -> float:
        """The number, as the store has it now: what ``data`` gives."""
        store, place, _ = _cell.__get__(self)
        return float(store._data[place])

    @_data.setter
    def _data(self, new: Any) -> None:
        store, place, _ = _cell.__get__(self)
        store.data[place] = as_number(new, "Value")

    @property
    def grad(self) -> float:
        """The gradient, as the store has it now."""
        store, place, _ = _cell.__get__(self)
        return 0.0 if store.grad is None else float(store.grad[place])

    @grad.setter
    def grad(self, new: float) -> None:
        store, place, _ = _cell.__get__(self)
        if store.grad is None:
            if new == 0:
                return
            store.grad = np.zeros_like(store._data)
        store.grad[place] = new

    @property
    def scope(self) -> str | None:
        """The scope it was made in."""
        return _cell.__get__(self)[2]  # type: ignore[no-any-return]

    @scope.setter
    def scope(self, new: str | None) -> None:
        store, place, _ = _cell.__get__(self)
        _cell.__set__(self, (store, place, new))


_data, _grad = Value.__dict__["_data"], Value.__dict__["grad"]


def bind(values: Sequence[Value], dtype: Any = float) -> tuple[Tensor, list[int]]:
    """The store of these leaves, and the place of each: the one of this type they all are in already, or a new one."""
    stores = {getattr(v, "store", None) for v in values}
    (store,) = stores if len(stores) == 1 else (None,)
    if store is not None and store.dtype == dtype:
        return store, [v.place for v in values]
    global moves
    grads = [v.grad for v in values]
    store = Tensor(np.array([v.data for v in values], dtype=dtype), requires_grad=True, label="parameters")
    if any(grads):
        store.grad = np.array(grads, dtype=dtype)
    for place, v in enumerate(values):
        if isinstance(v, BoundValue):
            moves += 1
            _cell.__set__(v, (store, place, v.scope))
        elif type(v) is Value:
            cell = (store, place, v.scope)
            v.__class__ = BoundValue
            _cell.__set__(v, cell)
        else:
            raise TypeError(f"compile: expected parameters of the class Value, not {type(v).__name__}")
    return store, list(range(len(values)))


def release(values: Sequence[Value]) -> None:
    """Make bound Values plain ones again, with the numbers they have now."""
    global moves
    graph.epoch = object()  # what was computed from them while they were bound may be stale
    for v in values:
        if isinstance(v, BoundValue):
            data, grad, scope = v.data, v.grad, v.scope
            v.__class__ = Value  # type: ignore[assignment]
            _data.__set__(v, data)
            _grad.__set__(v, grad)
            _cell.__set__(v, scope)
            moves += 1
