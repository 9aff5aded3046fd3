"""Where the layout engine puts boxes of a known size, and how it leads the arrows between them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from scalargrad.drawing import layout
from scalargrad.drawing.boxes import Points
from scalargrad.drawing.layout import LayoutError
from scalargrad.drawing.measuring import width_of
from scalargrad.drawing.parts import Frame, shortened
from scalargrad.language import say

__all__ = ["Arrow", "Found", "Task", "laid"]

POINTS = 72.0
"""In an inch, in which Graphviz has the sizes of boxes."""


class Arrow(NamedTuple):
    """An arrow, and the size of its label if it has one: the label is a box on its way."""

    tail: str
    head: str
    label: tuple[float, float] | None


class Found(NamedTuple):
    """A layout: the middles of boxes and labels, curves, and the rectangles of frames; y grows downwards from 0."""

    width: float
    height: float
    nodes: dict[str, tuple[float, float]]
    edges: list[tuple[tuple[Points, ...], tuple[float, float] | None]]
    frames: list[tuple[str, tuple[float, float, float, float]]]


class Task(NamedTuple):
    """What is to be laid out: boxes of these sizes in frames, and arrows, in a direction."""

    frame: Frame
    sizes: Mapping[str, tuple[float, float]]
    arrows: Sequence[Arrow]
    direction: str


def laid(tasks: Sequence[Task]) -> list[Found]:
    """The layouts of the boxes of frames, with their inner frames around them: all by one run of the program."""
    titles: list[dict[str, str]] = [{} for _ in tasks]
    source = "\n".join(line for task, names in zip(tasks, titles) for line in _source(task, names))
    if not tasks:
        return []
    told, rest = [], layout.render(source, "json0").decode("utf-8").strip()
    while rest:
        graph, end = json.JSONDecoder().raw_decode(rest)
        told.append(graph)
        rest = rest[end:].lstrip()
    if len(told) != len(tasks):
        raise LayoutError(say("the layout program wrote something that is no layout"))
    return [_read(graph, task.sizes, task.arrows, names) for graph, task, names in zip(told, tasks, titles)]


def _source(task: Task, titles: dict[str, str]) -> Iterator[str]:
    frame, sizes, arrows, direction = task
    straight = ' splines="line"' if len(arrows) > 250 else ""
    yield f'digraph {{ graph [rankdir={direction} nodesep="0.16" ranksep="0.19" margin="0" newrank=true{straight}]'
    yield 'node [shape=box fixedsize=true label=""] edge [arrowhead=none]'
    home = dict(_homes(frame))
    yield from _frame(frame, sizes, titles)
    for i, arrow in enumerate(arrows):
        if arrow.label is None:
            yield f"{arrow.tail} -> {arrow.head}"
            continue
        width, height = arrow.label
        label = f"l{i} [width={width / POINTS:.4f} height={height / POINTS:.4f}]"
        own = commonprefix([home.get(arrow.tail, ""), home.get(arrow.head, "")])
        if own:
            label = f"subgraph {own} {{ {label} }}"
        yield f"{label} {arrow.tail} -> l{i} l{i} -> {arrow.head} [weight=2]"
    yield "}"


def commonprefix(paths: list[str]) -> str:
    """The innermost cluster that both are in."""
    steps = [path.split("_") for path in paths]
    shared = [a for a, b in zip(*steps) if a == b]
    same = next((i for i, (a, b) in enumerate(zip(*steps)) if a != b), len(shared))
    return "_".join(steps[0][:same]) if same > 1 else ""


def _homes(frame: Frame, path: str = "cluster") -> Iterator[tuple[str, str]]:
    """In which cluster each box is."""
    for node in frame.nodes:
        yield node.name, path if path != "cluster" else ""
    for i, inner in enumerate(frame.frames):
        yield from _homes(inner, f"{path}_{i}")


def _frame(
    frame: Frame, sizes: Mapping[str, tuple[float, float]], titles: dict[str, str], path: str = "cluster"
) -> Iterator[str]:
    for node in frame.nodes:
        width, height = sizes[node.name]
        yield f"{node.name} [width={width / POINTS:.4f} height={height / POINTS:.4f}]"
    for i, inner in enumerate(frame.frames):
        name = f"{path}_{i}"
        titles[name] = shortened(inner.title)
        wide = width_of(titles[name], 11)
        room = f'<table border="0" fixedsize="true" width="{wide:.0f}" height="14"><tr><td></td></tr></table>'
        yield f"subgraph {name} {{ label=<{room}> margin=9"
        yield from _frame(inner, sizes, titles, name)
        yield "}"


def _read(graph: Any, sizes: Mapping[str, Any], arrows: Sequence[Arrow], titles: Mapping[str, str]) -> Found:
    try:
        left, low, right, high = _numbers(graph["bb"])
        nodes, frames, names = {}, [], {}
        for found in graph.get("objects", []):
            name = found["name"]
            names[found["_gvid"]] = name
            if name in titles:
                a, b, c, d = _numbers(found["bb"])
                frames.append((titles[name], (a - left, high - d, c - a, d - b)))
            elif "pos" in found:
                x, y = _numbers(found["pos"])
                nodes[name] = (x - left, high - y)
        curves: dict[tuple[str, str], list[Points]] = {}
        for edge in graph.get("edges", []):
            numbers = _numbers(edge.get("pos", ""))
            points = tuple((x - left, high - y) for x, y in zip(numbers[::2], numbers[1::2]))
            curves.setdefault((names[edge["tail"]], names[edge["head"]]), []).append(points)
        edges: list[tuple[tuple[Points, ...], tuple[float, float] | None]] = []
        for i, arrow in enumerate(arrows):
            if arrow.label is None:
                edges.append(((curves[arrow.tail, arrow.head].pop(0),), None))
            else:
                pair = curves[arrow.tail, f"l{i}"].pop(0), curves[f"l{i}", arrow.head].pop(0)
                edges.append((pair, nodes[f"l{i}"]))
        return Found(right - left, high - low, {name: nodes[name] for name in sizes}, edges, frames)
    except (ValueError, KeyError, TypeError, IndexError):
        raise LayoutError(say("the layout program wrote something that is no layout")) from None


def _numbers(text: str) -> list[float]:
    """The numbers of a position, without the letters before them."""
    return [float(x) for x in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text)]
