"""Chains of additions as sums, and the products in them: what may become a row of a matrix product.

``x0*w0 + x1*w1 + b`` is a chain of two additions and two multiplications in the graph. Here it is one :class:`Sum`: the
products of something per example with something shared, x₀w₀ and x₁w₁, and the other terms, b.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fastpath.compiler.lifting.reading import Operand, Scalars

Product = tuple[int, int, int, int]
"""Sign, two factors, and the node of their product."""

_CHAIN = frozenset(["add", "sub", "neg"])


@dataclass
class Item:
    """An operation on scalars: one of the registry's."""

    node: int
    inputs: tuple[Operand, ...]
    size: int = 1
    """How many nodes of the graph it stands for."""


@dataclass
class Sum(Item):
    """Σ ± x·w over factors per example and shared ones, Σ ± a·b over shared ones, and ± the other terms."""

    dots: list[Product] = field(default_factory=list)
    """Products of a factor per example and a shared one."""
    squares: list[Product] = field(default_factory=list)
    """Products of two shared factors."""
    terms: list[tuple[int, Operand]] = field(default_factory=list)
    """Sign and term."""


def items(graph: Scalars) -> dict[int, Item]:
    """What is left to compute, by the number of the node that comes out, operands first."""
    uses = graph.uses()
    inner = _inside(graph, uses)
    found: dict[int, Item] = {}
    for node, op in enumerate(graph.ops):
        if op is None or node in inner:
            continue
        summed = _sum(graph, node, uses) if op.name in _CHAIN else None
        found[node] = summed or Item(node, graph.operands[node])
    return _reached(graph, found)


def _inside(graph: Scalars, uses: list[int]) -> set[int]:
    """The nodes of a chain but for its last: used once, by another of the chain."""
    inside = set()
    for op, operands in zip(graph.ops, graph.operands):
        if op is not None and op.name in _CHAIN:
            for x in operands:
                if type(x) is int and uses[x] == 1 and graph.ops[x] is not None and graph.ops[x].name in _CHAIN:
                    inside.add(x)
    return inside


def _sum(graph: Scalars, root: int, uses: list[int]) -> Sum | None:
    """The chain that ends in ``root`` as a Sum; None if it is better left as it is: two terms, no matrix product."""
    found = Sum(root, ())
    todo: list[tuple[int, Operand]] = [(1, root)]
    count = 0
    while todo:
        sign, x = todo.pop()
        op = graph.ops[x] if type(x) is int else None
        if type(x) is int and op is not None and op.name in _CHAIN and (x == root or uses[x] == 1):
            found.size += x != root
            operands = graph.operands[x]
            if op.name == "neg":
                todo.append((-sign, operands[0]))
            else:
                todo.append((sign if op.name == "add" else -sign, operands[1]))
                todo.append((sign, operands[0]))
            continue
        count += 1
        factors = _factors(graph, x, uses)
        if factors is None or type(x) is not int:
            found.terms.append((sign, x))
            continue
        a, b = factors
        if not graph.batched[a] and not graph.batched[b]:
            found.squares.append((sign, a, b, x))
        elif graph.batched[a] != graph.batched[b]:
            found.dots.append((sign, a, b, x) if graph.batched[a] else (sign, b, a, x))
        else:
            found.terms.append((sign, x))
            continue
        found.size += 1
    if len(found.dots) + len(found.squares) < 2 and not (found.dots and count > 1):
        _as_terms(found)
        if count <= 2:
            return None
    used = [x for _, a, b, _ in found.dots + found.squares for x in (a, b)]
    found.inputs = (*used, *[x for _, x in found.terms])
    return found


def _factors(graph: Scalars, x: Operand, uses: list[int]) -> tuple[int, int] | None:
    """The two factors of a product that is used here only."""
    if type(x) is not int or uses[x] != 1 or graph.ops[x] is None:
        return None
    name, operands = graph.ops[x].name, graph.operands[x]
    if name == "square" or (name == "pow" and operands[1] == 2.0 and type(operands[1]) is float):
        operands = (operands[0], operands[0])
    elif name != "mul":
        return None
    a, b = operands
    return (a, b) if type(a) is int and type(b) is int else None


def _as_terms(found: Sum) -> None:
    """Give up the products: too few to be worth a matrix product."""
    for sign, _, _, product in found.dots + found.squares:
        found.terms.append((sign, product))
        found.size -= 1
    found.dots, found.squares = [], []


def _reached(graph: Scalars, found: dict[int, Item]) -> dict[int, Item]:
    """Those that a result depends on, operands first."""
    wanted: set[int] = set()
    todo = [x for x in graph.roots if type(x) is int]
    while todo:
        node = todo.pop()
        if node in wanted or graph.ops[node] is None:
            continue
        wanted.add(node)
        item = found.get(node)
        if item is None:
            item = found[node] = Item(node, graph.operands[node])
        todo += [x for x in item.inputs if type(x) is int]
    return {node: found[node] for node in sorted(wanted)}
