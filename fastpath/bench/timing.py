"""Timing several contenders against each other in one run; and how much memory a call takes."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """The seconds one call of a contender took: the median of the rounds, and the half of them around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, seconds: list[float]) -> Timing:
        """The summary of some measurements."""
        low, median, high = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else seconds * 3
        return cls(median, low, high)


def race(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int = 7,
    calls: int = 1,
    collector: bool = True,
    frozen: bool = False,
    pause: float = 0.0,
) -> dict[str, Timing]:
    """Time the contenders in turn, round by round, so that a slow moment of the machine meets them all.

    In a round each is called ``calls`` times in a row; what it left for the garbage collector is collected between
    rounds, outside the time, so that nobody pays for another's garbage. ``collector=False`` switches the collector off
    while they run. With ``frozen`` it passes over what there was before, so that nobody pays for the hundred thousands
    of objects some libraries make when they are imported. With ``pause`` it waits so many seconds before each, and
    calls it once outside the time: the threads of a library go on turning for some 0.1 s after its last call, and would
    slow down the next one. One round before the first is not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    was_enabled = gc.isenabled()
    if frozen:
        gc.collect()
        gc.freeze()
    try:
        for counted in [False] + [True] * rounds:
            for name, call in contenders.items():
                gc.collect()
                if pause:
                    time.sleep(pause)
                    call()
                (gc.enable if collector else gc.disable)()
                start = time.perf_counter()
                for _ in range(calls):
                    call()
                elapsed = time.perf_counter() - start
                if counted:
                    seconds[name].append(elapsed / calls)
    finally:
        (gc.enable if was_enabled else gc.disable)()
        if frozen:
            gc.unfreeze()
    return {name: Timing.of(values) for name, values in seconds.items()}


def allocated(call: Callable[[], object]) -> tuple[int, int]:
    """The bytes the result of a call holds, and the most the call takes at once, as Python's allocator counts them."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = call()
        after, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return after - before, peak - before
