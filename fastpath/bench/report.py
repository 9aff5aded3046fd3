"""What a benchmark reports: tables and aims, as text, as Markdown or as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

from fastpath.bench.timing import Timing

DASH = "–"
"""What stands in a table where there is nothing to show."""


@dataclass(frozen=True)
class Row:
    """One aim: a quantity, ours and a peer's, their ratio, and the ratio aimed at.

    ``ratio`` is what the target speaks of; ``wanted`` is ``">="`` or ``"<="`` and a number.
    """

    what: str
    ours: str
    peer: str = ""
    ratio: float | None = None
    wanted: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none, or nothing to compare with."""
        if self.ratio is None or not self.wanted:
            return None
        bound = float(self.wanted[2:])
        return self.ratio >= bound if self.wanted.startswith(">=") else self.ratio <= bound


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, and how a cell is shown (None is a dash)."""

    name: str
    show: Callable[[Any], str] = str


@dataclass
class Table:
    """Measurements in columns; the cells are the data themselves, shown as their column says."""

    title: str
    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def records(self) -> list[dict[str, Any]]:
        """The rows by column name, as JSON shows them."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def cells(self) -> list[tuple[str, ...]]:
        """The rows as text, the head first."""
        shown = [
            tuple([DASH if cell is None else column.show(cell) for column, cell in zip(self.columns, row, strict=True)])
            for row in self.rows
        ]
        return [tuple([column.name for column in self.columns]), *shown]


@dataclass
class Report:
    """The tables and aims of a benchmark, with what they were measured on.

    ``failed`` says in one sentence why the outcome is wrong, if it is: then the command ends with status 1.
    """

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    failed: str = ""

    def table(self) -> str:
        """Text for the terminal."""
        parts = [f"{self.title}\n{machine()}"]
        for title, cells in self._all_cells():
            widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
            lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in cells]
            lines.insert(1, "  ".join("-" * w for w in widths))
            parts.append("\n".join([*([title] if title else []), *lines]))
        return "\n\n".join([*parts, *(["\n".join(self._remarks())] if self._remarks() else [])])

    def markdown(self) -> str:
        """The same as Markdown tables."""
        parts = [f"**{self.title}.** {machine()}"]
        for title, cells in self._all_cells():
            head, *rows = ["| " + " | ".join(c.replace("|", r"\|") for c in row) + " |" for row in cells]
            rule = "|" + " --- |" * len(cells[0])
            parts.append("\n".join([*([f"{title}:", ""] if title else []), head, rule, *rows]))
        return "\n\n".join([*parts, *self._remarks()])

    def json(self) -> str:
        """The same as JSON: numbers as they were measured, times in seconds, null where there is nothing."""
        return json.dumps(
            {
                "title": self.title,
                "machine": machine(),
                "tables": [{"title": table.title, "rows": table.records()} for table in self.tables],
                "rows": [asdict(row) | {"met": row.met} for row in self.rows],
                "notes": self.notes,
                "failed": self.failed,
            },
            ensure_ascii=False,
            indent=2,
            default=asdict,
        )

    def _all_cells(self) -> list[tuple[str, Sequence[tuple[str, ...]]]]:
        found: list[tuple[str, Sequence[tuple[str, ...]]]] = [(table.title, table.cells()) for table in self.tables]
        return [*found, ("", self._aims())] if self.rows else found

    def _aims(self) -> Sequence[tuple[str, ...]]:
        verdicts = {None: "", True: "reached", False: "missed"}
        body = [
            (r.what, r.ours, r.peer or DASH, DASH if r.ratio is None else f"{r.ratio:.3g}", r.wanted, verdicts[r.met])
            for r in self.rows
        ]
        return [("measured", "scalargrad", "peer", "ratio", "aim", ""), *body]

    def _remarks(self) -> list[str]:
        return [*self.notes, *([self.failed] if self.failed else [])]


def machine() -> str:
    """The interpreter and the machine, in one line."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), model)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {platform.system()}, {model}, {os.cpu_count()} cores"


def version(distribution: str) -> str:
    """The installed version of a distribution, or an empty text."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def seconds(x: float) -> str:
    """A time for people: ``56.1 ms``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if x >= size:
            return f"{x / size:.3g} {unit}"
    return f"{x / 1e-9:.3g} ns"


def spread(timing: Timing) -> str:
    """The median with half the width of the middle half of the rounds: ``56.1 ms ±2%``."""
    return f"{seconds(timing.median)} ±{(timing.high - timing.low) / timing.median / 2:.0%}"


def ratio(x: float) -> str:
    """A ratio to three digits: ``0.652``, ``14.2``, ``3,200``."""
    return f"{x:.3g}" if x < 1000 else f"{float(f'{x:.3g}'):,.0f}"


def memory(size: float) -> str:
    """A number of bytes for people: ``1.2 MB``."""
    for unit, unit_size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= unit_size:
            return f"{size / unit_size:.3g} {unit}"
    return f"{size:.0f} B"
