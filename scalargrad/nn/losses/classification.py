"""Losses of classification by probabilities: cross-entropies.

``p`` are probabilities, ``z`` scores before the sigmoid or softmax (logits), ``y`` labels 0 or 1 or classes from 0 on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.nn.losses.labels import are_probabilities, checked, chosen, of_classes, of_probabilities
from scalargrad.nn.losses.reducing import known, loss, nodes, numbers_in, paired, reduced, shape_of, weights_of_classes
from scalargrad.ops import elementwise as ops
from scalargrad.ops import structural
from scalargrad.ops.given import require_unmasked
from scalargrad.settings import flag


def _probability(x: Any) -> Any:
    return (x >= 0) & (x <= 1)


@loss(module="BCELoss")
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


@loss(module="BCEWithLogitsLoss")
def bce_with_logits(
    z: Any,
    y: Any,
    reduction: str = "mean",
    *,
    sample_weight: Any = None,
    class_weight: Any = None,
    pos_weight: Any = None,
) -> Any:
    """Binary cross-entropy of p = σ(z) from the logit z: softplus(z) − y·z, finite for all z. Its gradient is σ(z) − y.

    ``pos_weight`` w, a number or one for each column, multiplies the loss of label 1, and the mean is still over all:
    (1 − y)·z + (1 + (w − 1)·y)·softplus(−z).

    >>> from scalargrad import Value
    >>> z = Value(0.5)
    >>> loss = bce_with_logits(z, 0.8)
    >>> loss.backward()
    >>> round(loss.data, 6), round(z.grad, 6)
    (0.574077, -0.177541)
    >>> round(bce_with_logits(0.5, 1.0, pos_weight=3.0).item(), 6)
    1.422231
    """
    z, y = paired("bce_with_logits", z, y)
    labels = numbers_in("bce_with_logits", y, _probability, "labels from 0 to 1")
    weights = _by_rounding("bce_with_logits", class_weight, labels)
    if pos_weight is None:
        losses = ops.bce_with_logits(z, y)
    else:
        w = _positive(pos_weight, shape_of(z))
        losses = (1 - y) * z + (1 + (w - 1) * y) * ops.softplus(-z)
    return reduced("bce_with_logits", losses, reduction, sample_weight, weights)


def _positive(given: Any, shape: tuple[int, ...]) -> Any:
    """The weights of label 1, checked: a number, or one for each column."""
    weights = np.asarray(known(nodes(given, "bce_with_logits", "weights in pos_weight")))
    if weights.shape not in ((), (1,), shape[-1:], shape):
        raise ValueError(
            f"bce_with_logits: pos_weight of shape {weights.shape} for logits of shape {shape}; give a number, or one "
            "for each column"
        )
    if not ((weights >= 0) & (weights < np.inf)).all():
        raise ValueError("bce_with_logits: pos_weight has a negative number, nan or infinity; weights are 0 or more")
    return float(weights.item()) if weights.size == 1 else weights


def _by_rounding(name: str, class_weight: Any, labels: Any) -> Any:
    """The weights of the classes that labels from 0 to 1 are nearest to."""
    return weights_of_classes(name, class_weight, None if labels is None else labels.round(), 2)


@loss(module="CrossEntropyLoss", weight="class_weight")
def cross_entropy(
    z: Any,
    y: Any,
    reduction: str = "mean",
    *,
    sample_weight: Any = None,
    class_weight: Any = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Any:
    """Cross-entropy of softmax(z) and the labels: −log p of the right class, from logits (n, classes).

    Labels are classes (n,), ints from 0 on, or probabilities (n, classes). The gradient is p − y, one-hot. It is −log
    of the likelihood of a categorical distribution.

    Examples with the label ``ignore_index`` are left out (PyTorch takes −100 where none is given). ``label_smoothing``
    s mixes the labels with equal probabilities, (1 − s)·y + s/classes (Szegedy et al. 2016). With weights of classes
    the mean is divided by the sum of the weights of the labels, as in PyTorch.

    >>> round(cross_entropy([[5.0, 4.0, 2.0]], [0]).item(), 6)
    0.349012
    >>> z = [[5.0, 4.0, 2.0], [0.0, 0.0, 9.0]]
    >>> round(cross_entropy(z, [0, -1], ignore_index=-1, label_smoothing=0.3).item(), 6)
    0.749012
    """
    z = nodes(z, "cross_entropy")
    require_unmasked("cross_entropy: labels", y)
    plain = class_weight is None and ignore_index is None and not label_smoothing
    if plain and reduction in ("mean", "sum") and sample_weight is None and 0 not in shape_of(z):
        return structural.cross_entropy(z, y, reduction)
    if plain:
        return reduced("cross_entropy", structural.cross_entropy(z, y, "none"), reduction, sample_weight)
    settings = (reduction, sample_weight, class_weight, ignore_index, label_smoothing)
    if are_probabilities(z, y):
        return of_probabilities("cross_entropy", z, y, *settings)
    return of_classes("cross_entropy", structural.log_softmax(z), y, *settings)


@loss(module="NLLLoss", weight="class_weight")
def nll_with_logs(
    log_p: Any,
    y: Any,
    reduction: str = "mean",
    *,
    sample_weight: Any = None,
    class_weight: Any = None,
    ignore_index: int | None = None,
) -> Any:
    """Cross-entropy of log-probabilities (n, classes): −log p of the right class; what PyTorch calls NLLLoss.

    Of probabilities take :func:`nll`, of scores :func:`cross_entropy`.

    >>> round(nll_with_logs([[-0.34, -1.35, -3.5]], [0]).item(), 4)
    0.34
    """
    log_p = nodes(log_p, "nll_with_logs")
    return of_classes("nll_with_logs", log_p, y, reduction, sample_weight, class_weight, ignore_index)


@loss
def nll(p: Any, y: Any, reduction: str = "mean", *, sample_weight: Any = None, class_weight: Any = None) -> Any:
    """Cross-entropy of probabilities (n, classes): −log p of the right class; labels are classes (n,), or one-hot.

    A probability of 0 for the right class costs infinity; from logits :func:`cross_entropy` has no such place.

    >>> round(nll([[0.71, 0.26, 0.03]], [0]).item(), 4)
    0.3425
    """
    p = nodes(p, "nll")
    labels = checked("nll", p, y)
    right = chosen(p, labels)
    weights = weights_of_classes("nll", class_weight, known(labels), shape_of(p)[-1])
    probabilities = known(p)
    if probabilities is not None:
        outside = probabilities[(probabilities < 0) | (probabilities > 1 + 1e-5)]
        if outside.size:
            raise ValueError(f"nll: there is a {outside[0]:g} among the probabilities; of logits take cross_entropy")
    return reduced("nll", -ops.log(right), reduction, sample_weight, weights)


@loss(module="KLDivLoss")
def kl_div(log_p: Any, q: Any, reduction: str = "mean", *, log_target: bool = False, sample_weight: Any = None) -> Any:
    """Kullback and Leibler's divergence of probabilities q from p, given as log p: q·(log q − log p) of each element.

    With ``log_target`` q is given as log q. ``reduction="batchmean"`` is the sum divided by the number of examples,
    which is the divergence itself; "mean" divides by the number of all elements, as in PyTorch.

    >>> import math
    >>> round(kl_div([[math.log(0.5), math.log(0.5)]], [[0.9, 0.1]], "batchmean").item(), 6)
    0.368064
    """
    log_p, q = paired("kl_div", log_p, q)
    if flag(log_target, "kl_div: log_target"):
        losses = ops.exp(q) * (q - log_p)
    else:
        numbers_in("kl_div", q, lambda x: x >= 0, "probabilities, or log_target=True")
        losses = q * (ops.log(ops.where(ops.equal(q, 0.0), 1.0, q)) - log_p)  # 0·log 0 is 0
    if isinstance(reduction, str) and reduction == "batchmean":
        return reduced("kl_div", losses, "sum", sample_weight) * (1 / (shape_of(log_p) or (1,))[0])
    return reduced("kl_div", losses, reduction, sample_weight)
