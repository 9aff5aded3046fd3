"""The normal distribution, with the mean ``loc`` and the standard deviation ``scale``."""

from math import log, pi
from typing import Any

import fastpath.numpy as np
from fastpath.scipy import special
from fastpath.scipy.stats.standardized import densities, distribution


def _log_density(z: Any) -> Any:
    """The log of exp(−z²/2) / √(2π)."""
    return np.square(z) * -0.5 - log(2 * pi) / 2


def _cdf(z: Any) -> Any:
    """Φ(z)."""
    return special.ndtr(z)


def _logcdf(z: Any) -> Any:
    """The log of Φ(z), exact far out."""
    return special.log_ndtr(z)


def _sf(z: Any) -> Any:
    """Φ(−z) = 1 − Φ(z)."""
    return special.ndtr(-np.asarray(z))


def _logsf(z: Any) -> Any:
    """The log of Φ(−z), exact far out."""
    return special.log_ndtr(-np.asarray(z))


pdf, logpdf = densities(_log_density)
cdf, logcdf = distribution("cdf", _cdf), distribution("logcdf", _logcdf)
sf, logsf = distribution("sf", _sf), distribution("logsf", _logsf)


def entropy(loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """``log(2πe·scale²) / 2``."""
    return np.log(scale) + (1 + log(2 * pi)) / 2 + np.multiply(loc, 0.0)
