"""From a graph of arrays to the scalar graph behind it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastpath.bound import BoundOp
from fastpath.tensor import Tensor
from scalargrad.engine import Value
from scalargrad.graph import topological_order

LARGEST = 10_000
"""Up to how many elements in all a graph is taken apart."""


def explode(root: Tensor) -> Any:
    """The scalar graph of a Tensor: every element a Value, every op in the scalar ops it expands to.

    Returns an object array of Values of the Tensor's shape, or a single Value. An element of a leaf labelled ``W`` is
    labelled ``W_01`` after its indices. Raises ValueError for graphs of more than 10 000 elements.

    >>> A = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, label="A")
    >>> x = Tensor([1.0, -1.0], label="x")
    >>> y = explode((A @ x).sum())
    >>> y
    Value(-2.0, op=add)
    >>> y.backward()
    >>> from scalargrad.graph import leaves
    >>> [(leaf.label, leaf.grad) for leaf in leaves(y)][:2]
    [('A_00', 1.0), ('x_0', 4.0)]
    """
    if not isinstance(root, Tensor):
        raise TypeError(f"explode takes a Tensor, not {root!r}")
    order = topological_order(root)
    elements = sum(node.size for node in order)
    if elements > LARGEST:
        raise ValueError(f"explode: this graph has {elements} elements, more than {LARGEST}; take a smaller example")
    parts: dict[Tensor, Any] = {}
    for node in order:
        parts[node] = _leaf(node) if node.op is None else _expanded(node, parts)
        if parts[node].shape != node.shape:
            raise AssertionError(f"{node.op.name} expands to shape {parts[node].shape}, not {node.shape}")
    whole = parts[root]
    return whole[()] if whole.ndim == 0 else whole


def _expanded(node: Tensor, parts: dict[Tensor, Any]) -> Any:
    operands = tuple(parts[x] if isinstance(x, Tensor) else x for x in node.inputs)
    op = node.op
    result = op.op.on_arrays(operands, op.settings) if isinstance(op, BoundOp) else op(*operands)
    if isinstance(result, np.ndarray):
        return result
    box = np.empty((), dtype=object)
    box[()] = result
    return box


def _leaf(node: Tensor) -> Any:
    """An object array of Values, labelled by their indices; whole numbers (classes, places) stay as they are."""
    if node.dtype.kind != "f":
        return node._data
    box = np.empty(node.shape, dtype=object)
    joint = "" if all(n <= 10 for n in node.shape) else ","
    for index in np.ndindex(node.shape):
        place = joint.join(map(str, index))
        label = node.label if node.label is None or not index else f"{node.label}_{place}"
        box[index] = Value(node._data[index], label=label)
    return box
