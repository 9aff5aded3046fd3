"""The plainest emitter: it runs the Exprs one by one as :mod:`fastpath.ir.semantics` defines them.

The tests run every plan on it besides: whatever another emitter makes of a program must give the same numbers.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

import numpy as np

from fastpath.ir.calling import releasing
from fastpath.ir.listing import Instruction, instructions
from fastpath.ir.program import Program
from fastpath.ir.semantics import value_of
from fastpath.numerics import ignoring


class Interpreter:
    """A program run as it is printed."""

    memory = 0

    def __init__(self, program: Program) -> None:
        self.program = program
        self.run = releasing(partial(interpreted, program), program.order)

    @cached_property
    def source(self) -> str:
        """What runs is the program itself."""
        return str(self.program)

    def instructions(self) -> list[Instruction]:
        return instructions(self.program)


@ignoring
def interpreted(program: Program, *arrays: Any) -> tuple[Any, ...]:
    """What a program gives."""
    values: dict[Any, Any] = {}
    for e in program.order:
        values[e] = value_of(e, [values[x] for x in e.inputs], arrays)
    outputs = [values[e].item() if e.shape == () else np.array(values[e]) for e in program.outputs]
    for tensor, step in program.steps:
        np.subtract(tensor.settings.data, values[step], tensor.settings.data)
    return (*outputs, *[np.array(values[e]) for e in program.gradients])
