"""Scalar code run once on stand-ins for an example: what it returned, and which leaves stand for what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastpath.compiler.batches import Batch, integers_of
from fastpath.compiler.closure import Surroundings
from fastpath.compiler.repeating import TracedValue, Tracer, hidden, leaves_made
from fastpath.numerics import shown
from fastpath.traced.nesting import Rebuild, flattened, is_nested
from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.ops.given import is_number


class Tracing:
    """One tracing of a function: what it returned in each case, and which leaves stand for what."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.places: dict[Value, tuple[int, int]] = {}
        self.roots: list[Value] = []
        self.nested = False
        self.rebuild: Rebuild | None = None
        self._layout: Any = None

    def add(self, returned: Any, name: str) -> None:
        """What the function returned: a Value, or Values in tuples, lists, dicts and arrays."""
        arrays, rebuild = flattened(returned)
        layout: list[Any] = []
        roots: list[Value] = []
        for x in arrays:
            nodes = list(x.flat) if isinstance(x, np.ndarray) else [x]
            if not all(isinstance(v, Value) or is_number(v) for v in nodes) or x is None or not nodes:
                raise TypeError(
                    f"compile: {name} returned {shown(x)}, not a Value, or Values in a tuple, list or array"
                )
            if not is_nested(returned) and not any(isinstance(v, Value) for v in nodes):
                raise TypeError(f"compile: {name} returned {shown(x)}, not a Value")
            roots += [v if isinstance(v, Value) else Value(v) for v in nodes]
            layout.append(x.shape if isinstance(x, np.ndarray) else None)
        nested = is_nested(returned) or layout[0] not in (None, (), (1,))
        if self._layout is not None and (layout, nested) != self._layout:
            raise TypeError(f"compile: {name} returns results of other shapes for other integers")
        self._layout = layout, nested
        self.nested = nested
        self.roots += roots
        self.rebuild = lambda new: rebuild(_in_shapes(new, layout))


def _in_shapes(columns: Sequence[Any], layout: Sequence[Any]) -> list[Any]:
    """Results, one array for each root, as arrays of the shapes the function gave."""
    rest = iter(columns)
    found = []
    for shape in layout:
        if shape is None:
            found.append(next(rest))
        else:
            parts = [next(rest) for _ in range(int(np.prod(shape)))]
            whole = np.stack(parts, axis=-1) if parts else np.empty(0)
            found.append(whole.reshape((*whole.shape[:-1], *shape)))
    return found


def compared(first: Tracing, second: Tracing) -> set[Value]:
    """The constants of two tracings that do the same."""
    twins = {place: leaf for leaf, place in second.places.items()}
    same = {leaf: twins.get(place, leaf) for leaf, place in first.places.items()}
    return leaves_made(first.roots, second.roots, same)


def trace(
    function: Callable[..., Any],
    name: str,
    batch: Batch,
    shapes: Sequence[tuple[int, ...]],
    start: float,
    known: list[int],
    cases: list[tuple[int, ...]],
    state: Surroundings,
    generators: Sequence[Any] | None,
    keeps_lines: bool = False,
) -> Tracing:
    """What the function makes of one example of these shapes, for each case of integers that it needs to know."""
    found = Tracing(Tracer(generators, any(batch.integers) and not known, keeps_lines))
    inputs = {
        i: _example(title, shape, i, found.places, start)
        for i, (title, shape) in enumerate(zip(batch.names, shapes)) if i not in known
    }  # fmt: skip
    names = [p for p in state.parameters if isinstance(p, Value)] if state.reads("data", "grad", "item") else []
    for case in cases:
        values = list(batch.call.values)
        for i, x in {**inputs, **integers_of(case, known, shapes)}.items():
            values[batch.places[i]] = x
        positional, keywords = batch.call.call(values)
        with hidden(names), modes.tracing(found.tracer), modes.enable_grad():
            returned = function(*positional, **keywords)
            found.tracer.random_numbers.check_generators()
        found.add(returned, name)
    for number, (nodes, _, _) in enumerate(found.tracer.draws, len(shapes)):
        found.places.update({v: (number, i) for i, v in enumerate(nodes)})
    return found


def _example(name: str, shape: tuple[int, ...], number: int, places: dict[Value, tuple[int, int]], start: float) -> Any:
    """What stands for one example of an argument: a Value, or an array of Values; they are different numbers."""
    if not shape:
        value = _leaf(start, name)
        places[value] = number, 0
        return value
    box = np.empty(shape, dtype=object)
    for i, place in enumerate(np.ndindex(shape)):
        box[place] = value = _leaf(start + 0.001 * i, f"{name}_{'_'.join(map(str, place))}")
        places[value] = number, i
    return box


def _leaf(number: float, label: str) -> Value:
    leaf = Value(number, label=label)
    leaf.__class__ = TracedValue
    return leaf
