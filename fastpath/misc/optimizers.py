"""Optimizers as functions: they take the gradient, ``grad(x, i)``, and the tree to start from; nothing is changed.

For models there is :mod:`scalargrad.optim`. These have autograd's arguments, for programs that were written for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from fastpath.misc.flatten import flatten

__all__ = ["adam", "rmsprop", "sgd"]

Rule = Callable[..., Any]
"""From x, its gradient, the step's number from 0, the state (None at first) and settings to the new x and state."""


def _optimizer(rule: Rule) -> Callable[..., Any]:
    """The function of a rule: it flattens trees, calls back before each step, and goes ``num_iters`` steps."""

    @wraps(rule)
    def optimize(grad: Any, x0: Any, callback: Any = None, num_iters: Any = None, *given: Any, **settings: Any) -> Any:
        x, unflatten = flatten(x0)
        state = None
        for i in range(_STEPS[rule.__name__] if num_iters is None else num_iters):
            gradient = grad(unflatten(x), i)
            if callback:
                callback(unflatten(x), i, gradient)
            x, state = rule(x, flatten(gradient)[0], i, state, *given, **settings)
        return unflatten(x)

    return optimize


_STEPS = {"sgd": 200, "rmsprop": 100, "adam": 100}


@_optimizer
def sgd(x: Any, g: Any, i: int, state: Any, step_size: float = 0.1, mass: float = 0.9) -> Any:
    """``v ← mass·v − (1 − mass)·g``, ``x ← x + step_size·v``: steps downhill with momentum.

    >>> round(float(sgd(lambda x, i: 2 * x, 1.0, num_iters=50)), 4)
    0.0739
    """
    v = (0.0 if state is None else mass * state) - (1 - mass) * g
    return x + step_size * v, v


@_optimizer
def rmsprop(x: Any, g: Any, i: int, state: Any, step_size: float = 0.1, gamma: float = 0.9, eps: float = 1e-8) -> Any:
    """``s ← γ·s + (1 − γ)·g²`` from 1 on, ``x ← x − step_size·g / (√s + ε)``."""
    s = gamma * (1.0 if state is None else state) + (1 - gamma) * g**2
    return x - step_size * g / (np.sqrt(s) + eps), s


@_optimizer
def adam(
    x: Any, g: Any, i: int, state: Any, step_size: float = 0.001, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> Any:
    """Adam: the mean of the gradients divided by the root of that of their squares, both corrected for their start.

    Kingma and Ba, 2015.
    """
    m, s = (0.0, 0.0) if state is None else state
    m, s = b1 * m + (1 - b1) * g, b2 * s + (1 - b2) * g**2
    step = m / (1 - b1 ** (i + 1)) / (np.sqrt(s / (1 - b2 ** (i + 1))) + eps)
    return x - step_size * step, (m, s)
