"""Variational inference whose approximation is a mixture of Gaussians; as autograd's mixture_variational_inference.py."""

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from fastpath.scipy.special import logsumexp  # autograd: from autograd.scipy.special import logsumexp
from fastpath.scipy.stats import norm  # autograd: from autograd.scipy.stats import norm
from scalargrad import grad  # autograd: from autograd import grad

K, D, SAMPLES = 4, 2, 20


def log_density(x):
    """What is to be approximated: a pair of funnels."""
    mu, log_sigma = x[:, 0], x[:, 1]
    left = norm.logpdf(log_sigma, 0, 1.35) + norm.logpdf(mu, -0.5, np.exp(log_sigma))
    right = norm.logpdf(log_sigma, 0.1, 1.35) + norm.logpdf(mu, 0.5, np.exp(log_sigma))
    return np.logaddexp(left, right)


def component_log_density(params, x):
    return np.sum(norm.logpdf(x, params[:D], np.exp(params[D:])), axis=-1)


def unpack(params):
    return params[:K] - logsumexp(params[:K]), np.reshape(params[K:], (K, -1))


def mixture_log_density(params, x):
    log_weights, components = unpack(params)
    each = np.vstack([component_log_density(c, x) for c in components]).T
    return logsumexp(each + log_weights, axis=1, keepdims=False)


def lower_bound(params, random):
    log_weights, components = unpack(params)
    bounds = []
    for c in components:
        samples = random.randn(SAMPLES, D) * np.exp(c[D:]) + c[:D]
        bounds.append(np.mean(log_density(samples) - mixture_log_density(params, samples)))
    return np.sum(np.stack(bounds) * np.exp(log_weights))


def main():
    random = np.random.RandomState(0)
    params = np.concatenate(
        [np.ones(K)] + [np.concatenate([random.randn(D) - 1, 0.1 * random.randn(D) - 2]) for _ in range(K)]
    )
    gradient = grad(lambda params: -lower_bound(params, np.random.RandomState(1)))
    bounds = [lower_bound(params, np.random.RandomState(2))]
    first = gradient(params)
    for _ in range(30):
        params = params - 0.02 * gradient(params)
        bounds.append(lower_bound(params, np.random.RandomState(2)))
    return {"bounds": bounds[::10], "first gradient": first[: K + 4], "weights": np.exp(unpack(params)[0])}


EXPECTED = {
    "bounds": [-2.00028417297, -1.13010492575, -1.04565175895, -0.964667415037],
    "first gradient": [
        -0.310293507985,
        0.69658301824,
        -0.0541614387592,
        -0.332128071496,
        0.367389590408,
        -0.0477145294922,
        -0.21665580929,
        -0.238760912317,
    ],
    "weights": [0.262959824875, 0.242481130738, 0.231873249428, 0.262685794959],
}
TOLERANCE = 1e-8
