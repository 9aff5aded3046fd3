"""Whether scalar code does the same for every example: it is traced on two, and the graphs are compared.

While it is traced, everything it computes refuses to be looked at: what code decides by a number would be decided once
and for all. What cannot be refused, random numbers and counts of calls, makes another graph of another example.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from fastpath.traced.comparing import same_settings
from fastpath.traced.refusing import users_line
from fastpath.traced.tracer import CompileTracer
from scalargrad.engine import Value
from scalargrad.graph import topological_order


def leaves_made(first: Sequence[Value], second: Sequence[Value], same: Mapping[Value, Value]) -> set[Value]:
    """The leaves of the first graphs that the code made itself, always with the same number: they are constants.

    ``same`` says which leaf of the second stands for what a leaf of the first does; parameters are in both.
    Raises DifferentError, with the node of the second, if the graphs differ in anything else.
    """
    pairs: dict[Value, Value] = {}
    made: set[Value] = set()
    twins = set(same.values())
    for a, b in itertools.zip_longest(topological_order(*first), topological_order(*second)):
        if a is None or b is None:
            raise DifferentError(b)
        pairs[a] = b
        if a.op is not None and b.op is not None:
            alike = _what(a.op) == _what(b.op) and len(a.inputs) == len(b.inputs)
            alike = alike and same_settings(_constants(a.op), _constants(b.op))
            alike = alike and all(_alike(pairs.get(x, x), y) for x, y in zip(a.inputs, b.inputs))
        elif a is b or same.get(a) is b:
            alike = True
        else:
            alike = a.op is b.op and a not in same and b not in twins and _alike(a.data, b.data)
            made.add(a)
        if not alike:
            raise DifferentError(b)
    if not all(_alike(pairs.get(a, a), b) for a, b in zip(first, second)):
        raise DifferentError(None)
    return made


class DifferentError(Exception):
    """Two tracings of a function differ, first in this node of the second."""

    def __init__(self, node: Value | None) -> None:
        super().__init__(node)
        self.node = node


def line_of(node: Value | None, roots: Sequence[Value], tracer: CompileTracer) -> str:
    """The line of the user's code that made a node or, if it is a leaf, uses it."""
    lines = tracer.lines
    users = [n for n in topological_order(*roots) if node is not None and any(x is node for x in n.inputs)]
    place = next((lines[n] for n in [node, *users] if n in lines), None) if node is not None else None
    return users_line(place) if place else "what it returns"


def _what(op: Any) -> Any:
    return getattr(op, "function", op)


def _constants(op: Any) -> Any:
    return getattr(op, "constants", ())


def _alike(x: Any, y: Any) -> bool:
    """The same node, or the same number."""
    return x is y or (type(x) is type(y) is float and same_settings(x, y))
