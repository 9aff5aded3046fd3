"""The objective that training minimises: the loss of a model, or a compiled function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from scalargrad.nn.losses import LOSSES


class Objective:
    """A loss of a model's predictions."""

    def __init__(self, model: Any, loss: Callable[[Any, Any], Any]) -> None:
        self.model, self.loss = model, loss

    def _node(self, X: Any, y: Any) -> Any:
        node = self.loss(self.model(X), y)
        if isinstance(node, np.ndarray) and node.size == 1:
            node = node.item()
        if getattr(node, "size", 1) != 1:
            raise ValueError(f"the loss must be one number, not an array of shape {node.shape}: take its mean or sum")
        return node

    def value(self, X: Any, y: Any) -> float:
        """The loss of a batch."""
        return float(self._node(X, y))

    def backward(self, X: Any, y: Any) -> float:
        """The loss of a batch, whose gradients it leaves in the parameters."""
        node = self._node(X, y)
        value = float(node)
        if not hasattr(node, "backward"):
            raise TypeError("the loss is a plain number, so it has no gradient: compute it from the model's parameters")
        if math.isfinite(value):
            node.backward()
        return value


class Compiled(Objective):
    """A compiled objective of ``(X, y)``."""

    def __init__(self, objective: Any) -> None:
        self.objective = objective

    def value(self, X: Any, y: Any) -> float:
        return float(self.objective(X, y))

    def backward(self, X: Any, y: Any) -> float:
        return float(self.objective.backward(X, y))


def objective_of(model: Any, loss: Any) -> Objective:
    """The objective: a loss by its name, a function, or a compiled objective."""
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ValueError(f"loss is a function or one of {', '.join(sorted(LOSSES))}, not {loss!r}")
        loss = LOSSES[loss]
    if not callable(loss):
        raise TypeError(f"loss is a function of predictions and targets, or its name, not {loss!r}")
    return Compiled(loss) if hasattr(loss, "backward") else Objective(model, loss)
