"""The scope of what a layer computes, written into its nodes by the layer itself.

Under :class:`scalargrad.scope` each operation takes the slower way and asks where it is: a small net on Tensors spends
a third of its forward pass with that. The layers used most know which nodes they have made, and name those.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np

from scalargrad import modes
from scalargrad.graph import Node

path: ContextVar[str] = ContextVar("module", default="")
"""The names of the modules that are being called here, outermost first, joined by ``/``."""


def own_name() -> str | None:
    """The scope to write into new nodes; None where the engine does so (in a scope of the user's, say)."""
    return None if modes.active else path.get() or None


def named(y: Any) -> Any:
    """``y``, a node or an array of them made by a layer, with the layer's scope written into it."""
    name = own_name()
    if name is not None:
        nodes: Any = y.flat if isinstance(y, np.ndarray) else (y,)
        for node in nodes:
            if isinstance(node, Node) and node.op is not None:
                node.scope = name  # type: ignore[attr-defined]
    return y
