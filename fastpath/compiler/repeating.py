"""Whether scalar code does the same for every example: it is traced on two, and the graphs are compared.

While it is traced, everything it computes refuses to be looked at: what code decides by a number would be decided once
and for all. What cannot be refused, random numbers and counts of calls, makes another graph of another example.
"""

from __future__ import annotations

import dis
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from fastpath.compiler.store import BoundValue
from fastpath.numerics import Array
from fastpath.traced.comparing import same_settings
from fastpath.traced.graph import Tracer as ArrayTracer
from fastpath.traced.refusing import TracingError, is_ours, place_in_code, users_line
from scalargrad import Function, modes
from scalargrad.engine import Value
from scalargrad.graph import topological_order

_number: Any = Value.__dict__["_data"]
_slope: Any = Value.__dict__["grad"]

_WITH_NUMBERS = "compute with the Value itself, or with its functions"
_INSTEAD = dict.fromkeys(["float()", ".data", ".grad", "item()"], _WITH_NUMBERS)
_INSTEAD["int()"] = "give classes as integers, or as rows with a 1 in one place: one_hot(labels, classes)"
_INSTEAD |= dict.fromkeys(["==", "!="], "write equal(a, b) and where(condition, a, b) instead")
_INSTEAD["a search for it"] = "write lookup(table, index), or where(equal(a, b), x, y), instead"
_BRANCH = "write where(condition, a, b), maximum, minimum or relu instead"


class WholeNumberNeededError(TracingError):
    """Scalar code needs the number of an integer argument: it is traced for each of the integers there are."""


class Tracer:
    """What is asked while scalar code is traced: it refuses to decide by numbers, and notes what is random."""

    def __init__(
        self, generators: Sequence[Any] | None = (), integers: bool = False, keeps_lines: bool = False
    ) -> None:
        self.draws: list[tuple[list[Value], Callable[[tuple[int, ...]], Array], tuple[int, ...]]] = []
        self.lines: dict[Value, tuple[str, int]] | None = {} if keeps_lines else None
        """The line of the user's code that made each node, where that is asked for."""
        self.integers = integers
        """Whether there are arguments that are integers, whose numbers may be asked for."""
        self.random_numbers = ArrayTracer(generators)

    def look(self, value: Value, what: str) -> NoReturn:
        """Refuse, naming the line of the user's code."""
        kind = WholeNumberNeededError if what == "int()" and self.integers else TracingError
        raise kind(
            f"compile: {what} of a Value in {users_line()} would be decided once, while tracing, and not for each "
            f"example (it makes another graph of another example); {_INSTEAD.get(what, _BRANCH)}"
        )

    def random(self, shape: tuple[int, ...], draw: Callable[[tuple[int, ...]], Array]) -> Array:
        """Nodes that stand for random numbers, drawn anew for every example at every run."""
        self.random_numbers.check_generators()
        nodes: Array = np.frompyfunc(Value, 1, 1)(np.asarray(draw(shape), dtype=float))
        self.random_numbers.states = self.random_numbers.states_now()
        for node in nodes.flat:
            node.__class__ = TracedValue
        self.draws.append((list(nodes.flat), draw, shape))
        return nodes

    is_ours = staticmethod(is_ours)

    def made(self, node: Value) -> Value:
        """A node that has just been computed: its number is not to be seen."""
        node.__class__ = TracedValue
        if self.lines is not None:
            self.lines[node] = place_in_code()
        return node

    def stopped(self, node: Value) -> Value:
        """A node computed under ``no_grad``: no gradient passes through it."""
        with modes.enable_grad():
            return StopGradient.apply(node)  # type: ignore[attr-defined, no-any-return]


class StopGradient(Function):
    """The number itself, through which no gradient passes."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 1.0

    @staticmethod
    def backward(ctx: Any, upstream: Any) -> None:
        return None

    @classmethod
    def apply(cls, *operands: Any, **named: Any) -> Any:
        (x,) = operands
        return x.detach() if hasattr(x, "detach") else super().apply(x)


# --- what must not be looked at --------------------------------------------------------------------------------------


def _look(value: Value, what: str) -> None:
    """Tell the tracer, if it is the user's code that looks."""
    if modes.active and not is_ours(sys._getframe(2).f_code.co_filename):
        modes.concretized(value, what)


class _Hidden:
    """A Value whose numbers the user's code must not read while it is traced."""

    __slots__ = ()

    def item(self: Any) -> float:
        modes.concretized(self, "item()")
        return float(self.data)

    def __index__(self: Any) -> int:
        modes.concretized(self, "int()")
        raise TypeError("a Value is no whole number")

    __int__ = __index__

    def __eq__(self: Any, other: object) -> bool:
        if self is not other and not isinstance(other, Value):
            _look(self, "==")
        return self is other

    def __ne__(self: Any, other: object) -> bool:
        if self is not other and not isinstance(other, Value):
            _look(self, "!=")
        return self is not other

    def __hash__(self: Any) -> int:
        if modes.active and modes.tracer() is not None:
            frame = sys._getframe(1)
            if not is_ours(frame.f_code.co_filename) and _searches(frame, self._a is None):
                modes.concretized(self, "a search for it")
        return object.__hash__(self)


class TracedValue(_Hidden, Value):
    """A Value while code is traced: what stands for a number of each example, and what is computed."""

    __slots__ = ()

    @property
    def data(self) -> float:
        """The number it is traced with."""
        _look(self, ".data")
        return _number.__get__(self)  # type: ignore[no-any-return]

    @data.setter
    def data(self, new: float) -> None:
        _look(self, ".data")
        _number.__set__(self, new)

    @property
    def grad(self) -> float:
        """Its gradient."""
        _look(self, ".grad")
        return _slope.__get__(self)  # type: ignore[no-any-return]

    @grad.setter
    def grad(self, new: float) -> None:
        _slope.__set__(self, new)


class _TracedStored(BoundValue):
    """A parameter in a store while code is traced that may read its numbers."""

    __slots__ = ()

    @property
    def data(self) -> float:
        """The number, as the store has it now."""
        _look(self, ".data")
        return BoundValue.data.fget(self)  # type: ignore[misc, no-any-return]

    @data.setter
    def data(self, new: Any) -> None:
        _look(self, ".data")
        BoundValue.data.fset(self, new)  # type: ignore[misc]

    @property
    def grad(self) -> float:
        """The gradient, as the store has it now."""
        _look(self, ".grad")
        return BoundValue.grad.fget(self)  # type: ignore[attr-defined, misc, no-any-return]

    @grad.setter
    def grad(self, new: float) -> None:
        BoundValue.grad.fset(self, new)  # type: ignore[attr-defined, misc]

    def item(self) -> float:
        modes.concretized(self, "item()")
        return self.data


class _TracedLeaf(TracedValue):
    """A parameter that is in no store yet, likewise."""

    __slots__ = ()
    __eq__, __ne__, __hash__ = Value.__eq__, Value.__ne__, Value.__hash__


@contextmanager
def hidden(parameters: Iterable[Value]) -> Iterator[None]:
    """Have code that is traced in this block not read the numbers of these parameters."""
    changed: list[tuple[Value, type[Value]]] = []
    try:
        for v in parameters:
            kind = type(v)
            if kind is Value or kind is BoundValue:
                changed.append((v, kind))
                v.__class__ = _TracedLeaf if kind is Value else _TracedStored
        yield
    finally:
        for v, kind in changed:
            v.__class__ = kind


def _searches(frame: Any, is_leaf: bool) -> bool:
    """Whether code looks a key up at this moment: ``table[x]``, ``table.get(x)``, ``x in table``.

    A set of what is computed may be searched: nodes are found by identity, compiled or not.
    """
    before: list[dis.Instruction] = []
    for instruction in dis.get_instructions(frame.f_code):
        if instruction.offset >= frame.f_lasti:
            at = instruction
            break
        before.append(instruction)
    else:
        return False
    if at.opname == "BINARY_SUBSCR" or (at.opname == "CONTAINS_OP" and is_leaf):
        return True
    called = [i.argval for i in before if "METHOD" in i.opname or "ATTR" in i.opname]
    return at.opname.startswith(("CALL", "PRECALL")) and bool(called) and called[-1] in ("get", "pop", "setdefault")


# --- two tracings ----------------------------------------------------------------------------------------------------


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


def line_of(node: Value | None, roots: Sequence[Value], tracer: Tracer) -> str:
    """The line of the user's code that made a node or, if it is a leaf, uses it."""
    lines = tracer.lines or {}
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
