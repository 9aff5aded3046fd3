"""Which nodes are drawn as one card: the neurons of a network, and the terms of a long computation."""

from __future__ import annotations

import math
from collections.abc import Container

from scalargrad.drawing.folding import Box, BoxKey, scopes_of
from scalargrad.records import EdgeGrad, Trace, TraceNode
from scalargrad.replaying import row_of
from scalargrad.symbolic import Sym

LINEAR = ("add", "mul")
"""What a weighted sum consists of."""

ACTIVATIONS = frozenset(["tanh", "sigmoid", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "softsign"])
"""A term ends with one of these."""

LARGEST = 6
"""Up to how many operations are a term."""


def neurons(trace: Trace) -> dict[BoxKey, Box]:
    """The neurons of the layers: in a scope, what leads to one and the same result only; with its activation.

    Empty if no scope has a layer: two neurons side by side, or one with parameters of a module.
    """
    groups = _cones(trace)
    _take_activations(groups, trace)
    scopes: dict[str, list[list[TraceNode]]] = {}
    for group in {id(group): group for group in groups.values()}.values():
        if _is_neuron(group, trace):
            scopes.setdefault(str(group[0].scope), []).append(group)
    if not any(len(side) > 1 or _has_parameters(side[0], trace) for side in scopes.values()):
        return {}
    return {
        (path, k): Box(
            "/".join(scopes_of(path)), k, sorted(group, key=_index), is_neuron=True, card=_weighted(group, trace)
        )
        for path, side in scopes.items()
        for k, group in enumerate(sorted(side, key=lambda group: max(map(_index, group))), start=1)
    }


def terms(trace: Trace, taken: Container[int]) -> dict[BoxKey, Box]:
    """Operations that lead to one result only, in cards of a few: each is one formula. ``taken`` are in others."""
    users = _users(trace)
    group: dict[int, list[TraceNode]] = {}
    for node in reversed(trace.nodes):
        if node.is_leaf or node.index in taken:
            continue
        used = users.get(node.index, [])
        term = group.get(used[0]) if len(used) == 1 else None
        alone = node.label is not None or node.op in ACTIVATIONS or term is None
        if alone or term is None or len(term) >= LARGEST or term[0].scope != node.scope:
            group[node.index] = [node]
        else:
            term.append(node)
            group[node.index] = term
    found = {id(term): sorted(term, key=_index) for term in group.values() if len(term) > 1}
    return {(f"term/{k}", k): Box(str(term[-1].scope or ""), k, term, card=formula_of(term, trace))
            for k, term in enumerate(found.values(), start=1)}  # fmt: skip


def formula_of(term: list[TraceNode], trace: Trace) -> str:
    """What a term computes, as one formula of what goes into it."""
    made: dict[int, Sym] = {}
    for node in term:
        row = row_of(node.op, node.operands)
        if row is None:
            return str(node.op)
        operands = [
            (made[x] if x in made else Sym.named(trace.nodes[x].name)) if isinstance(x, int) else Sym.number(x)
            for x in node.operands
        ]
        made[node.index] = Sym._apply_op(row, tuple(operands))
    return str(made[term[-1].index])


def passing(box: Box, edges: list[EdgeGrad], trace: Trace) -> EdgeGrad | None:
    """What goes back from a card to one of its inputs, as one edge; None for arrays."""
    root = box.nodes[-1]
    inside = {node.index for node in box.nodes}
    through: dict[int, float] = dict.fromkeys(inside, 0.0)
    through[root.index] = 1.0
    for node in reversed(box.nodes):
        for edge in trace.edges_into(node):
            if edge.input.index in inside:
                if not isinstance(edge.local, float):
                    return None
                through[edge.input.index] += through[node.index] * edge.local
    shares = [(e.output.index, e.local, e.downstream) for e in edges]
    numbers = [(x, a, b) for x, a, b in shares if isinstance(a, float) and isinstance(b, float)]
    if len(numbers) < len(shares) or root.grad is None:
        return None
    local, down = math.fsum(through[x] * a for x, a, _ in numbers), math.fsum(b for *_, b in numbers)
    first = edges[0]
    return EdgeGrad(first.input, first.position, root, root.grad, local, down, "", "", "")


def weight_of(edge: EdgeGrad, box: Box, trace: Trace) -> TraceNode | None:
    """The leaf in a card with which it multiplies what comes over an edge."""
    others = [trace.nodes[x] for x in edge.output.operands if isinstance(x, int) and x != edge.input.index]
    inside = {leaf.index for leaf in box.leaves if box.is_neuron}
    return others[0] if edge.output.op == "mul" and len(others) == 1 and others[0].index in inside else None


def _index(node: TraceNode) -> int:
    return node.index


def _users(trace: Trace) -> dict[int, list[int]]:
    users: dict[int, list[int]] = {}
    for node in trace.nodes:
        for x in node.operands:
            if isinstance(x, int):
                users.setdefault(x, []).append(node.index)
    return users


def _cones(trace: Trace) -> dict[int, list[TraceNode]]:
    """The nodes of scopes in groups: a node is with its users if these are one group, in its scope."""
    users = _users(trace)
    group: dict[int, list[TraceNode]] = {}
    for node in reversed(trace.nodes):
        if node.is_leaf or not scopes_of(node.scope):
            continue
        used = [group.get(x) for x in users.get(node.index, [])]
        first = used[0] if used else None
        if first is not None and all(x is first for x in used) and first[0].scope == node.scope:
            group[node.index] = first
        else:
            group[node.index] = []
        group[node.index].append(node)
    return group


def _take_activations(group: dict[int, list[TraceNode]], trace: Trace) -> None:
    """Put what is applied to the result of one neuron alone, and to nothing else, into that neuron."""
    users = {x: {id(group.get(user)) for user in found} for x, found in _users(trace).items()}
    for node in trace.nodes:
        own = group.get(node.index)
        if own is None:
            continue
        inside = {n.index for n in own}
        before = {x for n in own for x in n.operands if isinstance(x, int) and x not in inside}
        if len(before) == 1 and len(users[next(iter(before))]) == 1:
            source = group.get(next(iter(before)))
            if source is not None and source is not own and _is_neuron(source, trace):
                source.extend(own)
                group.update((n.index, source) for n in own)


def _is_neuron(group: list[TraceNode], trace: Trace) -> bool:
    """Whether it is a sum of products with what may be weights, perhaps with a bias and an activation."""
    weighted = any(n.op == "mul" and _leaves(n, trace) for n in group)
    return weighted and any(n.op == "add" for n in group)


def _leaves(node: TraceNode, trace: Trace) -> list[TraceNode]:
    return [trace.nodes[x] for x in node.operands if isinstance(x, int) and trace.nodes[x].is_leaf]


def _has_parameters(group: list[TraceNode], trace: Trace) -> bool:
    return any(leaf.scope == "" for node in group for leaf in _leaves(node, trace))


def _weighted(group: list[TraceNode], trace: Trace) -> str:
    """What a neuron computes, in short: ``tanh(Σ w·x + b)``."""
    last = max(group, key=_index)
    inner = "Σ w·x + b" if any(n.op == "add" and _leaves(n, trace) for n in group) else "Σ w·x"
    if last.op in LINEAR:
        return inner
    return f"{last.op if sum(n.op not in LINEAR for n in group) == 1 else 'φ'}({inner})"
