"""Statements: one operation each, but chains of additions are one sum, with the products in it.

``x0*w0 + x1*w1 + b`` is a chain of two additions and two multiplications in the graph. Here it is one :class:`Sum`: the
products of something per example with something shared, x₀w₀ and x₁w₁, and the other terms, b. Compilers call this
reassociation, and finding reductions.

The products come together, where the first of them is written; all other terms are added in the order of the graph, as
``x - x0 + d`` is not ``x + d - x0`` if x is large and d small.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fastpath.compiler.vectorizing.numbering import Constant, Operand, ScalarGraph

Product = tuple[int, int, int, int]
"""Sign, two factors, and the node of their product."""

_CHAIN = frozenset(["add", "sub"])


@dataclass
class Statement:
    """An operation on scalars: one of the registry's."""

    node: int
    inputs: tuple[Operand, ...]
    size: int = 1
    """How many nodes of the graph it stands for."""


@dataclass
class Sum(Statement):
    """Σ ± x·w over factors per example and shared ones, Σ ± a·b over shared ones, and ± the other terms."""

    dots: list[Product] = field(default_factory=list)
    """Products of a factor per example and a shared one."""
    squares: list[Product] = field(default_factory=list)
    """Products of two shared factors; squares, as a rule."""
    terms: list[tuple[int, Operand]] = field(default_factory=list)
    """Sign and term, in the order in which they are added."""
    before: int = 0
    """How many of the terms come before the products."""


def find_statements(graph: ScalarGraph) -> list[Statement]:
    """What is to be computed for the results, operands first."""
    uses = graph.uses()
    found: dict[int, Statement] = {}
    todo = [x for x in graph.roots if isinstance(x, int)]
    while todo:
        node = todo.pop()
        if node in found or graph.ops[node] is None:
            continue
        summed = _sum(graph, node, uses) if graph.ops[node].name in _CHAIN else None
        found[node] = statement = summed or Statement(node, graph.operands[node])
        todo += [x for x in statement.inputs if isinstance(x, int)]
    return [found[node] for node in sorted(found)]


def _sum(graph: ScalarGraph, root: int, uses: list[int]) -> Sum | None:
    """The chain that ends in ``root`` as a Sum; None if it is better left as it is: two terms, no matrix product."""
    found = Sum(root, ())
    places: dict[int, int] = {}  # where the terms that are products belong if they are no part of a matrix product
    for sign, x in _terms(graph, root, uses, found):
        factors = _factors(graph, x, uses)
        if factors is None or not isinstance(x, int):
            found.terms.append((sign, x))
            continue
        a, b = factors
        if graph.batched[a] and graph.batched[b]:
            found.terms.append((sign, x))
            continue
        if not places:
            found.before = len(found.terms)
        places[x] = len(found.terms)
        if not graph.batched[a] and not graph.batched[b]:
            found.squares.append((sign, a, b, x))
        else:
            found.dots.append((sign, a, b, x) if graph.batched[a] else (sign, b, a, x))
        found.size += 1
    count = len(found.terms) + len(places)
    if len(places) < 2 and not (found.dots and count > 1):
        for sign, _, _, product in found.dots + found.squares:  # one is not worth a matrix product
            found.terms.insert(places[product], (sign, product))
            found.size -= 1
        found.dots, found.squares, found.before = [], [], 0
        if count <= 2:
            return None
    used = [x for _, a, b, _ in found.dots + found.squares for x in (a, b)]
    found.inputs = (*used, *[x for _, x in found.terms])
    return found


def _terms(graph: ScalarGraph, root: int, uses: list[int], found: Sum) -> list[tuple[int, Operand]]:
    """The terms of a chain of additions and subtractions, each with its sign."""
    terms: list[tuple[int, Operand]] = []
    todo: list[tuple[int, Operand, bool]] = [(1, root, True)]
    while todo:
        sign, x, opened = todo.pop()
        op = graph.ops[x] if isinstance(x, int) else None
        if not isinstance(x, int) or op is None or (x != root and uses[x] > 1):
            terms.append((sign, x))
        elif opened and op.name in _CHAIN:
            found.size += x != root
            first, second = graph.operands[x]
            if op.name == "add" and not _is_chain(graph, first, uses) and _is_chain(graph, second, uses):
                first, second = second, first  # the sum is the same
            adds = op.name == "add"
            todo.append((sign if adds else -sign, second, adds and _has_product(graph, second, uses)))
            todo.append((sign, first, True))
        elif op.name == "neg" and not _is_chain(graph, graph.operands[x][0], uses):
            found.size += 1
            todo.append((-sign, graph.operands[x][0], False))
        else:
            terms.append((sign, x))
    return terms


def _is_chain(graph: ScalarGraph, x: Operand, uses: list[int]) -> bool:
    """Whether an operand is an addition of its own, that is used here only."""
    return isinstance(x, int) and uses[x] == 1 and graph.ops[x] is not None and graph.ops[x].name in _CHAIN


def _has_product(graph: ScalarGraph, x: Operand, uses: list[int]) -> bool:
    """Whether a chain has products of its own: then they may join those of the whole."""
    while _is_chain(graph, x, uses):
        first, second = graph.operands[x]  # type: ignore[index]
        if _factors(graph, first, uses) or _factors(graph, second, uses):
            return True
        x = first if _is_chain(graph, first, uses) else second
    return False


def _factors(graph: ScalarGraph, x: Operand, uses: list[int]) -> tuple[int, int] | None:
    """The two factors of a product that is used here only."""
    if not isinstance(x, int) or uses[x] != 1 or graph.ops[x] is None:
        return None
    name, operands = graph.ops[x].name, graph.operands[x]
    if name == "square" or (name == "pow" and operands[1] == Constant(2.0)):
        operands = (operands[0], operands[0])
    elif name != "mul":
        return None
    a, b = operands
    return (a, b) if isinstance(a, int) and isinstance(b, int) else None
