"""Worksheets: the drawing and the formulas of a computation with numbers left blank, and the answers to them."""

from __future__ import annotations

import html
import random
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scalargrad import latex, pages
from scalargrad.drawing import Drawing
from scalargrad.drawing.style import Style, theme
from scalargrad.endings import Endings
from scalargrad.language import say
from scalargrad.stepper.frames import OPEN, numbers_of, whole
from scalargrad.stepper.markup import Latex, Markup, Plain, code_span, markdown_text, printable
from scalargrad.stepper.rendering import BACKWARD, heading
from scalargrad.stepper.texts import Steps

BOX = "<span class=box></span>"
TIMES = r"\times"
RULE = r"\underline{\hspace{2.5cm}}"


@dataclass(frozen=True)
class Blank:
    """A number left blank: the question, and its answer."""

    number: int
    is_backward: bool
    question: str
    """The formula up to the number: ``dL/dw₀ = dL/dv₁ × ∂v₁/∂w₀``."""
    answer: str
    """The whole step with its numbers."""
    latex_question: str
    latex_answer: str
    is_product: bool = False
    """Whether the numbers of upstream and local are asked for too."""

    def room(self, box: str, times: str) -> str:
        """Where the hand writes: ``____ × ____ = ____``, or one number."""
        return f"= {box} {times} {box} = {box}" if self.is_product else f"= {box}"


class Worksheet:
    """A page to print: a drawing, and a question for each number that is left blank in it.

    ``html``, ``markdown`` and ``latex`` are the page in these forms, :meth:`save` writes one; ``key`` is the same page
    with the answers.
    """

    endings = Endings(
        "a worksheet is saved as {0}, not as {1!r}: choose one",
        {
            ".html": lambda sheet, path: sheet.html,
            ".md": lambda sheet, path: sheet._markdown(sheet.picture.save(path.with_suffix(".svg")).name),
            ".tex": lambda sheet, path: latex.document(
                sheet._latex(sheet.picture.save(path.with_suffix(".png")).name), packages=("graphicx",)
            ),
        },
    )
    """How a worksheet is saved."""

    def __init__(self, title: str, picture: Drawing, blanks: Sequence[Blank], lang: str, key: Worksheet | None) -> None:
        self.title = printable(title)
        self.picture = picture
        self.blanks = tuple(blanks)
        self.lang = lang
        self.is_key = key is None
        self._key = key

    @property
    def key(self) -> Worksheet:
        """The page with the answers; of a key, the key itself."""
        return self if self._key is None else self._key

    def __repr__(self) -> str:
        return f"<Worksheet{' key' * self.is_key}: {self.title}, {len(self.blanks)} blanks>"

    def _parts(self) -> list[tuple[str, list[Blank]]]:
        parts = []
        for backward in (False, True):
            blanks = [blank for blank in self.blanks if blank.is_backward == backward]
            if blanks:
                parts.append((heading(backward, self.lang), blanks))
        return parts

    def _task(self) -> str:
        if self.is_key:
            return say("The answers.", lang=self.lang)
        return say(
            "Fill in the lines; their numbers stand in the drawing. On every edge upstream × local = downstream.",
            lang=self.lang,
        )

    def _who(self) -> str:
        return say("Name: {0}  Date: {1}", "_" * 28, "_" * 14, lang=self.lang)

    @property
    def html(self) -> str:
        """One page, to be printed from a browser, with nothing to fetch."""
        sections = []
        for title, blanks in self._parts():
            items = "".join(
                f"<li value={b.number}>{html.escape(b.answer if self.is_key else b.question)} "
                f"{'' if self.is_key else b.room(BOX, '×')}</li>"
                for b in blanks
            )
            sections.append(f"<h2>{html.escape(title)}</h2><ol>{items}</ol>")
        svg = self.picture.svg[self.picture.svg.index("<svg") :]
        who = "" if self.is_key else f"<p class=who>{html.escape(self._who())}</p>"
        body = f"<h1>{html.escape(self.title)}</h1>{who}<p>{html.escape(self._task())}</p><figure>{svg}</figure>"
        css = pages.asset("worksheet.css", __package__)
        return pages.shell(self.title, self.lang, css, body + "".join(sections))

    @property
    def markdown(self) -> str:
        """The page in Markdown; the picture is expected beside it, as ``worksheet.svg``."""
        return self._markdown("worksheet.svg")

    def _markdown(self, picture: str) -> str:
        title = markdown_text(self.title)
        who = [] if self.is_key else [markdown_text(self._who()), ""]
        lines = [f"# {title}", "", *who, self._task(), "", f"![{title}]({quote(picture)})"]
        for title, blanks in self._parts():
            lines += ["", f"## {title}", ""]
            for b in blanks:
                asked = b.latex_answer if self.is_key else f"{b.latex_question} {b.room(RULE, TIMES)}"
                lines.append(
                    f"{b.number}. ${code_span(asked)}$"
                )  # mathematics on GitHub, and code elsewhere: no markup
        return "\n".join(lines) + "\n"

    @property
    def latex(self) -> str:
        """The body of a LaTeX document; the picture is expected beside it, as ``worksheet.png``."""
        return self._latex("worksheet.png")

    def _latex(self, picture: str) -> str:
        words = Latex()
        parts = [
            rf"\section*{{{words.words(self.title)}}}",
            *([] if self.is_key else [words.words(self._who()), ""]),
            words.words(self._task()),
            rf"\begin{{center}}\includegraphics[width=\textwidth]{{{picture}}}\end{{center}}",
        ]
        for title, blanks in self._parts():
            parts.append(rf"\subsection*{{{title}}}" + "\n" + r"\begin{enumerate}")
            for b in blanks:
                line = b.latex_answer if self.is_key else rf"{b.latex_question} {b.room(RULE, TIMES)}"
                parts.append(rf"\item[{b.number}.] $\displaystyle {line}$")
            parts.append(r"\end{enumerate}")
        return "\n".join(parts) + "\n"

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the page as its name asks for, see ``endings``; Markdown and LaTeX with a picture beside it.

        LaTeX is a whole document. Each file is replaced as a whole, or not at all.
        """
        return self.endings.save(self, path)

    def _repr_html_(self) -> str:
        return pages.shown_or_why(lambda: pages.frame(self.html, self.title, 640))


def make(steps: Steps, wanted: Any = "all", seed: int = 0, title: str | None = None) -> Worksheet:
    """The worksheet of a computation with these numbers left blank, its key with it."""
    places = chosen(steps, wanted, seed)
    names = {name: f"({n})" for n, i in enumerate(places, 1) for name in numbers_of(steps.trace, steps.moments[i])}
    lang = steps.lang
    title = title or say("Worksheet: the gradient of {0} by hand", printable(steps.trace.root.name), lang=lang)
    blanks = [blank(steps, n, i) for n, i in enumerate(places, 1)]
    style = Style(
        theme("light"), steps.drawn, direction="TB", lang=lang, legend=False, blanks=names, names=True
    )  # fmt: skip
    key = Worksheet(say("{0}: the answers", title, lang=lang), whole(steps), blanks, lang, None)
    return Worksheet(title, Drawing(steps.trace, style, OPEN), blanks, lang, key)


def chosen(steps: Steps, wanted: Any, seed: int) -> list[int]:
    """The indices of the steps whose numbers are left blank."""
    kinds = steps.kinds
    computed = [i for i, kind in enumerate(kinds) if kind not in ("leaf", "seed")]
    if wanted in ("all", "forward", "backward"):
        places = [i for i in computed if wanted == "all" or (kinds[i] in BACKWARD) == (wanted == "backward")]
    elif isinstance(wanted, int) and not isinstance(wanted, bool):
        places = sorted(random.Random(seed).sample(computed, max(0, min(wanted, len(computed)))))
    elif isinstance(wanted, (list, tuple, set, frozenset, range)) and all(isinstance(i, int) for i in wanted):
        places = sorted(set(wanted))
        for i in places:
            if i not in computed:
                raise ValueError(say("there is nothing to compute in step {0}: leave another number blank", i))
    else:
        raise ValueError(
            say("blanks is 'all', 'forward', 'backward', a number, or the indices of steps, not {0!r}", wanted)
        )
    if not places:
        raise ValueError(say("there is no number to leave blank: a worksheet needs a computation"))
    return places


def blank(steps: Steps, number: int, index: int) -> Blank:
    """One question with its answer."""

    def sides(markup: Markup) -> tuple[str, str]:
        equation = steps.equation(index, markup)
        return " = ".join(x for x in (equation.left, equation.symbols) if x), " = ".join(equation.members)

    question, answer = sides(Plain())
    latex_question, latex_answer = sides(Latex())
    moment = steps.moments[index]
    product = moment.kind == "backward" and isinstance(moment.edges[0].local, (int, float))
    return Blank(number, moment.kind in BACKWARD, question, answer, latex_question, latex_answer, product)
