"""The states that what a function closes over has been in: for each, plans are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastpath.compiler.closure import Surroundings

SETTINGS = 16
"""For how many combinations of settings among the arguments states are kept."""
STATES = 4
"""How many states are kept for each: training and evaluation, say."""


class States:
    """What a function closes over, as it was met, by the settings among its arguments."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._known: dict[Any, list[Surroundings]] = {}  # those met last at the end, of each the last first

    def now(self, settings: Any, objects: dict[str, Any]) -> Surroundings:
        """The state it is in: one that was met before, or a new one. ``objects`` are settings, by name."""
        known = self._known.pop(settings, [])
        self._known[settings] = known
        if len(self._known) > SETTINGS:
            del self._known[next(iter(self._known))]
        for i, state in enumerate(known):
            if state.unchanged():
                known.insert(0, known.pop(i))
                return state
        known.insert(0, Surroundings(self.function, objects))
        del known[STATES:]
        return known[0]

    def alive(self) -> set[int]:
        """The ids of the states that are kept."""
        return {id(state) for known in self._known.values() for state in known}

    def names(self) -> dict[Any, str]:
        """What the function calls its parameters. (Another thread may be looking for its state meanwhile: copies.)"""
        states = [state for known in list(self._known.values()) for state in list(known)]
        return {x: name for state in states for x, name in state.parameters.items()}
