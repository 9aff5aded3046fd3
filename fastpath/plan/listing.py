"""A plan as a readable list of instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastpath.emit.numpy.writing import writing_of
from fastpath.ir.expr import Expr
from scalargrad.formatting import visible

if TYPE_CHECKING:
    from fastpath.emit.numpy.emission import Place, Written
    from fastpath.emit.numpy.memory import Result
    from fastpath.plan.program import Plan
    from fastpath.traced.graph import Graph


@dataclass(frozen=True)
class Instruction:
    """One instruction of a plan."""

    number: int
    phase: str
    """``forward`` or ``backward``."""
    code: str
    """What it does: a ufunc, ``matmul``, ``reduce``, ``take``, ``call`` …"""
    text: str
    """The result and the call: ``b3 = matmul(x, W1)``; ``∂W1`` is the gradient by W1, ``ᵀ`` a transposed view."""
    lines: tuple[str, ...]
    """The lines of Python."""
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    reused: bool
    """Whether it writes into memory that was used before."""
    stands_for: str
    """The node of the source it belongs to."""
    flops: int


LONGEST = 60
"""From which length on the end of a label is cut off."""


class Names:
    """How a listing calls the arrays of a plan."""

    def __init__(
        self, graph: Graph, labels: dict[Any, str], places: dict[Expr, Place], results: Sequence[Result | None]
    ) -> None:
        self.arguments = [visible(x.label or f"x{i}", LONGEST) for i, x in enumerate(graph.arguments)]
        self.number = {node: i for i, node in enumerate(graph.order)}
        self.labels = labels
        self.places = places
        self.results = {id(r): i for i, r in enumerate(results) if r is not None}
        self.outputs = len(graph.outputs)
        self.variables: Sequence[Any] = ()

    def leaf(self, node: Any) -> str:
        """A leaf by its label, or by what the function calls it."""
        return visible(node.label or self.labels.get(node) or "constant", LONGEST)

    def result(self, place: Place) -> str:
        """Where an instruction writes: a buffer, or a gradient."""
        result = place.storage.region.result if place.storage is not None and place.storage.final else None
        i = self.results.get(id(result), -1)
        if i < self.outputs:
            return place.name
        return f"∂{self.leaf(self.variables[i - self.outputs])}{place.part}"

    def operand(self, expr: Expr) -> str:
        """An operand, views of an array by the name of the array."""
        if expr.code == "argument":
            return self.arguments[expr.settings] if expr.settings < len(self.arguments) else "rate"
        if expr.code == "tensor":
            return self.leaf(expr.settings)
        if expr.value is not None:
            return f"{expr.value.item():g}" if expr.size == 1 else f"c{expr.number}"
        if expr.code in ("reshape", "broadcast"):
            return self.operand(expr.inputs[0])
        if expr.code == "transpose":
            return self.operand(expr.inputs[0]) + "ᵀ"
        if expr.code == "slice":
            return f"{self.operand(expr.inputs[0])}[{', '.join(map(writing_of, expr.settings))}]"
        return self.result(self.places[expr])

    def call(self, expr: Expr) -> str:
        """What an instruction computes."""
        operands = ", ".join(map(self.operand, expr.inputs))
        if expr.code == "reduce":
            name, axes, *factor = expr.settings
            axis = "" if len(axes) == expr.inputs[0].ndim else f", axis={axes[0] if len(axes) == 1 else axes}"
            return f"{name}.reduce({operands}{axis})" + (f" × {factor[0]:g}" if factor else "")
        return f"{expr.settings[0] if expr.code == 'call' else expr.code}({operands})"

    def source(self, node: Any) -> str:
        """A node of the traced graph: its label, or its op and its place in the graph; with its scope."""
        scope = f"{visible(node.scope, LONGEST)}/" if node.scope else ""
        if node.op is None:
            return f"{scope}{self.leaf(node)}"
        return f"{scope}{visible(node.label or f'{node.op.name} #{self.number.get(node, 0)}', LONGEST)}"


def instructions(written: Sequence[Written], names: Names) -> list[Instruction]:
    """The instructions written, in order."""
    found = []
    for i, w in enumerate(written):
        e = w.expr
        phase, node = e.origin
        text = f"{names.result(w.place)} = {names.call(e)}"
        size = str(e.dtype), e.nbytes, w.reused
        found.append(Instruction(i + 1, phase, e.code, text, w.lines, e.shape, *size, names.source(node), _flops(e)))
    return found


def _flops(e: Expr) -> int:
    if e.code == "matmul":
        return 2 * int(e.size) * int(e.inputs[0].shape[-1])
    if e.code == "reduce":
        return int(e.inputs[0].size)
    return int(e.size) if e.code not in ("copy", "cast", "take", "assemble", "reshape") else 0


def listing(plan: Plan) -> str:
    """The instructions, forward and backward, and the totals."""
    rows = [
        (
            *(str(i.number), i.text, str(i.shape), i.dtype, f"{i.nbytes:,} B{'*' if i.reused else ''}"),
            *(i.stands_for, i.phase),
        )
        for i in plan.instructions
    ]
    widths = [max([len(row[c]) for row in rows], default=0) for c in range(5)]
    lines = []
    phase = ""
    for row in rows:
        if row[6] != phase:
            phase = row[6]
            lines.append(phase.capitalize())
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row[:5], widths))
        lines.append(f"  {cells}  ← {row[5]}")
    lines.append(
        f"{len(rows)} instructions, {plan.memory:,} bytes of buffers and results, about {plan.flops:,} flops a run"
        + ("; * memory used before" if any(i.reused for i in plan.instructions) else "")
    )
    return "\n".join(lines)
