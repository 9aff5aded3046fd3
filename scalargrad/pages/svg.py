"""The drawing for a page, whose style sheet has the colours of its classes."""

from __future__ import annotations

import html
import re

from scalargrad.drawing import Drawing
from scalargrad.drawing.svg import SVG, body, short
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
    shapes = re.sub(r'(?<= )(?:x|y|width|height)="[^"]*"', _whole, body(layout, drawing.style.prefix, tips=False))
    shapes = re.sub(r'(?<= d=")[^"]*', _relative, shapes).replace("\n", "").replace(' rx="9"', "")
    return f'<svg xmlns="{SVG}" viewBox="{box}" role="img" aria-label="{name}"><defs>{ARROWS}</defs>{shapes}</svg>'


def _whole(places: re.Match[str]) -> str:
    """Places in whole units: as near as a page needs them."""
    return re.sub(r"-?\d+\.\d+", lambda number: str(round(float(number[0]))), places[0])


def _relative(path: re.Match[str]) -> str:
    """A path of curves in whole units from where each begins, which is shorter."""
    written, start = [], [0, 0]
    for command, numbers in re.findall(r"([A-Z])([^A-Z]*)", path[0]):
        places = [round(float(x)) for x in numbers.split()]
        if command == "M":
            written.append(f"M{places[0]} {places[1]}")
        elif command == "C":
            moved = [x - y for x, y in zip(places, 3 * start)]
            written.append("c" + " ".join(map(str, moved)).replace(" -", "-"))
        else:
            written.append(command + numbers)
        start = places[-2:]
    return "".join(written)
