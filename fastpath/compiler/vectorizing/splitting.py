"""Splitting: a pack is computed in one piece only if its operands need not be put together first.

One instruction on k columns is better than k instructions if the columns lie side by side. If they are scattered, they
have to be copied together first, and the gradients apart again, which costs more than the instructions it spares. So a
pack is cut where its operands are, unless that would cut a large one into nothing but small pieces. (Compilers weigh
the cost of gathering against the gain of a pack in the same way.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fastpath.compiler.vectorizing.layout import Lane, runs, step_of
from fastpath.compiler.vectorizing.numbering import ScalarGraph
from fastpath.compiler.vectorizing.packing import Pack, make_pack
from fastpath.compiler.vectorizing.statements import Statement, Sum

FEW = 16
"""So many pieces are always allowed."""


def split(graph: ScalarGraph, packs: Iterable[Pack], lanes: Mapping[int, Lane]) -> list[Pack]:
    """The packs that are computed, in their order. ``lanes`` says where the numbers of the leaves lie."""
    known = dict(lanes)
    result = max([array for array, _ in known.values()], default=0)
    found: list[Pack] = []
    for pack in packs:
        for statements in _pieces(pack, graph.batched, known):
            found.append(pack if statements is pack.statements else make_pack(graph, statements))
            result += 1
            known.update({statement.node: (result, column) for column, statement in enumerate(statements)})
    return found


def _pieces(pack: Pack, batched: Sequence[bool], lanes: Mapping[int, Lane]) -> list[list[Statement]]:
    first = pack.statements[0]
    if len(pack.statements) == 1 or not pack.batched or (isinstance(first, Sum) and (first.dots or first.squares)):
        return [pack.statements]
    rows = {statement.node: _row(statement, batched, lanes) for statement in pack.statements}
    if _is_in_place(list(rows.values())):
        return [pack.statements]
    ordered = sorted(pack.statements, key=lambda statement: rows[statement.node])
    pieces = [[ordered[0]]]
    for statement in ordered[1:]:
        if _follows([rows[x.node] for x in pieces[-1][-2:]], rows[statement.node]):
            pieces[-1].append(statement)
        else:
            pieces.append([statement])
    return pieces if len(pieces) <= FEW or 2 * len(pieces) <= len(ordered) else [ordered]


def _row(statement: Statement, batched: Sequence[bool], lanes: Mapping[int, Lane]) -> tuple[Lane, ...]:
    """Where the operands per example lie; the shared ones, one number of each, cost little to gather."""
    return tuple([lanes[x] for x in statement.inputs if isinstance(x, int) and batched[x]])


def _is_in_place(rows: list[tuple[Lane, ...]]) -> bool:
    """Whether each operand, of all statements, is a slice of an array, or the same column throughout."""
    for operands in zip(*rows):
        pieces = runs(list(operands))
        if len(pieces) > 1 or (len(set(operands)) > 1 and step_of(pieces[0][1]) is None):
            return False
    return True


def _follows(before: list[tuple[Lane, ...]], row: tuple[Lane, ...]) -> bool:
    """Whether each operand lies next to that of the statement before, or is the same as for all statements so far."""
    for i, (array, column) in enumerate(row):
        last_array, last = before[-1][i]
        step = column - last
        if array != last_array or step not in (0, 1) or (len(before) > 1 and before[0][i][1] != last - step):
            return False
    return True
