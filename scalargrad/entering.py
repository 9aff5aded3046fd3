"""What entered modes come to; one entered in a generator, or decorating one, is in force only while that runs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from functools import wraps
from typing import Any

from scalargrad.scopes import Path
from scalargrad.tracer import Tracer


class State:
    """What the modes in force come to, found out once for many operations."""

    __slots__ = (
        "backend", "derivers", "deriving", "detecting", "entries", "frames", "left", "path", "recording", "running",
        "tracer",
    )  # fmt: skip

    def __init__(self, entries: tuple[Any, ...], left: object) -> None:
        self.entries = entries
        self.left = left
        self.frames = tuple([e.frame for e in entries if e.frame is not None])
        self.running = running(self.frames)
        self.recording, self.detecting, self.deriving = True, False, False
        self.backend = ""
        self.derivers: tuple[Callable[[Any, str], None], ...] = ()
        self.tracer: Tracer | None = None
        self.path: Path | None = None
        for e in entries:
            mode = e.mode()
            if mode is not None and e.alive and (e.frame is None or e.frame.f_back is not None):
                mode.apply(self)


def running(frames: tuple[Any, ...]) -> tuple[bool, ...]:
    """Which of these generators run now: one that is suspended was called by nobody."""
    return tuple([frame.f_back is not None for frame in frames])


def _count_unheld() -> int:
    """How many owners a mode has in ``__enter__`` if nobody but the call holds it."""

    class Probe:
        def __enter__(self) -> int:
            return sys.getrefcount(self)

    return Probe().__enter__()


UNHELD = _count_unheld() if hasattr(sys, "getrefcount") else 0


_ENTERING = ("__enter__", "__aenter__", "enter_context", "enter_async_context")
_FIXTURES = "_pytest.fixtures"


def generator_of(frame: Any) -> Any:
    """The generator a mode belongs to that is entered in this frame, or None.

    A generator that serves as a context manager, or as a fixture of pytest, enters the mode for its caller.
    """
    while frame is not None:
        if frame.f_code.co_name in _ENTERING or frame.f_globals.get("__name__") == _FIXTURES:
            frame = frame.f_back
        elif not frame.f_code.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
            return None
        elif frame.f_back is None or not (
            frame.f_back.f_code.co_name in _ENTERING or frame.f_back.f_globals.get("__name__") == _FIXTURES
        ):
            return frame
        else:
            frame = frame.f_back
    return None


def decorated(mode: Any, function: Callable[..., Any]) -> Callable[..., Any] | None:
    """A coroutine or generator function each step of which runs under the mode; None for a plain function."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*given: Any, **named: Any) -> Any:
            with mode._recreate_cm():
                return await function(*given, **named)

        return awaited
    under = _under_async if inspect.isasyncgenfunction(function) else _under
    if under is _under and not inspect.isgeneratorfunction(function):
        return None

    @wraps(function)
    def generated(*given: Any, **named: Any) -> Any:
        return under(mode, function(*given, **named))

    return generated


def _under(mode: Any, generator: Any) -> Generator[Any, Any, Any]:
    """A generator each of whose steps runs under the mode, and nothing between them does."""
    step: Callable[..., Any] = generator.send
    given: Any = None
    while True:
        try:
            with mode._recreate_cm():
                result = step(given)
        except StopIteration as stop:
            return stop.value
        try:
            step, given = generator.send, (yield result)
        except GeneratorExit:
            generator.close()
            raise
        except BaseException as error:
            step, given = generator.throw, error


async def _under_async(mode: Any, generator: Any) -> AsyncGenerator[Any, Any]:
    """The same for an asynchronous generator."""
    step: Callable[..., Any] = generator.asend
    given: Any = None
    while True:
        try:
            with mode._recreate_cm():
                result = await step(given)
        except StopAsyncIteration:
            return
        try:
            step, given = generator.asend, (yield result)
        except GeneratorExit:
            await generator.aclose()
            raise
        except BaseException as error:
            step, given = generator.athrow, error
