"""The numbers of a module: by name, put back, and in a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from scalargrad.nn import files
from scalargrad.nn.backends import numbers_of, set_numbers
from scalargrad.nn.parameters import OtherName
from scalargrad.settings import Array


class Stored:
    """What a module has to do with its numbers."""

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Every parameter with its name."""
        raise NotImplementedError

    def buffers(self, prefix: str = "") -> Iterator[tuple[str, Array]]:
        """Every buffer with its name."""
        raise NotImplementedError

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """The module and all it consists of, with their names."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Array]:
        """The numbers of all parameters and buffers by name: copies."""
        state = {name: numbers_of(x) for name, x in self.named_parameters()}
        return state | {name: x.copy() for name, x in self.buffers()}

    def load_state_dict(self, state: Mapping[str, Any]) -> Self:
        """Put in the numbers that :meth:`state_dict` gave; all of them, or, if a name or a shape is wrong, none.

        PyTorch's names are understood as well where a module has them, ``0.weight`` of the shape (out, in) for ``0.W``.

        Raises KeyError for names that are missing or not known, ValueError for shapes that differ and for what is no
        number.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"{type(self).__name__}: a state is what state_dict() gave, not {type(state).__name__}")
        arrays = self._by_own_names({name: np.asarray(numbers_of(x)) for name, x in state.items()})
        self._require_fit({name: (x.shape, x.dtype) for name, x in arrays.items()})
        parameters, buffers = dict(self.named_parameters()), dict(self.buffers())
        before = self.state_dict()
        try:
            _put(parameters, buffers, arrays)
        except BaseException:  # Ctrl-C, too
            _put(parameters, buffers, before)
            raise
        return self

    def _by_own_names(self, arrays: dict[str, Array]) -> dict[str, Array]:
        """The same with the names of other libraries (:class:`.parameters.OtherName`) replaced."""
        own = dict(self.named_parameters())
        left = {name: x for name, x in arrays.items() if name not in own}
        if not left:
            return arrays
        for path, module in self.named_modules():
            for kind in reversed(type(module).__mro__):
                for other, way in vars(kind).items():
                    name = f"{path}.{other}" if path else other
                    if isinstance(way, OtherName) and name in left:
                        array = arrays.pop(name)
                        arrays[name.removesuffix(other) + way.name] = array.T if way.transposed else array
        return arrays

    def _require_fit(self, declared: files.Declared) -> None:
        """Raise unless these are the names and shapes of all its parameters and buffers."""
        own = dict(self.named_parameters()) | dict(self.buffers())
        missing, unknown = [n for n in own if n not in declared], [n for n in declared if n not in own]
        if missing or unknown:
            wrong = [f"{what} {', '.join(names)}" for what, names in (("no", missing), ("unknown", unknown)) if names]
            raise KeyError(f"this state does not fit {type(self).__name__}: {'; '.join(wrong)}")
        for name, x in own.items():
            shape, dtype = declared[name]
            if dtype.kind not in "fiub":
                raise ValueError(f"{name}: expected numbers, not an array of {dtype}")
            if shape != x.shape:
                raise ValueError(f"{name}: expected the shape {x.shape}, not {shape}")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the numbers to an ``.npz`` file, which holds arrays only; whole or not at all."""
        return files.write(path, self.state_dict())

    def load(self, path: str | os.PathLike[str]) -> Self:
        """Read the numbers that :meth:`save` wrote, into a module built alike.

        Raises ValueError for what is no such file or is damaged, and what :meth:`load_state_dict` raises.
        """
        return self.load_state_dict(files.read(path, self._require_fit))


def _put(parameters: Mapping[str, Any], buffers: Mapping[str, Array], arrays: Mapping[str, Array]) -> None:
    """Write numbers that fit."""
    for name, x in parameters.items():
        set_numbers(x, arrays[name])
    for name, x in buffers.items():
        x[...] = arrays[name]
