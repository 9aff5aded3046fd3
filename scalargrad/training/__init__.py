"""Training a model: ``fit``, and the history it returns."""

from scalargrad.training import fitting, history, stopping
from scalargrad.training.fitting import *
from scalargrad.training.history import *
from scalargrad.training.stopping import *

_PARTS = (fitting, history, stopping)
__all__ = sorted([name for part in _PARTS for name in part.__all__])
