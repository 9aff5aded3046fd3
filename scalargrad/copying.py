"""Copies of graphs: deepcopy and pickle, at any depth and with sharing kept.

Python would copy a graph by recursion, one level a node. Here the inputs of a node are always copied before it. A class
of nodes says how one of them is made: ``_parts()`` gives a function and its arguments, the first of them the inputs.
Values, of which there may be millions, are made from what stands in their slots.
"""

from __future__ import annotations

import copy
import threading
import weakref
from collections.abc import Callable
from typing import Any

from scalargrad.engine import Value, make_node
from scalargrad.graph import Node, topological_order
from scalargrad.rules import Rule
from scalargrad.scopes import Path

_ATOMS = frozenset([float, str, type(None), Rule])
"""What a copy of a node may share with it."""
_TEXTS = (type(None), str, Path)


class _ThisThread(threading.local):
    """What is being pickled in a thread: a weak reference to the nodes before a root, or what gives None."""

    before: Callable[[], _Before | None] = type(None)


_this_thread = _ThisThread()


def deepcopy_graph(root: Any, memo: dict[int, Any]) -> Any:
    """``copy.deepcopy`` of a node: of all it depends on, each node once per memo."""
    stack = [root]
    known = memo.get
    while stack:
        node = stack[-1]
        if node.__class__ is not Value or node._rule.__class__ is not Rule or node._a.__class__ is tuple:
            _copy_top(stack, memo)
            continue
        a, b = node._a, node._b
        if isinstance(a, Node):
            done = known(id(a))
            if done is None:
                if isinstance(b, Node) and id(b) not in memo:
                    stack.append(b)
                stack.append(a)
                continue
            a = done
        if isinstance(b, Node):
            done = known(id(b))
            if done is None:
                stack.append(b)
                continue
            b = done
        stack.pop()
        if id(node) not in memo:
            label = node.label
            if label.__class__ not in _TEXTS or node.scope.__class__ not in _TEXTS or node.grad.__class__ is not float:
                _make_copy(node, memo)
            else:
                memo[id(node)] = make_node(node._rule, a, b, node._data, node.grad, label, node.scope)
    return memo[id(root)]


def _copy_top(stack: list[Any], memo: dict[int, Any]) -> None:
    """Copy the node on top of the stack, or put what must be copied before it on top."""
    node = stack[-1]
    missing = [x for x in (*node.inputs, *node._remembered()) if isinstance(x, Node) and id(x) not in memo]
    if missing:
        stack += reversed(missing)
        return
    stack.pop()
    if id(node) not in memo:
        _make_copy(node, memo)


def _make_copy(node: Any, memo: dict[int, Any]) -> None:
    make, inputs, *rest = node._parts()
    copies = tuple([memo[id(x)] if isinstance(x, Node) else x for x in inputs])
    if not _ATOMS.issuperset(map(type, rest)):
        rest = copy.deepcopy(rest, memo)
    memo[id(node)] = make(copies, *rest)


def reduce_graph(node: Any) -> tuple[Any, ...]:
    """How a node is pickled: after everything it depends on, which the pickle then refers to by its memo.

    While the nodes before a root are being pickled, in order, each of them is pickled alone.
    """
    if node._a is None:
        return _alone(node)
    before = _this_thread.before()
    if before is not None:
        place = before.place
        if place < len(before) and before[place] is node:  # as a rule; asked here, since there may be millions
            before.place = place + 1
            return _alone(node)
        if before.comes_to(node):
            return _alone(node)
    make, arguments = _alone(node)
    before = _Before(_all_behind(node))
    _this_thread.before = weakref.ref(before)
    return _make_after, (before, make, *arguments)


def _alone(node: Any) -> tuple[Any, tuple[Any, ...]]:
    """A function and the arguments that make a node, its inputs among them."""
    if node.__class__ is not Value:
        make, *arguments = node._parts()
        return make, tuple(arguments)
    if node.label is None and node.scope is None:
        return make_node, (node._rule, node._a, node._b, node._data, node.grad)
    return make_node, (node._rule, node._a, node._b, node._data, node.grad, node.label, node.scope)


def _all_behind(root: Any) -> list[Any]:
    """The nodes a root depends on, or remembers, each after its inputs; without the leaves, which stand alone."""
    roots: list[Any] = [root]
    while True:
        order = topological_order(*roots)
        special = [node for node in order if node.__class__ is not Value or node._rule.__class__ is not Rule]
        remembered = [x for node in special for x in node._remembered()]
        known = set(order) if remembered else ()
        more = list(dict.fromkeys(x for x in remembered if x not in known))
        if not more:
            return [node for node in order if node is not root and node._a is not None]
        roots = more + roots


def _make_after(before: object, make: Any, *arguments: Any) -> Any:
    return make(*arguments)


class _Before(list[Any]):
    """The nodes before a root, pickled as a list, and how far a pickler has come in it.

    A pickling that breaks off leaves one behind (kept, perhaps, by the error). That does no harm: a node it still waits
    for is then pickled before its inputs, but these are behind the place it has come to, so they begin anew.
    """

    __slots__ = ("__weakref__", "_places", "place")

    def __init__(self, nodes: list[Any]) -> None:
        super().__init__(nodes)
        self.place = 0
        """Of the node whose turn is next, unless it has been pickled before."""
        self._places: dict[int, int] | None = None

    def comes_to(self, node: Any) -> bool:
        """Whether it is now this node's turn: all before it have been pickled."""
        if self.place >= len(self):
            return False
        if self._places is None:
            self._places = {id(x): i for i, x in enumerate(self)}
        place = self._places.get(id(node), -1)
        if place < self.place:
            return False
        self.place = place + 1
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, iter(self)


Value.__reduce__ = reduce_graph  # type: ignore[method-assign, assignment]  # the method that loads this module is needed once
