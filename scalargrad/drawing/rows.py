"""Cutting a drawing into rows, as a text is cut into lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scalargrad.drawing.boxes import Sized
from scalargrad.drawing.parts import EdgePart, Line, NodePart, Piece

BETWEEN = 28.0
"""How much room there is between two boxes that are joined, besides the words of the edge."""

MOST = 30
"""How many boxes stand in a row at most."""


def rows_of(
    order: Sequence[str], boxes: Mapping[str, Sized], edges: Sequence[EdgePart], labels: Sequence[Sized], width: float
) -> list[list[str]]:
    """The boxes by rows that are about so wide, cut where few edges are cut."""
    into: dict[str, list[tuple[str, float]]] = {}
    last: dict[str, int] = {}
    place = {name: i for i, name in enumerate(order)}
    for edge, label in zip(edges, labels):
        if edge.tail in place and edge.head in place:
            into.setdefault(edge.head, []).append((edge.tail, label.width if edge.lines else 0.0))
            last[edge.tail] = max(last.get(edge.tail, 0), place[edge.head])
    rows, start = [], 0
    while start < len(order):
        right: dict[str, float] = {}
        end = start
        while end < len(order) and (end - start < MOST or width > 1e9):
            name = order[end]
            before = [right.get(tail, boxes[tail].width) + BETWEEN + label for tail, label in into.get(name, [])]
            right[name] = max(before, default=0.0) + boxes[name].width
            if right[name] > width and end > start:
                break
            end += 1
        if end < len(order):
            end = min(
                range(end, start + 3 * (end - start) // 5, -1), key=lambda k: _cut(order[start:k], k, last), default=end
            )
        rows.append(list(order[start:end]))
        start = end
    return rows


def _cut(row: Sequence[str], end: int, last: Mapping[str, int]) -> int:
    """How many boxes of a row are used behind its end."""
    return sum(last.get(name, 0) >= end for name in row)


def with_ghosts(
    names: Sequence[str], nodes: Mapping[str, NodePart], edges: Sequence[EdgePart], row: int
) -> tuple[dict[str, NodePart], list[EdgePart]]:
    """The boxes of a row and its edges; a box of another row that it uses is there again, with its name and value."""
    inside = set(names)
    own = {name: nodes[name] for name in names}
    kept = []
    for edge in edges:
        if edge.head not in inside:
            continue
        if edge.tail in inside:
            kept.append(edge)
            continue
        ghost = f"{edge.tail}r{row}"
        if ghost not in own:
            own[ghost] = _again(nodes[edge.tail], ghost)
        kept.append(replace(edge, tail=ghost))
    return own, kept


def named(node: NodePart) -> NodePart:
    """A box that shows its name: it is there again in another row."""
    head = node.lines[0]
    if any(piece.text == node.called for piece in head.pieces):
        return node
    shown = [piece for piece in head.pieces if piece.text.strip()]
    pieces = (*shown, Piece("sign", "  "), Piece("alias", node.called)) if shown else (Piece("name", node.called),)
    return replace(node, lines=(Line("head", pieces), *node.lines[1:]))


def cut_off(rows: Sequence[Sequence[str]], edges: Sequence[EdgePart]) -> set[str]:
    """The names of the boxes that are used in other rows."""
    row = {name: i for i, names in enumerate(rows) for name in names}
    return {e.tail for e in edges if e.tail in row and e.head in row and row[e.tail] != row[e.head]}


def _again(node: NodePart, name: str) -> NodePart:
    lines = [Line("head", (Piece("name", node.called),))]
    lines += [line for line in node.lines if line.role in ("shape", "value")]
    return NodePart(name, "", "again", tuple(lines), node.tip, called=node.called)
