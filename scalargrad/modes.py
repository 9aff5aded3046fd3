"""The modes a block of code can run under: no_grad, detect_anomaly, scope.

Each is per thread and per asynchronous task. ``active`` is false while none is in force anywhere, which is all that the
engine asks on its fast path.
"""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any

active = 0
"""How many blocks are under some mode now, in all threads."""

_lock = threading.Lock()
_recording: ContextVar[bool] = ContextVar("recording", default=True)
_detecting: ContextVar[bool] = ContextVar("detecting", default=False)
_scope: ContextVar[str | None] = ContextVar("scope", default=None)


class _Mode(ContextDecorator):
    """A ``with`` block (or decorated function) during which a context variable has another value."""

    _variable: ContextVar[Any]

    def __init__(self) -> None:
        self._tokens: list[Token[Any]] = []

    def _value(self) -> Any:
        raise NotImplementedError

    def __enter__(self) -> None:
        global active
        self._tokens.append(self._variable.set(self._value()))
        with _lock:
            active += 1

    def __exit__(self, *error: object) -> None:
        global active
        with _lock:
            active -= 1
        self._variable.reset(self._tokens.pop())


class no_grad(_Mode):
    """Compute without recording: results are leaves, with no graph behind them.

    >>> from scalargrad import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * 3
    >>> y
    Value(6.0)
    """

    _variable = _recording

    def _value(self) -> bool:
        return False


class enable_grad(_Mode):
    """Record again inside :class:`no_grad`."""

    _variable = _recording

    def _value(self) -> bool:
        return True


class detect_anomaly(_Mode):
    """Stop where the first nan or infinity is born, forward or backward, naming the op and its operands.

    Raises FloatingPointError. An operand that was not finite already is not held against the op.

    >>> from scalargrad import Value
    >>> with detect_anomaly():
    ...     Value(0.0, label="p").log()
    Traceback (most recent call last):
    FloatingPointError: forward: log(p) = -inf at p = 0.0
    """

    _variable = _detecting

    def _value(self) -> bool:
        return True


class scope(_Mode):
    """Name the part of the graph made in this block; drawings frame it, and can fold it into one node.

    Scopes nest: inside ``scope("net")``, ``scope("layer 1")`` is ``net/layer 1``.
    """

    _variable = _scope

    def __init__(self, name: str) -> None:
        super().__init__()
        if not isinstance(name, str) or not name:
            raise TypeError(f"a scope's name is a text that is not empty, not {name!r}")
        self.name = name

    def _value(self) -> str:
        outer = _scope.get()
        return self.name if outer is None else f"{outer}/{self.name}"


def recording() -> bool:
    """Whether operations are recorded here."""
    return _recording.get()


def detecting() -> bool:
    """Whether nan and infinity stop the computation here."""
    return active > 0 and _detecting.get()


def current_scope() -> str | None:
    """The name of the scope in force here."""
    return _scope.get()


def _is_finite(x: Any) -> bool:
    number = float(x)
    return number - number == 0


def _names(operands: tuple[Any, ...]) -> list[str]:
    """A name to show for each operand: its label, or x (a, b, … where there are more); constants as numbers."""
    fallback = ["x"] if len(operands) == 1 else [chr(ord("a") + i) for i in range(len(operands))]
    return [
        f"{x:g}" if isinstance(x, float) else x.label or fallback[i]
        for i, x in enumerate(operands)
    ]  # fmt: skip


def _at(names: list[str], operands: tuple[Any, ...]) -> str:
    told = [f"{n} = {float(x)!r}" for n, x in zip(names, operands, strict=True) if not isinstance(x, float)]
    return " and ".join(told)


def check_forward(op: Any, data: float, operands: tuple[Any, ...]) -> None:
    """Raise if this op made a nan or an infinity out of finite operands."""
    if not _is_finite(data) and all(map(_is_finite, operands)):
        names = _names(operands)
        raise FloatingPointError(f"forward: {op.text_of(*names)} = {data} at {_at(names, operands)}")


def check_backward(node: Any, position: int, upstream: float, local: float, downstream: float) -> None:
    """Raise if this edge made a nan or an infinity out of a finite upstream gradient."""
    if not _is_finite(downstream) and _is_finite(upstream):
        names = _names(node.inputs)
        raise FloatingPointError(
            f"backward: through {node.op.text_of(*names)} to {names[position]}, {upstream!r} × {local!r} = "
            f"{downstream!r} at {_at(names, node.inputs)}"
        )
