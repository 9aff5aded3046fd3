"""Walking a computational graph: one implementation for scalars, arrays and plans.

A node is anything that inherits :class:`Node`: it has an ``op`` (None for a leaf) and ``inputs``. An operand that is
not a node, a constant number or array, may stand among the inputs; the walks pass over it. Nothing here recurses, so a
chain of a million nodes is walked like any other. Standard library only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar


class Node:
    """A node of a computational graph: it keeps one or two operands in slots, more as a tuple.

    (Most nodes have at most two; a tuple for each would cost a third of the memory, and the garbage collector's time.)
    """

    __slots__ = ("_a", "_b", "_mark")
    _a: Any
    """The first operand; all of them, as a tuple, if there are more than two; None in a leaf."""
    _b: Any
    """The second operand, or None."""
    _mark: object
    """The walk that saw the node last: cheaper than a set of a million nodes."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # data, label, …: what each kind of node has besides

    @property
    def op(self) -> Any:
        """The operation that made the node; None for a leaf."""
        raise NotImplementedError

    @property
    def inputs(self) -> tuple[Any, ...]:
        """The operands it was made from, in order: nodes, and constants as they are."""
        if self._b is not None:
            return (self._a, self._b)
        if type(self._a) is tuple:
            return self._a
        return () if self._a is None else (self._a,)

    def _remembered(self) -> list[Any]:
        """Nodes it does not depend on with the numbers as they are, but might with others: they are copied with it."""
        return []

    def _set_inputs(self, operands: tuple[Any, ...]) -> None:
        few = len(operands) <= 2
        self._a = (operands[0] if operands else None) if few else operands
        self._b = operands[1] if len(operands) == 2 else None


N = TypeVar("N", bound=Node)


_one_walk = threading.Lock()


def topological_order(*roots: N) -> list[N]:
    """All nodes the roots depend on, each after its inputs: depth first, operands from left to right.

    Linear in nodes and edges, iterative, and the same in every run.
    """
    order: list[N] = []
    walk = object()
    with _one_walk:
        for root in roots:
            if root._mark is not walk:
                root._mark = walk
                _visit(root, order, walk)
    return order


def _visit(node: Any, order: list[Any], walk: object) -> None:
    """Append what ``node`` depends on and is not marked yet, then ``node``.

    Depth first by hand. ``path`` leads from the root to the node at hand; None above a node in it says that all its
    operands are done, so that it need not be looked at again on the way back.
    """
    kind = type(node)
    path: list[Any] = []
    enter, leave, done = path.append, path.pop, order.append
    rests: dict[Any, Iterator[Any]] = {}  # where a node has more than two operands: those not looked at yet
    while True:
        operand = node._a
        if (operand.__class__ is kind or isinstance(operand, Node)) and operand._mark is not walk:
            operand._mark = walk
            if operand._a is not None:
                enter(node)
                node = operand
                continue
            done(operand)
        while True:
            operand = node._b
            if operand is None:
                if node._a.__class__ is tuple:
                    rest = rests.setdefault(node, iter(node._a))
                    operand = next((x for x in rest if isinstance(x, Node) and x._mark is not walk), None)
                    if operand is not None:
                        operand._mark = walk
                        enter(node)
                        node = operand
                        break
            elif (operand.__class__ is kind or isinstance(operand, Node)) and operand._mark is not walk:
                operand._mark = walk
                if operand._a is not None:
                    enter(node)
                    enter(None)
                    node = operand
                    break
                done(operand)
            done(node)
            if not path:
                return
            node = leave()
            while node is None:
                done(leave())
                if not path:
                    return
                node = leave()


def edges(*roots: Node) -> Iterator[tuple[Node, int, Node]]:
    """Every edge ``(input, position, output)``: ``a * a`` has two. Outputs in topological order."""
    for node in topological_order(*roots):
        for position, operand in enumerate(node.inputs):
            if isinstance(operand, Node):
                yield operand, position, node


def leaves(*roots: N) -> list[N]:
    """The nodes no operation made, in topological order."""
    return [node for node in topological_order(*roots) if node.op is None]
