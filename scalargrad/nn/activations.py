"""Activations as modules, so that they can stand between layers.

A row of the registry with ``activation="Tanh"`` is the module ``nn.Tanh``: it is made here, from the row alone.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from numbers import Integral
from types import MappingProxyType
from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.nn import scoping
from scalargrad.nn.backends import as_values, backend_of, is_value_backed, numbers_of, parameter
from scalargrad.nn.module import Module
from scalargrad.ops import elementwise as ops
from scalargrad.ops.composite import glu
from scalargrad.ops.forms import RENAMED
from scalargrad.ops.given import integer
from scalargrad.ops.registry import OPS, Op
from scalargrad.ops.structural import log_softmax, softmax
from scalargrad.settings import flag, number, one_of, short, size


class Activation(Module):
    """An operation of the registry, applied to each element: ``Activation(tanh)``; other operands by name.

    >>> from scalargrad import nn, tanh
    >>> nn.Activation(tanh)(0.5) == tanh(0.5)
    True
    """

    names_its_nodes = True
    op: Op
    settings: dict[str, float]

    def __init__(self, op: Op, **settings: float) -> None:
        where = type(self).__name__
        if not isinstance(op, Op):
            raise TypeError(f"{where}: op is an operation such as scalargrad.tanh, not {short(op)}")
        settings = {name: number(x, f"{where}: {name}") for name, x in settings.items()}
        op.complete((0.0,), settings)  # raises for what the op does not take
        self.op = op
        self.settings = settings

    def forward(self, x: Any) -> Any:
        """The operation on every element."""
        if isinstance(x, np.ndarray) and x.dtype == object and not self.settings:
            if not modes.recording():
                return as_values(np.asarray(self.op(numbers_of(x))))[()]
            y = np.empty(x.shape, dtype=object)  # the methods are three times as fast as the op, which looks at types
            y.ravel()[:] = [getattr(v, self.op.name)() if isinstance(v, Value) else self.op(v) for v in x.flat]
            y = y[()]
        else:
            y = self.op(x, **self.settings)
        return scoping.named(y)

    def extra(self) -> str:
        own = [self.op.name] if type(self) is Activation else []
        return ", ".join([*own, *(f"{name}={value:g}" for name, value in self.settings.items())])


class PReLU(Module):
    """Leaky ReLU whose slope is learned (He et al. 2015); one slope for all, or one for each of ``features``."""

    parameter_labels = MappingProxyType({"slope": "slope"})

    def __init__(self, slope: float = 0.25, features: int | None = None, backend: Any = "value") -> None:
        shape = () if features is None else (size(features, "PReLU: features"),)
        numbers = np.full(shape, number(slope, "PReLU: slope"))
        self.slope = parameter(numbers, backend_of(backend, "PReLU"), "slope")

    def forward(self, x: Any) -> Any:
        """x, or slope·x below 0."""
        slope = self.slope[()] if is_value_backed(self.slope) else self.slope
        return ops.prelu(x, slope)


class Softmax(Module):
    """Probabilities from scores: exp(xᵢ)/Σ exp(xₖ) along an axis.

    >>> from scalargrad import nn
    >>> nn.Softmax()([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """

    along = staticmethod(softmax)

    def __init__(self, axis: Any = -1, *, dim: Any = None) -> None:
        where = type(self).__name__
        if dim is not None:
            raise TypeError(f"{where}: what PyTorch calls dim is axis here: {where}(axis={short(dim)})")
        if isinstance(axis, bool) or not isinstance(axis, Integral):
            raise TypeError(f"{where}: axis is a whole number, not {short(axis)}")
        self.axis = int(axis)

    def forward(self, x: Any) -> Any:
        """The probabilities along the axis, or their logarithms."""
        return self.along(x, axis=self.axis)

    def extra(self) -> str:
        return f"axis={self.axis}"


class LogSoftmax(Softmax):
    """Logarithms of probabilities from scores: xᵢ − log Σ exp(xₖ) along an axis; their loss is ``NLLLoss``.

    >>> from scalargrad import nn
    >>> nn.LogSoftmax()([0.0, 0.0]).round(4).tolist()
    [-0.6931, -0.6931]
    """

    along = staticmethod(log_softmax)


class GELU(Activation):
    """a·Φ(a) of every element (Hendrycks and Gimpel 2016); ``approximate="tanh"`` is the op gelu_tanh instead."""

    def __init__(self, approximate: str = "none") -> None:
        if not one_of(approximate, ("none", "tanh")):
            raise ValueError(f"GELU: approximate is 'none' or 'tanh', not {short(approximate)}")
        super().__init__(ops.gelu if approximate == "none" else ops.gelu_tanh)

    def extra(self) -> str:
        return "approximate='tanh'" if self.op is ops.gelu_tanh else ""


class GLU(Module):
    """Gated linear unit: the first half along an axis times the sigmoid of the second (Dauphin et al. 2017)."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = integer(axis, "GLU", "axis")

    def forward(self, x: Any) -> Any:
        """Half as many elements along the axis."""
        return glu(x, self.axis)

    def extra(self) -> str:
        return f"axis={self.axis}"


ACTIVATIONS: dict[str, type[Module]] = {
    "prelu": PReLU,
    "softmax": Softmax,
    "log_softmax": LogSoftmax,
    "gelu": GELU,
    "glu": GLU,
}
"""The activations by the name of their operation: these, and one for each row that is an activation."""


def _follow(row: Op, added: bool) -> None:
    """Make the module of a new row that is an activation, or take it away with its row."""
    if row.activation and not added:
        del ACTIVATIONS[row.name], globals()[row.activation]
    elif row.activation:
        if row.activation in globals():
            raise ValueError(f"{row.name}: there is a module called {row.activation} already")
        ACTIVATIONS[row.name] = globals()[row.activation] = _module_of(row)


def _module_of(row: Op) -> type[Module]:
    """The module of a row: ``LeakyReLU(slope=0.01)`` of ``leaky_relu(a, slope=0.01)``."""
    first = len(row.operands) - len(row.defaults)
    settings = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default)
        for name, default in zip(row.operands[first:], row.defaults)
    ]
    signature = Signature([Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *settings])

    def __init__(self: Activation, *given: float, **named: float) -> None:  # noqa: N807
        try:
            named = {RENAMED.get(row.name, {}).get(name, name): x for name, x in named.items()}
            bound = signature.bind(self, *given, **named)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: {error}") from None
        bound.apply_defaults()
        del bound.arguments["self"]
        Activation.__init__(self, row, **bound.arguments)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    doc = f"{row.name}{row.signature} of every element. {row.note[:1].upper()}{row.note[1:]}."
    return type(row.activation, (Activation,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


OPS.subscribe(_follow)
__all__ = ["ACTIVATIONS", "Activation", *[kind.__name__ for kind in ACTIVATIONS.values()]]


def chosen(given: Any, nonlin: Any, init: Any) -> Any:
    """The activation that is meant: tanh by default and, if weights begin as micrograd's, relu.

    ``nonlin``, or True and False in its place, is micrograd's word for whether there is one.
    """
    if nonlin is not None:
        given = flag(nonlin, "Neuron: nonlin")
    if given is ...:
        return "relu" if isinstance(init, str) and init == "micrograd" else "tanh"
    return ("relu" if given else None) if isinstance(given, bool) else given


def activation(given: Any, what: str = "activation") -> Module:
    """An activation by name, as an operation, a class or a module. A module that is given is copied."""
    if isinstance(given, str) and given in ACTIVATIONS:
        return ACTIVATIONS[given]()
    if isinstance(given, Op):
        return ACTIVATIONS[given.name]() if given.name in ACTIVATIONS else Activation(given)
    if isinstance(given, type) and issubclass(given, Module):
        return given()
    if isinstance(given, Module):
        from copy import deepcopy

        return deepcopy(given)
    raise ValueError(f"{what} is one of {', '.join(ACTIVATIONS)}, an operation or a module, not {short(given)}")
