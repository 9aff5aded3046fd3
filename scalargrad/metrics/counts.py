"""Counting hits and misses: the confusion matrix, the 2×2 matrix of each class, and the ratios of their entries.

Of one class, *positive* stands for this class and *negative* for all others:

====  ===============  ==========================================
TP    true positive    is of the class, and was said to be
FP    false positive   is of another, but was said to be of it
FN    false negative   is of the class, but was said to be another
TN    true negative    is of another, and was said to be another
====  ===============  ==========================================
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from scalargrad.metrics.arrays import class_labels, listed, numbers, two_of_labels, weights
from scalargrad.settings import Array, one_of, short

__all__ = [
    "class_matrices", "confusion_matrix", "f1_from_counts", "micro_matrix", "precision_from_counts",
    "recall_from_counts",
]  # fmt: skip

AVERAGES = ("micro", "macro", "weighted", None)


def known_labels(true: Array, predicted: Array, labels: Any) -> Array:
    """The classes in their order: those given, else all that occur, sorted."""
    occurring = np.union1d(true, predicted)
    if labels is None:
        return occurring
    given = class_labels(labels, "labels")
    if given.dtype.kind != occurring.dtype.kind:
        raise TypeError(f"labels= has {given[0].item()!r} but the data {occurring[0].item()!r}: use one kind of label")
    if len(set(given.tolist())) < len(given):
        raise ValueError(f"labels= names a class twice: {listed(given)}")
    return given


def confusion_matrix(
    y_true: Any, y_pred: Any, *, labels: Any = None, sample_weight: Any = None, normalize: str | None = None
) -> Array:
    """How often each class was taken for each: entry (i, j) counts examples of class i said to be of class j.

    Rows are true classes, columns predicted ones, in the order of ``labels`` (all that occur, sorted). Counts are ints,
    or sums of ``sample_weight``. ``normalize`` divides by the sum of the row ("true"), of the column ("pred") or of the
    whole ("all"); an empty row or column stays 0.

    Raises ValueError for a label that is not among ``labels``, for lengths that differ and for no examples.

    >>> confusion_matrix(["cat", "dog", "dog", "cat"], ["cat", "dog", "cat", "cat"])
    array([[2, 0],
           [1, 1]])
    """
    true, predicted = two_of_labels(y_true, y_pred)
    classes = known_labels(true, predicted, labels)
    for given, what in ((true, "y_true"), (predicted, "y_pred")):
        unknown = np.setdiff1d(given, classes)
        if unknown.size:
            raise ValueError(f"{what} has the label {unknown[0].item()!r}, which is not among labels={listed(classes)}")
    order = np.argsort(classes)
    rows, columns = (order[np.searchsorted(classes, x, sorter=order)] for x in (true, predicted))
    matrix = np.zeros((len(classes),) * 2)
    np.add.at(matrix, (rows, columns), weights(sample_weight, len(true)))
    if normalize is not None:
        if not one_of(normalize, ("true", "pred", "all")):
            raise ValueError(f"normalize is 'true', 'pred', 'all' or None, not {short(normalize)}")
        axis = {"true": 1, "pred": 0, "all": None}[normalize]
        return ratio(matrix, matrix.sum(axis=axis, keepdims=True), 0.0)
    return matrix if sample_weight is not None else matrix.astype(np.int64)


def class_matrices(y_true: Any, y_pred: Any, *, labels: Any = None, sample_weight: Any = None) -> Array:
    """One 2×2 matrix ``[[TN, FP], [FN, TP]]`` for each class against the rest: an array of shape (classes, 2, 2).

    ``labels`` chooses classes and their order; examples of other classes still count as negatives.

    >>> class_matrices([0, 1, 2, 2], [0, 2, 2, 2])[2]  # class 2 against the rest
    array([[1, 1],
           [0, 2]])
    """
    true, predicted = two_of_labels(y_true, y_pred)
    classes = known_labels(true, predicted, labels)
    weight = weights(sample_weight, len(true))
    said, is_ = predicted == classes[:, None], true == classes[:, None]
    tp, fp, fn = ((chosen * weight).sum(axis=1) for chosen in (said & is_, said & ~is_, ~said & is_))
    tn = (~said & ~is_) @ weight
    matrices = np.stack([tn, fp, fn, tp], axis=1).reshape(-1, 2, 2)
    return matrices if sample_weight is not None else np.rint(matrices).astype(np.int64)


def micro_matrix(matrices: Any) -> Array:
    """The 2×2 matrices of the classes averaged into one, entry by entry: the micro average begins with it.

    ``matrices`` is what :func:`class_matrices` gives, of shape (classes, 2, 2). The ratios of the averaged matrix are
    the micro averages (the lecture: average TP, FP, FN and TN first, compute precision and recall then).

    >>> mean = micro_matrix([[[14, 5], [0, 20]], [[38, 1], [5, 0]], [[20, 0], [1, 19]]])
    >>> (tn, fp), (fn, tp) = mean
    >>> float(tp), float(fp), round(float(tp / (tp + fp)), 4)
    (13.0, 2.0, 0.8667)
    """
    given = numbers(matrices, "matrices")
    if given.ndim != 3 or given.shape[1:] != (2, 2):
        raise ValueError(f"micro_matrix takes matrices of shape (classes, 2, 2), not {given.shape}: see class_matrices")
    return np.asarray(given.mean(axis=0))


# --- ratios of counts ------------------------------------------------------------------------------------------------


def precision_from_counts(tp: Any, fp: Any, *, average: str | None = "macro", zero_division: float = 0.0) -> Any:
    """TP / (TP + FP) of each class, averaged: "macro" averages the ratios, "micro" the counts, None gives one a class.

    The lecture's three classes:

    >>> round(precision_from_counts([20, 0, 19], [5, 1, 0], average="micro"), 4)
    0.8667
    >>> round(precision_from_counts([20, 0, 19], [5, 1, 0], average="macro"), 4)
    0.6
    """
    tp, fp = _counts(average, TP=tp, FP=fp)
    return averaged(tp, tp + fp, average, zero_division)


def recall_from_counts(tp: Any, fn: Any, *, average: str | None = "macro", zero_division: float = 0.0) -> Any:
    """TP / (TP + FN) of each class, averaged as :func:`precision_from_counts` does; "weighted" by TP + FN.

    >>> recall_from_counts([20, 0, 19], [0, 5, 1], average=None)
    array([1.  , 0.  , 0.95])
    """
    tp, fn = _counts(average, weighted=True, TP=tp, FN=fn)
    return averaged(tp, tp + fn, average, zero_division, tp + fn)


def f1_from_counts(tp: Any, fp: Any, fn: Any, *, average: str | None = "macro", zero_division: float = 0.0) -> Any:
    """2·TP / (2·TP + FP + FN) of each class, averaged as :func:`precision_from_counts` does; "weighted" by TP + FN.

    That is the harmonic mean 2·precision·recall / (precision + recall).

    >>> f1_from_counts(6, 2, 2)
    0.75
    """
    tp, fp, fn = _counts(average, weighted=True, TP=tp, FP=fp, FN=fn)
    return averaged(2 * tp, 2 * tp + fp + fn, average, zero_division, tp + fn)


def averaged(
    above: Array, below: Array, average: str | None, zero_division: float, support: Array | None = None
) -> Any:
    """The ratio of each class averaged; undefined ones (0/0) are ``zero_division``, and left out if that is nan."""
    if isinstance(zero_division, bool) or not isinstance(zero_division, Real):
        raise TypeError(f"zero_division is 0.0, 1.0 or nan, not {short(zero_division)}")
    if not np.isnan(zero_division) and not 0 <= zero_division <= 1:
        raise ValueError(f"zero_division is 0.0, 1.0 or nan, not {zero_division!r}")
    if average == "micro":
        return float(ratio(above.sum(), below.sum(), zero_division))
    each = ratio(above, below, zero_division)
    if average is None:
        return each
    defined = ~np.isnan(each)
    if not defined.any():
        return float("nan")
    if average == "weighted" and support is not None and support[defined].any():
        return float(np.average(each[defined], weights=support[defined]))
    return float(each[defined].mean())


def ratio(above: Any, below: Any, undefined: float) -> Array:
    """``above / below``, and ``undefined`` where that is 0/0."""
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    result = np.full(above.shape, float(undefined))
    np.divide(above, below, out=result, where=below != 0)
    return result


def _counts(average: str | None, weighted: bool = False, **given: Any) -> list[Array]:
    """Counts as arrays with one entry for each class."""
    known = [a for a in AVERAGES if weighted or a != "weighted"]
    if not one_of(average, tuple(known)):
        raise ValueError(f"average is one of {', '.join(map(repr, known))}, not {short(average)}")
    arrays = [np.atleast_1d(numbers(x, name)) for name, x in given.items()]
    shapes = {a.shape for a in arrays}
    if len(shapes) > 1 or arrays[0].ndim > 1:
        found = ", ".join(f"{name} {a.shape}" for name, a in zip(given, arrays, strict=True))
        raise ValueError(f"counts must hold one number for each class, all of one length, not of shapes {found}")
    if any((a < 0).any() for a in arrays):
        raise ValueError(f"counts of {', '.join(given)} cannot be negative")
    return arrays
