"""Rosenbrock's valley with SciPy's minimize, by conjugate gradients and by BFGS; as autograd's rosenbrock.py."""

from scipy.optimize import minimize

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from scalargrad import value_and_grad  # autograd: from autograd import value_and_grad


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def general(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def main():
    with_gradient = value_and_grad(rosenbrock)
    cg = minimize(with_gradient, x0=np.array([0.0, 0.0]), jac=True, method="CG")
    bfgs = minimize(value_and_grad(general), x0=np.array([1.3, 0.7, 0.8, 1.9, 1.2]), jac=True, method="BFGS")
    value, gradient = with_gradient(np.array([-1.2, 1.0]))
    return {"at (-1.2, 1)": value, "gradient there": gradient, "by CG": cg.x, "by BFGS": bfgs.x}


EXPECTED = {
    "at (-1.2, 1)": 24.2,
    "gradient there": [-215.6, -88.0],
    "by CG": [0.999992054719, 0.999984086792],
    "by BFGS": [1.0000000427, 1.00000009984, 1.00000021423, 1.00000044318, 1.00000091526],
}
TOLERANCE = 1e-6
