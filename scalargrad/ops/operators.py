"""The operator methods, written once for every operand type.

A class that has ``_apply_op(op, operands)`` becomes an operand type by inheriting :class:`Operators` and calling
:func:`install`, which gives it one method per registered op, now and whenever one is registered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from scalargrad.ops.methods import ElementwiseMethods
from scalargrad.ops.python import PYTHONS
from scalargrad.ops.registry import OPS, Op, is_number
from scalargrad.ops.rows import Table


def _both(name: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """The two operator methods of a binary op."""

    def method(self: Any, other: Any) -> Any:
        return self._apply_op(OPS[name], (self, other)) if self._takes(other) else NotImplemented

    def reflected(self: Any, other: Any) -> Any:
        return self._apply_op(OPS[name], (other, self)) if self._takes(other) else NotImplemented

    return method, reflected


class Operators(ElementwiseMethods):
    """Python's arithmetic operators as the ops of the same meaning."""

    __slots__ = ()

    if TYPE_CHECKING:

        @staticmethod
        def _apply_op(op: Op, operands: tuple[Any, ...]) -> Any: ...

    @classmethod
    def _takes(cls, other: Any) -> bool:
        """Whether an operator of this class works with ``other``; if not, Python asks ``other``."""
        return isinstance(other, cls) or is_number(other)

    @property
    def _mask(self) -> NoReturn:
        """What NumPy's masked arrays look for in what they are computed with: they would take the bare numbers."""
        raise TypeError(f"a masked array and a {type(self).__name__} do not mix: give a plain array, as filled(0.0) is")

    __add__, __radd__ = _both("add")
    __sub__, __rsub__ = _both("sub")
    __mul__, __rmul__ = _both("mul")
    __truediv__, __rtruediv__ = _both("div")
    __pow__, __rpow__ = _both("pow")
    __mod__, __rmod__ = _both("remainder")
    __floordiv__, __rfloordiv__ = _both("floor_divide")

    def __divmod__(self, other: Any) -> Any:
        return (self // other, self % other) if self._takes(other) else NotImplemented

    def __rdivmod__(self, other: Any) -> Any:
        return (other // self, other % self) if self._takes(other) else NotImplemented

    def __neg__(self) -> Any:
        return self._apply_op(OPS["neg"], (self,))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self._apply_op(OPS["abs"], (self,))

    def __round__(self, digits: int | None = None) -> Any:
        return self._apply_op(OPS["round"], (self,)) if digits is None else OPS["round"](self, digits)

    def __floor__(self) -> Any:
        return self._apply_op(OPS["floor"], (self,))

    def __ceil__(self) -> Any:
        return self._apply_op(OPS["ceil"], (self,))

    def __trunc__(self) -> Any:
        return self._apply_op(OPS["trunc"], (self,))

    def rint(self) -> Any:
        """The op round, under the name by which NumPy calls it on the elements of an array."""
        return self._apply_op(OPS["round"], (self,))


def method_of(op: Op) -> Callable[..., Any]:
    """The method that calls ``op`` with the object as its first operand."""

    def method(self: Any, *operands: Any, **named: Any) -> Any:
        return op(self, *operands, **named)

    return method


def formed(op: Op, method: Callable[[Any], Any]) -> Callable[..., Any]:
    """A method of no further operands, that also takes the calls of other forms (:mod:`.forms`)."""
    if op.form in (None, PYTHONS.get(op.name)):  # Python's own functions are called as functions only
        return method

    def either(self: Any, *operands: Any, **named: Any) -> Any:
        return op(self, *operands, **named) if operands or named else method(self)

    return either


def install(
    cls: type,
    method: Callable[[Any], Callable[..., Any] | None] = method_of,
    table: Table[Any] = OPS,
    *,
    heir: bool = False,
) -> None:
    """Give ``cls`` a method per op of a table, and keep it so when ops come and go; none where ``method`` is None.

    An ``heir`` of a class that has them gets its own, but keeps the methods of these names that somebody has written.
    """

    def listener(op: Any, present: bool) -> None:
        if not present:
            if is_of_row(vars(cls).get(op.name)):
                delattr(cls, op.name)
            return
        if hasattr(cls, op.name) and not (heir and is_of_row(getattr(cls, op.name))):
            if heir:
                return
            raise ValueError(f"an op cannot be called {op.name}: {cls.__name__} has an attribute of that name")
        bound: Any = method(op)
        if bound is None:
            return
        bound.__name__, bound.__qualname__ = op.name, f"{cls.__name__}.{op.name}"
        bound.__doc__ = f"{op.note}: the op ``{op.name}{op.signature}`` with this as its first operand."
        bound.of_row = True
        setattr(cls, op.name, bound)

    table.subscribe(listener)


def is_of_row(method: Any) -> bool:
    """Whether this is a method that was made from a row."""
    return hasattr(method, "of_row")


DUNDERS = {
    "add": ("__add__", "__radd__"),
    "sub": ("__sub__", "__rsub__"),
    "mul": ("__mul__", "__rmul__"),
    "div": ("__truediv__", "__rtruediv__"),
    "pow": ("__pow__", "__rpow__"),
}
"""The binary operator methods by op, for a class that specialises them."""
