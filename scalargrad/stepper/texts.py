"""The steps of a computation in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from scalargrad.formatting import decimal
from scalargrad.language import Text, say
from scalargrad.records import Step, Trace
from scalargrad.replaying import rounded_along
from scalargrad.stepper.equations import Equation, equation, result_of, undefined_in
from scalargrad.stepper.markup import Latex, Markup, Plain, printable

TITLES = {
    "leaf": "Input {0}",
    "forward": "Compute {0}: {1}",
    "seed": "Start at {0}",
    "backward": "From {1} back to {0}",
    "sum": "Add up the shares of {0}",
}
"""What happens in a step of each kind; ``{0}`` is its node, ``{1}`` the operation or the node a gradient comes from."""

VERBS = {
    "add": Text("add"), "sub": Text("subtract"), "mul": Text("multiply"), "div": Text("divide"),
    "neg": Text("change the sign"), "pow": Text("raise to a power"), "square": Text("square"),
    "sqrt": Text("take the square root"), "reciprocal": Text("divide 1 by it"), "abs": Text("take the absolute value"),
    "maximum": Text("take the larger"), "minimum": Text("take the smaller"), "matmul": Text("multiply the matrices"),
    "sum": Text("add up"), "mean": Text("take the mean"),
}  # fmt: skip
"""What an operation does, where its name is not the word for it."""

ROLES = {"upstream": Text("upstream"), "local": Text("local"), "downstream": Text("downstream")}
"""The three numbers of an edge."""


def verb(op: str | None, lang: str) -> str:
    """What an operation does, in a word or two."""
    return VERBS[op].told(lang) if op in VERBS else printable(op or "")


UNDEFINED = {
    "forward": "{0} is not defined at these numbers, so its value is nan, not a number",
    "backward": "{0} is not defined at these numbers, so it has no derivative there",
}
"""What is said where a nan is born; ``{0}`` is the formula of the node."""


@dataclass(frozen=True, slots=True)
class StepText:
    """One step in words and numbers.

    Where an edge is crossed, the upstream number times the local derivative's formula stands in ``text`` between the
    formula and the numbers.
    """

    index: int
    """Its place, from 0."""
    kind: str
    """``leaf``, ``forward``, ``seed``, ``backward`` or ``sum``: see :class:`scalargrad.tracing.Step`."""
    title: str
    """What happens, in words."""
    formula: str
    """The equation in names: ``dL/dw₀ = dL/dv₁ × ∂v₁/∂w₀``."""
    local: str
    """The formula of the local derivative where an edge is crossed: ``x₀``; otherwise empty."""
    numbers: str
    """The same with numbers put in: ``0.1966 × (-1.0000)``; empty where a number is given."""
    result: str
    """The number that comes out."""
    exact: str
    """The exact number where the steps round as they go; otherwise empty."""
    note: str
    """Why, where a step does not explain itself; otherwise empty."""
    line: str
    """``formula = numbers = result``."""
    latex: str
    """The equation in LaTeX's mathematics."""

    @property
    def text(self) -> str:
        """The whole step: its line and its note."""
        return f"{self.line} ({self.note})" if self.note else self.line


class Steps:
    """All steps of a Trace, with what is said of them."""

    def __init__(self, trace: Trace, precision: int | None, lang: str, rounding: int | None = None) -> None:
        self.exact = trace
        """The Trace with the exact numbers."""
        self.trace = trace if rounding is None else rounded_along(trace, rounding)
        """The Trace with the numbers that are shown: the exact ones, unless they are rounded as one goes along."""
        self.precision = precision
        """How many decimals inexact numbers have; None: four significant digits."""
        self.rounding = rounding
        """To how many decimals every number is rounded as one goes along; None: not at all."""
        self.lang = lang
        self.moments: tuple[Step, ...] = self.trace.forward + self.trace.backward
        """The steps as the Trace has them."""

    def __len__(self) -> int:
        return len(self.moments)

    @property
    def decimals(self) -> int | None:
        """How many decimals are shown; None: four significant digits."""
        return self.precision if self.rounding is None else self.rounding

    @property
    def drawn(self) -> int | None:
        """How many are shown in drawings."""
        return None if self.decimals is None else min(self.decimals, 4)

    @property
    def kinds(self) -> list[str]:
        """The kind of each step."""
        return [step.kind for step in self.moments]

    @cached_property
    def texts(self) -> tuple[StepText, ...]:
        """Every step in words and numbers."""
        return tuple(map(self._text, range(len(self))))

    def equation(self, index: int, markup: Markup) -> Equation:
        """What a step says as mathematics."""
        return equation(self.moments[index], self.trace, markup, self.lang, self.decimals)

    def note(self, index: int, markup: Markup) -> str:
        """Why, where a step does not explain itself."""
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

    def exactly(self, index: int) -> str:
        """The exact number of a step in words, where the one that is shown is rounded."""
        exact = self.texts[index].exact
        return self._say("exactly {0}", exact) if exact else ""

    def _text(self, index: int) -> StepText:
        step, plain = self.moments[index], Plain()
        shown, exact = self.equation(index, plain), self._exact(index)
        other = plain.name(step.edges[0].output) if step.kind == "backward" else verb(step.node.op, self.lang)
        exactly = self._say("exactly {0}", exact) if exact else ""
        return StepText(
            index=index,
            kind=step.kind,
            title=self._say(TITLES[step.kind], plain.name(step.node), other),
            formula=f"{shown.left} = {shown.symbols}" if shown.symbols else shown.left,
            local=shown.local,
            numbers=shown.numbers,
            result=shown.result,
            exact=exact,
            note="; ".join(filter(None, (exactly, self.note(index, plain)))),
            line=" = ".join(shown.members),
            latex=" = ".join(self.equation(index, Latex()).members),
        )

    def _exact(self, index: int) -> str:
        if self.rounding is None or self.moments[index].kind == "seed":
            return ""
        exact = result_of(self._exact_moments[index])
        same = result_of(self.moments[index]) == exact
        return "" if same or not isinstance(exact, float) else decimal(exact, self.precision)

    @cached_property
    def _exact_moments(self) -> tuple[Step, ...]:
        return self.exact.forward + self.exact.backward

    def _say(self, text: str, *values: object) -> str:
        return say(text, *values, lang=self.lang)
