"""The parts of a drawing as DOT, for other programs to lay out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scalargrad.drawing.boxes import Span, spans_of
from scalargrad.drawing.parts import COLUMN, ROW, Chip, EdgePart, Frame, Line, NodePart, Parts, shortened
from scalargrad.drawing.style import AUTO, Style
from scalargrad.drawing.svg import CLASSES, DASHED, FILLS, KINDS, SHAPES
from scalargrad.formatting import visible

if TYPE_CHECKING:
    import graphviz

FONT = "Helvetica"

TIP = 400
"""Up to how many characters stand in a tooltip: some Graphviz programs refuse a text of more than 16 000 bytes."""


def write(parts: Parts, style: Style) -> graphviz.Digraph:
    """The parts as a DOT graph; the same bytes in every run."""
    import graphviz

    theme = style.theme
    graph = graphviz.Digraph("trace")
    direction = "LR" if style.direction == AUTO else style.direction
    graph.attr(
        rankdir=direction, bgcolor=theme.paper, nodesep="0.22", ranksep="0.3",
        fontname=FONT, fontsize="11", fontcolor=theme.soft, pad="0.12",
    )  # fmt: skip
    graph.attr("node", shape="plain", fontname=FONT, fontsize="13")
    graph.attr("edge", fontname=FONT, fontsize="11", color=theme.edge, arrowsize="0.7")
    if parts.foot:
        lines = '<br align="left"/>'.join(_line(line, style) for line in parts.foot)
        graph.attr(label=f'<{lines}<br align="left"/>>', labelloc="b", labeljust="l")
    _frame(graph, parts.frame, style, "cluster")
    for edge in parts.edges:
        _edge(graph, edge, style)
    return graph


def text(x: str) -> str:
    """Any text for an HTML-like label: nothing in it is markup, and what cannot be shown is shown by its number."""
    clean = visible(re.sub(r"\s", " ", x)) or " "  # nothing at all would be no label to Graphviz
    return html.escape(clean, quote=True).replace("\\", "\\\\")  # DOT would put the node's name for \\N


def attribute(x: str) -> str:
    """Any text for an attribute: nothing in it is an escape of DOT's, or markup."""
    return text(visible(x, TIP)).replace("\\", "\\\\")  # read twice: as a quoted string, and for its escapes


def _line(line: Line, style: Style) -> str:
    """A line, each text in the colour of its role; in that of the paper if it is not known yet."""
    return "".join(_span(span, style) for span in spans_of(line)) or " "


def _span(span: Span, style: Style) -> str:
    name = CLASSES.get(span.role, "t-soft").split()
    color = style.theme.paper if not span.known else getattr(style.theme, FILLS[[x for x in name if x in FILLS][-1]])
    words = text(span.text.removesuffix(ROW).replace(ROW, "; ").replace(COLUMN, "  "))
    words = f"[{words}]" if ROW in span.text or COLUMN in span.text else words
    return f'<font color="{color}" point-size="{span.size:g}">{f"<b>{words}</b>" if span.is_bold else words}</font>'


def _frame(graph: Any, frame: Frame, style: Style, path: str) -> None:
    """Put the nodes into the graph, those of a scope into a frame of their own."""
    for node in frame.nodes:
        graph.node(node.name, _node(node, style), id=style.prefix + node.id, tooltip=attribute(node.tip))
    for i, inner in enumerate(frame.frames):
        with graph.subgraph(name=f"{path}_{i}") as drawn:
            drawn.attr(
                label=f'<<font color="{style.theme.soft}" point-size="11">{text(shortened(inner.title))}</font>>',
                color=style.theme.scope, style="rounded", penwidth="1", tooltip=attribute(inner.title), labeljust="l",
                labelloc="t",
            )  # fmt: skip
            _frame(drawn, inner, style, f"{path}_{i}")


def _node(node: NodePart, style: Style) -> str:
    rows = "".join(f"<tr><td>{_chip(chip, style)}</td></tr>" for chip in node.chips)
    rows += "".join(f"<tr><td> {_line(line, style)} </td></tr>" for line in node.lines)
    return f"<{_table(rows, KINDS[node.kind], node.lit, style)}>"


def _chip(chip: Chip, style: Style) -> str:
    rows = "".join(f"<tr><td> {_line(line, style)} </td></tr>" for line in (*chip.lines, *chip.edge.lines))
    return _table(rows, "s-leaf" if chip.id else "s-copy", chip.lit or chip.edge.lit, style)


def _table(rows: str, look: str, lit: bool, style: Style) -> str:
    theme = style.theme
    fill, rule = (theme.lit, theme.grad) if lit else (getattr(theme, color) for color in SHAPES[look])
    dashed = ",dashed" * (look in DASHED)
    border = 2 if lit or look == "s-card" else 1
    return (
        f'<table border="{border}" color="{rule}" bgcolor="{fill}" style="rounded{dashed}" '
        f'cellborder="0" cellspacing="0" cellpadding="2">{rows}</table>'
    )


def _edge(graph: graphviz.Digraph, edge: EdgePart, style: Style) -> None:
    rows = "".join(f"<tr><td>  {line}  </td></tr>" for line in _lines(edge, style))
    label = f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="0">{rows}</table>>' if rows else ""
    look = (
        {"style": "dashed"}
        if edge.kind == "plain"
        else {"penwidth": "2.5", "color": style.theme.grad}
        if edge.lit
        else {}
    )
    named = {"id": style.prefix + edge.id} if edge.id else {}
    named |= {"tooltip": attribute(edge.tip)} if edge.tip else {}
    graph.edge(edge.tail, edge.head, label=label, **named, **look)


def _lines(edge: EdgePart, style: Style) -> Iterator[str]:
    for line in edge.lines:
        yield _line(line, style)
