"""Whether a graph still holds: each number in it must be what its operation gives on its operands as they are now.

A leaf may be given another number at any time, as an optimizer does. The graphs computed from it before are stale then:
their gradients would belong to neither point, so they are refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from scalargrad import graph
from scalargrad.graph import Node, short
from scalargrad.naming import names_of


class StaleGraphError(RuntimeError):
    """A number in a graph is no longer what the graph computes, since an input was changed afterwards."""


def agree(now: Any, then: Any) -> bool:
    """Whether two numbers or arrays are the same, but for the last digits: another machine's libm."""
    if isinstance(now, float):
        then = float(then)
        return now == then or (now != now and then != then) or math.isclose(now, then, rel_tol=1e-12)
    same = (now == then) | ((now != now) & (then != then))
    return bool(same.all()) or bool((same | (abs(now - then) <= 1e-12 * abs(then))).all())


def fresh_order(*roots: Any) -> list[Any]:
    """The topological order of a graph that holds; StaleGraphError if it does not.

    Only where a number was set since the graph was computed, here or in another graph, each node is computed again.
    """
    order, walk = graph.walked(*roots)
    present = graph.epoch
    if walk.epoch is not present:
        require_fresh(order)
        walk.epoch = present if all(root._tells_changes for root in roots) else None
    return order


def require_fresh(order: Sequence[Any]) -> None:
    """Raise StaleGraphError, naming the first node that does not hold, and both its values."""
    for node in order:
        if node.op is None or node._is_of_same_operands():
            continue
        then, now = node._data, node._recomputed()
        if now is not then and not agree(now, then):
            names = dict(zip(order, names_of(order)))
            raise StaleGraphError(
                f"the graph is stale: {short(names[node])} = {_written(node, names)} was {_told(then)} when it was "
                f"computed and would be {_told(now)} now, since an input has changed; compute it again first"
            )


def _written(node: Any, names: dict[Any, str]) -> str:
    return short(node.op.text_of(*[short(names[x]) if isinstance(x, Node) else float(x) for x in node.inputs]), 120)


def _told(x: Any) -> str:
    shape = getattr(x, "shape", ())
    if shape == ():
        return repr(float(x))
    return f"an array of {tuple(shape)} with mean {float(x.sum()) / x.size if x.size else math.nan!r}"
