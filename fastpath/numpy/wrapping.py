"""A function of NumPy that takes Tensors and Values, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastpath.comparing import COMPARISONS
from fastpath.node import ArrayNode
from scalargrad.ops import protocol
from scalargrad.ops.numpys import copy, joined
from scalargrad.ops.structural import astype

_OF_SEQUENCES = frozenset({
    "concatenate", "concat", "stack", "vstack", "hstack", "dstack", "column_stack", "row_stack", "block", "select",
    "choose", "multi_dot", "lexsort", "broadcast_arrays", "einsum"
})  # fmt: skip
"""Functions to which a list is several arrays, and not the rows of one."""


def has_node(arguments: Any) -> bool:
    """Whether there is a Tensor or a Value among these, also within lists and arrays of objects."""
    for x in arguments:
        kind = type(x)
        if kind is np.ndarray:
            if x.dtype.hasobject and any(hasattr(type(v), "_apply_op") for v in x.flat):
                return True
        elif kind is list or kind is tuple:
            kinds = set(map(type, x))
            if any(hasattr(k, "_apply_op") for k in kinds):
                return True
            if not kinds.isdisjoint(_CONTAINERS) and has_node(x):
                return True
        elif hasattr(kind, "_apply_op"):
            return True
    return False


_CONTAINERS = {list, tuple, np.ndarray}
_LISTS = (list, tuple)


def wrapped(function: Any, home: str, name: str) -> Any:
    """A function of NumPy, under a name in a module: NumPy's own on arrays, the op's where a node is given.

    What is no function (a dtype, a constant, a class) is left as it is.
    """
    if not callable(function) or isinstance(function, type) or not hasattr(function, "__name__"):
        return function
    is_ufunc = isinstance(function, np.ufunc)
    on_nodes = _MAKING.get(function) or (_of_ufunc(function) if is_ufunc else _of_function(function))

    def call(*arguments: Any, **named: Any) -> Any:
        if has_node(arguments) or (named and has_node(named.values())):
            return on_nodes(*arguments, **named)
        return function(*arguments, **named)

    call.__name__, call.__qualname__ = function.__name__, name
    call.__module__, call.__doc__ = home, function.__doc__
    call.__wrapped__ = function  # type: ignore[attr-defined]
    if is_ufunc:
        for method in ("accumulate", "at", "outer", "reduce", "reduceat"):
            setattr(call, method, _method(function, method))
        for attribute in ("identity", "nargs", "nin", "nout", "ntypes", "signature", "types"):
            setattr(call, attribute, getattr(function, attribute))
    return call


def names_of(module: Any, own: dict[str, Any]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a module that has the names of one of NumPy's."""

    def get(name: str) -> Any:
        if name.startswith("_") or not hasattr(module, name):
            raise AttributeError(f"module {own['__name__']!r} has no attribute {name!r}")
        own[name] = found = wrapped(getattr(module, name), own["__name__"], name)
        return found

    return get, lambda: list(own["__all__"])


def _method(ufunc: Any, method: str) -> Callable[..., Any]:
    """A method of a ufunc, as ``np.add.reduce``."""
    plain, on_nodes = getattr(ufunc, method), _of_ufunc(ufunc, method)
    return lambda *arguments, **named: (on_nodes if has_node((*arguments, *named.values())) else plain)(
        *arguments, **named
    )


def _of_ufunc(ufunc: Any, method: str = "__call__") -> Callable[..., Any]:
    def on_nodes(*arguments: Any, **named: Any) -> Any:
        operands = tuple([_whole(x) if type(x) in _LISTS else x for x in arguments])
        for x in operands:
            if type(x) is not np.ndarray and hasattr(type(x), "__array_ufunc__"):
                return x.__array_ufunc__(ufunc, method, *operands, **named)
        if ufunc in COMPARISONS and method == "__call__":  # of Values as their operators: bools
            return np.asarray(ufunc(*operands, **named), bool)[()]
        return protocol.call_ufunc(ufunc, method, operands, named, "Value")

    return on_nodes


def _of_function(function: Any) -> Callable[..., Any]:
    sequences = function.__name__ in _OF_SEQUENCES

    def on_nodes(*arguments: Any, **named: Any) -> Any:
        if not sequences:
            arguments = tuple([_whole(x) if type(x) in _LISTS else x for x in arguments])
            if named:
                named = {name: _whole(x) for name, x in named.items()}
        return protocol.call(function, arguments, named)

    return on_nodes


def _whole(x: Any) -> Any:
    """A list with nodes in it as one array."""
    return joined(x) if type(x) in (list, tuple) and has_node(x) else x


# --- making arrays of what there is ----------------------------------------------------------------------------------


def _array(object: Any, dtype: Any = None, *, copy: Any = True, ndmin: int = 0, **options: Any) -> Any:
    found = _asarray(object, dtype)
    if found is object and copy and isinstance(found, ArrayNode):
        found = _copied(found)
    if np.ndim(found) < ndmin:
        found = np.reshape(found, (1,) * (ndmin - np.ndim(found)) + np.shape(found))
    return found


_copied = copy


def _asarray(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> Any:
    """Nodes as they are, lists of them joined; of Values an array of objects, whatever float type is asked for."""
    found = _whole(a)
    if dtype is None or dtype is object:
        return found if isinstance(found, ArrayNode) else np.asarray(found, object)
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"array: what has a gradient is made of floats, not of {np.dtype(dtype)}: take its .data")
    return astype(found, dtype=np.dtype(dtype)) if isinstance(found, ArrayNode) else np.asarray(found, object)


_MAKING: dict[Any, Callable[..., Any]] = {
    np.array: _array,
    np.asarray: _asarray,
    np.asanyarray: _asarray,
    np.ascontiguousarray: _asarray,
    np.asfortranarray: _asarray,
}
