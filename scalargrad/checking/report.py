"""What a check of derivatives found: one row for each, and a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scalargrad.formatting import visible
from scalargrad.language import say

LONGEST = 40
"""Up to how many characters of a label stand in a row."""


@dataclass(frozen=True)
class Check:
    """A derivative by rule and by finite differences."""

    output: str
    """The name of what is differentiated."""
    input: str
    """By what."""
    by: str
    """By what once more, in a check of the second order; empty in one of the first."""
    analytic: float
    numeric: float
    error: float
    """How far the two are apart."""
    allowed: float
    """How far they may be apart: the tolerances, and what the finite difference cannot know."""
    status: str
    """``ok``, ``wrong``, ``kink`` (the derivative jumps within the step) or ``skipped`` (nothing finite to compare)."""
    sign = "∂"
    """How the derivative is written: ∂ of one operation, d along all paths."""

    @property
    def derivative(self) -> str:
        """What is compared, as a formula."""
        of, x, y = (visible(name, LONGEST) for name in (self.output, self.input, self.by))
        d = self.sign
        if self.by:
            below = f"{d}{x}²" if self.by == self.input else f"({d}{x} {d}{y})"
            return f"{d}²{of}/{below}"
        return f"{d}{of}/{d}{x}"

    @property
    def excess(self) -> float:
        """The error in units of what is allowed; above 1 it is wrong."""
        return self.error / self.allowed if self.error == self.error else math.inf


@dataclass(frozen=True)
class EdgeCheck(Check):
    """The local derivative of an operation by one operand."""

    op: str
    position: int
    """Which operand, from 0."""
    formula: str
    """The local derivative as the rule writes it."""


@dataclass(frozen=True)
class LeafCheck(Check):
    """The derivative of the whole computation by a leaf."""

    sign = "d"


@dataclass(frozen=True, repr=False)
class Report:
    """What :func:`gradcheck` found: true if nothing is wrong and something was checked; as text, a table."""

    edges: tuple[EdgeCheck, ...]
    leaves: tuple[LeafCheck, ...]

    @property
    def rows(self) -> tuple[EdgeCheck | LeafCheck, ...]:
        """All checks, edges first."""
        return (*self.edges, *self.leaves)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong and something was checked."""
        statuses = {row.status for row in self.rows}
        return "wrong" not in statuses and statuses != {"skipped"}

    def __bool__(self) -> bool:
        return self.ok

    @property
    def worst(self) -> EdgeCheck | LeafCheck:
        """The edge that is furthest off. A leaf only if the edges are right and it is not, or if there are no edges."""
        groups: list[Sequence[EdgeCheck | LeafCheck]] = [
            [row for row in rows if row.status in statuses]
            for statuses in (("wrong",), ("ok",), ("kink", "skipped"))
            for rows in (self.edges, self.leaves)
        ]
        return max(next(group for group in groups if group), key=lambda row: row.excess)

    @property
    def _edges_are_right(self) -> bool:
        return bool(self.edges) and all(edge.status == "ok" for edge in self.edges)

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        row = self.worst
        numbers = (row.derivative, row.analytic, row.numeric)
        if isinstance(row, EdgeCheck):
            what = say("{0} is {1:.10g} by its rule and {2:.10g} by finite differences", *numbers)
        else:
            what = say("{0} is {1:.10g} by the graph and {2:.10g} by finite differences", *numbers)
        if isinstance(row, EdgeCheck):
            ends = (visible(name, LONGEST) for name in (row.input, row.output))
            what = say("on the edge {0} → {1} ({2}), {3}", *ends, row.op, what)
        count = {s: sum(r.status == s for r in self.rows) for s in ("ok", "wrong", "kink", "skipped")}
        total = len(self.rows)
        aside = say(", {0} at a kink", count["kink"]) * (count["kink"] > 0)
        aside += say(", {0} not finite", count["skipped"]) * (count["skipped"] > 0)
        if count["wrong"]:
            if isinstance(row, LeafCheck) and not row.by and self._edges_are_right:
                what += say(", though each edge is right: a part of the computation does not go through the graph")
            return say("Wrong: {0} of {1} derivatives{2}. The worst: {3}.", count["wrong"], total, aside, what)
        if count["ok"]:
            return say("All right: {0} of {1} derivatives agree{2}. The worst: {3}.", count["ok"], total, aside, what)
        return say("Nothing compared: of {0} derivatives{1}. The first: {2}.", total, aside, what)

    def __repr__(self) -> str:
        return f"<gradcheck: {self.verdict}>"

    def __str__(self) -> str:
        heads = (say("derivative"), say("rule"), say("by rule"), say("by difference"), say("error"), "")
        table = [heads]
        for row in self.rows:
            rule = (
                f"{row.op}: {visible(row.formula, 2 * LONGEST)}" if isinstance(row, EdgeCheck) else say("whole graph")
            )
            numbers = (f"{row.analytic:.8g}", f"{row.numeric:.8g}", f"{row.error:.1e}")
            table.append((row.derivative, rule, *numbers, say(row.status)))
        widths = [max(map(len, column)) for column in zip(*table)]
        lines = ["  ".join(x.ljust(w) for x, w in zip(line, widths)).rstrip() for line in table]
        return "\n".join([*lines, "", self.verdict])
