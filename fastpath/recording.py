"""What happens when a Tensor is operated on: the op is computed on arrays and recorded as a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastpath.backward import check_forward
from fastpath.bound import BoundOp
from fastpath.node import ArrayNode, leaf, make
from fastpath.numerics import array_forward, as_floats, quiet
from scalargrad import modes
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.given import REFUSALS, as_array, is_raw, named, require_numbers, shown
from scalargrad.ops.registry import Op, as_number, is_number
from scalargrad.ops.structure import StructuralOp

# --- operands --------------------------------------------------------------------------------------------------------


def common_dtype(operands: tuple[Any, ...]) -> Any:
    """The float type of the Tensors among the operands; integers do not count."""
    dtypes = {x._data.dtype for x in operands if isinstance(x, ArrayNode) and x._data.dtype.kind == "f"}
    if len(dtypes) == 1 and next(iter(dtypes)).isnative:  # as nearly always
        return dtypes.pop()
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
        items = [item for item in array.flat if hasattr(type(item), "_apply_op")]
        if items and all(isinstance(item, ArrayNode) for item in items):  # np.array([t, u]), where that is let through
            return COMPOSITE["stack"](array.ravel().tolist()).reshape(array.shape)
        for item in items:
            raise _no_mix(name, item)
    elif array.dtype.kind not in "fiub":
        require_numbers(array, name)
    kind = array.dtype.kind
    if (kind == "f" and type(x) is np.ndarray) or (integers and kind in "iu"):
        return leaf(array)
    return leaf(as_floats(array, common_dtype(operands), name))


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


def apply(op: Op, operands: tuple[Any, ...]) -> Any:
    """The Tensor of an elementwise op on Tensors, arrays and numbers."""
    if len(operands) == 1 and op in fast and not modes.special:
        node = fast[op](operands[0])
        if node is not None:
            return node
    tracer = modes.tracer()
    if tracer is not None:
        operands = tracer.operands(op, operands)
    checked = tuple(
        [x if type(x) is float or isinstance(x, ArrayNode) else constant(x, op.name, operands) for x in operands]
    )
    arrays = tuple([x._use() if isinstance(x, ArrayNode) else x for x in checked])
    try:
        data = quiet().run(array_forward(op), *arrays)
    except ValueError as error:
        raise _misfit(op, arrays, error) from None
    data, dtype = np.asarray(data), common_dtype(checked)
    return record(op, data if data.dtype == dtype else data.astype(dtype), checked, arrays)


fast: dict[Op, Callable[[Any], Any]] = {}
"""The ops of one operand, specialised (:mod:`.methods`): they give None where something is out of the ordinary."""


def apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """The Tensor of a structural op on Tensors, arrays and numbers."""
    tracer = modes.tracer()
    if tracer is not None:
        operands = tracer.operands(op, operands)
    arrays = []
    for i, x in enumerate(operands):
        if not isinstance(x, ArrayNode):
            x = constant(x, op.name, operands, integers=i in op.integers)
            x = x if isinstance(x, ArrayNode) else leaf(np.array(x, common_dtype(operands)))
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


def record(op: Any, data: Any, operands: tuple[Any, ...], arrays: tuple[Any, ...]) -> Any:
    """A new node, if anything it depends on requires a gradient and recording is on; else a leaf.

    ``op`` is an elementwise op, a bound structural one, or anything with ``name`` and ``pullback``.
    """
    if type(data) is not np.ndarray:
        data = np.asarray(data)
    needed = tuple([type(x) is not float and x.requires_grad for x in operands])
    if not modes.active:
        return make(data, op, operands, arrays, needed) if True in needed else leaf(data)
    state = modes.state()
    if state.detecting:
        check_forward(op, data, operands, arrays)
    if state.tracer is None and not (True in needed and state.recording):
        return leaf(data)
    node = make(data, op, operands, arrays, needed)
    node.scope = state.path
    if state.tracer is not None:  # recorded in any case, since its numbers stand for others
        node = state.tracer.computed(node)
        return node if state.recording else state.tracer.stopped(node)
    return node
