"""A structural op bound to the settings of one call: what the ``op`` of such a node is."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from scalargrad.ops.structure import StructuralOp
from scalargrad.symbolic import STYLES, as_sym, latex_text


class BoundOp:
    """A structural op together with the settings of one call. To the readers of a graph it is like an op."""

    __slots__ = ("op", "saved", "settings")

    def __init__(self, op: StructuralOp, settings: dict[str, Any], saved: Any = None) -> None:
        self.op = op
        self.settings = settings
        self.saved = saved
        """What the forward saved for the pullback, in arrays."""

    @property
    def name(self) -> str:
        """The op's name."""
        return self.op.name

    @property
    def symbol(self) -> str:
        """What stands in its node."""
        return self.op.symbol

    def text_of(self, *operands: str | float, style: str = "text") -> str:
        """The call with these names or numbers as operands, in ``style`` "text" or "latex": ``sum(x, axis=0)``."""
        given = [f"{k}={v!r}" for k, v in self.settings.items() if v is not self.op.settings.get(k, ...)]
        names = [STYLES[style](as_sym(x)) for x in operands]
        if style == "latex":
            settings = [rf"\text{{{latex_text(x)}}}" for x in given]
            return rf"\operatorname{{{latex_text(self.name)}}}({', '.join([*names, *settings])})"
        return f"{self.name}({', '.join([*names, *given])})"

    def formula(self, position: int, operands: tuple[str | float, ...], style: str = "text") -> str:
        """The downstream gradient by one operand, with these names as operands: ``Ḡ Wᵀ``."""
        formula = self.op.formula(position)
        if style == "latex":
            formula = _as_latex(formula)
        return re.sub(r"#(\d)", lambda hole: STYLES[style](as_sym(operands[int(hole[1]) - 1])), formula)

    def pullback(self, upstream: Any, y: Any, operands: tuple[Any, ...], needed: tuple[bool, ...]) -> list[Any]:
        """The downstream gradient for each needed operand (None for the others), on arrays and on Tensors.

        As with an elementwise op it is still to be fitted to the operand's shape.
        """
        op, settings = self.op, self.settings
        if op.together is not None:
            return op.together(upstream, y, *operands, needed=needed, **settings)
        if op.many or op.saves or op.why_not or (op.wide and upstream.dtype.char == "e"):
            saved = self.saved if type(upstream) is np.ndarray else None
            return [
                op.downstream(i, upstream, y, operands, settings, saved) if need else None
                for i, need in enumerate(needed)
            ]
        pullbacks = zip(op.pullbacks, needed)
        return [pullback(upstream, y, *operands, **settings) if need else None for pullback, need in pullbacks]

    def recomputed(self, y: Any, operands: tuple[Any, ...]) -> Any:
        """What the op gives on these arrays."""
        return self.op.on_arrays(operands, self.settings)

    def __repr__(self) -> str:
        return f"<op {self.text_of()}>"


_LATEX = {"Ḡ": r"\bar{G}", "ᵀ": r"^{\top}", "Σ": r"\sum ", "Π": r"\prod ", "·": r" \cdot ", "−": "-", "…": r"\dots"}


def _as_latex(formula: str) -> str:
    """A row's formula as LaTeX: its letters as commands, its words upright."""
    words = re.sub(r"[a-z]{2,}( [a-z]{2,})*", lambda word: rf"\text{{{word[0]}}}", formula)
    return "".join(_LATEX.get(c, c) for c in words)
