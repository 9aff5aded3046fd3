"""Rounding as one goes along: the numbers a person gets who works with a few decimals, as on a slide."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

from scalargrad.language import say
from scalargrad.records import ArrayNumber, EdgeGrad, Number, Trace, TraceNode
from scalargrad.stepper.markup import row_of


def rounded(x: float, decimals: int) -> float:
    """A number rounded as people do, halves away from zero.

    >>> rounded(0.125, 2), rounded(-1.005, 2)
    (0.13, -1.01)
    """
    if not isfinite(x):
        return x
    return float(Decimal(repr(x)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0


def rounded_along(trace: Trace, decimals: int) -> Trace:
    """The Trace of the same computation when every number is rounded before the next one is computed from it.

    Values are computed from rounded values, local derivatives from rounded values, and each downstream gradient from a
    rounded upstream and a rounded local one. (Of a ``Function`` of one's own the exact numbers are rounded.)
    """
    return _Rounding(trace, decimals).result()


class _Rounding:
    def __init__(self, trace: Trace, decimals: int) -> None:
        arrays = any(isinstance(node.value, ArrayNumber) for node in trace.nodes)
        if arrays or any(edge.local is None for edge in trace.edges):  # an op on arrays, though of one number
            raise ValueError(say("rounding is for graphs of single numbers, not of arrays: leave it out"))
        self.trace = trace
        self.decimals = decimals
        self.values: list[float] = []

    def round(self, x: Number | None) -> float:
        return rounded(float(x), self.decimals)  # type: ignore[arg-type]

    def result(self) -> Trace:
        for node in self.trace.nodes:
            self.values.append(self.round(self.value(node)))
        grads = [0.0] * len(self.values)
        grads[-1] = 1.0
        passed: list[tuple[EdgeGrad, float, float, float]] = []
        for edge in self.trace.edges:  # in the order of the backward pass: an upstream is complete when it is used
            upstream, local = grads[edge.output.index], self.round(self.local(edge))
            downstream = self.round(upstream * local)
            grads[edge.input.index] = self.round(grads[edge.input.index] + downstream)
            passed.append((edge, upstream, local, downstream))
        nodes = tuple(
            replace(node, value=value, grad=grad) for node, value, grad in zip(self.trace.nodes, self.values, grads)
        )
        edges = tuple(
            replace(
                edge, input=nodes[edge.input.index], output=nodes[edge.output.index], upstream=upstream, local=local,
                downstream=downstream,
            )
            for edge, upstream, local, downstream in passed
        )  # fmt: skip
        return Trace(nodes, edges)

    def operands(self, node: TraceNode) -> tuple[float, ...]:
        return tuple(self.values[x] if isinstance(x, int) else x for x in node.operands)

    def value(self, node: TraceNode) -> float:
        row = row_of(node.op, node.operands)
        if row is None:
            return float(node.value)  # type: ignore[arg-type]
        return row.number(*self.operands(node))

    def local(self, edge: EdgeGrad) -> float:
        node = edge.output
        row = row_of(node.op, node.operands)
        if row is None or not edge.position < len(row.partials):
            return float(edge.local)  # type: ignore[arg-type]
        return row.local(edge.position, self.values[node.index], self.operands(node))
