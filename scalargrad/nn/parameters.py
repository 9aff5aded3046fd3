"""Parameters as PyTorch writes them: ``nn.Parameter``, and ``weight`` and ``bias`` beside ``W`` and ``b``."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.nn.backends import (
    as_nodes,
    backend_of,
    is_parameter,
    is_value_backed,
    numbers_of,
    parameter,
    set_numbers,
)
from scalargrad.ops.structural import transpose
from scalargrad.settings import flag

__all__ = ["Parameter"]


class _Asks(type):
    """Whatever is a parameter is an instance, however it was made: ``isinstance(layer.W, nn.Parameter)``."""

    def __instancecheck__(cls, x: Any) -> bool:
        return is_parameter(x)


class Parameter(metaclass=_Asks):
    """A parameter from numbers: ``self.w = nn.Parameter(np.zeros(3))`` in a module's ``__init__``.

    It is a Tensor that requires a gradient, made from an array, a list, a number or a Tensor; of a Value or an array
    of Values it is Values. ``backend="value"`` makes Values of numbers, too. The numbers are copied. With
    ``requires_grad=False`` it is a Tensor that is not learned.

    Raises TypeError for what holds no numbers.

    >>> import numpy as np
    >>> from scalargrad import nn
    >>> nn.Parameter(np.zeros(2))
    Tensor([0., 0.], requires_grad=True)
    >>> nn.Parameter(0.5, backend="value"), isinstance(nn.Linear(1, 1).W, nn.Parameter)
    (Value(0.5), True)
    """

    def __new__(cls, data: Any, requires_grad: bool = True, *, backend: Any = None, label: str | None = None) -> Any:
        if data is None:
            raise TypeError("Parameter: data are numbers, an array or a Tensor, not None")
        nodes: Any = as_nodes(data) if is_parameter(data) or hasattr(data, "dtype") else None
        try:
            array = numbers_of(np.asarray(data, dtype=float) if nodes is None else nodes)
        except (TypeError, ValueError):
            raise TypeError(f"Parameter: data are numbers, an array or a Tensor, not {type(data).__name__}") from None
        if array.dtype.kind not in "fiub":
            raise TypeError(f"Parameter: data are numbers, not {array.dtype}")
        array = array if array.dtype.kind == "f" else array.astype(float)
        if backend is None:
            backend = Value if isinstance(nodes, np.ndarray) and nodes.dtype == object else "tensor"
        made = parameter(array, backend_of(backend, "Parameter"), label)
        learned = flag(requires_grad, "Parameter: requires_grad")
        if is_value_backed(made):
            if not learned:
                raise ValueError("Parameter: a Value always takes a gradient: keep a plain number instead")
            return made if made.ndim else made[()]
        made.requires_grad = learned
        return made


class OtherName:
    """Another name of a module's parameter: ``weight = OtherName("W", transposed=True)``.

    PyTorch's ``weight`` of a linear layer has the shape (out, in), and our W (in, out). ``layer.weight`` is W
    transposed, recorded like any operation, so that a loss may use it; its ``grad`` is that of W, transposed. The
    numbers of what is assigned to it are put into W.
    """

    def __init__(self, name: str, transposed: bool = False) -> None:
        self.name, self.transposed = name, transposed
        self.__doc__ = f"{name}{' transposed, of shape (out, in),' if transposed else ''} as PyTorch calls it"

    def __set_name__(self, owner: type, other: str) -> None:
        self.other = other

    def __get__(self, module: Any, kind: Any = None) -> Any:
        if module is None:
            return self
        nodes = getattr(module, self.name)
        if nodes is None or not self.transposed:
            return nodes
        if is_value_backed(nodes):
            return nodes.T
        with modes.enable_grad():  # else what is written into it would be lost
            turned: Any = transpose(nodes)
        if nodes.grad is not None and modes.tracer() is None:
            turned.grad = nodes.grad.T
        return turned

    def __set__(self, module: Any, new: Any) -> None:
        own, given = getattr(module, self.name), as_nodes(new)
        where = f"{type(module).__name__}.{self.other}"
        if own is None:
            raise AttributeError(f"{where} is None: this module was made without it")
        if given is own:
            return
        first = given.flat[0] if is_value_backed(given) and given.size else given
        if is_parameter(given) and getattr(first, "scope", None) is not None:
            raise ValueError(f"{where}: a parameter of another module cannot be shared: set {self.name}")
        numbers = numbers_of(given if hasattr(given, "dtype") else np.asarray(given, dtype=float))
        numbers = numbers.T if self.transposed else numbers
        if numbers.shape != own.shape:
            want = own.shape[::-1] if self.transposed else own.shape
            raise ValueError(f"{where}: expected numbers of shape {want}, not {np.shape(given)}")
        set_numbers(own, numbers.astype(own.dtype) if not is_value_backed(own) else numbers)
