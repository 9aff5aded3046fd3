"""Learning rates that change: functions of the number of steps taken, or of epochs.

``lr=schedule`` of an optimizer counts steps, ``schedule=`` of :func:`scalargrad.fit` epochs, both from 0. Schedules are
multiplied with ``*``, and put one after the other with :meth:`Schedule.then`.

>>> from scalargrad.optim.schedules import cosine, warmup
>>> rate = warmup(4) * cosine(0.1, 100)
>>> [round(rate(t), 4) for t in (0, 1, 2, 3, 50, 100)]
[0.025, 0.05, 0.0749, 0.0998, 0.05, 0.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scalargrad.settings import number, short

__all__ = ["Schedule", "constant", "cosine", "exponential", "inverse", "step", "warmup"]


class Schedule:
    """A function of t = 0, 1, 2 …, with ``*`` and ``then``."""

    def __init__(self, rate: Callable[[int], float], text: str) -> None:
        if not callable(rate):
            raise TypeError(f"Schedule: rate is a function of t = 0, 1, 2 …, not {short(rate)}")
        self._rate = rate
        self._text = text

    def __call__(self, t: int) -> float:
        return self._rate(t)

    def __mul__(self, other: Any) -> Schedule:
        """The product with a number or with another function of t."""
        second = other if callable(other) else constant(other)
        return Schedule(lambda t: self(t) * second(t), f"{self._text} * {_text(second)}")

    def __rmul__(self, other: Any) -> Schedule:
        return constant(other) * self

    def then(self, other: Callable[[int], float] | float, at: int) -> Schedule:
        """The same schedule before ``t = at``, and from then on the other one, which starts at its 0.

        >>> [constant(1.0).then(exponential(1.0, 0.5), at=2)(t) for t in range(5)]
        [1.0, 1.0, 1.0, 0.5, 0.25]
        """
        at = _count(at, "then: at", least=0)
        late = other if callable(other) else constant(other)
        return Schedule(
            lambda t: self(t) if t < at else late(t - at), f"{_bracketed(self)}.then({_text(late)}, at={at})"
        )

    def __repr__(self) -> str:
        return self._text


def _text(x: Any) -> str:
    return x._text if isinstance(x, Schedule) else getattr(x, "__name__", repr(x))


def _bracketed(schedule: Schedule) -> str:
    return f"({schedule._text})" if " * " in schedule._text else schedule._text


def constant(lr: float) -> Schedule:
    """``lr`` at all times."""
    lr = _rate(lr, "constant: lr")
    return Schedule(lambda t: lr, f"{lr:g}")


def step(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """A stair, down by ``factor`` after ``every`` steps: lr · factor^⌊t/every⌋.

    >>> [round(step(0.1, every=2)(t), 6) for t in range(5)]
    [0.1, 0.1, 0.01, 0.01, 0.001]
    """
    lr, every = _rate(lr, "step: lr"), _count(every, "step: every")
    factor = _rate(factor, "step: factor")
    return Schedule(lambda t: lr * factor ** (t // every), f"step({lr:g}, every={every}, factor={factor:g})")


def exponential(lr: float, factor: float) -> Schedule:
    """The same factor every time: lr · factorᵗ.

    >>> [round(exponential(0.1, 0.5)(t), 6) for t in range(4)]
    [0.1, 0.05, 0.025, 0.0125]
    """
    lr, factor = _rate(lr, "exponential: lr"), _rate(factor, "exponential: factor")
    return Schedule(lambda t: lr * factor**t, f"exponential({lr:g}, {factor:g})")


def cosine(lr: float, steps: int, least: float = 0.0) -> Schedule:
    """Half a cosine from ``lr`` to ``least``, where it stays: least + ½(lr − least)(1 + cos(πt/steps)).

    Source: Loshchilov & Hutter, 2017.

    >>> [round(cosine(0.1, 4)(t), 4) for t in range(6)]
    [0.1, 0.0854, 0.05, 0.0146, 0.0, 0.0]
    """
    lr, steps, least = _rate(lr, "cosine: lr"), _count(steps, "cosine: steps"), _rate(least, "cosine: least")
    return Schedule(
        lambda t: least + (lr - least) * (1 + math.cos(math.pi * min(t / steps, 1))) / 2,
        f"cosine({lr:g}, {steps}, least={least:g})" if least else f"cosine({lr:g}, {steps})",
    )


def inverse(lr: float, steps: float = 1) -> Schedule:
    """Halved after ``steps`` steps, and like 1/t far out: lr / (1 + t/steps).

    Its sum is infinite and the sum of its squares is not, which is what stochastic gradient descent needs to converge
    (Robbins & Monro, 1951).

    >>> [round(inverse(0.1)(t), 4) for t in range(4)]
    [0.1, 0.05, 0.0333, 0.025]
    """
    lr, steps = _rate(lr, "inverse: lr"), number(steps, "inverse: steps", above=0)
    return Schedule(lambda t: lr / (1 + t / steps), f"inverse({lr:g}, {steps:g})")


def warmup(steps: int, start: float = 0.0) -> Schedule:
    """A factor that rises in a straight line, start + (1 − start)(t + 1)/steps, up to 1: multiply a schedule with it.

    Source: Goyal et al., 2017.

    >>> [(warmup(4) * constant(0.1))(t) for t in range(5)]
    [0.025, 0.05, 0.07500000000000001, 0.1, 0.1]
    """
    steps, start = _count(steps, "warmup: steps"), _rate(start, "warmup: start")
    return Schedule(
        lambda t: start + (1 - start) * min((t + 1) / steps, 1),
        f"warmup({steps}, start={start:g})" if start else f"warmup({steps})",
    )


def _rate(given: Any, what: str) -> float:
    return number(given, what, least=0)


def _count(given: Any, what: str, least: int = 1) -> int:
    x = number(given, what, least=least)
    if x != int(x):
        raise ValueError(f"{what} is a whole number, not {given!r}")
    return int(x)
