"""The text of a formula as tokens: numbers, names, superscripts and operators, each with its column."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from keyword import iskeyword
from typing import NamedTuple

from scalargrad.formatting import visible
from scalargrad.language import say

MAX_LENGTH = 10_000
"""How many characters a formula may have."""
MAX_TOKENS = 2_000
"""How many numbers, names, operators and brackets."""

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "π": math.pi, "inf": math.inf, "∞": math.inf, "nan": math.nan}
"""Names that stand for numbers."""

_SPELLINGS = {
    s: s for s in ("+", "-", "*", "/", "//", "%", "**", "(", ")", "[", "]", ",", "=", "==", "!=", "<", "<=", ">", ">=")
}
_SPELLINGS |= {"^": "**", "≠": "!="}
_SPELLINGS |= dict.fromkeys("·×⋅\u0387∗∙•⨯✕✖\u2062", "*")  # the last is the invisible times of web pages
_SPELLINGS |= dict.fromkeys("÷∕⁄", "/") | dict.fromkeys("−–‐‑‒—﹣", "-")
_SPELLINGS |= dict.fromkeys("≤⩽", "<=") | dict.fromkeys("≥⩾", ">=")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""The ASCII characters at their width in Chinese and Japanese texts."""
_OPERATOR = re.compile("|".join(map(re.escape, sorted(_SPELLINGS, key=len, reverse=True))))
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+\-−]?[0-9]+)?")
_HINTS = {
    ".": "it has no attributes, and a point belongs to a number",
    **dict.fromkeys("'\"‘’“”«»", "it has no texts in quotes"),
    **dict.fromkeys("{}", "to group, use ( )"),
    **dict.fromkeys("$\\", "it is not LaTeX: write exp(x), a/b, sqrt(x)"),
    "|": "write abs(x) for |x|",
    "!": "write [a ≠ b] for “not equal”",
    ":": "it is one expression, not a statement",
    ";": "it is one expression, not a statement",
}


class ExpressionError(ValueError):
    """A text that is no formula: ``message`` says why, ``column`` (from 0) where in ``text``.

    >>> print(ExpressionError("there is no function sigmod: did you mean sigmoid?", "2*sigmod(x)", 2))
    there is no function sigmod: did you mean sigmoid?
    2*sigmod(x)
      ^
    """

    def __init__(self, message: str, text: str, column: int) -> None:
        super().__init__(message, text, column)
        self.message = message
        self.text = text
        self.column = column

    def __str__(self) -> str:
        start, end = max(0, self.column - 50), self.column + 25
        before = "…" * (start > 0) + "".join(map(_printable, self.text[start : self.column]))
        after = "".join(map(_printable, self.text[self.column : end])) + "…" * (end < len(self.text))
        return f"{self.message}\n{before}{after}\n{' ' * sum(map(_width, before))}^"


class Token(NamedTuple):
    kind: str
    """``number``, ``name``, ``power`` (a superscript), or an operator as Python spells it; empty for no token."""
    text: str
    column: int
    value: float = 0.0


def key_of(name: str) -> str:
    """What a variable or function goes by: ``x0`` for ``x₀`` (its NFKC form, as Python has it for identifiers)."""
    return unicodedata.normalize("NFKC", name)


def shown(text: str) -> str:
    """A piece of the text, cut to fit into a message."""
    return visible(text, 30)


def listed(names: Sequence[str]) -> str:
    """Names in a message: the first of them."""
    return ", ".join([*map(shown, names[:8]), *["…"] * (len(names) > 8)])


def scan(text: str, functions: Iterable[str]) -> list[Token]:
    """The tokens of a formula; a function may be called by a symbol like ``√``, which is no name otherwise.

    >>> [(token.kind, token.text) for token in scan("2·x₀²", ())]
    [('number', '2'), ('*', '·'), ('name', 'x₀'), ('power', '²')]
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            say("a formula has at most {0} characters, not {1}", MAX_LENGTH, len(text)), text, MAX_LENGTH
        )
    symbols = sorted({*functions, *CONSTANTS}, key=len, reverse=True)
    plain = text.translate(_FULL_WIDTH)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        c = text[at]
        if c in "\t\n\r" or (c.isspace() and unicodedata.category(c) != "Cc"):
            at += 1
            continue
        if len(tokens) == MAX_TOKENS:
            message = say("a formula has at most {0} numbers, names, operators and brackets", MAX_TOKENS)
            raise ExpressionError(message, text, at)
        token = _token(text, plain, at, symbols)
        tokens.append(token)
        at += len(token.text)
    return tokens


def _token(text: str, plain: str, at: int, symbols: list[str]) -> Token:
    """The token that begins at a place; ``plain`` is the text in characters of the usual width."""
    if match := _NUMBER.match(plain, at):
        return Token("number", text[at : match.end()], at, _number(match[0], text, at))
    if unicodedata.decomposition(text[at]).startswith("<fraction>"):
        return Token("number", text[at], at, unicodedata.numeric(text[at]))
    if match := _OPERATOR.match(plain, at):
        return Token(_SPELLINGS[match[0]], text[at : match.end()], at)
    if (end := _end(text, at, _in_name)) > at:
        name = text[at:end]
        if iskeyword(key_of(name)):
            raise ExpressionError(say("{0} is a word of Python and cannot stand in a formula", name), text, at)
        return Token("name", name, at)
    if (end := _end(text, at, _is_raised)) > at:
        digits = key_of(text[at:end])
        if not re.fullmatch("[+−]?[0-9]+", digits):
            message = say("only a whole number may be raised: write ^({0}) for any other power", shown(digits))
            raise ExpressionError(message, text, at)
        return Token("power", text[at:end], at, _number(digits, text, at))
    for symbol in symbols:
        if text.startswith(symbol, at):
            return Token("name", symbol, at)
    c = text[at]
    what = c if c.isprintable() else say("the character U+{0:04X}", ord(c))
    hint = _hint(c, plain[at])
    raise ExpressionError(say("{0} has no place in a formula{1}", what, f": {hint}" if hint else ""), text, at)


def _hint(c: str, plain: str) -> str:
    """What to do about a character that has no place in a formula; empty if nothing can be said."""
    if plain in _HINTS:
        return say(_HINTS[plain])
    if unicodedata.decimal(c, None) is not None:
        return say("write the digit {0}", unicodedata.decimal(c))
    nearest = key_of(c)
    if nearest != c and nearest.isascii() and nearest.isprintable():
        return say("write {0}", nearest)
    return say("it cannot be seen: delete it") if not c.isprintable() else ""


def _number(digits: str, text: str, column: int) -> float:
    value = float(digits.replace("−", "-"))
    if math.isinf(value):
        raise ExpressionError(say("the number {0} is too large for a float", shown(digits)), text, column)
    return value


def _end(text: str, start: int, belongs: Callable[[str, bool], bool]) -> int:
    """The end of the characters from ``start`` that belong together."""
    end = start
    while end < len(text) and belongs(text[end], end == start):
        end += 1
    return end


def _is_raised(c: str, first: bool) -> bool:
    return unicodedata.decomposition(c).startswith("<super>")


def _in_name(c: str, first: bool) -> bool:
    if c in _SPELLINGS or _is_raised(c, first):  # to Python, the middle dots may stand in a name
        return False
    if first:
        return c.isidentifier()
    lowered = unicodedata.decomposition(c).startswith("<sub>") and key_of(c).isalnum()
    return lowered or c == "′" or ("x" + c).isidentifier()


def _printable(c: str) -> str:
    return c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}"


def _width(c: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1
