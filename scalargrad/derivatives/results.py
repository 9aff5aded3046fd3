"""What derivatives are given back as: graphs, or plain results of the kind of the variables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scalargrad import modes
from scalargrad.derivatives.arrangement import arranged, parts
from scalargrad.engine import Value
from scalargrad.graph import Node, topological_order


@dataclass(frozen=True)
class Variables:
    """What is differentiated by: nodes, and the arrangement in which they, or what they stand for, were given."""

    nodes: list[Any]
    given: Any
    as_graph: bool = True
    """Whether derivatives are left as they are found; otherwise they become of the kind of what was given."""

    def arranged(self, derivatives: Sequence[Any]) -> Any:
        """The derivatives by each variable, in the arrangement of the variables."""
        if self.as_graph:
            return arranged(self.given, derivatives)
        kinds = parts(self.given)
        return arranged(self.given, [_of_kind(kind, x) for kind, x in zip(kinds, derivatives)], numeric=True)

    def rows(self, of: Any, rows: Sequence[Sequence[Any]]) -> Any:
        """The derivatives of several results, a row of each, in the arrangement of the results."""
        return arranged(of, [self.arranged(row) for row in rows], numeric=not self.as_graph)


def is_computed(x: Any) -> bool:
    """Whether it is a node that has a graph behind it."""
    return isinstance(x, Node) and x.op is not None


def _of_kind(given: Any, x: Any) -> Any:
    """A derivative by what was given, without a graph: a node of a node, otherwise a number."""
    if isinstance(given, Node):
        node = given._constant_like(x)
        detach: Any = getattr(node, "detach", None)
        return detach() if detach else Value(node._data)
    number = float(x._data if isinstance(x, Node) else x)
    np = sys.modules.get("numpy")
    if np is None or not isinstance(given, np.ndarray):
        return number
    return np.asarray(number, given.dtype if given.dtype.kind == "f" else float)  # an array without axes


def as_nodes(results: Any) -> Any:
    """The results as nodes; constants if nothing is recorded."""
    make = _node if modes.recording() else _constant
    return arranged(results, [make(x) for x in parts(results)])


def _node(x: Any) -> Any:
    return x if isinstance(x, Node) else Value(x)


def _constant(x: Any) -> Any:
    make: Any = getattr(x, "_as_leaf", None)
    return make() if make else Value(x)


def spliced(results: Any, originals: dict[Any, Any]) -> Any:
    """The results with the Values the caller gave in place of the leaves that stood for them.

    A function is run on new leaves, since it may also refer to the caller's Values from outside, as the inner function
    does in ``grad(lambda x: grad(lambda t: x * t)(x))``: to it they are constants. Once its derivative is computed,
    the two are the same again.
    """
    if not originals or not modes.recording():
        return results
    nodes = parts(results)
    for node in topological_order(*nodes):
        if any(isinstance(x, Node) and x in originals for x in node.inputs):
            node._set_inputs(tuple(originals.get(x, x) if isinstance(x, Node) else x for x in node.inputs))
    return arranged(results, [originals.get(x, x) for x in nodes])
