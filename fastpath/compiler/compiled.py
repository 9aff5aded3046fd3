"""What is the same of all that is compiled: its name, how it is copied, and which plans it keeps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fastpath.compiler.arguments import signature_of
from fastpath.compiler.closure import States
from fastpath.compiler.copying import copied, reduced
from scalargrad import modes

K = TypeVar("K")
V = TypeVar("V")

PLANS = 16
"""How many plans are kept: one for each combination of shapes and of what was asked."""


class Recent(dict[K, V]):
    """What was used last, at the end; at most so much."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def use(self, key: K, value: V) -> V:
        """Put it in, or move it to the end."""
        self.pop(key, None)
        self[key] = value
        if len(self) > self.most:
            del self[next(iter(self))]
        return value

    def keep(self, wanted: Callable[[K, V], bool]) -> None:
        """Drop all else."""
        for key in [key for key, value in self.items() if not wanted(key, value)]:
            del self[key]


class Compiled:
    """A function that is compiled; ``_settings`` are the other arguments of its class."""

    def __init__(self, function: Callable[..., Any], *settings: Any) -> None:
        self.function = function
        self._settings = settings
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.__doc__ = getattr(function, "__doc__", None)
        self._signature = signature_of(function)
        self._states = States(function)
        self._lock = threading.RLock()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        memo[id(self)] = new = object.__new__(type(self))
        new.__init__(copied(self.function, memo), *self._settings)  # type: ignore[misc]
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self, self.function, type(self), *self._settings)

    @property
    def _compiled_from(self) -> Callable[..., Any]:
        """What it was made of, for those who look for what that closes over."""
        return self.function

    def _leave_no_gradient(self, parameters: Iterable[Any]) -> None:
        """Within a function that is differentiated, refuse numbers computed from what depends on its variables."""
        if modes.active and modes.derivers():
            for x in parameters:
                modes.concretized(x, "a compiled call")

    def _look_for_anomalies(self, arguments: tuple[Any, ...], named: dict[str, Any], backward: bool = True) -> None:
        """Under ``detect_anomaly``, run the function as it is first, so that the operation is named."""
        if modes.detecting():
            self._eagerly(arguments, named, backward)

    def _eagerly(self, arguments: tuple[Any, ...], named: dict[str, Any], backward: bool) -> None:
        raise NotImplementedError
