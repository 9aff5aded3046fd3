"""Gradient descent and its momentum, as the lecture writes them and as PyTorch does.

Each rule is one method on arrays, ``(x, g, lr, t, *state) -> (new x, *new state)``, whatever the parameters are: x are
the numbers, g is their gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scalargrad.optim.optimizer import Optimizer, put_back
from scalargrad.optim.table import flag, number

__all__ = ["GD", "SGD", "Momentum", "Nesterov"]


Arrays = tuple[Any, ...]


class SGD(Optimizer):
    """Gradient descent: x ← x − lr·g, where g is the gradient of the loss at x.

    It is called stochastic where g comes from a part of the data; ``GD`` is another name for it. With ``momentum`` μ,
    as in PyTorch: v ← μv + (1 − ``dampening``)·g, the first v being g, and x ← x − lr·v; with ``nesterov``
    x ← x − lr·(g + μv) instead.

    See :class:`Optimizer` for what every optimizer takes and does. Source: the lecture; Robbins & Monro, 1951.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = SGD([x], lr=0.1)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     (x * x).backward()
    ...     optimizer.step()
    >>> round(x.data, 6)
    0.512
    """

    momentum = number(0.0, least=0, below=1)
    dampening = number(0.0)
    weight_decay = number(0.0, least=0)
    nesterov = flag(False)

    def check(self) -> None:
        if self.nesterov and not (self.momentum and not self.dampening):
            raise ValueError("SGD: nesterov=True needs a momentum above 0, such as momentum=0.9, and no dampening")

    @property
    def state_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The velocity, where there is momentum."""
        return ("velocity",) if self.momentum else ()

    def start(self, x: Any) -> Arrays:
        """Nothing: the first velocity is the first gradient, whatever the dampening."""
        return ()

    def update(self, x: Any, g: Any, lr: float, t: int, v: Any = None) -> Arrays:
        """The plain step, or that with momentum."""
        if not self.momentum:
            return (x - lr * g,)
        v = g if v is None else self.momentum * v + (1 - self.dampening) * g
        return x - lr * (g + self.momentum * v if self.nesterov else v), v


GD = SGD


class Momentum(Optimizer):
    """Gradient descent with the momentum of a heavy ball.

    - lecture: x_{k+1} = x_k − lr·g + β(x_k − x_{k−1}).
    - torch: v ← βv + g, x ← x − lr·v. The two agree as long as lr does not change: here a change of lr is felt at once
      by all of v, in the lecture only by the new gradients.

    β is ``momentum``. Source: the lecture; Polyak, 1964.

    >>> from scalargrad import Value
    >>> from scalargrad.optim import Momentum
    >>> x = Value(1.0)
    >>> optimizer = Momentum([x], lr=0.1, momentum=0.9, variant="lecture")
    >>> for _ in range(4):
    ...     optimizer.zero_grad()
    ...     (x * x).backward()
    ...     optimizer.step()
    ...     print(round(x.data, 6))
    0.8
    0.46
    0.062
    -0.3086
    """

    state_names = ("velocity",)
    momentum = number(0.9, least=0, below=1)

    def lecture(self, x: Any, g: Any, lr: float, t: int, d: Any) -> Arrays:
        """The step d is x_k − x_{k−1}."""
        d = self.momentum * d - lr * g
        return x + d, d

    def torch(self, x: Any, g: Any, lr: float, t: int, v: Any) -> Arrays:
        v = self.momentum * v + g
        return x - lr * v, v


class Nesterov(Momentum):
    """Momentum with the gradient taken where the momentum is about to lead.

    - lecture: v ← βv − lr·∇f(x + βv), x ← x + v. Since the gradient belongs to another place than x, ``step`` must be
      given a function that computes it: ``step(closure)`` goes to x + βv, calls the closure, and ends at the new x.
    - torch: v ← βv + g, x ← x − lr·(g + βv), with the gradient g at x: what it calls x is the lecture's x + βv.

    ``weight_decay`` is taken at x in both. Source: the lecture; Nesterov, 1983; Sutskever et al., 2013.

    >>> from scalargrad import Value
    >>> x = Value(1.0)
    >>> optimizer = Nesterov([x], lr=0.1, momentum=0.9, variant="lecture")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = x * x
    ...     loss.backward()
    ...     return loss
    >>> for _ in range(3):
    ...     loss = optimizer.step(closure)
    ...     print(round(x.data, 6))
    0.8
    0.496
    0.17792
    """

    def torch(self, x: Any, g: Any, lr: float, t: int, v: Any) -> Arrays:
        v = self.momentum * v + g
        return x - lr * (g + self.momentum * v), v

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        if self.variant == "torch":
            return super().step(closure)
        if closure is None:
            raise TypeError(
                "Nesterov as the lecture writes it takes the gradient at x + βv: call step(closure) with a function "
                "that clears the gradients, computes the loss and calls backward, or choose variant='torch'"
            )
        here = [(rule, slot, slot.read()) for rule in self._all() for slot in rule._current()]
        before = [(slot, x) for _, slot, x in here]
        try:
            try:
                for rule, slot, x in here:
                    if slot.state:
                        slot.write(x + rule.momentum * slot.state[0])
                result = closure()
            finally:
                put_back(before)
        except BaseException:  # Ctrl-C may have come while they were put back
            put_back(before)
            raise
        super().step()
        return result
