"""Rewriting for NumPy's sake: a product with a vector of ones is faster than a sum, and costs no more with weights."""

from __future__ import annotations

from typing import Any

from fastpath.ir.build import Builder
from fastpath.ir.expr import Expr
from fastpath.ir.rewriting import Rules, is_exact, is_moderate, number


def _weighted_more(build: Builder, a: Expr, b: Expr) -> Any:
    """A sum times a number, as a sum with weights."""
    factor = number(b)
    if factor is None or b.size != 1 or a.code != "reduce" or a.settings[0] != "add" or is_exact(build):
        return None
    if a.inputs[0].ndim > 2 or len(a.settings[1]) != 1:  # no product with a vector
        return None
    weight = a.settings[2] if len(a.settings) > 2 else 1.0
    if not is_moderate(weight, factor):
        return None
    return build.make("reduce", a.inputs, ("add", a.settings[1], factor * weight), a.shape, a.dtype)


def _sum(build: Builder, a: Expr, axes: tuple[int, ...]) -> Any:
    """The sum of a matrix as two products with vectors; that of products with one number as a sum with weights."""
    if a.code != "multiply":
        return build.reduce("add", build.reduce("add", a, 0)) if axes == (0, 1) and a.ndim == 2 else None
    left, right = a.inputs
    factor = number(right)
    if len(axes) != a.ndim or a.ndim > 2 or factor is None or right.size != 1 or not is_moderate(factor):
        return None
    if left.dtype != a.dtype or left.size < 2:
        return None
    if a.ndim == 2:
        left = build.make("reduce", (left,), ("add", (0,), factor), a.shape[1:], a.dtype)
        return build.reduce("add", left)
    return build.make("reduce", (left,), ("add", (0,), factor), (), a.dtype)


RULES: Rules = {"multiply": _weighted_more, "add.reduce": _sum}
