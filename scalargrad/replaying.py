"""A computation told again with another arithmetic: from a Trace another one, with the same nodes and other numbers.

An :class:`Arithmetic` says how each number is computed. It may round on the way, have a bug in one rule, take some
numbers from a student, or begin with other numbers in the leaves: whatever it changes, all that follows is computed
from that.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from math import isfinite
from typing import Any

from scalargrad.graph import reverse
from scalargrad.language import say
from scalargrad.ops.registry import OPS, Op
from scalargrad.records import ArrayNumber, EdgeGrad, Trace, TraceNode

__all__ = ["Arithmetic", "Rounding", "replay", "rounded", "rounded_along", "row_of"]


class Arithmetic:
    """How the numbers of a computation are computed: here as the engine does. A subclass changes what it wants.

    >>> from scalargrad import Value, trace
    >>> class Forgetful(Arithmetic):  # with the usual slip: the derivative of a square is x
    ...     def local(self, edge, y, operands):
    ...         return operands[0] if edge.output.op == "square" else super().local(edge, y, operands)
    >>> wrong = replay(trace((3 * Value(2.0)).square()), Forgetful())
    >>> wrong.root.value, wrong.leaves[0].grad
    (36.0, 18.0)
    """

    keeps_functions = False
    """Whether a Function, of which a Trace has no more than its numbers, keeps these when its operands change.

    If not, that is a ValueError.
    """

    def leaf(self, node: TraceNode) -> float:
        """The value of a leaf."""
        return float(node.value)  # type: ignore[arg-type]

    def forward(self, node: TraceNode, operands: tuple[float, ...]) -> float:
        """What an operation gives on these operands."""
        row = row_of(node.op, node.operands)
        return row.number(*operands) if row is not None else float(node.value)  # type: ignore[arg-type]

    def local(self, edge: EdgeGrad, y: float, operands: tuple[float, ...]) -> float:
        """The derivative of an operation, which gave ``y``, by the operand of this edge."""
        row = row_of(edge.output.op, edge.output.operands)
        if row is None or not edge.position < len(row.partials):
            return float(edge.local)  # type: ignore[arg-type]
        return row.local(edge.position, y, operands)

    def downstream(self, edge: EdgeGrad, upstream: float, local: float) -> float:
        """What passes along an edge: a product."""
        return upstream * local

    def total(self, node: TraceNode, downstreams: Sequence[float]) -> float:
        """The gradient of a node: the sum of what it received, in this order; of the root, of its seed alone."""
        return reduce(operator.add, downstreams)


def replay(trace: Trace, arithmetic: Arithmetic) -> Trace:
    """The Trace of the same computation with this arithmetic; names and formulas stay as they are.

    Raises ValueError if there is an array in it, or if a Function, which has no row, is to be computed on operands
    other than its own.
    """
    if has_arrays(trace):
        raise ValueError("a replay is for graphs of single numbers, not of arrays")
    nodes = trace.nodes
    values: list[float] = []
    recorded = [node.value for node in nodes]
    for node in nodes:
        operands = _operands(node, values)
        if not node.is_leaf and not arithmetic.keeps_functions and row_of(node.op, node.operands) is None:
            _require_same(node, operands, _operands(node, recorded))
        values.append(arithmetic.leaf(node) if node.is_leaf else arithmetic.forward(node, operands))
    edges_into: dict[int, list[EdgeGrad]] = {}
    for edge in trace.edges:
        edges_into.setdefault(edge.output.index, []).append(edge)
    grads: list[float | None] = [None] * len(nodes)
    numbers: list[tuple[EdgeGrad, float, float, float]] = []

    def pass_on(i: int, received: list[float]) -> Iterator[tuple[int, list[float]]]:
        upstream = grads[i] = arithmetic.total(nodes[i], received)
        operands = _operands(nodes[i], values)
        for edge in edges_into.get(i, ()):
            local = arithmetic.local(edge, values[i], operands)
            downstream = arithmetic.downstream(edge, upstream, local)
            numbers.append((edge, upstream, local, downstream))
            yield edge.input.index, [downstream]

    reverse(range(len(nodes)), [(len(nodes) - 1, [1.0])], pass_on, add=operator.iadd, keep=())
    new = tuple([replace(node, value=y, grad=grad) for node, y, grad in zip(nodes, values, grads)])
    edges = tuple(
        replace(e, input=new[e.input.index], output=new[e.output.index], upstream=g, local=local, downstream=d)
        for e, g, local, d in numbers
    )
    return Trace(new, edges)


def has_arrays(trace: Trace) -> bool:
    """Whether an array is among its numbers; or an op that is for arrays, though it had a single number."""
    return any(isinstance(n.value, ArrayNumber) for n in trace.nodes) or any(e.local is None for e in trace.edges)


def row_of(op: str | None, operands: Sequence[Any]) -> Op | None:
    """The row of an op that a Trace names, if there is one and it takes so many operands."""
    row = OPS.get(op or "")
    return row if row is not None and len(row.operands) == len(operands) else None


def _operands(node: TraceNode, values: Sequence[Any]) -> tuple[float, ...]:
    return tuple([values[x] if isinstance(x, int) else x for x in node.operands])


def _require_same(node: TraceNode, now: tuple[float, ...], then: tuple[float, ...]) -> None:
    if not all(a == b or (a != a and b != b) for a, b in zip(now, then)):
        raise ValueError(f"{node.op} of {now} cannot be computed again: a Trace knows only what it gave on {then}")


# --- rounding --------------------------------------------------------------------------------------------------------


class Rounding(Arithmetic):
    """The numbers a person gets who works with a few decimals, as on a slide.

    Every number is rounded before the next one is computed from it. Of a Function the exact numbers are rounded.
    """

    keeps_functions = True

    def __init__(self, decimals: int) -> None:
        self.decimals = decimals

    def leaf(self, node: TraceNode) -> float:
        return rounded(super().leaf(node), self.decimals)

    def forward(self, node: TraceNode, operands: tuple[float, ...]) -> float:
        return rounded(super().forward(node, operands), self.decimals)

    def local(self, edge: EdgeGrad, y: float, operands: tuple[float, ...]) -> float:
        return rounded(super().local(edge, y, operands), self.decimals)

    def downstream(self, edge: EdgeGrad, upstream: float, local: float) -> float:
        return rounded(upstream * local, self.decimals)

    def total(self, node: TraceNode, downstreams: Sequence[float]) -> float:
        return reduce(lambda a, b: rounded(a + b, self.decimals), downstreams)


def rounded(x: float, decimals: int) -> float:
    """A number rounded as people do, halves away from zero.

    >>> rounded(0.125, 2), rounded(-1.005, 2)
    (0.13, -1.01)
    """
    if not isfinite(x):
        return x
    return float(Decimal(repr(x)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0


def rounded_along(trace: Trace, decimals: int) -> Trace:
    """The Trace of the same computation when every number is rounded on the way."""
    if has_arrays(trace):
        raise ValueError(say("rounding is for graphs of single numbers, not of arrays: leave it out"))
    return replay(trace, Rounding(decimals))
