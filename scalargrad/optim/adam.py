"""Adam and its relatives: momentum and a step size for each number.

Each rule is one method on arrays, ``(x, g, lr, t, *state) -> (new x, *new state)``, whatever the parameters are: x are
the numbers, g is their gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.optim.optimizer import Optimizer, least
from scalargrad.optim.table import flag, number, pair

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"]

Arrays = tuple[Any, ...]
sqrt = np.sqrt


class Averages(Optimizer):
    """What Adam and its relatives share: v ← β₁v + (1 − β₁)g, G ← β₂G + (1 − β₂)g²."""

    usual_rate = 0.001
    state_names = ("velocity", "squares")
    betas = pair((0.9, 0.999), **{"β₁": {"least": 0, "below": 1}, "β₂": {"least": 0, "below": 1}})
    eps = number(1e-8, least=0)
    weight_decay = number(0.0, least=0)

    def averages(self, g: Any, v: Any, G: Any) -> tuple[Any, Any]:
        """The new v and G."""
        β1, β2 = self.betas
        return β1 * v + (1 - β1) * g, β2 * G + (1 - β2) * (g * g)


class Adam(Averages):
    """Momentum and RMSProp joined: v ← β₁v + (1 − β₁)g, G ← β₂G + (1 − β₂)g².

    - lecture: x ← x − lr/√(G + ε)·v. As v and G begin at 0 and are not corrected for it, its first step is
      (1 − β₁)/√(1 − β₂) = 3.16 times lr.
    - torch: x ← x − lr·v̂/(√Ĝ + ε), where v̂ = v/(1 − β₁ᵗ) and Ĝ = G/(1 − β₂ᵗ) at the step number t: its first step
      is lr.

    β₁, β₂ are ``betas``; ε is ``eps``, if it is not given 10⁻¹⁰ in the lecture's variant and 10⁻⁸ in the other. With
    ``amsgrad`` the largest G so far takes the place of G. Source: the lecture; Kingma & Ba, 2015 (the variant of
    PyTorch); Reddi, Kale & Kumar, 2018 (amsgrad).

    >>> from scalargrad import Value
    >>> for variant in ("lecture", "torch"):
    ...     x = Value(1.0)
    ...     optimizer = Adam([x], lr=0.1, variant=variant)
    ...     x.grad = 2.0
    ...     optimizer.step()
    ...     print(variant, round(x.data, 6))
    lecture 0.683772
    torch 0.9
    """

    eps = number({"lecture": 1e-10, "torch": 1e-8}, least=0)
    amsgrad = flag(False, fixed=True)

    @property
    def state_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The averages, and the largest squares for ``amsgrad``."""
        return ("velocity", "squares", *["largest"] * self.amsgrad)

    def lecture(self, x: Any, g: Any, lr: float, t: int, v: Any, G: Any, *largest: Any) -> Arrays:
        v, G = self.averages(g, v, G)
        if largest:
            largest = (np.maximum(largest[0], G),)
        return x - lr / sqrt((largest[0] if largest else G) + least(self.eps, x)) * v, v, G, *largest

    def torch(self, x: Any, g: Any, lr: float, t: int, v: Any, G: Any, *largest: Any) -> Arrays:
        v, G = self.averages(g, v, G)
        if largest:
            largest = (np.maximum(largest[0], G),)
        β1, β2 = self.betas
        root = sqrt(largest[0] if largest else G) / (1 - β2**t) ** 0.5
        return x - lr / (1 - β1**t) * v / (root + least(self.eps, x)), v, G, *largest


class AdamW(Adam):
    """Adam whose weight decay does not pass through the averages: x ← (1 − lr·λ)x, and then Adam's step.

    λ is ``weight_decay``. Source: Loshchilov & Hutter, 2019.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> AdamW([x], lr=0.1, weight_decay=0.5).step()  # with a gradient of 0
    >>> round(x.data, 6)
    0.95
    """

    decoupled_weight_decay = True
    weight_decay = number(0.01, least=0)


class Adamax(Averages):
    """Adam with the largest gradient in place of the root of the squares: x ← x − lr/(1 − β₁ᵗ)·v/u.

    u ← max(β₂u, |g| + ε), v ← β₁v + (1 − β₁)g. Both variants are this one, PyTorch's. Source: Kingma & Ba, 2015.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = Adamax([x], lr=0.1)
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.9
    """

    usual_rate = 0.002
    state_names = ("velocity", "largest")

    def update(self, x: Any, g: Any, lr: float, t: int, v: Any, u: Any) -> Arrays:
        β1, β2 = self.betas
        v = β1 * v + (1 - β1) * g
        u = np.maximum(β2 * u, np.abs(g) + least(self.eps, x))
        return x - lr / (1 - β1**t) * v / u, v, u


class NAdam(Averages):
    """Adam with Nesterov's look ahead: the momentum of the next step is already in this one.

    With μₜ = β₁(1 − ½·0.96^(tψ)) and Πₜ = μ₁·…·μₜ:
    x ← x − lr·((1 − μₜ)/(1 − Πₜ)·g + μₜ₊₁/(1 − Πₜ₊₁)·v)/(√Ĝ + ε), where Ĝ = G/(1 − β₂ᵗ).

    ψ is ``momentum_decay``; ``decoupled_weight_decay`` is that of AdamW. Both variants are this one, PyTorch's. Source:
    Dozat, 2016.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = NAdam([x], lr=0.1)
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.894355
    """

    usual_rate = 0.002
    momentum_decay = number(4e-3, least=0)
    decoupled_weight_decay = flag(False)
    _product: tuple[int, tuple[float, ...], float] = (0, (), 1.0)
    """A step number, the settings, and the product of μ up to it: the next product needs one multiplication."""

    def _momentum(self, t: int) -> float:
        return float(self.betas[0] * (1 - 0.5 * 0.96 ** (t * self.momentum_decay)))

    def _products(self, t: int) -> float:
        """Πₜ."""
        last, of, product = self._product
        settings = (self.betas[0], self.momentum_decay)
        if last > t or of != settings:
            last, product = 0, 1.0
        for i in range(last + 1, t + 1):
            product *= self._momentum(i)
        self._product = t, settings, product
        return product

    def update(self, x: Any, g: Any, lr: float, t: int, v: Any, G: Any) -> Arrays:
        v, G = self.averages(g, v, G)
        μ, following, product = self._momentum(t), self._momentum(t + 1), self._products(t)
        root = sqrt(G / (1 - self.betas[1] ** t)) + least(self.eps, x)
        x = x - lr * (1 - μ) / (1 - product) * (g / root)
        return x - lr * following / (1 - product * following) * (v / root), v, G


class RAdam(Averages):
    """Adam that waits until it knows the variance: the first steps are those of momentum.

    With ρ∞ = 2/(1 − β₂) − 1 and ρₜ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ): where ρₜ > 5, x ← x − lr·r·v̂·√(1 − β₂ᵗ)/(√G + ε), with
    r = √((ρₜ − 4)(ρₜ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρₜ)); before, x ← x − lr·v̂; v̂ = v/(1 − β₁ᵗ).

    ``decoupled_weight_decay`` is that of AdamW. Both variants are this one, PyTorch's. Source: Liu et al., 2020.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = RAdam([x], lr=0.1)
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.8
    """

    decoupled_weight_decay = flag(False)

    def update(self, x: Any, g: Any, lr: float, t: int, v: Any, G: Any) -> Arrays:
        v, G = self.averages(g, v, G)
        β1, β2 = self.betas
        rate, corrected = lr / (1 - β1**t), 1 - β2**t
        limit = 2 / (1 - β2) - 1
        known = limit - 2 * t * β2**t / corrected
        if known <= 5:
            return x - rate * v, v, G
        rectified = ((known - 4) * (known - 2) * limit / ((limit - 4) * (limit - 2) * known)) ** 0.5
        return x - rate * rectified * corrected**0.5 * (v / (sqrt(G) + least(self.eps, x))), v, G
