"""Numbers that leave a graph: a Tensor as an array, a list or a Python number.

Who asks for the numbers **by name** gets them: ``np.asarray(t)``, ``float(t)``, ``plt.plot(t)``, SciPy. Where NumPy
would take them unasked (``A.dot(t)``, ``A[0] = t``, ``np.exp([t, u])``) while a gradient may still be wanted, that is
an error that says what to write: the result would look right, and have no gradient. Of a Tensor that needs no gradient,
or under ``no_grad``, nothing is lost, and everybody gets them; within ``grad`` and its kin nobody does, of what depends
on the variables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import numpy as np

from fastpath.node import ArrayNode
from fastpath.numerics import Array
from scalargrad import modes
from scalargrad.ops.operators import Operators
from scalargrad.packages import PACKAGES, outside, package_of

_CONVERSIONS = frozenset({
    "array", "asanyarray", "asarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray", "require",
    "float16", "float32", "float64", "int32", "int64", "choice", "multinomial"
})  # fmt: skip
"""Functions, by the name they are called by, whose result is meant to be made of plain numbers."""


class Leaving(Operators, ArrayNode):
    """The ways out of the graph."""

    __slots__ = ()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """A new array of the numbers, if it is asked for by name or no gradient is lost.

        TypeError where NumPy takes a Tensor for an array unasked, and within ``grad`` and its kin. There a Tensor
        without axes is put into an array as it is, so that ``np.array([t, t * t])`` keeps both.
        """
        if not self._data.ndim and (dtype is None or np.dtype(dtype) == np.dtype(object)) and modes.derivers():
            box = np.empty((), object)
            box[()] = self
            return box
        if copy is False:
            raise ValueError("the array of a Tensor is a copy: leave out copy=False, or take its .data")
        self._look("np.asarray()")
        _require_asked(self.requires_grad and modes.recording(), single=copy is not None)
        return np.array(self._data, dtype)

    @property
    def _mask(self) -> Any:
        """What NumPy's masked arrays ask for: a library that makes one of a Tensor, to show it, finds no mask."""
        frame = outside(sys._getframe(1), ("numpy",))
        if package_of(frame) not in PACKAGES and _is_library(frame.f_code.co_filename):
            return np.ma.nomask
        return super()._mask

    def numpy(self) -> Array:
        """A new array of the numbers, as ``np.asarray(t)``.

        >>> from fastpath import Tensor
        >>> Tensor([1.0, 2.0]).numpy()
        array([1., 2.])
        """
        self._look("np.asarray()")
        return self._data.copy()

    def tolist(self) -> Any:
        """The numbers in nested lists; of a Tensor without axes, the number.

        >>> from fastpath import Tensor
        >>> Tensor([[1.0, 2.0]]).tolist()
        [[1.0, 2.0]]
        """
        self._look("tolist()")
        return self._data.tolist()

    def __int__(self) -> int:
        return int(self.item())

    def __contains__(self, x: object) -> bool:
        """Whether one of the elements is equal to ``x``, as in NumPy."""
        return bool(np.any(self == x))


def whole_numbers(method: Callable[..., Any]) -> Callable[..., Any]:
    """``astype`` to whole numbers or bools, too: plain arrays, as comparisons give, since they have no derivative."""

    @wraps(method)
    def astype(self: Any, dtype: Any, *, copy: bool = True) -> Any:
        try:
            wanted = np.dtype(dtype)
        except TypeError:
            return method(self, dtype)  # which says what is wrong with it
        if dtype is None or wanted.kind not in "iub":
            return method(self, dtype)
        self._look(f"astype({wanted})")
        return self._data.astype(dtype)

    return astype


def _require_asked(needed: bool, single: bool) -> None:
    """Refuse to give numbers to who did not ask for them by name, if the graph behind them is ``needed``."""
    frame = sys._getframe(2)
    if package_of(frame) in PACKAGES:  # our own code takes _data where it means the numbers
        raise TypeError(_OTHERWISE)
    if not needed:
        return
    frame = outside(frame, ("numpy",))
    if _is_library(frame.f_code.co_filename):
        return
    name = called(frame)
    is_asked = name in _CONVERSIONS or name.startswith(("assert_", "save"))
    if not is_asked or (name == "array" and not single):
        raise TypeError(_INSTEAD.get(name, _OTHERWISE))


def _is_library(file: str) -> bool:
    """Whether code is Python's own or installed, as Matplotlib and SciPy are: they ask for numbers to show or use."""
    return file.startswith(_STANDARD) or "site-packages" in file or "dist-packages" in file


_STANDARD = os.path.dirname(os.__file__)


_LOST = "would take the numbers of a Tensor, and lose its gradient"
_INSTEAD = {
    "dot": f"A.dot(t) of an array A {_LOST}: write A @ t, or np.dot(A, t)",
    "[]": f"A[…] = t of an array A {_LOST}: join the parts with stack([…]) or concatenate([…]), or write "
    "where(mask, t, A); A[…] = t.data takes the numbers",
    "array": f"np.array([t, …]) {_LOST}: write stack([t, …]), or array([t, …]) of fastpath.numpy; a Tensor is not an "
    "array, use its .data for the numbers",
}
_OTHERWISE = "a Tensor is not an array: use its .data for the numbers, or stack([...]) to join Tensors"


def called(frame: Any) -> str:
    """The name of the function that is called in a frame now: ``asarray``; ``[]`` for ``a[i] = t``.

    It is empty where that is not known.
    """
    name, is_variable = _named(frame.f_code, frame.f_lasti)
    if is_variable:
        found = frame.f_locals.get(name, frame.f_globals.get(name))
        name = getattr(found, "__name__", name)
    return str(name)


@lru_cache(maxsize=256)
def _named(code: Any, place: int) -> tuple[str, bool]:
    """How what code calls at this place is named there, and whether that is a variable or an attribute.

    A call and the name of what is called begin at the same column of the same line.
    """
    import dis

    *before, here = [i for i in dis.get_instructions(code) if i.offset <= place]
    if here.opname == "STORE_SUBSCR":
        return "[]", False
    if not here.opname.startswith("CALL"):
        return "", False
    loads = [i for i in before if i.opname.startswith("LOAD_") and type(i.argval) is str and _start(i) == _start(here)]
    return (loads[-1].argval, loads[-1].opname not in ("LOAD_ATTR", "LOAD_METHOD")) if loads else ("", False)


def _start(instruction: Any) -> Any:
    return instruction.positions and (instruction.positions.lineno, instruction.positions.col_offset)
