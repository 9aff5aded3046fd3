"""The lifted program: a short list of array instructions, run on whatever the registry's functions take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastpath.compiler.vectorizing.layout import runs, step_of
from fastpath.tensor import Tensor
from scalargrad.formatting import visible
from scalargrad.ops.structural import concatenate, index, reshape

Place = tuple[int, int]
"""An array, and a column in it."""


@dataclass
class Array:
    """What an instruction gives: of shape (N, size), or (size,) if it is shared by all examples."""

    name: str
    size: int
    batched: bool


@dataclass
class Instruction:
    """``result = compute(*operands)``, and what it stands for."""

    result: int
    compute: Callable[..., Any]
    operands: tuple[int, ...]
    text: str
    note: str = ""


@dataclass
class Program:
    """Arrays 0, 1, …: first the arguments, (N, size) each, then the store of parameters, then the results."""

    arrays: list[Array] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)

    def array(self, name: str, size: int, batched: bool) -> int:
        """A new array; its number."""
        self.arrays.append(Array(name, size, batched))
        return len(self.arrays) - 1

    def emit(
        self,
        compute: Callable[..., Any],
        operands: Sequence[int],
        size: int,
        batched: bool,
        text: str,
        note: str = "",
        name: str = "",
    ) -> int:
        """A new instruction; the number of the array it gives."""
        result = self.array(name or f"a{len(self.arrays)}", size, batched)
        told = text.format(*[self.arrays[i].name for i in operands])
        self.instructions.append(Instruction(result, compute, tuple(operands), told, note))
        return result

    def run(self, arguments: Sequence[Any]) -> list[Any]:
        """All arrays for these arguments, the store being the last of them."""
        known: list[Any] = [*arguments, *[None] * (len(self.arrays) - len(arguments))]
        for step in self.instructions:
            known[step.result] = y = step.compute(*[known[i] for i in step.operands])
            if step.note and isinstance(y, Tensor) and y.op is not None:
                y.label = step.note  # what a listing or a drawing of the plan shows
        return known

    def __str__(self) -> str:
        names = [self.arrays[step.result].name for step in self.instructions]
        width = max(map(len, names), default=0)
        lines = []
        for step, name in zip(self.instructions, names):
            array = self.arrays[step.result]
            shape = f"(N, {array.size})" if array.batched else f"({array.size},)"
            lines.append(
                f"{name:<{width}}  {shape:<9}  {step.text}" + (f"  ← {visible(step.note)}" if step.note else "")
            )
        return "\n".join(lines)


class Gathering:
    """Bringing numbers from where they lie into the order in which they are needed; slices, if at all possible."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.made: dict[Any, int] = {}

    def columns(self, places: Sequence[Place], batched: bool) -> int:
        """An array whose columns are these, in this order."""
        key = (tuple(places), batched)
        if key not in self.made:
            self.made[key] = self._columns(list(places), batched)
        return self.made[key]

    def _columns(self, places: list[Place], batched: bool) -> int:
        if len(places) > 1 and len(set(places)) == 1:
            return self.columns(places[:1], batched)  # the same for all: it is broadcast
        pieces = [self._piece(array, columns, batched) for array, columns in runs(places)]
        if len(pieces) == 1:
            return pieces[0]
        return self.program.emit(
            lambda *parts: concatenate(parts, axis=-1), pieces, len(places), batched,
            f"concatenate({', '.join(['{}'] * len(pieces))})",
        )  # fmt: skip

    def _piece(self, array: int, columns: list[int], batched: bool) -> int:
        size = self.program.arrays[array].size
        if columns == list(range(size)):
            return array
        step = step_of(columns)
        key: Any = columns if step is None else step
        told = (
            f"{step.start}:{step.stop}" + (f":{step.step}" if step.step else "") if step else f"{len(columns)} columns"
        )
        whole = (..., key) if batched else key
        return self.program.emit(lambda a: index(a, whole), [array], len(columns), batched, f"{{}}[{told}]")

    def matrix(self, places: list[list[Place]]) -> int:
        """A matrix of shared numbers, row by row."""
        rows, columns = len(places), len(places[0])
        flat = self._columns([place for row in places for place in row], False)
        if self.program.arrays[flat].size == 1 and rows * columns > 1:
            flat = self.program.emit(
                lambda a: concatenate([a] * (rows * columns)), [flat], rows * columns, False, "repeat({})"
            )
        key = ("matrix", flat, rows, columns)
        if key not in self.made:
            self.made[key] = self.program.emit(
                lambda a: reshape(a, (rows, columns)),
                [flat],
                rows * columns,
                False,
                f"reshape({{}}, ({rows}, {columns}))",
            )
        return self.made[key]
