"""One thread at a time: a lock that no interrupt can leave locked."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import get_ident
from typing import Any


class Turns:
    """``turns(work, …)`` calls ``work(…)`` while no other thread is in such a call.

    The same thread may be in several, one within the other: a signal handler never waits for what it interrupted. And
    an interrupt may come at any line: what is taken here is given back in any case, which ``with lock:`` is not.
    """

    __slots__ = ("_owner",)

    def __init__(self) -> None:
        self._owner: dict[None, int] = {}

    def __call__(self, work: Callable[..., Any], *arguments: Any) -> Any:
        me, owner = get_ident(), self._owner
        if owner.get(None) == me:
            return work(*arguments)
        try:
            try:
                while owner.setdefault(None, me) != me:
                    time.sleep(1e-4)
                return work(*arguments)
            finally:
                if owner.get(None) == me:
                    del owner[None]
        finally:
            if owner.get(None) == me:  # an interrupt came before the line above
                del owner[None]


one_pass = Turns()
"""Taken while a gradient is worked out in the nodes, or given to the leaves."""
