"""Early stopping: when the monitored number has not become better for some epochs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from scalargrad.optim.slots import gather, slots_of
from scalargrad.settings import count, flag, number, one_of, short
from scalargrad.training.history import History

__all__ = ["EarlyStopping"]


@dataclass(frozen=True)
class EarlyStopping:
    """End the training when for ``patience`` epochs nothing was better than the best by more than ``min_delta``.

    ``monitor`` is "loss", "validation_loss" or the name of a metric; if it is not given, the
    validation loss if there is one, else the loss. Less is better, of a metric more, unless ``mode`` says "min" or
    "max". With ``restore`` the model ends with the numbers it had after the best epoch. Source: Prechelt, 1998.

    >>> EarlyStopping(patience=5)
    EarlyStopping(patience=5, min_delta=0.0, monitor=None, mode=None, restore=True)
    """

    patience: int = 10
    min_delta: float = 0.0
    monitor: str | None = None
    mode: str | None = None
    restore: bool = True

    def __post_init__(self) -> None:
        try:
            patience = count(self.patience, "patience")
        except (TypeError, ValueError):
            raise ValueError(
                f"EarlyStopping: patience is a number of epochs, at least 1, not {short(self.patience)}"
            ) from None
        object.__setattr__(self, "patience", patience)
        object.__setattr__(self, "min_delta", number(self.min_delta, "EarlyStopping: min_delta", least=0))
        object.__setattr__(self, "restore", flag(self.restore, "EarlyStopping: restore"))
        if not one_of(self.mode, (None, "min", "max")):
            raise ValueError(f"EarlyStopping: mode is 'min' or 'max', not {short(self.mode)}")
        if not (self.monitor is None or isinstance(self.monitor, str)):
            raise TypeError(f"EarlyStopping: monitor is the name of what to look at, not {short(self.monitor)}")

    def watched(self, history: History, validated: bool) -> str:
        """The name of the monitored number; ValueError if there is no such thing."""
        name = self.monitor or ("validation_loss" if validated else "loss")
        known = ["loss", *["validation_loss"] * validated, *history.metrics]
        if name not in known:
            raise ValueError(f"early stopping is to look at {name!r}, but there is only {', '.join(known)}")
        return name


class Watch:
    """One run of early stopping: the best so far, and the numbers of the model then."""

    def __init__(self, settings: EarlyStopping, model: Any, history: History, validated: bool) -> None:
        self.settings, self.model, self.history = settings, model, history
        self.name = settings.watched(history, validated)
        more = settings.mode == "max" if settings.mode else self.name in history.metrics
        self.sign = -1.0 if more else 1.0
        self.best, self.epoch = math.inf, 0
        self.numbers: Any = None

    def look(self) -> str:
        """Check the epoch that has just ended; the reason to stop, or an empty text."""
        history = self.history
        found = history.metrics[self.name] if self.name in history.metrics else getattr(history, self.name)
        x = self.sign * found[-1]
        if x < self.best - self.settings.min_delta or (self.epoch == 0 and not math.isnan(x)):
            self.best, self.epoch = x, history.epochs
            if self.settings.restore:
                self.numbers = numbers_of(self.model)
        waited = history.epochs - self.epoch
        what = self.name.replace("_", " ")
        return f"{what} no better for {waited} epochs" if waited >= self.settings.patience else ""

    def restore(self) -> str:
        """Give the model the numbers of the best epoch; returns a description of that."""
        if self.numbers is None or self.epoch == self.history.epochs:
            return ""
        set_numbers(self.model, self.numbers)
        return f", model as after epoch {self.epoch}"


def numbers_of(model: Any) -> Any:
    """A copy of the numbers of a model: of its buffers, too, if it has a ``state_dict``."""
    if hasattr(model, "state_dict"):
        return {name: np.array(x) for name, x in model.state_dict().items()}
    return [slot.read().copy() for slot in slots_of(gather(model))]


def set_numbers(model: Any, numbers: Any) -> None:
    """Give a model the numbers of :func:`numbers_of`."""
    if hasattr(model, "load_state_dict"):
        model.load_state_dict(numbers)
    else:
        for slot, array in zip(slots_of(gather(model)), numbers):
            slot.write(array)
