"""The drawing as DOT in which everything has its place already: Graphviz only paints it, as PNG."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import pairwise

from scalargrad.drawing.boxes import Item, PlacedText, Points, Span
from scalargrad.drawing.placing import Layout
from scalargrad.drawing.style import Style, Theme
from scalargrad.drawing.svg import CLASSES, DASHED, FILLS, KINDS, SHAPES
from scalargrad.formatting import visible

POINTS = 72.0


def source(layout: Layout, style: Style) -> str:
    """The DOT source, to be painted by ``-Knop2``."""
    theme, high = style.theme, layout.height
    lines = [f'digraph {{ graph [bgcolor="{theme.paper}" pad=0 outputorder=nodesfirst]']
    lines.append('node [shape=box label="" fixedsize=true fontname=Helvetica] edge [arrowsize=0.6]')
    marks = [_mark(point, i) for i, point in enumerate(((0.0, 0.0), (layout.width, high)))]
    lines += marks  # the corners: the picture is as large as what is in it
    painted = [*_shapes(layout, style)]
    lines += [_rectangle(place, high, look, theme) for place, look in painted]
    texts = [frame.title for frame in layout.frames]
    items = [item for node in layout.nodes for item in node.items] + [e.label for e in layout.edges if e.label]
    texts += [text for item in items for text in item.texts]
    lines += [_text(text, high, theme) for text in (*texts, *layout.foot)]
    for edge in layout.edges:
        color = theme.grad if edge.part.lit else theme.edge
        look = (
            f'color="{color}"'
            + (" style=dashed" if edge.part.kind == "plain" else "")
            + (" penwidth=2.5" if edge.part.lit else "")
        )
        lines += [_curve(curve, high, look, curve is edge.curves[-1]) for curve in edge.curves]
    strokes = [stroke for item in items for stroke in item.strokes]
    lines += [_curve(_cornered(stroke), high, f'color="{theme.soft}"', False) for stroke in strokes]
    return "\n".join([*lines, "}"])


def _shapes(layout: Layout, style: Style) -> Iterator[tuple[tuple[float, float, float, float], str]]:
    for frame in layout.frames:
        yield frame.rectangle, "s-scope"
    for node in layout.nodes:
        for item in node.items:
            if item.rectangle and item.kind != "edge":
                yield item.rectangle, "lit" if item.lit else _look(item, node.part.kind)


def _look(item: Item, kind: str) -> str:
    return ("s-copy" if item.copy else "s-leaf") if item.kind == "chip" else KINDS[kind]


def _rectangle(place: tuple[float, float, float, float], high: float, look: str, theme: Theme) -> str:
    x, y, width, height = place
    fill, stroke = (theme.lit, theme.grad) if look == "lit" else (getattr(theme, c) if c else "" for c in SHAPES[look])
    style = "rounded" + ",filled" * bool(fill) + ",dashed" * (look in DASHED)
    wide = 2 if look in ("lit", "s-card") else 1
    middle = f"{x + width / 2:.2f},{high - y - height / 2:.2f}"
    return (
        f'"{x:.1f},{y:.1f},{look}" [pos="{middle}" width={width / POINTS:.4f} height={height / POINTS:.4f} '
        f'style="{style}" fillcolor="{fill or theme.paper}" color="{stroke}" penwidth={wide}]'
    )


def _mark(point: tuple[float, float], number: int) -> str:
    return f'c{number} [pos="{point[0]:.2f},{point[1]:.2f}" shape=none width=0 height=0]'


def _text(text: PlacedText, high: float, theme: Theme) -> str:
    spans = "".join(_span(span, text.known, theme) for span in text.spans)
    x, y = text.x, high - text.y + 0.3 * text.size
    return f'"{x:.1f},{text.y:.1f}" [pos="{x:.2f},{y:.2f}" shape=none width=0.01 height=0.01 label=<{spans}>]'


def _span(span: Span, known: bool, theme: Theme) -> str:
    name = CLASSES.get(span.role, "t-soft")
    color = getattr(theme, FILLS[name.split()[-1] if name.split()[-1] in FILLS else name.split()[0]])
    words = html.escape(visible(re.sub(r"\s", " ", span.text)), quote=True).replace("\\", "\\\\")
    words = words.replace("  ", " &#160;") if known and span.known else "&#160;"
    bold = f"<b>{words}</b>" if span.is_bold else words
    return f'<font color="{color}" point-size="{span.size:g}">{bold}</font>'


def _curve(points: Points, high: float, look: str, ends: bool) -> str:
    """A curve between two corners, which Graphviz takes as it is."""
    told = [f"{x:.2f},{high - y:.2f}" for x, y in points]
    head = f"e,{told[-1]} " if ends else ""
    if ends:
        told[-1] = _before(points, high)
    return f'c0 -> c1 [pos="{head}{" ".join(told)}" {look} arrowhead={"normal" if ends else "none"}]'


def _before(points: Points, high: float) -> str:
    """Where the head of an arrow begins."""
    (x, y), (a, b) = points[-1], points[-2]
    far = ((x - a) ** 2 + (y - b) ** 2) ** 0.5 or 1.0
    return f"{x - 6 * (x - a) / far:.2f},{high - y + 6 * (y - b) / far:.2f}"


def _cornered(points: Points) -> Points:
    """Straight lines as a curve."""
    done = [points[0]]
    for a, b in pairwise(points):
        done += [a, b, b]
    return tuple(done)
