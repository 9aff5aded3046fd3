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


def exp2(x: float) -> float:
    return power(2.0, x)


def log2(x: float) -> float:
    if x > 0:
        return math.log2(x)
    return -inf if x == 0 else nan


def log10(x: float) -> float:
    if x > 0:
        return math.log10(x)
    return -inf if x == 0 else nan


def arcsin(x: float) -> float:
    return math.asin(x) if -1 <= x <= 1 else nan


def arccos(x: float) -> float:
    return math.acos(x) if -1 <= x <= 1 else nan


def arccosh(x: float) -> float:
    return math.acosh(x) if x >= 1 else nan


def arctanh(x: float) -> float:
    if -1 < x < 1:
        return math.atanh(x)
    return math.copysign(inf, x) if x in (-1, 1) else nan


tanh = math.tanh
arctan = math.atan
arctan2 = math.atan2
arcsinh = math.asinh
cbrt = math.cbrt
hypot = math.hypot
copysign = math.copysign
isnan = math.isnan
isfinite = math.isfinite
erf = math.erf
erfc = math.erfc

_DEGREE = math.pi / 180


def deg2rad(x: float) -> float:
    return x * _DEGREE


def rad2deg(x: float) -> float:
    return x * (180 / math.pi)


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


def fmax(x: float, y: float) -> float:
    return x if x >= y or y != y else y


def fmin(x: float, y: float) -> float:
    return x if x <= y or y != y else y


def logaddexp(x: float, y: float) -> float:
    if x == y:
        return x + math.log(2)
    gap = x - y
    return x + math.log1p(exp(-gap)) if gap > 0 else y + math.log1p(exp(gap))


def logaddexp2(x: float, y: float) -> float:
    if x == y:
        return x + 1
    gap = x - y
    return x + math.log1p(exp2(-gap)) / _LN2 if gap > 0 else y + math.log1p(exp2(gap)) / _LN2


_LN2 = math.log(2)


def _rounding(function: Callable[[float], float]) -> Callable[[float], float]:
    """Integers as floats, infinities and nan as they are; a rounded -0.3 keeps its sign, as in IEEE."""

    def rounded(x: float) -> float:
        return math.copysign(function(x), x) if math.isfinite(x) else x

    return rounded


floor = _rounding(math.floor)
ceil = _rounding(math.ceil)
trunc = _rounding(math.trunc)
rint = _rounding(round)


def fmod(x: float, y: float) -> float:
    return nan if math.isinf(x) or y == 0 else math.fmod(x, y)


def remainder(x: float, y: float) -> float:
    return x % y if y else nan


def floor_divide(x: float, y: float) -> float:
    return x // y if y else divide(x, y)


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


ERFCX = (
    8.393734857963767e-10, 9.862533509878218e-10, -8.217595058303037e-09, -1.3312919660785692e-08,
    4.1064013666939784e-08, 1.018362060378337e-07, -1.404765431528811e-07, -6.16601146039081e-07,
    3.5576086683956177e-07, 3.472370944976508e-06, -7.308281468776357e-07, -2.0100542268525253e-05,
    4.949196649968064e-06, 0.0001250993424583728, -0.00010515971958448057, -0.0007798322696543306,
    0.0018886903449991718, 0.0025293918156939696, -0.02377051491717134, 0.0683080273440099,
    -0.11927366341538638, 0.1296451587027594, -0.0475622943534492, -0.13562110612458117, 1.2530080582697296,
)  # fmt: skip
"""The polynomial in ``t = 1 − 6/(x + 3)``, highest power first, that is ``(1 + 2x)·exp(x²)·erfc(x)`` for all x ≥ 0.

It interpolates at Chebyshev's points, computed to 50 digits (the form is Shepherd and Laframboise's, 1981).
"""


def erfcx(x: float) -> float:
    """``exp(x²)·erfc(x)``, which neither overflows nor vanishes on the right."""
    z = math.fabs(x)
    t, sum_ = 1 - 6 / (z + 3), 0.0
    for c in ERFCX:
        sum_ = sum_ * t + c
    tail = sum_ / (1 + 2 * z)
    if not x < 0:
        return tail
    square = z * z
    power = exp(square)
    if power == inf:
        return inf
    high = 134217729.0 * z - (134217729.0 * z - z)  # half of the bits, to have the square's rounding, too (Veltkamp)
    low = z - high
    rest = ((high * high - square) + 2 * high * low) + low * low
    return 2 * (power + power * rest) - tail


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
