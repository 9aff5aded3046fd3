"""Functions of shapes, put together from the ops: axes moved, added, made one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from scalargrad.ops import moving as ops
from scalargrad.ops.given import as_array, axes, one_axis, shown
from scalargrad.ops.rows import composite

# --- axes ------------------------------------------------------------------------------------------------------------


@composite
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """The array with two axes exchanged.

    >>> swapaxes([[1.0, 2.0], [3.0, 4.0]], 0, 1)
    array([[1., 3.],
           [2., 4.]])
    """
    a = as_array(a, "swapaxes")
    order = list(range(a.ndim))
    i = one_axis(axis1, "swapaxes", a.shape, what="axis1")
    j = one_axis(axis2, "swapaxes", a.shape, what="axis2")
    order[i], order[j] = j, i
    return ops.transpose(a, tuple(order))


@composite
def moveaxis(a: Any, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Any:
    """The array with axes moved to other places; the rest stay in their order.

    >>> import numpy as np
    >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    a = as_array(a, "moveaxis")
    left, right = axes(source, "moveaxis", a.shape), axes(destination, "moveaxis", a.shape)
    if len(left) != len(right):
        raise ValueError(f"moveaxis: {len(left)} axes cannot be moved to {len(right)} places")
    order = [i for i in range(a.ndim) if i not in left]
    for place, axis in sorted(zip(right, left)):
        order.insert(place, axis)
    return ops.transpose(a, tuple(order))


@composite
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """The array with one axis moved before the axis ``start``; :func:`moveaxis` is easier to read.

    >>> import numpy as np
    >>> rollaxis(np.zeros((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    a = as_array(a, "rollaxis")
    i = one_axis(axis, "rollaxis", a.shape)
    j = one_axis(start, "rollaxis", a.shape, more=1, what="start") if start != -1 else a.ndim - 1
    order = [k for k in range(a.ndim) if k != i]
    order.insert(j - (i < j), i)
    return ops.transpose(a, tuple(order))


@composite
def squeeze(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """The array without its axes of length 1, or without those given, which must be of length 1.

    >>> squeeze([[1.0, 2.0]])
    array([1., 2.])
    """
    a = as_array(a, "squeeze")
    ones = tuple(i for i, n in enumerate(a.shape) if n == 1)
    gone = ones if axis is None else axes(axis, "squeeze", a.shape)
    for i in gone:
        if a.shape[i] != 1:
            raise ValueError(f"squeeze: axis {i} of shape {a.shape} has length {a.shape[i]}, not 1")
    return ops.reshape(a, tuple(n for i, n in enumerate(a.shape) if i not in gone))


@composite
def expand_dims(a: Any, axis: int | tuple[int, ...]) -> Any:
    """The array with new axes of length 1, at these places of the result.

    >>> expand_dims([1.0, 2.0], -1).shape
    (2, 1)
    """
    a = as_array(a, "expand_dims")
    new = axes(axis, "expand_dims", a.shape, more_each=True)
    lengths = iter(a.shape)
    return ops.reshape(a, tuple(1 if i in new else next(lengths) for i in range(a.ndim + len(new))))


@composite
def ravel(a: Any, order: str = "C") -> Any:
    """All elements along one axis: row by row, or column by column with ``order="F"``.

    >>> ravel([[1.0, 2.0], [3.0, 4.0]], order="F")
    array([1., 3., 2., 4.])
    """
    a = as_array(a, "ravel")
    if not isinstance(order, str) or order not in ("C", "F"):
        raise ValueError(f"ravel: order is 'C' (row by row) or 'F' (column by column), not {shown(order)}")
    return ops.reshape(ops.transpose(a) if order == "F" else a, -1)


@composite
def flatten(a: Any, start_dim: int | str = 0, end_dim: int = -1, order: str = "C") -> Any:
    """All elements along one axis (NumPy); or only the axes from ``start_dim`` to ``end_dim`` made one (PyTorch).

    ``flatten(x, 1)`` makes of every example of a batch a row. An ``order`` may come first, as in NumPy.

    >>> import numpy as np
    >>> flatten(np.zeros((2, 3, 4))).shape, flatten(np.zeros((2, 3, 4)), 1).shape
    ((24,), (2, 12))
    """
    a = as_array(a, "flatten")
    start_dim, order = (0, start_dim) if isinstance(start_dim, str) else (start_dim, order)
    if start_dim == 0 and end_dim == -1:
        return ravel(a, order)
    start = one_axis(start_dim, "flatten", a.shape, what="start_dim")
    end = one_axis(end_dim, "flatten", a.shape, what="end_dim") + 1
    if start >= end or order != "C":
        raise ValueError(f"flatten: start_dim={start_dim}, end_dim={end_dim}, order={order!r} name no axes in a row")
    return ops.reshape(a, (*a.shape[:start], math.prod(a.shape[start:end]), *a.shape[end:]))


# --- at least so many axes -------------------------------------------------------------------------------------------


def _each(arrays: tuple[Any, ...], name: str, shape_of: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Any:
    """The arrays in these shapes, one alone or several as a tuple."""
    if not arrays:
        raise TypeError(f"{name}: give at least one array")
    given = [as_array(a, name) for a in arrays]
    found = tuple([a if a.shape == shape_of(a.shape) else ops.reshape(a, shape_of(a.shape)) for a in given])
    return found if len(found) > 1 else found[0]


@composite
def atleast_1d(*arrays: Any) -> Any:
    """The array with at least one axis; several arrays as a tuple.

    >>> atleast_1d(3.0)
    array([3.])
    """
    return _each(arrays, "atleast_1d", lambda shape: shape or (1,))


@composite
def atleast_2d(*arrays: Any) -> Any:
    """The array with at least two axes: new ones come first. Several arrays as a tuple.

    >>> atleast_2d([1.0, 2.0])
    array([[1., 2.]])
    """
    return _each(arrays, "atleast_2d", lambda shape: (1,) * (2 - len(shape)) + shape)


@composite
def atleast_3d(*arrays: Any) -> Any:
    """The array with at least three axes, as NumPy has it: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1).

    >>> atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """

    def shape_of(shape: tuple[int, ...]) -> tuple[int, ...]:
        return (1, *shape, 1) if len(shape) == 1 else shape + (1,) * (3 - len(shape))

    return _each(arrays, "atleast_3d", shape_of)
