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

from scalargrad.optim import schedules as schedules
from scalargrad.optim.adaptive import Adagrad as Adagrad
from scalargrad.optim.adaptive import Adam as Adam
from scalargrad.optim.adaptive import AdamW as AdamW
from scalargrad.optim.adaptive import RMSProp as RMSProp
from scalargrad.optim.adaptive import Rprop as Rprop
from scalargrad.optim.descent import GD as GD
from scalargrad.optim.descent import SGD as SGD
from scalargrad.optim.descent import Momentum as Momentum
from scalargrad.optim.descent import Nesterov as Nesterov
from scalargrad.optim.optimizer import Optimizer as Optimizer

RULES = ("GD", "SGD", "Momentum", "Nesterov", "Adagrad", "RMSProp", "Adam", "AdamW", "Rprop")
"""The optimizers, in the order of the lecture."""

__all__ = [
    "GD",
    "RULES",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "Rprop",
    "schedules",
]
