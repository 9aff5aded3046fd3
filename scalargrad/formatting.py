"""Numbers as people read them, and texts of others as they can be shown: the one way every view writes them."""

from __future__ import annotations

import math
import unicodedata

from scalargrad.records import ArrayNumber, Number

FEW = 6
"""Up to how many elements an array is shown whole."""

JOINERS = "\u200c\u200d"
"""Invisible, but letters of some scripts and pictures are made with them."""


def visible(text: str, longest: int | None = None) -> str:
    r"""A text of others, such as a label, as it can be shown on one line of a terminal or a page.

    What moves the cursor, turns the direction of reading, hides or cannot be encoded is shown by its number, as Python
    writes it; of a text that is longer than ``longest`` characters the end is cut off.

    >>> visible("w\x1b[31m\n"), visible("\u202eab"), visible("a very long label", 8)
    ('w\\x1b[31m\\n', '\\u202eab', 'a very …')
    """
    begin = text if longest is None else text[: longest + 1]
    shown = begin if begin.isprintable() else "".join(map(_visible, begin))
    return shown if longest is None or len(shown) <= longest else shown[: longest - 1] + "…"


def _visible(c: str) -> str:
    if c.isprintable() or c in JOINERS:
        return c
    return " " if unicodedata.category(c) == "Zs" else c.encode("unicode_escape").decode("ascii")


def one_line(error: BaseException) -> str:
    """An error in one line: its words, without what could do harm on a terminal; its class if it has none."""
    return visible(" ".join(str(error).split())) or type(error).__name__


DIGITS = 4
"""How many significant digits an inexact number has."""

EXACT = 5
"""Up to how many significant digits a number is written exactly."""

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def decimal(x: float, precision: int | None = None) -> str:
    """A number as people write it: exactly where few digits suffice, else to four significant digits.

    With ``precision`` every number that is not whole has that many decimals. Very large and very small ones are
    multiples of a power of ten.

    >>> decimal(-1.0), decimal(0.5), decimal(0.196612), decimal(-0.00517042), decimal(1.23456e-5)
    ('−1', '0.5', '0.1966', '−0.005170', '1.235×10⁻⁵')
    >>> decimal(-1.0, 4), decimal(0.196612, 2), decimal(0.001234, 2), decimal(2e9, 2), decimal(-0.0, 2)
    ('−1', '0.20', '1.23×10⁻³', '2×10⁹', '0')
    """
    if not math.isfinite(x):
        return str(x).replace("inf", "∞").replace("-", "−")
    sign, x = "−" * (x < 0), abs(x)
    if not x:
        return "0"
    mantissa, _, power = f"{x:.11e}".partition("e")  # to twelve digits, which hides what adding decimals loses
    digits, exponent = mantissa.replace(".", "").rstrip("0"), int(power)
    if (1e-4 if precision is None else 10.0**-precision) <= x < 1e7:
        needed = max(len(digits) - 1 - exponent, 0)
        asked = max(DIGITS - 1 - exponent, 0) if precision is None else precision
        exact = not needed or (precision is None and len(digits) <= EXACT)
        return f"{sign}{x:.{needed if exact else asked}f}"
    few = DIGITS - 1 if precision is None else max(precision, 1)
    mantissa, _, power = f"{x:.{few}e}".partition("e")
    if len(digits) == 1 or (precision is None and len(digits) <= DIGITS):
        mantissa = f"{float(mantissa):g}"
    return f"{sign}{mantissa}×10{str(int(power)).translate(RAISED)}"


def as_python(shown: str) -> str:
    """A number as :func:`decimal` writes it, as Python writes it.

    >>> as_python("−1.23×10⁻³"), as_python("0.5")
    ('-1.23e-3', '0.5')
    """
    mantissa, power, exponent = shown.replace("−", "-").partition("×10")
    return f"{mantissa}e{exponent.translate(_LOWERED)}" if power else mantissa


def is_large(x: Number) -> bool:
    """Whether it is an array with too many elements to show them all."""
    return isinstance(x, ArrayNumber) and (x.entries is None or math.prod(x.shape) > FEW)


def shape_of(x: Number) -> str:
    """The lengths of the axes: ``10×64``; empty for a single number."""
    return "×".join(map(str, x.shape)) if isinstance(x, ArrayNumber) else ""


def number(x: Number, precision: int | None = None) -> str:
    """A number, or an array: its elements if they are few, else its shape, mean and norm."""
    if not isinstance(x, ArrayNumber):
        return decimal(x, precision)
    if not is_large(x):
        return _nested(x.entries, precision)
    return f"{shape_of(x)}  mean {decimal(x.mean, precision)}  norm {decimal(x.norm, precision)}"


def _nested(x: object, precision: int | None) -> str:
    if isinstance(x, tuple):
        return f"[{', '.join(_nested(y, precision) for y in x)}]"
    return decimal(float(x), precision)  # type: ignore[arg-type]
