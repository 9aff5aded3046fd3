"""What is trained: networks with ReLU and their data, as plain arrays; and micrograd's demonstration as scalar code."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from fastpath import relu
from scalargrad.settings import Array

ALPHA = 1e-4
"""The factor of the L2 term of the moons problem."""


@dataclass(frozen=True)
class Problem:
    """Inputs (one example a row), their labels, the parameters to begin with (W, b, W, b, …), and which loss."""

    x: Array
    labels: Array
    """Class numbers of shape (n,) for cross-entropy; −1 and 1, of shape (n, 1), for the hinge loss."""
    parameters: tuple[Array, ...]
    rate: float = 0.01
    hinge: bool = False

    @classmethod
    def random(cls, sizes: Sequence[int], batch: int, dtype: str = "float64", seed: int = 0) -> Problem:
        """Normally distributed inputs, random classes, and weights of variance 1/(fan in)."""
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((batch, sizes[0])).astype(dtype)
        labels = rng.integers(0, sizes[-1], batch)
        parameters: list[Array] = []
        for fan_in, fan_out in pairwise(sizes):
            parameters.append((rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)).astype(dtype))
            parameters.append((rng.standard_normal(fan_out) / np.sqrt(fan_in)).astype(dtype))
        return cls(x, labels, tuple(parameters))

    @classmethod
    def moons(cls) -> Problem:
        """Micrograd's demonstration: 2-16-16-1 on two moons of 100 points, hinge loss and an L2 term."""
        net = MoonsNet(float)
        x, labels = np.array(net.inputs), np.array(net.labels, dtype=float)[:, None]
        return cls(x, labels, tuple([np.array(p, dtype=float) for p in net.arrays()]), hinge=True)

    @property
    def names(self) -> list[str]:
        """The parameters' names: W1, b1, W2, …"""
        return [f"{'Wb'[i % 2]}{i // 2 + 1}" for i in range(len(self.parameters))]


def logits(x: Any, parameters: Any, relu: Callable[[Any], Any] = relu) -> Any:
    """What the last layer gives. ``x`` and the parameters are of any library whose ``relu`` this is."""
    h = x
    for i in range(0, len(parameters), 2):
        h = h @ parameters[i] + parameters[i + 1]
        if i < len(parameters) - 2:
            h = relu(h)
    return h


def loss_function(hinge: bool, relu: Callable[[Any], Any], cross_entropy: Callable[[Any, Any], Any]) -> Any:
    """The loss as a function of parameters, inputs and labels, made of a library's own functions."""

    def entropy(parameters: Any, x: Any, labels: Any) -> Any:
        return cross_entropy(logits(x, parameters, relu), labels)

    def hinge_and_l2(parameters: Any, x: Any, labels: Any) -> Any:
        margins = relu(1 - labels * logits(x, parameters, relu))
        return margins.mean() + ALPHA * sum((p * p).sum() for p in parameters)

    return hinge_and_l2 if hinge else entropy


# --- micrograd's demonstration, in scalar code that any scalar engine can run ----------------------------------------


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

    def arrays(self) -> list[Array]:
        """The parameters as arrays of objects W, b, W, b, …"""
        return [
            np.array(numbers, dtype=object)
            for layer in self.layers
            for numbers in (list(zip(*[weights for weights, _ in layer])), [bias for _, bias in layer])
        ]

    def score(self, x: Sequence[Any]) -> Any:
        """The output of the network for one point."""
        for layer in self.layers:
            sums = [sum((w * xi for w, xi in zip(weights, x)), bias) for weights, bias in layer]
            x = sums if layer is self.layers[-1] else [s.relu() for s in sums]
        return x[0]

    def example_loss(self, x: Any, y: Any) -> Any:
        """The loss of one example, with the L2 term: what is compiled."""
        return (1 - y * self.score(x)).relu() + ALPHA * sum(p * p for p in self.parameters)

    def loss(self) -> Any:
        """Mean hinge loss over all points, plus the L2 term."""
        points = [[self.value(number) for number in point] for point in self.inputs]
        losses = [(1 + -label * self.score(point)).relu() for point, label in zip(points, self.labels)]
        return sum(losses) * (1.0 / len(losses)) + ALPHA * sum(p * p for p in self.parameters)
