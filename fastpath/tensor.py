"""The batched backend: :class:`Tensor`, an array in a computational graph.

What :class:`scalargrad.Value` is for one number, a Tensor is for an array: it remembers its ``op`` and ``inputs``, and
:meth:`Tensor.backward` sends downstream = upstream × local from the result to the leaves, a whole array at a time.
This module says what a Tensor is; :mod:`fastpath.recording` gives it its operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from fastpath.backward import backpropagate, commit, downstreams
from fastpath.bound import BoundOp as BoundOp
from fastpath.numerics import Array, array_forward, array_local, as_floats, ignoring, owners_of, unbroadcast_array
from scalargrad import modes
from scalargrad.copying import deepcopy_graph, reduce_graph
from scalargrad.graph import Node, short
from scalargrad.ops.given import as_array, is_number, require_numbers
from scalargrad.ops.operators import Operators
from scalargrad.ops.registry import Op
from scalargrad.ops.structure import STRUCTURAL


class Tensor(Node, Operators):
    """An array in a computational graph.

    ``data`` is copied: floats keep their dtype, ints and bools become float64. ``grad`` is None until a backward pass
    reaches this leaf, then an array of the leaf's shape and dtype; passes add up. Only what depends on a Tensor with
    ``requires_grad`` is recorded.

    A graph keeps the numbers it was computed from: ``data`` may be changed in place at any time, an alias of it too,
    without spoiling a gradient still to be computed. (What is changed is a copy, if a graph uses the array.)

    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> x = Tensor([1.0, -1.0])
    >>> loss = (x @ W).square().sum()
    >>> loss.backward()
    >>> W.grad
    array([[-4., -4.],
           [ 4.,  4.]])
    """

    __slots__ = (
        "__weakref__", "_arrays", "_data", "_locked", "_needed", "_op", "grad", "label", "requires_grad", "scope"
    )  # fmt: skip
    _arrays: tuple[Any, ...] | None
    """The operands as they were in the forward pass: arrays, and numbers."""
    _data: Array
    _locked: bool
    """Whether a graph may hold ``_data``; if not, it is a leaf's own, but for aliases the user took of it."""
    _needed: tuple[bool, ...] | None
    """Which operands need a gradient."""
    _op: Any
    grad: Array | None
    label: str | None
    requires_grad: bool
    scope: str | None

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None, label: str | None = None) -> None:
        if isinstance(data, Tensor):
            raise TypeError("Tensor(…) takes numbers, not a Tensor: use it as it stands, or its .detach()")
        if label is not None and not isinstance(label, str):
            raise TypeError(f"a label is a text, not {label!r}")
        self._data = as_floats(data, dtype)
        self._locked = False
        self.requires_grad = bool(requires_grad)
        self.label = label
        self.grad = self.scope = self._op = self._arrays = self._needed = self._a = self._b = self._mark = None

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def op(self) -> Any:
        """The operation that made it, None for a leaf."""
        return self._op

    @property
    def data(self) -> Array:
        """The array. That of a leaf may be changed in place; that of a result is read-only."""
        if modes.active and modes.tracer() is not None:
            modes.concretized_by_user(self, ".data")
        if self._op is not None:
            self._data.flags.writeable = False
        elif self._locked:
            if self._data.base is None and self._holders() <= _ALONE:  # the graphs that used it are gone
                self._data.flags.writeable = True
            else:
                self._data = self._data.copy()
            self._locked = False
        return self._data

    @data.setter
    def data(self, new: Any) -> None:
        if new is not self._data:  # it is after `t.data -= step`, which has changed it in place already
            self._set(as_floats(new, self._data.dtype))

    @property
    def _array(self) -> Array:
        """``data`` without the copies: what is read is read-only, what is set belongs to the Tensor from now on."""
        array = self._use()
        array.flags.writeable = False
        return array

    @_array.setter
    def _array(self, new: Array) -> None:
        if type(new) is not np.ndarray or new.dtype != self._data.dtype:
            new = as_floats(new, self._data.dtype)
        self._set(new)
        self._locked = True

    def _set(self, array: Array) -> None:
        if self._op is not None:
            raise AttributeError("the data of a computed Tensor cannot be set; set that of a leaf and compute it again")
        if array.shape != self._data.shape:
            raise ValueError(f"data of shape {array.shape} given to a Tensor of shape {self._data.shape}")
        self._data = array
        self._locked = False

    def _use(self) -> Array:
        """The array for a graph to keep. While the user holds an alias, and might write to it, that is a copy."""
        if not self._locked:
            if self._holders() > _ALONE:
                return self._data.copy()
            self._locked = True
        return self._data

    def _holders(self) -> int:
        return owners_of(self._data)

    shape = property(lambda self: self._data.shape, doc="The lengths of the axes.")
    ndim = property(lambda self: self._data.ndim, doc="The number of axes.")
    size = property(lambda self: self._data.size, doc="The number of elements.")
    dtype = property(lambda self: self._data.dtype, doc="The type of the elements.")

    @property
    def T(self) -> Tensor:  # noqa: N802
        """The axes reversed."""
        return STRUCTURAL["transpose"](self)  # type: ignore[no-any-return]

    def item(self) -> float:
        """The only element, as a Python number."""
        self._look("item()")
        if self._data.size != 1:
            raise ValueError(f"item() needs a Tensor of one element, not of shape {self.shape}")
        return self._data.item()  # type: ignore[no-any-return]

    def detach(self) -> Tensor:
        """The same numbers as a new leaf, with no graph behind it."""
        return make(self._use(), None, (), None, None)

    def __float__(self) -> float:
        return float(self.item())

    def __index__(self) -> int:
        if self._data.dtype.kind != "i":
            raise TypeError("only a Tensor of integers, as argmax gives, can be an index")
        return int(self.item())

    def __bool__(self) -> bool:
        self._look("the truth value")
        if self._data.size != 1:
            raise ValueError(
                f"a Tensor of shape {self.shape} is neither true nor false: compare it, and ask any() or all() of that"
            )
        return bool(self._data.item())

    def _look(self, what: str) -> None:
        """Tell the tracer, if there is one, that code looks at the numbers."""
        if modes.active:
            modes.concretized(self, what)

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("a Tensor without axes has no length")
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        return (STRUCTURAL["index"](self, i) for i in range(len(self)))

    def __contains__(self, x: object) -> bool:
        raise TypeError("`in` of a Tensor is not defined; ask its .data")

    def __repr__(self) -> str:
        body = np.array2string(self._data, prefix="Tensor(", separator=", ")
        dtype = "" if self._data.dtype == np.float64 else f", dtype={self._data.dtype}"
        label = "" if self.label is None else f", label={self.label!r}"
        op = "" if self._op is None else f", op={self._op.name}"
        grad = ", requires_grad=True" if self.requires_grad and self._op is None else ""
        return f"Tensor({body}{dtype}{label}{op}{grad})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    # p -= lr * p.grad: of a parameter in place under no_grad; of any other Tensor a new node, as p = p - lr * p.grad

    def __iadd__(self, other: Any) -> Any:
        return self._in_place(self.__add__, other, "+=")

    def __isub__(self, other: Any) -> Any:
        return self._in_place(self.__sub__, other, "-=")

    def __imul__(self, other: Any) -> Any:
        return self._in_place(self.__mul__, other, "*=")

    def __itruediv__(self, other: Any) -> Any:
        return self._in_place(self.__truediv__, other, "/=")

    def _in_place(self, compute: Callable[[Any], Any], other: Any, sign: str) -> Any:
        if self._op is not None or not self.requires_grad:
            return NotImplemented
        if modes.recording():
            name = short(self.label) if self.label else "p"
            raise RuntimeError(
                f"{name} {sign} … would make a new Tensor of a leaf that requires a gradient: to change its numbers, "
                f"write it under no_grad(), or {name}.data {sign} …; for a new Tensor write {name} = {name} {sign[0]} …"
            )
        result = compute(other)
        if result is NotImplemented:
            return result
        if result.shape != self.shape:
            raise ValueError(f"{sign}: a Tensor of shape {self.shape} cannot become one of shape {result.shape}")
        self._set(result._data.astype(self._data.dtype))
        return self

    # comparisons look at the numbers and give an array of bools; the hash is identity, so that nodes can be keys

    def __eq__(self, other: object) -> Any:
        return self._compare(np.equal, other)

    def __ne__(self, other: object) -> Any:
        return self._compare(np.not_equal, other)

    __hash__ = object.__hash__

    def _compare(self, compare: Any, other: Any) -> Any:
        """A comparison of the numbers: an array of bools, which no gradient passes through."""
        self._look("a comparison")
        if not self._takes(other):
            return NotImplemented
        name = compare.__name__
        if isinstance(other, Tensor):
            array = other._data
        else:
            array = as_array(other, name)
            require_numbers(array, name)
        try:
            return compare(self._data, array)
        except ValueError:
            raise ValueError(f"{name}: shapes {self.shape} and {array.shape} do not broadcast together") from None

    def __lt__(self, other: Any) -> Any:
        return self._compare(np.less, other)

    def __le__(self, other: Any) -> Any:
        return self._compare(np.less_equal, other)

    def __gt__(self, other: Any) -> Any:
        return self._compare(np.greater, other)

    def __ge__(self, other: Any) -> Any:
        return self._compare(np.greater_equal, other)

    # --- backward ----------------------------------------------------------------------------------------------------

    def backward(self, seed: Any = None) -> None:
        """Reverse-mode differentiation: ``grad`` of every leaf with ``requires_grad`` this one depends on.

        ``seed`` is the upstream gradient of this Tensor, an array of its shape; 1 if it has a single element. Leaves
        add to what they have. If a rule raises, no gradient changes.

        Raises RuntimeError if nothing requires a gradient, ValueError if a seed is missing or has another shape,
        NotDifferentiableError if an operation on the way has no gradient.
        """
        if not self.requires_grad:
            raise RuntimeError("backward: nothing this Tensor was computed from has requires_grad=True")
        shape, dtype = self._data.shape, self._data.dtype
        if dtype.kind != "f":
            self._op.op.require_derivative()
        if seed is not None:
            start = as_floats(seed, dtype)
            if start.size == self._data.size == 1:
                start = start.reshape(shape)
            if start.shape != shape:
                raise ValueError(f"backward: a seed of shape {start.shape} for a Tensor of shape {shape}")
        elif self._data.size == 1:
            start = np.empty(shape, dtype)
            start.fill(1)
        else:
            raise ValueError(
                f"backward of a Tensor of shape {shape} needs a seed: call backward(seed) with an array "
                "of that shape, or reduce it to one number with sum() or mean() first"
            )
        commit(backpropagate(self, start))

    # --- for a Trace -------------------------------------------------------------------------------------------------

    def _unit(self) -> Array:
        """The derivative of it by itself; ValueError if it has more than one element."""
        if self._data.size != 1:
            raise ValueError(
                f"only a single number has gradients to show, not a Tensor of shape {self.shape}: reduce it first"
            )
        return np.ones(self._data.shape, self._data.dtype)

    @ignoring
    def _downstreams(self, upstream: Array) -> list[tuple[int, Tensor, Array | None, Array]]:
        """What this node passes on, edge by edge: position, operand, local derivative, downstream gradient.

        There is no local derivative, element by element, of an operation that moves or reduces.
        """
        found = []
        shares = downstreams(self, upstream) if self._op is not None else ()
        for position, (operand, share) in enumerate(zip(self.inputs, shares)):
            if share is not None:
                arrays: Any = self._arrays
                local = array_local(self._op, position, self._data, arrays) if type(self._op) is Op else None
                found.append((position, operand, local, unbroadcast_array(share, operand._data)))
        return found

    def _is_of_same_operands(self) -> bool:
        """Whether the arrays of its operands are the very arrays it was computed from."""
        arrays = self._arrays or ()
        return all(x._data is a for x, a in zip(self.inputs, arrays) if isinstance(x, Tensor))

    def _recomputed(self) -> Any:
        """What the operation gives on its operands as they are now."""
        return recomputed_on(self, tuple(x._data if isinstance(x, Tensor) else x for x in self.inputs))

    @classmethod
    def _takes(cls, other: Any) -> bool:
        return isinstance(other, (Tensor, np.ndarray, list, tuple)) or is_number(other)

    # --- copying -----------------------------------------------------------------------------------------------------

    def __copy__(self) -> Tensor:
        make, *arguments = self._parts()
        return make(*arguments)  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return deepcopy_graph(self, memo)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        return reduce_graph(self)

    def _parts(self) -> tuple[Any, ...]:
        own = (self._use(), self._op, self._needed, self._arrays, self.grad, self.label, self.scope, self.requires_grad)
        return _remade, self.inputs, *own


@ignoring
def recomputed_on(node: Tensor, operands: tuple[Any, ...]) -> Any:
    """What the operation of a node gives on these arrays and numbers."""
    if type(node._op) is Op:
        return np.asarray(array_forward(node._op)(*operands)).astype(node._data.dtype, copy=False)
    return node._op.recomputed(node._data, operands)


_new = partial(object.__new__, Tensor)


def make(data: Array, op: Any, operands: tuple[Any, ...], arrays: Any, needed: Any) -> Tensor:
    """A node as it stands, with no questions asked."""
    node: Tensor = _new()
    node._data = data
    node._op = op
    node._arrays = arrays
    node._needed = needed
    node._locked = True
    node.requires_grad = op is not None
    node.grad = node.label = node.scope = node._mark = None
    few = len(operands) <= 2
    node._a = (operands[0] if operands else None) if few else operands
    node._b = operands[1] if len(operands) == 2 else None
    return node


def _remade(inputs: tuple[Any, ...], data: Array, op: Any, needed: Any, arrays: Any, *marks: Any) -> Tensor:
    node = make(data, op, inputs, arrays, needed)
    grad, node.label, node.scope, node.requires_grad = marks
    node.grad = None if grad is None else grad.copy()
    return node


_ALONE = Tensor(0.0)._holders()
"""How many owners the array of a Tensor has if nobody else holds it."""
