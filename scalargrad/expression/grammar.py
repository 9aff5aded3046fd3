"""From tokens to a program of ops: what may follow what, and Python's order of operations."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NoReturn

from scalargrad.expression.tokens import CONSTANTS, ExpressionError, Token, key_of, scan, shown
from scalargrad.language import say
from scalargrad.ops.registry import OPS, Op, finite

MAX_DEPTH = 100
"""How deep brackets, signs and powers may be nested."""

WRITTEN = {
    "exp10": "10^x", "rsqrt": "1/sqrt(x)", "ld": "log2(x)",
    "sec": "1/cos(x)", "csc": "1/sin(x)", "cosec": "1/sin(x)", "cot": "cos(x)/sin(x)", "ctg": "cos(x)/sin(x)",
    "tg": "tan(x)", "arcctg": "pi/2 - arctan(x)", "acot": "pi/2 - arctan(x)", "arccot": "pi/2 - arctan(x)",
    "sh": "sinh(x)", "ch": "cosh(x)", "th": "tanh(x)", "coth": "cosh(x)/sinh(x)", "sech": "1/cosh(x)",
    "csch": "1/sinh(x)", "arsh": "arcsinh(x)", "arch": "arccosh(x)", "arth": "arctanh(x)",
    "arsinh": "arcsinh(x)", "arcosh": "arccosh(x)", "artanh": "arctanh(x)",
}  # fmt: skip
"""Functions there are not, and how to write them: what is spelled nearly like them is another function."""

Item = float | str | Op
Program = tuple[Item, ...]

_NOTHING = Token("", "", 0)
_OPERANDS = ("number", "name", "power")
_OPERAND_ENDS = (*_OPERANDS, ")", "]")
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
_BINARY |= {ast.Mod: "remainder", ast.FloorDiv: "floor_divide"}
_BINARY_COMPARISONS = {
    ast.Gt: "greater", ast.GtE: "greater_equal", ast.Lt: "less", ast.LtE: "less_equal", ast.Eq: "equal",
    ast.NotEq: "not_equal",
}  # fmt: skip


def step(stack: list[Any], item: Any) -> None:
    """One step of a program: an op takes its operands from the stack and leaves its result there."""
    if isinstance(item, Op):
        count = len(item.operands)
        operands = stack[-count:]
        del stack[-count:]
        item = item(*operands)
    stack.append(item)


@dataclass(slots=True)
class _Bracket:
    """An open bracket; the whole formula stands in one without a token."""

    token: Token
    called: bool = False
    """Whether it holds the operands of a function."""
    named: set[str] = field(default_factory=set)
    """The operands given by name."""
    compared: bool = False
    pending: int = 0
    """How many signs and powers wait for what follows them."""


class Grammar:
    """The tokens of a formula, checked; ``variables`` has each variable's key and the way it was written first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: dict[str, str] = {}
        self.functions: dict[str, Op] = {key_of(alias): op for op in OPS.values() for alias in op.aliases} | OPS
        self.tokens = scan(text, self.functions)
        self._check()

    def _fail(self, message: str, column: int) -> NoReturn:
        raise ExpressionError(message, self.text, column)

    # --- what may follow what: after this, Python's grammar has nothing to complain about ----------------------------

    def _check(self) -> None:
        brackets = [_Bracket(_NOTHING)]
        before, depth = _NOTHING, 0
        for i, token in enumerate(self.tokens):
            inner = brackets[-1]
            sign = token.kind in ("+", "-") and before.kind not in _OPERAND_ENDS
            if before.kind in _OPERAND_ENDS:
                self._continues(i, inner, before)
            else:
                self._begins(i, inner, before)
            if token.kind in ("(", "["):
                brackets.append(_Bracket(token, called=before.kind == "name"))
                depth += 1
            elif token.kind in (")", "]"):
                depth -= 1 + brackets.pop().pending
            elif token.kind == "**" or sign:
                inner.pending += 1
                depth += 1
            elif token.kind not in _OPERANDS:
                depth -= inner.pending
                inner.pending = 0
            if depth > MAX_DEPTH:
                self._fail(say("brackets, signs and powers are nested more than {0} deep", MAX_DEPTH), token.column)
            before = token
        if before.kind not in _OPERAND_ENDS:
            message = (
                say("there is no number or name after {0}", before.text) if self.tokens else say("the formula is empty")
            )
            self._fail(message, len(self.text))
        if len(brackets) > 1:
            self._fail(say("this {0} is never closed", brackets[-1].token.text), brackets[-1].token.column)

    def _kind(self, i: int) -> str:
        return self.tokens[i].kind if i < len(self.tokens) else ""

    def _begins(self, i: int, inner: _Bracket, before: Token) -> None:
        """Check a token where an operand must begin."""
        token = self.tokens[i]
        if token.kind == "name":
            self._named(token, self._kind(i + 1), inner.called and before.kind in ("(", ","))
        elif token.kind == ")" and before.kind == "(" and inner.called:
            pass  # a call of nothing: which operands are missing is said later
        elif token.kind not in ("number", "+", "-", "(", "["):
            if before.text:
                self._fail(say("there is no number or name between {0} and {1}", before.text, token.text), token.column)
            self._fail(say("there is no number or name before {0}", token.text), token.column)

    def _named(self, token: Token, after: str, first_in_operand: bool) -> None:
        key = key_of(token.text)
        if after == "(":
            self._require_function(token, key)
        elif not (after == "=" and first_in_operand) and key not in CONSTANTS:
            if key in OPS or (key in self.functions and not key.isidentifier()):
                self._fail(say("{0} is a function: write {0}(…)", token.text), token.column)
            self.variables.setdefault(key, token.text)

    def _require_function(self, token: Token, key: str) -> None:
        if key in self.functions:
            return
        name = shown(token.text)
        if key in CONSTANTS:
            self._fail(say("{0} is a number, not a function: write {0}·(…) to multiply", name), token.column)
        if key in self.variables:
            self._fail(say("{0} is a variable, not a function: write {0}·(…) to multiply", name), token.column)
        if key.lower() in WRITTEN:
            self._fail(say("there is no function {0}: write {1}", name, WRITTEN[key.lower()]), token.column)
        digits = [c for c in key if c.isdigit()]  # log2 is not log1p
        known = [other for other in self.functions if [c for c in other if c.isdigit()] == digits]
        longer = [other for other in self.functions if len(key) > 2 and other.startswith(key)]
        like = longer or get_close_matches(key.lower(), known, 1, 0.7)
        if like:
            self._fail(say("there is no function {0}: did you mean {1}?", name, like[0]), token.column)
        self._fail(say("there is no function {0}; if it is a variable, write {0}·(…) to multiply", name), token.column)

    def _continues(self, i: int, inner: _Bracket, before: Token) -> None:
        """Check a token after an operand."""
        token = self.tokens[i]
        if token.kind in ("number", "name") or (token.kind == "(" and before.kind != "name"):
            left, right = shown(before.text), shown(token.text)
            factors = {")": "(…)", "]": "[…]", "power": shown(self._before(i) + before.text)}.get(before.kind, left)
            factors += "*" + ("(…)" if token.kind == "(" else right)
            message = say("there is no operator between {0} and {1}: to multiply, write {2}", left, right, factors)
            self._fail(message, token.column)
        if token.kind == "[":
            self._fail(say("a formula has no indexing: write x0 or x₀ for an element of x"), token.column)
        if token.kind == "power" and self._kind(i + 1) in ("power", "**"):
            self._fail(
                say("two powers in a row can be read in two ways: put ( ) around one"), self.tokens[i + 1].column
            )
        if token.kind in (")", "]"):
            self._closes(token, inner)
        if token.kind == ",":
            if not inner.called:
                self._fail(
                    say("a comma stands between operands of a function; the decimal sign is a point"), token.column
                )
            if inner.named and (self._kind(i + 1), self._kind(i + 2)) != ("name", "="):
                self._fail(say("operands given by name come after the others"), token.column)
        if token.kind == "=":
            if inner.called and before.kind == "name" and self._kind(i - 2) in ("(", ","):
                if key_of(before.text) in inner.named:
                    self._fail(say("{0} is given twice", shown(before.text)), before.column)
                inner.named.add(key_of(before.text))
            else:
                token = self.tokens[i] = token._replace(kind="==")
        if token.kind in _COMPARISONS:
            if inner.token.kind != "[":
                if token.text == "=":
                    self._fail(say("a formula has no =; a comparison stands in square brackets: [a = b]"), token.column)
                self._fail(say("a comparison stands in square brackets: [a {0} b]", token.text), token.column)
            if inner.compared:
                self._fail(say("one comparison to a bracket: write [a < b]·[b < c] for a < b < c"), token.column)
            inner.compared = True

    def _before(self, i: int) -> str:
        """The base of a power, as far as it is one token."""
        base = self.tokens[i - 2]
        return base.text if base.kind in _OPERANDS else "(…)"

    def _closes(self, token: Token, inner: _Bracket) -> None:
        if not inner.token.kind:
            self._fail(say("this {0} closes nothing", token.text), token.column)
        if inner.token.kind + token.kind not in ("()", "[]"):
            self._fail(say("this {0} cannot close the {1} before it", token.text, inner.token.text), token.column)
        if token.kind == "]" and not inner.compared:
            self._fail(say("square brackets hold a comparison, as in [x > 0]: to group, use ( )"), inner.token.column)

    # --- Python's order of operations --------------------------------------------------------------------------------

    def program(self) -> Program:
        """The formula in postfix order. To Python, each number and name is a name that tells which token it is."""
        names = [f"t{i}" if token.kind in _OPERANDS else token.kind for i, token in enumerate(self.tokens)]
        pieces = ["**" + name if token.kind == "power" else name for name, token in zip(names, self.tokens)]
        try:
            tree = ast.parse(" ".join(pieces), mode="eval").body
        except (RecursionError, MemoryError):  # called from very deep, with little of the stack left
            self._fail(say("the formula is too long to be read here"), 0)
        starts = itertools.accumulate((len(piece) + 1 for piece in pieces), initial=0)
        columns = {start: token.column for start, token in zip(starts, self.tokens)}
        program: list[tuple[Item, int]] = []
        todo: list[ast.expr | float] = [tree]
        while todo:  # an op before its operands, those from the right: the program backwards
            node = todo.pop()
            item, operands = (node, ()) if isinstance(node, float) else self._read(node)
            if item is not None:
                program.append((item, columns.get(getattr(node, "col_offset", -1), 0)))
            todo += operands
        program.reverse()
        self._require_finite(program)
        return tuple(item for item, _ in program)

    def _token(self, name: str) -> Token:
        return self.tokens[int(name[1:])]

    def _read(self, node: ast.expr) -> tuple[Item | None, tuple[ast.expr | float, ...]]:
        """What a node stands for, and its operands. This is all that is allowed of Python's syntax."""
        match node:
            case ast.Name(name):
                token = self._token(name)
                key = key_of(token.text)
                return (CONSTANTS.get(key, key) if token.kind == "name" else token.value), ()
            case ast.BinOp(base, ast.Pow(), ast.Name(name)) if self._token(name)[::3] == ("power", 2.0):
                return OPS["square"], (base,)
            case ast.BinOp(left, operator, right) if type(operator) in _BINARY:
                return OPS[_BINARY[type(operator)]], (left, right)
            case ast.UnaryOp(ast.USub(), operand):
                return OPS["neg"], (operand,)
            case ast.UnaryOp(ast.UAdd(), operand):
                return None, (operand,)
            case ast.List([ast.Compare(left, [comparison], [right])]):
                return OPS[_BINARY_COMPARISONS[type(comparison)]], (left, right)
            case ast.Call(ast.Name(name), operands, keywords):
                return self._call(self._token(name), operands, keywords)
        raise AssertionError(f"{type(node).__name__} should have been refused before")

    def _call(
        self, token: Token, operands: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[Op, tuple[ast.expr | float, ...]]:
        row = self.functions[key_of(token.text)]
        named = {shown(key_of(self._token(str(keyword.arg)).text)): keyword.value for keyword in keywords}
        try:
            return row, row.complete(tuple(operands), named)
        except TypeError as error:
            self._fail(str(error), token.column)

    def _require_finite(self, program: list[tuple[Item, int]]) -> None:
        """Raise where finite numbers alone give an infinity or nan: that is hardly meant."""
        stack: list[float | None] = []
        for item, column in program:
            if not isinstance(item, Op):
                stack.append(item if isinstance(item, float) else None)
                continue
            operands = stack[-len(item.operands) :]
            del stack[-len(item.operands) :]
            numbers = [x for x in operands if x is not None]
            result = item.number(*numbers) if len(numbers) == len(operands) else None
            if result is not None and finite(*numbers) and not finite(result):
                self._fail(say("the constant that begins here is {0}, not a finite number", result), column)
            stack.append(result)
