"""Operations of one's own: a class with a ``forward`` and a ``backward``, as in PyTorch.

A :class:`Function` is for what is not one line of arithmetic: an algorithm whose derivative is known, or a backward
that is meant to differ from the forward. For an ordinary formula, a row of the registry
(:func:`scalargrad.ops.registry.op`) is shorter, and is also a method and a name in formulas.
"""

from __future__ import annotations

from typing import Any, NoReturn

from scalargrad.function.context import Context
from scalargrad.function.node import apply

__all__ = ["Context", "Function"]


class Function:
    """An operation given by its forward and its backward, both static methods, and called by ``apply``.

    ``forward(ctx, *operands)`` gets the operands of ``apply``, Values and numbers as they are, and returns one Value or
    number; on Tensors it returns one Tensor or array. Nothing in it is recorded, so any Python will do.
    ``ctx.save_for_backward(…)`` keeps operands and the result for the backward pass; settings are kept as attributes of
    ``ctx``.

    ``backward(ctx, upstream)`` returns ``upstream × local`` for each operand: a single one or a tuple, None for 0.
    It must be proportional to ``upstream``. Written in ops, it can be read as a formula and be differentiated again;
    then a number that ``forward`` computed and saved is a NotDifferentiableError, since its derivative is not known.
    What ``float()``, ``math``, ``.data`` or an attribute of ``ctx`` turned into a plain number is a constant there.

    >>> from scalargrad import Value
    >>> class Multiply(Function):
    ...     @staticmethod
    ...     def forward(ctx, x, y):
    ...         ctx.save_for_backward(x, y)
    ...         return x * y
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad_z):
    ...         x, y = ctx.saved_tensors
    ...         return y * grad_z, x * grad_z
    >>> x, y = Value(3.0), Value(4.0)
    >>> z = Multiply.apply(x, y)
    >>> z.backward()
    >>> z, x.grad, y.grad
    (Value(12.0, op=Multiply), 4.0, 3.0)
    """

    def __new__(cls, *operands: Any, **named: Any) -> NoReturn:
        raise TypeError(f"{cls.__name__} is not called itself: write {cls.__name__}.apply(…)")

    @staticmethod
    def forward(*ctx_and_operands: Any, **named: Any) -> Any:
        """The result; to be defined as ``forward(ctx, x, …)``."""
        raise NotImplementedError("a Function defines forward(ctx, …)")

    @staticmethod
    def backward(*ctx_and_upstream: Any, **named: Any) -> Any:
        """The downstream gradients; to be defined as ``backward(ctx, upstream)``."""
        raise NotImplementedError("a Function defines backward(ctx, upstream)")

    @classmethod
    def apply(cls, *operands: Any, **named: Any) -> Any:
        """The result as a node of the graph, or as a number if there is no Value among the operands.

        TypeError if an operand is neither a Value nor a number, or the class is not as described.
        """
        if named:
            raise TypeError(f"{cls.__name__}.apply takes its operands by position, not by name: {', '.join(named)}")
        for name in ("forward", "backward"):
            method = next(c.__dict__[name] for c in cls.__mro__ if name in c.__dict__)
            if method is Function.__dict__[name]:
                raise TypeError(f"{cls.__name__} has no {name}: define it, with @staticmethod above it")
            if not isinstance(method, staticmethod):
                raise TypeError(f"{cls.__name__}.{name} must be a static method: put @staticmethod above it")
        return apply(cls, operands)
