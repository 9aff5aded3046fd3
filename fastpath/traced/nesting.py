"""Results in tuples, lists and dicts: what is in them one after the other, and how to put others in their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Rebuild = Callable[[Sequence[Any]], Any]


def flattened(x: Any) -> tuple[list[Any], Rebuild]:
    """The leaves of nested tuples, lists and dicts, and the function that puts such leaves together likewise.

    >>> leaves, rebuild = flattened({"a": 1, "b": (2, [3])})
    >>> leaves, rebuild([10, 20, 30])
    ([1, 2, 3], {'a': 10, 'b': (20, [30])})
    """
    if isinstance(x, dict):
        keys = list(x)
        leaves, parts = _together(x.values())
        return leaves, lambda new: dict(zip(keys, parts(new)))
    if isinstance(x, (tuple, list)):
        kind = type(x)
        leaves, parts = _together(x)
        if isinstance(x, tuple) and hasattr(kind, "_fields"):  # a named tuple
            return leaves, lambda new: kind(*parts(new))
        return leaves, lambda new: kind(parts(new))
    return [x], lambda new: new[0]


def _together(items: Any) -> tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]:
    leaves: list[Any] = []
    places: list[tuple[int, int, Rebuild]] = []
    for item in items:
        inner, rebuild = flattened(item)
        places.append((len(leaves), len(leaves) + len(inner), rebuild))
        leaves += inner
    return leaves, lambda new: [rebuild(new[start:end]) for start, end, rebuild in places]


def is_nested(x: Any) -> bool:
    """Whether it is a tuple, a list or a dict."""
    return isinstance(x, (tuple, list, dict))
