"""micrograd's way into a node: its names for what a Value holds, and nodes that are made by hand.

The lecture writes an operation as a node with its inputs, and a closure that does its share of the backward pass::

    def cube(self):
        out = Value(self.data**3, (self,), "cube")

        def _backward():
            self.grad += 3 * self.data**2 * out.grad

        out._backward = _backward
        return out

The local derivatives may be given instead of the closure: ``Value(x.data**3, (x,), (3 * x.data**2,))``. How such nodes
go backward is :mod:`scalargrad.function.by_hand`. An operation that can be compiled, differentiated twice and read as a
formula is a ``Function``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from scalargrad import modes
from scalargrad.graph import Node
from scalargrad.ops.registry import NotDifferentiableError, is_number
from scalargrad.rules import LEAF

if TYPE_CHECKING:
    from scalargrad.engine import Value

_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "relu": "ReLU"}
"""What micrograd calls its operations, where that is not their name here."""


class HandMade(Node):
    """What micrograd's programs ask of a Value: ``_prev``, ``_op``, ``_backward``; and ``_local_grads``."""

    __slots__ = ()
    _rule: Any
    grad: Any

    @property
    def _prev(self) -> tuple[Any, ...]:
        """The inputs. A constant among them is a leaf, as in micrograd, whose ``grad`` is its share of this node's."""
        found = list(self.inputs[:1] if self._has_exponent() else self.inputs)
        for position, x in enumerate(found):
            if is_number(x):
                found[position] = leaf = self._constant_like(x)
                leaf.grad = self.grad * self._locals()[position]
        return tuple(found)

    _children = _prev

    @property
    def _op(self) -> str:
        """The symbol of the operation; empty for a leaf."""
        if self.op is None:
            return ""
        if self._has_exponent():
            return f"**{self.inputs[1]:g}"
        name = str(getattr(self.op, "title", self.op.name))
        return _SYMBOLS.get(name, name)

    def _has_exponent(self) -> bool:
        return self.op is not None and self.op.name == "pow" and is_number(self.inputs[1])

    @property
    def _local_grads(self) -> tuple[float, ...]:
        """The local derivative by each of ``_prev``."""
        return self._locals()[: len(self._prev)]

    def _locals(self) -> tuple[float, ...]:
        numbers = tuple([x if is_number(x) else x._data for x in self.inputs])
        try:
            return tuple([self.op.local(i, self._data, numbers) for i in range(len(numbers))])
        except NotDifferentiableError:
            return (0.0,) * len(numbers)

    @property
    def _backward(self) -> Callable[[], None]:
        """Its share of a backward pass: called, it adds upstream × local to the ``grad`` of each input."""
        return self._pass_on

    @_backward.setter
    def _backward(self, closure: Callable[[], None]) -> None:
        if self._rule is LEAF and not modes.recording():
            return
        if self._rule is LEAF:
            raise TypeError("a leaf has nothing to pass its gradient on to: give the inputs, Value(data, (a, b), 'op')")
        self._made_of([x for x in self.inputs if isinstance(x, Node)], self._op, closure)

    def _pass_on(self) -> None:
        if self._rule is not LEAF:
            try:
                self._rule.backward(self)
            except ZeroDivisionError:  # what Python refuses, IEEE arithmetic answers
                for x, local in zip(self.inputs, self._locals()):
                    if isinstance(x, HandMade):
                        x.grad += self.grad * local

    def _made_of(self, inputs: Any, op: Any, closure: Callable[[], None] | None = None) -> None:
        """Make it a node made by hand, of these inputs; ``op`` is its symbol, or the local derivatives."""
        from scalargrad.function.by_hand import make_by_hand  # few graphs have such nodes

        make_by_hand(cast("Value", self), inputs, op, closure)


def attributes_of(x: Any, base: type) -> dict[str, Any]:
    """What an object of a subclass of ``base`` has besides."""
    slots = [name for kind in type(x).__mro__ if kind not in base.__mro__ for name in vars(kind).get("__slots__", ())]
    return {name: getattr(x, name) for name in (*slots, *getattr(x, "__dict__", ())) if hasattr(x, name)}
