"""Taking a Trace: one pass over a graph that reads every number and writes none."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from scalargrad import graph
from scalargrad.freshness import StaleGraphError, fresh_order, names_of
from scalargrad.ops.registry import OPS
from scalargrad.records import ENTRIES, ArrayNumber, EdgeGrad, Number, Step, Trace, TraceNode
from scalargrad.symbolic import number_text

__all__ = ["ArrayNumber", "EdgeGrad", "Number", "StaleGraphError", "Step", "Trace", "TraceNode", "symbol", "trace"]


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


def trace(root: Any) -> Trace:
    """The snapshot of the graph behind ``root``: values, gradients and what every edge passes on.

    Pure: no ``grad`` is read or written. Raises StaleGraphError if an input was changed since the graph was built, as
    an optimizer step does: build the graph again first. A Trace is returned as it is.
    """
    if isinstance(root, Trace):
        return root
    as_trace = getattr(root, "as_trace", None)  # a compiled plan
    if as_trace is not None:
        return as_trace()  # type: ignore[no-any-return]
    if not isinstance(root, graph.Node):
        raise TypeError(f"expected a node of a graph (a Value) or a Trace, not {_shortly(root)}")
    return _Tracing(fresh_order(root)).result()


def _shortly(x: Any) -> str:
    text = " ".join(repr(x).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


@dataclass
class _Tracing:
    order: list[Any]
    index: dict[Any, int] = field(default_factory=dict)
    written: tuple[Any, Any, Any] = (None, None, None)
    scopes: _Scopes = field(default_factory=lambda: _Scopes())

    def result(self) -> Trace:
        self.index = {node: i for i, node in enumerate(self.order)}
        names = names_of(self.order)
        grads: list[Any] = [None] * len(self.order)
        grads[-1] = self.order[-1].unit()
        passed: list[tuple[int, int, int, Any, Any]] = []  # input, position, output, local, downstream
        for i in range(len(self.order) - 1, -1, -1):
            if grads[i] is None:
                continue
            for position, operand, local, downstream in self.order[i].shares(grads[i]):
                source = self.index[operand]
                grads[source] = downstream if grads[source] is None else grads[source] + downstream
                passed.append((source, position, i, local, downstream))
        nodes = tuple(self.node(i, names, plain(grad)) for i, grad in enumerate(grads))
        edges = tuple(
            EdgeGrad(
                *(nodes[a], position, nodes[b], plain(grads[b]), plain(local), plain(downstream)),
                *self.formulas(position, b, names),
            )
            for a, position, b, local, downstream in passed
        )
        return Trace(nodes, edges)

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
        if self.written[0] is not node:  # the edges of one output follow each other: its operands are named once
            self.written = node, self.called(node, names), self.drawn(node, names)
        _, called, drawn = self.written
        short = node.op.formula(position, drawn)
        return short, node.op.formula(position, called, "latex"), node.op.formula(position, called)

    def node(self, i: int, names: list[str], grad: Number | None) -> TraceNode:
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
            value=plain(node.data),
            grad=grad,
            scope=self.scopes.told(node.scope),
        )


class _Scopes:
    """Paths of scopes as they are told: where two modules of one name meet, the second is numbered, ``Linear 2``."""

    def __init__(self) -> None:
        self.paths: dict[int, str] = {}
        self.known: dict[tuple[str, str, int], str] = {}
        self.taken: set[str] = set()

    def told(self, path: Any) -> str | None:
        """The path of this node's scope: the same for the same modules, another for others."""
        if not path:
            return path  # type: ignore[no-any-return]
        told = self.paths.get(id(path))  # the nodes keep the paths alive
        if told is None:
            told = ""
            names = path.split("/")
            for name, module in zip(names, getattr(path, "of", (0,) * len(names))):
                told = self.place(told, name, module)
            self.paths[id(path)] = told
        return told

    def place(self, outer: str, name: str, module: int) -> str:
        key = outer, name, module
        if key not in self.known:
            base = told = f"{outer}/{name}" if outer else name
            number = 1
            while told in self.taken:
                number += 1
                told = f"{base} {number}"
            self.taken.add(told)
            self.known[key] = told
        return self.known[key]


def symbol(op: Any, operands: tuple[str | float, ...]) -> str:
    """What stands in an op's node: its symbol, with constant operands put in (``+1``, ``×(−1)``, ``1/x``, ``x²``).

    They have six digits at most: ``×0.2`` for 0.19999999999999996.
    """
    operands = tuple(float(f"{x:.6g}") if isinstance(x, float) else x for x in operands)
    constants = [x for x in operands if isinstance(x, float)]
    if not constants or len(constants) == len(operands):
        return str(op.symbol)
    if op.name in ("add", "mul") and len(operands) == 2:
        number = number_text(constants[0])
        return f"{op.symbol}({number})" if number.startswith("−") else f"{op.symbol}{number}"
    if op.name == "pow" and operands[1:] == (2.0,):
        return str(OPS["square"].symbol)
    letters = iter("x" if len(operands) - len(constants) == 1 else "abcdefgh")
    return str(op.text_of(*(x if isinstance(x, float) else next(letters) for x in operands)))
