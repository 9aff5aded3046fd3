"""The arguments of ``fit``, checked before the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from scalargrad.data.batching import batches
from scalargrad.settings import flag
from scalargrad.training.history import History

Pair = tuple[Any, Any]


def batches_of(
    X: Any, y: Any, size: int | None, drop_last: bool, rng: np.random.Generator
) -> Callable[[], Iterator[Pair]]:
    """A function that gives the batches of an epoch."""
    drop_last = flag(drop_last, "fit: drop_last")
    if size is None:
        return lambda: iter([(X, y)])
    parts = batches(X, y, size, seed=rng, drop_last=drop_last)
    return lambda: iter(parts)


def require_batches(model: Any, n: int, size: int | None, drop_last: bool) -> None:
    """Refuse batches too small for a module (``least_batch``), before the first step."""
    size = n if size is None else min(size, n)
    rest = 0 if drop_last else n % size
    for module in getattr(model, "modules", lambda: ())():
        least = getattr(module, "least_batch", 1)
        name = type(module).__name__
        if size < least:
            raise ValueError(f"fit: {name} needs batches of at least {least} examples, not of {size}: see batch_size")
        if 0 < rest < least:
            raise ValueError(
                f"fit: the last batch would have {rest} of the {n} examples, and {name} needs at least {least}: give "
                "drop_last=True, or another batch_size"
            )


def functions_by_name(metrics: Any) -> dict[str, Callable[[Any, Any], float]]:
    """Metrics by their names."""
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping) or not all(isinstance(n, str) and callable(f) for n, f in metrics.items()):
        raise TypeError(
            f"fit: metrics are functions by name, such as {{'accuracy': metrics.accuracy}}, not {metrics!r}"
        )
    return dict(metrics)


def functions(given: Any) -> list[Callable[[History], Any]]:
    """Callbacks, to be called after every epoch."""
    try:
        callbacks = list(given)
    except TypeError:
        callbacks = [None]
    if not all(map(callable, callbacks)):
        raise TypeError(f"fit: callbacks is a list of functions of the history, not {given!r}")
    return callbacks
