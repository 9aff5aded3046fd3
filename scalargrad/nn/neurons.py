"""A layer told neuron by neuron, as micrograd and the first lectures on networks have it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.engine import Value
from scalargrad.nn.layers import Neuron
from scalargrad.nn.module import Module
from scalargrad.ops.composite import stack
from scalargrad.settings import Seed, generator, size

__all__ = ["Layer"]


class Layer(Module):
    """Neurons side by side: what ``Linear`` and an activation are as a matrix. (n, in) → (n, out).

    Settings are those of :class:`Neuron`; weights begin as micrograd's. Of a single example, a layer of one neuron
    gives a single node, and one of several an array of them.

    >>> from scalargrad import nn
    >>> layer = nn.Layer(2, 3, nonlin=False)
    >>> len(layer.neurons), len(layer.parameters()), layer([1.0, -2.0]).shape
    (3, 9, (3,))
    """

    neurons: list[Neuron]

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: Any = ...,
        *,
        init: Any = "micrograd",
        backend: Any = "value",
        seed: Seed = None,
        **settings: Any,
    ) -> None:
        rng = generator(seed, "Layer: seed")
        self.inputs, self.outputs = inputs, size(outputs, "Layer: outputs")
        settings |= {"init": init, "backend": backend, "seed": rng}
        self.neurons = [Neuron(inputs, activation, **settings) for _ in range(self.outputs)]

    def forward(self, x: Any) -> Any:
        """What each neuron makes of x."""
        each = [neuron(x) for neuron in self.neurons]
        if len(each) == 1:
            return each[0]
        return np.array(each, dtype=object) if isinstance(each[0], Value) else stack(each, axis=-1)

    def extra(self) -> str:
        return f"{self.inputs}, {self.outputs}"
