"""What a Tensor is: an array in a graph, and how its numbers are read, changed and copied.

:class:`fastpath.Tensor` is this together with what can be done with it: :mod:`.recording`, :mod:`.comparing`,
:mod:`.differentiable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Self, TypeVar

import numpy as np

from fastpath.numerics import Array, as_floats, owners_of
from scalargrad import modes
from scalargrad.copying import deepcopy_graph, reduce_graph
from scalargrad.graph import Node, short
from scalargrad.ops.structure import STRUCTURAL


class Size(int):
    """A number of elements, as NumPy's ``size``; called, it gives the shape or the length of an axis, as PyTorch's."""

    def __new__(cls, array: Array) -> Self:
        size = int.__new__(cls, array.size)
        size._shape = array.shape
        return size

    _shape: tuple[int, ...]

    def __call__(self, axis: int | None = None) -> Any:
        return self._shape if axis is None else self._shape[axis]

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)


class ArrayNode(Node):
    """An array in a graph: what it was computed from, and the numbers."""

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
        if isinstance(data, ArrayNode):
            raise TypeError("Tensor(…) takes numbers, not a Tensor: use it as it stands, or its .detach()")
        if label is not None and not isinstance(label, str):
            raise TypeError(f"a label is a text, not {label!r}")
        if requires_grad is not True and requires_grad is not False and not isinstance(requires_grad, np.bool_):
            raise TypeError(
                f"Tensor(data, requires_grad): requires_grad is True or False, not {short(repr(requires_grad))}; "
                "several numbers are a list, Tensor([2, 3]), and a Tensor of a shape is made by zeros(2, 3)"
            )
        self._data = as_floats(data, dtype)
        self._locked = False
        self.requires_grad = bool(requires_grad)
        self.label = label
        self.grad = self.scope = self._op = self._arrays = self._needed = self._a = self._b = self._mark = None

    @property
    def op(self) -> Any:
        """The operation that made it, None for a leaf."""
        return self._op

    @property
    def data(self) -> Array:
        """The array. That of a leaf may be changed in place; that of a result is read-only."""
        if modes.active:
            modes.concretized(self, ".data")
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
    size = property(
        lambda self: Size(self._data), doc="The number of elements; size() and size(0) are lengths of axes."
    )
    dtype = property(lambda self: self._data.dtype, doc="The type of the elements.")

    @property
    def T(self) -> Self:  # noqa: N802
        """The axes reversed."""
        return STRUCTURAL["transpose"](self)  # type: ignore[no-any-return]

    def item(self) -> float:
        """The only element, as a Python number."""
        self._look("item()")
        if self._data.size != 1:
            raise ValueError(f"item() needs a Tensor of one element, not of shape {self.shape}")
        return self._data.item()  # type: ignore[no-any-return]

    def detach(self) -> Self:
        """The same numbers as a new leaf, with no graph behind it."""
        tracer = modes.tracer()
        return leaf(self._use()) if tracer is None else tracer.stopped(self)  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

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

    def _seen_by_function(self) -> Any:
        """What the forward of a Function gets of it."""
        return self

    def _look(self, what: str) -> None:
        """Tell the tracer, if there is one, that code looks at the numbers."""
        if modes.active:
            modes.concretized(self, what)

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("a Tensor without axes has no length")
        return len(self._data)

    def __getitem__(self, key: Any) -> Self:
        return STRUCTURAL["index"](self, key)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Self]:
        return (STRUCTURAL["index"](self, i) for i in range(len(self)))

    def __repr__(self) -> str:
        body = np.array2string(self._data, prefix="Tensor(", separator=", ")
        dtype = "" if self._data.dtype == np.float64 else f", dtype={self._data.dtype}"
        label = "" if self.label is None else f", label={self.label!r}"
        op = "" if self._op is None else f", op={self._op.name}"
        grad = ", requires_grad=True" if self.requires_grad and self._op is None else ""
        return f"Tensor({body}{dtype}{label}{op}{grad})"

    def __format__(self, spec: str) -> str:
        self._look("format()")
        return format(self._data.item(), spec) if spec and self._data.size == 1 else str(self)

    # --- copying -----------------------------------------------------------------------------------------------------

    def __copy__(self) -> Any:
        make, *arguments = self._parts()
        return make(*arguments)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return deepcopy_graph(self, memo)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduce_graph(self)

    def _parts(self) -> tuple[Any, ...]:
        own = (self._use(), self._op, self._needed, self._arrays, self.grad, self.label, self.scope, self.requires_grad)
        return _remade, self.inputs, *own


Kind = TypeVar("Kind", bound=type[ArrayNode])
_new: Callable[[], Any] = partial(object.__new__, ArrayNode)


def nodes_are(kind: Kind) -> Kind:
    """Declare the class that nodes are made of: the one that has everything a Tensor can do."""
    global _new
    _new = partial(object.__new__, kind)
    return kind


def make(data: Array, op: Any, operands: tuple[Any, ...], arrays: Any, needed: Any) -> Any:
    """A node as it stands, with no questions asked."""
    node = _new()
    node._data = data
    node._op = op
    node._arrays = arrays
    node._needed = needed
    node._locked = True
    node.requires_grad = op is not None
    node.grad = node.label = node.scope = node._mark = None
    count = len(operands)
    if count == 1:
        node._a, node._b = operands[0], None
    elif count == 2:
        node._a, node._b = operands
    else:
        node._a, node._b = operands or None, None
    return node


def _remade(inputs: tuple[Any, ...], data: Array, op: Any, needed: Any, arrays: Any, *marks: Any) -> Any:
    node = make(data, op, inputs, arrays, needed)
    grad, node.label, node.scope, node.requires_grad = marks
    node.grad = None if grad is None else grad.copy()
    return node


def leaf(data: Array) -> Any:
    """A leaf with this very array, of which no gradient is asked."""
    return make(data, None, (), None, None)


def _count_alone() -> int:
    """How many owners the array of a Tensor has if nobody else holds it."""
    node: ArrayNode = object.__new__(ArrayNode)
    node._data = np.empty(0)
    return node._holders()


_ALONE = _count_alone()
