"""The packages of the project by their names: the one place where scalargrad names fastpath, which it never imports."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

PACKAGES = ("scalargrad", "fastpath")
BACKENDS = {"value": "scalargrad.engine:Value", "tensor": "fastpath:Tensor"}
"""The class of each backend of nn: module and class, imported when first asked for."""
BENCH = "fastpath.bench"
"""What ``scalargrad bench`` runs."""


def package_of(frame: Any) -> str:
    """The package whose code a frame runs."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def outside(frame: Any, packages: Container[str]) -> Any:
    """The frame itself or the nearest of its callers whose code is in none of these packages."""
    while frame.f_back is not None and package_of(frame) in packages:
        frame = frame.f_back
    return frame
