"""Whether code draws random numbers of its own while it is traced, and in which line."""

from __future__ import annotations

import pickle
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from fastpath.traced.refusing import is_ours, users_line

after_own_draw: ContextVar[Callable[[], None] | None] = ContextVar("after_own_draw", default=None)
"""What to call after numbers were drawn by a tracer, as a Dropout's are: those are drawn anew at each run."""


def state_of(generator: Any) -> Any:
    if generator is np.random:
        return pickle.dumps(np.random.get_state())
    if isinstance(generator, np.random.RandomState):
        return pickle.dumps(generator.get_state())
    return generator.getstate() if hasattr(generator, "getstate") else pickle.dumps(generator.bit_generator.state)


def line_of_random(run: Callable[[], Any], generators: Sequence[Any]) -> str | None:
    """The line of the user's code that draws random numbers when this is run; None if it is not the code that does.

    Another thread may draw from the same generator at the time: then it does so while nothing is run, too.
    """
    start = time.perf_counter()
    found = {_line_of_random(run, generators) for _ in range(3)}
    place = found.pop()
    if place is None or found:
        return None
    watched = [*generators, random, np.random]
    before = [state_of(g) for g in watched]
    time.sleep(time.perf_counter() - start + 0.01)
    return users_line(place) if [state_of(g) for g in watched] == before else None


def _line_of_random(run: Callable[[], Any], generators: Sequence[Any]) -> tuple[str, int] | None:
    watched = [*generators, random, np.random]
    before: list[Any] = []
    last: dict[Any, int] = {}
    found: list[tuple[str, int]] = []

    def watch(frame: Any, event: str, argument: Any) -> Any:
        if is_ours(frame.f_code.co_filename) or frame.f_code.co_filename == random.__file__ or found:
            return None
        if frame in last and [state_of(g) for g in watched] != before:
            found.append((frame.f_code.co_filename, last[frame]))
        last[frame] = frame.f_lineno
        return watch

    def noted() -> None:
        before[:] = [state_of(g) for g in watched]

    noted()
    token = after_own_draw.set(noted)
    debugger = sys.gettrace()
    sys.settrace(watch)
    try:
        run()
    except Exception:
        pass  # it is run for the line only
    finally:
        sys.settrace(debugger)
        after_own_draw.reset(token)
    return found[0] if found else None
