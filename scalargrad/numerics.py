"""IEEE 754 arithmetic on Python floats, under NumPy's names.

The forward of every op takes a namespace ``xp``: this module for floats, NumPy for arrays. Where ``math`` raises,
these functions answer as IEEE 754 does: ``exp(1000) = inf``, ``log(0) = -inf``, ``(-8)**(1/3) = nan``; never an
exception, never a complex number. Standard library only.
"""

import math
import sys
from collections.abc import Callable
from typing import Any

inf = math.inf
nan = math.nan


def exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def expm1(x: float) -> float:
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def log(x: float) -> float:
    if x > 0:
        return math.log(x)
    return -inf if x == 0 else nan


def log1p(x: float) -> float:
    if x > -1:
        return math.log1p(x)
    return -inf if x == -1 else nan


def sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0 else nan


def sin(x: float) -> float:
    return nan if math.isinf(x) else math.sin(x)


def cos(x: float) -> float:
    return nan if math.isinf(x) else math.cos(x)


def tan(x: float) -> float:
    return nan if math.isinf(x) else math.tan(x)


def sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


def cosh(x: float) -> float:
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


tanh = math.tanh
arctan = math.atan
isnan = math.isnan
isfinite = math.isfinite


def absolute(x: float) -> float:
    return math.fabs(x)


def sign(x: float) -> float:
    return 1.0 if x > 0 else -1.0 if x < 0 else 0.0 if x == 0 else nan


def heaviside(x: float, at_zero: float) -> float:
    return 1.0 if x > 0 else 0.0 if x < 0 else at_zero if x == 0 else nan


def where(condition: float, x: float, y: float) -> float:
    return x if condition else y


def maximum(x: float, y: float) -> float:
    return x if x >= y or x != x else y


def minimum(x: float, y: float) -> float:
    return x if x <= y or x != x else y


def logaddexp(x: float, y: float) -> float:
    if x == y:
        return x + math.log(2)
    gap = x - y
    return x + math.log1p(exp(-gap)) if gap > 0 else y + math.log1p(exp(gap))


def _rounding(function: Callable[[float], float]) -> Callable[[float], float]:
    """Integers as floats, infinities and nan as they are; a rounded -0.3 keeps its sign, as in IEEE."""

    def rounded(x: float) -> float:
        return math.copysign(function(x), x) if math.isfinite(x) else x

    return rounded


floor = _rounding(math.floor)
ceil = _rounding(math.ceil)
rint = _rounding(round)


def divide(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)


def power(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except (OverflowError, ValueError):
        if x < 0 and not y.is_integer():
            return nan
        return math.copysign(inf, x) if y % 2 == 1 else inf


class IEEE(float):
    """A float whose own operators answer as IEEE 754 does: what an expression that raised is tried again with."""

    __slots__ = ()

    def __truediv__(self, other: float) -> "IEEE":
        return IEEE(divide(float(self), float(other)))

    def __rtruediv__(self, other: float) -> "IEEE":
        return IEEE(divide(float(other), float(self)))

    @staticmethod
    def _apply_op(op: Any, operands: tuple[float, ...]) -> "IEEE":
        return IEEE(op.forward(_IEEENamespace, *map(IEEE, operands)))


def _closed(name: str) -> Callable[..., Any]:
    plain = getattr(float, name)

    def method(*operands: float) -> Any:
        result = plain(*operands)
        return result if result is NotImplemented else IEEE(result)

    method.__name__ = name
    return method


for _name in ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__neg__"):
    setattr(IEEE, _name, _closed(_name))


class _IEEEFunctions:
    """The functions above, their answers as :class:`IEEE` numbers."""

    def __getattr__(self, name: str) -> Callable[..., IEEE]:
        function = getattr(sys.modules[__name__], name)
        return lambda *operands: IEEE(function(*operands))


_IEEENamespace = _IEEEFunctions()
