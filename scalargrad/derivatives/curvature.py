"""How strongly a loss is curved, and how large a learning rate that allows.

Near a minimum the loss is a quadratic form of the Hessian H. In the direction of an eigenvector with eigenvalue λ one
step of gradient descent multiplies the distance to the minimum by 1 − ηλ: it is 0 at η = 1/λ, and from η = 2/λ on the
distance grows. The largest eigenvalue decides for all directions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from scalargrad import modes, tree
from scalargrad.derivatives.reverse import gradients
from scalargrad.derivatives.running import recorded
from scalargrad.derivatives.taken import taken_out, uncovered
from scalargrad.derivatives.variables import Variable, as_list, backend_for
from scalargrad.graph import Node
from scalargrad.settings import Array

__all__ = ["eta_max", "eta_opt", "largest_eigenvalue"]


def largest_eigenvalue(
    target: Any,
    variables: Any,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 10_000,
    seed: np.random.Generator | int | None = 0,
) -> float:
    """The largest eigenvalue λ of the Hessian, of a graph ``target`` by ``variables``, or of a function at a place.

    ``largest_eigenvalue(loss, [w, b])`` takes a Value or Tensor and what it is computed from: nodes, arrays of nodes,
    lists of these, or a module. ``largest_eigenvalue(f, x)`` takes a function and its argument: a number, an array, a
    Tensor, or a list of these.

    The Hessian itself is never made: power iteration, v ← Hv/‖Hv‖, needs only its products with vectors, each at the
    cost of about two gradients. It finds the eigenvalue μ of the largest magnitude; if that is not the largest, it is
    repeated with H + |μ|I, which has no negative eigenvalue. It ends when ‖Hv − λv‖ ≤ tolerance·|μ|, which is as near
    as λ can be wrong. The first v is drawn at random.

    Raises TypeError if the result is not a single number, ValueError if there is no variable, FloatingPointError if the
    Hessian is not finite, RuntimeError if ``max_iterations`` products were not enough.

    >>> round(largest_eigenvalue(lambda p: p[0] ** 2 + 3 * p[1] ** 2, [1.0, 1.0]), 6)
    6.0
    >>> from scalargrad import Value
    >>> x, y = Value(1.0), Value(2.0)
    >>> round(largest_eigenvalue(x * x * y - 5 * y**2, [x, y]), 6)  # H = [[4, 2], [2, −10]]
    4.28011
    """
    multiply, size = _hessian_product(target, variables)
    rng = np.random.default_rng(seed)
    start = rng.standard_normal(size)
    start /= np.linalg.norm(start)
    count = 0

    def iterate(shift: float, v: Array) -> tuple[float, float, bool]:
        """The eigenvalue found, the largest magnitude seen, and whether this is an eigenvalue within the tolerance."""
        nonlocal count
        magnitude = before = 0.0
        still = 0
        while True:
            product = multiply(v) + shift * v
            count += 1
            norm = float(np.linalg.norm(product))
            if not np.isfinite(norm):
                raise FloatingPointError("the second derivatives are not finite here: choose another place")
            quotient = float(v @ product)
            residual = float(np.linalg.norm(product - quotient * v))
            magnitude = max(magnitude, norm)
            if residual <= tolerance * max(magnitude, shift):
                return quotient - shift, magnitude, True
            still = still + 1 if norm - before <= tolerance * norm else 0
            if not shift and still > 2:  # the length has settled, the direction has not: λ and −λ
                return quotient, magnitude, False
            if count >= max_iterations:
                raise RuntimeError(
                    f"power iteration has not converged after {count} products (residual {residual:.2g}): "
                    "raise tolerance= or max_iterations="
                )
            before = norm
            v = product / norm

    found, magnitude, settled = iterate(0.0, start)
    if settled and found >= 0:
        return found
    return iterate(magnitude, start)[0]


def eta_opt(target: Any, variables: Any, **options: Any) -> float:
    """The learning rate 1/λ, at which a step in the most curved direction ends at the bottom.

    It takes what :func:`largest_eigenvalue` takes; λ is that. Raises ValueError if λ is not positive. Source: the
    lecture; LeCun et al., *Efficient BackProp*, 1998.

    >>> eta_opt(lambda x: 4 * x**2, 1.0)
    0.125
    """
    return 1 / _positive(target, variables, options)


def eta_max(target: Any, variables: Any, **options: Any) -> float:
    """The learning rate 2/λ, from which on gradient descent diverges; twice :func:`eta_opt`.

    >>> eta_max(lambda x: 4 * x**2, 1.0)
    0.25
    """
    return 2 / _positive(target, variables, options)


def _positive(target: Any, variables: Any, options: dict[str, Any]) -> float:
    λ = largest_eigenvalue(target, variables, **options)
    if λ <= 0:
        raise ValueError(f"the loss is nowhere curved upwards here (λ = {λ:g}), so curvature sets no learning rate")
    return λ


def _hessian_product(target: Any, variables: Any) -> tuple[Callable[[Array], Array], int]:
    """The function v → Hv on flat arrays, and their length."""
    if hasattr(variables, "parameters"):
        variables = variables.parameters()
    if not isinstance(target, (Node, np.ndarray)) and callable(target):
        given, structure = tree.flatten(variables)
        backend = backend_for(given, modes.backend())
        each = [Variable.standing_for(x, backend, "largest_eigenvalue") for x in given]
        xs = [node for x in each for node in x.nodes]
        with recorded(), modes.deriving(partial(taken_out, "largest_eigenvalue", frozenset(xs)), backend):
            target = uncovered(target, tree.unflatten(structure, [x.stand_in for x in each]))
    else:
        xs = [node for x in tree.flatten(variables)[0] for node in as_list(x)]
    if isinstance(target, np.ndarray) and target.size == 1:
        target = target.item()
    if not isinstance(target, Node) or getattr(target, "size", 1) != 1:
        raise TypeError(
            f"largest_eigenvalue: expected a single Value or Tensor computed from variables, not {target!r}"
        )
    if not all(isinstance(x, Node) for x in xs):
        raise TypeError("largest_eigenvalue: of a graph the variables are Values or Tensors, not plain numbers")
    shapes = [np.shape(x._data) for x in xs]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    if not len(ends) or not ends[-1]:
        raise ValueError("largest_eigenvalue: there are no variables")
    with recorded():
        slopes = gradients([target], [1.0], xs)

    def multiply(v: Array) -> Array:
        pieces = [piece.reshape(shape) for piece, shape in zip(np.split(v, ends[:-1]), shapes)]
        with modes.no_grad(), np.errstate(all="ignore"):
            products = gradients(slopes, [piece if piece.ndim else float(piece) for piece in pieces], xs)
        flat = [np.broadcast_to(_numbers(p), shape).ravel() for p, shape in zip(products, shapes)]
        return np.concatenate(flat).astype(np.float64)

    return multiply, int(ends[-1])


def _numbers(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x
