"""Functions put together from the ops: they need no derivative of their own, and appear in graphs as their parts.

Like the ops they work on arrays and lists, on object arrays of Values, and on Tensors, under NumPy's names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scalargrad.ops import structural as ops


def as_array(x: Any) -> Any:
    """``x`` itself if it has axes (an array, a Tensor), else as an array."""
    import numpy as np

    return x if hasattr(x, "ndim") else np.asarray(x)


def _axis(name: str, axis: int, a: Any, more: int = 0) -> int:
    """The axis counted from 0, of ``a`` with so many axes more."""
    if not -a.ndim - more <= axis < a.ndim + more:
        raise ValueError(f"{name}: axis {axis} is out of range for shape {a.shape}")
    return int(axis % (a.ndim + more))


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """The array with two axes exchanged.

    >>> swapaxes([[1.0, 2.0], [3.0, 4.0]], 0, 1)
    array([[1., 3.],
           [2., 4.]])
    """
    a = as_array(a)
    order = list(range(a.ndim))
    i, j = _axis("swapaxes", axis1, a), _axis("swapaxes", axis2, a)
    order[i], order[j] = j, i
    return ops.transpose(a, tuple(order))


def squeeze(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """The array without its axes of length 1, or without those given, which must be of length 1."""
    a = as_array(a)
    given = [i for i, n in enumerate(a.shape) if n == 1] if axis is None else axis
    axes = [_axis("squeeze", i, a) for i in ([given] if isinstance(given, int) else given)]
    for i in axes:
        if a.shape[i] != 1:
            raise ValueError(f"squeeze: axis {i} of shape {a.shape} has length {a.shape[i]}, not 1")
    return ops.reshape(a, tuple(n for i, n in enumerate(a.shape) if i not in axes))


def expand_dims(a: Any, axis: int | tuple[int, ...]) -> Any:
    """The array with new axes of length 1, at these places of the result.

    >>> expand_dims([1.0, 2.0], -1).shape
    (2, 1)
    """
    a = as_array(a)
    places = axis if isinstance(axis, tuple) else (axis,)
    new = {_axis("expand_dims", i, a, more=len(places)) for i in places}
    if len(new) < len(places):
        raise ValueError(f"expand_dims: the same axis twice in {places}")
    lengths = iter(a.shape)
    return ops.reshape(a, tuple(1 if i in new else next(lengths) for i in range(a.ndim + len(new))))


def flip(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """The elements in reverse order along axes, along all of them if none is given."""
    a = as_array(a)
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    flipped = {_axis("flip", i, a) for i in axes}
    return ops.index(a, tuple(slice(None, None, -1 if i in flipped else 1) for i in range(a.ndim)))


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis.

    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    parts = [as_array(a) for a in arrays]
    if not parts:
        raise ValueError("stack: the sequence of arrays is empty; give at least one")
    for a in parts:
        if a.shape != parts[0].shape:
            raise ValueError(f"stack: shapes {parts[0].shape} and {a.shape} are not the same")
    return ops.concatenate([expand_dims(a, axis) for a in parts], axis=_axis("stack", axis, parts[0], more=1))


def split(a: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """The parts of an array along an axis: so many equal ones, or those that end at these indices.

    >>> [part.tolist() for part in split([1.0, 2.0, 3.0, 4.0], [1, 3])]
    [[1.0], [2.0, 3.0], [4.0]]
    """
    a = as_array(a)
    axis = _axis("split", axis, a)
    length = a.shape[axis]
    if isinstance(indices_or_sections, int):
        if indices_or_sections < 1 or length % indices_or_sections:
            raise ValueError(
                f"split: axis {axis} of shape {a.shape} cannot be cut into {indices_or_sections} equal parts"
            )
        step = length // indices_or_sections
        ends = [step * i for i in range(1, indices_or_sections)]
    else:
        ends = [int(i) for i in indices_or_sections]
    before = (slice(None),) * axis
    bounds = zip([None, *ends], [*ends, None])
    return [ops.index(a, (*before, slice(start, end))) for start, end in bounds]


def pad(a: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    """The array with elements added before and after, along each axis.

    ``pad_width`` is one number, a pair ``(before, after)``, or a pair for each axis. The new elements are
    ``constant_values`` (one number), or repeat the array's own with NumPy's modes edge, reflect, symmetric and wrap.

    >>> pad([1.0, 2.0], (1, 2), constant_values=9.0)
    array([9., 1., 2., 9., 9.])
    """
    import numpy as np

    a = as_array(a)
    try:
        widths = np.broadcast_to(np.asarray(pad_width), (a.ndim, 2)).tolist()
    except ValueError:
        raise ValueError(f"pad: pad_width {pad_width} does not fit shape {a.shape}") from None
    if any(not isinstance(n, int) or n < 0 for pair in widths for n in pair):
        raise ValueError(f"pad: pad_width is made of integers from 0 on, not {pad_width}")
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise ValueError(f"pad: mode is constant, edge, reflect, symmetric or wrap, not {mode!r}")
    for axis, (before, after) in enumerate(widths):
        if mode != "constant":
            source = np.pad(np.arange(a.shape[axis]), (before, after), mode=mode)  # type: ignore[call-overload]
            a = ops.index(a, ((slice(None),) * axis + (source,)))
        elif before or after:
            shapes = [(*a.shape[:axis], n, *a.shape[axis + 1 :]) for n in (before, after)]
            dtype = a.dtype if a.dtype.kind != "O" else float
            front, back = (np.full(shape, constant_values, dtype) for shape in shapes)
            a = ops.concatenate([front, a, back], axis=axis)
    return a


def outer(a: Any, b: Any) -> Any:
    """The products of every element of ``a`` with every one of ``b``: a row for each of ``a``."""
    return ops.reshape(a, (-1, 1)) * ops.reshape(b, (1, -1))


def dot(a: Any, b: Any) -> Any:
    """NumPy's dot: the sum of products over the last axis of ``a`` and the last but one of ``b``.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        return a * b
    if b.ndim <= 2:
        return ops.matmul(a, b)
    columns = ops.reshape(ops.transpose(b, (b.ndim - 2, *range(b.ndim - 2), b.ndim - 1)), (b.shape[-2], -1))
    return ops.reshape(ops.matmul(a, columns), (*a.shape[:-1], *b.shape[:-2], b.shape[-1]))


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements whose indices along two axes are equal, or differ by ``offset``, as the last axis.

    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    import numpy as np

    a = as_array(a)
    i, j = _axis("diagonal", axis1, a), _axis("diagonal", axis2, a)
    if i == j:
        raise ValueError(f"diagonal: axis1 and axis2 are the same axis of shape {a.shape}")
    a = ops.transpose(a, (*(k for k in range(a.ndim) if k not in (i, j)), i, j))
    first, second = max(-offset, 0), max(offset, 0)
    steps = np.arange(max(min(a.shape[-2] - first, a.shape[-1] - second), 0))
    return ops.index(a, (..., steps + first, steps + second))


def one_hot(labels: Any, classes: int, dtype: Any = float) -> Any:
    """A row of zeros with a 1 in the label's place, for each label: an array, through which no gradient passes.

    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    import numpy as np

    array = labels if type(labels) is np.ndarray else np.asarray(getattr(labels, "data", labels))
    if array.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels are integers, not {array.dtype}")
    unsigned = array.view(f"u{array.dtype.itemsize}")  # in which a negative one is too large
    if array.size and unsigned.max() >= classes:
        raise ValueError(
            f"one_hot: there is a label {array[unsigned >= classes][0]} among labels for {classes} classes"
        )
    hot = np.zeros((array.size, classes), dtype)
    hot[np.arange(array.size), array.ravel()] = 1
    return hot.reshape((*array.shape, classes))


COMPOSITE: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (diagonal, dot, expand_dims, flip, one_hot, outer, pad, split, squeeze, stack, swapaxes)
}
"""Every function of this kind by name."""

__all__ = sorted(COMPOSITE)
