"""Losses of regression: p are predictions, y targets, both of one shape."""

from __future__ import annotations

from typing import Any

from scalargrad.nn.losses.reducing import loss, numbers_in, paired, reduced
from scalargrad.ops import elementwise as ops
from scalargrad.settings import number


@loss
def mse(predictions: Any, targets: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Mean squared error, mean of (p − y)².

    It is −log of the likelihood, but for constants, where targets are normally distributed about the predictions with
    one variance: −log exp(−(y − p)²/2σ²) = (y − p)²/2σ².

    >>> from scalargrad import Value
    >>> p = Value(3.0)
    >>> mse(p, 1.0).backward()
    >>> p.grad
    4.0
    """
    p, y = paired("mse", predictions, targets)
    return reduced("mse", ops.square(p - y), reduction, sample_weight)


@loss
def mae(predictions: Any, targets: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Mean absolute error, mean of |p − y|: −log likelihood of Laplace's distribution, so outliers weigh less."""
    p, y = paired("mae", predictions, targets)
    return reduced("mae", ops.abs(p - y), reduction, sample_weight)


@loss
def mean_bias_error(predictions: Any, targets: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Mean bias error, mean of p − y: whether predictions are too large on the whole. It has no minimum."""
    p, y = paired("mean_bias_error", predictions, targets)
    return reduced("mean_bias_error", p - y, reduction, sample_weight)


@loss
def mape(predictions: Any, targets: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Mean absolute percentage error, mean of |p − y|/|y|, as a fraction. Targets must not be 0."""
    p, y = paired("mape", predictions, targets)
    numbers_in("mape", y, lambda x: x != 0, "numbers other than 0, by which it divides")
    return reduced("mape", ops.abs((p - y) / y), reduction, sample_weight)


@loss
def huber(
    predictions: Any, targets: Any, reduction: str = "mean", *, delta: float = 1.0, sample_weight: Any = None
) -> Any:
    """Huber's loss: ½d² where |d| = |p − y| ≤ δ, else δ·(|d| − ½δ). Huber 1964.

    >>> [huber(p, 0.0) for p in (0.5, 3.0)]
    [0.125, 2.5]
    """
    delta = number(delta, "huber: delta")
    if not delta > 0:
        raise ValueError(f"huber: delta is a number above 0, not {delta!r}")
    p, y = paired("huber", predictions, targets)
    size = ops.abs(p - y)
    near = ops.minimum(size, delta)
    return reduced("huber", near * (size - near * 0.5), reduction, sample_weight)
