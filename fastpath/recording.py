"""What happens when a Tensor is operated on: the op is computed on arrays and recorded as a node.

Importing this module gives :class:`Tensor` its operators, a method per op of both kinds, and NumPy's protocols. The
methods used most are made once per op, with everything looked up beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import numpy as np

from fastpath.backward import check_forward
from fastpath.bound import BoundOp
from fastpath.numerics import Array, array_forward, as_floats, quiet
from fastpath.tensor import Tensor, make
from scalargrad import modes
from scalargrad.ops import composite, protocol
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.given import REFUSALS, as_array, is_raw, named, require_numbers, shown
from scalargrad.ops.operators import DUNDERS, install
from scalargrad.ops.registry import OPS, Op, as_number, is_number
from scalargrad.ops.structure import STRUCTURAL, StructuralOp

# --- operands --------------------------------------------------------------------------------------------------------


def common_dtype(operands: tuple[Any, ...]) -> Any:
    """The float type of the Tensors among the operands; integers do not count."""
    dtypes = {x._data.dtype for x in operands if isinstance(x, Tensor) and x._data.dtype.kind == "f"}
    return np.result_type(*dtypes) if dtypes else np.dtype(np.float64)


def constant(x: Any, name: str, operands: tuple[Any, ...], integers: bool = False) -> Any:
    """An operand that is not a Tensor: a single number as a float, an array as a Tensor of its own.

    An array of floats keeps its type; whole numbers and lists take the type of the Tensors they meet, unless they are
    meant to be ``integers``.
    """
    if hasattr(type(x), "_nodes") and not integers:  # what argmax found among Values
        raise _no_mix(name, x.among[0])
    if type(x) is not np.ndarray or not x.ndim:
        if is_number(x) and not integers:
            return as_number(x, name)
        if not (isinstance(x, (np.ndarray, list, tuple)) or is_number(x)):
            raise (
                _no_mix(name, x)
                if hasattr(type(x), "_apply_op")
                else TypeError(f"{name}: expected a Tensor, an array or a number, not {shown(x)}")
            )
    array = np.array(x if type(x) is np.ndarray else as_array(x, name))
    if array.dtype == object:
        for item in array.flat:
            if hasattr(type(item), "_apply_op"):
                raise _no_mix(name, item)
    elif array.dtype.kind not in "fiub":
        require_numbers(array, name)
    kind = array.dtype.kind
    if (kind == "f" and type(x) is np.ndarray) or (integers and kind in "iu"):
        return _leaf(array)
    return _leaf(as_floats(array, common_dtype(operands), name))


def _no_mix(name: str, x: Any) -> TypeError:
    return TypeError(f"{name}: a Tensor and a {type(x).__name__} do not mix; use one kind throughout")


def _misfit(op: Op, arrays: tuple[Any, ...], error: Exception) -> Exception:
    shapes = [x.shape for x in arrays if isinstance(x, np.ndarray)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return ValueError(f"{op.name}: shapes {' and '.join(map(str, shapes))} do not broadcast together")
    return named(error, op.name)


# --- computing and recording -----------------------------------------------------------------------------------------


def apply(op: Op, operands: tuple[Any, ...]) -> Tensor:
    """The Tensor of an elementwise op on Tensors, arrays and numbers."""
    if len(operands) == 1 and op in _fast and type(operands[0]) is Tensor:
        node = _fast[op](operands[0])
        if node is not None:
            return node
    if modes.active:
        operands = _in_a_trace(op, operands)
    checked = tuple(
        [x if type(x) is float or isinstance(x, Tensor) else constant(x, op.name, operands) for x in operands]
    )
    arrays = tuple([x._use() if isinstance(x, Tensor) else x for x in checked])
    try:
        data = quiet().run(array_forward(op), *arrays)
    except ValueError as error:
        raise _misfit(op, arrays, error) from None
    data, dtype = np.asarray(data), common_dtype(checked)
    return record(op, data if data.dtype == dtype else data.astype(dtype), checked, arrays)


_fast: dict[Op, Callable[[Any], Tensor | None]] = {}
"""The ops of one operand, specialised."""


def _in_a_trace(op: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands as they are computed with while a function is traced: whichever of them is a traced one says it."""
    traced = next((type(x) for x in operands if isinstance(x, Tensor) and type(x) is not Tensor), None)
    return operands if traced is None else traced._computed_with(op, operands)  # type: ignore[attr-defined]


def apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Tensor:
    """The Tensor of a structural op on Tensors, arrays and numbers."""
    if modes.active:
        operands = _in_a_trace(op, operands)
    arrays = []
    for i, x in enumerate(operands):
        if type(x) is not Tensor and not isinstance(x, Tensor):
            x = constant(x, op.name, operands, integers=i in op.integers)
            x = x if isinstance(x, Tensor) else _leaf(np.array(x, common_dtype(operands)))
            operands = (*operands[:i], x, *operands[i + 1 :])
        arrays.append(x._data if x._locked else x._use())
    forward = op.in_float32 if op.wide and arrays[0].dtype is _FLOAT16 else op.forward
    try:
        data = quiet().run(forward, np, *arrays, **settings)
    except REFUSALS as error:
        if not is_raw(error):
            raise
        raise op.misfit(tuple(arrays), settings, error) from None
    if op.saves:
        data, saved = data
        return record(BoundOp(op, settings, saved), data, operands, tuple(arrays))
    return record(BoundOp(op, settings), data, operands, tuple(arrays))


_FLOAT16 = np.dtype(np.float16)


def _leaf(data: Array) -> Tensor:
    return make(data, None, (), None, None)


def record(op: Any, data: Any, operands: tuple[Any, ...], arrays: tuple[Any, ...]) -> Tensor:
    """A new node, if anything it depends on requires a gradient and recording is on; else a leaf.

    ``op`` is an elementwise op, a bound structural one, or anything with ``name`` and ``pullback``.
    """
    if type(data) is not np.ndarray:
        data = np.asarray(data)
    needed = tuple([type(x) is not float and x.requires_grad for x in operands])
    if not modes.active:
        return make(data, op, operands, arrays, needed) if True in needed else _leaf(data)
    if modes.detecting():
        check_forward(op, data, operands, arrays)
    if not (True in needed and modes.recording()):
        return _leaf(data)
    node = make(data, op, operands, arrays, needed)
    node.scope = modes.current_scope()
    for x in operands:
        if type(x) is not Tensor and isinstance(x, Tensor):
            node.__class__ = type(x)  # what depends on a traced array is one itself
    return node


# --- operators and methods -------------------------------------------------------------------------------------------


def _binary(op: Any, forward: Callable[..., Any], apply: Callable[..., Any]) -> Callable[..., Any]:
    """The operator method for a ufunc between Tensors, or a Tensor and a number; ``apply`` does all the rest."""

    def method(self: Any, other: Any) -> Any:
        kind = type(other)
        if kind is Tensor:
            y = other._data if other._locked else other._use()
            needed = (self.requires_grad, other.requires_grad)
        elif kind is float:
            y = other
            needed = (self.requires_grad, False)
        elif kind is int and -_EXACT < other < _EXACT:
            y = other = float(other)
            needed = (self.requires_grad, False)
        else:
            return apply((self, other)) if self._takes(other) or hasattr(kind, "_apply_op") else NotImplemented
        x = self._data if self._locked else self._use()
        try:
            data = quiet().run(forward, x, y)
        except ValueError:
            return apply((self, other))  # which explains why
        if modes.special or type(data) is not np.ndarray or data.dtype is not x.dtype:
            return apply((self, other))
        if True not in needed:
            return _leaf(data)
        node = new(Tensor)
        node._data = data
        node._op = op
        node._arrays = (x, y)
        node._needed = needed
        node._a = self
        node._b = other
        node._locked = node.requires_grad = True
        node.grad = node.label = node._mark = None
        node.scope = modes.current_scope() if modes.active else None
        return node

    return method


def _reflected(apply: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        return apply((other, self)) if self._takes(other) or hasattr(type(other), "_apply_op") else NotImplemented

    return method


def _method_of(op: Op) -> Callable[..., Any]:
    """The method of an op: specialised for one operand."""
    if len(op.operands) != 1:
        return lambda self, *operands, **named: op(self, *operands, **named)
    forward = array_forward(op)

    def fast(self: Any) -> Tensor | None:
        """The node, or None where something is out of the ordinary."""
        x = self._data if self._locked else self._use()
        data = quiet().run(forward, x)
        if modes.special or type(data) is not np.ndarray or data.dtype is not x.dtype:
            return None
        if not self.requires_grad:
            return _leaf(data)
        node = new(Tensor)
        node._data = data
        node._op = op
        node._arrays = (x,)
        node._needed = _ONE
        node._a = self
        node._locked = node.requires_grad = True
        node._b = node.grad = node.label = node._mark = None
        node.scope = modes.current_scope() if modes.active else None
        return node

    _fast[op] = fast

    def method(self: Any) -> Tensor:
        node = fast(self)
        return apply(op, (self,)) if node is None else node

    return method


new = object.__new__
_ONE = (True,)
_EXACT = 2**53
"""Integers below this are floats without loss."""


def _structural_method(op: StructuralOp, present: bool) -> None:
    """Give Tensor the method of a structural op, or take it away; the sequence-first ones are functions only."""
    if op.many:
        return
    if not present:
        delattr(Tensor, op.name)
        return
    if hasattr(Tensor, op.name):
        raise ValueError(f"an op cannot be called {op.name}: Tensor has an attribute of that name")

    def method(self: Any, *arguments: Any, **settings: Any) -> Any:
        return apply_structural(op, *op.arranged((self, *arguments), settings))

    if op.name in ("reshape", "transpose"):  # NumPy's methods take the lengths one by one, too
        single = method

        def method(self: Any, *arguments: Any, **settings: Any) -> Any:
            return single(self, arguments, **settings) if len(arguments) > 1 else single(self, *arguments, **settings)

    method.__name__, method.__qualname__ = op.name, f"Tensor.{op.name}"
    method.__doc__ = f"{op.note}: the op ``{op.name}{op.signature}`` with this as its first operand."
    setattr(Tensor, op.name, method)


def _index(self: Any, key: Any) -> Any:
    return STRUCTURAL["index"](self, key)


# --- NumPy -----------------------------------------------------------------------------------------------------------

_COMPARISONS = {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}


def _array_ufunc(self: Any, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
    """NumPy's ufuncs on Tensors: the registered op; a comparison gives bools, as the operators do."""
    if ufunc in _COMPARISONS and method == "__call__" and not options and len(operands) == 2:
        a, b = operands
        return a._compare(ufunc, b) if isinstance(a, Tensor) else b._compare(_MIRRORED.get(ufunc, ufunc), a)
    return protocol.call_ufunc(ufunc, method, operands, options, "Tensor")


_MIRRORED = {
    np.less: np.greater, np.greater: np.less, np.less_equal: np.greater_equal, np.greater_equal: np.less_equal
}  # fmt: skip


def _array_function(self: Any, function: Any, types: Any, arguments: Any, named: Any) -> Any:
    """Other functions of NumPy on Tensors: the registered op."""
    if function in (np.shape, np.ndim, np.size) and not named and len(arguments) == 1:
        return getattr(arguments[0], function.__name__)
    return protocol.call(function, arguments, named, "Tensor")


def _array(self: Any, *arguments: Any, **named: Any) -> NoReturn:
    raise TypeError("a Tensor is not an array: use its .data for the numbers, or stack([...]) to join Tensors")


def _equip() -> None:
    """Give Tensor all of this."""
    given = {
        "_apply_op": staticmethod(apply), "_apply_structural": staticmethod(apply_structural),
        "_record": staticmethod(record), "__array__": _array,
        "__array_ufunc__": _array_ufunc, "__array_function__": _array_function,
        "__getitem__": _index,
    }  # fmt: skip
    for name, function in given.items():
        setattr(Tensor, name, function)
    for name, (method, reflected) in DUNDERS.items():
        op, slow = OPS[name], partial(apply, OPS[name])
        setattr(Tensor, method, _binary(op, array_forward(op), slow))
        setattr(Tensor, reflected, _reflected(slow))
    matmul = STRUCTURAL["matmul"]
    slow = partial(apply_structural, matmul, settings={})
    setattr(Tensor, "__matmul__", _binary(BoundOp(matmul, {}), np.matmul, slow))  # noqa: B010
    setattr(Tensor, "__rmatmul__", _reflected(slow))  # noqa: B010
    install(Tensor, _method_of)
    STRUCTURAL.subscribe(_structural_method)
    for function in COMPOSITE.values():
        if function not in (composite.stack, composite.one_hot):
            setattr(Tensor, function.__name__, function)


_equip()
