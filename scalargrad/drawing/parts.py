"""What a drawing consists of: nodes, edges and frames, and what each of their texts means.

A Trace becomes these plain records; how they look is known to what writes them: the SVG, DOT, TikZ.
``dataclasses.asdict`` makes them dicts, lists and texts, which is their JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from scalargrad.formatting import visible

LONGEST = 28
"""Up to how many characters of a label stand in its node."""

ROW, COLUMN = "\n", "\t"
"""What stands between the rows and columns of a matrix in a text: no text of others has them."""


class Piece(NamedTuple):
    """A piece of a line, and what it means."""

    role: str
    """``name``, ``symbol``, ``alias`` (the name beside a symbol), ``upstream``, ``local``, ``downstream``, ``value``,
    ``gradient``, ``sign`` (what only stands between others), or the role of its line."""
    text: str
    """Matrices have rows and columns: see ROW, COLUMN."""
    known: bool = True
    """Whether it is to be seen: where not, its place is kept."""


class Line(NamedTuple):
    """A line of text in a node, on an edge or under the drawing."""

    role: str
    """In a node ``head``, ``operation``, ``shape``, ``value``, ``gradient``, ``shares``; on an edge ``product``,
    ``formula``; ``count`` where scopes are folded; under the drawing ``caption``, ``legend`` or ``remark``."""
    pieces: tuple[Piece, ...]
    known: bool = True
    """Whether it is to be seen: where not, its place is kept."""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(piece.text for piece in self.pieces)


def line(role: str, text: str, known: bool = True) -> Line:
    """A line of one piece."""
    return Line(role, (Piece(role, text),), known)


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
class Chip:
    """A leaf inside the box of the operation that uses it, with the edge between the two."""

    id: str
    """The leaf's; empty where this is one of several copies, and the leaf has a box of its own."""
    lines: tuple[Line, ...]
    edge: EdgePart
    tip: str
    lit: bool = False


@dataclass(frozen=True)
class NodePart:
    """A box: a node of the Trace, or a folded scope."""

    name: str
    """How edges call it."""
    id: str
    kind: str
    """``leaf``, ``operation``, ``scope``, ``neuron``, ``card`` (a folded term) or ``again`` (from another row)."""
    lines: tuple[Line, ...]
    tip: str
    lit: bool = False
    chips: tuple[Chip, ...] = ()
    called: str = ""
    """The node's name, whether it is shown or not."""


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

    def only(self, nodes: dict[str, NodePart]) -> Frame:
        """The same with only these nodes, by their names, and no empty frames."""
        frames = [frame.only(nodes) for frame in self.frames]
        return Frame(
            self.title,
            tuple(nodes[node.name] for node in self.nodes if node.name in nodes),
            tuple(frame for frame in frames if frame.nodes or frame.frames),
        )


@dataclass(frozen=True)
class Parts:
    """All of a drawing: the outermost frame, the edges, and the lines under it."""

    frame: Frame
    edges: tuple[EdgePart, ...]
    foot: tuple[Line, ...] = ()
    order: tuple[str, ...] = ()
    """The names of the boxes, each after those it depends on."""


def shortened(x: str) -> str:
    """A label as its node shows it."""
    return visible(re.sub(r"\s", " ", x), LONGEST)
