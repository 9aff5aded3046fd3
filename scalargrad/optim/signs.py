"""Optimizers that look at the sign of a gradient only.

Each rule is one method on arrays, ``(x, g, lr, t, *state) -> (new x, *new state)``, whatever the parameters are: x are
the numbers, g is their gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.optim.optimizer import Optimizer
from scalargrad.optim.table import number, pair

__all__ = ["Rprop", "Lion"]  # noqa: RUF022 (the order of the lecture, then the others)

Arrays = tuple[Any, ...]


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

    usual_rate = 0.01
    state_names = ("last", "size")
    etas = pair((0.5, 1.2), **{"η₋": {"above": 0, "below": 1}, "η₊": {"above": 1}})
    step_sizes = pair((1e-6, 50.0), **{"the least": {"least": 0}, "the largest": {"least": 0}})

    def check(self) -> None:
        if self.step_sizes[0] > self.step_sizes[1]:
            raise ValueError(f"Rprop: the largest of step_sizes must be {self.step_sizes[0]:g} or more")

    def start(self, x: Any) -> Arrays:
        return np.zeros_like(x), np.full_like(x, self.lr)

    def update(self, x: Any, g: Any, lr: float, t: int, last: Any, s: Any) -> Arrays:
        turn = np.sign(g) * np.sign(last)
        s = np.clip(s * np.where(turn > 0, self.etas[1], np.where(turn < 0, self.etas[0], 1.0)), *self.step_sizes)
        s = s.astype(x.dtype, copy=False)  # np.where gives float64
        g = np.where(turn < 0, x.dtype.type(0), g)
        return x - s * np.sign(g), g, s


class Lion(Optimizer):
    """Only the sign of a momentum counts: x ← x − lr·sign(β₁m + (1 − β₁)g), and then m ← β₂m + (1 − β₂)g.

    β₁, β₂ are ``betas``. Weight decay is decoupled, as that of AdamW. It wants a third to a tenth of Adam's learning
    rate. There is one form. Source: Chen et al., 2023.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = Lion([x], lr=0.1)
    >>> x.grad = 2.0
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.9
    """

    usual_rate = 1e-4
    decoupled_weight_decay = True
    state_names = ("momentum",)
    betas = pair((0.9, 0.99), **{"β₁": {"least": 0, "below": 1}, "β₂": {"least": 0, "below": 1}})
    weight_decay = number(0.0, least=0)

    def update(self, x: Any, g: Any, lr: float, t: int, m: Any) -> Arrays:
        β1, β2 = self.betas
        return x - lr * np.sign(β1 * m + (1 - β1) * g), β2 * m + (1 - β2) * g
