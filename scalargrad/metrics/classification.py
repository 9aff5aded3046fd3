"""How often predicted labels are right: accuracy, precision, recall, F1, and a report of all classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.metrics.arrays import listed, one_label, two_of_labels, weights
from scalargrad.metrics.counts import averaged, class_matrices, known_labels
from scalargrad.settings import Array, count, one_of, short

__all__ = ["accuracy", "f1", "precision", "recall", "report"]


def accuracy(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """The share of examples whose label is predicted right: (1/n) Σ [ŷ_i = y_i].

    Raises ValueError for lengths that differ, no examples, and predictions that are not labels.

    >>> accuracy([0, 1, 2, 2], [0, 1, 1, 2])
    0.75
    """
    true, predicted = two_of_labels(y_true, y_pred)
    return float(np.average(true == predicted, weights=weights(sample_weight, len(true))))


def precision(
    y_true: Any, y_pred: Any, *, labels: Any = None, pos_label: Any = 1, average: str | None = "binary",
    sample_weight: Any = None, zero_division: float = 0.0,
) -> Any:  # fmt: skip
    """Of those said to be positive, the share that is: TP / (TP + FP).

    ``average`` says what is made of several classes: "binary" (two classes: the precision of ``pos_label``), "macro"
    (the mean over classes), "weighted" (by how often each truly occurs), "micro" (of the summed counts), or None (an
    array, one for each class, in the order of ``labels``). ``labels`` chooses the classes averaged over. Where nothing
    was said to be positive (0/0) it is ``zero_division``; with nan such classes are left out of the mean.

    Raises ValueError for more than two classes with "binary", for a ``pos_label`` that is not one of two classes, for
    lengths that differ and no examples.

    >>> precision([1, 0, 1, 1, 0], [1, 0, 0, 1, 1])
    0.6666666666666666
    >>> precision([0, 1, 2, 2], [0, 1, 1, 2], average=None)
    array([1. , 0.5, 1. ])
    """
    _, fp, fn, tp = _counted(y_true, y_pred, labels, pos_label, average, sample_weight)
    return _result(tp, tp + fp, average, zero_division, tp + fn)


def recall(
    y_true: Any, y_pred: Any, *, labels: Any = None, pos_label: Any = 1, average: str | None = "binary",
    sample_weight: Any = None, zero_division: float = 0.0,
) -> Any:  # fmt: skip
    """Of those that are positive, the share that was found: TP / (TP + FN). Arguments as :func:`precision` has them.

    >>> recall([1, 0, 1, 1, 0], [1, 0, 0, 0, 1])
    0.3333333333333333
    """
    _, _, fn, tp = _counted(y_true, y_pred, labels, pos_label, average, sample_weight)
    return _result(tp, tp + fn, average, zero_division, tp + fn)


def f1(
    y_true: Any, y_pred: Any, *, labels: Any = None, pos_label: Any = 1, average: str | None = "binary",
    sample_weight: Any = None, zero_division: float = 0.0,
) -> Any:  # fmt: skip
    """The harmonic mean of both, 2·precision·recall / (precision + recall) = 2·TP / (2·TP + FP + FN).

    Arguments as :func:`precision` has them. The macro average is the mean of the classes' F1.

    >>> f1([1, 0, 1, 1, 0], [1, 0, 0, 0, 1])
    0.4
    """
    _, fp, fn, tp = _counted(y_true, y_pred, labels, pos_label, average, sample_weight)
    return _result(2 * tp, 2 * tp + fp + fn, average, zero_division, tp + fn)


def report(
    y_true: Any, y_pred: Any, *, labels: Any = None, names: Any = None, digits: int = 3, sample_weight: Any = None,
    zero_division: float = 0.0,
) -> str:  # fmt: skip
    """A table in text: precision, recall, F1 and support (how many there are) of each class, and their averages.

    ``names`` are what to call the classes, in the order of ``labels``.

    >>> print(report([0, 1, 2, 2, 1], [0, 1, 1, 2, 1], names=["cat", "dog", "eel"], digits=2))
              precision     recall         F1  support
    cat            1.00       1.00       1.00        1
    dog            0.67       1.00       0.80        2
    eel            1.00       0.50       0.67        2
    <BLANKLINE>
    accuracy                             0.80        5
    macro          0.89       0.83       0.82        5
    weighted       0.87       0.80       0.79        5
    """
    true, predicted = two_of_labels(y_true, y_pred)
    classes = known_labels(true, predicted, labels)
    digits = count(digits, "digits", least=0)
    if names is not None and not (isinstance(names, (list, tuple)) or len(getattr(names, "shape", ())) == 1):
        raise TypeError(f"names is a list of what to call the classes, not {short(names)}")
    called = [str(x) for x in (classes if names is None else names)]
    if len(called) != len(classes):
        raise ValueError(f"report: the names are {len(called)}, but the classes {len(classes)}: {listed(classes)}")
    matrices = class_matrices(true, predicted, labels=classes, sample_weight=sample_weight)
    fp, fn, tp = matrices[:, 0, 1], matrices[:, 1, 0], matrices[:, 1, 1]
    ratios = ((tp, tp + fp), (tp, tp + fn), (2 * tp, 2 * tp + fp + fn))
    support = tp + fn
    total = _short(support.sum())

    width = max(len(x) for x in [*called, "weighted"])

    def row(name: str, shares: list[Any], number: str) -> str:
        cells = [f"{x:.{digits}f}" if isinstance(x, float) else x for x in shares]
        return f"{name:<{width}}" + "".join(f"{x:>{max(digits + 4, 11)}}" for x in cells) + f"{number:>9}"

    each = [averaged(above, below, None, zero_division) for above, below in ratios]
    lines = [row("", ["precision", "recall", "F1"], "support")]
    lines += [row(n, [float(e[i]) for e in each], _short(support[i])) for i, n in enumerate(called)]
    lines += ["", row("accuracy", ["", "", accuracy(true, predicted, sample_weight=sample_weight)], total)]
    for average in ("macro", "weighted"):
        means = [averaged(above, below, average, zero_division, support) for above, below in ratios]
        lines.append(row(average, means, total))
    return "\n".join(lines)


def _counted(
    y_true: Any, y_pred: Any, labels: Any, pos_label: Any, average: str | None, sample_weight: Any
) -> tuple[Array, Array, Array, Array]:
    """TN, FP, FN and TP of the classes that are asked for."""
    if not one_of(average, ("binary", "micro", "macro", "weighted", None)):
        raise ValueError(f"average is 'binary', 'micro', 'macro', 'weighted' or None, not {short(average)}")
    true, predicted = two_of_labels(y_true, y_pred)
    if average == "binary":
        occurring = known_labels(true, predicted, None)
        if len(occurring) > 2:
            raise ValueError(
                f"average='binary' is for two classes, but {len(occurring)} occur ({listed(occurring)}): "
                "choose average='macro', 'micro', 'weighted' or None"
            )
        pos_label = one_label(pos_label, "pos_label")
        other_kind = isinstance(pos_label, str) != (true.dtype.kind == "U")
        if other_kind or (len(occurring) == 2 and pos_label not in occurring.tolist()):
            raise ValueError(
                f"pos_label={short(pos_label)} is not one of the classes {listed(occurring)}: say which is"
            )
        labels = [pos_label]
    matrices = class_matrices(true, predicted, labels=labels, sample_weight=sample_weight)
    return matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 0], matrices[:, 1, 1]


def _result(above: Array, below: Array, average: str | None, zero_division: float, support: Array) -> Any:
    if average == "binary":
        return float(averaged(above, below, None, zero_division)[0])
    return averaged(above, below, average, zero_division, support)


def _short(count: Any) -> str:
    return f"{float(count):g}"
