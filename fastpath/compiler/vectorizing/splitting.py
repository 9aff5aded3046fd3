"""Whether a group is computed in one piece: only if its operands need not be put together first.

One instruction on k columns is better than k instructions if the columns lie side by side. If they are scattered, they
have to be copied together first, and the gradients apart again, which costs more than the instructions it spares. So a
group is cut where its operands are, unless that would leave nothing but crumbs of a large one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastpath.compiler.vectorizing.layout import runs, step_of
from fastpath.compiler.vectorizing.packing import Group
from fastpath.compiler.vectorizing.program import Place
from fastpath.compiler.vectorizing.statements import Item, Sum

CRUMBS = 16
"""So many pieces are left as they are."""


def parts(group: Group, batched: Sequence[bool], places: Mapping[int, Place]) -> list[list[Item]]:
    """The items that are computed together, in their order."""
    first = group.items[0]
    if len(group.items) == 1 or not group.batched or (isinstance(first, Sum) and (first.dots or first.squares)):
        return [group.items]
    rows = {item.node: _row(item, batched, places) for item in group.items}
    if _is_in_place(list(rows.values())):
        return [group.items]
    ordered = sorted(group.items, key=lambda item: rows[item.node])
    found = [[ordered[0]]]
    for item in ordered[1:]:
        if _follows([rows[x.node] for x in found[-1][-2:]], rows[item.node]):
            found[-1].append(item)
        else:
            found.append([item])
    if len(found) <= CRUMBS or 2 * len(found) <= len(ordered):
        return found
    return [ordered]


def _row(item: Item, batched: Sequence[bool], places: Mapping[int, Place]) -> tuple[Place, ...]:
    """Where the operands per example of an item lie; the shared ones, one number of each, cost little to gather."""
    return tuple([places[x] for x in item.inputs if isinstance(x, int) and batched[x]])


def _is_in_place(rows: list[tuple[Place, ...]]) -> bool:
    """Whether each operand, of all items, is a slice of an array, or the same column throughout."""
    for operands in zip(*rows):
        pieces = runs(list(operands))
        if len(pieces) > 1 or (len(set(operands)) > 1 and step_of(pieces[0][1]) is None):
            return False
    return True


def _follows(before: list[tuple[Place, ...]], row: tuple[Place, ...]) -> bool:
    """Whether each operand lies next to that of the item before, or is the same as for all items so far."""
    for i, (array, column) in enumerate(row):
        last_array, last = before[-1][i]
        step = column - last
        if array != last_array or step not in (0, 1) or (len(before) > 1 and before[0][i][1] != last - step):
            return False
    return True
