"""Where each number lies: parameters in one vector, results in the columns of arrays, so that gathering is slicing."""

from __future__ import annotations

from collections.abc import Iterable

from fastpath.compiler.vectorizing.numbering import Scalars
from fastpath.compiler.vectorizing.packing import Group
from fastpath.compiler.vectorizing.statements import Sum


def order_of_parameters(graph: Scalars, groups: list[Group], arguments: set[int]) -> list[int]:
    """The leaves that are parameters, in the order they lie in the store.

    Each matrix of weights is asked for row by row, each vector of biases as it is added: what is asked for together
    lies together, in that order. Sums that may come in any order ask last.
    """
    placed: dict[int, None] = {}
    is_parameter = [op is None and node not in arguments for node, op in enumerate(graph.ops)]

    def ask(nodes: Iterable[object]) -> None:
        for x in nodes:
            if isinstance(x, int) and is_parameter[x]:
                placed.setdefault(x)

    for group in groups:
        first = group.items[0]
        if isinstance(first, Sum):
            for i in range(len(first.dots)):
                ask(item.dots[i][2] for item in group.items)  # type: ignore[attr-defined]
            for i in range(len(first.terms)):
                ask(item.terms[i][1] for item in group.items)  # type: ignore[attr-defined]
        else:
            for i in range(len(first.inputs)):
                ask(item.inputs[i] for item in group.items)
    for group in groups:
        for item in group.items:
            if isinstance(item, Sum):
                ask(x for _, a, b, _ in item.squares for x in (a, b))
    ask(graph.roots)
    return list(placed)


def runs(places: list[tuple[int, int]]) -> list[tuple[int, list[int]]]:
    """The places (array, column) as pieces, each from one array: ``(array, columns)``."""
    pieces: list[tuple[int, list[int]]] = []
    for array, column in places:
        if pieces and pieces[-1][0] == array:
            pieces[-1][1].append(column)
        else:
            pieces.append((array, [column]))
    return pieces


def step_of(columns: list[int]) -> slice | None:
    """Columns that follow one another as a slice, which is a view; None if they do not."""
    first = columns[0]
    if all(c == first + i for i, c in enumerate(columns)):
        return slice(first, first + len(columns))
    if len(columns) > 1:
        stride = columns[1] - first
        if stride > 1 and all(c == first + i * stride for i, c in enumerate(columns)):
            return slice(first, columns[-1] + 1, stride)
    return None
