"""Taking a Trace: one pass over a graph that reads every number and writes none."""

from __future__ import annotations

from typing import Any

from scalargrad import graph
from scalargrad.freshness import StaleGraphError, fresh_order
from scalargrad.naming import symbol
from scalargrad.records import ArrayNumber, EdgeGrad, Number, Step, Trace, TraceNode
from scalargrad.records import plain as plain
from scalargrad.snapshot import Snapshot

__all__ = ["ArrayNumber", "EdgeGrad", "Number", "StaleGraphError", "Step", "Trace", "TraceNode", "symbol", "trace"]


def trace(root: Any) -> Trace:
    """The snapshot of the graph behind ``root``: values, gradients and what every edge passes on.

    Pure: no ``grad`` is read or written. Raises StaleGraphError if an input was changed since the graph was built, as
    an optimizer step does: build the graph again first. A Trace is returned as it is.
    """
    if isinstance(root, Trace):
        return root
    as_trace = getattr(root, "as_trace", None)  # a compiled plan
    if as_trace is not None:
        return as_trace()  # type: ignore[no-any-return]
    if not isinstance(root, graph.Node):
        raise TypeError(f"expected a node of a graph (a Value) or a Trace, not {_shortly(root)}")
    return Trace._of(Snapshot(fresh_order(root)))


def _shortly(x: Any) -> str:
    text = " ".join(repr(x).split())
    return text if len(text) <= 60 else f"{text[:57]}…"
