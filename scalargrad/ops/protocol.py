"""NumPy's functions on our objects: each is the registered op of its name, called as NumPy's signature has it.

A setting that the op has is passed on under the op's name for it; any other is refused unless it is at its default.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from scalargrad.ops import composite
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.registry import Op, by_ufunc
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
    home = (getattr(function, "__module__", None) or "numpy").replace("numpy", "np", 1)
    return f"{home if home in ('np', 'np.linalg', 'np.fft') else 'np'}.{function.__name__}"


def op_of(function: Any) -> Callable[..., Any] | None:
    """The op that stands for a function of NumPy, or a ufunc; None if there is none."""
    name = function.__name__
    if getattr(function, "__module__", None) == "numpy.linalg" or name == "matrix_transpose":
        return _LINALG.get(name) or STRUCTURAL.get(name) or COMPOSITE.get(name)
    if name == "divmod":
        return divmod
    name = _OTHER_NAMES.get(name, name)
    return STRUCTURAL.get(name) or COMPOSITE.get(name) or by_ufunc(name)


def unregistered(function: Any, kind: str, how: str = "", given: str = "") -> TypeError:
    """The error for a function that has no op; ``how`` is a method of a ufunc, as ``.reduce``."""
    instead = _REDUCTIONS.get(function.__name__ + how)
    op = f", or {instead} of scalargrad" if instead else ""
    return TypeError(
        f"{function_name(function)}{how}{given} has no registered op, so it cannot be applied to a {kind}; "
        f"use its .data{op}"
    )


_REDUCTIONS = {
    f"{ufunc}.{method}": name
    for method, names in {
        "reduce": {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logaddexp": "logsumexp"},
        "accumulate": {
            "add": "cumsum",
            "multiply": "cumprod",
            "maximum": "cummax",
            "minimum": "cummin",
            "logaddexp": "logcumsumexp",
        },
        "outer": {"multiply": "outer"},
    }.items()
    for ufunc, name in names.items()
}


def call_ufunc(ufunc: Any, method: str, operands: tuple[Any, ...], options: dict[str, Any], kind: str) -> Any:
    """A ufunc on our objects: the op, recorded; TypeError for what cannot be."""
    op = op_of(ufunc) if method == "__call__" and not options else None
    if op is None:
        given = f" with {', '.join(f'{name}=' for name in options)}" if options else ""
        raise unregistered(ufunc, kind, "" if method == "__call__" else f".{method}", given)
    return op(*operands)


def call(function: Any, arguments: tuple[Any, ...], named: dict[str, Any], kind: str) -> Any:
    """A function of NumPy on our objects: the op, recorded, with the settings it honours."""
    op = op_of(function)
    if op is None:
        raise unregistered(function, kind)
    if not named and len(arguments) == _names(op)[0]:  # as nearly always
        return op(*arguments)
    arguments, settings = _translated(function, op, arguments, named)
    return op(*arguments, **settings)


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
