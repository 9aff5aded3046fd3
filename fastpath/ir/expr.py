"""Arrays yet to be computed: what a plan is made of before it has buffers.

An :class:`Expr` is one more operand type of the registry. Running a row's forward, a partial or a pullback on Exprs
writes down, instruction by instruction, what NumPy would do; nothing is computed but what is known already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.graph import Node
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.operators import Operators
from scalargrad.ops.registry import OPS, Op, is_number
from scalargrad.ops.structure import STRUCTURAL, StructuralOp

if TYPE_CHECKING:
    from fastpath.ir.build import Builder

VIEWS = frozenset({"reshape", "transpose", "broadcast", "slice"})
"""The codes that only look at another array's memory (a reshape may have to copy)."""


class UnreadableError(TypeError):
    """A row asks for the numbers of an array that is not computed yet; its NumPy function is called as it is."""


class MissingError(UnreadableError, AttributeError):
    """A row asks for what arrays have and plans have not; its NumPy function is called as it is."""


def _binary(ufunc: str) -> Any:
    return lambda self, other: self.build.ufunc(ufunc, self, other)


class Expr(Node, Operators):
    """An array that an instruction will compute: its ``code``, inputs, settings, shape and dtype.

    ``code`` is a ufunc's name, ``reduce`` or another key of :data:`fastpath.ir.semantics.MEANINGS`; for a leaf
    ``argument``, ``tensor``, ``random`` or ``constant``, whose array is ``value``.
    """

    __slots__ = ("build", "code", "dtype", "number", "origin", "settings", "shape", "value")
    build: Builder
    code: str
    dtype: Any
    number: int
    """How many were made before: inputs have smaller numbers."""
    origin: Any
    """What in the source it stands for: a pair (phase, Tensor)."""
    settings: Any
    shape: tuple[int, ...]
    value: Any

    @property
    def op(self) -> Any:
        """The code; None for a leaf."""
        return None if self._a is None else self.code

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))
    nbytes = property(lambda self: math.prod(self.shape) * self.dtype.itemsize)
    T = property(lambda self: self.build.transpose(self, None))

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> Any:
        return _builder(operands).elementwise(op, operands)

    @staticmethod
    def _apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        return _builder(operands).structural(op, operands, settings)

    @classmethod
    def _takes(cls, other: Any) -> bool:
        return isinstance(other, (Expr, np.ndarray, list, tuple)) or is_number(other)

    def __getattr__(self, name: str) -> Any:
        function = OPS.get(name) or STRUCTURAL.get(name) or COMPOSITE.get(name)
        if function is None:
            raise MissingError(f"an array of a plan has no attribute {name!r}")
        if name == "transpose":
            return lambda *a, **k: function(self, a, **k) if len(a) > 1 else function(self, *a, **k)
        return lambda *a, **k: function(self, *a, **k)

    # the two that every backward pass uses many times: not by way of the ops, which costs ten times as much

    def reshape(self, *shape: Any) -> Expr:
        return self.build.reshape(self, shape[0] if len(shape) == 1 else shape)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        if self.dtype == np.float16:
            return STRUCTURAL["sum"](self, axis=axis, keepdims=keepdims)
        return self.build.reduce("add", self, axis, keepdims)

    def __getitem__(self, key: Any) -> Any:
        return STRUCTURAL["index"](self, key)

    def __matmul__(self, other: Any) -> Any:
        return STRUCTURAL["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return STRUCTURAL["matmul"](other, self)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    # as on arrays, since the rows are written for those; in dicts identity comes first
    __eq__, __ne__, __and__ = map(_binary, ("equal", "not_equal", "logical_and"))
    __lt__, __le__, __gt__, __ge__ = map(_binary, ("less", "less_equal", "greater", "greater_equal"))
    __hash__ = object.__hash__

    def _unknown(self, *arguments: Any, **named: Any) -> Any:
        raise UnreadableError("the numbers of an array of a plan are not known yet")

    __bool__ = __array__ = __float__ = __int__ = __index__ = __complex__ = __round__ = __floor__ = __ceil__ = _unknown
    __trunc__ = __setitem__ = __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __or__ = __invert__ = (
        _unknown
    )

    def __repr__(self) -> str:
        return f"<Expr {self.number}: {self.code} {self.shape} {self.dtype}>"


def _builder(operands: tuple[Any, ...]) -> Builder:
    return next(x.build for x in operands if isinstance(x, Expr))


def float_type(operands: Iterable[Any]) -> Any:
    """The float type of the arrays among operands; float64 if there is none."""
    floats = [x.dtype for x in operands if hasattr(x, "dtype") and x.dtype.kind == "f"]
    return np.result_type(*floats) if floats else np.dtype(np.float64)
