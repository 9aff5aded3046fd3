"""Functions in the graph: the ``op`` of their nodes, and how they go backward."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from scalargrad import modes
from scalargrad.engine import Value, kind_of, record
from scalargrad.function.context import Context, Saved, called, changed_in_place, counted
from scalargrad.ops.registry import NotDifferentiableError, as_number, is_number
from scalargrad.rules import Rule
from scalargrad.symbolic import STYLES, Sym, as_sym, latex_text, tidy


def apply(function: Any, operands: tuple[Any, ...]) -> Any:
    """The node of a Function on Values and numbers; a number if there is no Value among them.

    Other kinds of nodes have a way of their own.
    """
    for x in operands:
        own = getattr(type(x), "_apply_function", None)
        if own is not None:
            return own(function, operands)
    of_values = tuple(isinstance(x, Value) for x in operands)
    inputs = tuple(x if isinstance(x, Value) else as_number(x, f"{function.__name__}.apply") for x in operands)
    data, saved = _run(function, operands)
    if not any(of_values):
        return data
    constants = tuple(None if of_value else x for x, of_value in zip(operands, of_values))
    op = FunctionOp(function, constants, tuple(x._data if isinstance(x, Value) else x for x in inputs), saved)
    return record(FunctionRule(op, of_values), data, inputs, kind_of(inputs))


def _run(function: Any, operands: Sequence[Any]) -> tuple[float, Saved]:
    """The result of ``forward``, and what it saved."""
    context = Context(tuple(isinstance(x, Value) for x in operands))
    before = [x._data if isinstance(x, Value) else None for x in operands]
    with modes.no_grad(), modes.tracing(None):  # it sees the numbers, and is called anew where code is traced
        result = called(function, "forward", context, *operands)
    for i, (x, number) in enumerate(zip(operands, before)):
        if number is not None and x._data is not number and not (x._data == number or number != number):
            x.data = number
            raise changed_in_place(function, i)
    where = f"{function.__name__}.forward"
    if result is None:
        raise TypeError(f"{where} returned nothing: end it with return and the result")
    if isinstance(result, (tuple, list)):
        raise TypeError(f"{where} returned {len(result)} results: a Function has one, a Value or a number")
    data = result._data if isinstance(result, Value) else as_number(result, where)
    return data, Saved.of(context, operands, result)


class WrittenFunction:
    """How a Function is written in formulas: as a call of its name."""

    __slots__ = ("constants", "function", "saved")
    precedence = latex_precedence = 9
    constants: tuple[Any, ...]
    function: Any
    saved: Saved

    @property
    def name(self) -> str:
        """The name of the class."""
        return str(self.function.__name__)

    symbol = name

    @property
    def text(self) -> str:
        """The written form, ``#1`` standing for the first operand."""
        return _call(self.name, [f"#{i + 1}" for i in range(len(self.constants))], "text")

    @property
    def latex(self) -> str:
        """The same in LaTeX."""
        return _call(self.name, [f"#{i + 1}" for i in range(len(self.constants))], "latex")

    def text_of(self, *operands: str | float, style: str = "text") -> str:
        """The call with these names or numbers as operands, in ``style`` "text" or "latex"."""
        return _call(self.name, [STYLES[style](as_sym(x)) for x in operands], style)

    def __repr__(self) -> str:
        return f"<function {self.name}>"

    def filled(self, operands: Iterable[Any]) -> tuple[Any, ...]:
        """The operands, what is no node being as it was given: an int is still an int."""
        return tuple(x if constant is None else constant for x, constant in zip(operands, self.constants))


class FunctionOp(WrittenFunction):
    """The ``op`` of one node: the Function, and what this call saved.

    To the readers of a graph it is like an :class:`~scalargrad.ops.registry.Op`. ``constants`` are the operands that
    are plain numbers, as they were given, with None in the place of the others; ``numbers`` are all of them as they
    were then.
    """

    __slots__ = ("numbers",)

    def __init__(self, function: Any, constants: tuple[Any, ...], numbers: tuple[float, ...], saved: Saved) -> None:
        self.function = function
        self.constants = constants
        self.numbers = numbers
        self.saved = saved

    # --- on numbers --------------------------------------------------------------------------------------------------

    def recomputed(self, y: float, operands: tuple[float, ...]) -> float:
        """What ``forward`` gives on these operands, ``y`` if they are those of the call."""
        return y if self._are_as_called(operands) else _run(self.function, self.filled(map(Value, operands)))[0]

    def local(self, position: int, y: float, operands: tuple[float, ...]) -> float:
        """The local derivative by one operand: twice what ``backward`` gives for the upstream gradient ½.

        (A backward that forgets its upstream gives the same for 1 as it should; so 1 would not find it out.)
        """
        own = self.filled(map(Value, operands))
        saved = self.saved if self._are_as_called(operands) else _run(self.function, own)[1]
        with modes.no_grad():
            gradient = self._returned(saved.context(own, Value(y)), Value(0.5))[position]
        return 0.0 if gradient is None else 2.0 * float(gradient)

    def _are_as_called(self, operands: tuple[float, ...]) -> bool:
        return all(a == b or (a != a and b != b) for a, b in zip(operands, self.numbers))

    # --- on Values ---------------------------------------------------------------------------------------------------

    def downstreams(self, node: Value) -> list[float]:
        """``upstream × local`` for each operand of the node, as numbers."""
        numbers = tuple(map(float, node.inputs))
        saved = self.saved
        if not self._are_as_called(numbers):  # though the result is the same
            saved = _run(self.function, self.filled(map(Value, numbers)))[1]
        with modes.no_grad():
            context = saved.context(self.filled(node.inputs), node)
            return [0.0 if x is None else float(x) for x in self._returned(context, Value(node.grad))]

    def pullback(self, upstream: Any, y: Any, operands: tuple[Any, ...], needed: tuple[bool, ...]) -> list[Any]:
        """``upstream × local`` for each needed operand (None for the others), recorded, so with a graph behind it.

        A number that may depend on the operands but has no graph becomes a node that has no derivative.
        """

        def ending(x: Any) -> Any:
            values = tuple(operand for operand in operands if isinstance(operand, Value))
            return record(FunctionRule(Ending(self.name), (True,) * len(values)), float(x), values)

        context = self.saved.context(self.filled(operands), y, ending)
        context.needs_input_grad = needed
        found = [gradient if need else None for gradient, need in zip(self._returned(context, upstream), needed)]
        return [ending(x) if is_number(x) and x != 0 else x for x in found]

    # --- on symbols --------------------------------------------------------------------------------------------------

    def formula(self, position: int, operands: tuple[str | float, ...], style: str = "text") -> str:
        """The local derivative by one operand with these names: ``backward`` read on symbols.

        Where it cannot be read, since it asks for numbers or uses what ``forward`` computed, it is ``∂name/∂x``.
        """
        symbols = tuple(map(as_sym, operands))
        itself: Any = self
        y = Sym(itself, symbols, None) if len(symbols) < 10 else Sym.named(f"{self.name}(…)")  # #10 is no place
        try:
            context = self.saved.context(self.filled(symbols), y, _unreadable)
            gradient = self._returned(context, Sym.number(1.0))[position]
            return STYLES[style](tidy(as_sym(0.0 if gradient is None else gradient)))
        except Exception:
            return partial_text(self.name, symbols[position], style)

    # --- on any of them ----------------------------------------------------------------------------------------------

    def _returned(self, context: Context, upstream: Any) -> list[Any]:
        """What ``backward`` returns: for each operand a gradient or None, for a constant None."""
        where, count = f"{self.name}.backward", len(self.constants)
        returned = called(self.function, "backward", context, upstream)
        gradients = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        if len(gradients) != count:
            raise TypeError(
                f"{where} returned {counted(len(gradients), 'gradient')} for {counted(count, 'operand')}: "
                "return one for each, None where there is none"
            )
        for i, x in enumerate(gradients):
            if not (x is None or is_number(x) or isinstance(x, (Value, Sym))):
                raise TypeError(f"{where} returned a {type(x).__name__} for operand {i}, not a Value or a number")
        return [x if constant is None else None for x, constant in zip(gradients, self.constants)]


class Ending:
    """The ``op`` of a number that a backward took from outside the graph: it has a value, but no derivative.

    The number may well depend on the operands, only how is not known; to call it a constant could be wrong.
    """

    __slots__ = ("function",)
    name = symbol = "saved"

    def __init__(self, function: str) -> None:
        self.function = function

    def recomputed(self, y: float, operands: tuple[float, ...]) -> float:
        """The number itself."""
        return y

    def local(self, *_: Any) -> NoReturn:
        """Raise NotDifferentiableError, as the two below do."""
        raise NotDifferentiableError(
            f"{self.function} cannot be differentiated again: its backward uses a number that forward computed and "
            "saved, or that has left the graph; save operands and the result only, and compute the rest in backward"
        )

    downstreams = pullback = local

    def text_of(self, *operands: str | float, style: str = "text") -> str:
        """What it may depend on."""
        return _call(self.name, [STYLES[style](as_sym(x)) for x in operands], style)

    def formula(self, position: int, operands: tuple[str | float, ...], style: str = "text") -> str:
        """The derivative that is not known."""
        return partial_text(self.name, as_sym(operands[position]), style)


class FunctionRule(Rule):
    """The rule of a single node: like any rule, but shared with no other node, and copied with its own."""

    __slots__ = ()

    def __init__(self, op: FunctionOp | Ending, of_values: tuple[bool, ...]) -> None:
        self.op = op
        self.of_values = of_values

    def backward(self, node: Value) -> None:
        """Add the downstream gradients to those of the operands."""
        for operand, of_value, gradient in zip(node.inputs, self.of_values, self.op.downstreams(node)):
            if of_value:
                operand.grad += gradient

    def __reduce__(self) -> tuple[Any, ...]:
        return FunctionRule, (self.op, self.of_values)

    def __deepcopy__(self, memo: Any) -> FunctionRule:
        return FunctionRule(copy.deepcopy(self.op, memo), self.of_values)


def _unreadable(computed: Any) -> NoReturn:
    raise TypeError("what forward computed has no formula")


def _title(name: str, style: str) -> str:
    return rf"\operatorname{{{latex_text(name)}}}" if style == "latex" else name


def _call(name: str, operands: list[str], style: str) -> str:
    return f"{_title(name, style)}({', '.join(operands)})"


def partial_text(name: str, operand: Sym, style: str) -> str:
    top, bottom = _title(name, style), STYLES[style](operand)
    return rf"\frac{{\partial {top}}}{{\partial {bottom}}}" if style == "latex" else f"∂{top}/∂{bottom}"
