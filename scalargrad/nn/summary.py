"""A module's parts: its repr, and the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.modes import no_grad

if TYPE_CHECKING:
    from scalargrad.nn.module import Module


def table(module: Module, x: Any = None) -> str:
    """The text of :meth:`Module.summary`."""
    rows = [("layer", "", "output", "parameters")]
    features = next((n for m in module.modules() if isinstance(n := getattr(m, "inputs", None), int)), None)
    if x is not None:
        shapes = {key: str(shape) for key, shape in _output_shapes(module, x).items()}
    elif features is None:
        shapes = {}
    else:
        found = _output_shapes(module, np.zeros((2, features)))
        shapes = {key: str(shape).replace("2", "n", 1) for key, shape in found.items()}
    for name, leaf in _leaves(module, ""):
        own = sum(nodes.size for _, nodes in leaf.named_parameters())
        rows.append((name, type(leaf).__name__, shapes.get(id(leaf), ""), str(own)))
    total = sum(nodes.size for _, nodes in module.named_parameters())
    rows.append(("total", "", "", str(total)))
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for name, kind, shape, count in rows:
        cells = [name.ljust(widths[0]), kind.ljust(widths[1]), shape.ljust(widths[2]), count.rjust(widths[3])]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def described(module: Module, around: frozenset[int] = frozenset()) -> str:
    """The text of ``repr(module)``; a module inside itself is only named."""
    name = type(module).__name__
    if id(module) in around:
        return f"{name}(…)"
    inner = [
        f"  {called}: " + described(child, around | {id(module)}).replace("\n", "\n  ")
        for called, child in module.children()
    ]
    return "\n".join([f"{name}({module.extra()}", *inner, ")"]) if inner else f"{name}({module.extra()})"


def _leaves(module: Module, prefix: str, around: frozenset[int] = frozenset()) -> Iterator[tuple[str, Module]]:
    """The modules without children, with their paths."""
    children = [(name, child) for name, child in module.children() if id(child) not in around]
    if not children:
        yield prefix.rstrip(".") or type(module).__name__, module
    for name, child in children:
        yield from _leaves(child, f"{prefix}{name}.", around | {id(module), id(child)})


def _output_shapes(module: Module, x: Any) -> dict[int, tuple[int, ...]]:
    """The output shape of each module when the whole is called on ``x``, in evaluation."""
    shapes: dict[int, tuple[int, ...]] = {}
    modes = [(m, m.training) for m in module.modules()]

    def watched(m: Module, forward: Any) -> Any:
        def run(*inputs: Any, **settings: Any) -> Any:
            y = forward(*inputs, **settings)
            shapes[id(m)] = np.shape(y) if not hasattr(y, "shape") else y.shape
            return y

        return run

    try:
        module.eval()
        for m, _ in modes:
            vars(m)["forward"] = watched(m, m.forward)
        with no_grad():
            module(x)
    finally:
        for m, training in modes:
            vars(m).pop("forward", None)
            m.training = training
    return shapes
