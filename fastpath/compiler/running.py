"""A lifted program over a batch: the function over Tensors that is planned, and its results put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from fastpath.compiler.vectorizing import Vectorized, columns_of, repeated
from fastpath.numerics import Array
from fastpath.tensor import Tensor
from fastpath.traced.nesting import Rebuild
from scalargrad import modes
from scalargrad.ops.structural import concatenate, index, mean, reshape
from scalargrad.ops.structural import sum as total


def _columns(arguments: Sequence[Any], sizes: Sequence[int], draws: Sequence[Any]) -> tuple[list[Any], int]:
    """The arguments as columns, those that are drawn at random last, and how many examples there are."""
    columns = [columns_of(x, size) for x, size in zip(arguments, sizes)]
    count = columns[0].shape[0]
    tracer = modes.tracer()
    for draw, shape in draws:
        assert tracer is not None
        columns.append(tracer.each_run(partial(_drawn, draw, (count, *shape))))
    return columns, count


def _drawn(draw: Callable[[tuple[int, ...]], Array], shape: tuple[int, ...]) -> Array:
    return draw(shape).reshape(shape[0], -1)


def batched(
    lifted: Vectorized, store: Tensor | None, sizes: Sequence[int], draws: Sequence[Any], reduction: str
) -> Callable[..., Any]:
    """The function over Tensors that runs the lifted program on a batch."""

    def batch(*arguments: Any) -> Any:
        columns, count = _columns(arguments, sizes, draws)
        first, *rest = lifted.run(columns, store)
        if reduction == "none":
            return reshape(repeated(first, count), (count,))
        scale = float(count) if reduction == "sum" else 1.0 if count else float("nan")  # there is no mean of nothing
        if not (hasattr(first, "ndim") and first.ndim == 2):  # nothing in it depends on the example
            rest, whole_sum = [first, *rest], None
        else:
            whole_sum = mean(first) if reduction == "mean" else total(first)
        signs = lifted.signs if whole_sum is None else lifted.signs[1:]
        for sign, part in zip(signs, rest):
            part = reshape(part, ()) if hasattr(part, "ndim") else part
            if not scale:  # of no examples, even where it is infinite
                part = total(reshape(part, (1,))[:0])
            part = part * (sign * scale) if sign * scale != 1 else part
            whole_sum = part if whole_sum is None else whole_sum + part
        return whole_sum

    return batch


def batched_several(
    lifted: Vectorized,
    store: Tensor | None,
    sizes: Sequence[int],
    draws: Sequence[Any],
    reduction: str,
    cases: int,
    several: bool,
) -> Callable[..., Any]:
    """The function over Tensors that gives (N, results), or of a single result (N,); reduced over the examples.

    Where it was traced for several cases, the last argument says which of them each example is.
    """
    results = len(lifted.outputs) // cases

    def batch(*arguments: Any) -> Any:
        columns, count = _columns(arguments, sizes, draws)
        parts = [repeated(x, count) for x in lifted.run(columns, store)]
        found = concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        if cases > 1:
            found = index(reshape(found, (count, cases, results)), (np.arange(count), arguments[-1]))
        if not several:
            found = reshape(found, (count,))
        return found if reduction == "none" else (mean if reduction == "mean" else total)(found, axis=0)

    return batch


def only(results: Sequence[Any], batch: tuple[int, ...]) -> Any:
    return results[0]


def several(x: Any) -> Sequence[Any]:
    return x if isinstance(x, tuple) else (x,)


def rebuilt(rebuild: Rebuild, reduction: str, results: Sequence[Any], batch: tuple[int, ...]) -> Any:
    """The columns of the results, put together as the function did."""
    (whole,) = results
    return rebuild([np.ascontiguousarray(c) if reduction == "none" else float(c) for c in np.moveaxis(whole, -1, 0)])
