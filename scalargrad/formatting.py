"""Numbers as people read them: the one way every view writes them."""

from __future__ import annotations

import math

from scalargrad.records import ArrayNumber, Number

FEW = 6
"""Up to how many elements an array is shown whole."""


def decimal(x: float, precision: int) -> str:
    """A number with ``precision`` decimals; as a power of ten where those would show nothing or too much.

    >>> decimal(-1.0, 4), decimal(0.00001234, 2), decimal(2e9, 2), decimal(-0.0, 2)
    ('-1.0000', '1.23e-5', '2.00e+9', '0.00')
    """
    if not math.isfinite(x):
        return str(x).replace("inf", "∞")
    if x and not 10.0**-precision <= abs(x) < 1e7:
        mantissa, _, exponent = f"{x:.{max(precision, 1)}e}".partition("e")
        return f"{mantissa}e{int(exponent):+d}"
    return f"{x + 0.0:.{precision}f}"


def is_large(x: Number) -> bool:
    """Whether it is an array with too many elements to show them all."""
    return isinstance(x, ArrayNumber) and (x.entries is None or math.prod(x.shape) > FEW)


def shape_of(x: Number) -> str:
    """The lengths of the axes: ``10×64``; empty for a single number."""
    return "×".join(map(str, x.shape)) if isinstance(x, ArrayNumber) else ""


def number(x: Number, precision: int) -> str:
    """A number, or an array: its elements if they are few, else its shape, mean and norm."""
    if not isinstance(x, ArrayNumber):
        return decimal(x, precision)
    if not is_large(x):
        return _nested(x.entries, precision)
    return f"{shape_of(x)}  mean {decimal(x.mean, precision)}  norm {decimal(x.norm, precision)}"


def _nested(x: object, precision: int) -> str:
    if isinstance(x, tuple):
        return f"[{', '.join(_nested(y, precision) for y in x)}]"
    return decimal(float(x), precision)  # type: ignore[arg-type]
