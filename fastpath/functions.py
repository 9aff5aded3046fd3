"""A :class:`scalargrad.Function` on Tensors: the same class as on Values, a whole array at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastpath.node import ArrayNode, leaf
from fastpath.numerics import Array, as_floats, shown
from fastpath.recording import constant, record
from scalargrad import modes
from scalargrad.function.context import Context, Saved, called, changed_in_place, counted
from scalargrad.function.node import Ending, WrittenFunction
from scalargrad.ops.given import is_number, require_unmasked
from scalargrad.symbolic import STYLES, Sym, as_sym, tidy


def apply(function: Any, operands: tuple[Any, ...]) -> Any:
    """The node of a Function on Tensors, arrays and numbers."""
    name = f"{function.__name__}.apply"
    inputs = tuple(x if isinstance(x, ArrayNode) else constant(x, name, operands) for x in operands)
    result, saved = run(function, tuple(x._seen_by_function() if isinstance(x, ArrayNode) else x for x in operands))
    op = ArrayFunctionOp(function, tuple(None if isinstance(x, ArrayNode) else x for x in operands), saved)
    arrays = tuple(x._use() if isinstance(x, ArrayNode) else x for x in inputs)
    return record(op, result, inputs, arrays)


def run(function: Any, operands: tuple[Any, ...]) -> tuple[Array, Saved]:
    """The array ``forward`` gives, and what it saved."""
    context = Context(tuple(isinstance(x, ArrayNode) and x.requires_grad for x in operands))
    before = [x._use() if isinstance(x, ArrayNode) else None for x in operands]
    with modes.no_grad(), modes.tracing(None):  # it sees the numbers, and is called anew where code is traced
        result = called(function, "forward", context, *operands)
    for i, (x, array) in enumerate(zip(operands, before)):
        if array is not None and x._data is not array and not np.array_equal(x._data, array, equal_nan=True):
            x._data, x._locked = array, True
            raise changed_in_place(function, i)
    where = f"{function.__name__}.forward"
    if result is None:
        raise TypeError(f"{where} returned nothing: end it with return and the result")
    if isinstance(result, (tuple, list)):
        raise TypeError(f"{where} returned {len(result)} results: a Function has one, a Tensor, an array or a number")
    saved = Saved.of(context, operands, result)
    if isinstance(result, ArrayNode):
        return result._use(), saved
    require_unmasked(where, result)
    array = np.array(result)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{where} returned {shown(result)}, not a Tensor, an array or a number")
    dtype = next(x.dtype for x in operands if isinstance(x, ArrayNode))
    return array.astype(array.dtype if array.dtype.kind == "f" and array.ndim else dtype), saved


class ArrayFunctionOp(WrittenFunction):
    """The ``op`` of one node: the Function, and what this call saved. ``constants`` as in a FunctionOp."""

    __slots__ = ()

    def __init__(self, function: Any, constants: tuple[Any, ...], saved: Saved) -> None:
        self.function = function
        self.constants = constants
        self.saved = saved

    def recomputed(self, y: Any, operands: tuple[Any, ...]) -> Any:
        """What ``forward`` gives on these arrays."""
        own = [leaf(as_floats(x)) if isinstance(x, np.ndarray) else x for x in operands]
        return run(self.function, self.filled(own))[0]

    def pullback(self, upstream: Any, y: Any, operands: tuple[Any, ...], needed: tuple[bool, ...]) -> list[Any]:
        """The downstream gradient for each needed operand (None for the others): arrays of arrays, Tensors of Tensors.

        An array that may depend on the operands but has no graph becomes a Tensor that has no derivative.
        """
        if isinstance(upstream, ArrayNode):
            return self._of_tensors(upstream, y, operands, needed)
        with modes.no_grad():
            own = self.filled(leaf(x) if isinstance(x, np.ndarray) else x for x in operands)
            context = self.saved.context(own, leaf(y))
            context.needs_input_grad = needed
            shares = self._shares(context, leaf(upstream), needed)
        return [None if x is None else self._fitting(i, x, operands[i], upstream) for i, x in enumerate(shares)]

    def _fitting(self, place: int, share: Any, operand: Any, upstream: Any) -> Array:
        """The array of a gradient, whose shape must be that of the operand, but for axes it was broadcast along."""
        where = f"{self.name}.backward returned"
        require_unmasked(f"{self.name}.backward", share)
        array = share._data if isinstance(share, ArrayNode) else np.asarray(share)
        if array.dtype.kind not in "fiub" or not (isinstance(share, (ArrayNode, np.ndarray)) or is_number(share)):
            raise TypeError(f"{where} {shown(share)} for operand {place}, not a Tensor, an array or a number")
        shape = np.shape(operand)
        single = isinstance(share, (float, int)) or array.shape == np.shape(upstream) == ()
        if array.shape != shape and not single:
            try:
                fits = np.broadcast_shapes(array.shape, shape) == array.shape
            except ValueError:
                fits = False
            if not fits:
                raise ValueError(f"{where} a gradient of shape {array.shape} for operand {place} of shape {shape}")
        return array

    def _of_tensors(self, upstream: Any, y: Any, operands: tuple[Any, ...], needed: tuple[bool, ...]) -> list[Any]:
        tensors = tuple(x for x in operands if isinstance(x, ArrayNode))

        def ending(x: Any) -> Any:
            data = np.array(x._data if isinstance(x, ArrayNode) else x, upstream.dtype)
            return record(Ending(self.name), data, tensors, tuple(t._use() for t in tensors))

        context = self.saved.context(self.filled(operands), y, ending)
        context.needs_input_grad = needed
        shares = self._shares(context, upstream, needed)
        for i, x in enumerate(shares):
            if x is not None:
                self._fitting(i, x, operands[i]._data if isinstance(operands[i], ArrayNode) else operands[i], y._data)
        return [x if x is None or isinstance(x, ArrayNode) else ending(x) for x in shares]

    def formula(self, position: int, operands: tuple[str | float, ...], style: str = "text") -> str:
        """The downstream gradient by one operand with these names, ``Ḡ`` being the upstream: ``backward`` on symbols.

        Where it cannot be read, since it asks for numbers or uses what ``forward`` computed, it is ``Name′(Ḡ)``.
        """
        symbols = tuple(map(as_sym, operands))
        upstream = Sym.named("Ḡ" if style == "text" else "G")
        itself: Any = self
        y = Sym(itself, symbols, None) if len(symbols) < 10 else Sym.named(f"{self.name}(…)")
        try:
            context = self.saved.context(self.filled(symbols), y, _unreadable)
            share = self._shares(context, upstream, (True,) * len(operands))[position]
            return STYLES[style](tidy(as_sym(0.0 if share is None else share)))
        except Exception:
            return f"{self.name}′(Ḡ)" if style == "text" else rf"\operatorname{{{self.name}}}'(\bar{{G}})"

    def _shares(self, context: Context, upstream: Any, needed: tuple[bool, ...]) -> list[Any]:
        """What ``backward`` returns for the operands that need a gradient; None for the others."""
        where, count = f"{self.name}.backward", len(self.constants)
        returned = called(self.function, "backward", context, upstream)
        shares = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        if len(shares) != count:
            raise TypeError(
                f"{where} returned {len(shares)} gradients for {counted(count, 'operand')}: "
                "return one for each, None where there is none"
            )
        for i, share in enumerate(shares):
            if not (share is None or is_number(share) or hasattr(type(share), "_apply_op") or hasattr(share, "ndim")):
                raise TypeError(f"{where} returned a {type(share).__name__} for operand {i}, not a Tensor or an array")
        return [share if need else None for share, need in zip(shares, needed)]


def _unreadable(computed: Any) -> Any:
    raise TypeError("what forward computed has no formula")
