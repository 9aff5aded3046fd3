"""A leaf changed in place: ``p -= lr * p.grad`` and ``p[i] = x``, under ``no_grad``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn

from fastpath.node import ArrayNode
from fastpath.numerics import as_floats, quiet
from scalargrad import modes
from scalargrad.graph import short
from scalargrad.ops.given import REFUSALS, is_raw, named


def _updating(sign: str, compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The method of ``p += …``: of a parameter in place under no_grad; of any other Tensor a new one, as ``p + …``."""

    def method(self: Any, other: Any) -> Any:
        if self._op is not None or not self.requires_grad:
            return NotImplemented
        if modes.recording():
            self._refuse_change(f"{sign} …", f"for a new Tensor write {{0}} = {{0}} {sign[:-1]} …")
        try:
            result = compute(self, other)
        except TypeError:  # the operator says what it does not take, with the sign that was written
            return NotImplemented
        if result.shape != self.shape:
            raise ValueError(f"{sign}: a Tensor of shape {self.shape} cannot become one of shape {result.shape}")
        self._set(result._data.astype(self._data.dtype))
        return self

    return method


class Changeable(ArrayNode):
    """The operators ``+=`` …, and ``t[key] = value``."""

    __slots__ = ()

    __iadd__ = _updating("+=", operator.add)
    __isub__ = _updating("-=", operator.sub)
    __imul__ = _updating("*=", operator.mul)
    __itruediv__ = _updating("/=", operator.truediv)
    __ifloordiv__ = _updating("//=", operator.floordiv)
    __imod__ = _updating("%=", operator.mod)
    __ipow__ = _updating("**=", operator.pow)
    __imatmul__ = _updating("@=", operator.matmul)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Numbers of a leaf changed in place: under ``no_grad``, or if no gradient is asked of it.

        RuntimeError otherwise, with what to write instead: what a graph was computed from stays as it was.

        >>> from fastpath import Tensor, where
        >>> from scalargrad import no_grad
        >>> t = Tensor([1.0, -2.0, 3.0], requires_grad=True)
        >>> where(t < 0, 0.0, t).data
        array([1., 0., 3.])
        >>> with no_grad():
        ...     t[t < 0] = 0.0
        >>> t.data
        array([1., 0., 3.])
        """
        if self._op is not None or modes.tracer() is not None:
            raise RuntimeError(f"t[…] = …: {_COMPUTED}")
        if modes.recording():
            if self.requires_grad:
                self._refuse_change("[…] = …", f"for a new Tensor: {_COMPUTED}")
            if isinstance(value, ArrayNode) and value.requires_grad:
                raise RuntimeError(f"t[…] = … of a leaf would lose the gradient of what it is given: {_COMPUTED}")
        parts = [x._data if isinstance(x, ArrayNode) else x for x in (key if isinstance(key, tuple) else (key,))]
        numbers = value._data if isinstance(value, ArrayNode) else as_floats(value, self._data.dtype, "t[…] = …")
        try:
            quiet().run(self.data.__setitem__, tuple(parts), numbers)
        except REFUSALS as error:
            raise named(error, "t[…] = …") if is_raw(error) else error from None

    def _refuse_change(self, change: str, new: str) -> NoReturn:
        name = short(self.label) if self.label else "p"
        space = "" if change.startswith("[") else " "
        raise RuntimeError(
            f"{name}{space}{change} would make a new Tensor of a leaf that requires a gradient: to change its numbers, "
            f"write it under no_grad(), or {name}.data{space}{change}; {new.format(name)}"
        )


_COMPUTED = (
    "write where(mask, value, t) with a mask of bools, or stack([…]) and concatenate([…]) of the parts, which are "
    "recorded"
)
