"""A line through noisy points by gradient descent; as the first lessons of the CogWorks course, which uses MyGrad."""

import numpy as np

import fastpath as mg  # mygrad: import mygrad as mg
from fastpath.nn import Parameter as tensor  # mygrad: from mygrad import tensor


def main():
    random = np.random.RandomState(0)
    x = random.rand(50) * 4
    y = 2.5 * x - 1.0 + 0.3 * random.randn(50)
    slope, offset = tensor(0.5), tensor(0.0)
    losses = []
    for _ in range(100):
        guess = slope * x + offset
        loss = mg.mean((y - guess) ** 2)
        loss.backward()
        losses.append(loss.item())
        slope, offset = tensor(slope.data - 0.05 * slope.grad), tensor(offset.data - 0.05 * offset.grad)
    return {"losses": losses[::33], "line": [slope.item(), offset.item()]}


EXPECTED = {
    "losses": [15.2878291315, 0.223427911729, 0.121546821862, 0.0905509737693],
    "line": [2.38050018185, -0.749451137134],
}
