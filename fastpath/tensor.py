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
from fastpath.comparing import Comparable
from fastpath.differentiable import Differentiable
from fastpath.methods import give_methods
from fastpath.node import make as _make
from fastpath.node import nodes_are
from fastpath.numerics import as_floats
from fastpath.pytorch import PyTorchNames
from fastpath.recording import apply, apply_structural
from scalargrad import modes
from scalargrad.graph import short
from scalargrad.ops.methods import StructuralMethods
from scalargrad.ops.operators import Operators


@nodes_are
class Tensor(Comparable, Differentiable, Operators, StructuralMethods, PyTorchNames):
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

    # p -= lr * p.grad: of a parameter in place under no_grad; of any other Tensor a new node, as p = p - lr * p.grad

    def __iadd__(self, other: Any) -> Any:
        return self._in_place(self.__add__, other, "+=")

    def __isub__(self, other: Any) -> Any:
        return self._in_place(self.__sub__, other, "-=")

    def __imul__(self, other: Any) -> Any:
        return self._in_place(self.__mul__, other, "*=")

    def __itruediv__(self, other: Any) -> Any:
        return self._in_place(self.__truediv__, other, "/=")

    def _in_place(self, compute: Callable[[Any], Any], other: Any, sign: str) -> Any:
        if self._op is not None or not self.requires_grad:
            return NotImplemented
        if modes.recording():
            name = short(self.label) if self.label else "p"
            raise RuntimeError(
                f"{name} {sign} … would make a new Tensor of a leaf that requires a gradient: to change its numbers, "
                f"write it under no_grad(), or {name}.data {sign} …; for a new Tensor write {name} = {name} {sign[0]} …"
            )
        result = compute(other)
        if result is NotImplemented:
            return result
        if result.shape != self.shape:
            raise ValueError(f"{sign}: a Tensor of shape {self.shape} cannot become one of shape {result.shape}")
        self._set(result._data.astype(self._data.dtype))
        return self

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
make: Callable[..., Tensor] = _make
