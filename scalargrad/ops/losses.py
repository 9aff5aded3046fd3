"""Softmax and its relatives, up to the loss of labels: one row each."""
# fmt: off

import math as _math

from scalargrad.modes import is_unknown as _is_unknown
from scalargrad.ops import axes as _axes
from scalargrad.ops import elementwise as _ops
from scalargrad.ops import expansions as _expansions
from scalargrad.ops.given import outside as _outside
from scalargrad.ops.products import _column
from scalargrad.ops.reducing import _if_any
from scalargrad.ops.structure import structural as _op


def _numbers(xp, a):
    """The plain numbers in an array, in object arrays too."""
    return xp.asarray(xp.frompyfunc(_expansions.number, 1, 1)(a), dtype=float) if a.dtype == object else a


def _top(xp, a, axis):
    """The largest numbers along axes, kept for subtracting before ``exp``: no gradient passes through them."""
    if a.dtype == object and _expansions.traced():
        return _axes.along(_expansions.top, xp, a, axis, True)
    if not a.size:
        return xp.full(_axes.restored_shape(a, axis), -_math.inf, a.dtype)
    return xp.maximum.reduce(_numbers(xp, a), axis=axis, keepdims=True)


def _log_of_sum(xp, z, e, total, axis):
    """``log Σ e`` for ``e = exp(z)``, z being 0 at the largest: digits of the others are not lost beside its 1."""
    if e.dtype == object or (type(e).__module__ == "numpy" and not (total < 1.5).any()):
        return xp.log(total)
    largest = xp.where(xp.equal(z, 0.0), e, 0.0)
    rest = xp.add.reduce(xp.asarray(e - largest), axis=axis, keepdims=True)
    ties = xp.add.reduce(xp.asarray(largest), axis=axis, keepdims=True)
    return xp.where(total == 0, -_math.inf, xp.log1p(rest + (ties - 1.0))).astype(e.dtype)


def _logsumexp(xp, a, *, axis=None, keepdims=False):
    top = _top(xp, a, axis)
    top = xp.where(xp.isfinite(top), top, 0.0).astype(top.dtype)
    e = xp.asarray(xp.exp(a - top))
    total = xp.asarray(xp.add.reduce(e, axis=axis, keepdims=True))
    return _axes.dropped(xp.asarray(_log_of_sum(xp, a - top, e, total, axis) + top), a, axis, keepdims)


def _logsumexp_pullback(g, y, a, axis, keepdims):
    y = _axes.restored(y, a, axis, keepdims)
    below = _if_any(y, -_math.inf, 0.0, y)  # where all are −∞ the gradient is 0
    shares = _ops.exp(a - below)
    if not a.ndim:
        return g * _ops.where(_ops.equal(y, -_math.inf), 0.0, shares / shares)
    total = shares.sum(axis=axis, keepdims=True)  # 1, but for the rounding of y, which is large far out
    return _axes.restored(g, a, axis, keepdims) * (shares / _if_any(abs(y), _math.inf, 1.0, total))


def _softmax(xp, a, *, axis=-1):
    e = xp.asarray(xp.exp(a - _top(xp, a, axis)))
    return e / xp.add.reduce(e, axis=axis, keepdims=True)


def _softmax_pullback(g, y, a, axis):
    shares = g * y
    return shares - y * shares.sum(axis=axis, keepdims=True)


def _log_softmax(xp, a, *, axis=-1):
    z = xp.asarray(a - _top(xp, a, axis))
    e = xp.asarray(xp.exp(z))
    return z - _log_of_sum(xp, z, e, xp.add.reduce(e, axis=axis, keepdims=True), axis)


def _cross_entropy_call(logits, labels, reduction="mean"):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"cross_entropy: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    if hasattr(type(labels), "_apply_structural") and labels.dtype.kind != "f" and not _is_unknown(labels):
        labels = labels._data  # classes found by argmax: no gradient passes through them
    return (logits, labels), {"reduction": reduction}


def _check_labels(xp, logits, labels):
    """Refuse labels that are neither classes 0, 1, … nor probabilities of each class."""
    if not logits.ndim:
        raise ValueError("cross_entropy: the logits are a single number; give one for each class along the last axis")
    classes = logits.shape[-1]
    if labels.dtype.kind in "iu":
        if labels.shape != logits.shape[:-1]:
            raise ValueError(f"cross_entropy: labels of shape {labels.shape} for logits of shape {logits.shape}; "
                             f"expected a class for each example, shape {logits.shape[:-1]}")
        wrong = _outside(labels, classes)
        if wrong is not None:
            raise ValueError(f"cross_entropy: there is a label {wrong} among labels for {classes} classes; "
                             f"expected 0 to {classes - 1}")
        return
    if labels.shape != logits.shape or labels.dtype.kind == "b":
        raise ValueError(f"cross_entropy: labels of shape {labels.shape} and type {labels.dtype} for logits of shape "
                         f"{logits.shape}; expected integers of shape {logits.shape[:-1]}, or probabilities of shape {logits.shape}")
    if labels.dtype == object and _expansions.traced():
        return
    p = _numbers(xp, labels)
    wrong = p[~((p >= 0) & (p <= 1.001))]
    if wrong.size:
        raise ValueError(f"cross_entropy: there is a {wrong.flat[0]} among the labels, which are probabilities from 0 to 1")
    wrong = p.sum(axis=-1)[abs(p.sum(axis=-1) - 1) > 1e-3]
    if wrong.size:
        raise ValueError(f"cross_entropy: the labels of an example add up to {wrong.flat[0]:g}; probabilities add up to 1")


def _cross_entropy(xp, logits, labels, *, reduction):
    _check_labels(xp, logits, labels)
    z = logits - _top(xp, logits, -1)
    e = xp.exp(z)
    sums = xp.add.reduce(e, axis=-1, keepdims=True)
    total = sums[..., 0]
    logs = _log_of_sum(xp, z, e, sums, -1)
    if labels.dtype.kind in "iu":
        losses = logs[..., 0] - z.reshape((-1, z.shape[-1]))[_each(xp, labels)].reshape(labels.shape)
    else:
        log_p = z - logs
        losses = -xp.add.reduce(_weighed(xp, labels, log_p), axis=-1)
    if reduction != "none" and logits.ndim > 1:
        losses = xp.add.reduce(losses, axis=None)
    if reduction == "mean":
        losses = losses / _math.prod(logits.shape[:-1])
    return losses, (e, total)


def _weighed(xp, labels, log_p):
    """Each class's share of the loss: 0 for a probability of 0, were the class masked by a logit of −∞."""
    if labels.dtype == object:
        return xp.frompyfunc(_expansions.weighed, 2, 1)(labels, log_p)
    return xp.where(labels == 0, 0.0, labels * log_p)


def _each(xp, labels):
    """The key of every example's own label, in a matrix with a row for each."""
    return xp.arange(labels.size), labels.ravel()


def _arange(count):
    import numpy as np

    return np.arange(count)


def _per_example(g, logits, reduction):
    """The upstream of each example's loss, in a shape that broadcasts against the logits."""
    if reduction == "none":
        return _column(g)
    return g / _math.prod(logits.shape[:-1]) if reduction == "mean" else g


def _cross_entropy_logits(g, y, logits, labels, saved, reduction):
    p = softmax(logits) if saved is None else saved[0] / saved[1][..., None]
    if saved is not None and labels.dtype.kind != "f":  # on arrays, with no array for the labels
        p = p if p.flags.c_contiguous else p.copy()  # so that its rows are a view, whatever the order of the logits
        places = _arange(labels.size), labels.ravel()
        p.reshape((-1, p.shape[-1]))[places] -= 1
        p *= _per_example(g, logits, reduction)
        return p
    if labels.dtype.kind == "f":
        local = p * labels.sum(axis=-1, keepdims=True) - labels
    else:
        from scalargrad.ops.composite import one_hot

        local = p - one_hot(labels, logits.shape[-1], logits.dtype)
    return local * _per_example(g, logits, reduction)


# --- the table -------------------------------------------------------------------------------------------------------
logsumexp     = _op("logsumexp",     _logsumexp,
    (_logsumexp_pullback,),
    note="log of the sum of exponentials, without overflow: to 3 ulp of the largest, or of 1; the gradient adds up to 1",
    expand=_axes.expansion(_expansions.logsumexp), decides=True, wide=True, formulas=("Ḡ·softmax(#1)",), symbol="log Σ exp",
    samples=(lambda x: logsumexp(x(2, 3)), lambda x: logsumexp(x(2, 3), axis=0),
             lambda x: logsumexp(x(2, 3), -1, True)))

softmax       = _op("softmax",       _softmax,
    (_softmax_pullback,),
    note="exp(a) divided by its sum along an axis: probabilities, each to 6 ulp and the rounding of its gap to the largest",
    decides=True, wide=True, formulas=("Y·(Ḡ − Σ Ḡ Y)",),
    samples=(lambda x: softmax(x(3)), lambda x: softmax(x(2, 3)), lambda x: softmax(x(2, 3), axis=0)))

log_softmax   = _op("log_softmax",   _log_softmax,
    (lambda g, y, a, axis: g - _ops.exp(y) * g.sum(axis=axis, keepdims=True),),
    note="logarithm of softmax, exact far out and near 0 (of Values: to 4 ulp of 1 there)",
    decides=True, wide=True, formulas=("Ḡ − softmax(#1)·Σ Ḡ",),
    samples=(lambda x: log_softmax(x(2, 3)), lambda x: log_softmax(x(2, 3), axis=0)))

cross_entropy = _op("cross_entropy", _cross_entropy,
    (_cross_entropy_logits,
     lambda g, y, logits, labels, saved, reduction: -log_softmax(logits) * _per_example(g, logits, reduction)),
    note="−log of the probability softmax gives the label: a class, or a probability for each class; to 4 ulp of 1, or better",
    arrange=_cross_entropy_call, integers=(1,), saves=True, decides=True, wide=True,
    formulas=("Ḡ·(softmax(#1) − #2)/n", "−Ḡ·log softmax(#1)/n"), symbol="CE",
    samples=(lambda x: cross_entropy(x(3, 4), [0, 3, 1]), lambda x: cross_entropy(x(4), 2, reduction="sum"),
             lambda x: cross_entropy(x(2, 3, 2), [[0, 1, 0], [1, 1, 0]], reduction="none"),
             lambda x: cross_entropy(x(2, 3), softmax(x(2, 3)))))
