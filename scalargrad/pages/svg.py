"""The drawing for a page, whose style sheet has the colours of its classes."""

from __future__ import annotations

import html
import re

from scalargrad.drawing import Drawing
from scalargrad.drawing.svg import SVG, body, short


_MARKER = (
    '<marker id="sg-{0}" orient="auto-start-reverse" refX="{1}" refY="4" markerWidth="10" markerHeight="8" '
    'markerUnits="userSpaceOnUse"><path class="s-{0}" d="{2}"/></marker>'
)
ARROWS = _MARKER.format("tip", 8, "M0 1L8 4L0 7z") + _MARKER.format("backtip", 9, "M0 0L10 4L0 8z")
"""The arrowheads: of an edge, and of one that is lit, along which the gradient goes back."""


def compact(drawing: Drawing) -> str:
    """The SVG of a drawing without colours of its own."""
    layout = drawing.layout
    box = f"0 0 {short(layout.width)} {short(layout.height)}"
    name = html.escape(drawing.trace.root.name)
    shapes = re.sub(r'(?<= )(?:d|x|y|width|height)="[^"]*"', _whole, body(layout, drawing.style.prefix, tips=False))
    return f'<svg xmlns="{SVG}" viewBox="{box}" role="img" aria-label="{name}"><defs>{ARROWS}</defs>{shapes}</svg>'


def _whole(places: re.Match[str]) -> str:
    """Places in whole units: as near as a page needs them."""
    return re.sub(r"-?\d+\.\d+", lambda number: str(round(float(number[0]))), places[0])
