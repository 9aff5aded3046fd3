"""The stepper: a computation and its gradients told one step at a time, in text, in drawings, on a page that plays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from scalargrad.endings import Endings
from scalargrad.formatting import decimal, one_line
from scalargrad.language import language, say
from scalargrad.stepper import rendering
from scalargrad.stepper.equations import Equation, equation, result_of, undefined_in
from scalargrad.stepper.markup import Latex, Markdown, Markup, Text, printable
from scalargrad.stepper.rounding import rounded_along
from scalargrad.stepper.told import TITLES, UNDEFINED, StepText
from scalargrad.tracing import Step, Trace, trace

if TYPE_CHECKING:
    from scalargrad.stepper.frames import StepDrawing
    from scalargrad.stepper.worksheet import Worksheet

__all__ = ["Stepper", "steps"]


class Stepper(Sequence["StepDrawing"]):
    """All steps of a computation: the forward pass node by node, then the backward pass edge by edge.

    A sequence: ``stepper[i]`` is one step, a drawing with that step lit and its line of text. A notebook shows the
    whole as a player.
    """

    endings = Endings(
        "steps are saved as {0}, not as {1!r}: choose one",
        {
            ".txt": lambda stepper, path, predict: stepper.text,
            ".md": lambda stepper, path, predict: stepper.markdown,
            ".tex": lambda stepper, path, predict: rendering.latex_document(stepper.latex),
            ".html": lambda stepper, path, predict: stepper.player(predict),
        },
    )
    """How steps are saved."""

    def __init__(self, trace: Trace, precision: int, lang: str, rounding: int | None = None) -> None:
        self.exact = trace
        """The Trace with the exact numbers."""
        self.trace = trace if rounding is None else rounded_along(trace, rounding)
        """The Trace with the numbers that are told: the exact ones, unless they are rounded as one goes along."""
        self.precision = precision
        """How many decimals are told of exact numbers."""
        self.rounding = rounding
        """To how many decimals every number is rounded as one goes along; None: not at all."""
        self.lang = lang
        self.moments: tuple[Step, ...] = self.trace.forward + self.trace.backward
        """The steps as the Trace has them."""

    @property
    def decimals(self) -> int:
        """How many decimals are shown."""
        return self.precision if self.rounding is None else self.rounding

    @cached_property
    def _exact_moments(self) -> tuple[Step, ...]:
        return self.exact.forward + self.exact.backward

    def __len__(self) -> int:
        return len(self.moments)

    @overload
    def __getitem__(self, index: int) -> StepDrawing: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[StepDrawing, ...]: ...

    def __getitem__(self, index: int | slice) -> StepDrawing | tuple[StepDrawing, ...]:
        places = range(len(self))[index]
        return self._drawing(places) if isinstance(places, int) else tuple(map(self._drawing, places))

    def __repr__(self) -> str:
        return f"<Stepper of {printable(self.trace.root.name)}: {len(self)} steps>"

    def __str__(self) -> str:
        return self.text

    def _drawing(self, index: int) -> StepDrawing:
        from scalargrad.stepper.frames import StepDrawing

        return StepDrawing(self.trace, self.moments, self.told[index], self.decimals, self.lang)

    @cached_property
    def told(self) -> tuple[StepText, ...]:
        """Every step in words and numbers."""
        return tuple(map(self._told, range(len(self))))

    def _told(self, index: int) -> StepText:
        step, mathematics = self.moments[index], Text()
        told, note, exact = self._equation(index, mathematics), self._note(index, mathematics), self._exact(index)
        aside = self._aside(exact, note)
        line = " = ".join(told.members)
        return StepText(
            index=index,
            kind=step.kind,
            title=self._title(step, mathematics),
            formula=f"{told.left} = {told.symbols}" if told.symbols else told.left,
            local=told.local,
            numbers=told.numbers,
            result=told.result,
            exact=exact,
            note=aside,
            text=f"{line} ({aside})" if aside else line,
            latex=" = ".join(self._equation(index, Latex()).members),
        )

    def _say(self, text: str, *values: object) -> str:
        return say(text, *values, lang=self.lang)

    def _equation(self, index: int, markup: Markup) -> Equation:
        return equation(self.moments[index], self.trace, markup, self.lang, self.decimals)

    def _exact(self, index: int) -> str:
        """The exact number of a step, where the one that is told is rounded."""
        if self.rounding is None or self.moments[index].kind == "seed":
            return ""
        now, exact = result_of(self.moments[index]), result_of(self._exact_moments[index])
        return "" if now == exact or not isinstance(exact, float) else decimal(exact, self.precision)

    def _aside(self, exact: str, note: str) -> str:
        told = self._say("exactly {0}", exact) if exact else ""
        return "; ".join(filter(None, (told, note)))

    def _title(self, step: Step, markup: Markup) -> str:
        other = markup.name(step.edges[0].output) if step.kind == "backward" else printable(step.node.op or "")
        return self._say(TITLES[step.kind], markup.name(step.node), other)

    def _note(self, index: int, markup: Markup) -> str:
        step = self.moments[index]
        name = markup.inline(markup.name(step.node))
        undefined = undefined_in(step, self.trace)
        if undefined is not None:
            return self._say(UNDEFINED[step.kind], markup.inline(markup.formula(undefined)))
        if step.kind == "sum":
            return self._say("{0} is used {1} times, and each use adds its share", name, len(step.edges))
        if step.kind == "seed":
            return self._say("a change of {0} changes {0} by exactly as much, so the backward pass starts from 1", name)
        return ""

    @property
    def _kinds(self) -> list[str]:
        return [step.kind for step in self.moments]

    @property
    def text(self) -> str:
        """All steps as numbered lines of Unicode text."""
        return rendering.as_text(self._kinds, [step.text for step in self.told], self.lang)

    @property
    def markdown(self) -> str:
        """All steps as two numbered lists in Markdown."""
        markup = Markdown()
        lines = [" = ".join(self._equation(i, markup).members) for i in range(len(self))]
        notes = [self._aside(told.exact, self._note(told.index, markup)) for told in self.told]
        return rendering.as_markdown(self._kinds, lines, notes, self.lang)

    @property
    def latex(self) -> str:
        """All steps as the body of a LaTeX document that loads amsmath; :meth:`save` writes the whole document."""
        markup = Latex()
        equations = [self._equation(i, markup) for i in range(len(self))]
        notes = [self._note(i, markup) for i in range(len(self))]
        asides = [markup.words(self._say("exactly {0}", told.exact)) if told.exact else "" for told in self.told]
        return rendering.as_latex(self._kinds, equations, notes, asides, self.lang)

    @property
    def html(self) -> str:
        """A page that plays the steps on the drawing: one file, with nothing to fetch."""
        return self.player()

    def player(self, predict: bool = False) -> str:
        """The same page; with ``predict`` it asks for each number before it shows it, and tells what a slip was.

        As the last line of a notebook's cell it shows the player there.
        """
        from scalargrad.stepper.player import page

        return page(self, predict)

    def worksheet(self, blanks: Any = "all", *, seed: int = 0, title: str | None = None) -> Worksheet:
        """A page to print and fill in: the drawing and the formulas with numbers left blank; ``.key`` has the answers.

        ``blanks`` says which numbers: "all" that are computed, "forward", "backward", how many of them (chosen by
        ``seed``), or the indices of steps. Raises ValueError if there is nothing to leave blank.
        """
        from scalargrad.stepper.worksheet import make

        return make(self, blanks, seed, title)

    def save(self, path: str | PathLike[str], *, predict: bool = False) -> Path:
        """Write the steps to a file in the form its name asks for, in UTF-8.

        As a text, in Markdown, in LaTeX, or as a page that plays them, with no need of a network (and, with
        ``predict``, asks for the numbers first); see ``endings``. The file is replaced as a whole, or not at all.
        """
        return self.endings.save(self, path, predict)

    def open(self, *, predict: bool = False) -> Path:
        """Show the player in the web browser; the page is a temporary file, whose path is returned."""
        import tempfile
        import webbrowser

        path = self.save(Path(tempfile.mkdtemp(prefix="scalargrad-")) / "steps.html", predict=predict)
        webbrowser.open(path.as_uri())
        return path

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        bundle: dict[str, str] = {}
        try:  # a notebook must show something, whatever is wrong with the machine's Graphviz or this graph
            from scalargrad.stepper.notebook import block

            bundle["text/plain"] = self.text
            bundle["text/html"] = block(self)
        except Exception as error:
            bundle["text/plain"] = "\n\n".join([one_line(error), bundle.get("text/plain", repr(self))])
        return bundle


def steps(root_or_trace: Any, *, precision: int = 4, lang: str | None = None, rounding: int | None = None) -> Stepper:
    """The computation behind a result, step by step: forward, then backward, with ``precision`` decimals.

    ``lang`` is the language, such as "en" or "ru" (``SCALARGRAD_LANG`` if not given). With ``rounding=2`` every number
    is rounded to two decimals before the next one is computed from it, as on the lecture's slides, and the exact number
    stands beside it.

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
    >>> steps(Value(0.196612, label="u") * w, rounding=1)[2].text
    'L = u·w₀ = 0.2 × 2.0 = 0.4 (exactly 0.3932)'
    """
    for name, decimals in (("precision", precision), ("rounding", rounding)):
        if name == "rounding" and decimals is None:
            continue
        if isinstance(decimals, bool) or not isinstance(decimals, int) or not 0 <= decimals <= 17:
            raise ValueError(say("{0} is a number of decimals from 0 to 17, not {1!r}", name, decimals))
    return Stepper(trace(root_or_trace), precision, language(lang), rounding)
