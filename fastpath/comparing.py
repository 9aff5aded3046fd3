"""Comparisons of Tensors, and NumPy's functions on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastpath.node import ArrayNode
from scalargrad import modes
from scalargrad.ops import protocol
from scalargrad.ops.given import as_array, is_number, require_numbers

COMPARISONS = {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
_MIRRORED = {
    np.less: np.greater, np.greater: np.less, np.less_equal: np.greater_equal, np.greater_equal: np.less_equal
}  # fmt: skip


def _comparison(compare: np.ufunc) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._compare(compare, other)


class Comparable(ArrayNode):
    """The operators ``==``, ``<`` …, and NumPy's protocols."""

    __slots__ = ()

    @classmethod
    def _takes(cls, other: Any) -> bool:
        return isinstance(other, (ArrayNode, np.ndarray, list, tuple)) or is_number(other)

    # comparisons look at the numbers and give an array of bools; the hash is identity, so that nodes can be keys

    __eq__ = _comparison(np.equal)
    __ne__ = _comparison(np.not_equal)
    __lt__ = _comparison(np.less)
    __le__ = _comparison(np.less_equal)
    __gt__ = _comparison(np.greater)
    __ge__ = _comparison(np.greater_equal)
    __hash__ = object.__hash__

    def _compare(self, compare: Any, other: Any) -> Any:
        """A comparison of the numbers: an array of bools, which no gradient passes through."""
        self._look("a comparison")
        if not self._takes(other):
            return NotImplemented
        name = compare.__name__
        if isinstance(other, ArrayNode):
            array = other._data
        else:
            array = as_array(other, name)
            require_numbers(array, name)
        try:
            return compare(self._data, array)
        except ValueError:
            raise ValueError(f"{name}: shapes {self.shape} and {array.shape} do not broadcast together") from None

    # --- NumPy -------------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        """NumPy's ufuncs: the registered op; a comparison gives bools, as the operators do."""
        if ufunc in COMPARISONS and method == "__call__" and not options and len(operands) == 2:
            a, b = operands
            return a._compare(ufunc, b) if isinstance(a, Comparable) else b._compare(_MIRRORED.get(ufunc, ufunc), a)
        return protocol.call_ufunc(ufunc, method, operands, options, "Tensor")

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        """Other functions of NumPy: the registered op."""
        if function in (np.shape, np.ndim, np.size) and not named and len(arguments) == 1:
            return getattr(arguments[0], function.__name__)
        return protocol.call(function, arguments, named, "Tensor")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Of a Tensor without axes, within ``grad`` and its kin, an array with it: ``np.array([t, t * t])``."""
        if not self._data.ndim and (dtype is None or np.dtype(dtype) == np.dtype(object)) and modes.derivers():
            box = np.empty((), object)
            box[()] = self
            return box
        self._look("np.asarray()")
        raise TypeError("a Tensor is not an array: use its .data for the numbers, or stack([...]) to join Tensors")
