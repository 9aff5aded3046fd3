"""The forwards of the rows read as formulas, as their partials are: the ground for writers of other languages.

A writer knows some ops, as C knows ``exp`` and ``where``; :func:`lowered` states every other op in those it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from scalargrad import modes, numerics
from scalargrad.ops import elementwise as ops
from scalargrad.ops.operators import method_of
from scalargrad.ops.registry import OPS, Op, by_ufunc
from scalargrad.symbolic.partials import Operand, as_sym
from scalargrad.symbolic.sym import Sym
from scalargrad.symbolic.tidying import tidy
from scalargrad.symbolic.writing import bottom_up


class _Term(Sym):
    """A formula while a forward computes with it: unlike others it may be compared."""

    __slots__ = ()

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> _Term:
        return _Term(op, tuple(map(as_sym, operands)), None)

    __lt__, __le__, __gt__, __ge__, __eq__, __ne__ = map(
        method_of, (ops.less, ops.less_equal, ops.greater, ops.greater_equal, ops.equal, ops.not_equal)
    )
    __hash__ = Sym.__hash__


class _Functions:
    """The namespace ``xp`` of symbols: each function of NumPy is the op of that name."""

    def __init__(self, op: Op) -> None:
        self._op = op

    def __getattr__(self, name: str) -> Any:
        found = by_ufunc(name) or getattr(numerics, name, None)
        if found is None:
            raise TypeError(f"{self._op.name}: its forward uses xp.{name}, which is no op, so it is no formula")
        return found

    def heaviside(self, a: Any, at_zero: float) -> Any:
        return ops.heaviside(a) if at_zero == 1 else ops.where(ops.equal(a, 0), at_zero, ops.heaviside(a))


def forward(op: Op, operands: tuple[Operand | Sym, ...] | None = None) -> Sym:
    """The forward of an op as a formula in its operands. That of a plain function, as ``exp``, is itself.

    >>> print(forward(ops.sigmoid))
    where([a ≥ 0], 1, exp(−abs(a)))/(1 + exp(−abs(a)))
    >>> print(forward(ops.relu, ("x",)), forward(ops.exp), sep=", ")
    maximum(x, 0), exp(a)
    """
    given = [as_sym(x) for x in (op.operands if operands is None else operands)]
    result = as_sym(op.forward(_Functions(op), *[_Term(x.op, x.args, x.atom) for x in given]))
    return bottom_up(result, lambda inner, args: Sym(inner.op, tuple(args), inner.atom))


def functions(sym: Sym) -> frozenset[str]:
    """The names of the ops in a formula.

    >>> sorted(functions(forward(ops.softsign)))
    ['abs', 'add', 'div']
    """
    return frozenset(inner.op.name for inner in sym._parts() if inner.op)


def lowered(sym: Sym, known: Container[str]) -> Sym:
    """The formula with every op that is not among the ``known`` stated by its forward, until all are known.

    >>> print(lowered(ops.logaddexp(Sym.named("a"), ops.relu(Sym.named("b"))), {"logaddexp", "where", "greater"}))
    Traceback (most recent call last):
    TypeError: maximum is not among the ops known, and is not made of others
    """
    stated: dict[str, Sym] = {}

    def make(inner: Sym, args: list[Sym]) -> Sym:
        op = inner.op
        if op is None or op.name in known:
            return Sym(op, tuple(args), inner.atom)
        if op.name not in stated:
            made = forward(op)
            if op.name in functions(made):
                raise TypeError(f"{op.name} is not among the ops known, and is not made of others")
            stated[op.name] = lowered(made, known)
        return replaced(stated[op.name], dict(zip(op.operands, args)))

    return bottom_up(sym, make)


def replaced(sym: Sym, names: Mapping[str, Sym]) -> Sym:
    """The formula with other formulas in the places of names."""

    def make(inner: Sym, args: list[Sym]) -> Sym:
        return names.get(inner.atom, inner) if isinstance(inner.atom, str) else Sym(inner.op, tuple(args), inner.atom)

    return bottom_up(sym, make)


def scalars(function: Callable[..., Any], *arrays: Any) -> Any:
    """What a function of arrays computes, element by element: an array of formulas, from arrays of names.

    >>> from scalargrad.ops.products import matmul
    >>> print(*scalars(matmul, [["a", "b"], ["c", "d"]], ["x", "y"]), sep=", ")
    a·x + b·y, c·x + d·y
    """
    import numpy as np

    symbols = [np.frompyfunc(as_sym, 1, 1)(np.array(a, dtype=object)) for a in arrays]
    with modes.tracing(modes.Tracer()):  # no formula has a number that could be asked for
        result = np.asarray(function(*symbols), dtype=object)
    return np.frompyfunc(lambda x: tidy(lowered(as_sym(x), OPS)), 1, 1)(result)
