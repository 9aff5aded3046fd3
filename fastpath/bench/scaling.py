"""How time grows: with the size of a scalar graph, with the batch, and with the width of a network."""

from __future__ import annotations

import time
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

import fastpath
from fastpath.bench.peers import ByHand
from fastpath.bench.problems import Problem
from fastpath.bench.report import Column, Report, Table, ratio, seconds, spread
from fastpath.bench.timing import race
from fastpath.bench.training import Compiled, OnTensors, OnValues
from scalargrad import nn

VALUES = 40_000
"""Up to how many operations of scalars a step is measured on Values."""


def run(quick: bool = False, rounds: int = 0, pause: float = 0.0) -> Report:
    """Measure the three; with ``quick`` fewer sizes in fewer rounds."""
    rounds = rounds or (3 if quick else 11)
    report = Report("How the time of a training step grows")
    report.tables.append(nodes((1, 8, 32) if quick else (1, 4, 16, 64, 160), rounds))
    batches = (1, 64, 1024) if quick else (1, 4, 16, 64, 256, 1024, 4096)
    widths = (8, 64, 256) if quick else (8, 16, 32, 64, 128, 256, 512)
    report.tables.append(_steps("batch", [(n, (2, 16, 16, 2), n) for n in batches], rounds, pause))
    report.tables.append(_steps("width", [(n, (64, n, n, 10), 64) for n in widths], rounds, pause))
    report.notes.append("A dash: too much for Values. Batch: 2-16-16-2. Width: 64-n-n-10, batch 64.")
    return report


def nodes(widths: tuple[int, ...], rounds: int) -> Table:
    """Scalar networks 8-n-n-1: forward and backward on Values, the first compiled call, and one afterwards."""
    columns = (
        Column("nodes"), Column("on Values, one example", spread), Column("compiled, first call", seconds),
        Column("compiled, one example", spread), Column("times as fast", ratio),
    )  # fmt: skip
    table = Table("scalar networks by the number of nodes", columns)
    for width in widths:
        model = nn.MLP(8, [width, width], 1, seed=0)
        x = np.linspace(-1, 1, 8)[None]

        def scalar(model: Any = model, x: Any = x) -> None:
            (model(x[0]) ** 2).backward()

        times = race({"values": scalar}, rounds, 1)
        f = fastpath.compile(lambda x, model=model: model(x) ** 2)
        start = time.perf_counter()
        f.backward(x)
        first = time.perf_counter() - start
        times |= race({"compiled": partial(f.backward, x)}, rounds, 50)
        count = f.lifted(x).nodes
        table.rows.append(
            (count, times["values"], first, times["compiled"], times["values"].median / times["compiled"].median)
        )
    return table


def _steps(what: str, cases: list[tuple[int, tuple[int, ...], int]], rounds: int, pause: float) -> Table:
    names = ("Values", "Tensors", "compiled", "NumPy by hand")
    columns = (Column(what), *[Column(name, spread) for name in names], Column("compiled ÷ by hand", ratio))
    table = Table(f"training steps by {what}", columns)
    for key, sizes, batch in cases:
        problem = Problem.random(sizes, batch, "float64")
        operations = batch * sum(a * b for a, b in pairwise(sizes))
        steps: dict[str, Any] = {
            "Tensors": OnTensors(problem).step,
            "compiled": Compiled(problem).step,
            "NumPy by hand": ByHand(problem).step,
        }
        calls = max(1, min(50, int(2e7 / max(operations, 1))))
        times = race(steps, rounds, calls, frozen=True, pause=pause)
        if operations <= VALUES:
            times |= race({"Values": OnValues(problem).step}, max(1, rounds // 3), 1)
        part = times["compiled"].median / times["NumPy by hand"].median
        table.rows.append((key, *[times.get(name) for name in names], part))
    return table
