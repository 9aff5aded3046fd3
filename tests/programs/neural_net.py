"""A classifier of two hidden layers, its parameters in a list of tuples, trained by Adam; as autograd's neural_net.py."""

from itertools import pairwise

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from fastpath.scipy.special import logsumexp  # autograd: from autograd.scipy.special import logsumexp
from scalargrad import grad  # autograd: from autograd import grad

SIZES = [4, 10, 8, 3]
L2 = 0.01


def initial(random):
    return [(0.3 * random.randn(m, n), 0.1 * random.randn(n)) for m, n in pairwise(SIZES)]


def log_probabilities(params, inputs):
    for W, b in params:
        outputs = np.dot(inputs, W) + b
        inputs = np.tanh(outputs)
    return outputs - logsumexp(outputs, axis=1, keepdims=True)


def objective(params, inputs, targets):
    prior = sum(np.sum(W**2) + np.sum(b**2) for W, b in params)
    return L2 * prior - np.sum(log_probabilities(params, inputs) * targets)


def accuracy(params, inputs, targets):
    guesses = np.argmax(log_probabilities(params, inputs), axis=1)
    return np.mean(guesses == np.argmax(targets, axis=1))


def adam(gradient, params, batches, step=0.01, b1=0.9, b2=0.999, eps=1e-8):
    m = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    v = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    for t, (inputs, targets) in enumerate(batches, 1):
        g = gradient(params, inputs, targets)
        m = [tuple((1 - b1) * x + b1 * y for x, y in zip(*pair)) for pair in zip(g, m)]
        v = [tuple((1 - b2) * x**2 + b2 * y for x, y in zip(*pair)) for pair in zip(g, v)]
        params = [
            tuple(p - step * (a / (1 - b1**t)) / (np.sqrt(c / (1 - b2**t)) + eps) for p, a, c in zip(*triple))
            for triple in zip(params, m, v)
        ]
    return params


def main():
    random = np.random.RandomState(0)
    inputs = random.randn(60, 4)
    labels = np.argmax(inputs @ random.randn(4, 3), axis=1)
    targets = (labels[:, None] == np.arange(3)).astype(float)
    params = initial(random)
    first = grad(objective)(params, inputs, targets)
    batches = [(inputs[i : i + 20], targets[i : i + 20]) for i in (0, 20, 40)] * 20
    trained = adam(grad(objective), params, batches)
    return {
        "objective": [objective(params, inputs, targets), objective(trained, inputs, targets)],
        "first gradient, of the last bias": first[-1][1],
        "trained, the last bias": trained[-1][1],
        "accuracy": accuracy(trained, inputs, targets),
    }


EXPECTED = {
    "objective": [59.9233661655, 6.26662616053],
    "first gradient, of the last bias": [8.76607466101, -2.3351651308, -6.42533343562],
    "trained, the last bias": [-0.0598406560564, 0.149848865902, 0.105052946449],
    "accuracy": 1.0,
}
