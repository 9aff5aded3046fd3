"""The operations that run along an axis, each element being made of those before it: one row each."""
# fmt: off

import math as _math

from scalargrad.ops import elementwise as _ops
from scalargrad.ops.moving import concatenate as _concatenate
from scalargrad.ops.structure import structural as _op


def _part(a, axis, start, stop):
    return a[(*(slice(None),) * axis, slice(start, stop))]


def _passed_back(g, factors, axis):
    """``r``, where rₖ = gₖ + factorₖ·rₖ₊₁ along an axis, in log₂ n steps on whole arrays (the last factor is not used).

    Every sum over later elements is of this form; it needs no division and no difference (Blelloch, 1990).
    """
    n, step = g.shape[axis], 1
    while step < n:
        near = _part(factors, axis, 0, n - step)
        g = _concatenate([_part(g, axis, 0, n - step) + near * _part(g, axis, step, n), _part(g, axis, n - step, n)], axis=axis)
        far = _part(factors, axis, step, n)
        factors = _concatenate([near * far, _part(factors, axis, n - step, n)], axis=axis)
        step *= 2
    return g


def _moved_up(a, axis):
    """Every element's successor in its place; the first, which nobody asks for, after the last."""
    return _concatenate([_part(a, axis, 1, None), _part(a, axis, 0, 1)], axis=axis)


def _along_one_axis(pullback):
    """The pullback of a whole array from that along an axis: without one, all elements count as a row."""
    def whole(g, y, a, axis):
        if a.size == 0:
            return a
        if axis is None:
            return pullback(g, y, a.reshape((-1,)), 0).reshape(a.shape)
        return pullback(g, y, a, axis % a.ndim) if a.ndim else pullback(g, y, a.reshape((1,)), 0).reshape(())
    return (whole,)


def _of_products(g, y, a, axis):
    later = _passed_back(g, _moved_up(a, axis), axis)
    return _concatenate([_part(later, axis, 0, 1), _part(y, axis, 0, -1) * _part(later, axis, 1, None)], axis=axis)


def _of_the_best(g, y, a, axis):
    """The upstreams of all places up to where the next one takes over; of tied ones it is the later, as in PyTorch."""
    takes = _ops.equal(a, y)
    return takes * _passed_back(g, _moved_up(1.0 - takes, axis), axis)


def _of_exponentials(g, y, a, axis):
    return _ratio(a, y) * _passed_back(g, _ratio(y, _moved_up(y, axis)), axis)


def _ratio(a, b):
    """``exp(a − b)``; 0 where both are −∞."""
    return _ops.exp(a - _ops.where(_ops.equal(b, -_math.inf), 0.0, b))


def _accumulated(name):
    def forward(xp, a, *, axis=None):
        return getattr(xp, name).accumulate(a.reshape(-1) if axis is None else a, axis=0 if axis is None else axis)
    return forward


def _of_values(step):
    """The expansion: a chain of the op ``step``, of two elements."""
    def expand(xp, a, axis):
        function = xp.frompyfunc(step, 2, 1)
        return function.accumulate(a.reshape(-1) if axis is None else a, axis=0 if axis is None else axis, dtype=object)
    return expand


def _later(better):
    """The better of the best so far and the next one: of tied ones the later; nan stays."""
    return lambda best, a: _ops.where(_ops.maximum(better(best, a), _ops.not_equal(best, best)), best, a)


# --- the table -------------------------------------------------------------------------------------------------------
cumprod      = _op("cumprod",      lambda xp, a, *, axis=None: xp.cumprod(a, axis=axis),
    _along_one_axis(_of_products),
    note="running products along an axis, of all elements if none is given; right with zeros, too",
    wide=True, formulas=("Σ of the later Ḡ·Π of the other #1",),
    samples=(lambda x: cumprod(x(5)), lambda x: cumprod(x(2, 3)), lambda x: cumprod(x(3, 4), axis=0),
             lambda x: cumprod(x(2, 3, 2), -2)))

cummax       = _op("cummax",       _accumulated("maximum"),
    _along_one_axis(_of_the_best),
    note="the largest so far along an axis, of all elements if none is given; of tied ones the last receives the gradient",
    expand=_of_values(_later(_ops.greater)), formulas=("Σ of the Ḡ it stands in",),
    samples=(lambda x: cummax(x(5)), lambda x: cummax(x(2, 3)), lambda x: cummax(x(4, 3), axis=0)))

cummin       = _op("cummin",       _accumulated("minimum"),
    _along_one_axis(_of_the_best),
    note="the smallest so far along an axis, of all elements if none is given; of tied ones the last receives the gradient",
    expand=_of_values(_later(_ops.less)), formulas=("Σ of the Ḡ it stands in",),
    samples=(lambda x: cummin(x(5)), lambda x: cummin(x(2, 3)), lambda x: cummin(x(4, 3), axis=-1)))

logcumsumexp = _op("logcumsumexp", _accumulated("logaddexp"),
    _along_one_axis(_of_exponentials),
    note="log of the running sums of exponentials along an axis, without overflow",
    expand=_of_values(_ops.logaddexp), wide=True, formulas=("Σ of the later Ḡ·exp(#1 − Y)",),
    samples=(lambda x: logcumsumexp(x(5)), lambda x: logcumsumexp(x(2, 3)), lambda x: logcumsumexp(x(4, 3), axis=0)))
