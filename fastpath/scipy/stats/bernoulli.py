"""The Bernoulli distribution: 1 with the probability ``p``, otherwise 0."""

from typing import Any

import fastpath.numpy as np
from fastpath.scipy.special import xlog1py, xlogy


def logpmf(k: Any, p: Any, loc: Any = 0) -> Any:
    """``k·log p + (1 − k)·log(1 − p)``; −∞ where k is neither 0 nor 1."""
    k = np.subtract(k, loc)
    possible = (k == 0) | (k == 1)
    k = np.where(possible, k, 0.0)
    return np.where(possible, xlogy(k, p) + xlog1py(1.0 - k, np.negative(p)), -np.inf)


def pmf(k: Any, p: Any, loc: Any = 0) -> Any:
    """``p`` at 1, ``1 − p`` at 0."""
    return np.exp(logpmf(k, p, loc))
