"""What all losses share: predictions and targets that fit together, weights, and the reduction to one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.nn.backends import Array, numbers_of
from scalargrad.ops.given import require_unmasked
from scalargrad.ops.structural import mean, reshape
from scalargrad.ops.structural import sum as total

REDUCTIONS = ("mean", "sum", "none")


def nodes(x: Any) -> Any:
    """Predictions as they are, lists as arrays."""
    require_unmasked("a loss", x)
    if hasattr(x, "shape") or hasattr(type(x), "_apply_op"):
        return x
    array = np.asarray(x)
    return array if array.dtype == object else array.astype(float)


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape; () of a single number or Value."""
    return tuple(getattr(x, "shape", ()))


def targets_of(y: Any, name: str) -> Any:
    """Targets as an array of floats, or as the nodes they are."""
    if hasattr(type(y), "_apply_op"):
        return y
    require_unmasked(name, y)
    array = np.asarray(y)
    if array.dtype == object:
        return array
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: targets are numbers, not {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(float)


def paired(name: str, predictions: Any, targets: Any) -> tuple[Any, Any]:
    """Predictions and targets of one shape; a column (n, 1) of predictions is taken for (n,) where targets are (n,).

    Nothing else is broadcast: (n, 1) and (n,) would make n² differences.
    """
    p, y = nodes(predictions), targets_of(targets, name)
    have, want = shape_of(p), shape_of(y)
    if have == (*want, 1) and have:
        p = reshape(p, want) if want else p[0]
    elif want == (*have, 1):
        y = y.reshape(have) if have else y.reshape(())[()]
    elif have != want:
        raise ValueError(f"{name}: predictions of shape {have} for targets of shape {want}; they must be the same")
    if isinstance(y, np.ndarray) and y.ndim and hasattr(p, "dtype") and p.dtype.kind == "f" and y.dtype.kind == "f":
        y = y.astype(p.dtype, copy=False)
    return p, y


def known(y: Any) -> Array | None:
    """The numbers of targets; None of those that only stand for numbers, while a function is traced."""
    if isinstance(y, np.ndarray) and y.dtype != object:
        return y
    if hasattr(y, "drawn") or (modes.tracer() is not None and not hasattr(y, "requires_grad")):
        return None
    return numbers_of(y) if isinstance(y, np.ndarray) else np.asarray(getattr(y, "data", y))


def numbers_in(name: str, y: Any, allowed: Any, told: str) -> Array | None:
    """The numbers of targets, if they are known, all of which must be allowed."""
    numbers = known(y)
    if numbers is None:
        return None
    wrong = numbers[~allowed(numbers)]
    if wrong.size:
        raise ValueError(f"{name}: there is a {wrong.flat[0]:g} among the targets; expected {told}")
    return numbers


def reduced(name: str, losses: Any, reduction: str, sample_weight: Any = None, class_weights: Any = None) -> Any:
    """The losses of the examples as their mean, their sum, or as they are.

    With weights each loss is multiplied by its own, and the mean is divided by the sum of the weights.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"{name}: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    weights = class_weights
    if sample_weight is not None:
        given = np.asarray(sample_weight, dtype=float)
        if given.shape != shape_of(losses)[: given.ndim] or given.ndim > len(shape_of(losses)):
            raise ValueError(
                f"{name}: sample_weight of shape {given.shape} for losses of shape {shape_of(losses)}; give one for "
                "each example"
            )
        if not (given >= 0).all():
            raise ValueError(f"{name}: sample_weight has a negative number or nan; weights are 0 or more")
        given = given.reshape(given.shape + (1,) * (len(shape_of(losses)) - given.ndim))
        weights = given if weights is None else weights * given
    if weights is None:
        if reduction == "none" or not shape_of(losses):
            return losses
        if losses.dtype == object and losses.size == 1:  # no division by 1 in the drawing
            return losses.reshape(())[()]
        return mean(losses) if reduction == "mean" else total(losses)
    weights = np.broadcast_to(weights, shape_of(losses))
    if getattr(getattr(losses, "dtype", None), "kind", "") == "f":
        weights = weights.astype(losses.dtype)
    weighted = losses * (weights if weights.ndim else float(weights))
    if reduction == "none" or not shape_of(losses):
        return weighted
    if reduction == "sum":
        return total(weighted)
    whole = float(weights.sum())
    if whole == 0:
        raise ValueError(f"{name}: all weights are 0, so there is no mean; give one that is not, or reduction='sum'")
    return total(weighted) * (1 / whole)


def weights_of_classes(name: str, class_weight: Any, labels: Array | None) -> Array | None:
    """The weight of each example by its class: ``class_weight`` is a number for each class, or a dict."""
    if class_weight is None:
        return None
    if labels is None:
        raise ValueError(f"{name}: class_weight needs labels that are known while tracing; give sample_weight instead")
    classes = labels.astype(int)
    if isinstance(class_weight, dict):
        missing = sorted(set(classes.ravel().tolist()) - set(class_weight))
        if missing:
            raise ValueError(f"{name}: class_weight has no weight for class {missing[0]}")
        return np.array([class_weight[c] for c in classes.ravel().tolist()], dtype=float).reshape(classes.shape)
    weights = np.asarray(class_weight, dtype=float)
    if weights.ndim != 1 or (classes.size and classes.max() >= len(weights)):
        raise ValueError(f"{name}: class_weight of shape {weights.shape} has not a weight for each class")
    return np.asarray(weights[classes])
