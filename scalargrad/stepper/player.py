"""The steps as a page that plays them, with the graph and all the numbers."""

from __future__ import annotations

import html
import math
from typing import Any

from scalargrad import pages
from scalargrad.formatting import as_python, decimal
from scalargrad.language import Text, say
from scalargrad.records import Step, Trace
from scalargrad.stepper.frames import whole
from scalargrad.stepper.markup import Marked, Plain, printable
from scalargrad.stepper.rendering import phases
from scalargrad.stepper.texts import ROLES, TITLES, Steps, verb
from scalargrad.stepper.worksheet import make

WORDS = {
    "answer": Text("your answer"), "check": Text("check"), "tell": Text("show it"), "step": Text("step"),
    "only": Text("ask for the result alone"), "all": Text("all steps"), **ROLES,
}  # fmt: skip
"""What the page says besides the steps themselves."""
VERDICTS = {
    "right": Text("Right."), "wrong": Text("Not yet."), "number": Text("Write a number, such as −0.2 or 12/2."),
    "digits": Text("Right as far as it goes: give more digits."), "sign": Text("Look at the sign."),
    "upstream": Text("The upstream gradient is the gradient of the node the edge comes back from."),
    "local": Text("The local derivative is that of this one operation by this operand."),
}  # fmt: skip
SLIPS = {
    "sign": Text("Look at the sign."),
    "no upstream": Text("That is the local derivative alone: multiply it by the upstream gradient."),
    "no local": Text("That is the upstream gradient alone: multiply it by the local derivative."),
    "other operand": Text("That goes to the other operand: take the local derivative by this one."),
    "one share": Text("That is one share of several: add them all up."),
    "sum": Text("That is the sum of upstream and local: multiply them."),
}
"""What a wrong answer may come from."""


def page(steps: Steps, predict: bool = False) -> pages.Page:
    """The whole page. With ``predict`` it asks for each number before it shows it."""
    trace, lang = steps.trace, steps.lang
    title = say("Backpropagation, step by step", lang=lang)
    if trace.root.label:
        title = say("{0}, step by step", printable(trace.root.name), lang=lang)
    told = {key: text.told(lang) for key, text in (VERDICTS | {k: WORDS[k] for k in ("answer", "downstream")}).items()}
    verbs = list(dict.fromkeys(node.op for node in trace.nodes))
    content = {
        "prefix": pages.PREFIX,
        "predict": predict,
        "names": [[Plain().name(node), verbs.index(node.op)] for node in trace.nodes],
        "verbs": [verb(op, lang) for op in verbs],
        "titles": {kind[:2]: say(text, lang=lang) for kind, text in TITLES.items()},
        "words": told | {"play": [pages.CONTROLS[key].told(lang) for key in ("play", "pause")]},
        "steps": [_record(steps, i, predict) for i in range(len(steps))],
    }
    parts = pages.words(WORDS, lang) | {
        "title": html.escape(title),
        "picture": pages.picture(whole(steps, pages.PREFIX), lang),
        "captions": html.escape("; ".join(f"--{key}: '{text.told(lang)}'" for key, text in ROLES.items())),
        "controls": pages.controls(len(steps), lang),
        "rows": _rows(steps),
        "data": pages.data(content),
        "script": pages.script(pages.asset("zoom.js"), pages.asset("controls.js"), _asset("player.js")),
    }
    css = pages.asset("page.css") + _asset("player.css")
    made = pages.Page(pages.shell(title, lang, css, pages.fill(_asset("player.html"), parts)))
    made.notebook = lambda: notebook(steps, predict)
    return made


def notebook(steps: Steps, predict: bool = False) -> str:
    """The page in a notebook. With ``predict`` the still picture is that of a worksheet, and the table asks."""
    if predict:
        sheet = make(steps)
        still, lines = sheet.picture, [blank.question + " = ?" for blank in sheet.blanks]
    else:
        still, lines = whole(steps), [text.line for text in steps.texts]
    title = say("The computational graph of {0}", printable(steps.trace.root.name), lang=steps.lang)
    return pages.block(page(steps, predict), title, still, WORDS["step"].told(steps.lang), lines)


def _asset(name: str) -> str:
    return pages.asset(name, __package__)


def _rows(steps: Steps) -> str:
    """The table: every step's line, its parts marked, under the headings of the two passes."""
    written = []
    for heading, indices in phases(steps):
        written.append(f'<tr class="sg-head"><th colspan="2" scope="colgroup">{html.escape(heading)}')
        for i in indices:
            line = html.escape(" = ".join(steps.equation(i, Marked()).members), quote=False)
            written.append(f"<tr><td><td>{Marked.as_html(line)}")
    return "\n".join(written)


def _record(steps: Steps, index: int, predict: bool) -> list[Any]:
    """A step for the page: kind, node, edge, note; question, answers, slips.

    An answer is a number and how far from it is still right; of an edge there are upstream, local and downstream.
    """
    trace, moment, text = steps.trace, steps.moments[index], steps.texts[index]
    edge = f"{moment.edges[0].output.index}-{moment.edges[0].position}" if moment.kind == "backward" else 0
    record: list[Any] = [moment.kind[:2], moment.node.index, edge, text.note]
    if predict:
        slips = [[*_room(steps, x), SLIPS[why].told(steps.lang)] for x, why in _slips(trace, moment)]
        return [*record, text.formula + " = ?", _answers(steps, moment), slips]
    return record if text.note else record[:-1]


def _answers(steps: Steps, moment: Step) -> list[list[float]] | None:
    """What is asked for, each with its room; None where there is nothing to work out."""
    found = _answer(moment)
    if found is None:
        return None
    numbers = [found]
    if moment.kind == "backward":
        (edge,) = moment.edges
        parts = (edge.upstream, edge.local)
        if all(isinstance(x, float) and math.isfinite(x) for x in parts):
            numbers = [*parts, found]  # type: ignore[list-item]
    return [_room(steps, x) for x in numbers]


def _room(steps: Steps, x: float) -> list[float]:
    """A number, and how far an answer may be from it: by rounding to the digits that are shown, and by 0.6 percent."""
    plain = as_python(decimal(x, steps.decimals))
    mantissa, _, exponent = plain.partition("e")
    last = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return [x, 0.006 * abs(x) if float(plain) == x else max(0.6 * last, 0.006 * abs(x))]


def _answer(moment: Step) -> float | None:
    """The number a step finds; None where there is nothing to work out, or it is an array."""
    found = {"forward": moment.node.value, "sum": moment.node.grad}.get(moment.kind)
    if moment.kind == "backward":
        found = moment.edges[0].downstream
    return found if isinstance(found, float) and math.isfinite(found) else None


def _slips(trace: Trace, moment: Step) -> list[tuple[float, str]]:
    """Wrong answers that have a reason, with the reason."""
    right = _answer(moment)
    if right is None:
        return []
    slips = [(-right, "sign")]
    if moment.kind == "sum":
        slips += [(e.downstream, "one share") for e in moment.edges if isinstance(e.downstream, float)]
    if moment.kind == "backward":
        (edge,) = moment.edges
        others = [e for e in trace.edges if e.output.index == edge.output.index and e.position != edge.position]
        if isinstance(edge.local, float) and isinstance(edge.upstream, float):
            slips += [(edge.local, "no upstream"), (edge.upstream, "no local")]
            slips += [(e.downstream, "other operand") for e in others if isinstance(e.downstream, float)]
            slips.append((edge.upstream + edge.local, "sum"))
    return [(x, why) for x, why in slips if math.isfinite(x) and x != right]
