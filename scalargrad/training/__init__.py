"""Training a model: ``fit``, and the history it gives."""

from scalargrad.training.fitting import fit as fit
from scalargrad.training.history import Best as Best
from scalargrad.training.history import History as History
from scalargrad.training.stopping import EarlyStopping as EarlyStopping

__all__ = ["Best", "EarlyStopping", "History", "fit"]
