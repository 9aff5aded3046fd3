"""NumPy as the forwards of the rows see it (``xp``): all of NumPy, and the special functions that it lacks.

These take an array and, as NumPy's ufuncs do, a place for the result. They agree with :mod:`scalargrad.numerics`, which
has the polynomials, and are exact to a few ulp, far out in the tails as well.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import *  # noqa: F403

from scalargrad import numerics

del test  # noqa: F821 - NumPy's own tests: pytest would take them for ours

Array = np.ndarray[Any, np.dtype[Any]]

_FEW = 400
"""Up to how many elements Python's functions are faster, one by one."""
_BLOCK = 4096
"""How many are computed at once: so that all steps find them in the cache."""

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""The special functions by name."""


def _special(kernel: Callable[[Array], Array]) -> Callable[..., Any]:
    """A function on arrays of any float type, from one on a block of float64."""
    name = kernel.__name__
    single = getattr(numerics, name)

    @functools.wraps(kernel)
    def function(a: Any, out: Any = None) -> Any:
        a = np.asarray(a)
        if a.dtype.kind != "f":
            a = a.astype(float)
        flat = a.reshape(-1)
        found = np.empty(flat.shape, a.dtype)
        if a.size <= _FEW:
            found[:] = [single(x) for x in flat.tolist()]
        else:
            for start in range(0, a.size, _BLOCK):
                block = slice(start, start + _BLOCK)
                found[block] = kernel(flat[block].astype(float))
        result = found.reshape(a.shape)
        if out is None:
            return result[()]
        out[...] = result
        return out

    FUNCTIONS[name] = function
    return function


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    sum_ = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        sum_ *= x
        sum_ += c
    return sum_


def _scaled_tail(z: Array) -> Array:
    """``exp(z²)·erfc(z)`` for z ≥ 0."""
    tail = _polynomial(numerics.ERFCX, 1 - 6 / (z + 3))
    tail /= 1 + 2 * z
    return tail


def _exp_of_square(z: Array, sign: int) -> Array:
    """``exp(±z²)``, the rounding of the square made good: of a square of 700, that would be the last three digits."""
    square = z * z
    shifted = 134217729.0 * z  # half of the bits: Veltkamp's splitting
    high = shifted - (shifted - z)
    low = z - high
    rest = high * high
    rest -= square
    rest += 2 * high * low
    rest += low * low
    power = np.exp(sign * square)
    rest *= sign * power
    return np.asarray(np.where(power < np.inf, power + rest, power))


def _tail(z: Array) -> Array:
    """``erfc(z)`` for 0 ≤ z ≤ 40."""
    return _scaled_tail(z) * _exp_of_square(z, -1)


@_special
def erf(x: Array) -> Array:
    """``2/√π·∫₀ˣ exp(−t²) dt``, on arrays."""
    z = np.absolute(x)
    near = z < 0.5
    y = _near_0(z) if near.any() else z
    if not near.all():
        y = np.where(near, y, 1 - _tail(np.minimum(z, 40.0, out=z)))
    return np.copysign(y, x, out=y)


def _near_0(x: Array) -> Array:
    return x * _polynomial(_ERF, x * x)


_ERF = (
    -1.4621341491012844e-07, 1.6371282597755977e-06, -1.4923005626894847e-05, 0.00012055286259121393,
    -0.0008548326511566567, 0.005223977622024224, -0.026866170645000076, 0.1128379167095487,
    -0.3761263890318375, 1.1283791670955126,
)  # fmt: skip
"""``erf(x)/x`` as a polynomial in x², for |x| ≤ 1/2: interpolated at Chebyshev's points to 50 digits."""


@_special
def erfc(x: Array) -> Array:
    """``1 − erf(x)``, on arrays: without the loss of digits on the right."""
    z = np.absolute(x)
    near = z < 0.5
    y = 1 - _near_0(x) if near.any() else x
    if not near.all():
        tail = _tail(np.minimum(z, 40.0, out=z))
        y = np.where(near, y, np.where(x < 0, 2 - tail, tail))
    return y


@_special
def erfcx(x: Array) -> Array:
    """``exp(x²)·erfc(x)``, on arrays."""
    z, left = np.absolute(x), x < 0
    y = _scaled_tail(z)
    return np.where(left, 2 * _exp_of_square(np.minimum(z, 40.0, out=z), 1) - y, y) if left.any() else y
