"""Layers: weighted sums, alone and side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.nn.activations import activation as activation_of
from scalargrad.nn.backends import parameter
from scalargrad.nn.initialisers import drawn
from scalargrad.nn.module import Module
from scalargrad.ops import elementwise as ops
from scalargrad.ops.structural import max as largest
from scalargrad.ops.structural import reshape

Seed = np.random.Generator | int | None


def size(what: str, n: Any) -> int:
    """A number of inputs or outputs: a whole number from 1 on."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"{what} is a whole number from 1 on, not {n!r}")
    return int(n)


def features(x: Any, expected: int, where: str) -> Any:
    """The input as an array or a Tensor, whose last axis has the expected length."""
    if not hasattr(x, "shape"):
        x = np.array(x, dtype=object if _holds_nodes(x) else float)
    if x.ndim == 0 or x.shape[-1] != expected:
        raise ValueError(f"{where}: expected {expected} features along the last axis, not shape {tuple(x.shape)}")
    return x


def _holds_nodes(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(map(_holds_nodes, x))
    return hasattr(type(x), "_apply_op")


class Linear(Module):
    """A linear layer: y = xW + b, of shapes (n, in) → (n, out); W has the shape (in, out), b (out,).

    ``init`` and ``bias_init`` say how W and b begin (:mod:`.initialisers`: a name, a function or numbers); W begins
    as ``xavier_uniform``, b as zeros.

    >>> from scalargrad import nn
    >>> layer = nn.Linear(2, 3, init=[[1, 2, 3], [4, 5, 6]])
    >>> [y.data for y in layer([1.0, -1.0])]
    [-3.0, -3.0, -3.0]
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: bool = True,
        init: Any = "xavier_uniform",
        bias_init: Any = "zeros",
        backend: Any = "value",
        seed: Seed = None,
        label: str = "",
    ) -> None:
        rng = np.random.default_rng(seed)
        self.inputs, self.outputs = size("inputs", inputs), size("outputs", outputs)
        self.W = parameter(drawn(init, (self.inputs, self.outputs), rng), backend, f"W{label}")
        self.b = parameter(drawn(bias_init, (self.outputs,), rng), backend, f"b{label}") if bias else None

    def forward(self, x: Any) -> Any:
        """XW + b."""
        y = features(x, self.inputs, "Linear") @ self.W
        return y if self.b is None else y + self.b

    def extra(self) -> str:
        return f"{self.inputs}, {self.outputs}" + ("" if self.b is not None else ", bias=False")


class Neuron(Module):
    """One neuron: φ(x·w + b), of shapes (n, in) → (n,); of a single example a single number.

    >>> from scalargrad import nn
    >>> neuron = nn.Neuron(2, "sigmoid", init=[2.0, -3.0], bias_init=-3.0)
    >>> round(neuron([-1.0, -2.0]).data, 6)
    0.731059
    """

    def __init__(
        self,
        inputs: int,
        activation: Any = "tanh",
        *,
        init: Any = "xavier_uniform",
        bias_init: Any = "zeros",
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.inputs = size("inputs", inputs)
        self.w = parameter(drawn(init, (self.inputs,), rng), backend, "w")
        self.b = parameter(drawn(bias_init, (), rng), backend, "b")
        self.activation = None if activation is None else activation_of(activation)

    def forward(self, x: Any) -> Any:
        """φ(x·w + b)."""
        z = features(x, self.inputs, type(self).__name__) @ self.w
        z = z + (self.b[()] if isinstance(self.b, np.ndarray) else self.b)
        return z if self.activation is None else self.activation.forward(z)

    def extra(self) -> str:
        return str(self.inputs)


class Perceptron(Neuron):
    """Rosenblatt's neuron: [x·w + b ≥ 0]. No gradient passes the step; ``scalargrad.linear.Perceptron`` learns by rule.

    >>> from scalargrad import nn
    >>> either = nn.Perceptron(2, init=[1.0, 1.0], bias_init=-0.5)
    >>> [either([a, b]).data for a, b in ((0, 0), (0, 1), (1, 1))]
    [0.0, 1.0, 1.0]
    """

    def __init__(self, inputs: int, **settings: Any) -> None:
        super().__init__(inputs, ops.heaviside, **settings)


class Maxout(Module):
    """The largest of several linear layers, element by element: max(xW₁ + b₁, xW₂ + b₂, …). Goodfellow et al. 2013."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        pieces: int = 2,
        *,
        init: Any = "xavier_uniform",
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.inputs, self.outputs = size("inputs", inputs), size("outputs", outputs)
        self.pieces = size("pieces", pieces)
        columns = [drawn(init, (self.inputs, self.outputs), rng) for _ in range(self.pieces)]
        self.W = parameter(np.concatenate(columns, axis=1), backend, "W")
        self.b = parameter(np.zeros(self.outputs * self.pieces), backend, "b")

    def forward(self, x: Any) -> Any:
        """The largest of the pieces."""
        z = features(x, self.inputs, "Maxout") @ self.W + self.b
        return largest(reshape(z, (*z.shape[:-1], self.pieces, self.outputs)), axis=-2)

    def extra(self) -> str:
        return f"{self.inputs}, {self.outputs}, pieces={self.pieces}"
