"""What is said of code that cannot be traced: which line of the user's did what, and what to write there."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from fastpath import recording
from scalargrad import modes

_HOMES = (
    *[str(Path(module.__file__ or "").parent) for module in (modes, recording, np)], "<operators of", "<backward of"
)  # fmt: skip


class TracingError(TypeError):
    """A function looks at the numbers of an argument while it is traced: what it decides would be frozen."""


class IntegerNeededError(TracingError):
    """A function needs the number of an argument that is an integer: it is traced again for that number."""

    def __init__(self, message: str, argument: Any) -> None:
        super().__init__(message)
        self.argument = argument


class RandomNumbersError(TracingError):
    """A function draws random numbers while it is traced."""


def is_ours(file: str) -> bool:
    """Whether code is the library's, which may look at numbers while it is traced."""
    return file.startswith(_HOMES)


def place_in_code() -> tuple[str, int]:
    """The file and line of the user's code that is at work."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOMES):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def users_line(place: tuple[str, int] | None = None) -> str:
    """A line of the user's code, that at work if none is given, for a message."""
    file, number = place or place_in_code()
    path = Path(file)
    line = linecache.getline(file, number).strip()
    name = "this cell" if path.parent.name.startswith("ipykernel") else path.name
    return f"{name}, line {number}" + (f" (`{line}`)" if line else "")


def refuse(what: str, instead: str = "") -> NoReturn:
    """Say which line of the user's code did what, and what to write there."""
    where = users_line()
    instead = instead or "write where(condition, a, b), maximum, minimum or relu instead"
    raise TracingError(
        f"compile: {what} of a traced array in {where} would be decided once, while tracing, and not at each run; "
        f"{instead}"
    )
