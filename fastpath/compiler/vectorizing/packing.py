"""Packing: isomorphic statements at one level become one pack, the neurons of a layer for example."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from fastpath.compiler.vectorizing.numbering import Constant, Operand, ScalarGraph
from fastpath.compiler.vectorizing.statements import Statement, Sum


@dataclass
class Pack:
    """Isomorphic statements that are computed together: number j is column j of an array."""

    statements: list[Statement]
    batched: bool
    note: str
    """What it stands for, in a word: ``hidden: 16 sums of 2 products, 80 nodes``."""

    @property
    def nodes(self) -> list[int]:
        """The numbers of the nodes that come out, in the order of the columns."""
        return [statement.node for statement in self.statements]

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.nodes))}: {self.note}"


def pack(graph: ScalarGraph, statements: Iterable[Statement]) -> list[Pack]:
    """All packs, in an order in which everything is computed before it is used."""
    level: dict[int, int] = {}
    packs: dict[Hashable, list[Statement]] = {}
    for statement in statements:
        node = statement.node
        level[node] = 1 + max([level.get(x, 0) for x in statement.inputs if isinstance(x, int)], default=0)
        packs.setdefault((level[node], graph.batched[node], form(graph, statement)), []).append(statement)
    ordered = sorted(packs.values(), key=lambda same: (level[same[0].node], same[0].node))
    return [make_pack(graph, same) for same in ordered]


def form(graph: ScalarGraph, statement: Statement) -> Hashable:
    """What statements have in common that are isomorphic: operation, kinds of operands, signs, factors per example."""
    if isinstance(statement, Sum):
        statement.dots.sort(key=lambda product: product[1])
        examples = tuple([a for _, a, _, _ in statement.dots])
        terms = tuple([(sign, _kind(graph, x)) for sign, x in statement.terms])
        return "sum", examples, tuple([sign for sign, _, _, _ in statement.squares]), statement.before, terms
    op = graph.ops[statement.node]
    if not hasattr(op, "number"):
        return "function", statement.node  # a Function of one's own: each call alone
    return op, tuple([_kind(graph, x) for x in statement.inputs])


def _kind(graph: ScalarGraph, x: Operand) -> str:
    if isinstance(x, Constant):
        return "constant"
    return "example" if graph.batched[x] else "shared"


def make_pack(graph: ScalarGraph, statements: Sequence[Statement]) -> Pack:
    """A pack of these statements, with its note."""
    first, count = statements[0], len(statements)
    if isinstance(first, Sum):
        note = _many(count, "sum") + (f" of {_many(len(first.dots), 'product')}" if first.dots else "")
    else:
        note = f"{count} × {graph.ops[first.node].name}"
    scopes = {graph.scopes[statement.node] for statement in statements} - {None}
    where = f"{scopes.pop()}: " if len(scopes) == 1 else ""
    size = sum(statement.size for statement in statements)
    nodes = f", {size} nodes" if size > count else ""
    return Pack(list(statements), graph.batched[first.node], f"{where}{note}{nodes}")


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + "s" * (count != 1)
