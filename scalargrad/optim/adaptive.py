"""Optimizers with a step size for each number, as the lecture writes them and as PyTorch does.

Each rule is one method on arrays, ``(x, g, lr, t, *state) -> (new x, *new state)``, whatever the parameters are: x are
the numbers, g is their gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.optim.optimizer import Optimizer, Rate
from scalargrad.settings import pair_of_numbers

__all__ = ["Adagrad", "RMSProp", "Adam", "AdamW", "Rprop"]  # noqa: RUF022 (the order of the lecture)


Arrays = tuple[Any, ...]
sqrt = np.sqrt


class Adagrad(Optimizer):
    """Each number has a step size of its own, the smaller the larger its gradients have been: G ← G + g².

    - lecture: x ← x − lr/√(G + ε)·g.
    - torch: x ← x − lr/(√G + ε)·g.

    ε is ``eps``, 10⁻¹⁰ if it is not given. Source: the lecture; Duchi, Hazan & Singer, 2011.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = Adagrad([x], lr=0.1)
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.9
    """

    state_names = ("squares",)

    def __init__(self, parameters: Any, lr: Rate = 0.01, *, eps: float | None = None, **options: Any) -> None:
        super().__init__(parameters, lr, **options)
        self.eps = self._setting("eps", 1e-10 if eps is None else eps, least=0)

    def squares(self, g: Any, G: Any) -> Any:
        """The new G."""
        return G + g * g

    def lecture(self, x: Any, g: Any, lr: float, t: int, G: Any) -> Arrays:
        G = self.squares(g, G)
        return x - lr / sqrt(G + _least(self.eps, x)) * g, G

    def torch(self, x: Any, g: Any, lr: float, t: int, G: Any) -> Arrays:
        G = self.squares(g, G)
        return x - lr * g / (sqrt(G) + _least(self.eps, x)), G


class RMSProp(Adagrad):
    """Adagrad with a memory that fades: G ← γG + (1 − γ)g².

    - lecture: x ← x − lr/√(G + ε)·g.
    - torch: x ← x − lr/(√G + ε)·g.

    γ is ``gamma`` (PyTorch calls it alpha), ε is ``eps``; where they are not given, they are .9 and 10⁻¹⁰ in the
    lecture's variant, .99 and 10⁻⁸, PyTorch's, in the other. Source: the lecture; Hinton, 2012.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = RMSProp([x], lr=0.1, variant="lecture")
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.683772
    """

    def __init__(
        self, parameters: Any, lr: Rate = 0.01, *, gamma: float | None = None, eps: float | None = None, **options: Any
    ) -> None:
        super().__init__(parameters, lr, eps=eps, **options)
        usual = {"lecture": (0.9, 1e-10), "torch": (0.99, 1e-8)}[self.variant]
        self.gamma = self._setting("gamma", usual[0] if gamma is None else gamma, least=0, below=1)
        self.eps = usual[1] if eps is None else self.eps

    def squares(self, g: Any, G: Any) -> Any:
        return self.gamma * G + (1 - self.gamma) * (g * g)


class Adam(Optimizer):
    """Momentum and RMSProp joined: v ← β₁v + (1 − β₁)g, G ← β₂G + (1 − β₂)g².

    - lecture: x ← x − lr/√(G + ε)·v. As v and G begin at 0 and are not corrected for it, its first step is
      (1 − β₁)/√(1 − β₂) = 3.16 times lr.
    - torch: x ← x − lr·v̂/(√Ĝ + ε), where v̂ = v/(1 − β₁ᵗ) and Ĝ = G/(1 − β₂ᵗ) at the step number t: its first step
      is lr.

    β₁, β₂ are ``betas``; ε is ``eps``, if it is not given 10⁻¹⁰ in the lecture's variant and 10⁻⁸ in the other. Source:
    the lecture; Kingma & Ba, 2015 (the variant of PyTorch).

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

    state_names = ("velocity", "squares")

    def __init__(
        self,
        parameters: Any,
        lr: Rate = 0.001,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(parameters, lr, **options)
        first, second = pair_of_numbers(betas, f"{type(self).__name__}: betas", "(0.9, 0.999)")
        self.betas = (
            self._setting("β₁ of betas", first, least=0, below=1),
            self._setting("β₂ of betas", second, least=0, below=1),
        )
        self.eps = self._setting("eps", (1e-10 if self.variant == "lecture" else 1e-8) if eps is None else eps, least=0)

    def _averages(self, g: Any, v: Any, G: Any) -> tuple[Any, Any]:
        β1, β2 = self.betas
        return β1 * v + (1 - β1) * g, β2 * G + (1 - β2) * (g * g)

    def lecture(self, x: Any, g: Any, lr: float, t: int, v: Any, G: Any) -> Arrays:
        v, G = self._averages(g, v, G)
        return x - lr / sqrt(G + _least(self.eps, x)) * v, v, G

    def torch(self, x: Any, g: Any, lr: float, t: int, v: Any, G: Any) -> Arrays:
        v, G = self._averages(g, v, G)
        β1, β2 = self.betas
        return x - lr / (1 - β1**t) * v / (sqrt(G) / (1 - β2**t) ** 0.5 + _least(self.eps, x)), v, G


class AdamW(Adam):
    """Adam whose weight decay does not pass through the averages: x ← (1 − lr·λ)x, and then Adam's step.

    λ is ``weight_decay``. Source: Loshchilov & Hutter, 2019.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> AdamW([x], lr=0.1, weight_decay=0.5).step()  # with a gradient of 0
    >>> round(x.data, 6)
    0.95
    """

    def __init__(self, parameters: Any, lr: Rate = 0.001, *, weight_decay: float = 0.01, **options: Any) -> None:
        super().__init__(parameters, lr, weight_decay=weight_decay, **options)

    def decay(self, x: Any, g: Any, lr: float) -> Arrays:
        return x * (1 - lr * self.weight_decay), g


class Rprop(Optimizer):
    """Resilient propagation: each number has a step size of its own, and only the sign of its gradient counts.

    The step size s begins at ``lr``. Where the sign of g is that of the last step s ← η₊s; where it is the opposite
    s ← η₋s and this once nothing is done (g counts as 0, now and in the next comparison). s stays between the
    ``step_sizes``. Then x ← x − s·sign(g). It needs the gradient of the whole set: signs of mini-batches are noise.

    (η₋, η₊) are ``etas``. ``lr`` only counts in the first step. The lecture names it without a formula, so both
    variants are this one, PyTorch's. Source: Riedmiller & Braun, 1993.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = Rprop([x], lr=0.1)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     (x * x).backward()
    ...     optimizer.step()
    ...     print(round(x.data, 6))
    0.9
    0.78
    0.636
    """

    state_names = ("last", "size")

    def __init__(
        self,
        parameters: Any,
        lr: Rate = 0.01,
        *,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        **options: Any,
    ) -> None:
        less, more = pair_of_numbers(etas, "Rprop: etas", "(0.5, 1.2)")
        self.etas = self._setting("η₋ of etas", less, above=0, below=1), self._setting("η₊ of etas", more, above=1)
        least, most = pair_of_numbers(step_sizes, "Rprop: step_sizes", "(1e-6, 50)")
        least = self._setting("the least of step_sizes", least, least=0)
        self.step_sizes = least, self._setting("the largest of step_sizes", most, least=least)
        super().__init__(parameters, lr, **options)

    def start(self, x: Any) -> Arrays:
        return np.zeros_like(x), np.full_like(x, self.lr)

    def update(self, x: Any, g: Any, lr: float, t: int, last: Any, s: Any) -> Arrays:
        turn = np.sign(g) * np.sign(last)
        s = np.clip(s * np.where(turn > 0, self.etas[1], np.where(turn < 0, self.etas[0], 1.0)), *self.step_sizes)
        s = s.astype(x.dtype, copy=False)  # np.where gives float64
        g = np.where(turn < 0, x.dtype.type(0), g)
        return x - s * np.sign(g), g, s


def _least(eps: float, x: Any) -> float:
    """ε, but not so small that it is 0 in the type of x: a gradient of 0 would give 0/0 instead of no step."""
    return eps if eps > 1e-37 else max(eps, float(np.finfo(x.dtype).smallest_subnormal))
