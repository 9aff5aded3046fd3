"""The modes a block of code can run under: no_grad, detect_anomaly, scope; and being traced or differentiated.

Each is per thread and per asynchronous task. ``active`` is false while none is in force anywhere, which is all that the
engine asks on its fast path. Whoever needs to know asks here: ``recording()``, ``detecting()``, ``tracer()``, …
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any

from scalargrad.entering import UNHELD, State, decorated, generator_of, running
from scalargrad.scopes import Path, in_path
from scalargrad.tracer import Tracer as Tracer
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


_states: ContextVar[State | None] = ContextVar("state", default=None)


def state() -> State:
    """What the modes in force here come to."""
    known = _states.get()
    entries = _entries.get()
    if (
        known is None
        or known.entries is not entries
        or known.left is not left
        or (known.frames and known.running != running(known.frames))
    ):
        known = State(entries, left)
        _states.set(known)
    return known


class _Mode(ContextDecorator):
    """A ``with`` block, or a decorated function, under a mode."""

    is_special = True
    """Whether operations compute or record otherwise than usual."""

    def __init__(self) -> None:
        self._entered: list[_Entry] = []

    def apply(self, state: State) -> None:
        """Say in a state what is so under this mode."""

    def _recreate_cm(self) -> _Mode:
        """Another mode like this one, for the next call of what it decorates."""
        return type(self)()

    def __enter__(self) -> None:
        held = sys.getrefcount(self) > UNHELD
        entry = _Entry(self, held, generator_of(sys._getframe(1)))
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
        return decorated(self, function) or super().__call__(function)


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

    def apply(self, state: State) -> None:
        state.recording = False


class enable_grad(_Bare):
    """Record again inside :class:`no_grad`."""

    def apply(self, state: State) -> None:
        state.recording = True


class detect_anomaly(_Bare):
    """Stop where the first nan or infinity is born, forward or backward, naming the op and its operands.

    Raises FloatingPointError. An operand that was not finite already is not held against the op.

    >>> from scalargrad import Value
    >>> with detect_anomaly():
    ...     Value(0.0, label="p").log()
    Traceback (most recent call last):
    FloatingPointError: forward: log(p) = -inf at p = 0.0
    """

    def apply(self, state: State) -> None:
        state.detecting = True


class tracing(_Mode):
    """Have the code of this block traced; by None, not traced any more."""

    def __init__(self, tracer: Tracer | None) -> None:
        super().__init__()
        self.tracer = tracer

    def apply(self, state: State) -> None:
        state.tracer = self.tracer

    def _recreate_cm(self) -> tracing:
        return tracing(self.tracer)


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

    def apply(self, state: State) -> None:
        state.path = self.path if state.path is None else state.path.joined(self.path)

    def _recreate_cm(self) -> scope:
        return scope(self.name)


def tracer() -> Tracer | None:
    """What traces the code here, or None."""
    return state().tracer if active else None


def is_traced() -> bool:
    """Whether a function is traced here, and everything it computes recorded."""
    return state().tracer is not None and state().recording


class deriving(_Mode):
    """Run a function whose derivative is wanted: ``taken_out(value, what)`` is called where a number leaves the graph.

    All such blocks one within the other are asked, since each has variables of its own. Without ``taken_out``, numbers
    may leave. ``backend`` is that of the variables, "value" or "tensor": derivatives within take the same.
    """

    is_special = False

    def __init__(self, taken_out: Callable[[Any, str], None] | None = None, backend: str = "") -> None:
        super().__init__()
        self.taken_out = taken_out
        self.backend = backend

    def apply(self, state: State) -> None:
        state.deriving = True
        state.backend = self.backend or state.backend
        if self.taken_out is not None:
            state.derivers += (self.taken_out,)

    def _recreate_cm(self) -> deriving:
        return deriving(self.taken_out, self.backend)


def is_differentiated() -> bool:
    """Whether a function runs here that is being differentiated or traced: what it computes needs its graph."""
    return active > 0 and (state().deriving or state().tracer is not None)


def backend() -> str:
    """The backend of what is differentiated or traced here, "value" or "tensor"; empty if nothing is."""
    if not active:
        return ""
    known = state()
    return known.backend if known.tracer is None else known.backend or known.tracer.backend


def derivers() -> bool:
    """Whether a function runs here that is being differentiated, and none that is traced."""
    return active > 0 and bool(state().derivers) and state().tracer is None


def is_unknown(x: Any) -> bool:
    """Whether x only stands for numbers, since a function is traced here."""
    known = tracer()
    return known is not None and known.is_unknown(x)


_WAYS_OUT = ("float()", "item()", "int()", "np.asarray()", "tolist()", "a compiled call")
"""What gives a number to compute with. (A comparison decides by it; ``.data`` says that it is a constant.)"""


def concretized(value: Any, what: str) -> None:
    """Say to what traces or differentiates the code here that it takes the number of a node."""
    known = state()
    if known.tracer is not None:
        known.tracer.concretized(value, what)
    elif known.derivers and what in _WAYS_OUT:
        for taken_out in known.derivers:
            taken_out(value, what)


def recording() -> bool:
    """Whether operations are recorded here."""
    return not special or state().recording


def detecting() -> bool:
    """Whether nan and infinity stop the computation here."""
    return special > 0 and state().detecting


def current_scope() -> str | None:
    """The path of the scopes in force here."""
    return state().path if active else None
