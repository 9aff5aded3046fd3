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
        if "out" in options and not any(isinstance(x, ArrayNode) for x in options["out"]):
            return _into(ufunc, method, operands, options)
        return protocol.call_ufunc(ufunc, method, operands, options, "Tensor")

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        """Other functions of NumPy: the registered op."""
        if function in (np.shape, np.ndim, np.size) and not named and len(arguments) == 1:
            return getattr(arguments[0], function.__name__)
        return protocol.call(function, arguments, named)


def _into(ufunc: Any, method: str, operands: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A ufunc whose result goes into an array, as in ``A -= t``: of plain numbers, if no gradient is lost by that."""
    tensors = [x for x in operands if isinstance(x, Comparable)]
    if modes.recording() and any(x.requires_grad for x in tensors):
        sign = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}.get(ufunc.__name__)
        advice = f"; for A {sign}= t write A = A {sign} t, since an array cannot keep a gradient" if sign else ""
        raise TypeError(f"{protocol.unregistered(ufunc, 'Tensor', given=' with out=')}{advice}")
    for x in tensors:
        x._look("np.asarray()")
    return getattr(ufunc, method)(*[x._data if isinstance(x, ArrayNode) else x for x in operands], **options)
