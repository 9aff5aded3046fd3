"""Modules: things with parameters that compute, and that consist of other such things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from scalargrad import modes
from scalargrad.nn import scoping
from scalargrad.nn.backends import as_nodes, is_value_backed, numbers_of
from scalargrad.nn.contents import PLAIN, attributes, contents, refuse_sets
from scalargrad.nn.moving import Moving, is_buffer
from scalargrad.nn.storing import Stored
from scalargrad.nn.summary import described, table
from scalargrad.settings import Array

__all__ = ["Module"]


class Module(Stored):
    """Something with parameters: define ``forward`` and keep parameters and other modules as attributes.

    A parameter is a leaf that takes a gradient: a Tensor with ``requires_grad``, a Value, or an array or a list of
    Values. Parameters and modules are found in lists, tuples and dicts as well, however deep (in a set, which has no
    order, they are refused), and are named by their place: ``blocks.0.W``, ``heads.left.b``. A module found twice
    counts once. An attribute that is a plain float array is a *buffer*: it is saved with the module, but not learned,
    unless its name begins with an underscore.

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
    least_batch: int = 1
    """How many examples it needs in training."""
    name: str | None = None
    """What its scope is called; the name of its class if not given."""

    def forward(self, *inputs: Any) -> Any:
        """The output; to be defined by each module."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: define forward(self, x)")

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "forward" in vars(cls) and "names_its_nodes" not in vars(cls):
            cls.names_its_nodes = False  # a forward of one's own has operations of its own
        for name, x in vars(cls).items():
            if any(contents(name, x, _is_module)):
                raise TypeError(
                    f"{cls.__name__}.{name} would be shared by all modules of this class and not be found: give each "
                    f"its own, self.{name} = … in __init__"
                )

    def __setattr__(self, name: str, x: Any) -> None:
        if callable(getattr(Module, name, None)) and (not callable(x) or isinstance(x, Module)):
            raise AttributeError(f"{type(self).__name__}.{name} would hide Module.{name}(): choose another name")
        if type(x) not in PLAIN:
            refuse_sets(f"{type(self).__name__}.{name}", x, _is_module)
            parts = contents(name, x, _is_module)
            object.__setattr__(self, name, x)
            for _, part in parts:
                if not isinstance(part, Module):
                    scoping.mark(as_nodes(part))
        else:
            object.__setattr__(self, name, x)

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        if not modes.recording():
            return self.forward(*inputs, **settings)
        outer, path = scoping.path.get(), scoping.inside(self.name or type(self).__name__, self)
        try:
            try:
                if self.names_its_nodes and not modes.active:
                    scoping.path.set(path)
                    return self.forward(*inputs, **settings)
                scoping.path.set(scoping.NOWHERE)  # the scope has it all
                with scoping.module_scope(path):
                    return self.forward(*inputs, **settings)
            finally:
                scoping.path.set(outer)
        except BaseException:  # Ctrl-C may have come just before
            scoping.path.set(outer)
            raise

    # --- what it consists of -----------------------------------------------------------------------------------------

    def _module_parts(self) -> list[tuple[str, Any]]:
        """The parameters and modules in its attributes, with their names: ``name``, or ``name.0`` in a list."""
        return [part for name, x in attributes(self) if type(x) not in PLAIN for part in contents(name, x, _is_module)]

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules it consists of, with their names: those of attributes, ``name.0`` for those in lists."""
        for name, part in self._module_parts():
            if isinstance(part, Module):
                yield name, part

    def modules(self) -> Iterator[Module]:
        """The module itself and all it consists of, outer ones first, each once."""
        for _, module, _ in self._walk(""):
            yield module

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """The same with their names, ``""`` that of the module itself."""
        for path, module, _ in self._walk(prefix):
            yield path.removesuffix("."), module

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call a function with each module it consists of, inner ones first, and with itself: to begin weights, say.

        >>> from scalargrad import nn
        >>> def begin(module):
        ...     if isinstance(module, nn.Linear):
        ...         nn.init.constant_(module.W, 0.5)
        >>> [w.data for w in nn.MLP(2, [1], 1).apply(begin).parameters()]
        [0.5, 0.5, 0.0, 0.5, 0.0]
        """
        for module in reversed(list(self.modules())):
            function(module)
        return self

    def _walk(self, prefix: str) -> Iterator[tuple[str, Module, list[tuple[str, Any]]]]:
        """The same with the prefix of their parameters' names, and their parts."""
        seen: set[int] = set()
        waiting: list[tuple[str, Module]] = [(prefix, self)]
        while waiting:
            path, module = waiting.pop()
            if id(module) not in seen:
                seen.add(id(module))
                parts = module._module_parts()
                yield path, module, parts
                waiting += [(f"{path}{name}.", m) for name, m in reversed(parts) if isinstance(m, Module)]

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Every parameter with its name: an object array of Values, or a Tensor. One used twice comes once."""
        return self._found_parameters(prefix, {})

    def _found_parameters(self, prefix: str, found: dict[Any, None]) -> Iterator[tuple[str, Any]]:
        """The same, with the single Values and Tensors put into ``found``, each once."""
        names: set[str] = set()
        for path, _, parts in self._walk(prefix):
            for inner, part in parts:
                if isinstance(part, Module):
                    continue
                nodes, before = as_nodes(part), len(found)
                members = nodes.ravel().tolist() if is_value_backed(nodes) else [nodes]
                found.update(dict.fromkeys(members))
                if len(found) == before:
                    continue
                name = path + inner
                if name in names:
                    raise ValueError(f"two parameters of {type(self).__name__} are called {name!r}: rename a key")
                names.add(name)
                yield name, nodes

    def buffers(self, prefix: str = "") -> Iterator[tuple[str, Array]]:
        """Every buffer with its name."""
        for path, module, _ in self._walk(prefix):
            for name, x in attributes(module):
                if not name.startswith("_") and is_buffer(x):
                    yield path + name, x

    def parameters(self) -> list[Any]:
        """All parameters: the Values one by one, or the Tensors."""
        found: dict[Any, None] = {}
        for _ in self._found_parameters("", found):
            pass
        return list(found)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: 0 for Values; None for Tensors, or 0 if ``set_to_none`` is False."""
        for x in self.parameters():
            if getattr(x, "shape", None) is None:
                x.grad = 0.0
            else:
                x.grad = None if set_to_none or x.grad is None else np.zeros_like(x.grad)

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
            try:
                with modes.no_grad():
                    return numbers_of(self.eval()(x))
            finally:
                _switch_back(before)
        except BaseException:  # Ctrl-C may have come while they were switched back
            _switch_back(before)
            raise

    # --- numbers -----------------------------------------------------------------------------------------------------

    def to(self, backend: Any, dtype: Any = None) -> Self:
        """Move all parameters to Values or to Tensors, in place, with the same numbers and labels.

        Tensors keep the ``dtype`` they have, or take the one given ("float32"); then all buffers take it, too.
        """
        moving = Moving(backend, dtype)
        for module in self.modules():
            for name, x in list(attributes(module)):
                changed = moving.moved(x)
                if changed is not x:
                    setattr(module, name, changed)
        return self

    # --- as text -----------------------------------------------------------------------------------------------------

    def extra(self) -> str:
        """What stands in the parentheses of its repr."""
        return ""

    def __repr__(self) -> str:
        return described(self)

    def summary(self, x: Any = None) -> str:
        """A table: each module without children, the shape of its output for the input ``x``, its parameters.

        Without ``x`` it is for n examples, if the number of features is known.

        >>> from scalargrad import nn
        >>> print(nn.MLP(2, [3], 1, seed=0).summary())
        layer          output  parameters
        0      Linear  (n, 3)           9
        1      Tanh    (n, 3)           0
        2      Linear  (n, 1)           4
        total                          13
        """
        return table(self, x)


def _is_module(x: Any) -> bool:
    return isinstance(x, Module)


def _switch_back(before: list[tuple[Module, bool]]) -> None:
    for module, training in before:
        module.training = training
