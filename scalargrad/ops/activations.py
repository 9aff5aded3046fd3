"""The table of activations, and of losses of single numbers: one row each, as in that of elementary functions.

At kinks the derivatives are PyTorch's, and those of the course's table as PyTorch has them: relu'(0) = 0.
"""
# fmt: off
# mypy: disable-error-code="has-type, no-untyped-def, no-untyped-call"
# ruff: noqa: E501, F405

import math as _math

from scalargrad.ops.elementary import *  # noqa: F403
from scalargrad.ops.elementary import _AT_0, _ROOT_2PI, _if, _polynomial, _sigmoid
from scalargrad.ops.registry import Kink as _Kink
from scalargrad.ops.registry import op as _op

_SELU, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_GELU, _GELU_CUBIC = 2 * _math.sqrt(2 / _math.pi), 0.044715
_BOUNDS = tuple([_Kink(lambda a: abs(a) - 3, (x,), (slope,)) for x, slope in ((-3.0, 0.0), (3.0, 0.0))])


def _gelu_angle(a):
    return _GELU * (a + _GELU_CUBIC * a * a * a)


def _tanhshrink(xp, a):
    """Near 0 as (a·cosh(a) − sinh(a))/cosh(a) in a series of positive terms: the difference would lose its digits."""
    size = xp.absolute(a)
    near = xp.minimum(size, 1.0)
    squared = near * near
    return xp.where(size < 1, a * squared * _polynomial(_TANHSHRINK, squared) / xp.cosh(near), a - xp.tanh(a))


_TANHSHRINK = [2 * k / _math.factorial(2 * k + 1) for k in range(9, 0, -1)]


def _mish_slope(y, a):
    t = tanh(softplus(a))
    return t + a * sigmoid(a) * (1 - t * t)


def _celu_slope(y, a, alpha):
    below = minimum(a, 0) / alpha
    near = less(abs(below), 0.5)
    small = _if(near, below, 0)  # near 0 as a series: the difference would lose its digits
    return _if(near, -square(small) * _polynomial(_CELU, small), expm1(below) - below * exp(below))


_CELU = [(k - 1) / _math.factorial(k) for k in range(15, 1, -1)]


# --- ReLU and its relatives ------------------------------------------------------------------------------------------
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
celu       = _op("celu",       lambda xp, a, alpha=1.0: xp.maximum(a, 0.0) + alpha * xp.expm1(xp.minimum(a, 0.0) / alpha),
                              (lambda y, a, alpha: where(greater(a, 0), 1, exp(minimum(a, 0) / alpha)), _celu_slope),
    shown=(None, lambda a, alpha: expm1(minimum(a, 0) / alpha) - minimum(a, 0) / alpha * exp(minimum(a, 0) / alpha)),
    note="a, or alpha·(exp(a/alpha) − 1) below 0: without a kink in its value, its second derivative jumps at 0",
    kinks=(_Kink(lambda a, alpha: a, (0.0, 1.0), (1.0, 0.0)),), domain=((-3, 3), (0.3, 2)), activation="CELU")
selu       = _op("selu",       lambda xp, a: _SELU * (xp.maximum(a, 0.0) + _SELU_ALPHA * xp.expm1(xp.minimum(a, 0.0))),
                              (lambda y, a: where(greater(a, 0), _SELU, _SELU * _SELU_ALPHA * exp(minimum(a, 0))),),
    note="1.0507·elu(a, 1.67326): keeps mean 0 and variance 1 through layers; its derivative at 0 is 1.7581",
    kinks=(_Kink(lambda a: a, (0.0,), (_SELU * _SELU_ALPHA,)),), activation="SELU")
relu6      = _op("relu6",      lambda xp, a: xp.minimum(xp.maximum(a, 0.0), 6.0), (lambda y, a: greater(a, 0) * less(a, 6),),
    note="a kept between 0 and 6; its derivative at both is 0",
    kinks=(_Kink(lambda a: a, (0.0,), (0.0,)), _Kink(lambda a: a - 6, (6.0,), (0.0,))), aliases=("ReLU6",), activation="ReLU6")
hardtanh   = _op("hardtanh",   lambda xp, a, min_val=-1.0, max_val=1.0: xp.minimum(xp.maximum(a, min_val), max_val),
                              (lambda y, a, min_val, max_val: greater(a, min_val) * less(a, max_val),
                               lambda y, a, min_val, max_val: less_equal(a, min_val) * less(min_val, max_val),
                               lambda y, a, min_val, max_val: greater_equal(maximum(a, min_val), max_val)),
    note="a kept between min_val and max_val; at a bound the gradient is the bound's", domain=((-3, 3), (-2, -0.5), (0.5, 2)),
    kinks=(_Kink(lambda a, min_val, max_val: a - min_val, (-1.0, -1.0, 1.0), (0.0, 1.0, 0.0)),
           _Kink(lambda a, min_val, max_val: a - max_val, (1.0, -1.0, 1.0), (0.0, 0.0, 1.0)),
           _Kink(lambda a, min_val, max_val: max_val - min_val, (0.0, 1.0, 1.0), (0.0, 0.0, 1.0))), activation="Hardtanh")
threshold  = _op("threshold",  lambda xp, a, threshold=0.0, value=0.0: xp.where(a <= threshold, value, a),
                              (lambda y, a, threshold, value: greater(a, threshold), lambda y, a, threshold, value: 0,
                               lambda y, a, threshold, value: less_equal(a, threshold)),
    note="a above the threshold, else the value; at the threshold the gradient is the value's",
    kinks=(_Kink(lambda a, threshold, value: a - threshold, (1.0, 1.0, 2.0), (0.0, 0.0, 1.0)),), activation="Threshold")
softshrink = _op("softshrink", lambda xp, a, lambd=0.5: a - xp.minimum(xp.maximum(a, -lambd), lambd),
                              (lambda y, a, lambd: greater(abs(a), lambd), lambda y, a, lambd: -sign(a) * greater(abs(a), lambd)),
    note="a moved towards 0 by lambd, 0 between −lambd and lambd; its derivative at both is 0",
    kinks=(_Kink(lambda a, lambd: abs(a) - lambd, (0.5, 0.5), (0.0, -0.0)),), domain=((-3, 3), (0.3, 1)), activation="Softshrink")
hardshrink = _op("hardshrink", lambda xp, a, lambd=0.5: xp.where(xp.absolute(a) <= lambd, 0.0, a),
                              (lambda y, a, lambd: greater(abs(a), lambd), lambda y, a, lambd: 0),
    note="a, or 0 between −lambd and lambd; its derivative at both is 0",
    kinks=(_Kink(lambda a, lambd: abs(a) - lambd, (0.5, 0.5), (0.0, 0.0)),), domain=((-3, 3), (0.3, 1)), activation="Hardshrink")

# --- smooth ones, and their approximations ---------------------------------------------------------------------------
silu       = _op("silu",       lambda xp, a: a * _sigmoid(xp, a),                       (lambda y, a: sigmoid(a) + y * sigmoid(-a),),
    note="a·σ(a): a smooth ReLU, slightly negative below 0", aliases=("swish",), activation="SiLU")
gelu       = _op("gelu",       lambda xp, a: a * (xp.erfc(a * -_math.sqrt(0.5)) / 2),
                              (lambda y, a: ndtr(a) + a * exp(-square(a) / 2) / _ROOT_2PI,),
    note="a·Φ(a), exact: a smooth ReLU weighted by the normal distribution; gelu(a, approximate='tanh') is gelu_tanh",
    aliases=("GELU",))
gelu_tanh  = _op("gelu_tanh",  lambda xp, a: a * _sigmoid(xp, _gelu_angle(a)),
                              (lambda y, a: sigmoid(_gelu_angle(a)) + y * sigmoid(-_gelu_angle(a)) * _GELU * (1 + 3 * _GELU_CUBIC * square(a)),),
    note="gelu approximated by a·(1 + tanh(√(2/π)·(a + 0.044715·a³)))/2", symbol="gelu tanh")
mish       = _op("mish",       lambda xp, a: a * xp.tanh(xp.logaddexp(a, 0.0)),         (_mish_slope,),
    note="a·tanh(softplus(a)): a smooth ReLU, slightly negative below 0", activation="Mish")
softplus   = _op("softplus",   lambda xp, a: xp.logaddexp(a, 0.0),                      (lambda y, a: sigmoid(a),),
    note="log(1 + exp(a)): the smooth ReLU; to 3 ulp", activation="Softplus")
logsigmoid = _op("logsigmoid", lambda xp, a: -xp.logaddexp(-a, 0.0),                    (lambda y, a: sigmoid(-a),),
    note="log σ(a), exact far out; to 3 ulp", symbol="log σ", aliases=("log_sigmoid",), activation="LogSigmoid")
softsign   = _op("softsign",   lambda xp, a: a / (1 + xp.absolute(a)),                  (lambda y, a: 1 / square(1 + abs(a)),),
    note="a/(1 + |a|): an activation between −1 and 1", activation="Softsign")
tanhshrink = _op("tanhshrink", _tanhshrink,                                            (lambda y, a: square(tanh(a)),),
    note="what tanh takes off, a − tanh(a)", activation="Tanhshrink")
hardsigmoid = _op("hardsigmoid", lambda xp, a: xp.minimum(xp.maximum(a + 3, 0.0), 6.0) / 6, (lambda y, a: less(abs(a), 3) / 6,),
    note="a/6 + 1/2 kept between 0 and 1; its derivative at −3 and 3 is 0", kinks=_BOUNDS, activation="Hardsigmoid")
hardswish  = _op("hardswish",  lambda xp, a: a * (xp.minimum(xp.maximum(a + 3, 0.0), 6.0) / 6),
                              (lambda y, a: where(less(abs(a), 3), a / 3 + 0.5, greater(a, 0)),),
    note="a·hardsigmoid(a); its derivative at −3 is 0, at 3 it is 1",
    kinks=(_Kink(lambda a: a + 3, (-3.0,), (0.0,)), _Kink(lambda a: a - 3, (3.0,), (1.0,))), aliases=("hardsilu",), activation="Hardswish")
heaviside  = _op("heaviside",  lambda xp, a: xp.heaviside(a, 1.0),                      (lambda y, a: 0,),
    note="step function: 1 from 0 on, else 0; its derivative is 0, at the step too",
    symbol="step", latex=r"\operatorname{H}(#1)", kinks=_AT_0, activation="Heaviside")

# --- losses ----------------------------------------------------------------------------------------------------------
bce_with_logits = _op("bce_with_logits",
    lambda xp, z, y: xp.maximum(z, 0.0) * (1 - y) - xp.minimum(z, 0.0) * y + xp.log1p(xp.exp(-xp.absolute(z))),
    (lambda loss, z, y: _if(equal(y, 1), (1 - y) - sigmoid(-z), sigmoid(z) - y), lambda loss, z, y: -z),
    note="binary cross-entropy of the label y and the probability σ(z), from the logit z; to 4 ulp",
    symbol="BCE", latex=r"\operatorname{BCE}(\sigma(#1), #2)", domain=((-3, 3), (0, 1)))
