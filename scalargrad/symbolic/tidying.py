"""Formulas simplified to what one would write by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

from scalargrad.ops import elementwise as ops
from scalargrad.symbolic.sym import Sym
from scalargrad.symbolic.writing import bottom_up, number_text


def tidy(sym: Sym) -> Sym:
    """The formula as one would write it by hand: numbers worked out, products by 1 and 0 and double signs gone.

    Equality with a constant counts as false, since it holds at a single point: a row's formula is shown as it is
    everywhere else (``x^n`` has ``n·x^(n − 1)``, whatever happens at n = 0).
    """
    return bottom_up(sym, lambda inner, args: _tidy_one(inner, tuple(args)))


def _tidy_one(sym: Sym, args: tuple[Sym, ...]) -> Sym:
    """An op around operands that are tidy."""
    if sym.op is None:
        return sym
    constants = [a.constant for a in args]
    numbers = [c for c in constants if c is not None]
    if len(numbers) == len(args):
        value = sym.op.number(*numbers)
        if math.isfinite(value) and len(number_text(value)) <= 8:
            return Sym.number(value)
    rule = _TIDY.get(sym.op.name)
    better = rule(*args) if rule else None
    return Sym(sym.op, args, None) if better is None else better


def _again(sym: Sym, levels: int = 2) -> Sym:
    """What a rule made of tidy formulas, tidied: at most its two outermost ops are new."""
    args = tuple([_again(a, levels - 1) for a in sym.args]) if levels > 1 else sym.args
    return _tidy_one(sym, args)


def _is(sym: Sym, name: str) -> bool:
    return sym.op is not None and sym.op.name == name


def _fraction(sym: Sym) -> tuple[Sym, Sym] | None:
    if _is(sym, "div"):
        return sym.args[0], sym.args[1]
    return (Sym.number(1), sym.args[0]) if _is(sym, "reciprocal") else None


def _tidy_add(a: Sym, b: Sym) -> Sym | None:
    if a.constant == 0:
        return b
    if b.constant == 0:
        return a
    if _is(b, "neg"):
        return _again(a - b.args[0])
    if b.constant is not None and b.constant < 0:
        return _again(a - -b.constant)
    return None


def _tidy_sub(a: Sym, b: Sym) -> Sym | None:
    if b.constant == 0:
        return a
    if a.constant == 0:
        return _again(-b)
    if _is(b, "neg"):
        return _again(a + b.args[0])
    if b.constant is not None and b.constant < 0:
        return _again(a + -b.constant)
    return None


def _tidy_neg(a: Sym) -> Sym | None:
    if _is(a, "neg"):
        return a.args[0]
    return Sym.number(-a.constant) if a.constant is not None else None


def _tidy_mul(a: Sym, b: Sym) -> Sym | None:
    for one, other in ((a, b), (b, a)):
        if one.constant == 1:
            return other
        if one.constant == -1:
            return _again(-other)
        if one.constant == 0:
            return one
        if _is(one, "neg"):
            return _again(-(one.args[0] * other))
    if b.constant is not None and a.constant is None:
        return _again(b * a)
    p, q = _fraction(a), _fraction(b)
    if p and q:
        return _again((p[0] * q[0]) / (p[1] * q[1]))
    if p:
        return _again((p[0] * b) / p[1])
    if q:
        return _again((a * q[0]) / q[1])
    return ops.square(a) if a == b else None


def _tidy_div(a: Sym, b: Sym) -> Sym | None:
    if b.constant == 1 or a.constant == 0:
        return a
    if a.constant is not None and a.constant < 0:
        return _again(-(-a.constant / b))
    if _is(a, "neg"):
        return _again(-(a.args[0] / b))
    if _is(b, "neg"):
        return _again(-(a / b.args[0]))
    p, q = _fraction(a), _fraction(b)
    if p:
        return _again(p[0] / (p[1] * b))
    if q:
        return _again((a * q[1]) / q[0])
    return None


def _tidy_pow(a: Sym, b: Sym) -> Sym | None:
    if b.constant == 1:
        return a
    if b.constant == 0:
        return Sym.number(1)
    return ops.square(a) if b.constant == 2 else None


def _tidy_where(condition: Sym, a: Sym, b: Sym) -> Sym | None:
    return None if condition.constant is None else a if condition.constant else b


def _tidy_equal(a: Sym, b: Sym) -> Sym | None:
    return Sym.number(0) if (a.constant is None) != (b.constant is None) else None


_TIDY: dict[str, Callable[..., Sym | None]] = {
    "add": _tidy_add,
    "sub": _tidy_sub,
    "neg": _tidy_neg,
    "mul": _tidy_mul,
    "div": _tidy_div,
    "pow": _tidy_pow,
    "where": _tidy_where,
    "equal": _tidy_equal,
}
