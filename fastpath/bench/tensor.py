"""The batched backend against NumPy by hand and other libraries: training steps, and the overhead of one op."""

from __future__ import annotations

from typing import NamedTuple

from fastpath.bench.contest import (
    ADDING,
    ARRAYS,
    BARE,
    BY_HAND,
    MODULES,
    MYGRAD,
    OURS,
    aim,
    check,
    compared,
    ready,
    times_table,
)
from fastpath.bench.problems import Problem
from fastpath.bench.report import Report
from fastpath.bench.timing import Timing, race


class Size(NamedTuple):
    """A network to train, how often a round calls its step, and what is aimed at: peer and largest ratio."""

    sizes: tuple[int, ...]
    batch: int
    dtype: str
    calls: int
    aims: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, batch {self.batch}, {self.dtype}"

    @property
    def problem(self) -> Problem:
        """The network and its data."""
        return Problem.random(self.sizes, self.batch, self.dtype)

    @property
    def tolerance(self) -> float:
        """How far apart the contenders may be."""
        return 1e-9 if self.dtype == "float64" else 1e-4


SIZES = (
    Size((2, 16, 16, 2), 100, "float64", 50, ((BARE, 0.5), (MODULES, 0.5), (MYGRAD, 1.0))),
    Size((64, 128, 10), 64, "float32", 50, ((BARE, 0.8), (MODULES, 0.8))),
    Size((784, 128, 64, 10), 64, "float32", 20, ((BARE, 0.8), (MODULES, 0.8))),
    Size((1024, 1024, 1024, 10), 256, "float32", 1, ((BY_HAND, 1.15),)),
)


def run(quick: bool = False, sizes: tuple[Size, ...] = SIZES, rounds: int = 0, pause: float = 0.1) -> Report:
    """Measure the steps of all libraries at each size, and one op; with ``quick`` in fewer rounds."""
    rounds = rounds or (3 if quick else 25)
    pause = min(pause, 0.02) if quick else pause
    report = Report("Training step (forward, backward, SGD update) on Tensors and in other libraries")
    apart: list[str] = []
    for size in sizes:
        contenders = ready(ARRAYS, size.problem)
        apart.append(f"{check(contenders, size.tolerance):.0e}")
        steps = {name: training.step for name, training in contenders.items() if training}
        times = race(steps, rounds, size.calls, frozen=True, pause=pause)
        report.tables.append(times_table(str(size), ARRAYS, times, OURS, OURS))
        report.rows += [aim(str(size), times, OURS, peer, f"<={bound:g}") for peer, bound in size.aims]
    adding = ready({name: ARRAYS[name] for name in ADDING}, Problem.random((1, 1), 1))
    adds = {name: training.addition() for name, training in adding.items() if training}
    times = race(adds, rounds, 1000, frozen=True, pause=pause)
    report.tables.append(times_table("one op: add of two 16-vectors, forward + backward", ADDING, times, OURS, OURS))
    report.rows.append(aim("add, forward + backward", times, OURS, BARE, "<=1"))
    report.notes += [
        f"The libraries agree: losses and gradients differ by at most {', '.join(apart)} (relative, size by size).",
        *compared(),
        "Times are medians over interleaved rounds, ± half the width of the middle half.",
    ]
    unsteady = [t.title for t in report.tables if any(unsure(took) for _, took, *_ in t.rows if took)]
    if unsteady:
        report.notes.append(
            f"Not to be relied on, other programs disturbed it: {'; '.join(unsteady)}. Measure again, or on one core "
            "(taskset -c 0 python -m fastpath.bench tensor)."
        )
    return report


def unsure(timing: Timing) -> bool:
    """Whether the middle half of the rounds is more than a fifth of the median away from it."""
    return max(timing.high - timing.median, timing.median - timing.low) > timing.median / 5
