"""Centring and normalising: learned from the training set, applied to every other."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.data.arrays import finite
from scalargrad.settings import Array, flag

__all__ = ["Standardize", "centre", "normalise"]


class Standardize:
    """Each column x becomes (x − mean)/σ, with the mean and the standard deviation σ (with 1/n) of the training set.

    Fit it on the training set and apply it to the others: what is known about the test set must not leak into training.
    With ``scale=False`` it only centres, with ``centre=False`` it only scales. A column with one value everywhere has
    σ = 0; it is centred and not scaled, and named in ``constant``. Arrays have the shape (n, features), or (n,) for a
    target.

    Raises ValueError if used before :meth:`fit`, for another number of columns, and for inf and nan.

    >>> scale = Standardize()
    >>> scale.fit_transform([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0]]).round(4)
    array([[-1.2247,  0.    ],
           [ 0.    ,  0.    ],
           [ 1.2247,  0.    ]])
    >>> scale
    <Standardize of 2 columns, column 1 is constant>
    >>> scale.transform([[4.0, 8.0]]).round(4)
    array([[2.4495, 1.    ]])
    >>> scale.inverse(scale.transform([[4.0, 8.0]]))
    array([[4., 8.]])
    """

    def __init__(self, centre: bool = True, scale: bool = True) -> None:
        self.centre, self.scale = flag(centre, "Standardize: centre"), flag(scale, "Standardize: scale")
        self.mean: Array | None = None
        """What is subtracted from each column: (features,); None before :meth:`fit`."""
        self.sigma: Array | None = None
        """What each column is divided by: (features,), 1 for a constant one; None before :meth:`fit`."""
        self.constant: list[int] = []
        """The columns that had one value everywhere."""

    def fit(self, X: Any) -> Standardize:
        """Learn the mean and σ of each column; returns the scaler itself."""
        rows = _columns(X)
        if not len(rows):
            raise ValueError("X is empty: there must be at least one example to learn mean and scale from")
        flat = np.atleast_1d(rows.min(axis=0) == rows.max(axis=0))  # σ itself may be 1e-17 by rounding
        # by a power of two, which changes no digit: the squares of 1e200 are infinite, and those of 1e-200 are 0
        size = np.ldexp(1.0, np.frexp(np.abs(rows).max(axis=0))[1] - 1)
        mean, sigma = np.atleast_1d((rows / size).mean(axis=0) * size), np.atleast_1d((rows / size).std(axis=0) * size)
        mean = np.where(flat, np.atleast_1d(rows[0]), mean)
        self.constant = [int(i) for i in np.flatnonzero(flat)]
        self.mean = mean if self.centre else np.zeros_like(mean)
        self.sigma = np.where(flat | (sigma == 0), 1.0, sigma) if self.scale else np.ones_like(sigma)
        return self

    def transform(self, X: Any) -> Array:
        """(X − mean)/σ, in a new array."""
        rows, mean, sigma = self._fitting(X)
        with np.errstate(over="ignore"):
            moved = rows - mean
        return moved / sigma if np.isfinite(moved).all() else rows / sigma - mean / sigma

    def fit_transform(self, X: Any) -> Array:
        """:meth:`fit`, and :meth:`transform` of the same."""
        return self.fit(X).transform(X)

    def inverse(self, X: Any) -> Array:
        """Back again: X·σ + mean."""
        rows, mean, sigma = self._fitting(X)
        return rows * sigma + mean

    def _fitting(self, X: Any) -> tuple[Array, Array, Array]:
        if self.mean is None or self.sigma is None:
            raise ValueError("Standardize has no mean and scale yet: call fit with the training set first")
        rows = _columns(X)
        wide = rows.shape[1] if rows.ndim == 2 else 1
        if wide != len(self.mean):
            raise ValueError(f"X has {wide} columns and Standardize was fit on {len(self.mean)}")
        return rows, self.mean, self.sigma

    def __repr__(self) -> str:
        if self.mean is None:
            return "<Standardize, not fit yet>"
        columns = f"{len(self.mean)} column{'s' * (len(self.mean) != 1)}"
        if not self.constant:
            return f"<Standardize of {columns}>"
        which = ", ".join(map(str, self.constant))
        text = f"columns {which} are" if len(self.constant) > 1 else f"column {which} is"
        return f"<Standardize of {columns}, {text} constant>"


def centre(X: Any) -> Array:
    """Each column minus its mean: the set moved to 0.

    >>> centre([[1.0, 10.0], [3.0, 30.0]])
    array([[ -1., -10.],
           [  1.,  10.]])
    """
    return Standardize(scale=False).fit_transform(X)


def normalise(X: Any) -> Array:
    """Each column centred and divided by its standard deviation; :class:`Standardize` can apply it to other sets.

    >>> normalise([[1.0, 10.0], [3.0, 30.0]])
    array([[-1., -1.],
           [ 1.,  1.]])
    """
    return Standardize().fit_transform(X)


def _columns(X: Any) -> Array:
    rows = finite(X, "X")
    if rows.ndim not in (1, 2):
        raise ValueError(f"X must have the shape (n, features) or (n,), not {rows.shape}")
    return rows
