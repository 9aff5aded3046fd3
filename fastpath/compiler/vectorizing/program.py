"""Programs: short lists of array instructions, run on whatever the registry's functions take; and gathering in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastpath.compiler.vectorizing.layout import Lane, runs, step_of
from fastpath.tensor import Tensor
from scalargrad.formatting import visible
from scalargrad.ops.structural import concatenate, index, reshape


@dataclass
class ArrayInfo:
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

    arrays: list[ArrayInfo] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)

    def emit(
        self, compute: Callable[..., Any], operands: Sequence[int], size: int, batched: bool, text: str, note: str = ""
    ) -> int:
        """A new instruction; the number of the array it gives."""
        result = len(self.arrays)
        text = text.format(*[self.arrays[i].name for i in operands])
        self.arrays.append(ArrayInfo(f"a{result}", size, batched))
        self.instructions.append(Instruction(result, compute, tuple(operands), text, note))
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
            note = f"  ← {visible(step.note)}" if step.note else ""
            lines.append(f"{name:<{width}}  {shape:<9}  {step.text}{note}")
        return "\n".join(lines)


class Gathering:
    """Brings numbers from where they lie into the order in which they are needed; by slicing, if at all possible."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.made: dict[Any, int] = {}

    def columns(self, lanes: Sequence[Lane], batched: bool) -> int:
        """An array whose columns are these, in this order."""
        key = (tuple(lanes), batched)
        if key not in self.made:
            self.made[key] = self._columns(list(lanes), batched)
        return self.made[key]

    def _columns(self, lanes: list[Lane], batched: bool) -> int:
        if len(lanes) > 1 and len(set(lanes)) == 1:
            return self.columns(lanes[:1], batched)  # the same for all: it is broadcast
        pieces = [self._piece(array, columns, batched) for array, columns in runs(lanes)]
        if len(pieces) == 1:
            return pieces[0]
        return self.program.emit(
            lambda *parts: concatenate(parts, axis=-1), pieces, len(lanes), batched,
            f"concatenate({', '.join(['{}'] * len(pieces))})",
        )  # fmt: skip

    def _piece(self, array: int, columns: list[int], batched: bool) -> int:
        if columns == list(range(self.program.arrays[array].size)):
            return array
        step = step_of(columns)
        text = f"{len(columns)} columns"
        if step is not None:
            text = f"{step.start}:{step.stop}" + (f":{step.step}" if step.step else "")
        key: Any = columns if step is None else step
        whole = (..., key) if batched else key
        return self.program.emit(lambda a: index(a, whole), [array], len(columns), batched, f"{{}}[{text}]")

    def matrix(self, lanes: list[list[Lane]]) -> int:
        """A matrix of shared numbers, row by row."""
        shape = rows, columns = len(lanes), len(lanes[0])
        size = rows * columns
        flat = self._columns([lane for row in lanes for lane in row], False)
        if self.program.arrays[flat].size == 1 and size > 1:
            flat = self.program.emit(lambda a: concatenate([a] * size), [flat], size, False, "repeat({})")
        key = ("matrix", flat, rows, columns)
        if key not in self.made:
            reshaped = lambda a: reshape(a, shape)
            self.made[key] = self.program.emit(reshaped, [flat], size, False, f"reshape({{}}, {shape})")
        return self.made[key]
