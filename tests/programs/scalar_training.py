"""A net of three layers of scalars that learns which points lie left; as minitorch's run_scalar.py."""

import random

from scalargrad import Value as Scalar  # minitorch: from minitorch import Scalar


class Linear:
    def __init__(self, inputs, outputs):
        self.weights = [[Scalar(2 * (random.random() - 0.5)) for _ in range(outputs)] for _ in range(inputs)]
        self.bias = [Scalar(2 * (random.random() - 0.5)) for _ in range(outputs)]

    def forward(self, inputs):
        y = list(self.bias)
        for i, x in enumerate(inputs):
            for j in range(len(y)):
                y[j] = y[j] + x * self.weights[i][j]
        return y

    def step(self, rate):
        self.weights = [[Scalar(w.data - rate * w.grad) for w in row] for row in self.weights]
        self.bias = [Scalar(b.data - rate * b.grad) for b in self.bias]


class Network:
    def __init__(self, hidden):
        self.layers = [Linear(2, hidden), Linear(hidden, hidden), Linear(hidden, 1)]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = [h.relu() for h in layer.forward(x)]
        return self.layers[-1].forward(x)[0].sigmoid()


def main():
    random.seed(7)
    points = [(random.random(), random.random()) for _ in range(20)]
    labels = [1 if x < 0.5 else 0 for x, _ in points]
    model, losses = Network(3), []
    for _ in range(25):
        total, correct = 0.0, 0
        for point, label in zip(points, labels):
            out = model.forward([Scalar(x) for x in point])
            prob = out if label == 1 else -out + 1.0
            correct += 1 if prob.data > 0.5 else 0
            loss = -prob.log()
            (loss / len(points)).backward()
            total += loss.data
        for layer in model.layers:
            layer.step(0.5)
        losses.append(total)
    return {"losses": losses[::6], "correct": correct, "last bias": model.layers[-1].bias[0].data}


EXPECTED = {
    "losses": [13.8305343151, 12.4143798702, 10.1932997215, 6.797978564, 7.64559350022],
    "correct": 15.0,
    "last bias": -0.0562442807567,
}
TOLERANCE = 1e-5  # minitorch's log is that of x + 1e-6
