"""The same network as a scalar graph of Values and as a graph of Tensors: time, nodes, memory, and who is ahead."""

from __future__ import annotations

from typing import Any

from fastpath.bench.problems import Problem
from fastpath.bench.report import Column, Report, Table, memory, ratio, spread
from fastpath.bench.timing import Timing, allocated, race
from fastpath.bench.training import OnTensors, OnValues, Training
from scalargrad.graph import topological_order

WIDTHS, BATCHES = (1, 4, 16, 64), (1, 10, 100)
COLUMNS = (
    Column("width"),
    Column("batch"),
    Column("Values", spread),
    Column("Tensors", spread),
    Column("Values ÷ Tensors", ratio),
    Column("Values' nodes"),
    Column("Tensors' nodes"),
    Column("Values' memory", memory),
    Column("Tensors' memory", memory),
)


def run(quick: bool = False, widths: tuple[int, ...] = (), batches: tuple[int, ...] = BATCHES) -> Report:
    """Train one step of 2-width-width-2 on both backends, over widths and batch sizes; ``quick``: the small ones."""
    report = Report("A training step of an MLP 2-width-width-2, written once, on Values and on Tensors")
    table = Table("", COLUMNS)
    for width in widths or (WIDTHS[:-1] if quick else WIDTHS):
        for batch in batches:
            table.rows.append(measured(width, batch, rounds=5 if quick else 11))
    report.tables.append(table)
    report.notes = [*crossings(table.records()), "Memory is what the graph of the loss holds before backward."]
    return report


def measured(width: int, batch: int, rounds: int) -> tuple[Any, ...]:
    """A row of the table."""
    problem = Problem.random((2, width, width, 2), batch)
    values, tensors = OnValues(problem), OnTensors(problem)
    once = race({"values": values.step, "tensors": tensors.step}, rounds=3, frozen=True)
    calls = max(1, min(100, int(0.01 / once["values"].median)))
    more = max(1, min(100, int(once["values"].median / once["tensors"].median)))

    def repeated() -> None:
        """As many steps as take the time of one on Values, so that both run warm."""
        for _ in range(more):
            tensors.step()

    times = race({"values": values.step, "tensors": repeated}, rounds, calls, frozen=True)
    apiece = Timing(*(x / more for x in (times["tensors"].median, times["tensors"].low, times["tensors"].high)))
    return (
        width,
        batch,
        times["values"],
        apiece,
        times["values"].median / apiece.median,
        *(len(topological_order(training.loss())) for training in (values, tensors)),
        *(held(training) for training in (values, tensors)),
    )


def held(training: Training) -> int:
    """The bytes the graph of the loss holds."""
    training.loss()
    return allocated(training.loss)[0]


def crossings(records: list[dict[str, Any]]) -> list[str]:
    """Where Tensors overtake, width by width, and how far ahead each backend gets."""
    found = []
    for width in dict.fromkeys(r["width"] for r in records):
        rows = [r for r in records if r["width"] == width]
        behind = [i for i, r in enumerate(rows) if r["Values ÷ Tensors"] <= 1]
        rest = rows[behind[-1] + 1 :] if behind else rows
        where = f"from batch size {rest[0]['batch']} on" if rest else "at no batch size here"
        found.append(f"Width {width}: Tensors are ahead {where}.")
    best = max(records, key=lambda r: float(r["Values ÷ Tensors"]))
    least = min(records, key=lambda r: float(r["Values ÷ Tensors"]))
    if best["Values ÷ Tensors"] > 1:
        found.append(f"At {_place(best)}, Tensors are {ratio(best['Values ÷ Tensors'])} times as fast as Values.")
    if least["Values ÷ Tensors"] < 1:
        found.append(f"At {_place(least)}, Values are {ratio(1 / least['Values ÷ Tensors'])} times as fast as Tensors.")
    return found


def _place(record: dict[str, Any]) -> str:
    return f"width {record['width']}, batch {record['batch']}"
