"""What a thing can be saved as: the endings of a file's name, each with what is written then.

``save``, the command line and the messages of both read the same table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from scalargrad import saving
from scalargrad.language import either, say

__all__ = ["Endings"]


@dataclass(frozen=True)
class Endings:
    """The endings of one kind of thing.

    >>> notes = Endings("a note is saved as {0}, not as {1!r}", {".txt": lambda note, path: note})
    >>> notes.save("remember", "note.pdf")
    Traceback (most recent call last):
    ValueError: a note is saved as .txt, not as 'note.pdf'
    """

    sentence: str
    """What is said of another ending: ``{0}`` is the endings there are, ``{1}`` the name of the file."""
    writers: Mapping[str, Callable[..., str | bytes]]
    """For each ending the content of the file, made from the thing, the file's path and what else ``save`` is given."""

    def __str__(self) -> str:
        return either(self.writers)

    def save(self, thing: Any, path: str | PathLike[str], *options: Any) -> Path:
        """Write the thing to a file as its name asks for, whole or not at all; give the path.

        Raises ValueError for an ending there is not, OSError if the file cannot be written.
        """
        path = Path(path)
        writer = self.writers.get(path.suffix.lower())
        if writer is None:
            raise ValueError(say(self.sentence, self, path.name))
        if not path.parent.is_dir():
            raise FileNotFoundError(say("cannot write {0}: there is no folder {1}", path, path.parent))
        return saving.write(path, writer(thing, path, *options))
