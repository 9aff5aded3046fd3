"""What optimizers read and write for Values whose numbers lie in a store (:mod:`.store`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastpath.compiler import store as stores
from fastpath.numerics import Array
from fastpath.tensor import Tensor
from scalargrad.optim.slots import Named, ValuesSlot


class StoreSlot(ValuesSlot):
    """The numbers of all the Values that are bound to a store, as the Tensor it is."""

    __slots__ = ("moves", "store")

    def __init__(self, store: Tensor, members: list[Named]) -> None:
        super().__init__(members)
        self.store = store
        self.places = np.array([value.place for _, value in members])
        self.moves = stores.moves

    def read(self) -> Any:
        return self.store._data

    def write(self, new: Any) -> None:
        self.store._array = new

    def gradient(self) -> Any:
        grad = self.store.grad
        return np.zeros_like(self.store._data) if grad is None else grad  # as that of a Value, it begins as 0

    def clear(self, set_to_none: bool = True) -> None:
        self.store.grad = None

    def element(self, i: int) -> str:
        return self.members[int(np.flatnonzero(self.places == i)[0])][0]

    def current(self) -> bool:
        return stores.moves == self.moves


class PartSlot(StoreSlot):
    """The numbers of some of the Values that are bound to a store: those at their places in it."""

    __slots__ = ("at",)

    def __init__(self, store: Tensor, members: list[Named]) -> None:
        super().__init__(store, sorted(members, key=lambda member: member[1].place))
        first, count = int(self.places[0]), len(members)
        together = bool((self.places == np.arange(first, first + count)).all())
        self.at: Any = slice(first, first + count) if together else self.places
        self.places = np.arange(count)

    def read(self) -> Any:
        return _part(self.store._data, self.at)

    def write(self, new: Any) -> None:
        whole = self.store._data.copy()
        whole[self.at] = new
        self.store._array = whole

    def gradient(self) -> Any:
        grad = self.store.grad
        return np.zeros(len(self.members), self.store.dtype) if grad is None else _part(grad, self.at)

    def clear(self, set_to_none: bool = True) -> None:
        if self.store.grad is not None:
            grad = self.store.grad.copy()
            grad[self.at] = 0
            self.store.grad = grad


def _part(array: Array, at: Any) -> Array:
    return array[at] if type(at) is slice else array.take(at)


def slots_of_bound(members: list[Named]) -> list[ValuesSlot]:
    """The slots of bound Values: a whole store if all that is in it are members, else the places of those that are."""
    bound: dict[Tensor, list[Named]] = {}
    for member in members:
        bound.setdefault(member[1].store, []).append(member)
    return [(StoreSlot if len(part) == store.size else PartSlot)(store, part) for store, part in bound.items()]
