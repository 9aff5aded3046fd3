"""The methods that rows give to operand types. For editors and type checkers they are listed in ``methods.pyi``.

At run time these classes are empty: :func:`scalargrad.ops.operators.install` fills the operand types, so that a new row
is a method at once.
"""

from __future__ import annotations


class ElementwiseMethods:
    """A method per elementwise op."""

    __slots__ = ()


class StructuralMethods:
    """A method per structural and per composite op, for arrays."""

    __slots__ = ()
