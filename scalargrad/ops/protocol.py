"""NumPy's functions on our objects: each is the registered op of its name, called as NumPy's signature has it.

A setting that the op has is passed on under the op's name for it; any other is refused unless it is at its default.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from scalargrad.ops import composite, structural
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.registry import OPS, Op, by_ufunc
from scalargrad.ops.structure import STRUCTURAL, StructuralOp

_OTHER_NAMES = {"amax": "max", "amin": "min", "concat": "concatenate", "permute_dims": "transpose"} | composite.ALIASES
_LINALG: dict[str, Callable[..., Any]] = {
    "diagonal": lambda x, offset=0: composite.diagonal(x, offset, -2, -1),
    "matrix_transpose": lambda x: composite.swapaxes(x, -2, -1),
    "trace": lambda x, offset=0: composite.matrix_trace(x, offset, -2, -1),
}
"""Functions of ``np.linalg`` that differ from those of the same name."""
_SETTINGS = {"a_min": "min", "a_max": "max", "correction": "ddof", "newshape": "shape"}
"""NumPy's names of settings, where ours are other ones."""
_HARMLESS = {"optimize", "copy", "casting", "order", "subok", "device", "max_rank"}
"""Settings that change no number, so long as they have one of the values below."""
_USUAL = (None, True, False, "same_kind", "C", "K", "A", "greedy", "optimal")


def function_name(function: Any) -> str:
    """How a function of NumPy is written: ``np.linalg.norm``."""
    if isinstance(getattr(function, "__self__", None), np.random.RandomState):
        return f"np.random.{function.__name__}"
    home = (getattr(function, "__module__", None) or "numpy").replace("numpy", "np", 1)
    return f"{home if home in ('np', 'np.linalg', 'np.fft') else 'np'}.{function.__name__}"


def op_of(function: Any) -> Callable[..., Any] | None:
    """The op that stands for a function of NumPy, or what is put together from ops; None if there is none."""
    name = function.__name__
    if (getattr(function, "__module__", None) == "numpy.linalg" or name == "matrix_transpose") and name in _LINALG:
        return _LINALG[name]
    if name == "divmod":
        return divmod
    name = _OTHER_NAMES.get(name, name)
    return STRUCTURAL.get(name) or COMPOSITE.get(name) or by_ufunc(name) or _numpys().NUMPYS.get(name)


def _numpys() -> Any:
    from scalargrad.ops import numpys  # loaded when it is needed

    return numpys


def unregistered(function: Any, kind: str, how: str = "", given: str = "") -> TypeError:
    """The error for a function that has no op; ``how`` is a method of a ufunc, as ``.at``."""
    return TypeError(
        f"{function_name(function)}{how}{given} has no registered op, so it cannot be applied to a {kind}; "
        "use its .data"
    )


# --- ufuncs ----------------------------------------------------------------------------------------------------------

_REDUCTIONS = {
    "reduce": {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logaddexp": "logsumexp"},
    "accumulate": {
        "add": "cumsum", "multiply": "cumprod", "maximum": "cummax", "minimum": "cummin", "logaddexp": "logcumsumexp"
    },
}  # fmt: skip
"""Methods of ufuncs, and the op each of them is."""


def call_ufunc(ufunc: Any, method: str, operands: tuple[Any, ...], options: dict[str, Any], kind: str) -> Any:
    """A ufunc on our objects: the op, recorded; TypeError for what cannot be."""
    op: Callable[..., Any] | None
    if method in _REDUCTIONS:
        op = STRUCTURAL.get(_REDUCTIONS[method].get(ufunc.__name__, ""))
        names = ("array", "axis", "dtype", "out", "keepdims", "initial", "where")
        full = dict(zip(names, operands)) | options
        usual = {"dtype": None, "out": None, "where": True, "initial": np._NoValue}
        if op is not None and not any(full.get(k, x) is not x for k, x in usual.items()):
            settings = {"keepdims": True} if full.get("keepdims") else {}
            return op(full["array"], axis=full.get("axis", 0), **settings)
    if method == "outer" and not options and len(operands) == 2 and (op := op_of(ufunc)) is not None:
        a, b = operands
        return op(structural.reshape(a, (*np.shape(a), *(1,) * np.ndim(b))), b)
    if method == "__call__" and not options and (op := op_of(ufunc)) is not None:
        return op(*operands)
    if method == "__call__" and not options and ufunc.__name__ in _DECIDING:
        return ufunc(*map(_numpys().numbers, operands))
    given = f" with {', '.join(f'{name}=' for name in options)}" * bool(options)
    raise unregistered(ufunc, kind, "" if method == "__call__" else f".{method}", given)


# --- functions -------------------------------------------------------------------------------------------------------

_DECIDING = frozenset({
    "isnan", "isfinite", "isinf", "isneginf", "isposinf", "isreal", "isclose", "allclose", "array_equal",
    "array_equiv", "any", "all", "nonzero", "flatnonzero", "argwhere", "count_nonzero", "argsort", "argpartition",
    "searchsorted", "digitize", "isin", "lexsort", "histogram", "histogram_bin_edges", "histogram2d", "bincount",
    "logical_and", "logical_or", "logical_not", "logical_xor", "signbit", "nanargmax", "nanargmin",
    "choice", "multinomial", "array2string", "array_repr", "array_str", "save", "savetxt", "savez",
    "savez_compressed"
})  # fmt: skip
"""Functions whose result is made of bools, places and counts, or is a text: they get the plain numbers."""
_OF_SHAPES = frozenset({
    "shape", "ndim", "size", "iscomplexobj", "isrealobj", "iscomplex", "result_type", "can_cast", "common_type",
    "min_scalar_type", "shares_memory", "may_share_memory", "tril_indices_from", "triu_indices_from",
    "diag_indices_from"
})  # fmt: skip
"""Functions that look at shapes and types only."""


def _of_shape(x: Any) -> Any:
    if hasattr(type(x), "_apply_op"):
        return np.empty(getattr(x, "shape", ()), getattr(x, "dtype", float))
    return x


def call(function: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A function of NumPy on our objects: the op, recorded, with the settings it honours."""
    try:
        op, count, names = _readings[function]
    except KeyError:
        op, count, names = _readings[function] = _read(function)
    if op is None or (function is np.where and len(arguments) == 1):
        return _undecided(function, arguments, named)
    if len(arguments) > count or (named and not names.issuperset(named)):
        arguments, named = _translated(function, op, arguments, named)
    return op(*arguments, **named)


def _undecided(function: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A function that has no op: of plain numbers, or of shapes, if it looks at nothing else."""
    name = function.__name__
    if name in _OF_SHAPES:
        plain: Callable[[Any], Any] = _of_shape
    elif name in _DECIDING or name == "where":
        plain = _numpys().numbers
    else:
        given = (*arguments, *named.values())
        nodes = [type(x).__name__ for x in given if hasattr(type(x), "_apply_op")]
        raise unregistered(function, (nodes or ["Value"])[0])
    return function(*map(plain, arguments), **{k: plain(x) for k, x in named.items()})


Reading = tuple[Callable[..., Any] | None, int, frozenset[str]]
_readings: dict[Any, Reading] = {}


def _read(function: Any) -> Reading:
    """The op of a function, how many arguments mean the same to both by their position, and which by their name."""
    op = op_of(function)
    signature = _signature(function)
    if op is None or signature is None or function is np.einsum:
        return op, 0, frozenset()
    count, names = _names(op)
    theirs = [p.name for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    alike = 0
    for i, (their, our) in enumerate(zip(theirs, names)):
        if i >= count and (their != our or isinstance(op, Op)):
            break
        alike += 1
    return op, alike, frozenset(names[count:]) & {"axis", "keepdims"}


def _forget(row: Any, present: bool) -> None:
    _readings.clear()


OPS.subscribe(_forget)
STRUCTURAL.subscribe(_forget)


@cache
def _names(op: Callable[..., Any]) -> tuple[int, tuple[str, ...]]:
    """How many operands an op has before its settings (all, if they are not distinguished), and the names of all."""
    names = tuple(inspect.signature(op).parameters)
    if isinstance(op, Op):
        return 1 if op.defaults else len(names), names
    if isinstance(op, StructuralOp):
        return 1 if op.many else len(op.operands), names
    return 2 if names[:2] == ("a", "b") else 1, names


@cache
def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except ValueError:  # older versions of NumPy have none for functions written in C
        return None


def _translated(
    function: Any, op: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call of NumPy's function as one of ours: operands by position, settings by name."""
    signature = _signature(function)
    if signature is None or function.__name__ == "einsum":
        return arguments, _renamed(named, _names(op)[1])
    try:
        bound = signature.bind(*arguments, **named)
    except TypeError as error:
        raise TypeError(f"{function_name(function)}: {error}") from None
    count, names = _names(op)
    operands: list[Any] = []
    settings: dict[str, Any] = {}
    for parameter in signature.parameters.values():
        if parameter.name not in bound.arguments:
            continue
        given = bound.arguments[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD:
            settings |= given
        elif parameter.kind is parameter.VAR_POSITIONAL:
            operands += given
        elif len(operands) < count and parameter.kind is not parameter.KEYWORD_ONLY:
            operands.append(given)
        elif given is not parameter.default and not (given is None and isinstance(op, Op)):  # None: no bound
            settings[parameter.name] = given
    return tuple(operands), _renamed(settings, names)


def _renamed(settings: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The settings under our names; one the op does not have stays, for the op to refuse it by its name."""
    found = {}
    for name, given in settings.items():
        ours = _SETTINGS.get(name, name)
        usual = given is None or (name in _HARMLESS and any(given is x or given == x for x in _USUAL))
        if ours in names or not usual:
            found[ours] = given
    return found
