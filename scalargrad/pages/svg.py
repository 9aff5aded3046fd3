"""The drawing for a page, whose style sheet has the colours of its classes."""

from __future__ import annotations

import html

from scalargrad.drawing import Drawing
from scalargrad.drawing.svg import SVG, body, short


def compact(drawing: Drawing) -> str:
    """The SVG of a drawing without colours of its own."""
    layout = drawing.layout
    box = f"0 0 {short(layout.width)} {short(layout.height)}"
    name = html.escape(drawing.trace.root.name)
    return f'<svg xmlns="{SVG}" viewBox="{box}" role="img" aria-label="{name}">{body(layout, drawing.style.prefix, tips=False)}</svg>'
