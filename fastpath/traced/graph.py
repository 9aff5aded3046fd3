"""Running a function once to see what it does: its arguments stand in as Tensors that record everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastpath.node import make
from fastpath.numerics import Array
from fastpath.tensor import Tensor
from fastpath.traced.nesting import Rebuild, flattened, is_nested
from fastpath.traced.tensors import Traced, TracedInteger
from fastpath.traced.tracer import ArrayTracer
from scalargrad import modes
from scalargrad.graph import topological_order


@dataclass
class Graph:
    """What was seen: the nodes in topological order, the outputs, and what stands for the arguments."""

    order: list[Any]
    outputs: list[Tensor]
    single: bool
    """Whether the function returned one array rather than a tuple, a list or a dict."""
    arguments: list[Tensor]
    draws: dict[Tensor, Callable[[], Any]]
    """What is computed anew at every run, and how."""
    observers: list[tuple[Callable[..., Any], tuple[Any, ...]]]
    """Functions that are called at every run, with these arrays."""
    lines: dict[Any, tuple[str, int]]
    """The file and line of the user's code that made each node."""
    rebuild: Rebuild
    """Puts results together as the function did."""


def traced(
    function: Callable[..., Any],
    arrays: Sequence[Array],
    names: Sequence[str],
    whole: Sequence[bool] = (),
    generators: Sequence[Any] | None = (),
) -> Graph:
    """Run a function on stand-ins for these arrays, which are labelled with these names.

    Those marked as ``whole`` are single integers: if the function asks for their number, that is an IntegerNeededError.
    """
    tracer = ArrayTracer(generators)
    arguments = []
    for i, (array, name) in enumerate(zip(arrays, names)):
        leaf = make(array, None, (), None, None)
        leaf.__class__ = TracedInteger if i < len(whole) and whole[i] else Traced
        leaf.requires_grad, leaf.label = True, name
        arguments.append(leaf)
    with modes.tracing(tracer), modes.enable_grad():
        returned = function(*arguments)
        tracer.check_generators()
    outputs, rebuild = flattened(returned)
    for i, x in enumerate(outputs):
        if not isinstance(x, Tensor):
            if not isinstance(x, (float, int, np.ndarray, np.generic)) or np.asarray(x).dtype.kind not in "fiub":
                raise TypeError(
                    f"compile: the function returned {type(x).__name__}; expected a Tensor, or Tensors in a tuple, "
                    "list or dict"
                )
            outputs[i] = Tensor(x)
    watched = [x for _, arrays in tracer.observers for x in arrays if isinstance(x, Tensor)]
    order = topological_order(*outputs, *watched)
    single = not is_nested(returned)
    return Graph(order, outputs, single, arguments, tracer.draws, tracer.observers, tracer.lines, rebuild)
