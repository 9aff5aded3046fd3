"""micrograd's demo: a net of neurons with relu, a hinge loss with an L2 term, points on two half circles."""

import math
import random

from scalargrad.micrograd.engine import Value  # micrograd: from micrograd.engine import Value
from scalargrad.micrograd.nn import MLP  # micrograd: from micrograd.nn import MLP


def moons(count):
    for i in range(count):
        angle = math.pi * i / (count - 1)
        noise = random.gauss(0, 0.1)
        if i % 2:
            yield [1 - math.cos(angle) + noise, 0.5 - math.sin(angle)], -1
        else:
            yield [math.cos(angle) + noise, math.sin(angle)], 1


def main():
    random.seed(1337)
    model = MLP(2, [8, 8, 1])
    points = list(moons(20))

    def loss():
        inputs = [list(map(Value, x)) for x, _ in points]
        scores = list(map(model, inputs))
        losses = [(1 + -y * score).relu() for (_, y), score in zip(points, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        accuracy = [(y > 0) == (score.data > 0) for (_, y), score in zip(points, scores)]
        return total, sum(accuracy) / len(accuracy)

    history = []
    for k in range(12):
        total, accuracy = loss()
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 12) * p.grad
        history.append(total.data)
    return {
        "losses": history[::4],
        "accuracy": accuracy,
        "numbers": len(model.parameters()),
        "the first weight": model.parameters()[0].data,
    }


EXPECTED = {
    "losses": [1.45576259768, 0.362275517985, 0.289666791899],
    "accuracy": 0.85,
    "numbers": 105.0,
    "the first weight": -0.406256021188,
}
