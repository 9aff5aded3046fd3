"""Layers: weighted sums, alone and side by side."""

from __future__ import annotations

from itertools import accumulate
from operator import add, mul
from types import MappingProxyType
from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.graph import Node
from scalargrad.nn import scoping
from scalargrad.nn.activations import activation as activation_of
from scalargrad.nn.activations import chosen
from scalargrad.nn.backends import as_values, backend_of, numbers_of, parameter
from scalargrad.nn.initialisers import drawn
from scalargrad.nn.module import Module
from scalargrad.nn.parameters import OtherName
from scalargrad.ops import elementwise as ops
from scalargrad.ops.given import require_unmasked
from scalargrad.ops.structural import matmul, reshape
from scalargrad.ops.structural import max as largest
from scalargrad.settings import Seed, flag, generator, short, size

__all__ = ["Linear", "Maxout", "Neuron", "Perceptron"]


def features(x: Any, expected: int, where: str) -> Any:
    """The input as an array or a Tensor, whose last axis has the expected length."""
    require_unmasked(f"{where}: x", x)
    if not hasattr(x, "shape"):
        try:
            x = np.array(x, dtype=object if _holds_nodes(x) else float)
        except (TypeError, ValueError):
            raise TypeError(f"{where}: expected numbers in rows of one length, not {short(x)}") from None
    if x.ndim == 0 or x.shape[-1] != expected:
        raise ValueError(f"{where}: expected {expected} features along the last axis, not shape {tuple(x.shape)}")
    return x


def _holds_nodes(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(map(_holds_nodes, x))
    return hasattr(type(x), "_apply_op")


class Linear(Module):
    """A linear layer: y = xW + b, of shapes (n, in) → (n, out); W has the shape (in, out), b (out,).

    As in PyTorch, ``weight`` is W transposed, of shape (out, in), and ``bias`` is b.

    ``init`` and ``bias_init`` say how W and b begin (:mod:`.initialisers`: a name, a function or numbers); W begins
    as ``xavier_uniform``, b as zeros.

    >>> from scalargrad import nn
    >>> layer = nn.Linear(2, 3, init=[[1, 2, 3], [4, 5, 6]])
    >>> [y.data for y in layer([1.0, -1.0])]
    [-3.0, -3.0, -3.0]
    """

    names_its_nodes = True
    parameter_labels = MappingProxyType({"W": "W", "b": "b"})
    weight, bias = OtherName("W", transposed=True), OtherName("b")

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
    ) -> None:
        where = type(self).__name__
        rng, kind = generator(seed, f"{where}: seed"), backend_of(backend, where)
        self.inputs, self.outputs = size(inputs, f"{where}: inputs"), size(outputs, f"{where}: outputs")
        self.W = parameter(drawn(init, (self.inputs, self.outputs), rng, f"{where}: init"), kind, "W")
        self.b = None
        if flag(bias, f"{where}: bias"):
            self.b = parameter(drawn(bias_init, (self.outputs,), rng, f"{where}: bias_init"), kind, "b")

    def forward(self, x: Any) -> Any:
        """XW + b."""
        x = features(x, self.inputs, "Linear")
        if isinstance(x, np.ndarray) and isinstance(self.W, np.ndarray):
            return self._of_values(x) if modes.recording() else self._of_numbers(x)
        if not isinstance(x, Node) and x.dtype != object:  # Values are refused, by matmul
            x = x.astype(self.W.dtype, copy=False)
        y = scoping.named(matmul(x, self.W))
        return y if self.b is None else scoping.named(y + self.b)

    def _of_numbers(self, x: Any) -> Any:
        """The same where nothing is recorded: a product of plain matrices."""
        y = numbers_of(x) @ numbers_of(self.W)
        return as_values(y if self.b is None else y + numbers_of(self.b))

    def _of_values(self, x: Any) -> Any:
        """The same, node by node: Σᵢ xᵢ·wᵢⱼ in order, then + bⱼ."""
        name = scoping.own_name()
        biases = None if self.b is None else self.b.tolist()
        columns = self.W.T.tolist()
        y = np.empty((*x.shape[:-1], self.outputs), dtype=object)
        flat = y.reshape(-1, self.outputs)
        for k, row in enumerate(x.reshape(-1, self.inputs).tolist()):
            sums = []
            for j, column in enumerate(columns):
                products = list(map(mul, row, column))
                partial = list(accumulate(products, add))
                if biases is not None:
                    partial.append(partial[-1] + biases[j])
                if name is not None:
                    for node in products:
                        node.scope = name
                    for node in partial:
                        node.scope = name
                sums.append(partial[-1])
            flat[k] = sums
        return y

    def extra(self) -> str:
        return f"{self.inputs}, {self.outputs}" + ("" if self.b is not None else ", bias=False")


class Neuron(Module):
    """One neuron: φ(x·w + b), of shapes (n, in) → (n,); of a single example a single number. φ is tanh.

    ``nonlin`` True or False is micrograd's word for relu or none; with ``init="micrograd"`` φ is relu by default.

    >>> from scalargrad import nn
    >>> neuron = nn.Neuron(2, "sigmoid", init=[2.0, -3.0], bias_init=-3.0)
    >>> round(neuron([-1.0, -2.0]).data, 6)
    0.731059
    """

    parameter_labels = MappingProxyType({"w": "w", "b": "b"})

    def __init__(
        self,
        inputs: int,
        activation: Any = ...,
        *,
        nonlin: bool | None = None,
        init: Any = "xavier_uniform",
        bias_init: Any = "zeros",
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        where = type(self).__name__
        rng, kind = generator(seed, f"{where}: seed"), backend_of(backend, where)
        self.inputs = size(inputs, f"{where}: inputs")
        self.w = parameter(drawn(init, (self.inputs,), rng, f"{where}: init"), kind, "w")
        self.b = parameter(drawn(bias_init, (), rng, f"{where}: bias_init"), kind, "b")
        activation = chosen(activation, nonlin, init)
        self.activation = None if activation is None else activation_of(activation, f"{where}: activation")

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

    parameter_labels = MappingProxyType({"W": "W", "b": "b"})

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
        where = type(self).__name__
        rng, kind = generator(seed, f"{where}: seed"), backend_of(backend, where)
        self.inputs, self.outputs = size(inputs, f"{where}: inputs"), size(outputs, f"{where}: outputs")
        self.pieces = size(pieces, f"{where}: pieces")
        columns = [drawn(init, (self.inputs, self.outputs), rng, f"{where}: init") for _ in range(self.pieces)]
        self.W = parameter(np.concatenate(columns, axis=1), kind, "W")
        self.b = parameter(np.zeros(self.outputs * self.pieces), kind, "b")

    def forward(self, x: Any) -> Any:
        """The largest of the pieces."""
        z = features(x, self.inputs, "Maxout") @ self.W + self.b
        return largest(reshape(z, (*z.shape[:-1], self.pieces, self.outputs)), axis=-2)

    def extra(self) -> str:
        return f"{self.inputs}, {self.outputs}, pieces={self.pieces}"
