"""The two-moons network of micrograd's demonstration, in scalar code that any scalar engine can run."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any


def moons(points: int = 100, noise: float = 0.1, seed: int = 1) -> tuple[list[tuple[float, float]], list[int]]:
    """Two interleaved half circles with Gaussian noise; labels −1 and 1."""
    rng = random.Random(seed)
    inputs, labels = [], []
    for i in range(points):
        angle, upper = math.pi * rng.random(), i % 2 == 0
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        inputs.append((x + rng.gauss(0, noise), y + rng.gauss(0, noise)))
        labels.append(-1 if upper else 1)
    return inputs, labels


class MoonsNet:
    """An MLP 2-16-16-1 with ReLU, written neuron by neuron on any ``Value`` class; hinge loss and L2 term."""

    def __init__(self, value: type, sizes: tuple[int, ...] = (2, 16, 16, 1), seed: int = 1337) -> None:
        self.value: Any = value
        rng = random.Random(seed)
        self.layers = [
            [([value(rng.uniform(-1, 1)) for _ in range(fan_in)], value(0)) for _ in range(fan_out)]
            for fan_in, fan_out in pairwise(sizes)
        ]
        self.parameters = [p for layer in self.layers for weights, bias in layer for p in (*weights, bias)]
        self.inputs, self.labels = moons()
        self.steps = 0

    def score(self, point: tuple[float, float]) -> Any:
        """The output of the network for one point."""
        x = [self.value(number) for number in point]
        for layer in self.layers:
            sums = [sum((w * xi for w, xi in zip(weights, x)), bias) for weights, bias in layer]
            x = sums if layer is self.layers[-1] else [s.relu() for s in sums]
        return x[0]

    def loss(self) -> Any:
        """Mean hinge loss over all points, plus 1e-4 times the sum of the squared parameters."""
        losses = [(1 + -label * self.score(point)).relu() for point, label in zip(self.inputs, self.labels)]
        return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in self.parameters)

    def step(self) -> float:
        """One step of gradient descent over all points, with the demonstration's learning rate; the loss before it."""
        loss = self.loss()
        for p in self.parameters:
            p.grad = 0.0
        loss.backward()
        rate = 1.0 - 0.9 * self.steps / 100
        for p in self.parameters:
            p.data -= rate * p.grad
        self.steps += 1
        return float(loss.data)
