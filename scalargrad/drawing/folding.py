"""Folding scopes: each becomes one box, and the edges between two boxes one edge."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from scalargrad.records import EdgeGrad, Trace, TraceNode
from scalargrad.scopes import SLASH

INPUTS = 6
"""A box takes in the leaves that only it uses if they are more than this."""

FRAMES = 30
"""How many scopes stand in each other at most; what is nested deeper has one name together."""

K = TypeVar("K", bound=Hashable)

BoxKey = tuple[str, int]
"""Which box a folded node is drawn in: the path of the box, and which of that path, 0 if there is one."""


@dataclass
class Box:
    """A folded scope, or a part of one: what comes back to a scope later has a box of its own."""

    path: str
    part: int = 0
    """Which box of this path, from 1; 0 if there is only one."""
    nodes: list[TraceNode] = field(default_factory=list)
    leaves: list[TraceNode] = field(default_factory=list)
    is_neuron: bool = False
    card: str = ""
    """What it computes, if it is the card of a neuron or a term: ``tanh(Σ w·x + b)``."""

    @property
    def name(self) -> str:
        """What stands in it."""
        if self.card:
            return self.nodes[-1].name
        last = scopes_of(self.path)[-1].replace(SLASH, "/")
        return f"{last} ({self.part})" if self.part else last

    def counts(self, trace: Trace) -> tuple[int, int]:
        """How many leaves are known to be parameters of modules, among those it uses; and how many stand in it."""
        used = {x for node in self.nodes for x in node.operands if isinstance(x, int)}
        return sum(trace.nodes[x].is_leaf and trace.nodes[x].scope == "" for x in used), len(self.leaves)

    def leaving(self, trace: Trace) -> list[TraceNode]:
        """The nodes in it that others use; the root, if it is in it."""
        inside = {node.index for node in self.nodes}
        used = {x for n in trace.nodes if n.index not in inside for x in n.operands if isinstance(x, int)}
        return [n for n in self.nodes if n.index in used or n is trace.root]


@dataclass
class Folded:
    """A Trace with scopes folded: what is left of the nodes, the boxes, and edges between them. It has no cycle."""

    nodes: list[TraceNode]
    boxes: dict[BoxKey, Box]
    edges: dict[tuple[int | BoxKey, int | BoxKey], list[EdgeGrad]]
    """By their ends, a node's index or a box's place, in the order of the backward pass."""
    plain: list[tuple[int | BoxKey, int | BoxKey]]
    """The ends of edges no gradient goes over, since none was asked for."""

    def __len__(self) -> int:
        return len(self.nodes) + len(self.boxes)


def scopes_of(path: str | None) -> list[str]:
    """The scopes of a path, from the outermost; a path may be any text.

    >>> scopes_of("net/layer 1"), scopes_of("/a//b/"), scopes_of(None)
    (['net', 'layer 1'], ['a', 'b'], [])
    """
    parts = [part for part in (path or "").split("/") if part]
    return parts if len(parts) <= FRAMES else [*parts[: FRAMES - 1], "/".join(parts[FRAMES - 1 :])]


def fold(trace: Trace, depth: int) -> Folded:
    """Fold every scope nested deeper than ``depth``: with 0, each outermost scope is one box.

    What goes into a box from outside stays outside: where the parameters of modules are known, all other leaves do, and
    else those that a box uses more than once, as a layer does its inputs.
    """
    paths: dict[int, str] = {}
    for node in trace.nodes:
        parts = scopes_of(node.scope)
        if len(parts) > depth and not node.is_leaf:
            paths[node.index] = "/".join(parts[: depth + 1])
    parts_of = separated(trace, paths)
    boxes: dict[BoxKey, Box] = {}
    for index, path in paths.items():
        place = path, parts_of.get(index, 0)
        boxes.setdefault(place, Box(*place)).nodes.append(trace.nodes[index])
    return folded_into(trace, boxes)


def folded_into(trace: Trace, boxes: dict[BoxKey, Box]) -> Folded:
    """The Trace with the nodes of these boxes in them."""
    for box in boxes.values():
        box.leaves.clear()
    home: dict[int, int | BoxKey] = {node.index: node.index for node in trace.nodes}
    home |= {node.index: place for place, box in boxes.items() for node in box.nodes}
    known = any(leaf.scope == "" for leaf in trace.leaves)
    for leaf in trace.leaves:
        uses = [home[e.output.index] for e in trace.edges_from(leaf)]
        user = uses[0] if len(set(uses)) == 1 else None
        if isinstance(user, tuple) and (leaf.scope == "" if known else len(uses) == 1 or boxes[user].card):
            boxes[user].leaves.append(leaf)
    for place, box in boxes.items():
        if len(box.leaves) <= INPUTS and not known and not box.card:
            box.leaves.clear()
        for leaf in box.leaves:
            home[leaf.index] = place
    edges: dict[tuple[int | BoxKey, int | BoxKey], list[EdgeGrad]] = {}
    for edge in trace.edges:
        ends = home[edge.input.index], home[edge.output.index]
        if ends[0] != ends[1]:
            edges.setdefault(ends, []).append(edge)
    passed = {(e.input.index, e.output.index) for e in trace.edges}
    links = {(x, n.index): None for n in trace.nodes for x in n.operands if isinstance(x, int)}
    plain = {(home[a], home[b]): None for a, b in links if (a, b) not in passed and home[a] != home[b]}
    nodes = [n for n in trace.nodes if home[n.index] == n.index]
    return Folded(nodes, boxes, edges, list(plain))


def separated(trace: Trace, paths: dict[int, str]) -> dict[int, int]:
    """Which box of its path a node belongs to, for the paths that would close a cycle as one box.

    The calculation leaves such a scope and comes back to it, as it does with two layers of one name. Along a cycle a
    node's stage is how many ends of boxes lie before it; each stage of a path is a box.
    """
    operands = {n.index: [x for x in n.operands if isinstance(x, int)] for n in trace.nodes}
    home: dict[int, int | str] = {i: paths.get(i, i) for i in operands}
    links: dict[int | str, dict[int | str, None]] = {x: {} for x in home.values()}
    users: dict[int, list[int]] = {i: [] for i in operands}
    for i, inputs in operands.items():
        for x in inputs:
            users[x].append(i)
            if home[x] != home[i]:
                links[home[x]][home[i]] = None
    cycle = cycles(links)
    stage: dict[int, int] = {}
    for i, inputs in operands.items():
        if home[i] in cycle:
            before = [x for x in inputs if cycle.get(home[x]) == cycle[home[i]]]
            stage[i] = max((stage[x] + (home[x] != home[i]) for x in before), default=0)
    for i in reversed(stage):  # what only its own scope uses belongs to where it is used
        if users[i] and all(home[user] == home[i] for user in users[i]):
            stage[i] = min(stage[user] for user in users[i])
    stages: dict[int | str, set[int]] = {}
    for i, s in stage.items():
        stages.setdefault(home[i], set()).add(s)
    number = {
        (place, s): n for place, all_ in stages.items() if len(all_) > 1 for n, s in enumerate(sorted(all_), start=1)
    }
    return {i: number[home[i], s] for i, s in stage.items() if (home[i], s) in number}


def cycles(links: dict[K, dict[K, None]]) -> dict[K, int]:
    """The number of the cycle (the strongly connected component) for each place that is in one.

    >>> cycles({"a": {"b": None}, "b": {"a": None, "c": None}, "c": {}})
    {'a': 0, 'b': 0}
    """
    back: dict[K, dict[K, None]] = {x: {} for x in links}
    for x, ends in links.items():
        for end in ends:
            back[end][x] = None
    found: dict[K, int] = {}
    seen: set[K] = set()
    for n, x in enumerate(reversed(_finished(links, links))):
        component = _finished([x], back, seen)
        if len(component) > 1:
            found |= dict.fromkeys(component, n)
    return {x: found[x] for x in links if x in found}


def _finished(starts: Iterable[K], links: dict[K, dict[K, None]], seen: set[K] | None = None) -> list[K]:
    """What is reached from the starts and was not seen before, each after all it leads to."""
    seen = set() if seen is None else seen
    order: list[K] = []
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        todo = [(start, iter(links[start]))]
        while todo:
            place, ends = todo[-1]
            for end in ends:
                if end not in seen:
                    seen.add(end)
                    todo.append((end, iter(links[end])))
                    break
            else:
                order.append(place)
                todo.pop()
    return order
