"""What is drawn open: all that can be read; else there is a card for each neuron or term, a box for each layer."""

from __future__ import annotations

from scalargrad.drawing.boxes import label_of, sized
from scalargrad.drawing.cards import neurons, terms
from scalargrad.drawing.folding import Folded, fold, folded_into, scopes_of
from scalargrad.drawing.making import parts_of
from scalargrad.drawing.parts import Parts
from scalargrad.drawing.style import Style
from scalargrad.records import Trace

SMALL = 30
"""Up to how many nodes scopes without parameters of modules are open."""

DENSE = 130
"""From how many edges on between neurons, their layers are boxes."""

TALL = 1500.0
"""How tall a drawing may become before its terms are folded."""

WIDE = 1080.0


def opened(trace: Trace, style: Style, depth: int | None) -> Parts:
    """The parts of a drawing, folded by ``depth``; if that is None, as far as is needed to read it."""
    if depth is not None:
        return parts_of(trace, style, fold(trace, depth))
    folded = folded_for(trace, depth)
    parts = parts_of(trace, style, folded)
    if _height(parts) > TALL:
        inside = {node.index for box in folded.boxes.values() for node in box.nodes}
        if more := terms(trace, inside):
            parts = parts_of(trace, style, folded_into(trace, {**folded.boxes, **more}))
    return parts


def folded_for(trace: Trace, depth: int | None) -> Folded:
    """The Trace folded by ``depth``; if that is None, with a card for each neuron, or a box for each dense layer."""
    if depth is not None:
        return fold(trace, depth)
    known = any(leaf.scope == "" for leaf in trace.leaves)
    cards = neurons(trace) if known or len(trace.nodes) > SMALL else {}
    folded = folded_into(trace, cards)
    if sum(isinstance(end, tuple) for _, end in folded.edges) <= DENSE:
        return folded
    deepest = max(len(scopes_of(box.path)) for box in cards.values())
    return fold(trace, deepest - 1)


def _height(parts: Parts) -> float:
    """About how tall a drawing of this width becomes."""
    boxes = [sized(node) for node in parts.frame.all_nodes()]
    area = sum((box.width + 30) * (box.height + 25) for box in boxes)
    labels = [label_of(edge) for edge in parts.edges if edge.lines]
    area += sum((label.width + 20) * (label.height + 12) for label in labels)
    return 1.4 * area / WIDE
