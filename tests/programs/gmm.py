"""A mixture of Gaussians fitted by Newton's method with conjugate gradients, its parameters in a dict; as autograd's
gmm.py."""

from scipy.optimize import minimize

import fastpath.numpy as np  # autograd: import autograd.numpy as np
import fastpath.scipy.stats.multivariate_normal as mvn  # autograd: import autograd.scipy.stats.multivariate_normal as mvn
from fastpath.scipy.special import logsumexp  # autograd: from autograd.scipy.special import logsumexp
from scalargrad import grad  # autograd: from autograd import grad

K, D = 3, 2
SHAPES = {"log proportions": (K,), "means": (K, D), "lower triangles": (K, D, D)}


def unflatten(vector):
    params = {}
    for name, shape in SHAPES.items():
        size = int(np.prod(shape))
        params[name], vector = np.reshape(vector[:size], shape), vector[size:]
    return params


def log_likelihood(params, data):
    proportions = params["log proportions"] - logsumexp(params["log proportions"])
    clusters = []
    for proportion, mean, root in zip(proportions, params["means"], params["lower triangles"]):
        clusters.append(proportion + mvn.logpdf(data, mean, np.dot(root.T, root)))
    return np.sum(logsumexp(np.vstack(clusters), axis=0))


def main():
    random = np.random.RandomState(0)
    data = np.concatenate([random.randn(15, D) * [0.3, 0.6] + centre for centre in ([0, 0], [2, 1], [-1, 2])])
    start = {
        "log proportions": 0.1 * random.randn(K),
        "means": 0.5 * random.randn(K, D),
        "lower triangles": np.zeros((K, D, D)) + np.eye(D),
    }
    gradients = grad(lambda params: -log_likelihood(params, data))(start)

    def objective(vector):
        return -log_likelihood(unflatten(vector), data)

    def hessian_times(vector, direction):
        return grad(lambda at: np.sum(grad(objective)(at) * direction))(vector)

    vector = np.concatenate([start[name].ravel() for name in SHAPES])
    found = minimize(
        objective, vector, jac=grad(objective), hessp=hessian_times, method="Newton-CG", options={"maxiter": 4}
    )
    return {
        "gradient by the proportions": gradients["log proportions"],
        "gradient by the roots": gradients["lower triangles"][0],
        "objective": [objective(vector), found.fun],
        "proportions": np.exp(unflatten(found.x)["log proportions"]),
    }


EXPECTED = {
    "gradient by the proportions": [-1.47775809025, 0.429303197085, 1.04845489316],
    "gradient by the roots": [[-8.41664546969, 11.4929740237], [11.4929740237, -11.8264701546]],
    "objective": [155.25343271, 114.135311178],
    "proportions": [0.948956975864, 1.08281634816, 1.07851031515],
}
TOLERANCE = 1e-6
