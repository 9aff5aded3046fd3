"""A layout of our own, in columns from left to right: for networks, and where the layout engine takes too long.

A box stands in the column behind all it depends on; a label stands before the box its edge leads to, so the weights of
a neuron are a list beside it. Every box of a column comes in the order in which it is declared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scalargrad.drawing.boxes import Points
from scalargrad.drawing.graphviz import Arrow, Found
from scalargrad.drawing.parts import Frame

GAP = 12.0
"""Between boxes of a column."""
FAN = 38.0
"""Between a column and the labels behind it, where edges cross."""
NEAR = 14.0
"""Between labels and the boxes behind them."""
AROUND, TITLE = 9.0, 18.0
"""Between a frame and what is in it, and what its title needs above that."""


def columns(
    frame: Frame, sizes: Mapping[str, tuple[float, float]], arrows: Sequence[Arrow], order: Sequence[str]
) -> Found:
    """The layout of the boxes, whose names come in an order in which each stands after those it depends on."""
    into: dict[str, list[int]] = {name: [] for name in sizes}
    for i, arrow in enumerate(arrows):
        into[arrow.head].append(i)
    rank = _ranks([name for name in order if name in sizes], arrows, into)
    depth = dict(_levels(frame))
    wides, talls = ([0.0 if a.label is None else a.label[k] for a in arrows] for k in (0, 1))
    x, middle, nodes, labels = 0.0, 0.0, {}, {}
    heights: list[float] = []
    for r in range(max(rank.values()) + 1):
        names = [name for name in sizes if rank[name] == r]
        if not names:
            continue
        wide = max((wides[i] for name in names for i in into[name]), default=0.0)
        x += (FAN + wide + NEAR if wide else FAN * (r > 0)) + (AROUND * max(depth[name] for name in names))
        width = max(sizes[name][0] for name in names)
        spans = [max(sizes[name][1], sum(talls[i] for i in into[name])) for name in names]
        total = sum(spans) + GAP * (len(spans) - 1)
        y = -total / 2
        for name, span in zip(names, spans):
            nodes[name] = (x + width / 2, y + span / 2)
            own = [i for i in sorted(into[name], key=lambda i: nodes[arrows[i].tail][1]) if arrows[i].label]
            at = y + (span - sum(talls[i] for i in own)) / 2
            for i in own:
                labels[i] = (x - NEAR - wide / 2, at + talls[i] / 2)
                at += talls[i]
            y += span + GAP
        heights.append(total)
        x += width + AROUND * max(depth[name] for name in names)
    middle = max(heights) / 2 + max(depth.values()) * (AROUND + TITLE)
    down = {name: (a, b + middle) for name, (a, b) in nodes.items()}
    beside = {i: (a, b + middle) for i, (a, b) in labels.items()}
    edges = [_edge(arrow, down, sizes, beside.get(i)) for i, arrow in enumerate(arrows)]
    frames = list(_frames(frame, down, sizes))
    bottom = max([max(heights) / 2 + middle, *(f[1][1] + f[1][3] for f in frames)])
    return Found(max([x, *(f[1][0] + f[1][2] for f in frames)]), bottom, down, edges, frames)


def _ranks(order: Sequence[str], arrows: Sequence[Arrow], into: Mapping[str, list[int]]) -> dict[str, int]:
    """The columns of boxes; what depends on nothing stands right before the first that uses it."""
    rank: dict[str, int] = {}
    for name in order:
        rank[name] = max((rank[arrows[i].tail] + 1 for i in into[name]), default=0)
    first: dict[str, int] = {}
    for arrow in arrows:
        first[arrow.tail] = min(first.get(arrow.tail, len(order)), rank[arrow.head])
    return {name: first[name] - 1 if not into[name] and name in first else r for name, r in rank.items()}


def _levels(frame: Frame, level: int = 0) -> list[tuple[str, int]]:
    own = [(node.name, level) for node in frame.nodes]
    return own + [pair for inner in frame.frames for pair in _levels(inner, level + 1)]


def _edge(
    arrow: Arrow,
    nodes: Mapping[str, tuple[float, float]],
    sizes: Mapping[str, tuple[float, float]],
    label: tuple[float, float] | None,
) -> tuple[tuple[Points, ...], tuple[float, float] | None]:
    (a, b), (c, d) = nodes[arrow.tail], nodes[arrow.head]
    a, c = a + sizes[arrow.tail][0] / 2, c - sizes[arrow.head][0] / 2
    reach = sizes[arrow.head][1] / 2 - 8
    if label is None or arrow.label is None:
        return ((_swung((a, b), (c, d)),), None)
    x, y = label
    wide = arrow.label[0] / 2
    d = min(max(y, d - reach), d + reach)
    return ((_swung((a, b), (x - wide, y)), _swung((x + wide, y), (c, d))), label)


def _swung(start: tuple[float, float], end: tuple[float, float]) -> Points:
    """A curve that leaves and arrives level."""
    half = (end[0] - start[0]) / 2
    return start, (start[0] + half, start[1]), (end[0] - half, end[1]), end


def _frames(
    frame: Frame, nodes: Mapping[str, tuple[float, float]], sizes: Mapping[str, tuple[float, float]]
) -> list[tuple[str, tuple[float, float, float, float]]]:
    """The frames that have nothing but their own in them."""
    found = []
    for inner in frame.frames:
        deeper = _frames(inner, nodes, sizes)
        names = {node.name for node in inner.all_nodes()}
        corners = [
            (x - sizes[n][0] / 2, y - sizes[n][1] / 2, x + sizes[n][0] / 2, y + sizes[n][1] / 2)
            for n, (x, y) in nodes.items()
            if n in names
        ]
        corners += [(x, y, x + w, y + h) for _, (x, y, w, h) in deeper]
        left, top = min(c[0] for c in corners) - AROUND, min(c[1] for c in corners) - AROUND - TITLE
        right, low = max(c[2] for c in corners) + AROUND, max(c[3] for c in corners) + AROUND
        if not any(left < x < right and top < y < low for n, (x, y) in nodes.items() if n not in names):
            found.append((inner.title, (left, top, right - left, low - top)))
        found += deeper
    return found
