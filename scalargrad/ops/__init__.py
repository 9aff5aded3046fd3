"""The operations: each declared once as a row (:mod:`.elementwise`) and read in many ways."""

from scalargrad.ops import elementwise
from scalargrad.ops.registry import OPS, Kink, NotDifferentiableError, Op, op, remove, temporary

__all__ = ["OPS", "Kink", "NotDifferentiableError", "Op", "elementwise", "op", "remove", "temporary"]
