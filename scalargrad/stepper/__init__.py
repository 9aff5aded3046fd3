"""The stepper: a computation and its gradients told one step at a time, in text, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, overload

from scalargrad.stepper import rendering
from scalargrad.stepper.equations import Equation, equation
from scalargrad.stepper.markup import Latex, Markup, Text
from scalargrad.stepper.words import WORDS, Words
from scalargrad.tracing import Step, Trace, trace

__all__ = ["StepText", "Stepper", "steps"]


@dataclass(frozen=True, slots=True)
class StepText:
    """One step in words and numbers.

    ``text`` is the whole line: ``formula = numbers = result`` and the note. Where an edge is crossed, the upstream
    number times the local derivative's formula stands between the first two.
    """

    index: int
    """Its place, from 0."""
    kind: str
    """``leaf``, ``forward``, ``seed``, ``backward`` or ``sum``: see :class:`scalargrad.tracing.Step`."""
    title: str
    formula: str
    """The equation in names: ``∂L/∂w₀ = ∂L/∂v₁ × ∂v₁/∂w₀``."""
    local: str
    """The formula of the local derivative where an edge is crossed: ``x₀``; otherwise empty."""
    numbers: str
    """The same with numbers put in: ``0.1966 × (-1.0000)``; empty where a number is given."""
    result: str
    note: str
    """Why, where a step does not explain itself; otherwise empty."""
    text: str
    latex: str
    """The equation in LaTeX's mathematics."""


class Stepper(Sequence[StepText]):
    """All steps of a computation: the forward pass node by node, then the backward pass edge by edge."""

    def __init__(self, trace: Trace, precision: int, words: Words) -> None:
        self.trace = trace
        self.precision = precision
        self._words = words
        self._steps = trace.forward + trace.backward

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> StepText: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[StepText, ...]: ...

    def __getitem__(self, index: int | slice) -> StepText | tuple[StepText, ...]:
        places = range(len(self))[index]
        return self._step(places) if isinstance(places, int) else tuple(map(self._step, places))

    def __repr__(self) -> str:
        return f"<Stepper of {self.trace.root.name}: {len(self)} steps>"

    def __str__(self) -> str:
        return self.text

    def _step(self, index: int) -> StepText:
        step, mathematics = self._steps[index], Text()
        told, note = self._equation(step, mathematics), self._note(step, mathematics)
        line = " = ".join(told.members)
        return StepText(
            index=index,
            kind=step.kind,
            title=self._title(step, mathematics),
            formula=f"{told.left} = {told.symbols}" if told.symbols else told.left,
            local=told.local,
            numbers=told.numbers,
            result=told.result,
            note=note,
            text=f"{line} ({note})" if note else line,
            latex=" = ".join(self._equation(step, Latex()).members),
        )

    def _equation(self, step: Step, markup: Markup) -> Equation:
        return equation(step, self.trace, markup, self._words, self.precision)

    def _title(self, step: Step, markup: Markup) -> str:
        name, words = markup.name(step.node), self._words
        if step.kind == "backward":
            return words.edge.format(markup.name(step.edges[0].output), name)
        if step.kind == "forward":
            return words.compute.format(name, step.node.op)
        return {"leaf": words.leaf, "seed": words.seed, "sum": words.sum}[step.kind].format(name)

    def _note(self, step: Step, markup: Markup) -> str:
        name = markup.inline(markup.name(step.node))
        if step.kind == "sum":
            return self._words.why_sum.format(name, len(step.edges))
        return self._words.why_one.format(name) if step.kind == "seed" else ""

    @property
    def _kinds(self) -> list[str]:
        return [step.kind for step in self._steps]

    @property
    def text(self) -> str:
        """All steps as numbered lines of Unicode text."""
        return rendering.as_text(self._kinds, [step.text for step in self], self._words)

    @property
    def markdown(self) -> str:
        """All steps as two numbered lists in Markdown."""
        lines = [" = ".join(self._equation(step, Text()).members) for step in self._steps]
        notes = [self._note(step, Text()) for step in self._steps]
        return rendering.as_markdown(self._kinds, lines, notes, self._words)

    @property
    def latex(self) -> str:
        """All steps as the body of a LaTeX document that loads amsmath; :meth:`save` writes the whole document."""
        equations = [self._equation(step, Latex()) for step in self._steps]
        notes = [self._note(step, Latex()) for step in self._steps]
        return rendering.as_latex(self._kinds, equations, notes, self._words)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the steps to a file in the form its name asks for, in UTF-8.

        ``.txt``, ``.md`` or ``.tex``; or ``.html``, a page that plays them, with no need of a network.
        """
        path = Path(path)
        forms: dict[str, Callable[[], str]] = {
            ".txt": lambda: self.text,
            ".md": lambda: self.markdown,
            ".tex": self._document,
            ".html": lambda: self.html,
        }
        form = forms.get(path.suffix.lower())
        if form is None:
            raise ValueError(f"steps are saved as .txt, .md, .tex or .html, not as {path.name!r}: choose one")
        path.write_text(form(), encoding="utf-8", newline="\n")
        return path

    @property
    def html(self) -> str:
        """A page that plays the steps on the drawing: one file, with nothing to fetch."""
        return self.player()

    def player(self, predict: bool = False) -> str:
        """The same page; with ``predict`` it asks for each number before it shows it, and tells what a slip was."""
        from scalargrad.stepper.player import page

        return page(self.trace, self, self.precision, predict)

    def _document(self) -> str:
        return rendering.latex_document(self.latex)


def steps(root_or_trace: Any, *, precision: int = 4) -> Stepper:
    """The computation behind a result, step by step: forward, then backward, with ``precision`` decimals.

    Pure, like :func:`scalargrad.trace`: no ``grad`` is touched, and a stale graph is refused with StaleGraphError.

    >>> from scalargrad import Value, steps
    >>> w, x = Value(2.0, label="w0"), Value(-1.0, label="x0")
    >>> told = steps(w * x, precision=2)
    >>> print(told.text)
    Forward
      1. w₀ = 2.00
      2. x₀ = -1.00
      3. L = w₀·x₀ = 2.00 × (-1.00) = -2.00
    <BLANKLINE>
    Backward
      4. ∂L/∂L = 1 (a change of L changes L by exactly as much, so the backward pass starts from 1)
      5. ∂L/∂w₀ = ∂L/∂L × ∂L/∂w₀ = 1.00 × x₀ = 1.00 × (-1.00) = -1.00
      6. ∂L/∂x₀ = ∂L/∂L × ∂L/∂x₀ = 1.00 × w₀ = 1.00 × 2.00 = 2.00
    <BLANKLINE>
    >>> told[-1].title, told[-1].local, told[-1].result
    ('From L back to x₀', 'w₀', '2.00')
    """
    if isinstance(precision, bool) or not isinstance(precision, int) or not 0 <= precision <= 17:
        raise ValueError(f"precision is a number of decimals from 0 to 17, not {precision!r}")
    return Stepper(trace(root_or_trace), precision, WORDS["en"])
