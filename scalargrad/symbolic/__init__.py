"""Symbols: the rows of the registry read as formulas, in text, in LaTeX and as Python source.

A :class:`Sym` is a formula tree. Running a partial on symbols gives the formula of the local derivative, which is what
drawings and steps show, and, as Python source, what the engine compiles its backward functions from. Running a forward
on symbols (:mod:`.forward`) gives the op in terms of plain functions: what writers of other languages start from.
"""

from scalargrad.symbolic.partials import Operand, as_sym, formula, local_derivative, saved, shown_derivative, written
from scalargrad.symbolic.sym import Sym
from scalargrad.symbolic.tidying import tidy
from scalargrad.symbolic.writing import STYLES, latex, latex_name, latex_text, number_text, pretty_name, python, text

__all__ = [
    "STYLES", "Operand", "Sym", "as_sym", "formula", "latex", "latex_name", "latex_text", "local_derivative",
    "number_text", "pretty_name", "python", "saved", "shown_derivative", "text", "tidy", "written",
]  # fmt: skip
