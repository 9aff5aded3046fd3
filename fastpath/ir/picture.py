"""A program as a Trace, so that it is drawn like any other graph: its forward instructions and their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastpath.ir.expr import Expr
from fastpath.ir.program import Program, needed_for
from fastpath.ir.semantics import value_of
from fastpath.numerics import ignoring
from scalargrad.records import Trace, TraceNode
from scalargrad.tracing import plain

SYMBOLS = {
    "add": "+", "subtract": "−", "multiply": "×", "divide": "÷", "matmul": "@", "negative": "×(−1)", "take": "[ ]",
    "maximum": "max", "minimum": "min", "power": "^", "transpose": "ᵀ", "slice": "[ ]", "assemble": "⧺",
}  # fmt: skip


@ignoring
def pictured(program: Program, arguments: Sequence[Any]) -> Trace:
    """The Exprs the outputs depend on, with the numbers they have for these arguments."""
    exprs = needed_for(program.outputs)
    shown = [e for e in exprs if not (e.code == "constant" and e.size == 1)]
    index = {e: i for i, e in enumerate(shown)}
    values: dict[Expr, Any] = {e: e.value for e in exprs if e.code == "constant"}
    nodes = []
    for i, e in enumerate(shown):
        if e not in values:
            values[e] = value_of(e, [values[x] for x in e.inputs], arguments)
        label = e.origin[1].label if e.op is None else None
        called = [f"v{index[x]}" if x in index else f"{x.value.item():g}" for x in e.inputs]
        name = e.settings[0] if e.code in ("call", "reduce") else e.code
        symbol = "" if e.op is None else SYMBOLS.get(e.code) or (f"{name} ↓" if e.code == "reduce" else name)
        operands: tuple[Any, ...] = tuple([index[x] if x in index else float(x.value.item()) for x in e.inputs])
        formula = "" if e.op is None else f"{name}({', '.join(called)})"
        op = None if e.op is None else e.code
        node = TraceNode(i, label or f"v{i}", label, op, symbol, operands, formula, "", plain(values[e]), None)
        nodes.append(node)
    return Trace(tuple(nodes), ())
