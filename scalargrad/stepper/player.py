"""The steps as a page that plays them: one file with the graph, the numbers and a player, and nothing to fetch."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from scalargrad.drawing import Drawing, draw
from scalargrad.formatting import one_line
from scalargrad.language import say
from scalargrad.stepper.markup import Text, printable
from scalargrad.stepper.svg import compact
from scalargrad.stepper.told import TITLES, StepText
from scalargrad.tracing import Step, Trace

if TYPE_CHECKING:
    from scalargrad.stepper import Stepper

PREFIX = "sg-"
LARGEST = 2_000
"""Up to how many nodes a page plays."""
TEXTS = {
    "title": "Backpropagation, step by step",
    "smaller": "smaller",
    "whole": "the whole graph",
    "larger": "larger",
    "first": "first step",
    "back": "step back",
    "play": "play",
    "pause": "pause",
    "next": "next step",
    "last": "last step",
    "step": "step",
    "answer": "your answer",
    "check": "check",
    "tell": "show it",
    "right": "Right.",
    "wrong": "Not yet.",
    "number": "Write a number.",
}
"""What the page says besides the steps themselves."""
SLIPS = {
    "sign": "Look at the sign.",
    "no upstream": "That is the local derivative alone: multiply it by the upstream gradient.",
    "no local": "That is the upstream gradient alone: multiply it by the local derivative.",
    "other operand": "That goes to the other operand: take the local derivative by this one.",
    "one share": "That is one share of several: add them all up.",
    "sum": "That is the sum of upstream and local: multiply them.",
}
"""What a wrong answer may come from."""


class Page(str):
    """A page as text; in a notebook, the player."""

    stepper: Stepper
    predict: bool

    def _repr_html_(self) -> str:
        from scalargrad.stepper.notebook import block

        return shown_or_why(lambda: block(self.stepper, self.predict))


def page(stepper: Stepper, predict: bool = False) -> Page:
    """The whole page. With ``predict`` it asks for each number before it shows it."""
    trace, told, lang = stepper.trace, stepper.told, stepper.lang
    words = {key: say(text, lang=lang) for key, text in TEXTS.items()}
    title = say("{0}, step by step", printable(trace.root.name), lang=lang) if trace.root.label else words["title"]
    data = {
        "prefix": PREFIX,
        "predict": predict,
        "decimals": stepper.decimals,
        "names": [[Text().name(node), printable(node.op or "")] for node in trace.nodes],
        "titles": {kind: say(text, lang=lang) for kind, text in TITLES.items()},
        "words": {key: words[key] for key in ("play", "pause", "right", "wrong", "number")},
        "steps": [_record(stepper, i, predict) for i in range(len(stepper))],
    }
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    parts = {key: html.escape(word) for key, word in words.items()} | {
        "lang": lang,
        "title": html.escape(title),
        "css": asset("player.css"),
        "js": asset("player.js"),
        "svg": compact(whole(stepper, PREFIX), PREFIX),
        "rows": rows([line(x) for x in told]),
        "maximum": str(len(told) - 1),
        # in a script element only these could end it, or begin a comment
        "data": written.replace("<", "\\u003c").replace("\u2028", "\\u2028"),
    }
    made = Page(re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], asset("player.html")))
    made.stepper, made.predict = stepper, predict
    return made


def rows(lines: Sequence[str]) -> str:
    """Numbered rows of a table; HTML lets their ends be left out."""
    return "\n".join(f"<tr><td>{i}<td>{html.escape(text)}" for i, text in enumerate(lines, 1))


def _record(stepper: Stepper, index: int, predict: bool) -> list[Any]:
    """A step for the page: kind, node, edge, whether a gradient is complete, note; question, answer, slips."""
    trace, moment, told = stepper.trace, stepper.moments[index], stepper.told[index]
    edge = f"{moment.edges[0].output.index}-{moment.edges[0].position}" if moment.kind == "backward" else 0
    complete = moment.kind in ("seed", "sum") or (moment.kind == "backward" and len(trace.edges_from(moment.node)) == 1)
    record: list[Any] = [moment.kind, moment.node.index, edge, int(complete), told.note]
    if predict:
        slips = [[x, say(SLIPS[why], lang=stepper.lang)] for x, why in _slips(trace, moment)]
        return [*record, told.formula + " = ?", _answer(moment), slips]
    return record if told.note else record[:-1]


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


def line(told: StepText) -> str:
    """The equation of a step without its note."""
    return told.text.removesuffix(f" ({told.note})") if told.note else told.text


def whole(stepper: Stepper, prefix: str = "") -> Drawing:
    """The drawing of all the numbers, with the names the steps have for them."""
    decimals, lang = min(stepper.decimals, 4), stepper.lang
    return draw(
        stepper.trace, precision=decimals, legend=False, max_nodes=LARGEST, id_prefix=prefix, lang=lang, names=True
    )


def shown_or_why(make: Callable[[], str]) -> str:
    """HTML for a notebook; where it cannot be made, why: a notebook must show something."""
    try:
        return make()
    except Exception as error:
        return f"<pre>{html.escape(one_line(error))}</pre>"


def asset(name: str) -> str:
    """A file that stands beside this one."""
    return files("scalargrad.stepper").joinpath(name).read_text(encoding="utf-8")
