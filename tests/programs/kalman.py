"""The likelihood of a Kalman filter, and its gradient by the noises, in a dict; as people write it for JAX."""

import fastpath.numpy as np  # jax: import jax.numpy as np
from scalargrad import value_and_grad  # jax: from jax import value_and_grad

DATA = [0.39, 0.50, 0.48, 0.29, 0.25, 0.32, 0.34, 0.48, 0.41, 0.45, 0.62, 0.71, 0.68, 0.90]


def negative_log_likelihood(params, data):
    """Of a particle with a place and a velocity, of which the place is seen."""
    F = np.array([[1.0, 1.0], [0.0, 1.0]])
    H = np.array([[1.0, 0.0]])
    Q = np.exp(params["motion"]) * np.array([[1 / 3, 1 / 2], [1 / 2, 1.0]])
    R = np.exp(params["sight"]) * np.eye(1)
    m, P = params["start"], np.eye(2)
    total = 0.0
    for y in data:
        m, P = F @ m, F @ P @ F.T + Q
        S = H @ P @ H.T + R
        K = np.linalg.solve(S, H @ P).T
        residual = y - H @ m
        _, log_det = np.linalg.slogdet(S)
        total = total + 0.5 * (log_det + residual @ np.linalg.inv(S) @ residual + np.log(2 * np.pi))
        m, P = m + K @ residual, P - K @ H @ P
    return total


def main():
    params = {"motion": -3.0, "sight": -2.0, "start": np.array([0.4, 0.0])}
    losses = []
    for _ in range(10):
        loss, gradient = value_and_grad(negative_log_likelihood)(params, DATA)
        params = {name: p - 0.05 * gradient[name] for name, p in params.items()}
        losses.append(loss)
    return {"losses": losses[::3], "motion and sight": [params["motion"], params["sight"]], "start": params["start"]}


EXPECTED = {
    "losses": [8.36135798502, 5.17940619263, 2.40406243898, 0.0616023277407],
    "motion and sight": [-3.8197486486, -3.95860080823],
    "start": [0.414707437893, 0.0017000918272],
}
