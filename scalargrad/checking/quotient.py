"""The difference quotient: how large a step, and how far it can be trusted.

The quotient's own error falls with the step Δx (with its square for the central one), that of rounding grows with 1/Δx.
Several steps are tried and the error of each is estimated: the first by halving the step, the second from the size of
the numbers that are rounded. The step of the smallest error is taken, and its error is allowed for.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_EPSILON = sys.float_info.epsilon
TYPICAL_STEP = {"central": _EPSILON ** (1 / 3), "forward": _EPSILON ** (1 / 2)}
"""The methods, and the step each takes for numbers around 1."""

Sides = tuple[tuple[str, ...], tuple[float, ...]]
"""Where a point lies: the operations it was computed by, and their distances from kinks, which change sign there."""
Sample = Callable[[float], tuple[float, Sides]]


@dataclass(frozen=True)
class Quotient:
    """How derivatives are estimated, and how far an analytic one may be off."""

    method: str
    step: float | None
    rtol: float
    atol: float

    def check(self, analytic: float, sample: Sample, x: float, noise: float) -> dict[str, Any]:
        """The numbers of a row. ``noise`` is the size of the numbers that are rounded on the way to the sample."""
        numeric = uncertainty = at_kink = math.nan
        base = sample(x)
        size = max(abs(base[0]), noise if math.isfinite(noise) else 0.0)
        for step in self.steps(x):
            quotient, error, kink = self.estimate(sample, base, x, step, size)
            if kink:
                at_kink = quotient
            elif math.isfinite(quotient) and not error >= uncertainty / 10:
                numeric, uncertainty = quotient, error
                if uncertainty <= self.atol + self.rtol * abs(numeric):
                    break
        judged = numeric == numeric
        numeric = numeric if judged else at_kink
        allowed = self.atol + self.rtol * abs(numeric) + uncertainty
        error = abs(analytic - numeric)
        compared = "ok" if error <= allowed else "wrong"
        status = compared if judged else "kink" if numeric == numeric else "skipped"
        return {"analytic": analytic, "numeric": numeric, "error": error, "allowed": allowed, "status": status}

    def steps(self, x: float) -> list[float]:
        """The steps to try: one that suits numbers around 1, then some that suit ``x``, however large or small."""
        if self.step is not None:
            return [self.step]
        unit = TYPICAL_STEP[self.method]
        if abs(x) > 1:
            return [unit, unit * math.sqrt(abs(x)), unit * abs(x)]
        return [unit, unit * 1e-2, unit * 1e-4] + [unit * abs(x)] * (0 < abs(x) < 1e-4)

    def estimate(
        self, sample: Sample, base: tuple[float, Sides], x: float, step: float, size: float
    ) -> tuple[float, float, bool]:
        """The quotient with this step, how far it may be off, and whether there is a kink within the step."""
        quotients, points = [], [base[1]]
        for width in (step, step / 2):
            above, below = x + width, x - width if self.method == "central" else x
            high, sides_above = sample(above)
            low, sides_below = sample(below) if below < x else base
            points += [sides_below, sides_above]
            quotients.append((high - low) / (above - below) if above > below else math.nan)
        error = 3 * abs(quotients[0] - quotients[1]) + 4 * _EPSILON * size / step
        return quotients[0], error, _kink_between(points)


def _kink_between(points: list[Sides]) -> bool:
    """Whether a distance changes its sign between these points, or an ``if`` of the program went another way."""
    if len({operations for operations, _ in points}) > 1:
        return True
    return any(min(d) <= 0 <= max(d) and min(d) < max(d) for d in zip(*(distances for _, distances in points)))
