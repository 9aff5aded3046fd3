"""Items that do the same in the same place become one array instruction: the neurons of a layer, for example."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from fastpath.compiler.vectorizing.numbering import Constant, Operand, Scalars
from fastpath.compiler.vectorizing.statements import Item, Sum


@dataclass
class Group:
    """Items of one level and one form, computed together: item number j is column j."""

    items: list[Item]
    batched: bool

    @property
    def nodes(self) -> list[int]:
        """The numbers of the nodes that come out, in the order of the columns."""
        return [item.node for item in self.items]


def groups(graph: Scalars, found: dict[int, Item]) -> list[Group]:
    """All groups, in an order in which everything is computed before it is used."""
    level: dict[int, int] = {}
    kinds: dict[Hashable, list[Item]] = {}
    for node, item in found.items():
        level[node] = 1 + max([level.get(x, 0) for x in item.inputs if isinstance(x, int)], default=0)
        kinds.setdefault((level[node], graph.batched[node], form(graph, item)), []).append(item)
    ordered = sorted(kinds.items(), key=lambda entry: (entry[0][0], entry[1][0].node))  # type: ignore[index]
    return [Group(items, graph.batched[items[0].node]) for _, items in ordered]


def form(graph: Scalars, item: Item) -> Hashable:
    """What two items must have in common to be computed together."""
    if isinstance(item, Sum):
        item.dots.sort(key=lambda product: product[1])
        examples = tuple([a for _, a, _, _ in item.dots])
        terms = tuple([(sign, _kind(graph, x)) for sign, x in item.terms])
        return "sum", examples, tuple([sign for sign, _, _, _ in item.squares]), item.before, terms
    op = graph.ops[item.node]
    if not hasattr(op, "number"):
        return "function", item.node  # a Function of one's own: each call alone
    return op, tuple([_kind(graph, x) for x in item.inputs])


def _kind(graph: Scalars, x: Operand) -> str:
    if isinstance(x, Constant):
        return "constant"
    return "example" if graph.batched[x] else "shared"
