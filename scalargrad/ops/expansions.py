"""Reductions on Values that are more than their forward: each as a function of a list of Values.

Where the numbers are known, the graph is as short as they allow: that of a maximum is a chain of
``maximum``, or the mean of the tied ones. While a graph is traced its numbers stand for others, and the **general**
form is taken, which decides nothing: it has the same value and gradient at all numbers, ties, zeros and infinities
among them. A result made by looking remembers its operands (:class:`Expansion`), so that a graph can be
compiled that was built without being traced.
"""

from __future__ import annotations

import copy
import functools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scalargrad import modes
from scalargrad.ops import elementwise as ops
from scalargrad.ops.registry import Op

if TYPE_CHECKING:
    from scalargrad.ops.structure import StructuralOp

Values = Sequence[Any]
"""Values, and plain numbers among them."""

with_gradient_of = Op(
    "with_gradient_of",
    lambda xp, a, b: xp.where(True, a, b),
    (lambda y, a, b: 0, lambda y, a, b: 1),
    note="a, with the derivative of b",
)
"""Not in the registry: it is for formulas whose value is found in one way and whose derivative in another."""


def detached(a: Any) -> Any:
    """``a`` as a constant, through which no gradient passes."""
    return with_gradient_of(a, 0.0)


def number(v: Any) -> float:
    """The number of a Value, or of a plain number."""
    return float(getattr(v, "_data", v))


def traced() -> bool:
    """Whether numbers stand for others here."""
    return modes.tracer() is not None


def total(values: Values) -> Any:
    """The sum, from left to right."""
    return functools.reduce(operator.add, values)


def exp(v: Any) -> Any:
    """``e`` to a Value, or to a number."""
    return ops.exp(v) if isinstance(v, (float, int)) else v.exp()


# --- the largest -----------------------------------------------------------------------------------------------------


def chosen(better: Op) -> Callable[[Values], Any]:
    """The function that chooses the best of a list, by ``maximum`` or ``minimum``; tied ones share the gradient."""

    def best(values: Values) -> Any:
        if not values:
            raise ValueError("there is no element to choose")
        if len(values) <= 2:
            return functools.reduce(better, values)
        if traced():
            best = functools.reduce(better, values)
            tied = [ops.equal(v, best) for v in values]
            return with_gradient_of(best, total([ops.where(t, v, 0.0) for t, v in zip(tied, values)]) / total(tied))
        found = functools.reduce(better.number, map(number, values))
        tied = [v for v in values if number(v) == found]
        return total(tied) / len(tied) if len(tied) > 1 else functools.reduce(better, values)

    return best


def top(values: Values) -> Any:
    """The largest of a list, to be subtracted before ``exp``; a number, or a node through which no gradient passes."""
    if not values:
        return -math.inf
    if traced():
        return detached(functools.reduce(ops.maximum, values))
    return functools.reduce(ops.maximum.number, map(number, values))


# --- log Σ exp -------------------------------------------------------------------------------------------------------


def logsumexp(values: Values) -> Any:
    """``top + log Σ exp(v − top)``; where all are −∞ it is −∞, and its gradient is 0."""
    if not values:
        return -math.inf
    highest = top(values)
    if type(highest) is float and math.isfinite(highest):
        return ops.log(total([exp(v - highest) for v in values])) + highest
    shift = ops.where(ops.less(ops.abs(highest), math.inf), highest, 0.0)
    sums = total([exp(v - shift) for v in values])
    empty = ops.equal(sums, 0.0)
    return ops.where(empty, -math.inf, ops.log(ops.where(empty, 1.0, sums)) + shift)


def weighed(probability: Any, log_p: Any) -> Any:
    """Their product; 0 where that is 0 · −∞, with the gradients of the product."""
    product = probability * log_p
    if not traced() and (number(probability) or number(log_p) > -math.inf):
        return product
    masked = ops.equal(probability, 0.0) * ops.equal(log_p, -math.inf)
    return with_gradient_of(ops.where(masked, 0.0, product), product)


# --- roots of sums of squares ----------------------------------------------------------------------------------------


def scale(where: Callable[..., Any], less: Callable[..., Any], size: Any, sign: int = 1) -> Any:
    """What to divide numbers up to this size by, so that their squares neither overflow nor vanish.

    It is a power of two, so that nothing is rounded; the inner bounds are those that float32 needs. With ``sign=-1`` it
    is what to multiply them by: its derivative is 0, which that of ``1/scale`` would be with an infinity in it.
    """
    small = where(less(size, 2.0**-400), 2.0 ** (-600 * sign), where(less(size, 2.0**-50), 2.0 ** (-90 * sign), 1.0))
    return where(less(2.0**480, size), 2.0 ** (600 * sign), where(less(2.0**50, size), 2.0 ** (90 * sign), small))


def norm(values: Values) -> Any:
    """``√(Σ v²)``; its gradient at 0 is 0."""
    if not values:
        return 0.0
    size = _size(values)
    if traced():
        return _root_of_squares(values, 1, ops.equal(size, 0.0), 0.0)
    if size == 0 or _is_ordinary(size):
        squares = total([ops.square(v) for v in values])
        return ops.sqrt(squares) if size else squares  # at 0 the slope of the squares, which is 0
    return _root_of_squares(values, 1, 0.0, 0.0)


def std(ddof: float) -> Callable[[Values], Any]:
    """The function that gives the standard deviation of a list; its gradient is 0 where all are equal."""

    def of(values: Values) -> Any:
        count = max(len(values) - ddof, 0)
        if not values:
            return math.nan
        if traced():
            ends = [functools.reduce(better, values) for better in (ops.minimum, ops.maximum)]
            return _from_the_mean(values, count, ops.equal(*ends) if count else 0.0)
        low, high = [functools.reduce(better.number, map(number, values)) for better in (ops.minimum, ops.maximum)]
        if low == high and count and math.isfinite(low):
            return values[0] * 0.0
        if not (_is_ordinary(high - low) and high - low > 1e-6 * max(abs(low), abs(high))):
            return _from_the_mean(values, count, 0.0)
        mean = total(values) / len(values)
        return ops.sqrt(total([ops.square(v - mean) for v in values]) / count)

    return of


def _size(values: Values) -> Any:
    """The largest absolute value: a node while a graph is traced, else a number."""
    if traced():
        return functools.reduce(ops.maximum, map(ops.abs, values))
    return functools.reduce(ops.maximum.number, [abs(number(v)) for v in values])


def _is_ordinary(size: float) -> bool:
    """Whether squares of numbers of this size are just that."""
    return 1e-120 < size < 1e144


def _from_the_mean(values: Values, count: float, same: Any) -> Any:
    """The root of the mean squared gap to the mean, which is subtracted twice, since the first time it was rounded."""
    rough = total([v / len(values) for v in values])  # so that it does not overflow
    gaps = [v - rough for v in values]
    rest = total(gaps) / len(values)
    return _root_of_squares([gap - rest for gap in gaps], float(count), same, values[0] * 0.0)


def _root_of_squares(values: Values, count: float, is_zero: Any, zero: Any) -> Any:
    """``√(Σ v²/count)``, or ``zero`` where ``is_zero`` says so: the root is then taken of 1."""
    size = _size(values)
    by, inverse = [scale(ops.where, ops.less, size, sign) for sign in (1, -1)]
    squares = total([ops.square(v * inverse) for v in values])
    mean = squares if count == 1 else squares / count
    if type(is_zero) is float:
        return zero if is_zero else ops.sqrt(mean) * by
    return ops.where(is_zero, zero, ops.sqrt(ops.where(is_zero, 1.0, mean)) * by)


# --- an entry of a table ---------------------------------------------------------------------------------------------


def selected(entries: Any, index: Any) -> Any:
    """The entry at an index that differs from example to example."""
    import numpy as np

    is_at = [ops.equal(index, float(k)) for k in range(len(entries))]
    is_there = total(is_at)
    rows = entries.reshape(len(entries), -1)
    found = np.empty(rows.shape[1], object)
    for column in range(rows.shape[1]):
        parts = [ops.where(at, entry, 0.0) for at, entry in zip(is_at, rows[:, column])]
        found[column] = ops.where(is_there, total(parts), float("nan"))
    return found.reshape(entries.shape[1:])[()]


# --- what was expanded -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, slots=True)
class Expansion:
    """A structural op on Values whose expansion decided by their numbers: with other numbers it is another graph."""

    op: StructuralOp
    arrays: tuple[Any, ...]
    settings: dict[str, Any]

    @property
    def operands(self) -> list[Any]:
        """All the nodes it was given, also those that are not in the graph it made."""
        return [x for a in self.arrays if a.dtype == object for x in a.flat if hasattr(type(x), "_apply_op")]

    def again(self, other: Callable[[Any], Any]) -> list[Any]:
        """The elements of the result with other nodes in the operands' places."""
        result = self.op.on_arrays(self._mapped(other), self.settings)
        return list(result.flat) if hasattr(result, "flat") else [result]

    def _mapped(self, other: Callable[[Any], Any]) -> tuple[Any, ...]:
        import numpy as np

        return tuple([np.frompyfunc(other, 1, 1)(a) if a.dtype == object and a.size else a for a in self.arrays])

    def __deepcopy__(self, memo: dict[int, Any]) -> Expansion:
        copied = Expansion(self.op, self._mapped(lambda x: copy.deepcopy(x, memo)), self.settings)
        memo[id(self)] = copied
        return copied
