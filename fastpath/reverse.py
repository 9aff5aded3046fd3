"""The backward pass to some variables, on plain arrays: for derivatives that need no graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastpath.backward import check_backward, read_only
from fastpath.bound import BoundOp
from fastpath.numerics import Array, array_backward, ignoring, owners_of, unbroadcast_array
from scalargrad import modes
from scalargrad.graph import Node
from scalargrad.ops.registry import Op


@ignoring
def pass_back(
    order: Sequence[Any], ways: dict[Any, tuple[bool, ...]], seeds: Sequence[tuple[Any, Any]], variables: Sequence[Any]
) -> list[Array]:
    """What the variables, which are leaves, receive when the seeds are given to the roots: arrays of the caller's own.

    ``order`` is the graph of the roots, ``ways`` say which operands of a node lead to a variable. It is
    :func:`.backward.backpropagate` for chosen leaves, of which ``requires_grad`` is not asked and no ``grad`` set.
    """
    grads = _received(order, ways, seeds)
    return [_own(grads, x) for x in variables]


def _received(
    order: Sequence[Any], ways: dict[Any, tuple[bool, ...]], seeds: Sequence[tuple[Any, Any]]
) -> dict[Any, Any]:
    """What each leaf receives."""
    grads: dict[Any, Any] = {}
    detecting = modes.detecting()
    for root, seed in seeds:
        start = _seed(root, seed)
        grads[root] = grads[root] + start if root in grads else start
    for node in reversed(order):
        op = node._op
        if op is None or node not in grads or node not in ways:
            continue
        g, needed = grads.pop(node), ways[node]
        if type(op) is not Op and 0 in g.strides:
            g = g.copy()  # a matrix product of a number that is everywhere the same would be slow
        if type(op) is Op:
            found: Any = array_backward(op, needed)(g, node._data, *node._arrays)
        elif type(op) is BoundOp:
            found = op.pullback(g, node._data, node._arrays, needed)
        else:
            arrays = tuple([read_only(a) if isinstance(a, np.ndarray) else a for a in node._arrays])
            found = op.pullback(read_only(g), read_only(node._data), arrays, needed)
        operands = node.inputs
        for operand, downstream, need in zip(operands, found, needed):
            if downstream is None or not need:
                continue
            like = operand._data
            if np.ndim(downstream) == 0 and like.shape and operand._op is not None:  # of a sum: it takes no memory
                number = np.array(downstream, like.dtype)  # np.broadcast_to of it, at a fifth of the time
                downstream = np.ndarray(like.shape, like.dtype, number, strides=(0,) * like.ndim)
                downstream.flags.writeable = False
            elif type(downstream) is not np.ndarray or downstream.shape != like.shape or downstream.dtype != like.dtype:
                downstream = unbroadcast_array(downstream, like)
            if detecting:
                check_backward(node, operands, operand, g, downstream)
            earlier = grads.get(operand)
            grads[operand] = downstream if earlier is None else earlier + downstream
    return grads


def _seed(root: Any, seed: Any) -> Array:
    """A number or an array as the upstream gradient of a root."""
    start = np.empty(root._data.shape, root._data.dtype if root._data.dtype.kind == "f" else float)
    start[...] = seed._data if isinstance(seed, Node) else seed
    return start


def _own(grads: dict[Any, Any], variable: Any) -> Array:
    """What a variable received, in memory that nothing else has."""
    g = grads.get(variable)
    if g is None:
        return np.zeros(variable._data.shape, variable._data.dtype)
    return g if owners_of(g) <= _ALONE and g.base is None and g.flags.writeable else g.copy()  # type: ignore[no-any-return]


def _count_alone() -> int:
    """How many owners an array has in :func:`_own` if nobody else holds it."""
    grads = {0: np.empty(0)}
    g = grads.get(0)
    return owners_of(g)


_ALONE = _count_alone()
