"""Functions of labels and indices, put together from the ops: ``one_hot`` and ``lookup``."""

from __future__ import annotations

import functools
from typing import Any

from scalargrad import modes
from scalargrad.ops import moving as ops
from scalargrad.ops.expansions import selected
from scalargrad.ops.given import as_array, integer, outside, require_numbers, shown
from scalargrad.ops.rows import composite


@composite
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
    wrong = outside(array, classes)
    if wrong is not None:
        raise ValueError(f"one_hot: there is a label {wrong} among labels for {classes} classes")
    hot = np.zeros((array.size, classes), dtype)
    hot[np.arange(array.size), array.ravel()] = 1
    return hot.reshape((*array.shape, classes))


@composite
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
    wrong = outside(index, size)
    if wrong is not None:
        raise ValueError(f"lookup: there is an index {wrong} for a table of {size} entries")
