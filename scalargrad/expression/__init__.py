"""Formulas as text: ``parse("1/(1 + exp(-x))")`` is an :class:`Expression`, to be computed, drawn or differentiated.

What a formula may hold, and nothing else:

============= =========================================================================================================
numbers       ``2``, ``.5``, ``1e-3``, ``½``, and the constants ``pi`` ``π`` ``inf`` ``∞`` ``nan``
names         ``w``, ``x1``, ``w₀``, ``α``, ``скорость``, ``x′``; ``x₀`` and ``x0`` are the same variable
arithmetic    ``+ - * / **``, and ``− · × ÷ ^ x² x⁻¹`` for them, as in Python: powers first, and from the right
comparisons   in square brackets: ``[a > b]`` is 1 where it holds, else 0; ``> ≥ < ≤ = ≠`` and Python's spellings
functions     every registered op and its other names: ``exp(x)``, ``σ(x)``, ``elu(x, alpha=0.5)``
============= =========================================================================================================

No variable can be called like a constant, an op or a word of Python; like another name of an op it can: ``σ`` in
``(x - μ)/σ``. Nothing is simplified or put in another order, but ``x²`` is the op ``square``, as it is written
elsewhere. Numbers are floats; where numbers alone give infinity or nan (``10**10000``, ``1/0``), that is an error.

The text is never run. It is split into tokens (:mod:`~scalargrad.expression.tokens`), Python's ``ast`` tells the order
of operations, and what the table names becomes a program of ops (:mod:`~scalargrad.expression.grammar`). Length,
nesting and size are limited.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scalargrad.engine import Value
from scalargrad.expression.grammar import Grammar, Program, step
from scalargrad.expression.tokens import CONSTANTS, ExpressionError, key_of, listed, shown
from scalargrad.formatting import visible
from scalargrad.graph import Node
from scalargrad.language import say
from scalargrad.ops.registry import as_number
from scalargrad.symbolic import Sym

__all__ = ["CONSTANTS", "Expression", "ExpressionError", "parse"]


def parse(text: str) -> Expression:
    """The formula a text stands for.

    Raises ExpressionError, with the place of the mistake, if it is none; TypeError if it is no text.

    >>> neuron = parse("1/(1 + exp(-(w₀·x₀ + w₁·x₁ + w₂)))")
    >>> neuron.names
    ('w0', 'x0', 'w1', 'x1', 'w2')
    >>> round(neuron.evaluate(w0=2, x0=-1, w1=-3, x1=-2, w2=-3), 6)
    0.731059
    """
    if not isinstance(text, str):
        raise TypeError(
            say("parse: expected a formula as text, not {0} ({1})", visible(repr(text), 60), type(text).__name__)
        )
    grammar = Grammar(text)
    program = grammar.program()
    return Expression(text, tuple(grammar.variables), tuple(grammar.variables.values()), program)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Expression:
    """A formula, and the ways to compute it.

    Values are given by name. Too few of them or unknown ones are a TypeError that names them.
    """

    text: str
    """The text it was parsed from."""
    names: tuple[str, ...]
    """Its variables in the order they appear, subscripts as plain digits: ``x0`` for ``x₀``."""
    labels: tuple[str, ...]
    """The same variables as they were written first."""
    program: Program
    """The formula in postfix order: a number and the value of a variable go on a stack, an op takes its operands from
    there."""

    def evaluate(self, /, **values: Any) -> Any:
        """Its value for these numbers, a float; on arrays an array, and so on for all that ops work on.

        >>> parse("x^2 + y²").evaluate(x=3, y=4)
        25.0
        """
        given = {name: _operand(name, value) for name, value in self._given(values).items()}
        return self._run(self.program, given)

    def graph(self, /, **values: Any) -> Any:
        """Its computational graph: a Value whose leaves bear the names of the variables as they were written.

        Each variable is one leaf, however often it appears. A Value given for one is the leaf itself.

        >>> y = parse("x·x").graph(x=3)
        >>> y.backward()
        >>> y.inputs[0], y.inputs[0].grad
        (Value(3.0, label='x'), 6.0)
        """
        leaves = {
            name: value if isinstance(value, Node) else Value(as_number(value, shown(name)), label=label)
            for (name, value), label in zip(self._given(values).items(), self.labels)
        }
        result = self._run(self.program, leaves)
        return result if isinstance(result, Node) else Value(result)

    def symbol(self) -> Sym:
        r"""The same formula in symbols, which are written as text and as LaTeX.

        >>> from scalargrad.symbolic import latex
        >>> formula = parse("1/2*x0^2").symbol()
        >>> print(formula, latex(formula))
        1/2·x₀^2 \frac{1}{2} \cdot x_{0}^{2}
        """
        numbers = [Sym.number(item) if isinstance(item, float) else item for item in self.program]
        return self._run(numbers, {name: Sym.named(name) for name in self.names})  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"parse({self.text!r})"

    @staticmethod
    def _run(program: Any, values: Mapping[str, Any]) -> Any:
        stack: list[Any] = []
        for item in program:
            step(stack, values[item] if isinstance(item, str) else item)
        return stack[0]

    def _given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values in the order of ``names``."""
        given: dict[str, Any] = {}
        for name, value in values.items():
            key = key_of(name)
            if key in given:
                raise TypeError(say("{0} is given twice: {1} is the same variable", shown(key), shown(name)))
            if key in CONSTANTS:
                raise TypeError(say("{0} is a constant in formulas and takes no value", key))
            given[key] = value
        unknown = [key for key in given if key not in self.names]
        if unknown:
            has = say("its variables are {0}", listed(self.names)) if self.names else say("it has none")
            raise TypeError(say("the formula has no variable {0}: {1}", listed(unknown), has))
        missing = [name for name in self.names if name not in given]
        if missing:
            hint = say("; the exponential function is exp(x)") if "e" in missing else ""
            raise TypeError(
                say("the formula needs a value for {0}: give {1}=…{2}", listed(missing), shown(missing[0]), hint)
            )
        return {name: given[name] for name in self.names}


def _operand(name: str, value: Any) -> Any:
    np = sys.modules.get("numpy")
    if hasattr(type(value), "_apply_op") or (np is not None and isinstance(value, np.ndarray) and value.ndim):
        return value
    return as_number(value, shown(name))
