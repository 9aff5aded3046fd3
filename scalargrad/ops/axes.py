"""Axes: of reductions, as arrays and as lists of Values."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import index
from typing import Any

Axis = int | tuple[int, ...] | None


def normalized(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes as a tuple of non-negative numbers, each of them once."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    if not ndim and axis in (0, -1):  # NumPy takes a single number as an array of one axis here
        return ()
    axes = []
    for i in axis if isinstance(axis, tuple) else (axis,):
        if not -ndim <= index(i) < ndim:
            raise ValueError(f"axis {i} is out of bounds for array of dimension {ndim}")
        axes.append(index(i) % ndim)
    if len(set(axes)) < len(axes):
        raise ValueError(f"an axis is named twice in {axis}")
    return tuple(axes)


def count(a: Any, axis: Axis) -> int:
    """How many elements are reduced to one."""
    return a.size if axis is None else math.prod([a.shape[i] for i in normalized(axis, a.ndim)])


def restored(reduced: Any, a: Any, axis: Axis, keepdims: bool) -> Any:
    """A reduced array in a shape that broadcasts against ``a``: the axes it lost put back with length 1."""
    return reduced if keepdims or axis is None else reduced.reshape(restored_shape(a, axis))


def restored_shape(a: Any, axis: Axis) -> tuple[int, ...]:
    """The shape of ``a`` with length 1 in place of the axes reduced."""
    axes = normalized(axis, a.ndim)
    return tuple([1 if i in axes else n for i, n in enumerate(a.shape)])


def dropped(reduced: Any, a: Any, axis: Axis, keepdims: bool) -> Any:
    """An array reduced with ``keepdims=True`` without the axes of length 1, unless ``keepdims`` asks for them."""
    if not keepdims:
        axes = normalized(axis, a.ndim)
        reduced = reduced.reshape(tuple([n for i, n in enumerate(a.shape) if i not in axes]))
    return reduced[()]


def together(a: Any, axes: tuple[int, ...]) -> Any:
    """``a`` with these axes moved to the end and made one."""
    rest = tuple([i for i in range(a.ndim) if i not in axes])
    shape = (*[a.shape[i] for i in rest], math.prod([a.shape[i] for i in axes]))
    return a.transpose(rest + axes).reshape(shape)


def apart(b: Any, a: Any, axes: tuple[int, ...]) -> Any:
    """The inverse: from the shape of ``together(a, axes)`` back to that of ``a``."""
    order = tuple([i for i in range(a.ndim) if i not in axes]) + axes
    return b.reshape(tuple([a.shape[i] for i in order])).transpose(inverse(order))


def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes that undoes this one."""
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def along(reduce: Callable[[list[Any]], Any], xp: Any, a: Any, axis: Axis, keepdims: bool) -> Any:
    """An object array reduced over axes by a function of a list of Values."""
    lists = together(a, normalized(axis, a.ndim))
    reduced = xp.empty(lists.shape[:-1], object)
    for place in xp.ndindex(reduced.shape):
        reduced[place] = reduce(lists[place].tolist())
    return reduced.reshape(restored_shape(a, axis)) if keepdims else reduced[()]


def expansion(reduce: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    """The expansion of an op that reduces axes, from a function of a list of Values."""
    return lambda xp, a, axis, keepdims: along(reduce, xp, a, axis, keepdims)
