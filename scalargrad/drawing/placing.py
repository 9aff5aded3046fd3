"""The parts of a drawing where the layout program has put them, read from the SVG it writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple
from xml.etree import ElementTree as Xml

from scalargrad.drawing.dot import spans
from scalargrad.drawing.parts import EdgePart, Line, NodePart, Parts

SVG = "http://www.w3.org/2000/svg"


class PlacedText(NamedTuple):
    """A text with its role, where it begins, and its size."""

    role: str
    text: str
    x: float
    y: float
    size: float


class Placed(NamedTuple):
    """A node, an edge, or the frame of a scope, where it is drawn; y grows downwards, and ends at 0."""

    part: NodePart | EdgePart | None
    """None for a frame."""
    id: str
    outlines: tuple[str, ...]
    """As SVG has them: the commands of paths, or the points of polygons."""
    texts: tuple[PlacedText, ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The rectangle around the first outline: x, y, width, height."""
        numbers = [float(x) for x in re.findall(r"-?\d+\.?\d*", self.outlines[0])]
        xs, ys = numbers[::2], numbers[1::2]
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


class Layout(NamedTuple):
    """All of a drawing, in place."""

    view: str
    """The SVG's viewBox."""
    shift: str
    """How the SVG moves the drawing into it."""
    parts: tuple[Placed, ...]
    foot: tuple[PlacedText, ...]


def placed(parts: Parts, svg: str, prefix: str) -> Layout:
    """The parts where they are in the SVG, whose ids begin with ``prefix``."""
    root = Xml.fromstring(svg.encode("utf-8"))
    graph = root.find(f"{{{SVG}}}g")
    assert graph is not None
    known: dict[str, NodePart | EdgePart] = {f"{prefix}{node.id}": node for node in parts.frame.all_nodes()}
    known |= {f"{prefix}{edge.id}" if edge.id else f"{edge.tail}->{edge.head}": edge for edge in parts.edges}
    found = []
    for group in graph.findall(f"{{{SVG}}}g"):
        name = group.get("id", "")
        part = known.get(name) or known.get(group.findtext(f"{{{SVG}}}title", ""))
        lines = part.lines if part is not None else ()
        shapes = [x for x in group.iter() if x.tag in (f"{{{SVG}}}path", f"{{{SVG}}}polygon")]
        if isinstance(part, EdgePart):
            shapes = [x for x in shapes if x.tag == f"{{{SVG}}}path"]  # without the arrowhead
        outlines = tuple(x.get("d") or x.get("points") or "" for x in shapes)
        found.append(Placed(part, name, outlines, tuple(_texts(group.iter(), lines, "title"))))
    foot = tuple(_texts(list(graph), () if parts.foot is None else (parts.foot,), ""))
    return Layout(root.get("viewBox", "0 0 1 1"), graph.get("transform", ""), tuple(found), foot)


def _texts(elements: Iterable[Xml.Element], lines: Sequence[Line], other: str) -> Iterator[PlacedText]:
    """The texts with the roles they have in the lines; Graphviz writes one for each span, and some spaces."""
    roles = (role for role, words in chain.from_iterable(map(spans, lines)) if words.strip())
    for x in elements:
        if x.tag == f"{{{SVG}}}text" and (x.text or "").strip():
            place = [float(x.get(key, 0)) for key in ("x", "y", "font-size")]
            yield PlacedText(next(roles, other), x.text or "", *place)
