"""The backward pass written down: the rows' partials and pullbacks, run on Exprs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastpath.bound import BoundOp
from fastpath.ir import indexing, losses
from fastpath.ir.build import Builder
from fastpath.ir.calling import pulled_back
from fastpath.ir.expr import Expr, UnreadableError
from fastpath.tensor import Tensor
from scalargrad.ops import broadcasting
from scalargrad.ops.registry import Op
from scalargrad.ops.structure import STRUCTURAL


@dataclass(frozen=True)
class Reading:
    """A traced graph written down: its nodes as Exprs, the settings of the structural ones, and what only looks."""

    exprs: dict[Any, Expr]
    settings: dict[Any, dict[str, Any]]
    observers: list[Expr]


def gradients(
    build: Builder, order: list[Any], reading: Reading, root: Any, wanted: Iterable[Any], seed: Expr | None = None
) -> dict[Any, Expr]:
    """The derivative of ``root`` by each of the leaves wanted, times ``seed``.

    ``order`` is the topological order of the traced graph, and ``reading`` what its nodes are in the plan. A leaf that
    the root does not depend on has the derivative zero.
    """
    exprs = reading.exprs
    leaves = list(wanted)
    ways: dict[Any, tuple[bool, ...]] = dict.fromkeys(leaves, ())  # which operands lead to a leaf wanted
    for node in order:
        needed = tuple([isinstance(x, Tensor) and x in ways for x in node.inputs])
        if "key" in getattr(node.op, "settings", ()):
            needed = (needed[0], *[False] * (len(needed) - 1))  # no gradient passes through what is in a key
        if any(needed) and not getattr(node.op, "stops", False):
            ways[node] = needed
    build.origin = ("backward", root)
    like = exprs[root]
    start = build.constant(np.ones((), like.dtype)) if seed is None else seed
    shares: dict[Any, list[Expr]] = {root: [build.broadcast_to(start, like.shape)]}
    result: dict[Any, Expr] = {}
    reached = {root}
    for node in reversed(order):
        if node not in ways or node not in reached:
            continue
        row = getattr(node.op, "op", node.op)
        if getattr(row, "why_not", ""):
            row.require_derivative()
        reached.update(x for x, need in zip(node.inputs, ways[node]) if need)
        build.origin = ("backward", node)
        received = shares.pop(node, None)
        if received is None:
            continue
        upstream = indexing.total(build, received)
        if node.op is None:
            result[node] = upstream
            continue
        operands = tuple([exprs[x] if isinstance(x, Tensor) else x for x in node.inputs])
        passed = _shares(build, node, upstream, exprs[node], operands, ways[node], reading.settings.get(node, {}))
        for operand, share in zip(node.inputs, passed):
            if share is not None:
                shares.setdefault(operand, []).append(unbroadcast(build, share, exprs[operand]))
    for leaf in leaves:
        if leaf not in result:
            zero = build.constant(np.zeros((), exprs[leaf].dtype))
            result[leaf] = build.broadcast_to(zero, exprs[leaf].shape)
    return result


def unbroadcast(build: Builder, share: Any, like: Expr) -> Any:
    """A share in the shape and dtype of its operand."""
    return broadcasting.unbroadcast(build.as_expr(share, like.dtype), like)


def _shares(
    build: Builder,
    node: Any,
    g: Expr,
    y: Expr,
    operands: tuple[Any, ...],
    needed: tuple[bool, ...],
    settings: dict[str, Any],
) -> list[Any]:
    """What a node passes on to each operand, still to be fitted to its shape; None to one that needs none."""
    op = node.op
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
