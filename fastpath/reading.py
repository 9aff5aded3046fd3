"""What :mod:`scalargrad.derivatives` asks of a Tensor: the same few questions it asks of a Value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastpath.recording import constant
from fastpath.tensor import Tensor, recomputed_on
from scalargrad.graph import topological_order
from scalargrad.ops.broadcasting import unbroadcast
from scalargrad.ops.structure import STRUCTURAL


def _unbroadcast(self: Tensor, downstream: Any) -> Any:
    """A gradient in the shape and dtype of this Tensor; a number fills it."""
    if self.dtype.kind != "f":
        return downstream  # what gave whole numbers has no derivative, and says so when it is asked for its own
    if isinstance(downstream, (float, int)):
        return Tensor(np.full(self.shape, downstream, self.dtype))
    if not isinstance(downstream, Tensor):
        downstream = constant(downstream, "unbroadcast", (self,))
        downstream = downstream if isinstance(downstream, Tensor) else Tensor(downstream, dtype=self.dtype)
    return unbroadcast(downstream, self)


def _constant_like(self: Tensor, x: Any) -> Any:
    """A Tensor, or a number as a Tensor of this shape."""
    return x if isinstance(x, Tensor) else _unbroadcast(self, x)


def _as_leaf(self: Tensor) -> Tensor:
    """A new leaf with the same numbers and label, of which gradients can be asked."""
    return Tensor(self.data, requires_grad=True, dtype=self.dtype, label=self.label)


def _seeds(self: Tensor) -> list[Any]:
    """The upstream gradients that single out each of its elements, in order."""
    if self.size == 1:
        return [Tensor(np.ones(self.shape, self.dtype))]
    singles = np.eye(self.size, dtype=self.dtype).reshape(self.size, *self.shape)
    return [Tensor(single) for single in singles]


def _gathered(self: Tensor, derivatives: Sequence[Any]) -> Any:
    """The derivatives of its elements, one each, as an array with its axes first."""
    if self.shape == ():
        return derivatives[0]
    rows = STRUCTURAL["concatenate"]([x.reshape((1, *x.shape)) for x in derivatives])
    return rows.reshape((*self.shape, *derivatives[0].shape))


def _replay(self: Tensor, changed: dict[Any, Any]) -> tuple[Any, Any]:
    """Its array with other arrays in some leaves, and where the computation lies among the kinks of its operations."""
    arrays = dict(changed)
    distances: list[float] = []
    operations = []
    for node in topological_order(self):
        if node._op is None:
            arrays.setdefault(node, node._data)
            continue
        now = tuple(arrays[x] if isinstance(x, Tensor) else x for x in node.inputs)
        arrays[node] = recomputed_on(node, now)
        operations.append(node._op.name)
        for kink in getattr(node._op, "kinks", ()):
            distances += np.ravel(kink.distance(*now)).tolist()
    return arrays[self], (tuple(operations), tuple(distances))


def _once_more(self: Tensor, position: int, change: Any) -> tuple[Any, tuple[float, ...]]:
    """What its operation gives with one operand changed by so much, and how far that is from each of its kinks."""
    arrays = [x._data if isinstance(x, Tensor) else x for x in self.inputs]
    arrays[position] = arrays[position] + change
    distances: list[float] = []
    for kink in getattr(self._op, "kinks", ()):
        distances += np.ravel(kink.distance(*arrays)).tolist()
    return recomputed_on(self, tuple(arrays)), tuple(distances)


for _function in (_once_more, _unbroadcast, _constant_like, _as_leaf, _seeds, _gathered, _replay):
    setattr(Tensor, _function.__name__, _function)
