"""Derivatives through nodes that were made by looking at numbers: with other numbers they are other graphs.

They remember what they are derivatives of, as those nodes do (:class:`scalargrad.ops.expansions.Expansion`), so that a
graph can be compiled that has them in it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

from scalargrad import modes
from scalargrad.graph import Node
from scalargrad.ops.elementwise import mul
from scalargrad.ops.expansions import with_gradient_of


@dataclass(frozen=True, eq=False, slots=True)
class Derivative:
    """What :func:`.reverse.gradients` was asked for."""

    gradients: Callable[..., list[Any]]
    roots: tuple[Any, ...]
    upstreams: tuple[Any, ...]
    variables: tuple[Any, ...]

    @property
    def operands(self) -> list[Any]:
        """All the nodes they depend on."""
        return [x for x in (*self.roots, *self.upstreams, *self.variables) if isinstance(x, Node)]

    def again(self, other: Callable[[Any], Any]) -> list[Any]:
        """The derivatives with other nodes in the operands' places."""
        roots, upstreams, variables = self._mapped(other)
        with modes.tracing(None):  # the nodes are there, and none of them was decided
            found = self.gradients(roots, upstreams, variables)
        return [variable._constant_like(x) for x, variable in zip(found, variables)]

    def _mapped(self, other: Callable[[Any], Any]) -> list[tuple[Any, ...]]:
        return [tuple(map(other, given)) for given in (self.roots, self.upstreams, self.variables)]

    def __deepcopy__(self, memo: dict[int, Any]) -> Derivative:
        copied = memo[id(self)] = Derivative(self.gradients, *self._mapped(lambda x: copy.deepcopy(x, memo)))
        return copied


_remembered = methodcaller("_remembered")


def remembering(
    found: list[Any], order: list[Any], asked: tuple[Sequence[Any], Sequence[Any], Sequence[Any]], gradients: Any
) -> list[Any]:
    """These derivatives as they are, or, where a node on the way was decided, as nodes that know it."""
    if not any(map(_remembered, order)) or modes.tracer() is not None or not modes.recording():
        return found
    _, upstreams, variables = asked
    taken = {id(x) for x in (*order, *upstreams, *variables)}
    own: list[Any] = []
    for x, variable in zip(found, variables):
        if not isinstance(x, Node):  # a number here, but not everywhere
            x = with_gradient_of(x, mul(variable, 0.0))
        elif id(x) in taken or x.op is None:
            x = mul(x, 1.0)
        taken.add(id(x))
        own.append(x)
    if own:
        own[0]._remember(own, set(), Derivative(gradients, *map(tuple, asked)))
    return own
