"""What happened in training: the losses, the metrics, the learning rates."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Best", "History"]

ROWS = 10
"""How many epochs a history shows at most."""


class Best(NamedTuple):
    """The epoch with the least loss, counted from 1: of the validation loss, if there is one."""

    epoch: int
    loss: float


class History:
    """The record of a training: a list with one entry for each whole epoch, and the losses of all iterations.

    Printed, it is a table.
    """

    def __init__(self, metrics: tuple[str, ...] = ()) -> None:
        self.loss: list[float] = []
        """By epoch: the mean loss of its batches as they were trained on, weighted by their size."""
        self.validation_loss: list[float] = []
        """By epoch: the loss on the validation set after it. Empty if there is none."""
        self.metrics: dict[str, list[float]] = {name: [] for name in metrics}
        """By name and epoch: the metrics after it, on the validation set or else the training set."""
        self.lr: list[float] = []
        """By epoch: the learning rate of its last step."""
        self.seconds: list[float] = []
        """By epoch: how long it took, with validation."""
        self.iteration_loss: list[float] = []
        """By iteration: the loss of its batch, before the step."""
        self.stopped: str = ""
        """Why training ended, in words."""

    @property
    def epochs(self) -> int:
        """How many whole epochs there were: passes over the training set."""
        return len(self.loss)

    @property
    def iterations(self) -> int:
        """How many steps there were: one for each batch."""
        return len(self.iteration_loss)

    @property
    def best(self) -> Best:
        """The epoch with the least validation loss, or else training loss; ValueError if there was no whole epoch."""
        losses = self.validation_loss or self.loss
        if not losses:
            raise ValueError("there is no best epoch: not one was finished")
        i = min(range(len(losses)), key=lambda i: math.inf if math.isnan(losses[i]) else losses[i])
        return Best(i + 1, losses[i])

    def row(self, epoch: int) -> dict[str, float]:
        """The numbers of an epoch, counted from 1, by name."""
        lists = {"loss": self.loss, "validation loss": self.validation_loss, **self.metrics, "lr": self.lr}
        return {name: numbers[epoch - 1] for name, numbers in lists.items() if numbers}

    def __repr__(self) -> str:
        """The table: evenly chosen epochs, the first, the best and the last among them."""
        lines = [f"{_many(self.epochs, 'epoch')}, {_many(self.iterations, 'iteration')}: {self.stopped or 'running'}"]
        if self.epochs:
            last, best = self.epochs, self.best
            shown = sorted({1 + round(i * (last - 1) / (ROWS - 1)) for i in range(ROWS)} | {best.epoch})
            names = ["epoch", *self.row(1)]
            rows = [[str(e), *[f"{x:.6g}" for x in self.row(e).values()]] for e in shown]
            widths = [max(map(len, column)) for column in zip(names, *rows)]
            for cells in [names, *rows]:
                lines.append("  ".join(cell.rjust(width) for cell, width in zip(cells, widths)))
            lines.append(f"best: epoch {best.epoch}, {'validation ' * bool(self.validation_loss)}loss {best.loss:.6g}")
        return "\n".join(lines)


def _many(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
