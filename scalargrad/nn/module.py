"""Modules: things with parameters that compute, and that consist of other such things."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.nn import scoping
from scalargrad.nn.backends import (
    Array,
    as_nodes,
    backend_of,
    is_parameter,
    is_value_backed,
    numbers_of,
    parameter,
    set_numbers,
)
from scalargrad.nn.summary import table


class Module:
    """Something with parameters: define ``forward`` and keep parameters and other modules as attributes.

    A parameter is a leaf that takes a gradient: a Tensor with ``requires_grad``, a Value, or an array or a list of
    Values. An attribute that is a plain float array is a *buffer*: it is saved with the module, but not learned. Lists
    of modules count as well.

    Called, a module runs its ``forward`` in a scope of its name, so that drawings frame it and can fold it.

    >>> import numpy as np
    >>> from scalargrad import Value, nn
    >>> class Line(nn.Module):
    ...     def __init__(self):
    ...         self.w, self.b = Value(2.0, label="w"), Value(1.0, label="b")
    ...
    ...     def forward(self, x):
    ...         return self.w * x + self.b
    >>> line = Line()
    >>> line(3.0), [name for name, _ in line.named_parameters()]
    (Value(7.0, op=add), ['w', 'b'])
    """

    training: bool = True
    """Whether this is training: dropout and batch normalisation behave differently then."""
    names_its_nodes: bool = False
    """Whether ``forward`` gives the nodes it makes their scope itself."""
    parameter_labels: Mapping[str, str] = MappingProxyType({})
    """What its own parameters are labelled by, by attribute; a container adds the number of the layer."""
    name: str | None = None
    """What its scope is called; the name of its class if not given."""

    def forward(self, *inputs: Any) -> Any:
        """The output; to be defined by each module."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: define forward(self, x)")

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        name = self.name or type(self).__name__
        if not modes.recording():
            return self.forward(*inputs, **settings)
        if modes.active:
            with modes.scope(name):
                return self.forward(*inputs, **settings)
        outer = scoping.path.get()
        path = f"{outer}/{name}" if outer else name
        if not self.names_its_nodes:
            with modes.scope(path):
                return self.forward(*inputs, **settings)
        token = scoping.path.set(path)
        try:
            return self.forward(*inputs, **settings)
        finally:
            scoping.path.reset(token)

    # --- what it consists of -----------------------------------------------------------------------------------------

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules it consists of, with their names: those of attributes, ``name.0`` for those in lists."""
        for name, x in vars(self).items():
            if isinstance(x, Module):
                yield name, x
            elif isinstance(x, (list, tuple)):
                yield from ((f"{name}.{i}", m) for i, m in enumerate(x) if isinstance(m, Module))

    def modules(self) -> Iterator[Module]:
        """The module itself and all it consists of, outer ones first."""
        yield self
        for _, child in self.children():
            yield from child.modules()

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Every parameter with its name: an object array of Values, or a Tensor. One used twice comes once."""
        seen: set[int] = set()
        for name, x in self._walk(prefix, is_parameter):
            nodes = as_nodes(x)
            key = id(nodes.flat[0]) if is_value_backed(nodes) else id(nodes)
            if key not in seen:
                seen.add(key)
                yield name, nodes

    def buffers(self, prefix: str = "") -> Iterator[tuple[str, Array]]:
        """Every buffer with its name."""
        yield from self._walk(prefix, _is_buffer)

    def _walk(self, prefix: str, wanted: Any) -> Iterator[tuple[str, Any]]:
        for name, x in vars(self).items():
            if not name.startswith("_") and wanted(x):
                yield prefix + name, x
        for name, child in self.children():
            yield from child._walk(f"{prefix}{name}.", wanted)

    def parameters(self) -> list[Any]:
        """All parameters: the Values one by one, or the Tensors."""
        found: list[Any] = []
        for _, nodes in self.named_parameters():
            found += list(nodes.flat) if is_value_backed(nodes) else [nodes]
        return found

    def zero_grad(self) -> None:
        """Forget the gradients: 0 for Values, None for Tensors."""
        for x in self.parameters():
            x.grad = None if getattr(x, "shape", None) is not None else 0.0

    # --- modes -------------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Switch to training."""
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self) -> Self:
        """Switch to evaluation."""
        return self.train(False)

    def predict(self, x: Any) -> Array:
        """The outputs as plain numbers: in evaluation, nothing is recorded, and the mode is afterwards what it was.

        >>> from scalargrad import nn
        >>> nn.Linear(2, 1, init=[[1.0], [2.0]]).predict([[1.0, 1.0], [0.0, 2.0]])
        array([[3.],
               [4.]])
        """
        before = [(m, m.training) for m in self.modules()]
        try:
            with modes.no_grad():
                return numbers_of(self.eval()(x))
        finally:
            for module, training in before:
                module.training = training

    # --- numbers -----------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Array]:
        """The numbers of all parameters and buffers by name: copies."""
        state = {name: numbers_of(x) for name, x in self.named_parameters()}
        return state | {name: x.copy() for name, x in self.buffers()}

    def load_state_dict(self, state: dict[str, Any]) -> Self:
        """Put in the numbers that :meth:`state_dict` gave; all of them, or, if a name or a shape is wrong, none.

        Raises KeyError for names that are missing or not known, ValueError for shapes that differ and for what is no
        number.
        """
        parameters, buffers = dict(self.named_parameters()), dict(self.buffers())
        own = parameters | buffers
        missing, unknown = [n for n in own if n not in state], [n for n in state if n not in own]
        if missing or unknown:
            told = [f"{what} {', '.join(names)}" for what, names in (("no", missing), ("unknown", unknown)) if names]
            raise KeyError(f"this state does not fit {type(self).__name__}: {'; '.join(told)}")
        arrays = {}
        for name, x in own.items():
            arrays[name] = np.asarray(state[name])
            if arrays[name].dtype.kind not in "fiub":
                raise ValueError(f"{name}: expected numbers, not an array of {arrays[name].dtype}")
            if arrays[name].shape != x.shape:
                raise ValueError(f"{name}: expected the shape {x.shape}, not {arrays[name].shape}")
        for name, x in parameters.items():
            set_numbers(x, arrays[name])
        for name, x in buffers.items():
            x[...] = arrays[name]
        return self

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the numbers to an ``.npz`` file, which holds arrays only."""
        target = Path(path)
        if target.suffix != ".npz":
            raise ValueError(f"a module is saved as .npz, not as {target.name!r}")
        unfinished = target.with_name(f".{target.name}.unfinished")
        try:
            with zipfile.ZipFile(unfinished, "w") as archive:
                for name, array in self.state_dict().items():
                    with archive.open(f"{name}.npy", "w") as entry:
                        np.lib.format.write_array(entry, array, allow_pickle=False)
            os.replace(unfinished, target)  # so that what was saved before is lost only once this is whole
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        return target

    def load(self, path: str | os.PathLike[str]) -> Self:
        """Read the numbers that :meth:`save` wrote, into a module built alike."""
        try:
            with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
                state = {name: file[name] for name in file.files}
        except (ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile):
            raise ValueError(f"{Path(path).name} is not a file that save() wrote (.npz, arrays only)") from None
        return self.load_state_dict(state)

    def to(self, backend: Any, dtype: Any = None) -> Self:
        """Move all parameters to Values or to Tensors, in place, with the same numbers and labels.

        Tensors keep the ``dtype`` they have, or take the one given ("float32"); then all buffers take it, too.
        """
        kind = backend_of(backend)
        if dtype is not None and (kind is Value or np.dtype(dtype).kind != "f"):
            raise ValueError(f"dtype is a float type of Tensors, not {dtype!r} of {kind.__name__}s")
        moved: dict[int, Any] = {}
        for module in self.modules():
            for name, x in vars(module).items():
                if is_parameter(x):
                    nodes = as_nodes(x)
                    first = nodes.flat[0] if is_value_backed(nodes) else nodes
                    if not isinstance(first, kind) or (dtype is not None and nodes.dtype != dtype):
                        if id(first) not in moved:
                            label = first.label
                            if is_value_backed(nodes) and label is not None and nodes.ndim:
                                label = label.rpartition("_")[0] or label
                            numbers = numbers_of(nodes)
                            numbers = numbers if dtype is None else numbers.astype(dtype)
                            moved[id(first)] = first, parameter(numbers, kind, label)
                        setattr(module, name, moved[id(first)][1])
                elif dtype is not None and _is_buffer(x):
                    setattr(module, name, x.astype(dtype))
        return self

    # --- telling -----------------------------------------------------------------------------------------------------

    def extra(self) -> str:
        """What stands in the parentheses of its repr."""
        return ""

    def __repr__(self) -> str:
        inner = [f"  {name}: " + repr(child).replace("\n", "\n  ") for name, child in self.children()]
        if not inner:
            return f"{type(self).__name__}({self.extra()})"
        return "\n".join([f"{type(self).__name__}({self.extra()}", *inner, ")"])

    def summary(self, x: Any = None) -> str:
        """A table: each module without children, the shape of its output for the input ``x``, its parameters.

        Without ``x`` it is told for n examples, if the number of features is known.

        >>> from scalargrad import nn
        >>> print(nn.MLP(2, [3], 1, seed=0).summary())
        layer          output  parameters
        0      Linear  (n, 3)           9
        1      Tanh    (n, 3)           0
        2      Linear  (n, 1)           4
        total                          13
        """
        return table(self, x)


def _is_buffer(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"
