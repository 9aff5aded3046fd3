"""Emitters: what makes of a program something that runs on arrays. A plan names the one it uses.

An emitter is a function from a :class:`fastpath.ir.program.Program` to a :class:`Runnable`, and what it wants to have
rewritten for its own sake. It goes through ``program.order``, where every Expr comes after its inputs, and gives each
the meaning it has in :mod:`fastpath.ir.semantics`. ``numpy`` writes code on reused buffers; ``interpreter`` is what an
emitter is at its shortest, and what the tests compare the others with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastpath.emit.interpreter import Interpreter
from fastpath.emit.numpy.code import Code
from fastpath.emit.numpy.rules import RULES
from fastpath.ir.listing import Instruction
from fastpath.ir.program import Program
from fastpath.ir.rewriting import Rules
from fastpath.numerics import Array


class Runnable(Protocol):
    """A program that can be run."""

    memory: int
    """The bytes of its buffers and results."""

    @property
    def source(self) -> str:
        """What runs, to be read."""

    def run(self, *arrays: Array) -> tuple[Any, ...]:
        """The outputs, floats of those without axes, and the gradients, for an array for each of the arguments.

        They are the caller's: no later run changes them. ``program.steps`` are subtracted from their Tensors, from all
        or none. A run may come from any thread, and in the middle of another.
        """

    def instructions(self) -> list[Instruction]:
        """What a run does, line by line."""


@dataclass(frozen=True)
class Emitter:
    """How programs are made to run."""

    emit: Callable[[Program], Runnable]
    rules: Rules = field(default_factory=dict)
    """Rewriting for its own sake, besides that of :mod:`fastpath.ir.rewriting`."""


EMITTERS = {"numpy": Emitter(Code, RULES), "interpreter": Emitter(Interpreter)}
"""Every emitter by its name."""
