"""Losses: functions of predictions and targets, on Values, Tensors, arrays and numbers alike.

Each takes ``reduction="mean"`` (of all elements), ``"sum"`` or ``"none"``, and ``sample_weight``, a number of 0 or more
for each example, by which its loss is multiplied; the mean is then divided by the sum of the weights.
"""

from scalargrad.nn.losses.classification import *
from scalargrad.nn.losses.margins import *
from scalargrad.nn.losses.reducing import LOSSES as LOSSES
from scalargrad.nn.losses.reducing import MODULES as MODULES
from scalargrad.nn.losses.reducing import loss as loss
from scalargrad.nn.losses.regression import *

__all__ = sorted(["LOSSES", *LOSSES])
