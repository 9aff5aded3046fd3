"""From a Trace to DOT source."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import graphviz

from scalargrad.drawing.folding import Box, fold, scopes_of
from scalargrad.drawing.theme import Theme
from scalargrad.formatting import decimal, is_large, number, shape_of, visible
from scalargrad.language import say
from scalargrad.records import ArrayNumber, EdgeGrad, Number, Trace, TraceNode
from scalargrad.scopes import SLASH

PARTS = ("values", "upstream", "local", "downstream", "formulas")
"""What a drawing can show of the numbers."""

FONT = "Helvetica"
LONGEST = 28
"""Up to how many characters of a label stand in its node."""

TIP = 400
"""Up to how many stand in a tooltip: some Graphviz programs refuse a text of more than 16 000 bytes."""

CAPTION = 200
"""Up to how many stand in the line under a drawing."""

MANY = 150
"""From how many edges on the layout is made to hurry."""


@dataclass(frozen=True)
class Style:
    """How a Trace is drawn."""

    theme: Theme
    precision: int = 2
    direction: str = "LR"
    show: Collection[str] = PARTS
    legend: bool = True
    lit: Collection[str] = ()
    """The ids of the nodes and edges to emphasise: ``node-3``, ``edge-5-0``."""
    prefix: str = ""
    """What the ids in the SVG begin with, so that two drawings fit on one page."""
    lang: str = "en"
    unknown: Collection[str] = ()
    """The numbers whose place is kept but which cannot be seen: ``value-3``, ``grad-3``, ``flow-5-0``."""
    blanks: Mapping[str, str] = field(default_factory=dict)
    """What stands in the place of a number: ``{"value-3": "(1) ____"}``."""
    names: bool = False
    """Whether every node shows its name, v₁ or L, beside its symbol."""
    caption: str = ""
    """A line under the drawing, instead of the legend."""

    def told(self, key: str, number: str) -> str:
        """The number of this name, already escaped, or what stands in its place."""
        return text(self.blanks[key]) if key in self.blanks else number

    def ink(self, key: str, color: str, behind: str) -> str:
        """The colour of a number: that of what is behind it if it is not known yet."""
        return behind if key in self.unknown else color


def text(x: str) -> str:
    """Any text for an HTML-like label: nothing in it is markup, and what cannot be shown is shown by its number."""
    clean = visible(re.sub(r"\s", " ", x)) or " "  # nothing at all would be no label to Graphviz
    return html.escape(clean, quote=True).replace("\\", "\\\\")  # DOT would put the node's name for \\N


def attribute(x: str) -> str:
    """Any text for an attribute: nothing in it is an escape of DOT's, or markup."""
    return text(visible(x, TIP)).replace("\\", "\\\\")  # read twice: as a quoted string, and for its escapes


def shortened(x: str) -> str:
    """A label as its node shows it."""
    return visible(re.sub(r"\s", " ", x), LONGEST)


def font(inner: str, color: str, size: float | None = None) -> str:
    """Escaped text in a colour."""
    points = "" if size is None else f' point-size="{size:g}"'
    return f'<font color="{color}"{points}>{inner}</font>'


def row(inner: str) -> str:
    """A line of a label; the spaces at its ends keep other fonts from running over the border."""
    return f"<tr><td> {inner} </td></tr>"


def node_label(node: TraceNode, shares: tuple[EdgeGrad, ...], named: bool, style: Style, lit: bool) -> str:
    """The table in a node: what it is, its value, its gradient, and at a fork the sum the gradient is."""
    theme = style.theme
    name = text(shortened(node.name))
    if node.is_leaf:
        head = f"<b>{name}</b>" if node.label is not None or named else " "
    elif node.label is not None:
        head = f"<b>{name}</b>"
    else:
        head = f"<b>{text(shortened(node.symbol))}</b>" + (f"  {font(name, theme.soft, 10)}" if named else "")
    rows = [row(font(head, theme.ink))]
    if not node.is_leaf and node.label is not None:
        rows.append(row(font("= " + text(shortened(node.symbol)), theme.soft, 11)))
    fill = theme.lit if lit else theme.leaf if node.is_leaf else theme.paper
    value, grad = f"value-{node.index}", f"grad-{node.index}"
    if "values" in style.show:
        color = style.ink(value, theme.value, fill)
        if is_large(node.value):
            rows.append(row(font(shape_of(node.value), color)))
        rows.append(row(font(style.told(value, _summary(node.value, style.precision)), color)))
    if "downstream" in style.show and node.grad is not None:
        color = style.ink(grad, theme.grad, fill)
        rows.append(row(font("↑ " + style.told(grad, _summary(node.grad, style.precision)), color)))
        if len(shares) > 1:
            rows.append(row(font(sum_of(shares, style), color, 9.5)))
    border = f'border="{2 if lit else 1}" color="{theme.grad if lit else theme.leaf if node.is_leaf else theme.rule}"'
    return (
        f'<<table {border} bgcolor="{fill}" style="rounded" cellborder="0" cellspacing="0" cellpadding="2">'
        f"{''.join(rows)}</table>>"
    )


def _summary(x: Number, precision: int) -> str:
    """A number or a small array; of a large one its mean and norm, its shape being shown already."""
    if isinstance(x, ArrayNumber) and is_large(x):
        return f"mean {decimal(x.mean, precision)}, norm {decimal(x.norm, precision)}"
    return text(number(x, precision))


def _factor(x: Number, precision: int) -> str:
    """The same on an edge, where a large array is only its shape."""
    return shape_of(x) if is_large(x) else text(number(x, precision))


def _product(x: Number, precision: int) -> str:
    if isinstance(x, ArrayNumber) and is_large(x):
        return f"{shape_of(x)}, norm {decimal(x.norm, precision)}"
    return text(number(x, precision))


def sum_of(shares: tuple[EdgeGrad, ...], style: Style) -> str:
    """The contributions at a fork: ``= 0.20 + 0.19``."""
    if len(shares) > 4 or any(is_large(e.downstream) for e in shares):
        return "= " + text(say("sum of {0}", len(shares), lang=style.lang))
    terms = [style.told(flow(e), text(number(e.downstream, style.precision))) for e in shares]
    return "= " + " + ".join(f"({t})" if i and t.startswith("-") else t for i, t in enumerate(terms))


def flow(edge: EdgeGrad) -> str:
    """What the downstream gradient of an edge is called in a Style."""
    return f"flow-{edge.output.index}-{edge.position}"


def edge_label(edge: EdgeGrad, style: Style) -> str:
    """The lines on an edge: the product in numbers, and the formula of the local derivative."""
    show, theme, lines = style.show, style.theme, []
    factors = []
    if edge.local is not None and flow(edge) not in style.blanks:  # else nothing is multiplied element by element
        if "upstream" in show:
            factors.append(style.told(f"grad-{edge.output.index}", _factor(edge.upstream, style.precision)))
        if "local" in show:
            factors.append(_factor(edge.local, style.precision))
    product = " × ".join(factors)
    if "downstream" in show:
        downstream = style.told(flow(edge), _product(edge.downstream, style.precision))
        product += (" = " if factors else "") + f"<b>{downstream}</b>"
    if product:
        lines.append(font(product, style.ink(flow(edge), theme.grad, theme.paper)))
    if "formulas" in show:
        formula = text(shortened(edge.formula))
        color = style.ink(flow(edge), theme.formula, theme.paper)
        lines.append(font(f"∂={formula}" if edge.local is not None else f"{formula}{_shapes(edge)}", color))
    if not lines:
        return ""
    lift = '<tr><td height="4" fixedsize="true" width="1"></td></tr>'  # keeps the words off the line
    rows = "".join(f"<tr><td>  {line}  </td></tr>" for line in lines)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="0">{lift}{rows}</table>>'


def _shapes(edge: EdgeGrad) -> str:
    """What becomes of the shape of the upstream gradient."""
    before, after = (getattr(x, "shape", ()) for x in (edge.upstream, edge.downstream))
    return f"   ({'×'.join(map(str, before)) or '1'} → {'×'.join(map(str, after)) or '1'})"


def mentioned(trace: Trace, style: Style) -> set[str]:
    """The automatic names that nodes show: all, or those that some formula on an edge uses."""
    automatic = {n.name for n in trace.nodes if n.label is None}
    if style.names:
        return automatic
    if "formulas" not in style.show:
        return set()
    return {name for name in automatic for e in trace.edges if name in e.formula}


def build(trace: Trace, style: Style, depth: int) -> graphviz.Digraph:
    """The drawing of a Trace as a DOT graph, scopes deeper than ``depth`` folded; the same bytes in every run."""
    theme = style.theme
    graph = graphviz.Digraph("trace")
    graph.attr(
        rankdir=style.direction, bgcolor=theme.paper, nodesep="0.22", ranksep="0.3", fontname=FONT, fontsize="10",
        fontcolor=theme.soft, pad="0.12",
    )  # fmt: skip
    graph.attr("node", shape="plain", fontname=FONT, fontsize="13")
    graph.attr("edge", fontname=FONT, fontsize="10", color=theme.edge, arrowsize="0.7")
    if len(trace.edges) > MANY:
        graph.attr(nslimit="0.5", searchsize="10")  # a little less balanced, and many times faster in long graphs
    if style.caption:
        graph.attr(label=f"<{font(text(visible(style.caption, CAPTION)), theme.ink, 14)}>", labelloc="b", labeljust="l")
    elif style.legend:
        graph.attr(label=legend(style), labelloc="b", labeljust="l")
    names = mentioned(trace, style)
    folded = fold(trace, depth)
    placed = [(scopes_of(n.scope), _node(trace, n, names, style)) for n in folded.nodes]
    boxes = {place: f"b{i}" for i, place in enumerate(folded.boxes)}
    placed += [(scopes_of(box.path)[:-1], _box(box, boxes[place], style)) for place, box in folded.boxes.items()]
    _place(graph, placed, style, "cluster")
    for (start, end), edges in folded.edges.items():
        tail, head = (boxes[x] if isinstance(x, tuple) else f"n{x}" for x in (start, end))
        if isinstance(end, tuple):
            _merged_edge(graph, tail, head, edges, style)
            continue
        for edge in edges:
            _edge(graph, tail, head, edge, style)
    for start, end in folded.plain:
        tail, head = (boxes[x] if isinstance(x, tuple) else f"n{x}" for x in (start, end))
        graph.edge(tail, head, style="dashed")
    return graph


def _edge(graph: graphviz.Digraph, tail: str, head: str, edge: EdgeGrad, style: Style) -> None:
    name = f"edge-{edge.output.index}-{edge.position}"
    emphasis = {"penwidth": "2.5", "color": style.theme.grad} if name in style.lit else {}
    tip = attribute(f"{edge.input.name} → {edge.output.name}")
    graph.edge(tail, head, label=edge_label(edge, style), id=style.prefix + name, tooltip=tip, **emphasis)


def _merged_edge(graph: graphviz.Digraph, tail: str, head: str, edges: list[EdgeGrad], style: Style) -> None:
    lines = [] if len(edges) == 1 else [font(text(say("edges: {0}", len(edges), lang=style.lang)), style.theme.soft)]
    if "downstream" in style.show and len({e.input.index for e in edges}) == 1:
        shares = [e.downstream for e in edges if isinstance(e.downstream, float)]
        if len(shares) == len(edges):
            lines.append(font(f"<b>{text(decimal(math.fsum(shares), style.precision))}</b>", style.theme.grad))
    graph.edge(tail, head, label=f"<{'<br/>'.join(lines)}>" if lines else "")


def _box(box: Box, name: str, style: Style) -> dict[str, str]:
    theme = style.theme
    told = [say("operations: {0}", len(box.nodes), lang=style.lang)]
    if box.parameters:
        told.append(say("parameters: {0}", box.parameters, lang=style.lang))
    elif box.leaves:
        told.append(say("leaves: {0}", len(box.leaves), lang=style.lang))
    rows = [row(font(f"<b>{text(shortened(box.name))}</b>", theme.ink))]
    rows += [row(font(text(line), theme.soft, 10)) for line in told]
    table = '<table border="2" style="rounded" cellborder="0" cellspacing="0" cellpadding="4"'
    label = f'<{table} color="{theme.rule}" bgcolor="{theme.leaf}">{"".join(rows)}</table>>'
    return {"name": name, "label": label, "id": style.prefix + name, "tooltip": attribute(box.path)}


def _node(trace: Trace, node: TraceNode, names: set[str], style: Style) -> dict[str, str]:
    name = f"node-{node.index}"
    label = node_label(node, trace.edges_from(node), node.name in names, style, name in style.lit)
    told = node.label or node.name
    if not told.strip():
        told = repr(told)
    tip = told if node.is_leaf else f"{told} = {node.formula}"
    return {"name": f"n{node.index}", "label": label, "id": style.prefix + name, "tooltip": attribute(tip)}


def _place(graph: Any, placed: list[tuple[list[str], dict[str, str]]], style: Style, path: str) -> None:
    """Put the nodes into the graph, those of a scope into a frame of their own, nested as the scopes are."""
    inner: dict[str, list[tuple[list[str], dict[str, str]]]] = {}
    for scope, line in placed:
        if scope:
            inner.setdefault(scope[0], []).append((scope[1:], line))
        else:
            graph.node(**line)
    for i, (scope_name, members) in enumerate(inner.items()):
        name = scope_name.replace(SLASH, "/")
        with graph.subgraph(name=f"{path}_{i}") as frame:
            frame.attr(
                label=f"<{font(text(shortened(name)), style.theme.soft, 11)}>",
                color=style.theme.scope,
                style="rounded",
                penwidth="1",
                tooltip=attribute(name),
                labeljust="l",
                labelloc="t",
            )
            _place(frame, members, style, f"{path}_{i}")


def legend(style: Style) -> str:
    """One line that says what is what."""
    theme, show, parts = style.theme, style.show, []
    if "values" in show:
        parts.append(font(decimal(1.5, 1), theme.value) + " " + text(say("value", lang=style.lang)))
    if "downstream" in show:
        parts.append(font("↑ " + decimal(-0.2, 1), theme.grad) + " " + text(say("gradient", lang=style.lang)))
    if {"upstream", "local", "downstream"} <= set(show):
        words = say("on an edge: upstream × local = downstream, and ∂ the local derivative", lang=style.lang)
        parts.append(text(words))
    return f"<{'   ·   '.join(parts)}>" if parts else ""
