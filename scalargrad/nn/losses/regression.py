"""Losses of regression: p are predictions, y targets, both of one shape."""

from __future__ import annotations

from typing import Any

from scalargrad.nn.losses.reducing import loss, numbers_in, paired, reduced
from scalargrad.ops import elementwise as ops
from scalargrad.settings import flag, number


@loss(module="MSELoss")
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


@loss(module="L1Loss")
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


@loss(module="HuberLoss")
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


@loss(module="SmoothL1Loss")
def smooth_l1(
    predictions: Any, targets: Any, reduction: str = "mean", *, beta: float = 1.0, sample_weight: Any = None
) -> Any:
    """Huber's loss divided by its δ, here β: d²/2β where |d| = |p − y| < β, else |d| − β/2; |d| where β = 0.

    >>> [smooth_l1(p, 0.0, beta=2.0) for p in (1.0, 3.0)]
    [0.25, 2.0]
    """
    beta = number(beta, "smooth_l1: beta", least=0)
    p, y = paired("smooth_l1", predictions, targets)
    size = ops.abs(p - y)
    near = ops.minimum(size, beta)
    losses = size if beta == 0 else near * (size - near * 0.5) / beta
    return reduced("smooth_l1", losses, reduction, sample_weight)


@loss(module="PoissonNLLLoss")
def poisson_nll(
    predictions: Any,
    targets: Any,
    reduction: str = "mean",
    *,
    log_input: bool = True,
    eps: float = 1e-8,
    sample_weight: Any = None,
) -> Any:
    """−log likelihood of counts y under Poisson's distribution, but for log y!: eᵖ − y·p, p being the log of its mean.

    Where ``log_input`` is False p is the mean itself: p − y·log(p + eps).

    >>> poisson_nll(0.0, 3.0).item(), round(poisson_nll(2.0, 3.0, log_input=False).item(), 4)
    (1.0, -0.0794)
    """
    eps = number(eps, "poisson_nll: eps", least=0)
    p, y = paired("poisson_nll", predictions, targets)
    numbers_in("poisson_nll", y, lambda x: x >= 0, "counts from 0 on")
    losses = ops.exp(p) - y * p if flag(log_input, "poisson_nll: log_input") else p - y * ops.log(p + eps)
    return reduced("poisson_nll", losses, reduction, sample_weight)
