"""For how long each array of a program is needed."""

from __future__ import annotations

from collections.abc import Sequence

from fastpath.ir.expr import VIEWS, Expr


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
