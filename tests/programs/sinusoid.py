"""The sine by its series, as many terms as its numbers ask for, and its derivatives; as autograd's sinusoid.py."""

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from scalargrad import grad  # autograd: from autograd import grad


def series(x):
    term = x
    total = term
    for i in range(1000):
        term = -term * x**2 / ((2 * i + 3) * (2 * i + 2))
        total = total + term
        if np.abs(term) < 0.2:
            break
    return total


def main():
    d, dd = grad(series), grad(grad(series))
    x = np.linspace(-6, 6, 40)
    return {
        "sine": list(map(series, x))[::8],
        "cosine": list(map(d, x))[::8],
        "minus sine": list(map(dd, x))[::8],
        "of np.sin": [grad(np.sin)(1.0), grad(grad(np.sin))(1.0)],
    }


EXPECTED = {
    "sine": [0.274806739479, 0.388597066309, -0.880831400897, 0.984603534136, -0.653739806658],
    "cosine": [0.974640216926, -0.92979351885, 0.476162132512, 0.194566016596, -0.782098958706],
    "minus sine": [-0.322395318967, -0.361319629705, 0.868760430891, -0.942193900774, 0.585484337794],
    "of np.sin": [0.540302305868, -0.841470984808],
}
