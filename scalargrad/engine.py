"""The scalar engine: :class:`Value`, and reverse-mode differentiation of its graph.

A Value is a number that remembers how it was computed: ``op`` and ``inputs``. :meth:`Value.backward` walks the graph
from the result to the leaves and gives each edge its share: **downstream = upstream × local**. A node's gradient is the
sum of the downstreams of all edges that leave it.

How it is fast: a node holds at most two operands in slots of its own, and how to go backward stands in a rule, shared
by all nodes of one op (:mod:`scalargrad.rules`). A rule's backward function is Python source made from the op's
partials, compiled when first needed: for ``tanh``, ``a.grad += g * (1.0 - y * y)``. The
pass over a graph, whole or not at all, is :mod:`scalargrad.passes`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from scalargrad import anomalies, graph, modes
from scalargrad.comparing import Comparable, on_elements
from scalargrad.freshness import fresh_order
from scalargrad.graph import Node
from scalargrad.handmade import HandMade, attributes_of
from scalargrad.ops.operators import DUNDERS, Operators, formed, install, is_of_row
from scalargrad.ops.registry import OPS, Op, as_number
from scalargrad.passes import differentiate
from scalargrad.rules import LEAF, Expanded, Rule, operator_methods, rule_of
from scalargrad.turns import one_pass

if TYPE_CHECKING:
    from scalargrad.ops.expansions import Expansion


class Value(Comparable, Operators, HandMade):
    """A number in a computational graph: ``Value(data)``, ``Value(data, label="w")``.

    ``data`` is the number, ``grad`` the derivative of the last result whose :meth:`backward` was called (summed over
    calls at a leaf), ``label`` a name to show, ``scope`` the path of the scopes it was made in. Ints, bools and NumPy
    scalars become floats; anything else that is not a real number is a TypeError.

    ``Value(data, (a, b), "op")`` is a node made by hand, as in micrograd (:mod:`scalargrad.handmade`). What is computed
    from a subclass is of the subclass.

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
    _kind: ClassVar[type[Value]]
    """What its results are: its class or, where that stands in for another for a while, that one."""

    def __init__(self, data: Any, _children: Any = (), _op: Any = "", label: str | None = None) -> None:
        if type(data) is not float:
            if isinstance(data, Value):
                raise TypeError("Value(…) takes a number, not a Value: use it as it stands, or its .data to detach it")
            data = as_number(data, "Value")
        if label is not None and not isinstance(label, str):
            raise TypeError(f"a label is a text, not {label!r}")
        self._data = data
        self.grad = 0.0
        self.label = label
        self.scope = None
        self._rule = LEAF
        self._a = self._b = self._mark = None
        if _children or _op:
            if isinstance(_children, str):  # Value(2.0, "w")
                self.label = _children
            else:
                self._made_of(_children, _op)

    def __init_subclass__(cls, *, stands_in: bool = False, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if not stands_in:
            cls._kind = cls
            _give_methods(cls)

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

    def __int__(self) -> int:
        if modes.active:
            modes.concretized(self, "int()")
        raise TypeError("int() of a Value would cut off its number: write int(v.data)")

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

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> Any:
        return apply(op, operands)

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
        one_pass(differentiate, self, order, seed)

    # --- what derivatives and views ask of a node ---------------------------------------------------------------------

    def _unit(self) -> float:
        """The derivative of it by itself."""
        return 1.0

    def _downstreams(self, upstream: float) -> list[tuple[int, Value, float, float]]:
        """What this node passes on, edge by edge: position, operand, local derivative, ``upstream × local``."""
        numbers = tuple([getattr(x, "_data", x) for x in self.inputs])
        found = []
        for position, operand in enumerate(self.inputs):
            if isinstance(operand, Value):
                local = self.op.local(position, self._data, numbers)
                found.append((position, operand, local, upstream * local))
        return found

    def _recomputed(self) -> float:
        """What the operation gives on its operands as they are now."""
        return float(self.op.recomputed(self._data, tuple([getattr(x, "_data", x) for x in self.inputs])))

    def _unbroadcast(self, downstream: Any) -> Any:
        """A gradient in the shape of this node: it is one number already."""
        return downstream

    def _constant_like(self, x: Any) -> Any:
        """A node, or a number as a Value."""
        return x if isinstance(x, Node) else Value(x)

    def _as_leaf(self) -> Value:
        """A new leaf with the same number and label."""
        return make_node(LEAF, None, None, self._data, label=self.label, kind=self._kind)

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
            if isinstance(node, Value) and node._rule is not LEAF and id(node) not in given:
                rule = node._rule
                node._rule = Expanded(rule.op, rule.of_values, expansion, place)

    def _remembered(self) -> list[Any]:
        rule = self._rule
        return rule.expansion.operands if isinstance(rule, Expanded) else []

    # --- copying -----------------------------------------------------------------------------------------------------

    def _parts(self) -> tuple[Any, ...]:
        own = (self._rule, self._data, self.grad, self.label, self.scope)
        if self._kind is Value:
            return _make_of, self.inputs, *own
        return _remade, self.inputs, self._kind, attributes_of(self, Value), *own

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


def make_node(
    rule: Rule,
    a: Any,
    b: Any,
    data: float,
    grad: float = 0.0,
    label: str | None = None,
    scope: str | None = None,
    kind: type[Value] = Value,
) -> Value:
    """A node as it stands, with no questions asked, from what is in the slots of its operands and the rest."""
    node: Value = _new(kind)
    node._rule = rule
    node._a = a
    node._b = b
    node._data = data
    node.grad = grad
    node.label = label
    node.scope = scope
    node._mark = None
    return node


def _make_of(operands: tuple[Any, ...], rule: Rule, data: float, *marks: Any) -> Value:
    """The same from all operands."""
    return make_node(rule, *graph.in_slots(operands), data, *marks)


def _remade(operands: tuple[Any, ...], kind: type[Value], attributes: dict[str, Any], *own: Any) -> Value:
    """The same of a subclass, with the attributes it has besides."""
    node = _make_of(operands, *own, kind)
    for name, x in attributes.items():
        setattr(node, name, x)
    return node


def _computed(rule: Rule, data: float, operands: tuple[Any, ...], kind: type[Value], scope: str | None = None) -> Value:
    """The node of an operation that is computed now."""
    a, b = operands if len(operands) == 2 else graph.in_slots(operands)
    node = make_node(rule, a, b, data, 0.0, None, scope, kind)
    node._mark = graph.epoch
    return node


def apply(op: Op, operands: tuple[Any, ...]) -> Any:
    """The node (or, with an array among the operands, the object array of nodes) of an op on Values and numbers."""
    checked: list[Any] = []
    kind = Value
    for x in operands:
        if getattr(x, "shape", None) == () and x.dtype == object:
            x = x.item()  # an array without axes is what is in it
        if type(x) is Value or type(x) is float:
            checked.append(x)
        elif isinstance(x, Value):
            checked.append(x)
            kind = x._kind if kind is Value else kind
        elif hasattr(type(x), "_nodes"):  # what argmax found
            return op(*[y._nodes() if hasattr(type(y), "_nodes") else y for y in operands])
        elif hasattr(type(x), "_apply_op"):
            raise TypeError(f"{op.name}: a Value and a {type(x).__name__} do not mix; use one kind throughout")
        elif getattr(x, "ndim", 0) or isinstance(x, (list, tuple)):
            return on_elements(op, operands, op.name)
        else:
            checked.append(as_number(x, op.name))
    of_values = tuple([isinstance(x, Value) for x in checked])
    data = op.number(*[x._data if isinstance(x, Value) else x for x in checked])
    return record(rule_of(op, of_values), data, tuple(checked), kind)


def kind_of(operands: tuple[Any, ...]) -> type[Value]:
    """What the result of an operation is: a Value or, with one of a subclass among the operands, of that class."""
    return next((x._kind for x in operands if isinstance(x, Value) and x._kind is not Value), Value)


def record(rule: Rule, data: float, operands: tuple[Any, ...], kind: type[Value] = Value) -> Value:
    """A new node, under the modes in force (:mod:`scalargrad.modes`)."""
    if not modes.active:
        return _computed(rule, data, operands, kind)
    state = modes.state()
    if state.detecting:
        anomalies.check_forward(rule.op, data, operands)
    if state.tracer is not None:  # recorded in any case, since its number stands for others
        node: Value = state.tracer.computed(_computed(rule, data, operands, kind, state.path))
        return node if state.recording else state.tracer.stopped(node)
    if not state.recording:
        return _computed(LEAF, data, (), kind)
    return _computed(rule, data, operands, kind, state.path)


# --- the methods made from the rows ----------------------------------------------------------------------------------


def _method_of(kind: type[Value], op: Op) -> Callable[..., Any]:
    """The method of an op, whose result is of this kind: specialised for one operand."""
    if len(op.operands) > 1:
        return lambda self, *operands, **named: op(self, *operands, **named)
    rule, number = rule_of(op, (True,)), op.number

    def method(self: Value) -> Value:
        data = number(self._data)
        if modes.special:
            return record(rule, data, (self,), kind)
        node: Value = _new(kind)
        node._data = data
        node.grad = 0.0
        node._mark = graph.epoch
        node._rule = rule
        node._a = self
        node._b = node.label = None
        node.scope = modes.state().path if modes.active else None
        return node

    return formed(op, method)


def _give_methods(kind: Any) -> None:
    """Give a class of Values its methods and operators; a subclass keeps those that somebody has written."""
    heir = kind is not Value
    install(kind, partial(_method_of, kind), heir=heir)
    known = {
        "Value": kind, "new": _new, "modes": modes, "graph": graph, "apply": apply, "as_number": as_number,
        "takes": Value._takes, "record": partial(record, kind=kind) if heir else record,
    }  # fmt: skip
    for name, dunders in DUNDERS.items():
        op = OPS[name]
        places = {"both": (True, True), "left": (True, False), "right": (False, True)}
        rules = {place: rule_of(op, of_values) for place, of_values in places.items()}
        for dunder, method in zip(dunders, operator_methods(op, known | rules), strict=True):
            if not heir or is_of_row(getattr(kind, dunder)):
                written: Any = method
                written.__name__, written.__qualname__, written.of_row = dunder, f"{kind.__name__}.{dunder}", True
                setattr(kind, dunder, written)


Value._kind = Value
_give_methods(Value)
