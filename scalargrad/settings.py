"""Settings of constructors and functions, checked: plain numbers, or one sentence that names the setting."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np

from scalargrad import graph

__all__ = [
    "Array",
    "Seed",
    "Unseeded",
    "count",
    "flag",
    "generator",
    "number",
    "one_of",
    "pair_of_numbers",
    "short",
    "size",
]

Array = np.ndarray[Any, Any]
Seed = np.random.Generator | int | None


def number(
    given: Any,
    what: str,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
) -> float:
    """``given`` as a plain, finite float within these bounds; NumPy's scalars and single nodes are taken as well.

    Raises TypeError for what is no number, and ValueError for one that is out of bounds, nan or infinite.

    >>> number(np.float32(0.5), "Dropout: p", least=0, below=1)
    0.5
    >>> number(1.5, "Dropout: p", least=0, below=1)
    Traceback (most recent call last):
    ValueError: Dropout: p must be 0 or more and less than 1, not 1.5
    """
    x = _single(given)
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, Real):
        raise TypeError(f"{what} is a number, not {short(given)}")
    x = _float(x)
    if not (least <= x <= most and above < x < below and math.isfinite(x)):
        spans = [f"{least:g} or more"] * (least > -math.inf) + [f"greater than {above:g}"] * (above > -math.inf)
        spans += [f"at most {most:g}"] * (most < math.inf) + [f"less than {below:g}"] * (below < math.inf)
        spans += ["finite"] * (math.inf in (most, below) and most == below)
        raise ValueError(f"{what} must be {' and '.join(spans)}, not {x:g}")
    return x


def _single(given: Any) -> Any:
    """The number in a node or an array without axes; anything else as it is."""
    if hasattr(type(given), "_apply_op"):
        given = given.data
    if isinstance(given, np.ndarray) and not isinstance(given, np.ma.MaskedArray) and given.ndim == 0:
        return given.item() if given.dtype != object else _single(given.item())
    return given


def _float(x: Any) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def pair_of_numbers(given: Any, what: str, example: str) -> tuple[Any, Any]:
    """Two things in a tuple, a list or an array, still to be checked one by one."""
    whole = len(given) == 2 if isinstance(given, (tuple, list)) else getattr(given, "shape", None) == (2,)
    if not whole:
        raise TypeError(f"{what} is a pair of numbers such as {example}, not {short(given)}")
    return given[0], given[1]


def count(given: Any, what: str, least: int = 1) -> int:
    """``given`` as a whole number, at least ``least``."""
    x = _single(given)
    if isinstance(x, bool) or not isinstance(x, Integral):
        raise TypeError(f"{what} is a whole number, not {short(given)}")
    if x < least:
        raise ValueError(f"{what} must be at least {least}, not {x}")
    return int(x)


def size(given: Any, what: str) -> int:
    """A number of inputs or outputs: a whole number from 1 on. What is none is a ValueError."""
    x = _single(given)
    if isinstance(x, bool) or not isinstance(x, Integral) or x < 1:
        raise ValueError(f"{what} is a whole number from 1 on, not {short(given)}")
    return int(x)


def flag(given: Any, what: str) -> bool:
    """``given`` as True or False."""
    if not isinstance(given, (bool, np.bool_)) and not (isinstance(given, Integral) and given in (0, 1)):
        raise TypeError(f"{what} is True or False, not {short(given)}")
    return bool(given)


def one_of(given: Any, allowed: tuple[str | None, ...]) -> bool:
    """Whether this is one of some words, or None if that is one of them."""
    return (given is None or isinstance(given, str)) and given in allowed


class Unseeded(np.random.Generator):
    """A source of random numbers that no seed was given for."""


def generator(seed: Any, what: str = "seed") -> np.random.Generator:
    """The source of random numbers that ``seed`` stands for."""
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is None:
        return Unseeded(np.random.PCG64())
    x = _single(seed)
    if isinstance(x, bool) or not isinstance(x, Integral):
        raise TypeError(f"{what} is a whole number, a numpy.random.Generator or None, not {short(seed)}")
    if x < 0:
        raise ValueError(f"{what} must not be negative, not {x}")
    return np.random.default_rng(int(x))


def short(given: Any) -> str:
    """What was given, in at most 60 characters and on one line."""
    return graph.short(repr(given), 60)
