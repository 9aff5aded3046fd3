"""Modules that behave differently in training and in evaluation: dropout and batch normalisation."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.nn.backends import backend_of, numbers_of, parameter
from scalargrad.nn.layers import features
from scalargrad.nn.module import Module
from scalargrad.nn.parameters import OtherName
from scalargrad.ops.structural import mean, var
from scalargrad.settings import Array, Seed, generator, number, size

__all__ = ["BatchNorm1d", "Dropout"]


class Dropout(Module):
    """In training each element is switched off with probability ``p``, and the others are divided by 1 − p.

    So the expected value stays the same, and evaluation needs nothing: there it does nothing. (``p`` is the probability
    of switching *off*.) Srivastava et al. 2014; ``seed`` makes the choices repeatable.

    >>> from scalargrad import nn
    >>> drop = nn.Dropout(0.5, seed=0)
    >>> drop([1.0, 1.0, 1.0, 1.0]).tolist(), drop.eval()([1.0, 2.0]).tolist()
    ([2.0, 0.0, 0.0, 0.0], [1.0, 2.0])
    """

    def __init__(self, p: float = 0.5, *, seed: Seed = None) -> None:
        try:
            self.p = number(p, "Dropout: p", least=0, below=1)
        except ValueError:
            raise ValueError(f"Dropout: p is the probability of switching off, from 0 to below 1, not {p!r}") from None
        self.rng = generator(seed, "Dropout: seed")

    def forward(self, x: Any) -> Any:
        """The input itself in evaluation; in training with some elements switched off."""
        if not hasattr(x, "shape"):
            x = np.array(x, dtype=object if np.asarray(x).dtype == object else float)
        if not self.training or self.p == 0:
            return x
        shape, dtype = x.shape, x.dtype

        def draw(shape: tuple[int, ...]) -> Array:
            mask: Array = (self.rng.random(shape) >= self.p) / (1 - self.p)
            return mask.astype(dtype, copy=False) if dtype.kind == "f" else mask

        tracer = modes.tracer()
        return x * (draw(shape) if tracer is None else tracer.random(shape, draw))

    def extra(self) -> str:
        return f"p={self.p:g}"


class BatchNorm1d(Module):
    """Each feature centred and scaled over the batch: γ·(x − mean)/√(var + ε) + β, of shapes (n, features).

    In training mean and variance are those of the batch (the variance divided by n), and running averages follow:
    running ← (1 − momentum)·running + momentum·batch, the variance there divided by n − 1. Evaluation uses those.
    γ and β are ``weight`` and ``bias`` in PyTorch.
    Ioffe and Szegedy 2015.
    """

    parameter_labels = MappingProxyType({"gamma": "γ", "beta": "β"})
    weight, bias = OtherName("gamma"), OtherName("beta")
    least_batch = 2

    def __init__(self, features: int, *, eps: float = 1e-5, momentum: float = 0.1, backend: Any = "value") -> None:
        self.features, backend = size(features, "BatchNorm1d: features"), backend_of(backend, "BatchNorm1d")
        self.eps = number(eps, "BatchNorm1d: eps", least=0)
        self.momentum = number(momentum, "BatchNorm1d: momentum", least=0, most=1)
        self.gamma = parameter(np.ones(self.features), backend, "γ")
        self.beta = parameter(np.zeros(self.features), backend, "β")
        self.running_mean = np.zeros(self.features)
        self.running_var = np.ones(self.features)

    def forward(self, x: Any) -> Any:
        """The normalised features."""
        x = features(x, self.features, "BatchNorm1d")
        if not self.training:
            centre = self._now(x, lambda: self.running_mean)
            scale = self._now(x, lambda: 1 / np.sqrt(self.running_var + self.eps))
            return (x - centre) * scale * self.gamma + self.beta
        if x.ndim != 2 or len(x) < 2:
            raise ValueError(f"BatchNorm1d: training needs a batch (n, features) of n ≥ 2, not shape {tuple(x.shape)}")
        centre, spread = mean(x, axis=0), var(x, axis=0)
        unbiased = len(x) / (len(x) - 1)

        def keep(batch_mean: Array, batch_var: Array) -> None:
            m = self.momentum
            means = (1 - m) * self.running_mean + m * batch_mean
            self.running_var[...] = (1 - m) * self.running_var + m * unbiased * batch_var
            self.running_mean[...] = means

        tracer = modes.tracer()
        if tracer is None:
            keep(numbers_of(centre), numbers_of(spread))
        else:
            tracer.observe(keep, centre, spread)
        return (x - centre) / (spread + self.eps) ** 0.5 * self.gamma + self.beta

    @staticmethod
    def _now(x: Any, numbers: Callable[[], Array]) -> Any:
        """Numbers as they are at the time, of the type of x."""

        def read() -> Array:
            return numbers().astype(x.dtype, copy=False) if x.dtype.kind == "f" else numbers()

        tracer = modes.tracer()
        return read() if tracer is None else tracer.each_run(read)

    def extra(self) -> str:
        return str(self.features)
