"""Who is compared with whom, whether they agree, and how the times are shown.

A new engine or library is a subclass of :class:`.training.Training` and a row in the tables here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import numpy as np

from fastpath.bench.peers import Autograd, ByHand, Jax, Micrograd, MyGrad, Torch, TorchCompiled, TorchModules
from fastpath.bench.problems import Problem
from fastpath.bench.report import DASH, Column, Row, Table, ratio, spread, version
from fastpath.bench.timing import Timing
from fastpath.bench.training import (
    Compiled,
    CompiledScalarCode,
    OnTensors,
    ScalarCode,
    Training,
    Updated,
    WithOptimizer,
    load,
)

OURS, BY_HAND, JIT, MYGRAD = "scalargrad", "NumPy by hand", "jax.jit", "MyGrad"
BARE, MODULES = "PyTorch eager, bare tensors", "PyTorch eager, nn and optim"
EAGER, TORCH_COMPILE, MICROGRAD = "PyTorch eager", "torch.compile", "micrograd"
PLAN, SCALAR_CODE = "compiled, its own step", "scalar code, compiled"

Contenders = dict[str, type[Training]]
ARRAYS: Contenders = {
    OURS: OnTensors,
    BY_HAND: ByHand,
    BARE: Torch,
    MODULES: TorchModules,
    JIT: Jax,
    MYGRAD: MyGrad,
    "autograd": Autograd,
}
COMPILED: Contenders = {PLAN: Compiled, "compiled, update in NumPy": Updated} | ARRAYS
MOONS: Contenders = {
    SCALAR_CODE: CompiledScalarCode,
    "the same, with optim.SGD": WithOptimizer,
    "our Tensors": OnTensors,
    BY_HAND: ByHand,
    EAGER: Torch,
    TORCH_COMPILE: TorchCompiled,
    JIT: Jax,
    MYGRAD: MyGrad,
    "autograd": Autograd,
    "our scalar engine": ScalarCode,
    MICROGRAD: Micrograd,
}
SLOW = ("our scalar engine", MICROGRAD)
"""Those that are measured apart, in few rounds."""
ADDING = (OURS, BARE, MYGRAD, "autograd")
"""Those whose single op is measured."""


def ready(contenders: Contenders, problem: Problem, without: Iterable[str] = ()) -> dict[str, Training | None]:
    """The contenders, ready to train; None for a library that is not installed, and for those left out."""
    return {name: None if name in without else kind.of(problem) for name, kind in contenders.items()}


def check(contenders: Mapping[str, Training | None], tolerance: float, steps: int = 3) -> float:
    """Train some steps, then compare loss and gradients with those by hand: the largest relative difference."""
    by_hand = contenders[BY_HAND]
    assert by_hand is not None
    losses = [by_hand.step() for _ in range(steps)]
    wanted_loss, wanted = by_hand.gradients()
    worst = 0.0
    for name, training in contenders.items():
        if training is None or training is by_hand:
            continue
        apart = max(abs(training.step() - loss) / abs(loss) for loss in losses)
        loss, found = training.gradients()
        apart = max(apart, abs(loss - wanted_loss) / abs(wanted_loss))
        for g, by in zip(found, wanted, strict=True):
            apart = max(apart, float(np.abs(g - by).max() / np.abs(by).max()))
        if not apart <= tolerance:
            raise AssertionError(f"{name} disagrees with NumPy by hand: relative difference {apart:.1e}")
        worst = max(worst, apart)
    return worst


def times_table(title: str, names: Iterable[str], times: Mapping[str, Timing], ours: str, what: str) -> Table:
    """The times of those who ran, beside ours (called ``what`` in the head) and those by hand; else dashes."""
    columns = (Column("library"), Column("a step", spread), Column(f"× {what}", ratio), Column("× by hand", ratio))
    table, mine, hand = Table(title, columns), times[ours].median, times.get(BY_HAND)
    for name in names:
        took = times.get(name)
        table.rows.append((name, took, took and took.median / mine, hand and took and took.median / hand.median))
    return table


def aim(what: str, times: Mapping[str, Timing], ours: str, peer: str, wanted: str) -> Row:
    """Our time against a peer's: how many times as fast for a lower bound, what part of it for an upper one."""
    mine, theirs = times[ours], times.get(peer)
    part = None if theirs is None else mine.median / theirs.median
    shown = part and (1 / part if wanted[0] == ">" else part)
    return Row(f"{what}, of {peer}", spread(mine), spread(theirs) if theirs else "", shown, wanted)


def compared() -> list[str]:
    """Notes: the versions of the libraries (a dash for one that is not installed), and the numbers of threads."""
    names = dict.fromkeys(kind.distribution for kind in ARRAYS.values())
    torch, control = load("torch"), load("threadpoolctl")
    threads = [f"{os.cpu_count()} cores", f"OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}"]
    if torch is not None:
        threads.append(f"PyTorch uses {torch.get_num_threads()}")
    if control is not None:
        pools = [p for p in control.threadpool_info() if p["user_api"] == "blas" and "numpy" in p["filepath"]]
        threads += [f"NumPy's BLAS {pool['num_threads']}" for pool in pools[:1]]
    return [
        f"Compared: {', '.join(f'{name} {version(name) or DASH}' for name in names)}.",
        f"Every library uses its default number of threads; {', '.join(threads)}.",
    ]
