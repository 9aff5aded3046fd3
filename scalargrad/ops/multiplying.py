"""Products of arrays, put together from the ops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from scalargrad.ops import moving as ops
from scalargrad.ops.elementwise import mul, where
from scalargrad.ops.given import as_array, axes, integer, is_integer
from scalargrad.ops.linalg import inv
from scalargrad.ops.products import matmul
from scalargrad.ops.rows import composite


@composite
def outer(a: Any, b: Any) -> Any:
    """The products of every element of ``a`` with every one of ``b``: a row for each of ``a``.

    >>> outer([1.0, 2.0], [3.0, 4.0, 5.0])
    array([[ 3.,  4.,  5.],
           [ 6.,  8., 10.]])
    """
    return mul(ops.reshape(a, (-1, 1)), ops.reshape(b, (1, -1)))


@composite
def dot(a: Any, b: Any) -> Any:
    """NumPy's dot: the sum of products over the last axis of ``a`` and the last but one of ``b``.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    a, b = as_array(a, "dot"), as_array(b, "dot")
    if not a.ndim or not b.ndim:
        return mul(a, b)
    if b.ndim <= 2:
        return matmul(a, b)
    columns = ops.reshape(ops.transpose(b, (b.ndim - 2, *range(b.ndim - 2), b.ndim - 1)), (b.shape[-2], -1))
    return ops.reshape(matmul(a, columns), (*a.shape[:-1], *b.shape[:-2], b.shape[-1]))


@composite
def inner(a: Any, b: Any) -> Any:
    """The sums of products over the last axes of both.

    >>> inner([1.0, 2.0], [3.0, 4.0])
    array(11.)
    """
    a, b = as_array(a, "inner"), as_array(b, "inner")
    return tensordot(a, b, (-1, -1)) if a.ndim and b.ndim else mul(a, b)


@composite
def vdot(a: Any, b: Any) -> Any:
    """The sum of products of all elements, each array as one row.

    >>> vdot([[1.0, 2.0]], [[3.0], [4.0]])
    np.float64(11.0)
    """
    return matmul(ops.reshape(a, -1), ops.reshape(b, -1))


@composite
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sums of products over axes of both: the last of ``a`` with the first of ``b``, or those of two lists.

    >>> import numpy as np
    >>> tensordot(np.ones((2, 3)), np.ones((3, 4)), 1).shape, tensordot(np.ones((2, 3)), np.ones((4, 3)), (1, 1)).shape
    ((2, 4), (2, 4))
    """
    a, b = as_array(a, "tensordot"), as_array(b, "tensordot")
    left, right = _pairs_of_axes(axes, a, b)
    if [a.shape[i] for i in left] != [b.shape[i] for i in right]:
        raise ValueError(f"tensordot: shapes {a.shape} and {b.shape} do not fit along axes {left} and {right}")
    rows, columns = [tuple([i for i in range(x.ndim) if i not in gone]) for x, gone in ((a, left), (b, right))]
    shape = tuple([a.shape[i] for i in rows] + [b.shape[i] for i in columns])
    count = math.prod([a.shape[i] for i in left])
    first = ops.reshape(ops.transpose(a, (*rows, *left)), (math.prod(shape[: len(rows)]), count))
    second = ops.reshape(ops.transpose(b, (*right, *columns)), (count, math.prod(shape[len(rows) :])))
    return ops.reshape(matmul(first, second), shape)


def _pairs_of_axes(given: Any, a: Any, b: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which axes of ``a`` go with which of ``b``."""
    if is_integer(given):
        if not 0 <= given <= min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: shapes {a.shape} and {b.shape} do not have {given} axes each")
        return tuple(range(a.ndim - int(given), a.ndim)), tuple(range(int(given)))
    if not (isinstance(given, (tuple, list)) and len(given) == 2):
        raise TypeError(f"tensordot: axes is a number of axes, or two lists of them, not {given!r}")
    left, right = axes(given[0], "tensordot", a.shape), axes(given[1], "tensordot", b.shape)
    if len(left) != len(right):
        raise ValueError(f"tensordot: {len(left)} axes of the first do not go with {len(right)} of the second")
    return left, right


@composite
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: the array ``b`` times each element of ``a``, in its place.

    >>> kron([1.0, 10.0], [2.0, 3.0])
    array([ 2.,  3., 20., 30.])
    """
    a, b = as_array(a, "kron"), as_array(b, "kron")
    ndim = max(a.ndim, b.ndim)
    first, second = [(1,) * (ndim - x.ndim) + x.shape for x in (a, b)]
    blocks = ops.reshape(a, tuple([n for length in first for n in (length, 1)]))
    inside = ops.reshape(b, tuple([n for length in second for n in (1, length)]))
    return ops.reshape(mul(blocks, inside), tuple([n * m for n, m in zip(first, second)]))


@composite
def matrix_power(a: Any, n: int) -> Any:
    """A square matrix to a whole power, by squaring; a negative power is that of the inverse.

    >>> matrix_power([[1.0, 1.0], [0.0, 1.0]], 5)
    array([[1., 5.],
           [0., 1.]])
    """
    import numpy as np

    a, n = as_array(a, "matrix_power"), integer(n, "matrix_power", "n")
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"matrix_power: expected square matrices, not shape {a.shape}")
    if n == 0:
        return where(0.0, a, np.eye(a.shape[-1], dtype=a.dtype if a.dtype.kind == "f" else float))
    power, square, n = None, inv(a) if n < 0 else a, abs(n)
    while True:
        if n % 2:
            power = square if power is None else matmul(power, square)
        n //= 2
        if not n:
            return power
        square = matmul(square, square)


@composite
def multi_dot(arrays: Sequence[Any]) -> Any:
    """The product of several matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors. The order is that of the textbooks' dynamic program (Cormen et al., 15.2).

    >>> multi_dot([[[1.0, 2.0]], [[3.0], [4.0]], [[5.0]]])
    array([[55.]])
    """
    parts = [as_array(a, "multi_dot") for a in arrays]
    if len(parts) < 2:
        raise ValueError("multi_dot: give at least two arrays")
    for i, a in enumerate(parts):
        if a.ndim != 2 and not (a.ndim == 1 and i in (0, len(parts) - 1)):
            raise ValueError(f"multi_dot: array {i} of shape {a.shape} is no matrix")
    sizes = [a.shape[0] if a.ndim == 2 else 1 for a in parts] + [parts[-1].shape[-1] if parts[-1].ndim == 2 else 1]
    if parts[-1].ndim == 1:
        sizes[-2] = len(parts[-1])
    cost = {(i, i): 0 for i in range(len(parts))}
    last: dict[tuple[int, int], int] = {}  # where the product from i to j is cut in two
    for length in range(1, len(parts)):
        for i in range(len(parts) - length):
            j = i + length
            costs = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            last[i, j] = min(costs, key=costs.__getitem__)
            cost[i, j] = costs[last[i, j]]

    def product(i: int, j: int) -> Any:
        return parts[i] if i == j else matmul(product(i, last[i, j]), product(last[i, j] + 1, j))

    return product(0, len(parts) - 1)
