"""Reading the rows of the registry on symbols."""

from __future__ import annotations

from functools import lru_cache

from scalargrad.ops.registry import Op
from scalargrad.symbolic.sym import Sym
from scalargrad.symbolic.tidying import tidy
from scalargrad.symbolic.writing import STYLES

Operand = str | float
"""How an operand is named to the readings below: by its name, or by its constant value."""


def as_sym(operand: Operand | Sym) -> Sym:
    """A name or a number as a formula."""
    if isinstance(operand, Sym):
        return operand
    return Sym.named(operand) if isinstance(operand, str) else Sym.number(operand)


def local_derivative(op: Op, position: int, operands: tuple[Operand | Sym, ...], y: Operand | Sym | None = None) -> Sym:
    """The local derivative by one operand as a formula in the operands (and in ``y``, if the output has a name)."""
    op.require_derivative()
    args = tuple(map(as_sym, operands))
    output = Sym(op, args, None) if y is None else as_sym(y)
    return as_sym(op.partials[position](output, *args))


@lru_cache(maxsize=4096)
def formula(op: Op, position: int, operands: tuple[Operand, ...], style: str = "text") -> str:
    """The local derivative by one operand, tidied and written out, in ``style`` "text" or "latex".

    >>> from scalargrad.ops.elementwise import mul, reciprocal
    >>> formula(mul, 0, ("w0", "x0")), formula(reciprocal, 0, ("x",))
    ('x₀', '−1/x²')
    """
    return STYLES[style](tidy(shown_derivative(op, position, operands)))


def shown_derivative(op: Op, position: int, operands: tuple[Operand | Sym, ...], y: Operand | Sym | None = None) -> Sym:
    """The local derivative as people write it; the row may compute it in another way, for accuracy.

    >>> from scalargrad.ops.elementwise import arcsin
    >>> print(local_derivative(arcsin, 0, ("a",)), shown_derivative(arcsin, 0, ("a",)), sep="; ")
    1/sqrt((1 − a)·(1 + a)); 1/sqrt(1 − a²)
    """
    plain = op.shown[position] if op.shown else None
    return local_derivative(op, position, operands, y) if plain is None else as_sym(plain(*map(as_sym, operands)))


def written(op: Op, operands: tuple[Operand | Sym, ...], style: str = "text") -> str:
    """The op applied to the operands, written out."""
    return STYLES[style](Sym(op, tuple(map(as_sym, operands)), None))


def saved(op: Op, position: int) -> frozenset[str]:
    """What a partial needs from the forward pass: some of the operands' names, and ``"output"``.

    >>> from scalargrad.ops.elementwise import mul, tanh
    >>> sorted(saved(mul, 0)), sorted(saved(tanh, 0))
    (['b'], ['output'])
    """
    return local_derivative(op, position, op.operands, "output").names()
