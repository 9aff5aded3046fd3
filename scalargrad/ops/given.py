"""What is given to an op, checked: numbers, arrays and settings, with one sentence where something is wrong."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

from scalargrad.graph import short

REFUSALS = (ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError)
"""The errors with which Python and NumPy refuse what they are given, in messages that do not name the op."""


def is_number(x: Any) -> bool:
    """Whether ``x`` may stand as a constant operand: a real Python or NumPy number."""
    if isinstance(x, (float, int, Real)):
        return True
    if isinstance(x, type) or hasattr(type(x), "_apply_op"):  # a node: it would lose its graph
        return False
    return getattr(x, "ndim", 1) == 0 and getattr(getattr(x, "dtype", None), "kind", "") in tuple("fiub")


def as_number(data: Any, where: str) -> float:
    """``data`` as a float: ints, bools and NumPy scalars too; otherwise a TypeError that says what was given."""
    plain = isinstance(data, (float, int))
    if plain or is_number(data):
        if not plain:
            require_unmasked(where, data)
        try:
            return float(data)
        except OverflowError:
            raise OverflowError(f"{where}: the integer given is too large for a float") from None
    raise TypeError(f"{where}: expected a number, not {shown(data)}")


def shown(data: Any) -> str:
    """Something given, for an error message."""
    return f"{short(repr(data), 40, '...')} ({type(data).__name__})"


def finite(*numbers: float) -> bool:
    """Whether none of the numbers is infinite or nan."""
    return all(map(math.isfinite, numbers))


# --- arrays ----------------------------------------------------------------------------------------------------------


def require_unmasked(where: str, data: Any) -> None:
    """Refuse a masked array, also as a part of lists: its mask would be lost, and what it hides be computed with."""
    ma = sys.modules.get("numpy.ma")  # not loaded: there is none
    if ma is not None and _has_mask(ma.MaskedArray, data):
        raise TypeError(
            f"{where}: a masked array is not taken, since its mask would be lost: "
            "fill it with filled(0.0), or take what is not masked with compressed()"
        )


def _has_mask(masked: type, data: Any) -> bool:
    if type(data) is list or type(data) is tuple:
        kinds = set(map(type, data))
        if any(issubclass(kind, masked) for kind in kinds):
            return True
        return bool(kinds & {list, tuple}) and any(_has_mask(masked, x) for x in data if type(x) in (list, tuple))
    return isinstance(data, masked)


def as_array(data: Any, where: str) -> Any:
    """``data`` itself if it has axes (an array, a Tensor), else as an array."""
    if hasattr(data, "ndim") and not isinstance(data, type):
        require_unmasked(where, data)
        return data
    import numpy as np

    require_unmasked(where, data)
    try:
        return np.asarray(data)
    except ValueError:
        raise ValueError(f"{where}: the rows given have different lengths") from None


def require_numbers(array: Any, where: str) -> None:
    """Refuse an array of what is neither numbers nor nodes of a graph."""
    for x in array.flat if array.dtype == object else [array.dtype] * (array.dtype.kind not in "fiub"):
        if not is_number(x) and not hasattr(type(x), "_apply_op"):
            what = shown(x) if array.dtype == object else f"an array of {x}"
            raise TypeError(f"{where}: expected numbers, not {what}")


# --- settings --------------------------------------------------------------------------------------------------------


def is_integer(x: Any) -> bool:
    """Whether ``x`` is a whole number by its type: Python's or NumPy's, an array without axes, but no bool."""
    if isinstance(x, Integral):
        return not isinstance(x, bool)
    return getattr(x, "ndim", 1) == 0 and getattr(getattr(x, "dtype", None), "kind", "") in tuple("iu")


def integer(x: Any, where: str, what: str) -> int:
    """``x`` as a Python int; ``what`` is the setting's name."""
    if not is_integer(x):
        raise TypeError(f"{where}: {what} is an integer, not {shown(x)}")
    return int(x)


def one_axis(axis: Any, where: str, shape: Sequence[int], more: int = 0, what: str = "axis") -> int:
    """An axis as a number from 0, of an array that has ``more`` axes than this shape."""
    number, ndim = integer(axis, where, what), len(shape) + more
    if not -ndim <= number < ndim:
        raise ValueError(f"{where}: axis {number} is out of range for shape {tuple(shape)}")
    return number % ndim


def axes(axis: Any, where: str, shape: Sequence[int], more_each: bool = False) -> tuple[int, ...]:
    """One axis or several as numbers from 0, none twice; with ``more_each`` they are new axes, of the result."""
    if not (is_integer(axis) or (isinstance(axis, (tuple, list)) and all(map(is_integer, axis)))):
        raise TypeError(f"{where}: axis is an integer or a tuple of integers, not {shown(axis)}")
    given = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    found = tuple([one_axis(i, where, shape, len(given) * more_each) for i in given])
    if len(set(found)) < len(found):
        raise ValueError(f"{where}: the same axis twice in {given}")
    return found


_INTEGERS = "an integer or a tuple of integers"
_FORMS: dict[str, tuple[str, bool]] = {
    "axis": (f"{_INTEGERS}, or None", True),
    "axes": ("a tuple of integers, or None", True),
    "shape": (_INTEGERS, False),
}


def wrong_setting(settings: dict[str, Any]) -> str:
    """What is wrong with the type of an op's settings, in words; empty if nothing is."""
    if "ddof" in settings and not is_number(settings["ddof"]):
        return f"ddof is a number, not {shown(settings['ddof'])}"
    for name, (expected, may_be_none) in _FORMS.items():
        if name in settings:
            given = settings[name]
            several = isinstance(given, (tuple, list)) and all(map(is_integer, given))
            if not (is_integer(given) or several or (given is None and may_be_none)):
                return f"{name} is {expected}, not {shown(given)}"
    return ""


_HERE = {
    "dim": "axis=", "dims": "axis=", "keepdim": "keepdims=", "unbiased": "ddof=1, or ddof=0,", "correction": "ddof=",
    "num_classes": "classes=", "dim0": "axis1=", "dim1": "axis2=",
}  # fmt: skip
"""What to write in place of PyTorch's keywords: NumPy's."""


def called_here(names: Iterable[str]) -> str:
    """The end of a sentence that refuses these keywords: what those of PyTorch among them are called here."""
    return "".join([f": write {_HERE[name]} in place of {name}=" for name in names if name in _HERE][:1])


_TRUTHS = (None, True, False)
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "casting": ("same_kind", "safe"),
    "copy": _TRUTHS,
    "dtype": (None,),
    "kind": (None, "quicksort", "mergesort", "heapsort", "stable"),
    "optimize": (*_TRUTHS, "greedy", "optimal"),
    "order": (None, "C", "K", "A"),
    "out": (None,),
    "overwrite_input": _TRUTHS,
    "stable": _TRUTHS,
    "subok": _TRUTHS,
    "where": (True,),
}


def is_neutral(name: str, given: Any) -> bool:
    """Whether a setting that only NumPy's function has says what the op does anyway: ``out=None``, ``where=True``."""
    return isinstance(given, (bool, str, type(None))) and given in _NEUTRAL.get(name, ())


def outside(indices: Any, count: int) -> Any:
    """The first of these integers that is not one of 0, 1, …, ``count − 1``; None if all are."""
    unsigned = indices.view(f"u{indices.dtype.itemsize}")  # in which a negative one is too large
    return indices[unsigned >= count].flat[0] if indices.size and unsigned.max() >= count else None


# --- errors ----------------------------------------------------------------------------------------------------------


def is_raw(error: Exception) -> bool:
    """Whether an error is Python's or NumPy's own, and not one of this project that has a meaning."""
    return type(error).__module__.partition(".")[0] in ("builtins", "numpy")


def kind_of(error: Exception) -> type[Exception]:
    """The plain kind of an error; LinAlgError, which programs catch by its name, stays what it is."""
    if type(error).__name__ == "LinAlgError":
        return type(error)
    return next((kind for kind in REFUSALS if isinstance(error, kind)), type(error))


def named(error: Exception, name: str, others: Any = ()) -> Exception:
    """The error as one line that begins with this op's name, not with that of an op it is made from."""
    message = " ".join(str(error).split())
    first, colon, rest = message.partition(": ")
    if first == name or message.startswith((f"{name} ", f"{name}(")):
        return kind_of(error)(message)
    if colon and first in others:
        message = rest
    return kind_of(error)(f"{name}: {message}")
