"""The table of elementary functions: one row each, and nothing about any of them anywhere else.

The first line of a row is its mathematics: the name, the forward ``y = f(a, b)`` over a namespace ``xp``, and a partial
for each operand, written in ops, with the output ``y`` where that is simpler. Under it stand the note and how it is
written. At kinks the derivatives are those of the course's table as PyTorch has them: relu'(0) = abs'(0) = 0; equal
operands of maximum and minimum share the gradient.
"""
# fmt: off
# mypy: disable-error-code="has-type, no-untyped-def, no-untyped-call"
# ruff: noqa: E501

import math as _math

from scalargrad.ops.registry import Kink as _Kink
from scalargrad.ops.registry import op as _op

_inf = _math.inf
_LN2, _LN10 = _math.log(2), _math.log(10)
_ROOT_PI, _ROOT_2PI = _math.sqrt(_math.pi), _math.sqrt(2 * _math.pi)

_AT_0 = (_Kink(lambda a: a, (0.0,), (0.0,)),)
_TIED = (_Kink(lambda a, b: a - b, (1.0, 1.0), (0.5, 0.5)),)
_JUMP = (_Kink(lambda a, b: a - b, (1.0, 1.0), (0.0, 0.0)),)
_WHOLE = (_Kink(lambda a, b: div(a, b) - round(div(a, b)), (2.0, 1.0), (1.0, -2.0)),)


def _slope_of_power(a, b):
    """``b·a^(b − 1)``; at b = 0 as ``b/a``, which is 0 where the power is infinite, and has the same derivatives."""
    none = equal(b, 0)
    if isinstance(none, float):
        return b / where(equal(a, 0), 1, a) if none else b * pow(a, b - 1)
    return where(none, b / where(equal(a, 0), 1, a), b * pow(where(none, 1, a), b - 1))


def _gap(a, b):
    """``a − b``; 0 where both are the same infinity."""
    return where(equal(a, b) * equal(abs(a), _inf), 0, a - b)


def _if(condition, a, b):
    """``where``, but a condition that is a plain number leaves no node behind."""
    return (a if condition else b) if isinstance(condition, float) else where(condition, a, b)


def _polynomial(coefficients, x):
    """A polynomial with these coefficients, that of the highest power first."""
    sum_ = coefficients[0]
    for c in coefficients[1:]:
        sum_ = sum_ * x + c
    return sum_


def _not_0(y):
    """A length that is divided by: 1 for 0, where the quotient is 0."""
    return _if(equal(y, 0), 1, y)


def _logit(xp, a):
    near = 2 * xp.arctanh(2 * a - 1)  # exact about 1/2, where it is 0
    return xp.where(xp.absolute(a - 0.5) < 0.25, near, xp.log(a / (1 - a)))


def _sinc(xp, a):
    angle = _math.pi * xp.where(a == 0, 1e-20, a)
    return xp.sin(angle) / angle


def _slope_of_sinc(y, a):
    """Near 0 as a series: there, the cosine and ``y`` differ by nothing but rounding."""
    near = less(abs(a), 0.25)
    return _if(near, a * _polynomial(_SINC, square(_if(near, a, 0))), (cos(_math.pi * a) - y) / _if(near, 1, a))


_SINC = [(-1.0) ** k * 2 * k * _math.pi ** (2 * k) / _math.factorial(2 * k + 1) for k in range(8, 0, -1)]


def _slope_of_erfcx(y, a):
    """Far out as its asymptotic series: the difference would lose its digits."""
    far = greater(a, 30)
    small = 1 / square(_if(far, a, 30))
    return _if(far, small * _polynomial(_ERFCX, small), 2 * a * y - 2 / _ROOT_PI)


_ERFCX = [2 / _ROOT_PI * (-0.5) ** n * _math.prod(range(1, 2 * n, 2)) for n in range(8, 0, -1)]


def _log_ndtr(xp, a):
    z = a * -_math.sqrt(0.5)
    return xp.where(a > -1, xp.log1p(xp.erfc(-z) / -2), xp.log(xp.erfcx(z) / 2) - a * a / 2)


def _sigmoid(xp, a):
    tail = xp.exp(-xp.absolute(a))  # never overflows
    return xp.where(a >= 0, 1.0, tail) / (1 + tail)


def _comparison(name, forward, sign, latex):
    """The row that is 1 where its operands compare in this way: Iverson's bracket."""
    return _op(name, forward, (lambda y, a, b: 0, lambda y, a, b: 0), note=f"1 where a {sign} b, else 0",
        symbol=sign, text=f"[#1 {sign} #2]", latex=f"[#1 {latex} #2]", kinks=_JUMP)


# --- arithmetic ------------------------------------------------------------------------------------------------------
add        = _op("add",        lambda xp, a, b: a + b,          (lambda y, a, b: 1, lambda y, a, b: 1),
    note="sum", symbol="+", text="#1 + #2", latex="#1 + #2", precedence=1)
sub        = _op("sub",        lambda xp, a, b: a - b,          (lambda y, a, b: 1, lambda y, a, b: -1),
    note="difference", symbol="−", text="#1 − #2", latex="#1 - #2", precedence=1, ufunc="subtract")
mul        = _op("mul",        lambda xp, a, b: a * b,          (lambda y, a, b: b, lambda y, a, b: a),
    note="product", symbol="×", text="#1·#2", latex=r"#1 \cdot #2", precedence=2, ufunc="multiply")
div        = _op("div",        lambda xp, a, b: a / b,          (lambda y, a, b: 1 / b, lambda y, a, b: -(y / b)),
    note="quotient", symbol="÷", text="#1/#2", latex=r"\frac{#1}{#2}", precedence=2, latex_precedence=3,
    ufunc="divide", domain=((-3, 3), (0.5, 3)))
neg        = _op("neg",        lambda xp, a: -a,                (lambda y, a: -1,),
    note="the opposite number", symbol="×(−1)", text="−#1", latex="-#1", precedence=1, ufunc="negative")
pow        = _op("pow",        lambda xp, a, b: xp.power(a, b), (lambda y, a, b: _slope_of_power(a, b),
                                                                 lambda y, a, b: y * log(_if(equal(a, 0), 1, a))),
    note="power; both the base and the exponent have a derivative, 0 for x^0 at 0",
    symbol="^", text="#1^#2", latex="#1^{#2}", precedence=4, ufunc="power", domain=((0.3, 3), (-2, 3)), aliases=("float_power",))
reciprocal = _op("reciprocal", lambda xp, a: 1 / a,             (lambda y, a: -(y * y),),
    note="one divided by the number", symbol="1/x", text="1/#1", latex=r"\frac{1}{#1}", precedence=2,
    latex_precedence=3, domain=((0.5, 3),))
square     = _op("square",     lambda xp, a: a * a,             (lambda y, a: 2 * a,),
    note="the number times itself", symbol="x²", text="#1²", latex="#1^{2}", precedence=4)
sqrt       = _op("sqrt",       lambda xp, a: xp.sqrt(a),        (lambda y, a: 1 / (2 * y),),
    note="square root", symbol="√", latex=r"\sqrt{#1}", domain=((0.3, 4),), aliases=("root", "√"))
cbrt       = _op("cbrt",       lambda xp, a: xp.cbrt(a),        (lambda y, a: 1 / (3 * square(y)),),
    note="cube root, of negative numbers too", symbol="∛", latex=r"\sqrt[3]{#1}", domain=((0.3, 4),), aliases=("∛",))
abs        = _op("abs",        lambda xp, a: xp.absolute(a),    (lambda y, a: sign(a),),
    note="absolute value; its derivative at 0 is 0", symbol="|x|", latex=r"\left|#1\right|", kinks=_AT_0, ufunc="absolute", aliases=("fabs",))
positive   = _op("positive",   lambda xp, a: +a,                (lambda y, a: 1,),
    note="the number itself", symbol="+x", aliases=("conjugate",))
hypot      = _op("hypot",      lambda xp, a, b: xp.hypot(a, b), (lambda y, a, b: a / _not_0(y), lambda y, a, b: b / _not_0(y)),
    note="length of the hypotenuse, √(a² + b²), without overflow; its derivatives at 0, 0 are 0",
    latex=r"\sqrt{#1^{2} + #2^{2}}", kinks=(_Kink(lambda a, b: hypot(a, b), (0.0, 0.0), (0.0, 0.0)),))
remainder  = _op("remainder",  lambda xp, a, b: xp.remainder(a, b), (lambda y, a, b: 1, lambda y, a, b: (y - a) / b),
    shown=(None, lambda a, b: -floor_divide(a, b)),
    note="what is left of a after taking b whole times, with the sign of b: Python's %",
    symbol="%", text="(#1 % #2)", latex=r"\left(#1 \bmod #2\right)", precedence=8, domain=((-3, 3), (0.5, 3)), aliases=("mod",), kinks=_WHOLE)
fmod       = _op("fmod",       lambda xp, a, b: xp.fmod(a, b),  (lambda y, a, b: 1, lambda y, a, b: (y - a) / b),
    shown=(None, lambda a, b: -trunc(a / b)),
    note="what is left of a after taking b whole times, with the sign of a: C's fmod",
    domain=((-3, 3), (0.5, 3)), kinks=_WHOLE)

# --- exponentials and logarithms -------------------------------------------------------------------------------------
exp       = _op("exp",       lambda xp, a: xp.exp(a),                (lambda y, a: y,),
    note="exponential", latex="e^{#1}", latex_precedence=4)
expm1     = _op("expm1",     lambda xp, a: xp.expm1(a),              (lambda y, a: exp(a),),
    note="exp(a) − 1, exact near 0: to 3 ulp")
log       = _op("log",       lambda xp, a: xp.log(a),                (lambda y, a: 1 / a,),
    note="natural logarithm", latex=r"\ln(#1)", domain=((0.3, 4),), aliases=("ln",))
log1p     = _op("log1p",     lambda xp, a: xp.log1p(a),              (lambda y, a: 1 / (1 + a),),
    note="log(1 + a), exact near 0: to 3 ulp", domain=((-0.6, 3),))
exp2      = _op("exp2",      lambda xp, a: xp.exp2(a),               (lambda y, a: _LN2 * y,),
    note="2 to the power of the number", latex="2^{#1}", latex_precedence=4)
log2      = _op("log2",      lambda xp, a: xp.log2(a),               (lambda y, a: 1 / (_LN2 * a),),
    note="logarithm to the base 2", latex=r"\log_{2}(#1)", domain=((0.3, 4),), aliases=("lb",))
log10     = _op("log10",     lambda xp, a: xp.log10(a),              (lambda y, a: 1 / (_LN10 * a),),
    note="logarithm to the base 10", latex=r"\log_{10}(#1)", domain=((0.3, 4),), aliases=("lg",))
logaddexp = _op("logaddexp", lambda xp, a, b: xp.logaddexp(a, b),    (lambda y, a, b: sigmoid(_gap(a, b)),
                                                                      lambda y, a, b: sigmoid(_gap(b, a))),
    note="log(exp(a) + exp(b)) without overflow: a smooth maximum; to 5 ulp of the larger, and the rounding of a − b")
logaddexp2 = _op("logaddexp2", lambda xp, a, b: xp.logaddexp2(a, b), (lambda y, a, b: sigmoid(_LN2 * _gap(a, b)),
                                                                       lambda y, a, b: sigmoid(_LN2 * _gap(b, a))),
    note="log2(2^a + 2^b) without overflow")
sigmoid   = _op("sigmoid",   _sigmoid,                               (lambda y, a: y * (1 - y),),
    note="logistic function 1/(1 + exp(−a)): an activation between 0 and 1; to 3 ulp, its derivative to 2 ulp of 1",
    symbol="σ", text="σ(#1)", latex=r"\sigma(#1)", aliases=("σ", "sigma", "expit"), activation="Sigmoid")
logit     = _op("logit",     _logit,                                 (lambda y, a: 1 / (a * (1 - a)),),
    note="the inverse of the logistic function, log(a/(1 − a))", domain=((0.1, 0.9),))
xlogy     = _op("xlogy",     lambda xp, a, b: xp.where(a == 0, xp.where(b == b, 0.0, b), a * xp.log(b)),
                            (lambda y, a, b: log(where(equal(a, 0) * less_equal(b, 0), 1, b)), lambda y, a, b: a / _if(equal(a, 0) * equal(b, 0), 1, b)),
    shown=(lambda a, b: log(b), lambda a, b: a / b),
    note="a·log(b), 0 for a = 0: the terms of an entropy", domain=((-3, 3), (0.3, 4)))

# --- trigonometric and hyperbolic ------------------------------------------------------------------------------------
sin       = _op("sin",       lambda xp, a: xp.sin(a),                (lambda y, a: cos(a),),
    note="sine, of radians", latex=r"\sin(#1)")
cos       = _op("cos",       lambda xp, a: xp.cos(a),                (lambda y, a: -sin(a),),
    note="cosine, of radians", latex=r"\cos(#1)")
tan       = _op("tan",       lambda xp, a: xp.tan(a),                (lambda y, a: 1 + y * y,),
    note="tangent, of radians", latex=r"\tan(#1)", domain=((-1.2, 1.2),))
arctan    = _op("arctan",    lambda xp, a: xp.arctan(a),             (lambda y, a: 1 / (1 + a * a),),
    note="inverse tangent, in radians", latex=r"\arctan(#1)", aliases=("atan", "arctg"))
arcsin    = _op("arcsin",    lambda xp, a: xp.arcsin(a),             (lambda y, a: 1 / sqrt((1 - a) * (1 + a)),),
    shown=(lambda a: 1 / sqrt(1 - square(a)),),
    note="inverse sine, in radians", latex=r"\arcsin(#1)", domain=((-0.9, 0.9),), aliases=("asin",))
arccos    = _op("arccos",    lambda xp, a: xp.arccos(a),             (lambda y, a: -1 / sqrt((1 - a) * (1 + a)),),
    shown=(lambda a: -1 / sqrt(1 - square(a)),),
    note="inverse cosine, in radians", latex=r"\arccos(#1)", domain=((-0.9, 0.9),), aliases=("acos",))
arctan2   = _op("arctan2",   lambda xp, a, b: xp.arctan2(a, b),      (lambda y, a, b: b / _not_0(hypot(a, b)) / _not_0(hypot(a, b)),
                                                                      lambda y, a, b: -a / _not_0(hypot(a, b)) / _not_0(hypot(a, b))),
    shown=(lambda a, b: b / (square(a) + square(b)), lambda a, b: -a / (square(a) + square(b))),
    note="the angle of the point (b, a), from −π to π; its derivatives at 0, 0 are 0", aliases=("atan2",),
    kinks=(_Kink(lambda a, b: hypot(a, maximum(b, 0)), (0.0, 0.0), (0.0, 0.0)),))
sinc      = _op("sinc",      _sinc,                                  (_slope_of_sinc,),
    shown=(lambda a: (cos(_math.pi * a) - sinc(a)) / a,),
    note="sin(π·a)/(π·a), 1 at 0", domain=((0.2, 3),))
deg2rad   = _op("deg2rad",   lambda xp, a: xp.deg2rad(a),            (lambda y, a: _math.pi / 180,),
    note="an angle in degrees as radians", aliases=("radians",))
rad2deg   = _op("rad2deg",   lambda xp, a: xp.rad2deg(a),            (lambda y, a: 180 / _math.pi,),
    note="an angle in radians as degrees", aliases=("degrees",))
sinh      = _op("sinh",      lambda xp, a: xp.sinh(a),               (lambda y, a: cosh(a),),
    note="hyperbolic sine", latex=r"\sinh(#1)")
cosh      = _op("cosh",      lambda xp, a: xp.cosh(a),               (lambda y, a: sinh(a),),
    note="hyperbolic cosine", latex=r"\cosh(#1)")
tanh      = _op("tanh",      lambda xp, a: xp.tanh(a),               (lambda y, a: 1 - y * y,),
    note="hyperbolic tangent: an activation between −1 and 1", latex=r"\tanh(#1)", activation="Tanh")
arcsinh   = _op("arcsinh",   lambda xp, a: xp.arcsinh(a),            (lambda y, a: 1 / sqrt(1 + square(a)),),
    note="inverse hyperbolic sine", aliases=("asinh",))
arccosh   = _op("arccosh",   lambda xp, a: xp.arccosh(a),            (lambda y, a: 1 / (sqrt(a - 1) * sqrt(a + 1)),),
    shown=(lambda a: 1 / sqrt(square(a) - 1),),
    note="inverse hyperbolic cosine", domain=((1.2, 4),), aliases=("acosh",))
arctanh   = _op("arctanh",   lambda xp, a: xp.arctanh(a),            (lambda y, a: 1 / ((1 - a) * (1 + a)),),
    shown=(lambda a: 1 / (1 - square(a)),),
    note="inverse hyperbolic tangent", domain=((-0.9, 0.9),), aliases=("atanh",))

# --- the normal distribution -----------------------------------------------------------------------------------------
erf      = _op("erf",      lambda xp, a: xp.erf(a),                       (lambda y, a: 2 / _ROOT_PI * exp(-square(a)),),
    note="error function, 2/√π·∫ exp(−t²) dt from 0 to a; to 3 ulp")
erfc     = _op("erfc",     lambda xp, a: xp.erfc(a),                      (lambda y, a: -2 / _ROOT_PI * exp(-square(a)),),
    note="1 − erf(a), exact far out: to 4 ulp")
erfcx    = _op("erfcx",    lambda xp, a: xp.erfcx(a),                     (_slope_of_erfcx,),
    shown=(lambda a: 2 * a * erfcx(a) - 2 / _ROOT_PI,),
    note="exp(a²)·erfc(a), which never vanishes; to 6 ulp")
ndtr     = _op("ndtr",     lambda xp, a: xp.erfc(a * -_math.sqrt(0.5)) / 2, (lambda y, a: exp(-square(a) / 2) / _ROOT_2PI,),
    note="standard normal distribution function, the probability below a: norm.cdf of SciPy",
    symbol="Φ", text="Φ(#1)", latex=r"\Phi(#1)", aliases=("Φ", "Phi", "norm_cdf", "normal_cdf", "normcdf"))
log_ndtr = _op("log_ndtr", _log_ndtr,                                     (lambda y, a: 2 / _ROOT_2PI / erfcx(-_math.sqrt(0.5) * a),),
    shown=(lambda a: exp(-square(a) / 2) / (_ROOT_2PI * ndtr(a)),),
    note="log of the standard normal distribution function, exact far out: norm.logcdf of SciPy",
    symbol="log Φ")

# --- comparing and choosing ------------------------------------------------------------------------------------------
maximum = _op("maximum", lambda xp, a, b: xp.maximum(a, b),         (lambda y, a, b: greater(a, b) + equal(a, b) / 2,
                                                                     lambda y, a, b: greater(b, a) + equal(a, b) / 2),
    note="the larger operand; equal ones share the gradient", symbol="max", latex=r"\max(#1, #2)", kinks=_TIED)
minimum = _op("minimum", lambda xp, a, b: xp.minimum(a, b),         (lambda y, a, b: greater(b, a) + equal(a, b) / 2,
                                                                     lambda y, a, b: greater(a, b) + equal(a, b) / 2),
    note="the smaller operand; equal ones share the gradient", symbol="min", latex=r"\min(#1, #2)", kinks=_TIED)
fmax    = _op("fmax",    lambda xp, a, b: xp.fmax(a, b),            (lambda y, a, b: equal(y, a) - equal(a, b) / 2,
                                                                     lambda y, a, b: equal(y, b) - equal(a, b) / 2),
    shown=(lambda a, b: greater(a, b) + equal(a, b) / 2, lambda a, b: greater(b, a) + equal(a, b) / 2),
    note="the larger operand that is not nan; equal ones share the gradient", kinks=_TIED)
fmin    = _op("fmin",    lambda xp, a, b: xp.fmin(a, b),            (lambda y, a, b: equal(y, a) - equal(a, b) / 2,
                                                                     lambda y, a, b: equal(y, b) - equal(a, b) / 2),
    shown=(lambda a, b: greater(b, a) + equal(a, b) / 2, lambda a, b: greater(a, b) + equal(a, b) / 2),
    note="the smaller operand that is not nan; equal ones share the gradient", kinks=_TIED)
clip    = _op("clip",    lambda xp, a, min=-_inf, max=_inf: xp.minimum(xp.maximum(a, min), max),
                        (lambda y, a, min, max: greater_equal(a, min) * less_equal(a, max) * less_equal(min, max),
                         lambda y, a, min, max: less(a, min) * less_equal(min, max),
                         lambda y, a, min, max: where(greater(min, max), 1, greater(a, max))),
    note="a kept between min and max; at a bound the gradient is a's", domain=((-3, 3), (-2, -0.5), (0.5, 2)),
    kinks=(_Kink(lambda a, min, max: a - min, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
           _Kink(lambda a, min, max: a - max, (1.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
           _Kink(lambda a, min, max: max - min, (0.0, 1.0, 1.0), (0.0, 1.0, 0.0))))
where   = _op("where",   lambda xp, condition, a, b: xp.where(condition, a, b),
                        (lambda y, c, a, b: 0, lambda y, c, a, b: where(c, 1, 0), lambda y, c, a, b: where(c, 0, 1)),
    note="a where the condition is not 0, else b; the gradient goes to the one chosen",
    latex=r"\begin{cases} #2, & #1 \\ #3, & \text{otherwise} \end{cases}",
    kinks=(_Kink(lambda c, a, b: c, (0.0, 2.0, 3.0), (0.0, 0.0, 1.0)),))
sign    = _op("sign",    lambda xp, a: xp.sign(a),                  (lambda y, a: 0,),
    note="−1, 0 or 1; its derivative is 0, at the jump too", kinks=_AT_0)
copysign = _op("copysign", lambda xp, a, b: xp.copysign(a, b),      (lambda y, a, b: sign(a) * copysign(1, b), lambda y, a, b: 0),
    note="the size of a with the sign of b; its derivative by b is 0, at the jump too",
    kinks=(_Kink(lambda a, b: a, (0.0, 2.0), (0.0, 0.0)), _Kink(lambda a, b: b, (2.0, 0.0), (1.0, 0.0))))

greater       = _comparison("greater",       lambda xp, a, b: xp.where(a > b, 1.0, 0.0),  ">", ">")
greater_equal = _comparison("greater_equal", lambda xp, a, b: xp.where(a >= b, 1.0, 0.0), "≥", r"\ge")
less          = _comparison("less",          lambda xp, a, b: xp.where(a < b, 1.0, 0.0),  "<", "<")
less_equal    = _comparison("less_equal",    lambda xp, a, b: xp.where(a <= b, 1.0, 0.0), "≤", r"\le")
equal         = _comparison("equal",         lambda xp, a, b: xp.where(a == b, 1.0, 0.0), "=", "=")
not_equal     = _comparison("not_equal",     lambda xp, a, b: xp.where(a != b, 1.0, 0.0), "≠", r"\ne")

# --- rounding: not differentiable ------------------------------------------------------------------------------------
_FLAT = "it is flat between its jumps, so its derivative teaches nothing; round after backward, not before"
round = _op("round", lambda xp, a: xp.rint(a),  why_not=_FLAT, note="the nearest integer, halves to even", ufunc="rint")
floor = _op("floor", lambda xp, a: xp.floor(a), why_not=_FLAT, note="the largest integer not above", latex=r"\left\lfloor #1 \right\rfloor")
ceil  = _op("ceil",  lambda xp, a: xp.ceil(a),  why_not=_FLAT, note="the smallest integer not below", latex=r"\left\lceil #1 \right\rceil")
trunc = _op("trunc", lambda xp, a: xp.trunc(a), why_not=_FLAT, note="the integer next to it on the side of 0", aliases=("fix",))
floor_divide = _op("floor_divide", lambda xp, a, b: xp.floor_divide(a, b), why_not=_FLAT,
    note="how many whole times b is in a: Python's //", symbol="//", text="(#1 // #2)",
    latex=r"\left\lfloor \frac{#1}{#2} \right\rfloor", precedence=8, latex_precedence=9, domain=((-3, 3), (0.5, 3)))
