"""The backward pass over arrays: outputs before inputs, a whole array at a time.

A node here is a :class:`fastpath.Tensor`: its ``_op`` is an elementwise op, a :class:`~fastpath.bound.BoundOp`, or
another object with ``name`` and ``pullback(upstream, y, operands, needed)``, which then gets arrays.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np

from fastpath.bound import BoundOp
from fastpath.numerics import Array, array_backward, first_bad, ignoring, owners_of, unbroadcast_array
from scalargrad import modes
from scalargrad.anomalies import names_of
from scalargrad.graph import topological_order
from scalargrad.ops.registry import Op
from scalargrad.turns import one_pass


@ignoring
def backpropagate(root: Any, seed: Array) -> dict[Any, Array]:
    """The gradients of the leaves; those of the other nodes are dropped as soon as they have been passed on.

    This is ``graph.reverse`` written out, since it is the hot loop.
    """
    leaves: dict[Any, Array] = {}
    grads: dict[Any, Array] = {root: seed}
    take, get = grads.pop, grads.get
    detecting = modes.detecting()
    order = topological_order(root)
    if keeping and any(node.__class__ in keeping for node in order):
        take = partial(_taken, grads, leaves)
    for node in reversed(order):
        g = take(node, None)
        if g is None:
            continue
        op = node._op
        if op is None:
            if node.requires_grad:
                leaves[node] = g
            continue
        if type(op) is Op:
            found = array_backward(op, node._needed)(g, node._data, *node._arrays)
        else:
            found = downstreams(node, g)
        a, b = node._a, node._b
        operands = (a, b) if b is not None else a if type(a) is tuple else (a,)
        for operand, downstream in zip(operands, found):
            if downstream is None:
                continue
            like = operand._data
            if type(downstream) is not np.ndarray or downstream.shape != like.shape or downstream.dtype != like.dtype:
                downstream = unbroadcast_array(downstream, like)
            if detecting:
                check_backward(node, operands, operand, g, downstream)
            earlier = get(operand)
            grads[operand] = downstream if earlier is None else earlier + downstream
    return leaves


keeping: set[type] = set()
"""The class of the computed nodes that keep their gradient; empty until one is asked to."""


def _taken(grads: dict[Any, Array], kept: dict[Any, Array], node: Any, default: None) -> Any:
    """The gradient of a node; of one that keeps it, it is noted."""
    g = grads.pop(node, default)
    if g is not None and node.__class__ in keeping:
        kept[node] = g
    return g


def downstreams(node: Any, g: Array) -> Any:
    """What a node passes on to each operand, before it is unbroadcast; None to one that needs no gradient."""
    op = node._op
    if type(op) is Op:
        return array_backward(op, node._needed)(g, node._data, *node._arrays)
    if type(op) is BoundOp:
        return op.pullback(g, node._data, node._arrays, node._needed)
    arrays = tuple([read_only(a) if isinstance(a, np.ndarray) else a for a in node._arrays])
    return op.pullback(read_only(g), read_only(node._data), arrays, node._needed)


_commits = 0
"""How many times gradients have been given to leaves."""


def commit(grads: dict[Any, Array], own: bool = False) -> None:
    """Add the gradients of a finished pass to the leaves: all of them or, if interrupted, none.

    Threads whose graphs share leaves do so one after the other. A signal handler that differentiates in the middle of
    it goes first. An array nobody else holds (``own``: none of them is held) becomes the gradient as it is; any other
    is copied, so that no two share memory.
    """
    one_pass(_commit, grads, own)


def _commit(grads: dict[Any, Array], own: bool) -> None:
    global _commits
    while True:
        seen = _commits
        before = [leaf.grad for leaf in grads]
        new = [_sum(earlier, grads, leaf, own) for earlier, leaf in zip(before, grads)]
        give = map(setattr, grads, repeat("grad"), new)
        try:
            if _commits == seen:  # from here to the end nothing can come in between: it is one call, of C
                _commits = seen + 1
                deque(give, maxlen=0)
                return
        except BaseException:
            deque(map(setattr, grads, repeat("grad"), before), maxlen=0)
            raise


def _sum(earlier: Any, grads: dict[Any, Array], leaf: Any, own: bool) -> Array:
    """The gradient of a leaf after the pass: what it has, and its own."""
    g = grads[leaf]
    if earlier is None or leaf.op is not None:  # a computed node shows the latest pass
        return g if own or (owners_of(g) <= _ALONE and g.base is None and g.flags.writeable) else g.copy()
    shape = earlier.shape if type(earlier) is np.ndarray else np.shape(earlier)
    if shape not in (g.shape, ()):
        raise ValueError(
            f"the grad set on a Tensor of shape {g.shape} has shape {shape}; set it to None before backward"
        )
    total = earlier + g
    if type(total) is np.ndarray and total.dtype == g.dtype:
        return total
    return np.asarray(total).astype(g.dtype, copy=False)


def _count_alone() -> int:
    """How many owners an array has in :func:`_sum` if nobody else holds it."""
    grads = {0: np.empty(0)}
    g = grads[0]
    return owners_of(g)


_ALONE = _count_alone()


def read_only(array: Array) -> Array:
    """The same memory, protected from a user's own backward."""
    view = array.view()
    view.flags.writeable = False
    return view


# --- anomalies -------------------------------------------------------------------------------------------------------


def check_forward(op: Any, data: Array, operands: tuple[Any, ...], arrays: tuple[Any, ...]) -> None:
    """Raise if this op made a nan or an infinity out of finite arrays, saying where."""
    place = first_bad(data)
    if place is not None and all(first_bad(np.asarray(a)) is None for a in arrays):
        names = names_of(operands)
        raise FloatingPointError(f"forward: {op.text_of(*names)} = {data[place]}{_at(place, data, names, arrays)}")


def check_backward(node: Any, operands: tuple[Any, ...], operand: Any, g: Array, downstream: Array) -> None:
    """Raise if this edge made a nan or an infinity out of a finite upstream gradient, saying where."""
    place = first_bad(downstream)
    if place is not None and first_bad(g) is None:
        names = names_of(operands)
        to = names[next(i for i, x in enumerate(operands) if x is operand)]
        name = getattr(node._op, "text_of", lambda *_: node._op.name)(*names)
        raise FloatingPointError(
            f"backward: through {name} to {to}, the downstream gradient is "
            f"{downstream[place]}{_at(place, downstream, names, node._arrays)}"
        )


def _at(place: tuple[int, ...], data: Array, names: list[str | float], arrays: tuple[Any, ...]) -> str:
    """The place, and the operands' numbers there if they are of the same shape."""
    where = f" at {place if len(place) > 1 else place[0]}" if place else ""
    there = [f"{n} = {a[place]}" for n, a in zip(names, arrays) if np.shape(a) == data.shape and a is not data]
    return where + (f", where {' and '.join(there)}" if there else "")
