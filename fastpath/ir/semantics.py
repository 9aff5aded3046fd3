"""What every code of an Expr means: the one definition, over an array library ``xp``.

Constants are worked out by it while a program is built, the interpreter runs it, pictures show its numbers, and the
tests judge every other emitter by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from fastpath.ir.expr import VIEWS, Expr
from fastpath.numerics import Array, ignoring
from scalargrad import special


def value_of(expr: Expr, inputs: Sequence[Any], arguments: Sequence[Any], xp: Any = special) -> Any:
    """The array an Expr is, from those of its inputs and from the arguments of the program."""
    leaf = _LEAVES.get(expr.code)
    if leaf is not None:
        return leaf(expr, arguments)
    if expr.code == "call":
        return expr.settings[1](*inputs)
    value = meaning(expr.code, expr.settings, inputs, xp)
    return value if expr.code in VIEWS else xp.asarray(value).astype(expr.dtype, copy=False)


_LEAVES: dict[str, Callable[..., Any]] = {
    "constant": lambda expr, arguments: expr.value,
    "argument": lambda expr, arguments: arguments[expr.settings],
    "tensor": lambda expr, arguments: expr.settings._data,
    "random": lambda expr, arguments: np.asarray(expr.settings()),
}


def meaning(code: str, settings: Any, arrays: Sequence[Any], xp: Any = special) -> Any:
    """What an instruction gives on these arrays: a ufunc of the code's name, or one of :data:`MEANINGS`."""
    special = MEANINGS.get(code)
    return special(xp, settings, *arrays) if special else getattr(xp, code)(*arrays)


@ignoring
def evaluated(code: str, settings: Any, arrays: list[Array], shape: tuple[int, ...], dtype: Any) -> Array | None:
    """The constant that an instruction of constants is; None if that is better left to the run."""
    if code == "broadcast":
        return None  # it stays a number, which costs no memory
    return np.asarray(meaning(code, settings, arrays)).astype(dtype, copy=False).reshape(shape)


def key_of(parts: tuple[Any, ...], arrays: Any) -> tuple[Any, ...]:
    """The key of an index from its settings: ``("slice", start, stop, step)``, integers, None, or the next array."""
    rest: Iterator[Any] = iter(arrays)
    return tuple([slice(*p[1:]) if type(p) is tuple else next(rest) if p == "array" else p for p in parts])


def put(out: Any, key: Any, a: Any, add: bool = False) -> Any:
    """``out`` with the elements of ``a`` at a key: the only writing into an array there is (JAX gives a new one)."""
    if add:
        np.add.at(out, key, a)
    else:
        out[key] = a
    return out


def scattered(shape: tuple[int, ...], key: tuple[Any, ...], a: Any, unique: bool, xp: Any = np) -> Any:
    """Zeros of a shape with the elements of ``a`` added at a key, which may be ``unique``: name none twice."""
    return put(xp.zeros(shape, a.dtype), key, a, add=not unique)


def _reduce(xp: Any, settings: Any, a: Any) -> Any:
    name, axes, *factor = settings
    return getattr(xp, name).reduce(a, axis=axes) * (factor[0] if factor else 1)


def _assemble(xp: Any, settings: Any, *parts: Any) -> Any:
    shape, keys = settings
    out = xp.zeros(shape, parts[0].dtype)
    for key, part in zip(keys, parts):
        out = put(out, key_of(key, ()), part)
    return out


def _subtract_at(xp: Any, settings: Any, a: Any, places: Any, amounts: Any) -> Any:
    flat = a.copy().reshape(-1)
    return put(flat, places, flat[places] - amounts).reshape(a.shape)


MEANINGS: dict[str, Callable[..., Any]] = {
    "reduce": _reduce,
    "matmul": lambda xp, settings, a, b: xp.matmul(a, b),
    "where": lambda xp, settings, mask, a, b: xp.where(mask, a, b),
    "cast": lambda xp, settings, a: a,
    "copy": lambda xp, settings, a: a.copy(),
    "reshape": lambda xp, settings, a: a.reshape(settings),
    "transpose": lambda xp, settings, a: a.transpose(settings),
    "broadcast": lambda xp, settings, a: xp.broadcast_to(a, settings),
    "slice": lambda xp, settings, a: a[(*key_of(settings, ()), ...)],  # a view, even of a single number
    "take": lambda xp, settings, a, *keys: a[key_of(settings, keys)],
    "scatter": lambda xp, settings, a, *keys: scattered(settings[0], key_of(settings[1], keys), a, settings[2], xp),
    "assemble": _assemble,
    "subtract_at": _subtract_at,
}
"""The instructions that are not ufuncs. Settings are ``(name, axes)`` or ``(name, axes, factor)`` of a reduction, a
shape, an order of axes, or the parts of a key (:func:`key_of`); ``subtract_at`` counts through all elements."""
