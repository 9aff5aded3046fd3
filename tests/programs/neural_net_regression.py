"""Regression with a small net, a Gaussian likelihood and a Gaussian prior; as autograd's neural_net_regression.py."""

from itertools import pairwise

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from fastpath.scipy.stats import norm  # autograd: from autograd.scipy.stats import norm
from scalargrad import value_and_grad  # autograd: from autograd import value_and_grad

SIZES = [1, 4, 4, 1]


def predict(params, inputs, nonlinearity=np.tanh):
    for W, b in params:
        outputs = np.dot(inputs, W) + b
        inputs = nonlinearity(outputs)
    return outputs


def log_prior(params, scale=10.0):
    return sum(np.sum(norm.logpdf(W, 0, scale)) + np.sum(norm.logpdf(b, 0, scale)) for W, b in params)


def log_likelihood(params, inputs, targets, noise=0.1):
    return np.sum(norm.logpdf(predict(params, inputs), targets, noise))


def main():
    random = np.random.RandomState(0)
    inputs = np.concatenate([np.linspace(0, 3, num=20), np.linspace(6, 8, num=20)])
    targets = (np.cos(inputs) + 0.1 * random.randn(40))[:, np.newaxis] / 2.0
    inputs = ((inputs - 4.0) / 2.0)[:, np.newaxis]
    params = [(0.1 * random.randn(m, n), 0.1 * random.randn(n)) for m, n in pairwise(SIZES)]

    def objective(params, t):
        return -log_likelihood(params, inputs, targets) - log_prior(params)

    losses = []
    step = value_and_grad(objective)
    for t in range(100):
        loss, gradient = step(params, t)
        params = [(W - 1e-4 * dW, b - 1e-4 * db) for (W, b), (dW, db) in zip(params, gradient)]
        losses.append(loss)
    return {"losses": losses[::33], "the last layer": params[-1][0], "curve": predict(params, inputs[::10])}


EXPECTED = {
    "losses": [275.74863848, 261.692334017, 260.955777016, 259.981404612],
    "the last layer": [[-0.0973805919406], [0.0209599573231], [0.0917259607232], [-0.0897775768982]],
    "curve": [[0.164997506363], [0.171286356851], [0.189773214279], [0.193800096771]],
}
