"""A system as a table: text, Markdown, HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from scalargrad.formatting import visible
from scalargrad.language import Text, say
from scalargrad.lectures.claims import Claim, Verdict

if TYPE_CHECKING:
    from scalargrad.lectures.system import System

_HEADS = (Text("what"), Text("lecture says"), Text("exact"), Text("why they differ"))
_FOLLOWING = 2  # spaces between the columns
NARROWEST = 60
"""The least width of a table of text."""


def shown(x: float) -> str:
    """A number to six decimals, without zeros at its end; a small one to six digits.

    >>> shown(-2.0), shown(0.7310585786), shown(4.5398899e-05), shown(1e-17)
    ('-2', '0.731059', '4.53989e-5', '0')
    """
    if abs(x) < 1e-12:
        return "0"
    if abs(x) < 1e-3:
        mantissa, _, exponent = f"{x:.5e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{x:.6f}".rstrip("0").rstrip(".")


def series(numbers: Sequence[float]) -> str:
    """Several numbers: one behind the other."""
    return "  ".join(map(shown, numbers))


def in_words(text: Text | str, lang: str | None) -> str:
    """A text in the language that is meant; a formula as it stands."""
    return text if isinstance(text, str) else text.told(lang)


def reason(claim: Claim, lang: str | None) -> str:
    """The verdict, the reason, and what the shortened numbers give."""
    parts = [claim.verdict.told(lang)]
    if claim.why is not None:
        parts.append(claim.why.told(lang))
    line = ": ".join(parts)
    if claim.along is not None and claim.verdict not in (Verdict.AGREES, Verdict.ERROR):
        line += f" ({say('computed so: {0}', series(claim.numbers_along), lang=lang)})"
    return line


def said(claim: Claim) -> str:
    """What the lecture says: its numbers, or its formula and, where that is not exact, what comes of it."""
    if claim.at is None:
        return "  ".join(claim.says.split())
    if claim.agrees or "=" in claim.says or not all(map(isfinite, claim.stated)):
        return claim.says
    return f"{claim.says} = {series(claim.stated)}"


def rows(system: System, lang: str | None) -> list[tuple[str, ...]]:
    """The cells of the table, line by line."""
    return [(in_words(c.what, lang), said(c), series(c.numbers), reason(c, lang)) for c in system.claims]


def _title(system: System, lang: str | None) -> tuple[str, str]:
    return system.title.told(lang), say("lecture {0}", system.lecture, lang=lang)


def text(system: System, lang: str | None, width: int) -> str:
    """The table in plain text, its columns wrapped to fit."""
    heads = tuple([head.told(lang) for head in _HEADS])
    lines = [heads, *rows(system, lang)]
    wanted = [max(len(line[column]) for line in lines) for column in range(4)]
    # the first three get what they need, up to a share of the page; the reason has the rest
    width = max(width, NARROWEST)
    most = (width - 3 * _FOLLOWING) // 4
    sizes = [min(wanted[column], most) for column in range(3)]
    sizes.append(width - sum(sizes) - 3 * _FOLLOWING)
    table = [_lines(line, sizes) for line in lines]
    rule = "  ".join("─" * min(size, want) for size, want in zip(sizes, wanted))
    return "\n".join([
        "{} ({})".format(*_title(system, lang)),
        *textwrap.wrap(system.about.told(lang), width), "", table[0], rule, *table[1:],
    ])  # fmt: skip


def _lines(cells: tuple[str, ...], sizes: list[int]) -> str:
    wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(cells, sizes)]
    height = max(map(len, wrapped))
    filled = [part + [""] * (height - len(part)) for part in wrapped]
    return "\n".join(
        (" " * _FOLLOWING).join(f"{part[i]:<{size}}" for part, size in zip(filled, sizes)).rstrip()
        for i in range(height)
    )


def markdown(system: System, lang: str | None) -> str:
    """The table in Markdown."""
    lines = [tuple([head.told(lang) for head in _HEADS]), ("---",) * 4, *rows(system, lang)]
    return "\n".join([
        "**{}** ({})".format(*map(_marked, _title(system, lang))), "",
        _marked(system.about.told(lang)), "", *["| " + " | ".join(map(_marked, line)) + " |" for line in lines],
    ])  # fmt: skip


def _marked(cell: str) -> str:
    cell = visible(" ".join(cell.split()))
    for sign in "\\|*_<[`#":
        cell = cell.replace(sign, f"\\{sign}")
    return cell


def html(system: System, lang: str | None) -> str:
    """The table in HTML."""
    heads = "".join(f"<th>{escape(head.told(lang))}</th>" for head in _HEADS)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in rows(system, lang)
    )
    return (
        "<p><b>{}</b> ({})</p>".format(*map(escape, _title(system, lang)))
        + f"<p>{escape(system.about.told(lang))}</p><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )
