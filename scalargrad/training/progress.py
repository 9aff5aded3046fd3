"""A line that shows how far training is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from scalargrad.settings import flag
from scalargrad.training.history import History

LINES = 20
"""How many lines are printed, roughly, where a line cannot be rewritten."""


class Progress:
    """``epoch 7/100  loss 0.1234 …``: rewritten on a terminal, else printed now and then, or passed to a function.

    ``wanted`` is None for a line on a terminal and nothing elsewhere, True for lines everywhere, False for none, or a
    function that is called with the history after each epoch.
    """

    def __init__(self, wanted: bool | Callable[[History], Any] | None, epochs: int) -> None:
        if not (wanted is None or callable(wanted)):
            wanted = flag(wanted, "fit: progress")
        self.call = wanted if callable(wanted) else None
        self.out = sys.stdout
        self.rewrites = bool(getattr(self.out, "isatty", lambda: False)())
        self.lines = not self.call and (self.rewrites if wanted is None else bool(wanted))
        self.quiet = wanted is False
        self.epochs = epochs
        self.every = max(epochs // LINES, 1)
        self.width = 0

    def after(self, history: History) -> None:
        """An epoch has ended."""
        if self.call:
            self.call(history)
        elif self.lines and (self.rewrites or history.epochs % self.every == 0 or history.epochs == 1):
            numbers = "  ".join(f"{name} {x:.4g}" for name, x in history.row(history.epochs).items())
            self._write(f"epoch {history.epochs}/{self.epochs}  {numbers}")

    def end(self, message: str = "") -> None:
        """Training has ended; the message is printed unless ``wanted`` was False."""
        if self.width:
            self.out.write("\n")
            self.width = 0
        if message and not self.quiet:
            self.out.write(message + "\n")
        if self.lines or message:
            self.out.flush()

    def _write(self, line: str) -> None:
        if self.rewrites:
            self.out.write("\r" + line.ljust(self.width))
            self.width = len(line)
        else:
            self.out.write(line + "\n")
        self.out.flush()
