"""Folding scopes: each becomes one box, and the edges between two boxes one edge."""

from __future__ import annotations

from dataclasses import dataclass, field

from scalargrad.records import EdgeGrad, Trace, TraceNode

INPUTS = 6
"""A box takes in the leaves that only it uses if they are more than this."""


@dataclass
class Box:
    """A folded scope."""

    path: str
    nodes: list[TraceNode] = field(default_factory=list)
    leaves: list[TraceNode] = field(default_factory=list)

    @property
    def parameters(self) -> int:
        """How many of the leaves in it are known to be parameters of modules."""
        return sum(leaf.scope == "" for leaf in self.leaves)


@dataclass
class Folded:
    """A Trace with scopes folded: what is left of the nodes, the boxes, and edges between them."""

    nodes: list[TraceNode]
    boxes: list[Box]
    edges: dict[tuple[int | str, int | str], list[EdgeGrad]]
    """By their ends, a node's index or a box's path, in the order of the backward pass."""
    plain: list[tuple[int | str, int | str]]
    """The ends of edges no gradient goes over, since none was asked for."""


def fold(trace: Trace, depth: int) -> Folded:
    """Fold every scope nested deeper than ``depth``: with 0, each outermost scope is one box.

    What goes into a box from outside stays outside: where the parameters of modules are known, all other leaves do, and
    else those that a box uses more than once, as a layer does its inputs.
    """
    boxes: dict[str, Box] = {}
    home: dict[int, int | str] = {}
    for node in trace.nodes:
        parts = node.scope.split("/") if node.scope else []
        if len(parts) > depth and not node.is_leaf:
            path = "/".join(parts[: depth + 1])
            boxes.setdefault(path, Box(path)).nodes.append(node)
            home[node.index] = path
        else:
            home[node.index] = node.index
    known = any(leaf.scope == "" for leaf in trace.leaves)
    for leaf in trace.leaves:
        uses = [home[e.output.index] for e in trace.edges_from(leaf)]
        user = uses[0] if len(set(uses)) == 1 else None
        if isinstance(user, str) and (leaf.scope == "" if known else len(uses) == 1):
            boxes[user].leaves.append(leaf)
    for box in boxes.values():
        if len(box.leaves) <= INPUTS:
            box.leaves.clear()
        for leaf in box.leaves:
            home[leaf.index] = box.path
    edges: dict[tuple[int | str, int | str], list[EdgeGrad]] = {}
    for edge in trace.edges:
        ends = home[edge.input.index], home[edge.output.index]
        if ends[0] != ends[1]:
            edges.setdefault(ends, []).append(edge)
    passed = {(e.input.index, e.output.index) for e in trace.edges}
    links = {(x, n.index): None for n in trace.nodes for x in n.operands if isinstance(x, int)}
    plain = {(home[a], home[b]): None for a, b in links if (a, b) not in passed and home[a] != home[b]}
    nodes = [n for n in trace.nodes if home[n.index] == n.index]
    return Folded(nodes, list(boxes.values()), edges, list(plain))
