"""From groups to array instructions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from fastpath.compiler.lifting.grouping import Group
from fastpath.compiler.lifting.layout import runs
from fastpath.compiler.lifting.parting import parts
from fastpath.compiler.lifting.program import Gathering, Place, Program
from fastpath.compiler.lifting.reading import Operand, Scalars
from fastpath.compiler.lifting.sums import Sum
from scalargrad.ops.elementwise import mul, square
from scalargrad.ops.structural import matmul, reshape
from scalargrad.ops.structural import sum as total

MANY = 4
"""From how many terms on a sum is one reduction instead of one addition each."""


class Lowering:
    """One instruction after the other, remembering where each node's number lies."""

    def __init__(self, graph: Scalars, program: Program, places: dict[int, Place]) -> None:
        self.graph = graph
        self.program = program
        self.places = places
        self.gathering = Gathering(program)
        self.texts: dict[Any, str] = {}
        """How operations are written, with their constants."""

    def group(self, group: Group) -> None:
        """Compute all items of a group, in one piece unless that would cost more than it saves."""
        for items in parts(group, self.graph.batched, self.places):
            part = Group(items, group.batched)
            result = self._sums(part) if isinstance(items[0], Sum) else self._operation(part)
            for column, node in enumerate(part.nodes):
                self.places[node] = result, column

    def gather(self, operands: Sequence[Operand], batched: bool) -> int:
        """The array with these nodes as its columns."""
        return self.gathering.columns([self.places[x] for x in operands], batched)  # type: ignore[index]

    # --- elementwise operations --------------------------------------------------------------------------------------

    def _operation(self, group: Group) -> int:
        op = self.graph.ops[group.items[0].node]
        call: Any = op
        holes: list[Any] = []
        arrays: list[int] = []
        for operands in zip(*[item.inputs for item in group.items]):
            if type(operands[0]) is float:
                holes.append(_constant(operands))
            else:
                holes.append(None)
                arrays.append(self.gather(operands, self.graph.batched[operands[0]]))
        if not hasattr(op, "number"):  # a Function of one's own; numbers are as they were given
            call = op.function.apply
            holes = [given if hole is not None else None for hole, given in zip(holes, op.constants)]
        shown = tuple(["{}" if hole is None else _shown(hole) for hole in holes])
        if (op, shown) not in self.texts:
            told = op.text_of(*shown) if len(holes) < 9 else op.name
            self.texts[op, shown] = told if "{}" in told else f"{op.name}({', '.join(shown)})"
        compute = call if all(hole is None for hole in holes) else partial(_filled, call, tuple(holes))
        return self._emit(compute, arrays, group, self.texts[op, shown])

    def _emit(self, compute: Callable[..., Any], arrays: Sequence[int], group: Group, text: str, told: str = "") -> int:
        return self.program.emit(compute, arrays, len(group.items), group.batched, text, told or self.note(group))

    def note(self, group: Group) -> str:
        """Which nodes a group stands for."""
        size = sum(item.size for item in group.items)
        scopes = {self.graph.scopes[node] for node in group.nodes} - {None}
        where = f"{scopes.pop()}: " if len(scopes) == 1 else ""
        first, count = group.items[0], len(group.items)
        if isinstance(first, Sum):
            name = f"{_many(count, 'sum')} of {len(first.dots)} products" if first.dots else _many(count, "sum")
        else:
            name = f"{count} × {self.graph.ops[first.node].name}"
        return f"{where}{name}" + (f", {size} nodes" if size > count else "")

    # --- sums --------------------------------------------------------------------------------------------------------

    def _sums(self, group: Group) -> int:
        sums: list[Sum] = group.items  # type: ignore[assignment]
        first = sums[0]
        whole: int | None = None
        if first.dots:
            whole = self._few_products(first, group) if self._are_few(sums) else self._product(sums, group)
        if first.squares:
            whole = self._added(whole, 1, self._squares(sums), group)
        at = 0
        while at < len(first.terms):
            sign, x = first.terms[at]
            end = at + 1
            while end < len(first.terms) and first.terms[end][0] == sign and self._alike(first.terms[end][1], x):
                end += 1
            if end - at >= MANY and type(x) is int and self._are_many(sums, at, end):
                whole = self._added(whole, sign, self._reduced([s.terms[at:end] for s in sums]), group)
            else:
                for i in range(at, end):
                    operands = [s.terms[i][1] for s in sums]
                    if type(operands[0]) is float:
                        whole = self._shifted(whole, sign, _constant(operands), group)
                    else:
                        column = self.gather(operands, self.graph.batched[operands[0]])  # type: ignore[index]
                        whole = self._added(whole, sign, column, group)
            at = end
        assert whole is not None
        return whole

    def _are_many(self, sums: list[Sum], at: int, end: int) -> bool:
        """Whether these terms are better reduced than added one by one, which spares putting them side by side."""
        pieces = runs([self.places[x] for s in sums for _, x in s.terms[at:end]])  # type: ignore[index]
        return len(pieces) <= 1 or end - at >= 2 * MANY

    def _are_few(self, sums: list[Sum]) -> bool:
        """Whether this is a single sum of two or three products whose factors would have to be put side by side."""
        factors = [self.places[a] for _, a, _, _ in sums[0].dots]
        return len(sums) == 1 and len(factors) < MANY and len(runs(factors)) > 1

    def _few_products(self, found: Sum, group: Group) -> int:
        """A sum of products, one after the other."""
        whole: int | None = None
        for sign, a, b, _ in found.dots:
            left, right = self.gather([a], True), self.gather([b], False)
            product = self._emit(mul, [left, right], group, "{} * {}")
            whole = self._added(whole, sign, product, group)
        assert whole is not None
        return whole

    def _alike(self, a: Operand, b: Operand) -> bool:
        return type(a) is type(b) is int and self.graph.batched[a] == self.graph.batched[b]

    def _product(self, sums: list[Sum], group: Group) -> int:
        """All the dot products as one matrix product."""
        x = self.gather([a for _, a, _, _ in sums[0].dots], True)
        count = len(sums[0].dots)
        if self.program.arrays[x].size < count:  # one factor throughout, so that it was not repeated
            places = self.places[sums[0].dots[0][1]]
            x = self.program.emit(
                lambda a: a * np.ones(count), [x], count, True, f"{{}} repeated {count} times", str(places[1])
            )
        w = self.gathering.matrix([[self.places[s.dots[i][2]] for s in sums] for i in range(count)])
        signs = np.array([[float(s.dots[i][0]) for s in sums] for i in range(count)])
        if (signs < 0).any():
            w = self.program.emit(lambda a: a * signs, [w], signs.size, False, "{} * signs")
        return self._emit(matmul, [x, w], group, "matmul({}, {})")

    def _squares(self, sums: list[Sum]) -> int:
        """Sums of products of shared factors: of shape (k,)."""
        count, k = len(sums[0].squares), len(sums)
        pairs = [(sign, self.places[a], self.places[b]) for s in sums for sign, a, b, _ in s.squares]
        if k == 1 and all(a == b for _, a, b in pairs):
            pairs.sort(key=lambda pair: pair[1])  # in any order: in that in which they lie
        a, b = (self.gathering.columns([pair[i] for pair in pairs], False) for i in (1, 2))  # type: ignore[misc]
        signs = np.array([float(sign) for sign, _, _ in pairs])
        if (signs < 0).any():
            a = self.program.emit(lambda x: x * signs, [a], len(pairs), False, "{} * signs")
        size = max(self.program.arrays[a].size, self.program.arrays[b].size)
        if k == 1 and a == b and size == len(pairs):
            squares = lambda x: reshape(total(square(x)), (1,))
            return self.program.emit(squares, [a], 1, False, "sum of squares of {}", f"{count} products")
        if k == 1 and size == len(pairs):
            dot = lambda x, y: reshape(total(x * y) if x.shape != y.shape else matmul(x, y), (1,))
            return self.program.emit(dot, [a, b], 1, False, "dot({}, {})", f"{count} products")
        ones = np.ones(len(pairs))
        rows = lambda x, y: total(reshape(x * y * ones, (k, count)), axis=-1)
        return self.program.emit(rows, [a, b], k, False, "rows of {} * {} summed", f"{k} sums of {count} products")

    def _reduced(self, terms: list[list[tuple[int, Operand]]]) -> int:
        """Sums of many terms: of shape (N, k), or (k,)."""
        k, count = len(terms), len(terms[0])
        nodes = [x for row in terms for _, x in row]
        batched = self.graph.batched[nodes[0]]  # type: ignore[index]
        if k == 1:
            nodes = sorted(nodes, key=lambda x: self.places[x])  # type: ignore[index]
        array = self.gather(nodes, batched)
        ones = np.ones(k * count) if self.program.arrays[array].size < k * count else None
        shape = (-1, k, count) if batched else (k, count)

        def reduce(a: Any) -> Any:
            return total(reshape(a if ones is None else a * ones, shape), axis=-1)

        return self.program.emit(reduce, [array], k, batched, "rows of {} summed", f"{k} sums of {count} terms")

    def _added(self, whole: int | None, sign: int, column: int, group: Group) -> int:
        if whole is None:
            if sign > 0 and self.program.arrays[column].size == len(group.items):
                return column
            return self._emit(lambda a: a * float(sign) * np.ones(len(group.items)), [column], group, "± {}")
        if sign > 0:
            return self._emit(lambda a, b: a + b, [whole, column], group, "{} + {}", self._adding(group))
        return self._emit(lambda a, b: a - b, [whole, column], group, "{} - {}", self._adding(group))

    def _adding(self, group: Group) -> str:
        """What one of the additions of a group is called: the rest has been told already."""
        note = self.note(group)
        return f"{note.partition(': ')[0]}: + {len(group.items)}" if ": " in note else f"+ {len(group.items)}"

    def _shifted(self, whole: int | None, sign: int, constant: Any, group: Group) -> int:
        assert whole is not None  # constants come last, and something else is there
        if type(constant) is float and constant == 0:
            return whole
        shift = sign * constant
        return self._emit(lambda a: a + shift, [whole], group, f"{{}} + {_shown(shift)}")


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + "s" * (count != 1)


def _constant(operands: Sequence[Any]) -> Any:
    """Constants, one for each column; a number if they are all the same."""
    return operands[0] if len(set(operands)) == 1 else np.array(operands)


def _filled(call: Callable[..., Any], holes: tuple[Any, ...], *arrays: Any) -> Any:
    rest = iter(arrays)
    return call(*[next(rest) if hole is None else hole for hole in holes])


def _shown(constant: Any) -> str:
    return f"{constant:g}" if isinstance(constant, (float, int)) else "constants"
