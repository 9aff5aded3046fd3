"""Functions of NumPy that are no ops of their own: put together from ops, under NumPy's names and signatures.

They are what ``np.average(t)`` and ``fastpath.numpy.average(t)`` call; no method or formula has their names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.ops import composite, structural
from scalargrad.ops import elementwise as el
from scalargrad.ops.given import as_array, is_integer, one_axis

NUMPYS: dict[str, Callable[..., Any]] = {}
"""The functions by NumPy's name."""
_ALL = slice(None)


def _numpys(function: Callable[..., Any]) -> Callable[..., Any]:
    NUMPYS[function.__name__.rstrip("_")] = function
    return function


def numbers(x: Any) -> Any:
    """Nodes, alone or in lists and arrays, as plain numbers, lists and arrays: what is decided by them has no gradient.

    Code that is traced would decide it once: it is refused there.
    """
    if hasattr(type(x), "_apply_op"):
        look = getattr(x, "_look", None)
        if look is not None:
            look("a decision by the numbers")
        elif modes.active:
            modes.concretized(x, "if")
        return x._data if look is not None else np.float64(x._data)
    if isinstance(x, (list, tuple)):
        return type(x)(map(numbers, x)) if type(x) in (list, tuple) else x
    return np.frompyfunc(numbers, 1, 1)(x).astype(float) if _is_of_objects(x) else x


def joined(items: Any) -> Any:
    """Nested lists of nodes and numbers as one array: a Tensor if there is one among them, else an array of Values.

    >>> from scalargrad import Value
    >>> joined([[Value(1.0), 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    leaves: list[Any] = []
    shape = _leaves(items, leaves)
    if not any(hasattr(type(x), "_apply_structural") for x in leaves):
        return np.array(items, dtype=object)
    if any(np.shape(x) != np.shape(leaves[0]) for x in leaves):
        shapes = sorted({np.shape(x) for x in leaves}, key=len)
        raise ValueError(f"array: the parts have different shapes: {', '.join(map(str, shapes))}")
    return structural.reshape(structural.concatenate(leaves, axis=None), (*shape, *np.shape(leaves[0])))


def _leaves(items: Any, found: list[Any]) -> tuple[int, ...]:
    """Put what is in nested lists into one list, and return the lengths of the lists."""
    if not isinstance(items, (list, tuple)):
        found.append(items)
        return ()
    inner = {_leaves(x, found) for x in items}
    if len(inner) > 1:
        raise ValueError("array: the rows given have different lengths")
    return (len(items), *(inner.pop() if inner else ()))


def _sequence(arrays: Any) -> list[Any]:
    return [as_array(a, "array") for a in arrays]


# --- the same elements in other places -------------------------------------------------------------------------------


@_numpys
def copy(a: Any) -> Any:
    return structural.reshape(a, np.shape(a))


@_numpys
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return structural.concatenate([arr, values], axis=axis)


@_numpys
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    return composite.take(a, np.flatnonzero(numbers(condition)), axis)


@_numpys
def extract(condition: Any, arr: Any) -> Any:
    return composite.take(arr, np.flatnonzero(numbers(condition)))


@_numpys
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    arr = as_array(arr, "delete")
    count = arr.size if axis is None else arr.shape[axis]
    return composite.take(arr, np.delete(np.arange(count), obj), axis)


@_numpys
def unstack(x: Any, axis: int = 0) -> Any:
    x = as_array(x, "unstack")
    before = (_ALL,) * one_axis(axis, "unstack", x.shape)
    return tuple(structural.index(x, (*before, i)) for i in range(x.shape[axis]))


@_numpys
def fliplr(m: Any) -> Any:
    return composite.flip(m, 1)


@_numpys
def flipud(m: Any) -> Any:
    return composite.flip(m, 0)


@_numpys
def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    for _ in range(k % 4):
        m = composite.flip(composite.swapaxes(m, *axes), axes[0])
    return m


@_numpys
def broadcast_arrays(*args: Any) -> Any:
    arrays = _sequence(args)
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return tuple(structural.broadcast_to(a, shape) for a in arrays)


@_numpys
def meshgrid(*xi: Any, sparse: bool = False, indexing: str = "xy") -> Any:
    arrays = [structural.reshape(x, -1) for x in xi]
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is 'xy' or 'ij', not {indexing!r}")
    places = [*range(len(arrays))]
    if indexing == "xy":
        places[:2] = places[:2][::-1]
    shapes = [tuple(-1 if k == i else 1 for k in range(len(arrays))) for i in places]
    spread = [structural.reshape(a, shape) for a, shape in zip(arrays, shapes)]
    return tuple(spread) if sparse else broadcast_arrays(*spread)


@_numpys
def full(shape: Any, fill_value: Any) -> Any:
    return structural.broadcast_to(fill_value, shape)


@_numpys
def full_like(a: Any, fill_value: Any) -> Any:
    shape = np.shape(a)
    return full(shape, fill_value) if _is_node(fill_value) else np.full(shape, fill_value, _dtype(a))


def _is_node(x: Any) -> bool:
    return hasattr(type(x), "_apply_op") or _is_of_objects(x)


def _is_of_objects(x: Any) -> bool:
    return getattr(getattr(x, "dtype", None), "kind", "") == "O"


def _dtype(a: Any) -> Any:
    return a.dtype if hasattr(a, "dtype") and not _is_of_objects(a) else float


@_numpys
def zeros_like(a: Any, dtype: Any = None) -> Any:
    return np.zeros(np.shape(a), dtype or _dtype(a))


@_numpys
def ones_like(a: Any, dtype: Any = None) -> Any:
    return np.ones(np.shape(a), dtype or _dtype(a))


@_numpys
def empty_like(prototype: Any, dtype: Any = None) -> Any:
    return np.zeros(np.shape(prototype), dtype or _dtype(prototype))


@_numpys
def unique(ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False) -> Any:
    options: Any = {"return_inverse": return_inverse, "return_counts": return_counts}
    found = np.unique(numbers(ar), return_index=True, **options)
    values = composite.take(ar, found[1])
    rest = found[1 + (not return_index) :]
    return (values, *rest) if rest else values


# --- sums and means --------------------------------------------------------------------------------------------------


@_numpys
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    at = np.asarray(numbers(x))
    most = np.finfo(at.dtype).max if at.dtype.kind == "f" else 0.0
    x = el.where(np.isnan(at), nan, x)
    x = el.where(np.isposinf(at), most if posinf is None else posinf, x)
    return el.where(np.isneginf(at), -most if neginf is None else neginf, x)


@_numpys
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    y = as_array(y, "trapezoid")
    before = (_ALL,) * one_axis(axis, "trapezoid", y.shape)
    left, right = (*before, slice(None, -1)), (*before, slice(1, None))
    if x is not None:
        x = as_array(x, "trapezoid")
        dx = x[1:] - x[:-1] if x.ndim == 1 else x[right] - x[left]
        if x.ndim == 1:
            dx = structural.reshape(dx, (-1, *(1,) * (y.ndim - 1 - len(before))))
    return structural.sum((y[left] + y[right]) * dx, axis=axis) / 2.0


NUMPYS["trapz"] = trapezoid

# --- products, polynomials, signals ----------------------------------------------------------------------------------


@_numpys
def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    return structural.sum(el.mul(x1, x2), axis=axis)


@_numpys
def matvec(x1: Any, x2: Any) -> Any:
    return structural.sum(el.mul(x1, composite.expand_dims(x2, -2)), axis=-1)


@_numpys
def vecmat(x1: Any, x2: Any) -> Any:
    return structural.sum(el.mul(composite.expand_dims(x1, -1), x2), axis=-2)


@_numpys
def cross(a: Any, b: Any) -> Any:
    a, b = as_array(a, "cross"), as_array(b, "cross")
    if a.shape[-1:] != (3,) or b.shape[-1:] != (3,):
        raise ValueError(f"cross: shapes {a.shape} and {b.shape} do not fit: the last axes have three elements")
    turned = [..., [1, 2, 0]], [..., [2, 0, 1]]
    (one, other) = map(tuple, turned)
    return a[one] * b[other] - a[other] * b[one]


@_numpys
def polyval(p: Any, x: Any) -> Any:
    return reduce(lambda y, c: y * x + c, p, 0.0 * x)


@_numpys
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    x = as_array(x, "vander")
    powers = range(len(x) if N is None else N)
    return composite.stack([el.pow(x, float(k)) for k in (powers if increasing else reversed(powers))], axis=-1)


@_numpys
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    a, v = as_array(a, "convolve"), as_array(v, "convolve")
    if len(v) > len(a):
        a, v = v, a
    lengths = {"full": 0, "same": (len(v) - 1) // 2, "valid": len(v) - 1}
    if mode not in lengths:
        raise ValueError(f"convolve: mode is full, same or valid, not {mode!r}")
    padded = composite.pad(a, len(v) - 1)
    windows = np.arange(len(a) + len(v) - 1)[:, None] + np.arange(len(v))
    whole = structural.matmul(padded[windows], v[::-1])
    count = {"full": len(whole), "same": len(a), "valid": len(a) - len(v) + 1}[mode]
    return whole[lengths[mode] : lengths[mode] + count]


@_numpys
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    if len(v) > len(a) and mode != "full":
        return convolve(v, composite.flip(a), mode)[::-1]
    return convolve(a, composite.flip(v), mode)


@_numpys
def gradient(f: Any, *varargs: Any, axis: Any = None) -> Any:
    f = as_array(f, "gradient")
    places = range(f.ndim) if axis is None else [axis] if is_integer(axis) else axis
    steps = varargs * len(places) if len(varargs) == 1 else varargs or (1.0,) * len(places)
    if len(steps) != len(places) or any(np.ndim(h) for h in steps):
        raise TypeError("gradient: give no spacing, one number, or a number for each axis")
    found = []
    for place, h in zip(places, steps):
        before = (_ALL,) * one_axis(place, "gradient", f.shape)
        at = [(*before, slice(*ends)) for ends in ((0, 1), (1, 2), (-2, -1), (-1, None), (None, -2), (2, None))]
        inner = (f[at[5]] - f[at[4]]) / (2.0 * h)
        found.append(
            structural.concatenate([(f[at[1]] - f[at[0]]) / h, inner, (f[at[3]] - f[at[2]]) / h], axis=len(before))
        )
    return found[0] if len(found) == 1 else tuple(found)


@_numpys
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    xp, fp = as_array(xp, "interp"), as_array(fp, "interp")
    at, knots = np.asarray(numbers(x)), np.asarray(numbers(xp))
    i = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    y = fp[i] + (x - xp[i]) * ((fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i]))
    y = el.where(at < knots[0], fp[0] if left is None else left, y)
    return el.where(at > knots[-1], fp[-1] if right is None else right, y)


@_numpys
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Any:
    if axis != 0:
        raise TypeError("linspace: axis is 0 where a gradient is wanted; move it with moveaxis")
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    t = np.linspace(0.0, 1.0, num, endpoint).reshape(-1, *(1,) * len(shape))
    return start * (1 - t) + stop * t


@_numpys
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0.0) -> Any:
    pairs = reversed(list(zip(condlist, choicelist)))
    return reduce(lambda rest, pair: el.where(np.asarray(numbers(pair[0])) != 0, pair[1], rest), pairs, default)


# --- elementwise -----------------------------------------------------------------------------------------------------


def _itself(x: Any) -> Any:
    return x


NUMPYS |= dict.fromkeys(["conjugate", "real", "real_if_close"], _itself)
NUMPYS |= {
    "imag": lambda x: zeros_like(x),
    "float_power": lambda x1, x2: el.pow(x1, x2),
}
