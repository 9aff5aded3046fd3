"""Logistic regression by Newton's method, with gradient and hessian; as people write it for JAX."""

import numpy

import fastpath.numpy as np  # jax: import jax.numpy as np
from scalargrad import grad, hessian, jvp  # jax: from jax import grad, hessian, jvp


def main():
    random = numpy.random.RandomState(0)
    X = random.randn(50, 3)
    y = numpy.where(X @ numpy.array([1.0, -2.0, 0.5]) + random.randn(50) > 0, 1.0, -1.0)

    def loss(w):
        return np.sum(np.logaddexp(0.0, -y * np.dot(X, w))) + 0.5 * np.dot(w, w)

    w = np.zeros(3)
    losses = [loss(w)]
    for _ in range(6):
        w = w - np.linalg.solve(hessian(loss)(w), grad(loss)(w))
        losses.append(loss(w))
    return {
        "losses": losses[:4],
        "found": w,
        "gradient there, plus 1": 1 + grad(loss)(w),
        "hessian there": hessian(loss)(w),
        "hessian times a vector": jvp(grad(loss), (w,), (np.array([1.0, 0.0, -1.0]),))[1],
    }


EXPECTED = {
    "losses": [34.657359028, 19.5253560144, 17.8162754751, 17.7070612142],
    "found": [0.689081888108, -2.15185235063, 0.538026095829],
    "gradient there, plus 1": [1.0, 1.0, 1.0],
    "hessian there": [
        [8.2913114375, 1.84465421083, 0.948722166104],
        [1.84465421083, 4.66900093097, 1.81691235877],
        [0.948722166104, 1.81691235877, 7.65906327004],
    ],
    "hessian times a vector": [7.34258927139, 0.0277418520585, -6.71034110394],
}
