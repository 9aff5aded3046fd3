"""What undoes broadcasting, in a backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scalargrad.ops.moving import broadcast_to


def unbroadcast(downstream: Any, like: Any, repeat: Callable[[Any, Any], Any] = broadcast_to) -> Any:
    """A gradient in the shape and dtype of its operand ``like``: summed over the axes along which that was broadcast.

    Where it has length 1 and the operand has not, as in a pullback of a sum, it is repeated (by ``repeat``). It is
    written in ops, so it is for arrays, Tensors and Exprs alike, and can be differentiated again.

    >>> import numpy as np
    >>> unbroadcast(np.ones((5, 2, 3)), np.zeros((2, 1)))
    array([[15.],
           [15.]])
    """
    shape = like.shape
    if downstream.shape != shape:
        if downstream.dtype.char == "e":
            downstream = downstream.astype("float32")  # float16 is added up in float32
        extra = downstream.ndim - len(shape)
        axes = [i for i, n in enumerate(downstream.shape) if i < extra or shape[i - extra] == 1 != n]
        if axes:
            downstream = downstream.sum(axis=tuple(axes), keepdims=True)
        if extra > 0:
            downstream = downstream.reshape(downstream.shape[extra:])
        if downstream.shape != shape:
            downstream = repeat(downstream, shape)
    return downstream if downstream.dtype == like.dtype else downstream.astype(like.dtype)
