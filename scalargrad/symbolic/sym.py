"""Formula trees: one more operand type of the ops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scalargrad.ops.operators import Operators, install
from scalargrad.ops.registry import Op, as_number
from scalargrad.symbolic.writing import python, text


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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sym):
            return False
        pairs, seen = [(self, other)], set()
        while pairs:  # not by recursion: a formula may be deep
            a, b = pairs.pop()
            if a is b or (id(a), id(b)) in seen:
                continue
            seen.add((id(a), id(b)))
            if a.op is not b.op or len(a.args) != len(b.args) or _atom(a) != _atom(b):
                return False
            pairs += zip(a.args, b.args)
        return True

    def __hash__(self) -> int:
        return hash(python(self))

    def __bool__(self) -> bool:
        raise TypeError("a formula has no truth value: write where, maximum, relu or greater instead of if and <")

    def _compare(self, other: Any) -> Any:
        return bool(self)

    __lt__ = __le__ = __gt__ = __ge__ = _compare

    @property
    def constant(self) -> float | None:
        """Its value if it is a number, else None."""
        return self.atom if isinstance(self.atom, float) else None

    def _parts(self) -> Iterator[Sym]:
        """The formula and all in it, each once."""
        seen, todo = set(), [self]
        while todo:
            sym = todo.pop()
            if id(sym) not in seen:
                seen.add(id(sym))
                todo += sym.args
                yield sym

    def names(self) -> frozenset[str]:
        """The variables in it."""
        return frozenset(sym.atom for sym in self._parts() if isinstance(sym.atom, str))


def _atom(sym: Sym) -> tuple[type, str]:
    """A name or a number, equal if they are written alike: 0 is not −0, and nan is nan."""
    return type(sym.atom), repr(sym.atom)


install(Sym)
