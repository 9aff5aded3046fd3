"""What a module consists of: the parameters, buffers and modules in its attributes, however deep in lists and dicts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping, MutableSequence
from functools import lru_cache
from typing import Any

import numpy as np

from scalargrad.nn.backends import is_parameter

PLAIN = frozenset({float, int, str, bool, complex, bytes, type(None), type, np.float64, np.float32, np.int64})
"""Types that hold neither a parameter nor a module."""

Found = tuple[str, Any]
"""A parameter or a module with its name."""


def attributes(module: Any) -> list[Found]:
    """The attributes of an object, those in ``__slots__`` too."""
    slots = _slots(type(module))  # type: ignore[arg-type]
    found = list(vars(module).items())
    return found + [(name, getattr(module, name)) for name in slots if hasattr(module, name)] if slots else found


@lru_cache(maxsize=256)
def _slots(kind: type) -> tuple[str, ...]:
    slots = [vars(base).get("__slots__", ()) for base in kind.__mro__]
    names = [name for given in slots for name in ((given,) if isinstance(given, str) else given)]
    return tuple([name for name in names if name not in ("__dict__", "__weakref__")])


def contents(name: str, x: Any, is_module: Callable[[Any], bool]) -> list[Found]:
    """The parameters and modules in an attribute: itself, or those in lists, tuples, dicts and arrays of such.

    What is in a container is called ``name.0`` or ``name.key``. Raises TypeError for a set, which has no order.
    """
    if is_module(x) or is_parameter(x):
        return [(name, x)]
    if not _is_container(x):
        return []
    return list(_within(name, x, is_module, frozenset()))


def _within(name: str, x: Any, is_module: Callable[[Any], bool], around: frozenset[int]) -> Iterator[Found]:
    if isinstance(x, (set, frozenset)):
        refuse_sets(name, x, is_module)
        return
    inner = around | {id(x)}
    for key, item in x.items() if isinstance(x, Mapping) else enumerate(x):
        if type(item) in PLAIN:
            continue
        if is_module(item) or is_parameter(item):
            yield f"{name}.{key}", item
        elif _is_container(item) and id(item) not in inner:
            yield from _within(f"{name}.{key}", item, is_module, inner)


def _is_container(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype == object and x.ndim > 0
    return isinstance(x, (list, tuple, deque, set, frozenset, Mapping))


def refuse_sets(name: str, x: Any, is_module: Callable[[Any], bool]) -> None:
    """Raise TypeError if this is a set of parameters or modules."""
    if isinstance(x, (set, frozenset)) and any(is_module(item) or is_parameter(item) for item in x):
        raise TypeError(f"{name} is a set, which has no order to name what is in it by: use a list or a dict instead")


def replaced(x: Any, new: Callable[[Any], Any], around: frozenset[int] = frozenset()) -> Any:
    """``x`` with ``new(parameter)`` for each parameter in it: containers are changed in place, tuples made anew."""
    if is_parameter(x):
        return new(x)
    if id(x) in around or not _is_container(x) or isinstance(x, (set, frozenset)):
        return x
    inner = around | {id(x)}
    if isinstance(x, Mapping):
        changed = {key: replaced(item, new, inner) for key, item in x.items()}
        if isinstance(x, MutableMapping):
            for key, item in changed.items():
                x[key] = item
            return x
        return type(x)(changed) if any(changed[key] is not x[key] for key in x) else x  # type: ignore[call-arg]
    items = [replaced(item, new, inner) for item in x]
    if all(a is b for a, b in zip(items, x)):
        return x
    if isinstance(x, (MutableSequence, np.ndarray)):
        for i, item in enumerate(items):
            x[i] = item
        return x
    return type(x)._make(items) if hasattr(x, "_make") else type(x)(items)
