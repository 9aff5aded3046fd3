"""Value numbering: a scalar graph as a list of numbered nodes; constants folded, equal nodes made one."""

from __future__ import annotations

import struct
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from scalargrad.engine import Value
from scalargrad.graph import topological_order


class Constant:
    """A number that stands in a program as it is: equal only to the same number, bit for bit.

    A float would not do: ``2 == 2.0`` (node 2), ``0.0 == -0.0``, and nan is not equal to itself.
    """

    __slots__ = ("_bits", "number")

    def __init__(self, number: float) -> None:
        self.number = float(number)
        self._bits = struct.pack("<d", self.number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and other._bits == self._bits

    def __hash__(self) -> int:
        return hash(self._bits)

    def __repr__(self) -> str:
        return f"Constant({self.number!r})"

    def __str__(self) -> str:
        return f"{self.number:g}"


Operand = int | Constant
"""A node by its number, or a constant."""

COMMUTATIVE = frozenset(["add", "mul", "maximum", "minimum", "equal", "not_equal", "logaddexp"])


@dataclass
class ScalarGraph:
    """The nodes of a graph by number, operands before what is made of them."""

    ops: list[Any] = field(default_factory=list)
    """The operation of each node; None for a leaf."""
    operands: list[tuple[Operand, ...]] = field(default_factory=list)
    batched: list[bool] = field(default_factory=list)
    """Whether a node depends on an argument, so that it has a number for each example."""
    leaves: dict[int, Value] = field(default_factory=dict)
    """The Value each leaf stands for."""
    scopes: list[str | None] = field(default_factory=list)
    roots: list[Operand] = field(default_factory=list)

    def add(self, op: Any, operands: tuple[Operand, ...], batched: bool, scope: str | None = None) -> int:
        """A new node; its number."""
        self.ops.append(op)
        self.operands.append(operands)
        self.batched.append(batched)
        self.scopes.append(scope)
        return len(self.ops) - 1

    def uses(self) -> list[int]:
        """How often each node is used, by other nodes and as a result."""
        count = [0] * len(self.ops)
        for operands in [*self.operands, self.roots]:
            for x in operands:
                if isinstance(x, int):
                    count[x] += 1
        return count

    def __str__(self) -> str:
        lines = []
        for node, (op, operands) in enumerate(zip(self.ops, self.operands)):
            shown = f"{op.name}({', '.join(map(str, operands))})" if op else self.leaves[node].label or "a leaf"
            lines.append(f"{node} = {shown}" + ("  for each example" if self.batched[node] else ""))
        return "\n".join([*lines, f"results: {', '.join(map(str, self.roots))}"])


def number_values(
    roots: Sequence[Value], arguments: Container[Value], constants: Collection[Value] = ()
) -> ScalarGraph:
    """The graph behind these results. ``arguments`` have a number for each example, ``constants`` keep theirs."""
    graph = ScalarGraph()
    numbers: dict[Value, Operand] = {}
    known: dict[Any, int] = {}
    for root in roots:
        for node in topological_order(root):
            if node in numbers:
                continue
            op = node.op
            if node in constants:
                numbers[node] = Constant(node.data)
                continue
            if op is None:
                numbers[node] = leaf = graph.add(None, (), node in arguments)
                graph.leaves[leaf] = node
                continue
            operands = tuple([numbers[x] if isinstance(x, Value) else Constant(x) for x in node.inputs])
            given = [x.number for x in operands if isinstance(x, Constant)]
            if len(given) == len(operands) and hasattr(op, "number"):
                numbers[node] = Constant(op.number(*given))
                continue
            if op.name in COMMUTATIVE and _before(operands[1], operands[0]):
                operands = operands[::-1]
            key = (op, operands)
            same = known.get(key)
            if same is None:
                batched = any(graph.batched[x] for x in operands if isinstance(x, int))
                same = known[key] = graph.add(op, operands, batched, node.scope)
            numbers[node] = same
        graph.roots.append(numbers[root])
    return graph


def _before(a: Operand, b: Operand) -> bool:
    """Nodes before constants, and nodes in their order."""
    return isinstance(a, int) and (isinstance(b, Constant) or a < b)
