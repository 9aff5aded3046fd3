"""Functions that join arrays or take them apart, put together from the ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scalargrad.ops import moving as ops
from scalargrad.ops.arranging import atleast_1d, atleast_2d, atleast_3d, expand_dims
from scalargrad.ops.given import as_array, integer, is_integer, one_axis, shown
from scalargrad.ops.rows import composite

# --- joining ---------------------------------------------------------------------------------------------------------


def _parts(arrays: Any, name: str) -> list[Any]:
    """A sequence of arrays, at least one."""
    if not hasattr(arrays, "__iter__") or isinstance(arrays, (str, bytes)):
        raise TypeError(f"{name}: expected a sequence of arrays, not {shown(arrays)}")
    parts = [as_array(a, name) for a in arrays]
    if not parts:
        raise ValueError(f"{name}: the sequence of arrays is empty; give at least one")
    return parts


@composite
def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis.

    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    parts = _parts(arrays, "stack")
    for a in parts:
        if a.shape != parts[0].shape:
            raise ValueError(f"stack: shapes {parts[0].shape} and {a.shape} are not the same")
    place = one_axis(axis, "stack", parts[0].shape, more=1)
    return ops.concatenate([expand_dims(a, place) for a in parts], axis=place)


@composite
def vstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined one below the other; one with a single axis is a row.

    >>> vstack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [3., 4.]])
    """
    return ops.concatenate([atleast_2d(a) for a in _parts(arrays, "vstack")], axis=0)


@composite
def hstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined side by side: along the second axis, or along the only one.

    >>> hstack([[1.0, 2.0], [3.0]])
    array([1., 2., 3.])
    """
    parts = [atleast_1d(a) for a in _parts(arrays, "hstack")]
    return ops.concatenate(parts, axis=0 if parts[0].ndim == 1 else 1)


@composite
def dstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined along the third axis.

    >>> dstack([[[1.0]], [[2.0]]]).shape
    (1, 1, 2)
    """
    return ops.concatenate([atleast_3d(a) for a in _parts(arrays, "dstack")], axis=2)


@composite
def column_stack(arrays: Sequence[Any]) -> Any:
    """Arrays joined side by side as columns; one with a single axis is a column.

    >>> column_stack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    parts = _parts(arrays, "column_stack")
    return ops.concatenate([ops.reshape(a, (-1, 1)) if a.ndim < 2 else a for a in parts], axis=1)


# --- splitting -------------------------------------------------------------------------------------------------------


_MOST = 10_000
"""Up to how many parts may be made, most of them empty."""


def _cut(a: Any, where: Any, axis: int, name: str, equal: bool = True) -> list[Any]:
    """The parts of an array along an axis: so many, or those between these indices."""
    length = a.shape[axis]
    if is_integer(where):
        count = int(where)
        if count < 1 or (equal and length % count) or count > max(length, _MOST):
            kind = "equal parts" if equal else "parts"
            raise ValueError(f"{name}: axis {axis} of shape {a.shape} cannot be cut into {count} {kind}")
        small, larger = divmod(length, count)  # the first parts are longer by one
        ends = [small * i + min(i, larger) for i in range(1, count)]
    else:
        if not isinstance(where, (list, tuple)) and getattr(where, "ndim", 0) != 1:
            raise TypeError(f"{name}: expected a number of parts or a list of indices, not {shown(where)}")
        ends = [integer(i, name, "an index") for i in where]
    before = (slice(None),) * axis
    bounds = zip([None, *ends], [*ends, None])
    return [ops.index(a, (*before, slice(start, end))) for start, end in bounds]


@composite
def split(a: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The parts of an array along an axis: a number of equal ones, or those between these indices.

    >>> [part.tolist() for part in split([1.0, 2.0, 3.0, 4.0], [1, 3])]
    [[1.0], [2.0, 3.0], [4.0]]
    """
    a = as_array(a, "split")
    return _cut(a, indices_or_sections, one_axis(axis, "split", a.shape), "split")


@composite
def array_split(a: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """As :func:`split`, but a number of parts need not divide the length: the first ones are longer by one.

    >>> [part.tolist() for part in array_split([1.0, 2.0, 3.0], 2)]
    [[1.0, 2.0], [3.0]]
    """
    a = as_array(a, "array_split")
    return _cut(a, indices_or_sections, one_axis(axis, "array_split", a.shape), "array_split", equal=False)


def _with_axes(a: Any, least: int, name: str) -> Any:
    a = as_array(a, name)
    if a.ndim < least:
        raise ValueError(f"{name}: an array of shape {a.shape} has too few axes; it takes at least {least}")
    return a


@composite
def hsplit(a: Any, indices_or_sections: Any) -> list[Any]:
    """The parts of an array side by side: along the second axis, or along the only one.

    >>> [part.tolist() for part in hsplit([[1.0, 2.0], [3.0, 4.0]], 2)]
    [[[1.0], [3.0]], [[2.0], [4.0]]]
    """
    a = _with_axes(a, 1, "hsplit")
    return _cut(a, indices_or_sections, min(1, a.ndim - 1), "hsplit")


@composite
def vsplit(a: Any, indices_or_sections: Any) -> list[Any]:
    """The parts of an array one below the other: along the first axis of at least two.

    >>> [part.tolist() for part in vsplit([[1.0, 2.0], [3.0, 4.0]], 2)]
    [[[1.0, 2.0]], [[3.0, 4.0]]]
    """
    return _cut(_with_axes(a, 2, "vsplit"), indices_or_sections, 0, "vsplit")


@composite
def dsplit(a: Any, indices_or_sections: Any) -> list[Any]:
    """The parts of an array along the third axis.

    >>> [part.shape for part in dsplit([[[1.0, 2.0]]], 2)]
    [(1, 1, 1), (1, 1, 1)]
    """
    return _cut(_with_axes(a, 3, "dsplit"), indices_or_sections, 2, "dsplit")
