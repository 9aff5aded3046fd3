"""What a benchmark reports: rows of measurements, as a text table, as Markdown or as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata


@dataclass(frozen=True)
class Row:
    """One measured quantity: ours, a peer's, their ratio, and the ratio aimed at.

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


@dataclass
class Report:
    """The rows of a benchmark, with what they were measured on."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def table(self) -> str:
        """A text table for the terminal."""
        cells = self._cells()
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in cells]
        lines.insert(1, "  ".join("-" * w for w in widths))
        return "\n".join([self.title, machine(), "", *lines, *([""] if self.notes else []), *self.notes])

    def markdown(self) -> str:
        """The same as a Markdown table."""
        head, *rows = ["| " + " | ".join(row) + " |" for row in self._cells()]
        rule = "|" + " --- |" * len(self._cells()[0])
        return "\n".join([f"**{self.title}.** {machine()}", "", head, rule, *rows, "", *self.notes])

    def json(self) -> str:
        """The same as JSON."""
        return json.dumps({**asdict(self), "machine": machine()}, ensure_ascii=False, indent=2)

    def _cells(self) -> Sequence[tuple[str, ...]]:
        verdicts = {None: "", True: "reached", False: "missed"}
        body = [
            (r.what, r.ours, r.peer or "–", "–" if r.ratio is None else f"{r.ratio:.3g}", r.wanted, verdicts[r.met])
            for r in self.rows
        ]
        return [("measured", "scalargrad", "peer", "ratio", "aim", ""), *body]


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
