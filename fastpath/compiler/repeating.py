"""Whether a function does the same each time it is traced: it is traced twice, and the tracings are compared.

While it is traced, what it computes refuses to be looked at: what code decides by a number would be decided once and
for all. What cannot be refused, random numbers and counts of calls, makes the tracings differ.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from fastpath.compiler.closure import Surroundings
from fastpath.traced.randomness import line_of_random
from fastpath.traced.refusing import RandomNumbersError, TracingError

T = TypeVar("T")
D = TypeVar("D")

one_tracing = threading.RLock()
"""One function is traced at a time: what a user's code changes while it is traced, it changes once."""


def traced_twice(
    trace: Callable[[], T], state: Surroundings, compare: Callable[[T, T], D | None]
) -> tuple[T, T, D | None]:
    """Two tracings of a function, and where they differ.

    If the first changed what the function reads, the next may not: then a third is compared with the second. What each
    of them changes, such as counts of its calls, is not compared at later calls, if they do the same.
    """
    first = trace()
    settled = state.unchanged()
    if not settled:
        state.renew()
    second = _forgiven(trace, state)
    difference = compare(first, second)
    if difference is not None and not settled:
        first, second = second, _forgiven(trace, state)
        difference = compare(first, second)
    return first, second, difference


def _forgiven(trace: Callable[[], T], state: Surroundings) -> T:
    found = trace()
    if not state.unchanged():
        state.forgive()
    return found


def unless_random(name: str, trace: Callable[..., T], generators: Sequence[Any], what: str = "") -> Callable[..., T]:
    """The same tracing; it is refused if the function draws random numbers of its own."""

    def checked(**how: Any) -> T:
        try:
            return trace(generators=generators, **how)
        except RandomNumbersError:
            where = line_of_random(partial(trace, generators=None, **how), generators)
            if where is not None:
                raise other_each_time(name, where, what) from None
            return trace(generators=None, **how)  # it was another thread

    return checked


def other_each_time(name: str, where: str, what: str = "") -> TracingError:
    """The error for a function whose tracings differ."""
    what = what or "does something else each time it is called"
    return TracingError(
        f"compile: {name} {what}, in {where}: what is decided by numbers (.data), by random numbers or by counts of "
        "calls would be decided once, while tracing; write where, maximum, minimum or relu, give such a number as an "
        "argument, or use nn.Dropout"
    )
