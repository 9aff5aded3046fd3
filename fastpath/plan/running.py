"""Running numeric code in quiet: from any thread, and from within a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any

import numpy as np


class _Contexts(threading.local):
    """Contexts of one thread in which NumPy answers as IEEE 754 does, without warnings; those that are not in use."""

    def __init__(self) -> None:
        self.free: list[Context] = []


_contexts = _Contexts()


def quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` without NumPy's warnings: it must not look at modes, or at any other context variable.

    A context cannot be entered twice at a time. So a run within a run, as of a signal handler, has one of its own.
    """
    free = _contexts.free
    if free:
        context = free.pop()
    else:
        context = Context()
        context.run(np.seterr, all="ignore")
    try:
        return context.run(function, *arguments)
    finally:
        free.append(context)
