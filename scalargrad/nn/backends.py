"""Where the numbers of a module live: in Values, or in Tensors. Everything else in nn is written once for both."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from scalargrad.engine import Value
from scalargrad.ops.given import require_unmasked
from scalargrad.packages import BACKENDS
from scalargrad.rules import LEAF
from scalargrad.settings import Array, short


def backend_of(backend: Any, where: str = "") -> type:
    """The class of nodes of a backend, given by name or as the class; ``where`` begins the error message.

    >>> backend_of("value"), backend_of("tensor")
    (<class 'scalargrad.engine.Value'>, <class 'fastpath.tensor.Tensor'>)
    """
    if isinstance(backend, str) and backend in BACKENDS:
        module, _, name = BACKENDS[backend].partition(":")
        return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]
    if isinstance(backend, type) and hasattr(backend, "_apply_op"):
        return backend
    what = f"{where}: backend" if where else "backend"
    raise ValueError(f"{what} is 'value' or 'tensor' (or the class Value or Tensor), not {short(backend)}")


def parameter(numbers: Any, backend: Any, label: str | None = None) -> Any:
    """A parameter with these numbers: an object array of Values, or a Tensor that requires a gradient.

    The Values are labelled by their place, ``W_01``.
    """
    kind = backend_of(backend)
    require_unmasked("a parameter", numbers)
    array = np.asarray(numbers, dtype=None if getattr(numbers, "dtype", None) is not None else float)
    nodes = as_values(array) if kind is Value else kind(array, requires_grad=True)
    if label is not None:
        relabel(nodes, label)
    return nodes


def relabel(nodes: Any, label: str) -> None:
    """Label a Tensor, or each Value of an array by its place."""
    if not isinstance(nodes, np.ndarray):
        nodes.label = label
        return
    joint = "" if all(n <= 10 for n in nodes.shape) else ","
    for place, node in np.ndenumerate(nodes):
        node.label = label + (f"_{joint.join(map(str, place))}" if place else "")


def as_values(numbers: Array) -> Array:
    """An object array with a Value for each number."""
    box = np.empty(numbers.shape, dtype=object)
    box.ravel()[:] = [Value(x) for x in numbers.ravel().tolist()]
    return box


def is_parameter(x: Any) -> bool:
    """Whether this is a parameter: a leaf that takes a gradient, or an array or a list of such leaves."""
    if hasattr(type(x), "_apply_op"):
        return x.op is None and bool(getattr(x, "requires_grad", isinstance(x, Value)))
    if isinstance(x, np.ndarray):
        return x.dtype == object and x.size > 0 and _all_leaves(x.ravel().tolist())
    return isinstance(x, (list, tuple)) and bool(x) and _all_leaves(x)


def _all_leaves(members: Sequence[Any]) -> bool:
    """Whether all are Values without an operation. (``op`` itself would cost ``parameters()`` twice the time.)"""
    if not all(issubclass(kind, Value) for kind in set(map(type, members))):
        return False
    return not [v for v in members if v._rule is not LEAF]


def as_nodes(x: Any) -> Any:
    """A parameter as an object array of Values, or as the Tensor it is."""
    if isinstance(x, Value):
        box = np.empty((), dtype=object)
        box[()] = x
        return box
    return np.array(x, dtype=object) if isinstance(x, (list, tuple)) else x


def numbers_of(x: Any) -> Array:
    """The plain numbers of a parameter, or of any array of nodes: a copy."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.array([float(v) for v in x.flat]).reshape(x.shape)
    return np.array(x.data if hasattr(type(x), "_apply_op") else x)


def set_numbers(x: Any, numbers: Array) -> None:
    """Put numbers of the same shape into a parameter."""
    if isinstance(x, np.ndarray):
        for v, number in zip(x.flat, numbers.ravel().tolist(), strict=True):
            v.data = number
    else:
        x.data = numbers


def is_value_backed(x: Any) -> bool:
    """Whether a parameter consists of Values."""
    return isinstance(x, np.ndarray)
