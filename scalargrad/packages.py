"""The packages of the project by their names: the one place where scalargrad names fastpath, which it never imports."""

from __future__ import annotations

PACKAGES = ("scalargrad", "fastpath")
BACKENDS = {"value": "scalargrad.engine:Value", "tensor": "fastpath:Tensor"}
"""The class of each backend of nn: module and class, imported when first asked for."""
BENCH = "fastpath.bench"
"""What ``scalargrad bench`` runs."""
