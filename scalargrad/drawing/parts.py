"""What a drawing consists of: nodes, edges and frames, and what each of their texts means.

A Trace becomes these plain records; how they look is known to what writes them: DOT, the page's SVG, TikZ.
``dataclasses.asdict`` makes them dicts, lists and texts, which is their JSON.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from scalargrad.drawing.folding import Box, fold, scopes_of
from scalargrad.drawing.style import Style
from scalargrad.formatting import decimal, is_large, number, shape_of, visible
from scalargrad.language import say
from scalargrad.records import ArrayNumber, EdgeGrad, Number, Trace, TraceNode
from scalargrad.scopes import SLASH

LONGEST = 28
"""Up to how many characters of a label stand in its node."""

MANY = 150
"""From how many edges on the layout is made to hurry."""

CAPTION = 200
"""Up to how many stand in the line under a drawing."""


class Piece(NamedTuple):
    """A piece of a line, and what it means."""

    role: str
    """``name``, ``symbol``, ``alias`` (the name beside a symbol), ``upstream``, ``local``, ``downstream``, ``value``,
    ``gradient``, ``sign`` (what only stands between others), or the role of its line."""
    text: str


class Line(NamedTuple):
    """A line of text in a node, on an edge or under the drawing."""

    role: str
    """In a node ``head``, ``operation``, ``shape``, ``value``, ``gradient``, ``shares``; on an edge ``product``,
    ``formula``; ``count`` where scopes are folded; under the drawing ``caption`` or ``legend``."""
    pieces: tuple[Piece, ...]
    known: bool = True
    """Whether it is to be seen: where not, its place is kept."""


def line(role: str, text: str, known: bool = True) -> Line:
    """A line of one piece."""
    return Line(role, (Piece(role, text),), known)


@dataclass(frozen=True)
class NodePart:
    """A box: a node of the Trace, or a folded scope."""

    name: str
    """How edges call it."""
    id: str
    kind: str
    """``leaf``, ``operation`` or ``scope``."""
    lines: tuple[Line, ...]
    tip: str
    lit: bool = False


@dataclass(frozen=True)
class EdgePart:
    """An arrow between two boxes."""

    tail: str
    head: str
    kind: str
    """``edge``; ``merged`` where it ends in a folded scope; ``plain`` where no gradient goes over it."""
    lines: tuple[Line, ...] = ()
    id: str = ""
    tip: str = ""
    lit: bool = False


@dataclass(frozen=True)
class Frame:
    """An open scope around its nodes and the frames of the scopes in it; the outermost has no title."""

    title: str
    nodes: tuple[NodePart, ...]
    frames: tuple[Frame, ...]

    def all_nodes(self) -> Iterator[NodePart]:
        """Its nodes and those of the frames in it."""
        yield from self.nodes
        for frame in self.frames:
            yield from frame.all_nodes()


@dataclass(frozen=True)
class Parts:
    """All of a drawing: the outermost frame, the edges, and the line under it."""

    frame: Frame
    edges: tuple[EdgePart, ...]
    foot: Line | None
    is_large: bool = False
    """Whether the Trace has so many edges that its layout is made to hurry."""


def parts_of(trace: Trace, style: Style, depth: int) -> Parts:
    """The parts of a drawing of a Trace, scopes deeper than ``depth`` folded; the same in every run."""
    names = _mentioned(trace, style)
    folded = fold(trace, depth)
    boxes = {place: f"b{i}" for i, place in enumerate(folded.boxes)}
    placed = [(scopes_of(n.scope), _node(trace, n, names, style)) for n in folded.nodes]
    placed += [(scopes_of(box.path)[:-1], _box(box, boxes[place], style)) for place, box in folded.boxes.items()]
    edges = []
    for (start, end), between in folded.edges.items():
        tail, head = (boxes[x] if isinstance(x, tuple) else f"n{x}" for x in (start, end))
        if isinstance(end, tuple):
            edges.append(EdgePart(tail, head, "merged", tuple(_merged_lines(between, style))))
        else:
            edges += [_edge(tail, head, edge, style) for edge in between]
    for start, end in folded.plain:
        tail, head = (boxes[x] if isinstance(x, tuple) else f"n{x}" for x in (start, end))
        edges.append(EdgePart(tail, head, "plain"))
    return Parts(_frame("", placed), tuple(edges), _foot(style), len(trace.edges) > MANY)


def _mentioned(trace: Trace, style: Style) -> set[str]:
    """The automatic names that nodes show: all, or those that some formula on an edge uses."""
    automatic = {n.name for n in trace.nodes if n.label is None}
    if style.names:
        return automatic
    if "formulas" not in style.show:
        return set()
    return {name for name in automatic for e in trace.edges if name in e.formula}


def _frame(title: str, placed: list[tuple[list[str], NodePart]]) -> Frame:
    inner: dict[str, list[tuple[list[str], NodePart]]] = {}
    for scopes, node in placed:
        if scopes:
            inner.setdefault(scopes[0], []).append((scopes[1:], node))
    nodes = tuple(node for scopes, node in placed if not scopes)
    return Frame(title, nodes, tuple(_frame(name.replace(SLASH, "/"), members) for name, members in inner.items()))


def _foot(style: Style) -> Line | None:
    """The caption, or one line that says what is what."""
    if style.caption:
        return line("caption", visible(style.caption, CAPTION))
    if not style.legend:
        return None
    show, entries = style.show, []
    if "values" in show:
        entries.append([Piece("value", decimal(1.5, 1)), Piece("sign", " " + say("value", lang=style.lang))])
    if "downstream" in show:
        entries.append([Piece("gradient", "↑ -0.2"), Piece("sign", " " + say("gradient", lang=style.lang))])
    if {"upstream", "local", "downstream"} <= set(show):
        words = say("on an edge: upstream × local = downstream, and ∂ the local derivative", lang=style.lang)
        entries.append([Piece("sign", words)])
    between = Piece("sign", "   ·   ")
    return Line("legend", tuple(piece for i, entry in enumerate(entries) for piece in [between] * (i > 0) + entry))


def shortened(x: str) -> str:
    """A label as its node shows it."""
    return visible(re.sub(r"\s", " ", x), LONGEST)


# --- nodes -----------------------------------------------------------------------------------------------------------


def _node(trace: Trace, node: TraceNode, names: set[str], style: Style) -> NodePart:
    label = node.label or node.name
    if not label.strip():
        label = repr(label)
    tip = label if node.is_leaf else f"{label} = {node.formula}"
    lines = tuple(_node_lines(node, trace.edges_from(node), node.name in names, style))
    kind, name = "leaf" if node.is_leaf else "operation", f"node-{node.index}"
    return NodePart(f"n{node.index}", name, kind, lines, tip, name in style.lit)


def _node_lines(node: TraceNode, shares: tuple[EdgeGrad, ...], named: bool, style: Style) -> Iterator[Line]:
    """What a node is, its value, its gradient, and at a fork the sum the gradient is."""
    name, symbol = Piece("name", shortened(node.name)), Piece("symbol", shortened(node.symbol))
    if node.label is not None or (node.is_leaf and named):
        yield Line("head", (name,))
    elif node.is_leaf:
        yield line("head", " ")
    else:
        yield Line("head", (symbol, Piece("sign", "  "), Piece("alias", name.text)) if named else (symbol,))
    if not node.is_leaf and node.label is not None:
        yield line("operation", "= " + symbol.text)
    value, grad, p = f"value-{node.index}", f"grad-{node.index}", style.precision
    if "values" in style.show:
        known = value not in style.unknown
        if is_large(node.value):
            yield line("shape", shape_of(node.value), known)
        yield line("value", style.blanks.get(value) or _summary(node.value, p), known)
    if "downstream" in style.show and node.grad is not None:
        known = grad not in style.unknown
        yield line("gradient", "↑ " + (style.blanks.get(grad) or _summary(node.grad, p)), known)
        if len(shares) > 1 and _add_up(shares, node.grad):
            yield line("shares", "= " + _sum_of(shares, style), known)


def _add_up(shares: tuple[EdgeGrad, ...], grad: Number) -> bool:
    """Whether the gradient is the sum of its contributions: one that was set by hand may be another."""
    if not isinstance(grad, float) or not math.isfinite(grad):
        return True
    return math.isclose(math.fsum(float(e.downstream) for e in shares), grad, rel_tol=1e-9, abs_tol=1e-12)  # type: ignore[arg-type]


def _sum_of(shares: tuple[EdgeGrad, ...], style: Style) -> str:
    """The contributions at a fork: ``0.20 + 0.19``."""
    if len(shares) > 4 or any(is_large(e.downstream) for e in shares):
        return say("sum of {0}", len(shares), lang=style.lang)
    terms = [style.blanks.get(flow(e)) or number(e.downstream, style.precision) for e in shares]
    return " + ".join(f"({t})" if i and t.startswith("-") else t for i, t in enumerate(terms))


def _summary(x: Number, precision: int) -> str:
    """A number or a small array; of a large one its mean and norm, its shape being shown already."""
    if isinstance(x, ArrayNumber) and is_large(x):
        return f"mean {decimal(x.mean, precision)}, norm {decimal(x.norm, precision)}"
    return number(x, precision)


def _box(box: Box, name: str, style: Style) -> NodePart:
    lines = [Line("head", (Piece("name", shortened(box.name)),))]
    lines.append(line("count", say("operations: {0}", len(box.nodes), lang=style.lang)))
    if box.parameters:
        lines.append(line("count", say("parameters: {0}", box.parameters, lang=style.lang)))
    elif box.leaves:
        lines.append(line("count", say("leaves: {0}", len(box.leaves), lang=style.lang)))
    return NodePart(name, name, "scope", tuple(lines), box.path)


# --- edges -----------------------------------------------------------------------------------------------------------


def flow(edge: EdgeGrad) -> str:
    """What the downstream gradient of an edge is called in a Style."""
    return f"flow-{edge.output.index}-{edge.position}"


def _edge(tail: str, head: str, edge: EdgeGrad, style: Style) -> EdgePart:
    name = f"edge-{edge.output.index}-{edge.position}"
    tip = f"{edge.input.name} → {edge.output.name}"
    return EdgePart(tail, head, "edge", tuple(_edge_lines(edge, style)), name, tip, name in style.lit)


def _edge_lines(edge: EdgeGrad, style: Style) -> Iterator[Line]:
    """The product in numbers, and the formula of the local derivative."""
    known, p, pieces = flow(edge) not in style.unknown, style.precision, []
    if edge.local is not None and flow(edge) not in style.blanks:  # else nothing is multiplied element by element
        if "upstream" in style.show:
            upstream = style.blanks.get(f"grad-{edge.output.index}") or _factor(edge.upstream, p)
            pieces.append(Piece("upstream", upstream))
        if "local" in style.show:
            pieces += [Piece("sign", " × ")] * len(pieces) + [Piece("local", _factor(edge.local, p))]
    if "downstream" in style.show:
        downstream = style.blanks.get(flow(edge)) or _product(edge.downstream, p)
        pieces += [Piece("sign", " = ")] * bool(pieces) + [Piece("downstream", downstream)]
    if pieces:
        yield Line("product", tuple(pieces), known)
    if "formulas" in style.show:
        formula = shortened(edge.formula)
        yield line("formula", f"∂={formula}" if edge.local is not None else formula + _shapes(edge), known)


def _factor(x: Number, precision: int) -> str:
    """A number on an edge, where a large array is only its shape."""
    return shape_of(x) if is_large(x) else number(x, precision)


def _product(x: Number, precision: int) -> str:
    if isinstance(x, ArrayNumber) and is_large(x):
        return f"{shape_of(x)}, norm {decimal(x.norm, precision)}"
    return number(x, precision)


def _shapes(edge: EdgeGrad) -> str:
    """What becomes of the shape of the upstream gradient."""
    before, after = (getattr(x, "shape", ()) for x in (edge.upstream, edge.downstream))
    return f"   ({'×'.join(map(str, before)) or '1'} → {'×'.join(map(str, after)) or '1'})"


def _merged_lines(edges: list[EdgeGrad], style: Style) -> Iterator[Line]:
    """How many edges lead into a folded scope, and what they give back together."""
    if len(edges) > 1:
        yield line("count", say("edges: {0}", len(edges), lang=style.lang))
    if "downstream" in style.show and len({e.input.index for e in edges}) == 1:
        shares = [e.downstream for e in edges if isinstance(e.downstream, float)]
        if len(shares) == len(edges):
            yield Line("product", (Piece("downstream", decimal(math.fsum(shares), style.precision)),))
