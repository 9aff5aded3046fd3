"""The memory of a plan: one arena whose parts are used again and again, and result arrays that are given away.

A result is the caller's from the end of a run on. Until it is written, its memory serves like the arena's.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastpath.ir.expr import VIEWS, Expr
from fastpath.numerics import Array, owners_of

ALIGNED = 64
"""Where arrays begin in memory: at multiples of a cache line's bytes."""


class Region:
    """Memory in which arrays are placed one after the other as they come and go."""

    def __init__(self, capacity: int = 0, result: Result | None = None, until: float = float("inf")) -> None:
        self.result = result
        self.until = until
        """The instruction that needs the memory for something else."""
        self.top = 0
        """How many bytes have been in use at most."""
        self.own = np.empty(capacity, np.uint8)
        self.free: list[tuple[int, int]] = [] if result is None else [(0, result.array.nbytes)]

    @property
    def array(self) -> Array:
        """The memory itself: that of a result may be another at each run."""
        return self.own if self.result is None else self.result.array

    def take(self, nbytes: int) -> int | None:
        """The offset of so many free bytes: in the tightest gap, so that large gaps stay."""
        gap = min((g for g in self.free if g[1] >= nbytes), key=lambda g: (g[1], g[0]), default=None)
        if gap is not None:
            self.free.remove(gap)
            if gap[1] > nbytes:
                insort(self.free, (gap[0] + nbytes, gap[1] - nbytes))
            return gap[0]
        return None if self.result is not None else self._grown(nbytes)

    def _grown(self, nbytes: int) -> int:
        """Bytes at the end, together with a gap that is there."""
        offset = self.top
        if self.free and sum(self.free[-1]) == self.top:
            offset = self.free.pop()[0]
        self.top = offset + nbytes
        if self.top > self.own.nbytes:  # the arrays made so far stay where they are: this is a rehearsal
            self.own = np.empty(max(self.top, 2 * self.own.nbytes), np.uint8)
        return offset

    def give(self, offset: int, nbytes: int) -> None:
        """Take bytes back, and join them with the gaps beside them."""
        insort(self.free, (offset, nbytes))
        i = self.free.index((offset, nbytes))
        for j in (i, i - 1):
            if 0 <= j < len(self.free) - 1 and sum(self.free[j]) == self.free[j + 1][0]:
                self.free[j : j + 2] = [(self.free[j][0], self.free[j][1] + self.free[j + 1][1])]


class Storage:
    """A place in memory: what is in it is needed until instruction ``until``."""

    __slots__ = ("final", "nbytes", "offset", "region", "until")

    def __init__(self, region: Region, offset: int, nbytes: int, until: float, final: bool = False) -> None:
        self.region = region
        self.offset = offset
        self.nbytes = nbytes
        self.until = until
        self.final = final
        """Whether it is a result itself."""

    def view(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array of this shape and type in it."""
        return np.ndarray(shape, dtype, self.region.array, self.offset) if self.nbytes else np.empty(shape, dtype)


@dataclass
class Location:
    """Where the array of an Expr is: its name in the code, and the array itself if it is the same in every run."""

    name: str
    array: Any = None
    storage: Storage | None = None
    part: str = ""
    """Which part it is of the array it is computed into: ``[0:16]``."""


class Pool:
    """Storages handed out and taken back: in results that are not written yet, else in the arena."""

    def __init__(self, capacity: int, results: Sequence[tuple[Result, float]]) -> None:
        self.arena = Region(capacity)
        scratch = [Region(0, result, first) for result, first in results]
        self.regions = [*sorted(scratch, key=lambda r: r.array.nbytes), self.arena]
        self.ending: dict[float, list[Storage]] = defaultdict(list)

    def take(self, nbytes: int, until: float, fixed: bool = False) -> Storage:
        """A place for so many bytes. With ``fixed`` in the arena, where it may be kept for longer."""
        size = -(-nbytes // ALIGNED) * ALIGNED
        for region in self.regions:
            if region is not self.arena and (fixed or until >= region.until):
                continue
            offset = region.take(size) if size else 0
            if offset is not None:
                storage = Storage(region, offset, size, until)
                self.ending[until].append(storage)
                return storage
        raise AssertionError("the arena grows")

    def release(self, now: int) -> None:
        """Take back what is not needed after this instruction."""
        for storage in self.ending.pop(now, ()):
            if storage.until > now:  # it has been taken over by a later result
                self.ending[storage.until].append(storage)
            elif storage.nbytes:
                storage.region.give(storage.offset, storage.nbytes)


class Result:
    """An array that is given to the caller: another takes its place if somebody still holds it at the next run.

    Instructions write into views of it, which are found by name in the plan's namespace.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.array = np.empty(shape, dtype)
        self.views: dict[str, Array] = {}

    def renew(self, space: dict[str, Any]) -> None:
        """Leave the array to those who hold it, and take another."""
        old, self.array = self.array, np.empty_like(self.array)
        for name, view in self.views.items():
            new = self.array if view is old else _moved(view, old, self.array)
            space[name] = self.views[name] = new


class Results:
    """The results of a plan together: which of them somebody else still holds is one question."""

    def __init__(self, results: list[Result], space: dict[str, Any]) -> None:
        self.results = results
        self.space = space
        self.arrays = [r.array for r in results]
        self.alone: list[int] = []
        self.busy = False
        """Whether a run is under way, or broke off when some instructions wrote to an old array, some to a new one."""

    def renew(self) -> None:
        """Before a run: a new array for each that somebody holds."""
        owners = list(map(owners_of, self.arrays))
        if owners == self.alone:
            return
        if not self.alone:  # before the first run, nobody else can hold them
            self.alone = owners
            return
        for i, result in enumerate(self.results):
            if owners[i] > self.alone[i]:
                result.renew(self.space)
                self.arrays[i] = result.array
        self.alone = list(map(owners_of, self.arrays))


def _moved(view: Array, old: Array, new: Array) -> Array:
    """The view of a new array that another is of an old one."""
    if not view.size:
        return np.empty(view.shape, view.dtype) if view.base is None else np.ndarray(view.shape, view.dtype, new)
    return np.ndarray(view.shape, view.dtype, new, address(view) - address(old), view.strides)


def address(array: Array) -> int:
    """Where in memory an array begins."""
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def last_uses(exprs: list[Expr], outputs: Sequence[Expr]) -> dict[Expr, float]:
    """The instruction after which an Expr, and all views of it, are not needed any more."""
    last: dict[Expr, float] = {}
    for output in outputs:
        last[output] = float("inf")
    for now in range(len(exprs) - 1, -1, -1):
        expr = exprs[now]
        until = last.setdefault(expr, now)
        looks = expr.code in VIEWS or expr.code == "call"  # what is called may give its operand back, or a view of it
        for x in expr.inputs:
            last[x] = max(last.get(x, -1), until if looks else now)
    return last
