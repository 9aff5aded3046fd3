"""Scalar code run on stand-ins for one example: what it returned, which leaf stands for what, and if it repeats."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastpath.compiler.batches import Batch, integers_of
from fastpath.compiler.closure import Surroundings
from fastpath.compiler.values import ScalarTracer, TracedValue, guarded
from fastpath.numerics import shown
from fastpath.traced.comparing import same_op, same_settings
from fastpath.traced.nesting import Rebuild, flattened, is_nested
from fastpath.traced.refusing import users_line
from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.graph import topological_order
from scalargrad.ops.given import is_number


class Tracing:
    """One tracing of a function: what it returned in each case, and which leaves stand for what."""

    def __init__(self, tracer: ScalarTracer) -> None:
        self.tracer = tracer
        self.places: dict[Value, tuple[int, int]] = {}
        self.roots: list[Value] = []
        self.constants: set[Value] = set()
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


@dataclass
class Difference:
    """Two tracings of a function differ, first in this node of the second; None if in what they return."""

    node: Value | None


def compared(first: Tracing, second: Tracing) -> Difference | None:
    """Where two tracings differ. If nowhere, the leaves that the code made itself, the same each time, are constants.

    Which leaf stands for which argument both know; parameters are in both.
    """
    twins = {place: leaf for leaf, place in second.places.items()}
    same = {leaf: twins.get(place, leaf) for leaf, place in first.places.items()}
    pairs: dict[Value, Value] = {}
    made: set[Value] = set()
    stand_ins = set(same.values())
    for a, b in itertools.zip_longest(topological_order(*first.roots), topological_order(*second.roots)):
        if a is None or b is None:
            return Difference(b)
        pairs[a] = b
        if a.op is not None and b.op is not None:
            alike = same_op(a.op, b.op) and len(a.inputs) == len(b.inputs)
            alike = alike and all(_alike(pairs.get(x, x), y) for x, y in zip(a.inputs, b.inputs))
        elif a is b or same.get(a) is b:
            alike = True
        else:
            alike = a.op is b.op and a not in same and b not in stand_ins and _alike(a.data, b.data)
            made.add(a)
        if not alike:
            return Difference(b)
    if not all(_alike(pairs.get(a, a), b) for a, b in zip(first.roots, second.roots)):
        return Difference(None)
    first.constants = made
    return None


def line_of(node: Value | None, tracing: Tracing) -> str:
    """The line of the user's code that made a node or, if it is a leaf, uses it."""
    lines = tracing.tracer.lines
    users = [n for n in topological_order(*tracing.roots) if any(x is node for x in n.inputs)]
    place = next((lines[n] for n in [node, *users] if n in lines), None) if node is not None else None
    return users_line(place) if place else "what it returns"


def _alike(x: Any, y: Any) -> bool:
    """The same node, or the same number."""
    return x is y or (type(x) is type(y) is float and same_settings(x, y))


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
    found = Tracing(ScalarTracer(generators, any(batch.integers) and not known, keeps_lines))
    inputs = {
        i: _example(title, shape, i, found.places, start)
        for i, (title, shape) in enumerate(zip(batch.names, shapes)) if i not in known
    }  # fmt: skip
    read = state.parameters if state.reads("data", "grad") else ()
    for case in cases:
        stand_ins = {**inputs, **integers_of(case, known, shapes)}
        positional, keywords = batch.with_others([stand_ins[i] for i in range(len(shapes))])
        with guarded(read), modes.tracing(found.tracer), modes.enable_grad():
            returned = function(*positional, **keywords)
            found.tracer.check_generators()
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
