"""Layout: the order of the parameters in one vector, the store, so that gathering them is slicing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from fastpath.compiler.vectorizing.numbering import ScalarGraph
from fastpath.compiler.vectorizing.packing import Pack
from fastpath.compiler.vectorizing.statements import Sum

Lane = tuple[int, int]
"""Where a number lies: the array, and the column in it."""


def order_of_parameters(graph: ScalarGraph, packs: Sequence[Pack], arguments: Collection[int]) -> list[int]:
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

    for pack in packs:
        first = pack.statements[0]
        if isinstance(first, Sum):
            for i in range(len(first.dots)):
                ask(statement.dots[i][2] for statement in pack.statements)  # type: ignore[attr-defined]
            for i in range(len(first.terms)):
                ask(statement.terms[i][1] for statement in pack.statements)  # type: ignore[attr-defined]
        else:
            for i in range(len(first.inputs)):
                ask(statement.inputs[i] for statement in pack.statements)
    for pack in packs:
        for statement in pack.statements:
            if isinstance(statement, Sum):
                ask(x for _, a, b, _ in statement.squares for x in (a, b))
    ask(graph.roots)
    return list(placed)


def runs(lanes: Iterable[Lane]) -> list[tuple[int, list[int]]]:
    """The lanes in pieces, each from one array: ``(array, columns)``."""
    pieces: list[tuple[int, list[int]]] = []
    for array, column in lanes:
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
