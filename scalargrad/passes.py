"""A backward pass over Values: all gradients, or none if anything interrupts it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import repeat
from typing import Any

from scalargrad import anomalies, modes
from scalargrad.ops.registry import Op
from scalargrad.rules import LEAF

_under_way: list[tuple[list[Any], list[float]]] = []
"""The passes that have begun: their nodes, and the gradients these had before. More than one if a signal handler, or
the ``backward`` of a Function, differentiates in the middle of a pass."""
_finished = 0
"""How many passes have ended: what was read of the gradients before may not hold any more."""


def differentiate(root: Any, order: list[Any], seed: float) -> None:
    """A pass from ``root``, whose nodes in topological order are given; one thread at a time."""
    (_pass_within if _under_way else _pass)(root, order, seed)


def _pass(root: Any, order: list[Any], seed: float) -> None:
    """One pass: all gradients, or none if anything interrupts it."""
    global _finished
    before: list[float] = []
    depth = len(_under_way)
    try:
        _under_way.append((order, before))
        seen = -1
        while seen != _finished:
            before.clear()
            seen = _finished
            before += [node.grad for node in order]
        if any(before):
            for node in order:
                node.grad = 0.0
        root.grad = seed
        _backward(reversed(order))
        del _under_way[depth:]
        if any(before):
            for i in [i for i, grad in enumerate(before) if grad and order[i]._rule is LEAF]:
                order[i].grad += before[i]
        _finished += 1
    except BaseException:
        deque(map(setattr, order, repeat("grad"), before), maxlen=0)
        del _under_way[depth:]
        raise


def _pass_within(root: Any, order: list[Any], seed: float) -> None:
    """One pass in the middle of others: what they have done so far is set aside and put back."""
    held = {node: (before, i) for nodes, before in _under_way for i, node in enumerate(nodes) if before}
    shared = [(node, node.grad, *held[node]) for node in order if node in held]
    try:
        for node, _, before, i in shared:
            node.grad = before[i]
        _pass(root, order, seed)
    finally:
        for node, half, before, i in shared:
            before[i], node.grad = node.grad, half


def _backward(nodes: Iterator[Any]) -> None:
    """``graph.reverse`` by the rules, on the ``grad`` of the nodes: written out, since it is the hot loop."""
    if modes.detecting():
        for node in nodes:
            _edge_by_edge(node, checked=True)
        return
    while True:
        try:
            for node in nodes:
                rule = node._rule
                if rule is not LEAF:
                    rule.backward(node)
            return
        except ZeroDivisionError:  # what Python refuses, IEEE arithmetic answers; the node had added nothing yet
            if not isinstance(node.op, Op):
                raise
            _edge_by_edge(node)


def _edge_by_edge(node: Any, checked: bool = False) -> None:
    """What a rule does, without it; ``checked`` stops where the first nan or infinity is born."""
    for position, operand, local, downstream in node._downstreams(node.grad):
        total = operand.grad + downstream
        if checked:
            anomalies.check_backward(node, position, node.grad, local, downstream)
            anomalies.check_sum(node, position, operand.grad, downstream, total)
        operand.grad = total
