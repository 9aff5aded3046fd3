"""The parts of a drawing as DOT."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from scalargrad.drawing.parts import EdgePart, Frame, Line, NodePart, Parts, shortened
from scalargrad.drawing.style import Style
from scalargrad.formatting import visible

if TYPE_CHECKING:
    import graphviz

FONT = "Helvetica"

TIP = 400
"""Up to how many characters stand in a tooltip: some Graphviz programs refuse a text of more than 16 000 bytes."""

COLORS = {
    "head": "ink", "caption": "ink", "operation": "soft", "alias": "soft", "count": "soft", "shape": "value",
    "value": "value", "gradient": "grad", "shares": "grad", "product": "grad", "formula": "formula",
}  # fmt: skip
"""What the theme calls the colour of each role."""
SIZES = {"alias": 10, "operation": 11, "count": 10, "shares": 9.5, "caption": 14}
BOLD = ("name", "symbol", "downstream")


def write(parts: Parts, style: Style) -> graphviz.Digraph:
    """The parts as a DOT graph; the same bytes in every run."""
    import graphviz

    theme = style.theme
    graph = graphviz.Digraph("trace")
    graph.attr(
        rankdir=style.direction, bgcolor=theme.paper, nodesep="0.22", ranksep="0.3", fontname=FONT, fontsize="10",
        fontcolor=theme.soft, pad="0.12",
    )  # fmt: skip
    graph.attr("node", shape="plain", fontname=FONT, fontsize="13")
    graph.attr("edge", fontname=FONT, fontsize="10", color=theme.edge, arrowsize="0.7")
    if parts.is_large:
        graph.attr(nslimit="0.5", searchsize="10")  # a little less balanced, and many times faster in long graphs
    if parts.foot is not None:
        label = f"<{_line(parts.foot, style, theme.paper)}>" if parts.foot.pieces else ""
        graph.attr(label=label, labelloc="b", labeljust="l")
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


def spans(line: Line) -> Iterator[tuple[str, str]]:
    """The texts of a line with their roles; neighbours that look alike are one, as they are in what Graphviz writes."""
    for role, pieces in groupby(line.pieces, lambda p: p.role if p.role in COLORS or p.role in BOLD else line.role):
        yield role, "".join(piece.text for piece in pieces)


def _line(line: Line, style: Style, behind: str, sized: bool = True) -> str:
    """A line, each text in the colour of its role; in that of what is behind it if it is not known yet."""
    inner = ""
    for role, words in spans(line):
        shown = f"<b>{text(words)}</b>" if role in BOLD else text(words)
        inner += shown if role == line.role else _font(shown, role, style, sized)
    return _font(inner, line.role, style, sized, "" if line.known else behind)


def _font(inner: str, role: str, style: Style, sized: bool, color: str = "") -> str:
    if role not in COLORS:
        return inner
    points = f' point-size="{SIZES[role]:g}"' if sized and role in SIZES else ""
    return f'<font color="{color or getattr(style.theme, COLORS[role])}"{points}>{inner}</font>'


def _frame(graph: Any, frame: Frame, style: Style, path: str) -> None:
    """Put the nodes into the graph, those of a scope into a frame of their own."""
    for node in frame.nodes:
        label = _box(node, style) if node.kind == "scope" else _node(node, style)
        graph.node(node.name, label, id=style.prefix + node.id, tooltip=attribute(node.tip))
    for i, inner in enumerate(frame.frames):
        with graph.subgraph(name=f"{path}_{i}") as drawn:
            drawn.attr(
                label=f'<<font color="{style.theme.soft}" point-size="11">{text(shortened(inner.title))}</font>>',
                color=style.theme.scope,
                style="rounded",
                penwidth="1",
                tooltip=attribute(inner.title),
                labeljust="l",
                labelloc="t",
            )
            _frame(drawn, inner, style, f"{path}_{i}")


def _node(node: NodePart, style: Style) -> str:
    theme, lit = style.theme, node.lit
    ground = theme.leaf if node.kind == "leaf" else theme.paper
    fill = theme.lit if lit else ground
    rule = theme.grad if lit else theme.leaf if node.kind == "leaf" else theme.rule
    rows = "".join(_row(line, style, fill) for line in node.lines)
    return (
        f'<<table border="{2 if lit else 1}" color="{rule}" bgcolor="{fill}" style="rounded" cellborder="0" '
        f'cellspacing="0" cellpadding="2">{rows}</table>>'
    )


def _box(node: NodePart, style: Style) -> str:
    rows = "".join(_row(line, style, style.theme.leaf) for line in node.lines)
    table = '<table border="2" style="rounded" cellborder="0" cellspacing="0" cellpadding="4"'
    return f'<{table} color="{style.theme.rule}" bgcolor="{style.theme.leaf}">{rows}</table>>'


def _row(line: Line, style: Style, behind: str) -> str:
    """A line of a node; the spaces at its ends keep other fonts from running over the border."""
    return f"<tr><td> {_line(line, style, behind)} </td></tr>"


def _edge(graph: graphviz.Digraph, edge: EdgePart, style: Style) -> None:
    lines = [_line(line, style, style.theme.paper, sized=False) for line in edge.lines]
    if edge.kind == "plain":
        graph.edge(edge.tail, edge.head, style="dashed")
    elif edge.kind == "merged":
        graph.edge(edge.tail, edge.head, label=f"<{'<br/>'.join(lines)}>" if lines else "")
    else:
        emphasis = {"penwidth": "2.5", "color": style.theme.grad} if edge.lit else {}
        name, tip = style.prefix + edge.id, attribute(edge.tip)
        graph.edge(edge.tail, edge.head, label=_table(lines), id=name, tooltip=tip, **emphasis)


def _table(lines: list[str]) -> str:
    if not lines:
        return ""
    lift = '<tr><td height="4" fixedsize="true" width="1"></td></tr>'  # keeps the words off the line
    rows = "".join(f"<tr><td>  {line}  </td></tr>" for line in lines)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="0">{lift}{rows}</table>>'
