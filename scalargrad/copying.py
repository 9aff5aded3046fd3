"""Copies of graphs: deepcopy and pickle, at any depth and with sharing kept.

Python would copy a graph by recursion, one level a node. Here the inputs of a node are always copied before it. A class
of nodes says how one of them is made: ``_parts()`` gives a function and its arguments, the first of them the inputs.
"""

from __future__ import annotations

import copy
import threading
import weakref
from typing import Any

from scalargrad.engine import Rule
from scalargrad.graph import Node, topological_order

_ATOMS = frozenset([float, str, type(None), Rule])
"""What a copy of a node may share with it."""

_this_thread = threading.local()


def deepcopy_graph(root: Any, memo: dict[int, Any]) -> Any:
    """``copy.deepcopy`` of a node: of all it depends on, each node once per memo."""
    stack = [root]
    while stack:
        node = stack[-1]
        missing = [x for x in (*node.inputs, *node._remembered()) if isinstance(x, Node) and id(x) not in memo]
        if missing:
            stack += reversed(missing)
            continue
        stack.pop()
        if id(node) not in memo:
            make, inputs, *rest = node._parts()
            copies = tuple(memo[id(x)] if isinstance(x, Node) else x for x in inputs)
            if not _ATOMS.issuperset(map(type, rest)):
                rest = copy.deepcopy(rest, memo)
            memo[id(node)] = make(copies, *rest)
    return memo[id(root)]


def reduce_graph(node: Any) -> tuple[Any, ...]:
    """How a node is pickled: after everything it depends on, which the pickle then refers to by its memo.

    While the nodes before a root are being pickled, in order, each of them is pickled alone.
    """
    make, *arguments = node._parts()
    last = getattr(_this_thread, "before", None)
    before = last and last()
    if not node.inputs or (before is not None and before.comes_to(node)):
        return make, tuple(arguments)
    before = _Before(_all_behind(node))
    _this_thread.before = weakref.ref(before)
    return _make_after, (before, make, *arguments)


def _all_behind(root: Any) -> list[Any]:
    """The nodes a root depends on, or remembers, each after its inputs."""
    roots: list[Any] = [root]
    while True:
        order = topological_order(*roots)
        known = set(order)
        more = list(dict.fromkeys(x for node in order for x in node._remembered() if x not in known))
        if not more:
            return [node for node in order if node is not root]
        roots = more + roots


def _make_after(before: object, make: Any, *arguments: Any) -> Any:
    return make(*arguments)


class _Before(list[Any]):
    """The nodes before a root, pickled as a list, and how far a pickler has come in it.

    A pickling that breaks off leaves one behind (kept, perhaps, by the error). That does no harm: a node it still waits
    for is then pickled before its inputs, but these are behind the place it has come to, so they begin anew.
    """

    __slots__ = ("__weakref__", "_next", "_places")

    def __init__(self, nodes: list[Any]) -> None:
        super().__init__(nodes)
        self._places = {id(node): i for i, node in enumerate(nodes)}
        self._next = 0

    def comes_to(self, node: Any) -> bool:
        """Whether it is now this node's turn: all before it have been pickled."""
        place = self._places.get(id(node), -1)
        if place < self._next:
            return False
        self._next = place + 1
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, iter(self)
