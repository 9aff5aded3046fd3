"""Functions of a distribution with a location and a scale, from those of the standard one."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

import fastpath.numpy as np

Function = Callable[..., Any]


def densities(log_density: Function) -> tuple[Function, Function]:
    """``pdf`` and ``logpdf`` from the logarithm of the standard density, a function of z and the shape's parameters."""
    logpdf = _scaled(log_density, "logpdf", lambda found, scale: found - np.log(scale))
    return _scaled(log_density, "pdf", lambda found, scale: np.exp(found) / scale), logpdf


def distribution(name: str, of_standard: Function) -> Function:
    """``cdf`` and its like, from that of the standard distribution."""
    return _scaled(of_standard, name, lambda found, scale: found)


def _scaled(of_standard: Function, name: str, finished: Function) -> Function:
    code = of_standard.__code__
    shape = code.co_varnames[1 : code.co_argcount]
    own = [Parameter(parameter, Parameter.POSITIONAL_OR_KEYWORD) for parameter in ("x", *shape)]
    usual = {"loc": 0.0, "scale": 1.0}
    signature = Signature([*own, *[Parameter(k, Parameter.POSITIONAL_OR_KEYWORD, default=v) for k, v in usual.items()]])

    def function(*arguments: Any, **named: Any) -> Any:
        try:
            given = {**usual, **signature.bind(*arguments, **named).arguments}
        except TypeError as error:
            raise TypeError(f"{name} takes {signature}: {error}") from None
        z = np.divide(np.subtract(given["x"], given["loc"]), given["scale"])
        return finished(of_standard(z, *[given[parameter] for parameter in shape]), given["scale"])

    function.__name__ = function.__qualname__ = name
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = f"``{name}`` at x: with z = (x − loc) / scale, {of_standard.__doc__}"
    return function


def within(inside: Any, z: Any, log_density: Function, elsewhere: float = 1.0) -> Any:
    """A logarithm of a density that is 0 outside: −∞ there, without a gradient that is not a number."""
    return np.where(inside, log_density(np.where(inside, z, elsewhere)), -np.inf)
