"""Rules: what the nodes of one op have in common, so that a node need not hold it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scalargrad.ops.registry import Op
from scalargrad.specialise import compile_backward

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
