"""How the arguments of a call reach a function: the arrays in it, and what is no array."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastpath.numerics import Array, shown
from fastpath.tensor import Tensor
from scalargrad import modes
from scalargrad.ops.given import is_number, require_unmasked


@dataclass
class Given:
    """The arguments of a call, one by one: what is in ``*args`` and ``**kwargs`` is named ``args[0]``, or its name."""

    names: list[str]
    values: list[Any]
    call: Callable[[Sequence[Any]], tuple[tuple[Any, ...], dict[str, Any]]]
    """How a call with other values in their places is written."""

    def settings(self) -> dict[str, Any]:
        """Those that are no arrays or numbers, by name."""
        return {n: x for n, x in zip(self.names, self.values) if is_setting(x)}


@dataclass
class Arguments:
    """The arguments of a call: those that are arrays, and what tells the settings among the others apart."""

    call: Given
    places: list[int]
    """Which of the arguments are arrays."""
    arrays: list[Array]
    settings: tuple[Any, ...]

    @property
    def names(self) -> list[str]:
        """Those of the arrays."""
        return [self.call.names[i] for i in self.places]

    @property
    def shapes(self) -> tuple[Any, ...]:
        """The shapes and types of the arrays."""
        return tuple([(x.shape, x.dtype) for x in self.arrays])

    def with_others(self, arrays: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """How the call is written with others in the places of the arrays."""
        values = list(self.call.values)
        for i, x in zip(self.places, arrays):
            values[i] = x
        return self.call.call(values)


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """What a function takes, if that can be told."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def given(
    signature: inspect.Signature | None, arguments: tuple[Any, ...], named: dict[str, Any], fill: bool = False
) -> Given:
    """The arguments of a call. With ``fill``, defaults stand for what is left out before others that are given.

    Raises TypeError if they do not fit the signature.
    """
    if signature is None:
        return _as_given(arguments, named)
    bound = signature.bind(*arguments, **named)
    if fill:
        order = list(signature.parameters)
        last = max((order.index(n) for n in bound.arguments), default=-1)
        for name in order[:last]:
            parameter = signature.parameters[name]
            if name not in bound.arguments and parameter.default is not inspect.Parameter.empty:
                bound.arguments[name] = parameter.default
        bound.arguments = {n: bound.arguments[n] for n in order if n in bound.arguments}
    names: list[str] = []
    values: list[Any] = []
    slots: list[tuple[str, Any]] = []  # the parameter, and the place or the name in it
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            inner: list[Any] = [(f"{name}[{i}]", i, x) for i, x in enumerate(value)]
        elif kind is inspect.Parameter.VAR_KEYWORD:
            inner = [(key, key, x) for key, x in value.items()]
        else:
            inner = [(name, None, value)]
        for full, place, x in inner:
            names.append(full)
            values.append(x)
            slots.append((name, place))

    def call(new: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        filled: dict[str, Any] = {}
        for (name, place), x in zip(slots, new):
            if place is None:
                filled[name] = x
            elif isinstance(place, int):
                filled[name] = (*filled.get(name, ()), x)
            else:
                filled.setdefault(name, {})[place] = x
        again = inspect.BoundArguments(signature, filled)
        return again.args, again.kwargs

    return Given(names, values, call)


def _as_given(arguments: tuple[Any, ...], named: dict[str, Any]) -> Given:
    count = len(arguments)
    keys = list(named)

    def call(new: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return tuple(new[:count]), dict(zip(keys, new[count:]))

    return Given([*[f"x{i}" for i in range(count)], *keys], [*arguments, *named.values()], call)


def is_setting(x: Any) -> bool:
    """Whether an argument is no array or number but a flag, a text, a model: known while tracing, to the bit."""
    if isinstance(x, (np.ndarray, Tensor, list, tuple)) or (is_number(x) and not isinstance(x, (bool, np.bool_))):
        return False
    return not isinstance(x, complex)


def key_of(x: Any) -> Any:
    """What tells a setting from others: its type and value, or which object it is."""
    if isinstance(x, (bool, int, float, str, bytes, type(None), np.generic)):
        return type(x), str(x) if isinstance(x, (float, np.floating)) else x
    return id(x)


def is_whole(x: Any) -> bool:
    """Whether an argument is a single integer."""
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def as_array(x: Any, name: str, expected: str) -> Array:
    """An argument of real numbers as an array."""
    if isinstance(x, Tensor):
        if modes.active and modes.derivers():
            modes.concretized(x, "a compiled call")
        return x._data
    require_unmasked(f"compile: the argument {name}", x)
    try:
        array = np.asarray(x)
    except ValueError:
        raise ValueError(f"compile: the rows of the argument {name} have different lengths") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"compile: the argument {name} is {shown(x)}; expected {expected}")
    return array


def as_typed(x: Any, name: str, dtype: Any) -> Array:
    """The same; floats and whole numbers stay so, bools become floats, and a Python number takes ``dtype``."""
    array = as_array(x, name, "numbers, an array or a Tensor")
    kind = array.dtype.kind
    if kind == "b" or (kind == "f" and not isinstance(x, (np.ndarray, np.generic, Tensor))):
        return array.astype(dtype)
    return array


def arguments_of(call: Given, known: Container[str]) -> Arguments:
    """The arguments of a function over arrays; single integers of the names ``known`` are settings."""
    fixed = [is_setting(x) or (n in known and is_whole(x)) for n, x in zip(call.names, call.values)]
    places = [i for i, setting in enumerate(fixed) if not setting]
    settings = tuple([(n, key_of(x)) for n, x, setting in zip(call.names, call.values, fixed) if setting])
    given = [call.values[i] for i in places]
    if not all(type(x) is np.ndarray and x.dtype.kind in "fiu" for x in given):
        floats = [x.dtype for x in given if isinstance(x, (np.ndarray, Tensor)) and x.dtype.kind == "f"]
        dtype = np.result_type(*floats) if floats else np.dtype(np.float64)
        given = [as_typed(x, call.names[i], dtype) for i, x in zip(places, given)]
    return Arguments(call, places, given, settings)
