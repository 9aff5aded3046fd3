"""Functions under the names of ``torch.nn.functional``: the operations, and the losses.

>>> from fastpath import Tensor
>>> from fastpath.nn import functional as F
>>> F.mse_loss(F.relu(Tensor([1.0, -2.0])), [0.0, 0.0]).item()
0.5
"""

from __future__ import annotations

from typing import Any

from scalargrad import nn
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.registry import OPS
from scalargrad.ops.structural import STRUCTURAL

LOSSES = {
    "mse_loss": "mse", "l1_loss": "mae", "binary_cross_entropy": "bce", "nll_loss": "nll", "huber_loss": "huber",
    "binary_cross_entropy_with_logits": "bce_with_logits", "cross_entropy": "cross_entropy",
}  # fmt: skip
"""The losses by PyTorch's names."""


def __getattr__(name: str) -> Any:
    if name in LOSSES:
        return getattr(nn, LOSSES[name])
    for table in (OPS, STRUCTURAL, COMPOSITE):
        if name in table:
            return table[name]
    raise AttributeError(f"module 'fastpath.nn.functional' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*LOSSES, *OPS, *STRUCTURAL, *COMPOSITE})
