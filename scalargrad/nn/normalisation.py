"""Normalisation within one example: of all its features, or of groups of them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from scalargrad.nn.backends import backend_of, parameter
from scalargrad.nn.layers import features
from scalargrad.nn.module import Module
from scalargrad.nn.parameters import OtherName
from scalargrad.ops import elementwise as ops
from scalargrad.ops.given import as_array
from scalargrad.ops.structural import mean, reshape, var
from scalargrad.settings import flag, number, size

__all__ = ["GroupNorm", "LayerNorm", "RMSNorm"]


class _Scaled(Module):
    """What the normalisations share: γ and β, called ``weight`` and ``bias`` by PyTorch."""

    parameter_labels = MappingProxyType({"gamma": "γ", "beta": "β"})
    weight, bias = OtherName("gamma"), OtherName("beta")
    gamma: Any
    beta: Any

    def _begin(self, shape: tuple[int, ...], affine: bool, bias: bool, backend: Any) -> None:
        kind = backend_of(backend, type(self).__name__)
        self.gamma = parameter(np.ones(shape), kind, "γ") if affine else None
        self.beta = parameter(np.zeros(shape), kind, "β") if affine and bias else None

    def _scaled(self, x: Any, shape: tuple[int, ...] | None = None) -> Any:
        for nodes, way in ((self.gamma, ops.mul), (self.beta, ops.add)):
            if nodes is not None:
                x = way(x, nodes if shape is None else reshape(nodes, shape))
        return x


class LayerNorm(_Scaled):
    """Each example centred and scaled over its features: γ·(x − mean)/√(var + ε) + β, of shapes (…, features).

    ``normalized_shape`` is the number of features, or the lengths of the last axes that are taken together; the
    variance is divided by n. γ and β are ``weight`` and ``bias`` in PyTorch. It is the same in training and evaluation.
    Ba, Kiros & Hinton 2016.

    >>> from scalargrad import nn
    >>> [round(y.data, 4) for y in nn.LayerNorm(3)([1.0, 2.0, 6.0])]
    [-0.9258, -0.4629, 1.3887]
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        backend: Any = "value",
    ) -> None:
        where = type(self).__name__
        self.shape = _lengths(normalized_shape, where)
        self.eps = number(eps, f"{where}: eps", least=0)
        affine = flag(elementwise_affine, f"{where}: elementwise_affine")
        self._begin(self.shape, affine, flag(bias, f"{where}: bias"), backend)

    def forward(self, x: Any) -> Any:
        """The normalised features."""
        x, axes = _last_axes(x, self.shape, "LayerNorm")
        spread = var(x, axis=axes, keepdims=True)
        return self._scaled((x - mean(x, axis=axes, keepdims=True)) / ops.sqrt(spread + self.eps))

    def extra(self) -> str:
        return str(self.shape[0] if len(self.shape) == 1 else self.shape)


class RMSNorm(_Scaled):
    """Each example divided by the root of the mean of its squares: γ·x/√(mean(x²) + ε), of shapes (…, features).

    ``eps`` is, if it is not given, the rounding unit of the type of x, as in PyTorch. Zhang & Sennrich 2019.

    >>> from scalargrad import nn
    >>> [round(y.data, 4) for y in nn.RMSNorm(2)([3.0, 4.0])]
    [0.8485, 1.1314]
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        backend: Any = "value",
    ) -> None:
        self.shape = _lengths(normalized_shape, "RMSNorm")
        self.eps = None if eps is None else number(eps, "RMSNorm: eps", least=0)
        self._begin(self.shape, flag(elementwise_affine, "RMSNorm: elementwise_affine"), False, backend)

    def forward(self, x: Any) -> Any:
        """The scaled features."""
        x, axes = _last_axes(x, self.shape, "RMSNorm")
        kind = x.dtype if x.dtype.kind == "f" else np.dtype(float)
        eps = float(np.finfo(kind).eps) if self.eps is None else self.eps
        return self._scaled(x / ops.sqrt(mean(ops.square(x), axis=axes, keepdims=True) + eps))

    def extra(self) -> str:
        return str(self.shape[0] if len(self.shape) == 1 else self.shape)


class GroupNorm(_Scaled):
    """Groups of channels centred and scaled, within each example, of shapes (n, channels, …). Wu & He 2018.

    One group is all channels together; as many groups as channels is instance normalisation.

    >>> import numpy as np
    >>> from scalargrad import nn
    >>> nn.GroupNorm(2, 4, backend="tensor")(np.ones((3, 4, 5))).shape
    (3, 4, 5)
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, backend: Any = "value"
    ) -> None:
        self.groups = size(num_groups, "GroupNorm: num_groups")
        self.channels = size(num_channels, "GroupNorm: num_channels")
        if self.channels % self.groups:
            raise ValueError(f"GroupNorm: num_channels {self.channels} is no multiple of num_groups {self.groups}")
        self.eps = number(eps, "GroupNorm: eps", least=0)
        self._begin((self.channels,), flag(affine, "GroupNorm: affine"), True, backend)

    def forward(self, x: Any) -> Any:
        """The normalised channels."""
        x = as_array(x, "GroupNorm")
        if x.ndim < 2 or x.shape[1] != self.channels:
            raise ValueError(f"GroupNorm: expected shape (n, {self.channels}, …), not {tuple(x.shape)}")
        rows = reshape(x, (x.shape[0], self.groups, -1))
        spread = var(rows, axis=-1, keepdims=True)
        y = (rows - mean(rows, axis=-1, keepdims=True)) / ops.sqrt(spread + self.eps)
        return self._scaled(reshape(y, tuple(x.shape)), (1, self.channels, *[1] * (x.ndim - 2)))

    def extra(self) -> str:
        return f"{self.groups}, {self.channels}"


def _lengths(given: Any, where: str) -> tuple[int, ...]:
    """The lengths of the last axes."""
    several = given if isinstance(given, (tuple, list)) and given else (given,)
    return tuple([size(n, f"{where}: normalized_shape") for n in several])


def _last_axes(x: Any, shape: tuple[int, ...], where: str) -> tuple[Any, tuple[int, ...]]:
    """The input as an array whose last axes have these lengths, and those axes."""
    x = features(x, shape[-1], where)
    if tuple(x.shape[-len(shape) :]) != shape:
        raise ValueError(f"{where}: expected the last axes {shape}, not shape {tuple(x.shape)}")
    return x, tuple(range(-len(shape), 0))
