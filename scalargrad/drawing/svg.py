"""The drawing as SVG: texts and shapes have classes, which the style sheet in it, or that of a page, colours."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from itertools import groupby

from scalargrad.drawing.boxes import Item, PlacedText, Points, Span
from scalargrad.drawing.placing import Layout, PlacedEdge, PlacedNode
from scalargrad.drawing.style import THEMES, Style, Theme
from scalargrad.formatting import visible

SVG = "http://www.w3.org/2000/svg"
FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
USUAL = 11.0
"""The size of most texts."""
SCALE = 1.15
"""How many pixels a point has where there is room."""
TIP = 400
"""Up to how many characters stand in a tooltip."""

CLASSES = {
    "value": "t-value", "shape": "t-value", "gradient": "t-grad", "shares": "t-grad", "product": "t-flow",
    "upstream": "t-flow", "local": "t-flow", "downstream": "t-flow b", "back": "t-flow", "passed": "t-flow t-pass",
    "formula": "t-formula", "name": "t-ink", "symbol": "t-ink", "head": "t-ink", "caption": "t-ink",
}  # fmt: skip
"""What the style sheets call each role; all others are ``t-soft``."""

FILLS = {
    "t-ink": "ink", "t-soft": "soft", "t-value": "value", "t-grad": "grad", "t-flow": "grad", "t-pass": "soft",
    "t-formula": "formula", "s-tip": "edge", "s-backtip": "grad",
}  # fmt: skip
"""The colours of texts and arrowheads, as a Theme calls them."""
SHAPES = {
    "s-paper": ("paper", "rule"), "s-leaf": ("leaf", "leafrule"), "s-scope": ("", "scope"), "s-card": ("paper", "rule"),
    "s-copy": ("leaf", "leafrule"), "s-again": ("paper", "rule"), "s-flow": ("", ""), "s-edge": ("", "edge"),
    "s-back": ("", "grad"), "s-mark": ("", "soft"),
}  # fmt: skip
"""The fill and the stroke of shapes."""
KINDS = {
    "leaf": "s-leaf",
    "operation": "s-paper",
    "scope": "s-card",
    "card": "s-card",
    "neuron": "s-card",
    "again": "s-again",
}
DASHED = {"s-again": "4 3", "s-copy": "4 3"}


def write(layout: Layout, style: Style) -> str:
    """The whole SVG, with its style sheet."""
    name = "auto" if style.auto else next(key for key, theme in THEMES.items() if theme == style.theme)
    width, height = SCALE * layout.width, SCALE * layout.height
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="{SVG}" class="sg-drawing sg-{name}" width="{short(width)}" height="{short(height)}" '
        f'viewBox="0 0 {short(layout.width)} {short(layout.height)}" role="img">\n'
        f"<style>{_sheet(name)}</style>\n"
        f'<rect class="s-ground" width="{short(layout.width)}" height="{short(layout.height)}"/>\n'
        f"{Shapes(style.prefix).body(layout)}</svg>\n"
    )


# --- the style sheet -------------------------------------------------------------------------------------------------


def _sheet(name: str) -> str:
    """The rules of a drawing; those of ``auto`` follow the system's theme, and Jupyter's if it is in a notebook."""
    drawing = f".sg-{name}"
    rules = [
        f"{drawing}{{max-width:100%;height:auto}}",
        f"{drawing} text{{font-family:{FONT};white-space:pre}}",
        f"{drawing} .b,{drawing} .t-ink{{font-weight:bold}}",
        f"{drawing} .s-edge,{drawing} .s-back,{drawing} .s-mark{{fill:none}}",
        f"{drawing} .s-back,{drawing} .s-card{{stroke-width:2}}",
        f"{drawing} .s-plain{{stroke-dasharray:5 3}}",
        *(f"{drawing} .{shape}{{stroke-dasharray:{dash}}}" for shape, dash in DASHED.items()),
    ]
    if name != "auto":
        return "".join(rules + _colors(drawing, THEMES[name]))
    light, dark = ("".join(_colors(drawing, THEMES[key])) for key in ("light", "dark"))
    jupyter = [
        rule
        for key, told in (("dark", "false"), ("light", "true"))
        for rule in _colors(f'[data-jp-theme-light="{told}"] {drawing}', THEMES[key])
    ]
    return "".join(rules) + light + f"@media (prefers-color-scheme:dark){{{dark}}}" + "".join(jupyter)


def _colors(drawing: str, theme: Theme) -> list[str]:
    rules = [f"{drawing} .s-ground{{fill:{theme.paper}}}"]
    rules += [f"{drawing} .{name}{{fill:{getattr(theme, color)}}}" for name, color in FILLS.items()]
    for name, colors in SHAPES.items():
        fill, stroke = (getattr(theme, color) if color else "none" for color in colors)
        rules.append(f"{drawing} .{name}{{fill:{fill};stroke:{stroke}}}")
    rules.append(f"{drawing} .s-lit{{fill:{theme.lit};stroke:{theme.grad};stroke-width:2}}")
    return rules


# --- shapes and texts ------------------------------------------------------------------------------------------------


def short(number: float) -> str:
    """A number with one decimal at most: ``-368.4``, ``12``."""
    return f"{round(float(number), 1) + 0.0:.10g}"


class Shapes:
    """What is drawn, as elements of SVG; a page writes some of them shorter."""

    between = "\n"
    """What stands between the elements."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        """What ids begin with."""

    def body(self, layout: Layout) -> str:
        """The whole drawing."""
        lines = [f'<g font-size="{short(USUAL)}" text-anchor="middle">']
        for frame in layout.frames:
            lines.append(f'<g class="cluster">{self.rectangle(frame.rectangle, "s-scope")}{self.text(frame.title)}</g>')
        lines += [self.edge(edge) for edge in layout.edges]
        lines += [line for node in layout.nodes for line in self.node(node)]
        lines += [self.text(text) for text in layout.foot]
        return self.between.join([*lines, "</g>"])

    def node(self, node: PlacedNode) -> Iterator[str]:
        for item in node.items:
            leaf = "s-copy" if item.copy else "s-leaf"
            shape = {"chip": leaf, "edge": "s-flow"}.get(item.kind) or KINDS[node.part.kind]
            yield self.item(item, shape, "edge" if item.kind == "edge" else "node")

    def edge(self, edge: PlacedEdge) -> str:
        part = edge.part
        shapes = self.curves(edge, "s-edge s-plain" if part.kind == "plain" else "s-edge")
        if part.lit:
            back = [_aside(tuple(reversed(curve))) for curve in edge.curves]
            shapes += "".join(f'<path class="s-back" d="{self.path(curve)}"/>' for curve in back)
            shapes += self.head(back[0], "s-backtip", 7)
        return self.item(edge.label or Item("edge", part.id, None, ()), "s-flow", "edge", shapes)

    def item(self, item: Item, shape: str, kind: str, before: str = "") -> str:
        lit = " s-lit" if item.lit else ""
        corner = 5 if shape in ("s-copy", "s-flow") or item.kind == "chip" else 9
        box = self.rectangle(item.rectangle, shape + lit, corner) if item.rectangle else ""
        marks = "".join(f'<path class="s-mark" d="M{"L".join(map(self.point, points))}"/>' for points in item.strokes)
        return self.group(item, kind, f"{before}{box}{marks}{''.join(map(self.text, item.texts))}")

    def group(self, item: Item, kind: str, content: str) -> str:
        """An item with its id and its tooltip."""
        name = f' id="{self.prefix}{item.id}"' if item.id else ""
        tip = f"<title>{_words(visible(item.tip, TIP))}</title>" if item.tip else ""
        return f'<g{name} class="{kind}">{tip}{content}</g>'

    def curves(self, edge: PlacedEdge, style: str) -> str:
        """The line of an edge, which its label may part, and the head of its arrow."""
        lines = "".join(f'<path class="{style}" d="{self.path(curve)}"/>' for curve in edge.curves)
        return lines + self.head(edge.curves[-1], "s-tip")

    def path(self, points: Points) -> str:
        return f"M{self.point(points[0])}C{' '.join(map(self.point, points[1:]))}"

    def point(self, point: tuple[float, float]) -> str:
        return f"{self.number(point[0])} {self.number(point[1])}"

    def number(self, x: float) -> str:
        """A place or a length."""
        return short(x)

    def head(self, curve: Points, name: str, size: float = 5) -> str:
        """The head of an arrow whose tip is the end of the curve."""
        return f'<path class="{name}" d="M{"L".join(map(self.point, _corners(curve, size)))}z"/>'

    def rectangle(self, rectangle: tuple[float, float, float, float], name: str, corner: float = 9) -> str:
        x, y, width, height = map(self.number, rectangle)
        return f'<rect class="{name}" x="{x}" y="{y}" width="{width}" height="{height}"{self.corner(corner)}/>'

    def corner(self, radius: float) -> str:
        return f' rx="{radius:g}"'

    def text(self, text: PlacedText) -> str:
        """A line: of one look, or of spans of several."""
        hidden = _seen(text.known and any(span.known for span in text.spans))
        place = f'x="{self.number(text.x)}" y="{self.number(text.y)}"{hidden}'
        if len({(_class(span), span.size, span.known) for span in text.spans}) == 1:
            return f'<text class="{_class(text.spans[0])}" {place}{_size(text.size)}>{_words(text.text)}</text>'
        looks = groupby(text.spans, lambda s: f'class="{_class(s)}"{_size(s.size)}{_seen(s.known)}')
        spans = [(look, _words("".join(span.text for span in same))) for look, same in looks]
        own = 'class="t-flow" ' if spans[0][0] == 'class="t-flow"' else ""
        if own:  # the spans after it need say no more than how they differ
            spans = [spans[0], *((look.replace('"t-flow ', '"'), words) for look, words in spans[1:])]
        inner = "".join(f"<tspan {look}>{words}</tspan>" for look, words in spans[bool(own) :])
        return f"<text {own}{place}>{spans[0][1] if own else ''}{inner}</text>"


def _corners(curve: Points, size: float) -> Points:
    """The corners of an arrowhead whose tip is the end of the curve."""
    (x, y), (a, b) = curve[-1], next((p for p in reversed(curve[:-1]) if math.dist(p, curve[-1]) > 0.5), curve[0])
    along = math.dist((x, y), (a, b)) or 1.0
    dx, dy = (x - a) / along * size, (y - b) / along * size
    return (
        (x, y),
        (x - 1.6 * dx - 0.6 * dy, y - 1.6 * dy + 0.6 * dx),
        (x - 1.6 * dx + 0.6 * dy, y - 1.6 * dy - 0.6 * dx),
    )


def _aside(curve: Points) -> Points:
    """The curve beside itself: the way back."""
    (x, y), (a, b) = curve[0], curve[-1]
    along = math.dist((x, y), (a, b)) or 1.0
    dx, dy = 5 * (y - b) / along, -5 * (x - a) / along
    return tuple((p + dx, q + dy) for p, q in curve)


def _seen(known: bool) -> str:
    return "" if known else ' visibility="hidden"'


def _class(span: Span) -> str:
    return CLASSES.get(span.role, "t-soft")


def _size(size: float) -> str:
    return "" if size == USUAL else f' font-size="{short(size)}"'


def _words(text: str) -> str:
    return html.escape(visible(re.sub(r"\s", " ", text)), quote=False)
