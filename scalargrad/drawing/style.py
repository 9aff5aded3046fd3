"""How a drawing looks and what it shows; each meaning has a colour, and also a place, a sign or a shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from scalargrad.language import either, say

PARTS = ("values", "upstream", "local", "downstream", "formulas")
"""What a drawing can show of the numbers."""


@dataclass(frozen=True)
class Theme:
    """Colours by what they mean."""

    paper: str
    ink: str
    soft: str
    rule: str
    leaf: str
    value: str
    grad: str
    formula: str
    edge: str
    lit: str
    scope: str


THEMES = {
    "light": Theme(
        paper="#ffffff", ink="#18202b", soft="#5c6879", rule="#64748b", leaf="#eef2f7", value="#0a6b2d", grad="#b3261e",
        formula="#5b3fd6", edge="#8593a6", lit="#fff0b3", scope="#c3ccd8",
    ),
    "dark": Theme(
        paper="#14181f", ink="#e8ecf2", soft="#a3afbf", rule="#8b98a9", leaf="#252d39", value="#6fd08c", grad="#ff9a91",
        formula="#b9a8ff", edge="#7d8a9c", lit="#4d4213", scope="#475364",
    ),
}  # fmt: skip


def theme(name: str) -> Theme:
    """The theme of that name."""
    if name not in THEMES:
        raise ValueError(say("theme is {0}, not {1!r}", either(map(repr, THEMES)), name))
    return THEMES[name]


@dataclass(frozen=True)
class Style:
    """How a Trace is drawn."""

    theme: Theme
    precision: int = 2
    direction: str = "LR"
    show: Collection[str] = PARTS
    legend: bool = True
    lit: Collection[str] = ()
    """The ids of the nodes and edges to emphasise: ``node-3``, ``edge-5-0``."""
    prefix: str = ""
    """What the ids in the SVG begin with, so that two drawings fit on one page."""
    lang: str = "en"
    unknown: Collection[str] = ()
    """The numbers whose place is kept but which cannot be seen: ``value-3``, ``grad-3``, ``flow-5-0``."""
    blanks: Mapping[str, str] = field(default_factory=dict)
    """What stands in the place of a number: ``{"value-3": "(1) ____"}``."""
    names: bool = False
    """Whether every node shows its name, v₁ or L, beside its symbol."""
    caption: str = ""
    """A line under the drawing, instead of the legend."""
