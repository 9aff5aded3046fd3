"""Losses as modules, as PyTorch has them: ``nn.MSELoss()``, ``nn.CrossEntropyLoss(weight=…, label_smoothing=0.1)``.

A loss registered with ``module="MSELoss"`` is the class ``nn.MSELoss``: it is made here, from the function alone.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, getdoc, signature
from typing import Any

from scalargrad.nn.losses import MODULES
from scalargrad.nn.module import Module
from scalargrad.settings import short


class Loss(Module):
    """A loss with its settings: ``Loss(nn.huber, delta=2.0)``. Called, it is the function of predictions and targets.

    >>> from scalargrad import nn
    >>> nn.MSELoss(reduction="sum")([1.0, 2.0], [0.0, 0.0]).item()
    5.0
    >>> nn.HuberLoss(delta=2.0)
    HuberLoss(delta=2.0)
    """

    names_its_nodes = True
    function: Callable[..., Any]
    settings: dict[str, Any]

    def __init__(self, function: Callable[..., Any], **settings: Any) -> None:
        if not callable(function):
            raise TypeError(f"{type(self).__name__}: function is a loss such as nn.mse, not {short(function)}")
        self.function, self.settings = function, settings

    def forward(self, *inputs: Any, **more: Any) -> Any:
        """The loss of predictions and targets; ``sample_weight`` may be given as well."""
        return self.function(*inputs, **self.settings, **more)

    def extra(self) -> str:
        usual = signature(self.function).parameters
        own = [getattr(self.function, "__name__", "")] if type(self) is Loss else []
        told = {k: v for k, v in self.settings.items() if k not in usual or v is not usual[k].default}
        return ", ".join([*own, *(f"{name}={short(value)}" for name, value in told.items())])


def _class_of(name: str) -> type[Loss]:
    """The class of a loss: its settings in the function's order, those called otherwise first, as in PyTorch."""
    function, names = MODULES[name]
    settings = [p for p in list(signature(function).parameters.values())[2:] if p.name != "sample_weight"]
    called = {inner: outer for outer, inner in names.items()}
    first = [p.replace(name=called[p.name], kind=Parameter.POSITIONAL_OR_KEYWORD) for p in settings if p.name in called]
    rest = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in settings if p.name not in called]
    arguments = Signature([Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *first, *rest])

    def __init__(self: Loss, *given: Any, **named: Any) -> None:  # noqa: N807
        try:
            bound = arguments.bind(self, *given, **named)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from None
        del bound.arguments["self"]
        Loss.__init__(self, function, **{names.get(k, k): x for k, x in bound.arguments.items()})

    __init__.__signature__ = arguments  # type: ignore[attr-defined]
    about = (getdoc(function) or "").partition("\n>>>")[0].rstrip()
    doc = f":func:`{function.__name__}` as a module. {about}"
    return type(name, (Loss,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


def __getattr__(name: str) -> type[Loss]:
    """The class of a loss, made when it is first asked for."""
    if name not in MODULES:
        raise AttributeError(f"module 'scalargrad.nn.criteria' has no attribute {name!r}")
    globals()[name] = made = _class_of(name)
    return made


__all__ = ["Loss", *MODULES]
