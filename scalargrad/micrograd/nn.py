"""micrograd's networks: weights uniform over (−1, 1), by Python's ``random``; biases 0; relu but at the end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from scalargrad.micrograd.engine import Value
from scalargrad.nn.module import Module

__all__ = ["MLP", "Layer", "Module", "Neuron"]


class Neuron(Module):
    """relu(b + w₁x₁ + w₂x₂ + …), or without relu; x is a list of numbers or Values."""

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0)
        self.nonlin = nonlin

    def forward(self, x: Sequence[Any]) -> Any:
        """The output, a Value."""
        if len(x) != len(self.w):
            raise ValueError(f"Neuron: expected {len(self.w)} inputs, not {len(x)}")
        z = sum([w * x for w, x in zip(self.w, x)], self.b)
        return z.relu() if self.nonlin else z

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side: a list of outputs, or the one there is."""

    def __init__(self, nin: int, nout: int, **settings: Any) -> None:
        self.neurons = [Neuron(nin, **settings) for _ in range(nout)]

    def forward(self, x: Sequence[Any]) -> Any:
        """The outputs."""
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class MLP(Module):
    """Layers one after the other: ``MLP(3, [4, 4, 1])`` has 3 inputs, two layers of 4 and one output."""

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        sizes = [nin, *nouts]
        last = len(nouts) - 1
        self.layers = [Layer(sizes[i], sizes[i + 1], nonlin=i != last) for i in range(len(nouts))]

    def forward(self, x: Sequence[Any]) -> Any:
        """The outputs of the last layer."""
        outputs: Any = x
        for layer in self.layers:
            outputs = layer(outputs)
        return outputs

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"
