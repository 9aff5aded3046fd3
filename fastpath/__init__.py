"""fastpath: the vectorized side of scalargrad, on the same op registry.

>>> from fastpath import Tensor, cross_entropy, relu
>>> W = Tensor([[0.5, -0.5], [0.25, 1.0]], requires_grad=True, label="W")
>>> loss = cross_entropy(relu(Tensor([[1.0, 2.0], [3.0, -1.0]]) @ W), [1, 0])
>>> loss.backward()
>>> W.grad.shape
(2, 2)
"""

from __future__ import annotations

from typing import Any as _Any

from fastpath.compiler import compile as compile
from fastpath.exploding import explode as explode
from fastpath.tensor import Tensor as Tensor
from scalargrad import derivatives as _derivatives
from scalargrad.derivatives import *  # noqa: F403
from scalargrad.ops.composite import *  # noqa: F403
from scalargrad.ops.composite import COMPOSITE as _COMPOSITE
from scalargrad.ops.elementwise import *  # noqa: F403
from scalargrad.ops.registry import OPS as _OPS
from scalargrad.ops.structural import *  # noqa: F403
from scalargrad.ops.structure import STRUCTURAL as _STRUCTURAL

__all__ = sorted(["Tensor", "compile", "explode", *_derivatives.__all__, *_OPS, *_STRUCTURAL, *_COMPOSITE])


def __getattr__(name: str) -> _Any:
    if name in _OPS or name in _STRUCTURAL:  # registered later
        return _OPS.get(name) or _STRUCTURAL[name]
    raise AttributeError(f"module 'fastpath' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_OPS, *_STRUCTURAL})
