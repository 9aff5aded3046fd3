"""Steps as documents: plain text, Markdown, LaTeX."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from scalargrad.language import say
from scalargrad.stepper.equations import Equation
from scalargrad.stepper.markup import Latex, Markdown, code_span
from scalargrad.stepper.texts import Steps

BACKWARD = ("seed", "backward", "sum")


def phases(steps: Steps) -> Iterator[tuple[str, list[int]]]:
    """The heading and the indices of the forward steps, then those of the backward steps."""
    for is_backward, group in groupby(enumerate(steps.kinds), lambda pair: pair[1] in BACKWARD):
        yield heading(is_backward, steps.lang), [index for index, _ in group]


def heading(is_backward: bool, lang: str) -> str:
    return say("Backward", lang=lang) if is_backward else say("Forward", lang=lang)


def as_text(steps: Steps) -> str:
    """Numbered lines under two headings."""
    width = len(str(len(steps))) + 2
    parts = []
    for title, indices in phases(steps):
        parts.append("\n".join([title, *(f"{i + 1:{width}}. {steps.texts[i].text}" for i in indices)]))
    return "\n\n".join(parts) + "\n"


def as_markdown(steps: Steps) -> str:
    """Two numbered lists; every equation is a code span, so that no label is taken for markup."""
    markup, parts = Markdown(), []
    for title, indices in phases(steps):
        items = []
        for i in indices:
            note = "; ".join(filter(None, (steps.exactly(i), steps.note(i, markup))))
            line = code_span(" = ".join(steps.equation(i, markup).members))
            items.append(f"{i + 1}. {line}" + (f" ({note})" if note else ""))
        parts.append("\n".join([f"## {title}", "", *items]))
    return "\n\n".join(parts) + "\n"


def align_line(equation: Equation, aside: str) -> str:
    """One equation as a line of amsmath's ``align``; as two if it is long, with the numbers on the second."""
    left, right, *rest = equation.members
    line = f"{left} &= {right}"
    numbers = "".join(f" = {member}" for member in rest) + (rf" \quad ({aside})" if aside else "")
    if not numbers or len(line + numbers) < 240:
        return line + numbers
    return f"{line} \\\\\n&{numbers.lstrip()}"


def as_latex(steps: Steps) -> str:
    """The body of a LaTeX document that loads amsmath."""
    markup, parts = Latex(), [r"\allowdisplaybreaks"]
    for title, indices in phases(steps):
        parts.append(rf"\subsection*{{{title}}}")
        text = ""
        for i in indices:
            note, exactly = steps.note(i, markup), steps.exactly(i)
            if note and not text:
                parts.append(note[0].upper() + note[1:] + ".")
            text += " \\\\\n" * bool(text) + (rf"\intertext{{{note}:}}" + "\n" if note and text else "")
            text += align_line(steps.equation(i, markup), markup.words(exactly) if exactly else "")
        parts.append("\\begin{align*}\n" + text + "\n\\end{align*}")
    return "\n".join(parts) + "\n"
