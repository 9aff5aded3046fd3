"""The arguments of scalar code: arrays with a row for each example, and integers that have to be known."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastpath.compiler.arguments import Arguments, as_array, given, is_setting, key_of
from fastpath.numerics import Array
from scalargrad.engine import Value


class Batch(Arguments):
    """The arguments of a call: arrays with a row for each example, and settings."""

    @property
    def integers(self) -> list[bool]:
        """Which arrays were given as integers."""
        return [x.dtype.kind in "iu" for x in self.arrays]


def batch_of(
    name: str, signature: inspect.Signature | None, arguments: tuple[Any, ...], named: dict[str, Any]
) -> Batch:
    """The arguments as arrays with a row for each example."""
    try:
        call = given(signature, arguments, named)
    except TypeError as error:
        raise TypeError(f"{name} takes {signature}: {error}") from None
    places = [i for i, x in enumerate(call.values) if not is_setting(x)]
    arrays = [as_array(call.values[i], call.names[i], "an array of numbers") for i in places]
    settings = [(n, key_of(x)) for n, x in zip(call.names, call.values) if is_setting(x)]
    batch = Batch(call, places, arrays, tuple(settings))
    counts = [f"{title} has {len(x)}" for title, x in zip(batch.names, arrays) if x.ndim]
    if not arrays:
        raise TypeError(f"compile: {name} takes no argument, so there is no batch to run it over")
    if not counts:
        raise ValueError(
            f"compile: the argument {batch.names[0]} is a single number; its first axis counts the examples: "
            f"[{arrays[0]}]"
        )
    sizes = {len(x) for x in arrays if x.ndim}
    if len(sizes) > 1:
        raise ValueError(f"compile: the arguments have different numbers of examples: {', '.join(counts)}")
    (size,) = sizes
    batch.arrays = [x if x.ndim else np.full(size, x) for x in arrays]  # the same for every example
    return batch


def as_example(x: Any, whole: bool) -> Any:
    """One example of an argument, as the function gets it where nothing is compiled."""
    if whole:
        return int(x) if not np.ndim(x) else x
    return np.frompyfunc(Value, 1, 1)(x) if np.ndim(x) else Value(x)


# --- integers that have to be known ----------------------------------------------------------------------------------


def rows_of(batch: Batch, known: Sequence[int]) -> Array:
    """The integers that have to be known, a row for each example."""
    columns = [x.reshape(len(x), int(np.prod(x.shape[1:]))) for x in (batch.arrays[i] for i in known)]
    return np.concatenate(columns, axis=1).astype(np.int64)


def cases_in(batch: Batch, known: Sequence[int]) -> dict[tuple[int, ...], None]:
    """The combinations of integers in a batch."""
    rows = rows_of(batch, known)
    return dict.fromkeys(map(tuple, np.unique(rows, axis=0).tolist())) if len(rows) else {}


def numbers_of(batch: Batch, known: Sequence[int], cases: Mapping[tuple[int, ...], int]) -> Array:
    """Which case each example is."""
    rows = rows_of(batch, known)
    if not len(rows):
        return np.zeros(0, np.intp)
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    return np.array([cases[case] for case in map(tuple, unique.tolist())], np.intp)[inverse.reshape(-1)]


def integers_of(case: tuple[int, ...], known: Sequence[int], shapes: Sequence[tuple[int, ...]]) -> dict[int, Any]:
    """The integers of a case as the arguments they are."""
    found: dict[int, Any] = {}
    start = 0
    for i in known:
        size = int(np.prod(shapes[i]))
        part = case[start : start + size]
        found[i] = np.array(part, np.int64).reshape(shapes[i]) if shapes[i] else part[0]
        start += size
    return found
