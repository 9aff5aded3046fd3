"""Functions under the names of ``torch.nn.functional``: the operations, and the losses.

>>> from fastpath import Tensor
>>> from fastpath.nn import functional as F
>>> F.mse_loss(F.relu(Tensor([1.0, -2.0])), [0.0, 0.0]).item()
0.5
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastpath.tensor import Tensor
from scalargrad import nn
from scalargrad.ops import indexing
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.registry import OPS
from scalargrad.ops.structural import STRUCTURAL

LOSSES = {
    "mse_loss": "mse", "l1_loss": "mae", "binary_cross_entropy": "bce", "nll_loss": "nll", "huber_loss": "huber",
    "binary_cross_entropy_with_logits": "bce_with_logits", "cross_entropy": "cross_entropy",
}  # fmt: skip
"""The losses by PyTorch's names."""


def one_hot(labels: Any, num_classes: int = -1) -> Any:
    """For each label the row of the identity, as a Tensor; -1 stands for as many classes as the labels need.

    >>> one_hot([2, 0])
    Tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    found = indexing.one_hot(labels, int(np.max(labels)) + 1 if num_classes == -1 else num_classes)
    return Tensor(found) if isinstance(found, np.ndarray) else found


def __getattr__(name: str) -> Any:
    if name in LOSSES:
        return getattr(nn, LOSSES[name])
    for table in (OPS, STRUCTURAL, COMPOSITE):
        if name in table:
            return table[name]
    raise AttributeError(f"module 'fastpath.nn.functional' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*LOSSES, *OPS, *STRUCTURAL, *COMPOSITE})
