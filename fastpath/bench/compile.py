"""Compiled code: micrograd's own demonstration, and functions of Tensors, against NumPy by hand and other libraries."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import fastpath
from fastpath.bench import contest
from fastpath.bench.contest import BY_HAND, EAGER, JIT, MICROGRAD, PLAN, SCALAR_CODE, aim, check, ready, times_table
from fastpath.bench.peers import ByHand
from fastpath.bench.problems import Problem
from fastpath.bench.report import Report, Row, memory, seconds
from fastpath.bench.tensor import SIZES, Size
from fastpath.bench.timing import allocated, race
from fastpath.bench.training import Compiled, CompiledScalarCode
from scalargrad import nn


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
        *contest.compared(),
        "All contenders of a table agree on the losses; times are medians over interleaved rounds, ± half the width of "
        "the middle half.",
    ]
    return report


def moons(report: Report, rounds: int, pause: float, quick: bool) -> None:
    """The scalar step, compiled, against everything."""
    late = [contest.TORCH_COMPILE] if quick else []  # it takes a quarter of a minute to compile
    contenders = ready(contest.MOONS, Problem.moons(), late)
    check(contenders, 1e-9, steps=2)
    steps = {name: training.step for name, training in contenders.items() if training}
    slow = {name: steps.pop(name) for name in contest.SLOW if name in steps}
    times = race(steps, rounds, 200, frozen=True, pause=pause) | race(slow, 1 if quick else 5, 1)
    title = "micrograd's moons step: 2-16-16-1, 100 points, hinge loss and L2"
    report.tables.append(times_table(title, contenders, times, SCALAR_CODE, "compiled"))
    aims = ((MICROGRAD, ">=10000"), (BY_HAND, "<=1.2"), (EAGER, "<=0.35"), (JIT, "<=1"))
    report.rows += [aim("moons", times, SCALAR_CODE, peer, wanted) for peer, wanted in aims]


def network(report: Report, size: Size, rounds: int, pause: float) -> None:
    """A training step of one size."""
    contenders = ready(contest.COMPILED, size.problem)
    check(contenders, size.tolerance)
    steps = {name: training.step for name, training in contenders.items() if training}
    times = race(steps, rounds, size.calls, frozen=True, pause=pause)
    report.tables.append(times_table(str(size), contenders, times, PLAN, "compiled"))
    report.rows += [aim(str(size), times, PLAN, peer, "<=1") for peer in (BY_HAND, JIT)]
    plan = Compiled(size.problem).plan
    by_hand = ByHand(size.problem)
    by_hand.gradients()
    peak = allocated(by_hand.gradients)[1]
    report.rows.append(Row(f"{size}: memory", memory(plan.memory), memory(peak), plan.memory / peak, "<=1.1"))


def planning(report: Report) -> None:
    """How long it takes until the first step is done."""
    problem = Problem.moons()
    took = sorted(_elapsed(CompiledScalarCode(problem).gradients) for _ in range(3))[1]
    report.rows.append(Row("moons: tracing and planning", seconds(took), "50 ms", took / 0.05, "<=1"))
    model, x = nn.MLP(40, [160, 160], 1, activation="relu", seed=0), np.ones((8, 40))
    f = fastpath.compile(lambda x: model(x) ** 2)
    took = _elapsed(lambda: f.backward(x))
    nodes = f.lifted(x).nodes
    report.rows.append(Row(f"a network of {nodes:,} nodes: the same", seconds(took), "5 s", took / 5, "<=1"))


def _elapsed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
