"""Numbers taken out of a function that is being differentiated: their derivative would be lost in silence."""

from __future__ import annotations

import linecache
import os
import re
import sys
from collections.abc import Callable
from itertools import islice
from opcode import opmap
from typing import Any

from scalargrad.graph import short, topological_order
from scalargrad.ops.registry import OPS, NotDifferentiableError
from scalargrad.packages import PACKAGES, outside


class DetachedError(NotDifferentiableError):
    """A number was taken out of the graph, in a function whose derivative was wanted."""


def taken_out(name: str, leaves: frozenset[Any], value: Any, what: str) -> None:
    """Refuse to give away, as a plain number, what depends on the variables: its derivative would be lost.

    Our own code reads ``_data`` where it looks at a number. ``"%.3f" % loss`` shows one.
    """
    if not any(x in leaves for x in topological_order(value)):
        return
    frame = outside(sys._getframe(1), PACKAGES)
    if _formats(frame):
        return
    frame = outside(frame, (*PACKAGES, "numpy", "scipy"))
    path, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(path, line)
    where = f"{os.path.basename(path)}, line {line}" + f" ({short(text.strip(), 80)})" * bool(text.strip())
    raise DetachedError(
        f"{name}: {what} of what depends on the variable, in {where}, gives a number without a derivative: "
        f"{_instead(_expression(frame, text))}, or take its .data if it is meant to be a constant"
    )


def _expression(frame: Any, line: str) -> str:
    """The part of a line of code that is being run."""
    start, end, column, last = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    if frame.f_code.co_code[frame.f_lasti] == opmap["STORE_SUBSCR"]:
        return _ASSIGNED
    return line.encode()[column:last].decode(errors="ignore") if start == end and column is not None else line


def uncovered(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Call a function. NumPy hides our error behind its own where a Tensor is put into an array; here it comes out."""
    try:
        return function(*args, **named)
    except ValueError as error:
        if isinstance(error.__cause__, DetachedError):
            raise error.__cause__ from None
        raise


def _formats(frame: Any) -> bool:
    """Whether the frame is at a ``%``: of a text, since numbers do not ask a node for its number there."""
    code, place = frame.f_code.co_code, frame.f_lasti
    return code[place] == opmap["BINARY_OP"] and code[place + 1] in _REMAINDERS


_REMAINDERS = (6, 19)
"""How ``%`` and ``%=`` are numbered among the binary operators (NB_REMAINDER in Python's sources)."""
_OTHER_NAMES = {"fabs": "abs", "dist": "norm", "fsum": "sum", "hypot": "norm"}


def _instead(code: str) -> str:
    """What to write instead of this expression."""
    for name in re.findall(r"\bmath\.(\w+)\(", code):
        own = _OTHER_NAMES.get(name, name)
        if own in OPS or own in _OTHER_NAMES.values():
            return f"write scalargrad.{own}(…) for math.{name}(…)"
    if ".dot(" in code:
        return "write A @ x for A.dot(x)"
    if code == _ASSIGNED or re.search(r"\b(dtype=|fromiter|asarray|array|float64|float32|astype)\b", code):
        return "put the parts together in a list or with stack([…]), without dtype="
    return "compute with it as it is, and with scalargrad's functions (scalargrad.exp for math.exp)"


_ASSIGNED = "array[i] = x"
