"""Logic functions as threshold neurons, and their truth tables.

Each neuron is a weighted sum and a step, [w₁x₁ + w₂x₂ + b > 0], written in registered ops: on Values it is a graph that
can be drawn, on arrays it works element by element, on numbers it gives 0.0 or 1.0. The weights are the lecture's. XOR
is beyond one such neuron: it takes one more feature, the product, or two layers.

>>> from scalargrad import Value, trace
>>> y = and_(Value(1.0, label="x1"), Value(1.0, label="x2"))
>>> y.data, [leaf.name for leaf in trace(y).leaves]
(1.0, ['x₁', 'x₂'])
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from scalargrad.ops.elementwise import add, greater, mul, neg, sub

__all__ = ["TruthTable", "and_", "not_", "or_", "truth_table", "xor", "xor_of_neurons"]


def and_(x1: Any, x2: Any) -> Any:
    """x₁ ∧ x₂ = [x₁ + x₂ − 3/2 > 0].

    >>> and_(1, 1), and_(1, 0)
    (1.0, 0.0)
    """
    return greater(sub(add(x1, x2), 1.5), 0)


def or_(x1: Any, x2: Any) -> Any:
    """x₁ ∨ x₂ = [x₁ + x₂ − 1/2 > 0].

    >>> or_(0, 0), or_(1, 0)
    (0.0, 1.0)
    """
    return greater(sub(add(x1, x2), 0.5), 0)


def not_(x: Any) -> Any:
    """¬x = [−x + 1/2 > 0].

    >>> not_(0), not_(1)
    (1.0, 0.0)
    """
    return greater(add(neg(x), 0.5), 0)


def xor(x1: Any, x2: Any) -> Any:
    """x₁ ⊕ x₂ = [x₁ + x₂ − 2x₁x₂ − 1/2 > 0]: one neuron, with the product of the inputs as a third feature.

    >>> print(truth_table(xor))
    x1  x2  xor
     0   0    0
     0   1    1
     1   0    1
     1   1    0
    """
    return greater(sub(sub(add(x1, x2), mul(2, mul(x1, x2))), 0.5), 0)


def xor_of_neurons(x1: Any, x2: Any) -> Any:
    """x₁ ⊕ x₂ = [(x₁ ∨ x₂) − (x₁ ∧ x₂) − 1/2 > 0]: a network of two layers.

    >>> truth_table(xor_of_neurons).outputs == truth_table(xor).outputs
    True
    """
    return greater(sub(sub(or_(x1, x2), and_(x1, x2)), 0.5), 0)


@dataclass(frozen=True)
class TruthTable:
    """All rows of a logic function: an iterable of ``(inputs, output)``, and a table when printed."""

    name: str
    names: tuple[str, ...]
    """What the inputs are called."""
    rows: tuple[tuple[tuple[int, ...], int], ...]

    @property
    def outputs(self) -> tuple[int, ...]:
        """The column of results, inputs counting up from 0, 0."""
        return tuple(output for _, output in self.rows)

    def __iter__(self) -> Iterator[tuple[tuple[int, ...], int]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        heads = (*self.names, self.name)
        lines = [heads, *[(*map(str, inputs), str(output)) for inputs, output in self.rows]]
        return "\n".join("  ".join(f"{x:>{len(head)}}" for x, head in zip(line, heads, strict=True)) for line in lines)

    def _repr_markdown_(self) -> str:
        lines = [(*self.names, self.name), *[(*inputs, output) for inputs, output in self.rows]]
        rows = ["| " + " | ".join(map(str, line)) + " |" for line in lines]
        return "\n".join([rows[0], "|" + "---|" * len(lines[0]), *rows[1:]])


def truth_table(f: Callable[..., Any], inputs: int | None = None) -> TruthTable:
    """The results of ``f`` on all 0s and 1s. ``inputs`` is how many it takes, if its signature does not say so.

    Raises ValueError for a result that is neither 0 nor 1, and for more than 10 inputs.

    >>> for row in truth_table(and_):
    ...     print(row)
    ((0, 0), 0)
    ((0, 1), 0)
    ((1, 0), 0)
    ((1, 1), 1)
    """
    title = getattr(f, "__name__", "f").strip("_<>")
    if inputs is None:
        parameters = inspect.signature(f).parameters.values()
        if any(p.kind not in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters):
            raise TypeError(f"truth_table: the signature of {title} does not say how many inputs it takes: say inputs=")
        names = tuple([p.name for p in parameters if p.default is p.empty])
    else:
        names = tuple([f"x{i + 1}" for i in range(inputs)])
    if not 1 <= len(names) <= 10:
        raise ValueError(f"truth_table: {title} takes {len(names)} inputs; tables are written for 1 to 10")
    rows = []
    for row in product((0, 1), repeat=len(names)):
        result = float(f(*row))
        if result not in (0.0, 1.0):
            raise ValueError(f"truth_table: {title}{row} is {result}, neither 0 nor 1")
        rows.append((row, int(result)))
    return TruthTable(title, names, tuple(rows))
