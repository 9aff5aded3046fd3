"""Moving parameters along two directions: what a loss surface is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from scalargrad.metrics.arrays import plain
from scalargrad.plots.arrays import numbers
from scalargrad.settings import Array


@contextmanager
def along(loss_of: Callable[..., Any], theta: Any, directions: Any, seed: Any) -> Iterator[Callable[[Any, Any], float]]:
    """The function (a, b) → loss_of(θ + a·d₁ + b·d₂), for a ``with`` block; a module is restored at its end."""
    module = hasattr(theta, "named_parameters")
    nodes = dict(theta.named_parameters()) if module else {}
    at = _parts(nodes if module else theta, "theta")
    if not at:
        raise ValueError("theta has no parameters")
    one, two = _given(directions, at) if directions is not None else _random(at, seed)

    def moved(a: Any, b: Any) -> float:
        a, b = float(a), float(b)  # arrays of places are refused: each is a loss of its own
        new = {name: at[name] + a * one[name] + b * two[name] for name in at}
        if module:
            _write(nodes, new)
            return float(plain(loss_of()))
        return float(plain(loss_of(_arranged(new, theta))))

    try:
        yield moved
    finally:
        if module:
            _write(nodes, at)


def _parts(theta: Any, what: str) -> dict[Any, Array]:
    """The arrays of an arrangement by name, or by position."""
    if isinstance(theta, Mapping):
        return {name: numbers(array, f"{what}[{name!r}]") for name, array in theta.items()}
    if isinstance(theta, (list, tuple)) and any(np.ndim(part) for part in theta):
        return {i: numbers(array, f"{what}[{i}]") for i, array in enumerate(theta)}
    return {None: numbers(theta, what)}


def _arranged(new: dict[Any, Array], like: Any) -> Any:
    if isinstance(like, Mapping):
        return new
    return new[None] if None in new else list(new.values())


def _given(directions: Any, at: dict[Any, Array]) -> list[dict[Any, Array]]:
    if len(directions) != 2:
        raise ValueError(f"directions must be two, each arranged as theta, not {len(directions)}")
    both = [_parts(direction, "directions") for direction in directions]
    for direction in both:
        shapes = {name: array.shape for name, array in direction.items()}
        if shapes != {name: array.shape for name, array in at.items()}:
            raise ValueError("directions must have the arrangement and the shapes of theta")
    return both


def _random(at: dict[Any, Array], seed: Any) -> list[dict[Any, Array]]:
    """Two random directions, each filter as long as that of theta."""
    if not any(array.any() for array in at.values()):
        raise ValueError("theta is 0 everywhere, so random directions have no length: give directions")
    rng = np.random.default_rng(seed)
    return [
        {name: _as_long(np.asarray(rng.standard_normal(array.shape)), array) for name, array in at.items()}
        for _ in range(2)
    ]


def _as_long(direction: Array, array: Array) -> Array:
    axis = 0 if array.ndim == 2 else None
    length = np.linalg.norm(direction, axis=axis) if array.ndim else np.abs(direction)
    wanted = np.linalg.norm(array, axis=axis) if array.ndim else np.abs(array)
    scaled: Array = direction * wanted / np.where(length > 0, length, 1.0)
    return scaled


def _write(nodes: dict[str, Any], new: dict[Any, Array]) -> None:
    """The numbers into the parameters: Values one by one, Tensors whole."""
    for name, node in nodes.items():
        if hasattr(node, "_array"):
            node._array = new[name]
            continue
        for value, number in zip(np.asarray(node, dtype=object).flat, np.ravel(new[name])):
            value.data = float(number)
