"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scalargrad.graph import Node
from scalargrad.nn import scoping
from scalargrad.nn.activations import ACTIVATIONS, chosen
from scalargrad.nn.activations import activation as activation_of
from scalargrad.nn.backends import backend_of, relabel
from scalargrad.nn.layers import Linear
from scalargrad.nn.module import Module
from scalargrad.settings import Seed, generator, short, size

__all__ = ["MLP", "Sequential"]


class Sequential(Module):
    """Modules one after the other: the lecture's LEGO net.

    >>> from scalargrad import nn
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> len(net), net.eval()([1.0, 2.0, 3.0, 4.0]).shape
    (6, (3,))
    """

    names_its_nodes = True  # it has none of its own
    layers: list[Module]

    def __init__(self, *layers: Module) -> None:
        for layer in layers:
            if not isinstance(layer, Module):
                raise TypeError(f"Sequential takes modules, not {layer!r}")
        self.layers = list(layers)
        for i, layer in enumerate(layers, 1):
            layer.name = layer.name or f"{type(layer).__name__} {i}"
        numbered = list(dict.fromkeys(m for m in self.modules() if m.parameter_labels))
        for i, module in enumerate(numbered, 1):
            for attribute, label in module.parameter_labels.items() if len(numbered) > 1 else ():
                if getattr(module, attribute) is not None:
                    relabel(getattr(module, attribute), f"{label}{i}")

    def _module_parts(self) -> list[tuple[str, Any]]:
        """The layers by their numbers, from 0 on."""
        return [(name.removeprefix("layers."), part) for name, part in super()._module_parts()]

    def forward(self, x: Any) -> Any:
        """The output of the last layer; each layer gets the output of the one before it."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Module:
        return self.layers[i]

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)


_GAINS = {"relu": "he_uniform", "leaky_relu": "he_uniform", "elu": "he_uniform", "prelu": "he_uniform"}
"""The default initialiser before activations that pass on half of the variance."""


class MLP(Sequential):
    """A multi-layer perceptron: linear layers with an activation between them; ``output`` is one after the last.

    ``MLP(2, [16, 16], 1)`` has 2 inputs, two hidden layers of 16 and one output, as has ``MLP(2, [16, 16, 1])``.
    The activation is tanh. Weights begin as Xavier's, or as He's before ReLU and its relatives, unless ``init`` says
    otherwise; with ``init="micrograd"`` they begin as micrograd's, and the activation is relu by default. Of a single
    example, an MLP with one output gives a single node, not an array of one.

    >>> from scalargrad import nn
    >>> model = nn.MLP(2, [3], 1, activation="relu", seed=0)
    >>> len(model.parameters()), type(model([1.0, -2.0])).__name__, model([[1.0, -2.0], [0.0, 1.0]]).shape
    (13, 'Value', (2, 1))
    """

    names_its_nodes = True

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        outputs: int | None = None,
        *,
        activation: Any = ...,
        output: Any = None,
        init: Any = None,
        bias_init: Any = "zeros",
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        where = type(self).__name__
        rng, kind = generator(seed, f"{where}: seed"), backend_of(backend, where)
        between = activation_of(chosen(activation, None, init), f"{where}: activation")
        name = next((n for n, kind in ACTIVATIONS.items() if type(between) is kind), "")
        init = _GAINS.get(name, "xavier_uniform") if init is None else init
        if isinstance(hidden, str) or not (isinstance(hidden, Sequence) or len(getattr(hidden, "shape", ())) == 1):
            raise TypeError(f"{where}: hidden is a list of lengths of layers, such as [16, 16], not {short(hidden)}")
        hidden = [size(n, f"{where}: a length in hidden") for n in hidden]
        if not hidden and outputs is None:
            raise ValueError("MLP: there is no output; give the lengths of the layers, MLP(2, [16, 16], 1)")
        sizes = [
            size(inputs, f"{where}: inputs"),
            *hidden,
            *([] if outputs is None else [size(outputs, f"{where}: outputs")]),
        ]
        layers: list[Module] = []
        for i in range(len(sizes) - 1):
            last = i == len(sizes) - 2
            how = "xavier_uniform" if last and isinstance(init, str) and init == "he_uniform" else init
            options: dict[str, Any] = {"init": how, "bias_init": bias_init, "backend": kind, "seed": rng}
            layers.append(Linear(sizes[i], sizes[i + 1], **options))
            if not last:
                layers.append(activation_of(between).to(kind))
            elif output is not None:
                layers.append(activation_of(output, f"{where}: output").to(kind))
        super().__init__(*layers)
        self.outputs = sizes[-1]

    def forward(self, x: Any) -> Any:
        """The outputs, of shape (n, outputs); see above for a single example."""
        y: Any = super().forward(x)
        if self.outputs > 1 or y.ndim > 1:
            return y
        single = y[0]
        return scoping.named(single) if isinstance(y, Node) else single
