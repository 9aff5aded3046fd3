"""Optimizers: from the gradients to new parameters, on Values and Tensors alike.

Where the lecture and PyTorch write a rule differently, ``variant="lecture"`` or ``variant="torch"`` says whose it is.
The default is "torch": what other programs mean by the name, and in the case of Adam and RMSProp what their papers do.

>>> from scalargrad import Value, optim
>>> w = Value(3.0, label="w")
>>> optimizer = optim.Adam([w], lr=0.5)
>>> for _ in range(100):
...     loss = (w - 1).square()
...     optimizer.zero_grad()
...     loss.backward()
...     optimizer.step()
>>> abs(w.data - 1) < 0.01
True
"""

from scalargrad.optim import adam, adaptive, descent, schedules, signs
from scalargrad.optim.adam import *
from scalargrad.optim.adaptive import *
from scalargrad.optim.adaptive import RMSprop as RMSprop
from scalargrad.optim.descent import *
from scalargrad.optim.optimizer import Optimizer
from scalargrad.optim.signs import *

RULES = (*descent.__all__, *adaptive.__all__, *adam.__all__, *signs.__all__)
"""The optimizers: those of the lecture in its order, each followed by its relatives."""

__all__ = sorted(["RULES", "Optimizer", "RMSprop", "schedules", *RULES])
