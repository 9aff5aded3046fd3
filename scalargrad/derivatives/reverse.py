"""The reverse pass on nodes: gradients that are nodes, or the plain numbers and arrays of such."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from scalargrad.derivatives.decided import remembering
from scalargrad.freshness import fresh_order
from scalargrad.graph import Node, reverse, topological_order
from scalargrad.ops.registry import Op


def gradients(roots: Sequence[Any], upstreams: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
    """``Σ_r upstream_r · ∂root_r/∂x`` for each variable: a node, or a plain number where it is one.

    Roots that are numbers have no derivative. Contributions are added up outputs first, operands from left to right, as
    :meth:`Value.backward` adds them. Plain numbers stay plain as long as they can, so that no ``1·`` and ``0 +`` comes
    into the graph of the derivative. Linear in nodes and edges.
    """
    seeded = [(root, upstream) for root, upstream in zip(roots, upstreams) if isinstance(root, Node)]
    order = fresh_order(*(root for root, _ in seeded))
    ways = _ways(order, variables)

    def pass_on(node: Any, upstream: Any) -> Iterator[tuple[Any, Any]]:
        if needed := ways.get(node):
            for operand, downstream in zip(node.inputs, downstreams(node, upstream, needed)):
                if downstream is not None:
                    yield operand, operand._unbroadcast(downstream)

    seeds = [(root, root._unbroadcast(upstream)) for root, upstream in seeded if upstream is not None]
    received = reverse(order, seeds, pass_on, keep=set(variables))
    found = [received[x] if x in received else x._unbroadcast(0.0) for x in variables]
    return remembering(found, order, (roots, upstreams, variables), gradients)


def _ways(order: Sequence[Any], variables: Sequence[Any]) -> dict[Any, tuple[bool, ...]]:
    """The nodes that depend on a variable, and which of their operands lead to one."""
    ways: dict[Any, tuple[bool, ...]] = dict.fromkeys(variables, ())
    for node in order:
        needed = tuple([isinstance(x, Node) and x in ways for x in node.inputs])
        if True in needed:
            ways[node] = needed
    return ways


def on_numbers(roots: Sequence[Any], variables: Sequence[Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """The function of the upstreams that gives what :func:`gradients` does as plain numbers and arrays.

    The variables are leaves. Of Tensors the way back is looked for once, and walked in arrays, as often as one likes.
    """
    pass_back: Any = variables[0]._numbers if variables else None
    if pass_back is None or not all(x._numbers for x in variables):
        return lambda upstreams: [_number(x) for x in gradients(roots, upstreams, variables)]
    order = topological_order(*[root for root in roots if isinstance(root, Node)])
    ways = _ways(order, variables)

    def pulled_back(upstreams: Sequence[Any]) -> list[Any]:
        seeds = [(x, g) for x, g in zip(roots, upstreams) if isinstance(x, Node) and x in ways and g is not None]
        return pass_back(order, ways, seeds, variables)  # type: ignore[no-any-return]

    return pulled_back


def _number(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


def downstreams(node: Any, upstream: Any, needed: tuple[bool, ...]) -> list[Any]:
    """``upstream × local`` for each needed operand of a node; None for the others, and where it is exactly 0."""
    op, operands = node.op, node.inputs
    if not isinstance(op, Op):
        return list(op.pullback(node._constant_like(upstream), node, operands, needed))
    op.require_derivative()
    pairs = list(zip(op.partials, needed))
    try:
        locals_ = [partial(node, *operands) if need else None for partial, need in pairs]
    except ZeroDivisionError:  # 1/b of a constant b = 0: Python refuses it, as a Value it is answered as IEEE does
        nodes = tuple(map(node._constant_like, operands))
        locals_ = [partial(node, *nodes) if need else None for partial, need in pairs]
    return [None if local is None else _product(upstream, local) for local in locals_]


def _product(upstream: Any, local: Any) -> Any:
    """``upstream × local`` with no node for a factor 1, and None for a downstream that is exactly 0."""
    for one, other in ((upstream, local), (local, upstream)):
        if isinstance(one, (float, int)):
            if one == 1:
                return other
            if one == -1:
                return -other
            if one == 0 and _is_finite(other):
                return None
    return upstream * local


def _is_finite(x: Any) -> bool:
    data: Any = getattr(x, "_data", x)
    rest = data - data
    return bool(rest == 0) if isinstance(rest, (float, int)) else bool((rest == 0).all())
