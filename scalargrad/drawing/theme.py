"""The colours of a drawing; each meaning also has a place, a sign or a shape of its own."""

from __future__ import annotations

from dataclasses import dataclass

from scalargrad.language import say


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
        raise ValueError(say("theme is 'light' or 'dark', not {0!r}", name))
    return THEMES[name]
