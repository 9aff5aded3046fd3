"""The table of elementwise operations: one row each, and nothing about any of them anywhere else.

The first line of a row is its mathematics: the name, the forward ``y = f(a, b)`` over a namespace ``xp``, and a partial
for each operand, written in ops, with the output ``y`` where that is simpler. Under it stand the note and how it is
written. At kinks the derivatives are those of the course's table as PyTorch has them: relu'(0) = abs'(0) = 0; equal
operands of maximum and minimum share the gradient.
"""
# fmt: off

from scalargrad.ops.registry import Kink as _Kink
from scalargrad.ops.registry import op as _op

_inf = float("inf")

_AT_0 = (_Kink(lambda a: a, (0.0,), (0.0,)),)
_TIED = (_Kink(lambda a, b: a - b, (1.0, 1.0), (0.5, 0.5)),)
_JUMP = (_Kink(lambda a, b: a - b, (1.0, 1.0), (0.0, 0.0)),)


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
    symbol="^", text="#1^#2", latex="#1^{#2}", precedence=4, ufunc="power", domain=((0.3, 3), (-2, 3)))
reciprocal = _op("reciprocal", lambda xp, a: 1 / a,             (lambda y, a: -(y * y),),
    note="one divided by the number", symbol="1/x", text="1/#1", latex=r"\frac{1}{#1}", precedence=2,
    latex_precedence=3, domain=((0.5, 3),))
square     = _op("square",     lambda xp, a: a * a,             (lambda y, a: 2 * a,),
    note="the number times itself", symbol="x²", text="#1²", latex="#1^{2}", precedence=4)
sqrt       = _op("sqrt",       lambda xp, a: xp.sqrt(a),        (lambda y, a: 1 / (2 * y),),
    note="square root", symbol="√", latex=r"\sqrt{#1}", domain=((0.3, 4),), aliases=("root", "√"))
abs        = _op("abs",        lambda xp, a: xp.absolute(a),    (lambda y, a: sign(a),),
    note="absolute value; its derivative at 0 is 0", symbol="|x|", latex=r"\left|#1\right|", kinks=_AT_0, ufunc="absolute")

# --- exponentials and logarithms -------------------------------------------------------------------------------------
exp       = _op("exp",       lambda xp, a: xp.exp(a),                (lambda y, a: y,),
    note="exponential", latex="e^{#1}", latex_precedence=4)
expm1     = _op("expm1",     lambda xp, a: xp.expm1(a),              (lambda y, a: exp(a),),
    note="exp(a) − 1, exact near 0: to 3 ulp")
log       = _op("log",       lambda xp, a: xp.log(a),                (lambda y, a: 1 / a,),
    note="natural logarithm", latex=r"\ln(#1)", domain=((0.3, 4),), aliases=("ln",))
log1p     = _op("log1p",     lambda xp, a: xp.log1p(a),              (lambda y, a: 1 / (1 + a),),
    note="log(1 + a), exact near 0: to 3 ulp", domain=((-0.6, 3),))
logaddexp = _op("logaddexp", lambda xp, a, b: xp.logaddexp(a, b),    (lambda y, a, b: sigmoid(_gap(a, b)),
                                                                      lambda y, a, b: sigmoid(_gap(b, a))),
    note="log(exp(a) + exp(b)) without overflow: a smooth maximum; to 5 ulp of the larger, and the rounding of a − b")

# --- trigonometric and hyperbolic ------------------------------------------------------------------------------------
sin       = _op("sin",       lambda xp, a: xp.sin(a),                (lambda y, a: cos(a),),
    note="sine, of radians", latex=r"\sin(#1)")
cos       = _op("cos",       lambda xp, a: xp.cos(a),                (lambda y, a: -sin(a),),
    note="cosine, of radians", latex=r"\cos(#1)")
tan       = _op("tan",       lambda xp, a: xp.tan(a),                (lambda y, a: 1 + y * y,),
    note="tangent, of radians", latex=r"\tan(#1)", domain=((-1.2, 1.2),))
arctan    = _op("arctan",    lambda xp, a: xp.arctan(a),             (lambda y, a: 1 / (1 + a * a),),
    note="inverse tangent, in radians", latex=r"\arctan(#1)", aliases=("atan",))
sinh      = _op("sinh",      lambda xp, a: xp.sinh(a),               (lambda y, a: cosh(a),),
    note="hyperbolic sine", latex=r"\sinh(#1)")
cosh      = _op("cosh",      lambda xp, a: xp.cosh(a),               (lambda y, a: sinh(a),),
    note="hyperbolic cosine", latex=r"\cosh(#1)")

# --- activations -----------------------------------------------------------------------------------------------------
tanh       = _op("tanh",       lambda xp, a: xp.tanh(a),                                (lambda y, a: 1 - y * y,),
    note="hyperbolic tangent: an activation between −1 and 1", latex=r"\tanh(#1)", activation="Tanh")
sigmoid    = _op("sigmoid",    _sigmoid,                                                (lambda y, a: y * (1 - y),),
    note="logistic function 1/(1 + exp(−a)): an activation between 0 and 1; to 3 ulp, its derivative to 2 ulp of 1",
    symbol="σ", text="σ(#1)", latex=r"\sigma(#1)", aliases=("σ", "sigma"), activation="Sigmoid")
relu       = _op("relu",       lambda xp, a: xp.maximum(a, 0.0),                        (lambda y, a: greater(a, 0),),
    note="max(0, a); its derivative at 0 is 0 here (the course's table writes 1)",
    kinks=_AT_0, aliases=("ReLU",), activation="ReLU")
leaky_relu = _op("leaky_relu", lambda xp, a, slope=0.01: xp.where(a > 0, a, slope * a), (lambda y, a, slope: where(greater(a, 0), 1, slope),
                                                                                         lambda y, a, slope: minimum(a, 0)),
    note="a, or slope·a below 0; its derivative at 0 is the slope",
    symbol="leaky relu", kinks=(_Kink(lambda a, slope: a, (0.0, 0.01), (0.01, 0.0)),), domain=((-3, 3), (0.01, 0.5)),
    activation="LeakyReLU")
prelu      = _op("prelu",      lambda xp, a, slope: xp.where(a > 0, a, slope * a),      (lambda y, a, slope: where(greater(a, 0), 1, slope),
                                                                                         lambda y, a, slope: minimum(a, 0)),
    note="leaky ReLU whose slope is learned",
    kinks=(_Kink(lambda a, slope: a, (0.0, 0.25), (0.25, 0.0)),), domain=((-3, 3), (0.01, 0.5)))
elu        = _op("elu",        lambda xp, a, alpha=1.0: xp.maximum(a, 0.0) + alpha * xp.expm1(xp.minimum(a, 0.0)),
                              (lambda y, a, alpha: where(greater(a, 0), 1, alpha * exp(minimum(a, 0))),
                               lambda y, a, alpha: expm1(minimum(a, 0))),
    note="a, or alpha·(exp(a) − 1) below 0; its derivative at 0 is alpha",
    kinks=(_Kink(lambda a, alpha: a, (0.0, 1.0), (1.0, 0.0)),), domain=((-3, 3), (0.3, 2)), activation="ELU")
silu       = _op("silu",       lambda xp, a: a * _sigmoid(xp, a),                       (lambda y, a: sigmoid(a) + y * sigmoid(-a),),
    note="a·σ(a): a smooth ReLU, slightly negative below 0", aliases=("swish",), activation="SiLU")
softplus   = _op("softplus",   lambda xp, a: xp.logaddexp(a, 0.0),                      (lambda y, a: sigmoid(a),),
    note="log(1 + exp(a)): the smooth ReLU; to 3 ulp", activation="Softplus")
softsign   = _op("softsign",   lambda xp, a: a / (1 + xp.absolute(a)),                  (lambda y, a: 1 / square(1 + abs(a)),),
    note="a/(1 + |a|): an activation between −1 and 1", activation="Softsign")
heaviside  = _op("heaviside",  lambda xp, a: xp.heaviside(a, 1.0),                      (lambda y, a: 0,),
    note="step function: 1 from 0 on, else 0; its derivative is 0, at the step too",
    symbol="step", latex=r"\operatorname{H}(#1)", kinks=_AT_0, activation="Heaviside")

# --- comparing and choosing ------------------------------------------------------------------------------------------
maximum = _op("maximum", lambda xp, a, b: xp.maximum(a, b),         (lambda y, a, b: greater(a, b) + equal(a, b) / 2,
                                                                     lambda y, a, b: greater(b, a) + equal(a, b) / 2),
    note="the larger operand; equal ones share the gradient", symbol="max", latex=r"\max(#1, #2)", kinks=_TIED)
minimum = _op("minimum", lambda xp, a, b: xp.minimum(a, b),         (lambda y, a, b: greater(b, a) + equal(a, b) / 2,
                                                                     lambda y, a, b: greater(a, b) + equal(a, b) / 2),
    note="the smaller operand; equal ones share the gradient", symbol="min", latex=r"\min(#1, #2)", kinks=_TIED)
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

greater       = _comparison("greater",       lambda xp, a, b: xp.where(a > b, 1.0, 0.0),  ">", ">")
greater_equal = _comparison("greater_equal", lambda xp, a, b: xp.where(a >= b, 1.0, 0.0), "≥", r"\ge")
less          = _comparison("less",          lambda xp, a, b: xp.where(a < b, 1.0, 0.0),  "<", "<")
less_equal    = _comparison("less_equal",    lambda xp, a, b: xp.where(a <= b, 1.0, 0.0), "≤", r"\le")
equal         = _comparison("equal",         lambda xp, a, b: xp.where(a == b, 1.0, 0.0), "=", "=")
not_equal     = _comparison("not_equal",     lambda xp, a, b: xp.where(a != b, 1.0, 0.0), "≠", r"\ne")

# --- losses ----------------------------------------------------------------------------------------------------------
bce_with_logits = _op("bce_with_logits",
    lambda xp, z, y: xp.maximum(z, 0.0) * (1 - y) - xp.minimum(z, 0.0) * y + xp.log1p(xp.exp(-xp.absolute(z))),
    (lambda loss, z, y: _if(equal(y, 1), (1 - y) - sigmoid(-z), sigmoid(z) - y), lambda loss, z, y: -z),
    note="binary cross-entropy of the label y and the probability σ(z), from the logit z; to 4 ulp",
    symbol="BCE", latex=r"\operatorname{BCE}(\sigma(#1), #2)", domain=((-3, 3), (0, 1)))

# --- rounding: not differentiable ------------------------------------------------------------------------------------
_FLAT = "it is flat between its jumps, so its derivative teaches nothing; round after backward, not before"
round = _op("round", lambda xp, a: xp.rint(a),  why_not=_FLAT, note="the nearest integer, halves to even", ufunc="rint")
floor = _op("floor", lambda xp, a: xp.floor(a), why_not=_FLAT, note="the largest integer not above", latex=r"\left\lfloor #1 \right\rfloor")
ceil  = _op("ceil",  lambda xp, a: xp.ceil(a),  why_not=_FLAT, note="the smallest integer not below", latex=r"\left\lceil #1 \right\rceil")
