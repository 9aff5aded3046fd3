"""Arguments as arrays, checked: one sentence where something is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.ops.given import require_unmasked
from scalargrad.settings import Array, number, short


def amount(given: Any, what: str) -> float:
    """``given`` as a finite float that is not negative."""
    try:
        return number(given, what, least=0)
    except ValueError:
        raise ValueError(f"{what} must be a finite number that is not negative, not {float(given)}") from None


def named_classes(which: Array, labels: Any, classes: int, where: str) -> Array:
    """The classes 0, 1, … of the examples under the labels asked for."""
    require_unmasked(f"{where}: labels", labels)
    try:
        names = np.arange(classes) if labels is None else np.asarray(labels)
    except (TypeError, ValueError):
        names = np.empty(0)
    if names.shape != (classes,) or len(np.unique(names)) != classes:
        raise ValueError(f"{where}: labels must name each of the {classes} classes differently, not {short(labels)}")
    named: Array = names[which]
    return named


def finite(data: Any, what: str) -> Array:
    """``data`` as an array of finite floats."""
    require_unmasked(what, data)
    try:
        raw = np.asarray(data)
        if raw.dtype.kind not in "fiubO" or (raw.dtype == object and any(x is None for x in raw.flat)):
            raise TypeError
        array = raw.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be an array of numbers, with rows of one length, not {short(data)}") from None
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{what} has {array[place]} at {list(place)}: every number must be finite")
    return array


def matrix(data: Any, what: str = "X") -> Array:
    """``data`` as finite floats of shape (n, features)."""
    array = finite(data, what)
    if array.ndim != 2:
        raise ValueError(f"{what} must have the shape (n, features), one example a row, not {array.shape}")
    return array


def pair(X: Any, y: Any, where: str) -> tuple[Array, Array]:
    """``X`` and ``y`` as arrays of equally many rows; ``where`` is the function that takes them."""
    require_unmasked(f"{where}: X", X)
    require_unmasked(f"{where}: y", y)
    try:
        rows, targets = np.asarray(X), np.asarray(y)
    except ValueError:
        raise ValueError(f"{where}: X and y must be arrays, with rows of one length") from None
    except TypeError:
        raise TypeError(f"{where}: X and y must be arrays of numbers, not Tensors: give their .data") from None
    if not rows.ndim or not targets.ndim:
        raise ValueError(f"{where}: X and y must be arrays with one entry for each example, not single numbers")
    if len(rows) != len(targets):
        raise ValueError(f"{where}: X has {len(rows)} examples and y has {len(targets)}: they must be as many")
    if not len(rows):
        raise ValueError(f"{where}: X and y are empty: there must be at least one example")
    return rows, targets
