"""The operations that sort: one row each, and what is put together from them."""
# fmt: off

from typing import Any as _Any
from typing import NamedTuple as _NamedTuple

from scalargrad import modes as _modes
from scalargrad.ops import elementwise as _ops
from scalargrad.ops.given import as_array as _as_array
from scalargrad.ops.given import integer as _integer
from scalargrad.ops.given import one_axis as _one_axis
from scalargrad.ops.picking import take_along_axis as _take_along_axis
from scalargrad.ops.rows import composite as _composite
from scalargrad.ops.structure import structural as _op


def _row(a, axis):
    """The array and the axis to sort along: without one, all elements in a row."""
    return (a.reshape((-1,)), 0) if axis is None else (a, axis)


def _order(xp, a, axis, descending):
    """The places of the elements in order; tied ones stay in theirs, and nan is larger than all numbers."""
    if not descending:
        return xp.argsort(a, axis=axis, kind="stable")
    return a.shape[axis] - 1 - xp.flip(xp.argsort(xp.flip(a, axis), axis=axis, kind="stable"), axis)


def _sort(xp, a, *, axis=-1, descending=False):
    a, axis = _row(a, axis)
    order = _order(xp, a, axis, descending)
    return xp.take_along_axis(a, order, axis=axis), order


def _sort_pullback(g, y, a, saved, axis, descending):
    row, along = _row(a, axis)
    if saved is not None:
        import numpy as np

        found = np.empty_like(g)
        np.put_along_axis(found, saved, g, along)
        return found.reshape(a.shape)
    back = argsort(argsort(row, axis=along, descending=descending), axis=along)
    return _take_along_axis(g, back, along).reshape(a.shape)


def _argsort(xp, a, *, axis=-1, descending=False):
    a, axis = _row(a, axis)
    return _order(xp, a, axis, descending)


def _argsort_of_values(xp, a, axis, descending):
    from scalargrad.ops.found import found_among

    a, axis = _row(a, axis)
    xp.argsort(a, axis=axis)  # compares the Values themselves, which a tracer notices
    return found_among("argsort", a, _order(xp, _numbers(xp, a), axis, descending))


def _numbers(xp, a):
    """The numbers of an object array of Values."""
    return xp.asarray(xp.frompyfunc(lambda x: x._data if hasattr(type(x), "_apply_op") else x, 1, 1)(a), dtype=float)


def _sort_of_values(xp, a, axis, descending):
    a, axis = _row(a, axis)
    if _modes.tracer() is None:
        found = xp.take_along_axis(a, _order(xp, _numbers(xp, a), axis, descending), axis=axis)
        return found * 1.0, None  # nodes of their own, which remember what they were chosen from
    lists = xp.moveaxis(a, axis, -1)
    found = xp.empty(lists.shape, object)
    for place in xp.ndindex(lists.shape[:-1]):
        found[place] = _exchanged(lists[place].tolist(), descending)
    return xp.moveaxis(found, -1, axis), None


def _exchanged(values, descending):
    """A list of Values in order by exchanges of neighbours, which decide nothing and leave tied ones in their places."""
    for end in range(len(values) - 1, 0, -1):
        for i in range(end):
            a, b = values[i], values[i + 1]
            is_nan = _ops.not_equal(b, b) * _ops.equal(a, a) if descending else _ops.not_equal(a, a) * _ops.equal(b, b)
            swap = _ops.maximum(_ops.greater(b, a) if descending else _ops.greater(a, b), is_nan)
            values[i], values[i + 1] = _ops.where(swap, b, a), _ops.where(swap, a, b)
    return values


# --- the table -------------------------------------------------------------------------------------------------------
argsort = _op("argsort", _argsort,
    note="the indices that sort along an axis, tied elements in their order; with descending=True the largest first",
    expand=_argsort_of_values,
    why_not="the order changes in jumps; sort passes the gradient to where each element came from",
    samples=(lambda x: argsort(x(5)), lambda x: argsort(x(3, 4), axis=0), lambda x: argsort(x(2, 3), None, True)))

sort    = _op("sort",    _sort,
    (_sort_pullback,),
    note="the elements in order along an axis, tied ones in theirs; with descending=True the largest first",
    expand=_sort_of_values, decides=True, saves=True, formulas=("Ḡ where each came from",),
    samples=(lambda x: sort(x(5)), lambda x: sort(x(3, 4), axis=0), lambda x: sort(x(2, 2), None),
             lambda x: sort(x(2, 3), descending=True)))


class TopK(_NamedTuple):
    """What :func:`topk` gives."""

    values: _Any
    indices: _Any


@_composite
def topk(a: _Any, k: int, axis: int = -1, largest: bool = True) -> TopK:
    """The ``k`` largest elements along an axis, the largest first, and their indices; or the smallest.

    The gradient goes to where each came from. Of tied elements the first are taken (PyTorch leaves it open).

    >>> topk([1.0, 5.0, 3.0], 2)
    TopK(values=array([5., 3.]), indices=array([1, 2]))
    """
    a = _as_array(a, "topk")
    axis, k = _one_axis(axis, "topk", a.shape), _integer(k, "topk", "k")
    if not 0 <= k <= a.shape[axis]:
        raise ValueError(f"topk: k is from 0 to {a.shape[axis]} along axis {axis} of shape {a.shape}, not {k}")
    first = (*(slice(None),) * axis, slice(0, k))
    values, indices = sort(a, axis, bool(largest)), argsort(a, axis, bool(largest))
    return TopK(values[first], indices[first])
