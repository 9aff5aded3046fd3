"""What is differentiated, and by what: leaves of trees as nodes, and derivatives in the kind of what was given.

A node stands for each number and array while the function runs: a Value, or, where arrays are about, a Tensor. (Values
cannot be computed with beside Tensors, so it is one kind for all.)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import Any, cast

from scalargrad import tree
from scalargrad.engine import Value
from scalargrad.graph import Node
from scalargrad.ops.registry import as_number, is_number
from scalargrad.packages import BACKENDS


@cache
def _tensor() -> Any:
    """The class Tensor, loaded when it is first needed."""
    module, _, name = BACKENDS["tensor"].partition(":")
    return getattr(import_module(module), name)


def is_array(x: Any) -> bool:
    """Whether it is a NumPy array; NumPy need not be there."""
    np = sys.modules.get("numpy")
    return np is not None and isinstance(x, np.ndarray)


def backend_for(arguments: Any, around: str) -> str:
    """What stands for numbers and arrays among these arguments: "value" or "tensor".

    Beside nodes it is what they are, within another derivative (``around``) what that takes, else Tensors if there is
    an array anywhere.
    """
    arrays = False
    for x in tree.leaves(arguments):
        if isinstance(x, Node):
            return "value" if isinstance(x, Value) else "tensor"
        if is_array(x):
            if x.dtype == object:
                return "value"
            arrays = True
    return around or ("tensor" if arrays else "value")


class Variable:
    """One number, array or node that is differentiated by, and the nodes that stand for it."""

    __slots__ = ("given", "nodes", "shape", "stand_in")
    given: Any
    stand_in: Any
    """What the function gets: a node, or an array of Values."""
    nodes: list[Any]
    shape: tuple[int, ...] | None
    """The axes of an array of Values; None for a node alone."""

    def __init__(self, given: Any, stand_in: Any) -> None:
        self.given, self.stand_in = given, stand_in
        single = isinstance(stand_in, Node)
        self.nodes = [stand_in] if single else stand_in.ravel().tolist()
        self.shape = None if single else stand_in.shape

    @classmethod
    def standing_for(cls, given: Any, backend: str, name: str, connected: bool = False) -> Variable:
        """New leaves with the numbers of what a function was given; ``connected``, nodes computed from a node given."""
        if isinstance(given, Node):
            if connected and getattr(given, "requires_grad", True):
                return cls(given, given * 1.0)  # type: ignore[operator]
            return cls(given, given._as_leaf())  # type: ignore[attr-defined]
        if is_array(given) and given.dtype.kind not in "fiubO":
            raise TypeError(f"{name}: expected real numbers, not an array of {given.dtype}")
        if backend == "tensor" and (is_array(given) or is_number(given)):
            return cls(given, _tensor()(given if is_array(given) else as_number(given, name), requires_grad=True))
        if not is_array(given) or not given.ndim:
            return cls(given, Value(as_number(given, name)))
        return cls(given, boxed([_leaf(x, name) for x in given.ravel().tolist()], given.shape))

    def derivative(self, found: Sequence[Any]) -> Any:
        """What was found for each of its nodes, numbers or arrays, as one."""
        return found[0] if self.shape is None else sys.modules["numpy"].array(found, float).reshape(self.shape)

    def block(self, rows: Sequence[Any], shape: tuple[int, ...]) -> Any:
        """Its derivatives of each element of a result of this shape, as one array with the axes of both."""
        derivatives = [self.derivative(row) for row in rows]
        if not shape:
            return derivatives[0]
        np = sys.modules["numpy"]
        own = self.nodes[0]._data if self.shape is None else np.empty(self.shape)
        return np.array(derivatives, getattr(own, "dtype", float)).reshape(shape + np.shape(own))

    def of_kind(self, numbers: Any) -> Any:
        """A derivative without a graph, in the kind of what was given."""
        given, np = self.given, cast(Any, sys.modules.get("numpy"))
        if isinstance(given, Value):
            return boxed(map(Value, numbers.ravel().tolist()), numbers.shape) if is_array(numbers) else Value(numbers)
        if isinstance(given, Node):
            return type(given)(numbers, dtype=given.dtype)  # type: ignore[call-arg, attr-defined]
        if not is_array(given):
            return numbers if np is not None and np.ndim(numbers) else float(numbers)
        if given.dtype != object:
            return np.asarray(numbers, given.dtype if given.dtype.kind == "f" else float)
        kinds = given.ravel().tolist()
        if not any(isinstance(x, Node) for x in kinds):
            return numbers
        each = zip(kinds * (numbers.size // max(given.size, 1)), numbers.ravel().tolist())
        return boxed([Value(x) if isinstance(kind, Node) else x for kind, x in each], numbers.shape)

    # --- as a graph --------------------------------------------------------------------------------------------------

    def derivative_node(self, found: Sequence[Any]) -> Any:
        """What was found for each of its nodes as a node, or an array of nodes."""
        nodes = [x if isinstance(x, Node) else variable._constant_like(x) for x, variable in zip(found, self.nodes)]
        return nodes[0] if self.shape is None else boxed(nodes, self.shape)

    def block_node(self, rows: Sequence[Any], output: Output) -> Any:
        """The same as :meth:`block` of nodes."""
        nodes = [self.derivative_node(row) for row in rows]
        if not output.shape:
            return nodes[0]
        if output.is_tensor and self.shape is None and not isinstance(nodes[0], Value):
            return output.nodes[0]._gathered(nodes)
        if nodes and not isinstance(nodes[0], Value) and self.shape is None:
            from scalargrad.ops.composite import stack

            return stack(nodes).reshape((*output.shape, *nodes[0].shape))
        return boxed([x for node in nodes for x in as_list(node)], output.shape + (self.shape or ()))


class Output:
    """One number, array or node that is differentiated: its nodes, and its axes."""

    __slots__ = ("is_tensor", "nodes", "shape")

    def __init__(self, result: Any, name: str) -> None:
        if is_array(result) and result.dtype == object and result.size:
            result = joined(result)
        self.is_tensor = isinstance(result, Node) and not isinstance(result, Value)
        """Whether it is a single node, whatever its axes."""
        self.nodes: list[Any] = as_list(result)
        self.shape: tuple[int, ...] = getattr(result, "shape", ())
        for x in self.nodes:
            if not (isinstance(x, Node) or is_number(x)):
                raise TypeError(f"{name}: expected the result to be one Value, not a {type(result).__name__}")

    @classmethod
    def of_slopes(cls, slopes: Sequence[Any], shape: tuple[int, ...] | None) -> Output:
        """The derivatives by the nodes of a variable, to be differentiated once more."""
        return cls(slopes[0] if shape is None else boxed(slopes, shape), "hessian")

    @property
    def is_single(self) -> bool:
        """Whether it is one number."""
        return len(self.nodes) == 1 and getattr(self.nodes[0], "size", 1) == 1

    def seeds(self) -> Iterable[tuple[Any, Any]]:
        """Each element: its node, and the upstream gradient that singles it out."""
        if self.is_tensor:
            return ((self.nodes[0], seed) for seed in self.nodes[0]._seeds())
        return ((node, 1.0) for node in self.nodes)

    def as_leaf(self) -> Any:
        """Upstream gradients that may be anything: new leaves of its shape."""
        if self.is_tensor:
            node = self.nodes[0]
            return type(node)(node._data, requires_grad=True, dtype=node.dtype if node.dtype.kind == "f" else None)
        return boxed([Value(1.0) for _ in self.nodes], self.shape) if self.shape else Value(1.0)

    def kind(self, as_nodes: bool) -> Any:
        """Something of the kind that derivatives of it are given back in."""
        if self.is_tensor:
            return self.nodes[0] if as_nodes else self.nodes[0]._data if self.shape else 0.0
        if not self.shape:
            return self.nodes[0] if as_nodes else 0.0
        return boxed(self.nodes, self.shape) if as_nodes else sys.modules["numpy"].empty(self.shape)

    def plain(self, as_nodes: bool) -> Any:
        """The result without a graph: numbers and arrays, or nodes."""
        if self.is_tensor:
            node = self.nodes[0]
            if as_nodes:
                return type(node)(node._data, dtype=node.dtype) if node.dtype.kind == "f" else node
            return node._data.copy() if node.shape else node._data.item()
        numbers = [float(x._data if isinstance(x, Node) else x) for x in self.nodes]
        own = [Value(x) if isinstance(node, Node) and as_nodes else x for node, x in zip(self.nodes, numbers)]
        if not self.shape:
            return own[0]
        return boxed(own, self.shape) if as_nodes else sys.modules["numpy"].array(own).reshape(self.shape)


def boxed(items: Iterable[Any], shape: tuple[int, ...]) -> Any:
    """An object array of these."""
    np = sys.modules["numpy"]
    items = list(items)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)


def joined(array: Any) -> Any:
    """An array of Tensors without axes as one Tensor; any other as it is."""
    items = array.ravel().tolist()
    if not any(isinstance(x, Node) and not isinstance(x, Value) for x in items):
        return array
    from scalargrad.ops.composite import stack

    return stack(items).reshape(array.shape)


def as_list(x: Any) -> list[Any]:
    """What is in an array; a number or a node alone."""
    return x.ravel().tolist() if is_array(x) else [x]


def _leaf(x: Any, name: str) -> Any:
    """A new leaf for an element of an array."""
    return x._as_leaf() if isinstance(x, Node) else Value(as_number(x, name))  # type: ignore[attr-defined]
