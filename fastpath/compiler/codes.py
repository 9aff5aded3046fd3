"""What the code of functions names: the globals and attributes it reads; and whether it is the user's own."""

from __future__ import annotations

import dis
import functools
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import numpy as np

import scalargrad

OURS = ("scalargrad", "fastpath")
_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(Path(module.__file__ or "").parent) for module in (scalargrad, np)}
    | {str(Path(__file__).parent.parent)}
)

GRADIENT = ".grad"
"""Among the attributes: that code reads the ``grad`` of something, and does not only call a function of that name."""


def codes_of(code: CodeType) -> Iterator[CodeType]:
    """A code object, and those of the functions defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_of(constant)


@functools.lru_cache(maxsize=4096)
def read_by(code: CodeType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The globals that code reads, and the attributes."""
    read = [i for i in dis.get_instructions(code) if isinstance(i.argval, str)]
    names = [(i.opname, i.argval) for i in read]
    calls_follow = sys.version_info >= (3, 12)  # and the last bit of an attribute says that it is called
    if any(i.opname == "LOAD_ATTR" and i.argval == "grad" and not (calls_follow and (i.arg or 0) & 1) for i in read):
        names.append(("LOAD_ATTR", GRADIENT))
    found = [n for opname, n in names if opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    return tuple(found), tuple(
        n for opname, n in names if opname.startswith("LOAD") and ("ATTR" in opname or "METHOD" in opname)
    )


def functions_in(x: Any) -> list[Any]:
    """The functions behind an entry of a class."""
    if isinstance(x, FunctionType):
        return [x]
    if isinstance(x, (staticmethod, classmethod)):
        return [x.__func__]
    if isinstance(x, property):
        return [f for f in (x.fget, x.fset) if isinstance(f, FunctionType)]
    if isinstance(x, functools.cached_property):
        return [x.func]
    return [f for f in (getattr(x, "__wrapped__", None), getattr(x, "_compiled_from", None)) if callable(f)]


@functools.cache
def is_library(module: str | None, path: str | None = None) -> bool:
    """Whether code is not the user's own: the standard library's, an installed package's, or ours."""
    if module == "__main__":
        return False
    if path is None:
        found = sys.modules.get(str(module))
        path = getattr(found, "__file__", None)
        if path is None:
            return found is not None
    if path.startswith("<"):
        return module is not None and module.partition(".")[0] in OURS
    return path.startswith(_LIBRARIES)
