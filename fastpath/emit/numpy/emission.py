"""From Exprs to straight-line code: every instruction a call of NumPy that writes into a buffer.

Buffers are real arrays from the start, so a view of one is made here, once, and costs nothing at run time. What is only
known at run time (arguments, the arrays of Tensors) is a local variable of the generated function.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fastpath.emit.numpy import writing
from fastpath.emit.numpy.memory import Location, Pool, Region, Result, Storage, last_uses
from fastpath.ir.expr import VIEWS, Expr
from fastpath.ir.listing import part_of_key
from fastpath.ir.program import Program
from fastpath.ir.semantics import key_of, meaning
from fastpath.numerics import Array
from scalargrad import special


@dataclass(frozen=True)
class Written:
    """What was written for one Expr: lines of code, and the storage that was made use of."""

    expr: Expr
    lines: tuple[str, ...]
    place: Location
    reused: bool


class Emission:
    """One pass over the Exprs in the order of their making: place, code and liveness together.

    How much memory that takes is known when it is done, so it is done twice; the first is the ``rehearsal``.
    """

    pool: Pool

    def __init__(self, program: Program, rehearsal: Emission | None = None) -> None:
        self.outputs = outputs = program.results
        own = [x.shape != () for x in program.outputs]
        own += [bool(program.gradients)] * (len(outputs) - len(own))
        self.space: dict[str, Any] = {}
        self.constants = 0
        """The bytes of arrays known beforehand."""
        self.repeats: dict[Any, tuple[Array, dict[Any, str]]] = {}
        self.places: dict[Expr, Location] = {}
        self.written: list[Written] = []
        self.prologue: list[str] = []
        self.results: list[Result | None] = []
        self.live = program.order
        self.last = last_uses(self.live, outputs)
        self.homes: dict[Expr, tuple[Any, Any, str]] = {}  # where an Expr is computed: owner, how to get there, part
        for output, given_away in zip(outputs, own):
            result = Result(output.shape, output.dtype) if given_away else None
            self.results.append(result)
            if result is not None:
                self._settle(output, result, lambda whole: whole)
        for expr in reversed(self.live):
            if expr.code == "assemble":
                for key, part in zip(expr.settings[1], expr.inputs):
                    if part.dtype == expr.dtype:
                        name = f"[{', '.join(map(part_of_key, key))}]"
                        self._settle(part, expr, lambda whole, key=key: whole[(*key_of(key, ()), ...)], name)
        if rehearsal is not None:
            self.repeats = rehearsal.repeats
        self.pool = Pool(rehearsal.pool.arena.top if rehearsal else 0, self._first_writes())

    def _first_writes(self) -> list[tuple[Result, float]]:
        """The results, and the instruction that first writes into each."""
        first = {id(r): float(len(self.live)) for r in self.results if r is not None}
        for now, expr in enumerate(self.live):
            owner: Any = expr
            while owner in self.homes:
                owner = self.homes[owner][0]
                if isinstance(owner, Result):
                    first[id(owner)] = min(first[id(owner)], now)
                    break
        return [(r, first[id(r)]) for r in self.results if r is not None]

    def _settle(self, expr: Expr, owner: Any, way: Any, part: str = "") -> None:
        """Have ``expr`` computed straight into its place in a larger array, if it is computed at all."""
        while expr.code in ("reshape", "transpose"):
            if expr in self.homes:
                return
            if expr.code == "reshape":
                shape, before = expr.inputs[0].shape, way
                way = lambda whole, shape=shape, before=before: _viewed(before(whole), shape)
            else:
                order, before = np.argsort(expr.settings), way
                way = lambda whole, order=order, before=before: before(whole).transpose(order)
            expr = expr.inputs[0]
        if expr.code in writing.IN_PLACE and expr not in self.homes:
            self.homes[expr] = (owner, way, part)

    # --- the pass ----------------------------------------------------------------------------------------------------

    def emitted(self) -> Emission:
        """Itself, with every Expr written, then the copies into results that were not computed in place."""
        for now, expr in enumerate(self.live):
            self.now = now
            if expr.op is None:
                self._leaf(expr)
            elif expr.code in VIEWS:
                self._view(expr)
            else:
                before = self.pool.arena.top
                place, lines, inplace = writing.write(self, expr)
                self.places[expr] = place
                arena = place.storage is not None and place.storage.region is self.pool.arena
                reused = inplace or (arena and self.pool.arena.top == before)
                if lines:  # else its parts have all been computed in their places
                    self.written.append(Written(expr, tuple(lines), place, reused))
            self.pool.release(now)
        for output, result in zip(self.outputs, self.results):
            place = self.places[output]
            there = place.storage is not None and place.storage.final and place.storage.region.result is result
            if result is not None and not there:
                target = Location(self.returned(output, result), result.array, _final(result))
                self.written.append(
                    Written(output, (f"{self.use('copyto')}({target.name}, {place.name})",), target, False)
                )
        return self

    def returned(self, output: Expr, result: Result | None) -> str:
        """What the code returns for an output: a number, or the array that is given away."""
        if result is None:
            return f"{self.places[output].name}.item()"
        return self.bind(Location("", result.array, _final(result)), f"r{self.results.index(result)}").name

    def update(self, steps: Sequence[tuple[Expr, Expr]]) -> str:
        """The line that subtracts from each Tensor its step. One call does them all: no interrupt comes in between."""
        self.space["update"] = partial(deque, maxlen=0)
        self.prologue = [line.replace("._data", ".data") for line in self.prologue]
        changed, by = (f"({', '.join([self.places[x].name for x in column])},)" for column in zip(*steps))
        return f"update(map({self.use('subtract')}, {changed}, {by}, {changed}))"

    def _leaf(self, expr: Expr) -> None:
        if expr.code == "constant":
            self.places[expr] = Location(self.constant(expr.value, f"c{expr.number}"), expr.value)
            return
        if expr.code == "argument":
            self.places[expr] = Location(f"x{expr.settings}")
            return
        name = f"t{expr.number}"
        self.space[f"_{name}"] = expr.settings
        line = f"{name} = _{name}._data" if expr.code == "tensor" else f"{name} = _{name}()"
        self.prologue.append(line)
        self.places[expr] = Location(name)

    def _view(self, expr: Expr) -> None:
        base = self.places[expr.inputs[0]]
        name = f"v{expr.number}"
        if base.array is None:
            lines = (f"{name} = {writing.view_source(self, expr, base.name)}",)
            place = Location(name, None, base.storage)
            base_of_all = writing.base_of(expr)
            if base_of_all.op is None and base_of_all.code != "random":
                self.prologue += lines
            else:
                self.written.append(Written(expr, lines, place, True))
            self.places[expr] = place
            return
        view = meaning(expr.code, expr.settings, [base.array])
        if expr.code == "reshape" and view.size and not np.shares_memory(view, base.array):
            place = self.new_place(expr)
            whole = Location("", place.array.reshape(expr.inputs[0].shape), place.storage)
            source = self.bind(whole, f"w{expr.number}")
            self.written.append(Written(expr, (f"{self.use('copyto')}({source.name}, {base.name})",), place, False))
            self.places[expr] = place
            return
        self.places[expr] = self.bind(Location("", view, base.storage), name)

    # --- places and names --------------------------------------------------------------------------------------------

    def bind(self, place: Location, name: str) -> Location:
        """Give the array of a place a name in the code."""
        self.space[name] = place.array
        place.name = name
        if place.storage is not None and place.storage.region.result is not None:
            place.storage.region.result.views[name] = place.array
        return place

    def constant(self, value: Any, name: str) -> str:
        """The name of an array, or a function, known beforehand."""
        if isinstance(value, np.ndarray) and name not in self.space:
            self.constants += value.nbytes
        self.space[name] = value
        return name

    @property
    def nbytes(self) -> int:
        """The bytes of buffers and constants."""
        return self.pool.arena.top + self.constants + sum(array.nbytes for array, _ in self.repeats.values())

    def repeated(self, value: Array, shape: tuple[int, ...]) -> str:
        """The name of an array of one number; those of the same number share their memory."""
        key, size = (value.tobytes(), value.dtype), math.prod(shape)
        array, names = self.repeats.setdefault(key, (np.full(size, value), {}))
        if array.size < size:  # in the rehearsal
            array = np.full(size, value)
        self.repeats[key] = array, names
        name = names.setdefault(shape, f"full{list(self.repeats).index(key) + 1}_{len(names)}")
        self.space[name] = array[:size].reshape(shape)
        return name

    def use(self, function: str) -> str:
        """The name of a function of NumPy in the code: ``add``, or ``add_reduce`` for ``np.add.reduce``."""
        if function not in self.space:
            ufunc = function.removesuffix("_reduce")
            self.space[function] = getattr(special, ufunc) if function == ufunc else getattr(np, ufunc).reduce
        return function

    def new_place(self, expr: Expr) -> Location:
        """A buffer for an Expr: its place in a larger array or result, or some free memory."""
        home = self.homes.get(expr)
        if home is None:
            storage = self.pool.take(expr.nbytes, self.last[expr], fixed=expr.code == "assemble")
            return self.bind(Location("", storage.view(expr.shape, expr.dtype), storage), f"b{expr.number}")
        owner, way, part = home
        whole = self._whole(owner)
        try:
            array = way(whole.array)
        except ValueError:  # its place has no such shape: it is computed elsewhere and copied
            del self.homes[expr]
            return self.new_place(expr)
        if whole.storage is not None:
            whole.storage.until = max(whole.storage.until, self.last[expr])
        return self.bind(Location("", array, whole.storage, part), f"b{expr.number}")

    def _whole(self, owner: Any) -> Location:
        if isinstance(owner, Result):
            return Location("", owner.array, _final(owner))
        if owner not in self.places:
            self.places[owner] = self.new_place(owner)
            if not writing.covered(owner):
                name = self.places[owner].name
                self.written.append(Written(owner, (f"{name}.fill(0)",), self.places[owner], False))
        return self.places[owner]

    def dies(self, expr: Expr) -> bool:
        """Whether the memory of an operand is free for the result of the instruction at hand."""
        place = self.places[expr]
        storage = place.storage
        return (
            storage is not None
            and not storage.final
            and storage.until <= self.now
            and place.array is not None
            and place.array.flags.c_contiguous
            and place.array.flags.writeable  # one that is repeated along an axis is not
        )


def _final(result: Result) -> Storage:
    return Storage(Region(0, result), 0, result.array.nbytes, float("inf"), final=True)


def _viewed(array: Array, shape: tuple[int, ...]) -> Array:
    view = array.reshape(shape)
    if array.size and not np.shares_memory(view, array):
        raise ValueError("no view")
    return view
