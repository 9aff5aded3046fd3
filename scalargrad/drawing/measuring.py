"""How wide a text is: by the widest of the fonts a browser may take for Helvetica, so that no text leaves its box."""

from __future__ import annotations

import unicodedata

WIDTHS = {
    0.30: "ijlI|'.,:;·⁺⁻ ",
    0.40: '()[]{}frt/\\-!"⁰¹²³⁴⁵⁶⁷⁸⁹⎡⎤⎣⎦⎢⎥',
    0.46: "₀₁₂₃₄₅₆₇₈₉",
    0.56: "cksvxyzJ?",
    0.64: "abdeghnopqu0123456789_LTFEPSYZ",
    0.76: "ABCDGHKNOQRUVX&…—",
    0.85: "w%+−×=<>→←↑↓±÷≥≤≠∞@∑ΣшщжмюфыШЩЖЮФЫ",
    1.00: "mMWМ",
}
"""In ems, as DejaVu Sans has them."""
_WIDTH = {c: width for width, letters in WIDTHS.items() for c in letters}

BOLD = 1.1


def width_of(text: str, size: float, bold: bool = False) -> float:
    """The width of a line of text in a font of this size."""
    ems = sum(_WIDTH.get(c) or (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.68) for c in text)
    return ems * size * (BOLD if bold else 1.0)
