"""Two tracings of one function compared: what nobody asks an array for, such as counts of calls, makes them differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastpath.bound import BoundOp
from fastpath.tensor import Tensor
from fastpath.traced.graph import Graph
from fastpath.traced.refusing import users_line
from fastpath.traced.tensors import Traced


def difference(first: Graph, second: Graph) -> str | None:
    """Where two tracings of a function differ: a line of the user's code; None if they do the same."""
    pairs: dict[Any, Any] = dict(zip(first.arguments, second.arguments))
    pairs.update(zip(first.draws, second.draws))
    alike = len(first.order) == len(second.order) and len(first.observers) == len(second.observers)
    for a, b in zip(first.order, second.order):
        if a in pairs or a is b:
            same = pairs.setdefault(a, b) is b
        elif a.op is None or b.op is None:
            same = a.op is b.op and same_settings(a._data, b._data)
        else:
            same = same_op(a.op, b.op) and len(a.inputs) == len(b.inputs)
            inputs = [(pairs.get(x, x) if isinstance(x, Tensor) else x, y) for x, y in zip(a.inputs, b.inputs)]
            same = same and all(x is y if isinstance(y, Tensor) else same_settings(x, y) for x, y in inputs)
        if not same:
            users = (n for n in second.order if any(x is b for x in n.inputs))
            place = second.lines.get(b) or second.lines.get(next(users, None))
            return users_line(place) if place else "its result"
        pairs[a] = b
    return None if alike else "its result"


def taken_apart(graph: Graph) -> str | None:
    """The name of an argument, a matrix, that is used only row by row, as ``x[0]`` and ``x[1]``."""
    for x in graph.arguments:
        users = [n for n in graph.order if any(y is x for y in n.inputs)]
        keys = [n.op.settings.get("key", ()) for n in users if isinstance(n.op, BoundOp) and n.op.name == "index"]
        rows = {key[0] for key in keys if len(key) == 1 and isinstance(key[0], int)}
        if x.ndim == 2 and len(rows) > 1 and len(keys) == len(users):
            return x.label
    return None


def same_op(a: Any, b: Any) -> bool:
    """Whether two nodes, of arrays or of numbers, were made by the same operation with the same settings."""
    if isinstance(a, BoundOp) and isinstance(b, BoundOp):
        return a.op is b.op and same_settings(a.settings, b.settings)
    if hasattr(a, "function") and hasattr(b, "function"):
        return bool(a.function == b.function) and same_settings(
            getattr(a, "constants", ()), getattr(b, "constants", ())
        )
    return a is b


def same_settings(a: Any, b: Any) -> bool:
    """Whether settings of ops, or constants, are the same: numbers to the bit, arrays number by number."""
    if a is b:
        return True
    if type(a) is not type(b) and not (isinstance(a, Traced) and isinstance(b, Traced)):
        return False
    if isinstance(a, np.ndarray):
        return bool(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes())
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same_settings, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_settings(a[k], b[k]) for k in a)
    if isinstance(a, (float, np.floating)):
        return np.float64(a).tobytes() == np.float64(b).tobytes()
    if isinstance(a, slice):
        return (a.start, a.stop, a.step) == (b.start, b.stop, b.step)
    return isinstance(a, Traced) or bool(a == b)
