"""The steps of a Trace as equations: names, then numbers put in, then the result.

What an equation says is decided here, once; a :class:`~scalargrad.stepper.markup.Markup` knows how it is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from scalargrad.formatting import decimal
from scalargrad.stepper.markup import Markup, is_constant
from scalargrad.tracing import ArrayNumber, EdgeGrad, Number, Step, Trace, TraceNode

LONGEST = 40
"""Up to how many characters an operation is written out in its derivative."""


@dataclass(frozen=True)
class Equation:
    """``left = symbols = mixed = numbers = result``.

    ``local`` is the local derivative's formula, ``mixed`` the upstream number times that formula.
    """

    left: str
    result: str
    symbols: str = ""
    mixed: str = ""
    numbers: str = ""
    local: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        """Everything that is equal, from left to right, without what is empty and what would stand there twice."""
        numbers = "" if self.numbers == self.result else self.numbers
        return tuple(x for x in (self.left, self.symbols, self.mixed, numbers, self.result) if x)


def equation(step: Step, trace: Trace, markup: Markup, lang: str, precision: int | None) -> Equation:
    """What a step says. Numbers are put into its formula, arrays are not: they would fill pages."""
    node = step.node

    def number(x: Number) -> str:
        return markup.array(x, precision) if isinstance(x, ArrayNumber) else markup.number(decimal(x, precision))

    if step.kind == "leaf":
        return Equation(markup.name(node), number(node.value))
    if step.kind == "forward":
        operands = [trace.nodes[x].value if isinstance(x, int) else x for x in node.operands]
        numbers = [x for x in operands if not isinstance(x, ArrayNumber)]
        written = ""
        if len(numbers) == len(operands):
            put = [decimal(x, precision) if isinstance(i, int) else x for i, x in zip(node.operands, numbers)]
            written = markup.operation(str(node.op), put)
        return Equation(markup.name(node), number(node.value), symbols=markup.formula(node), numbers=written)
    gradient = markup.total(trace.root, node)
    if step.kind == "seed":
        return Equation(gradient, "1")
    role = markup.role
    if step.kind == "sum" and node.grad is not None:
        shares = [markup.via(gradient, markup.name(e.output), operand_of(e, trace), lang) for e in step.edges]
        first, *others = [number(e.downstream) for e in step.edges]
        terms, added = markup.sum(shares), markup.sum([first, *map(markup.enclosed, others)])
        return Equation(gradient, number(node.grad), role("downstream", terms), numbers=role("downstream", added))
    (edge,) = step.edges
    operand = operand_of(edge, trace)
    if len(trace.edges_from(node)) > 1:
        gradient = markup.via(gradient, markup.name(edge.output), operand, lang)
    gradient = role("downstream", gradient)
    formula, whole = markup.local(edge), role("upstream", markup.total(trace.root, edge.output))
    local = role("local", markup.enclosed(formula))
    written_out = edge.output.index == trace.root.index and len(edge.output.formula) <= LONGEST
    symbols = whole + markup.times + role("local", markup.partial(edge, operand, written_out))
    result = role("downstream", number(edge.downstream))
    if edge.local is None:  # an operation that moves or reduces: the formula is that of its pullback
        return Equation(gradient, result, symbols, mixed=formula, local=formula)
    plain = not any(isinstance(x, ArrayNumber) for x in (edge.upstream, edge.local))
    upstream = role("upstream", number(edge.upstream)) if plain else whole
    mixed = "" if is_constant(formula) and plain else upstream + markup.times + local
    factor = role("local", markup.enclosed(number(edge.local)))
    product = upstream + markup.times + factor if plain else ""
    return Equation(gradient, result, symbols, mixed, product, formula)


def result_of(step: Step) -> Number | None:
    """The number a step finds, or is given."""
    if step.kind in ("leaf", "forward"):
        return step.node.value
    return step.edges[0].downstream if step.kind == "backward" else step.node.grad


def undefined_in(step: Step, trace: Trace) -> TraceNode | None:
    """The node a step computes, or goes back through, where that is a nan made of numbers that are none."""
    node = step.edges[0].output if step.kind == "backward" else step.node
    if step.kind not in ("forward", "backward") or not _is_nan(node.value):
        return None
    operands = [trace.nodes[x].value if isinstance(x, int) else x for x in node.operands]
    return None if any(isinstance(x, ArrayNumber) or _is_nan(x) for x in operands) else node


def _is_nan(x: Number) -> bool:
    return isinstance(x, float) and x != x


def operand_of(edge: EdgeGrad, trace: Trace) -> int | None:
    """Which operand an edge is, from 1, where its output uses the same node twice."""
    twins = [e for e in trace.edges_from(edge.input) if e.output.index == edge.output.index]
    return edge.position + 1 if len(twins) > 1 else None
