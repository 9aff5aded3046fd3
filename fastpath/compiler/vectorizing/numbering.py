"""A scalar graph as a list of numbered nodes: constants folded, equal nodes made one, dead ones dropped."""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scalargrad.engine import Value
from scalargrad.graph import topological_order


class Constant:
    """A number that stands in a program as it is: equal only to the same number, bit for bit.

    As a float it could be taken for a node, since ``2 == 2.0``, for another number, since ``0.0 == -0.0``, or for none,
    since nan is not equal to itself.
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


Operand = int | Constant
"""A node by its number, or a constant."""

COMMUTATIVE = frozenset(["add", "mul", "maximum", "minimum", "equal", "not_equal", "logaddexp"])


@dataclass
class Scalars:
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
        for operands in self.operands:
            for x in operands:
                if isinstance(x, int):
                    count[x] += 1
        for x in self.roots:
            if isinstance(x, int):
                count[x] += 1
        return count


def read(roots: Sequence[Value], arguments: Mapping[Value, Any], constants: Collection[Value] = ()) -> Scalars:
    """The graph behind these results; ``arguments`` are the leaves with a number for each example."""
    found = Scalars()
    number: dict[Value, Operand] = {}
    known: dict[Any, int] = {}
    for root in roots:
        for node in topological_order(root):
            if node in number:
                continue
            op = node.op
            if node in constants:
                number[node] = Constant(node.data)
                continue
            if op is None:
                number[node] = place = found.add(None, (), node in arguments)
                found.leaves[place] = node
                continue
            operands = tuple([number[x] if isinstance(x, Value) else Constant(x) for x in node.inputs])
            numbers = [x.number for x in operands if isinstance(x, Constant)]
            if hasattr(op, "number") and len(numbers) == len(operands):
                number[node] = Constant(op.number(*numbers))
                continue
            if op.name in COMMUTATIVE and _before(operands[1], operands[0]):
                operands = operands[::-1]
            key = (op, operands)
            same = known.get(key)
            if same is None:
                batched = any(found.batched[x] for x in operands if isinstance(x, int))
                same = known[key] = found.add(op, operands, batched, node.scope)
            number[node] = same
        found.roots.append(number[root])
    return found


def _before(a: Operand, b: Operand) -> bool:
    """Nodes before constants, and nodes in their order."""
    return isinstance(a, int) and (isinstance(b, Constant) or a < b)
