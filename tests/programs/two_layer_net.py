"""A net of two layers on toy data, softmax loss, checked by differences and trained; as CS231n's first assignment, which
has no library: here PyTorch differentiates."""

import numpy as np

import fastpath as torch  # torch: import torch


class TwoLayerNet:
    def __init__(self, inputs, hidden, classes, std=1e-1):
        random = np.random.RandomState(0)
        self.params = {
            "W1": torch.tensor(std * random.randn(inputs, hidden), requires_grad=True),
            "b1": torch.zeros(hidden, requires_grad=True),
            "W2": torch.tensor(std * random.randn(hidden, classes), requires_grad=True),
            "b2": torch.zeros(classes, requires_grad=True),
        }

    def scores(self, X):
        h = torch.clamp(X @ self.params["W1"] + self.params["b1"], min=0)
        return h @ self.params["W2"] + self.params["b2"]

    def loss(self, X, y, reg):
        scores = self.scores(X)
        scores = scores - scores.max()
        log_p = scores - torch.log(torch.exp(scores).sum(axis=1, keepdims=True))
        data = -log_p[torch.arange(len(y)), y].mean()
        return data + reg * ((self.params["W1"] ** 2).sum() + (self.params["W2"] ** 2).sum())

    def step(self, X, y, reg, rate):
        loss = self.loss(X, y, reg)
        loss.backward()
        with torch.no_grad():
            for p in self.params.values():
                p -= rate * p.grad
                p.grad = None
        return loss.item()


def main():
    random = np.random.RandomState(1)
    X, y = torch.tensor(10 * random.randn(5, 4)), torch.tensor([0, 1, 2, 2, 1])
    net = TwoLayerNet(4, 10, 3)
    loss = net.loss(X, y, 0.05)
    loss.backward()
    differences = {}
    for name, p in net.params.items():
        first = p.grad.flatten()[0].item()
        with torch.no_grad():
            was = p.flatten()[0].item()
            p[(0,) * p.ndim] = was + 1e-5
            above = net.loss(X, y, 0.05).item()
            p[(0,) * p.ndim] = was - 1e-5
            below = net.loss(X, y, 0.05).item()
            p[(0,) * p.ndim] = was
        differences[name] = [first, (above - below) / 2e-5]
        p.grad = None
    losses = [net.step(X, y, 5e-6, 1e-1) for _ in range(100)]
    return {
        "loss": loss.item(),
        "gradients": [slope for slope, _ in differences.values()],
        "close": [abs(a - b) < 1e-7 for a, b in differences.values()],
        "losses": losses[::25],
        "scores": net.scores(X)[0],
    }


EXPECTED = {
    "loss": 1.30378789133,
    "gradients": [-0.0968499042509, -0.00704840425391, -0.513764690921, 0.209969098057],
    "close": [1.0, 1.0, 1.0, 1.0],
    "losses": [1.2658608452, 0.0102881701471, 0.00385086338654, 0.00227098758361],
    "scores": [3.25379710021, -4.56754162399, -3.50144404984],
}
TOLERANCE = 1e-8
