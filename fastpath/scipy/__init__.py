"""SciPy's names on Tensors and Values as on arrays, as far as there are ops; SciPy itself is not needed.

``fastpath.scipy.special`` has the error function, the normal distribution and their like, ``fastpath.scipy.stats`` the
densities of distributions.
"""

from importlib import import_module
from typing import Any

__all__ = ["special", "stats"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}: it has {' and '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
