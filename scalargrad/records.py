"""The records a Trace is made of: nodes, edges, steps, in plain data that can be written as JSON.

Every view (drawing, steps, JSON) is made from a Trace, never from the engine's objects, so they all show the same
numbers, and none of them touches a ``grad``.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

FORMAT = "scalargrad.trace/1"
"""What a trace written as JSON calls itself."""


@dataclass(frozen=True, slots=True)
class ArrayNumber:
    """An array as plain data: what a view shows of it."""

    shape: tuple[int, ...]
    dtype: str
    mean: float
    norm: float
    """The square root of the sum of the squares."""
    entries: Any = None
    """The elements as nested tuples, if there are at most ENTRIES of them; otherwise None."""


ENTRIES = 64
"""Up to how many elements an array is kept whole in a Trace."""

Number = float | ArrayNumber
"""What a node's value and a gradient are in a Trace."""


class Record:
    """A node or an edge: with room for what it was taken from, where not all of it is there yet."""

    __slots__ = ("_place", "_taken")
    _taken: Any
    _place: int


@dataclass(frozen=True, slots=True)
class TraceNode(Record):
    """A node: what it is, its value, and the derivative of the root by it.

    A TraceNode serves as an index of ``trace.nodes``: ``trace.nodes[edge.input]`` is ``edge.input``.
    """

    index: int
    """Its place in topological order."""
    name: str
    """How formulas call it: its label as people write it, or v₁, v₂, … (L for a root without a label)."""
    label: str | None
    """The label given to it, as it is."""
    op: str | None
    """The name of the operation that made it; None for a leaf."""
    symbol: str
    """What stands in its node: ``×``, ``exp``, or with a constant operand ``+1``, ``1/x``; empty for a leaf."""
    operands: tuple[int | float, ...]
    """What it was made from: an int is the index of a node, a float a constant."""
    formula: str
    """The operation with the operands' names: ``w₀·x₀``; empty for a leaf."""
    latex: str
    """The same in LaTeX."""
    value: Number
    grad: Number | None
    """The derivative of the root by it; None for an array of which no gradient was asked."""
    scope: str | None = None
    """The path of scopes it was made in: ``net/layer 1``. Empty for a leaf that is a parameter of a module."""

    def __index__(self) -> int:
        return self.index

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made it."""
        return self.op is None


@dataclass(frozen=True, slots=True)
class EdgeGrad(Record):
    """An edge from an operand to the operation's output, with what the backward pass does on it."""

    input: TraceNode
    position: int
    """Which operand of the output this is, from 0."""
    output: TraceNode
    upstream: Number
    """The derivative of the root by the output."""
    local: Number | None
    """The derivative of the output by this operand; None where an op moves or reduces, and has a pullback instead."""
    downstream: Number
    """``upstream × local``: what this edge adds to the operand's gradient."""
    formula: str
    """The local derivative as drawn: ``x₀``, ``−1/x²``; an operand without a label is ``x`` if it stands alone."""
    latex: str
    """The local derivative in LaTeX, with the names of the nodes."""
    named: str
    """The local derivative with the names of the nodes, never ``x`` in place of one: ``−1/v₆²``."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the computation.

    ========== ===================================================== =====================
    kind       what happens                                          what belongs to it
    ========== ===================================================== =====================
    leaf       a value is given                                      node
    forward    an operation computes ``node.value``                  node
    seed       the root's gradient is set to 1                       node
    backward   an edge passes ``upstream × local`` to its input      node (input), edges[0]
    sum        a node used more than once adds up what it received   node, edges
    ========== ===================================================== =====================
    """

    kind: str
    node: TraceNode
    edges: tuple[EdgeGrad, ...] = ()


@dataclass(frozen=True)
class Trace:
    """A computational graph with all its numbers: ``nodes``, ``edges``, ``forward`` and ``backward`` steps.

    >>> from scalargrad import Value, trace
    >>> w, x = Value(2.0, label="w0"), Value(-1.0, label="x0")
    >>> t = trace(w * x)
    >>> edge = t.edges[0]
    >>> edge.input.name, edge.upstream, edge.local, edge.downstream, edge.formula
    ('w₀', 1.0, -1.0, -1.0, 'x₀')
    """

    nodes: tuple[TraceNode, ...]
    """In topological order; the last is the root."""
    edges: tuple[EdgeGrad, ...]
    """In the order of the backward pass: outputs before inputs, operands from left to right."""

    @classmethod
    def _of(cls, taken: Any) -> Trace:
        """The Trace of what was taken, whose nodes and edges are made when they are first asked for."""
        trace = object.__new__(cls)
        trace.__dict__["_taken"] = taken
        return trace

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in ("nodes", "edges") or "_taken" not in self.__dict__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            made = self._taken.nodes() if name == "nodes" else self._taken.edges(self.nodes)
            return self.__dict__.setdefault(name, made)  # two threads get the same

    def __reduce__(self) -> tuple[Any, ...]:
        return Trace, (self.nodes, self.edges)

    @property
    def root(self) -> TraceNode:
        """The node whose derivatives these are."""
        return self.nodes[-1]

    @property
    def leaves(self) -> tuple[TraceNode, ...]:
        """The nodes no operation made."""
        return tuple(n for n in self.nodes if n.is_leaf)

    @cached_property
    def _edges_by_input(self) -> dict[int, list[EdgeGrad]]:
        found: dict[int, list[EdgeGrad]] = {}
        for edge in self.edges:
            found.setdefault(edge.input.index, []).append(edge)
        return found

    def edges_from(self, node: TraceNode | int) -> tuple[EdgeGrad, ...]:
        """The edges that leave a node; its gradient is the sum of their downstreams. More than one: a fork."""
        return tuple(self._edges_by_input.get(int(getattr(node, "index", node)), ()))

    @cached_property
    def _edges_by_output(self) -> dict[int, list[EdgeGrad]]:
        found: dict[int, list[EdgeGrad]] = {}
        for edge in self.edges:
            found.setdefault(edge.output.index, []).append(edge)
        return found

    def edges_into(self, node: TraceNode | int) -> tuple[EdgeGrad, ...]:
        """The edges that lead into a node, one for each operand that gets a gradient."""
        return tuple(self._edges_by_output.get(int(getattr(node, "index", node)), ()))

    @cached_property
    def forward(self) -> tuple[Step, ...]:
        """The forward pass, node by node."""
        return tuple(Step("leaf" if n.is_leaf else "forward", n) for n in self.nodes)

    @cached_property
    def backward(self) -> tuple[Step, ...]:
        """The backward pass: the seed, then edge by edge, and at a fork the sum once all its downstreams are there."""
        steps = [Step("seed", self.root)]
        received: dict[int, list[EdgeGrad]] = {}
        for edge in self.edges:
            node = edge.input
            downstreams = received.setdefault(node.index, [])
            downstreams.append(edge)
            steps.append(Step("backward", node, (edge,)))
            if 1 < len(downstreams) == len(self._edges_by_input[node.index]):
                steps.append(Step("sum", node, tuple(downstreams)))
        return tuple(steps)

    def to_dict(self) -> dict[str, Any]:
        """The trace as dicts, lists, texts and numbers, with node indices for nodes."""
        return {
            "format": FORMAT,
            "root": self.root.index,
            "nodes": [
                {
                    "index": n.index,
                    "name": n.name,
                    "label": n.label,
                    "op": n.op,
                    "symbol": n.symbol,
                    "operands": [{"node": x} if isinstance(x, int) else {"constant": _json(x)} for x in n.operands],
                    "formula": n.formula,
                    "latex": n.latex,
                    "value": _json(n.value),
                    "grad": _json(n.grad),
                    "scope": n.scope,
                }
                for n in self.nodes
            ],
            "edges": [
                {
                    "input": e.input.index,
                    "position": e.position,
                    "output": e.output.index,
                    "upstream": _json(e.upstream),
                    "local": _json(e.local),
                    "downstream": _json(e.downstream),
                    "formula": e.formula,
                    "latex": e.latex,
                    "named": e.named,
                }
                for e in self.edges
            ],
        }

    def to_json(self, indent: int | None = None) -> str:
        """The trace as JSON; numbers JSON has no word for are the texts ``"inf"``, ``"-inf"``, ``"nan"``."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)
        return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair has no UTF-8, but an escape

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """The trace that :meth:`to_json` wrote; ValueError with one sentence if the text is another one."""
        from scalargrad.stored import read

        return read(text)

    def __repr__(self) -> str:
        name = self.root.name if self.root.name.isprintable() else ascii(self.root.name)
        return f"<Trace of {name}: {len(self.nodes)} nodes, {len(self.edges)} edges>"


def _json(x: Any) -> Any:
    """A number for JSON, which has no word for infinities and nan."""
    if isinstance(x, ArrayNumber):
        return {f.name: _json(getattr(x, f.name)) for f in fields(x)}
    if isinstance(x, tuple):
        return [_json(y) for y in x]
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


def plain(x: Any) -> Any:
    """A number or an array as plain data, None as None."""
    if x is None:
        return None
    shape = getattr(x, "shape", ())
    if shape == ():
        return float(x)
    norm = math.sqrt(float((x * x).sum()))
    mean = float(x.sum()) / x.size if x.size else math.nan
    entries = _tuples(x.tolist()) if x.size <= ENTRIES else None
    return ArrayNumber(tuple(shape), str(x.dtype), mean, norm, entries)


def _tuples(x: Any) -> Any:
    return tuple(map(_tuples, x)) if isinstance(x, list) else x
