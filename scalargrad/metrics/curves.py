"""All thresholds at once: the ROC curve and the area under it, the precision–recall curve and average precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scalargrad.metrics.arrays import class_labels, listed, numbers, one_label, require_length, weights
from scalargrad.settings import Array, flag, one_of, short

__all__ = ["average_precision", "pr_curve", "roc_auc", "roc_curve"]

Curve = tuple[Array, Array, Array]


def roc_curve(
    y_true: Any, scores: Any, *, pos_label: Any = None, sample_weight: Any = None, drop_intermediate: bool = True
) -> Curve:
    """False positive rate FP/(FP+TN) and true positive rate TP/(TP+FN) as the threshold falls.

    Gives ``fpr, tpr, thresholds``. An example counts as positive when its score is ≥ the threshold; the first threshold
    is infinite (nothing is positive). ``pos_label`` is the class that is positive, by default the greater of the two.
    Points in the middle of a straight stretch are left out unless ``drop_intermediate=False``.

    Raises ValueError if only one class occurs, or more than two; for lengths that differ, no examples, nan.

    >>> fpr, tpr, thresholds = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> fpr
    array([0. , 0. , 0.5, 0.5, 1. ])
    >>> tpr
    array([0. , 0.5, 0.5, 1. , 1. ])
    >>> thresholds
    array([ inf, 0.8 , 0.4 , 0.35, 0.1 ])
    """
    positive, score, weight = _binary(y_true, scores, pos_label, sample_weight)
    fp, tp, thresholds = _cumulated(positive, score, weight)
    if flag(drop_intermediate, "drop_intermediate") and len(fp) > 2:
        bends = (np.diff(fp, 2) != 0) | (np.diff(tp, 2) != 0)
        corners = np.r_[True, bends, True]
        fp, tp, thresholds = fp[corners], tp[corners], thresholds[corners]
    fp, tp, thresholds = np.r_[0.0, fp], np.r_[0.0, tp], np.r_[np.inf, thresholds]
    return fp / fp[-1], tp / tp[-1], thresholds


def roc_auc(
    y_true: Any, scores: Any, *, average: str | None = "macro", labels: Any = None, sample_weight: Any = None
) -> Any:
    """The area under the ROC curve: how often a positive example scores above a negative one, a tie counting ½.

    ``scores`` of shape (n,) is for two classes, the greater of which is positive. Scores of shape (n, classes) are
    taken one class against the rest, and averaged: "macro" (the mean), "weighted" (by how often each class occurs),
    "micro" (all columns as one) or None (an array). ``labels`` names the columns, by default 0, 1, ….

    Raises ValueError where a class does not occur (it is undefined then), for labels without a column, for lengths
    that differ, no examples, nan.

    The lecture's table, where 9.5 of 12 pairs are in the right order:

    >>> 12 * roc_auc([1, 0, 1, 0, 1, 0, 0], [0.6, 0.5, 0.3, 0.2, 0.2, 0.1, 0.0])
    9.5
    """
    return _one_or_each(_area, y_true, scores, None, average, labels, sample_weight)


def pr_curve(y_true: Any, scores: Any, *, pos_label: Any = None, sample_weight: Any = None) -> Curve:
    """Precision TP/(TP+FP) and recall TP/(TP+FN) as the threshold rises: ``precision, recall, thresholds``.

    An example counts as positive when its score is ≥ the threshold. The last point, (1, 0), has no threshold. Other
    arguments as :func:`roc_curve`; the same errors.

    >>> precision, recall, thresholds = pr_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> precision
    array([0.5       , 0.66666667, 0.5       , 1.        , 1.        ])
    >>> recall
    array([1. , 1. , 0.5, 0.5, 0. ])
    """
    positive, score, weight = _binary(y_true, scores, pos_label, sample_weight)
    fp, tp, thresholds = _cumulated(positive, score, weight)
    precision, recall = tp / (tp + fp), tp / tp[-1]
    return np.r_[precision[::-1], 1.0], np.r_[recall[::-1], 0.0], thresholds[::-1]


def average_precision(
    y_true: Any, scores: Any, *, average: str | None = "macro", pos_label: Any = 1, labels: Any = None,
    sample_weight: Any = None,
) -> Any:  # fmt: skip
    """The precision averaged over the recall it adds: Σ (R_k − R_{k−1})·P_k over the thresholds, from the highest on.

    Of two classes ``pos_label`` is positive, in one column of scores or in two. Several classes, and what is raised, as
    in :func:`roc_auc`.

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    return _one_or_each(_average_precision, y_true, scores, pos_label, average, labels, sample_weight)


# --- one class against the rest --------------------------------------------------------------------------------------


def columns_of(true: Array, count: int, labels: Any, what: str) -> tuple[Array, list[Any]]:
    """The column of each example's class, and the classes of the columns: ``labels``, by default 0, 1, …."""
    if labels is not None:
        classes = class_labels(labels, "labels")
    else:
        occurring = np.unique(true)
        ranged = occurring.dtype.kind == "i" and occurring[0] >= 0 and occurring[-1] < count
        classes = np.arange(count) if ranged or len(occurring) != count else occurring
    if len(classes) != count or len(set(classes.tolist())) != count:
        raise ValueError(f"{what} has {count} columns, but labels= names {len(classes)} classes: {listed(classes)}")
    places = {label: i for i, label in enumerate(classes.tolist())}
    unknown = [label for label in true.tolist() if label not in places]
    if unknown:
        raise ValueError(
            f"y_true has the label {unknown[0]!r}, but the {count} columns of {what} are the classes {listed(classes)}"
        )
    return np.array([places[label] for label in true.tolist()]), classes.tolist()


def _one_or_each(
    measure: Callable[[Array, Array, Array], float], y_true: Any, scores: Any, pos_label: Any, average: str | None,
    labels: Any, sample_weight: Any,
) -> Any:  # fmt: skip
    if not one_of(average, ("macro", "micro", "weighted", None)):
        raise ValueError(f"average is 'macro', 'micro', 'weighted' or None, not {short(average)}")
    score = numbers(scores, "scores")
    if score.ndim != 2 or score.shape[1] == 1:
        return measure(*_binary(y_true, score, pos_label, sample_weight))
    true = class_labels(y_true, "y_true")
    require_length(score, len(true), "scores")
    count = score.shape[1]
    column, classes = columns_of(true, count, labels, "scores")
    weight = weights(sample_weight, len(true))
    if count == 2 and average == "macro":  # two columns are two classes, of which one is positive
        chosen = _positive_column(classes, pos_label)
        return measure(*_both(column == chosen, score[:, chosen], weight, f"the class of column {chosen}"))
    if pos_label is not None and one_label(pos_label, "pos_label") != 1:
        raise ValueError(
            f"pos_label={short(pos_label)} chooses one of two classes: here each of the {count} columns is measured "
            "against the rest"
        )
    if average == "micro":
        of_class = column[:, None] == np.arange(count)
        return measure(of_class.ravel(), score.ravel(), np.repeat(weight, count))
    each = [measure(*_both(column == k, score[:, k], weight, f"the class of column {k}")) for k in range(count)]
    if average is None:
        return np.array(each)
    share = np.bincount(column, weight, minlength=count) if average == "weighted" else None
    return float(np.average(each, weights=share))


def _positive_column(classes: list[Any], pos_label: Any) -> int:
    """Which of two columns is positive: that of ``pos_label``; if it is not given, the second."""
    chosen = None if pos_label is None else one_label(pos_label, "pos_label")
    if chosen in classes:
        return classes.index(chosen)
    if chosen in (None, 1):
        return 1
    raise ValueError(f"pos_label={short(chosen)} is not one of the two classes {listed(classes)}")


def _binary(y_true: Any, scores: Any, pos_label: Any, sample_weight: Any) -> tuple[Array, Array, Array]:
    """Which examples are positive, their scores and weights."""
    true, score = class_labels(y_true, "y_true"), numbers(scores, "scores")
    if score.ndim == 2 and score.shape[1] == 1:
        score = score[:, 0]
    if score.ndim != 1:
        raise ValueError(f"scores must hold one number for each example, not shape {score.shape}: choose a column")
    require_length(score, len(true), "scores")
    classes = np.unique(true)
    if len(classes) > 2:
        raise ValueError(
            f"a curve is of two classes, but y_true has {len(classes)} ({listed(classes)}): "
            "give one column of scores for each class to roc_auc, or y_true == k here"
        )
    positive_class = classes[-1].item() if pos_label is None else one_label(pos_label, "pos_label")
    if len(classes) == 2 and positive_class not in classes.tolist():
        raise ValueError(f"pos_label={short(positive_class)} is not one of the two classes {listed(classes)}")
    weight = weights(sample_weight, len(true))
    return _both(true == positive_class, score, weight, f"the class {positive_class!r}")


def _both(positive: Array, score: Array, weight: Array, what: str) -> tuple[Array, Array, Array]:
    """The examples of positive weight; ValueError unless both kinds occur, since no rate is defined otherwise."""
    counted = weight > 0
    positive, score, weight = positive[counted], score[counted], weight[counted]
    if positive.all() or not positive.any():
        number = "every" if positive.any() else "no"
        raise ValueError(f"y_true has only one class: {number} example is of {what}, so there is nothing to tell apart")
    return positive, score, weight


# --- the measures ----------------------------------------------------------------------------------------------------


def _cumulated(positive: Array, score: Array, weight: Array) -> Curve:
    """The weight of false and of true positives at each threshold, the distinct scores from the highest on."""
    order = np.argsort(-score, kind="stable")
    positive, score, weight = positive[order], score[order], weight[order]
    last = np.r_[np.flatnonzero(np.diff(score)), len(score) - 1]  # of each group of equal scores
    return np.cumsum(weight * ~positive)[last], np.cumsum(weight * positive)[last], score[last]


def _area(positive: Array, score: Array, weight: Array) -> float:
    """Trapezia between the thresholds: the pairs in the right order, and half of the tied ones, among all pairs."""
    fp, tp, _ = _cumulated(positive, score, weight)
    steps, heights = np.diff(fp, prepend=0.0), tp + np.r_[0.0, tp[:-1]]
    return float((steps * heights / 2).sum() / (fp[-1] * tp[-1]))


def _average_precision(positive: Array, score: Array, weight: Array) -> float:
    fp, tp, _ = _cumulated(positive, score, weight)
    return float((np.diff(tp, prepend=0.0) * (tp / (tp + fp))).sum() / tp[-1])
