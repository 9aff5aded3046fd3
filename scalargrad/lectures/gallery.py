"""All systems of the lectures by name."""

from __future__ import annotations

from scalargrad.lectures import circuits, descent, judging, losses, networks
from scalargrad.lectures.system import System

SYSTEMS: dict[str, System] = {
    system.name: system
    for module in (circuits, networks, losses, judging, descent)
    for system in module.SYSTEMS
}
"""The systems of all lectures."""
