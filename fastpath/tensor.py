"""The batched backend: :class:`Tensor`, an array in a computational graph.

What :class:`scalargrad.Value` is for one number, a Tensor is for an array: it remembers its ``op`` and ``inputs``, and
:meth:`Tensor.backward` sends downstream = upstream × local from the result to the leaves, a whole array at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastpath import functions
from fastpath.backward import backpropagate, commit, keeping
from fastpath.changing import Changeable
from fastpath.comparing import Comparable
from fastpath.differentiable import Differentiable
from fastpath.leaving import Leaving, whole_numbers
from fastpath.methods import give_methods
from fastpath.node import make as _make
from fastpath.node import nodes_are
from fastpath.numerics import as_floats
from fastpath.pytorch import PyTorchNames
from fastpath.recording import apply, apply_structural
from scalargrad.ops.methods import StructuralMethods


@nodes_are
class Tensor(Comparable, Changeable, Leaving, Differentiable, StructuralMethods, PyTorchNames):
    """An array in a computational graph.

    ``data`` is copied: floats keep their dtype, ints and bools become float64. ``grad`` is None until a backward pass
    reaches this leaf, then an array of the leaf's shape and dtype; passes add up. Only what depends on a Tensor with
    ``requires_grad`` is recorded. ``label`` is a name to show, ``scope`` the path of the scopes it was made in.

    A graph keeps the numbers it was computed from: ``data`` may be changed in place at any time, an alias of it too,
    without spoiling a gradient still to be computed. (What is changed is a copy, if a graph uses the array.)

    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> x = Tensor([1.0, -1.0])
    >>> loss = (x @ W).square().sum()
    >>> loss.backward()
    >>> W.grad
    array([[-4., -4.],
           [ 4.,  4.]])
    """

    __slots__ = ()
    _apply_op = staticmethod(apply)
    _apply_structural = staticmethod(apply_structural)
    _apply_function = staticmethod(functions.apply)

    # --- backward ----------------------------------------------------------------------------------------------------

    def backward(self, seed: Any = None) -> None:
        """Reverse-mode differentiation: ``grad`` of every leaf with ``requires_grad`` this one depends on.

        ``seed`` is the upstream gradient of this Tensor, an array of its shape; 1 if it has a single element. Leaves
        add to what they have. If a rule raises, no gradient changes.

        Raises RuntimeError if nothing requires a gradient, ValueError if a seed is missing or has another shape,
        NotDifferentiableError if an operation on the way has no gradient.
        """
        if not self.requires_grad:
            raise RuntimeError("backward: nothing this Tensor was computed from has requires_grad=True")
        shape, dtype = self._data.shape, self._data.dtype
        if dtype.kind != "f":
            self._op.op.require_derivative()
        if seed is not None:
            start = as_floats(seed, dtype)
            if start.size == self._data.size == 1:
                start = start.reshape(shape)
            if start.shape != shape:
                raise ValueError(f"backward: a seed of shape {start.shape} for a Tensor of shape {shape}")
        elif self._data.size == 1:
            start = np.empty(shape, dtype)
            start.fill(1)
        else:
            raise ValueError(
                f"backward of a Tensor of shape {shape} needs a seed: call backward(seed) with an array "
                "of that shape, or reduce it to one number with sum() or mean() first"
            )
        commit(backpropagate(self, start))

    def retain_grad(self) -> None:
        """Have the gradient of this computed Tensor kept in its ``grad`` by later backward passes, the latest one's.

        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> y = x * 3
        >>> y.retain_grad()
        >>> y.square().sum().backward()
        >>> y.grad
        array([ 6., 12.])
        """
        self._look("retain_grad()")
        if not self.requires_grad:
            raise RuntimeError("retain_grad: this Tensor has no gradient: nothing it depends on has requires_grad=True")
        if self._op is not None:
            keeping.add(Retaining)
            self.__class__ = Retaining


class Retaining(Tensor):
    """A computed Tensor whose gradient is asked for."""

    __slots__ = ()


give_methods(Tensor)
Tensor.astype = whole_numbers(Tensor.astype)  # type: ignore[method-assign]
make: Callable[..., Tensor] = _make
