"""Compiled code: micrograd's own demonstration, and functions of Tensors, against NumPy by hand and other libraries."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np

import fastpath
from fastpath import cross_entropy
from fastpath.bench import hinge
from fastpath.bench.moons import MoonsNet
from fastpath.bench.network import OnTensors, Problem, logits
from fastpath.bench.peers import TRAINING, Contender, numpy_by_hand
from fastpath.bench.plotting import bars
from fastpath.bench.report import Column, Report, Row, Table, memory, ratio, seconds, spread
from fastpath.bench.tensor import BY_HAND, SIZES, Size, check, threads, versions
from fastpath.bench.timing import Timing, race
from scalargrad import Value, nn
from scalargrad.settings import Array

OURS, OPTIMIZER = "compiled, its own step", "compiled, update in NumPy"
JIT = "jax.jit"


def run(quick: bool = False, sizes: tuple[Size, ...] = SIZES, rounds: int = 0, pause: float = 0.1) -> Report:
    """Measure micrograd's step and the training steps; with ``quick`` in fewer rounds."""
    rounds = rounds or (3 if quick else 25)
    pause = min(pause, 0.02) if quick else pause
    report = Report("Compiled code: a training step (forward, backward, update)")
    moons(report, rounds, pause, quick)
    for size in sizes:
        network(report, size, rounds, pause)
    planning(report)
    report.notes += [
        f"Compared: {', '.join(versions())}.",
        f"Every library uses its default number of threads; {threads()}.",
        "All contenders of a table agree on the losses; times are medians over interleaved rounds, ± half the width of "
        "the middle half.",
    ]
    return report


def moons(report: Report, rounds: int, pause: float, quick: bool) -> None:
    """The scalar step, compiled, against everything."""
    late = {hinge.TORCH_COMPILE} if quick else set()  # it takes a quarter of a minute to compile
    made = {name: None if name in late else make() for name, make in (hinge.FAST | hinge.SLOW).items()}
    steps = {name: step for name, step in made.items() if step}
    losses = {name: [step() for _ in range(2)] for name, step in steps.items()}
    for name, found in losses.items():
        if not np.allclose(found, losses[hinge.BY_HAND], rtol=1e-9):
            raise AssertionError(f"{name} disagrees with NumPy by hand: losses {found}, {losses[hinge.BY_HAND]}")
    fast = {name: step for name, step in steps.items() if name in hinge.FAST}
    slow = {name: step for name, step in steps.items() if name in hinge.SLOW}
    times = race(fast, rounds, 200, frozen=True, pause=pause) | race(slow, 1 if quick else 5, 1)
    report.tables.append(_table("micrograd's moons step: 2-16-16-1, 100 points, hinge loss and L2", list(made), times))
    aims = ((hinge.MICROGRAD, ">=10000"), (hinge.BY_HAND, "<=1.2"), (hinge.EAGER, "<=0.35"), (hinge.JIT, "<=1"))
    report.rows += [_aim("moons", times, hinge.COMPILED, peer, wanted) for peer, wanted in aims]


class Compiled(OnTensors):
    """The network of Tensors, its loss compiled."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        parameters = self.parameters
        self.compiled = fastpath.compile(lambda x, y: cross_entropy(logits(x, parameters), y))

    def gradients(self) -> tuple[float, list[Array]]:
        """The loss and its gradient by each parameter."""
        value = self.compiled.backward(self.problem.x, self.problem.labels)
        return value, [self.taken(p) for p in self.parameters]

    def step(self) -> float:
        """The step of the plan itself."""
        loss: float = self.compiled.step(self.problem.x, self.problem.labels, lr=self.problem.rate)
        return loss


class Updated(Compiled):
    """The same with the update written out."""

    def step(self) -> float:
        """Gradients by the plan, update in NumPy."""
        loss: float = self.compiled.backward(self.problem.x, self.problem.labels)
        self.update(self.problem.rate)
        return loss


def network(report: Report, size: Size, rounds: int, pause: float) -> None:
    """A training step of one size."""
    problem = Problem.random(size.sizes, size.batch, size.dtype)
    ours = {OURS: Compiled(problem), OPTIMIZER: Updated(problem)}
    contenders: dict[str, Contender | None] = {name: (x.step, x.gradients) for name, x in ours.items()}
    contenders |= {name: make(problem) for name, (_, make) in TRAINING.items()}
    check(contenders, 1e-9 if size.dtype == "float64" else 1e-4)
    steps = {name: contender[0] for name, contender in contenders.items() if contender}
    times = race(steps, rounds, size.calls, frozen=True, pause=pause)
    report.tables.append(_table(str(size), list(contenders), times))
    report.rows += [_aim(str(size), times, OURS, peer, "<=1") for peer in (BY_HAND, JIT)]
    plan = ours[OURS].compiled.plan(problem.x, problem.labels)
    peak = _peak(numpy_by_hand(problem)[1])
    report.rows.append(Row(f"{size}: memory", memory(plan.memory), memory(peak), plan.memory / peak, "<=1.1"))


def _peak(call: Any) -> int:
    """The most memory a call takes at once."""
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def planning(report: Report) -> None:
    """How long it takes until the first step is done."""
    X, y = hinge.examples()
    times = []
    for _ in range(3):
        f = fastpath.compile(hinge.scalar_loss(MoonsNet(Value)))
        start = time.perf_counter()
        f.backward(X, y)
        times.append(time.perf_counter() - start)
    took = sorted(times)[1]
    report.rows.append(Row("moons: tracing and planning", seconds(took), "50 ms", took / 0.05, "<=1"))
    model = nn.MLP(40, [160, 160], 1, activation="relu", seed=0)
    f = fastpath.compile(lambda x: model(x) ** 2)
    start = time.perf_counter()
    f.backward(np.ones((8, 40)))
    took = time.perf_counter() - start
    nodes = f.lifted(np.ones((8, 40))).nodes
    report.rows.append(Row(f"a network of {nodes:,} nodes: the same", seconds(took), "5 s", took / 5, "<=1"))


def _table(title: str, names: list[str], times: dict[str, Timing]) -> Table:
    """The times, and what part of each the compiled code takes; dashes for those who are not installed."""
    columns = (Column("library"), Column("a step", spread), Column("× compiled", ratio), Column("× by hand", ratio))
    table = Table(title, columns)
    ours, hand = times[names[0]].median, times[BY_HAND].median
    for name in names:
        took = times.get(name)
        table.rows.append((name, took, took and took.median / ours, took and took.median / hand))
    return table


def _aim(what: str, times: dict[str, Timing], ours: str, peer: str, wanted: str) -> Row:
    """Our time against a peer's: how many times as fast for a lower bound, what part of it for an upper one."""
    mine, theirs = times[ours], times.get(peer)
    if theirs is None:
        return Row(f"{what}, of {peer}", spread(mine), "", None, wanted)
    part = mine.median / theirs.median
    return Row(f"{what}, of {peer}", spread(mine), spread(theirs), 1 / part if wanted[0] == ">" else part, wanted)


def plot(report: Report, path: str) -> None:
    """Draw the steps as bars."""
    bars(report, path)
