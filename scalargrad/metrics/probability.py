"""How good predicted probabilities are."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.metrics.arrays import class_labels, listed, numbers, require_length, weights
from scalargrad.metrics.curves import columns_of
from scalargrad.settings import Array

__all__ = ["log_loss"]


def log_loss(y_true: Any, probabilities: Any, *, labels: Any = None, sample_weight: Any = None) -> float:
    """The mean surprise −(1/n) Σ ln p_i(y_i), in nats, p_i(y_i) being the probability given to the true class.

    ``probabilities`` of shape (n,) are those of the greater of two classes; of shape (n, classes), one row for each
    example, which sums to 1. ``labels`` names the classes in their order, by default 0, 1, … (or those that occur).
    A probability of 0 counts as 2.2e-16, so that one mistake made with certainty costs 36 and not infinity.

    Raises ValueError for probabilities outside [0, 1], rows that do not sum to 1, labels without a column, a single
    class that occurs if it is not 0 or 1 and ``labels`` are not given, lengths that differ, no examples, nan.

    >>> round(log_loss([1, 0], [0.8, 0.4]), 6)
    0.366985
    >>> round(log_loss([0, 2, 2], [[0.71, 0.26, 0.03], [0.02, 0.0, 0.98], [0.49, 0.49, 0.02]]), 6)
    1.424905
    """
    true, given = class_labels(y_true, "y_true"), numbers(probabilities, "probabilities")
    if given.ndim > 2 or given.ndim == 0:
        raise ValueError(f"probabilities must have the shape (n,) or (n, classes), not {given.shape}")
    require_length(given, len(true), "probabilities")
    outside = (given < 0) | (given > 1)
    if outside.any():
        raise ValueError(
            f"a probability lies between 0 and 1, but {given[outside][0]} was given: "
            "turn scores into probabilities with sigmoid or softmax first"
        )
    if given.ndim == 1 or given.shape[1] == 1:
        positive = _positive(true, labels)
        p = given.reshape(-1)
        of_truth = np.where(positive, p, 1 - p)
    else:
        sums = given.sum(axis=1)
        off = np.abs(sums - 1) > 1e-5
        if off.any():
            row = int(np.argmax(off))
            raise ValueError(f"row {row} of the probabilities sums to {sums[row]:.6g}, not to 1: apply softmax first")
        column, _ = columns_of(true, given.shape[1], labels, "probabilities")
        of_truth = given[np.arange(len(true)), column]
    least = np.finfo(float).eps
    surprise = -np.log(np.clip(of_truth, least, 1 - least))
    return float(np.average(surprise, weights=weights(sample_weight, len(true))))


def _positive(true: Array, labels: Any) -> Array:
    """Which examples are of the second class."""
    occurring = np.unique(true)
    if labels is not None:
        classes = class_labels(labels, "labels")
    elif occurring.dtype.kind == "i" and set(occurring.tolist()) <= {0, 1}:
        classes = np.array([0, 1])
    else:
        classes = occurring
    if len(classes) != 2:
        raise ValueError(
            f"one probability for each example is for two classes, but there are {len(classes)} ({listed(classes)}): "
            "give one column for each class, or name both classes with labels="
        )
    unknown = np.setdiff1d(occurring, classes)
    if unknown.size:
        raise ValueError(f"y_true has the label {unknown[0].item()!r}, which is not among labels={listed(classes)}")
    return np.asarray(true == np.sort(classes)[1])
