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

from scalargrad.optim import adaptive, descent, schedules
from scalargrad.optim.adaptive import *
from scalargrad.optim.descent import *
from scalargrad.optim.optimizer import Optimizer

RULES = (*descent.__all__, *adaptive.__all__)
"""The optimizers, in the order of the lecture."""

__all__ = sorted(["RULES", "Optimizer", "schedules", *RULES])
