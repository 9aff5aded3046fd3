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
    leafrule: str
    value: str
    grad: str
    formula: str
    edge: str
    lit: str
    scope: str


THEMES = {
    "light": Theme(
        paper="#ffffff", ink="#18202b", soft="#56616f", rule="#5b6b80", leaf="#e9eff7", leafrule="#6f7f95",
        value="#0a58ad", grad="#b34700", formula="#56616f", edge="#6f7f95", lit="#fff0b3", scope="#7f8da0",
    ),
    "dark": Theme(
        paper="#14181f", ink="#e8ecf2", soft="#a9b4c2", rule="#8b98a9", leaf="#232c3a", leafrule="#74859d",
        value="#7cc0ff", grad="#ffae5c", formula="#a9b4c2", edge="#8593a6", lit="#4d4213", scope="#74859d",
    ),
}  # fmt: skip
"""Values are blue and gradients orange: the two that every eye tells apart. ``auto`` is both, as the page is."""

AUTO = "auto"


def theme(name: str) -> Theme:
    """The theme of that name; of ``auto`` the light one, which pictures of one theme have."""
    if name not in (*THEMES, AUTO):
        raise ValueError(say("theme is {0}, not {1!r}", either(map(repr, (*THEMES, AUTO))), name))
    return THEMES["light" if name == AUTO else name]


@dataclass(frozen=True)
class Style:
    """How a Trace is drawn."""

    theme: Theme
    precision: int | None = None
    """How many decimals inexact numbers have; None: four significant digits."""
    direction: str = AUTO
    """``LR``, ``TB``, or ``auto``: what is legible."""
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
    auto: bool = False
    """Whether the SVG follows the theme of the page it is in."""
