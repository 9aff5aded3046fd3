"""Nodes made by hand, as the micrograd lecture makes them (:mod:`scalargrad.handmade`): how they go backward."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from scalargrad import graph, modes
from scalargrad.engine import Value, record
from scalargrad.freshness import StaleGraphError, agree
from scalargrad.function.node import Ending, FunctionRule, WrittenFunction, partial_text
from scalargrad.graph import short
from scalargrad.ops.registry import OPS, NotDifferentiableError, as_number, is_number
from scalargrad.rules import Rule
from scalargrad.symbolic import as_sym
from scalargrad.turns import one_pass

Numbers = tuple[float, ...]
_ROWS = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
"""The rows that nodes made by hand are written as."""


def make_by_hand(node: Value, inputs: Any, op: Any, closure: Callable[[], None] | None) -> None:
    """Make ``node`` one of these inputs; ``op`` is its symbol, or the local derivatives by the inputs.

    An input that comes twice stands once, as in micrograd: the closure adds both shares to its ``grad``.
    """
    if not isinstance(inputs, (tuple, list, set, frozenset)):
        raise TypeError(f"a label is a text, not {inputs!r} (and the inputs of a node made by hand are a tuple)")
    for x in inputs:
        if not isinstance(x, Value):
            raise TypeError(f"the inputs of a Value are Values, not {short(repr(x))}: write Value(…) around a number")
        if modes.active:
            modes.concretized(x, ".data")
    title, locals_ = (op, None) if isinstance(op, str) else ("", op)
    if locals_ is None:
        inputs = tuple(dict.fromkeys(inputs))
    elif not isinstance(op, (tuple, list)) or not all(map(is_number, op)) or len(op) != len(inputs):
        raise TypeError(
            f"the operation of a Value is a text, or a local derivative for each of its {len(inputs)} inputs, "
            f"not {short(repr(op))}"
        )
    else:
        locals_ = tuple([as_number(x, "a local derivative") for x in op])
    if not inputs or not modes.recording():
        return
    node._set_inputs(tuple(inputs))
    node._rule = HandRule(HandOp(title, tuple([x._data for x in inputs]), locals_, closure, node))
    node._mark = graph.epoch
    node.scope = modes.current_scope()


class HandOp(WrittenFunction):
    """The ``op`` of one node: its symbol, and its closure or its local derivatives; ``numbers`` are its inputs'."""

    __slots__ = ("closure", "locals", "node", "numbers", "title")

    def __init__(self, title: str, numbers: Numbers, locals_: Numbers | None, closure: Any, node: Value | None) -> None:
        self.title = title
        self.numbers = numbers
        self.locals = locals_
        self.closure = closure
        self.node = (lambda: None) if node is None else weakref.ref(node)
        self.constants = (None,) * len(numbers)

    @property
    def name(self) -> str:
        return self.title or "by hand"

    symbol = name

    @property
    def function(self) -> NoReturn:
        """What compile asks for: the Function to run at other numbers."""
        raise TypeError(
            f"compile: how the number of {short(self.name)}, a node made by hand, comes from its inputs is not known; "
            "write it in operations, or as a Function"
        )

    def known(self) -> Numbers:
        """The local derivatives: those given, or twice what the closure adds for an upstream gradient of ½."""
        node = self.node()
        if self.locals is not None:
            return self.locals
        if self.closure is None or node is None:
            raise NotDifferentiableError(
                f"{short(self.name)}, a node made by hand, does not know its derivative: set its _backward, or give "
                "the local derivatives, Value(data, (a, b), (by_a, by_b))"
            )
        return one_pass(_probed, self.closure, node, node.inputs)  # type: ignore[no-any-return]

    def local(self, position: int, y: float, operands: Numbers) -> float:
        """The local derivative by one input."""
        self.recomputed(y, operands)
        return self.known()[position]

    def recomputed(self, y: float, operands: Numbers) -> float:
        """Its number, which is known for the inputs of then only."""
        if all(map(agree, operands, self.numbers)):
            return y
        raise StaleGraphError(
            f"the graph is stale: an input of {short(self.name)}, a node made by hand, has changed since it was "
            "computed; compute it again first"
        )

    def pullback(self, upstream: Any, y: Any, operands: tuple[Any, ...], needed: tuple[bool, ...]) -> list[Any]:
        """``upstream × local``; how the local derivative depends on the inputs is not known."""
        rule = FunctionRule(Ending(self.name), (True,) * len(operands))
        return [upstream * record(rule, x, operands) if need else None for x, need in zip(self.known(), needed)]

    def text_of(self, *operands: str | float, style: str = "text") -> str:
        """A sum, difference, product or quotient as such, anything else as a call of its symbol."""
        row = OPS[_ROWS[self.title]] if self.title in _ROWS and len(operands) == 2 else None
        return super().text_of(*operands, style=style) if row is None else row.text_of(*operands, style=style)

    def formula(self, position: int, operands: tuple[str | float, ...], style: str = "text") -> str:
        """``∂name/∂x``: a closure is not read."""
        return partial_text(self.name, as_sym(operands[position]), style)


class HandRule(Rule):
    """The rule of a single node made by hand.

    That of a copy has numbers: a closure is about the nodes it was made for.
    """

    __slots__ = ()

    def __init__(self, op: HandOp) -> None:
        self.op = op
        self.of_values = (True,) * len(op.numbers)

    def backward(self, node: Value) -> None:
        """Do the node's share of the pass."""
        if self.op.closure is not None:
            self.op.closure()
            return
        for x, local in zip(node.inputs, self.op.known(), strict=True):
            x.grad += node.grad * local

    def __reduce__(self) -> tuple[Any, ...]:
        op = self.op
        return _copied, (op.title, op.numbers, op.locals if op.closure is None else op.known())

    def __deepcopy__(self, memo: object) -> HandRule:
        make, arguments = self.__reduce__()
        return make(*arguments)  # type: ignore[no-any-return]


def _copied(title: str, numbers: Numbers, locals_: Numbers | None) -> HandRule:
    return HandRule(HandOp(title, numbers, locals_, None, None))


def _probed(closure: Callable[[], None], node: Value, inputs: Sequence[Value]) -> Numbers:
    """What a closure adds to the ``grad`` of the inputs, which are afterwards as they were."""
    before = [(x, x.grad) for x in (node, *inputs)]
    try:
        for x in inputs:
            x.grad = 0.0
        node.grad = 0.5
        closure()
        return tuple([2.0 * x.grad for x in inputs])
    finally:
        for x, grad in before:
            x.grad = grad
