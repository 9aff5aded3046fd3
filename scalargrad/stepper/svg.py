"""The drawing as a small SVG whose parts are named by what they mean: a page can hide, light and colour them."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from scalargrad.drawing import Drawing
from scalargrad.drawing.style import THEMES

SVG = "http://www.w3.org/2000/svg"
SIZES = {"t-ink": "13", "t-value": "13", "t-grad": "13", "t-flow": "10", "t-formula": "10", "t-soft": "10"}
"""The usual size of each kind of text, which the style sheet knows."""

ARROWS = (
    '<defs><marker id="{0}tip" orient="auto" refY="2.5" markerWidth="7" markerHeight="5" markerUnits="userSpaceOnUse">'
    '<path class="s-tip" d="M0 0L7 2.5L0 5z"/></marker><marker id="{0}lit" orient="auto" refY="4" markerWidth="10" '
    'markerHeight="8" markerUnits="userSpaceOnUse"><path class="s-littip" d="M0 0L10 4L0 8z"/></marker></defs>'
)


def short(number: str) -> str:
    """A number with one decimal at most: ``-368.4``, ``12``."""
    return f"{round(float(number), 1) + 0.0:g}"


def whole(number: str) -> str:
    """A number without decimals."""
    return f"{round(float(number)) + 0:d}"


def path(d: str) -> str:
    """A path's commands with short numbers and no needless separators."""
    numbers = re.sub(r"-?\d+\.?\d*", lambda found: short(found[0]), d)
    return re.sub(r"[, ](?=-)", "", numbers)


def compact(picture: Drawing, prefix: str) -> str:
    """The SVG of a drawing, a third as long: one rectangle for a node, arrowheads as markers, short numbers."""
    root = Xml.fromstring(picture.svg.encode("utf-8"))
    box = " ".join(map(short, root.get("viewBox", "0 0 1 1").split()))
    graph = root.find(f"{{{SVG}}}g")
    assert graph is not None
    shift = graph.get("transform", "")
    parts = []
    for group in graph.findall(f"{{{SVG}}}g"):
        kind, inner = group.get("class"), list(group.iter())
        if kind == "node":
            parts.append(_group(group, _rectangle(inner) + _texts(inner, "t-grad")))
        elif kind == "edge":
            lines = [x for x in inner if x.tag == f"{{{SVG}}}path"]
            dashed = ' stroke-dasharray="5 2"' if any(x.get("stroke-dasharray") for x in lines) else ""
            drawn = "".join(f'<path class="s-edge"{dashed} d="{path(x.get("d", ""))}"/>' for x in lines)
            parts.append(_group(group, drawn + _texts(inner, "t-flow")))
        elif kind == "cluster":
            frames = [x for x in inner if x.tag in (f"{{{SVG}}}path", f"{{{SVG}}}polygon")]
            parts.append("".join(_rectangle([x], "s-scope") for x in frames) + _texts(inner, "t-grad"))
    return (
        f'<svg xmlns="{SVG}" viewBox="{box}" role="img">{ARROWS.format(prefix)}<g transform="{shift}">'
        + "\n".join(parts)
        + "</g></svg>"
    )


def _group(group: Xml.Element, content: str) -> str:
    return f'<g id="{group.get("id")}">{content}</g>'


def _rectangle(elements: list[Xml.Element], name: str = "") -> str:
    """One rounded rectangle for the outlines and fills Graphviz gives a node."""
    theme = THEMES["light"]
    shapes = [x for x in elements if x.tag in (f"{{{SVG}}}path", f"{{{SVG}}}polygon")]
    if not shapes:
        return ""
    leaf = any(theme.leaf == x.get("fill") for x in shapes)
    numbers = [float(x) for x in re.findall(r"-?\d+\.?\d*", shapes[0].get("d") or shapes[0].get("points") or "")]
    xs, ys = numbers[::2], numbers[1::2]
    x, y, width, height = (whole(str(n)) for n in (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))
    name = name or ("s-leaf" if leaf else "s-paper")
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    return f'<rect class="{name}" {place}/>'


def _texts(elements: list[Xml.Element], red: str) -> str:
    """The texts; what stands on one line in one colour is one text, with the bold part in it as a span."""
    theme = THEMES["light"]
    names = {theme.grad: red, theme.soft: "t-soft", theme.value: "t-value", theme.formula: "t-formula"}
    written: list[str] = []
    before = ""
    for x in elements:
        words = x.text or ""
        if x.tag != f"{{{SVG}}}text" or not words.strip():
            continue  # a space that only kept its neighbours from the border
        words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        name = names.get(x.get("fill") or "", "t-ink")
        bold = x.get("font-weight") is not None and name != "t-ink"
        here = f"{name} {x.get('y')}"
        if bold and here == before:
            written[-1] = written[-1].removesuffix("</text>") + f"<tspan>{words}</tspan></text>"
            continue
        size = short(x.get("font-size", "13"))
        size = f' font-size="{size}"' if size != SIZES[name] else ""
        inner = f"<tspan>{words}</tspan>" if bold else words
        place = f'x="{whole(x.get("x", "0"))}" y="{whole(x.get("y", "0"))}"'
        written.append(f'<text class="{name}" {place}{size}>{inner}</text>')
        before = here
    return "".join(written)
