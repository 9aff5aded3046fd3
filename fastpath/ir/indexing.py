"""Indexing and its inverse: views, gathers, and arrays put together of parts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from fastpath.ir.expr import Expr, float_type
from fastpath.ir.semantics import key_of

if TYPE_CHECKING:
    from fastpath.ir.build import Builder

Parts = tuple[Any, ...]


def normal(key: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Parts, list[Any]]:
    """A key as hashable settings, ``...`` spelled out and slices made definite, and the arrays in it.

    A ``...`` that stands for no axis stays: arrays on both sides of it lie apart, which decides where their axes go.
    """
    used = sum(_axes_of(p) for p in key if p is not None and p is not ...)
    gap = len(shape) - used
    spelled: list[Any] = []
    for part in key:
        spelled += [slice(None)] * gap if part is ... and gap else [part]
    if not any(p is ... for p in key):
        spelled += [slice(None)] * gap
    parts: list[Any] = []
    arrays: list[Any] = []
    axis = 0
    for part in spelled:
        if part is None or part is ...:
            parts.append(part)
            continue
        if isinstance(part, slice):
            length = shape[axis]
            start, stop, step = part.indices(length)
            count = len(range(start, stop, step))
            if not count:
                parts.append(("slice", 0, 0, 1))
            elif count == length and step == 1:
                parts.append(("slice", None, None, None))
            else:
                parts.append(("slice", start, None if step < 0 and stop < 0 else stop, step))
            axis += 1
        elif isinstance(part, (bool, np.bool_)) or not isinstance(part, (int, np.integer)):
            parts.append("array")
            arrays.append(part)
            axis += _axes_of(part)
        else:
            parts.append(int(part) % shape[axis])
            axis += 1
    return tuple([p for p in parts if arrays or p is not ...]), arrays


def _axes_of(part: Any) -> int:
    """How many axes a part of a key is for: a mask has as many as it has itself."""
    if isinstance(part, (bool, np.bool_)):
        return 0
    dtype = getattr(part, "dtype", None)
    return int(part.ndim) if dtype is not None and dtype.kind == "b" else 1


def indexed(build: Builder, a: Expr, key: tuple[Any, ...]) -> Expr:
    """``a[key]``: a view, or a gather if there are arrays in the key."""
    parts, arrays = normal(key, a.shape)
    if not arrays:
        return sliced(build, a, parts)
    keys = [build.as_expr(k) for k in arrays]
    dummy = np.broadcast_to(np.zeros((), a.dtype), a.shape)
    at = [k.value if k.value is not None else np.zeros(k.shape, int) for k in keys]
    shape = dummy[key_of(parts, at)].shape
    return build.make("take", (a, *keys), parts, shape, a.dtype)


def sliced(build: Builder, a: Expr, parts: Parts) -> Expr:
    """A view by integers, slices and new axes."""
    if all(p == ("slice", None, None, None) for p in parts):
        return a
    shape = np.broadcast_to(np.zeros(()), a.shape)[key_of(parts, ())].shape
    if a.code == "assemble" and parts in a.settings[1]:
        part: Expr = a.inputs[a.settings[1].index(parts)]
        return part
    if a.code == "broadcast" and a.inputs[0].size == 1:
        return build.broadcast_to(build.reshape(a.inputs[0], ()), shape)
    return build.make("slice", (a,), parts, shape, a.dtype)


def scatter(build: Builder, a: Expr, shape: tuple[int, ...], key: tuple[Any, ...]) -> Expr:
    """Zeros of a shape with the elements of ``a`` added at a key."""
    parts, arrays = normal(key, shape)
    if not arrays:
        target = np.broadcast_to(np.zeros(()), shape)[key_of(parts, ())].shape
        return build.make("assemble", (build.broadcast_to(a, target),), (shape, (parts,)), shape, a.dtype)
    keys = [build.as_expr(k) for k in arrays]
    settings = (shape, parts, all(k.value is not None for k in keys) and _distinct(shape, parts, keys))
    return build.make("scatter", (a, *keys), settings, shape, a.dtype)


def _distinct(shape: tuple[int, ...], parts: Parts, keys: list[Expr]) -> bool:
    """Whether a key names no element twice."""
    places = np.arange(math.prod(shape)).reshape(shape)[key_of(parts, [k.value for k in keys])]
    return bool(np.unique(places).size == places.size)


def concatenated(build: Builder, arrays: Sequence[Expr], axis: int | None) -> Expr:
    """Arrays joined along an axis, each to be computed in its place if it can be."""
    if axis is None:
        arrays, axis = [build.reshape(a, (-1,)) for a in arrays], 0
    ndim = arrays[0].ndim
    axis %= ndim
    dtype = float_type(arrays)
    arrays = [build.cast(a, dtype) for a in arrays]
    if len(arrays) == 1:
        return arrays[0]
    ends = [0, *itertools.accumulate(a.shape[axis] for a in arrays)]
    shape = (*arrays[0].shape[:axis], ends[-1], *arrays[0].shape[axis + 1 :])
    whole = ("slice", None, None, None)
    keys = tuple(
        [
            tuple([("slice", start, stop, 1) if i == axis else whole for i in range(ndim)])
            for start, stop in itertools.pairwise(ends)
        ]
    )
    return build.make("assemble", tuple(arrays), (shape, keys), shape, dtype)


def total(build: Builder, contributions: list[Expr]) -> Expr:
    """The sum of the contributions to a gradient; those to different parts of an array are put side by side."""
    parts = [x for x in contributions if x.code == "assemble"]
    rest = [x for x in contributions if x.code != "assemble"]
    if parts:
        rest.append(_side_by_side(build, parts))
    return _added(build, rest)


def _added(build: Builder, exprs: list[Expr]) -> Expr:
    return reduce(lambda a, b: build.ufunc("add", a, b), exprs)


def _side_by_side(build: Builder, parts: list[Expr]) -> Expr:
    """One array of the parts; those that overlap are added."""
    shape = parts[0].shape
    taken = np.zeros(shape, bool)
    inputs: list[Expr] = []
    keys: list[Parts] = []
    others: list[Expr] = []
    for part in parts:
        places = [key_of(key, ()) for key in part.settings[1]]
        if any(taken[place].any() for place in places):
            others.append(part)
            continue
        for place in places:
            taken[place] = True
        inputs += part.inputs
        keys += part.settings[1]
    order = sorted(range(len(keys)), key=lambda i: _begin(keys[i]))
    whole = build.make(
        "assemble", tuple(inputs[i] for i in order), (shape, tuple(keys[i] for i in order)), shape, parts[0].dtype
    )
    return _added(build, [whole, *others])


def _begin(key: Parts) -> list[int]:
    """Where a part begins, for a settled order."""
    return [(p[1] or 0) if type(p) is tuple else p if isinstance(p, int) else -1 for p in key]
