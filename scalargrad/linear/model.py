"""What the linear models share: the scores XW + b, checks of arguments, and gradient descent."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from scalargrad.metrics.arrays import numbers
from scalargrad.settings import Array, Seed, flag, generator, number, one_of, short


class LinearModel:
    """Scores ``X @ coef + intercept``, of X of shape (n, features)."""

    coef: Array
    """The weights: of shape (features,), or (features, outputs) where there are several outputs."""
    intercept: Any
    """The bias: a float, or one for each output."""
    history: list[float]
    """The loss on the training data at the beginning and after each epoch."""
    converged: bool
    """Whether training converged; False if it ran out of epochs."""

    def scores(self, X: Any) -> Array:
        """XW + b: of shape (n,), or (n, outputs)."""
        if not hasattr(self, "coef"):
            raise RuntimeError(f"{type(self).__name__} has not learned anything yet: call fit(X, y) first")
        features = examples(X)
        if features.shape[1] != len(self.coef):
            raise ValueError(
                f"{type(self).__name__} was fitted to {len(self.coef)} features, but X has {features.shape[1]} columns"
            )
        return np.asarray(features @ self.coef + self.intercept)

    def _learned(self, weights: Array, intercept: bool, history: list[float], converged: bool) -> Self:
        """Store the result of training; the first row of ``weights`` is the intercept, if there is one."""
        bias = weights[0] if intercept else np.zeros(weights.shape[1:])
        self.coef = weights[1:].copy() if intercept else weights
        self.intercept = float(bias) if bias.ndim == 0 else bias.copy()
        self.history, self.converged = history, converged
        return self


class DescentModel(LinearModel):
    """A linear model trained by gradient descent: w ← w − lr·∇L(w), where ∇L = (factor/n)·Xᵀ(ŷ − y).

    ``method`` "gd" takes the gradient over all examples, one step an epoch; "sgd" takes ``batch_size`` examples at a
    time, in an order that ``seed`` decides anew in each epoch. ``lr=None`` chooses a safe rate from the data: 1/λ, λ
    being a bound of the curvature of the loss (of its steepest example, for "sgd"). Training ends when no entry of the
    gradient over all examples is larger than ``tolerance``, or after ``epochs``; ``converged`` says which.
    ``fit_intercept=False`` leaves out b.
    """

    methods: tuple[str, ...] = ("gd", "sgd")
    factor = 1.0
    """The factor in the derivative of the loss by the score: ∂L/∂z = factor·(ŷ − y)."""
    bend = 1.0
    """The largest second derivative of the loss of one example by its score."""

    def __init__(
        self,
        method: str = "gd",
        *,
        lr: float | None = None,
        epochs: int = 1000,
        batch_size: int = 1,
        tolerance: float = 1e-6,
        seed: Seed = None,
        fit_intercept: bool = True,
    ) -> None:
        name = type(self).__name__
        if not one_of(method, self.methods):
            raise ValueError(f"{name}: method is one of {', '.join(map(repr, self.methods))}, not {short(method)}")
        lr = None if lr is None else positive(lr, name, ", or None to choose one from the data")
        for what, count, least in (("epochs", epochs, 0), ("batch_size", batch_size, 1)):
            if not isinstance(count, (int, np.integer)) or isinstance(count, bool) or count < least:
                raise ValueError(f"{name}: {what} must be a whole number from {least} on, not {short(count)}")
        tolerance = number(tolerance, f"{name}: tolerance")
        if not tolerance >= 0:
            raise ValueError(f"{name}: tolerance must be a number from 0 on, not {tolerance!r}")
        self.method, self.lr, self.epochs, self.batch_size = method, lr, epochs, batch_size
        generator(seed, f"{name}: seed")
        self.tolerance, self.seed, self.fit_intercept = tolerance, seed, flag(fit_intercept, f"{name}: fit_intercept")

    def outputs(self, scores: Array) -> Array:
        """ŷ: what the scores mean."""
        raise NotImplementedError

    def loss(self, scores: Array, targets: Array) -> float:
        """The mean loss of these scores."""
        raise NotImplementedError

    def gradient(self, X: Array, targets: Array, weights: Array) -> Array:
        """(factor/n)·Xᵀ(ŷ − y), of the shape of ``weights``, where ŷ is made of the scores X @ weights."""
        return np.asarray(self.factor / len(X) * (X.T @ (self.outputs(X @ weights) - targets)))

    def _descend(self, features: Array, targets: Array) -> Self:
        """Train from weights 0; if it fails the model stays as it was."""
        X = with_ones(features) if self.fit_intercept else features
        weights = np.zeros((X.shape[1], *targets.shape[1:]))
        rng = np.random.default_rng(self.seed)
        size = len(X) if self.method == "gd" else min(self.batch_size, len(X))
        with np.errstate(over="ignore"):
            lr = self._safe_rate(X, size) if self.lr is None else self.lr
        if lr == 0:
            raise ValueError(f"{type(self).__name__}: the features are too large to descend on: standardize them first")
        history = [self.loss(X @ weights, targets)]
        with np.errstate(all="ignore"):
            while True:
                whole = self.gradient(X, targets, weights)
                converged = bool(np.abs(whole).max() <= self.tolerance)
                if converged or len(history) > self.epochs:
                    return self._learned(weights, self.fit_intercept, history, converged)
                order = rng.permutation(len(X)) if size < len(X) else np.arange(len(X))
                for start in range(0, len(X), size):
                    batch = order[start : start + size]
                    step = whole if size == len(X) else self.gradient(X[batch], targets[batch], weights)
                    weights = weights - lr * step
                history.append(self.loss(X @ weights, targets))
                if not np.isfinite(history[-1]):
                    raise FloatingPointError(
                        f"{type(self).__name__}: with lr={lr:g} the loss was {history[-1]} after {len(history) - 1} "
                        f"epochs: choose a smaller one ({self._safe_rate(X, size):.3g} is safe here), or standardize "
                        "the features"
                    )

    def _safe_rate(self, X: Array, size: int) -> float:
        """1/λ, λ being a bound of the largest eigenvalue of the Hessian over any batch of that size."""
        whole = size == len(X)
        largest = float(np.linalg.norm(X, 2) ** 2 / len(X) if whole else (X**2).sum(axis=1).max())
        return 1 / (self.bend * largest) if largest else 1.0

    def __repr__(self) -> str:
        text = f"{type(self).__name__}(method={self.method!r}"
        if hasattr(self, "coef"):
            text += f", loss={self.history[-1]:.6g}"
            text += f" after {len(self.history) - 1} epochs" if self.method in DescentModel.methods else ""
        return text + ")"


def examples(X: Any) -> Array:
    """X as an array of shape (n, features)."""
    array = numbers(X, "X")
    if array.ndim != 2:
        hint = ": a single feature is a column, X.reshape(-1, 1)" if array.ndim == 1 else ""
        raise ValueError(f"X must have the shape (n, features), one example a row, not {array.shape}{hint}")
    return array


def one_each(X: Array, y: Array) -> None:
    """There must be one target for each example."""
    if len(X) != len(y):
        raise ValueError(f"X has {len(X)} rows and y has length {len(y)}: there must be one target for each example")


def with_ones(X: Array) -> Array:
    """The column of ones before the others, whose weight is the intercept: (1, x)."""
    return np.column_stack([np.ones(len(X)), X])


def positive(lr: Any, name: str, otherwise: str = "") -> float:
    """A learning rate as a plain number above 0."""
    try:
        return number(lr, f"{name}: lr", above=0)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: lr must be a number above 0{otherwise}, not {short(lr)}") from None
