"""Taking a Trace: one pass over a graph that reads every number and writes none."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scalargrad import graph, modes
from scalargrad.engine import Value
from scalargrad.freshness import StaleGraphError, fresh_order, names_by
from scalargrad.ops.registry import OPS, Op
from scalargrad.records import ENTRIES, ArrayNumber, EdgeGrad, Number, Record, Step, Trace, TraceNode
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
    order = fresh_order(root)
    taken = _Taken(order)
    result = Trace._of(taken)
    if not modes.active and {Value}.issuperset(map(type, order)) and {Op, type(None)}.issuperset(map(type, taken.ops)):
        taken.differentiate_values(order)
        return result
    taken.differentiate(order)
    records: tuple[TraceNode | EdgeGrad, ...] = (*result.nodes, *result.edges)
    for record in records:  # all is read now, since settings and what a Function kept might change
        hash(record.formula)
    return result


def _shortly(x: Any) -> str:
    text = " ".join(repr(x).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


_TEXTS = {"name", "symbol", "formula", "latex", "named"}
Operands = tuple[str | float, ...]
_FEW = 10_000
"""Up to how many nodes a record is filled in as a whole: who reads a number there reads the texts as well."""
_set = object.__setattr__


class _Late(Record):
    """A record whose numbers are filled in when one is read, and its texts too when one of these is.

    Then, as before all that looks at it as a whole, it becomes a record like any other, read at full speed.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:  # of a part that is not there, or not yet
            if name not in self.__dataclass_fields__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return getattr(_filled(self, name in _TEXTS or len(self._taken.ops) <= _FEW), name)

    def __eq__(self, other: object) -> bool:
        whole: bool = _filled(self, True) == other
        return whole

    def __hash__(self) -> int:
        return hash(_filled(self, True))

    def __repr__(self) -> str:
        return repr(_filled(self, True))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _filled(self, True).__reduce_ex__(protocol)


class _LateNode(_Late, TraceNode):
    __slots__ = ()


class _LateEdge(_Late, EdgeGrad):
    __slots__ = ()


def _filled(record: Any, whole: bool) -> Any:
    """The record itself, with its numbers or with all; another thread may do the same at the same time."""
    taken = getattr(record, "_taken", None)
    if taken is not None:  # else it is made of parts, by replace
        for name, part in taken.parts_of(record, whole).items():
            _set(record, name, part)
    if whole:
        _set(record, "__class__", TraceNode if isinstance(record, TraceNode) else EdgeGrad)
    return record


class _Taken:
    """What a Trace is taken from: numbers in flat arrays, and what names and formulas are made of when they are read.

    Nothing in it is a node, so the graph may change and go.
    """

    def __init__(self, order: list[Any]) -> None:
        index = {node: i for i, node in enumerate(order)}
        self.ops = tuple([node.op for node in order])
        self.labels = tuple([node.label for node in order])
        self.scopes = tuple([node.scope for node in order])
        self.operands = array("q")
        """The operands of all nodes, one after the other: the index of a node, or ``~i`` for a constant."""
        self.constants = array("d")
        self.ends = array("q", [0])
        """Where the operands of a node end, those of the next beginning there; one more than there are nodes."""
        operands, constants, ends = self.operands, self.constants, self.ends
        for node in order:
            if node._a is not None:
                for x in node.inputs:
                    if isinstance(x, graph.Node):
                        operands.append(index[x])
                    else:
                        operands.append(~len(constants))
                        constants.append(float(x))
            ends.append(len(operands))
        self.latest: tuple[int, Operands, Operands] = (-1, (), ())
        """The node whose operands were named last, and how."""
        self.values: Sequence[Number] = ()
        self.grads: Sequence[Number | None] = ()
        self.outputs, self.positions = array("q"), array("l")
        self.locals: Sequence[Number | None] = ()
        self.downstreams: Sequence[Number] = ()
        """Of each edge the node it leads to, the place of its operand there, and its numbers."""

    def differentiate(self, order: list[Any]) -> None:
        """The numbers of any nodes: as plain data, since arrays may be written to."""
        grads: list[Any] = [None] * len(order)
        grads[-1] = order[-1]._unit()
        locals_, downstreams = [], []
        for i in range(len(order) - 1, -1, -1):
            if grads[i] is None:
                continue
            for position, _, local, downstream in order[i]._downstreams(grads[i]):
                source = self.operands[self.ends[i] + position]
                grads[source] = downstream if grads[source] is None else grads[source] + downstream
                self.outputs.append(i)
                self.positions.append(position)
                locals_.append(plain(local))
                downstreams.append(plain(downstream))
        self.locals, self.downstreams = locals_, downstreams
        self.values, self.grads = [plain(node.data) for node in order], list(map(plain, grads))

    def differentiate_values(self, order: list[Any]) -> None:
        """The numbers of Values whose ops are rows of the registry: the same as the other way finds them."""
        values = array("d", [node._data for node in order])
        locals_, downstreams = array("d"), array("d")
        operands, ends, constants, outputs, positions = (
            self.operands, self.ends, self.constants, self.outputs, self.positions,
        )  # fmt: skip
        grads: list[Any] = [None] * len(order)
        grads[-1] = 1.0
        partials_of: dict[Any, Any] = {None: ()}
        for i in range(len(order) - 1, -1, -1):
            op = self.ops[i]
            partials = partials_of.get(op)
            if partials is None:
                op.require_derivative()
                partials = partials_of[op] = op.partials
            if not partials:
                continue
            places = operands[ends[i] : ends[i + 1]]
            numbers = [values[k] if k >= 0 else constants[~k] for k in places]
            value, upstream = values[i], grads[i]
            for position, source in enumerate(places):
                if source >= 0:
                    try:
                        local = float(partials[position](value, *numbers))
                    except ZeroDivisionError:  # which IEEE arithmetic answers
                        local = op.local(position, value, tuple(numbers))
                    downstream = upstream * local
                    before = grads[source]
                    grads[source] = downstream if before is None else before + downstream
                    outputs.append(i)
                    positions.append(position)
                    locals_.append(local)
                    downstreams.append(downstream)
        self.values, self.grads, self.locals, self.downstreams = values, array("d", grads), locals_, downstreams

    # --- the records, and what is read of them -----------------------------------------------------------------------

    def nodes(self) -> tuple[TraceNode, ...]:
        """All nodes."""
        return tuple([self._record(_LateNode, i, index=i) for i in range(len(self.ops))])

    def edges(self, nodes: tuple[TraceNode, ...]) -> tuple[EdgeGrad, ...]:
        """All edges, between these nodes."""
        found = []
        for k, (output, position) in enumerate(zip(self.outputs, self.positions)):
            source = nodes[self.operands[self.ends[output] + position]]
            found.append(self._record(_LateEdge, k, input=source, position=position, output=nodes[output]))
        return tuple(found)

    def _record(self, kind: Any, place: int, **known: Any) -> Any:
        record = object.__new__(kind)
        _set(record, "_taken", self)
        _set(record, "_place", place)
        for name, part in known.items():
            _set(record, name, part)
        return record

    @cached_property
    def names(self) -> list[str]:
        """The names of all nodes."""
        return names_by(self.labels)

    @cached_property
    def told_scopes(self) -> list[str | None]:
        """The scopes of all nodes."""
        return list(map(_Scopes().told, self.scopes))

    def parts_of(self, record: Any, texts: bool) -> dict[str, Any]:
        """The numbers of a record, and its texts if they are asked for."""
        i = record._place
        if isinstance(record, TraceNode):
            return self.node_numbers(i) | self.node_texts(i) if texts else self.node_numbers(i)
        return self.edge_numbers(i) | self.edge_texts(i) if texts else self.edge_numbers(i)

    def node_numbers(self, i: int) -> dict[str, Any]:
        """A node without its name and formulas."""
        return {
            "label": self.labels[i],
            "op": None if self.ops[i] is None else self.ops[i].name,
            "operands": self.operands_of(i),
            "value": self.values[i],
            "grad": self.grads[i],
            "scope": self.told_scopes[i],
        }

    def node_texts(self, i: int) -> dict[str, Any]:
        """The name and the formulas of a node."""
        op = self.ops[i]
        if op is None:
            return {"name": self.names[i], "symbol": "", "formula": "", "latex": ""}
        called, _ = self.named(i)
        texts = {
            "symbol": symbol(op, called),
            "formula": op.text_of(*called),
            "latex": op.text_of(*called, style="latex"),
        }
        return {"name": self.names[i], **texts}

    def edge_numbers(self, k: int) -> dict[str, Any]:
        """The numbers of an edge."""
        upstream = self.grads[self.outputs[k]]
        return {"upstream": upstream, "local": self.locals[k], "downstream": self.downstreams[k]}

    def edge_texts(self, k: int) -> dict[str, Any]:
        """The formulas of an edge."""
        output, position = self.outputs[k], self.positions[k]
        formula = self.ops[output].formula
        called, drawn = self.named(output)
        short = formula(position, drawn)
        return {"formula": short, "latex": formula(position, called, "latex"), "named": formula(position, called)}

    def operands_of(self, i: int) -> tuple[int | float, ...]:
        """The operands of a node: indices of nodes, and constants."""
        places = self.operands[self.ends[i] : self.ends[i + 1]]
        return tuple([k if k >= 0 else self.constants[~k] for k in places])

    def named(self, i: int) -> tuple[Operands, Operands]:
        """The operands of a node as formulas call them, by names of nodes and values of constants, and as drawn.

        There an operand without a label is ``x`` where it is the only node among them.
        """
        latest, called, drawn = self.latest
        if latest != i:  # the formulas of a node, and those of its edges, follow each other
            operands, names = self.operands_of(i), self.names
            called = drawn = tuple([names[x] if isinstance(x, int) else x for x in operands])
            nodes = {x for x in operands if isinstance(x, int)}
            if len(nodes) == 1 and self.labels[nodes.pop()] is None:
                drawn = tuple(["x" if isinstance(x, int) else x for x in operands])
            self.latest = i, called, drawn
        return called, drawn


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
