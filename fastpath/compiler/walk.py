"""The walk along everything a function's code can name: closure, globals, defaults, attributes, lists, dicts, arrays.

It goes into the functions and methods that are called, as far as they are the user's own. Values and Tensors found on
the way are parameters; of everything else a snapshot is taken.
"""

from __future__ import annotations

import functools
import inspect
import random
import weakref
from collections import deque
from collections.abc import Iterable, Mapping, Sequence, Set
from contextvars import ContextVar
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from fastpath.compiler.codes import GRADIENT, OURS, codes_of, functions_in, is_library, read_by
from fastpath.compiler.snapshots import (
    MISSING,
    PLAIN,
    Snapshot,
    of_array,
    of_attributes,
    of_cell,
    of_items,
    of_slots,
    of_values,
)
from fastpath.tensor import Tensor
from scalargrad.engine import Value

MOST = 50_000
"""How many lists, dicts, objects and functions are looked into."""

DYNAMIC = frozenset(["getattr", "vars", "__dict__", "attrgetter", "__getattribute__"])
"""Names in code that may read attributes under any name."""
_EVERYTHING = frozenset(["globals", "eval", "exec"])
_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)


class Walk:
    """One walk; code reads attributes under the names that the walk before found in it."""

    def __init__(self, roots: list[tuple[str, Any]], names: frozenset[str]) -> None:
        self.read = names
        self.all_attributes = not names.isdisjoint(DYNAMIC)
        self.all_globals = not names.isdisjoint(_EVERYTHING)
        self.codes: set[CodeType] = set()
        self.parameters: dict[Any, str] = {}
        self.generators: list[Any] = []
        self.snapshots: list[Snapshot] = []
        self.seen: dict[int, Any] = {}
        self.todo: list[tuple[str, Any]] = list(reversed(roots))
        self.own = _module_of(roots[0][1])
        self.spaces: dict[int, tuple[dict[str, Any], set[str]]] = {}
        while self.todo:
            name, x = self.todo.pop()
            if type(x) in PLAIN or id(x) in self.seen:
                continue
            self.seen[id(x)] = x
            if len(self.seen) > MOST:
                raise TypeError(
                    f"compile: the function can read more than {MOST} lists, dicts and objects, the last of them "
                    f"{name}; give what it needs of them as arguments"
                )
            self._look(name, x)
        for space, found in self.spaces.values():
            self._keep(of_attributes("", space, sorted(found)))

    @property
    def names(self) -> frozenset[str]:
        """The attributes that the code that was met may read, and the globals that read any."""
        own = frozenset(name for code in self.codes for name in read_by(code)[1])
        return own | {n for code in self.codes for n in read_by(code)[0] if n in DYNAMIC | _EVERYTHING}

    def _is_library(self, module: str | None, path: str | None = None) -> bool:
        if module is None or self.own is None:
            return is_library(module, path)
        package = self.own.partition(".")[0]
        same = module == self.own if package in OURS else module.partition(".")[0] == package
        return not same and is_library(module, path)

    def _keep(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    def _later(self, found: list[tuple[str, Any]]) -> None:
        self.todo += [pair for pair in reversed(found) if type(pair[1]) not in PLAIN]

    def _items(self, name: str, items: Iterable[Any]) -> None:
        self._later([(f"{name}[{i}]", item) for i, item in enumerate(items) if type(item) not in PLAIN])

    def _look(self, name: str, x: Any) -> None:
        if isinstance(x, (Tensor, Value)):
            self.parameters.setdefault(x, name)
            if isinstance(x, Tensor) and GRADIENT in self.read:
                self._keep(Snapshot(f"{name}.grad", lambda: (x.grad if x.grad is None else x.grad.tobytes(),)))
        elif isinstance(x, np.ndarray):
            self._keep(of_array(name, x))
            if x.dtype == object:
                self._items(name, x.flat)
        elif isinstance(x, (list, deque, set, frozenset, tuple)):
            if not isinstance(x, (tuple, frozenset)):
                self._keep(of_items(name, x))
            self._items(name, x)
        elif isinstance(x, dict):
            self._keep(of_values(name, x))
            self._later([(str(key), item) for key, item in x.items()])
        elif isinstance(x, FunctionType):
            self._function(name, x)
        elif isinstance(x, MethodType):
            self._later([(name, x.__self__), (name, x.__func__)])
        elif isinstance(x, functools.partial):
            given = [(f"argument {i}", item) for i, item in enumerate(x.args)]
            self._later([("", x.func), *given, *x.keywords.items()])
        elif isinstance(x, ModuleType):
            if not self._is_library(x.__name__):
                self._attributes(name, vars(x))
        elif isinstance(x, _GENERATORS):
            self.generators.append(x)
        elif isinstance(x, type):
            self._class(name, x)
        elif isinstance(x, (ContextVar, weakref.ref)):
            self._held(
                name, Snapshot(name, (lambda: (x.get(MISSING),)) if isinstance(x, ContextVar) else lambda: (x(),))
            )
        elif isinstance(x, (Mapping, Sequence, Set)) and self._is_library(type(x).__module__):
            self._held(name, Snapshot(name, lambda: [*x, *x.values()] if isinstance(x, Mapping) else list(x)))
        else:
            self._object(name, x)

    def _held(self, name: str, snapshot: Snapshot) -> None:
        """What is in a container of a library's."""
        self._keep(snapshot)
        self._items(name, snapshot.held)

    # --- functions ---------------------------------------------------------------------------------------------------

    def _function(self, name: str, function: FunctionType) -> None:
        bound = getattr(function, "_bound", None)
        if bound is not None:  # a compiled method: the object, which it holds weakly, and the function
            self._later([("", bound[0]()), (name, bound[1])])
            return
        if self._is_library(function.__module__, function.__code__.co_filename):
            return
        own = list(codes_of(function.__code__))
        self.codes.update(own)
        found: list[tuple[str, Any]] = []
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            snapshot = of_cell(variable, cell)
            self._keep(snapshot)
            if snapshot.held[0] is not MISSING:
                found.append((variable, snapshot.held[0]))
        space = function.__globals__
        wanted = dict.fromkeys(n for code in own for n in read_by(code)[0])
        if self.all_globals:
            wanted |= dict.fromkeys(n for n in space if not n.startswith("__"))
        self.spaces.setdefault(id(space), (space, set()))[1].update(wanted)
        found += [(n, space[n]) for n in wanted if n in space]
        found += [(f"default {i}", x) for i, x in enumerate(function.__defaults__ or ())]
        found += list((function.__kwdefaults__ or {}).items())
        self._later(found)
        if vars(function):
            self._attributes(name, vars(function), everything=True)

    def _class(self, name: str, kind: type) -> None:
        """The methods of a class of the user's own, and what its code reads of it."""
        for base in kind.__mro__:
            if self._is_library(base.__module__) or (base is not kind and id(base) in self.seen):
                continue
            self.seen[id(base)] = base
            used = [(k, x) for k, x in vars(base).items() if self._is_read(k) or k.startswith("__")]
            self._later([(f"{name}.{k}", f) for k, x in used for f in functions_in(x)])
            self._attributes(name, vars(base), kind=base)

    # --- objects -----------------------------------------------------------------------------------------------------

    def _object(self, name: str, x: Any) -> None:
        inner = getattr(x, "_compiled_from", None) if not isinstance(x, ModuleType) else None
        if inner is not None:  # a compiled function
            self._later([(name, inner)])
            return
        for path, item in _own_parameters(x):
            full = f"{name}.{path}" if name and not path.startswith("[") else f"{name}{path}"
            self._parameters(full, item)
        if not self._is_library(type(x).__module__):
            self._later([(name, type(x))])
        own = getattr(x, "__dict__", None)
        if isinstance(own, dict):
            kind: Any = type(x)
            if kind.__module__.partition(".")[0] in OURS:  # what the library draws, the tracer is asked for
                self.seen.update((id(v), v) for v in own.values() if isinstance(v, _GENERATORS))
            also: frozenset[str] = _read_by_library(kind) if _is_module(kind) else frozenset()
            self._attributes(name, own, also=also, kind=kind)
        slots = [s for base in type(x).__mro__ for s in _slots(base) if self._is_read(s)]
        if slots:
            snapshot = of_slots(name, x, slots)
            self._keep(snapshot)
            self._later([(f"{name}.{s}", v) for s, v in zip(slots, snapshot.held) if v is not MISSING])
        wrapped = getattr(x, "__wrapped__", None)
        if callable(wrapped):
            self._later([(name, wrapped)])

    def _parameters(self, name: str, item: Any) -> None:
        if isinstance(item, (Tensor, Value)):
            self.parameters.setdefault(item, name)
        elif isinstance(item, np.ndarray) and item.dtype == object:
            for i, x in enumerate(item.flat):
                self._parameters(f"{name}[{i}]", x)

    def _attributes(
        self,
        name: str,
        space: Any,
        everything: bool = False,
        also: frozenset[str] = frozenset(),
        kind: type = object,
    ) -> None:
        """What code reads of a namespace: of what it has, and of what it would hide of the class ``kind``."""
        keys = [k for k in space if everything or k in also or self._is_read(k)]
        hidden = {
            k
            for base in kind.__mro__
            for k, x in vars(base).items()
            if not (callable(x) or k in space or k.startswith("__"))
        }
        keys += sorted(k for k in hidden if k in also or self._is_read(k))
        self._keep(of_attributes(name, space, keys))
        dotted = f"{name}." if name else ""
        self._later([(f"{dotted}{k}", space[k]) for k in keys if k in space and not isinstance(space[k], property)])

    def _is_read(self, name: str) -> bool:
        return name in self.read or (self.all_attributes and not name.startswith("__"))


def _module_of(function: Any) -> str | None:
    """Where a function is defined: its own package is looked into, even where it is installed as a library."""
    while not hasattr(function, "__code__"):
        inner = getattr(function, "func", getattr(function, "__func__", getattr(function, "_compiled_from", None)))
        if inner is None:
            return type(function).__module__
        function = inner
    return getattr(function, "__module__", None)


@functools.lru_cache(maxsize=1024)
def _read_by_library(kind: type) -> frozenset[str]:
    """The attributes of a module that the code of our own classes it is derived from may read; all of one of ours."""
    ours = [base for base in kind.__mro__ if base.__module__.startswith("scalargrad.")]
    functions = [f for base in ours for x in vars(base).values() for f in functions_in(x)]
    codes = [code for f in functions if isinstance(f, FunctionType) for code in codes_of(f.__code__)]
    return frozenset(n for code in codes for n in read_by(code)[1])


def _slots(kind: type) -> list[str]:
    slots = vars(kind).get("__slots__", ())
    found = [slots] if isinstance(slots, str) else list(slots)
    return [s for s in found if s not in ("__dict__", "__weakref__")]


def _is_module(kind: type) -> bool:
    """Whether objects of a class are modules of scalargrad.nn."""
    return any(base.__module__ == "scalargrad.nn.module" for base in kind.__mro__)


def _own_parameters(x: Any) -> list[tuple[str, Any]]:
    """What an object says its parameters are, if it does."""
    for method, pairs in (("named_parameters", lambda f: list(f)), ("parameters", _numbered)):
        if isinstance(x, (type, ModuleType)) or not hasattr(type(x), method):
            continue
        ask = getattr(x, method, None)
        if callable(ask):
            try:
                inspect.signature(ask).bind()
                found = pairs(ask())
                return [(path, item) for path, item in found if isinstance(path, str)]
            except Exception:  # a method of that name which is something else
                continue
    return []


def _numbered(found: Any) -> list[tuple[str, Any]]:
    return [(f"[{i}]", item) for i, item in enumerate(found)]
