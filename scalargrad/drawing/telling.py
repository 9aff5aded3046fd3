"""What the boxes and edges of a drawing say: their lines of text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from scalargrad.drawing.parts import COLUMN, ROW, Line, Piece, line, shortened
from scalargrad.drawing.style import Style
from scalargrad.formatting import decimal, number, shape_of, visible
from scalargrad.language import say
from scalargrad.records import ArrayNumber, EdgeGrad, Number, Trace, TraceNode

CAPTION = 200
"""Up to how many stand in the line under a drawing."""

SHOWN = 9
"""Up to how many elements a matrix is drawn whole."""


# --- nodes -----------------------------------------------------------------------------------------------------------


def node_lines(node: TraceNode, trace: Trace, named: bool, style: Style) -> Iterator[Line]:
    """What a node is, its value, its gradient, and at a fork the sum the gradient is."""
    shares = trace.edges_from(node)
    name, symbol = Piece("name", shortened(node.name)), Piece("symbol", shortened(symbol_of(node, trace)))
    if node.label is not None or (node.is_leaf and named):
        yield Line("head", (name,))
    elif node.is_leaf:
        yield line("head", " ")
    else:
        yield Line("head", (symbol, Piece("sign", "  "), Piece("alias", name.text)) if named else (symbol,))
    if not node.is_leaf and node.label is not None:
        yield line("operation", "= " + symbol.text)
    value, grad, p = f"value-{node.index}", f"grad-{node.index}", style.precision
    if "values" in style.show:
        known = value not in style.unknown
        if is_summed(node.value):
            yield line("shape", shape_of(node.value), known)
        yield line("value", style.blanks.get(value) or summary(node.value, p), known)
    if "downstream" in style.show and node.grad is not None:
        known = grad not in style.unknown
        yield gradient(style.blanks.get(grad) or summary(node.grad, p), known)
        if len(shares) > 1 and add_up(shares, node.grad):
            yield line("shares", "= " + _sum_of(shares, style), known)


def gradient(number: str, known: bool = True) -> Line:
    pieces = ("↑ ", number) if ROW in number or COLUMN in number else (f"↑ {number}",)
    return Line("gradient", tuple(Piece("gradient", piece) for piece in pieces), known)


def add_up(shares: tuple[EdgeGrad, ...], grad: Number) -> bool:
    """Whether the gradient is the sum of its contributions: one that was set by hand may be another."""
    if not isinstance(grad, float) or not math.isfinite(grad):
        return True
    return math.isclose(math.fsum(float(e.downstream) for e in shares), grad, rel_tol=1e-9, abs_tol=1e-12)  # type: ignore[arg-type]


def _sum_of(shares: tuple[EdgeGrad, ...], style: Style) -> str:
    """The contributions at a fork: ``0.20 + 0.19``."""
    if len(shares) > 4 or any(isinstance(e.downstream, ArrayNumber) for e in shares):
        return say("sum of {0}", len(shares), lang=style.lang)
    terms = [style.blanks.get(flow(e)) or number(e.downstream, style.precision) for e in shares]
    return " + ".join(enclosed(t) if i else t for i, t in enumerate(terms))


def enclosed(number: str) -> str:
    """A number after a sign: a negative one in parentheses."""
    return f"({number})" if number.startswith("−") else number


def is_summed(x: Number) -> bool:
    """Whether an array is shown by its mean and norm."""
    return isinstance(x, ArrayNumber) and (
        x.entries is None or math.prod(x.shape) > SHOWN or len(x.shape) > 2 or 0 in x.shape
    )


def summary(x: Number, precision: int | None) -> str:
    """A number or a small matrix; of a large array its mean and norm, its shape being shown already."""
    if not isinstance(x, ArrayNumber):
        return decimal(x, precision)
    if is_summed(x):
        return f"mean {decimal(x.mean, precision)}, norm {decimal(x.norm, precision)}"
    rows = x.entries if len(x.shape) == 2 else (x.entries,)
    return ROW.join(COLUMN.join(decimal(float(y), precision) for y in row) for row in rows) + (
        ROW if len(rows) == 1 else ""
    )


# --- edges -----------------------------------------------------------------------------------------------------------


def flow(edge: EdgeGrad) -> str:
    """What the downstream gradient of an edge is called in a Style."""
    return f"flow-{edge.output.index}-{edge.position}"


def edge_lines(edge: EdgeGrad, style: Style, alone: bool = False) -> Iterator[Line]:
    """The product in numbers, and the formula of the local derivative; where that is 1, only what passes.

    An array that is ``alone`` in coming to its node is the node's gradient, which stands there.
    """
    known, p, pieces, show = flow(edge) not in style.unknown, style.precision, [], style.show
    single = isinstance(edge.local, float) and isinstance(edge.upstream, float)
    if "downstream" in show and single and edge.local == 1 and {"upstream", "local"} & set(show):
        passed = style.blanks.get(flow(edge)) or decimal(edge.downstream, p)  # type: ignore[arg-type]
        yield Line("passed", (Piece("back", "← "), Piece("passed", passed)), known)
        return
    if single and flow(edge) not in style.blanks:
        if "upstream" in show:
            upstream = style.blanks.get(f"grad-{edge.output.index}") or summary(edge.upstream, p)
            pieces.append(Piece("upstream", upstream))
        if "local" in show:
            local = summary(edge.local, p)  # type: ignore[arg-type]
            pieces += [Piece("sign", " × ")] * len(pieces) + [Piece("local", enclosed(local) if pieces else local)]
    if "downstream" in show:
        down = edge.downstream
        shape = shape_of(down) if alone or is_summed(down) else ""
        downstream = style.blanks.get(flow(edge)) or shape or summary(down, p)
        pieces += [Piece("sign", " = ") if pieces else Piece("back", "← "), Piece("downstream", downstream)]
    if pieces:
        yield Line("product", tuple(pieces), known)
    if "formulas" in show and edge.named and not is_number(edge.named):
        formula = shortened(edge.named)
        yield line("formula", f"∂ = {formula}" if edge.local is not None else formula, known)


def merged_lines(edges: list[EdgeGrad], style: Style) -> Iterator[Line]:
    """How many edges lead into a folded scope, and what they give back together."""
    if len(edges) > 1:
        yield line("count", say("edges: {0}", len(edges), lang=style.lang))
    if "downstream" in style.show and len({e.input.index for e in edges}) == 1:
        shares = [e.downstream for e in edges if isinstance(e.downstream, float)]
        if len(shares) == len(edges):
            back = Piece("back", "← "), Piece("downstream", decimal(math.fsum(shares), style.precision))
            yield Line("product", back)


def symbol_of(node: TraceNode, trace: Trace) -> str:
    """What stands in the box of an operation, with the name of its operand: ``1/v₇`` for ``1/x``."""
    named = {trace.nodes[x].name for x in node.operands if isinstance(x, int)}
    hole = re.compile(r"\bx(?=\b|²)")
    if len(named) != 1 or node.symbol == "x" or not hole.search(node.symbol):
        return node.symbol
    name = named.pop()
    return hole.sub(lambda _: name if re.fullmatch(r"[\w.′]+", name) else f"({name})", node.symbol)


def is_number(formula: str) -> bool:
    """Whether a formula is one of numbers alone: then the edge shows it among its numbers."""
    return re.search(r"[^\W\d_e]|e(?![−\d])", formula.replace("nan", "")) is None


def foot(style: Style, trace: Trace, folded: bool, brief: bool) -> Iterator[Line]:
    """The caption, or a line that says what is what; and a remark on what is no ordinary number."""
    if style.caption:
        yield line("caption", visible(style.caption, CAPTION))
    elif style.legend:
        show, entries, lang = style.show, [], style.lang
        if "values" in show:
            entries.append([Piece("value", "1.5"), Piece("sign", " " + say("value", lang=lang))])
        if "downstream" in show and any(n.grad is not None for n in trace.nodes):
            entries.append([Piece("gradient", "↑ −0.2"), Piece("sign", " " + say("gradient", lang=lang))])
            if {"upstream", "local"} <= set(show):
                words = say("on an edge: upstream × local = downstream, and ∂ the local derivative", lang=lang)
                entries.append([Piece("sign", words)])
        between = Piece("sign", "   ·   ")
        yield Line("legend", tuple(piece for i, entry in enumerate(entries) for piece in [between] * (i > 0) + entry))
    if brief and not style.caption:
        yield line("remark", say("on an edge into a neuron: × weight, ← what goes back", lang=style.lang))
    if folded and not style.caption:
        yield line("remark", say("what is folded opens with depth=: draw(…, depth=9) shows all of it", lang=style.lang))
    numbers = [x for n in trace.nodes for x in (n.value, n.grad) if isinstance(x, float)]
    if any(x != x for x in numbers):
        yield line("remark", say("nan: not a number; an operation is not defined where it was born", lang=style.lang))
    if any(math.isinf(x) for x in numbers):
        yield line("remark", say("∞: more than any number, as 1/0 is", lang=style.lang))
