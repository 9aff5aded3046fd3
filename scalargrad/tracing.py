"""The Trace: one immutable snapshot of a graph and its gradients, in plain data.

Every view (drawing, steps, JSON) is made from a Trace, never from the engine's objects, so they all show the same
numbers, and none of them touches a ``grad``.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from scalargrad import graph
from scalargrad.symbolic import number_text, pretty_name


class StaleGraphError(RuntimeError):
    """A number in a graph is no longer what the graph computes, since an input was changed afterwards."""


@dataclass(frozen=True, slots=True)
class TraceNode:
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
    value: float
    grad: float
    scope: str | None = None
    """The path of scopes it was made in: ``net/layer 1``."""

    def __index__(self) -> int:
        return self.index

    @property
    def is_leaf(self) -> bool:
        """Whether no operation made it."""
        return self.op is None


@dataclass(frozen=True, slots=True)
class EdgeGrad:
    """An edge from an operand to the operation's output, with what the backward pass does on it."""

    input: TraceNode
    position: int
    """Which operand of the output this is, from 0."""
    output: TraceNode
    upstream: float
    """The derivative of the root by the output."""
    local: float
    """The derivative of the output by this operand."""
    downstream: float
    """``upstream × local``: this edge's share of the operand's gradient."""
    formula: str
    """The local derivative as drawn: ``x₀``, ``−1/x²``; an operand without a label is ``x`` if it stands alone."""
    latex: str
    """The local derivative in LaTeX, with the names of the nodes."""
    named: str
    """The local derivative with the names of the nodes, ``x`` nowhere put for one of them: ``−1/v₆²``."""


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
    def forward(self) -> tuple[Step, ...]:
        """The forward pass, node by node."""
        return tuple(Step("leaf" if n.is_leaf else "forward", n) for n in self.nodes)

    @cached_property
    def backward(self) -> tuple[Step, ...]:
        """The backward pass: the seed, then edge by edge, and at a fork the sum once all its shares are there."""
        steps = [Step("seed", self.root)]
        received: dict[int, list[EdgeGrad]] = {}
        for edge in self.edges:
            node = edge.input
            shares = received.setdefault(node.index, [])
            shares.append(edge)
            steps.append(Step("backward", node, (edge,)))
            if 1 < len(shares) == len(self._edges_by_input[node.index]):
                steps.append(Step("sum", node, tuple(shares)))
        return tuple(steps)

    def to_dict(self) -> dict[str, Any]:
        """The trace as dicts, lists, texts and numbers, with node indices for nodes."""
        return {
            "format": "scalargrad.trace/1",
            "root": self.root.index,
            "nodes": [
                {
                    "index": n.index,
                    "name": n.name,
                    "label": n.label,
                    "op": n.op,
                    "symbol": n.symbol,
                    "operands": [{"node": x} if isinstance(x, int) else {"constant": _plain(x)} for x in n.operands],
                    "formula": n.formula,
                    "latex": n.latex,
                    "value": _plain(n.value),
                    "grad": _plain(n.grad),
                    "scope": n.scope,
                }
                for n in self.nodes
            ],
            "edges": [
                {
                    "input": e.input.index,
                    "position": e.position,
                    "output": e.output.index,
                    "upstream": _plain(e.upstream),
                    "local": _plain(e.local),
                    "downstream": _plain(e.downstream),
                    "formula": e.formula,
                    "latex": e.latex,
                    "named": e.named,
                }
                for e in self.edges
            ],
        }

    def to_json(self, indent: int | None = None) -> str:
        """The trace as JSON; numbers JSON has no word for are the texts ``"inf"``, ``"-inf"``, ``"nan"``."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """The trace that :meth:`to_json` wrote."""
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("format") != "scalargrad.trace/1":
            raise ValueError("this JSON is not a trace: it has no format scalargrad.trace/1")
        nodes = []
        for record in data["nodes"]:
            operands = tuple(x["node"] if "node" in x else float(x["constant"]) for x in record["operands"])
            numbers = {key: float(record[key]) for key in ("value", "grad")}
            nodes.append(TraceNode(**{**record, **numbers, "operands": operands}))
        edges = []
        for record in data["edges"]:
            ends = {key: nodes[record[key]] for key in ("input", "output")}
            numbers = {key: float(record[key]) for key in ("upstream", "local", "downstream")}
            edges.append(EdgeGrad(**{**record, **ends, **numbers}))
        return cls(tuple(nodes), tuple(edges))

    def __repr__(self) -> str:
        return f"<Trace of {self.root.name}: {len(self.nodes)} nodes, {len(self.edges)} edges>"


def _plain(x: float) -> float | str:
    return x if math.isfinite(x) else str(x)


def trace(root: Any) -> Trace:
    """The snapshot of the graph behind ``root``: values, gradients and what every edge passes on.

    Pure: no ``grad`` is read or written. Raises StaleGraphError if an input was changed since the graph was built, as
    an optimizer step does: build the graph again first. A Trace is returned as it is.
    """
    if isinstance(root, Trace):
        return root
    if not isinstance(root, graph.Node):
        raise TypeError(f"expected a node of a graph (a Value) or a Trace, not {root!r}")
    return _Tracing(graph.topological_order(root)).result()


@dataclass
class _Tracing:
    order: list[Any]
    index: dict[Any, int] = field(default_factory=dict)

    def result(self) -> Trace:
        self.index = {node: i for i, node in enumerate(self.order)}
        names = self.names()
        operands = [tuple(float(x) for x in node.inputs) for node in self.order]
        for i, node in enumerate(self.order):
            if node.op is not None:
                self.require_fresh(node, names, operands[i])
        grads = [0.0] * len(self.order)
        grads[-1] = 1.0
        passed: list[tuple[int, int, int, float, float]] = []  # input, position, output, local, downstream
        for i in range(len(self.order) - 1, -1, -1):
            node = self.order[i]
            for position, operand in enumerate(node.inputs):
                if isinstance(operand, graph.Node):
                    local = node.op.local(position, node.data, operands[i])
                    downstream = grads[i] * local
                    source = self.index[operand]
                    grads[source] += downstream
                    passed.append((source, position, i, local, downstream))
        nodes = tuple(self.node(i, names, grads[i]) for i in range(len(self.order)))
        edges = tuple(
            EdgeGrad(nodes[a], position, nodes[b], grads[b], local, downstream, *self.formulas(position, b, names))
            for a, position, b, local, downstream in passed
        )
        return Trace(nodes, edges)

    def names(self) -> list[str]:
        """A name for each node, no two alike: its label, or v₁, v₂, …; a root without a label is L."""
        taken: set[str] = set()
        names = []
        for node in self.order:
            name = "" if node.label is None else pretty_name(node.label)
            while name in taken:
                name += "′"
            names.append(name)
            taken |= {name} - {""}
        count = 0
        for i, name in enumerate(names):
            if not name and i == len(names) - 1 > 0 and "L" not in taken:
                names[i] = "L"
            elif not name:
                count += 1
                while pretty_name(f"v{count}") in taken:
                    count += 1
                names[i] = pretty_name(f"v{count}")
        return names

    def require_fresh(self, node: Any, names: list[str], operands: tuple[float, ...]) -> None:
        now = node.op.recomputed(node.data, operands)
        if now == node.data or (now != now and node.data != node.data):
            return
        if math.isclose(now, node.data, rel_tol=1e-12):  # the same to the last digits: another machine's libm
            return
        name = names[self.index[node]]
        written = node.op.text_of(*self.called(node, names))
        raise StaleGraphError(
            f"the graph is stale: {name} = {written} was {node.data!r} when it was computed and would be {now!r} now, "
            "since an input has changed; compute it again before tracing or drawing it"
        )

    def called(self, node: Any, names: list[str]) -> tuple[str | float, ...]:
        """How formulas name the operands of a node: names of nodes, values of constants."""
        return tuple(names[self.index[x]] if isinstance(x, graph.Node) else float(x) for x in node.inputs)

    def drawn(self, node: Any, names: list[str]) -> tuple[str | float, ...]:
        """The same as it is drawn: an operand without a label is ``x`` where it is the only node among them."""
        nodes: set[Any] = {x for x in node.inputs if isinstance(x, graph.Node)}
        if len(nodes) > 1 or any(x.label is not None for x in nodes):
            return self.called(node, names)
        return tuple("x" if isinstance(x, graph.Node) else float(x) for x in node.inputs)

    def formulas(self, position: int, output: int, names: list[str]) -> tuple[str, str, str]:
        node = self.order[output]
        called = self.called(node, names)
        short = node.op.formula(position, self.drawn(node, names))
        return short, node.op.formula(position, called, "latex"), node.op.formula(position, called)

    def node(self, i: int, names: list[str], grad: float) -> TraceNode:
        node = self.order[i]
        called = self.called(node, names)
        leaf = node.op is None
        return TraceNode(
            index=i,
            name=names[i],
            label=node.label,
            op=None if leaf else node.op.name,
            symbol="" if leaf else symbol(node.op, called),
            operands=tuple(self.index[x] if isinstance(x, graph.Node) else float(x) for x in node.inputs),
            formula="" if leaf else node.op.text_of(*called),
            latex="" if leaf else node.op.text_of(*called, style="latex"),
            value=float(node.data),
            grad=grad,
            scope=node.scope,
        )


def symbol(op: Any, operands: tuple[str | float, ...]) -> str:
    """What stands in an op's node: its symbol, with constant operands put in (``+1``, ``×(−1)``, ``1/x``, ``x²``)."""
    constants = [x for x in operands if isinstance(x, float)]
    if not constants or len(constants) == len(operands):
        return str(op.symbol)
    if op.name in ("add", "mul") and len(operands) == 2:
        number = number_text(constants[0])
        return f"{op.symbol}({number})" if number.startswith("−") else f"{op.symbol}{number}"
    letters = iter("x" if len(operands) - len(constants) == 1 else "abcdefgh")
    return str(op.text_of(*(x if isinstance(x, float) else next(letters) for x in operands)))
