"""Why a network needs nonlinear functions between its layers: linear layers collapse into one."""

from __future__ import annotations

from typing import Any

from scalargrad.ops.given import as_array
from scalargrad.ops.structural import matmul

__all__ = ["collapse"]


def collapse(*layers: Any) -> Any:
    """The one linear layer that equals these in sequence: A = W₁W₂⋯, since (XW₁)W₂ = X(W₁W₂).

    A layer is its weights W, of shape (inputs, outputs), or a tuple ``(W, b)`` with its biases; if any has biases the
    result is such a tuple too, with b = b₁W₂ + b₂. Weights may be numbers, Tensors or arrays of Values: then the result
    is a graph.

    In the lecture x is (1, x), W₁ has the rows (w₁₁, w₁₂) and (w₂₁, w₂₂), and W₂ is (w₁, w₂); two layers give the line
    γ₁ + γ₂x with γ₁ = w₁w₁₁ + w₂w₁₂ and γ₂ = w₁w₂₁ + w₂w₂₂:

    >>> collapse([[1.0, 2.0], [3.0, 4.0]], [10.0, 100.0])
    array([210., 430.])

    Raises ValueError if the outputs of a layer are not the inputs of the next.
    """
    if not layers:
        raise ValueError("collapse: there must be at least one layer, W or (W, b)")
    total: Any = None
    bias: Any = None
    for layer in layers:
        pair = isinstance(layer, tuple) and len(layer) == 2
        weights, shift = [as_array(x, "collapse") for x in layer] if pair else (as_array(layer, "collapse"), None)
        if bias is not None:
            bias = matmul(bias, weights)
        if shift is not None:
            bias = shift if bias is None else bias + shift
        total = weights if total is None else matmul(total, weights)
    return total if bias is None else (total, bias)
