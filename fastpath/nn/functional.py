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
    "mse_loss": "MSELoss", "l1_loss": "L1Loss", "binary_cross_entropy": "BCELoss", "nll_loss": "NLLLoss",
    "huber_loss": "HuberLoss", "smooth_l1_loss": "SmoothL1Loss", "cross_entropy": "CrossEntropyLoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss", "kl_div": "KLDivLoss",
    "poisson_nll_loss": "PoissonNLLLoss", "soft_margin_loss": "SoftMarginLoss", "multi_margin_loss": "MultiMarginLoss",
    "hinge_embedding_loss": "HingeEmbeddingLoss",
}  # fmt: skip
"""The losses by PyTorch's names: the class each is the function of. ``nll_loss`` takes log-probabilities."""


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
        return _loss(*nn.losses.MODULES[LOSSES[name]])
    if name == "scaled_dot_product_attention":
        return nn.scaled_dot_product_attention
    for table in (OPS, STRUCTURAL, COMPOSITE):
        if name in table:
            return table[name]
    raise AttributeError(f"module 'fastpath.nn.functional' has no attribute {name!r}")


def _loss(function: Any, names: dict[str, str]) -> Any:
    """The function of a loss; where PyTorch calls a setting otherwise, it is the third argument, as there."""
    if not names:
        return function

    def call(predictions: Any, targets: Any, weight: Any = None, **settings: Any) -> Any:
        return function(predictions, targets, **{names["weight"]: weight}, **settings)

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    return call


def __dir__() -> list[str]:
    return sorted({*LOSSES, "scaled_dot_product_attention", *OPS, *STRUCTURAL, *COMPOSITE})
