"""Logistic regression by gradient descent, as in autograd's README and examples."""

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from scalargrad import grad  # autograd: from autograd import grad

INPUTS = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
TARGETS = np.array([True, True, False, True])


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2) + 1)


def predictions(weights, inputs):
    return sigmoid(np.dot(inputs, weights))


def training_loss(weights):
    p = predictions(weights, INPUTS)
    return -np.sum(np.log(p * TARGETS + (1 - p) * (1 - TARGETS)))


def main():
    gradient = grad(training_loss)
    weights = np.array([0.0, 0.0, 0.0])
    before = training_loss(weights)
    for _ in range(100):
        weights -= gradient(weights) * 0.01
    guesses = predictions(weights, INPUTS) > 0.5
    return {
        "loss": [before, training_loss(weights)],
        "weights": weights,
        "accuracy": np.mean(guesses == TARGETS),
    }


EXPECTED = {
    "loss": [2.77258872224, 1.06727067579],
    "weights": [0.48307366192, -0.370572174318, 1.06937395061],
    "accuracy": 1.0,
}
