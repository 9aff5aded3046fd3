"""Parameters from one backend to the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from scalargrad.engine import Value
from scalargrad.nn.backends import as_nodes, backend_of, is_value_backed, numbers_of, parameter
from scalargrad.nn.contents import replaced


class Moving:
    """Makes parameters anew on a backend, with their numbers and labels; what is shared stays shared."""

    def __init__(self, backend: Any, dtype: Any = None) -> None:
        self.kind, self.dtype = backend_of(backend), dtype
        if dtype is not None and (self.kind is Value or np.dtype(dtype).kind != "f"):
            raise ValueError(f"dtype is a float type of Tensors, not {dtype!r} of {self.kind.__name__}s")
        self._made: dict[tuple[int, ...], tuple[Any, Any]] = {}
        self._seen: set[int] = set()

    def moved(self, x: Any) -> Any:
        """An attribute of a module with its parameters moved; itself if there are none."""
        if self.dtype is not None and is_buffer(x):
            return x.astype(self.dtype)
        return replaced(x, self._new)

    def _new(self, x: Any) -> Any:
        nodes = as_nodes(x)
        members = list(nodes.flat) if is_value_backed(nodes) else [nodes]
        first = members[0]
        if isinstance(first, self.kind) and (self.dtype is None or nodes.dtype == self.dtype):
            return x
        key = (*nodes.shape, *map(id, members))
        if key not in self._made:
            if not self._seen.isdisjoint(map(id, members)):
                raise ValueError(f"{first!r} is in two parameters that are not the same, so they cannot be moved")
            self._seen.update(map(id, members))
            label = first.label
            if is_value_backed(nodes) and label is not None and nodes.ndim:
                label = label.rpartition("_")[0] or label
            numbers = numbers_of(nodes)
            made = parameter(numbers if self.dtype is None else numbers.astype(self.dtype), self.kind, label)
            self._made[key] = members, made  # the members are kept, so that no other has their ids
        return self._made[key][1]


def is_buffer(x: Any) -> bool:
    """Whether an attribute is saved with its module, but not learned."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"
