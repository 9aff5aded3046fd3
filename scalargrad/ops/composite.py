"""Functions put together from the ops: they need no derivative of their own, and appear in graphs as their parts.

Like the ops they work on arrays and lists, on object arrays of Values, and on Tensors, under NumPy's names.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from scalargrad import modes
from scalargrad.ops import structural as ops
from scalargrad.ops.elementwise import mul as _mul
from scalargrad.ops.expansions import selected
from scalargrad.ops.given import (
    REFUSALS,
    as_array,
    axes,
    integer,
    is_integer,
    is_number,
    is_raw,
    named,
    one_axis,
    require_numbers,
    shown,
)
from scalargrad.ops.registry import OPS
from scalargrad.ops.structure import STRUCTURAL

P = ParamSpec("P")
R = TypeVar("R")

COMPOSITE: dict[str, Callable[..., Any]] = {}
"""Every function of this kind by name."""


def _composite(function: Callable[P, R]) -> Callable[P, R]:
    """Register a function; what it refuses, it refuses under its own name and not that of an op it is made from."""

    @functools.wraps(function)
    def call(*arguments: P.args, **settings: P.kwargs) -> R:
        try:
            return function(*arguments, **settings)
        except REFUSALS as error:
            if not is_raw(error):
                raise
            raise named(error, function.__name__, {*OPS, *STRUCTURAL, *COMPOSITE}) from None

    COMPOSITE[function.__name__] = call
    return call


@_composite
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


@_composite
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


@_composite
def expand_dims(a: Any, axis: int | tuple[int, ...]) -> Any:
    """The array with new axes of length 1, at these places of the result.

    >>> expand_dims([1.0, 2.0], -1).shape
    (2, 1)
    """
    a = as_array(a, "expand_dims")
    new = axes(axis, "expand_dims", a.shape, more_each=True)
    lengths = iter(a.shape)
    return ops.reshape(a, tuple(1 if i in new else next(lengths) for i in range(a.ndim + len(new))))


@_composite
def flip(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """The elements in reverse order along axes, along all of them if none is given.

    >>> flip([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([[2., 1.],
           [4., 3.]])
    """
    a = as_array(a, "flip")
    flipped = range(a.ndim) if axis is None else axes(axis, "flip", a.shape)
    return ops.index(a, tuple(slice(None, None, -1 if i in flipped else 1) for i in range(a.ndim)))


@_composite
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


@_composite
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


@_composite
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


@_composite
def outer(a: Any, b: Any) -> Any:
    """The products of every element of ``a`` with every one of ``b``: a row for each of ``a``.

    >>> outer([1.0, 2.0], [3.0, 4.0, 5.0])
    array([[ 3.,  4.,  5.],
           [ 6.,  8., 10.]])
    """
    return _mul(ops.reshape(a, (-1, 1)), ops.reshape(b, (1, -1)))


@_composite
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


@_composite
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


@_composite
def one_hot(labels: Any, classes: int, dtype: Any = float) -> Any:
    """A row of zeros with a 1 in the label's place, for each label: an array, through which no gradient passes.

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    import numpy as np

    if hasattr(labels, "ndim") and modes.is_unknown(labels):
        return lookup(np.eye(integer(classes, "one_hot", "classes"), dtype=dtype), labels)
    if hasattr(type(labels), "_apply_op"):
        labels = labels._data
    array = labels if type(labels) is np.ndarray else np.asarray(as_array(labels, "one_hot"))
    if array.size == 0 and isinstance(labels, (list, tuple)):
        array = array.astype(int)
    if array.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels are integers, not {array.dtype}")
    classes = integer(classes, "one_hot", "classes")
    if classes < 1:
        raise ValueError(f"one_hot: classes is at least 1, not {classes}")
    unsigned = array.view(f"u{array.dtype.itemsize}")  # in which a negative one is too large
    if array.size and unsigned.max() >= classes:
        raise ValueError(
            f"one_hot: there is a label {array[unsigned >= classes][0]} among labels for {classes} classes"
        )
    hot = np.zeros((array.size, classes), dtype)
    hot[np.arange(array.size), array.ravel()] = 1
    return hot.reshape((*array.shape, classes))


@_composite
def lookup(table: Any, index: Any) -> Any:
    """The entries of a table at whole numbers from 0: ``table[index]``, as an embedding takes the rows of its tokens.

    The table is an array, a Tensor, or a list or array of Values, along its first axis; the gradient of an entry is the
    sum of the upstreams of its places. Unlike ``table[index]`` it also stands in scalar code that is compiled, where
    the index is a number of each example: an entry is then Σₖ tableₖ·[index = k], and nan where there is none.

    >>> from scalargrad import Value
    >>> lookup([0.5, 1.5, 2.5], [2, 0, 2])
    array([2.5, 0.5, 2.5])
    >>> lookup([Value(1.0), Value(3.0)], 1)
    Value(3.0)
    """
    import numpy as np

    entries = as_array(table, "lookup")
    if not entries.ndim:
        raise TypeError(f"lookup: the table is an array or a list, not {shown(table)}")
    if isinstance(entries, np.ndarray):
        require_numbers(entries, "lookup")
    if not len(entries):
        raise ValueError("lookup: the table is empty")
    where, tracer = index, modes.tracer()
    if hasattr(type(index), "_apply_op") and not hasattr(index, "ndim"):  # a Value
        if tracer is not None:
            return selected(entries, index)
        where = index._data
        if where != int(where):
            raise TypeError(f"lookup: an index is a whole number, not {where:g}")
        where = int(where)
    elif tracer is not None and hasattr(index, "ndim") and tracer.is_unknown(index):
        check = functools.partial(_places_in, len(entries))
        check(index._data)
        tracer.observe(check, index)
        return ops.index(entries, where)
    if hasattr(type(where), "_apply_op"):
        where = where._data
    _places_in(len(entries), np.asarray(as_array(where, "lookup")))
    if isinstance(entries, np.ndarray):
        return entries[np.asarray(where)]
    return ops.index(entries, where)


def _places_in(size: int, index: Any) -> None:
    """Refuse indices that are outside a table."""
    if index.dtype.kind not in "iu":
        raise TypeError(f"lookup: indices are integers, not {index.dtype}")
    wrong = index[(index < 0) | (index >= size)]
    if wrong.size:
        raise ValueError(f"lookup: there is an index {wrong.flat[0]} for a table of {size} entries")


FUNCTIONS_ONLY = (stack, one_hot)
"""Those that are no methods of an array: they take several, or labels."""

__all__ = sorted(COMPOSITE)
