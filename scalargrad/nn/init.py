"""Numbers put into parameters that are there already, under PyTorch's names: ``nn.init.xavier_uniform_(layer.weight)``.

Each takes a parameter, a Tensor or an array of Values, and gives it back. Inputs and outputs are counted as PyTorch
does, in the shape (out, in, …) of a ``weight``: give ``layer.weight``, which stands for W here, and not W, which is
(in, out). ``rng`` is a seed or a generator of random numbers.

>>> from scalargrad import nn
>>> layer = nn.Linear(300, 500, backend="tensor")
>>> _ = nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", rng=0)
>>> round(layer.W.data.var().item() * 300, 1)
2.0
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scalargrad.nn.backends import as_nodes, is_parameter, set_numbers
from scalargrad.ops.structural import transpose
from scalargrad.settings import Array, Seed, generator, number, one_of, short

__all__ = [
    "calculate_gain", "constant_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_",
    "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


class _Place:
    """Where the numbers of a parameter go: into itself, or, of a W that is looked at transposed, into W."""

    def __init__(self, x: Any, where: str) -> None:
        op = getattr(x, "op", None)
        self.given, self.turned = x, getattr(op, "op", op) is transpose and is_parameter(x.inputs[0])
        self.nodes = as_nodes(x.inputs[0] if self.turned else x)
        if not is_parameter(self.nodes):
            raise TypeError(f"{where}: expected a parameter, a Tensor with requires_grad or Values, not {short(x)}")
        self.shape: tuple[int, ...] = tuple(x.shape if self.turned else self.nodes.shape)

    def put(self, numbers: Any) -> Any:
        """Put them in, and give back what was given."""
        kind = self.nodes.dtype if self.nodes.dtype.kind == "f" else float
        new = np.broadcast_to(np.asarray(numbers, dtype=kind), self.shape)
        set_numbers(self.nodes, (new.T if self.turned else new).copy())
        return transpose(self.nodes) if self.turned else self.given

    def fans(self, where: str) -> tuple[int, int]:
        """The numbers of inputs and outputs."""
        if len(self.shape) < 2:
            raise ValueError(f"{where}: expected two axes, inputs and outputs, not shape {self.shape}")
        inside = math.prod(self.shape[2:])
        return self.shape[1] * inside, self.shape[0] * inside


def constant_(x: Any, val: float) -> Any:
    """All of them ``val``."""
    return _Place(x, "constant_").put(number(val, "constant_: val"))


def zeros_(x: Any) -> Any:
    """All 0."""
    return _Place(x, "zeros_").put(0.0)


def ones_(x: Any) -> Any:
    """All 1."""
    return _Place(x, "ones_").put(1.0)


def eye_(x: Any) -> Any:
    """1 on the diagonal, 0 elsewhere: a layer that gives what it gets."""
    place = _Place(x, "eye_")
    place.fans("eye_")
    return place.put(np.eye(place.shape[0], place.shape[1]))


def uniform_(x: Any, a: float = 0.0, b: float = 1.0, rng: Seed = None) -> Any:
    """Uniform over (a, b)."""
    place, low = _Place(x, "uniform_"), number(a, "uniform_: a")
    return place.put(generator(rng, "uniform_: rng").uniform(low, number(b, "uniform_: b", least=low), place.shape))


def normal_(x: Any, mean: float = 0.0, std: float = 1.0, rng: Seed = None) -> Any:
    """Normal."""
    place, centre = _Place(x, "normal_"), number(mean, "normal_: mean")
    return place.put(generator(rng, "normal_: rng").normal(centre, number(std, "normal_: std", least=0), place.shape))


def xavier_uniform_(x: Any, gain: float = 1.0, rng: Seed = None) -> Any:
    """Uniform of variance gain²·2/(in + out). Glorot and Bengio 2010."""
    return _spread(x, "xavier_uniform_", gain, lambda inputs, outputs: (inputs + outputs) / 2, True, rng)


def xavier_normal_(x: Any, gain: float = 1.0, rng: Seed = None) -> Any:
    """Normal of variance gain²·2/(in + out). Glorot and Bengio 2010."""
    return _spread(x, "xavier_normal_", gain, lambda inputs, outputs: (inputs + outputs) / 2, False, rng)


def kaiming_uniform_(
    x: Any, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Seed = None
) -> Any:
    """Uniform of variance gain²/in, or gain²/out with ``mode="fan_out"``. He et al. 2015."""
    gain = _gain(nonlinearity, a, "kaiming_uniform_")
    return _spread(x, "kaiming_uniform_", gain, _fan(mode, "kaiming_uniform_"), True, rng)


def kaiming_normal_(
    x: Any, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", rng: Seed = None
) -> Any:
    """Normal of variance gain²/in, or gain²/out with ``mode="fan_out"``. He et al. 2015."""
    gain = _gain(nonlinearity, a, "kaiming_normal_")
    return _spread(x, "kaiming_normal_", gain, _fan(mode, "kaiming_normal_"), False, rng)


def orthogonal_(x: Any, gain: float = 1.0, rng: Seed = None) -> Any:
    """Rows or columns that are orthogonal, of length ``gain``. Saxe et al. 2014."""
    place = _Place(x, "orthogonal_")
    place.fans("orthogonal_")
    rows = place.shape[0]
    flat = generator(rng, "orthogonal_: rng").normal(size=(rows, math.prod(place.shape[1:])))
    tall = flat if flat.shape[0] >= flat.shape[1] else flat.T
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return place.put(number(gain, "orthogonal_: gain") * (q if tall is flat else q.T).reshape(place.shape))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much an activation wants weights larger: √2 of ReLU, 5/3 of tanh, √(2/(1 + slope²)) of leaky ReLU.

    >>> round(calculate_gain("relu"), 4), round(calculate_gain("leaky_relu", 0.2), 4)
    (1.4142, 1.3868)
    """
    return _gain(nonlinearity, 0.01 if param is None else number(param, "calculate_gain: param"), "calculate_gain")


def _gain(nonlinearity: Any, a: Any, where: str) -> float:
    slope = number(a, f"{where}: a")
    gains = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
    gains |= {"leaky_relu": math.sqrt(2 / (1 + slope**2))}
    if not one_of(nonlinearity, tuple(gains)):
        raise ValueError(f"{where}: nonlinearity is one of {', '.join(gains)}, not {short(nonlinearity)}")
    return gains[nonlinearity]


def _fan(mode: Any, where: str) -> Any:
    if not one_of(mode, ("fan_in", "fan_out")):
        raise ValueError(f"{where}: mode is 'fan_in' or 'fan_out', not {short(mode)}")
    return (lambda inputs, outputs: inputs) if mode == "fan_in" else (lambda inputs, outputs: outputs)


def _spread(x: Any, where: str, gain: Any, fan: Any, even: bool, rng: Seed) -> Any:
    """Random numbers of the standard deviation gain/√fan, evenly spread or normal."""
    place = _Place(x, where)
    std = number(gain, f"{where}: gain", least=0) / math.sqrt(fan(*place.fans(where)))
    source = generator(rng, f"{where}: rng")
    bound = math.sqrt(3) * std
    numbers: Array = source.uniform(-bound, bound, place.shape) if even else source.normal(0.0, std, place.shape)
    return place.put(numbers)
