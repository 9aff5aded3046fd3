"""The modules of :mod:`scalargrad.nn`, their parameters being Tensors: what ``torch.nn`` is to PyTorch's programs.

``fastpath.nn.Linear(3, 1)`` is ``scalargrad.nn.Linear(3, 1, backend="tensor")``; all else is the same object under the
same name. :mod:`fastpath.nn.functional` has the functions.

>>> from fastpath import nn
>>> model = nn.Sequential(nn.Linear(2, 3, seed=0), nn.ReLU(), nn.Linear(3, 1, seed=1))
>>> type(model([1.0, 2.0])).__name__, len(model.parameters())
('Tensor', 4)
"""

from __future__ import annotations

from inspect import signature
from typing import Any

from fastpath.nn import functional as functional
from scalargrad import nn as _nn

__all__ = _nn.__all__


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module 'fastpath.nn' has no attribute {name!r}")
    found = getattr(_nn, name)
    if isinstance(found, type) and issubclass(found, _nn.Module) and "backend" in signature(found).parameters:
        found = globals()[name] = _of_tensors(found)
    return found


def _of_tensors(module: Any) -> Any:
    """A class of modules whose parameters are Tensors unless another backend is given."""

    def __init__(self: Any, *arguments: Any, backend: Any = "tensor", **settings: Any) -> None:  # noqa: N807
        module.__init__(self, *arguments, backend=backend, **settings)

    own = {"__init__": __init__, "__doc__": module.__doc__, "__module__": __name__, "__qualname__": module.__name__}
    return type(module.__name__, (module,), own)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
