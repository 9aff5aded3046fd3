"""Arguments of metrics as plain arrays: numbers out of nodes, and one sentence where something is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.graph import Node
from scalargrad.ops.given import require_unmasked
from scalargrad.settings import Array, short


def plain(data: Any, what: str = "") -> Array:
    """The numbers (or texts) in ``data``: a number, a list, an array, a Tensor, Values in any of these."""
    require_unmasked(what or "metrics", data)
    if isinstance(data, Node):
        return np.asarray(data.data)
    if isinstance(data, (list, tuple)) and any(isinstance(x, (Node, list, tuple, np.ndarray)) for x in data):
        parts = [plain(x, what) for x in data]
        if len({part.shape for part in parts}) > 1:
            lengths = [len(np.atleast_1d(p)) for p in parts]
            raise ValueError(f"{what or 'data'}: the rows given have the lengths {lengths}, not one length")
        return np.array(parts)
    array = np.asarray(data)
    if array.dtype == object and any(isinstance(x, Node) for x in array.flat):
        return np.array([plain(x) for x in array.flat]).reshape(array.shape)
    return array


def numbers(data: Any, what: str) -> Array:
    """``data`` as finite float64 numbers; ValueError or TypeError otherwise."""
    array = plain(data, what)
    if array.dtype == object:
        raise TypeError(f"{what}: expected numbers, not {_odd(array)!r}")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what}: expected numbers, not an array of {array.dtype}")
    floats = array.astype(np.float64)
    require_some(floats, what)
    bad = ~np.isfinite(floats)
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        where = str(place[0] if len(place) == 1 else place)
        raise ValueError(f"{what} has {floats[place]} at position {where}: every number must be finite")
    return floats


def class_labels(data: Any, what: str) -> Array:
    """``data`` as one label for each example: whole numbers or texts, of shape (n,)."""
    array = plain(data, what)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(
            f"{what} must hold one label for each example, not an array of shape {array.shape}: "
            "take argmax(axis=1) of scores, probabilities or one-hot rows first"
        )
    require_some(array, what)
    if array.dtype == object:
        if not all(isinstance(x, str) for x in array):
            raise TypeError(f"{what}: a label is a whole number or a text, not {_odd(array)!r}")
        return array.astype(str)
    if array.dtype.kind in "US":
        return array.astype(str)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what}: a label is a whole number or a text, not {array.dtype}")
    if array.dtype.kind in "iub":
        return array.astype(np.int64)
    whole = numbers(array, what)
    fraction = whole != np.floor(whole)
    if fraction.any():
        raise ValueError(
            f"{what} has {whole[fraction][0]}, which is no label: give whole numbers or texts, "
            "such as scores > 0.5 instead of scores"
        )
    return whole.astype(np.int64)


def one_label(given: Any, what: str) -> Any:
    """A single class, as a plain number or text."""
    array = plain(given, what)
    if array.size != 1 or array.dtype.kind not in "fiubU":
        raise TypeError(f"{what} is one class, a whole number or a text, not {short(given)}")
    return array.item()


def two_of_labels(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    """True and predicted labels, of one length and one kind."""
    true, predicted = class_labels(y_true, "y_true"), class_labels(y_pred, "y_pred")
    require_length(predicted, len(true), "y_pred")
    if true.dtype.kind != predicted.dtype.kind:
        raise TypeError(f"y_true has labels like {true[0]!r} and y_pred like {predicted[0]!r}: use one kind of label")
    return true, predicted


def weights(sample_weight: Any, n: int) -> Array:
    """The weight of each example, 1 if none are given; not negative, and not all 0."""
    if sample_weight is None:
        return np.ones(n)
    given = numbers(sample_weight, "sample_weight")
    if given.shape != (n,):
        raise ValueError(f"sample_weight must hold one weight for each of the {n} examples, not shape {given.shape}")
    if (given < 0).any() or not given.any():
        raise ValueError("sample_weight must not be negative, and not 0 for every example")
    return given


def require_some(array: Array, what: str) -> None:
    if not array.size:
        raise ValueError(f"{what} is empty: there must be at least one example")


def require_length(array: Array, n: int, what: str) -> None:
    if len(array) != n:
        count = f"{len(array)} example{'s' * (len(array) != 1)}"
        raise ValueError(f"{what} has {count} and y_true has {n}: they must be of one length")


def listed(labels: Any, limit: int = 10) -> str:
    """Labels as a list for a message, at most ``limit`` of them."""
    names = [repr(x.item() if isinstance(x, np.generic) else x) for x in labels]
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")


def _odd(array: Array) -> Any:
    """The first element that is neither a number nor a text."""
    return next((x for x in array.flat if not isinstance(x, (int, float, str))), array.flat[0])
