"""Losses: functions of predictions and targets, on Values, Tensors, arrays and numbers alike.

Each takes ``reduction="mean"`` (of all elements), ``"sum"`` or ``"none"``, and ``sample_weight``, a number of 0 or more
for each example, by which its loss is multiplied; the mean is then divided by the sum of the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scalargrad.nn.losses.classification import (
    bce,
    bce_with_logits,
    cross_entropy,
    exponential,
    hinge,
    logistic,
    multiclass_hinge,
    nll,
    smooth_hinge,
    squared_hinge,
)
from scalargrad.nn.losses.regression import huber, mae, mape, mean_bias_error, mse

LOSSES: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        bce, bce_with_logits, cross_entropy, exponential, hinge, huber, logistic, mae, mape, mean_bias_error, mse,
        multiclass_hinge, nll, smooth_hinge, squared_hinge,
    )
}  # fmt: skip
"""Every loss by name."""

__all__ = [
    "LOSSES", "bce", "bce_with_logits", "cross_entropy", "exponential", "hinge", "huber", "logistic", "mae", "mape",
    "mean_bias_error", "mse", "multiclass_hinge", "nll", "smooth_hinge", "squared_hinge",
]  # fmt: skip
