"""Layers of convolutional networks, with PyTorch's names and layout: images (N, C, H, W), weights (O, C, kh, kw)."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np

from scalargrad.nn.backends import backend_of, parameter
from scalargrad.nn.initialisers import Initialiser, drawn
from scalargrad.nn.module import Module
from scalargrad.ops import composite as ops
from scalargrad.ops.given import as_array
from scalargrad.settings import Array, Seed, flag, generator, size

__all__ = ["AvgPool1d", "AvgPool2d", "Conv1d", "Conv2d", "Flatten", "MaxPool1d", "MaxPool2d"]

Sizes = int | tuple[int, ...]


class _Convolution(Module):
    """A convolution over ``dims`` axes."""

    parameter_labels = MappingProxyType({"weight": "weight", "bias": "bias"})
    dims: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        init: Any = None,
        bias_init: Any = None,
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        where = type(self).__name__
        rng, kind = generator(seed, f"{where}: seed"), backend_of(backend, where)
        self.in_channels = size(in_channels, f"{where}: in_channels")
        self.out_channels = size(out_channels, f"{where}: out_channels")
        self.groups = size(groups, f"{where}: groups")
        for what, count in (("in_channels", self.in_channels), ("out_channels", self.out_channels)):
            if count % self.groups:
                raise ValueError(f"{where}: {what}={count} cannot be divided into {self.groups} groups")
        self.kernel_size = _sizes(kernel_size, self.dims, f"{where}: kernel_size")
        self.stride = _sizes(stride, self.dims, f"{where}: stride")
        self.dilation = _sizes(dilation, self.dims, f"{where}: dilation")
        self.padding = padding
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        usual = _within(1 / math.sqrt(math.prod(shape[1:])))
        self.weight = parameter(drawn(usual if init is None else init, shape, rng, f"{where}: init"), kind, "weight")
        self.bias = None
        if flag(bias, f"{where}: bias"):
            begins = drawn(usual if bias_init is None else bias_init, shape[:1], rng, f"{where}: bias_init")
            self.bias = parameter(begins, kind, "bias")

    def forward(self, x: Any) -> Any:
        """The convolution of the input with the weight, plus the bias."""
        x, convolve = as_array(x, type(self).__name__), ops.conv1d if self.dims == 1 else ops.conv2d
        if isinstance(x, np.ndarray) and x.dtype != object and self.weight.dtype != object:
            x = x.astype(self.weight.dtype, copy=False)
        return convolve(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra(self) -> str:
        usual = {"stride": (1,) * self.dims, "padding": 0, "dilation": (1,) * self.dims, "groups": 1}
        given = [f"{name}={_short(getattr(self, name))}" for name, x in usual.items() if getattr(self, name) != x]
        given += ["bias=False"] * (self.bias is None)
        return ", ".join([f"{self.in_channels}, {self.out_channels}, kernel_size={_short(self.kernel_size)}", *given])


def _short(sizes: Any) -> Any:
    """Sizes that are all alike as one number."""
    return sizes[0] if isinstance(sizes, tuple) and len(set(sizes)) == 1 else sizes


def _sizes(given: Any, dims: int, where: str) -> tuple[int, ...]:
    """A positive number for each axis, from one for all or a tuple."""
    several = tuple(given) if isinstance(given, (tuple, list)) else (given,) * dims
    if len(several) != dims:
        raise ValueError(f"{where} is one number or {dims} of them, not {given}")
    return tuple([size(n, where) for n in several])


def _within(bound: float) -> Initialiser:
    """Uniform over (−bound, bound), where bound is 1/√(inputs of one output): how PyTorch's layers begin."""

    def initialiser(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        return rng.uniform(-bound, bound, shape)

    return initialiser


class Conv1d(_Convolution):
    """A convolution of sequences: (N, C, L) → (N, O, L′), as :func:`scalargrad.conv1d`.

    ``weight`` has the shape (O, C/groups, k), ``bias`` (O,); both begin uniformly within ±1/√(C/groups · k), as in
    PyTorch, or as ``init`` and ``bias_init`` say.

    >>> from scalargrad import nn
    >>> layer = nn.Conv1d(1, 1, 2, init=[[[1.0, -1.0]]], bias=False)
    >>> [y.data for y in layer([[[1.0, 4.0, 9.0]]])[0, 0]]
    [-3.0, -5.0]
    """

    dims = 1


class Conv2d(_Convolution):
    """A convolution of images: (N, C, H, W) → (N, O, H′, W′), as :func:`scalargrad.conv2d`.

    ``weight`` has the shape (O, C/groups, kh, kw), ``bias`` (O,); both begin uniformly within ±1/√(C/groups · kh · kw),
    as in PyTorch, or as ``init`` and ``bias_init`` say.

    >>> import numpy as np
    >>> from scalargrad import nn
    >>> layer = nn.Conv2d(3, 8, 3, padding=1, backend="tensor", seed=0)
    >>> layer(np.zeros((2, 3, 5, 5))).shape
    (2, 8, 5, 5)
    """

    dims = 2


class _Pooling(Module):
    """Windows brought to one element each."""

    names = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, **settings: Any) -> None:
        where = type(self).__name__
        dims = 1 if where.endswith("1d") else 2
        self.kernel_size = _sizes(kernel_size, dims, f"{where}: kernel_size")
        self.stride = self.kernel_size if stride is None else _sizes(stride, dims, f"{where}: stride")
        self.padding = padding
        self.settings = settings

    def extra(self) -> str:
        return ", ".join([f"{name}={_short(getattr(self, name))}" for name in self.names])

    def _pooled(self, pool: Any, x: Any) -> Any:
        return pool(x, self.kernel_size, self.stride, self.padding, **self.settings)


class MaxPool1d(_Pooling):
    """The largest element of each window of sequences, as :func:`scalargrad.max_pool1d`.

    >>> from scalargrad import nn
    >>> nn.MaxPool1d(2)([[1.0, 5.0, 2.0, 3.0]])
    array([[5., 3.]])
    """

    def __init__(
        self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation=dilation)

    def forward(self, x: Any) -> Any:
        """The largest element of each window."""
        return self._pooled(ops.max_pool1d, x)


class MaxPool2d(_Pooling):
    """The largest element of each window of images, as :func:`scalargrad.max_pool2d`.

    >>> from scalargrad import nn
    >>> nn.MaxPool2d(2)([[[1.0, 2.0], [3.0, 4.0]]])
    array([[[4.]]])
    """

    def __init__(
        self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, dilation: Sizes = 1
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation=dilation)

    def forward(self, x: Any) -> Any:
        """The largest element of each window."""
        return self._pooled(ops.max_pool2d, x)


class AvgPool1d(_Pooling):
    """The mean of each window of sequences, as :func:`scalargrad.avg_pool1d`.

    >>> from scalargrad import nn
    >>> nn.AvgPool1d(2)([[1.0, 5.0, 2.0, 3.0]])
    array([[3. , 2.5]])
    """

    def __init__(
        self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, count_include_pad: bool = True
    ) -> None:
        super().__init__(kernel_size, stride, padding, count_include_pad=count_include_pad)

    def forward(self, x: Any) -> Any:
        """The mean of each window."""
        return self._pooled(ops.avg_pool1d, x)


class AvgPool2d(_Pooling):
    """The mean of each window of images, as :func:`scalargrad.avg_pool2d`.

    >>> from scalargrad import nn
    >>> nn.AvgPool2d(2)([[[1.0, 2.0], [3.0, 4.0]]])
    array([[[2.5]]])
    """

    def __init__(
        self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0, count_include_pad: bool = True
    ) -> None:
        super().__init__(kernel_size, stride, padding, count_include_pad=count_include_pad)

    def forward(self, x: Any) -> Any:
        """The mean of each window."""
        return self._pooled(ops.avg_pool2d, x)


class Flatten(Module):
    """The axes from ``start_dim`` to ``end_dim`` made one: of images (N, C, H, W) the rows (N, C·H·W).

    >>> import numpy as np
    >>> from scalargrad import nn
    >>> nn.Flatten()(np.zeros((2, 3, 4, 4))).shape
    (2, 48)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        """The same elements."""
        return ops.flatten(x, self.start_dim, self.end_dim)
