"""The batched backend: :class:`Tensor`, the rows of the registry read on arrays.

What :class:`scalargrad.Value` is for one number, a Tensor is for an array: it remembers its ``op`` and ``inputs``, and
:meth:`Tensor.backward` sends downstream = upstream × local from the result to the leaves, a whole array at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.graph import Node, topological_order
from scalargrad.ops.operators import Operators, install
from scalargrad.ops.registry import OPS, Op, is_number
from scalargrad.ops import structural as structural
from scalargrad.ops.structure import STRUCTURAL, StructuralOp
from scalargrad.symbolic import local_derivative, python

Array = np.ndarray[Any, Any]
_ignoring = np.errstate(all="ignore")


class Bound:
    """A structural op together with the settings of one call: what the ``op`` of a node is."""

    __slots__ = ("op", "settings")

    def __init__(self, op: StructuralOp, settings: dict[str, Any]) -> None:
        self.op = op
        self.settings = settings

    @property
    def name(self) -> str:
        """The op's name."""
        return self.op.name

    @property
    def symbol(self) -> str:
        """What stands in its node."""
        return self.op.symbol

    def __repr__(self) -> str:
        settings = ", ".join(f"{k}={v!r}" for k, v in self.settings.items())
        return f"<op {self.op.name}({settings})>"


class Tensor(Node, Operators):
    """An array in a computational graph.

    ``data`` is copied: floats keep their dtype, ints and bools become float64. ``grad`` is None until a backward pass
    reaches this leaf, then an array of the leaf's shape and dtype; passes add up. Only what depends on a Tensor with
    ``requires_grad`` is recorded.

    While a graph uses a Tensor's array, that array is read-only; ``data`` of a leaf then gives a fresh writable copy,
    so an update in place never spoils a gradient still to be computed.

    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> x = Tensor([1.0, -1.0])
    >>> loss = (x @ W).square().sum()
    >>> loss.backward()
    >>> W.grad
    array([[-4., -4.],
           [ 4.,  4.]])
    """

    __slots__ = ("__weakref__", "_arrays", "_data", "_locked", "_op", "grad", "label", "requires_grad", "scope")
    _arrays: tuple[Any, ...] | None
    _data: Array
    _locked: bool
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
        self.grad = None
        self.requires_grad = bool(requires_grad)
        self.label = label
        self.scope = None
        self._op = self._arrays = self._a = self._b = self._mark = None

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def op(self) -> Any:
        """The operation that made it, None for a leaf."""
        return self._op

    @property
    def data(self) -> Array:
        """The array. That of a leaf may be changed in place; that of a result is read-only."""
        if self._locked and self._op is None:
            self._data = self._data.copy()
            self._locked = False
        return self._data

    @data.setter
    def data(self, new: Any) -> None:
        if new is self._data:
            return  # `t.data -= step` has changed it in place already
        if self._op is not None:
            raise AttributeError("the data of a computed Tensor cannot be set; set that of a leaf and compute it again")
        array = as_floats(new, self._data.dtype)
        if array.shape != self._data.shape:
            raise ValueError(f"data of shape {array.shape} given to a Tensor of shape {self._data.shape}")
        self._data = array
        self._locked = False

    shape = property(lambda self: self._data.shape, doc="The lengths of the axes.")
    ndim = property(lambda self: self._data.ndim, doc="The number of axes.")
    size = property(lambda self: self._data.size, doc="The number of elements.")
    dtype = property(lambda self: self._data.dtype, doc="The type of the elements.")

    @property
    def T(self) -> Tensor:  # noqa: N802
        """The axes reversed."""
        return STRUCTURAL["transpose"](self)  # type: ignore[no-any-return]

    def item(self) -> float:
        """The only element, as a Python float."""
        if self._data.size != 1:
            raise ValueError(f"item() needs a Tensor of one element, not of shape {self.shape}")
        return float(self._data.reshape(()))

    def detach(self) -> Tensor:
        """The same numbers as a new leaf, with no graph behind it."""
        self._lock()
        return _make(self._data, None, (), False)

    def __float__(self) -> float:
        return self.item()

    def __bool__(self) -> bool:
        return bool(self._data)

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("a Tensor without axes has no length")
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        body = np.array2string(self._data, prefix="Tensor(", separator=", ")
        dtype = "" if self._data.dtype == np.float64 else f", dtype={self._data.dtype}"
        label = "" if self.label is None else f", label={self.label!r}"
        op = "" if self._op is None else f", op={self._op.name}"
        grad = ", requires_grad=True" if self.requires_grad and self._op is None else ""
        return f"Tensor({body}{dtype}{label}{op}{grad})"

    def __lt__(self, other: Any) -> Any:
        return self._data < _plain(other)

    def __le__(self, other: Any) -> Any:
        return self._data <= _plain(other)

    def __gt__(self, other: Any) -> Any:
        return self._data > _plain(other)

    def __ge__(self, other: Any) -> Any:
        return self._data >= _plain(other)

    def __getitem__(self, key: Any) -> Any:
        return STRUCTURAL["index"](self, key=key)

    def __matmul__(self, other: Any) -> Any:
        return STRUCTURAL["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return STRUCTURAL["matmul"](other, self)

    # --- backward ----------------------------------------------------------------------------------------------------

    def backward(self, seed: Any = None) -> None:
        """Reverse-mode differentiation: ``grad`` of every leaf with ``requires_grad`` this one depends on.

        ``seed`` is the upstream gradient of this Tensor, an array of its shape; 1 if it has a single element. Leaves
        add to what they have. If a rule raises, no gradient changes.
        """
        if not self.requires_grad:
            raise RuntimeError("backward: nothing this Tensor was computed from has requires_grad=True")
        if seed is None:
            if self._data.size != 1:
                raise ValueError(
                    f"backward of a Tensor of shape {self.shape} needs a seed: call backward(seed) with an array "
                    "of that shape, or reduce it to one number with sum() or mean() first"
                )
            start = np.ones_like(self._data)
        else:
            start = as_floats(seed, self._data.dtype)
            if start.shape != self.shape:
                raise ValueError(f"backward: a seed of shape {start.shape} for a Tensor of shape {self.shape}")
        _commit(_backpropagate(self, start))

    # --- NumPy -------------------------------------------------------------------------------------------------------

    @classmethod
    def _takes(cls, other: Any) -> bool:
        return isinstance(other, (Tensor, np.ndarray, list)) or is_number(other)

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> Any:
        return apply(op, operands)

    @staticmethod
    def _apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        return apply_structural(op, operands, settings)

    def _lock(self) -> None:
        if not self._locked:
            self._data.setflags(write=False)
            self._locked = True


def as_floats(data: Any, dtype: Any = None) -> Array:
    """A copy of the numbers as an array of floats: of ``dtype``, or of their own if they are floats, else float64."""
    try:
        array = np.array(data)
    except ValueError:
        raise ValueError("Tensor: the rows given have different lengths") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"Tensor: expected real numbers, not {_shown(data)}")
    wanted = np.dtype(dtype) if dtype is not None else array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    if wanted.kind != "f":
        raise TypeError(f"Tensor: dtype must be a float type, not {wanted}")
    return array.astype(wanted, copy=False)


def _shown(data: Any) -> str:
    text = repr(data)
    return f"{text if len(text) <= 40 else text[:37] + '...'} ({type(data).__name__})"


def _plain(x: Any) -> Any:
    return x._data if isinstance(x, Tensor) else x


_new = partial(object.__new__, Tensor)


def _make(data: Array, op: Any, operands: tuple[Any, ...], requires_grad: bool, arrays: Any = None) -> Tensor:
    node: Tensor = _new()
    node._data, node._op, node._arrays, node.requires_grad = data, op, arrays, requires_grad
    node.grad = node.label = node.scope = node._mark = None
    data.setflags(write=False)
    node._locked = True
    node._set_inputs(operands)
    return node


def _operand(x: Any, name: str) -> Any:
    """An operand as a Tensor, or as a float if it is a single Python number."""
    kind = type(x)
    if kind is Tensor or kind is float:
        return x
    if kind is int or kind is bool:
        return float(x)
    if isinstance(x, Tensor):
        return x
    if hasattr(kind, "_apply_op"):
        raise TypeError(f"{name}: a Tensor and a {kind.__name__} do not mix; use one kind throughout")
    try:
        return Tensor(x)
    except TypeError:
        raise TypeError(f"{name}: expected a Tensor, an array or a number, not {_shown(x)}") from None


def apply(op: Op, operands: tuple[Any, ...]) -> Tensor:
    """The Tensor of an elementwise op on Tensors, arrays and numbers."""
    checked = tuple([_operand(x, op.name) for x in operands])
    arrays = tuple([x._data if type(x) is Tensor else x for x in checked])
    try:
        data = _compute(array_forward(op), arrays)
    except ValueError:
        shapes = " and ".join(str(a.shape) for a in arrays if isinstance(a, np.ndarray))
        raise ValueError(f"{op.name}: shapes {shapes} do not broadcast together") from None
    return record(op, data, checked, arrays)


@_ignoring
def _compute(forward: Callable[..., Any], arrays: tuple[Any, ...]) -> Any:
    return forward(*arrays)


def apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Tensor:
    """The Tensor of a structural op on Tensors and arrays."""
    checked = tuple([x if type(x) is Tensor else _whole(x, op.name) for x in operands])
    arrays = tuple([x._data for x in checked])
    try:
        data = _compute_structural(op, arrays, settings)
    except ValueError as error:
        raise op.misfit(arrays, error) from None
    return record(Bound(op, settings), data, checked, arrays)


@_ignoring
def _compute_structural(op: StructuralOp, arrays: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    return op.forward(np, *arrays, **settings)


def _whole(x: Any, name: str) -> Tensor:
    x = _operand(x, name)
    return x if isinstance(x, Tensor) else Tensor(x)


def record(op: Any, data: Any, operands: tuple[Any, ...], arrays: tuple[Any, ...]) -> Tensor:
    """A new node, if anything it depends on requires a gradient and recording is on."""
    if type(data) is not np.ndarray:
        data = np.asarray(data)
    needed = False
    dtype = None
    for x in operands:
        if type(x) is Tensor:
            needed = needed or x.requires_grad
            if dtype is None:
                dtype = x._data.dtype
            elif dtype != x._data.dtype:
                dtype = np.result_type(dtype, x._data.dtype)
    if data.dtype != dtype and data.dtype.kind != "i":
        data = data.astype(dtype)
    if modes.active:
        needed = needed and modes.recording()
        if modes.detecting():
            check_forward(op, data, arrays)
    if not needed:
        return _make(data, None, (), False)
    for x in operands:
        if type(x) is Tensor and not x._locked:
            x._lock()
    node = _make(data, op, operands, True, arrays)
    if modes.active:
        node.scope = modes.current_scope()
    return node


def check_forward(op: Any, data: Array, arrays: tuple[Any, ...]) -> None:
    """Raise if this op made a nan or an infinity out of finite arrays."""
    if not np.isfinite(data).all() and all(np.isfinite(a).all() for a in arrays):
        raise FloatingPointError(f"forward: {op.name} gave {_first_bad(data)} from finite numbers")


def _first_bad(data: Array) -> str:
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(data))[0])
    return f"{data[place]} at {place}" if place else str(data[()])


# --- the functions made from the rows --------------------------------------------------------------------------------


@cache
def array_forward(op: Op) -> Callable[..., Any]:
    """The forward of an op on arrays: NumPy's ufunc of the same meaning where there is one."""
    ufunc = getattr(np, op.ufunc or op.name, None)
    if isinstance(ufunc, np.ufunc) and ufunc.nin == len(op.operands):
        return ufunc
    return partial(op.forward, np)


@cache
def array_backward(op: Op, needed: tuple[bool, ...]) -> Callable[..., tuple[Any, ...]]:
    """The downstream gradients of an op on arrays, from the symbolic reading of its partials.

    For ``tanh``: ``lambda g, y, x0: (g * (1.0 - y * y),)``; None stands for an operand that needs none.
    """
    op.require_derivative()
    names = tuple(f"x{i}" for i in range(len(needed)))
    shares = []
    for position, need in enumerate(needed):
        local = local_derivative(op, position, names, "y") if need else None
        if local is None:
            shares.append("None")
        else:
            shares.append("g" if local.constant == 1 else "-g" if local.constant == -1 else f"g * ({python(local)})")
    source = f"lambda g, y, {', '.join(names)}: ({', '.join(shares)},)"
    space: dict[str, Any] = {row.name: array_forward(row) for row in OPS.values()}
    return eval(compile(source, f"<backward of {op.name}>", "eval"), space)  # type: ignore[no-any-return]


# --- the backward pass -----------------------------------------------------------------------------------------------


@_ignoring
def _backpropagate(root: Tensor, seed: Array) -> dict[Tensor, Array]:
    """The gradients of the leaves. Those of the other nodes are dropped as soon as they have been passed on."""
    grads: dict[Tensor, Array] = {root: seed}
    detecting = modes.detecting()
    for node in reversed(topological_order(root)):
        if node._op is None or node not in grads:
            continue
        g = grads.pop(node)
        inputs = node.inputs
        for operand, share in zip(inputs, downstreams(node, g)):
            if share is None:
                continue
            share = fitted(share, operand._data)
            if detecting and np.isfinite(g).all() and not np.isfinite(share).all():
                raise FloatingPointError(f"backward: {node._op.name} passed on {_first_bad(share)}")
            earlier = grads.get(operand)
            grads[operand] = share if earlier is None else earlier + share
    return {leaf: g for leaf, g in grads.items() if leaf.requires_grad}


def downstreams(node: Tensor, g: Array) -> tuple[Any, ...]:
    """What a node passes on to each operand; None to one that needs no gradient."""
    op, arrays, inputs = node._op, node._arrays or (), node.inputs
    needed = tuple([type(x) is Tensor and x.requires_grad for x in inputs])
    if type(op) is Bound:
        row, settings = op.op, op.settings
        return tuple(
            [row.downstream(i, g, node._data, arrays, settings) if need else None for i, need in enumerate(needed)]
        )
    return array_backward(op, needed)(g, node._data, *arrays)


def fitted(share: Any, like: Array) -> Array:
    """A downstream gradient summed over the axes its operand was broadcast along, in its operand's dtype."""
    if type(share) is not np.ndarray:
        share = np.asarray(share)
    if share.shape != like.shape:
        extra = share.ndim - like.ndim
        axes = tuple(i for i in range(share.ndim) if i < extra or like.shape[i - extra] == 1 != share.shape[i])
        share = np.add.reduce(share, axis=axes).reshape(like.shape)
    fit: Array = share if share.dtype == like.dtype else share.astype(like.dtype)
    return fit


def _commit(grads: dict[Tensor, Array]) -> None:
    """Add the gradients of a finished pass to the leaves: all of them or, if interrupted, none."""
    before = {leaf: leaf.grad for leaf in grads}
    seen: set[int] = set()
    try:
        for leaf, g in grads.items():
            if leaf.grad is not None:
                leaf.grad = leaf.grad + g
            else:
                fresh = g.base is None and g.flags.writeable and id(g) not in seen
                leaf.grad = g if fresh else g.copy()
                seen.add(id(g))
    except BaseException:
        for leaf, grad in before.items():
            leaf.grad = grad
        raise


install(Tensor)
for _row in STRUCTURAL.values():
    if not _row.many and not hasattr(Tensor, _row.name):
        setattr(Tensor, _row.name, (lambda row: lambda self, *args, **named: row(self, *args, **named))(_row))
