"""Checking derivatives against finite differences: ``gradcheck``.

The derivative of f at x is compared with a difference quotient, the lectures' forward difference or the central one::

    (f(x + Δx) − f(x)) / Δx            (f(x + Δx) − f(x − Δx)) / (2Δx)

for each **edge**, where f is the edge's operation alone, and for each **leaf**, where f is the whole computation. The
first finds the rule that is wrong, the second what never went through the graph.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

from scalargrad import modes
from scalargrad.checking.arrays import check_arrays, holds_arrays
from scalargrad.checking.quotient import TYPICAL_STEP, Quotient, Sample, Sides
from scalargrad.checking.report import Check, EdgeCheck, LeafCheck, Report
from scalargrad.checking.subject import Run, Subject, distances, subject_of
from scalargrad.derivatives.reverse import downstreams, gradients
from scalargrad.engine import Value
from scalargrad.graph import Node, topological_order
from scalargrad.ops.registry import as_number
from scalargrad.tracing import trace

__all__ = ["Check", "EdgeCheck", "LeafCheck", "Report", "gradcheck"]


def gradcheck(
    target: Any, inputs: Any = None, *, order: int = 1, method: str = "central", step: float | None = None,
    rtol: float = 1e-6, atol: float = 1e-8,
) -> Report:  # fmt: skip
    """Compare the derivatives of a graph, or of a function at ``inputs``, with finite differences.

    ``target`` is a Value: its leaves are varied and the operations run again, on numbers beside the graph. Or it is a
    function that returns one Value, called anew for each difference. Its ``inputs`` are a number, a Value, or a
    sequence: of its arguments if it takes as many, else its only argument (to be sure, give a tuple of arguments).

    ``order=2`` checks the second derivatives too: what the rules give when they are run on Values. ``method`` is
    ``"central"`` or ``"forward"``; a ``step`` is used as it is given. A derivative passes if it is within
    ``atol + rtol · |numeric|`` and the error of the finite difference itself.

    Of Tensors (float64) every element of every leaf is checked, in a graph or as the arguments of a function, and every
    edge along one direction. A function is called several times at its inputs first: one that is random is refused.

    Where a derivative jumps within the step, as that of relu at 0, the row is marked ``kink`` and not judged; where a
    number is not finite, ``skipped``. Raises NotDifferentiableError if the graph holds an operation without a
    derivative, StaleGraphError if a number in it was changed.

    >>> from scalargrad import Value
    >>> x = Value(0.5, label="x")
    >>> print(gradcheck(x.square().sin()))  # doctest: +ELLIPSIS
    derivative  rule          by rule     by difference  error
    ∂v₁/∂x      square: 2·x   1           1              ...  ok
    ∂L/∂v₁      sin: cos(v₁)  0.96891242  0.96891242     ...  ok
    dL/dx       whole graph   0.96891242  0.96891242     ...  ok
    <BLANKLINE>
    All right: 3 of 3 derivatives agree. The worst: on the edge ... by its rule and ... by finite differences.
    """
    if order not in (1, 2):
        raise ValueError(f"gradcheck: the order is 1 or 2, not {order!r}")
    if method not in TYPICAL_STEP:
        raise ValueError(f'gradcheck: the method is "central" or "forward", not {method!r}')
    if step is not None and not 0 < as_number(step, "gradcheck: step") < math.inf:
        raise ValueError(f"gradcheck: the step is a positive number, not {step!r}")
    quotient = Quotient(method, step, rtol, atol)
    with modes.enable_grad():
        if holds_arrays(target, inputs):
            rows = list(check_arrays(target, inputs, order, quotient))
            of_edges = tuple(row for row in rows if isinstance(row, EdgeCheck))
            return Report(of_edges, tuple(row for row in rows if isinstance(row, LeafCheck)))
        subject = subject_of(target, inputs)
        names = _names(subject)
        edges = tuple(_edges(subject.base, names, quotient, order))
        return Report(edges, tuple(_leaves(subject, names, quotient, order)))


def _names(subject: Subject) -> dict[Any, str]:
    """What the rows call each node. The trace also refuses a stale graph, and one that has no derivative."""
    names = {leaf: leaf.label or f"x{i}" for i, leaf in enumerate(subject.leaves)}
    known = zip(subject.base.nodes, trace(subject.base.nodes[-1]).nodes)
    return names | {node: snapshot.name for node, snapshot in known}


def _edges(run: Run, names: dict[Any, str], quotient: Quotient, order: int) -> Iterator[EdgeCheck]:
    for node, value in zip(run.nodes, run.values):
        operands = run.operands(node)
        for position, operand in enumerate(node.inputs):
            if not isinstance(operand, Node):
                continue
            called = tuple(names[x] if isinstance(x, Node) else float(x) for x in node.inputs)
            described = {
                "output": names[node], "input": names[operand], "op": node.op.name, "position": position,
                "formula": node.op.formula(position, called),
            }  # fmt: skip
            local = node.op.local(position, value, operands)
            sample = _sample(node, operands, (position,))
            yield EdgeCheck(by="", **described, **quotient.check(local, sample, operands[position], abs(value)))
            if order == 2:
                for places, second, noise in _second_derivatives(node, position):
                    sample = _sample(node, operands, places, position)
                    numbers = quotient.check(second, sample, operands[places[0]], noise)
                    yield EdgeCheck(by=names[node.inputs[places[0]]], **described, **numbers)


def _sample(node: Any, operands: tuple[float, ...], places: tuple[int, ...], local: int | None = None) -> Sample:
    """What a node's operation gives, or its local derivative by one operand, as the operand in some places varies."""

    def sample(x: float) -> tuple[float, Sides]:
        varied = tuple(x if i in places else number for i, number in enumerate(operands))
        y = float(node.op.recomputed(float(node.data), varied))
        result = y if local is None or not math.isfinite(y) else node.op.local(local, y, varied)
        return result, ((), distances(node.op, varied))

    return sample


def _second_derivatives(node: Any, position: int) -> Iterator[tuple[tuple[int, ...], float, float]]:
    """The derivatives of a local derivative by each operand: the operand's places, the derivative, and its noise."""
    leaves = {x: Value(float(x)) for x in node.inputs if isinstance(x, Value)}  # no graph behind them
    twin = copy.copy(node)
    twin._set_inputs(tuple(leaves.get(x, x) for x in node.inputs))
    needed = tuple(i == position for i in range(len(node.inputs)))
    local = downstreams(twin, 1.0, needed)[position]
    noise = Run(topological_order(local)).noise() if isinstance(local, Node) else 0.0
    seconds = gradients([local], [1.0], list(leaves.values()))
    for operand, second in zip(leaves, seconds):
        places = tuple(i for i, x in enumerate(node.inputs) if x is operand)
        yield places, float(second), noise


def _leaves(subject: Subject, names: dict[Any, str], quotient: Quotient, order: int) -> Iterator[LeafCheck]:
    root = subject.base.nodes[-1]
    slopes, noise = subject.base.slopes(), subject.base.noise()
    for place, leaf in enumerate(subject.leaves):

        def sample(x: float, place: int = place) -> tuple[float, Sides]:
            run, _ = subject.vary(place, x)
            return run.values[-1], run.sides()

        numbers = quotient.check(slopes.get(leaf, 0.0), sample, float(leaf.data), noise)
        yield LeafCheck(output=names[root], input=names[leaf], by="", **numbers)
    if order == 1:
        return
    gradient = gradients([root], [1.0], subject.leaves)
    noises = [Run(topological_order(x)).noise() if isinstance(x, Node) else 0.0 for x in gradient]
    rows = [gradients([slope], [1.0], subject.leaves) for slope in gradient]
    for column, by in enumerate(subject.leaves):

        @cache
        def varied(x: float, column: int = column) -> tuple[list[float], Sides]:
            run, leaves = subject.vary(column, x)
            slopes = run.slopes() if math.isfinite(run.values[-1]) else dict.fromkeys(leaves, math.nan)
            return [slopes.get(leaf, 0.0) for leaf in leaves], run.sides()

        for place, leaf in enumerate(subject.leaves):

            def slope(x: float, place: int = place, varied: Any = varied) -> tuple[float, Sides]:
                gradient, sides = varied(x)
                return gradient[place], sides

            numbers = quotient.check(float(rows[place][column]), slope, float(by.data), noises[place])
            yield LeafCheck(output=names[root], input=names[leaf], by=names[by], **numbers)
