"""Softmax regression with its parameters in a dict and an auxiliary result (has_aux); as people write it for JAX."""

import numpy

import fastpath.numpy as np  # jax: import jax.numpy as np
from fastpath.numpy import log_softmax, one_hot  # jax: from jax.nn import log_softmax, one_hot
from scalargrad import value_and_grad  # jax: from jax import value_and_grad


def loss(params, X, labels):
    scores = X @ params["W"] + params["b"]
    log_p = log_softmax(scores, axis=-1)
    return -np.mean(np.sum(one_hot(labels, 3) * log_p, axis=-1)) + 1e-3 * np.sum(params["W"] ** 2), scores


def main():
    random = numpy.random.RandomState(0)
    centres = numpy.array([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]])
    labels = random.randint(0, 3, 90)
    X = centres[labels] + 0.4 * random.randn(90, 2)
    params = {"W": np.zeros((2, 3)), "b": np.zeros(3)}
    losses, accuracies = [], []
    for _ in range(50):
        (value, scores), gradient = value_and_grad(loss, has_aux=True)(params, X, labels)
        params = {name: params[name] - 0.5 * gradient[name] for name in params}
        losses.append(value)
        accuracies.append(np.sum(np.argmax(scores, axis=1) == labels) / len(labels))
    return {"losses": losses[::12], "accuracy": [accuracies[0], accuracies[-1]], "W": params["W"], "b": params["b"]}


EXPECTED = {
    "losses": [1.09861228867, 0.298939796722, 0.207140759648, 0.171566234574, 0.152881260643],
    "accuracy": [0.4, 0.988888888889],
    "W": [[2.01412166415, -1.65732390388, -0.356797760261], [0.625824138907, 1.30680044383, -1.93262458274]],
    "b": [0.288900448933, -0.16852518898, -0.120375259953],
}
