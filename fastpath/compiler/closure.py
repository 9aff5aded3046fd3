"""What a function can read besides its arguments: parameters, and numbers that may change from call to call.

A compiled function runs without running the function's Python, so whatever that would read has to be known: it is found
by a walk (:mod:`.walk`). A plan reads the parameters at each run. Everything else is compared with what it was: where
something differs, the function is traced anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastpath.compiler.snapshots import compared
from fastpath.compiler.walk import DYNAMIC, Walk

MOST_MISSES = 5
"""How often the quick comparison by identity is made anew."""
SETTINGS = 16
"""For how many combinations of settings among the arguments states are kept."""
STATES = 4
"""How many states are kept for each: training and evaluation, say."""


class Surroundings:
    """What a function can read, as it is now.

    ``parameters`` are the Values and Tensors with their names, ``generators`` the random generators. ``changed()``
    names the first of all the rest that is not what it was, or gives None.
    """

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any] | None = None) -> None:
        self.function = function
        self.arguments = arguments or {}
        """Objects among the arguments, which are looked into as well."""
        self.renew()

    def renew(self) -> None:
        """Look at everything as it is now."""
        names: frozenset[str] = frozenset()
        while True:
            walk = Walk([("", self.function), *self.arguments.items()], names)
            if walk.names == names:
                break
            names = walk.names
        self.names = names
        """The attributes that the function's code, and what it calls, may read."""
        self.parameters = walk.parameters
        self.generators = walk.generators
        self._snapshots = walk.snapshots
        self._quick: Callable[[], bool] | None = None
        self._misses = 0

    def forgive(self) -> None:
        """Stop comparing what is not what it was: what the function changes itself, each time it is traced."""
        self._snapshots = [s for s in self._snapshots if not s.forgive()]
        self._quick = None

    def reads(self, *names: str) -> bool:
        """Whether the function's code may read an attribute of one of these names."""
        return not self.names.isdisjoint([*names, *DYNAMIC])

    def unchanged(self) -> bool:
        """Whether everything is what it was."""
        try:
            if self._quick is not None and self._quick():
                return True
        except (KeyError, ValueError):  # an attribute, or a variable, that is gone
            pass
        if not all(s.unchanged() for s in self._snapshots):
            return False
        if self._misses <= MOST_MISSES:  # else it is always another object of the same number
            self._misses += 1
            self._quick = compared(self._snapshots)
        return True

    def changed(self) -> str | None:
        """The name of what is not what it was."""
        return next((s.name for s in self._snapshots if not s.unchanged()), None)


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
