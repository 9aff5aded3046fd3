"""The exponential distribution from ``loc`` on, with the mean ``scale`` above it."""

from typing import Any

import fastpath.numpy as np
from fastpath.scipy.stats.standardized import densities, distribution, within


def _log_density(z: Any) -> Any:
    """The log of exp(−z), for z ≥ 0."""
    return within(z >= 0, z, lambda z: -z)


def _cdf(z: Any) -> Any:
    """1 − exp(−z), for z ≥ 0."""
    return -np.expm1(-np.maximum(z, 0.0))


def _sf(z: Any) -> Any:
    """exp(−z), for z ≥ 0."""
    return np.exp(-np.maximum(z, 0.0))


pdf, logpdf = densities(_log_density)
cdf, sf = distribution("cdf", _cdf), distribution("sf", _sf)
