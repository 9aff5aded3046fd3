"""The drawing for a page, whose style sheet has the colours of its classes; written as short as a page needs it."""

from __future__ import annotations

import html
from collections.abc import Sequence

from scalargrad.drawing import Drawing
from scalargrad.drawing.boxes import Item, Points
from scalargrad.drawing.placing import PlacedEdge
from scalargrad.drawing.svg import SVG, Shapes, short
from scalargrad.formatting import visible

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
    name = html.escape(visible(drawing.trace.root.name, 200))
    shapes = PageShapes(drawing.style.prefix).body(layout)
    return f'<svg xmlns="{SVG}" viewBox="{box}" role="img" aria-label="{name}"><defs>{ARROWS}</defs>{shapes}</svg>'


class PageShapes(Shapes):
    """Places in whole units, as near as a page needs them; arrowheads and corners are its style sheet's."""

    between = ""

    def number(self, x: float) -> str:
        return str(round(x))

    def corner(self, radius: float) -> str:
        return ' rx="5"' if radius != 9 else ""

    def group(self, item: Item, kind: str, content: str) -> str:
        return f'<g id="{self.prefix}{item.id}">{content}</g>' if item.id else content

    def curves(self, edge: PlacedEdge, style: str) -> str:
        return f'<path class="{style}" d="{"".join(map(self.path, edge.curves))}"/>'

    def path(self, points: Points) -> str:
        """From where it begins on, which is shorter."""
        (x, y), *places = [(round(a), round(b)) for a, b in points]
        written = []
        for i in range(0, len(places), 3):
            written.append("c" + _numbers([(a - x, b - y) for a, b in places[i : i + 3]]))
            x, y = places[i : i + 3][-1]
        return f"M{self.point(points[0])}{''.join(written)}"


def _numbers(points: Sequence[tuple[int, int]]) -> str:
    return " ".join(str(x) for point in points for x in point).replace(" -", "-")
