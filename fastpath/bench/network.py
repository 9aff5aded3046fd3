"""The network that is measured: an MLP with ReLU and cross-entropy, written once for both backends."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from fastpath import Tensor, cross_entropy, relu
from scalargrad import Value
from scalargrad.settings import Array


@dataclass(frozen=True)
class Problem:
    """Inputs (one example a row), their class numbers, and the parameters to begin with: W, b, W, b, …"""

    sizes: tuple[int, ...]
    x: Array
    labels: Array
    parameters: tuple[Array, ...]
    rate: float = 0.01

    @classmethod
    def random(cls, sizes: tuple[int, ...], batch: int, dtype: str = "float64", seed: int = 0) -> Problem:
        """Normally distributed inputs, random classes, and weights of variance 1/(fan in)."""
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((batch, sizes[0])).astype(dtype)
        labels = rng.integers(0, sizes[-1], batch)
        parameters: list[Array] = []
        for fan_in, fan_out in pairwise(sizes):
            parameters.append((rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)).astype(dtype))
            parameters.append((rng.standard_normal(fan_out) / np.sqrt(fan_in)).astype(dtype))
        return cls(tuple(sizes), x, labels, tuple(parameters))

    @property
    def names(self) -> list[str]:
        """The parameters' names: W1, b1, W2, …"""
        return [f"{'Wb'[i % 2]}{i // 2 + 1}" for i in range(len(self.parameters))]


def logits(x: Any, parameters: Any) -> Any:
    """What the last layer gives, before the softmax. ``x`` and the parameters: Tensors, or arrays of Values."""
    h = x
    for i in range(0, len(parameters), 2):
        h = h @ parameters[i] + parameters[i + 1]
        if i < len(parameters) - 2:
            h = relu(h)
    return h


class Training:
    """The network on one backend, trained by gradient descent on the whole batch. What differs is below."""

    name: str

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.x = self.constant(problem.x)
        self.parameters = [self.parameter(p) for p in problem.parameters]

    def loss(self) -> Any:
        """The mean cross-entropy of the batch, with its graph."""
        return cross_entropy(logits(self.x, self.parameters), self.problem.labels)

    def gradients(self) -> tuple[float, list[Array]]:
        """The loss and its gradient by each parameter."""
        loss = self.loss()
        loss.backward()
        found = [self.taken(p) for p in self.parameters]
        return loss.item(), found

    def step(self) -> float:
        """Forward, backward and the update; the loss before it."""
        loss = self.loss()
        loss.backward()
        self.update(self.problem.rate)
        return loss.item()  # type: ignore[no-any-return]

    def constant(self, numbers: Array) -> Any:
        """An input that needs no gradient."""
        raise NotImplementedError

    def parameter(self, numbers: Array) -> Any:
        """A parameter that begins with these numbers."""
        raise NotImplementedError

    def taken(self, parameter: Any) -> Array:
        """The gradient of a parameter, which is zero from then on."""
        raise NotImplementedError

    def update(self, rate: float) -> None:
        """Parameter −= rate × gradient, and the gradients are zero again."""
        raise NotImplementedError


class OnValues(Training):
    """The network as a scalar graph: NumPy object arrays of Values."""

    name = "Values"

    def constant(self, numbers: Array) -> Any:
        return numbers

    def parameter(self, numbers: Array) -> Any:
        return np.frompyfunc(Value, 1, 1)(numbers)

    def taken(self, parameter: Any) -> Array:
        found = np.array([p.grad for p in parameter.flat]).reshape(parameter.shape)
        for p in parameter.flat:
            p.grad = 0.0
        return found

    def update(self, rate: float) -> None:
        for parameter in self.parameters:
            for p in parameter.flat:
                p.data -= rate * p.grad
                p.grad = 0.0


class OnTensors(Training):
    """The network as a graph of a few array operations."""

    name = "Tensors"

    def constant(self, numbers: Array) -> Any:
        return Tensor(numbers)

    def parameter(self, numbers: Array) -> Any:
        return Tensor(numbers, requires_grad=True)

    def taken(self, parameter: Any) -> Array:
        found: Array = parameter.grad
        parameter.grad = None
        return found

    def update(self, rate: float) -> None:
        for p in self.parameters:
            p.data -= rate * p.grad
            p.grad = None
