"""Taking a Trace: one pass over a graph that reads every number and writes none."""

from __future__ import annotations

from typing import Any

from scalargrad import graph
from scalargrad.freshness import StaleGraphError, fresh_order
from scalargrad.language import say
from scalargrad.naming import symbol
from scalargrad.records import ArrayNumber, EdgeGrad, Number, Step, Trace, TraceNode
from scalargrad.records import plain as plain
from scalargrad.snapshot import Snapshot

__all__ = ["ArrayNumber", "EdgeGrad", "Number", "StaleGraphError", "Step", "Trace", "TraceNode", "symbol", "trace"]


def trace(root: Any, *, gradients: str = "computed") -> Trace:
    """The snapshot of the graph behind ``root``: values, gradients and what every edge passes on.

    Pure: no ``grad`` is written and, unless ``gradients="stored"`` asks for it, none is read: then each node has the
    ``grad`` that a pass, or the reader by hand, has left in it, and passes on its share of that. Raises StaleGraphError
    if an input was changed since the graph was built, as an optimizer step does: build the graph again first. A Trace
    is returned as it is.
    """
    if gradients not in ("computed", "stored"):
        raise ValueError(
            say("gradients is 'computed', or 'stored' (what .grad of the nodes says), not {0!r}", gradients)
        )
    if isinstance(root, Trace):
        if gradients == "stored":
            raise TypeError(say("gradients='stored' is for a node of a graph: a Trace has its gradients"))
        return root
    as_trace = getattr(root, "as_trace", None)  # a compiled plan
    if as_trace is not None:
        return as_trace()  # type: ignore[no-any-return]
    if not isinstance(root, graph.Node):
        raise TypeError(f"expected a node of a graph (a Value) or a Trace, not {_shortly(root)}")
    return Trace._of(Snapshot(fresh_order(root), stored=gradients == "stored"))


def _shortly(x: Any) -> str:
    text = " ".join(repr(x).split())
    return text if len(text) <= 60 else f"{text[:57]}…"
