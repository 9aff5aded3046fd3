"""What all losses share: predictions and targets that fit together, weights, and the reduction to one number."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, TypeVar, overload

import numpy as np

from scalargrad import modes
from scalargrad.nn.backends import numbers_of
from scalargrad.ops.given import require_unmasked
from scalargrad.ops.structural import mean, reshape
from scalargrad.ops.structural import sum as total
from scalargrad.settings import Array, number

REDUCTIONS = ("mean", "sum", "none")

LOSSES: dict[str, Callable[..., Any]] = {}
"""Every loss by name."""

Loss = TypeVar("Loss", bound=Callable[..., Any])


MODULES: dict[str, tuple[Callable[..., Any], dict[str, str]]] = {}
"""The losses that are modules as well, by PyTorch's name: the function, and its settings that are called otherwise."""


@overload
def loss(function: Loss) -> Loss: ...
@overload
def loss(*, module: str, **names: str) -> Callable[[Loss], Loss]: ...
def loss(function: Any = None, *, module: str = "", **names: str) -> Any:
    """Register a function of ``(predictions, targets, reduction="mean", *, sample_weight=None)`` as a loss.

    It is in ``nn`` and in ``LOSSES`` by its name then, and ``fit(loss="…")`` finds it. ``module="MSELoss"`` makes the
    class ``nn.MSELoss`` as well, whose settings are those of the function; ``weight="class_weight"`` says that the
    class calls one of them otherwise.
    """
    if function is None:

        def register(function: Loss) -> Loss:
            MODULES[module] = loss(function), names
            return function

        return register
    name = function.__name__
    if name in LOSSES and LOSSES[name].__module__ != function.__module__:
        raise ValueError(f"there is a loss called {name} already")
    LOSSES[name] = function
    return function


def nodes(x: Any, name: str, what: str = "predictions") -> Any:
    """Predictions as they are, lists and whole numbers as arrays of floats."""
    if is_node(x) or (hasattr(x, "shape") and not isinstance(x, np.ndarray)):
        return x
    require_unmasked(f"{name}: {what}", x)
    try:
        array = np.asarray(x)
    except ValueError:
        raise ValueError(f"{name}: {what} must be numbers in rows of one length") from None
    if array.dtype == object:
        for v in array.flat:
            if not (is_node(v) or isinstance(v, Real)):
                raise TypeError(f"{name}: {what} are numbers, not {v!r}")
        return array
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: {what} are numbers, not {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(float)


def is_node(x: Any) -> bool:
    """Whether this is a Value, a Tensor, or what stands for one."""
    return hasattr(type(x), "_apply_op")


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape; () of a single number or Value."""
    return tuple(getattr(x, "shape", ()))


def paired(name: str, predictions: Any, targets: Any) -> tuple[Any, Any]:
    """Predictions and targets of one shape; a column (n, 1) of predictions is taken for (n,) where targets are (n,).

    Nothing else is broadcast: (n, 1) and (n,) would make n² differences.
    """
    p, y = nodes(predictions, name), nodes(targets, name, "targets")
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
    if modes.is_unknown(y):
        return None
    return numbers_of(y) if isinstance(y, np.ndarray) else np.asarray(getattr(y, "_data", y))


def numbers_in(name: str, y: Any, allowed: Any, expected: str) -> Array | None:
    """The numbers of targets, if they are known, all of which must be allowed."""
    numbers = known(y)
    if numbers is None:
        return None
    wrong = numbers[~allowed(numbers)]
    if wrong.size:
        raise ValueError(f"{name}: there is a {wrong.flat[0]:g} among the targets; expected {expected}")
    return numbers


def reduced(
    name: str,
    losses: Any,
    reduction: str,
    sample_weight: Any = None,
    class_weights: Any = None,
    *,
    weighed: bool = False,
) -> Any:
    """The losses of the examples as their mean, their sum, or as they are.

    With weights each loss is multiplied by its own, and the mean is divided by the sum of the weights. Losses that are
    ``weighed`` have the weights of their classes in them already.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"{name}: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    shape = shape_of(losses)
    if reduction == "mean" and 0 in shape:
        raise ValueError(f"{name}: there is no example, so there is no mean; give at least one, or reduction='sum'")
    weights = class_weights
    if sample_weight is not None:
        given = _of_examples(name, sample_weight, shape)
        losses = losses * given if weighed else losses
        weights = given if weights is None else weights * given
    if weights is None:
        if reduction == "none" or not shape:
            return losses
        if losses.dtype == object and losses.size == 1:  # no division by 1 in the drawing
            return losses.reshape(())[()]
        return mean(losses) if reduction == "mean" else total(losses)
    if isinstance(weights, np.ndarray) and weights.dtype.kind == "f":
        weights = np.broadcast_to(weights, shape)
        if reduction == "mean" and not weights.any():
            raise ValueError(f"{name}: all weights are 0, so there is no mean; give one that is not, or 'sum'")
        whole = float(weights.sum())
        if getattr(getattr(losses, "dtype", None), "kind", "") == "f":
            weights = weights.astype(losses.dtype)
        weights = weights if weights.ndim else float(weights)
    else:
        weights = weights * np.ones(shape)
        whole = total(weights) if shape else weights
    if not shape and reduction == "mean":
        return losses / weights if weighed else losses  # the weight of a single example is divided by itself
    weighted = losses if weighed else losses * weights
    if reduction == "none" or not shape:
        return weighted
    summed = total(weighted)
    if reduction == "sum":
        return summed
    return summed * (1 / whole) if isinstance(whole, float) else summed / whole


def _of_examples(name: str, given: Any, shape: tuple[int, ...]) -> Any:
    """The weights of the examples, checked, in a shape that broadcasts against the losses."""
    weights = nodes(given, name, "weights in sample_weight")
    numbers, own = known(weights), shape_of(weights)
    if own != shape[: len(own)]:
        raise ValueError(f"{name}: sample_weight of shape {own} for losses of shape {shape}; give one for each example")
    if numbers is not None and not ((numbers >= 0) & (numbers < np.inf)).all():
        raise ValueError(
            f"{name}: sample_weight has a negative number, nan or infinity; weights are 0 or more, and finite"
        )
    return reshape(weights, own + (1,) * (len(shape) - len(own))) if own and own != shape else weights


def weights_of_classes(name: str, class_weight: Any, labels: Array | None, classes: int) -> Array | None:
    """The weight of each example by its class: ``class_weight`` is a number for each class, or a dict."""
    if class_weight is None:
        return None
    if labels is None:
        raise ValueError(f"{name}: class_weight needs labels that are known while tracing; give sample_weight instead")
    which = labels.astype(int)
    return np.asarray(weights_by_class(name, class_weight, which, classes)[which])


def weights_by_class(name: str, class_weight: Any, labels: Array | None, classes: int) -> Array:
    """The weight of each class; of a dict, which need not have all of them, those of the labels must be there."""
    if isinstance(class_weight, dict):
        unknown = [key for key in class_weight if key not in range(classes)]
        if unknown:
            raise ValueError(f"{name}: class_weight has a weight for {unknown[0]!r}; classes are 0 to {classes - 1}")
        missing = sorted((set(range(classes)) if labels is None else set(labels.ravel().tolist())) - set(class_weight))
        if missing:
            raise ValueError(f"{name}: class_weight has no weight for class {missing[0]}")
        by_class = {c: number(w, f"{name}: class_weight", least=0) for c, w in class_weight.items()}
        weights = np.array([by_class.get(c, 0.0) for c in range(classes)])
    else:
        weights = np.asarray(known(nodes(class_weight, name, "weights in class_weight")), dtype=float)
        if weights.shape != (classes,):
            raise ValueError(
                f"{name}: class_weight of shape {weights.shape} has not a weight for each class, {classes}"
            )
        if not ((weights >= 0) & (weights < np.inf)).all():
            raise ValueError(f"{name}: class_weight has a negative number, nan or infinity; weights are 0 or more")
    return weights
