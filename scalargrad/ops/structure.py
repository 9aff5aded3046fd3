"""The registry's second kind: operations that move or reduce.

A :class:`StructuralOp` works on whole arrays, so it has no local derivative per element; it has a **pullback**, which
takes the upstream gradient to the downstream ones, and an **expand**, which states it in scalar ops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scalargrad.ops.registry import NotDifferentiableError

STRUCTURAL: dict[str, StructuralOp] = {}
"""Every structural op by name, in the order of registration."""


@dataclass(frozen=True, eq=False, repr=False)
class StructuralOp:
    """One operation that moves or reduces: a row of the registry, and the function of that name.

    ``forward(xp, *arrays, **settings)`` computes it, ``xp`` being NumPy. ``pullbacks[i](g, y, *arrays, **settings)``
    is the downstream gradient of array ``i`` for the upstream ``g`` (one too large because of broadcasting is summed by
    the engine), written in ops, so that it runs on arrays and on Tensors and can be differentiated again.
    ``expand(xp, *arrays, **settings)`` states it in scalar ops on object arrays of Values; where the forward itself
    runs on those, it is the expansion.

    Arrays come first, then the settings under NumPy's names. With ``many``, the first argument is a sequence of arrays.
    """

    name: str
    forward: Callable[..., Any]
    pullbacks: tuple[Callable[..., Any], ...]
    """One per array; with ``many`` a single one, which takes the array's place as ``place=``."""
    note: str = ""
    """What it is, in one line of text."""
    expand: Callable[..., Any] | None = None
    symbol: str = ""
    """What stands in its node in a drawing; the name if not given."""
    formulas: tuple[str, ...] = ()
    """The downstream gradients as formulas of the upstream ``Ḡ``, the output ``Y`` and the operands ``#1``, …"""
    many: bool = False
    why_not: str = ""
    """Why no gradient passes through it; such an op has no pullbacks."""
    operands: tuple[str, ...] = field(init=False)
    settings: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        code = self.forward.__code__
        set_ = object.__setattr__
        set_(self, "operands", code.co_varnames[1 : code.co_argcount])
        names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        defaults = self.forward.__kwdefaults__ or {}
        set_(self, "settings", {name: defaults.get(name, ...) for name in names})
        set_(self, "symbol", self.symbol or self.name)
        set_(self, "__doc__", f"{self.name}{self.signature}: {self.note}.")
        if len(self.pullbacks) != (0 if self.why_not else 1 if self.many else len(self.operands)):
            raise ValueError(f"{self.name}: give a pullback for each array, or say why not")

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def signature(self) -> str:
        """The operands and settings as a call shows them: ``(a, axis=None, keepdims=False)``."""
        parts = list(self.operands) + [k if v is ... else f"{k}={v!r}" for k, v in self.settings.items()]
        return f"({', '.join(parts)})"

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return STRUCTURAL.__getitem__, (self.name,)

    def __deepcopy__(self, memo: object) -> StructuralOp:
        return self

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        if self.many:
            if not arguments or not isinstance(arguments[0], (list, tuple)) or not arguments[0]:
                raise TypeError(f"{self.name} takes {self.signature}: a list or tuple of at least one array first")
            operands, rest = tuple(arguments[0]), arguments[1:]
        else:
            count = len(self.operands)
            operands, rest = arguments[:count], arguments[count:]
            for name in self.operands[len(operands) :]:
                if name not in settings:
                    raise TypeError(f"{self.name} takes {self.signature}; {name} is missing")
                operands += (settings.pop(name),)
        if rest or settings or self.settings:
            settings = self.complete(rest, settings)
        for operand in operands:
            apply = getattr(type(operand), "_apply_structural", None)
            if apply is not None:
                return apply(self, operands, settings)
        return self.on_arrays(operands, settings)

    def complete(self, given: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """The settings by name, with those given by position in their place and defaults filled in."""
        names = list(self.settings)
        if len(given) > len(names):
            raise TypeError(f"{self.name} takes {self.signature}, not {len(given) - len(names)} arguments more")
        full = dict(self.settings)
        for name, value in [*zip(names, given), *named.items()]:
            if name not in full:
                raise TypeError(f"{self.name} takes {self.signature}; it has no {name!r}")
            full[name] = value
        for name, value in full.items():
            if value is ...:
                raise TypeError(f"{self.name} takes {self.signature}; {name} is missing")
        return full

    def on_arrays(self, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """The op on NumPy arrays, lists and numbers; on object arrays of Values, its expansion."""
        import numpy as np

        arrays = tuple([x if type(x) is np.ndarray else np.asarray(x) for x in operands])
        scalar = any(a.dtype == object for a in arrays)
        run = self.expand if scalar and self.expand else self.forward
        try:
            with np.errstate(all="ignore"):
                return run(np, *arrays, **settings)
        except (ValueError, np.exceptions.AxisError) as error:
            raise self.misfit(arrays, error) from None

    def misfit(self, arrays: tuple[Any, ...], error: Exception) -> ValueError:
        """The error for shapes or settings that do not fit, with the shapes in it."""
        message = str(error)
        if message.startswith(f"{self.name}: "):
            return ValueError(message)
        shapes = " and ".join(str(a.shape) for a in arrays)
        return ValueError(f"{self.name}: shape{'s' * (len(arrays) > 1)} {shapes} do not fit: {message}")

    def downstream(self, place: int, g: Any, y: Any, arrays: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """The gradient passed on to the array in this place."""
        self.require_derivative()
        if self.many:
            return self.pullbacks[0](g, y, *arrays, place=place, **settings)
        return self.pullbacks[place](g, y, *arrays, **settings)

    def require_derivative(self) -> None:
        if self.why_not:
            raise NotDifferentiableError(f"{self.name} has no gradient: {self.why_not}")


def structural(
    name: str, forward: Callable[..., Any], pullbacks: tuple[Callable[..., Any], ...] = (), **details: Any
) -> StructuralOp:
    """Register a structural op and return it."""
    row = StructuralOp(name, forward, pullbacks, **details)
    if name in STRUCTURAL:
        raise ValueError(f"there is a structural op called {name} already")
    STRUCTURAL[name] = row
    return row
