"""``scipy.stats``: densities and distribution functions, on Tensors and Values as on arrays.

Each distribution is a module, as in ``from fastpath.scipy.stats import norm``, with the functions ``pdf``, ``logpdf``,
``cdf`` … as far as they are made of ops; they take SciPy's arguments, ``loc`` and ``scale`` at the end. What needs the
gamma function (t, gamma, beta, Poisson) is missing.

>>> from fastpath import Tensor
>>> from fastpath.scipy.stats import norm
>>> x = Tensor(0.5, requires_grad=True)
>>> norm.logpdf(x, loc=0.0, scale=2.0).backward()
>>> x.grad
array(-0.125)
"""

from importlib import import_module
from typing import Any

__all__ = [
    "bernoulli", "cauchy", "expon", "laplace", "logistic", "lognorm", "multivariate_normal", "norm", "uniform"
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}: it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
