"""Copies of compiled functions: deepcopy and pickle give working ones, over copies of what they read."""

from __future__ import annotations

import copy
import functools
import importlib
import sys
from collections.abc import Callable
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from fastpath.compiler.closure import Surroundings
from fastpath.compiler.codes import codes_of
from fastpath.tensor import Tensor
from scalargrad.engine import Value


def copied(function: Any, memo: dict[int, Any]) -> Any:
    """A function over copies of the parameters it reads; the function itself if it reads none.

    Python copies a function by reference. Here it gets a closure, defaults and globals of its own, as far as there are
    parameters in them, and so do the functions it calls.
    """
    if id(function) in memo:
        return memo[id(function)]
    own = getattr(function, "_bound", None)  # a method of an object that is held weakly
    if own is not None and own[0]() is not None:
        return MethodType(own[1], copy.deepcopy(own[0](), memo))
    if isinstance(function, functools.partial):
        keywords = {name: _value(x, memo) for name, x in function.keywords.items()}
        return functools.partial(copied(function.func, memo), *[_value(x, memo) for x in function.args], **keywords)
    if isinstance(function, MethodType):
        return MethodType(function.__func__, copy.deepcopy(function.__self__, memo))
    if not isinstance(function, FunctionType):
        return copy.deepcopy(function, memo)
    if not Surroundings(function).parameters:
        return function
    cells = tuple([CellType() for _ in function.__closure__ or ()])
    space = dict(function.__globals__)
    new = FunctionType(function.__code__, space, function.__name__, None, cells)
    memo[id(function)] = new
    functools.update_wrapper(new, function)
    del new.__wrapped__  # type: ignore[attr-defined]
    new.__defaults__ = tuple([_value(x, memo) for x in function.__defaults__ or ()]) or None
    new.__kwdefaults__ = {k: _value(x, memo) for k, x in (function.__kwdefaults__ or {}).items()} or None
    for name in dict.fromkeys(name for code in codes_of(function.__code__) for name in code.co_names):
        if name in space and _reads_parameters(space[name]):
            space[name] = _value(space[name], memo)
    for cell, old in zip(cells, function.__closure__ or ()):
        try:
            cell.cell_contents = _value(old.cell_contents, memo)
        except ValueError:  # not assigned yet
            continue
    return new


def _value(x: Any, memo: dict[int, Any]) -> Any:
    """A copy of what a function reads; what cannot be copied, as a lock or an open file, is shared."""
    if isinstance(x, (FunctionType, MethodType, functools.partial)):
        return copied(x, memo)
    if isinstance(x, (ModuleType, type)):
        return x
    try:
        return copy.deepcopy(x, memo)
    except TypeError:
        return x


def _reads_parameters(x: Any) -> bool:
    if isinstance(x, (ModuleType, type)):
        return False
    if isinstance(x, (Value, Tensor)):
        return True
    return bool(Surroundings(x if callable(x) else lambda: x).parameters)


def reduced(compiled: Any, function: Any, make: Callable[..., Any], *settings: Any) -> tuple[Any, ...]:
    """How something compiled is pickled: by its name if it has one in a module, else as its function and settings."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    found: Any = sys.modules.get(module or "")
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is compiled:
        return named, (module, name)
    return make, (function, *settings)


def named(module: str, name: str) -> Any:
    """What is called so in a module."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found
