"""One step in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass

TITLES = {
    "leaf": "Input {0}",
    "forward": "Compute {0} ({1})",
    "seed": "Start at {0}",
    "backward": "From {1} back to {0}",
    "sum": "Add up the shares of {0}",
}
"""What happens in a step of each kind; ``{0}`` is its node, ``{1}`` the operation or the node a gradient comes from."""

UNDEFINED = {
    "forward": "{0} is not defined at these numbers, so its value is nan, not a number",
    "backward": "{0} is not defined at these numbers, so it has no derivative there",
}
"""What is said where a nan is born; ``{0}`` is the formula of the node."""


@dataclass(frozen=True, slots=True)
class StepText:
    """One step in words and numbers.

    Where an edge is crossed, the upstream number times the local derivative's formula stands in ``text`` between the
    formula and the numbers.
    """

    index: int
    """Its place, from 0."""
    kind: str
    """``leaf``, ``forward``, ``seed``, ``backward`` or ``sum``: see :class:`scalargrad.tracing.Step`."""
    title: str
    """What happens, in words."""
    formula: str
    """The equation in names: ``∂L/∂w₀ = ∂L/∂v₁ × ∂v₁/∂w₀``."""
    local: str
    """The formula of the local derivative where an edge is crossed: ``x₀``; otherwise empty."""
    numbers: str
    """The same with numbers put in: ``0.1966 × (-1.0000)``; empty where a number is given."""
    result: str
    exact: str
    """The exact number where the one that is told is rounded; otherwise empty."""
    note: str
    """Why, where a step does not explain itself; otherwise empty."""
    text: str
    """The whole line: ``formula = numbers = result`` and the note."""
    latex: str
    """The equation in LaTeX's mathematics."""
