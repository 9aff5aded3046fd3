"""A row read as its documentation: what ``help(op)`` shows. All of it is computed from the row when it is asked for."""

from __future__ import annotations

import itertools
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from scalargrad.ops.registry import Op
from scalargrad.ops.structure import StructuralOp
from scalargrad.symbolic.forward import forward, functions
from scalargrad.symbolic.partials import saved, shown_derivative, written
from scalargrad.symbolic.tidying import tidy
from scalargrad.symbolic.writing import number_text, text

_PROBES = (0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 1000.0, -1000.0)
_SHOWN = (0.5, 2.0, 1.0, -1.0, 0.25)


def document(row: Any) -> str:
    """The documentation of an op: formulas, what is saved, kinks, domain, shapes, errors, an example and its result."""
    blocks = [f"{row.name}{row.signature}: {row.note}."]
    parts: Iterable[Iterable[str]] = _of_elementwise(row) if isinstance(row, Op) else _of_structural(row)
    # a row of a user's own may not run on symbols, or not at the numbers tried here: the rest is shown then
    with suppress(Exception), np.errstate(all="ignore"):
        for block in parts:
            blocks.append("\n".join(block))
    return "\n\n".join(blocks)


def _wrapped(facts: Iterable[str]) -> list[str]:
    return [textwrap.fill(fact, 100, subsequent_indent="    ", break_long_words=False) for fact in facts]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _no_gradient(row: Any) -> str:
    return f"No gradient passes through it (NotDifferentiableError): {row.why_not}."


# --- elementwise -----------------------------------------------------------------------------------------------------


def _of_elementwise(op: Op) -> Iterator[Iterable[str]]:
    y = op.partials[0].__code__.co_varnames[0] if op.partials else "y"
    plain = forward(op)
    forms = [written(op, op.operands)] + [str(plain)] * (op.name not in functions(plain))
    formulas = [" = ".join([y, *dict.fromkeys(forms)])]
    for i, name in enumerate(op.operands if op.partials else ()):
        formulas.append(f"∂{y}/∂{name} = {text(tidy(shown_derivative(op, i, op.operands, y)))}")
    yield _indented(formulas)
    yield _wrapped(_facts(op, y))
    yield _indented(_example(op, y))


def _facts(op: Op, y: str) -> Iterable[str]:
    if op.why_not:
        yield _no_gradient(op)
    else:
        needed = frozenset[str]().union(*[saved(op, i) for i in range(len(op.operands))])
        names = [y if name == "output" else name for name in [*op.operands, "output"] if name in needed]
        yield f"Saved for backward: {', '.join(names) or 'nothing'}."
    for kink in op.kinks:
        at = ", ".join(f"{name} = {number_text(x)}" for name, x in zip(op.operands, kink.at))
        slopes = ", ".join(f"∂{y}/∂{name} = {number_text(x)}" for name, x in zip(op.operands, kink.slopes))
        yield f"Kink (for example {at}): {slopes}."
    found = "; ".join(f"{op.name}({', '.join(map(number_text, at))}) is {number_text(x)}" for at, x in _not_finite(op))
    yield f"Domain: {found} (IEEE values, never an exception)." if found else "Domain: all numbers."
    several = len(op.operands) > 1
    yield f"Shapes: any{', broadcast together as in NumPy' * several}; the result has one element for each."
    yield f"Raises TypeError for what is no number{', ValueError for shapes that do not broadcast' * several}."
    if op.aliases or op.activation:
        module = [f"scalargrad.nn.{op.activation} as a module"] * bool(op.activation)
        yield f"Also {', '.join([*module, *[f'{alias} in formulas' for alias in op.aliases]])}."


def _not_finite(op: Op) -> list[tuple[tuple[float, ...], float]]:
    """For each result that is not finite the simplest finite operands that give it."""
    found: dict[str, tuple[tuple[float, ...], float]] = {}
    for at in sorted(itertools.product(_PROBES, repeat=len(op.operands)), key=lambda at: sum(map(abs, at))):
        y = op.number(*at)
        if y - y != 0 and number_text(y) not in found:
            found[number_text(y)] = at, y
    return list(found.values())


def _example(op: Op, y: str) -> list[str]:
    """A call with its result and gradients, as a doctest."""
    names = op.operands[: len(op.operands) - len(op.defaults)]
    at = [
        next((x for x in _SHOWN[i:] + _SHOWN if low < x < high), (low + high) / 2)
        for i, (low, high) in enumerate(op.domain[: len(names)])
    ]
    if op.why_not:
        shown = ", ".join(map(repr, at))
        return [f">>> from scalargrad import {op.name}", f">>> {op.name}({shown})", repr(op(*at))]
    made = "Value(" + "), Value(".join(map(repr, at)) + ")"
    operands = (*at, *op.defaults)
    value = op.number(*operands)
    results = [value, *[0.0 + op.local(i, value, operands) for i in range(len(names))]]
    return [
        f">>> from scalargrad import Value, {op.name}",
        f">>> {', '.join(names)} = {made}",
        f">>> {y} = {op.name}({', '.join(names)})",
        f">>> {y}.backward()",
        f">>> {', '.join([f'{y}.data', *[f'{name}.grad' for name in names]])}",
        repr(tuple(results)),
    ]


# --- structural ------------------------------------------------------------------------------------------------------


def _of_structural(op: StructuralOp) -> Iterator[Iterable[str]]:
    if op.formulas:
        names = op.operands or ["each array"]
        formulas = [f"the downstream of {name} is {_formula(op, i)}" for i, name in enumerate(names)]
        yield _indented([*formulas, "for the upstream Ḡ and the result Y"])
    calls = [call for sample in op.samples for call in _calls(sample)]
    shapes = [f"{', '.join(map(str, map(np.shape, call[0])))} → {call[2].shape}{_with(op, call[1])}" for call in calls]
    facts = [_no_gradient(op)] if op.why_not else [f"Saved for backward: {_saved(op, *call)}." for call in calls[:1]]
    facts += ["Raises TypeError for what is no number; shapes and settings that do not fit are named in the error."]
    yield [*_wrapped(facts), "Shapes:", *_indented(dict.fromkeys(shapes))] if shapes else _wrapped(facts)
    for operands, settings, result in calls[:1]:
        call = f"{op.name}({_arguments(op, operands, settings)})"
        yield _indented([f">>> from scalargrad import {op.name}", f">>> {call}", *_shown(result)])


def _shown(result: Any) -> list[str]:
    return repr(result[()]).replace("\n\n", "\n<BLANKLINE>\n").splitlines()


def _formula(op: StructuralOp, place: int) -> str:
    return re.sub(r"#(\d)", lambda hole: op.operands[int(hole[1]) - 1], op.formula(place))


def _saved(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any], y: Any) -> str:
    """What the downstreams depend on: found by giving the pullbacks other numbers in its place."""
    arrays = [np.asarray(x) for x in operands]
    inner = op.forward(np, *arrays, **settings)[1] if op.saves else None

    def downstreams(y: Any, arrays: list[Any]) -> list[Any]:
        found = [op.downstream(i, np.ones(y.shape), y, tuple(arrays), settings, inner) for i in range(len(arrays))]
        return [x for x, a in zip(found, arrays) if a.dtype.kind == "f"]

    def needs(y: Any, arrays: list[Any]) -> bool:
        return any(not np.array_equal(a, b) for a, b in zip(downstreams(y, arrays), usual))

    usual = downstreams(y, arrays)
    others = [np.roll(a, 1) if a.dtype.kind in "iu" else np.full(a.shape, np.nan) for a in arrays]
    names = op.operands or ["the other arrays"] * len(arrays)
    found = [name for i, name in enumerate(names) if needs(y, [*arrays[:i], others[i], *arrays[i + 1 :]])]
    found += ["Y"] * needs(np.full(y.shape, np.nan), arrays) + ["what the forward computed on the way"] * op.saves
    return ", ".join(dict.fromkeys(found)) or "nothing but shapes and settings"


def _given(op: StructuralOp, settings: dict[str, Any]) -> list[str]:
    defaults = dict(op.parameters())
    return [f"{name}={value!r}" for name, value in settings.items() if value != defaults[name]]


def _with(op: StructuralOp, settings: dict[str, Any]) -> str:
    given = _given(op, settings)
    return f" with {', '.join(given)}" if given else ""


def _arguments(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> str:
    """A call's arguments as they are written: arrays, then the settings that differ from their defaults."""
    arrays = [repr(np.asarray(x).tolist()) for x in operands]
    first, _ = op.parameters()[0]
    if first in settings:  # the subscripts of einsum
        return ", ".join([repr(settings[first]), *arrays])
    return ", ".join([f"[{', '.join(arrays)}]"] * op.many + arrays * (not op.many) + _given(op, settings))


def _calls(sample: Callable[..., Any]) -> list[tuple[tuple[Any, ...], dict[str, Any], Any]]:
    """The operands, settings and result of a sample, its numbers being 1, 2, 3, …; none if it changed the operands."""
    calls = []

    class Recorded(np.ndarray):
        @staticmethod
        def _apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
            result = np.asarray(op.on_arrays(operands, settings))
            calls.append((operands, settings, result))
            return result.view(Recorded)

    numbers, made = itertools.count(1.0), list[tuple[int, ...]]()

    def make(*shape: int) -> Any:
        made.append(shape)
        return np.array([next(numbers) for _ in range(math.prod(shape))]).reshape(shape).view(Recorded)

    sample(make)
    operands = calls[-1][0]
    return [calls[-1]] if [np.shape(x) for x in operands[: len(made)]] == made else []
