"""NumPy as the backend: the rows of the registry read on arrays."""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np

from scalargrad import special
from scalargrad.generated import compile_source
from scalargrad.ops.broadcasting import unbroadcast
from scalargrad.ops.given import require_unmasked
from scalargrad.ops.given import shown as shown
from scalargrad.ops.registry import OPS, Op
from scalargrad.settings import Array as Array
from scalargrad.symbolic import local_derivative, python

_ieee = contextvars.Context()
_ieee.run(np.seterr, all="ignore")
quiet = _ieee.copy
"""A new context in which NumPy answers as IEEE 754 does, without warnings: ``quiet().run(function, *arrays)``.

It costs a seventh of entering ``np.errstate``, and is one of its own in every call: of a thread, or of a signal handler
that came in the middle of another. No mode is in force in it.
"""
ignoring = np.errstate(all="ignore")

owners_of: Callable[[object], int] = getattr(sys, "getrefcount", lambda _: 1 << 30)
"""How many references to an object there are, as seen from where it is asked: very many if Python does not count."""

# --- arrays of floats ------------------------------------------------------------------------------------------------


def as_floats(data: Any, dtype: Any = None, where: str = "Tensor") -> Array:
    """A copy of the numbers as an array of floats: of ``dtype``, or of their own if they are floats, else float64.

    ``where`` is what a refusal begins with.

    >>> as_floats([1, 2])
    array([1., 2.])
    """
    if type(data) is not np.ndarray:
        require_unmasked(where, data)
    try:
        array = np.array(data)
    except ValueError:
        raise ValueError(f"{where}: the rows given have different lengths") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{where}: expected real numbers, not {shown(data)}")
    if dtype is None:
        wanted = array.dtype.newbyteorder("=") if array.dtype.kind == "f" else np.dtype(np.float64)
    else:
        try:
            wanted = np.dtype(dtype)
        except TypeError:
            raise TypeError(f"{where}: dtype is a float type, not {shown(dtype)}") from None
        if wanted.kind != "f":
            raise TypeError(f"{where}: dtype is a float type, not {wanted}")
    return array.astype(wanted, copy=False)


@lru_cache(maxsize=64)
def _ones(count: int, dtype: Any) -> Array:
    """A vector of ones: the sum over the rows of a matrix is a product with it."""
    ones = np.ones(count, dtype)
    ones.setflags(write=False)
    return ones


def unbroadcast_array(downstream: Any, like: Array) -> Array:
    """``unbroadcast`` of an array. This is hot, so what is usual is written out: one number, and a sum over rows."""
    if type(downstream) is not np.ndarray:
        downstream = np.asarray(downstream)
    shape = like.shape
    if not downstream.shape:
        downstream = _repeated(downstream, shape)
    elif shape and downstream.shape[1:] == shape and downstream.dtype.char != "e":
        rows = len(downstream)
        downstream = _ones(rows, downstream.dtype) @ downstream if len(shape) == 1 else np.add.reduce(downstream)
    return unbroadcast(downstream, like, _repeated)  # type: ignore[no-any-return]


def _repeated(array: Array, shape: tuple[int, ...]) -> Array:
    """An array broadcast to a shape, with memory of its own."""
    whole = np.empty(shape, array.dtype)
    whole[...] = array
    return whole


def first_bad(data: Array) -> tuple[int, ...] | None:
    """The place of the first nan or infinity; None if all numbers are finite."""
    bad = ~np.isfinite(data)
    return tuple(int(i) for i in np.argwhere(bad)[0]) if bad.any() else None


# --- the functions made from the rows --------------------------------------------------------------------------------


@cache
def array_forward(op: Op) -> Callable[..., Any]:
    """The forward of an op on arrays: NumPy's ufunc of the same meaning where there is one."""
    ufunc = ufunc_of(op)
    return partial(op.forward, special) if ufunc is None else ufunc


def ufunc_of(op: Op) -> Any:
    """NumPy's ufunc of the same meaning, or None."""
    ufunc = getattr(np, op.ufunc or op.name, None)
    return ufunc if isinstance(ufunc, np.ufunc) and ufunc.nin == len(op.operands) else None


_backwards: dict[tuple[Op, tuple[bool, ...]], Callable[..., tuple[Any, ...]]] = {}


def array_backward(op: Op, needed: tuple[bool, ...]) -> Callable[..., tuple[Any, ...]]:
    """The downstream gradients of an op on arrays, from the symbolic reading of its partials.

    For ``tanh``: ``lambda g, y, x0: (g * (1.0 - y * y),)``; None stands for an operand that needs none.
    """
    try:
        return _backwards[op, needed]
    except KeyError:
        function = _backwards[op, needed] = _compiled(op, needed)
        return function


def _compiled(op: Op, needed: tuple[bool, ...]) -> Callable[..., tuple[Any, ...]]:
    names = tuple(f"x{i}" for i in range(len(needed)))
    shares = []
    for position, need in enumerate(needed):
        local = local_derivative(op, position, names, "y") if need else None
        if local is None:
            shares.append("None")
        else:
            shares.append("g" if local.constant == 1 else "-g" if local.constant == -1 else f"g * ({python(local)})")
    given, returned = ", ".join(names), f"return ({', '.join(shares)},)"
    source = "\n".join(
        [
            f"def _backward(g, y, {given}):",
            f"    try: {returned}",
            "    except ZeroDivisionError: pass",  # what Python refuses of a constant, NumPy answers
            f"    {given}, = [_asarray(x, g.dtype) for x in ({given},)]",
            f"    {returned}",
        ]
    )
    space: dict[str, Any] = {row.name: _reading(row) for row in OPS.values()} | {"_asarray": np.asarray}
    return compile_source(source, "_backward", f"backward of {op.name}", space)


def _reading(op: Op) -> Callable[..., Any]:
    """The forward of an op for use in a partial.

    Constants alone are worked out as Python numbers, which leave float32 as it is. A comparison gives 0 and 1 as bytes,
    likewise. (Bools would not do: NumPy refuses to subtract them, and their sum is "or".)
    """
    forward = array_forward(op)
    if isinstance(forward, np.ufunc) and "dd->?" in forward.types:
        compare = forward
        forward = lambda *operands: compare(*operands).view(np.int8)
    if len(op.operands) == 1:
        return forward
    if op.name == "where":
        return lambda c, a, b: (a if c else b) if type(c) is float else forward(c, a, b)
    return lambda a, *rest: (
        op.number(a, *rest) if type(a) is float and all(type(x) is float for x in rest) else forward(a, *rest)
    )


def array_local(op: Op, position: int, y: Array, arrays: tuple[Any, ...]) -> Array:
    """The local derivative by one operand, element by element, in the shape of the output."""
    needed = tuple([i == position for i in range(len(arrays))])
    ones = np.ones(y.shape, y.dtype)
    return np.asarray(array_backward(op, needed)(ones, y, *arrays)[position])


def _forget(op: Op, present: bool) -> None:
    """Drop what was made from an op that is gone."""
    if not present:
        for key in [key for key in _backwards if key[0] is op]:
            del _backwards[key]


OPS.subscribe(_forget)
