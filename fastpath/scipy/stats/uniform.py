"""The uniform distribution from ``loc`` to ``loc + scale``."""

from typing import Any

import fastpath.numpy as np
from fastpath.scipy.stats.standardized import densities, distribution, within


def _log_density(z: Any) -> Any:
    """The log of 1, for 0 ≤ z ≤ 1."""
    return within((z >= 0) & (z <= 1), z, lambda z: z * 0.0)


def _cdf(z: Any) -> Any:
    """z, kept in [0, 1]."""
    return np.clip(z, 0.0, 1.0)


pdf, logpdf = densities(_log_density)
cdf = distribution("cdf", _cdf)
