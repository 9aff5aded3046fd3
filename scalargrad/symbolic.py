"""Symbols: the rows of the registry read as formulas, in text, in LaTeX and as Python source.

A :class:`Sym` is a formula tree. Running a partial on symbols gives the formula of the local derivative, which is what
drawings and steps show, and, as Python source, what the engine compiles its backward functions from.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from scalargrad.ops import elementwise as ops
from scalargrad.ops.operators import Operators, install
from scalargrad.ops.registry import Op, as_number

ATOM = 10


class Sym(Operators):
    """A formula: a name, a number, or an op applied to formulas.

    >>> x = Sym.named("x")
    >>> print(1 / (1 + ops.exp(-x)))
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

    >>> formula(ops.mul, 0, ("w0", "x0")), formula(ops.reciprocal, 0, ("x",))
    ('x₀', '−1/x²')
    """
    return STYLES[style](tidy(local_derivative(op, position, operands)))


def written(op: Op, operands: tuple[Operand | Sym, ...], style: str = "text") -> str:
    """The op applied to the operands, written out."""
    return STYLES[style](Sym(op, tuple(map(as_sym, operands)), None))


def kept(op: Op, position: int) -> frozenset[str]:
    """What a partial needs from the forward pass: some of the operands' names, and ``"output"``.

    >>> sorted(kept(ops.mul, 0)), sorted(kept(ops.tanh, 0))
    (['b'], ['output'])
    """
    return local_derivative(op, position, op.operands, "output").names()


# --- writing ---------------------------------------------------------------------------------------------------------

_HOLE = re.compile(r"#(\d)")
_OPENED = re.compile(r"([({\[|,&}<>=≤≥≠]|\\\\|\\(lfloor|lceil|ge|le|ne))\s*$")
_CLOSED = re.compile(r"\s*([)}\]|,&<>=≤≥≠]|\\\\|\\(right|rfloor|rceil|ge|le|ne))")


def _write(sym: Sym, style: _Style) -> tuple[str, int]:
    """The written form and how tightly it binds."""
    if sym.op is None:
        if isinstance(sym.atom, str):
            return style.name(sym.atom)
        return style.number(sym.constant or 0.0)
    template, precedence = style.form(sym.op)

    def put(hole: re.Match[str]) -> str:
        inner, binding = _write(sym.args[int(hole[1]) - 1], style)
        before, after = template[: hole.start()], template[hole.end() :]
        if _OPENED.search(before) and _CLOSED.match(after):
            return inner
        # sums and products group from the left, powers from the right: an operand on the other side must bind tighter
        tighter = (before == "") == (precedence == 4)
        return style.enclose(inner) if binding < precedence + tighter else inner

    return _HOLE.sub(put, template), precedence


class _Style:
    def __init__(
        self,
        form: Callable[[Op], tuple[str, int]],
        name: Callable[[str], tuple[str, int]],
        number: Callable[[float], tuple[str, int]],
        parentheses: tuple[str, str] = ("(", ")"),
    ) -> None:
        self.form = form
        self.name = name
        self.number = number
        self.parentheses = parentheses

    def enclose(self, inner: str) -> str:
        return inner.join(self.parentheses)


_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_INDEXED = re.compile(r"([^\W\d_]+)_?(\d+)")


def pretty_name(name: str) -> str:
    """A name as people write it: the digits at its end as a subscript.

    >>> pretty_name("w0"), pretty_name("x_12"), pretty_name("loss")
    ('w₀', 'x₁₂', 'loss')
    """
    match = _INDEXED.fullmatch(name)
    return match[1] + match[2].translate(_SUBSCRIPT) if match else name


def _is_one_word(name: str) -> bool:
    return all(c.isalnum() or c in "_.'∂" or unicodedata.category(c) in ("No", "Mn", "Lm") for c in name)


def _text_name(name: str) -> tuple[str, int]:
    return pretty_name(name), ATOM if _is_one_word(name) else 0


def number_text(value: float) -> str:
    """A constant as it stands in a formula: the shortest digits that give it back, with a true minus sign."""
    digits = repr(float(value)).removesuffix(".0").replace("e-0", "e-").replace("e+", "e")
    return digits.replace("inf", "∞").replace("-", "−")


def _text_number(value: float) -> tuple[str, int]:
    return number_text(value), 1 if math.copysign(1.0, value) < 0 else ATOM


_GREEK = {
    chr(code): "\\" + unicodedata.name(chr(code)).split()[-1].lower()
    for code in [*range(0x3B1, 0x3CA)]
    if code not in (0x3BF, 0x3C2)
}
_GREEK.update({"λ": r"\lambda", "Δ": r"\Delta", "Σ": r"\Sigma", "Θ": r"\Theta", "Ω": r"\Omega", "Γ": r"\Gamma"})
_GREEK.update({"Λ": r"\Lambda", "Φ": r"\Phi", "Ψ": r"\Psi", "Π": r"\Pi", "Ξ": r"\Xi"})
_GREEK_WORDS = {word[1:]: word for word in _GREEK.values()}
_ESCAPES = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
_ESCAPES.update({c: "\\" + c for c in "&%$#_{}"})


def latex_text(words: str) -> str:
    """Any text as LaTeX text: nothing in it is a command."""
    return "".join(_ESCAPES.get(c, c) for c in words)


def latex_name(name: str) -> str:
    """A name in LaTeX's mathematics: Greek letters as commands, final digits as an index, longer words upright."""
    plain = unicodedata.normalize("NFKC", name)
    match = _INDEXED.fullmatch(plain)
    stem, index = (match[1], match[2]) if match else (plain, "")
    if stem in _GREEK_WORDS:
        stem = _GREEK_WORDS[stem]
    elif len(stem) == 1 and (stem in _GREEK or (stem.isascii() and stem.isalpha())):
        stem = _GREEK.get(stem, stem)
    else:
        stem = rf"\text{{{latex_text(stem)}}}"
    return f"{stem}_{{{index}}}" if index else stem


def _latex_number(value: float) -> tuple[str, int]:
    digits = repr(float(value)).removesuffix(".0").replace("inf", r"\infty").replace("nan", r"\text{nan}")
    mantissa, e, exponent = digits.partition("e")
    if e:
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", 1 if value < 0 else 2
    return digits, 1 if math.copysign(1.0, value) < 0 else ATOM


_TEXT = _Style(lambda op: (op.text, op.precedence), _text_name, _text_number)
_LATEX = _Style(
    lambda op: (op.latex, op.latex_precedence or op.precedence),
    lambda name: (latex_name(name), ATOM if _is_one_word(name) else 0),
    _latex_number,
    (r"\left(", r"\right)"),
)
_INFIX = {"add": "#1 + #2", "sub": "#1 - #2", "mul": "#1 * #2", "div": "#1 / #2", "neg": "-#1"}


def _python_form(op: Op) -> tuple[str, int]:
    if op.name in _INFIX:
        return _INFIX[op.name], op.precedence
    return f"{op.name}({', '.join(f'#{i + 1}' for i in range(len(op.operands)))})", 9


def _python_number(value: float) -> tuple[str, int]:
    return (repr(value) if math.isfinite(value) else f"float('{value}')"), 1 if value < 0 else ATOM


_PYTHON = _Style(_python_form, lambda name: (name, ATOM), _python_number)


def text(sym: Sym) -> str:
    """The formula as Unicode text."""
    return _write(sym, _TEXT)[0]


def latex(sym: Sym) -> str:
    """The formula in LaTeX's mathematics."""
    return _write(sym, _LATEX)[0]


def python(sym: Sym) -> str:
    """The formula as Python source: operators on floats, and calls of the other ops by name."""
    return _write(sym, _PYTHON)[0]


STYLES: Mapping[str, Callable[[Sym], str]] = {"text": text, "latex": latex, "python": python}


# --- tidying ---------------------------------------------------------------------------------------------------------


def tidy(sym: Sym) -> Sym:
    """The formula as one would write it by hand: numbers worked out, products by 1 and 0 and double signs gone.

    Equality with a constant counts as false, since it holds at a single point: a row's formula is shown as it is
    everywhere else (``x^n`` has ``n·x^(n − 1)``, whatever happens at n = 0).
    """
    if sym.op is None:
        return sym
    args = tuple(map(tidy, sym.args))
    constants = [a.constant for a in args]
    numbers = [c for c in constants if c is not None]
    if len(numbers) == len(args):
        value = sym.op.number(*numbers)
        if math.isfinite(value) and len(number_text(value)) <= 8:
            return Sym.number(value)
    rule = _TIDY.get(sym.op.name)
    better = rule(*args) if rule else None
    return Sym(sym.op, args, None) if better is None else better


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
        return tidy(a - b.args[0])
    if b.constant is not None and b.constant < 0:
        return tidy(a - -b.constant)
    return None


def _tidy_sub(a: Sym, b: Sym) -> Sym | None:
    if b.constant == 0:
        return a
    if a.constant == 0:
        return tidy(-b)
    if _is(b, "neg"):
        return tidy(a + b.args[0])
    if b.constant is not None and b.constant < 0:
        return tidy(a + -b.constant)
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
            return tidy(-other)
        if one.constant == 0:
            return one
        if _is(one, "neg"):
            return tidy(-(one.args[0] * other))
    if b.constant is not None and a.constant is None:
        return tidy(b * a)
    p, q = _fraction(a), _fraction(b)
    if p and q:
        return tidy((p[0] * q[0]) / (p[1] * q[1]))
    if p:
        return tidy((p[0] * b) / p[1])
    if q:
        return tidy((a * q[0]) / q[1])
    return ops.square(a) if a == b else None


def _tidy_div(a: Sym, b: Sym) -> Sym | None:
    if b.constant == 1 or a.constant == 0:
        return a
    if a.constant is not None and a.constant < 0:
        return tidy(-(-a.constant / b))
    if _is(a, "neg"):
        return tidy(-(a.args[0] / b))
    if _is(b, "neg"):
        return tidy(-(a / b.args[0]))
    p, q = _fraction(a), _fraction(b)
    if p:
        return tidy(p[0] / (p[1] * b))
    if q:
        return tidy((a * q[1]) / q[0])
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
