"""Comparisons of Values, and NumPy's functions on them and on arrays of them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn

from scalargrad import modes
from scalargrad.graph import Node
from scalargrad.ops.given import as_array
from scalargrad.ops.registry import is_number


def _comparison(sign: str, compare: Callable[[float, float], bool]) -> Callable[[Any, Any], Any]:
    def method(self: Comparable, other: Any) -> Any:
        if modes.active:
            modes.concretized(self, sign)
        if isinstance(other, Comparable):
            return compare(self._data, other._data)
        return compare(self._data, other) if is_number(other) else NotImplemented

    return method


class Comparable(Node):
    """The operators ``<`` …, and NumPy's protocols."""

    __slots__ = ()
    _data: float

    @classmethod
    def _takes(cls, other: Any) -> bool:
        return isinstance(other, Comparable) or is_number(other) or type(other).__module__ == "numpy"

    # comparisons look at the number; == and hash are identity, so that nodes can be keys

    __lt__ = _comparison("<", operator.lt)
    __le__ = _comparison("<=", operator.le)
    __gt__ = _comparison(">", operator.gt)
    __ge__ = _comparison(">=", operator.ge)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    # --- NumPy -------------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        compare = getattr(operator, _COMPARISONS.get(ufunc.__name__, ""), None)
        if compare is not None and not options:
            return on_elements(compare, operands, ufunc.__name__)
        from scalargrad.ops.protocol import call_ufunc

        return call_ufunc(ufunc, method, operands, options, "Value")

    def __array_function__(self, function: Any, types: Any, operands: Any, named: Any) -> Any:
        from scalargrad.ops.protocol import call

        return call(function, operands, named)

    def conjugate(self) -> NoReturn:
        """What NumPy asks of each number where it computes a spread; it would not have the gradient of equal ones."""
        raise TypeError("np.std and np.var of an array of Values are not recorded: use std and var of scalargrad")


def on_elements(function: Callable[..., Any], operands: tuple[Any, ...], name: str) -> Any:
    """A function on every element of object arrays, or once if there is none."""
    import numpy as np

    boxed = [np.asarray(as_array(x, name), dtype=object) for x in operands]
    try:
        np.broadcast_shapes(*[a.shape for a in boxed])
    except ValueError:
        shapes = " and ".join(str(a.shape) for a in boxed if a.shape)
        raise ValueError(f"{name}: shapes {shapes} do not broadcast together") from None
    with np.errstate(all="ignore"):
        return np.frompyfunc(function, len(boxed), 1)(*boxed)


_COMPARISONS = {
    "equal": "is_", "not_equal": "is_not", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip
"""NumPy's comparisons as those of Python: of the numbers, and of identity."""
