"""Whether scalar code does the same for every example: it is traced on two, and the graphs are compared.

Code that reads numbers out of Values, or draws random ones, makes another graph of another example. What it decided
while being traced would be frozen.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import scalargrad
from fastpath.plan.tracing import TracingError
from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.graph import topological_order

_OWN = (str(Path(scalargrad.__file__).parent), "<operators of", "<backward of")
_number: Any = Value.__dict__["data"]


class Example(Value):
    """A leaf that stands for a number of each example: the user's code must not read it."""

    __slots__ = ()

    @property
    def data(self) -> float:
        """The number it is traced with."""
        if not sys._getframe(1).f_code.co_filename.startswith(_OWN):
            modes.looked_at(self, ".data")
        return _number.__get__(self)  # type: ignore[no-any-return]

    @data.setter
    def data(self, new: float) -> None:
        _number.__set__(self, new)

    def item(self) -> float:
        modes.looked_at(self, "item()")
        return self.data

    def __index__(self) -> int:
        modes.looked_at(self, "int()")
        raise TypeError("a Value is no whole number")

    __int__ = __index__


def leaves_made(first: Value, second: Value, same: Mapping[Value, Value], name: str) -> set[Value]:
    """The leaves of the first graph that the code made itself, always with the same number: they are constants.

    ``same`` says which leaf of the second graph stands for what a leaf of the first does; parameters are in both.
    Raises TracingError if the graphs differ in anything else.
    """
    pairs: dict[Value, Value] = {}
    made: set[Value] = set()
    orders = topological_order(first), topological_order(second)
    alike = len(orders[0]) == len(orders[1])
    for a, b in zip(*orders):
        if not alike:
            break
        pairs[a] = b
        if a.op is not None and b.op is not None:
            alike = _what(a.op) == _what(b.op) and len(a.inputs) == len(b.inputs)
            alike = alike and all(_alike(pairs.get(x, x), y) for x, y in zip(a.inputs, b.inputs))
        elif a is not b and same.get(a) is not b:
            alike = a.op is b.op and a not in same and b not in same.values() and _alike(a.data, b.data)
            made.add(a)
    if alike:
        return made
    raise TracingError(
        f"compile: {name} makes another graph of another example, since it looks at the number of a Value (.data), "
        "draws random numbers, or counts its calls, and that would be decided once, while tracing; write where, "
        "maximum, minimum or relu, and give what is random as an argument"
    )


def _what(op: Any) -> Any:
    return getattr(op, "function", op)


def _alike(x: Any, y: Any) -> bool:
    """The same node, or the same number."""
    return x is y or (type(x) is type(y) is float and (x == y or (x != x and y != y)))
