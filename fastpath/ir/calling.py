"""What a plan calls at run time as it is: rows that look at the numbers, and Functions of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fastpath import functions
from fastpath.functions import ArrayFunctionOp
from fastpath.numerics import Array, unbroadcast_array
from fastpath.tensor import make
from scalargrad.ops.structure import StructuralOp

if TYPE_CHECKING:
    from fastpath.ir.build import Builder
    from fastpath.ir.expr import Expr


class Saving:
    """The forward of an op that saves something for its pullback: at the end of ``saved``, for the rest of the run."""

    def __init__(self, op: StructuralOp, settings: dict[str, Any]) -> None:
        self.op = op
        self.settings = settings
        self.saved: list[Any] = []

    def __call__(self, *arrays: Any) -> Array:
        result, saved = self.op.in_float32(np, *arrays, **self.settings)
        self.saved.append(saved)
        return np.asarray(result)

    def pullback(self, place: int, g: Array, y: Array, arrays: tuple[Any, ...]) -> Any:
        """The downstream gradient of the operand in this place."""
        return self.op.downstream(place, g, y, arrays, self.settings, self.saved[-1])


class FunctionCall:
    """A Function of the user's own: its forward, and at the end of ``saved`` what that saved for its backward."""

    def __init__(self, op: ArrayFunctionOp, dtype: Any) -> None:
        self.op = op
        self.dtype = dtype
        self.saved: list[Any] = []

    def __call__(self, *arrays: Any) -> Array:
        result, saved = functions.run(self.op.function, self.op.filled(map(_leaf, arrays)))
        self.saved.append(saved)
        return result.astype(self.dtype, copy=False)

    def pullback(self, place: int, g: Array, y: Array, arrays: tuple[Any, ...]) -> Any:
        """What ``backward`` gives for the operand in this place."""
        op = ArrayFunctionOp(self.op.function, self.op.constants, self.saved[-1])
        return op.pullback(g, y, arrays, tuple([i == place for i in range(len(arrays))]))[place]


def releasing(run: Callable[..., Any], order: Sequence[Expr]) -> Callable[..., Any]:
    """``run``, after which these Exprs have nothing saved of it: what a run within a run saves comes on top."""
    calls = [e.settings[1] for e in order if e.code == "call" and hasattr(e.settings[1], "saved")]

    def released(*arrays: Any) -> Any:
        counts = [len(call.saved) for call in calls]
        try:
            return run(*arrays)
        finally:
            for call, count in zip(calls, counts):
                del call.saved[count:]

    return released if calls else run


def _leaf(array: Any) -> Any:
    leaf = make(array, None, (), None, None)
    leaf.requires_grad = array.dtype.kind == "f"
    return leaf


def _dummy(x: Expr) -> Array:
    """An array of this shape, whose matrices can be inverted."""
    return np.broadcast_to(np.eye(*x.shape[-2:], dtype=x.dtype) if len(x.shape) > 1 else np.zeros((), x.dtype), x.shape)


def called(build: Builder, op: StructuralOp, exprs: tuple[Expr, ...], settings: dict[str, Any], like: Any) -> Expr:
    """A structural op called on arrays. ``like`` has the shape and dtype of the result, or is None."""
    if like is None:
        dummies = tuple([x.value if x.value is not None else _dummy(x) for x in exprs])
        like = np.asarray(op.on_arrays(dummies, settings))
    if op.saves:
        return build.call(op.name, Saving(op, settings), exprs, like)
    return build.call(op.name, lambda *arrays: np.asarray(op.on_arrays(arrays, settings)), exprs, like)


def function_called(build: Builder, op: ArrayFunctionOp, exprs: tuple[Expr, ...], like: Any) -> Expr:
    """A Function called on arrays."""
    return build.call(op.name, FunctionCall(op, like.dtype), exprs, like)


def pulled_back(build: Builder, op: Any, place: int, g: Expr, y: Expr, exprs: tuple[Expr, ...]) -> Expr:
    """The downstream gradient of an operand: the pullback of a bound op, or of a Function, called on arrays."""
    like = exprs[place]
    template = np.broadcast_to(np.zeros((), like.dtype), like.shape)
    forward = y.settings[1] if y.code == "call" else None
    if isinstance(forward, (Saving, FunctionCall)):
        pull: Callable[..., Any] = forward.pullback
    else:
        pull = lambda place, g, y, arrays: op.op.downstream(place, g, y, arrays, op.settings)

    def pullback(g: Array, y: Array, *arrays: Any) -> Array:
        downstream = pull(place, g, y, arrays)
        return np.zeros(like.shape, like.dtype) if downstream is None else unbroadcast_array(downstream, template)

    return build.call(f"{op.name}_pullback", pullback, (g, y, *exprs), template)
