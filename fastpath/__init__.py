"""fastpath: the vectorized side of scalargrad, on the same op registry.

>>> from fastpath import Tensor, cross_entropy, relu
>>> W = Tensor([[0.5, -0.5], [0.25, 1.0]], requires_grad=True, label="W")
>>> loss = cross_entropy(relu(Tensor([[1.0, 2.0], [3.0, -1.0]]) @ W), [1, 0])
>>> loss.backward()
>>> W.grad.shape
(2, 2)
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any as _Any

from fastpath import creation as _creation
from fastpath.compiler import compile as compile
from fastpath.creation import *  # noqa: F403
from fastpath.exploding import explode as explode
from fastpath.pytorch import FUNCTIONS as _FUNCTIONS
from fastpath.tensor import Tensor as Tensor
from scalargrad import derivatives as _derivatives
from scalargrad.derivatives import *  # noqa: F403
from scalargrad.modes import enable_grad as enable_grad
from scalargrad.modes import no_grad as no_grad
from scalargrad.ops.composite import *  # noqa: F403
from scalargrad.ops.composite import COMPOSITE as _COMPOSITE
from scalargrad.ops.elementwise import *  # noqa: F403
from scalargrad.ops.registry import OPS as _OPS
from scalargrad.ops.structural import *  # noqa: F403
from scalargrad.ops.structure import STRUCTURAL as _STRUCTURAL

_OWN = [
    "Tensor", "compile", "enable_grad", "explode", "no_grad", *_creation.__all__, *_derivatives.__all__, *_FUNCTIONS
]  # fmt: skip
__all__ = sorted([*_OWN, *_OPS, *_STRUCTURAL, *_COMPOSITE])
globals().update(_FUNCTIONS)


_LATE = {"autograd": "scalargrad.function", "nn": "fastpath.nn", "optim": "scalargrad.optim"}
"""Modules that are loaded when used, by PyTorch's names."""


def __getattr__(name: str) -> _Any:
    if name in _LATE:
        return _import_module(_LATE[name])
    if name in _creation.DTYPES:
        return _creation.DTYPES[name]
    if name in _OPS or name in _STRUCTURAL:  # registered later
        return _OPS.get(name) or _STRUCTURAL[name]
    raise AttributeError(f"module 'fastpath' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATE, *__all__, *_OPS, *_STRUCTURAL})
