"""A fluid whose first velocities are chosen so that the smoke takes a wanted form; as autograd's fluidsim.py, which has it
from Stam, "Real-Time Fluid Dynamics for Games"."""

from scipy.optimize import minimize

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from scalargrad import value_and_grad  # autograd: from autograd import value_and_grad

N = 10


def project(vx, vy):
    """Nearly free of divergence: a few iterations of Jacobi's."""
    p = np.zeros(vx.shape)
    h = 1.0 / vx.shape[0]
    div = np.roll(vx, -1, axis=0) - np.roll(vx, 1, axis=0) + np.roll(vy, -1, axis=1) - np.roll(vy, 1, axis=1)
    div = -0.5 * h * div
    for _ in range(6):
        around = np.roll(p, 1, axis=0) + np.roll(p, -1, axis=0) + np.roll(p, 1, axis=1) + np.roll(p, -1, axis=1)
        p = (div + around) / 4.0
    vx -= 0.5 * (np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0)) / h
    vy -= 0.5 * (np.roll(p, -1, axis=1) - np.roll(p, 1, axis=1)) / h
    return vx, vy


def advect(f, vx, vy):
    """Each cell takes what was where its fluid comes from."""
    rows, cols = f.shape
    ys, xs = np.meshgrid(np.arange(rows), np.arange(cols))
    from_x, from_y = (xs - vx).ravel(), (ys - vy).ravel()
    left, top = np.floor(from_x).astype(int), np.floor(from_y).astype(int)
    right_share, bottom_share = from_x - left, from_y - top
    left, top = np.mod(left, rows), np.mod(top, cols)
    right, bottom = np.mod(left + 1, rows), np.mod(top + 1, cols)
    flat = (1 - right_share) * ((1 - bottom_share) * f[left, top] + bottom_share * f[left, bottom])
    flat = flat + right_share * ((1 - bottom_share) * f[right, top] + bottom_share * f[right, bottom])
    return np.reshape(flat, (rows, cols))


def simulate(vx, vy, smoke, steps):
    for _ in range(steps):
        new_vx, new_vy = advect(vx, vx, vy), advect(vy, vx, vy)
        vx, vy = project(new_vx, new_vy)
        smoke = advect(smoke, vx, vy)
    return smoke


def main():
    smoke, target = np.zeros((N, N)), np.zeros((N, N))
    smoke[2:5, 2:5], target[5:8, 4:7] = 1.0, 1.0

    def objective(params):
        vx, vy = np.reshape(params[: N * N], (N, N)), np.reshape(params[N * N :], (N, N))
        return np.mean((target - simulate(vx, vy, smoke, 8)) ** 2)

    start = 0.3 + 0.1 * np.random.RandomState(0).randn(2 * N * N)
    value, gradient = value_and_grad(objective)(start)
    found = minimize(value_and_grad(objective), start, jac=True, method="CG", options={"maxiter": 4})
    return {
        "at the start": value,
        "gradient there": gradient[::41],
        "its norm": np.sqrt(np.sum(gradient**2)),
        "after four steps": found.fun,
    }


EXPECTED = {
    "at the start": 0.0453661811621,
    "gradient there": [-0.000155131842391, -0.00206119808494, -0.0014896911635, 0.000233615901714, -0.00151509673062],
    "its norm": 0.0289304532892,
    "after four steps": 0.0330917955015,
}
TOLERANCE = 1e-7
