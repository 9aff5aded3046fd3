"""Traced arrays: Tensors that stand for the arguments of a function while it is traced, and for what it computes.

They refuse what would be decided once and for all while tracing: comparisons, ``if``, ``float()``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastpath import recording
from fastpath.bound import BoundOp
from fastpath.node import make
from fastpath.tensor import Tensor
from fastpath.traced.refusing import IntegerNeededError, refuse, users_line
from scalargrad.engine import Value
from scalargrad.ops.structural import astype, index
from scalargrad.ops.structure import StructuralOp

_INSTEAD = {
    "==": "write equal(a, b) instead",
    "!=": "write not_equal(a, b) instead",
    "a comparison": "write greater(a, b), where(greater(a, b), …), maximum, minimum or relu instead",
    "item()": "return the number from the function instead",
    "float()": "use the array itself",
}


class Traced(Tensor):
    """A Tensor that stands for an argument, or for what is computed, while a function is traced.

    Whole numbers, as labels and indices are, stay so while they are moved about and where they are such; in arithmetic
    they are floats, as those of any Tensor.
    """

    __slots__ = ()

    @staticmethod
    def _apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        if any(isinstance(part, Tensor) for part in settings.get("key", ())):
            return _indexed(op, operands[0], settings)
        return recording.apply_structural(op, operands, settings)

    def __getitem__(self, key: Any) -> Any:
        return index(self, key)

    index = __getitem__  # type: ignore[assignment]

    def _beside(self, a: Any) -> Any:
        """What is to be indexed by this one, as a node of the same graph."""
        if isinstance(a, Traced):
            return a
        a = a if isinstance(a, Tensor) else recording.constant(np.asarray(a), "index", (self,))
        node = make(a._use(), BoundOp(astype, {"dtype": a.dtype}), (a,), (a._data,), (True,))
        node.__class__ = Traced
        return node

    def _seen_by_function(self) -> Any:
        """The numbers themselves: a Function is called as it is, at every run."""
        leaf = make(self._data, None, (), None, None)
        leaf.requires_grad = self.requires_grad and self._data.dtype.kind == "f"
        return leaf

    # --- refused -----------------------------------------------------------------------------------------------------

    def _look(self, what: str) -> None:
        refuse(what, _INSTEAD.get(what, ""))

    def _compare(self, compare: Any, other: Any) -> Any:
        self._look({"equal": "==", "not_equal": "!="}.get(compare.__name__, "a comparison"))

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

    def _as_leaf(self) -> Any:
        """What stands for it in a function that is differentiated: the derivative has it again in its place."""
        if self._data.dtype.kind != "f":
            return refuse("a gradient by whole numbers", "give an array of floats")
        leaf = make(self._data, None, (), None, None)
        leaf.__class__, leaf.requires_grad, leaf.label = Traced, True, self.label
        return leaf

    def __array__(self, *arguments: Any, **named: Any) -> Any:
        return refuse("an array made", "use the functions of scalargrad on it")

    def __float__(self) -> float:
        return refuse("float()", _INSTEAD["float()"])

    def __index__(self) -> int:
        return refuse("int()", "use the array itself as the index")

    __int__ = __index__


class TracedInteger(Traced):
    """A single integer among the arguments: a function that needs its number is traced again, for that number."""

    __slots__ = ()

    def __index__(self) -> int:
        raise IntegerNeededError(f"compile: int() of an argument in {users_line()}, which is not given as an int", self)

    __int__ = __index__


_MOVING = frozenset(["reshape", "transpose", "broadcast_to", "index", "concatenate"])
"""Structural ops that leave whole numbers what they are."""


def _is_whole(x: Any) -> bool:
    return isinstance(x, Tensor) and x._data.dtype.kind in "iu"


def as_operands(op: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Operands with whole numbers as floats of the type they meet, but where they are only moved, or meant whole."""
    if any(isinstance(x, Value) for x in operands):
        raise TypeError("compile: this function computes with Values and with arrays; use one kind throughout")
    whole = [_is_whole(x) for x in operands]
    if True not in whole or op is astype or (op.name in _MOVING and all(whole)):
        return operands
    settings = {"dtype": recording.common_dtype(operands)}
    integers = getattr(op, "integers", ())
    return tuple(
        [
            recording.apply_structural(astype, (x,), settings) if is_whole and i not in integers else x
            for i, (x, is_whole) in enumerate(zip(operands, whole))
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


class _Stop(BoundOp):
    """The op of ``detach``."""

    stops = True


_STOP = StructuralOp("detach", lambda xp, a: a, (), why_not="detach stops the gradient")


def stopped(node: Tensor) -> Any:
    """The same array, through which no gradient passes."""
    found = make(node._data, _Stop(_STOP, {}), (node,), (node._data,), (True,))
    found.__class__ = Traced
    return found
