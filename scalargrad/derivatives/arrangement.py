"""Numbers and nodes arranged in lists, tuples and arrays, nested as one likes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any


def is_array(x: Any) -> bool:
    """Whether it is a NumPy array with at least one axis; NumPy need not be there."""
    np = sys.modules.get("numpy")
    return np is not None and isinstance(x, np.ndarray) and x.ndim > 0


def parts(arrangement: Any) -> list[Any]:
    """What is in an arrangement, from left to right; a number or a node is an arrangement of itself."""
    if isinstance(arrangement, (list, tuple)):
        return [part for item in arrangement for part in parts(item)]
    if is_array(arrangement):
        return [part for item in arrangement.ravel().tolist() for part in parts(item)]
    return [arrangement]


def arranged(like: Any, items: Sequence[Any], numeric: bool = False) -> Any:
    """The items in the same arrangement; ``numeric`` makes an array of numbers one of floats, of its own dtype."""
    return _fill(like, iter(items), numeric)


def _fill(like: Any, rest: Iterator[Any], numeric: bool) -> Any:
    if isinstance(like, (list, tuple)):
        items = [_fill(item, rest, numeric) for item in like]
        return items if isinstance(like, list) else tuple(items)
    if not is_array(like):
        return next(rest)
    np = sys.modules["numpy"]
    filled = np.empty(like.size, dtype=object)
    for i, item in enumerate(like.ravel().tolist()):
        filled[i] = _fill(item, rest, numeric)
    inner = [x.shape for x in filled if is_array(x)]
    if numeric and not inner and all(isinstance(x, (float, np.floating, np.ndarray)) for x in filled):
        filled = np.array(filled.tolist(), like.dtype if like.dtype.kind == "f" else None)
    whole = np.stack(filled.tolist()) if inner else filled
    return whole.reshape(like.shape + (inner[0] if inner else ()))
