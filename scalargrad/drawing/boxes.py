"""How large a box and a label are, and where their texts stand in them. Lengths are points, y grows downwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from scalargrad.drawing.measuring import width_of
from scalargrad.drawing.parts import COLUMN, ROW, EdgePart, Line, NodePart, Piece

SIZES = {"name": 14.0, "symbol": 14.0, "head": 14.0, "value": 13.0, "gradient": 13.0, "caption": 13.0}
SMALLEST = 11.0
SMALL = ("weight", "legend", "product", "passed")
"""Lines all of which is small."""
BOLD = ("name", "symbol", "downstream", "caption")

LEADING = 1.3
"""How far lines are apart, in sizes of their font."""
PAD, CHIP_PAD = (9.0, 5.0), (7.0, 3.0)
"""Between a border and what is in it: at the sides, and above and below."""
GAP = 5.0
"""Between chips, and between columns of a matrix."""


class Span(NamedTuple):
    """A piece of a text in one look."""

    role: str
    text: str
    size: float
    known: bool = True

    @property
    def is_bold(self) -> bool:
        return self.role in BOLD


class PlacedText(NamedTuple):
    """A line of text: the middle of its base line, and how wide it is at most."""

    spans: tuple[Span, ...]
    x: float
    y: float
    width: float
    known: bool = True

    @property
    def size(self) -> float:
        """The size of its largest letters."""
        return max(span.size for span in self.spans)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(span.text for span in self.spans)


Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Item:
    """What stands in a box at a place of its own: a chip, the words of its edge, or the box's own words."""

    kind: str
    """``node``, ``chip`` or ``edge``."""
    id: str
    rectangle: tuple[float, float, float, float] | None
    texts: tuple[PlacedText, ...]
    strokes: tuple[Points, ...] = ()
    """The brackets of matrices."""
    tip: str = ""
    lit: bool = False
    copy: bool = False


class Sized(NamedTuple):
    """A box with its size, and what is in it by places measured from its upper left corner."""

    width: float
    height: float
    items: tuple[Item, ...]


def spans_of(line: Line) -> list[Span]:
    """The pieces of a line with their sizes."""
    usual = SIZES.get(line.role, SMALLEST)
    return [
        Span(line.role if p.role == "sign" and line.role != "head" else p.role, p.text,
             SMALLEST if line.role in SMALL else
             SIZES.get(p.role, SMALLEST if line.role in ("head", "value") and p.role in ("alias", "sign") else usual),
             p.known and line.known)
        for p in line.pieces if p.text
    ]  # fmt: skip


@lru_cache(maxsize=4096)
def extent(line: Line) -> tuple[float, float]:
    """How wide and high a line is."""
    spans = spans_of(line)
    rows = max((_rows(span) for span in spans), default=1)
    size = max((span.size for span in spans), default=SMALLEST)
    return sum(map(_width, spans)), rows * size * LEADING


def _is_matrix(text: str) -> bool:
    return ROW in text or COLUMN in text


def _rows(span: Span) -> int:
    return max(1, len(_cells(span.text)))


def _cells(text: str) -> list[list[str]]:
    return [row.split(COLUMN) for row in text.removesuffix(ROW).split(ROW)]


def _columns(span: Span) -> list[float]:
    rows = _cells(span.text)
    return [
        max(width_of(row[i], span.size, span.is_bold) for row in rows if i < len(row))
        for i in range(max(map(len, rows)))
    ]


def _width(span: Span) -> float:
    if _is_matrix(span.text):
        return sum(width + GAP for width in _columns(span)) + 2 * GAP
    return width_of(span.text, span.size, span.is_bold)


def size_of(lines: Sequence[Line]) -> tuple[float, float]:
    """How wide and high lines are together."""
    sizes = [extent(line) for line in lines]
    return max((w for w, _ in sizes), default=0.0), sum(h for _, h in sizes)


def set_lines(lines: Iterable[Line], x: float, top: float) -> tuple[list[PlacedText], list[Points]]:
    """The lines under each other, centred at ``x``, and the brackets in them."""
    texts: list[PlacedText] = []
    strokes: list[Points] = []
    for line in lines:
        width, height = extent(line)
        spans = spans_of(line)
        size = max((span.size for span in spans), default=SMALLEST)
        if any(_is_matrix(span.text) for span in spans):
            _set_matrices(spans, x - width / 2, top, height, line.known, texts, strokes)
        elif spans:
            texts.append(PlacedText(tuple(spans), x, top + size * (LEADING / 2 + 0.36), width, line.known))
        top += height
    return texts, strokes


def _set_matrices(
    spans: Sequence[Span],
    left: float,
    top: float,
    height: float,
    known: bool,
    texts: list[PlacedText],
    strokes: list[Points],
) -> None:
    for span in spans:
        step, width = span.size * LEADING, _width(span)
        if not _is_matrix(span.text):
            y = top + height / 2 + span.size * 0.36
            texts.append(PlacedText((span,), left + width / 2, y, width, known and span.known))
        else:
            rows = _cells(span.text)
            above = top + (height - len(rows) * step) / 2
            for i, row in enumerate(rows):
                x = left + GAP
                for cell, column in zip(row, _columns(span)):
                    y = above + i * step + span.size * (LEADING / 2 + 0.36)
                    texts.append(
                        PlacedText((span._replace(text=cell),), x + (column + GAP) / 2, y, column, known and span.known)
                    )
                    x += column + GAP
            low, high, right = above + 1.5, above + len(rows) * step - 1.5, left + width - 2
            for side, into in ((left + 2, 3.0), (right, -3.0)):
                strokes.append(((side + into, low), (side, low), (side, high), (side + into, high)))
        left += width


def flattened(node: NodePart) -> NodePart:
    """The same with its value and gradient on one line: where data flows down, there is room beside them."""
    lines: list[Line] = []
    for line in node.lines:
        before = lines[-1] if lines else None
        if (
            line.role == "gradient"
            and before is not None
            and before.role == "value"
            and extent(line)[1] == extent(before)[1]
        ):
            pieces = [
                p._replace(known=x.known) for x in (before, Line("", (Piece("sign", "   "),)), line) for p in x.pieces
            ]
            lines[-1] = Line("value", tuple(pieces))
        else:
            lines.append(line)
    return replace(node, lines=tuple(lines))


def sized(node: NodePart) -> Sized:
    """A box with its chips above its own lines."""
    width, height = size_of(node.lines)
    chips = [(size_of(chip.lines), size_of(chip.edge.lines)) for chip in node.chips]
    inner = max([width, *(max(a[0], b[0]) + 2 * CHIP_PAD[0] for a, b in chips)])
    items: list[Item] = []
    y = PAD[1]
    for chip, (own, passing) in zip(node.chips, chips):
        tall = own[1] + passing[1] + 2 * CHIP_PAD[1]
        middle = PAD[0] + inner / 2
        texts, strokes = set_lines(chip.lines, middle, y + CHIP_PAD[1])
        rectangle = (PAD[0] - 3, y, inner + 6, tall)
        items.append(Item("chip", chip.id, rectangle, tuple(texts), tuple(strokes), chip.tip, chip.lit, not chip.id))
        texts, strokes = set_lines(chip.edge.lines, middle, y + CHIP_PAD[1] + own[1])
        flow = (PAD[0] - 1, y + CHIP_PAD[1] + own[1], inner + 2, passing[1]) if chip.edge.lines else None
        items.append(Item("edge", chip.edge.id, flow, tuple(texts), tuple(strokes), chip.edge.tip, chip.edge.lit))
        y += tall + GAP
    texts, strokes = set_lines(node.lines, PAD[0] + inner / 2, y)
    total = inner + 2 * PAD[0], y + height + PAD[1]
    items.insert(0, Item("node", node.id, (0.0, 0.0, *total), tuple(texts), tuple(strokes), node.tip, node.lit))
    return Sized(*total, tuple(items))


def label_of(edge: EdgePart) -> Sized:
    """The words of an edge, with nothing around them."""
    width, height = size_of(edge.lines)
    texts, strokes = set_lines(edge.lines, width / 2 + 3, 1.0)
    return Sized(
        width + 6, height + 2, (Item("edge", edge.id, None, tuple(texts), tuple(strokes), edge.tip, edge.lit),)
    )


def moved(item: Item, x: float, y: float) -> Item:
    """The same at another place."""
    rectangle = item.rectangle and (item.rectangle[0] + x, item.rectangle[1] + y, *item.rectangle[2:])
    texts = tuple(text._replace(x=text.x + x, y=text.y + y) for text in item.texts)
    strokes = tuple(tuple((a + x, b + y) for a, b in stroke) for stroke in item.strokes)
    return Item(item.kind, item.id, rectangle, texts, strokes, item.tip, item.lit, item.copy)


def turned(item: Item) -> Item:
    """The same where data flows down: what goes back goes up."""
    texts = tuple(
        text._replace(
            spans=tuple(s._replace(text=s.text.replace("←", "↑")) if s.role == "back" else s for s in text.spans)
        )
        for text in item.texts
    )
    return Item(item.kind, item.id, item.rectangle, texts, item.strokes, item.tip, item.lit, item.copy)


def words(pieces: Iterable[Piece]) -> Iterator[str]:
    """The texts of pieces, matrices on one line."""
    for piece in pieces:
        yield piece.text.replace(COLUMN, " ").replace(ROW, "; ")
