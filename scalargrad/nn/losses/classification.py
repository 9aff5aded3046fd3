"""Losses of classification.

``p`` are probabilities, ``z`` scores before the sigmoid or softmax (logits), ``y`` labels 0 or 1 or classes from 0 on,
``t`` labels −1 or 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.nn.losses.reducing import known, loss, nodes, numbers_in, paired, reduced, shape_of, weights_of_classes
from scalargrad.ops import elementwise as ops
from scalargrad.ops import structural
from scalargrad.ops.given import require_unmasked
from scalargrad.ops.structural import index, reshape
from scalargrad.ops.structural import sum as total
from scalargrad.settings import number


def _probability(x: Any) -> Any:
    return (x >= 0) & (x <= 1)


def _sign(x: Any) -> Any:
    return (x == 1) | (x == -1)


@loss
def bce(p: Any, y: Any, reduction: str = "mean", *, sample_weight: Any = None, class_weight: Any = None) -> Any:
    """Binary cross-entropy of probabilities, mean of −y·log p − (1 − y)·log(1 − p); labels from 0 to 1.

    It is −log of the likelihood pʸ(1 − p)¹⁻ʸ of Bernoulli's distribution. A probability of exactly 0 or 1 that is wrong
    costs infinity, and one that is right nothing; from logits :func:`bce_with_logits` has neither.

    >>> round(bce([0.9, 0.2], [1, 0]).item(), 4)
    0.1643
    """
    p, y = paired("bce", p, y)
    labels = numbers_in("bce", y, _probability, "labels from 0 to 1")
    probabilities = known(p)
    if probabilities is not None and not _probability(probabilities).all():
        wrong = probabilities[~_probability(probabilities)].flat[0]
        raise ValueError(f"bce: there is a {wrong:g} among the probabilities; of logits take bce_with_logits")
    losses = -(_times(y, p, labels) + _times(1 - y, 1 - p, None if labels is None else 1 - labels))
    return reduced("bce", losses, reduction, sample_weight, _by_rounding("bce", class_weight, labels))


def _times(y: Any, p: Any, labels: Any) -> Any:
    """y·log p, which is 0 where y is 0, whatever p is."""
    if labels is None:
        return y * ops.log(ops.where(ops.equal(y, 0.0), 1.0, p))
    dtype = getattr(p, "dtype", np.dtype(float))
    never = np.asarray(labels == 0, dtype=dtype if dtype.kind == "f" else float)
    return y * ops.log(ops.where(never[()], 1.0, p))


@loss
def bce_with_logits(
    z: Any, y: Any, reduction: str = "mean", *, sample_weight: Any = None, class_weight: Any = None
) -> Any:
    """Binary cross-entropy of p = σ(z) from the logit z: softplus(z) − y·z, finite for all z. Its gradient is σ(z) − y.

    >>> from scalargrad import Value
    >>> z = Value(0.5)
    >>> loss = bce_with_logits(z, 0.8)
    >>> loss.backward()
    >>> round(loss.data, 6), round(z.grad, 6)
    (0.574077, -0.177541)
    """
    z, y = paired("bce_with_logits", z, y)
    labels = numbers_in("bce_with_logits", y, _probability, "labels from 0 to 1")
    weights = _by_rounding("bce_with_logits", class_weight, labels)
    return reduced("bce_with_logits", ops.bce_with_logits(z, y), reduction, sample_weight, weights)


def _by_rounding(name: str, class_weight: Any, labels: Any) -> Any:
    """The weights of the classes that labels from 0 to 1 are nearest to."""
    return weights_of_classes(name, class_weight, None if labels is None else labels.round(), 2)


@loss
def logistic(z: Any, t: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Two-class log loss with labels t = ±1: log(1 + e^(−t·z)) = −log σ(t·z).

    >>> round(logistic(-1.0, -1), 6), round(logistic(10.0, 1), 7)
    (0.313262, 4.54e-05)
    """
    return reduced("logistic", ops.softplus(-_margin("logistic", z, t)), reduction, sample_weight)


@loss
def cross_entropy(
    z: Any, y: Any, reduction: str = "mean", *, sample_weight: Any = None, class_weight: Any = None
) -> Any:
    """Cross-entropy of softmax(z) and the labels: −log p of the right class, from logits (n, classes).

    Labels are classes (n,), ints from 0 on, or probabilities (n, classes). The gradient is p − y, one-hot. It is −log
    of the likelihood of a categorical distribution.

    >>> round(cross_entropy([[5.0, 4.0, 2.0]], [0]).item(), 6)
    0.349012
    """
    z = nodes(z, "cross_entropy")
    require_unmasked("cross_entropy: labels", y)
    if reduction in ("mean", "sum") and sample_weight is None and class_weight is None and 0 not in shape_of(z):
        return structural.cross_entropy(z, y, reduction)
    losses = structural.cross_entropy(z, y, "none")
    weights = None if class_weight is None else _by_class("cross_entropy", class_weight, y, shape_of(z)[-1])
    return reduced("cross_entropy", losses, reduction, sample_weight, weights)


def _by_class(name: str, class_weight: Any, y: Any, classes: int) -> Any:
    if hasattr(y, "ndim") and modes.is_unknown(y):
        return weights_of_classes(name, class_weight, None, classes)
    labels = np.asarray(getattr(y, "_data", y))
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{name}: class_weight needs labels that are classes (ints), not probabilities")
    return weights_of_classes(name, class_weight, labels, classes)


@loss
def nll(p: Any, y: Any, reduction: str = "mean", *, sample_weight: Any = None, class_weight: Any = None) -> Any:
    """Cross-entropy of probabilities (n, classes): −log p of the right class; labels are classes (n,), or one-hot.

    A probability of 0 for the right class costs infinity; from logits :func:`cross_entropy` has no such place.

    >>> round(nll([[0.71, 0.26, 0.03]], [0]).item(), 4)
    0.3425
    """
    p = nodes(p, "nll")
    labels = _classes("nll", p, y)
    chosen = _chosen(p, labels)
    weights = weights_of_classes("nll", class_weight, known(labels), shape_of(p)[-1])
    probabilities = known(p)
    if probabilities is not None:
        outside = probabilities[(probabilities < 0) | (probabilities > 1 + 1e-5)]
        if outside.size:
            raise ValueError(f"nll: there is a {outside[0]:g} among the probabilities; of logits take cross_entropy")
    return reduced("nll", -ops.log(chosen), reduction, sample_weight, weights)


def _classes(name: str, z: Any, y: Any) -> Any:
    """Labels as classes, checked against the scores."""
    shape = shape_of(z)
    if not shape:
        raise ValueError(f"{name}: expected scores (n, classes), not a single number")
    if hasattr(y, "ndim") and modes.is_unknown(y):
        return y
    require_unmasked(f"{name}: labels", y)
    labels = np.asarray(getattr(y, "_data", y))
    if labels.shape == shape and labels.dtype.kind in "fiub" and np.isin(labels, (0, 1)).all():
        ones = labels.sum(axis=-1)
        if (ones != 1).any():
            wrong = ones[ones != 1].flat[0]
            raise ValueError(
                f"{name}: there is a row with {wrong:g} ones among the one-hot labels of shape {shape}; expected one 1 "
                "in each row, or classes"
            )
        labels = labels.argmax(axis=-1)
    if labels.dtype.kind not in "iu" or labels.shape != shape[:-1]:
        raise ValueError(
            f"{name}: labels of shape {labels.shape} and type {labels.dtype} for scores of shape {shape}; expected "
            f"integers of shape {shape[:-1]}"
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < shape[-1]):
        wrong = labels[(labels < 0) | (labels >= shape[-1])].flat[0]
        raise ValueError(f"{name}: there is a label {wrong} among labels for {shape[-1]} classes")
    return labels


def _chosen(p: Any, labels: Any) -> Any:
    """Of each example the element of its label."""
    return index(p, labels) if labels.ndim == 0 else index(p, (*np.indices(labels.shape), labels))


@loss
def hinge(z: Any, t: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Hinge loss, mean of max(0, 1 − t·z), with labels ±1: no loss beyond a margin of 1.

    >>> [hinge(z, 1) for z in (-1.0, 0.5, 2.0)]
    [2.0, 0.5, 0.0]
    """
    return reduced("hinge", ops.relu(1 - _margin("hinge", z, t)), reduction, sample_weight)


@loss
def squared_hinge(z: Any, t: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Squared hinge loss, mean of max(0, 1 − t·z)², with labels ±1."""
    return reduced("squared_hinge", ops.square(ops.relu(1 - _margin("squared_hinge", z, t))), reduction, sample_weight)


@loss
def smooth_hinge(z: Any, t: Any, reduction: str = "mean", *, alpha: float = 1.0, sample_weight: Any = None) -> Any:
    """Generalised smooth hinge loss with labels ±1 (Rennie 2005): with m = t·z,

    α/(α + 1) − m for m ≤ 0;  m^(α+1)/(α + 1) − m + α/(α + 1) for 0 < m < 1;  0 for m ≥ 1.

    >>> [smooth_hinge(z, 1) for z in (-1.0, 0.5, 2.0)]
    [1.5, 0.125, 0.0]
    """
    alpha = number(alpha, "smooth_hinge: alpha")
    if not alpha > 0:
        raise ValueError(f"smooth_hinge: alpha is a number above 0, not {alpha!r}")
    m = _margin("smooth_hinge", z, t)
    inside = ops.clip(m, 0.0, 1.0)
    losses = (inside ** (alpha + 1) - 1) / (alpha + 1) + (1 - inside) + ops.relu(-m)  # 0 exactly beyond 1
    return reduced("smooth_hinge", losses, reduction, sample_weight)


@loss
def exponential(z: Any, t: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Exponential loss, mean of e^(−t·z), with labels ±1: that of boosting."""
    return reduced("exponential", ops.exp(-_margin("exponential", z, t)), reduction, sample_weight)


def _margin(name: str, z: Any, t: Any) -> Any:
    """t·z."""
    z, t = paired(name, z, t)
    numbers_in(name, t, _sign, "labels −1 and 1")
    return t * z


@loss
def multiclass_hinge(z: Any, y: Any, reduction: str = "mean", *, margin: float = 1.0, sample_weight: Any = None) -> Any:
    """Multi-class hinge loss of scores (n, classes): Σ over the other classes j of max(0, margin − z_y + z_j).

    Weston and Watkins 1999.

    >>> multiclass_hinge([[2.0, 1.5, -1.0]], [0]).item()
    0.5
    """
    z = nodes(z, "multiclass_hinge")
    margin = number(margin, "multiclass_hinge: margin", least=0)
    chosen = _chosen(z, _classes("multiclass_hinge", z, y))
    over = ops.relu(z - (reshape(chosen, (*chosen.shape, 1)) if shape_of(chosen) else chosen) + margin)
    losses = total(over, axis=-1) - margin  # that of the right class
    return reduced("multiclass_hinge", losses, reduction, sample_weight)
