"""Every loss as its formula says, on NumPy arrays: the oracle of the tests of losses."""

import numpy as np

RNG = np.random.default_rng(5)
N, C = 6, 3
POINTS = RNG.normal(size=N)
SIGNS = np.array([1, -1, 1, 1, -1, -1])
BITS = (SIGNS + 1) // 2
LABELS = np.array([0, 2, 1, 1, 2, 0])
SCORES = RNG.normal(size=(N, C))
PROBABILITIES = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
ONE = 1 / (1 + np.exp(-POINTS))


def of_class(table, y):
    return np.take_along_axis(np.asarray(table), np.asarray(y)[..., None], -1)[..., 0]


def multi_margin(z, y, margin=1.0):
    over = np.maximum(0, margin - of_class(z, y)[..., None] + z)
    return over.sum(axis=-1) - margin


EACH = {  # predictions, targets, and the loss of each example as its formula says
    "bce": (ONE, BITS, lambda p, y: -np.where(y == 1, np.log(p), np.log(1 - p))),
    "bce_with_logits": (POINTS, BITS, lambda z, y: np.logaddexp(0, z) - y * z),
    "cross_entropy": (SCORES, LABELS, lambda z, y: np.log(np.exp(z).sum(axis=-1)) - of_class(z, y)),
    "exponential": (POINTS, SIGNS, lambda z, t: np.exp(-t * z)),
    "hinge": (POINTS, SIGNS, lambda z, t: np.maximum(0, 1 - t * z)),
    "hinge_embedding": (3 * POINTS, SIGNS, lambda x, t: np.where(t == 1, x, np.maximum(0, 1 - x))),
    "huber": (3 * POINTS, POINTS[::-1], lambda p, y: np.where(abs(p - y) <= 1, (p - y) ** 2 / 2, abs(p - y) - 0.5)),
    "kl_div": (np.log(PROBABILITIES[:, 0]), PROBABILITIES[::-1, 0], lambda p, q: q * (np.log(q) - p)),
    "logistic": (POINTS, SIGNS, lambda z, t: np.logaddexp(0, -t * z)),
    "mae": (POINTS, POINTS[::-1], lambda p, y: abs(p - y)),
    "mape": (POINTS, POINTS[::-1], lambda p, y: abs(p - y) / abs(y)),
    "mean_bias_error": (POINTS, POINTS[::-1], lambda p, y: p - y),
    "mse": (POINTS, POINTS[::-1], lambda p, y: (p - y) ** 2),
    "multi_margin": (SCORES, LABELS, lambda z, y: multi_margin(z, y) / C),
    "multiclass_hinge": (SCORES, LABELS, multi_margin),
    "nll": (PROBABILITIES, LABELS, lambda p, y: -np.log(of_class(p, y))),
    "nll_with_logs": (np.log(PROBABILITIES), LABELS, lambda p, y: -of_class(p, y)),
    "poisson_nll": (POINTS, BITS, lambda p, y: np.exp(p) - y * p),
    "smooth_hinge": (POINTS, SIGNS, lambda z, t: np.where(t * z <= 0, 0.5 - t * z, np.maximum(0, 1 - t * z) ** 2 / 2)),
    "smooth_l1": (3 * POINTS, POINTS[::-1], lambda p, y: np.where(abs(p - y) <= 1, (p - y) ** 2 / 2, abs(p - y) - 0.5)),
    "squared_hinge": (POINTS, SIGNS, lambda z, t: np.maximum(0, 1 - t * z) ** 2),
}  # fmt: skip
WITH_CLASSES = {"bce": 2, "bce_with_logits": 2, "cross_entropy": C, "nll": C, "nll_with_logs": C}


def number(x):
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.vectorize(float, otypes=[float])(x)
    return np.asarray(getattr(x, "data", x), dtype=float)
