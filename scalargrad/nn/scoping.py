"""The scope of what a layer computes, written into its nodes by the layer itself.

Under :class:`scalargrad.scope` each operation takes the slower way and asks where it is: a small net on Tensors spends
a third of its forward pass with that. The layers used most know which nodes they have made, and name those.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.graph import Node
from scalargrad.scopes import Path, in_path

path: ContextVar[Path] = ContextVar("module", default=Path())  # noqa: B039 (it is a text)
"""The names of the modules that are being called here, outermost first, joined by ``/``; none inside a scope."""
NOWHERE = Path()


class module_scope(modes.scope):
    """A scope of a module, or of one inside others."""

    def __init__(self, path: Path) -> None:
        super(modes.scope, self).__init__()
        self.name = self.path = path

    def _recreate_cm(self) -> module_scope:
        return module_scope(self.path)


def inside(name: str, module: object) -> Path:
    """The path of the module that is about to be called here."""
    outer = path.get()
    return _joined(outer, outer.of, name, id(module))


@lru_cache(maxsize=4096)
def _joined(outer: Path, of: tuple[int, ...], name: str, module: int) -> Path:
    if not isinstance(name, str) or not name:
        raise ValueError(f"a module's name is a text that is not empty, not {name!r}")
    return outer.joined(Path(in_path(name), (module,)))


def own_name() -> str | None:
    """The scope to write into new nodes; None where the engine does so (in a scope of the user's, say)."""
    return path.get() or None


def named(y: Any) -> Any:
    """``y``, a node or an array of them made by a layer, with the layer's scope written into it."""
    name = own_name()
    if name is not None:
        nodes: Any = y.flat if isinstance(y, np.ndarray) else (y,)
        for node in nodes:
            if isinstance(node, Node) and node.op is not None:
                node.scope = name  # type: ignore[misc]
    return y


def mark(parameter: Any) -> None:
    """Give a parameter of a module the scope "", so that drawings show it as a parameter and not as an input."""
    for node in parameter.flat if isinstance(parameter, np.ndarray) else (parameter,):
        if node.scope is None:
            node.scope = ""
