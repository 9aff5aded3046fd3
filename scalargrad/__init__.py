"""scalargrad: step through backpropagation, number by number, and run the same code at full speed.

>>> from scalargrad import Value
>>> w, x = Value(2.0, label="w"), Value(-3.0, label="x")
>>> loss = (w * x + 1).square()
>>> loss.backward()
>>> w.grad, x.grad
(30.0, -20.0)
"""

from __future__ import annotations

import sys as _sys
from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from scalargrad.engine import Value as Value
from scalargrad.modes import detect_anomaly as detect_anomaly
from scalargrad.modes import enable_grad as enable_grad
from scalargrad.modes import no_grad as no_grad
from scalargrad.modes import scope as scope
from scalargrad.ops.elementwise import *
from scalargrad.ops.registry import OPS as OPS
from scalargrad.ops.registry import NotDifferentiableError as NotDifferentiableError

if TYPE_CHECKING:
    from scalargrad.checking import gradcheck as gradcheck
    from scalargrad.derivatives import elementwise_grad as elementwise_grad
    from scalargrad.derivatives import grad as grad
    from scalargrad.derivatives import hessian as hessian
    from scalargrad.derivatives import hvp as hvp
    from scalargrad.derivatives import jacobian as jacobian
    from scalargrad.derivatives import jvp as jvp
    from scalargrad.derivatives import value_and_grad as value_and_grad
    from scalargrad.derivatives import vjp as vjp
    from scalargrad.derivatives.curvature import eta_max as eta_max
    from scalargrad.derivatives.curvature import eta_opt as eta_opt
    from scalargrad.derivatives.curvature import largest_eigenvalue as largest_eigenvalue
    from scalargrad.drawing import draw as draw
    from scalargrad.expression import parse as parse
    from scalargrad.function import Function as Function
    from scalargrad.ops.composite import *
    from scalargrad.ops.structural import *
    from scalargrad.stepper import steps as steps
    from scalargrad.tracing import Trace as Trace
    from scalargrad.tracing import trace as trace
    from scalargrad.training import EarlyStopping as EarlyStopping
    from scalargrad.training import History as History
    from scalargrad.training import fit as fit

_LAZY = {
    "EarlyStopping": "training",
    "Function": "function",
    "History": "training",
    "STRUCTURAL": "ops.structural",
    "StaleGraphError": "tracing",
    "Trace": "tracing",
    "draw": "drawing",
    "elementwise_grad": "derivatives",
    "eta_max": "derivatives.curvature",
    "eta_opt": "derivatives.curvature",
    "fit": "training",
    "grad": "derivatives",
    "gradcheck": "checking",
    "hessian": "derivatives",
    "hvp": "derivatives",
    "jacobian": "derivatives",
    "jvp": "derivatives",
    "largest_eigenvalue": "derivatives.curvature",
    "parse": "expression",
    "steps": "stepper",
    "trace": "tracing",
    "value_and_grad": "derivatives",
    "vjp": "derivatives",
}
"""What is loaded when first used, beside the second table of ops: public name and module."""
_MODULES = ["data", "lectures", "linear", "metrics", "micrograd", "nn", "optim", "plots", "tree"]
"""The public modules, loaded when first used."""

__version__ = "0.1.0"
_EAGER = ["OPS", "NotDifferentiableError", "Value", "detect_anomaly", "enable_grad", "no_grad", "scope"]


def __getattr__(name: str) -> _Any:
    if name in _MODULES:
        return _import_module(f"scalargrad.{name}")
    if name in _LAZY:
        value = getattr(_import_module(f"scalargrad.{_LAZY[name]}"), name)
        globals()[name] = value
        return value
    if name in OPS:  # registered since
        return OPS[name]
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module 'scalargrad' has no attribute {name!r}")
    from scalargrad.ops import composite, structural  # the second table, and what is put together from it

    functions = structural.STRUCTURAL | composite.COMPOSITE
    if name == "__all__":
        return sorted({*_EAGER, *_LAZY, *OPS, *functions})
    if name not in functions:
        raise AttributeError(f"module 'scalargrad' has no attribute {name!r}")
    if hasattr(structural, name) or name in composite.COMPOSITE:  # not registered since
        globals()[name] = functions[name]
    return functions[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__"), *_MODULES})
