"""Losses of labels that are classes: with weights of classes, a label to leave out, and label smoothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.nn.losses.reducing import reduced, shape_of, weights_by_class
from scalargrad.ops import elementwise as ops
from scalargrad.ops import structural
from scalargrad.ops.given import integer, outside, require_unmasked
from scalargrad.ops.structural import index, reshape
from scalargrad.ops.structural import sum as total
from scalargrad.settings import number


def are_probabilities(z: Any, y: Any) -> bool:
    """Whether labels are a probability for each class, and not classes."""
    kind = getattr(getattr(y, "dtype", None) or np.asarray(y).dtype, "kind", "")
    return kind in "fO" and shape_of(z) == np.shape(y) and shape_of(z) != ()


def of_probabilities(
    name: str, z: Any, y: Any, reduction: str, sample_weight: Any, class_weight: Any, ignore_index: Any, smoothing: Any
) -> Any:
    """The cross-entropy of logits and probabilities, these mixed with equal ones by label smoothing."""
    for what, given in (("class_weight", class_weight), ("ignore_index", ignore_index)):
        if given is not None:
            raise ValueError(f"{name}: {what} needs labels that are classes (ints), not probabilities")
    smoothing = number(smoothing, f"{name}: label_smoothing", least=0, most=1)
    y = y if hasattr(y, "dtype") else np.asarray(y, dtype=float)
    smooth = y * (1 - smoothing) + smoothing / shape_of(z)[-1]
    return reduced(name, structural.cross_entropy(z, smooth, "none"), reduction, sample_weight)


def of_classes(
    name: str, log_p: Any, y: Any, reduction: str, sample_weight: Any, class_weight: Any, ignore_index: Any,
    smoothing: Any = 0.0,
) -> Any:  # fmt: skip
    """−log p of the right class, from log-probabilities, as PyTorch has it with all its settings.

    With w the weight of a class, s the label smoothing and C classes, an example costs
    −(1 − s)·w_y·log p_y − s/C·Σ w_c·log p_c; one that is left out costs nothing. The mean is divided by the sum of the
    w_y of those that are not left out.
    """
    if not shape_of(log_p):
        raise ValueError(f"{name}: expected scores (n, classes), not a single number")
    classes = shape_of(log_p)[-1]
    smoothing = number(smoothing, f"{name}: label_smoothing", least=0, most=1)
    left_out = None if ignore_index is None else integer(ignore_index, name, "ignore_index")
    labels: Any = None
    left: Any = None
    if modes.is_unknown(y):
        if reduction == "mean" and left_out is not None and not hasattr(y, "ndim"):  # a Value of scalar code
            raise ValueError(f"{name}: a mean without the examples of ignore_index is not that of each: take 'sum'")
        hot, left = _traced(name, y, classes, left_out)
        loss = -total(ops.where(hot, log_p, 0.0), axis=-1)
    else:
        if left_out is not None:
            require_unmasked(f"{name}: labels", y)
            y = np.asarray(getattr(y, "_data", y))
            left = (y == left_out).astype(float)
            y = np.where(left > 0, 0, y).astype(y.dtype)
        labels = checked(name, log_p, y)
        loss = -chosen(log_p, labels)
    weights = None if class_weight is None else weights_by_class(name, class_weight, labels, classes)
    share: Any = None
    if labels is None:
        share = total(hot * (np.ones(classes) if weights is None else weights), axis=-1)
    elif weights is not None:
        share = np.asarray(weights[labels])
    elif left is not None or smoothing:
        share = np.ones(labels.shape)
    if left is not None:
        share = share * (1 - left) if labels is None else np.asarray(share * (1 - left))
    if not smoothing:
        return reduced(name, loss, reduction, sample_weight, share)
    every = -total(log_p if weights is None else log_p * weights, axis=-1) * (smoothing / classes)
    mixed = loss * share * (1 - smoothing) + (every if left is None else every * (1 - left))
    return reduced(name, mixed, reduction, sample_weight, share, weighed=True)


def _traced(name: str, y: Any, classes: int, left_out: int | None) -> tuple[Any, Any]:
    """One-hot labels of those that only stand for numbers, and 1 for each that is left out."""
    each: Any = y if not hasattr(y, "ndim") or not y.ndim else reshape(y, (*y.shape, 1))
    hot = ops.equal(each, np.arange(classes))
    left = None if left_out is None else ops.equal(y, left_out)
    if hasattr(y, "ndim"):
        if y.dtype.kind not in "iu":
            raise ValueError(f"{name}: labels are classes, whole numbers from 0 to {classes - 1}, not {y.dtype}")

        def check(labels: Any) -> None:
            wrong = outside(labels if left_out is None else labels[labels != left_out], classes)
            if wrong is not None:
                raise ValueError(f"{name}: there is a label {wrong} among labels for {classes} classes")

        check(y._data)
        tracer = modes.tracer()
        if tracer is not None:
            tracer.observe(check, y)
    else:  # nan for what is no class: an array of Values takes any number
        there = total(hot, axis=-1) + (0.0 if left is None else left)
        hot = hot * ops.where(ops.equal(there, 0.0), np.nan, 1.0)
    return hot, left


def checked(name: str, z: Any, y: Any) -> Any:
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


def chosen(p: Any, labels: Any) -> Any:
    """Of each example the element of its label."""
    return index(p, labels) if labels.ndim == 0 else index(p, (*np.indices(labels.shape), labels))
