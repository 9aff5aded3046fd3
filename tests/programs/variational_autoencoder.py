"""A variational autoencoder of small binary pictures; as autograd's variational_autoencoder.py."""

from itertools import pairwise

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from fastpath.scipy.special import expit as sigmoid  # autograd: from autograd.scipy.special import expit as sigmoid
from fastpath.scipy.stats import norm  # autograd: from autograd.scipy.stats import norm
from scalargrad import grad  # autograd: from autograd import grad


def diagonal_log_density(x, mu, log_std):
    return np.sum(norm.logpdf(x, mu, np.exp(log_std)), axis=-1)


def bernoulli_log_density(targets, scores):
    """Targets are -1 or 1."""
    return np.sum(-np.logaddexp(0, -scores * targets), axis=-1)


def relu(x):
    return np.maximum(0, x)


def batch_normalize(x):
    mean = np.mean(x, axis=0, keepdims=True)
    return (x - mean) / (np.std(x, axis=0, keepdims=True) + 1)


def network(params, inputs):
    for W, b in params[:-1]:
        inputs = relu(batch_normalize(np.dot(inputs, W) + b))
    W, b = params[-1]
    return np.dot(inputs, W) + b


def lower_bound(generator, recognizer, data, random):
    both = network(recognizer, data)
    size = np.shape(both)[-1] // 2
    means, log_stds = both[:, :size], both[:, size:]
    latents = random.randn(*means.shape) * np.exp(log_stds) + means
    q = diagonal_log_density(latents, means, log_stds)
    p = diagonal_log_density(latents, 0, 0)
    return np.mean(p + bernoulli_log_density(data, network(generator, latents)) - q)


def initial(random, sizes):
    return [(0.3 * random.randn(m, n), 0.1 * random.randn(n)) for m, n in pairwise(sizes)]


def main():
    random = np.random.RandomState(0)
    patterns = np.where(random.rand(3, 16) > 0.5, 1.0, -1.0)
    data = patterns[random.randint(0, 3, 40)]
    data[random.rand(40, 16) < 0.05] *= -1
    params = (initial(random, [2, 8, 16]), initial(random, [16, 8, 4]))

    def objective(params, t):
        generator, recognizer = params
        return -lower_bound(generator, recognizer, data, np.random.RandomState(t)) / 16

    bounds = [objective(params, 0)]
    for t in range(40):
        gradient = grad(objective)(params, t)
        params = tuple(
            [(W - 0.3 * dW, b - 0.3 * db) for (W, b), (dW, db) in zip(net, slopes)]
            for net, slopes in zip(params, gradient)
        )
        bounds.append(objective(params, 0))
    pictures = sigmoid(network(params[0], np.array([[0.0, 0.0], [1.0, -1.0], [-1.0, 1.0]])))
    return {"bounds": bounds[::20], "bias of the pictures": params[0][-1][1][:4], "pictures": pictures[:, :4]}


EXPECTED = {
    "bounds": [0.706513007381, 0.666461828429, 0.636458066163],
    "bias of the pictures": [0.0163751088166, 0.150410248328, 0.202801538693, 0.227584872727],
    "pictures": [
        [0.50409368573, 0.537531831103, 0.550527327317, 0.556651905811],
        [0.538642839437, 0.594227331083, 0.56574463959, 0.529609043871],
        [0.546412609183, 0.58984430524, 0.485437267976, 0.668098783487],
    ],
}
TOLERANCE = 1e-8
