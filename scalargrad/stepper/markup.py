"""How mathematics is written, in text and in LaTeX: names, numbers, derivatives. Nothing here knows of steps."""

from __future__ import annotations

import re
import string
from typing import Any

from scalargrad.formatting import RAISED, as_python, number, visible
from scalargrad.language import say
from scalargrad.latex import compilable, is_mathematics, words
from scalargrad.replaying import row_of
from scalargrad.symbolic import latex_name, latex_text
from scalargrad.tracing import ArrayNumber, EdgeGrad, TraceNode


def is_constant(formula: str) -> bool:
    """Whether a formula is a number."""
    try:
        float(as_python(formula))
    except ValueError:
        return False
    return True


_OPENING, _CLOSING = "([{", ")]}"


def is_compound(formula: str, operators: str) -> bool:
    """Whether one of the operators stands in it outside of parentheses.

    >>> is_compound("a·(b + c)", "·+"), is_compound("exp(a + b)", "·+")
    (True, False)
    """
    depth = 0
    for c in formula:
        depth += (c in _OPENING) - (c in _CLOSING)
        if depth == 0 and c in operators:
            return True
    return False


class Markup:
    """How mathematics is written."""

    style: str
    operators: str
    times: str
    dots: str
    parentheses: tuple[str, str]

    def name(self, node: TraceNode) -> str:
        raise NotImplementedError

    def number(self, digits: str) -> str:
        raise NotImplementedError

    def words(self, text: str) -> str:
        """Words among mathematics."""
        raise NotImplementedError

    def array(self, x: ArrayNumber, precision: int | None) -> str:
        """An array: its elements if they are few, else what sums it up."""
        text = number(x, precision)
        return text if text.startswith("[") else self.words(f"({' '.join(text.split())})")

    def formula(self, node: TraceNode) -> str:
        raise NotImplementedError

    def local(self, edge: EdgeGrad) -> str:
        raise NotImplementedError

    def total(self, of: TraceNode, by: TraceNode) -> str:
        """The derivative along all paths: what the backward pass finds."""
        raise NotImplementedError

    def partial(self, edge: EdgeGrad, operand: int | None, written_out: bool) -> str:
        """The local derivative: of one operation by one of its operands, all others held fixed.

        ``operand`` is its place, from 1, where the operation has the same node twice; the operation is named by its
        output or, as that of the root, whose name stands in the total derivative, ``written_out``.
        """
        raise NotImplementedError

    def via(self, gradient: str, output: str, operand: int | None, lang: str) -> str:
        raise NotImplementedError

    def operation(self, op: str, operands: list[Any]) -> str:
        """The operation with numbers put in: texts as they are, floats as the constants of a formula."""
        raise NotImplementedError

    def inline(self, mathematics: str) -> str:
        """A piece of mathematics among words."""
        raise NotImplementedError

    def role(self, role: str, mathematics: str) -> str:
        """A part of an equation that is the ``upstream``, the ``local`` or the ``downstream`` derivative."""
        return mathematics

    def sum(self, terms: list[str]) -> str:
        """The terms added up; of more than eight the ones in the middle are dots."""
        few = terms if len(terms) <= 8 else [*terms[:3], self.dots, *terms[-3:]]
        return " + ".join(few)

    def enclosed(self, formula: str) -> str:
        """The formula as a factor or summand: in parentheses if it needs them."""
        return formula.join(self.parentheses) if is_compound(formula, self.operators) else formula


class Plain(Markup):
    """Unicode text on one line; what cannot be shown of a label is shown by its number."""

    style = "text"
    operators = "+-−·×/^= "
    times = " × "
    dots = "…"
    parentheses = ("(", ")")

    def name(self, node: TraceNode) -> str:
        return self.enclosed(printable(node.name))

    def number(self, digits: str) -> str:
        return digits

    def words(self, text: str) -> str:
        return text

    def formula(self, node: TraceNode) -> str:
        return printable(node.formula)

    def local(self, edge: EdgeGrad) -> str:
        return printable(edge.named)

    def total(self, of: TraceNode, by: TraceNode) -> str:
        return f"d{self.name(of)}/d{self.name(by)}"

    def partial(self, edge: EdgeGrad, operand: int | None, written_out: bool) -> str:
        of = self.enclosed(self.formula(edge.output)) if written_out else self.name(edge.output)
        return f"∂{of}/∂{self.name(edge.input)}{f'⁽{operand}⁾'.translate(RAISED) if operand else ''}"

    def via(self, gradient: str, output: str, operand: int | None, lang: str) -> str:
        use = output if operand is None else say("{0}, operand {1}", output, operand, lang=lang)
        return say("{0} via {1}", gradient, use, lang=lang)

    def operation(self, op: str, operands: list[Any]) -> str:
        row = row_of(op, operands)
        if row is not None:  # between numbers a dot would be taken for a decimal point
            return row.text_of(*operands).replace("·", " × ")
        return f"{printable(op)}({', '.join(str(x) for x in operands)})"

    def inline(self, mathematics: str) -> str:
        return mathematics


_ELEMENTS = {"u": "u", "l": "i", "d": "b"}


class Marked(Plain):
    """The same text with its roles marked, by characters that are in no label."""

    def role(self, role: str, mathematics: str) -> str:
        return f"\x01{role[0]}{mathematics}\x02" if mathematics else ""

    @staticmethod
    def as_html(escaped: str) -> str:
        """The marks as the shortest elements there are: ``u`` is upstream, ``i`` local, ``b`` downstream."""
        return re.sub("\x01(.)(.*?)\x02", lambda found: "<{0}>{1}</{0}>".format(_ELEMENTS[found[1]], found[2]), escaped)


class Markdown(Plain):
    """The same text in Markdown, where nothing of it is taken for markup."""

    def inline(self, mathematics: str) -> str:
        return code_span(mathematics)


def code_span(text: str) -> str:
    """Text that Markdown shows as it is, whatever is in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"


def markdown_text(text: str) -> str:
    r"""Any text among Markdown: nothing in it is markup, HTML or a link.

    >>> print(markdown_text("<b>a_b</b>"))
    \<b\>a\_b\<\/b\>
    """
    return re.sub(f"([{re.escape(string.punctuation)}])", r"\\\1", printable(text))


def printable(text: str) -> str:
    """The text on one line, with what moves a cursor or hides text made visible."""
    return visible(" ".join(text.split()))


_NUMBER_AS_NAME = re.compile(r"\\text\{(−?(?:[\d.]+(?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|∞))\}")


class Latex(Markup):
    """LaTeX's mathematics, with amsmath."""

    style = "latex"
    operators = "+-"
    times = r" \times "
    dots = r"\cdots"
    parentheses = (r"\left(", r"\right)")

    def name(self, node: TraceNode) -> str:
        return compilable(latex_name(node.name))

    def number(self, digits: str) -> str:
        mantissa, e, exponent = as_python(digits).replace("∞", r"\infty ").partition("e")
        if digits == "nan":
            return r"\text{nan}"
        return rf"{mantissa} \cdot 10^{{{exponent}}}" if e else mantissa.strip()

    def words(self, text: str) -> str:
        return rf"\text{{{words(text)}}}"

    def formula(self, node: TraceNode) -> str:
        return self.mathematics(node.latex, node.formula)

    def local(self, edge: EdgeGrad) -> str:
        return self.mathematics(edge.latex, edge.named)

    def mathematics(self, latex: str, formula: str) -> str:
        """The LaTeX a Trace has for a formula; the formula as words where it could do more than write one."""
        return compilable(latex) if is_mathematics(latex) else self.words(formula)

    def total(self, of: TraceNode, by: TraceNode) -> str:
        return rf"\frac{{\mathrm{{d}} {self.name(of)}}}{{\mathrm{{d}} {self.name(by)}}}"

    def partial(self, edge: EdgeGrad, operand: int | None, written_out: bool) -> str:
        of = self.formula(edge.output).join(self.parentheses) if written_out else self.name(edge.output)
        return rf"\frac{{\partial {of}}}{{\partial {self.name(edge.input)}{f'^{{({operand})}}' if operand else ''}}}"

    def via(self, gradient: str, output: str, operand: int | None, lang: str) -> str:
        place = "" if operand is None else f",\\,({operand})"
        return rf"\left[{gradient}\right]_{{\text{{{words(say('via', lang=lang))} }}{output}{place}}}"

    def operation(self, op: str, operands: list[Any]) -> str:
        row = row_of(op, operands)
        if row is None:
            numbers = ", ".join(self.number(str(x)) for x in operands)
            return compilable(rf"\operatorname{{{latex_text(op)}}}({numbers})")
        # a number given as a text is taken for a name, and so comes out as \text{-1.0000}
        written = row.text_of(*operands, style="latex").replace(r"\cdot", r"\times")
        return _NUMBER_AS_NAME.sub(lambda found: self.number(found[1]), written)

    def inline(self, mathematics: str) -> str:
        return f"${mathematics}$"
