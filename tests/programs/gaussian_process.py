"""Gaussian process regression: the kernel's parameters by the marginal likelihood, with SciPy's conjugate gradients; as
autograd's gaussian_process.py."""

from scipy.optimize import minimize

import fastpath.numpy as np  # autograd: import autograd.numpy as np
import fastpath.scipy.stats.multivariate_normal as mvn  # autograd: import autograd.scipy.stats.multivariate_normal as mvn
from fastpath.numpy.linalg import solve  # autograd: from autograd.numpy.linalg import solve
from scalargrad import value_and_grad  # autograd: from autograd import value_and_grad


def rbf(params, x, other):
    scale, lengths = np.exp(params[0]), np.exp(params[1:])
    differences = np.expand_dims(x / lengths, 1) - np.expand_dims(other / lengths, 0)
    return scale * np.exp(-0.5 * np.sum(differences**2, axis=2))


def covariance(params, x):
    return rbf(params[2:], x, x) + (np.exp(params[1]) + 0.0001) * np.eye(len(x))


def predict(params, x, y, new):
    across = rbf(params[2:], x, new)
    weights = solve(covariance(params, x), across).T
    return params[0] + np.dot(weights, y - params[0]), rbf(params[2:], new, new) - np.dot(weights, across)


def main():
    random = np.random.RandomState(0)
    x = np.concatenate([np.linspace(0, 3, num=10), np.linspace(6, 8, num=10)])
    y = (np.cos(x) + 0.1 * random.randn(20)) / 2.0
    x = ((x - 4.0) / 2.0).reshape((20, 1))

    def objective(params):
        return -mvn.logpdf(y, params[0] * np.ones(len(y)), covariance(params, x))

    start = 0.1 * random.randn(4)
    value, gradient = value_and_grad(objective)(start)
    found = minimize(value_and_grad(objective), start, jac=True, method="CG", options={"maxiter": 5})
    mean, cov = predict(found.x, x, y, np.linspace(-3, 3, 5).reshape((5, 1)))
    return {
        "at the start": value,
        "gradient there": gradient,
        "after five steps": found.fun,
        "mean": mean,
        "deviations": np.sqrt(np.diag(cov)),
    }


EXPECTED = {
    "at the start": 22.8826052779,
    "gradient there": [-0.824524538285, 8.22341823572, 1.15355012628, -0.522708547763],
    "after five steps": -18.7791428838,
    "mean": [0.18731926879, 0.327953776476, -0.289417986047, 0.405716576424, -0.680682946917],
    "deviations": [0.39434820296, 0.0225153396928, 0.0918086643375, 0.0198475548058, 0.394082904083],
}
TOLERANCE = 1e-6  # five line searches multiply the last bits
