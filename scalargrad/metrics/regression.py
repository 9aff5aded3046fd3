"""How far predicted numbers are off: y is the truth, ŷ the prediction, both of shape (n,) or (n, outputs).

Of several outputs, each is measured by itself and the plain mean is given. Every function raises ValueError for shapes
that differ, no examples, nan and infinity.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.metrics.arrays import numbers, require_length, weights
from scalargrad.settings import Array

__all__ = ["mae", "mape", "max_error", "mean_bias_error", "mse", "r2", "rmse"]


def mse(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Mean squared error (1/n) Σ (ŷ_i − y_i)², in the square of y's unit.

    >>> mse([3.0, 5.0], [2.0, 5.0])
    0.5
    """
    return float(_squared(y_true, y_pred, sample_weight).mean())


def rmse(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """The square root of :func:`mse` (of each output), in y's unit.

    >>> rmse([3.0, 5.0, 1.0, 1.0], [2.0, 5.0, 1.0, 1.0])
    0.5
    """
    return float(np.sqrt(_squared(y_true, y_pred, sample_weight)).mean())


def mae(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Mean absolute error (1/n) Σ |ŷ_i − y_i|, in y's unit.

    >>> mae([3.0, 5.0], [2.0, 5.5])
    0.75
    """
    true, predicted, weight = _pair(y_true, y_pred, sample_weight)
    return float(_mean(np.abs(predicted - true), weight).mean())


def mean_bias_error(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Mean bias error (1/n) Σ (ŷ_i − y_i): above 0 if the predictions are too high on the whole. Errors may cancel.

    >>> mean_bias_error([3.0, 5.0], [2.0, 5.5])
    -0.25
    """
    true, predicted, weight = _pair(y_true, y_pred, sample_weight)
    return float(_mean(predicted - true, weight).mean())


def mape(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Mean absolute percentage error (1/n) Σ |ŷ_i − y_i| / |y_i|, as a fraction: 0.1 is 10 %.

    Where y is 0 it is divided by 2.2e-16, so that a miss there makes the mean huge: choose another measure then.

    >>> round(mape([4.0, 5.0], [3.0, 5.5]), 3)
    0.175
    """
    true, predicted, weight = _pair(y_true, y_pred, sample_weight)
    least = np.finfo(float).eps
    return float(_mean(np.abs(predicted - true) / np.maximum(np.abs(true), least), weight).mean())


def r2(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """The share of the variance that is explained: 1 − Σ (ŷ_i − y_i)² / Σ (y_i − ȳ)².

    1 is perfect, 0 is no better than the mean, below 0 is worse. If y is constant it is 1 for perfect predictions and
    0 otherwise. Raises ValueError for a single example, which has no variance.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    true, predicted, weight = _pair(y_true, y_pred, sample_weight)
    if len(true) < 2:
        raise ValueError("r2 compares with the variance of y_true, so it needs at least two examples")
    missed = (weight[:, None] * (predicted - true) ** 2).sum(axis=0)
    spread = (weight[:, None] * (true - _mean(true, weight)) ** 2).sum(axis=0)
    some = spread != 0
    share = np.where(some, missed / np.where(some, spread, 1.0), missed != 0)
    return float((1 - share).mean())


def max_error(y_true: Any, y_pred: Any) -> float:
    """The largest error of all, max |ŷ_i − y_i|, in y's unit.

    >>> max_error([3.0, 5.0], [2.0, 5.5])
    1.0
    """
    true, predicted, _ = _pair(y_true, y_pred, None)
    return float(np.abs(predicted - true).max())


def _squared(y_true: Any, y_pred: Any, sample_weight: Any) -> Array:
    true, predicted, weight = _pair(y_true, y_pred, sample_weight)
    return _mean((predicted - true) ** 2, weight)


def _mean(errors: Array, weight: Array) -> Array:
    return np.asarray(np.average(errors, axis=0, weights=weight))


def _pair(y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Array, Array, Array]:
    """Both as (n, outputs), and the weights: (n,) and (n, 1) mean the same, and never broadcast to (n, n)."""
    true, predicted = (_as_columns(x, what) for x, what in ((y_true, "y_true"), (y_pred, "y_pred")))
    require_length(predicted, len(true), "y_pred")
    if true.shape != predicted.shape:
        raise ValueError(f"y_true has {true.shape[1]} outputs for each example and y_pred {predicted.shape[1]}")
    return true, predicted, weights(sample_weight, len(true))


def _as_columns(data: Any, what: str) -> Array:
    array = np.atleast_1d(numbers(data, what))
    if array.ndim > 2:
        raise ValueError(f"{what} must have the shape (n,) or (n, outputs), not {array.shape}")
    return array.reshape(len(array), -1)
