"""Neural networks: modules, initialisers and losses, written once for Values and for Tensors.

>>> import numpy as np
>>> from scalargrad import nn
>>> model = nn.MLP(2, [4], 1, seed=0)
>>> loss = nn.mse(model([[0.0, 1.0], [1.0, 0.0]]), [1.0, 0.0])
>>> loss.backward()
>>> fast = nn.MLP(2, [4], 1, seed=0, backend="tensor")
>>> same = nn.mse(fast(np.array([[0.0, 1.0], [1.0, 0.0]])), [1.0, 0.0])
>>> bool(abs(loss.data - same.item()) < 1e-12)
True
"""

from typing import Any as _Any

from scalargrad.nn import (
    activations,
    attention,
    containers,
    convolution,
    criteria,
    holding,
    init,
    initialisers,
    layers,
    losses,
    module,
    neurons,
    normalisation,
    parameters,
    recurrent,
    regularisation,
)
from scalargrad.nn.activations import *
from scalargrad.nn.attention import *
from scalargrad.nn.containers import *
from scalargrad.nn.convolution import *
from scalargrad.nn.criteria import *
from scalargrad.nn.holding import *
from scalargrad.nn.initialisers import *
from scalargrad.nn.layers import *
from scalargrad.nn.losses import *
from scalargrad.nn.module import *
from scalargrad.nn.neurons import *
from scalargrad.nn.normalisation import *
from scalargrad.nn.parameters import *
from scalargrad.nn.recurrent import *
from scalargrad.nn.regularisation import *

_PARTS = (
    activations,
    attention,
    containers,
    convolution,
    criteria,
    holding,
    initialisers,
    layers,
    losses,
    module,
    neurons,
    normalisation,
    parameters,
    recurrent,
    regularisation,
)
__all__ = sorted([name for part in _PARTS for name in part.__all__])


def __getattr__(name: str) -> _Any:
    """The module of an activation or a loss that was registered later."""
    if any(kind.__name__ == name for kind in activations.ACTIVATIONS.values()):
        return getattr(activations, name)
    if name in losses.MODULES:
        return getattr(criteria, name)
    raise AttributeError(f"module 'scalargrad.nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *[kind.__name__ for kind in activations.ACTIVATIONS.values()]})
