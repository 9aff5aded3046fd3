"""Walking a computational graph: one implementation for scalars, arrays and plans.

A node is anything that inherits :class:`Node`: it has an ``op`` (None for a leaf) and ``inputs``. An operand that is
not a node, a constant number or array, may stand among the inputs; the walks pass over it. Nothing here recurses, so a
chain of a million nodes is walked like any other. Standard library only.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar


class Node:
    """A node of a computational graph: it keeps one or two operands in slots, more as a tuple.

    (Most nodes have at most two; a tuple for each would cost a third of the memory, and the garbage collector's time.)
    """

    __slots__ = ("_a", "_b", "_mark")
    data: Any
    """The number or the array."""
    _data: Any
    """The same, which any code may read while a function is traced."""
    scope: str | None
    """The path of the scopes it was made in."""
    _constant_like: Callable[[Any], Any]
    """A node as it is, a number as a node of this one's kind and shape."""
    _unbroadcast: Callable[[Any], Any]
    """A gradient in the shape and type of this node."""
    _seeds: Callable[[], Iterable[Any]]
    """The upstream gradients that single out each of its elements, in order."""
    _gathered: Callable[[Any], Any]
    """The derivatives of its elements, put together in its shape."""
    _numbers: Any = None
    """The backward pass on plain arrays, where there is one (:func:`scalargrad.derivatives.reverse.on_numbers`)."""
    _tells_changes = False
    """Whether the :data:`epoch` becomes another whenever the number of such a node is set."""
    _a: Any
    """The first operand; all of them, as a tuple, if there are more than two; None in a leaf."""
    _b: Any
    """The second operand, or None."""
    _mark: object
    """The walk that saw the node last: cheaper than a set of a million nodes."""

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

    def _is_of_same_operands(self) -> bool:
        """Whether its operands are known to be those it was computed from, number for number."""
        return False

    def _set_inputs(self, operands: tuple[Any, ...]) -> None:
        self._a, self._b = in_slots(operands)


def in_slots(operands: tuple[Any, ...]) -> tuple[Any, Any]:
    """What stands in the two slots of a node with these operands."""
    if len(operands) > 2:
        return operands, None
    return operands[0] if operands else None, operands[1] if len(operands) == 2 else None


N = TypeVar("N", bound=Node)
K = TypeVar("K", bound=Hashable)
G = TypeVar("G")


epoch = object()
"""Another object whenever the number of a node that exists is set; a node is marked with that of its making."""


class Walk:
    """What marks the nodes that a walk has seen."""

    __slots__ = ("epoch",)

    def __init__(self) -> None:
        self.epoch: object = epoch
        """The epoch in which all that the walk has seen was computed; None if it saw something older."""


_marks: dict[None, Walk] = {}
"""The walk that uses the marks. Taking them cannot be broken in two, by a thread or a signal."""


def topological_order(*roots: N) -> list[N]:
    """All nodes the roots depend on, each after its inputs: depth first, operands from left to right.

    Linear in nodes and edges, iterative, and the same in every run.
    """
    return walked(*roots)[0]


def walked(*roots: N) -> tuple[list[N], Walk]:
    """The topological order, and the walk that found it.

    A node has one mark, so one walk at a time uses them. Another that begins meanwhile, in another thread or in a
    signal handler, waits for nobody: it keeps a set.
    """
    order: list[N] = []
    walk = Walk()
    if roots and not roots[0]._tells_changes:
        walk.epoch = None
    try:
        try:
            if _marks.setdefault(None, walk) is not walk:
                walk.epoch = None
                return _order_beside(roots), walk
            for root in roots:
                mark = root._mark
                if mark is not walk:
                    root._mark = walk
                    if root._a is not None and mark is not walk.epoch:
                        _note_age(mark, walk)
                    _visit(root, order, walk)
        except BaseException:
            walk.epoch = None
            raise
        finally:
            _give_back(walk)
    finally:  # for an interrupt that came before the line above
        _give_back(walk)
    return order, walk


def _give_back(walk: Walk) -> None:
    if _marks.get(None) is walk:
        del _marks[None]


def _note_age(mark: object, walk: Walk) -> None:
    """Note that a walk has seen a computed node with this mark, which is not that of the present."""
    if mark.__class__ is not Walk or mark.epoch is not walk.epoch:
        walk.epoch = None


def _order_beside(roots: tuple[N, ...]) -> list[N]:
    """The same order, found with a set instead of marks: a little slower."""
    order: list[N] = []
    seen: set[Any] = set()
    for root in roots:
        path: list[tuple[Any, Iterator[Any]]] = [] if root in seen else [(root, iter(root.inputs))]
        seen.add(root)
        while path:
            node, rest = path[-1]
            operand = next((x for x in rest if isinstance(x, Node) and x not in seen), None)
            if operand is None:
                path.pop()
                order.append(node)
            else:
                seen.add(operand)
                path.append((operand, iter(operand.inputs)))
    return order


def _visit(node: Any, order: list[Any], walk: Walk) -> None:
    """Append what ``node`` depends on and is not marked yet, then ``node``.

    Depth first by hand. ``path`` leads from the root to the node at hand; None above a node in it says that all its
    operands are done, so that it need not be looked at again on the way back.
    """
    kind, present = type(node), walk.epoch
    path: list[Any] = []
    enter, leave, done = path.append, path.pop, order.append
    rests: dict[Any, Iterator[Any]] = {}  # where a node has more than two operands: those not looked at yet
    while True:
        operand = node._a
        if operand.__class__ is kind or isinstance(operand, Node):
            mark = operand._mark
            if mark is not walk:
                operand._mark = walk
                if operand._a is not None:
                    if mark is not present:
                        _note_age(mark, walk)
                    enter(node)
                    node = operand
                    continue
                if operand.__class__ is not kind:
                    walk.epoch = None  # its number may change without an epoch
                done(operand)
        while True:
            operand = node._b
            if operand is None:
                if node._a.__class__ is tuple:
                    rest = rests.setdefault(node, iter(node._a))
                    operand = next((x for x in rest if isinstance(x, Node) and x._mark is not walk), None)
                    if operand is not None:
                        mark = operand._mark
                        operand._mark = walk
                        if operand._a is not None and mark is not present:
                            _note_age(mark, walk)
                        if operand._a is None and operand.__class__ is not kind:
                            walk.epoch = None
                        enter(node)
                        node = operand
                        break
            elif operand.__class__ is kind or isinstance(operand, Node):
                mark = operand._mark
                if mark is not walk:
                    operand._mark = walk
                    if operand._a is not None:
                        if mark is not present:
                            _note_age(mark, walk)
                        enter(node)
                        enter(None)
                        node = operand
                        break
                    if operand.__class__ is not kind:
                        walk.epoch = None
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


def reverse(
    order: Sequence[K],
    seeds: Iterable[tuple[K, G]],
    pass_on: Callable[[K, G], Iterable[tuple[K, G]]],
    *,
    add: Callable[[G, G], G] = operator.add,
    keep: Container[K] | None = None,
) -> dict[K, G]:
    """Reverse mode: what each node receives when the ``seeds`` are given to the roots. Nodes may be places in a graph.

    Outputs come before inputs. ``pass_on(node, upstream)`` gives ``(operand, downstream)`` for each edge that needs it,
    and the downstreams of a node are added up in the order in which they come. Only what the nodes in ``keep`` received
    is kept (None: of all nodes); the rest is dropped once it is passed on.
    """
    received: dict[K, G] = {}
    get, take = received.get, received.pop

    def give(downstreams: Iterable[tuple[K, G]]) -> None:
        for node, downstream in downstreams:
            earlier = get(node)
            received[node] = downstream if earlier is None else add(earlier, downstream)

    give(seeds)
    for node in reversed(order):
        upstream = get(node) if keep is None or node in keep else take(node, None)
        if upstream is not None:
            give(pass_on(node, upstream))
    return received


def short(text: str, most: int = 40, end: str = "…") -> str:
    """A label, or another text of the user's, as an error message shows it: on one line, and not too long."""
    line = " ".join(text[: 2 * most].split())
    shown = "".join([c if c.isprintable() else ascii(c)[1:-1] for c in line])
    return shown if len(shown) <= most and len(text) <= 2 * most else shown[: most - len(end)] + end


def edges(*roots: Node) -> Iterator[tuple[Node, int, Node]]:
    """Every edge ``(input, position, output)``: ``a * a`` has two. Outputs in topological order."""
    for node in topological_order(*roots):
        for position, operand in enumerate(node.inputs):
            if isinstance(operand, Node):
                yield operand, position, node


def leaves(*roots: N) -> list[N]:
    """The nodes no operation made, in topological order."""
    return [node for node in topological_order(*roots) if node.op is None]
