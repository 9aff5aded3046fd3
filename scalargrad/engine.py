"""The scalar engine: :class:`Value`, and reverse-mode differentiation of its graph.

A Value is a number that remembers how it was computed: ``op`` and ``inputs``. :meth:`Value.backward` walks the graph
from the result to the leaves and gives each edge its share: **downstream = upstream × local**. A node's gradient is the
sum of the downstreams of all edges that leave it.

How it is fast: a node holds at most two operands in slots of its own, and what is done with it stands in a
:class:`Rule`, shared by all nodes of one op. A rule's backward function is Python source made from the op's partials,
compiled when first needed (:mod:`scalargrad.specialise`): for ``tanh``, ``a.grad += g * (1.0 - y * y)``.
"""

from __future__ import annotations

import copy
import operator
from collections import deque
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any, NoReturn

from scalargrad import anomalies, graph, modes
from scalargrad.freshness import fresh_order
from scalargrad.graph import Node
from scalargrad.ops.given import as_array
from scalargrad.ops.operators import DUNDERS, Operators, install
from scalargrad.ops.registry import OPS, Op, as_number, is_number
from scalargrad.specialise import compile_backward, operator_methods
from scalargrad.turns import one_pass

if TYPE_CHECKING:
    from scalargrad.ops.expansions import Expansion

Backward = Callable[["Value"], None]


class Rule:
    """What nodes of one op do: which operands are Values (the others are constants), and how to go backward.

    ``backward(node)`` adds ``node.grad × local`` to the ``grad`` of each operand that is a Value.
    """

    __slots__ = ("backward", "of_values", "op")

    def __init__(self, op: Any, of_values: tuple[bool, ...]) -> None:
        self.op = op
        self.of_values = of_values
        self.backward: Backward = self._first_backward

    def _first_backward(self, node: Value) -> None:
        self.backward = compile_backward(self.op, self.of_values)
        self.backward(node)

    def __reduce__(self) -> tuple[Any, ...]:
        return rule_of, (self.op, self.of_values)

    def __deepcopy__(self, memo: object) -> Rule:
        return self


class Expanded(Rule):
    """The rule of one node: a result of a structural op whose expansion decided by the numbers, and where it stands.

    It goes backward as the others of its op do; ``compile`` asks it what the op was, and its operands.
    """

    __slots__ = ("expansion", "place")

    def __init__(self, op: Any, of_values: tuple[bool, ...], expansion: Expansion, place: int) -> None:
        self.op = op
        self.of_values = of_values
        self.expansion = expansion
        self.place = place

    @property
    def backward(self) -> Backward:  # type: ignore[override]
        return rule_of(self.op, self.of_values).backward

    def __reduce__(self) -> tuple[Any, ...]:
        return Expanded, (self.op, self.of_values, self.expansion, self.place)

    def __deepcopy__(self, memo: dict[int, Any]) -> Expanded:  # type: ignore[override]
        return Expanded(self.op, self.of_values, copy.deepcopy(self.expansion, memo), self.place)


LEAF = Rule(None, ())
_rules: dict[tuple[Op, tuple[bool, ...]], Rule] = {}


def rule_of(op: Op | None, of_values: tuple[bool, ...]) -> Rule:
    """The one rule for an op with Values in these places."""
    if op is None:
        return LEAF
    rule = _rules.get((op, of_values))
    if rule is None:
        rule = _rules[op, of_values] = Rule(op, of_values)
    return rule


class Value(Node, Operators):
    """A number in a computational graph.

    ``data`` is the number, ``grad`` the derivative of the last result whose :meth:`backward` was called (summed over
    calls at a leaf), ``label`` a name to show, ``scope`` the path of the scopes it was made in. Ints, bools and NumPy
    scalars become floats; anything else that is not a real number is a TypeError.

    >>> x, w = Value(-1.0, label="x"), Value(2.0, label="w")
    >>> y = (w * x).sigmoid()
    >>> y.backward()
    >>> y
    Value(0.11920292202211755, op=sigmoid)
    >>> round(w.grad, 6), round(x.grad, 6)
    (-0.104994, 0.209987)
    """

    __slots__ = ("__weakref__", "_data", "_rule", "grad", "label", "scope")
    _tells_changes = True
    _data: float
    _rule: Rule
    grad: float
    label: str | None
    scope: str | None

    def __init__(self, data: Any, label: str | None = None) -> None:
        if isinstance(data, Value):
            raise TypeError("Value(…) takes a number, not a Value: use it as it stands, or its .data to detach it")
        if label is not None and not isinstance(label, str):
            raise TypeError(f"a label is a text, not {label!r}")
        self._data = data if type(data) is float else as_number(data, "Value")
        self.grad = 0.0
        self.label = label
        self.scope = None
        self._rule = LEAF
        self._a = self._b = self._mark = None

    def _set_data(self, new: Any) -> None:
        self._data = new if type(new) is float else as_number(new, "Value.data")
        graph.epoch = object()  # what was computed before may be stale now

    data = property(operator.attrgetter("_data"), _set_data, doc="The number: a Python float.")

    @property
    def op(self) -> Any:
        """The operation that made it, None for a leaf."""
        return self._rule.op

    def item(self) -> float:
        """The number as a Python float."""
        if modes.active:
            modes.concretized(self, "item()")
        return float(self._data)

    def __float__(self) -> float:
        if modes.active:
            modes.concretized(self, "float()")
        return float(self._data)

    def __bool__(self) -> bool:
        if modes.active:
            modes.concretized(self, "if")
        return bool(self._data)

    def __repr__(self) -> str:
        label = "" if self.label is None else f", label={self.label!r}"
        op = "" if self.op is None else f", op={self.op.name}"
        return f"Value({float(self._data)!r}{label}{op})"

    def __format__(self, form: str) -> str:
        return format(float(self._data), form) if form else repr(self)

    # comparisons look at the number; == and hash are identity, so that nodes can be keys

    def __lt__(self, other: Any) -> bool:
        if modes.active:
            modes.concretized(self, "<")
        return self._data < _data(other) if self._is_scalar(other) else NotImplemented

    def __le__(self, other: Any) -> bool:
        if modes.active:
            modes.concretized(self, "<=")
        return self._data <= _data(other) if self._is_scalar(other) else NotImplemented

    def __gt__(self, other: Any) -> bool:
        if modes.active:
            modes.concretized(self, ">")
        return self._data > _data(other) if self._is_scalar(other) else NotImplemented

    def __ge__(self, other: Any) -> bool:
        if modes.active:
            modes.concretized(self, ">=")
        return self._data >= _data(other) if self._is_scalar(other) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    # --- backward --------------------------------------------------------------------------------------------------

    def backward(self, seed: float = 1.0) -> None:
        """Reverse-mode differentiation: ``grad`` of every node this one depends on.

        ``grad = d(self)/d(node) · seed``. Leaves add it to what they have (set ``grad = 0`` between passes, or call
        ``zero_grad`` of a module); the other nodes show the latest pass. If a rule raises, no gradient changes.

        Raises StaleGraphError if a number was changed since the graph was built from it.

        >>> a = Value(3.0)
        >>> (a * a).backward()
        >>> a.grad
        6.0
        """
        seed = as_number(seed, "backward")
        order = fresh_order(self)
        one_pass(_differentiate, self, order, seed)

    def _unit(self) -> float:
        """The derivative of it by itself."""
        return 1.0

    def _downstreams(self, upstream: float) -> list[tuple[int, Value, float, float]]:
        """What this node passes on, edge by edge: position, operand, local derivative, ``upstream × local``."""
        numbers = tuple(map(float, self.inputs))
        found = []
        for position, operand in enumerate(self.inputs):
            if isinstance(operand, Value):
                local = self.op.local(position, self._data, numbers)
                found.append((position, operand, local, upstream * local))
        return found

    def _recomputed(self) -> float:
        """What the operation gives on its operands as they are now."""
        return float(self.op.recomputed(self._data, tuple(map(float, self.inputs))))

    # --- what derivatives and views ask of a node ---------------------------------------------------------------------

    def _unbroadcast(self, share: Any) -> Any:
        """A gradient as one of this node: a number stays as it is."""
        return share

    def _constant_like(self, x: Any) -> Any:
        """A node, or a number as a Value."""
        return x if isinstance(x, Node) else Value(x)

    def _as_leaf(self) -> Value:
        """A new leaf with the same number and label."""
        return Value(self._data, label=self.label)

    def _seeds(self) -> list[Any]:
        """The upstream gradients that single out each of its elements: it has one."""
        return [1.0]

    def _gathered(self, derivatives: Any) -> Any:
        """The derivatives of its elements together: of one, that one."""
        return derivatives[0]

    @staticmethod
    def _remember(results: list[Any], given: set[int], expansion: Expansion) -> None:
        """Have the nodes that an expansion made know it; not operands, known by their ``id``, that it returned."""
        for place, node in enumerate(results):
            if type(node) is Value and node._rule is not LEAF and id(node) not in given:
                rule = node._rule
                node._rule = Expanded(rule.op, rule.of_values, expansion, place)

    def _remembered(self) -> list[Any]:
        rule = self._rule
        return rule.expansion.operands if isinstance(rule, Expanded) else []

    # --- NumPy -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _is_scalar(other: Any) -> bool:
        return isinstance(other, Value) or is_number(other)

    @classmethod
    def _takes(cls, other: Any) -> bool:
        return isinstance(other, Value) or is_number(other) or type(other).__module__ == "numpy"

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> Any:
        return apply(op, operands)

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        compare = getattr(operator, _COMPARISONS.get(ufunc.__name__, ""), None)
        if compare is not None and not options:
            return _elementwise(compare, operands, ufunc.__name__)
        from scalargrad.ops.protocol import call_ufunc

        return call_ufunc(ufunc, method, operands, options, "Value")

    def __array_function__(self, function: Any, types: Any, operands: Any, named: Any) -> Any:
        from scalargrad.ops.protocol import call

        return call(function, operands, named, "Value")

    def conjugate(self) -> NoReturn:
        """What NumPy asks of each number where it computes a spread; it would not have the gradient of equal ones."""
        raise TypeError("np.std and np.var of an array of Values are not recorded: use std and var of scalargrad")

    # --- copying -----------------------------------------------------------------------------------------------------

    def _parts(self) -> tuple[Any, ...]:
        return _remade, self.inputs, self._rule, self._data, self.grad, self.label, self.scope

    def __copy__(self) -> Value:
        make, *arguments = self._parts()
        return make(*arguments)  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        from scalargrad.copying import deepcopy_graph

        return deepcopy_graph(self, memo)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        from scalargrad.copying import reduce_graph

        return reduce_graph(self)


_new = object.__new__


def _make(rule: Rule, data: float, operands: tuple[Any, ...], scope: str | None = None) -> Value:
    """A node as it stands, with no questions asked."""
    node = _remade(operands, rule, data, 0.0, None, scope)
    node._mark = graph.epoch
    return node


def _remade(
    operands: tuple[Any, ...], rule: Rule, data: float, grad: float, label: str | None, scope: str | None
) -> Value:
    node: Value = _new(Value)
    node._rule, node._data, node.grad, node.label, node.scope = rule, data, grad, label, scope
    node._mark = None
    node._set_inputs(operands)
    return node


def remade(
    rule: Rule, a: Any, b: Any, data: float, grad: float, label: str | None = None, scope: str | None = None
) -> Value:
    """A copy of a node, from what is in the slots of its operands and the rest."""
    node: Value = _new(Value)
    node._rule = rule
    node._a = a
    node._b = b
    node._data = data
    node.grad = grad
    node.label = label
    node.scope = scope
    node._mark = None
    return node


def apply(op: Op, operands: tuple[Any, ...]) -> Any:
    """The node (or, with an array among the operands, the object array of nodes) of an op on Values and numbers."""
    checked: list[Any] = []
    for x in operands:
        if getattr(x, "shape", None) == () and x.dtype == object:
            x = x.item()  # an array without axes is what is in it
        if isinstance(x, Value) or type(x) is float:
            checked.append(x)
        elif hasattr(type(x), "_nodes"):  # what argmax found
            return op(*[y._nodes() if hasattr(type(y), "_nodes") else y for y in operands])
        elif hasattr(type(x), "_apply_op"):
            raise TypeError(f"{op.name}: a Value and a {type(x).__name__} do not mix; use one kind throughout")
        elif getattr(x, "ndim", 0) or isinstance(x, (list, tuple)):
            return _elementwise(op, operands, op.name)
        else:
            checked.append(as_number(x, op.name))
    of_values = tuple([isinstance(x, Value) for x in checked])
    data = op.number(*[x._data if isinstance(x, Value) else x for x in checked])
    return record(rule_of(op, of_values), data, tuple(checked))


def _elementwise(function: Callable[..., Any], operands: tuple[Any, ...], name: str) -> Any:
    """A function on every element of object arrays, or once if there is none."""
    import numpy as np

    boxed = [np.asarray(as_array(x, name), dtype=object) for x in operands]
    try:
        np.broadcast_shapes(*[a.shape for a in boxed])
    except ValueError:
        shapes = " and ".join(str(a.shape) for a in boxed if a.shape)
        raise ValueError(f"{name}: shapes {shapes} do not broadcast together") from None
    with np.errstate(all="ignore"):
        return np.frompyfunc(function, len(boxed), 1)(*boxed)


def _data(x: Any) -> Any:
    return x._data if isinstance(x, Value) else x


_COMPARISONS = {
    "equal": "is_", "not_equal": "is_not", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip
"""NumPy's comparisons as those of Python: of the numbers, and of identity."""


def record(rule: Rule, data: float, operands: tuple[Any, ...]) -> Value:
    """A new node, under the modes in force (:mod:`scalargrad.modes`)."""
    if not modes.active:
        return _make(rule, data, operands)
    state = modes.state()
    if state.detecting:
        anomalies.check_forward(rule.op, data, operands)
    if state.tracer is not None:  # recorded in any case, since its number stands for others
        node: Value = state.tracer.computed(_make(rule, data, operands, scope=state.path))
        return node if state.recording else state.tracer.stopped(node)
    if not state.recording:
        return _make(LEAF, data, ())
    return _make(rule, data, operands, scope=state.path)


_under_way: list[tuple[list[Value], list[float]]] = []
"""The passes that have begun: their nodes, and the gradients these had before. More than one if a signal handler, or
the ``backward`` of a Function, differentiates in the middle of a pass."""
_finished = 0
"""How many passes have ended: what was read of the gradients before may not hold any more."""


def _differentiate(root: Value, order: list[Value], seed: float) -> None:
    (_pass_within if _under_way else _pass)(root, order, seed)


def _pass(root: Value, order: list[Value], seed: float) -> None:
    """One pass: all gradients, or none if anything interrupts it."""
    global _finished
    before: list[float] = []
    depth = len(_under_way)
    try:
        _under_way.append((order, before))
        seen = -1
        while seen != _finished:
            before.clear()
            seen = _finished
            before += [node.grad for node in order]
        if any(before):
            for node in order:
                node.grad = 0.0
        root.grad = seed
        _backward(reversed(order))
        del _under_way[depth:]
        if any(before):
            for i in [i for i, grad in enumerate(before) if grad and order[i]._rule is LEAF]:
                order[i].grad += before[i]
        _finished += 1
    except BaseException:
        deque(map(setattr, order, repeat("grad"), before), maxlen=0)
        del _under_way[depth:]
        raise


def _pass_within(root: Value, order: list[Value], seed: float) -> None:
    """One pass in the middle of others: what they have done so far is set aside and put back."""
    held = {node: (before, i) for nodes, before in _under_way for i, node in enumerate(nodes) if before}
    shared = [(node, node.grad, *held[node]) for node in order if node in held]
    try:
        for node, _, before, i in shared:
            node.grad = before[i]
        _pass(root, order, seed)
    finally:
        for node, half, before, i in shared:
            before[i], node.grad = node.grad, half


def _backward(nodes: Iterator[Value]) -> None:
    """``graph.reverse`` by the rules, on the ``grad`` of the nodes: written out, since it is the hot loop."""
    if modes.detecting():
        for node in nodes:
            _edge_by_edge(node, checked=True)
        return
    while True:
        try:
            for node in nodes:
                rule = node._rule
                if rule is not LEAF:
                    rule.backward(node)
            return
        except ZeroDivisionError:  # what Python refuses, IEEE arithmetic answers; the node had added nothing yet
            if not isinstance(node.op, Op):
                raise
            _edge_by_edge(node)


def _edge_by_edge(node: Value, checked: bool = False) -> None:
    """What a rule does, without it; ``checked`` stops where the first nan or infinity is born."""
    for position, operand, local, downstream in node._downstreams(node.grad):
        total = operand.grad + downstream
        if checked:
            anomalies.check_backward(node, position, node.grad, local, downstream)
            anomalies.check_sum(node, position, operand.grad, downstream, total)
        operand.grad = total


# --- the methods made from the rows ----------------------------------------------------------------------------------


def _method_of(op: Op) -> Callable[..., Any]:
    """The method of an op: specialised for one operand."""
    if len(op.operands) > 1:
        return lambda self, *operands, **named: op(self, *operands, **named)
    rule, number = rule_of(op, (True,)), op.number

    def method(self: Value) -> Value:
        data = number(self._data)
        if modes.special:
            return record(rule, data, (self,))
        node: Value = _new(Value)
        node._data = data
        node.grad = 0.0
        node._mark = graph.epoch
        node._rule = rule
        node._a = self
        node._b = node.label = None
        node.scope = modes.state().path if modes.active else None
        return node

    return method


install(Value, _method_of)
for _name, _dunders in DUNDERS.items():
    _op = OPS[_name]
    _engine = {"Value": Value, "new": _new, "modes": modes, "graph": graph, "record": record, "apply": apply}
    _engine["as_number"] = as_number
    _rules_of_op = {"both": (True, True), "left": (True, False), "right": (False, True)}
    _engine |= {"takes": Value._takes} | {key: rule_of(_op, pattern) for key, pattern in _rules_of_op.items()}
    for _dunder, _method in zip(_dunders, operator_methods(_op, _engine), strict=True):
        _method.__name__, _method.__qualname__ = _dunder, f"Value.{_dunder}"
        setattr(Value, _dunder, _method)
