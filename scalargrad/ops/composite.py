"""Functions put together from the ops: they need no derivative of their own, and appear in graphs as their parts.

Like the ops they work on arrays and lists, on object arrays of Values, and on Tensors, under NumPy's names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scalargrad.ops import structural as ops
from scalargrad.ops.elementwise import mul as _mul
from scalargrad.ops.elementwise import sigmoid as _sigmoid
from scalargrad.ops.given import as_array, axes, integer, is_integer, is_number, one_axis, shown
from scalargrad.ops.indexing import lookup as lookup
from scalargrad.ops.indexing import one_hot as one_hot
from scalargrad.ops.rows import COMPOSITE as COMPOSITE
from scalargrad.ops.rows import composite


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
def flip(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """The elements in reverse order along axes, along all of them if none is given.

    >>> flip([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([[2., 1.],
           [4., 3.]])
    """
    a = as_array(a, "flip")
    flipped = range(a.ndim) if axis is None else axes(axis, "flip", a.shape)
    return ops.index(a, tuple(slice(None, None, -1 if i in flipped else 1) for i in range(a.ndim)))


@composite
def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis.

    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    if not hasattr(arrays, "__iter__") or isinstance(arrays, (str, bytes)):
        raise TypeError(f"stack: expected a sequence of arrays, not {shown(arrays)}")
    parts = [as_array(a, "stack") for a in arrays]
    if not parts:
        raise ValueError("stack: the sequence of arrays is empty; give at least one")
    for a in parts:
        if a.shape != parts[0].shape:
            raise ValueError(f"stack: shapes {parts[0].shape} and {a.shape} are not the same")
    place = one_axis(axis, "stack", parts[0].shape, more=1)
    return ops.concatenate([expand_dims(a, place) for a in parts], axis=place)


@composite
def split(a: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The parts of an array along an axis: a number of equal ones, or those between these indices.

    >>> [part.tolist() for part in split([1.0, 2.0, 3.0, 4.0], [1, 3])]
    [[1.0], [2.0, 3.0], [4.0]]
    """
    a = as_array(a, "split")
    axis = one_axis(axis, "split", a.shape)
    length = a.shape[axis]
    if is_integer(indices_or_sections):
        count = int(indices_or_sections)
        if count < 1 or length % count:
            raise ValueError(f"split: axis {axis} of shape {a.shape} cannot be cut into {count} equal parts")
        ends = [length // count * i for i in range(1, count)]
    else:
        if not isinstance(indices_or_sections, (list, tuple)) and getattr(indices_or_sections, "ndim", 0) != 1:
            raise TypeError(f"split: expected a number of parts or a list of indices, not {shown(indices_or_sections)}")
        ends = [integer(i, "split", "an index") for i in indices_or_sections]
    before = (slice(None),) * axis
    bounds = zip([None, *ends], [*ends, None])
    return [ops.index(a, (*before, slice(start, end))) for start, end in bounds]


@composite
def pad(a: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0.0) -> Any:
    """The array with elements added before and after, along each axis.

    ``pad_width`` is one number, a pair ``(before, after)``, or a pair for each axis. The new elements are
    ``constant_values``, given in the same three ways, or repeat the array's own with NumPy's modes edge, reflect,
    symmetric and wrap.

    >>> pad([1.0, 2.0], (1, 2), constant_values=9.0)
    array([9., 1., 2., 9., 9.])
    """
    import numpy as np

    a = as_array(a, "pad")
    widths = _pairs(pad_width, "pad_width", a)
    if any(not is_integer(n) or n < 0 for n in np.asarray(pad_width, object).flat):
        raise ValueError(f"pad: pad_width is made of integers from 0 on, not {pad_width}")
    if not isinstance(mode, str) or mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise ValueError(f"pad: mode is constant, edge, reflect, symmetric or wrap, not {mode!r}")
    values = _pairs(constant_values, "constant_values", a)
    if not all(is_number(x) for pair in values for x in pair):
        raise TypeError(f"pad: constant_values are numbers, not {shown(constant_values)}")
    whole = a.dtype.kind in "fiub" and all(float(x).is_integer() for pair in values for x in pair)
    dtype = a.dtype if whole or a.dtype.kind == "f" else np.dtype(float)
    for axis, ((before, after), ends) in enumerate(zip(widths, values)):
        if mode != "constant":
            source = np.pad(np.arange(a.shape[axis]), (before, after), mode=mode)  # type: ignore[call-overload]
            a = ops.index(a, ((slice(None),) * axis + (source,)))
        elif before or after:
            shapes = [(*a.shape[:axis], n, *a.shape[axis + 1 :]) for n in (before, after)]
            front, back = (np.full(shape, x, dtype) for shape, x in zip(shapes, ends))
            a = ops.concatenate([front, a, back], axis=axis)
    return a


def _pairs(given: Any, what: str, a: Any) -> list[list[Any]]:
    """A pair (before, after) for each axis of ``a``, from one number, one pair, or a pair for each."""
    import numpy as np

    try:
        pairs: list[list[Any]] = np.broadcast_to(np.asarray(as_array(given, "pad")), (a.ndim, 2)).tolist()
    except ValueError:
        raise ValueError(f"pad: {what} {given} does not fit shape {a.shape}") from None
    return pairs


@composite
def outer(a: Any, b: Any) -> Any:
    """The products of every element of ``a`` with every one of ``b``: a row for each of ``a``.

    >>> outer([1.0, 2.0], [3.0, 4.0, 5.0])
    array([[ 3.,  4.,  5.],
           [ 6.,  8., 10.]])
    """
    return _mul(ops.reshape(a, (-1, 1)), ops.reshape(b, (1, -1)))


@composite
def dot(a: Any, b: Any) -> Any:
    """NumPy's dot: the sum of products over the last axis of ``a`` and the last but one of ``b``.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    a, b = as_array(a, "dot"), as_array(b, "dot")
    if not a.ndim or not b.ndim:
        return _mul(a, b)
    if b.ndim <= 2:
        return ops.matmul(a, b)
    columns = ops.reshape(ops.transpose(b, (b.ndim - 2, *range(b.ndim - 2), b.ndim - 1)), (b.shape[-2], -1))
    return ops.reshape(ops.matmul(a, columns), (*a.shape[:-1], *b.shape[:-2], b.shape[-1]))


@composite
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements whose indices along two axes are equal, or differ by ``offset``, as the last axis.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    import numpy as np

    a, offset = as_array(a, "diagonal"), integer(offset, "diagonal", "offset")
    i = one_axis(axis1, "diagonal", a.shape, what="axis1")
    j = one_axis(axis2, "diagonal", a.shape, what="axis2")
    if i == j:
        raise ValueError(f"diagonal: axis1 and axis2 are the same axis of shape {a.shape}")
    a = ops.transpose(a, (*(k for k in range(a.ndim) if k not in (i, j)), i, j))
    first, second = max(-offset, 0), max(offset, 0)
    steps = np.arange(max(min(a.shape[-2] - first, a.shape[-1] - second), 0))
    return ops.index(a, (..., steps + first, steps + second))


@composite
def glu(a: Any, axis: int = -1) -> Any:
    """Gated linear unit (Dauphin et al. 2017): the first half along an axis times the sigmoid of the second.

    >>> glu([2.0, 0.0])
    array([1.])
    """
    first, second = split(a, 2, axis)
    return _mul(first, _sigmoid(second))


FUNCTIONS_ONLY = (stack, one_hot)
"""Those that are no methods of an array: they take several, or labels."""

__all__ = sorted(COMPOSITE)
