"""The drawing as a small SVG whose texts have the class of their role: a page can hide, light and colour them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from scalargrad.drawing import Drawing
from scalargrad.drawing.parts import EdgePart
from scalargrad.drawing.placing import SVG, Placed, PlacedText

CLASSES = {
    "alias": "t-soft", "operation": "t-soft", "count": "t-soft", "title": "t-soft", "shape": "t-value",
    "value": "t-value", "gradient": "t-grad", "shares": "t-grad", "product": "t-flow", "downstream": "t-flow",
    "formula": "t-formula",
}  # fmt: skip
"""What the style sheet calls each role; all others are ``t-ink``."""
SIZES = {"t-ink": 13, "t-value": 13, "t-grad": 13, "t-flow": 10, "t-formula": 10, "t-soft": 10}
"""The usual size of each class, which the style sheet knows."""

ARROWS = (
    '<defs><marker id="{0}tip" orient="auto" refY="2.5" markerWidth="7" markerHeight="5" markerUnits="userSpaceOnUse">'
    '<path class="s-tip" d="M0 0L7 2.5L0 5z"/></marker><marker id="{0}lit" orient="auto" refY="4" markerWidth="10" '
    'markerHeight="8" markerUnits="userSpaceOnUse"><path class="s-littip" d="M0 0L10 4L0 8z"/></marker></defs>'
)


def compact(drawing: Drawing) -> str:
    """The SVG of a drawing, a third as long: one rectangle for a node, arrowheads as markers, short numbers."""
    layout = drawing.layout
    box = " ".join(map(short, layout.view.split()))
    return (
        f'<svg xmlns="{SVG}" viewBox="{box}" role="img" aria-label="{html.escape(drawing.trace.root.name)}">{ARROWS.format(drawing.style.prefix)}'
        f'<g transform="{layout.shift}">' + "\n".join(map(_part, layout.parts)) + "</g></svg>"
    )


def short(number: str | float) -> str:
    """A number with one decimal at most: ``-368.4``, ``12``."""
    return f"{round(float(number), 1) + 0.0:g}"


def _part(item: Placed) -> str:
    texts = _texts(item.texts)
    if item.part is None:
        return _rectangle(item, "s-scope") + texts
    if isinstance(item.part, EdgePart):
        dashed = ' stroke-dasharray="5 2"' * (item.part.kind == "plain")
        shapes = "".join(f'<path class="s-edge"{dashed} d="{_path(d)}"/>' for d in item.outlines)
    else:
        shapes = _rectangle(item, "s-paper" if item.part.kind == "operation" else "s-leaf")
    return f'<g id="{item.id}">{shapes}{texts}</g>'


def _path(d: str) -> str:
    """A path's commands with short numbers and no needless separators."""
    numbers = re.sub(r"-?\d+\.?\d*", lambda found: short(found[0]), d)
    return re.sub(r"[, ](?=-)", "", numbers)


def _rectangle(item: Placed, name: str) -> str:
    x, y, width, height = (round(n) for n in item.box)
    return f'<rect class="{name}" x="{x}" y="{y}" width="{width}" height="{height}"/>'


def _texts(texts: Iterable[PlacedText]) -> str:
    """The texts; the downstream gradient is a bold span at the end of its product."""
    written: list[str] = []
    for role, text, x, y, size in texts:
        name = CLASSES.get(role, "t-ink")
        words = html.escape(text, quote=False)
        if role == "downstream":
            words = f"<tspan>{words}</tspan>"
            if written:
                written[-1] = written[-1].removesuffix("</text>") + f"{words}</text>"
                continue
        points = "" if size == SIZES[name] else f' font-size="{short(size)}"'
        written.append(f'<text class="{name}" x="{round(x)}" y="{round(y)}"{points}>{words}</text>')
    return "".join(written)
