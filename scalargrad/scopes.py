"""Paths of scopes: where in a model a node was made."""

from __future__ import annotations

from typing import Any

SLASH = "∕"  # U+2215, which looks like it
"""What stands for a ``/`` in the name of a scope: that joins the names of a path."""


def in_path(name: str) -> str:
    """The name of a scope as it stands in a path."""
    return name.replace("/", SLASH)


class Path(str):
    """The names of scopes, outermost first, joined by ``/``: ``net/layer 1``.

    ``of`` says for each which module it is the scope of, 0 for none: that tells two layers of one name apart.
    """

    __slots__ = ("of",)
    of: tuple[int, ...]

    def __new__(cls, names: str = "", of: tuple[int, ...] = ()) -> Path:
        self = super().__new__(cls, names)
        self.of = of or (0,) * len(names.split("/") if names else ())
        return self

    def __reduce__(self) -> tuple[type[Path], tuple[str, tuple[int, ...]]]:
        return Path, (str(self), self.of)

    def __deepcopy__(self, memo: Any) -> Path:
        return self

    def joined(self, inner: Path) -> Path:
        """The path of a scope inside this one."""
        return Path(f"{self}/{inner}", self.of + inner.of) if self else inner
