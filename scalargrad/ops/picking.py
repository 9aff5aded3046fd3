"""Functions of elements, put together from the ops: which are taken, repeated, moved round, added at the edges."""

from __future__ import annotations

from typing import Any

from scalargrad.ops import moving as ops
from scalargrad.ops.elementwise import sub, where
from scalargrad.ops.given import as_array, axes, integer, is_integer, is_number, one_axis, shown
from scalargrad.ops.reducing import sum as total
from scalargrad.ops.rows import composite


def _along(a: Any, axis: int, key: Any) -> Any:
    """The elements at a key along one axis."""
    return ops.index(a, (*(slice(None),) * axis, key))


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
def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """The elements at these indices along an axis, or of all elements in a row; an element may be taken often.

    With ``mode="wrap"`` indices count round, with ``"clip"`` those outside are the first or last.

    >>> take([10.0, 20.0, 30.0], [2, 0, 2])
    array([30., 10., 30.])
    """
    import numpy as np

    a = as_array(a, "take")
    a, axis = (ops.reshape(a, -1), 0) if axis is None else (a, one_axis(axis, "take", a.shape))
    if not isinstance(mode, str) or mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"take: mode is raise, wrap or clip, not {shown(mode)}")
    where = indices if hasattr(type(indices), "_apply_structural") else np.asarray(as_array(indices, "take"))
    if getattr(where, "size", 1) == 0 and isinstance(indices, (list, tuple)):
        where = where.astype(int)
    if where.dtype.kind not in "iu":
        raise TypeError(f"take: indices are integers, not {shown(indices)}")
    if mode != "raise" and a.shape[axis]:
        where = np.asarray(getattr(where, "data", where) if hasattr(type(where), "_apply_structural") else where)
        where = where % a.shape[axis] if mode == "wrap" else np.clip(where, 0, a.shape[axis] - 1)
    return _along(a, axis, where)


@composite
def take_along_axis(a: Any, indices: Any, axis: int | None = -1) -> Any:
    """For every place along the other axes its own elements along this one: what ``argsort`` gives sorts.

    >>> take_along_axis([[10.0, 20.0], [30.0, 40.0]], [[1], [0]], axis=1)
    array([[20.],
           [30.]])
    """
    import numpy as np

    a = as_array(a, "take_along_axis")
    places = as_array(indices, "take_along_axis")
    a, axis = (ops.reshape(a, -1), 0) if axis is None else (a, one_axis(axis, "take_along_axis", a.shape))
    if places.dtype.kind not in "iu":
        raise TypeError(f"take_along_axis: indices are integers, not {shown(indices)}")
    if places.ndim != a.ndim:
        raise ValueError(f"take_along_axis: shapes {a.shape} and {places.shape} have not as many axes")
    key = [np.arange(n).reshape((-1,) + (1,) * (a.ndim - i - 1)) for i, n in enumerate(a.shape)]
    return ops.index(a, (*key[:axis], places, *key[axis + 1 :]))


@composite
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Every element repeated: so often, or as often as said for each; of all elements in a row if no axis is given.

    >>> repeat([1.0, 2.0], 2), repeat([1.0, 2.0], [1, 3])
    (array([1., 1., 2., 2.]), array([1., 2., 2., 2.]))
    """
    import numpy as np

    a = as_array(a, "repeat")
    a, axis = (ops.reshape(a, -1), 0) if axis is None else (a, one_axis(axis, "repeat", a.shape))
    if is_integer(repeats) and repeats >= 0:
        count, before, after = int(repeats), a.shape[: axis + 1], a.shape[axis + 1 :]
        spread = ops.broadcast_to(ops.reshape(a, (*before, 1, *after)), (*before, count, *after))
        return ops.reshape(spread, (*before[:-1], before[-1] * count, *after))
    counts = np.asarray(as_array(repeats, "repeat"))
    if counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(f"repeat: repeats are integers from 0 on, not {shown(repeats)}")
    return _along(a, axis, np.repeat(np.arange(a.shape[axis]), counts))


@composite
def tile(a: Any, reps: int | tuple[int, ...]) -> Any:
    """Copies of the whole array side by side: so many along each axis, the last axes if there are fewer numbers.

    >>> tile([1.0, 2.0], 2), tile([1.0, 2.0], (2, 1)).shape
    (array([1., 2., 1., 2.]), (2, 2))
    """
    a = as_array(a, "tile")
    counts = tuple([integer(n, "tile", "reps") for n in (reps if isinstance(reps, (tuple, list)) else (reps,))])
    if any(n < 0 for n in counts):
        raise ValueError(f"tile: reps are integers from 0 on, not {reps}")
    ndim = max(a.ndim, len(counts))
    counts, shape = (1,) * (ndim - len(counts)) + counts, (1,) * (ndim - a.ndim) + a.shape
    single = [n for length in shape for n in (1, length)]
    copies = [n for pair in zip(counts, shape) for n in pair]
    spread = ops.broadcast_to(ops.reshape(a, tuple(single)), tuple(copies))
    return ops.reshape(spread, tuple([n * m for n, m in zip(counts, shape)]))


@composite
def roll(a: Any, shift: int | tuple[int, ...], axis: int | tuple[int, ...] | None = None) -> Any:
    """The elements moved along an axis by ``shift`` places; those that leave at the end come in at the beginning.

    Without an axis all elements count as one row. Several shifts and axes at once are tuples.

    >>> roll([1.0, 2.0, 3.0], 1)
    array([3., 1., 2.])
    """
    a = as_array(a, "roll")
    if axis is None:
        return ops.reshape(roll(ops.reshape(a, -1), shift, 0), a.shape)
    several = axis if isinstance(axis, (tuple, list)) else (axis,)
    along = [one_axis(i, "roll", a.shape) for i in several]
    shifts = [integer(n, "roll", "shift") for n in (shift if isinstance(shift, (tuple, list)) else (shift,))]
    if len(shifts) != len(along) and 1 not in (len(shifts), len(along)):
        raise ValueError(f"roll: {len(shifts)} shifts do not go with {len(along)} axes")
    count = len(along) if len(shifts) == 1 else len(shifts)
    for i, n in zip(along * (count // len(along)), shifts * (count // len(shifts))):
        if a.shape[i] and n % a.shape[i]:
            end = a.shape[i] - n % a.shape[i]
            a = ops.concatenate([_along(a, i, slice(end, None)), _along(a, i, slice(None, end))], axis=i)
    return a


# --- diagonals -------------------------------------------------------------------------------------------------------


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
def diag(v: Any, k: int = 0) -> Any:
    """A matrix with these elements on its ``k``-th diagonal, zeros elsewhere; of a matrix its ``k``-th diagonal.

    >>> diag([1.0, 2.0])
    array([[1., 0.],
           [0., 2.]])
    """
    import numpy as np

    v, k = as_array(v, "diag"), integer(k, "diag", "k")
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"diag: expected a vector or a matrix, not shape {v.shape}")
    n = len(v)
    zeros = np.zeros((n, n), v.dtype if v.dtype.kind == "f" else float)
    rows = ops.concatenate([ops.reshape(v, (n, 1)), zeros], axis=1)  # in rows shorter by one, each is one further on
    square = ops.reshape(_along(ops.reshape(rows, -1), 0, slice(0, n * n)), (n, n))
    return pad(square, ((max(-k, 0), max(k, 0)), (max(k, 0), max(-k, 0)))) if k else square


@composite
def matrix_trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal, NumPy's ``trace``: as a method ``A.trace()``. ``scalargrad.trace`` is that of a graph.

    >>> matrix_trace([[1.0, 2.0], [3.0, 4.0]])
    np.float64(5.0)
    """
    return total(diagonal(a, offset, axis1, axis2), axis=-1)


def _triangle(a: Any, k: int, name: str, lower: bool) -> Any:
    import numpy as np

    a, k = as_array(a, name), integer(k, name, "k")
    if not a.ndim:
        raise ValueError(f"{name}: expected a matrix, not a single number")
    mask = np.tri(a.shape[-2 if a.ndim > 1 else -1], a.shape[-1], k=k if lower else k - 1)
    mask = mask if lower else 1.0 - mask
    return where(mask.astype(a.dtype) if a.dtype.kind == "f" else mask, a, 0.0)


@composite
def tril(a: Any, k: int = 0) -> Any:
    """The lower triangle of matrices, zeros above the ``k``-th diagonal.

    >>> tril([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 0.],
           [3., 4.]])
    """
    return _triangle(a, k, "tril", True)


@composite
def triu(a: Any, k: int = 0) -> Any:
    """The upper triangle of matrices, zeros below the ``k``-th diagonal.

    >>> triu([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [0., 4.]])
    """
    return _triangle(a, k, "triu", False)


# --- edges -----------------------------------------------------------------------------------------------------------


@composite
def pad(a: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0.0) -> Any:
    """The array with elements added before and after, along each axis.

    ``pad_width`` is one number, a pair ``(before, after)``, or a pair for each axis; a negative number takes so many
    away, as in PyTorch. The new elements are ``constant_values``, given in the same three ways, or repeat the array's
    own with NumPy's modes edge, reflect, symmetric and wrap.

    >>> pad([1.0, 2.0], (1, 2), constant_values=9.0)
    array([9., 1., 2., 9., 9.])
    >>> pad([1.0, 2.0, 3.0], (-1, 1))
    array([2., 3., 0.])
    """
    import numpy as np

    a = as_array(a, "pad")
    widths = _pairs(pad_width, "pad_width", a)
    if not all(map(is_integer, np.asarray(pad_width, object).flat)):
        raise ValueError(f"pad: pad_width is made of integers, not {pad_width}")
    if not isinstance(mode, str) or mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise ValueError(f"pad: mode is constant, edge, reflect, symmetric or wrap, not {mode!r}")
    values = _pairs(constant_values, "constant_values", a)
    if not all(is_number(x) for pair in values for x in pair):
        raise TypeError(f"pad: constant_values are numbers, not {shown(constant_values)}")
    whole = a.dtype.kind in "fiub" and all(float(x).is_integer() for pair in values for x in pair)
    dtype = a.dtype if whole or a.dtype.kind == "f" else np.dtype(float)
    for axis, (pair, ends) in enumerate(zip(widths, values)):
        if min(pair) < 0:
            first, last = [max(-n, 0) for n in pair]
            if first + last > a.shape[axis]:
                raise ValueError(f"pad: pad_width {pad_width} takes more away than shape {a.shape} has")
            a = _along(a, axis, slice(first, a.shape[axis] - last))
        before, after = [max(n, 0) for n in pair]
        if mode != "constant":
            a = _along(a, axis, np.pad(np.arange(a.shape[axis]), (before, after), mode=mode))  # type: ignore[call-overload]
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
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The differences of neighbours along an axis, ``n`` times over; ``prepend`` and ``append`` are joined on first.

    >>> diff([1.0, 4.0, 9.0])
    array([3., 5.])
    """
    a = as_array(a, "diff")
    axis = one_axis(axis, "diff", a.shape)
    if integer(n, "diff", "n") < 0:
        raise ValueError(f"diff: n is an integer from 0 on, not {n}")
    ends = []
    for given in (prepend, append):
        end = None if given is None else as_array(given, "diff")
        if end is not None and not end.ndim:
            end = ops.broadcast_to(end, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))
        ends.append(end)
    if n and any(end is not None for end in ends):
        a = ops.concatenate([x for x in (ends[0], a, ends[1]) if x is not None], axis=axis)
    for _ in range(min(n, a.shape[axis])):  # then nothing is left
        a = sub(_along(a, axis, slice(1, None)), _along(a, axis, slice(None, -1)))
    return a
