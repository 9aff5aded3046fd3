"""A small convolutional net that tells lines that lie from lines that stand: convolution, pooling, linear layer, cross
entropy, momentum; as people write it for PyTorch."""

import numpy as np

import fastpath as torch  # torch: import torch
import fastpath.nn.functional as F  # torch: import torch.nn.functional as F
from fastpath import optim  # torch: from torch import optim


def pictures(random, count):
    X, y = 0.2 * random.randn(count, 1, 8, 8), random.randint(0, 2, count)
    for i in range(count):
        place = random.randint(1, 7)
        if y[i]:
            X[i, 0, place] += 1.0
        else:
            X[i, 0, :, place] += 1.0
    return torch.tensor(X), torch.tensor(y)


def scores(params, X):
    K1, b1, K2, W, b = params
    h = F.relu(F.conv2d(X, K1, b1, padding=1))
    h = F.max_pool2d(h, 2)
    h = torch.tanh(F.conv2d(h, K2, stride=1))
    h = F.avg_pool2d(h, 2)
    return h.flatten(1) @ W + b


def main():
    random = np.random.RandomState(0)
    X, y = pictures(random, 24)
    starts = (
        0.3 * random.randn(4, 1, 3, 3),
        0.1 * random.randn(4),
        0.2 * random.randn(3, 4, 3, 3),
        0.3 * random.randn(3, 2),
        np.zeros(2),
    )
    params = [torch.tensor(start, requires_grad=True) for start in starts]
    optimizer = optim.SGD(params, lr=0.1, momentum=0.9)
    losses = []
    for step in range(25):
        optimizer.zero_grad()
        loss = F.cross_entropy(scores(params, X), y)
        loss.backward()
        if step == 0:
            first = params[0].grad[0, 0]
        optimizer.step()
        losses.append(loss.item())
    return {
        "losses": losses[::8],
        "first gradient": first,
        "accuracy": (scores(params, X).argmax(1) == y).sum() / 24,
        "biases": params[1],
    }


EXPECTED = {
    "losses": [0.709998333214, 0.668778606013, 0.560613081359, 0.13869898094],
    "first gradient": [
        [-0.00491305743862, 0.0049874796786, 0.00755003954982],
        [-0.00186786750622, 0.0126248199536, 0.0109284846906],
        [-0.00587998056389, 0.0065103719595, 0.00332657643556],
    ],
    "accuracy": 1.0,
    "biases": [0.241170258813, -0.0897486071689, 0.0990670269785, -0.257850123877],
}
TOLERANCE = 1e-8
