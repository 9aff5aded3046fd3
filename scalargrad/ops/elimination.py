"""Linear algebra on Values: determinants by minors, the rest by Gaussian elimination, as it is done by hand.

A pivot is the largest number of its column. While a graph is traced its numbers stand for others: rows are then
exchanged by ``where``, which decides nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from scalargrad.ops import elementwise as ops
from scalargrad.ops.expansions import number, total, traced, with_gradient_of

Rows = list[list[Any]]

SMALL = 6
"""Up to this size a determinant is a sum of products, without a division."""


def _each(xp: Any, a: Any, of: Callable[[Rows], Any], shape: tuple[int, ...] = ()) -> Any:
    """A function of one matrix, on all of a stack."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise xp.linalg.LinAlgError(f"expected square matrices, not shape {a.shape}")
    found = xp.empty(a.shape[:-2] + shape, object)
    for place in xp.ndindex(a.shape[:-2]):
        found[place] = of(a[place].tolist())
    return found[()]


# --- elimination -----------------------------------------------------------------------------------------------------


def _exchange(rows: Rows, k: int, sign: Any) -> Any:
    """Bring the row with the largest pivot to place ``k``; the sign turns with every exchange."""
    if not traced():
        best = max(range(k, len(rows)), key=lambda i: abs(number(rows[i][k])))
        rows[k], rows[best] = rows[best], rows[k]
        return sign if best == k else -sign
    for i in range(k + 1, len(rows)):
        swap = ops.less(ops.abs(rows[k][k]), ops.abs(rows[i][k]))
        upper = [ops.where(swap, b, a) for a, b in zip(rows[k], rows[i])]
        rows[i] = [ops.where(swap, a, b) for a, b in zip(rows[k], rows[i])]
        rows[k] = upper
        sign = ops.where(swap, -sign, sign)
    return sign


def _triangular(rows: Rows) -> Any:
    """Bring the rows to a triangle below which nothing is left to read; the result is the sign of the exchanges."""
    sign: Any = 1.0
    for k in range(len(rows)):
        sign = _exchange(rows, k, sign)
        pivot = rows[k][k]
        if not traced() and number(pivot) == 0:
            import numpy as np

            raise np.linalg.LinAlgError("the matrix is singular: its rows are linearly dependent")
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / pivot
            rows[i] = [*rows[i][: k + 1], *[a - factor * b for a, b in zip(rows[i][k + 1 :], rows[k][k + 1 :])]]
    return sign


def _solved(rows: Rows) -> Rows:
    """The solution of a system, whose right-hand sides stand right of its matrix."""
    _triangular(rows)
    n = len(rows)
    found: Rows = [[]] * n
    for k in reversed(range(n)):
        right = rows[k][n:]
        for i in range(k + 1, n):
            right = [a - rows[k][i] * b for a, b in zip(right, found[i])]
        found[k] = [a / rows[k][k] for a in right]
    return found


def solve(xp: Any, a: Any, b: Any) -> Any:
    """The solution of systems of equations."""
    right = b[:, None] if b.ndim == 1 else b
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or a.shape[-1] != right.shape[-2]:
        raise ValueError(f"expected square matrices and as many equations, not shapes {a.shape} and {b.shape}")
    stack = xp.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    a, right = [xp.broadcast_to(x, (*stack, *x.shape[-2:])) for x in (a, right)]
    found = xp.empty(right.shape, object)
    for place in xp.ndindex(stack):
        if right[place].size:
            found[place] = _solved(xp.concatenate([a[place], right[place]], axis=1).tolist())
    return found[..., 0] if b.ndim == 1 else found


def inv(xp: Any, a: Any) -> Any:
    """Inverses: the solutions for the columns of the identity."""
    identity = xp.eye(a.shape[-1]).tolist() if a.ndim else []
    return _each(xp, a, lambda rows: _solved([row + unit for row, unit in zip(rows, identity)]), a.shape[-2:])


# --- determinants ----------------------------------------------------------------------------------------------------


def _minors(rows: Rows) -> Any:
    """The determinant by its minors, each computed once: a sum of products (Laplace)."""
    n = len(rows)
    below: dict[tuple[int, ...], Any] = {(): 1.0}
    for size in range(1, n + 1):
        row, here = rows[n - size], {}
        for columns in itertools.combinations(range(n), size):
            parts = []
            for sign, column in zip(itertools.cycle((1, -1)), columns):
                rest = below[tuple([c for c in columns if c != column])]
                product = row[column] if size == 1 else row[column] * rest
                parts.append(product if sign > 0 else -product)
            here[columns] = total(parts)
        below = here
    return below[tuple(range(n))]


def _factors(rows: Rows) -> tuple[Any, list[Any]]:
    """A sign and numbers, whose product is the determinant."""
    if len(rows) <= SMALL:
        return 1.0, [_minors(rows)]
    return _triangular(rows), [rows[i][i] for i in range(len(rows))]


def det(xp: Any, a: Any) -> Any:
    """Determinants."""

    def of(rows: Rows) -> Any:
        sign, factors = _factors(rows)
        for x in factors:
            sign = x if type(sign) is float and sign == 1 else sign * x
        return sign

    return _each(xp, a, of)


def logabsdet(xp: Any, a: Any) -> Any:
    """Logarithms of the absolute values of determinants."""
    return _each(xp, a, lambda rows: total([ops.log(ops.abs(x)) for x in _factors(rows)[1]]))


def detsign(xp: Any, a: Any) -> Any:
    """Signs of determinants."""

    def of(rows: Rows) -> Any:
        sign, factors = _factors(rows)
        for x in factors:
            sign = sign * ops.sign(x)
        return sign

    return _each(xp, a, of)


# --- Cholesky --------------------------------------------------------------------------------------------------------


def cholesky(xp: Any, a: Any, upper: bool) -> Any:
    """The triangular factors: row by row, Lⱼⱼ = √(aⱼⱼ − Σ Lⱼₖ²), Lᵢⱼ = (aᵢⱼ − Σ Lᵢₖ Lⱼₖ)/Lⱼⱼ."""

    def of(rows: Rows) -> Rows:
        n = len(rows)
        factor: Rows = [[0.0] * n for _ in range(n)]
        for i in range(n):
            for j in range(i + 1):
                read, other = (rows[j][i], rows[i][j]) if upper else (rows[i][j], rows[j][i])
                rest = read if i == j else with_gradient_of(read, (read + other) / 2)
                for k in range(j):
                    rest = rest - factor[i][k] * factor[j][k]
                if i == j and not traced() and not number(rest) > 0:
                    raise xp.linalg.LinAlgError("the matrix is not positive definite")
                factor[i][j] = ops.sqrt(rest) if i == j else rest / factor[j][j]
        return factor

    found = _each(xp, a, of, a.shape[-2:])
    return found.swapaxes(-1, -2) if upper else found
