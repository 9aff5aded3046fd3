"""Lowering: packs as array instructions, which gather their operands by slicing where possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from fastpath.compiler.vectorizing.layout import Lane, runs
from fastpath.compiler.vectorizing.numbering import Constant, Operand, ScalarGraph
from fastpath.compiler.vectorizing.packing import Pack
from fastpath.compiler.vectorizing.program import ArrayInfo, Gathering, Program
from fastpath.compiler.vectorizing.statements import Sum
from scalargrad.ops.elementwise import mul, square
from scalargrad.ops.structural import matmul, reshape
from scalargrad.ops.structural import sum as total

MANY = 4
"""From how many terms on a sum is one reduction instead of one addition each."""


def lower(
    graph: ScalarGraph, packs: Iterable[Pack], arrays: Iterable[ArrayInfo], lanes: Mapping[int, Lane]
) -> tuple[Program, list[Operand]]:
    """The program that computes these packs, and its results: each an array with a single column, or a constant.

    ``arrays`` are given to the program; ``lanes`` says where in them the numbers of the leaves lie.
    """
    program = Program(list(arrays))
    lowering = Lowering(graph, program, dict(lanes))
    for pack in packs:
        lowering.pack(pack)
    return program, [x if isinstance(x, Constant) else lowering.gather([x], graph.batched[x]) for x in graph.roots]


class Lowering:
    """Writes one pack after the other, and remembers where each node's number lies."""

    def __init__(self, graph: ScalarGraph, program: Program, lanes: dict[int, Lane]) -> None:
        self.graph = graph
        self.program = program
        self.lanes = lanes
        self.gathering = Gathering(program)
        self.texts: dict[Any, str] = {}
        """How operations are written, with their constants."""

    def pack(self, pack: Pack) -> None:
        """Compute all statements of a pack."""
        result = self._sums(pack) if isinstance(pack.statements[0], Sum) else self._operation(pack)
        self.lanes.update({node: (result, column) for column, node in enumerate(pack.nodes)})

    def gather(self, operands: Sequence[Operand], batched: bool) -> int:
        """The array with these nodes as its columns."""
        return self.gathering.columns([self.lanes[x] for x in operands], batched)  # type: ignore[index]

    # --- elementwise operations --------------------------------------------------------------------------------------

    def _operation(self, pack: Pack) -> int:
        op = self.graph.ops[pack.statements[0].node]
        call: Any = op
        holes: list[Any] = []
        arrays: list[int] = []
        for operands in zip(*[s.inputs for s in pack.statements]):
            if isinstance(operands[0], Constant):
                holes.append(_constant(operands))
            else:
                holes.append(None)
                arrays.append(self.gather(operands, self.graph.batched[operands[0]]))
        if not hasattr(op, "number"):  # a Function of one's own; numbers are as they were given
            call = op.function.apply
            holes = [given if hole is not None else None for hole, given in zip(holes, op.constants)]
        shown = tuple(["{}" if hole is None else _shown(hole) for hole in holes])
        if (op, shown) not in self.texts:
            text = op.text_of(*shown) if len(holes) < 9 else op.name
            self.texts[op, shown] = text if "{}" in text else f"{op.name}({', '.join(shown)})"
        compute = call if all(hole is None for hole in holes) else partial(_filled, call, tuple(holes))
        return self._emit(compute, arrays, pack, self.texts[op, shown])

    def _emit(self, compute: Callable[..., Any], arrays: Sequence[int], pack: Pack, text: str, note: str = "") -> int:
        return self.program.emit(compute, arrays, len(pack.statements), pack.batched, text, note or pack.note)

    # --- sums --------------------------------------------------------------------------------------------------------

    def _sums(self, pack: Pack) -> int:
        sums: list[Sum] = pack.statements  # type: ignore[assignment]
        first = sums[0]
        order: list[int | None] = [*range(first.before), *([None] if first.dots or first.squares else [])]
        order += range(first.before, len(first.terms))
        if len(order) > 1 and self._comes_second(first, order[0]) and not self._comes_second(first, order[1]):
            order[:2] = order[1::-1]  # c + a as a + c, −b + a as a − b: the same numbers
        whole: int | None = None
        lead: Any = None
        while order:
            at = order.pop(0)
            if at is None:
                whole = self._products(whole, sums, pack)
                continue
            sign, x = first.terms[at]
            if isinstance(x, Constant):
                constant = _constant([s.terms[at][1] for s in sums], sign)
                if whole is None:
                    lead = constant  # from which the next term is taken off
                else:
                    whole = self._shifted(whole, constant, sums, pack)
                continue
            end = at + 1
            while order and order[0] == end and first.terms[end][0] == sign and self._same_kind(first.terms[end][1], x):
                end += 1
                order.pop(0)
            runs_of_terms = [s.terms[at:end] for s in sums]
            if end - at >= MANY and self._are_many(sums, at, end):
                columns = [self._reduced(runs_of_terms)]
            else:
                columns = [self.gather(operands, self.graph.batched[x]) for operands in _columns(runs_of_terms)]
            for column in columns:
                whole = self._added(whole, sign, column, pack, lead)
        assert whole is not None
        return whole

    def _comes_second(self, first: Sum, at: int | None) -> bool:
        """Whether a part of a sum, a term or the products (None), is better added to another than begun with."""
        return at is not None and (first.terms[at][0] < 0 or isinstance(first.terms[at][1], Constant))

    def _products(self, whole: int | None, sums: list[Sum], pack: Pack) -> int:
        """The products of these sums, and what has been added so far."""
        first = sums[0]
        if first.dots and self._are_few(sums):
            for i in range(len(first.dots)):
                left, right = self.gather([first.dots[i][1]], True), self.gather([first.dots[i][2]], False)
                product = self._emit(mul, [left, right], pack, "{} * {}")
                whole = self._added(whole, first.dots[i][0], product, pack)
        elif first.dots:
            whole = self._added(whole, 1, self._product(sums, pack), pack)
        if first.squares:
            whole = self._added(whole, 1, self._squares(sums), pack)
        assert whole is not None
        return whole

    def _are_many(self, sums: list[Sum], at: int, end: int) -> bool:
        """Whether these terms are better reduced than added one by one, which spares putting them side by side."""
        pieces = runs([self.lanes[x] for s in sums for _, x in s.terms[at:end]])  # type: ignore[index]
        return len(pieces) <= 1 or end - at >= 2 * MANY

    def _are_few(self, sums: list[Sum]) -> bool:
        """Whether this is a single sum of one product, or of two or three whose factors do not lie side by side.

        Multiplied, unlike as a matrix product, they are not added to 0: the sum may be −0.
        """
        factors = [self.lanes[a] for _, a, _, _ in sums[0].dots]
        return len(sums) == 1 and len(factors) < MANY and (len(factors) == 1 or len(runs(factors)) > 1)

    def _same_kind(self, a: Operand, b: Operand) -> bool:
        return isinstance(a, int) and isinstance(b, int) and self.graph.batched[a] == self.graph.batched[b]

    def _product(self, sums: list[Sum], pack: Pack) -> int:
        """All the dot products as one matrix product."""
        x = self.gather([a for _, a, _, _ in sums[0].dots], True)
        count = len(sums[0].dots)
        if self.program.arrays[x].size < count:  # one factor throughout, so that it was not repeated
            column = str(self.lanes[sums[0].dots[0][1]][1])
            ones = [1.0] * count
            x = self.program.emit(lambda a: a * ones, [x], count, True, f"{{}} repeated {count} times", column)
        w = self.gathering.matrix([[self.lanes[s.dots[i][2]] for s in sums] for i in range(count)])
        signs = [[float(s.dots[i][0]) for s in sums] for i in range(count)]
        if any(sign < 0 for row in signs for sign in row):
            w = self.program.emit(lambda a: a * signs, [w], count * len(sums), False, "{} * signs")
        return self._emit(matmul, [x, w], pack, "matmul({}, {})")

    def _squares(self, sums: list[Sum]) -> int:
        """Sums of products of shared factors: of shape (k,)."""
        count, k = len(sums[0].squares), len(sums)
        pairs = [(sign, self.lanes[a], self.lanes[b]) for s in sums for sign, a, b, _ in s.squares]
        if k == 1 and all(a == b for _, a, b in pairs):
            pairs.sort(key=lambda pair: pair[1])  # in any order: in that in which they lie
        a, b = (self.gathering.columns([pair[i] for pair in pairs], False) for i in (1, 2))  # type: ignore[misc]
        signs = [float(sign) for sign, _, _ in pairs]
        if min(signs) < 0:
            a = self.program.emit(lambda x: x * signs, [a], len(pairs), False, "{} * signs")
        size = max(self.program.arrays[a].size, self.program.arrays[b].size)
        if k == 1 and a == b and size == len(pairs):
            squares = lambda x: reshape(total(square(x)), (1,))
            return self.program.emit(squares, [a], 1, False, "sum of squares of {}", f"{count} products")
        if k == 1 and size == len(pairs):
            dot = lambda x, y: reshape(total(x * y) if x.shape != y.shape else matmul(x, y), (1,))
            return self.program.emit(dot, [a, b], 1, False, "dot({}, {})", f"{count} products")
        ones = [1.0] * len(pairs)
        rows = lambda x, y: total(reshape(x * y * ones, (k, count)), axis=-1)
        return self.program.emit(rows, [a, b], k, False, "rows of {} * {} summed", f"{k} sums of {count} products")

    def _reduced(self, terms: list[list[tuple[int, Operand]]]) -> int:
        """Sums of many terms: of shape (N, k), or (k,)."""
        k, count = len(terms), len(terms[0])
        nodes = [x for row in terms for _, x in row]
        batched = self.graph.batched[nodes[0]]  # type: ignore[index]
        if k == 1:
            nodes = sorted(nodes, key=lambda x: self.lanes[x])  # type: ignore[index]
        array = self.gather(nodes, batched)
        ones = [1.0] * (k * count) if self.program.arrays[array].size < k * count else None
        shape = (-1, k, count) if batched else (k, count)

        def reduce(a: Any) -> Any:
            return total(reshape(a if ones is None else a * ones, shape), axis=-1)

        return self.program.emit(reduce, [array], k, batched, "rows of {} summed", f"{k} sums of {count} terms")

    def _added(self, whole: int | None, sign: int, column: int, pack: Pack, lead: Any = None) -> int:
        if whole is None:
            if lead is not None:
                return self._emit(lambda a: lead - a, [column], pack, f"{_shown(lead)} - {{}}")
            if sign > 0 and self.program.arrays[column].size == len(pack.statements):
                return column
            ones = [float(sign)] * len(pack.statements)
            return self._emit(lambda a: a * ones, [column], pack, "± {}")
        where, colon, _ = pack.note.partition(": ")
        note = f"{where if colon else ''}{colon}+ {len(pack.statements)}"  # its first instruction says the rest
        if sign > 0:
            return self._emit(lambda a, b: a + b, [whole, column], pack, "{} + {}", note)
        return self._emit(lambda a, b: a - b, [whole, column], pack, "{} - {}", note)

    def _shifted(self, whole: int, constant: Any, sums: list[Sum], pack: Pack) -> int:
        """A sum and a constant. A constant 0 is left out, unless it could make a −0 a 0."""
        if type(constant) is float and constant == 0:
            added_to_0 = sums[0].squares or (sums[0].dots and not self._are_few(sums))
            if np.signbit(constant) or added_to_0 or all(map(self._is_no_minus_0, sums)):
                return whole
        return self._emit(lambda a: a + constant, [whole], pack, f"{{}} + {_shown(constant)}")

    def _is_no_minus_0(self, found: Sum) -> bool:
        """Whether a sum has a term that cannot be −0."""
        terms = [x for sign, x in found.terms if sign > 0 and isinstance(x, int) and self.graph.ops[x] is not None]
        names = [(self.graph.ops[x].name, len(set(self.graph.operands[x]))) for x in terms]
        return any(op in NO_MINUS_0 or (op, n) == ("mul", 1) for op, n in names)


NO_MINUS_0 = {"exp", "square", "abs", "sigmoid", "softplus", "cosh", "greater", "greater_equal", "less", "equal"}
"""Operations that give 0 or more, and never −0."""


def _columns(rows: list[list[tuple[int, Operand]]]) -> list[list[Operand]]:
    """Runs of terms, one of each sum, as columns of operands."""
    return [[x for _, x in column] for column in zip(*rows)]


def _constant(operands: Sequence[Any], sign: int = 1) -> Any:
    """Constants, one for each column, as a list: it takes the type of what it meets; a number if they are the same."""
    numbers = [sign * x.number for x in operands]
    return numbers[0] if len(set(operands)) == 1 else numbers


def _filled(call: Callable[..., Any], holes: tuple[Any, ...], *arrays: Any) -> Any:
    rest = iter(arrays)
    return call(*[next(rest) if hole is None else hole for hole in holes])


def _shown(constant: Any) -> str:
    return f"{constant:g}" if isinstance(constant, (float, int)) else "constants"
