"""What a lecture says beside what is exact, and how the two differ.

What a lecture says is typed in, as it is printed; what is exact is computed. The verdict follows from the two, and from
the same computation done again with the numbers shortened on the way, as the lecture has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from functools import cached_property
from math import isclose, isfinite, nan
from typing import Any

from scalargrad.expression import parse
from scalargrad.language import Text

TOLERATED = 0.1
"""Shortening numbers on the way explains a difference of up to this part of the exact number; more is an error."""

EVEN = 1e-9
"""How near two computations of the same number are."""


class Verdict(Enum):
    """How what a lecture says stands to what is exact."""

    AGREES = Text("agrees")
    ROUNDED = Text("rounded on the way")
    TRUNCATED = Text("digits cut off")
    ERROR = Text("an error")
    UNSTATED = Text("not printed")

    def told(self, lang: str | None = None) -> str:
        """The verdict in words."""
        return self.value.told(lang)


Numbers = Any
"""A number, or several: floats, the numbers of a trace, an array."""
Places = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""A number for each name, or several such places."""

FORMULA_ONLY = Text("the lecture gives the formula only")


@dataclass(frozen=True)
class Claim:
    """One thing a lecture says, and what is exact.

    ``says`` is one of

    - numbers as they are printed, ``"-2.00"`` or ``".71 .26 .04"``: as many decimals are compared as are printed;
    - with ``at``, a formula, which is evaluated at these numbers (or at each of several places) and compared to the
      last digit; what stands behind ``=`` is what the lecture gets from it;
    - empty, where the lecture gives no number.

    ``along`` is ``exact`` computed again with numbers shortened on the way, and ``by`` says how they were: ROUNDED or
    TRUNCATED. ``why`` is the reason of a difference, in one sentence.

    >>> claim = Claim("∂L/∂x₀", "0.2*2 = 0.4", 0.3932239, at={}, along=0.4)
    >>> claim.stated, claim.verdict.told("en")
    ((0.4,), 'rounded on the way')
    >>> Claim("σ(1)", ".73", 0.731059).verdict.told("ru")
    'совпадает'
    """

    what: Text | str
    says: str
    exact: Numbers
    why: Text | None = None
    at: Places | None = None
    along: Numbers | None = None
    by: Verdict = Verdict.ROUNDED

    @cached_property
    def stated(self) -> tuple[float, ...]:
        """The numbers that ``says`` means; nan for a formula that needs a number there is not."""
        if self.at is None:
            return tuple([float(word) for word in self.says.split()])
        formula = parse(self.says.partition("=")[0])
        places = [self.at] if isinstance(self.at, Mapping) else self.at
        return tuple([_evaluated(formula, place) for place in places])

    @property
    def decimals(self) -> tuple[int | None, ...]:
        """How many decimals each stated number is printed with; None for what a formula gives."""
        if self.at is not None:
            return (None,) * len(self.stated)
        return tuple([len(word.partition(".")[2]) for word in self.says.split()])

    @property
    def numbers(self) -> tuple[float, ...]:
        """The exact numbers."""
        return _several(self.exact)

    @property
    def numbers_along(self) -> tuple[float, ...]:
        """The numbers computed with shortened ones; empty if nothing was shortened."""
        return () if self.along is None else _several(self.along)

    @cached_property
    def verdict(self) -> Verdict:
        """What follows from comparing them."""
        stated, decimals = self.stated, self.decimals
        if not stated:
            return Verdict.UNSTATED
        if len(stated) != len(self.numbers):
            raise ValueError(f"{self.what}: {len(stated)} numbers are stated, and {len(self.numbers)} are exact")
        if all(map(prints_as, self.numbers, stated, decimals)):
            return Verdict.AGREES
        if not all(isclose(said, x, rel_tol=TOLERATED) or prints_as(x, said, d)
                   for said, x, d in zip(stated, self.numbers, decimals)):  # fmt: skip
            return Verdict.ERROR
        if self.along is not None and all(map(prints_as, self.numbers_along, stated, decimals)):
            return self.by
        cut = [prints_as(x, s, d) or cuts_to(x, s, d) for x, s, d in zip(self.numbers, stated, decimals)]
        return Verdict.TRUNCATED if all(cut) else Verdict.ERROR

    @property
    def agrees(self) -> bool:
        """Whether what the lecture says is right to the digits it prints."""
        return self.verdict is Verdict.AGREES


def prints_as(x: float, printed: float, decimals: int | None) -> bool:
    """Whether ``x`` rounded to this many decimals is what is printed; None for numbers that must be the same.

    >>> prints_as(0.731059, 0.73, 2), prints_as(0.25, 0.2, 1), prints_as(0.25, 0.3, 1)
    (True, True, True)
    """
    if decimals is None:
        return isclose(x, printed, rel_tol=EVEN, abs_tol=1e-12)
    return abs(x - printed) <= 0.5 * 10.0**-decimals * (1 + EVEN)


def cut(x: float, decimals: int) -> float:
    """A number without the digits behind this many decimals.

    >>> cut(0.268941, 2), cut(-0.268941, 2)
    (0.26, -0.26)
    """
    return float(Decimal(repr(x)).quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN))


def cuts_to(x: float, printed: float, decimals: int | None) -> bool:
    """Whether ``x`` cut off behind this many decimals is what is printed."""
    return decimals is not None and isfinite(x) and cut(x, decimals) == printed


def _several(given: Any) -> tuple[float, ...]:
    try:
        return tuple([float(x) for x in given])
    except TypeError:
        return (float(given),)


def _evaluated(formula: Any, place: Mapping[str, Any]) -> float:
    if not set(formula.names) <= set(place):
        return nan
    return float(formula.evaluate(**{name: place[name] for name in formula.names}))
