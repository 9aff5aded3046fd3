"""The logistic distribution around ``loc``: its distribution function is the sigmoid."""

from typing import Any

import fastpath.numpy as np
from fastpath.scipy.stats.standardized import densities, distribution


def _log_density(z: Any) -> Any:
    """The log of σ(z)·σ(−z)."""
    return -np.asarray(np.softplus(z)) - np.softplus(-np.asarray(z))


def _cdf(z: Any) -> Any:
    """σ(z)."""
    return np.sigmoid(z)


def _logcdf(z: Any) -> Any:
    """The log of σ(z), exact far out."""
    return -np.asarray(np.softplus(-np.asarray(z)))


pdf, logpdf = densities(_log_density)
cdf, logcdf = distribution("cdf", _cdf), distribution("logcdf", _logcdf)
