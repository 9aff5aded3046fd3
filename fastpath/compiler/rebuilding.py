"""A graph of Values that was built without being traced, with nothing in it decided by the numbers it was built with.

The expansion of a structural op may look at the numbers of Values: of tied ones it makes another graph than of others.
Its results remember what they expand (:class:`scalargrad.ops.expansions.Expansion`); here it is expanded again, traced.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, NoReturn

from scalargrad import modes
from scalargrad.engine import Expanded, Value
from scalargrad.graph import topological_order


class _Refusing:
    """The tracer of an expansion, which has no business with numbers."""

    def look(self, value: Value, what: str) -> NoReturn:
        raise AssertionError(f"an expansion looked at a number by {what}")


def rebuilt(roots: Sequence[Value]) -> list[Value]:
    """These results as they come from the leaves at any numbers; the leaves stay, and all that need not change."""
    if not any(isinstance(node._rule, Expanded) for node in topological_order(*roots)):
        return list(roots)
    made: dict[Value, Value] = {}
    expanded: dict[Any, list[Any]] = {}
    with modes.enable_grad(), modes.tracing(_Refusing()):
        stack = list(reversed(roots))
        while stack:
            node = stack[-1]
            rule = node._rule
            expansion = rule.expansion if isinstance(rule, Expanded) else None
            operands = expansion.operands if expansion else [x for x in node.inputs if isinstance(x, Value)]
            missing = [x for x in operands if x not in made]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            if node in made:
                continue
            if expansion is None:
                made[node] = _with_operands(node, made)
                continue
            if expansion not in expanded:
                with modes.scope(node.scope) if node.scope else modes.enable_grad():
                    expanded[expansion] = expansion.again(lambda x: made.get(x, x))
            made[node] = expanded[expansion][rule.place]  # type: ignore[attr-defined]
    return [made[root] for root in roots]


def _with_operands(node: Value, made: dict[Value, Value]) -> Value:
    """The node, or one like it of what was made in its operands' places."""
    inputs = tuple([made[x] if isinstance(x, Value) else x for x in node.inputs])
    if all(a is b for a, b in zip(inputs, node.inputs)):
        return node
    other = copy(node)
    other._set_inputs(inputs)
    return other
