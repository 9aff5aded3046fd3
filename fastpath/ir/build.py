"""Making Exprs: one method per instruction, with shapes, types and everything that is known already worked out."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from fastpath.ir import rows
from fastpath.ir.expr import Expr, float_type
from fastpath.ir.rewriting import Rules, added_to_0, simplified, simplified_reduction, simplified_where
from fastpath.ir.semantics import evaluated
from fastpath.numerics import Array
from scalargrad.ops.registry import Op
from scalargrad.ops.structure import StructuralOp


class Builder:
    """Makes Exprs: each only once (common subexpressions are shared), constants worked out at once.

    The methods are the instructions; :mod:`.rewriting` simplifies what they are given, :mod:`.rows` reads rows.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or {}
        """Simplifications besides those of :mod:`.rewriting`: an emitter's own."""
        self.table: dict[Hashable, Expr] = {}
        self.count = 0
        self.origin: Any = None
        """What the Exprs made now stand for."""
        self.held: list[Any] = []
        """Objects whose ids are in keys: they must not be freed."""

    # --- making ------------------------------------------------------------------------------------------------------

    def make(self, code: str, inputs: tuple[Expr, ...], settings: Hashable, shape: tuple[int, ...], dtype: Any) -> Expr:
        """The Expr of an instruction; the same one for the same instruction."""
        key = (code, settings, dtype, shape, *map(id, inputs))
        found = self.table.get(key)
        if found is not None:
            return found
        value = None
        if all(x.value is not None for x in inputs) and inputs and math.prod(shape) <= LARGEST_CONSTANT:
            value = evaluated(code, settings, [x.value for x in inputs], shape, dtype)
        expr = self.constant(value) if value is not None else self.new(code, inputs, settings, shape, dtype)
        self.table[key] = expr
        return expr

    def new(self, code: str, inputs: tuple[Expr, ...], settings: Any, shape: tuple[int, ...], dtype: Any) -> Expr:
        """An Expr, whether or not there is one like it."""
        expr: Expr = object.__new__(Expr)
        expr.build, expr.code, expr.settings, expr.shape, expr.dtype = self, code, settings, shape, dtype
        expr.value = expr._mark = None
        expr.number, expr.origin = self.count, self.origin
        expr._set_inputs(inputs)
        self.count += 1
        return expr

    def constant(self, value: Array) -> Expr:
        """An array known when the plan is made."""
        value = np.asarray(value)
        small = value.size <= 4096
        key = ("constant", value.shape, value.dtype, value.tobytes() if small else id(value))
        if key not in self.table:
            expr = self.table[key] = self.new("constant", (), None, value.shape, value.dtype)
            expr.value = value
            if not small:
                self.held.append(value)
        return self.table[key]

    def leaf(self, code: str, place: Any, shape: tuple[int, ...], dtype: Any) -> Expr:
        """An array given at run time: argument number ``place``, a Tensor, or the source of random numbers."""
        return self.new(code, (), place, shape, np.dtype(dtype))

    def as_expr(self, x: Any, dtype: Any = None) -> Expr:
        """A number or array as a constant; an Expr as it is."""
        if isinstance(x, Expr):
            return x
        return self.constant(np.asarray(x, dtype) if dtype is not None else np.asarray(x))

    def forget(self) -> None:
        """Keep nothing but what the Exprs themselves refer to: no more are made."""
        self.table.clear()
        self.held.clear()

    # --- instructions ------------------------------------------------------------------------------------------------

    def ufunc(self, name: str, *operands: Any) -> Any:
        """A ufunc of NumPy on Exprs, arrays and numbers."""
        arrays = [x for x in operands if isinstance(x, (Expr, np.ndarray))]
        floats = {x.dtype for x in arrays if x.dtype.kind == "f"}
        dtype = np.result_type(*floats) if floats else None
        if name not in _ON_BOOLS and (dtype is None or any(x.dtype.kind in "iu" for x in arrays)):
            if dtype is not None or name not in _ON_INTS or any(x.dtype.kind == "b" for x in arrays):
                dtype = dtype or np.dtype(np.float64)
                operands = tuple(
                    [self.cast(x, dtype) if isinstance(x, Expr) and x.dtype.kind != "f" else x for x in operands]
                )
            else:
                dtype = np.result_type(*[x.dtype for x in arrays])
        exprs = [x if isinstance(x, Expr) else self.as_expr(x, _dtype_for(x, dtype)) for x in operands]
        shape = exprs[0].shape
        if any(x.shape != shape for x in exprs):
            shape = np.broadcast_shapes(*[x.shape for x in exprs])
        given = bool if name in _GIVE_BOOLS else dtype
        better = simplified(self, name, exprs, shape)
        if better is not None:
            return better if better.dtype == np.dtype(given) else self.cast(better, given)
        return self.make(name, tuple(exprs), None, shape, np.dtype(given))

    def where(self, condition: Any, a: Any, b: Any) -> Expr:
        """NumPy's ``where``."""
        dtype = float_type(x for x in (a, b) if isinstance(x, (Expr, np.ndarray)))
        exprs = [self.cast(self.as_expr(x, None if isinstance(x, Expr) else dtype), dtype) for x in (a, b)]
        mask = self.as_expr(condition)
        if mask.code == "cast" and mask.inputs[0].dtype == bool:
            mask = mask.inputs[0]
        if mask.dtype != bool:
            mask = self.ufunc("not_equal", mask, 0.0)
        shape = np.broadcast_shapes(mask.shape, *[x.shape for x in exprs])
        better = simplified_where(self, mask, exprs[0], exprs[1], shape)
        return better if better is not None else self.make("where", (mask, *exprs), None, shape, dtype)

    def cast(self, a: Expr, dtype: Any) -> Expr:
        """The same numbers in another type."""
        dtype = np.dtype(dtype)
        if a.dtype == dtype:
            return a
        if a.code in ("reshape", "broadcast") and a.inputs[0].value is not None:
            return self.make(a.code, (self.cast(a.inputs[0], dtype),), a.settings, a.shape, dtype)
        return self.make("cast", (a,), None, a.shape, dtype)

    def reduce(self, name: str, a: Expr, axis: Any = None, keepdims: bool = False) -> Any:
        """``np.<name>.reduce`` over axes, over all if ``axis`` is None."""
        a = self.as_expr(a)
        if a.dtype.kind == "b":
            a = self.cast(a, np.float64)
        axes = tuple(range(a.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(sorted({_axis(i, a.ndim) for i in axes if a.ndim or i not in (0, -1)}))  # of one number as NumPy
        if not axes:
            return added_to_0(self, a) if name == "add" else a
        lengths = [1 if i in axes else n for i, n in enumerate(a.shape)]
        shape = tuple(n for i, n in enumerate(lengths) if i not in axes)
        full = simplified_reduction(self, name, a, axes, shape)
        if full is None and all(a.shape[i] == 1 for i in axes):
            full = self.reshape(added_to_0(self, a) if name == "add" else a, shape)
        if full is None:
            full = self.make("reduce", (a,), (name, axes), shape, a.dtype)
        return self.reshape(full, tuple(lengths)) if keepdims else full

    def matmul(self, a: Expr, b: Expr) -> Any:
        """The matrix product of NumPy."""
        if a.dtype != b.dtype:
            dtype = float_type((a, b))
            a, b = self.cast(a, dtype), self.cast(b, dtype)
        a, b = self.solid(a), self.solid(b)
        left = a.shape if a.ndim > 1 else (1, *a.shape)
        right = b.shape if b.ndim > 1 else (*b.shape, 1)
        stack = np.broadcast_shapes(left[:-2], right[:-2])
        shape = (*stack, *([left[-2]] if a.ndim > 1 else []), *([right[-1]] if b.ndim > 1 else []))
        return self.make("matmul", (a, b), None, tuple(shape), a.dtype)

    def solid(self, a: Expr) -> Expr:
        """``a`` with memory of its own for every element, as matrix products need it."""
        return self.make("copy", (a,), None, a.shape, a.dtype) if a.code == "broadcast" else a

    def call(self, name: str, function: Callable[..., Any], inputs: tuple[Expr, ...], like: Any) -> Expr:
        """A call of any function of arrays, whose result has the shape and dtype of ``like``."""
        return self.new("call", inputs, (name, function), tuple(like.shape), np.dtype(like.dtype))

    # --- views -------------------------------------------------------------------------------------------------------

    def reshape(self, a: Expr, shape: Any) -> Expr:
        """The same elements in another shape."""
        wanted = tuple(int(n) for n in (shape if isinstance(shape, (tuple, list)) else (shape,)))
        if -1 in wanted:
            rest = math.prod(n for n in wanted if n != -1)
            wanted = tuple(a.size // max(rest, 1) if n == -1 else n for n in wanted)
        if math.prod(wanted) != a.size:
            raise ValueError(f"reshape: {a.shape} has another size than {wanted}")
        if wanted == a.shape:
            return a
        if a.code == "reshape":
            return self.reshape(a.inputs[0], wanted)
        if a.code == "broadcast" and a.inputs[0].size == 1:
            return self.broadcast_to(self.reshape(a.inputs[0], ()), wanted)
        return self.make("reshape", (a,), wanted, wanted, a.dtype)

    def transpose(self, a: Expr, axes: Any = None) -> Expr:
        """The axes in another order."""
        order = tuple(range(a.ndim))[::-1] if axes is None else tuple(_axis(i, a.ndim) for i in axes)
        if order == tuple(range(a.ndim)):
            return a
        if a.code == "transpose":
            return self.transpose(a.inputs[0], tuple(a.settings[i] for i in order))
        shape = tuple(a.shape[i] for i in order)
        if a.code == "broadcast" and a.inputs[0].size == 1:
            return self.broadcast_to(self.reshape(a.inputs[0], ()), shape)
        return self.make("transpose", (a,), order, shape, a.dtype)

    def broadcast_to(self, a: Expr, shape: Any) -> Expr:
        """The array repeated to a shape."""
        shape = tuple(shape)
        if shape == a.shape:
            return a
        if a.code == "broadcast":
            a = a.inputs[0]
        return self.make("broadcast", (a,), shape, np.broadcast_shapes(a.shape, shape), a.dtype)

    # --- rows --------------------------------------------------------------------------------------------------------

    def elementwise(self, op: Op, operands: tuple[Any, ...]) -> Any:
        """An elementwise op on Exprs and numbers."""
        return rows.elementwise(self, op, operands)

    def structural(self, op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """A structural op on Exprs and arrays."""
        return rows.structural(self, op, operands, settings)


LARGEST_CONSTANT = 1 << 20
"""Up to how many elements a constant is worked out when the plan is made."""

_COMPARE = frozenset(["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
_LOGIC = frozenset(["logical_and", "logical_or", "logical_not"])
_GIVE_BOOLS = _COMPARE | _LOGIC | {"isfinite", "isnan", "isinf", "signbit"}
_ON_BOOLS = _LOGIC | {"equal", "not_equal"}
_ON_INTS = _COMPARE | {"add", "subtract", "multiply"}


def _dtype_for(x: Any, dtype: Any) -> Any:
    """The type of a constant operand: that of the arrays it meets, unless it is an array of its own type."""
    return None if isinstance(x, np.ndarray) and x.dtype.kind in "fb" else dtype


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis {axis} is out of range for {ndim} axes")
    return int(axis % ndim)
