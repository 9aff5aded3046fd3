"""Do both backends give the same? The largest difference of loss and gradients, parameter by parameter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastpath.bench.problems import Problem
from fastpath.bench.report import Column, Report, Row, Table
from fastpath.bench.training import OnTensors, OnValues

TOLERANCE = 1e-9
"""The largest difference allowed, as a part of the largest number compared: both add in float64, in other orders."""

COLUMNS = (
    Column("what"),
    Column("shape"),
    Column("largest number", "{:.6g}".format),
    Column("largest difference", "{:.1e}".format),
    Column("relative", "{:.1e}".format),
)


def run(quick: bool = False, sizes: tuple[int, ...] = (2, 16, 16, 2), batch: int = 100, steps: int = 0) -> Report:
    """Train the same network on Values and on Tensors, comparing loss and gradients before every step."""
    steps = steps or (5 if quick else 20)
    problem = Problem.random(sizes, batch)
    values, tensors = OnValues(problem), OnTensors(problem)
    names = ["loss", *(f"gradient of {name}" for name in problem.names)]
    largest, apart = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for _ in range(steps):
        (loss, gradients), (other_loss, other_gradients) = values.gradients(), tensors.gradients()
        pairs: list[tuple[Any, Any]] = [(loss, other_loss), *zip(gradients, other_gradients, strict=True)]
        for name, (a, b) in zip(names, pairs, strict=True):
            largest[name] = max(largest[name], float(np.abs(a).max()))
            apart[name] = larger(apart[name], float(np.abs(a - b).max()))
        values.step()
        tensors.step()
    shapes: list[tuple[int, ...]] = [(), *(p.shape for p in problem.parameters)]
    relative = {name: apart[name] / (largest[name] or 1.0) for name in names}
    layers = "-".join(map(str, sizes))
    report = Report(f"Values against Tensors: MLP {layers}, batch {batch}, {steps} steps of gradient descent")
    rows = [(name, shape, largest[name], apart[name], relative[name]) for name, shape in zip(names, shapes)]
    report.tables.append(Table("", COLUMNS, rows))
    worst = max(names, key=lambda name: math.inf if math.isnan(relative[name]) else relative[name])
    shown = f"{relative[worst]:.1e}"
    report.rows.append(Row(f"largest relative difference ({worst})", shown, "", relative[worst], f"<={TOLERANCE:g}"))
    if relative[worst] <= TOLERANCE:
        report.notes.append("The backends agree.")
    else:
        report.failed = f"The backends disagree: {worst} differs by {shown} of its largest number."
    return report


def larger(a: float, b: float) -> float:
    """The larger of two numbers; nan if one of them is nan, so that it is not lost."""
    return b if b != b or b > a else a
