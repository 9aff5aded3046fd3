"""What a function closes over: the parameters it would read, and under which names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from fastpath.tensor import Tensor
from scalargrad.engine import Value

DEEPEST = 4
"""How deep lists, dicts and objects are looked into."""


def reached(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """The objects a function can read by name: its own attributes, closure, defaults, and the globals in its code."""
    if isinstance(function, functools.partial):
        yield from reached(function.func)
        yield from ((f"argument {i}", x) for i, x in enumerate(function.args))
        yield from function.keywords.items()
        return
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType):
        yield "", owner
    plain = getattr(function, "__func__", function)
    code = getattr(plain, "__code__", None)
    if code is None:
        yield "", function
        return
    for name, cell in zip(code.co_freevars, getattr(plain, "__closure__", None) or ()):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    space = plain.__globals__
    for name in dict.fromkeys(_names(code)):
        if name in space and not isinstance(space[name], (ModuleType, type)):
            yield name, space[name]
    yield from ((f"default {i}", x) for i, x in enumerate(plain.__defaults__ or ()))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def parameters(function: Callable[..., Any]) -> tuple[dict[Any, str], list[Any]]:
    """The Tensors and Values a function can reach, with their names, and the modules among what it closes over."""
    found: dict[Any, str] = {}
    modules: list[Any] = []
    seen: set[int] = set()
    todo = [(name, x, 0) for name, x in reversed(list(reached(function)))]
    while todo:
        name, x, depth = todo.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, (Tensor, Value)):
            found.setdefault(x, name)
        elif isinstance(x, np.ndarray):
            if x.dtype == object:
                todo += [(f"{name}[{i}]", item, depth + 1) for i, item in enumerate(x.flat)]
        elif depth >= DEEPEST:
            continue
        elif isinstance(x, (list, tuple)):
            items = [(i, item) for i, item in enumerate(x) if not isinstance(item, (float, int, str))]
            todo += [(f"{name}[{i}]", item, depth + 1) for i, item in reversed(items)]
        elif isinstance(x, dict):
            todo += [(str(key), item, depth + 1) for key, item in reversed(list(x.items()))]
        elif callable(getattr(x, "named_parameters", None)) and not isinstance(x, type):
            todo += [(f"{name}.{path}" if name else path, item, depth + 1) for path, item in x.named_parameters()]
            modules += _with_training(x)
        elif callable(getattr(x, "parameters", None)) and not isinstance(x, type):
            todo += [(f"{name}[{i}]", item, depth + 1) for i, item in enumerate(x.parameters())]
            modules += _with_training(x)
        elif callable(x) and hasattr(x, "__code__") and x is not function:
            todo += [(inner, item, depth + 1) for inner, item in reached(x)]
        elif hasattr(x, "__dict__") and not isinstance(x, type) and not callable(x):
            todo += [(f"{name}.{key}" if name else key, item, depth + 1) for key, item in vars(x).items()]
    return found, modules


def _with_training(module: Any) -> list[Any]:
    if callable(getattr(module, "modules", None)):
        return [m for m in module.modules() if hasattr(m, "training")]
    return [module] if hasattr(module, "training") else []
