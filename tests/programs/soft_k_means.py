"""Soft k-means by gradient descent: every point belongs a little to every centre; as people write it for JAX."""

import numpy

import fastpath.numpy as np  # jax: import jax.numpy as np
from fastpath.numpy import logsumexp, softmax  # jax: from jax.nn import logsumexp, softmax
from scalargrad import grad  # jax: from jax import grad


def distances(centres, X):
    return np.sum((X[:, None, :] - centres[None, :, :]) ** 2, axis=-1)


def loss(centres, X, sharpness=4.0):
    return -np.mean(logsumexp(-sharpness * distances(centres, X), axis=1)) / sharpness


def main():
    random = numpy.random.RandomState(1)
    X = numpy.concatenate([random.randn(20, 2) * 0.3 + c for c in ([0, 0], [2, 2], [-2, 1])])
    centres = np.array([[0.5, 0.5], [0.6, 0.4], [-0.5, 0.5]])
    losses = [loss(centres, X)]
    for _ in range(40):
        centres = centres - 0.1 * grad(loss)(centres, X)
        losses.append(loss(centres, X))
    shares = softmax(-4.0 * distances(centres, X), axis=1)
    return {"losses": losses[::10], "centres": centres, "shares": np.mean(shares, axis=0)}


EXPECTED = {
    "losses": [2.59928038798, 1.03713394573, 0.36050314307, 0.18768995526, 0.144193953938],
    "centres": [[1.92058728018, 1.96839969439], [0.133065743483, -0.0745273443229], [-1.89404490224, 0.962696353633]],
    "shares": [0.333333333391, 0.333332249921, 0.333334416688],
}
TOLERANCE = 1e-8
