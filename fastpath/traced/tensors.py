"""Traced arrays: Tensors that stand for the arguments of a function while it is traced, and for what it computes.

They refuse what would be decided once and for all while tracing: comparisons, ``if``, ``float()``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastpath import functions, recording
from fastpath.bound import BoundOp
from fastpath.comparing import COMPARISONS
from fastpath.tensor import Tensor, make
from fastpath.traced.refusing import WholeNumberError, place_in_code, refuse, users_line
from scalargrad import modes
from scalargrad.ops.operators import Operators
from scalargrad.ops.registry import OPS, Op
from scalargrad.ops.structural import astype, index, matmul
from scalargrad.ops.structure import STRUCTURAL, StructuralOp


def active() -> Any:
    """The tracer of the tracing that is going on."""
    return modes.tracer()


def _mixing(operator: Callable[..., Any]) -> Callable[..., Any]:
    """An operator that refuses a Value, rather than leave that to Python."""

    def method(self: Any, other: Any) -> Any:
        if hasattr(type(other), "_apply_op") and not isinstance(other, Tensor):
            raise TypeError("compile: this function computes with Values and with arrays; use one kind throughout")
        return operator(self, other)

    return method


class Traced(Tensor):
    """A Tensor that stands for an argument, or depends on one, while a function is traced.

    Whole numbers, as labels and indices are, stay so while they are moved about and where they are such; in arithmetic
    they are floats, as those of any Tensor.
    """

    __slots__ = ()

    for _name in ("add", "sub", "mul", "truediv", "pow"):
        locals()[f"__{_name}__"] = _mixing(getattr(Operators, f"__{_name}__"))
        locals()[f"__r{_name}__"] = _mixing(getattr(Operators, f"__r{_name}__"))
    del _name

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> Any:
        return _recorded(recording.apply, op, operands)

    @staticmethod
    def _apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        if any(isinstance(part, Tensor) for part in settings.get("key", ())):
            return _recorded(_indexed, op, operands[0], settings)
        return _recorded(recording.apply_structural, op, operands, settings)

    @staticmethod
    def _computed_with(op: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """Whole numbers among operands as floats, unless they are only moved about, or meant to be whole."""
        if op is astype or (op.name in _MOVING and len({_is_whole(x) for x in operands}) == 1):
            return operands
        return _as_floats(operands, getattr(op, "integers", ()))

    @staticmethod
    def _apply_function(function: Any, operands: tuple[Any, ...]) -> Any:
        """A Function sees the numbers: it is called as it is, at every run."""
        inputs = tuple(
            [x if isinstance(x, Tensor) else recording.constant(x, function.__name__, operands) for x in operands]
        )
        plain = [x._detached() if isinstance(x, Traced) else x for x in operands]
        result, saved = functions.run(function, tuple(plain))
        op = functions.ArrayFunctionOp(function, tuple([None if isinstance(x, Tensor) else x for x in operands]), saved)
        return _recorded(recording.record, op, result, inputs, tuple([getattr(x, "_data", x) for x in inputs]))

    def _detached(self) -> Tensor:
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

    def _beside(self, a: Any) -> Any:
        """What is to be indexed by this one, as a node of the same graph."""
        if isinstance(a, Traced):
            return a
        a = a if isinstance(a, Tensor) else recording.constant(np.asarray(a), "index", (self,))
        node = make(a._use(), BoundOp(astype, {"dtype": a.dtype}), (a,), (a._data,), (True,))
        node.__class__ = Traced
        return node

    def detach(self) -> Any:
        """The same numbers, through which no gradient passes."""
        return _stopped(self)

    def drawn(self, draw: Callable[[], Any]) -> Tensor:
        """The array ``draw()``, of random numbers or of others that change: drawn anew at every run of the plan."""
        tracer = active()
        tracer.check_generators()
        node = make(np.asarray(draw()), None, (), None, None)
        tracer.states = tracer.states_now()
        node.__class__ = Traced
        node.requires_grad = True
        tracer.draws[node] = draw
        return node

    def observed(self, observe: Callable[..., Any], *arrays: Any) -> None:
        """Have ``observe`` called with the numbers of these arrays at every run of the plan, as running averages need.

        It must not keep the arrays themselves: their memory is used again.
        """
        active().observers.append((observe, arrays))

    def _checked(self, check: Callable[[Any], None]) -> None:
        """Have its numbers checked, now and at every run, before they are used."""
        check(self._data)
        active().observers.append((check, (self,)))

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

    _array = data

    def __array__(self, *arguments: Any, **named: Any) -> Any:
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
        if ufunc in COMPARISONS:
            refuse(f"np.{ufunc.__name__}", f"write {ufunc.__name__}(a, b) of scalargrad instead")
        return super().__array_ufunc__(ufunc, method, *operands, **options)

    def _compare(self, compare: Any, other: Any) -> Any:
        return refuse("a comparison", "write greater(a, b), where(greater(a, b), …), maximum, minimum or relu instead")

    def __format__(self, spec: str) -> str:
        return refuse("the number", "format it outside of the function") if spec else str(self)


class TracedInteger(Traced):
    """A single integer among the arguments: a function that needs its number is traced again, for that number."""

    __slots__ = ()

    def __index__(self) -> int:
        raise WholeNumberError(f"compile: int() of an argument in {users_line()}, which is not given as an int", self)

    __int__ = __index__


def _method(op: Any, present: bool) -> None:
    if not present:
        delattr(Traced, op.name)
    elif not getattr(op, "many", False):

        def method(self: Any, *arguments: Any, **settings: Any) -> Any:
            if op.name in ("reshape", "transpose") and len(arguments) > 1:
                arguments = (arguments,)
            return op(self, *arguments, **settings)

        setattr(Traced, op.name, method)


OPS.subscribe(_method)
STRUCTURAL.subscribe(_method)


_MOVING = frozenset(["reshape", "transpose", "broadcast_to", "index", "concatenate"])
"""Structural ops that leave whole numbers what they are."""


def _is_whole(x: Any) -> bool:
    return isinstance(x, Tensor) and x._data.dtype.kind in "iu"


def _as_floats(operands: tuple[Any, ...], integers: Sequence[int] = ()) -> tuple[Any, ...]:
    """Operands of arithmetic: whole numbers as floats of the type they meet, but those in the places ``integers``."""
    if not any(map(_is_whole, operands)):
        return operands
    settings = {"dtype": recording.common_dtype(operands)}
    return tuple(
        [
            _recorded(recording.apply_structural, astype, (x,), settings) if _is_whole(x) and i not in integers else x
            for i, x in enumerate(operands)
        ]
    )


def _indexed(op: StructuralOp, a: Tensor, settings: dict[str, Any]) -> Any:
    """An index, or its inverse, whose key has arrays that are given anew at every run: they are inputs of the node."""
    key = settings["key"]
    arrays = [x._data if isinstance(x, Tensor) else x for x in key]
    known = {**settings, "key": tuple(arrays)}
    try:
        data = op.forward(np, a._use(), **known)
    except (ValueError, IndexError, TypeError) as error:
        raise op.misfit((a._data,), known, error) from None
    nodes = tuple([x for x in key if isinstance(x, Tensor)])
    return recording.record(BoundOp(op, settings), data, (a, *nodes), (a._data, *[x._data for x in nodes]))


def _recorded(apply: Callable[..., Tensor], *given: Any) -> Tensor:
    with modes.enable_grad():
        node = apply(*given)
    if node.op is not None:
        node.__class__ = Traced
        if modes.tracer() is not None:
            active().lines[node] = place_in_code()
    return node if modes.recording() else _stopped(node)


class _Stop(BoundOp):
    """The op of ``detach``."""

    stops = True


_STOP = StructuralOp("detach", lambda xp, a: a, (), why_not="detach stops the gradient")


def _stopped(node: Tensor) -> Tensor:
    stopped = make(node._data, _Stop(_STOP, {}), (node,), (node._data,), (True,))
    stopped.__class__ = Traced
    return stopped
