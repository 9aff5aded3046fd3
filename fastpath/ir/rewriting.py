"""Simplifications: what an instruction is when something is known of its operands.

Each rule gives an Expr with the same numbers, or None to leave the instruction as it is. Products with 0 stay: what is
multiplied may be infinite. In the forward pass the numbers of elementwise instructions are the same bit for bit, signs
of zeros and overflows included: ``floor(x / 49)`` and ``1 / (0 - x)`` are what they are in NumPy. The backward pass is
free to round otherwise, as long as no factor is so large or small that a product of two might overflow or vanish.

The rules are applied as Exprs are made, so that equal ones are one from the start; these here hold for every emitter,
and ``build.rules`` has those of the emitter itself, by a ufunc's name or ``add.reduce``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastpath.ir.build import Builder
    from fastpath.ir.expr import Expr

Shape = tuple[int, ...]
Rules = dict[str, Callable[..., Any]]
"""Functions of a Builder and operands that give an Expr, or None: by the ufunc's name, or ``add.reduce``."""


def number(a: Expr) -> float | None:
    """The number that a constant, or a repeated one, is made of."""
    if a.code == "broadcast":
        a = a.inputs[0]
    return a.value.item() if a.value is not None and a.value.size == 1 else None


def simplified(build: Builder, name: str, exprs: list[Expr], shape: Shape) -> Any:
    """A ufunc of these operands in simpler form. Repeated operands are put back to what they were in ``exprs``."""
    inner = [a.inputs[0] if a.code == "broadcast" else a for a in exprs]
    smaller = np.broadcast_shapes(*[x.shape for x in inner])
    if smaller != shape:
        return build.broadcast_to(build.ufunc(name, *inner), shape)
    exprs[:] = inner
    better = _RULES[name](build, *exprs) if name in _RULES else None
    if better is None and name in build.rules:
        better = build.rules[name](build, *exprs)
    return build.broadcast_to(better, shape) if better is not None else None


def is_exact(build: Builder) -> bool:
    """Whether rounding must stay as it is: in the forward pass."""
    return build.origin is None or build.origin[0] == "forward"


def _is_above(a: Expr) -> bool:
    """Whether no element of an array can be −0."""
    if a.code == "add":
        return any(map(_is_above, a.inputs))
    return (a.code == "reduce" and a.settings[0] == "add") or _is_positive(a)


def _is_positive(a: Expr) -> bool:
    """Whether no element of an array can be below 0, or −0."""
    if a.value is not None:
        return not bool(np.signbit(a.value).any())
    if a.code in _POSITIVE or (a.code == "multiply" and a.inputs[0] is a.inputs[1]):
        return True
    return a.code in _KEEPING and all(map(_is_positive, a.inputs))


_POSITIVE = frozenset(["exp", "absolute", "square", "cosh"])
_KEEPING = frozenset(
    ["add", "multiply", "divide", "sqrt", "maximum", "minimum", "reduce", "reshape", "broadcast", "transpose", "slice"]
)


def added_to_0(build: Builder, a: Expr) -> Expr:
    """The sum of a single element, which is 0 for −0."""
    if not is_exact(build) or a.dtype.kind != "f" or _is_above(a):
        return a
    whole: Expr = build.ufunc("add", a, 0.0)
    return whole


def is_moderate(*factors: float) -> bool:
    """Whether these factors, their products and quotients are far from the largest and smallest numbers."""
    return all(_SMALLEST < abs(x) < 1 / _SMALLEST for x in factors)


_SMALLEST = 2.0**-40


def _is_minus(a: Expr) -> bool:
    """Whether the number that a constant is made of has a minus, as −0 has."""
    value = number(a)
    return value is not None and math.copysign(1.0, value) < 0


def _is_power_of_2(x: float) -> bool:
    return math.frexp(x)[0] in (0.5, -0.5)


def _add(build: Builder, a: Expr, b: Expr) -> Any:
    for one, other in ((a, b), (b, a)):
        if number(one) == 0 and (_is_minus(one) or _is_above(other) or not is_exact(build)):
            return other
        if one.code == "negative":
            return build.ufunc("subtract", other, one.inputs[0])
    if a is b:
        return build.ufunc("multiply", a, 2.0)
    if a.number > b.number:
        return build.ufunc("add", b, a)  # the same sum, whichever way it is written
    return None


def _subtract(build: Builder, a: Expr, b: Expr) -> Any:
    if number(b) == 0 and (not _is_minus(b) or _is_above(a) or not is_exact(build)):
        return a
    if number(a) == 0 and (_is_minus(a) or not is_exact(build)):
        return build.ufunc("negative", b)
    return build.ufunc("add", a, b.inputs[0]) if b.code == "negative" else None


def _negative(build: Builder, a: Expr) -> Any:
    if a.code == "negative":
        return a.inputs[0]
    if a.code == "subtract" and not is_exact(build):
        return build.ufunc("subtract", a.inputs[1], a.inputs[0])
    if a.code == "multiply" and a.inputs[1].value is not None and a.inputs[1].size == 1:
        return build.ufunc("multiply", a.inputs[0], -a.inputs[1].value)
    return None


def _multiply(build: Builder, a: Expr, b: Expr) -> Any:
    if number(b) is None and (number(a) is not None or a.number > b.number):
        return build.ufunc("multiply", b, a)  # numbers stand on the right
    factor = number(b)
    if factor == 1:
        return a
    if factor == -1:
        return build.ufunc("negative", a)
    if factor is not None and b.size == 1 and math.isfinite(factor):
        if a.code == "negative":
            return build.ufunc("multiply", a.inputs[0], -b.value)
        before = number(a.inputs[1]) if a.code == "multiply" and a.inputs[1].size == 1 else None
        if before is not None and is_moderate(before, factor) and not is_exact(build):
            joint = np.asarray(a.inputs[1].value * b.value)
            if a.inputs[0].dtype == bool:
                return build.make("multiply", (a.inputs[0], build.constant(joint)), None, a.shape, a.dtype)
            return build.ufunc("multiply", a.inputs[0], joint)
    for one, other in ((a, b), (b, a)):
        if one.code == "negative":
            return build.ufunc("negative", build.ufunc("multiply", one.inputs[0], other))
        if one.code == "cast" and one.inputs[0].dtype == bool and other.dtype == one.dtype and number(other) is None:
            return build.make("multiply", (other, one.inputs[0]), None, _shape(one, other), one.dtype)
    if a.code == "cast" and a.inputs[0].dtype == bool and b.value is not None:
        return build.make("multiply", (a.inputs[0], b), None, _shape(a, b), a.dtype)
    return None


def _shape(*exprs: Expr) -> Shape:
    return np.broadcast_shapes(*[x.shape for x in exprs])


def _divide(build: Builder, a: Expr, b: Expr) -> Any:
    by = number(b)
    if by == 1:
        return a
    if by and b.size == 1 and is_moderate(by) and number(a) is None and (_is_power_of_2(by) or not is_exact(build)):
        return build.ufunc("multiply", a, 1 / b.value)
    return None


def _power(build: Builder, a: Expr, b: Expr) -> Any:
    exponent = number(b)
    if exponent == 1:
        return a
    if exponent == 2:
        return build.ufunc("multiply", a, a)
    if exponent == 3:
        return build.ufunc("multiply", build.ufunc("multiply", a, a), a)
    return build.ufunc("divide", 1.0, a) if exponent == -1 else None


def _greater(build: Builder, a: Expr, b: Expr) -> Any:
    if number(b) == 0 and b.size == 1:  # where max(a, 0) is computed, a itself need not be kept: the sign is the same
        rectified = build.table.get(("maximum", None, a.dtype, a.shape, id(a), id(b)))
        if rectified is not None:
            return build.ufunc("greater", rectified, b)
    return None


_RULES: Rules = {
    "add": _add,
    "subtract": _subtract,
    "negative": _negative,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "greater": _greater,
}


def simplified_where(build: Builder, mask: Expr, a: Expr, b: Expr, shape: Shape) -> Any:
    """``where`` of 1 and 0 is the mask itself."""
    if (number(a), number(b)) == (1, 0) and not _is_minus(b):
        return build.broadcast_to(build.cast(mask, a.dtype), shape)
    if a is b:
        return build.broadcast_to(a, shape)
    return None


def simplified_reduction(build: Builder, name: str, a: Expr, axes: tuple[int, ...], shape: Shape) -> Any:
    """A sum of equal numbers is a product, a sum of products of two arrays a dot product."""
    if name != "add":
        return None
    if a.code == "broadcast" and a.inputs[0].size == 1:
        count = math.prod(a.shape[i] for i in axes)
        if not count:
            return build.broadcast_to(build.constant(np.zeros((), a.dtype)), shape)
        one = added_to_0(build, build.reshape(a.inputs[0], ()))
        return build.broadcast_to(build.ufunc("multiply", one, float(count)), shape)
    if len(axes) == a.ndim > 1 and 1 in a.shape and a.code != "multiply":
        return build.reduce("add", build.reshape(a, (-1,)))
    if a.code == "multiply" and len(axes) == a.ndim:
        left, right = a.inputs
        if left.shape == right.shape == a.shape and left.dtype == right.dtype and a.size > 1:
            return build.matmul(build.reshape(left, (-1,)), build.reshape(right, (-1,)))
    own = build.rules.get("add.reduce")
    return own(build, a, axes) if own else None
