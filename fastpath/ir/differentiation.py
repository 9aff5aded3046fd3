"""The backward pass written down: the rows' partials and pullbacks, run on Exprs."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fastpath.bound import BoundOp
from fastpath.ir import indexing, losses
from fastpath.ir.build import Builder
from fastpath.ir.calling import pulled_back
from fastpath.ir.expr import Expr, UnreadableError
from fastpath.ir.program import Program, filled
from fastpath.tensor import Tensor
from scalargrad.graph import reverse
from scalargrad.ops.broadcasting import unbroadcast
from scalargrad.ops.registry import Op
from scalargrad.ops.structure import STRUCTURAL


def differentiate(program: Program, variables: Sequence[Tensor], descends: bool = False) -> Program:
    """The program with the gradient of its first output by each of the leaves ``variables``.

    With ``descends`` it has one argument more, the rate, and subtracts rate × gradient from the variables instead.
    A leaf that the output does not depend on has the derivative zero.
    """
    exprs, root = program.exprs, program.graph.outputs[0]
    build, like = exprs[root].build, exprs[root]
    rate = build.leaf("argument", len(program.arguments), (), like.dtype) if descends else None
    needed = _paths(program.graph.order, root, variables)
    found: dict[Any, Expr] = {}

    def pass_on(node: Any, received: list[Expr]) -> list[tuple[Any, list[Expr]]]:
        build.origin = ("backward", node)
        upstream = indexing.total(build, received)
        if node.op is None:
            found[node] = upstream
            return []
        operands = tuple([exprs[x] if isinstance(x, Tensor) else x for x in node.inputs])
        settings = filled(getattr(node.op, "settings", {}), exprs)
        contributions = _contributions(build, node.op, upstream, exprs[node], operands, needed[node], settings)
        pairs = [(x, exprs[x], c) for x, c in zip(node.inputs, contributions) if c is not None]
        return [(x, [unbroadcast(build.as_expr(c, expr.dtype), expr, build.broadcast_to)]) for x, expr, c in pairs]

    build.origin = ("backward", root)
    start = build.constant(np.ones((), like.dtype)) if rate is None else rate
    seeds = [(root, [build.broadcast_to(start, like.shape)])]
    if root in needed:
        reverse(program.graph.order, seeds, pass_on, add=operator.iadd, keep=())
    for leaf in variables:
        if leaf not in found:
            build.origin = ("backward", leaf)
            zero = build.constant(np.zeros((), exprs[leaf].dtype))
            found[leaf] = build.broadcast_to(zero, exprs[leaf].shape)
    gradients = tuple([found[x] for x in variables])
    if rate is None:
        return replace(program, gradients=gradients)
    steps = tuple(zip([exprs[x] for x in variables], gradients))
    return replace(program, arguments=(*program.arguments, rate), steps=steps)


def _paths(order: list[Any], root: Any, variables: Sequence[Tensor]) -> dict[Any, tuple[bool, ...]]:
    """Which operands lead to a variable, of the nodes that do. Those between them and the root have a derivative."""
    needed: dict[Any, tuple[bool, ...]] = dict.fromkeys(variables, ())
    for node in order:
        leads = tuple([isinstance(x, Tensor) and x in needed for x in node.inputs])
        if "key" in getattr(node.op, "settings", ()):
            leads = (leads[0], *[False] * (len(leads) - 1))  # no gradient passes through what is in a key
        if any(leads) and not getattr(node.op, "stops", False):
            needed[node] = leads
    reached = {root}
    for node in reversed(order):
        if node in needed and node in reached:
            row = getattr(node.op, "op", node.op)
            if getattr(row, "why_not", ""):
                row.require_derivative()
            reached.update([x for x, leads in zip(node.inputs, needed[node]) if leads])
    return needed


def _contributions(
    build: Builder,
    op: Any,
    g: Expr,
    y: Expr,
    operands: tuple[Any, ...],
    needed: tuple[bool, ...],
    settings: dict[str, Any],
) -> list[Any]:
    """What a node passes on to each operand, before it is unbroadcast; None to one that needs none."""
    if type(op) is Op:
        pairs = zip(op.partials, needed)
        return [_product(build, g, _local(build, partial, y, operands)) if need else None for partial, need in pairs]
    exprs: tuple[Any, ...] = tuple([build.as_expr(x) for x in operands])
    if type(op) is not BoundOp:
        return [pulled_back(build, op, i, g, y, exprs) if need else None for i, need in enumerate(needed)]
    row = op.op
    found: list[Any] = []
    for place, need in enumerate(needed):
        if not need:
            found.append(None)
        elif row.wide and g.dtype == np.float16:
            found.append(pulled_back(build, op, place, g, y, exprs))
        elif place == 0 and losses.is_known(row, exprs[-1]):
            found.append(losses.cross_entropy_gradient(build, g, *exprs, **settings))
        elif row.saves:
            found.append(pulled_back(build, op, place, g, y, exprs))
        elif row.name in _KNOWN and STRUCTURAL.get(row.name) is row:
            found.append(_KNOWN[row.name](build, g, exprs[place], **settings))
        else:
            try:
                found.append(row.downstream(place, g, y, exprs, settings))
            except UnreadableError:
                found.append(pulled_back(build, op, place, g, y, exprs))
    return found


def _local(build: Builder, partial: Callable[..., Any], y: Expr, operands: tuple[Any, ...]) -> Any:
    """A partial of an elementwise op. What Python refuses of constants, as 1/0, is answered as IEEE 754 does."""
    try:
        return partial(y, *operands)
    except (ZeroDivisionError, OverflowError):
        return partial(y, *[build.as_expr(x, y.dtype) for x in operands])


_KNOWN: dict[str, Callable[..., Expr]] = {
    "index": lambda build, g, a, key: indexing.scatter(build, g, a.shape, key),
    "scatter": lambda build, g, a, shape, key: indexing.indexed(build, g, key),
}
"""Pullbacks of rows whose settings may be arrays given at run time: those are no settings to a call of the row."""


def _product(build: Builder, g: Expr, local: Any) -> Any:
    """``upstream × local``; None where the row says 0, an integer. (A constant operand of 0.0 may meet an infinity.)"""
    if type(local) is int and local == 0:
        return None
    return build.ufunc("multiply", g, local)
