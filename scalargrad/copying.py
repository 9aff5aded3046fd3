"""Copies of graphs: deepcopy and pickle, at any depth and with sharing kept.

Python would copy a graph by recursion, one level a node. Here the inputs of a node are always copied before it. A class
of nodes says how one of them is made: ``_parts()`` gives a function and its arguments, the first of them the inputs.
"""

from __future__ import annotations

import copy
import weakref
from typing import Any

from scalargrad.graph import Node, topological_order


def deepcopy_graph(root: Any, memo: dict[int, Any]) -> Any:
    """``copy.deepcopy`` of a node: of all it depends on, each node once per memo."""
    stack = [root]
    while stack:
        node = stack[-1]
        missing = [x for x in node.inputs if isinstance(x, Node) and id(x) not in memo]
        if missing:
            stack += reversed(missing)
            continue
        stack.pop()
        if id(node) not in memo:
            make, inputs, *rest = node._parts()
            copies = tuple(memo[id(x)] if isinstance(x, Node) else x for x in inputs)
            memo[id(node)] = make(copies, *copy.deepcopy(rest, memo))
    return memo[id(root)]


def reduce_graph(node: Any) -> tuple[Any, ...]:
    """How a node is pickled: after everything it depends on, which the pickle then refers to by its memo.

    While the nodes before a root are being pickled, in order, their mark says so: each is then pickled alone.
    """
    make, *arguments = node._parts()
    if (isinstance(node._mark, weakref.ref) and node._mark() is not None) or not node.inputs:
        node._mark = None
        return make, tuple(arguments)
    before = _Before(topological_order(node)[:-1])
    mark = weakref.ref(before)  # dead once the pickle is written, or given up
    for earlier in before:
        earlier._mark = mark
    return _make_after, (before, make, *arguments)


def _make_after(before: object, make: Any, *arguments: Any) -> Any:
    return make(*arguments)


class _Before(list[Any]):
    """A list that can be referred to weakly, and is pickled as a list."""

    __slots__ = ("__weakref__",)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, iter(self)
