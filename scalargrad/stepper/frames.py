"""The drawing of all steps, and that of one: what is known by then, with the step's node or edge lit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from scalargrad.drawing import Drawing, draw
from scalargrad.drawing.style import Style, theme
from scalargrad.records import Step, Trace
from scalargrad.stepper.texts import Steps, StepText

OPEN = 1_000
"""How deep scopes stay open in these drawings: all of them."""

LARGEST = 2_000
"""Up to how many nodes a page plays."""


def _of_the_step(name: str) -> property:
    """What :class:`StepText` has under this name."""
    return property(lambda drawing: getattr(drawing.step, name), doc=f"See :attr:`StepText.{name}`.")


class StepDrawing(Drawing):
    """One step: its line of text, and the drawing of what is known by then, with what the step computes lit.

    It is a :class:`~scalargrad.drawing.Drawing`, so it has ``svg``, ``png``, ``dot`` and ``save``, and a notebook shows
    it. The numbers of later steps keep their places, so the drawings of all steps lie exactly over each other.
    """

    def __init__(self, steps: Steps, index: int) -> None:
        self.trace = steps.trace
        self.depth = OPEN
        self.step: StepText = steps.texts[index]
        self._steps = steps

    index, kind, title, formula = map(_of_the_step, ("index", "kind", "title", "formula"))
    local, numbers, result, exact = map(_of_the_step, ("local", "numbers", "result", "exact"))
    note, latex, text = map(_of_the_step, ("note", "latex", "text"))

    @cached_property
    def style(self) -> Style:  # type: ignore[override]
        """How it is drawn."""
        steps, caption = self._steps, self.step.text
        if len(caption) > 150:
            caption = f"{self.step.formula} = {self.step.result}"
        return Style(
            theme("light"), steps.drawn, lit=emphasised(steps.moments[self.step.index]),
            unknown=unknown(steps.trace, steps.moments, self.step.index), lang=steps.lang, names=True,
            caption=f"{self.step.index + 1}. {caption}",
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StepDrawing) and (self.step, self.trace) == (other.step, other.trace)

    def __hash__(self) -> int:
        return hash(self.step)

    def __repr__(self) -> str:
        return f"<step {self.step.index + 1}: {self.step.text}>"


def whole(steps: Steps, prefix: str = "") -> Drawing:
    """The drawing of all the numbers, with the names the steps have for them."""
    return draw(
        steps.trace,
        precision=steps.drawn,
        legend=False,
        max_nodes=LARGEST,
        id_prefix=prefix,
        lang=steps.lang,
        names=True,
        depth=OPEN,
    )


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
