"""Copies of graphs: deepcopy and pickle, at any depth and with sharing kept.

Python would copy a graph by recursion, one level a node. Both readings here go through the nodes in topological order
instead, so that the inputs of a node are always there already.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from typing import Any

from scalargrad.engine import Rule, Value, _make
from scalargrad.graph import topological_order

_state = threading.local()


def deepcopy_graph(root: Value, memo: dict[int, Any]) -> Value:
    """``copy.deepcopy`` of a node: of all it depends on, each node once per memo."""
    for node in topological_order(root):
        if id(node) not in memo:
            inputs = tuple(memo[id(x)] if isinstance(x, Value) else x for x in node.inputs)
            rule = copy.deepcopy(node._rule, memo)
            memo[id(node)] = _make(rule, node.data, inputs, node.grad, node.label, node.scope)
    return memo[id(root)]  # type: ignore[no-any-return]


def reduce_graph(node: Value) -> tuple[Any, ...]:
    """How a node is pickled: after everything it depends on, which the pickle then refers to by its memo."""
    own = (node._rule, node.data, node.inputs, node.grad, node.label, node.scope)
    if getattr(_state, "inside", False) or not node.inputs:
        return _make, own
    return _make_after, (_InOrder(node), *own)


def _make_after(inputs_first: object, *own: Any) -> Value:
    return _make(*own)


class _InOrder:
    """A list of the nodes a node depends on, handed to the pickler one by one."""

    def __init__(self, root: Value) -> None:
        self.nodes = topological_order(root)[:-1]

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._one_by_one()

    def _one_by_one(self) -> Iterator[Value]:
        _state.inside = True  # each of these has its inputs in the memo, so it is pickled alone
        try:
            yield from self.nodes
        finally:
            _state.inside = False


__all__ = ["Rule", "deepcopy_graph", "reduce_graph"]
