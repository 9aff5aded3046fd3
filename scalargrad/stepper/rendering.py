"""Steps as documents: plain text, Markdown, LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from scalargrad.language import say
from scalargrad.stepper.equations import Equation
from scalargrad.stepper.markup import code_span

BACKWARD = ("seed", "backward", "sum")


def phases(kinds: Iterable[str]) -> Iterator[tuple[bool, list[int]]]:
    """The indices of the forward steps, then those of the backward steps."""
    for is_backward, group in groupby(enumerate(kinds), lambda pair: pair[1] in BACKWARD):
        yield is_backward, [index for index, _ in group]


def heading(is_backward: bool, lang: str) -> str:
    return say("Backward", lang=lang) if is_backward else say("Forward", lang=lang)


def as_text(kinds: list[str], lines: list[str], lang: str) -> str:
    """Numbered lines under two headings."""
    width = len(str(len(lines)))
    parts = []
    for is_backward, indices in phases(kinds):
        numbered = [f"{i + 1:{width + 2}}. {lines[i]}" for i in indices]
        parts.append("\n".join([heading(is_backward, lang), *numbered]))
    return "\n\n".join(parts) + "\n"


def as_markdown(kinds: list[str], equations: list[str], notes: list[str], lang: str) -> str:
    """Two numbered lists; every equation is a code span, so that no label is taken for markup."""
    parts = []
    for is_backward, indices in phases(kinds):
        items = [f"{i + 1}. {code_span(equations[i])}" + (f" ({notes[i]})" if notes[i] else "") for i in indices]
        parts.append("\n".join([f"## {heading(is_backward, lang)}", "", *items]))
    return "\n\n".join(parts) + "\n"


def align_line(equation: Equation, aside: str) -> str:
    """One equation as a line of amsmath's ``align``; as two if it is long, with the numbers on the second."""
    left, right, *rest = equation.members
    line = f"{left} &= {right}"
    numbers = "".join(f" = {member}" for member in rest) + (rf" \quad ({aside})" if aside else "")
    if not numbers or len(line + numbers) < 240:
        return line + numbers
    return f"{line} \\\\\n&{numbers.lstrip()}"


def as_latex(kinds: list[str], equations: list[Equation], notes: list[str], asides: list[str], lang: str) -> str:
    """The body of a LaTeX document that loads amsmath."""
    parts = [r"\allowdisplaybreaks"]
    for is_backward, indices in phases(kinds):
        lines = [align_line(equations[i], asides[i]) for i in indices]
        parts.append(rf"\subsection*{{{heading(is_backward, lang)}}}")
        if notes[indices[0]]:
            parts.append(notes[indices[0]][0].upper() + notes[indices[0]][1:] + ".")
        text = lines[0]
        for i, line in zip(indices[1:], lines[1:], strict=True):
            text += " \\\\\n" + (rf"\intertext{{{notes[i]}:}}" + "\n" if notes[i] else "") + line
        parts.append("\\begin{align*}\n" + text + "\n\\end{align*}")
    return "\n".join(parts) + "\n"


def latex_document(body: str, packages: tuple[str, ...] = ()) -> str:
    """A whole document around the body, with the fonts its letters need."""
    lines = [r"\documentclass[a4paper]{article}", r"\usepackage[margin=2cm]{geometry}", r"\usepackage{amsmath}"]
    lines += [rf"\usepackage{{{name}}}" for name in packages]
    letters = {c for c in body if ord(c) > 0x17F}
    if all("Ѐ" <= c <= "ӿ" for c in letters):
        lines.insert(1, rf"\usepackage[{'T2A' if letters else 'T1'}]{{fontenc}}")
    else:
        lines.insert(
            0, "% compile with lualatex or xelatex, and a font that has the letters: " + "".join(sorted(letters))
        )
    return "\n".join([*lines, r"\begin{document}", body + r"\end{document}"]) + "\n"
