"""Formulas read back to numbers, for the tests: text by the parser, LaTeX by a small reader."""

import math
import re

from scalargrad import OPS
from scalargrad.expression import parse


def value_of(sym, variables):
    """What a formula tree is for these numbers."""
    if sym.op is not None:
        return sym.op(*(value_of(x, variables) for x in sym.args))
    return sym.atom if isinstance(sym.atom, float) else variables[sym.atom]


def read(formula, variables, style):
    if style == "latex":
        return Latex(formula, variables).value()
    expression = parse(formula)
    return expression.evaluate(**{name: variables[name] for name in expression.names})


MEANING = {"max": "maximum", "min": "minimum", "ln": "log", "sigma": "sigmoid", "H": "heaviside", "Phi": "ndtr"}
COMPARED = {">": "greater", "<": "less", "=": "equal", r"\ge": "greater_equal", r"\le": "less_equal"}
COMPARED |= {r"\ne": "not_equal"}


class Latex:
    """A reader of the LaTeX that formulas are written in: by recursive descent, straight to the number."""

    TOKEN = re.compile(r"\s*(\\begin\{cases\}|\\end\{cases\}|\\text\{otherwise\}|\\\\|\\[A-Za-z]+|\d+\.?\d*|[^\s\\])")
    NAMED = (
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "max",
        "min",
        "ln",
        "sigma",
        "Phi",
    )

    def __init__(self, formula, variables):
        self.tokens = self.TOKEN.findall(formula.replace(r"\_", "_"))
        self.variables = variables
        self.formula = formula

    def value(self):
        result = self.sum()
        assert not self.tokens, f"{self.formula}: {self.tokens} left over"
        return result

    def next(self):
        return self.tokens[0] if self.tokens else ""

    def take(self, *expected):
        token = self.tokens.pop(0)
        assert not expected or token in expected, f"{self.formula}: {token} instead of {expected}"
        return token

    def group(self):
        self.take("{")
        result = self.sum()
        self.take("}")
        return result

    def sum(self):
        result = self.product()
        while self.next() in ("+", "-"):
            sign = self.take()
            term = self.product()
            result = result + term if sign == "+" else result - term
        return result

    def product(self):
        if self.next() == "-":
            self.take()
            return -self.product()
        result = self.power()
        while self.next() in (r"\cdot", r"\bmod"):
            if self.take() == r"\cdot":
                result *= self.power()
            else:
                result = OPS["remainder"](result, self.power())
        return result

    def power(self):
        base = self.atom()
        if self.next() != "^":
            return base
        self.take()
        exponent = self.group()
        assert self.next() != "^", f"{self.formula}: a double superscript is no LaTeX"
        return OPS["pow"](base, exponent)

    def bracketed(self, *closing):
        values = [self.sum()]
        while self.next() == ",":
            self.take()
            values.append(self.sum())
        self.take(*closing)
        return values

    def parenthesised(self):
        if self.take("(", r"\left") == r"\left":
            self.take("(")
            values = self.bracketed(r"\right")
            self.take(")")
            return values
        return self.bracketed(")")

    def atom(self):
        token = self.take()
        if re.fullmatch(r"\d+\.?\d*", token):
            return float(token)
        if token == "e" and self.next() == "^":
            self.take()
            return OPS["exp"](self.group())
        if token in self.variables:
            return self.variables[token]
        if token == "(":
            (result,) = self.bracketed(")")
            return result
        if token == "[":
            left = self.sum()
            comparison = COMPARED[self.take()]
            right = self.sum()
            self.take("]")
            return OPS[comparison](left, right)
        assert token.startswith("\\"), f"{self.formula}: {token}"
        return self.command(token[1:])

    def command(self, name):
        if name == "frac":
            above = self.group()
            return OPS["div"](above, self.group())
        if name == "log":
            for token in "_{":
                self.take(token)
            base = self.take("2", "10")
            self.take("}")
            return OPS[f"log{base}"](*self.parenthesised())
        if name == "sqrt" and self.next() == "[":
            for token in "[3]":
                self.take(token)
            return OPS["cbrt"](self.group())
        if name == "sqrt":
            return OPS["sqrt"](self.group())
        if name == "infty":
            return math.inf
        if name == "left":
            return self.delimited(self.take())
        if name == "begin{cases}":
            chosen = self.sum()
            self.take(",")
            self.take("&")
            condition = self.sum()
            self.take("\\\\")
            other = self.sum()
            for token in (",", "&", r"\text{otherwise}", r"\end{cases}"):
                self.take(token)
            return OPS["where"](condition, chosen, other)
        if name == "operatorname":
            self.take("{")
            name = ""
            while self.next() != "}":
                name += self.take()
            self.take("}")
            if name == "BCE":
                p, y = self.parenthesised()
                return -(y * math.log(p) + (1 - y) * math.log(1 - p))
        else:
            assert name in self.NAMED, f"{self.formula}: \\{name}"
        return OPS[MEANING.get(name, name)](*self.parenthesised())

    def delimited(self, opening):
        inner = self.sum()
        self.take(r"\right")
        closing = {"|": "|", "(": ")", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}[opening]
        self.take(closing)
        function = {"|": "abs", r"\lfloor": "floor", r"\lceil": "ceil"}.get(opening)
        return OPS[function](inner) if function else inner
