"""Values while scalar code is traced: they refuse to be looked at, and their tracer says where and what to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from fastpath.compiler.store import BoundValue, standing_in
from fastpath.numerics import Array
from fastpath.traced.refusing import IntegerNeededError, TracingError, place_in_code, users_line
from fastpath.traced.tracer import CompileTracer
from scalargrad import Function, modes
from scalargrad.engine import Value

_WITH_NUMBERS = "compute with the Value itself, or with its functions"
_INSTEAD = dict.fromkeys(["float()", ".data", ".grad", "item()"], _WITH_NUMBERS)
_INSTEAD["int()"] = "give classes as integers, or as rows with a 1 in one place: one_hot(labels, classes)"
_INSTEAD |= dict.fromkeys(["==", "!="], "write equal(a, b) and where(condition, a, b) instead")
_SEARCH = "a search for it"
_INSTEAD[_SEARCH] = "write lookup(table, index), or where(equal(a, b), x, y), instead"
_BRANCH = "write where(condition, a, b), maximum, minimum or relu instead"


class ScalarTracer(CompileTracer):
    """What is asked while scalar code is traced: one example stands for all."""

    def __init__(
        self, generators: Sequence[Any] | None = (), integers: bool = False, keeps_lines: bool = False
    ) -> None:
        super().__init__(generators)
        self.draws: list[tuple[list[Value], Callable[[tuple[int, ...]], Array], tuple[int, ...]]] = []
        self.integers = integers
        """Whether there are arguments that are integers, whose numbers may be asked for."""
        self.keeps_lines = keeps_lines

    def concretized(self, value: Any, what: str) -> None:
        """Refuse, naming the line of the user's code."""
        search = what == _SEARCH
        if search and value.op is not None and not self.integers:
            return  # a computed node is found by identity, compiled or not
        name = "Value" if isinstance(value, Value) else "Tensor"
        message = (
            f"compile: {what} of a {name} in {users_line()} would be decided once, while tracing, and not for each "
            f"example (it makes another graph of another example); {_INSTEAD.get(what, _BRANCH)}"
        )
        if self.integers and (search or what == "int()"):
            raise IntegerNeededError(message, value)
        raise TracingError(message)

    def random(self, shape: tuple[int, ...], draw: Callable[[tuple[int, ...]], Array]) -> Array:
        """Nodes that stand for random numbers, drawn anew for every example at every run."""
        nodes: Array = np.frompyfunc(Value, 1, 1)(self.drawn(lambda: draw(shape)).astype(float))
        for node in nodes.flat:
            node.__class__ = TracedValue
        self.draws.append((list(nodes.flat), draw, shape))
        return nodes

    def observe(self, function: Callable[..., Any], *arrays: Any) -> None:
        """Refuse: there is no batch yet."""
        self.concretized(arrays[0], "float()")

    def computed(self, node: Any) -> Any:
        if isinstance(node, Value):
            node.__class__ = TracedValue if node._kind is Value else standing_in(TracedValue, node._kind)
            if self.keeps_lines:
                self.lines[node] = place_in_code()
        return node

    def stopped(self, node: Any) -> Any:
        if not isinstance(node, Value):
            return super().stopped(node)
        with modes.enable_grad():
            return StopGradient.apply(node)  # type: ignore[attr-defined]


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


class _Guarded:
    """A Value whose ``data`` and ``grad`` are not to be read while code is traced."""

    __slots__ = ()
    _slope: Any = Value.__dict__["grad"]
    _data: float

    @property
    def data(self) -> float:
        """The number it is traced with."""
        modes.concretized(self, ".data")
        return self._data

    @data.setter
    def data(self, new: Any) -> None:
        modes.concretized(self, ".data")
        Value._set_data(self, new)  # type: ignore[arg-type]

    @property
    def grad(self) -> float:
        """Its gradient."""
        modes.concretized(self, ".grad")
        return type(self)._slope.__get__(self)  # type: ignore[no-any-return]

    @grad.setter
    def grad(self, new: float) -> None:
        type(self)._slope.__set__(self, new)


class TracedValue(_Guarded, Value, stands_in=True):
    """What stands for a number of each example, or is computed of it; nor may it be compared or searched for."""

    __slots__ = ()

    def __index__(self) -> int:
        modes.concretized(self, "int()")
        raise TypeError("a Value is no whole number")

    __int__ = __index__

    def __eq__(self, other: object) -> bool:
        if self is not other and not isinstance(other, Value):
            modes.concretized(self, "==")
        return self is other

    def __ne__(self, other: object) -> bool:
        if self is not other and not isinstance(other, Value):
            modes.concretized(self, "!=")
        return self is not other

    def __hash__(self) -> int:
        modes.concretized(self, _SEARCH)
        return object.__hash__(self)


class _GuardedLeaf(_Guarded, Value, stands_in=True):
    """A parameter while code is traced that may read its numbers."""

    __slots__ = ()


class _GuardedBound(_Guarded, BoundValue, stands_in=True):
    """A parameter in a store, likewise."""

    __slots__ = ()
    _slope = BoundValue.__dict__["grad"]


@contextmanager
def guarded(parameters: Iterable[Any]) -> Iterator[None]:
    """Have code that is traced in this block not read the numbers of the Values among these."""
    changed: list[tuple[Value, type[Value]]] = []
    try:
        for v in parameters:
            kind = type(v)
            if isinstance(v, Value) and not isinstance(v, _Guarded):
                changed.append((v, kind))
                v.__class__ = standing_in(_GuardedBound if isinstance(v, BoundValue) else _GuardedLeaf, v._kind)
        yield
    finally:
        for v, kind in changed:
            v.__class__ = kind
