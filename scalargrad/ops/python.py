"""Python's ``sum``, ``max``, ``min``, ``abs``, ``pow`` and ``round``, where a call of the op of that name means them.

``from scalargrad import *`` puts the ops in the place of Python's functions. What only Python's function takes
(generators, ``start``, ``key``, ``default``, several operands, texts, digits, a modulus) it answers itself; what is an
operand of the op, or could be one, goes to the op. A function here returns NotImplemented for that.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from scalargrad.ops.given import REFUSALS, is_integer, is_number, is_raw, named

Arguments = tuple[Any, ...]
Settings = dict[str, Any]


def _is_node(x: Any) -> bool:
    return hasattr(type(x), "_apply_op")


def _is_single(x: Any) -> bool:
    """Whether ``x`` is one number: a plain one, a node of one, an array without axes."""
    return (_is_node(x) and not getattr(x, "ndim", 0)) or is_number(x)


def _is_array(x: Any) -> bool:
    return hasattr(x, "ndim") or isinstance(x, (list, tuple))


def _is_ordered(x: Any) -> bool:
    """Whether ``x`` is something else than numbers that can be compared: a text, a date."""
    if _is_single(x) or _is_array(x):
        return False
    try:
        return bool(x < x) or True
    except TypeError:
        return False


def _is_stream(x: Any) -> bool:
    """Whether ``x`` is a generator, a set, a range …: iterable, but neither an array nor a text."""
    return hasattr(type(x), "__iter__") and not (_is_array(x) or _is_node(x) or isinstance(x, (str, bytes)))


def _answer(function: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    """What Python's function gives; its errors begin with its name."""
    try:
        return function(*arguments, **settings)
    except REFUSALS as error:
        if not is_raw(error):
            raise
        raise named(error, function.__name__) from None


def sum_(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """``sum(iterable, start)`` of anything that can be added."""
    if not arguments:
        return NotImplemented
    first, rest = arguments[0], arguments[1:]
    if "start" in settings:
        return _answer(builtins.sum, *arguments, **settings)
    if hasattr(first, "ndim") or _is_node(first):
        return NotImplemented
    streamed = _is_stream(first)
    if len(rest) == 1 and not settings and (_is_start(rest[0]) or (streamed and rest[0] is not None)):
        return _answer(builtins.sum, first, rest[0])
    if streamed:
        items = list(first)
        return op(items, *rest, **settings) if rest or settings else _answer(builtins.sum, items)
    if not (rest or settings) and isinstance(first, (list, tuple)) and _are_single_tensors(first):
        return builtins.sum(first)
    return NotImplemented


def _is_start(x: Any) -> bool:
    """Whether a second argument of ``sum`` is no axis: it is what to begin with."""
    return not (x is None or is_integer(x) or isinstance(x, bool) or (isinstance(x, (tuple, list)) and len(x)))


def _are_single_tensors(items: Any) -> bool:
    return bool(items) and all(hasattr(type(x), "_apply_structural") and _is_single(x) for x in items)


def _best(function: Callable[..., Any]) -> Callable[[Any, Arguments, Settings], Any]:
    def best(op: Any, arguments: Arguments, settings: Settings) -> Any:
        """``max(iterable, key=, default=)`` and ``max(a, b, …)``; of nodes the op, so that equal ones share."""
        if not arguments or (hasattr(arguments[0], "ndim") and len(arguments) == 1):
            return NotImplemented
        first = arguments[0]
        if settings.get("key") is not None:
            return _answer(function, *arguments, **settings)
        several = len(arguments) > 1 and (_is_single(first) or _is_ordered(first)) and arguments[1] is not None
        streamed = len(arguments) == 1 and (_is_stream(first) or isinstance(first, (str, bytes)))
        if not (several or streamed or "default" in settings):
            if len(arguments) > 1 or not isinstance(first, (list, tuple)) or not first:
                return NotImplemented
            if _are_single_tensors(first) or builtins.all(map(_is_ordered, first)):
                return _of_items(function, op, list(first), settings)
            return NotImplemented
        if several and "default" in settings:
            return _answer(function, *arguments, **settings)
        items = list(arguments if several else first)
        settings = {name: x for name, x in settings.items() if name != "key"}
        if "default" in settings:
            default = settings.pop("default")
            if not items:
                return default
        if several and not builtins.all(map(_is_single, items)) and not builtins.all(map(_is_ordered, items)):
            raise TypeError(
                f"{op.name}: of several operands each is one number; the {op.name}imum of arrays, element by element, "
                f"is {op.name}imum(a, b)"
            )
        return _of_items(function, op, items, settings)

    return best


def _of_items(function: Callable[..., Any], op: Any, items: list[Any], settings: Settings) -> Any:
    if settings or builtins.any(map(_is_array, items)) or builtins.any(map(_is_node, items)):
        if _are_single_tensors([x for x in items if _is_node(x)]):
            from scalargrad.ops.composite import stack

            return op(stack(items), **settings)
        return op(items, **settings)
    return _answer(function, items)


def _is_other(x: Any, method: str) -> bool:
    """Whether ``x`` is no number, array or node, and Python's function of this method takes it."""
    return not (_is_single(x) or _is_array(x) or isinstance(x, complex)) and hasattr(type(x), method)


def abs_(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """``abs`` of what is no number for an op, but has one: a duration, a Decimal."""
    if settings or len(arguments) != 1:
        return NotImplemented
    return builtins.abs(arguments[0]) if _is_other(arguments[0], "__abs__") else NotImplemented


def pow_(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """``pow(base, exp, mod)`` of ints, and Python's names of the operands."""
    names = ("base", "exp", "mod")
    if not set(settings) <= set(names) or len(arguments) + len(settings) > 3:
        return NotImplemented
    if set(names[: len(arguments)]) & set(settings):
        return NotImplemented
    operands = [*arguments, *(settings[name] for name in names[len(arguments) :] if name in settings)]
    if len(operands) == 3 and operands[2] is None:
        operands.pop()
    if len(operands) < 2:
        return NotImplemented
    if len(operands) == 3:
        whole = builtins.all(isinstance(x, int) for x in operands)
        return _answer(builtins.pow, *operands) if whole else NotImplemented
    return op(*operands) if settings or len(arguments) == 3 else NotImplemented


def round_(op: Any, arguments: Arguments, settings: Settings) -> Any:
    """``round(number, ndigits)``."""
    names = ("number", "ndigits")
    if not set(settings) <= set(names) or not 1 <= len(arguments) + len(settings) <= 2:
        return NotImplemented
    given = {**dict(zip(names, arguments)), **settings}
    if "number" not in given or len(given) < len(arguments) + len(settings):
        return NotImplemented
    number, digits = given["number"], given.get("ndigits")
    if digits is not None and not _is_node(number) and (is_number(number) or not _is_array(number)):
        return _answer(builtins.round, number, digits)
    if digits is None and _is_other(number, "__round__"):
        return builtins.round(number)
    return op(number) if digits is None and (settings or len(arguments) == 2) else NotImplemented


PYTHONS: dict[str, Callable[[Any, Arguments, Settings], Any]] = {
    "abs": abs_,
    "max": _best(builtins.max),
    "min": _best(builtins.min),
    "pow": pow_,
    "round": round_,
    "sum": sum_,
}
"""By the op's name, what answers a call that means Python's function of that name."""
