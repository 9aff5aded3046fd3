"""NumPy's names, on Tensors and Values as on arrays: ``import fastpath.numpy as np`` for ``import numpy as np``.

- Arrays and numbers alone go to NumPy itself: the result is NumPy's, and so is the speed.
- With a Tensor among the arguments, also within lists, the function is the op of its name, and recorded. ``np.array``
  of Tensors joins them; ``np.sum([t, u])`` and the like join their list first.
- What looks at numbers and gives bools, places or shapes (``isnan``, ``allclose``, ``argsort``, ``zeros_like``) gives
  arrays.
- A function that has no op refuses a Tensor, with a sentence; numbers never leave the graph unnoticed.
- The ops that NumPy does not have are here too: ``np.sigmoid``, ``np.softmax``.

``np.linalg``, ``np.random`` and ``np.fft`` are modules of the same kind; dtypes, constants and classes are NumPy's own.

>>> import fastpath.numpy as np
>>> from fastpath import Tensor
>>> np.sin(np.array([0.0, 1.0]))
array([0.        , 0.84147098])
>>> w = Tensor([1.0, 2.0], requires_grad=True)
>>> loss = np.sum(np.array([w[0] * w[1], np.exp(w[0])]))
>>> loss.backward()
>>> w.grad
array([4.71828183, 1.        ])
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as _np

from fastpath.numpy.wrapping import wrapped
from scalargrad.ops.composite import COMPOSITE as _COMPOSITE
from scalargrad.ops.registry import OPS as _OPS
from scalargrad.ops.structure import STRUCTURAL as _STRUCTURAL

_MODULES = ("fft", "linalg", "random")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"fastpath.numpy.{name}")
    if name == "__all__":
        return sorted({x for x in __dir__() if not x.startswith("_")})
    if name.startswith("_"):
        raise AttributeError(f"module 'fastpath.numpy' has no attribute {name!r}")
    for table in (_np.__dict__, _OPS, _STRUCTURAL, _COMPOSITE):
        if name in table:
            if table is not _np.__dict__:
                return table[name]  # which may be gone tomorrow
            globals()[name] = found = wrapped(_np.__dict__[name], __name__, name)
            return found
    raise AttributeError(f"module 'fastpath.numpy' has no attribute {name!r}: NumPy and the table of ops have none")


def __dir__() -> list[str]:
    public = [x for x in _np.__all__ if not x.startswith("_")]
    return sorted({*public, *_MODULES, *_OPS, *_STRUCTURAL, *_COMPOSITE})
