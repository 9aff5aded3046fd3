"""The rows of the registry read on Exprs: the same forwards that run on arrays write a plan down instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastpath.ir import indexing, losses
from fastpath.ir.calling import called
from fastpath.ir.expr import MissingError, UnreadableError, float_type
from fastpath.numerics import array_forward, ufunc_of
from scalargrad import special
from scalargrad.ops.registry import Op
from scalargrad.ops.structure import STRUCTURAL, StructuralOp

if TYPE_CHECKING:
    from fastpath.ir.build import Builder
    from fastpath.ir.expr import Expr


class Namespace:
    """NumPy as the forwards of the rows see it (``xp``), on Exprs.

    What it has not got raises UnreadableError: the row is then called at run time, as it is, on arrays.
    """

    def __init__(self, build: Builder) -> None:
        self._build = build
        for name in ("where", "reshape", "transpose", "broadcast_to", "matmul"):
            setattr(self, name, _fitting(getattr(build, name)))
        self.asarray = build.as_expr

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name, None)
        if name in special.FUNCTIONS:
            return _Ufunc(self._build, name)
        if not isinstance(function, np.ufunc) or function.nout > 1 or function.signature is not None:
            raise MissingError(f"np.{name} is not written down in plans")
        return _Ufunc(self._build, name)

    def dtype(self, x: Any) -> Any:
        return np.dtype(x)

    def concatenate(self, arrays: Any, axis: int | None = 0) -> Any:
        return indexing.concatenated(self._build, [self._build.as_expr(a) for a in arrays], axis)


class _Ufunc:
    def __init__(self, build: Builder, name: str) -> None:
        self.build = build
        self.name = name

    def __call__(self, *operands: Any, **options: Any) -> Any:
        if options:
            raise UnreadableError(f"np.{self.name} with {min(options)}= is not written down in plans")
        return self.build.ufunc(self.name, *operands)

    def reduce(self, a: Any, axis: Any = 0, keepdims: bool = False, **options: Any) -> Any:
        if options:
            raise UnreadableError(f"np.{self.name}.reduce with {min(options)}= is not written down in plans")
        return self.build.reduce(self.name, a, axis, keepdims)

    def __getattr__(self, name: str) -> Any:
        raise MissingError(f"np.{self.name}.{name} is not written down in plans")


def _fitting(function: Any) -> Any:
    """A function of a builder; a call that it has no place for cannot be read."""

    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:
                raise UnreadableError(str(error)) from None
            raise

    return call


def elementwise(build: Builder, op: Op, operands: tuple[Any, ...]) -> Expr:
    """An elementwise op: NumPy's ufunc of the same meaning, or else what its forward is made of."""
    operands = tuple([np.asarray(x) if isinstance(x, (list, tuple)) else x for x in operands])
    dtype = float_type(operands)
    shape = np.broadcast_shapes(*[getattr(x, "shape", ()) for x in operands])
    ufunc = ufunc_of(op)
    if ufunc is not None:
        y = build.ufunc(ufunc.__name__, *operands)
    else:
        try:
            y = op.forward(Namespace(build), *operands)
        except UnreadableError:
            forward = array_forward(op)
            exprs = tuple([build.as_expr(x, dtype if isinstance(x, (float, int)) else None) for x in operands])
            like = np.broadcast_to(np.zeros((), dtype), shape)
            return build.call(op.name, lambda *arrays: np.asarray(forward(*arrays), dtype), exprs, like)
    return build.broadcast_to(build.cast(build.as_expr(y, dtype), dtype), shape)


def structural(
    build: Builder, op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any], like: Any = None
) -> Any:
    """A structural op: what its forward is made of; if that looks at the numbers, a call of the op itself.

    ``like`` has the shape and dtype of the result, where they are known.
    """
    exprs = tuple([build.as_expr(x) for x in operands])
    known = _KNOWN.get(op.name) if STRUCTURAL.get(op.name) is op else None
    if op.why_not or (op.saves and known is None) or (op.wide and any(x.dtype == np.float16 for x in exprs)):
        return called(build, op, exprs, settings, like)
    try:
        result = known(build, *exprs, **settings) if known else op.forward(Namespace(build), *exprs, **settings)
    except UnreadableError:
        return called(build, op, exprs, settings, like)
    result = build.as_expr(result)
    if like is not None:
        result = build.cast(result, like.dtype)
        if result.shape != like.shape:
            raise AssertionError(f"{op.name} was read as an array of shape {result.shape}, not {like.shape}")
    return result


_KNOWN: dict[str, Any] = {
    "index": lambda build, a, key: indexing.indexed(build, a, key),
    "scatter": lambda build, a, shape, key: indexing.scatter(build, a, shape, key),
    "astype": lambda build, a, dtype: build.cast(a, dtype),
    "cross_entropy": losses.cross_entropy,
}
"""Rows whose forward works on the numbers, or in place, and what they are on Exprs."""
