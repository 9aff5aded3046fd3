"""The Cauchy distribution around ``loc``."""

from math import log, pi
from typing import Any

import fastpath.numpy as np
from fastpath.scipy.stats.standardized import densities, distribution


def _log_density(z: Any) -> Any:
    """The log of 1 / (π(1 + z²))."""
    return -np.log1p(np.square(z)) - log(pi)


def _cdf(z: Any) -> Any:
    """1/2 + arctan(z)/π."""
    return np.arctan(z) / pi + 0.5


pdf, logpdf = densities(_log_density)
cdf = distribution("cdf", _cdf)
