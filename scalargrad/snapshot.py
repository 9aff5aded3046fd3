"""What a Trace is made of when it is taken: every number, and what its texts are written from when they are read."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scalargrad import graph, modes
from scalargrad.engine import Value
from scalargrad.naming import Scopes, names_by, symbol
from scalargrad.ops.registry import NotDifferentiableError, Op
from scalargrad.records import EdgeGrad, Record, TraceNode, plain
from scalargrad.rules import LEAF, Rule

_TEXTS = {"name", "symbol", "formula", "latex", "named"}
Operands = tuple[str | float, ...]
PassOn = Callable[[int, Any], Iterable[tuple[int, Any]]]
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


class Snapshot:
    """The numbers of a graph in flat arrays, and what names and formulas are made of when they are read.

    Nothing in it is a node, so the graph may change and go.
    """

    def __init__(self, order: list[Any], stored: bool = False) -> None:
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
            a, b = node._a, node._b
            if a is not None:
                for x in (a, b) if b is not None else a if a.__class__ is tuple else (a,):
                    if x.__class__ is float:
                        operands.append(~len(constants))
                        constants.append(x)
                    else:
                        operands.append(index[x])
            ends.append(len(operands))
        self.latest: tuple[int, Operands, Operands] = (-1, (), ())
        """The node whose operands were named last, and how."""
        self.values: Any = []
        self.grads: Any = [None] * len(order)
        self.outputs, self.positions = array("q"), array("l")
        self.locals: Any = []
        self.downstreams: Any = []
        """Of each edge the node it leads to, the place of its operand there, and its numbers."""
        pass_on = self._of_values if all(issubclass(k, Value) for k in set(map(type, order))) else self._of_any
        if stored:
            _shares_of_stored(order, pass_on(order))
        else:
            graph.reverse(range(len(order)), [(len(order) - 1, order[-1]._unit())], pass_on(order), keep=())
        self.early_nodes: dict[int, dict[str, str]] = {}
        self.early_edges: dict[int, dict[str, str]] = {}
        """The texts that settings are in, and what a Function saved: those may be changed later."""
        special = {i for i, op in enumerate(self.ops) if op.__class__ is not Op and op is not None}
        if special:
            self.early_nodes = {i: self.node_texts(i) for i in special}
            self.early_edges = {k: self.edge_texts(k) for k, i in enumerate(self.outputs) if i in special}

    def _of_values(self, order: list[Any]) -> PassOn:
        """How Values pass on: by the partials of their rows, with little around them, since there may be millions."""
        if modes.active:
            for node in order:
                deque(map(float, node.inputs), maxlen=0)  # who traces code is told that it looks at its numbers
        self.values = array("d", [node._data for node in order])
        grads = self.grads = array("d", bytes(8 * len(order)))
        self.locals, self.downstreams = array("d"), array("d")
        operands, ends, locals_, downstreams = self.operands, self.ends, self.locals, self.downstreams
        outputs, positions = self.outputs, self.positions
        partials_of: dict[Any, list[tuple[int, Any]]] = {LEAF: []}

        def pass_on(i: int, upstream: float) -> Iterator[tuple[int, float]]:
            grads[i] = upstream
            node = order[i]
            rule = node._rule
            partials = partials_of.get(rule)
            if partials is None:
                partials = partials_of[rule] = _partials(rule)
            if partials:
                numbers: tuple[Any, ...]
                a, b, y, start = node._a, node._b, node._data, ends[i]
                if b is not None:
                    numbers = (a if a.__class__ is float else a._data, b if b.__class__ is float else b._data)
                elif a.__class__ is tuple:
                    numbers = tuple([x if x.__class__ is float else x._data for x in a])
                else:
                    numbers = (a._data,)
                for position, partial in partials:
                    try:
                        local = partial(y, *numbers)
                    except ZeroDivisionError:  # which IEEE arithmetic answers
                        local = rule.op.local(position, y, numbers)
                    downstream = upstream * local
                    outputs.append(i)
                    positions.append(position)
                    locals_.append(local)
                    downstreams.append(downstream)
                    yield operands[start + position], downstream

        return pass_on

    def _of_any(self, order: list[Any]) -> PassOn:
        """How any nodes pass on. Their numbers are kept as plain data, since arrays may be written to."""
        self.values = [plain(node.data) for node in order]

        def pass_on(i: int, upstream: Any) -> Iterator[tuple[int, Any]]:
            self.grads[i] = plain(upstream)
            for position, _, local, downstream in order[i]._downstreams(upstream):
                self.outputs.append(i)
                self.positions.append(position)
                self.locals.append(plain(local))
                self.downstreams.append(plain(downstream))
                yield self.operands[self.ends[i] + position], downstream

        return pass_on

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
    def scope_paths(self) -> list[str | None]:
        """The scopes of all nodes."""
        return list(map(Scopes().shown, self.scopes))

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
            "scope": self.scope_paths[i],
        }

    def node_texts(self, i: int) -> dict[str, Any]:
        """The name and the formulas of a node."""
        if i in self.early_nodes:
            return self.early_nodes[i]
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
        if k in self.early_edges:
            return self.early_edges[k]
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


def _shares_of_stored(order: list[Any], pass_on: PassOn) -> None:
    """What each node passes on of the ``grad`` it has; nothing, where it has none or its derivative is not known."""
    for i in reversed(range(len(order))):
        if order[i].grad is not None:
            with suppress(NotDifferentiableError):
                deque(pass_on(i, order[i].grad), maxlen=0)


def _partials(rule: Rule) -> list[tuple[int, Any]]:
    """The partials of an op by the operands that are Values; as functions of ``y`` and all operands, on numbers."""
    op, places = rule.op, [i for i, of_value in enumerate(rule.of_values) if of_value]
    if type(op) is not Op:
        return [(i, lambda y, *operands, i=i: op.local(i, y, operands)) for i in places]
    op.require_derivative()
    return [(i, op.partials[i]) for i in places]
