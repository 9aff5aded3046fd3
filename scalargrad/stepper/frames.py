"""One step as a drawing: what is known by then, with the step's node or edge lit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from scalargrad.drawing import Drawing
from scalargrad.drawing.style import Style, theme
from scalargrad.records import Step, Trace
from scalargrad.stepper.told import StepText

OPEN = 1_000
"""How deep scopes stay open in these drawings: all of them."""


class StepDrawing(Drawing):
    """One step: its line of text, and the drawing of what is known by then, with what the step computes lit.

    It is a :class:`~scalargrad.drawing.Drawing`, so it has ``svg``, ``png``, ``dot`` and ``save``, and a notebook shows
    it. The numbers of later steps keep their places, so the drawings of all steps lie exactly over each other.
    """

    def __init__(self, trace: Trace, moments: Sequence[Step], told: StepText, precision: int, lang: str) -> None:
        self.trace = trace
        self.depth = OPEN
        self.told = told
        self._moments = moments
        self._precision = precision
        self._lang = lang

    index = property(lambda self: self.told.index, doc="Its place, from 0.")
    kind = property(
        lambda self: self.told.kind,
        doc="``leaf``, ``forward``, ``seed``, ``backward`` or ``sum``: see :class:`scalargrad.tracing.Step`.",
    )
    title = property(lambda self: self.told.title, doc="What happens, in words.")
    formula = property(lambda self: self.told.formula, doc="The equation in names: ``∂L/∂w₀ = ∂L/∂v₁ × ∂v₁/∂w₀``.")
    local = property(
        lambda self: self.told.local,
        doc="The formula of the local derivative where an edge is crossed: ``x₀``; otherwise empty.",
    )
    numbers = property(
        lambda self: self.told.numbers, doc="The equation with numbers put in; empty where a number is given."
    )
    result = property(lambda self: self.told.result, doc="The number that comes out.")
    exact = property(
        lambda self: self.told.exact, doc="The exact number where the steps round as they go; otherwise empty."
    )
    note = property(lambda self: self.told.note, doc="Why, where a step does not explain itself; otherwise empty.")
    latex = property(lambda self: self.told.latex, doc="The equation in LaTeX's mathematics.")

    @property
    def text(self) -> str:
        """The whole step on one line: ``formula = numbers = result`` and the note."""
        return self.told.text

    @cached_property
    def style(self) -> Style:  # type: ignore[override]
        """How it is drawn."""
        lit, caption = emphasised(self._moments[self.index]), self.text
        if len(caption) > 150:
            caption = f"{self.told.formula} = {self.told.result}"
        return Style(
            theme("light"), min(self._precision, 4), lit=lit, unknown=unknown(self.trace, self._moments, self.index),
            lang=self._lang, names=True, caption=f"{self.index + 1}. {caption}",
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StepDrawing) and (self.told, self.trace) == (other.told, other.trace)

    def __hash__(self) -> int:
        return hash(self.told)

    def __repr__(self) -> str:
        return f"<step {self.index + 1}: {self.text}>"


def emphasised(step: Step) -> frozenset[str]:
    """The ids of the nodes and edges a step is about."""
    edges = {f"edge-{e.output.index}-{e.position}" for e in step.edges}
    return frozenset(edges if step.kind == "backward" else {f"node-{step.node.index}", *edges})


def numbers_of(trace: Trace, step: Step) -> tuple[str, ...]:
    """The numbers that are known once a step is done, by the names a Style has for them."""
    if step.kind in ("leaf", "forward"):
        return (f"value-{step.node.index}",)
    gradient = f"grad-{step.node.index}"
    if step.kind != "backward":
        return (gradient,)
    (edge,) = step.edges
    flow = f"flow-{edge.output.index}-{edge.position}"
    return (flow, gradient) if len(trace.edges_from(step.node)) == 1 else (flow,)


def unknown(trace: Trace, moments: Sequence[Step], last: int) -> frozenset[str]:
    """The numbers that are still to come after the step number ``last``."""
    return frozenset(name for step in moments[last + 1 :] for name in numbers_of(trace, step))
