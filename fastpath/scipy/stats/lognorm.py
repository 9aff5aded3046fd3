"""The distribution of exp(s·Z) for a normal Z, times ``scale``."""

from math import log, pi
from typing import Any

import fastpath.numpy as np
from fastpath.scipy import special
from fastpath.scipy.stats.standardized import densities, distribution, within


def _log_density(z: Any, s: Any) -> Any:
    """The log of exp(−(log z / s)²/2) / (s·z·√(2π)), for z > 0."""

    def log_density(z: Any) -> Any:
        log_z = np.log(z)
        return np.square(log_z / s) * -0.5 - log_z - np.log(s) - log(2 * pi) / 2

    return within(z > 0, z, log_density)


def _cdf(z: Any, s: Any) -> Any:
    """Φ(log z / s), for z > 0."""
    return np.where(z > 0, special.ndtr(np.log(np.where(z > 0, z, 1.0)) / s), 0.0)


pdf, logpdf = densities(_log_density)
cdf = distribution("cdf", _cdf)
