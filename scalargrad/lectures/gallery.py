"""All systems of the lectures by name."""

from __future__ import annotations

from scalargrad.lectures import circuits, descent, graphs, judging, losses, networks, optimizers
from scalargrad.lectures.system import System

SYSTEMS: dict[str, System] = {
    system.name: system
    for module in (circuits, networks, graphs, losses, judging, descent, optimizers)
    for system in module.SYSTEMS
}
"""The systems of all lectures."""
