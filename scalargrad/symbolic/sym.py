"""Formula trees: one more operand type of the ops."""

from __future__ import annotations

from typing import Any

from scalargrad.ops.operators import Operators, install
from scalargrad.ops.registry import Op, as_number
from scalargrad.symbolic.writing import text


class Sym(Operators):
    """A formula: a name, a number, or an op applied to formulas.

    >>> x = Sym.named("x")
    >>> print(1 / (1 + (-x).exp()))
    1/(1 + exp(−x))
    """

    __slots__ = ("args", "atom", "op")

    def __init__(self, op: Op | None, args: tuple[Sym, ...], atom: str | float | None) -> None:
        self.op = op
        self.args = args
        self.atom = atom

    @classmethod
    def named(cls, name: str) -> Sym:
        """A variable."""
        return cls(None, (), name)

    @classmethod
    def number(cls, value: Any) -> Sym:
        """A constant."""
        return cls(None, (), as_number(value, "a formula"))

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> Sym:
        return Sym(op, tuple(x if isinstance(x, Sym) else Sym.number(x) for x in operands), None)

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return f"Sym({text(self)})"

    def _key(self) -> tuple[Any, ...]:
        return (self.op, self.args, self.atom, type(self.atom))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sym) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __bool__(self) -> bool:
        raise TypeError("a formula has no truth value: write where, maximum, relu or greater instead of if and <")

    def _compare(self, other: Any) -> Any:
        return bool(self)

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    @property
    def constant(self) -> float | None:
        """Its value if it is a number, else None."""
        return self.atom if isinstance(self.atom, float) else None

    def names(self) -> frozenset[str]:
        """The variables in it."""
        if isinstance(self.atom, str):
            return frozenset((self.atom,))
        return frozenset().union(*(a.names() for a in self.args))


install(Sym)
