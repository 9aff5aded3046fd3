"""The drawing as TikZ: a document with one page of the drawing's size, whose picture fits into others."""

from __future__ import annotations

from collections.abc import Iterator

from scalargrad import latex
from scalargrad.drawing.boxes import Item, PlacedText, Points
from scalargrad.drawing.placing import Layout, PlacedEdge
from scalargrad.drawing.style import Style
from scalargrad.drawing.svg import CLASSES, DASHED, FILLS, KINDS, SHAPES

LARGEST = 14_000
"""Up to how many points wide and high a page of TeX and PDF can be; what is larger is drawn smaller."""


def write(layout: Layout, style: Style) -> str:
    """The whole document; it takes the packages amsmath, geometry and tikz."""
    width, height = layout.width, layout.height
    scale = min(1.0, LARGEST / max(width, height))
    lines = [
        r"\pagestyle{empty}\usetikzlibrary{arrows.meta}",
        r"\tikzset{>={Latex[length=6bp]}, inner sep=0, every node/.style={anchor=base, font=\sffamily}}",
        *(rf"\definecolor{{sg-{name}}}{{HTML}}{{{color[1:].upper()}}}" for name, color in vars(style.theme).items()),
        rf"\noindent\begin{{tikzpicture}}[x={scale:g}bp, y=-{scale:g}bp]",
        rf"\path[use as bounding box, fill=sg-paper] {_rectangle((0, 0, width, height))};",
    ]
    for frame in layout.frames:
        lines += [_box(frame.rectangle, "s-scope", scale), _text(frame.title, scale)]
    for edge in layout.edges:
        lines += _edge(edge)
        lines += _inside(edge.label, scale) if edge.label else ()
    for node in layout.nodes:
        for item in node.items:
            if item.rectangle and item.kind != "edge":
                look = ("s-copy" if item.copy else "s-leaf") if item.kind == "chip" else KINDS[node.part.kind]
                lines.append(_box(item.rectangle, look, scale, item.lit))
            lines += _inside(item, scale)
    lines += [_text(text, scale) for text in layout.foot]
    lines.append(r"\end{tikzpicture}")
    paper = f"paperwidth={width * scale:g}bp,paperheight={height * scale + 1:g}bp,margin=0bp"
    return latex.document("\n".join(lines) + "\n", ("tikz",), paper)


def _edge(edge: PlacedEdge) -> Iterator[str]:
    look = "sg-grad, line width=2.5bp" if edge.part.lit else "sg-edge"
    look += ", dashed" * (edge.part.kind == "plain")
    for curve in edge.curves:
        arrow = "->, " if curve is edge.curves[-1] else ""
        yield rf"\draw[{arrow}{look}] {_curve(curve)};"


def _box(rectangle: tuple[float, float, float, float], look: str, scale: float, lit: bool = False) -> str:
    fill, stroke = ("lit", "grad") if lit else SHAPES[look]
    told = [f"rounded corners={(5 if look == 's-copy' else 8) * scale:g}bp", f"draw=sg-{stroke}"]
    told += [f"fill=sg-{fill}"] * bool(fill) + ["dashed"] * (look in DASHED)
    return rf"\draw[{', '.join(told)}] {_rectangle(rectangle)};"


def _inside(item: Item, scale: float) -> Iterator[str]:
    for stroke in item.strokes:
        yield rf"\draw[sg-soft] {' -- '.join(map(_point, stroke))};"
    for text in item.texts:
        yield _text(text, scale)


def _rectangle(rectangle: tuple[float, float, float, float]) -> str:
    x, y, width, height = rectangle
    return f"{_point((x, y))} rectangle {_point((x + width, y + height))}"


def _curve(points: Points) -> str:
    told = list(map(_point, points))
    return told[0] + "".join(f" .. controls {a} and {b} .. {c}" for a, b, c in zip(told[1::3], told[2::3], told[3::3]))


def _point(point: tuple[float, float]) -> str:
    return f"({round(point[0], 2):g},{round(point[1], 2):g})"


def _text(text: PlacedText, scale: float) -> str:
    """A line is one node, centred: the widths are those of the document's font."""
    inner = ""
    for span in text.spans:
        name = CLASSES.get(span.role, "t-soft")
        color = "paper" if not (text.known and span.known) else FILLS[[x for x in name.split() if x in FILLS][-1]]
        size = f"{span.size * scale:g}bp"
        words = "~" * (len(span.text) - len(span.text.lstrip())) + latex.words(span.text.strip())
        words += "~" * (len(span.text.strip()) and len(span.text) - len(span.text.rstrip()))
        bold = r"\bfseries" * span.is_bold
        inner += rf"{{\color{{sg-{color}}}\fontsize{{{size}}}{{{size}}}\selectfont{bold} {words}}}"
    return rf"\node at {_point((text.x, text.y))} {{{inner}}};"
