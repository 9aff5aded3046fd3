"""Arguments of plots as plain arrays; and functions, evaluated on grids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scalargrad.metrics.arrays import plain
from scalargrad.modes import no_grad
from scalargrad.settings import Array, short


def numbers(data: Any, what: str) -> Array:
    """``data`` (numbers, arrays, Values, Tensors, lists of these) as floats; inf and nan may be among them."""
    try:
        return plain(data).astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be numbers, not {short(data)}") from None


def row(data: Any, what: str) -> Array:
    """``data`` as floats of shape (n,), at least one."""
    array = numbers(data, what)
    if array.ndim != 1 or not array.size:
        raise ValueError(f"{what} must be a list of at least one number, not an array of shape {array.shape}")
    return array


def interval(given: Any, what: str) -> tuple[float, float]:
    """``(lowest, highest)``."""
    bounds = numbers(given, what)
    if bounds.shape != (2,) or not np.isfinite(bounds).all() or bounds[0] >= bounds[1]:
        raise ValueError(f"{what} must be a pair (lowest, highest), not {given!r}")
    return float(bounds[0]), float(bounds[1])


def heights(f: Callable[[Any, Any], Any], x: Array, y: Array) -> Array:
    """``f(x, y)`` at every place of two arrays of one shape.

    On whole arrays where that works, else place by place: ``f`` may be written for numbers, or for Values.
    """
    with no_grad(), np.errstate(all="ignore"):
        try:
            whole = plain(f(x, y)).astype(np.float64)
        except (TypeError, ValueError, AttributeError):
            whole = np.zeros(0)
        if whole.shape == x.shape:
            return whole
        found = [plain(f(float(a), float(b))) for a, b in zip(x.flat, y.flat)]
    for value in found:
        if value.size != 1:
            raise ValueError(f"f(x, y) must give one number, not an array of shape {value.shape}")
    return np.array([float(value.reshape(())) for value in found]).reshape(x.shape)
