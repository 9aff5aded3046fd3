"""The instructions as source code: for every code the line that computes it into a buffer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fastpath.emit.numpy.memory import Location, address
from fastpath.ir.expr import VIEWS, Expr
from fastpath.ir.listing import part_of_key
from fastpath.ir.semantics import key_of
from scalargrad import special

if TYPE_CHECKING:
    from fastpath.emit.numpy.emission import Emission

SMALL = 2000
"""Up to how many elements a number is repeated beforehand, where an operand of the full shape is faster."""

LONG = 128
"""From which length of the last axis on a number is repeated along that: these loops are twice as fast."""

MOST_PASSES = 8
"""Into how many additions that name no place twice a scattering sum is divided at most."""

_REDUCES_REVERSED = np.maximum.reduce(np.eye(3)[::-1], 0, out=np.empty(3)).tolist() == [1.0, 1.0, 1.0]
"""Whether the largest element of reversed rows is found when it is written to a given place: not in NumPy 2.0."""

Line = tuple[Any, list[str], bool]
"""The place of the result, the lines, and whether an operand's memory was taken over."""


def write(emission: Emission, expr: Expr) -> Line:
    """The lines that compute an Expr, and where it is then."""
    special = _SPECIAL.get(expr.code)
    return special(emission, expr) if special else _ufunc(emission, expr)


def _out(emission: Emission, expr: Expr, operands: tuple[Expr, ...]) -> tuple[Location, bool]:
    """Where the result of an elementwise instruction goes: over an operand that is not needed any more, if it can.

    (A single number does not: NumPy takes three times as long where a result of one element lies over an operand.)
    """
    if expr not in emission.homes and expr.size > 1:
        for x in operands:
            if x.shape == expr.shape and x.dtype == expr.dtype and emission.dies(x):
                old = emission.places[x]
                assert old.storage is not None
                if emission.last[expr] >= old.storage.region.until:
                    continue
                old.storage.until = emission.last[expr]
                return Location(old.name, old.array, old.storage), True
    return emission.new_place(expr), False


def _ufunc(emission: Emission, expr: Expr) -> Line:
    names = []
    for x in expr.inputs:
        if x.value is not None and x.size == 1 and expr.code in ("maximum", "minimum") and expr.ndim:
            shape = expr.shape if 0 < expr.size <= SMALL else expr.shape[-1:] if expr.shape[-1] >= LONG else ()
            names.append(emission.repeated(x.value, shape))
        else:
            names.append(emission.places[x].name)
    place, inplace = _out(emission, expr, expr.inputs)
    code = expr.code
    if code == "negative" and not place.array.flags.c_contiguous:  # it reads wrong elements there, in NumPy up to 2.4
        code, names = "multiply", [*names, "-1.0"]
    return place, [called(emission, code, names, place.name)], inplace


def called(emission: Emission, name: str, operands: list[str], out: str) -> str:
    """The call of a ufunc. The place is faster given by position; maximum and minimum want it by name."""
    to = f"out={out}" if name in ("maximum", "minimum") else out
    return f"{emission.use(name)}({', '.join(operands)}, {to})"


def _where(emission: Emission, expr: Expr) -> Line:
    mask, a, b = (emission.places[x].name for x in expr.inputs)
    place, inplace = _out(emission, expr, expr.inputs[2:])
    copyto = emission.use("copyto")
    lines = [] if inplace else [f"{copyto}({place.name}, {b})"]
    return place, [*lines, f"{copyto}({place.name}, {a}, 'same_kind', {mask})"], inplace


def _reduce(emission: Emission, expr: Expr) -> Line:
    (a,) = expr.inputs
    name, axes, *factor = expr.settings
    source = emission.places[a]
    if name in ("maximum", "minimum") and axes == (1,) and a.ndim == 2 and 2 <= a.shape[1] <= 8:
        return _chain(emission, expr, name)
    place = emission.new_place(expr)
    if name == "add" and a.ndim <= 2 and len(axes) == 1 and a.size and place.array.flags.c_contiguous:
        weights = np.full(a.shape[axes[0]], factor[0] if factor else 1.0, a.dtype)
        ones = emission.constant(weights, f"c{expr.number}" if factor else f"ones{len(weights)}{a.dtype.char}")
        pair = f"{ones}, {source.name}" if axes == (0,) else f"{source.name}, {ones}"
        return place, [f"{emission.use('dot')}({pair}, {place.name})"], False
    axis = axes[0] if len(axes) == 1 else None if len(axes) == a.ndim else axes
    if name in ("maximum", "minimum") and not _REDUCES_REVERSED:
        lines = [f"{place.name}[...] = {emission.use(name + '_reduce')}({source.name}, {axis})"]
    else:
        lines = [f"{emission.use(name + '_reduce')}({source.name}, {axis}, None, {place.name})"]
    if factor:
        lines.append(f"{emission.use('multiply')}({place.name}, {factor[0]!r}, {place.name})")
    return place, lines, False


def _chain(emission: Emission, expr: Expr, name: str) -> Line:
    """The largest of a few columns, column by column: faster than NumPy's reduction of short rows."""
    (a,) = expr.inputs
    source, place = emission.places[a], emission.new_place(expr)
    columns = []
    lines = []
    for i in range(a.shape[1]):
        column = f"{name[:3]}{expr.number}_{i}"
        if source.array is None:
            lines.append(f"{column} = {source.name}[:, {i}]")
        else:
            emission.bind(Location("", source.array[:, i], source.storage), column)
        columns.append(column)
    lines.append(called(emission, name, columns[:2], place.name))
    lines += [called(emission, name, [place.name, column], place.name) for column in columns[2:]]
    return place, lines, False


def _matmul(emission: Emission, expr: Expr) -> Line:
    a, b = (emission.places[x].name for x in expr.inputs)
    place = emission.new_place(expr)
    flat = all(x.ndim <= 2 and x.size != 1 for x in expr.inputs)  # a single 0 times nan is 0 to dot
    flat = flat and place.array.flags.c_contiguous
    return place, [f"{emission.use('dot' if flat else 'matmul')}({a}, {b}, {place.name})"], False


def _copy(emission: Emission, expr: Expr) -> Line:
    place = emission.new_place(expr)
    source = emission.places[expr.inputs[0]].name
    return place, [f"{emission.use('copyto')}({place.name}, {source}, 'unsafe')"], False


def _call(emission: Emission, expr: Expr) -> Line:
    name, function = expr.settings
    called = emission.constant(function, f"call_{name}{expr.number}")
    place = Location(f"b{expr.number}")
    operands = ", ".join(emission.places[x].name for x in expr.inputs)
    return place, [f"{place.name} = {called}({operands})"], False


def _take(emission: Emission, expr: Expr) -> Line:
    a, *keys = expr.inputs
    source = emission.places[a].name
    names = [emission.places[k].name for k in keys]
    array = [i for i, p in enumerate(expr.settings) if p == "array"]
    plain = all(p == ("slice", None, None, None) for i, p in enumerate(expr.settings) if i not in array)
    known = len(keys) == 1 and (keys[0].value is not None or keys[0].code == "add") and keys[0].dtype.kind == "i"
    if len(array) == 1 and plain and known and keys[0].ndim and a.size:
        if keys[0].value is not None and keys[0].value.min(initial=0) < 0:
            names[0] = emission.constant(keys[0].value % a.shape[array[0]], f"k{expr.number}")
        place = emission.new_place(expr)
        if place.array.flags.c_contiguous:
            return place, [f"{source}.take({names[0]}, {array[0]}, {place.name}, 'clip')"], False
        return place, [f"{place.name}[...] = {source}.take({names[0]}, {array[0]})"], False
    place = emission.new_place(expr)
    rest = iter(names)
    parts = [part_of_key(p) if p != "array" else next(rest) for p in expr.settings]
    return place, [f"{place.name}[...] = {source}[{', '.join(parts)}]"], False


def _scatter(emission: Emission, expr: Expr) -> Line:
    _, settings, unique = expr.settings
    a, *names = [emission.places[x].name for x in expr.inputs]
    place = emission.new_place(expr)
    rest = iter(names)
    parts = [next(rest) if p == "array" else f"slice{p[1:]}" if type(p) is tuple else str(p) for p in settings]
    key = f"({', '.join(parts)},)"
    lines = [f"{place.name}.fill(0)"]
    passes = None if unique else _passes(expr.shape, settings, expr.inputs[1:])
    if unique:
        lines.append(f"{place.name}[{key}] = {a}")
    elif passes is not None:
        before = ":, " * settings.index("array")
        for i, (places, elements) in enumerate(passes):
            to = emission.constant(places, f"to{expr.number}_{i}")
            of = emission.constant(elements, f"of{expr.number}_{i}")
            lines.append(f"{place.name}[{before}{to}] += {a}[{before}{of}]")
    else:
        emission.constant(np.add.at, "add_at")
        lines.append(f"add_at({place.name}, {key}, {a})")
    return place, lines, False


def _passes(shape: tuple[int, ...], settings: Any, keys: tuple[Expr, ...]) -> list[tuple[Any, Any]] | None:
    """Additions that name no place twice, for a known key that does along one axis: they are faster than ``add.at``."""
    whole = all(p == ("slice", None, None, None) for p in settings if p != "array")
    if len(keys) != 1 or not whole or keys[0].value is None or keys[0].value.ndim != 1 or len(settings) < 2:
        return None
    places = keys[0].value % shape[settings.index("array")]
    order = np.argsort(places, kind="stable")
    first = np.searchsorted(places[order], places[order])  # where the run of equal places begins
    turn = np.empty(len(places), int)
    turn[order] = np.arange(len(places)) - first
    if turn.max(initial=0) >= MOST_PASSES:
        return None
    return [(places[turn == i], np.flatnonzero(turn == i)) for i in range(turn.max(initial=-1) + 1)]


def _assemble(emission: Emission, expr: Expr) -> Line:
    place = emission.places.get(expr)
    lines = []
    if place is None:
        place = emission.new_place(expr)
        if not covered(expr):
            lines.append(f"{place.name}.fill(0)")
    for i, (key, part) in enumerate(zip(expr.settings[1], expr.inputs)):
        if emission.homes.get(base_of(part), (None,))[0] is expr and _own(emission, part, expr, key):
            continue
        target = Location("", place.array[(*key_of(key, ()), ...)], place.storage)
        emission.bind(target, f"a{expr.number}_{i}")
        lines.append(f"{emission.use('copyto')}({target.name}, {emission.places[part].name}, 'unsafe')")
    return place, lines, False


def base_of(expr: Expr) -> Expr:
    """The array whose memory a view looks at."""
    while expr.code in VIEWS:
        expr = expr.inputs[0]
    return expr


def _own(emission: Emission, part: Expr, whole: Expr, key: Any) -> bool:
    """Whether a part was computed in this very place (one that is in two places is copied to the second)."""
    array, large = emission.places[part].array, emission.places[whole].array
    if array is None:
        return False
    target = large[(*key_of(key, ()), ...)]
    return bool(address(array) == address(target)) and bool(array.strides == target.strides)


def _subtract_at(emission: Emission, expr: Expr) -> Line:
    p, places, amount = expr.inputs
    place, inplace = _out(emission, expr, (p,))
    lines = [] if inplace else [f"{emission.use('copyto')}({place.name}, {emission.places[p].name})"]
    flat = emission.bind(Location("", place.array.reshape(-1), place.storage), f"f{expr.number}")
    at, by = emission.places[places].name, emission.places[amount].name
    return place, [*lines, f"{flat.name}[{at}] -= {by}"], inplace


def covered(expr: Expr) -> bool:
    """Whether the parts of an assembled array are all of it."""
    return bool(sum(math.prod(x.shape) for x in expr.inputs) == math.prod(expr.shape))


def view_source(emission: Emission, expr: Expr, name: str) -> str:
    """A view of an array of this name as source code."""
    if expr.code == "reshape":
        return f"{name}.reshape({expr.settings})"
    if expr.code == "transpose":
        return f"{name}.T" if expr.settings == tuple(range(expr.ndim))[::-1] else f"{name}.transpose({expr.settings})"
    if expr.code == "slice":
        plain = all(type(p) is tuple for p in expr.settings)  # else it might give a number, which is no array
        return f"{name}[{', '.join([*map(part_of_key, expr.settings), *([] if plain else ['...'])])}]"
    return f"{emission.use('broadcast_to')}({name}, {expr.settings})"


IN_PLACE = frozenset({"reduce", "matmul", "where", "copy", "cast", "take", "scatter", "assemble"}) | frozenset(
    name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)
).union(special.FUNCTIONS)
"""The codes whose result can be written straight into a given place."""

_SPECIAL = {
    "where": _where, "reduce": _reduce, "matmul": _matmul, "copy": _copy, "cast": _copy, "call": _call, "take": _take,
    "scatter": _scatter, "assemble": _assemble, "subtract_at": _subtract_at,
}  # fmt: skip
