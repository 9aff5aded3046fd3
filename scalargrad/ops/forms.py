"""Calls in another form than the row's: with an operand that NumPy or PyTorch have besides, or under their names.

A function here takes the op and the call's operands, by position and by name, and gives the result, or NotImplemented
where the call is one of the row's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scalargrad.ops.given import integer, shown
from scalargrad.ops.python import PYTHONS, Arguments, Settings

Form = Callable[[Any, Arguments, Settings], Any]


RENAMED = {"clip": {"a_min": "min", "a_max": "max"}, "leaky_relu": {"negative_slope": "slope"}}
"""NumPy's and PyTorch's names of operands, and the rows' own."""


def _renamed(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """Operands under other names."""
    names = RENAMED[op.name]
    if not any(name in names for name in settings):
        return NotImplemented
    ours = {names.get(name, name): x for name, x in settings.items()}
    return NotImplemented if len(ours) < len(settings) else op(*arguments, **ours)


def _clip(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """NumPy's ``clip``: None is no bound."""
    for bound in (*arguments[1:3], *settings.values()):
        objects = getattr(getattr(bound, "dtype", None), "kind", "") == "O"
        given = bound.flat if objects else bound if isinstance(bound, (list, tuple)) else ()
        if any(x is None for x in given):
            raise TypeError("clip: a bound is numbers or None, not an array with None in it")
    if not any(x is None for x in (*arguments[1:3], *settings.values())):
        return _renamed(op, arguments, settings)
    bounds = dict(zip(("a", "min", "max"), arguments))
    if len(arguments) > 3 or any(name in settings for name in bounds):
        return NotImplemented
    return op(**{name: x for name, x in {**bounds, **settings}.items() if x is not None})


def _heaviside(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """NumPy's second operand: what the step is at 0."""
    if len(arguments) + len(settings) != 2 or not arguments or not set(settings) <= {"h", "x2"}:
        return NotImplemented
    from scalargrad.ops.elementwise import equal, where

    x, at_zero = (*arguments, *settings.values())
    return where(equal(x, 0), at_zero, op(x))


def _gelu(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """PyTorch's ``approximate="tanh"``, and JAX's ``approximate=True``."""
    if "approximate" not in settings:
        return NotImplemented
    approximate = settings["approximate"]
    rest = {name: x for name, x in settings.items() if name != "approximate"}
    if approximate in ("none", False):
        return op(*arguments, **rest)
    if approximate not in ("tanh", True):
        raise ValueError(f"gelu: approximate is 'none' or 'tanh', not {shown(approximate)}")
    from scalargrad.ops.elementwise import gelu_tanh

    return gelu_tanh(*arguments, **rest)


def _round(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """NumPy's ``decimals``: the number is multiplied by a power of ten, rounded and divided again."""
    answer = PYTHONS["round"](op, arguments, settings)
    if answer is not NotImplemented or not 1 <= len(arguments) + len(settings) <= 2:
        return answer
    names = {"number": "a", "ndigits": "decimals"}
    given = {**dict(zip(("a", "decimals"), arguments)), **{names.get(name, name): x for name, x in settings.items()}}
    if set(given) != {"a", "decimals"}:
        return NotImplemented
    decimals = integer(given["decimals"], "round", "decimals")
    x, factor = given["a"], 10.0 ** abs(decimals)
    from scalargrad.ops.elementwise import div, mul

    if decimals == 0:
        return op(x)
    return div(op(mul(x, factor)), factor) if decimals > 0 else mul(op(div(x, factor)), factor)


FORMS: dict[str, Form] = {
    **PYTHONS,
    "clip": _clip,
    "gelu": _gelu,
    "heaviside": _heaviside,
    "leaky_relu": _renamed,
    "round": _round,
}
"""By the op's name, what answers a call in another form; for the six that are Python's, see :mod:`.python`."""

ALWAYS = frozenset(["clip"])
"""Those whose calls are all looked at, whatever the number of operands."""
