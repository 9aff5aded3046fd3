"""Python source made at run time, as functions whose lines tracebacks and debuggers show."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable
from itertools import count
from typing import Any

_numbers = count(1)


def compile_source(source: str, name: str, title: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    r"""The function ``name`` that ``source`` defines in ``namespace``; its file is called ``<title number>``.

    It is taken out of the namespace, so that the function, which refers to the namespace, is freed at ``del``; then its
    lines leave ``linecache``.

    >>> double = compile_source("def double(x):\n    return 2 * x\n", "double", "twice a number", {})
    >>> double(3)
    6
    >>> linecache.getline(double.__code__.co_filename, 2)
    '    return 2 * x\n'
    """
    file = f"<{title} {next(_numbers)}>"
    exec(compile(source, file, "exec"), namespace)
    function: Callable[..., Any] = namespace.pop(name)
    linecache.cache[file] = len(source), None, source.splitlines(True), file
    weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
    return function
