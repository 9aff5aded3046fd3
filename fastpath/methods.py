"""The methods of a Tensor that are made from rows, once per op, with everything looked up beforehand.

They are listed for editors and type checkers in :mod:`scalargrad.ops.methods`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fastpath.bound import BoundOp
from fastpath.node import leaf
from fastpath.numerics import array_forward, quiet
from fastpath.recording import apply, apply_structural, fast
from scalargrad import modes
from scalargrad.ops.composite import ALIASES, COMPOSITE, FUNCTIONS_ONLY
from scalargrad.ops.operators import DUNDERS, formed, install
from scalargrad.ops.registry import OPS, Op
from scalargrad.ops.structure import STRUCTURAL, StructuralOp


def _binary(cls: Any, op: Any, forward: Callable[..., Any], apply: Callable[..., Any]) -> Callable[..., Any]:
    """The operator method for a ufunc between Tensors, or a Tensor and a number; ``apply`` does all the rest."""

    def method(self: Any, other: Any) -> Any:
        kind = type(other)
        if kind is cls:
            y = other._data if other._locked else other._use()
            needed = (self.requires_grad, other.requires_grad)
        elif kind is float:
            y = other
            needed = (self.requires_grad, False)
        elif kind is int and -_EXACT < other < _EXACT:
            y = other = float(other)
            needed = (self.requires_grad, False)
        else:
            return apply((self, other)) if self._takes(other) or hasattr(kind, "_apply_op") else NotImplemented
        x = self._data if self._locked else self._use()
        try:
            data = quiet().run(forward, x, y)
        except ValueError:
            return apply((self, other))  # which explains why
        if modes.special or type(data) is not np.ndarray or data.dtype is not x.dtype:
            return apply((self, other))
        if True not in needed:
            return leaf(data)
        node = new(cls)
        node._data = data
        node._op = op
        node._arrays = (x, y)
        node._needed = needed
        node._a = self
        node._b = other
        node._locked = node.requires_grad = True
        node.grad = node.label = node._mark = None
        node.scope = modes.current_scope() if modes.active else None
        return node

    return method


def _reflected(apply: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        return apply((other, self)) if self._takes(other) or hasattr(type(other), "_apply_op") else NotImplemented

    return method


def _elementwise(cls: Any, op: Op) -> Callable[..., Any]:
    """The method of an op: specialised for one operand."""
    if len(op.operands) != 1:
        return lambda self, *operands, **named: op(self, *operands, **named)
    forward = array_forward(op)

    def quick(self: Any) -> Any:
        """The node, or None where something is out of the ordinary."""
        x = self._data if self._locked else self._use()
        data = quiet().run(forward, x)
        if modes.special or type(data) is not np.ndarray or data.dtype is not x.dtype:
            return None
        if not self.requires_grad:
            return leaf(data)
        node = new(cls)
        node._data = data
        node._op = op
        node._arrays = (x,)
        node._needed = _ONE
        node._a = self
        node._locked = node.requires_grad = True
        node._b = node.grad = node.label = node._mark = None
        node.scope = modes.current_scope() if modes.active else None
        return node

    fast[op] = quick

    def method(self: Any) -> Any:
        node = quick(self)
        return apply(op, (self,)) if node is None else node

    return formed(op, method)


new = object.__new__
_ONE = (True,)
_EXACT = 2**53
"""Integers below this are floats without loss."""


def _structural(op: StructuralOp) -> Callable[..., Any]:
    """The method of a structural op; those of NumPy for reshape and transpose take the lengths one by one, too."""

    def method(self: Any, *arguments: Any, **settings: Any) -> Any:
        return apply_structural(op, *op.arranged((self, *arguments), settings))

    def spread(self: Any, *arguments: Any, **settings: Any) -> Any:
        if len(arguments) == 2 and op.name == "transpose":
            _refuse_exchange(self, arguments)
        return method(self, arguments, **settings) if len(arguments) > 1 else method(self, *arguments, **settings)

    return spread if op.name in ("reshape", "transpose") else method


def _refuse_exchange(x: Any, axes: tuple[Any, ...]) -> None:
    """Refuse ``transpose(0, 1)`` as PyTorch means it: in NumPy's meaning it would leave a matrix as it is."""
    if x.ndim > 2 or (x.ndim == 2 and axes in ((0, 1), (-2, -1))):
        i, j = axes
        raise ValueError(
            f"transpose({i}, {j}) of shape {x.shape}: to exchange two axes write swapaxes({i}, {j}); transpose takes "
            "the order of all axes, as NumPy's does"
        )


def give_methods(cls: Any) -> None:
    """Give ``cls`` the operators and a method per row, now and whenever one is registered; the composite ops, too.

    An op of a sequence of arrays, as concatenate, is a function only.
    """
    for name, (method, reflected) in DUNDERS.items():
        op, slow = OPS[name], partial(apply, OPS[name])
        setattr(cls, method, _binary(cls, op, array_forward(op), slow))
        setattr(cls, reflected, _reflected(slow))
    matmul = STRUCTURAL["matmul"]
    slow = partial(apply_structural, matmul, settings={})
    cls.__matmul__ = _binary(cls, BoundOp(matmul, {}), np.matmul, slow)
    cls.__rmatmul__ = _reflected(slow)
    install(cls, partial(_elementwise, cls))
    install(cls, lambda op: None if op.many else _structural(op), STRUCTURAL)
    for function in COMPOSITE.values():
        if function not in FUNCTIONS_ONLY:
            setattr(cls, function.__name__, function)
    for alias, name in ALIASES.items():
        setattr(cls, alias, COMPOSITE[name])
