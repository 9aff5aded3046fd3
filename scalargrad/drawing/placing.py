"""The parts of a drawing in their places: rows of boxes, laid out one by one and stacked, as wide as can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from scalargrad.drawing.boxes import (
    Item,
    PlacedText,
    Points,
    Sized,
    flattened,
    label_of,
    moved,
    set_lines,
    size_of,
    sized,
    turned,
)
from scalargrad.drawing.columns import columns
from scalargrad.drawing.graphviz import Arrow, Found, Task, laid
from scalargrad.drawing.layout import SlowLayoutError
from scalargrad.drawing.parts import EdgePart, Frame, Line, NodePart, Parts, Piece
from scalargrad.drawing.rows import cut_off, named, rows_of, with_ghosts
from scalargrad.drawing.style import AUTO

WIDEST = 1080.0
"""How wide a drawing may be: its smallest letters, of 11 points, then have 9 pixels where it is shown at 900."""

TALLEST = 1250.0
"""How tall a drawing whose data flows down may be before it is cut into rows."""

MARGIN, SPACE = 10.0, 22.0
"""Around the drawing, and between rows."""


@dataclass(frozen=True)
class PlacedEdge:
    """An edge: the curves to its label and from there on, or one curve if it has no label, and its words."""

    part: EdgePart
    curves: tuple[Points, ...]
    """Each begins at a point, then come three for each piece of the curve."""
    label: Item | None


@dataclass(frozen=True)
class PlacedFrame:
    """The frame of an open scope."""

    title: PlacedText
    rectangle: tuple[float, float, float, float]


@dataclass(frozen=True)
class PlacedNode:
    """A box, and what is in it."""

    part: NodePart
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Layout:
    """All of a drawing, in place."""

    width: float
    height: float
    frames: tuple[PlacedFrame, ...]
    nodes: tuple[PlacedNode, ...]
    edges: tuple[PlacedEdge, ...]
    foot: tuple[PlacedText, ...]


class Row(NamedTuple):
    """A part of the drawing, with its own upper left corner."""

    width: float
    height: float
    frames: tuple[PlacedFrame, ...] = ()
    nodes: tuple[PlacedNode, ...] = ()
    edges: tuple[PlacedEdge, ...] = ()


def arranged(parts: Parts, direction: str) -> Layout:
    """The parts in their places."""
    joined = {name for edge in parts.edges for name in (edge.tail, edge.head)}
    nodes = {node.name: node for node in parts.frame.all_nodes()}
    alone = [node for name, node in nodes.items() if name not in joined]
    rows = [_side_by_side(alone)] if alone else []
    rows += _rows(parts, {name: node for name, node in nodes.items() if name in joined}, direction)
    width = max([row.width for row in rows])
    foot, under = _foot(parts.foot, max(width, 330.0))
    placed: list[Row] = []
    y = MARGIN
    for row in rows:
        placed.append(_shifted(row, MARGIN, y))
        y += row.height + SPACE
    y += -SPACE + (10 if foot else 0)
    texts = tuple(text._replace(x=text.x + MARGIN, y=text.y + y) for text in foot)
    width = max([width, *(text.width for text in foot)])
    return Layout(
        width + 2 * MARGIN, y + under + MARGIN,
        tuple(x for row in placed for x in row.frames), tuple(x for row in placed for x in row.nodes),
        tuple(x for row in placed for x in row.edges), texts,
    )  # fmt: skip


def _rows(parts: Parts, nodes: dict[str, NodePart], direction: str) -> list[Row]:
    """The rows of what is joined by edges: one if it can be read as it is."""
    if not nodes:
        return []
    boxes = {name: sized(node) for name, node in nodes.items()}
    labels = [label_of(edge) for edge in parts.edges]
    if direction != AUTO:
        return _laid([_Work(parts.frame.only(nodes), boxes, parts.edges, labels, parts.order, direction)])
    order = [name for name in parts.order if name in nodes]
    if len(order) <= 120 and rows_of(order, boxes, parts.edges, labels, 1.15 * WIDEST) == [order]:
        (row,) = _laid([_Work(parts.frame.only(nodes), boxes, parts.edges, labels, order, "LR")])
        if row.width <= WIDEST and row.height <= max(TALLEST, 2 * row.width):
            return [row]
    if len(order) <= 60:
        flat = {name: flattened(node) for name, node in nodes.items()}
        boxes = {name: sized(node) for name, node in flat.items()}
        (row,) = _laid([_Work(parts.frame.only(flat), boxes, parts.edges, labels, order, "TB")])
        if row.width <= WIDEST and row.height <= TALLEST:
            return [row]
    todo = rows_of(order, boxes, parts.edges, labels, WIDEST)
    nodes |= {name: named(nodes[name]) for name in cut_off(todo, parts.edges)}
    boxes = {name: sized(node) for name, node in nodes.items()}
    rows: list[Row | list[str]] = [*todo]
    while any(isinstance(row, list) for row in rows):  # those that came out too wide are cut again
        works = []
        for number, names in enumerate(rows):
            if isinstance(names, list):
                own, edges = with_ghosts(names, nodes, parts.edges, number)
                kept = {name: boxes.get(name) or sized(node) for name, node in own.items()}
                frame = parts.frame.only({name: own[name] for name in names})
                ghosts = [node for name, node in own.items() if name not in nodes]
                frame = replace(frame, nodes=(*frame.nodes, *ghosts))
                before = [ghost.name for ghost in ghosts]
                works.append(_Work(frame, kept, edges, [label_of(edge) for edge in edges], [*before, *names], "LR"))
        found = iter(_laid(works))
        cut: list[Row | list[str]] = []
        for names in rows:
            row = next(found) if isinstance(names, list) else names
            if isinstance(names, list) and row.width > WIDEST and len(names) > 1:
                half = rows_of(names, boxes, parts.edges, labels, 0.6 * WIDEST)
                halves = half if len(half) > 1 else [names[: len(names) // 2], names[len(names) // 2 :]]
                nodes |= {name: named(nodes[name]) for name in cut_off(halves, parts.edges)}
                boxes |= {name: sized(nodes[name]) for name in names}
                cut += halves
            else:
                cut.append(row)
        rows = cut
    return [row for row in rows if isinstance(row, Row)]


class _Work(NamedTuple):
    """A row that is to be laid out."""

    frame: Frame
    boxes: dict[str, Sized]
    edges: Sequence[EdgePart]
    labels: Sequence[Sized]
    order: Sequence[str]
    direction: str

    def task(self) -> Task:
        """It as the layout engine needs it."""
        arrows = [
            Arrow(e.tail, e.head, (x.width, x.height) if e.lines else None) for e, x in zip(self.edges, self.labels)
        ]
        names = [node.name for node in self.frame.all_nodes()]
        sizes = {name: (self.boxes[name].width, self.boxes[name].height) for name in names}
        return Task(self.frame, sizes, arrows, self.direction)

    def is_network(self) -> bool:
        """Whether it has neurons, which stand in columns."""
        return self.direction == "LR" and any(node.kind == "neuron" for node in self.frame.all_nodes())


def _laid(works: Sequence[_Work]) -> list[Row]:
    """The rows, laid out by the layout engine; networks in columns, and all that takes it too long."""
    tasks = [work.task() for work in works]
    apart = {i for i, work in enumerate(works) if work.is_network()}
    try:
        laid_out = dict(
            zip(
                (i for i in range(len(works)) if i not in apart),
                laid([t for i, t in enumerate(tasks) if i not in apart]),
            )
        )
    except SlowLayoutError:
        laid_out = {}
    return [
        _row(work, laid_out.get(i) or columns(task.frame, task.sizes, task.arrows, work.order))
        for i, (work, task) in enumerate(zip(works, tasks))
    ]


def _row(work: _Work, found: Found) -> Row:
    """A row as it was laid out."""
    frame, boxes, edges, labels, _, direction = work
    nodes = {node.name: node for node in frame.all_nodes()}
    down = direction == "TB"
    placed = []
    for name, node in nodes.items():
        box = boxes[name]
        x, y = found.nodes[name]
        items = [moved(item, x - box.width / 2, y - box.height / 2) for item in box.items]
        placed.append(PlacedNode(node, tuple(map(turned, items) if down else items)))
    lines = []
    for edge, label, (curves, at) in zip(edges, labels, found.edges):
        words = None
        if at is not None:
            words = moved(label.items[0], at[0] - label.width / 2, at[1] - label.height / 2)
        lines.append(PlacedEdge(edge, curves, turned(words) if down and words else words))
    frames = []
    for title, (x, y, width, height) in found.frames:
        line = Line("title", (Piece("title", title),))
        wide = size_of([line])[0]
        (text,) = set_lines([line], x + 8 + wide / 2, y + 3)[0]
        frames.append(PlacedFrame(text, (x, y, width, height)))
    return Row(found.width, found.height, tuple(frames), tuple(placed), tuple(lines))


def _side_by_side(nodes: Sequence[NodePart]) -> Row:
    """Boxes without edges beside each other, in as many lines as they need."""
    placed, x, y, low, right = [], 0.0, 0.0, 0.0, 0.0
    for node in nodes:
        box = sized(node)
        if x and x + box.width > WIDEST:
            x, y = 0.0, low + 8
        placed.append(PlacedNode(node, tuple(moved(item, x, y) for item in box.items)))
        right, low = max(right, x + box.width), max(low, y + box.height)
        x += box.width + 10
    return Row(right, low, nodes=tuple(placed))


def _foot(lines: Sequence[Line], width: float) -> tuple[list[PlacedText], float]:
    """The lines under the drawing, broken where they are wider than it, and how high they are."""
    broken = [part for line in lines for part in _broken(line, width)]
    texts: list[PlacedText] = []
    y = 0.0
    for line in broken:
        wide, tall = size_of([line])
        texts += set_lines([line], wide / 2, y)[0]
        y += tall
    return texts, y


def _broken(line: Line, width: float) -> list[Line]:
    """A line in as many as it needs, broken between its words."""
    pieces = [piece._replace(text=word) for piece in line.pieces for word in _words(piece.text)]
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        if lines[-1] and size_of([Line(line.role, (*lines[-1], piece))])[0] > width:
            lines.append([])
        lines[-1].append(piece)
    return [Line(line.role, tuple(_joined(part)), line.known) for part in lines if part]


def _words(text: str) -> list[str]:
    """The words of a text, each with the spaces after it."""
    found = [""]
    for c in text:
        if found[-1].endswith(" ") and c != " " and found[-1].strip():
            found.append("")
        found[-1] += c
    return found


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    done: list[Piece] = []
    for piece in pieces:
        if done and done[-1].role == piece.role:
            done[-1] = Piece(piece.role, done[-1].text + piece.text)
        else:
            done.append(piece)
    return done


def _shifted(row: Row, x: float, y: float) -> Row:
    def curve(points: Points) -> Points:
        return tuple((a + x, b + y) for a, b in points)

    frames = tuple(
        PlacedFrame(
            f.title._replace(x=f.title.x + x, y=f.title.y + y),
            (f.rectangle[0] + x, f.rectangle[1] + y, *f.rectangle[2:]),
        )
        for f in row.frames
    )
    nodes = tuple(PlacedNode(n.part, tuple(moved(item, x, y) for item in n.items)) for n in row.nodes)
    edges = tuple(PlacedEdge(e.part, tuple(map(curve, e.curves)), e.label and moved(e.label, x, y)) for e in row.edges)
    return Row(row.width, row.height, frames, nodes, edges)
