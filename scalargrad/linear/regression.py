"""Linear regression, by the normal equation or by descent."""

from __future__ import annotations

from typing import Any, Self

from scalargrad.linear.model import DescentModel, examples, one_each, with_ones
from scalargrad.linear.normal import solve
from scalargrad.metrics.arrays import numbers
from scalargrad.settings import Array, Seed

__all__ = ["LinearRegression"]


class LinearRegression(DescentModel):
    """ŷ = Xw + b, with the least mean squared error L = (1/n) Σ (ŷ_i − y_i)².

    - ``method="normal"`` solves the normal equation w = (XᵀX)⁻¹Xᵀy at once (X with a column of ones, for b). (The
      lecture keeps one example a column, so its formula has the transposes the other way round.)
    - ``method="gd"`` and ``"sgd"`` descend: w ← w − lr·(2/n)·Xᵀ(Xw − y), over all examples or ``batch_size`` at a time.
      They also find a solution where features are dependent. See :class:`~scalargrad.linear.model.DescentModel` for
      ``lr``, ``epochs``, ``tolerance`` and ``seed``.

    After ``fit``: ``coef`` (features,), ``intercept``, ``history`` (the mean squared error at the beginning and after
    each epoch; for "normal" the final one alone), ``converged``. For y of shape (n, outputs), ``coef`` is of shape
    (features, outputs), and the errors of an example's outputs are added.

    ``fit`` raises ValueError on dependent features with "normal", naming them, and FloatingPointError where descent
    runs away; the model keeps what it had.

    >>> X, y = [[1.0, 2.0], [2.0, 0.0], [3.0, 1.0], [4.0, 5.0]], [6.0, 3.0, 6.0, 15.0]
    >>> model = LinearRegression().fit(X, y)
    >>> model.coef.round(3), round(model.intercept, 3)
    (array([1., 2.]), 1.0)
    >>> descended = LinearRegression("gd", epochs=5000).fit(X, y)
    >>> descended.coef.round(3), round(descended.intercept, 3), descended.converged
    (array([1., 2.]), 1.0, True)
    >>> LinearRegression().fit([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], [1.0, 2.0, 3.0])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: the features are dependent, so XᵀX has no inverse (column 1 is a multiple of column 0): drop ...
    """

    methods = ("normal", "gd", "sgd")
    factor = 2.0
    bend = 2.0

    def __init__(
        self,
        method: str = "normal",
        *,
        lr: float | None = None,
        epochs: int = 1000,
        batch_size: int = 1,
        tolerance: float = 1e-6,
        seed: Seed = None,
        fit_intercept: bool = True,
    ) -> None:
        super().__init__(
            method,
            lr=lr,
            epochs=epochs,
            batch_size=batch_size,
            tolerance=tolerance,
            seed=seed,
            fit_intercept=fit_intercept,
        )

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from X (n, features) and y (n,) or (n, outputs); the model itself is returned."""
        features, targets = examples(X), numbers(y, "y")
        if targets.ndim not in (1, 2):
            raise ValueError(f"y must have the shape (n,) or (n, outputs), not {targets.shape}")
        one_each(features, targets)
        if self.method != "normal":
            return self._descend(features, targets)
        columns = with_ones(features) if self.fit_intercept else features
        weights = solve(columns, targets, self.fit_intercept)
        return self._learned(weights, self.fit_intercept, [self.loss(columns @ weights, targets)], True)

    def predict(self, X: Any) -> Array:
        """Xw + b, of shape (n,) or (n, outputs)."""
        return self.scores(X)

    def outputs(self, scores: Array) -> Array:
        return scores

    def loss(self, scores: Array, targets: Array) -> float:
        return float(((scores - targets) ** 2).sum() / len(targets))
