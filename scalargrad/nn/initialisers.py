"""How weights begin.

A layer z = xW + b with n inputs of variance v has sums of variance n·Var(W)·v. If Var(W) = 1/n, the variance stays the
same from layer to layer; if it is smaller, activations and gradients die out with depth (they vanish), if larger, they
explode. Going backward, the same holds with the number of outputs. So

- *Xavier* (Glorot and Bengio 2010): Var(W) = 2/(n_in + n_out), between the two demands; for tanh and sigmoid.
- *He* (He et al. 2015): Var(W) = 2/n_in, since ReLU passes on half of the variance.

A uniform distribution over (−a, a) has variance a²/3, so a = √(3·Var(W)). Each function here takes a shape (in, out)
and a generator of random numbers, and gives an array.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from scalargrad.ops.given import require_unmasked
from scalargrad.settings import Array, Unseeded, number, short

__all__ = [
    "INITIALISERS", "constant", "he_normal", "he_uniform", "micrograd", "normal", "uniform", "xavier_normal",
    "xavier_uniform", "zeros",
]  # fmt: skip

Initialiser = Callable[[tuple[int, ...], np.random.Generator], Array]


def zeros(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """All 0: for biases. Weights that are all alike get the same gradients, and stay alike."""
    return np.zeros(shape)


def constant(value: float) -> Initialiser:
    """An initialiser that gives ``value`` everywhere."""
    value = number(value, "constant: value")
    return lambda shape, rng: np.full(shape, value)


def uniform(low: float = -1.0, high: float = 1.0) -> Initialiser:
    """An initialiser that draws from a uniform distribution over (low, high); micrograd's is (−1, 1)."""
    low = number(low, "uniform: low")
    high = number(high, "uniform: high", least=low)
    return lambda shape, rng: rng.uniform(low, high, shape)


def normal(std: float = 1.0, mean: float = 0.0) -> Initialiser:
    """An initialiser that draws from a normal distribution."""
    std, mean = number(std, "normal: std", least=0), number(mean, "normal: mean")
    return lambda shape, rng: rng.normal(mean, std, shape)


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """The numbers of inputs and outputs of weights of a shape (in, out); a vector has one output."""
    return shape[0] if shape else 1, shape[-1] if len(shape) > 1 else 1


def xavier_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Uniform over ±√(6/(in + out)), so of variance 2/(in + out). Glorot and Bengio 2010.

    >>> W = xavier_uniform((300, 500), np.random.default_rng(0))
    >>> bool(abs(W.var() * (300 + 500) / 2 - 1) < 0.01)
    True
    """
    bound = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-bound, bound, shape)


def xavier_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Normal with variance 2/(in + out). Glorot and Bengio 2010."""
    return rng.normal(0.0, math.sqrt(2 / sum(fans(shape))), shape)


def he_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Uniform over ±√(6/in), so of variance 2/in. He et al. 2015."""
    bound = math.sqrt(6 / fans(shape)[0])
    return rng.uniform(-bound, bound, shape)


def he_normal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Normal with variance 2/in. He et al. 2015."""
    return rng.normal(0.0, math.sqrt(2 / fans(shape)[0]), shape)


def micrograd(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Uniform over (−1, 1), unit by unit; without a seed drawn by Python's ``random``, whose seed micrograd's is.

    >>> import random
    >>> random.seed(1337)
    >>> W = micrograd((2, 16), Unseeded(np.random.PCG64()))
    >>> random.seed(1337)
    >>> W[:, 0].tolist() == [random.uniform(-1, 1), random.uniform(-1, 1)]
    True
    """
    draw = random.uniform if isinstance(rng, Unseeded) else rng.uniform
    return np.array([draw(-1.0, 1.0) for _ in range(math.prod(shape))]).reshape(shape[::-1]).T


INITIALISERS: dict[str, Initialiser] = {
    "zeros": zeros,
    "uniform": uniform(),
    "micrograd": micrograd,
    "normal": normal(),
    "xavier_uniform": xavier_uniform,
    "xavier_normal": xavier_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
}
"""Those that can be asked for by name."""


def drawn(init: Any, shape: tuple[int, ...], rng: np.random.Generator, what: str = "init") -> Array:
    """The numbers of an initialiser: by name, a function, a number, or the array itself; ``what`` is its argument."""
    if isinstance(init, str):
        if init not in INITIALISERS:
            raise ValueError(f"{what} is one of {', '.join(INITIALISERS)}, a function or numbers, not {short(init)}")
        init = INITIALISERS[init]
    given = init(shape, rng) if callable(init) else init
    require_unmasked(what, given)
    try:
        raw = np.asarray(given)
        array = raw.astype(float) if raw.dtype.kind in "fiub" else None
    except (TypeError, ValueError):
        array = None
    if array is None:
        raise TypeError(f"{what} is one of {', '.join(INITIALISERS)}, a function or numbers, not {short(given)}")
    if array.shape != shape and array.shape != ():
        raise ValueError(f"{what}: expected numbers of shape {shape}, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what}: expected finite numbers, but there is a {array[~np.isfinite(array)].flat[0]}")
    return np.broadcast_to(array, shape).copy()
