"""From a Trace the parts of its drawing: which box each node stands in, and which leaf stands in which box."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from scalargrad.drawing.cards import passing, weight_of
from scalargrad.drawing.folding import Box, Folded, scopes_of
from scalargrad.drawing.parts import LONGEST, Chip, EdgePart, Frame, Line, NodePart, Parts, Piece, line, shortened
from scalargrad.drawing.style import Style
from scalargrad.drawing.telling import (
    add_up,
    edge_lines,
    enclosed,
    foot,
    gradient,
    is_number,
    is_summed,
    merged_lines,
    node_lines,
    summary,
    symbol_of,
)
from scalargrad.formatting import shape_of, visible
from scalargrad.language import say
from scalargrad.records import EdgeGrad, Trace, TraceNode
from scalargrad.scopes import SLASH

COPIES = 5
"""From how many uses on a leaf is drawn as a copy at each of them."""

BRIEF = 20
"""From how many edges into neurons on each has one line."""


def parts_of(trace: Trace, style: Style, folded: Folded, again: Iterable[str] = ()) -> Parts:
    """The parts of a drawing of a Trace that is folded so; the same in every run.

    ``again`` are names of boxes that are shown a second time, in another row, and so need their names.
    """
    return _Making(trace, style, folded, frozenset(again)).parts()


class _Making:
    """Makes the parts."""

    def __init__(self, trace: Trace, style: Style, folded: Folded, again: frozenset[str]) -> None:
        self.trace = trace
        self.style = style
        self.folded = folded
        self.boxes = {place: f"b{i}" for i, place in enumerate(folded.boxes)}
        self.uses: dict[int, list[tuple[object, EdgeGrad | None]]] = {}
        for (start, end), between in folded.edges.items():
            if isinstance(start, int):
                self.uses.setdefault(start, []).extend((end, edge) for edge in between)
        for start, end in folded.plain:
            if isinstance(start, int):
                self.uses.setdefault(start, []).append((end, None))
        self.chipped = {
            n.index
            for n in folded.nodes
            if n.is_leaf and n is not trace.root and self._is_inside(self.uses.get(n.index, []))
        }
        into = [folded.boxes[end].is_neuron for _, end in folded.edges if isinstance(end, tuple)]
        self.brief = sum(into) > BRIEF
        self.names = _mentioned(trace, style) | {n.name for n in trace.nodes if f"n{n.index}" in again}

    def _is_inside(self, uses: list[tuple[object, EdgeGrad | None]]) -> bool:
        """Whether a leaf stands in the boxes of the operations that use it."""
        boxes = self.folded.boxes
        open_to = [isinstance(end, int) or (bool(boxes[end].card) and not boxes[end].is_neuron) for end, _ in uses]  # type: ignore[index]
        return all(open_to) and (len(uses) == 1 or len(uses) >= COPIES)

    def parts(self) -> Parts:
        """All of them."""
        trace, style, folded = self.trace, self.style, self.folded
        chips: dict[object, list[Chip]] = {}
        edges = []
        for (start, end), between in folded.edges.items():
            if isinstance(end, tuple):
                box = folded.boxes[end]
                lines = self._card_lines(box, between) if box.card else merged_lines(between, style)
                weight = weight_of(between[0], box, trace) if box.card else None
                tip = "" if weight is None else shortened(weight.name)
                made = EdgePart(self._name(start), self._name(end), "merged", tuple(lines), tip=tip)
                if start in self.chipped and box.card:
                    chips.setdefault(end, []).append(self._chip(between[0].input, made))
                else:
                    edges.append(made)
                continue
            for edge in between:
                alone = start not in self.chipped and len(trace.edges_from(edge.input)) == 1
                made = _edge(self._name(start), self._name(end), edge, style, alone)
                if start in self.chipped:
                    chips.setdefault(end, []).append(self._chip(edge.input, made))
                else:
                    edges.append(made)
        for start, end in folded.plain:
            made = EdgePart(self._name(start), self._name(end), "plain")
            if start in self.chipped:
                chips.setdefault(end, []).append(self._chip(trace.nodes[start], made))
            else:
                edges.append(made)
        placed: list[tuple[int, list[str], NodePart]] = []
        for n in folded.nodes:
            if n.index not in self.chipped or len(self.uses[n.index]) > 1:
                placed.append((n.index, scopes_of(n.scope), self._node(n, tuple(chips.get(n.index, ())))))
        for place, box in folded.boxes.items():
            scopes = scopes_of(box.path)
            part = replace(_box(trace, box, self.boxes[place], style), chips=(*self._own(box), *chips.get(place, ())))
            placed.append((box.nodes[-1].index, scopes if box.card else scopes[:-1], part))
        placed.sort(key=lambda item: item[0])
        order = tuple(node.name for _, _, node in placed)
        frame = _frame("", [(scopes, node) for _, scopes, node in placed])
        return Parts(frame, tuple(edges), tuple(foot(style, trace, bool(self.boxes), self.brief)), order)

    def _own(self, box: Box) -> Iterator[Chip]:
        """The chips of the leaves in a card, but of the weights, which stand on its edges."""
        if not box.card:
            return
        weights = {
            leaf.index
            for e in self._into(box)
            if (leaf := weight_of(e, box, self.trace)) and self._is_outside(e.input, box)
        }
        for leaf in box.leaves:
            if leaf.index not in weights:
                between = list(self.trace.edges_from(leaf))
                edge = EdgePart(f"n{leaf.index}", "", "merged", tuple(self._card_lines(box, between)))
                yield self._chip(leaf, edge)

    def _into(self, box: Box) -> Iterator[EdgeGrad]:
        for node in box.nodes:
            yield from self.trace.edges_into(node)

    def _is_outside(self, node: TraceNode, box: Box) -> bool:
        return all(node is not x for x in (*box.nodes, *box.leaves))

    def _card_lines(self, box: Box, between: list[EdgeGrad]) -> Iterator[Line]:
        """The weight on an edge into a card, and the product in numbers."""
        if len(between) == 1 and (weight := weight_of(between[0], box, self.trace)) is not None:
            p, grad = self.style.precision, weight.grad
            if self.brief:
                value = Piece("value", enclosed(summary(weight.value, p)))
                back = [piece for line in merged_lines(between, self.style) for piece in line.pieces]
                yield Line("weight", (Piece("sign", "× "), value, Piece("sign", "   "), *back))
                return
            pieces = [Piece("sign", f"{shortened(weight.name)} = "), Piece("value", summary(weight.value, p))]
            if grad is not None and "downstream" in self.style.show:
                pieces.append(Piece("gradient", f"   ↑ {summary(grad, p)}"))
            yield Line("weight", tuple(pieces))
        edge = passing(box, between, self.trace) if box.is_neuron and not self.brief else None
        yield from merged_lines(between, self.style) if edge is None else edge_lines(edge, self.style)

    def _name(self, place: object) -> str:
        return self.boxes[place] if isinstance(place, tuple) else f"n{place}"

    def _node(self, node: TraceNode, chips: tuple[Chip, ...]) -> NodePart:
        style, label = self.style, _label(node)
        tip = label if node.is_leaf else f"{label} = {node.formula}"
        lines = tuple(node_lines(node, self.trace, node.name in self.names, style))
        kind, name = "leaf" if node.is_leaf else "operation", f"node-{node.index}"
        return NodePart(f"n{node.index}", name, kind, lines, tip, name in style.lit, chips, node.name)

    def _chip(self, leaf: TraceNode, edge: EdgePart) -> Chip:
        style, name = self.style, f"node-{leaf.index}"
        pieces: list[Piece] = []
        lines = list(edge.lines)
        words: tuple[Piece, ...] = ()
        if (len(lines) == 2 and lines[1].role == "formula" and len(lines[1].text) <= 12) or (
            len(lines) == 1 and edge.kind == "merged" and lines[0].pieces[0].role == "back"
        ):  # there is room beside the name
            last = lines.pop()
            words = (Piece("sign", "    "), *(piece._replace(known=last.known) for piece in last.pieces))
            edge = replace(edge, lines=tuple(lines))
        if leaf.label is not None or leaf.name in self.names:
            pieces.append(Piece("name", shortened(leaf.name)))
        known = f"value-{leaf.index}" not in style.unknown
        if "values" in style.show or not pieces:
            pieces += [Piece("sign", " = ")] * len(pieces)
            value = shape_of(leaf.value) if is_summed(leaf.value) else summary(leaf.value, style.precision)
            pieces.append(Piece("value", style.blanks.get(f"value-{leaf.index}") or value))
        copied = len(self.uses.get(leaf.index, ())) > 1
        pieces = [piece._replace(known=known) for piece in pieces]
        if not copied and leaf.grad is not None and not add_up(self.trace.edges_from(leaf), leaf.grad):
            words = (*words, Piece("gradient", f"    ↑ {summary(leaf.grad, style.precision)}"))  # set by hand
        return Chip("" if copied else name, (Line("chip", (*pieces, *words)),), edge, _label(leaf), name in style.lit)


def _label(node: TraceNode) -> str:
    label = node.label or node.name
    return label if label.strip() else repr(label)


def _mentioned(trace: Trace, style: Style) -> set[str]:
    """The automatic names that nodes show: all, or those that some formula on an edge uses."""
    automatic = {n.name for n in trace.nodes if n.label is None}
    if style.names:
        return automatic
    texts = [e.named for e in trace.edges if not is_number(e.named)] if "formulas" in style.show else []
    texts += [n.formula for n in trace.nodes if symbol_of(n, trace) != n.symbol]
    return automatic & {word for text in texts for word in re.findall(r"[^\W\dᵀ][^\Wᵀ]*′*", text)}


def _frame(title: str, placed: list[tuple[list[str], NodePart]]) -> Frame:
    inner: dict[str, list[tuple[list[str], NodePart]]] = {}
    for scopes, node in placed:
        if scopes:
            inner.setdefault(scopes[0], []).append((scopes[1:], node))
    nodes = tuple(node for scopes, node in placed if not scopes)
    return Frame(title, nodes, tuple(_frame(name.replace(SLASH, "/"), members) for name, members in inner.items()))


def _box(trace: Trace, box: Box, name: str, style: Style) -> NodePart:
    """A folded scope: what it is, how much is in it, and the value and gradient that leave it."""
    lines = [Line("head", (Piece("name", shortened(box.name)),))]
    if box.is_neuron and box.nodes[-1].label is None:
        number = Piece("name", say("neuron {0}", box.part, lang=style.lang))
        lines = [Line("head", (number, Piece("sign", "  "), Piece("alias", shortened(box.name))))]
    if box.card:
        lines.append(line("operation", "= " * (not box.is_neuron) + visible(box.card, 2 * LONGEST)))
    else:
        lines.append(line("count", say("operations: {0}", len(box.nodes), lang=style.lang)))
        parameters, leaves = box.counts(trace)
        if parameters:
            lines.append(line("count", say("parameters: {0}", parameters, lang=style.lang)))
        elif leaves:
            lines.append(line("count", say("leaves: {0}", leaves, lang=style.lang)))
    leaving = box.leaving(trace)
    for node in leaving[:3]:
        name_of = [Piece("sign", f"{shortened(node.name)} = ")] if len(leaving) > 1 else []
        if "values" in style.show:
            lines.append(Line("value", (*name_of, Piece("value", summary(node.value, style.precision)))))
        if "downstream" in style.show and node.grad is not None:
            lines.append(gradient(summary(node.grad, style.precision)))
    if len(leaving) > 3:
        lines.append(line("count", say("and {0} more", len(leaving) - 3, lang=style.lang)))
    last = leaving[0].name if len(leaving) == 1 else box.name
    kind = "neuron" if box.is_neuron else "card" if box.card else "scope"
    return NodePart(name, name, kind, tuple(lines), box.path, called=last)


def _edge(tail: str, head: str, edge: EdgeGrad, style: Style, alone: bool) -> EdgePart:
    name = f"edge-{edge.output.index}-{edge.position}"
    tip = f"{edge.input.name} → {edge.output.name}"
    return EdgePart(tail, head, "edge", tuple(edge_lines(edge, style, alone)), name, tip, name in style.lit)
