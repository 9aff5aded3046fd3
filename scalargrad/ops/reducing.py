"""The operations that reduce axes: one row each."""
# fmt: off

import builtins as _py
import math as _math
from typing import Any as _Any

from scalargrad.ops import axes as _axes
from scalargrad.ops import elementwise as _ops
from scalargrad.ops import expansions as _expansions
from scalargrad.ops.moving import concatenate as _concatenate
from scalargrad.ops.structure import structural as _op


def _mean(xp, a, *, axis=None, keepdims=False):
    return xp.add.reduce(a, axis=axis, keepdims=keepdims) / _axes.count(a, axis)


def _shared_by_ties(g, y, a, axis, keepdims):
    tied = _ops.equal(a, _axes.restored(y, a, axis, keepdims))
    return _axes.restored(g, a, axis, keepdims) * (tied / tied.sum(axis=axis, keepdims=True))


def _place(name):
    """The place of the best element among Values: a whole number, or a node in arithmetic with others."""
    def place(xp, a, axis, keepdims):
        from scalargrad.ops.found import found_among

        find = getattr(xp, name)
        find(a, axis=axis)  # compares the Values themselves, which a tracer notices
        data = xp.frompyfunc(lambda x: x._data if hasattr(type(x), "_apply_op") else x, 1, 1)(a)
        numbers = xp.asarray(data, dtype=float)
        return found_among(name, a, find(numbers, axis=axis, keepdims=keepdims))
    return place


def _products_of_others(b):
    """For each element the product of all others along the last axis, without a division: zeros do no harm."""
    half = b.shape[-1] // 2
    if half == 0:
        return 1.0
    left, right, rest = b[..., :half], b[..., half:2 * half], b[..., 2 * half:]
    pairs = left * right
    if rest.shape[-1]:
        pairs = _concatenate([pairs, rest], axis=-1)
    if pairs.shape[-1] == 1:
        return _concatenate([right, left], axis=-1)
    others = _products_of_others(pairs)
    parts = [others[..., :half] * right, others[..., :half] * left, others[..., half:]]
    return _concatenate(parts, axis=-1)


def _prod_pullback(g, y, a, axis, keepdims):
    if a.size == 0:
        return a
    axes = _axes.normalized(axis, a.ndim)
    others = _products_of_others(_axes.together(a, axes))
    return _axes.restored(g, a, axis, keepdims) * (others if isinstance(others, float) else _axes.apart(others, a, axes))


def _backwards(a, axis):
    return a[(slice(None),) * (axis % a.ndim) + (slice(None, None, -1),)]


def _var(xp, a, *, axis=None, ddof=0, keepdims=False):
    gap = xp.asarray(a - xp.add.reduce(a, axis=axis, keepdims=True) / _axes.count(a, axis))
    return xp.add.reduce(xp.asarray(gap * gap), axis=axis, keepdims=keepdims) / _py.max(_axes.count(a, axis) - ddof, 0)


def _std(xp, a, *, axis=None, ddof=0, keepdims=False):
    count = _axes.count(a, axis)
    gap = _gaps(xp, a, axis, count)
    spread = _root_of_squares(xp, gap, axis, keepdims, _py.max(count - ddof, 0))
    if a.size == 0 or count <= ddof:
        return spread
    highest = xp.maximum.reduce(a, axis=axis, keepdims=keepdims)
    same = (highest == xp.minimum.reduce(a, axis=axis, keepdims=keepdims)) & (abs(highest) < _math.inf)
    return xp.where(same, 0.0, spread).astype(a.dtype)[()]  # not the rounding of the mean


def _gaps(xp, a, axis, count):
    """How far each element is from the mean, which is subtracted twice, since the first time it is rounded."""
    gap = a - xp.add.reduce(a / count, axis=axis, keepdims=True)  # divided first: no overflow
    return gap - xp.add.reduce(gap, axis=axis, keepdims=True) / count


def _root_of_squares(xp, a, axis, keepdims, count=1):
    """``√(Σ a²/count)``; where the squares would overflow or vanish, those of a multiple are taken."""
    y = xp.sqrt(xp.add.reduce(a * a, axis=axis, keepdims=keepdims) / count)
    if ((y > _least(xp, a.dtype)) & (y < _math.inf)).all():
        return y
    size = xp.maximum.reduce(abs(a), axis=axis, keepdims=True, initial=0.0)
    by = _expansions.scale(xp.where, xp.less, size)
    scaled = a / by
    y = xp.sqrt(xp.add.reduce(scaled * scaled, axis=axis, keepdims=True) / count) * by
    return _axes.dropped(xp.asarray(y), a, axis, keepdims).astype(a.dtype)


def _least(xp, dtype):
    """From where on a root of squares is right as it is: what vanished among them would not have counted."""
    if dtype not in _LEAST:
        info = xp.finfo(dtype)
        _LEAST[dtype] = float(info.tiny) ** 0.5 / float(info.eps)
    return _LEAST[dtype]


_LEAST: dict[_Any, float] = {}


def _var_pullback(g, y, a, axis, ddof, keepdims):
    gap = a - a.sum(axis=axis, keepdims=True) / _axes.count(a, axis)
    return _axes.restored(g * 2.0 / _py.max(_axes.count(a, axis) - ddof, 0), a, axis, keepdims) * gap


def _std_pullback(g, y, a, axis, ddof, keepdims):
    gap = a - a.sum(axis=axis, keepdims=True) / _axes.count(a, axis)
    gap = gap - gap.sum(axis=axis, keepdims=True) / _axes.count(a, axis)
    g = _axes.restored(g / _py.max(_axes.count(a, axis) - ddof, 0), a, axis, keepdims)
    return g * (gap / _axes.restored(_or_infinity(y), a, axis, keepdims))


def _if_any(a, b, c, d):
    """``where(equal(a, b), c, d)``; ``d`` itself if it is seen at once that they are equal nowhere."""
    if type(a).__module__ == "numpy" and not (a == b).any():
        return d
    return _ops.where(_ops.equal(a, b), c, d)


def _or_infinity(y):
    """``y``, but infinity for 0: what is divided by it is 0 there."""
    return _if_any(y, 0.0, _math.inf, y)


def _l2norm_pullback(g, y, x, axis, keepdims):
    return _axes.restored(g, x, axis, keepdims) * (x / _axes.restored(_or_infinity(y), x, axis, keepdims))


# --- the table -------------------------------------------------------------------------------------------------------
sum    = _op("sum",    lambda xp, a, *, axis=None, keepdims=False: xp.add.reduce(a, axis=axis, keepdims=keepdims),
    (lambda g, y, a, axis, keepdims: _axes.restored(g, a, axis, keepdims),),
    note="sum over axes",
    wide=True, formulas=("Ḡ",), symbol="Σ",
    samples=(lambda x: sum(x(2, 3)), lambda x: sum(x(2, 3), axis=0),
             lambda x: sum(x(2, 3, 2), (-1, 0), keepdims=True)))

mean   = _op("mean",   _mean,
    (lambda g, y, a, axis, keepdims: _axes.restored(g / _axes.count(a, axis), a, axis, keepdims),),
    note="mean over axes",
    wide=True, formulas=("Ḡ/n",),
    samples=(lambda x: mean(x(2, 3)), lambda x: mean(x(2, 3), axis=-1, keepdims=True)))

max    = _op("max",    lambda xp, a, *, axis=None, keepdims=False: xp.maximum.reduce(a, axis=axis, keepdims=keepdims),
    (_shared_by_ties,),
    note="the largest element; tied ones share the gradient equally",
    expand=_axes.expansion(_expansions.chosen(_ops.maximum)), decides=True, formulas=("Ḡ·[#1 = Y]/ties",),
    samples=(lambda x: max(x(2, 3)), lambda x: max(x(2, 3), axis=1),
             lambda x: max(x(2, 3, 2), (0, -1), keepdims=True)))

min    = _op("min",    lambda xp, a, *, axis=None, keepdims=False: xp.minimum.reduce(a, axis=axis, keepdims=keepdims),
    (_shared_by_ties,),
    note="the smallest element; tied ones share the gradient equally",
    expand=_axes.expansion(_expansions.chosen(_ops.minimum)), decides=True, formulas=("Ḡ·[#1 = Y]/ties",),
    samples=(lambda x: min(x(2, 3)), lambda x: min(x(2, 3), axis=-1, keepdims=True)))

argmax = _op("argmax", lambda xp, a, *, axis=None, keepdims=False: xp.argmax(a, axis=axis, keepdims=keepdims),
    note="the index of the largest element, the first of tied ones",
    expand=_place("argmax"),
    why_not="which element is the largest changes in jumps; softmax is its differentiable relative",
    samples=(lambda x: argmax(x(2, 3)), lambda x: argmax(x(2, 3), axis=1)))

argmin = _op("argmin", lambda xp, a, *, axis=None, keepdims=False: xp.argmin(a, axis=axis, keepdims=keepdims),
    note="the index of the smallest element, the first of tied ones",
    expand=_place("argmin"),
    why_not="which element is the smallest changes in jumps; softmax of the negative numbers is its differentiable relative",
    samples=(lambda x: argmin(x(2, 3)), lambda x: argmin(x(2, 3), axis=1)))

prod   = _op("prod",   lambda xp, a, *, axis=None, keepdims=False: xp.multiply.reduce(a, axis=axis, keepdims=keepdims),
    (_prod_pullback,),
    note="product over axes; right with zeros, too",
    wide=True, formulas=("Ḡ·Π of the other #1",), symbol="Π",
    samples=(lambda x: prod(x(5)), lambda x: prod(x(2, 3), axis=0), lambda x: prod(x(2, 3, 2), (0, 2), keepdims=True)))

cumsum = _op("cumsum", lambda xp, a, *, axis=None: xp.cumsum(a, axis=axis),
    (lambda g, y, a, axis: (_backwards(cumsum(_backwards(g, axis or 0), axis or 0), axis or 0)).reshape(a.shape),),
    note="running sums along an axis, of all elements if none is given",
    wide=True, formulas=("Σ of the later Ḡ",),
    samples=(lambda x: cumsum(x(2, 3)), lambda x: cumsum(x(2, 3), axis=1)))

var    = _op("var",    _var,
    (_var_pullback,),
    note="mean squared distance from the mean; the sum of squares is divided by n − ddof",
    wide=True, formulas=("2Ḡ·(#1 − mean)/n",),
    samples=(lambda x: var(x(2, 3)), lambda x: var(x(2, 3), axis=0, ddof=1), lambda x: var(x(2, 3), 1, keepdims=True)))

std    = _op("std",    _std,
    (_std_pullback,),
    note="square root of the variance, to 4 ulp at any size; its gradient is 0 where all elements are equal",
    expand=lambda xp, a, axis, ddof, keepdims: _axes.along(_expansions.std(ddof), xp, a, axis, keepdims), decides=True,
    wide=True, formulas=("Ḡ·(#1 − mean)/(n Y)",),
    samples=(lambda x: std(x(2, 3)), lambda x: std(x(2, 3), axis=0, ddof=1), lambda x: std(x(2, 3), 1, keepdims=True)))

l2norm = _op("l2norm", lambda xp, x, *, axis=None, keepdims=False: _root_of_squares(xp, x, axis, keepdims),
    (_l2norm_pullback,),
    note="square root of the sum of squares, to 4 ulp at any size; its gradient at 0 is 0",
    expand=_axes.expansion(_expansions.norm), decides=True, wide=True, formulas=("Ḡ·#1/Y",), symbol="‖x‖",
    samples=(lambda x: l2norm(x(3)), lambda x: l2norm(x(2, 3), axis=1), lambda x: l2norm(x(2, 3), axis=0, keepdims=True)))
