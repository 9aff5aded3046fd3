"""The instructions by what they compute on NumPy arrays: how a constant is worked out when the plan is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastpath.numerics import Array, ignoring


def _reduce(settings: Any, a: Array) -> Any:
    name, axes, *factor = settings
    return getattr(np, name).reduce(a, axis=axes) * (factor[0] if factor else 1)


def key_of(parts: tuple[Any, ...], arrays: Any) -> tuple[Any, ...]:
    """The key of an index from its settings: ``("slice", start, stop, step)``, integers, None, or the next array."""
    rest = iter(arrays)
    return tuple([slice(*p[1:]) if type(p) is tuple else next(rest) if p == "array" else p for p in parts])


def scattered(shape: tuple[int, ...], key: tuple[Any, ...], a: Array, unique: bool) -> Array:
    """Zeros of a shape with the elements of ``a`` added at a key."""
    out = np.zeros(shape, a.dtype)
    if unique:
        out[key] = a
    else:
        np.add.at(out, key, a)
    return out


def _scatter(settings: Any, a: Array, *keys: Array) -> Array:
    shape, parts, unique = settings
    return scattered(shape, key_of(parts, keys), a, unique)


def _assemble(settings: Any, *parts: Array) -> Array:
    shape, keys = settings
    out = np.zeros(shape, parts[0].dtype)
    for key, part in zip(keys, parts):
        out[key_of(key, ())] = part
    return out


OTHERS: dict[str, Callable[..., Any]] = {
    "reduce": _reduce,
    "matmul": lambda settings, a, b: np.matmul(a, b),
    "where": lambda settings, mask, a, b: np.where(mask, a, b),
    "cast": lambda settings, a: a,
    "copy": lambda settings, a: a.copy(),
    "reshape": lambda settings, a: a.reshape(settings),
    "transpose": lambda settings, a: a.transpose(settings),
    "broadcast": lambda settings, a: np.broadcast_to(a, settings),
    "slice": lambda settings, a: a[(*key_of(settings, ()), ...)],  # a view, even of a single number
    "take": lambda settings, a, *keys: a[key_of(settings, keys)],
    "scatter": _scatter,
    "assemble": _assemble,
}
"""The instructions that are not ufuncs, on arrays."""


@ignoring
def evaluated(code: str, settings: Any, arrays: list[Array], shape: tuple[int, ...], dtype: Any) -> Array | None:
    """What an instruction gives on these arrays; None if that is better left to the run."""
    if code == "broadcast":
        return None  # it stays a number, which costs no memory
    result = OTHERS[code](settings, *arrays) if code in OTHERS else getattr(np, code)(*arrays)
    return np.asarray(result).astype(dtype, copy=False).reshape(shape)
