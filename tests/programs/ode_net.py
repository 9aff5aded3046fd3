"""A neural differential equation: a net that gives velocities, integrated by Runge and Kutta's rule; after autograd's
ode_net.py."""

from itertools import pairwise

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from scalargrad import grad  # autograd: from autograd import grad


def runge_kutta(velocity, y, times, *args):
    path = [y]
    for start, end in pairwise(times):
        h = end - start
        k1 = velocity(y, start, *args)
        k2 = velocity(y + h / 2 * k1, start + h / 2, *args)
        k3 = velocity(y + h / 2 * k2, start + h / 2, *args)
        k4 = velocity(y + h * k3, end, *args)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(y)
    return np.stack(path)


def net(y, t, params):
    for W, b in params:
        outputs = np.dot(y, W) + b
        y = np.maximum(0, outputs)
    return outputs


def main():
    times = np.linspace(0.0, 1.5, 16)
    A = np.array([[-0.1, 2.0], [-2.0, -0.1]])
    start = np.array([2.0, 0.0])
    truth = runge_kutta(lambda y, t: np.dot(y**3, A), start, np.linspace(0.0, 1.5, 151))[::10]

    def loss(params, t):
        return np.mean(np.abs(runge_kutta(net, start, times, params) - truth))

    random = np.random.RandomState(0)
    params = [(0.3 * random.randn(2, 20), 0.1 * random.randn(20)), (0.3 * random.randn(20, 2), 0.1 * random.randn(2))]
    losses = [loss(params, 0)]
    first = grad(loss)(params, 0)
    for t in range(30):
        g = grad(loss)(params, t)
        params = [(W - 0.05 * dW, b - 0.05 * db) for (W, b), (dW, db) in zip(params, g)]
        losses.append(loss(params, t))
    return {"losses": losses[::10], "first gradient": first[1][1], "end": runge_kutta(net, start, times, params)[-1]}


EXPECTED = {
    "losses": [1.21727560614, 1.18794233941, 1.17969354632, 1.17113766367],
    "first gradient": [0.0491647780473, 0.0911186463339],
    "end": [1.08441165484, -0.784560855052],
}
TOLERANCE = 1e-8
