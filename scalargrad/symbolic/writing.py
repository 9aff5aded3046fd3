"""Formulas written out: one printer over templates, in three styles."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from scalargrad.formatting import visible
from scalargrad.ops.registry import Op

if TYPE_CHECKING:
    from scalargrad.symbolic.sym import Sym

T = TypeVar("T")

ATOM = 10
"""How tightly a name binds: tighter than any operation."""

_HOLE = re.compile(r"#(\d+)")
_OPENED = re.compile(r"([({\[|,&}<>=≤≥≠]|\\\\|\\(lfloor|lceil|ge|le|ne))\s*$")
_CLOSED = re.compile(r"\s*([)}\]|,&<>=≤≥≠]|\\\\|\\(right|rfloor|rceil|ge|le|ne))")


Written = tuple[str, int]
"""A written form, and how tightly it binds."""


def bottom_up(sym: Sym, make: Callable[[Sym, list[T]], T]) -> T:
    """``make`` of a formula and of what it made of its operands; without recursion, so at any depth."""
    done: dict[int, T] = {}
    todo = [sym]
    while todo:
        inner = todo[-1]
        waiting = [a for a in inner.args if id(a) not in done]
        if waiting:
            todo += waiting
        else:
            done[id(todo.pop())] = make(inner, [done[id(a)] for a in inner.args])
    return done[id(sym)]


def _write(sym: Sym, style: _Style) -> Written:
    """The written form and how tightly it binds, at any depth of the formula."""
    if not any(a.args for a in sym.args):  # of names and numbers alone, as the formulas of nodes are
        return _one(sym, [_one(a, [], style) for a in sym.args], style)
    return bottom_up(sym, lambda inner, args: _one(inner, args, style))


def _one(sym: Sym, args: list[Written], style: _Style) -> Written:
    """The written form of an op around those of its operands."""
    if sym.op is None:
        if isinstance(sym.atom, str):
            return style.name(sym.atom)
        return style.number(sym.constant or 0.0)
    template, precedence = style.form(sym.op)

    def put(hole: re.Match[str]) -> str:
        inner, binding = args[int(hole[1]) - 1]
        before, after = template[: hole.start()], template[hole.end() :]
        if _OPENED.search(before) and _CLOSED.match(after):
            return inner
        # sums and products group from the left, powers from the right: an operand on the other side must bind tighter
        tighter = (before == "") == (precedence == 4)
        return style.enclose(inner) if binding < precedence + tighter else inner

    return _HOLE.sub(put, template), precedence


@dataclass(frozen=True)
class _Style:
    form: Callable[[Op], Written]
    name: Callable[[str], Written]
    number: Callable[[float], Written]
    parentheses: tuple[str, str] = ("(", ")")

    def enclose(self, inner: str) -> str:
        return inner.join(self.parentheses)


_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_INDEXED = re.compile(r"([^\W\d_]+)_?(\d+)|([^\W\d_]+\d+)_(\d+)")


def pretty_name(name: str) -> str:
    """A name as people write it: the digits at its end as a subscript.

    >>> pretty_name("w0"), pretty_name("x_12"), pretty_name("loss"), pretty_name("W1_02")
    ('w₀', 'x₁₂', 'loss', 'W1₀₂')
    """
    stem, index = _indexed(name)
    return stem + index.translate(_SUBSCRIPT)


def _indexed(name: str) -> tuple[str, str]:
    """A name without its index, and the index: none for most."""
    match = _INDEXED.fullmatch(name)
    return (match[1] or match[3], match[2] or match[4]) if match else (name, "")


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
    """Any text as LaTeX text: nothing in it is a command, and what cannot be shown is shown by its number."""
    return "".join(_ESCAPES.get(c, c) for c in visible(" ".join(words.split()) or " " * bool(words)))


def latex_name(name: str) -> str:
    """A name in LaTeX's mathematics: Greek letters as commands, final digits as an index, longer words upright."""
    plain = unicodedata.normalize("NFKC", name)
    if plain.endswith("′"):
        primes = len(plain) - len(plain.rstrip("′"))
        return latex_name(plain.rstrip("′")) + "'" * primes
    stem, index = _indexed(plain)
    if stem in _GREEK_WORDS:
        stem = _GREEK_WORDS[stem]
    elif len(stem) == 1 and (stem in _GREEK or (stem.isascii() and stem.isalpha())):
        stem = _GREEK.get(stem, stem)
    else:
        stem = rf"\text{{{latex_text(stem)}}}"
    return f"{stem}_{{{index}}}" if index else stem


def _latex_number(value: float) -> tuple[str, int]:
    digits = repr(float(value)).removesuffix(".0").replace("inf", r"\infty").replace("nan", r"\text{nan}")
    mantissa, _, exponent = digits.partition("e")
    if exponent.lstrip("+-").isdigit():
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
