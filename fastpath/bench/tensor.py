"""The batched backend against NumPy by hand and other libraries: training steps, and the overhead of one op."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastpath import Tensor
from fastpath.bench.network import Problem
from fastpath.bench.peers import TRAINING, Contender, load
from fastpath.bench.plotting import bars
from fastpath.bench.report import Column, Report, Row, Table, ratio, spread, version
from fastpath.bench.timing import Timing, race

OURS, BY_HAND, MYGRAD = "scalargrad", "NumPy by hand", "MyGrad"
EAGER, MODULES = "PyTorch eager, bare tensors", "PyTorch eager, nn and optim"


class Size(NamedTuple):
    """A network to train, how often a round calls its step, and what is aimed at: peer and largest ratio."""

    sizes: tuple[int, ...]
    batch: int
    dtype: str
    calls: int
    aims: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, batch {self.batch}, {self.dtype}"


SIZES = (
    Size((2, 16, 16, 2), 100, "float64", 50, ((EAGER, 0.5), (MODULES, 0.5), (MYGRAD, 1.0))),
    Size((64, 128, 10), 64, "float32", 50, ((EAGER, 0.8), (MODULES, 0.8))),
    Size((784, 128, 64, 10), 64, "float32", 20, ((EAGER, 0.8), (MODULES, 0.8))),
    Size((1024, 1024, 1024, 10), 256, "float32", 1, ((BY_HAND, 1.15),)),
)
COLUMNS = (
    Column("library"),
    Column("a step", spread),
    Column("× scalargrad", ratio),
    Column("× by hand", ratio),
)


def run(quick: bool = False, sizes: tuple[Size, ...] = SIZES, rounds: int = 0, pause: float = 0.1) -> Report:
    """Measure the steps of all libraries at each size, and one op; with ``quick`` in fewer rounds."""
    rounds = rounds or (3 if quick else 25)
    pause = min(pause, 0.02) if quick else pause
    report = Report("Training step (forward, backward, SGD update) on Tensors and in other libraries")
    apart: list[str] = []
    for size in sizes:
        problem = Problem.random(size.sizes, size.batch, size.dtype)
        contenders = {name: make(problem) for name, (_, make) in TRAINING.items()}
        apart.append(f"{check(contenders, 1e-9 if size.dtype == 'float64' else 1e-4):.0e}")
        steps = {name: contender[0] for name, contender in contenders.items() if contender}
        times = race(steps, rounds, size.calls, frozen=True, pause=pause)
        report.tables.append(table(str(size), list(TRAINING), times))
        report.rows += [aim(f"{size}, of {peer}", times, peer, bound) for peer, bound in size.aims]
    adds = {name: make() for name, make in ADDING.items()}
    times = race({name: call for name, call in adds.items() if call}, rounds, 1000, frozen=True, pause=pause)
    report.tables.append(table("one op: add of two 16-vectors, forward + backward", list(adds), times))
    report.rows.append(aim(f"add, forward + backward, of {EAGER}", times, EAGER, 1.0))
    report.notes += [
        f"The libraries agree: losses and gradients differ by at most {', '.join(apart)} (relative, size by size).",
        f"Compared: {', '.join(versions())}.",
        f"Every library uses its default number of threads; {threads()}.",
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


def check(contenders: dict[str, Contender | None], tolerance: float) -> float:
    """Train three steps, then compare loss and gradients with those by hand: the largest relative difference."""
    reference: tuple[float, list[np.ndarray]] | None = None
    worst = 0.0
    for name in (BY_HAND, *contenders):
        contender = contenders[name]
        if contender is None:
            continue
        step, gradients = contender
        if reference is None:
            losses = [step() for _ in range(3)]
            reference = gradients()
            continue
        if name == BY_HAND:
            continue
        apart = max(abs(step() - wanted) / abs(wanted) for wanted in losses)
        loss, found = gradients()
        apart = max(apart, abs(loss - reference[0]) / abs(reference[0]))
        for g, wanted in zip(found, reference[1], strict=True):
            apart = max(apart, float(np.abs(g - wanted).max() / np.abs(wanted).max()))
        if not apart <= tolerance:
            raise AssertionError(f"{name} disagrees with the derivatives by hand: relative difference {apart:.1e}")
        worst = max(worst, apart)
    return worst


def table(title: str, names: list[str], times: dict[str, Timing]) -> Table:
    """The times of those who ran; dashes for those who are not installed."""
    made = Table(title, COLUMNS)
    ours, hand = times[OURS].median, times.get(BY_HAND)
    for name in names:
        took = times.get(name)
        made.rows.append((name, took, took and took.median / ours, hand and took and took.median / hand.median))
    return made


def aim(what: str, times: dict[str, Timing], peer: str, bound: float) -> Row:
    """Our time as a part of a peer's, and the largest it should be."""
    ours, theirs = times[OURS], times.get(peer)
    part = ours.median / theirs.median if theirs else None
    return Row(what, spread(ours), spread(theirs) if theirs else "", part, f"<={bound:g}")


# --- one op ----------------------------------------------------------------------------------------------------------


def add_here() -> Callable[[], object]:
    """Two leaves, their sum, backward from ones."""
    a, b, seed = Tensor(np.ones(16), requires_grad=True), Tensor(np.ones(16), requires_grad=True), np.ones(16)

    def call() -> None:
        (a + b).backward(seed)
        a.grad = b.grad = None

    return call


def add_torch() -> Callable[[], object] | None:
    """The same in PyTorch."""
    torch = load("torch")
    if torch is None:
        return None
    a, b = (torch.ones(16, dtype=torch.float64, requires_grad=True) for _ in range(2))
    seed = torch.ones(16, dtype=torch.float64)

    def call() -> None:
        (a + b).backward(seed)
        a.grad = b.grad = None

    return call


def add_mygrad() -> Callable[[], object] | None:
    """The same in MyGrad, which drops old gradients by itself."""
    mygrad = load("mygrad")
    if mygrad is None:
        return None
    a, b, seed = mygrad.tensor(np.ones(16)), mygrad.tensor(np.ones(16)), np.ones(16)
    return lambda: (a + b).backward(seed)


def add_autograd() -> Callable[[], object] | None:
    """The same in autograd, whose gradients are results."""
    autograd = load("autograd")
    if autograd is None:
        return None
    a, b, seed = np.ones(16), np.ones(16), np.ones(16)
    pullback = autograd.make_vjp(lambda a, b: a + b, argnum=(0, 1))
    return lambda: pullback(a, b)[0](seed)


ADDING: dict[str, Callable[[], Callable[[], object] | None]] = {
    OURS: add_here,
    EAGER: add_torch,
    MYGRAD: add_mygrad,
    "autograd": add_autograd,
}


# --- what was measured -----------------------------------------------------------------------------------------------


def versions() -> list[str]:
    """The versions of the distributions compared; a dash for one that is not installed."""
    distributions = dict.fromkeys(distribution for distribution, _ in TRAINING.values())
    return [f"{name} {version(name) or '–'}" for name in distributions]


def threads() -> str:
    """What is known of the numbers of threads."""
    torch = load("torch")
    told = [f"{os.cpu_count()} cores", f"OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}"]
    if torch is not None:
        told.append(f"PyTorch uses {torch.get_num_threads()}")
    control = load("threadpoolctl")
    if control is not None:
        told += [
            f"NumPy's BLAS {pool['num_threads']}"
            for pool in control.threadpool_info()
            if pool["user_api"] == "blas" and "numpy" in pool["filepath"]
        ][:1]
    return ", ".join(told)


def plot(report: Report, path: str) -> None:
    """Draw the steps as bars."""
    bars(report, path)
