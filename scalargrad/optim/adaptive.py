"""Optimizers with a step size for each number: Adagrad and what was made of it.

Each rule is one method on arrays, ``(x, g, lr, t, *state) -> (new x, *new state)``, whatever the parameters are: x are
the numbers, g is their gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scalargrad.optim.optimizer import Optimizer, least
from scalargrad.optim.table import flag, number

__all__ = ["Adagrad", "RMSProp", "Adadelta"]  # noqa: RUF022 (the order of the lecture, then the others)

Arrays = tuple[Any, ...]
sqrt = np.sqrt


class Adagrad(Optimizer):
    """Each number has a step size of its own, the smaller the larger its gradients have been: G ← G + g².

    - lecture: x ← x − lr/√(G + ε)·g.
    - torch: x ← x − lr/(√G + ε)·g.

    ε is ``eps``, 10⁻¹⁰ if it is not given. G begins at ``initial_accumulator_value``. With ``lr_decay`` d the rate at
    the step number t is lr/(1 + (t − 1)·d). Source: the lecture; Duchi, Hazan & Singer, 2011.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = Adagrad([x], lr=0.1)
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.9
    """

    usual_rate = 0.01
    state_names = ("squares",)
    lr_decay = number(0.0, least=0)
    weight_decay = number(0.0, least=0)
    initial_accumulator_value = number(0.0, least=0)
    eps = number({"lecture": 1e-10, "torch": 1e-10}, least=0)

    def start(self, x: Any) -> Arrays:
        return (np.full_like(x, self.initial_accumulator_value),)

    def lecture(self, x: Any, g: Any, lr: float, t: int, G: Any) -> Arrays:
        G = G + g * g
        return x - lr / (1 + (t - 1) * self.lr_decay) / sqrt(G + least(self.eps, x)) * g, G

    def torch(self, x: Any, g: Any, lr: float, t: int, G: Any) -> Arrays:
        G = G + g * g
        return x - lr / (1 + (t - 1) * self.lr_decay) * g / (sqrt(G) + least(self.eps, x)), G


class RMSProp(Optimizer):
    """Adagrad with a memory that fades: G ← γG + (1 − γ)g².

    - lecture: x ← x − lr/√(G + ε)·g.
    - torch: x ← x − lr/(√G + ε)·g.

    γ is ``gamma``, or ``alpha`` as PyTorch calls it, ε is ``eps``; where they are not given, they are .9 and 10⁻¹⁰ in
    the lecture's variant, .99 and 10⁻⁸, PyTorch's, in the other. ``centered`` takes m², with m ← γm + (1 − γ)g, away
    from G, which makes it the variance of g. With ``momentum`` μ the step without lr, s, gathers: v ← μv + s, and
    x ← x − lr·v.
    ``RMSprop`` is another name for it. Source: the lecture; Hinton, 2012; Graves, 2013 (centered).

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = RMSProp([x], lr=0.1, variant="lecture")
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.683772
    """

    usual_rate = 0.01
    gamma = number({"lecture": 0.9, "torch": 0.99}, also="alpha", least=0, below=1)
    eps = number({"lecture": 1e-10, "torch": 1e-8}, least=0)
    weight_decay = number(0.0, least=0)
    momentum = number(0.0, least=0)
    centered = flag(False, fixed=True)

    @property
    def state_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The squares; where it is centred the mean, and with momentum the velocity."""
        return ("squares", *["mean"] * self.centered, *["velocity"] * bool(self.momentum))

    def lecture(self, x: Any, g: Any, lr: float, t: int, *state: Any) -> Arrays:
        return self._step(x, g, lr, lambda G: sqrt(G + least(self.eps, x)), *state)

    def torch(self, x: Any, g: Any, lr: float, t: int, *state: Any) -> Arrays:
        return self._step(x, g, lr, lambda G: sqrt(G) + least(self.eps, x), *state)

    def _step(self, x: Any, g: Any, lr: float, root: Callable[[Any], Any], G: Any, *more: Any) -> Arrays:
        γ = self.gamma
        G = spread = γ * G + (1 - γ) * (g * g)
        state = [G]
        if self.centered:
            mean, *more = γ * more[0] + (1 - γ) * g, *more[1:]  # type: ignore[assignment]
            state.append(mean)
            spread = G - mean * mean
        if not self.momentum:
            return x - lr * g / root(spread), *state
        v = self.momentum * more[0] + g / root(spread)
        return x - lr * v, *state, v


RMSprop = RMSProp


class Adadelta(Optimizer):
    """RMSProp that finds its own step size: the steps are as large as the last ones were, x ← x − lr·d.

    G ← ρG + (1 − ρ)g², d = √(D + ε)/√(G + ε)·g, and then D ← ρD + (1 − ρ)d².

    ρ is ``rho``, ε ``eps``. Both variants are this one, PyTorch's. Source: Zeiler, 2012.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = Adadelta([x])
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.996838
    """

    usual_rate = 1.0
    state_names = ("squares", "changes")
    rho = number(0.9, least=0, most=1)
    eps = number(1e-6, least=0)
    weight_decay = number(0.0, least=0)

    def update(self, x: Any, g: Any, lr: float, t: int, G: Any, D: Any) -> Arrays:
        ρ, ε = self.rho, least(self.eps, x)
        G = ρ * G + (1 - ρ) * (g * g)
        d = sqrt(D + ε) / sqrt(G + ε) * g
        return x - lr * d, G, ρ * D + (1 - ρ) * (d * d)
