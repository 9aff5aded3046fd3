"""A curve through measurements by the method of Gauss and Newton, with the step of Levenberg; as people write it for JAX."""

import fastpath.numpy as np  # jax: import jax.numpy as np
from scalargrad import jacobian  # jax: from jax import jacrev as jacobian

T = np.linspace(0.0, 4.0, 25)


def model(p, t):
    return p[0] * np.exp(-p[1] * t) * np.cos(p[2] * t + p[3])


def main():
    y = model(np.array([2.0, 0.5, 3.0, 0.4]), T) + 0.05 * np.sin(37.0 * T)

    def residuals(p):
        return model(p, T) - y

    p = np.array([1.5, 0.3, 2.8, 0.1])
    first = jacobian(residuals)(p)
    squares, damping = [], 1e-2
    for _ in range(8):
        J, r = jacobian(residuals)(p), residuals(p)
        squares.append(np.sum(r**2))
        p = p - np.linalg.solve(J.T @ J + damping * np.eye(4), J.T @ r)
        damping = damping / 3
    return {"first row of the jacobian": first[7], "sums of squares": squares[:5], "found": p}


EXPECTED = {
    "first row of the jacobian": [-0.686914158933, 1.20209977813, 0.275224665093, 0.235906855794],
    "sums of squares": [3.52245370026, 0.468961084867, 0.040363154821, 0.0327308585147, 0.032726917991],
    "found": [2.01744415446, 0.503201745225, 2.9919365676, 0.407702543109],
}
