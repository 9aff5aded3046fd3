"""Modules that hold others, and one that does nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scalargrad.nn.backends import is_parameter
from scalargrad.nn.module import Module
from scalargrad.settings import short

__all__ = ["Identity", "ModuleDict", "ModuleList"]


class ModuleList(Module):
    """Modules in a list, named by their places. (A plain list as an attribute does the same.)

    >>> from scalargrad import nn
    >>> blocks = nn.ModuleList([nn.Linear(2, 2), nn.Tanh()])
    >>> blocks.append(nn.Linear(2, 1)); len(blocks), [name for name, _ in blocks.named_parameters()]
    ModuleList(
      0: Linear(2, 2)
      1: Tanh()
      2: Linear(2, 1)
    )
    (3, ['0.W', '0.b', '2.W', '2.b'])
    """

    layers: list[Module]

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.layers = []
        self.extend(modules)

    def _module_parts(self) -> list[tuple[str, Any]]:
        return [(name.removeprefix("layers."), part) for name, part in super()._module_parts()]

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self.layers.append(_module(module, "ModuleList"))
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add several modules at the end."""
        try:
            several = None if isinstance(modules, (str, Module)) else list(modules)
        except TypeError:
            several = None
        if several is None:
            raise TypeError(f"ModuleList: modules is a list of modules, not {short(modules)}")
        for module in several:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one with this number."""
        self.layers.insert(index, _module(module, "ModuleList"))

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __getitem__(self, i: Any) -> Any:
        return ModuleList(self.layers[i]) if isinstance(i, slice) else self.layers[i]

    def __setitem__(self, i: int, module: Module) -> None:
        self.layers[i] = _module(module, "ModuleList")

    def __delitem__(self, i: Any) -> None:
        del self.layers[i]


class ModuleDict(Module):
    """Modules by name. (A plain dict as an attribute does the same.)

    >>> from scalargrad import nn
    >>> heads = nn.ModuleDict({"left": nn.Linear(2, 1), "right": nn.Linear(2, 3)})
    >>> list(heads), [name for name, _ in heads.named_parameters()]
    (['left', 'right'], ['left.W', 'left.b', 'right.W', 'right.b'])
    """

    layers: dict[str, Module]

    def __init__(self, modules: Any = ()) -> None:
        self.layers = {}
        self.update(modules)

    def _module_parts(self) -> list[tuple[str, Any]]:
        return [(name.removeprefix("layers."), part) for name, part in super()._module_parts()]

    def update(self, modules: Any) -> None:
        """Add the modules of a dict, or of pairs of a name and a module."""
        try:
            pairs = list(modules.items() if isinstance(modules, (Mapping, ModuleDict)) else modules)
            named = dict(pairs)
        except (TypeError, ValueError):
            raise TypeError(f"ModuleDict: modules is a dict of modules, not {short(modules)}") from None
        for name, module in named.items():
            self[name] = module

    def keys(self) -> Any:
        """The names."""
        return self.layers.keys()

    def values(self) -> Any:
        """The modules."""
        return self.layers.values()

    def items(self) -> Any:
        """The names with their modules."""
        return self.layers.items()

    def pop(self, name: str) -> Module:
        """Take a module out."""
        return self.layers.pop(name)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def __contains__(self, name: object) -> bool:
        return name in self.layers

    def __getitem__(self, name: str) -> Module:
        return self.layers[name]

    def __setitem__(self, name: str, module: Module) -> None:
        if not isinstance(name, str):
            raise TypeError(f"ModuleDict: modules have names, not {short(name)}")
        self.layers[name] = _module(module, "ModuleDict")

    def __delitem__(self, name: str) -> None:
        del self.layers[name]


def _module(given: Any, where: str) -> Module:
    if not isinstance(given, Module):
        kind = "a parameter" if is_parameter(given) else short(given)
        raise TypeError(f"{where}: modules are nn.Module, not {kind}")
    return given


class Identity(Module):
    """What goes in comes out; whatever it is made with is ignored, as in PyTorch.

    >>> from scalargrad import nn
    >>> nn.Identity(54, unused=True)(2.0)
    2.0
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        """X."""
        return x
