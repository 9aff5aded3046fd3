"""What derivatives, a Trace and checks ask of a Tensor: the same questions as they ask of a Value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fastpath.backward import downstreams
from fastpath.node import ArrayNode, leaf
from fastpath.numerics import Array, array_forward, array_local, as_floats, ignoring, unbroadcast_array
from fastpath.recording import constant
from fastpath.reverse import pass_back
from scalargrad.graph import topological_order
from scalargrad.ops.broadcasting import unbroadcast
from scalargrad.ops.registry import Op
from scalargrad.ops.structure import STRUCTURAL


class Differentiable(ArrayNode):
    """The protocol of :mod:`scalargrad.derivatives`, :mod:`scalargrad.tracing` and :mod:`scalargrad.checking`."""

    __slots__ = ()
    _numbers = staticmethod(pass_back)

    # --- for a Trace -------------------------------------------------------------------------------------------------

    def _unit(self) -> Array:
        """The derivative of it by itself; ValueError if it has more than one element."""
        if self._data.size != 1:
            raise ValueError(
                f"only a single number has gradients to show, not a Tensor of shape {self.shape}: reduce it first"
            )
        return np.ones(self._data.shape, self._data.dtype)

    @ignoring
    def _downstreams(self, upstream: Array) -> list[tuple[int, Any, Array | None, Array]]:
        """What this node passes on, edge by edge: position, operand, local derivative, downstream gradient.

        There is no local derivative, element by element, of an operation that moves or reduces.
        """
        found = []
        shares = downstreams(self, upstream) if self._op is not None else ()
        for position, (operand, share) in enumerate(zip(self.inputs, shares)):
            if share is not None:
                arrays: Any = self._arrays
                local = array_local(self._op, position, self._data, arrays) if type(self._op) is Op else None
                found.append((position, operand, local, unbroadcast_array(share, operand._data)))
        return found

    def _is_of_same_operands(self) -> bool:
        """Whether the arrays of its operands are the very arrays it was computed from."""
        arrays = self._arrays or ()
        return all(x._data is a for x, a in zip(self.inputs, arrays) if isinstance(x, ArrayNode))

    def _recomputed(self) -> Any:
        """What the operation gives on its operands as they are now."""
        return recomputed_on(self, tuple(x._data if isinstance(x, ArrayNode) else x for x in self.inputs))

    # --- for derivatives ---------------------------------------------------------------------------------------------

    def _unbroadcast(self, downstream: Any) -> Any:
        """A gradient in the shape and dtype of this Tensor; a number fills it."""
        if self.dtype.kind != "f":
            return downstream  # what gave whole numbers has no derivative, and says so when it is asked for its own
        if isinstance(downstream, (float, int)):
            return leaf(np.full(self.shape, downstream, self.dtype))
        if not isinstance(downstream, ArrayNode):
            downstream = constant(downstream, "unbroadcast", (self,))
            downstream = downstream if isinstance(downstream, ArrayNode) else leaf(np.array(downstream, self.dtype))
        return unbroadcast(downstream, self)

    def _constant_like(self, x: Any) -> Any:
        """A Tensor, or a number as a Tensor of this shape."""
        return x if isinstance(x, ArrayNode) else self._unbroadcast(x)

    def _as_leaf(self) -> Any:
        """A new leaf with the same numbers and label, of which gradients can be asked."""
        new = leaf(as_floats(self._data, self.dtype))
        new.requires_grad, new.label = True, self.label
        return new

    def _seeds(self) -> Iterator[Any]:
        """The upstream gradients that single out each of its elements, in order."""
        for i in range(self.size):
            single = np.zeros(self.shape, self.dtype)
            single.flat[i] = 1
            yield leaf(single)

    def _gathered(self, derivatives: Sequence[Any]) -> Any:
        """The derivatives of its elements, one each, as an array with its axes first."""
        if self.shape == ():
            return derivatives[0]
        rows = STRUCTURAL["concatenate"]([x.reshape((1, *x.shape)) for x in derivatives])
        return rows.reshape((*self.shape, *derivatives[0].shape))

    def _computed_again(self, changed: dict[Any, Any]) -> tuple[Any, Any]:
        """Its array with other arrays in some leaves, and where the computation lies among the kinks of its ops."""
        arrays = dict(changed)
        distances: list[float] = []
        operations = []
        for node in topological_order(self):
            if node._op is None:
                arrays.setdefault(node, node._data)
                continue
            now = tuple(arrays[x] if isinstance(x, ArrayNode) else x for x in node.inputs)
            arrays[node] = recomputed_on(node, now)
            operations.append(node._op.name)
            for kink in getattr(node._op, "kinks", ()):
                distances += np.ravel(kink.distance(*now)).tolist()
        return arrays[self], (tuple(operations), tuple(distances))

    def _once_more(self, position: int, change: Any) -> tuple[Any, tuple[float, ...]]:
        """What its operation gives with one operand changed by so much, and how far that is from each of its kinks."""
        arrays = [x._data if isinstance(x, ArrayNode) else x for x in self.inputs]
        arrays[position] = arrays[position] + change
        distances: list[float] = []
        for kink in getattr(self._op, "kinks", ()):
            distances += np.ravel(kink.distance(*arrays)).tolist()
        return recomputed_on(self, tuple(arrays)), tuple(distances)


@ignoring
def recomputed_on(node: ArrayNode, operands: tuple[Any, ...]) -> Any:
    """What the operation of a node gives on these arrays and numbers."""
    if type(node._op) is Op:
        return np.asarray(array_forward(node._op)(*operands)).astype(node._data.dtype, copy=False)
    return node._op.recomputed(node._data, operands)
