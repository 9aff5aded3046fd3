"""Running a function once to see what it does: its arguments stand in as Tensors that record everything.

A traced array refuses what would be decided once and for all while tracing: comparisons, ``if``, ``float()``.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from fastpath import functions, recording
from fastpath.bound import Bound
from fastpath.numerics import Array
from fastpath.tensor import Tensor, make
from scalargrad import modes
from scalargrad.graph import topological_order
from scalargrad.ops.operators import Operators
from scalargrad.ops.registry import Op, subscribe
from scalargrad.ops.structural import index, matmul
from scalargrad.ops.structure import StructuralOp, subscribe_structural

_HOMES = tuple(str(Path(module.__file__ or "").parent) for module in (modes, recording, np))


class TracingError(TypeError):
    """A function looks at the numbers of an argument while it is traced: what it decides would be frozen."""


def users_line() -> str:
    """The line of the user's code that is at work, for a message."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOMES):
        frame = frame.f_back
    path, number = Path(frame.f_code.co_filename), frame.f_lineno
    line = linecache.getline(str(path), number).strip()
    file = "this cell" if path.parent.name.startswith("ipykernel") else path.name
    return f"{file}, line {number}" + (f" (`{line}`)" if line else "")


def refuse(what: str, instead: str = "") -> NoReturn:
    """Say which line of the user's code did what, and what to write there."""
    where = users_line()
    instead = instead or "write where(condition, a, b), maximum, minimum or relu instead"
    raise TracingError(
        f"compile: {what} of a traced array in {where} would be decided once, while tracing, and not at each run; "
        f"{instead}"
    )


class Traced(Tensor):
    """A Tensor that stands for an argument, or depends on one, while a function is traced."""

    __slots__ = ()

    for _name in ("add", "sub", "mul", "truediv", "pow"):
        locals()[f"__{_name}__"] = getattr(Operators, f"__{_name}__")
        locals()[f"__r{_name}__"] = getattr(Operators, f"__r{_name}__")
    del _name

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> Any:
        return _recorded(recording.apply, op, operands)

    @staticmethod
    def _apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        return _recorded(recording.apply_structural, op, operands, settings)

    @staticmethod
    def _apply_function(function: Any, operands: tuple[Any, ...]) -> Any:
        """A Function sees the numbers: it is called as it is, at every run."""
        inputs = tuple(
            [x if isinstance(x, Tensor) else recording.constant(x, function.__name__, operands) for x in operands]
        )
        plain = [x.detached() if isinstance(x, Traced) else x for x in operands]
        result, kept = functions.run(function, tuple(plain))
        op = functions.ArrayFunctionOp(function, tuple([None if isinstance(x, Tensor) else x for x in operands]), kept)
        return _recorded(recording.record, op, result, inputs, tuple([getattr(x, "_data", x) for x in inputs]))

    def detached(self) -> Tensor:
        """The numbers themselves, for a Function to see."""
        leaf = make(self._data, None, (), None, None)
        leaf.requires_grad = self.requires_grad and self._data.dtype.kind == "f"
        return leaf

    def __matmul__(self, other: Any) -> Any:
        return matmul(self, other) if self._takes(other) else NotImplemented

    def __rmatmul__(self, other: Any) -> Any:
        return matmul(other, self) if self._takes(other) else NotImplemented

    def __getitem__(self, key: Any) -> Any:
        return index(self, key)

    def detach(self) -> Tensor:
        """The same numbers, through which no gradient passes."""
        return _stopped(self)

    def drawn(self, draw: Callable[[], Any]) -> Tensor:
        """The array ``draw()``, of random numbers or of others that change: drawn anew at every run of the plan."""
        node = make(np.asarray(draw()), None, (), None, None)
        node.__class__ = Traced
        node.requires_grad = True
        active().draws[node] = draw
        return node

    def observed(self, observe: Callable[..., Any], *arrays: Any) -> None:
        """Have ``observe`` called with the numbers of these arrays at every run of the plan, as running averages need.

        It must not keep the arrays themselves: their memory is used again.
        """
        active().observers.append((observe, arrays))

    # --- refused -----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """Whole numbers, as labels are, stay what they are in a call; the numbers of others are not to be seen."""
        if self._data.dtype.kind in "iu":
            return self
        return refuse("the data", "use the array itself, or detach() to stop the gradient")

    @data.setter
    def data(self, new: Any) -> None:
        refuse("a change of the data", "return the new array from the function instead")

    array = data

    def __array__(self, *arguments: Any, **named: Any) -> Any:
        if self._data.dtype.kind in "iu" and self._data.ndim and sys._getframe(1).f_code.co_name == "_key_part":
            return self._data.view()  # an index: told from others by its base
        return refuse("an array made", "use the functions of scalargrad on it")

    def item(self) -> float:
        return refuse("item()", "return the number from the function instead")

    def __bool__(self) -> bool:
        return refuse("the truth value")

    def __float__(self) -> float:
        return refuse("float()", "use the array itself")

    def __index__(self) -> int:
        return refuse("int()", "use the array itself as the index")

    __int__ = __index__

    def __eq__(self, other: object) -> Any:
        return refuse("==", "write equal(a, b) instead")

    def __ne__(self, other: object) -> Any:
        return refuse("!=", "write not_equal(a, b) instead")

    __hash__ = Tensor.__hash__

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        if ufunc in recording._COMPARISONS:
            refuse(f"np.{ufunc.__name__}", f"write {ufunc.__name__}(a, b) of scalargrad instead")
        return recording._array_ufunc(self, ufunc, method, *operands, **options)

    def _compare(self, compare: Any, other: Any) -> Any:
        return refuse("a comparison", "write greater(a, b), where(greater(a, b), …), maximum, minimum or relu instead")

    def __format__(self, spec: str) -> str:
        return refuse("the number", "format it outside of the function") if spec else str(self)


def _method(op: Any, present: bool) -> None:
    if not present:
        delattr(Traced, op.name)
    elif not getattr(op, "many", False):

        def method(self: Any, *arguments: Any, **settings: Any) -> Any:
            if op.name in ("reshape", "transpose") and len(arguments) > 1:
                arguments = (arguments,)
            return op(self, *arguments, **settings)

        setattr(Traced, op.name, method)


subscribe(_method)
subscribe_structural(_method)


def _recorded(apply: Callable[..., Tensor], *given: Any) -> Tensor:
    with modes.enable_grad():
        node = apply(*given)
    if node.op is not None:
        node.__class__ = Traced
    return node if modes.recording() else _stopped(node)


class _Stop(Bound):
    """The op of ``detach``."""

    stops = True


_STOP = StructuralOp("detach", lambda xp, a: a, (), why_not="detach stops the gradient")


def _stopped(node: Tensor) -> Tensor:
    stopped = make(node._data, _Stop(_STOP, {}), (node,), (node._data,), (True,))
    stopped.__class__ = Traced
    return stopped


# --- tracing ---------------------------------------------------------------------------------------------------------


@dataclass
class Graph:
    """What was seen: the nodes in topological order, the outputs, and what stands for the arguments."""

    order: list[Any]
    outputs: list[Tensor]
    single: bool
    """Whether the function returned one array rather than a tuple."""
    arguments: list[Tensor]
    draws: dict[Tensor, Callable[[], Any]]
    """What is computed anew at every run, and how."""
    observers: list[tuple[Callable[..., Any], tuple[Any, ...]]]
    """Functions that are called at every run, with these arrays."""


@dataclass
class _Active:
    draws: dict[Tensor, Callable[[], Any]]
    observers: list[tuple[Callable[..., Any], tuple[Any, ...]]]


_stack: list[_Active] = []


def active() -> _Active:
    """The tracing that is going on."""
    return _stack[-1]


def traced(function: Callable[..., Any], arrays: Sequence[Array], names: Sequence[str]) -> Graph:
    """Run a function on stand-ins for these arrays, which are labelled with these names."""
    arguments = []
    for array, name in zip(arrays, names):
        leaf = make(array, None, (), None, None)
        leaf.__class__ = Traced
        leaf.requires_grad, leaf.label = True, name
        arguments.append(leaf)
    _stack.append(_Active({}, []))
    try:
        with modes.enable_grad():
            returned = function(*arguments)
        draws, observers = active().draws, active().observers
    finally:
        _stack.pop()
    single = not isinstance(returned, (tuple, list))
    outputs = [returned] if single else list(returned)
    for i, x in enumerate(outputs):
        if not isinstance(x, Tensor):
            if not isinstance(x, (float, int, np.ndarray, np.generic)):
                raise TypeError(
                    f"compile: the function returned {type(x).__name__}; expected a Tensor or a tuple of Tensors"
                )
            outputs[i] = Tensor(x)
    looked_at = [x for _, arrays in observers for x in arrays if isinstance(x, Tensor)]
    return Graph(topological_order(*outputs, *looked_at), outputs, single, arguments, draws, observers)
