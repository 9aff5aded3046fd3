"""The parts of a drawing as TikZ: a document with one page of the drawing's size, whose picture fits into others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from scalargrad import latex
from scalargrad.drawing.dot import BOLD, COLORS
from scalargrad.drawing.parts import EdgePart
from scalargrad.drawing.placing import Layout, Placed, PlacedText
from scalargrad.drawing.style import Style, Theme

COLORED = COLORS | {"name": "ink", "symbol": "ink", "downstream": "grad"}

LARGEST = 14_000
"""Up to how many points wide and high a page of TeX and PDF can be; what is larger is drawn smaller."""


def write(layout: Layout, style: Style) -> str:
    """The whole document; it takes the packages amsmath, geometry and tikz."""
    width, height = (float(x) for x in layout.view.split()[2:])
    left, top = (float(x) for x in re.findall(r"translate\((\S+)[, ](\S+)\)", layout.shift)[0])
    scale = min(1.0, LARGEST / max(width, height))
    lines = [
        r"\pagestyle{empty}\usetikzlibrary{arrows.meta}",
        r"\tikzset{>={Latex[length=6bp]}, inner sep=0, every node/.style={anchor=base west, font=\sffamily}}",
        *(rf"\definecolor{{sg-{name}}}{{HTML}}{{{color[1:].upper()}}}" for name, color in vars(style.theme).items()),
        rf"\noindent\begin{{tikzpicture}}[x={scale:g}bp, y=-{scale:g}bp]",
        rf"\path[use as bounding box, fill=sg-paper] {_rectangle(-left, -top, width, height)};",
        *(line for part in layout.parts for line in _part(part, style.theme, scale)),
        *_texts(layout.foot, scale),
        r"\end{tikzpicture}",
    ]
    paper = f"paperwidth={width * scale:g}bp,paperheight={height * scale + 1:g}bp,margin=0bp"
    return latex.document("\n".join(lines) + "\n", ("tikz",), paper)


def _part(item: Placed, theme: Theme, scale: float) -> Iterator[str]:
    part = item.part
    if isinstance(part, EdgePart):
        look = ["sg-grad", "line width=2.5bp"] if part.lit else ["sg-edge"]
        look += ["dashed"] * (part.kind == "plain")
        for d in item.outlines:  # its arrowhead begins where Graphviz has the path end
            yield rf"\draw[->, {', '.join(look)}, shorten >=-6bp] {_curve(d)};"
    elif item.outlines:
        leaf, lit = part is not None and part.kind != "operation", part is not None and part.lit
        rule = "scope" if part is None else "grad" if lit else "leaf" if part.kind == "leaf" else "rule"
        fill = "" if part is None else f", fill=sg-{'lit' if lit else 'leaf' if leaf else 'paper'}"
        yield rf"\draw[rounded corners={8 * scale:g}bp, draw=sg-{rule}{fill}] {_rectangle(*item.box)};"
    yield from _texts(item.texts, scale)


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f"({x:g},{y:g}) rectangle ({x + width:g},{y + height:g})"


def _curve(d: str) -> str:
    """The commands of an SVG path, M and C, as TikZ has them."""
    points = [f"({x},{y})" for x, y in re.findall(r"(-?\d+\.?\d*)[, ](-?\d+\.?\d*)", d)]
    curves = zip(points[1::3], points[2::3], points[3::3])
    return points[0] + "".join(f" .. controls {a} and {b} .. {c}" for a, b, c in curves)


def _texts(texts: Iterable[PlacedText], scale: float) -> Iterator[str]:
    """What stands on one line is one node: the widths are those of the document's font."""
    for _, group in groupby(texts, lambda text: text.y):
        line = list(group)
        yield rf"\node at ({line[0].x:g},{line[0].y:g}) {{{''.join(_text(text, scale) for text in line)}}};"


def _text(item: PlacedText, scale: float) -> str:
    inner = item.text.strip()
    before, _, after = item.text.partition(inner)
    bold = r"\bfseries" if item.role in BOLD else ""
    size = f"{item.size * scale:g}bp"
    words = "~" * (len(before) + 2 * (item.role == "alias")) + latex.words(inner) + "~" * len(after)
    return rf"{{\color{{sg-{COLORED.get(item.role, 'soft')}}}\fontsize{{{size}}}{{{size}}}\selectfont{bold} {words}}}"
