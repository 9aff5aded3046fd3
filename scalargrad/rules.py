"""Rules: what the nodes of one op have in common, and the functions for hot paths that are made from the rows.

A generic dispatch at every operation would cost more than the operation. So the operator methods and the backward
functions are written out once per op, as Python source, and compiled: what the engine runs is what one would write by
hand for that op.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scalargrad.generated import compile_source
from scalargrad.ops.registry import OPS, Op

if TYPE_CHECKING:
    from scalargrad.ops.expansions import Expansion

Backward = Callable[[Any], None]


class Rule:
    """What nodes of one op do: which operands are Values (the others are constants), and how to go backward.

    ``backward(node)`` adds ``node.grad × local`` to the ``grad`` of each operand that is a Value.
    """

    __slots__ = ("backward", "of_values", "op")

    def __init__(self, op: Any, of_values: tuple[bool, ...]) -> None:
        self.op = op
        self.of_values = of_values
        self.backward: Backward = self._first_backward

    def _first_backward(self, node: Any) -> None:
        self.backward = compile_backward(self.op, self.of_values)
        self.backward(node)

    def __reduce__(self) -> tuple[Any, ...]:
        return rule_of, (self.op, self.of_values)

    def __deepcopy__(self, memo: object) -> Rule:
        return self


class Expanded(Rule):
    """The rule of one node: a result of a structural op whose expansion decided by the numbers, and where it stands.

    It goes backward as the others of its op do; ``compile`` asks it what the op was, and its operands.
    """

    __slots__ = ("expansion", "place")

    def __init__(self, op: Any, of_values: tuple[bool, ...], expansion: Expansion, place: int) -> None:
        self.op = op
        self.of_values = of_values
        self.expansion = expansion
        self.place = place

    @property
    def backward(self) -> Backward:  # type: ignore[override]
        return rule_of(self.op, self.of_values).backward

    def __reduce__(self) -> tuple[Any, ...]:
        return Expanded, (self.op, self.of_values, self.expansion, self.place)

    def __deepcopy__(self, memo: dict[int, Any]) -> Expanded:  # type: ignore[override]
        return Expanded(self.op, self.of_values, copy.deepcopy(self.expansion, memo), self.place)


LEAF = Rule(None, ())
_rules: dict[tuple[Op, tuple[bool, ...]], Rule] = {}


def rule_of(op: Op | None, of_values: tuple[bool, ...]) -> Rule:
    """The one rule for an op with Values in these places."""
    if op is None:
        return LEAF
    rule = _rules.get((op, of_values))
    if rule is None:
        rule = _rules[op, of_values] = Rule(op, of_values)
    return rule


def compile_backward(op: Any, of_values: tuple[bool, ...]) -> Callable[[Any], None]:
    """The backward function of an op with Values in these places, from the symbolic reading of its partials.

    For ``mul`` of two Values::

        def backward(node):
            g = node.grad
            a = node._a
            b = node._b
            d0 = g * b.data
            d1 = g * a.data
            a.grad += d0
            b.grad += d1
    """
    from scalargrad.symbolic import local_derivative, python  # loaded at the first backward, not with the package

    names = [f"_x{i}" for i in range(len(of_values))]  # an op's name never begins with _
    slots = [f"_node._a[{i}]" for i in range(len(names))] if len(names) > 2 else ["_node._a", "_node._b"][: len(names)]
    numbers = tuple(f"{name}._data" if of_value else name for name, of_value in zip(names, of_values, strict=True))
    used: set[str] = set()
    computing, adding = [], []
    for position, of_value in enumerate(of_values):
        if of_value:
            local = local_derivative(op, position, numbers, "_y")
            used |= local.names()
            computing.append(f"_d{position} = _g" + ("" if local.constant == 1 else f" * ({python(local)})"))
            adding.append(f"{names[position]}.grad += _d{position}")
    getting = ["_g = _node.grad"] + ["_y = _node._data"] * ("_y" in used)
    for name, slot, number, of_value in zip(names, slots, numbers, of_values, strict=True):
        if of_value or number in used:
            getting.append(f"{name} = {slot}")
    source = "\n    ".join(["def _backward(_node):", *getting, *computing, *adding])
    space: dict[str, Any] = {row.name: row.number for row in OPS.values()}
    return compile_source(source, "_backward", f"backward of {op.name}", space)


_METHOD = """
def method(self, other):
    if type(other) is Value:
        number, rule = other._data, both
    elif type(other) is float:
        number, rule = other, left
    elif type(other) is int:
        other = number = as_number(other, name)
        rule = left
    elif isinstance(other, Value):
        number, rule = other._data, both
    else:
        return apply(op, (self, other)) if takes(other) else NotImplemented
    data = {forward}
    if modes.special:
        return record(rule, data, (self, other))
    node = new(Value)
    node._data = data
    node.grad = 0.0
    node._mark = graph.epoch
    node._rule = rule
    node._a = self
    node._b = other
    node.label = None
    node.scope = modes.state().path if modes.active else None
    return node
"""

_REFLECTED = """
def reflected(self, other):
    if type(other) is not float:
        if type(other) is not int:
            return apply(op, (other, self)) if takes(other) else NotImplemented
        {shortcut}
        other = as_number(other, name)
    return record(right, {backward}, (other, self))
"""


def operator_methods(op: Op, engine: dict[str, Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The two operator methods of a binary op, with everything looked up beforehand; ``engine`` has what they use.

    ``0 + v`` with the integer 0 is ``v`` itself, so that ``sum(values)`` begins with the first of them.
    """
    infix = {"add": "+", "sub": "-", "mul": "*"}.get(op.name)
    method = _METHOD.format(forward=f"self._data {infix} number" if infix else "forward(self._data, number)")
    reflected = _REFLECTED.format(
        backward=f"other {infix} self._data" if infix else "forward(other, self._data)",
        shortcut="if other == 0 and (not modes.special or modes.is_traced()): return self" if op.name == "add" else "",
    )
    space = {**engine, "op": op, "name": op.name, "forward": op.number}
    title = f"operators of {op.name}"
    return compile_source(method, "method", title, space), compile_source(reflected, "reflected", title, {**space})
