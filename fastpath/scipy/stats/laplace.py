"""The Laplace distribution around ``loc``, with the mean distance ``scale``."""

from math import log
from typing import Any

import fastpath.numpy as np
from fastpath.scipy.stats.standardized import densities, distribution


def _log_density(z: Any) -> Any:
    """The log of exp(−|z|) / 2."""
    return -np.abs(z) - log(2)


def _cdf(z: Any) -> Any:
    """exp(z)/2 below 0, 1 − exp(−z)/2 above it."""
    tail = np.exp(-np.abs(z)) / 2
    return np.where(z < 0, tail, 1 - tail)


pdf, logpdf = densities(_log_density)
cdf = distribution("cdf", _cdf)
