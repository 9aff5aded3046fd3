"""The drawing for a page, whose style sheet has the colours of its classes."""

from __future__ import annotations

import html

from scalargrad.drawing import Drawing
from scalargrad.drawing.svg import SVG, body, short


BACK = (
    '<defs><marker id="sg-backtip" orient="auto-start-reverse" refX="9" refY="4" markerWidth="10" markerHeight="8" '
    'markerUnits="userSpaceOnUse"><path class="s-backtip" d="M0 0L10 4L0 8z"/></marker></defs>'
)
"""The arrowhead of an edge that is lit: the gradient goes back along it."""


def compact(drawing: Drawing) -> str:
    """The SVG of a drawing without colours of its own."""
    layout = drawing.layout
    box = f"0 0 {short(layout.width)} {short(layout.height)}"
    name = html.escape(drawing.trace.root.name)
    shapes = body(layout, drawing.style.prefix, tips=False)
    return f'<svg xmlns="{SVG}" viewBox="{box}" role="img" aria-label="{name}">{BACK}{shapes}</svg>'
