"""The normal distribution of vectors, with the mean ``mean`` and the covariance matrix ``cov``."""

from math import log, pi
from typing import Any

import fastpath.numpy as np


def logpdf(x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
    """``−((x − μ)ᵀ Σ⁻¹ (x − μ) + log det Σ + d·log 2π) / 2``, of each vector along the last axis of ``x``.

    ``cov`` may be a matrix, its diagonal, or one number for it. np.linalg.LinAlgError if it is not positive definite.
    """
    if allow_singular:
        raise ValueError("multivariate_normal: allow_singular=True is not known: add a small multiple of eye to cov")
    d, mean, L = _parameters(x, mean, cov)
    x = np.asarray(x)
    if x.ndim == 0:
        x = np.reshape(x, (1,))
    elif x.ndim == 1 and d == 1:
        x = np.reshape(x, (-1, 1))
    if x.shape[-1] != d:
        raise ValueError(f"multivariate_normal: vectors of {x.shape[-1]} numbers, and a distribution of {d}")
    columns = np.transpose(np.reshape(x - mean, (-1, d)))
    distances = np.sum(np.square(np.linalg.solve(L, columns)), axis=0)
    found = distances * -0.5 - np.sum(np.log(np.diagonal(L))) - d / 2 * log(2 * pi)
    return np.reshape(found, tuple(n for n in x.shape[:-1] if n != 1))  # as SciPy does


def pdf(x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
    """The density of each vector along the last axis of ``x``."""
    return np.exp(logpdf(x, mean, cov, allow_singular))


def entropy(mean: Any = None, cov: Any = 1.0) -> Any:
    """``(d + d·log 2π + log det Σ) / 2``."""
    d, _, L = _parameters(None, mean, cov)
    return np.sum(np.log(np.diagonal(L))) + d / 2 * (1 + log(2 * pi))


def _parameters(x: Any, mean: Any, cov: Any) -> tuple[int, Any, Any]:
    """The dimension, the mean as a vector, and L of Σ = L Lᵀ."""
    cov = np.asarray(cov)
    sizes = [a.shape[0] for a in (np.asarray(0.0 if mean is None else mean), cov) if a.ndim]
    d = sizes[0] if sizes else np.shape(x)[-1] if np.ndim(x) > 1 else 1
    if cov.ndim < 2:
        cov = np.eye(d) * cov
    if cov.shape != (d, d):
        raise ValueError(f"multivariate_normal: a covariance of shape {cov.shape} for vectors of {d} numbers")
    return d, np.zeros(d) if mean is None else mean, np.linalg.cholesky(cov)
