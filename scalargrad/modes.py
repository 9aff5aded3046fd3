"""The modes a block of code can run under: no_grad, detect_anomaly, scope.

Each is per thread and per asynchronous task. ``active`` is false while none is in force anywhere, which is all that the
engine asks on its fast path.
"""

from __future__ import annotations

import inspect
import sys
import weakref
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ContextDecorator
from contextvars import ContextVar
from functools import reduce, wraps
from typing import Any

from scalargrad.graph import short
from scalargrad.turns import Turns

active = 0
"""How many blocks are under some mode now, in all threads."""
special = 0
"""The same without scopes: how many blocks compute or record otherwise than usual."""
left = object()
"""Another object whenever a block has been left: what was found out before may not hold any more."""

_one_change = Turns()
_inside: set[_Entry] = set()
"""All enterings of modes that have not been left, in all threads."""


class _Entry:
    """One entering of a mode: in force until it is left, or nobody holds the mode any more.

    (A ``with`` statement holds it. An interrupt that comes before it can leave the mode ends the statement, and with it
    the mode.)
    """

    __slots__ = ("__weakref__", "alive", "frame", "mode", "special")

    def __init__(self, mode: _Mode, held: bool, frame: Any) -> None:
        self.alive = True
        self.special = mode.is_special
        self.mode: Callable[[], _Mode | None] = weakref.ref(mode, self._drop) if held else lambda: mode
        self.frame = frame
        """The generator it was entered in: between its steps the mode is not in force."""

    def _drop(self, _: object) -> None:
        self.leave()

    def leave(self) -> None:
        """End it; to do so twice does no harm."""
        self.alive = False
        self.frame = None
        self.mode = _nothing
        _inside.discard(self)
        _one_change(_count)


def _nothing() -> None:
    return None


def _count() -> None:
    """Count anew how many blocks are under a mode: so a count that an interrupt left wrong does not stay so."""
    global active, special, left
    inside = list(_inside)
    active, special, left = len(inside), len([e for e in inside if e.special]), object()


_entries: ContextVar[tuple[_Entry, ...]] = ContextVar("modes", default=())


SLASH = "∕"  # U+2215, which looks like it
"""What stands for a ``/`` in the name of a scope: that joins the names of a path."""


def in_path(name: str) -> str:
    """The name of a scope as it stands in a path."""
    return name.replace("/", SLASH)


class Path(str):
    """The names of scopes, outermost first, joined by ``/``: ``net/layer 1``.

    ``of`` says for each which module it is the scope of, 0 for none: that tells two layers of one name apart.
    """

    __slots__ = ("of",)
    of: tuple[int, ...]

    def __new__(cls, names: str = "", of: tuple[int, ...] = ()) -> Path:
        self = super().__new__(cls, names)
        self.of = of or (0,) * len(names.split("/") if names else ())
        return self

    def __reduce__(self) -> tuple[type[Path], tuple[str, tuple[int, ...]]]:
        return Path, (str(self), self.of)

    def __deepcopy__(self, memo: Any) -> Path:
        return self

    def joined(self, inner: Path) -> Path:
        """The path of a scope inside this one."""
        return Path(f"{self}/{inner}", self.of + inner.of) if self else inner


class State:
    """What the modes in force come to, found out once for many operations."""

    __slots__ = (
        "derivers", "deriving", "detecting", "entries", "frames", "left", "path", "recording", "running", "tracer",
    )  # fmt: skip

    def __init__(self, entries: tuple[_Entry, ...]) -> None:
        self.entries = entries
        self.left = left
        self.frames = tuple([e.frame for e in entries if e.frame is not None])
        self.running = _running(self.frames)
        here = [e.mode() for e in entries if e.alive and (e.frame is None or e.frame.f_back is not None)]
        modes = [mode for mode in here if mode is not None]
        self.detecting = any(isinstance(mode, detect_anomaly) for mode in modes)
        self.recording = next((mode.records for mode in reversed(modes) if mode.records is not None), True)
        self.deriving = any(isinstance(mode, deriving) for mode in modes)
        self.derivers = tuple([m.taken_out for m in modes if isinstance(m, deriving) and m.taken_out is not None])
        self.tracer = next((mode.tracer for mode in reversed(modes) if isinstance(mode, tracing)), None)
        paths = [mode.path for mode in modes if isinstance(mode, scope)]
        self.path = reduce(Path.joined, paths) if paths else None


def _running(frames: tuple[Any, ...]) -> tuple[bool, ...]:
    """Which of these generators run now: one that is suspended was called by nobody."""
    return tuple([frame.f_back is not None for frame in frames])


_states: ContextVar[State | None] = ContextVar("state", default=None)


def state() -> State:
    """What the modes in force here come to."""
    known = _states.get()
    entries = _entries.get()
    if (
        known is None
        or known.entries is not entries
        or known.left is not left
        or (known.frames and known.running != _running(known.frames))
    ):
        known = State(entries)
        _states.set(known)
    return known


_ENTERING = ("__enter__", "__aenter__", "enter_context", "enter_async_context")
_FIXTURES = "_pytest.fixtures"


def _generator(frame: Any) -> Any:
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


class _Mode(ContextDecorator):
    """A ``with`` block, or a decorated function, under a mode."""

    records: bool | None = None
    """Whether operations are recorded; None where the mode does not say."""
    is_special = True
    """Whether operations compute or record otherwise than usual."""

    def __init__(self) -> None:
        self._entered: list[_Entry] = []

    def _again(self) -> _Mode:
        return type(self)()

    _recreate_cm = _again

    def __enter__(self) -> None:
        held = sys.getrefcount(self) > _UNHELD
        entry = _Entry(self, held, _generator(sys._getframe(1)))
        try:
            self._entered.append(entry)
            _entries.set((*[e for e in _entries.get() if e.alive], entry))
            _inside.add(entry)
            _one_change(_count)
        except BaseException:  # then nobody will leave it
            entry.leave()
            raise

    def __exit__(self, *error: object) -> None:
        entry = self._last()
        try:
            entry.leave()
            self._entered.remove(entry)
            _entries.set(tuple([e for e in _entries.get() if e.alive]))
        except BaseException:  # an interrupt
            entry.leave()
            raise

    def _last(self) -> _Entry:
        """The entering that is left first: the last one here.

        A generator may be closed in another thread, or after one that was entered later.
        """
        here = [entry for entry in self._entered if entry.alive and entry in _entries.get()]
        return (here or self._entered)[-1]

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:  # type: ignore[override]
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*given: Any, **named: Any) -> Any:
                with self._again():
                    return await function(*given, **named)

            return awaited
        if inspect.isasyncgenfunction(function):

            @wraps(function)
            def streamed(*given: Any, **named: Any) -> Any:
                return _under_async(self, function(*given, **named))

            return streamed
        if inspect.isgeneratorfunction(function):

            @wraps(function)
            def generated(*given: Any, **named: Any) -> Any:
                return _under(self, function(*given, **named))

            return generated
        return super().__call__(function)


def _under(mode: _Mode, generator: Any) -> Generator[Any, Any, Any]:
    """A generator each of whose steps runs under the mode, and nothing between them does."""
    step: Callable[..., Any] = generator.send
    given: Any = None
    while True:
        try:
            with mode._again():
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


async def _under_async(mode: _Mode, generator: Any) -> AsyncGenerator[Any, Any]:
    """The same for an asynchronous generator."""
    step: Callable[..., Any] = generator.asend
    given: Any = None
    while True:
        try:
            with mode._again():
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


class _Bare(_Mode):
    """A mode without settings: it decorates a function with parentheses or without."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """The mode, or the function under it."""
        if function is None:
            return super().__new__(cls)
        if not callable(function) or isinstance(function, type):
            raise TypeError(
                f"{cls.__name__} takes nothing, or the function it decorates, not {type(function).__name__}: write "
                f"with {cls.__name__}(): or @{cls.__name__}"
            )
        return cls()(function)


class no_grad(_Bare):
    """Compute without recording: results are leaves, with no graph behind them.

    >>> from scalargrad import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * 3
    >>> y
    Value(6.0)
    """

    records = False


class enable_grad(_Bare):
    """Record again inside :class:`no_grad`."""

    records = True


class detect_anomaly(_Bare):
    """Stop where the first nan or infinity is born, forward or backward, naming the op and its operands.

    Raises FloatingPointError. An operand that was not finite already is not held against the op.

    >>> from scalargrad import Value
    >>> with detect_anomaly():
    ...     Value(0.0, label="p").log()
    Traceback (most recent call last):
    FloatingPointError: forward: log(p) = -inf at p = 0.0
    """


def _count_unheld() -> int:
    """How many owners a mode has in ``__enter__`` if nobody but the call holds it."""

    class Probe:
        def __enter__(self) -> int:
            return sys.getrefcount(self)

    return Probe().__enter__()


_UNHELD = _count_unheld() if hasattr(sys, "getrefcount") else 0


class tracing(_Mode):
    """Trace the code of this block: the numbers in its graph stand for others, and must decide nothing.

    ``tracer.look(value, what)`` is called where code looks at a number (``float()``, ``if``, a comparison),
    ``tracer.random(shape, draw)`` gives the nodes that stand for random numbers. Where it has them,
    ``tracer.made(node)`` and ``tracer.stopped(node)`` give the Values that stand for what is computed, with a gradient
    and without.
    """

    def __init__(self, tracer: Any) -> None:
        super().__init__()
        self.tracer = tracer

    def _again(self) -> tracing:
        return tracing(self.tracer)

    _recreate_cm = _again


class scope(_Mode):
    """Name the part of the graph made in this block; drawings frame it, and can fold it into one node.

    Scopes nest: inside ``scope("net")``, ``scope("layer 1")`` is ``net/layer 1``. A ``/`` in a name is part of it.
    """

    is_special = False

    def __init__(self, name: str) -> None:
        super().__init__()
        if not isinstance(name, str) or not name:
            raise TypeError(f"a scope's name is a text that is not empty, not {name!r}")
        self.name = name
        self.path = Path(in_path(name))

    def _again(self) -> scope:
        return scope(self.name)

    _recreate_cm = _again


def tracer() -> Any:
    """What traces the code here, or None."""
    return state().tracer if active else None


def is_traced() -> bool:
    """Whether a function is traced here, and everything it computes recorded."""
    return state().tracer is not None and state().recording


class deriving(_Mode):
    """Run a function whose derivative is wanted: ``taken_out(value, what)`` is called where a number leaves the graph.

    All such blocks one within the other are asked, since each has variables of its own. Without ``taken_out``, numbers
    may leave.
    """

    is_special = False

    def __init__(self, taken_out: Callable[[Any, str], None] | None = None) -> None:
        super().__init__()
        self.taken_out = taken_out

    def _again(self) -> deriving:
        return deriving(self.taken_out)

    _recreate_cm = _again


def is_differentiated() -> bool:
    """Whether a function runs here that is being differentiated or traced: what it computes needs its graph."""
    return active > 0 and (state().deriving or state().tracer is not None)


def concretized(value: Any, what: str) -> None:
    """Tell the tracer, if there is one, that code looks at the number of a node."""
    known = state()
    found = known.tracer
    if found is not None:
        found.look(value, what)
    elif known.derivers and what in ("float()", "item()"):
        for taken_out in known.derivers:
            taken_out(value, what)


def concretized_by_user(value: Any, what: str) -> None:
    """The same for what our own code may look at: the frame that asked for it is not ours."""
    found = state().tracer
    if found is not None and not found.is_ours(sys._getframe(2).f_code.co_filename):
        found.look(value, what)


def recording() -> bool:
    """Whether operations are recorded here."""
    return not special or state().recording


def detecting() -> bool:
    """Whether nan and infinity stop the computation here."""
    return special > 0 and state().detecting


def current_scope() -> str | None:
    """The path of the scopes in force here."""
    return state().path if active else None


def _is_finite(x: Any) -> bool:
    number = float(x)
    return number - number == 0


def names_of(operands: tuple[Any, ...]) -> list[Any]:
    """What formulas call each operand: its label, or x (a, b, … where there are more); a constant by its number."""
    few = ["x"] if len(operands) == 1 else [chr(ord("a") + i % 26) for i in range(len(operands))]
    return [x if isinstance(x, float) else short(x.label) if x.label else few[i] for i, x in enumerate(operands)]


def _at(names: list[Any], operands: tuple[Any, ...]) -> str:
    told = [f"{n} = {float(x)!r}" for n, x in zip(names, operands, strict=True) if not isinstance(x, float)]
    return " and ".join(told)


def check_forward(op: Any, data: float, operands: tuple[Any, ...]) -> None:
    """Raise if this op made a nan or an infinity out of finite operands."""
    if not _is_finite(data) and all(map(_is_finite, operands)):
        names = names_of(operands)
        raise FloatingPointError(f"forward: {op.text_of(*names)} = {data} at {_at(names, operands)}")


def check_backward(node: Any, position: int, upstream: float, local: float, downstream: float) -> None:
    """Raise if this edge made a nan or an infinity, its operands and the upstream gradient being finite."""
    if not _is_finite(downstream) and _is_finite(upstream) and all(map(_is_finite, node.inputs)):
        names = names_of(node.inputs)
        raise FloatingPointError(
            f"backward: through {node.op.text_of(*names)} to {names[position]}, {upstream!r} × {local!r} = "
            f"{downstream!r} at {_at(names, node.inputs)}"
        )


def check_sum(node: Any, position: int, earlier: float, downstream: float, total: float) -> None:
    """Raise if finite shares of an operand's gradient add up to an infinity."""
    if not _is_finite(total) and _is_finite(earlier) and _is_finite(downstream):
        names = names_of(node.inputs)
        raise FloatingPointError(
            f"backward: what reaches {names[position]}, {earlier!r} + {downstream!r}, is {total!r}"
        )
