"""Programs and plans as readable lists of instructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastpath.ir.expr import VIEWS, Expr
from scalargrad.formatting import visible

if TYPE_CHECKING:
    from fastpath.ir.program import Program
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
    """What a traced function, its arguments, the Tensors it uses and its nodes are called."""

    def __init__(self, graph: Graph, labels: dict[Any, str], variables: Sequence[Any], function: str) -> None:
        self.function = function
        self.arguments = [visible(x.label or f"x{i}", LONGEST) for i, x in enumerate(graph.arguments)]
        self.number = {node: i for i, node in enumerate(graph.order)}
        self.labels = labels
        self.variables = variables
        """The leaves of the gradients."""

    def leaf(self, node: Any) -> str:
        """A leaf by its label, or by what the function calls it."""
        return visible(node.label or self.labels.get(node) or "constant", LONGEST)

    def gradient(self, i: int) -> str:
        """The gradient by variable number ``i``."""
        return f"∂{self.leaf(self.variables[i])}"

    def operand(self, expr: Expr, computed: dict[Expr, str]) -> str:
        """An operand, a view by the name of its array. ``computed`` has the names of arrays that were computed."""
        if expr.code == "argument":
            return self.arguments[expr.settings] if expr.settings < len(self.arguments) else "rate"
        if expr.code == "tensor":
            return self.leaf(expr.settings)
        if expr.value is not None:
            return f"{expr.value.item():g}" if expr.size == 1 else f"c{expr.number}"
        if expr.code in ("reshape", "broadcast"):
            return self.operand(expr.inputs[0], computed)
        if expr.code == "transpose":
            return self.operand(expr.inputs[0], computed) + "ᵀ"
        if expr.code == "slice":
            return f"{self.operand(expr.inputs[0], computed)}[{', '.join(map(part_of_key, expr.settings))}]"
        return computed.get(expr) or f"v{expr.number}"

    def call(self, expr: Expr, computed: dict[Expr, str]) -> str:
        """What an instruction computes."""
        operands = ", ".join([self.operand(x, computed) for x in expr.inputs])
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

    def instruction(
        self, i: int, e: Expr, name: str, computed: dict[Expr, str], lines: Sequence[str] = (), reused: bool = False
    ) -> Instruction:
        """Instruction number ``i``, counted from 0, whose result is called ``name``."""
        phase, node = e.origin
        text = f"{name} = {self.call(e, computed)}"
        size = str(e.dtype), e.nbytes, reused
        return Instruction(i + 1, phase, e.code, text, tuple(lines), e.shape, *size, self.source(node), _flops(e))


def instructions(program: Program) -> list[Instruction]:
    """What a program computes, without the places in memory that an emitter gives it."""
    names = program.names
    computed = {e: names.gradient(i) for i, e in enumerate(program.gradients)}
    shown = [e for e in program.order if e.op is not None and e.code not in VIEWS]
    return [names.instruction(i, e, names.operand(e, computed), computed) for i, e in enumerate(shown)]


def part_of_key(part: Any) -> str:
    """A part of a key as source code."""
    if type(part) is tuple:
        start, stop, step = ("" if x is None else str(x) for x in part[1:])
        return f"{start}:{stop}" if step in ("", "1") else f"{start}:{stop}:{step}"
    return str(part)


def _flops(e: Expr) -> int:
    if e.code == "matmul":
        return 2 * int(e.size) * int(e.inputs[0].shape[-1])
    if e.code == "reduce":
        return int(e.inputs[0].size)
    return int(e.size) if e.code not in ("copy", "cast", "take", "assemble", "reshape") else 0


def listing(found: Sequence[Instruction], memory: int | None = None) -> str:
    """The instructions, forward and backward, and the totals; with ``memory`` the bytes of buffers and results."""
    rows = [
        (
            *(str(i.number), i.text, str(i.shape), i.dtype, f"{i.nbytes:,} B{'*' if i.reused else ''}"),
            *(i.stands_for, i.phase),
        )
        for i in found
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
    bytes_ = "" if memory is None else f"{memory:,} bytes of buffers and results, "
    lines.append(
        f"{len(rows)} instructions, {bytes_}about {sum(i.flops for i in found):,} flops a run"
        + ("; * memory used before" if any(i.reused for i in found) else "")
    )
    return "\n".join(lines)
