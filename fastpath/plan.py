"""Plans: a traced function at given shapes, read, differentiated, and handed to an emitter.

A function over Tensors is run once on stand-ins for its arguments, which record every op: that is the :class:`Graph`
(:mod:`.traced.graph`). Each stage from there on is a function from data to data, which ``print`` shows:

1. :func:`.ir.program.read` runs the forwards of the rows on Exprs, arrays yet to be computed, and gives a Program.
2. :func:`.ir.differentiation.differentiate` adds the backward pass: the rows' partials and pullbacks, run on Exprs.
3. An emitter (:mod:`.emit`) makes of the Program what runs: here lines of NumPy that write into buffers used again.

Rewriting is no stage of its own: as an Expr is made, the rules of :mod:`.ir.rewriting` simplify it, constants are
worked out (by :mod:`.ir.semantics`), and equal ones become one. The Program's ``order`` leaves out what the results do
not depend on.

>>> import numpy as np
>>> from fastpath import Tensor, relu
>>> W, b = Tensor(np.ones((3, 2)), requires_grad=True, label="W"), Tensor([0.5, -9.0], requires_grad=True, label="b")
>>> plan = Plan(traced(lambda x: relu(x @ W + b).mean(), [np.ones((4, 3))], ["x"]), [W, b])
>>> print(plan)
Forward
  1   b2 = matmul(x, W)             (4, 2)  float64  64 B   ← matmul #2
  2   b2 = add(b2, b)               (4, 2)  float64  64 B*  ← add #4
  3   b2 = maximum(b2, 0)           (4, 2)  float64  64 B*  ← relu #5
  4   b7 = add.reduce(b2, axis=0)   (2,)    float64  16 B   ← mean #6
  5   b8 = add.reduce(b7)           ()      float64  8 B    ← mean #6
  6   b11 = multiply(b8, 0.125)     ()      float64  8 B*   ← mean #6
Backward
  7   b14 = greater(b2, 0)          (4, 2)  bool     8 B*   ← relu #5
  8   b16 = multiply(b14, 0.125)    (4, 2)  float64  64 B*  ← relu #5
  9   ∂b = add.reduce(b16, axis=0)  (2,)    float64  16 B   ← add #4
  10  ∂W = matmul(xᵀ, b16)          (3, 2)  float64  48 B   ← matmul #2
10 instructions, 384 bytes of buffers and results, about 147 flops a run; * memory used before
>>> print(plan.source)
def run(x0):
    t1 = _t1._data
    t3 = _t3._data
    v19 = x0.T
    dot(x0, t1, b2)
    add(b2, t3, b2)
    maximum(b2, full1_0, out=b2)
    dot(ones4d, b2, b7)
    dot(ones2d, b7, b8)
    multiply(b8, c10, b11)
    greater(b2, c5, b14)
    multiply(b14, c10, b16)
    dot(ones4d, b16, b17)
    dot(v19, b16, b20)
    return (b11.item(), r1, r2,)
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from fastpath.emit import EMITTERS
from fastpath.ir.build import Builder
from fastpath.ir.differentiation import differentiate
from fastpath.ir.listing import Instruction, Names, listing
from fastpath.ir.picture import pictured
from fastpath.ir.program import read
from fastpath.numerics import Array
from fastpath.tensor import Tensor
from fastpath.traced.graph import Graph, traced
from fastpath.traced.refusing import TracingError, refuse
from fastpath.traced.tensors import Traced
from scalargrad.records import Trace

__all__ = ["Instruction", "Plan", "Traced", "TracingError", "refuse", "traced"]


class Plan:
    """A computation at given shapes: read as a program, differentiated, and handed to an emitter.

    ``variables`` are the leaves to differentiate by. With ``descends`` a run changes them, instead of giving gradients:
    variable −= rate × gradient. ``labels`` are names for leaves that have no label. ``emitter`` is a name in
    :data:`fastpath.emit.EMITTERS`.

    ``print(plan)`` lists it, ``print(plan.program)`` what the emitter was given. ``source`` is what runs, ``memory``
    the bytes of its buffers and results, and ``flops`` an estimate of the floating-point operations of a run.
    """

    def __init__(
        self,
        graph: Graph,
        variables: Sequence[Tensor],
        name: str = "function",
        descends: bool = False,
        labels: dict[Any, str] | None = None,
        emitter: str = "numpy",
    ) -> None:
        self.name = name
        self.variables = tuple(variables)
        build = Builder(EMITTERS[emitter].rules)
        program = read(graph, Names(graph, labels or {}, self.variables, name), build)
        if variables:
            program = differentiate(program, variables, descends)
        self.program = program
        self._code = EMITTERS[emitter].emit(program)
        self.run = self._code.run
        """The outputs, and the gradients if there are any: floats, and arrays that are the caller's own.

        It may be called from any thread, and from within a run: by a Function that is part of it, by a signal handler.
        """
        self.source, self.memory = self._code.source, self._code.memory
        self.dtype = program.outputs[0].dtype
        self._leaves = [x for x in graph.order if x.op is None and x not in set(graph.arguments)]
        self._given = [(x.shape, x.dtype) for x in graph.arguments]
        self._required = [x.requires_grad for x in self._leaves]
        self._example: tuple[Array, ...] | None = None
        """The batch whose numbers a drawing shows."""
        build.forget()
        forget(graph)

    def of(self, arrays: Sequence[Array]) -> Plan:
        """The same plan with the numbers of a batch, for a drawing to show them."""
        plan: Plan = object.__new__(Plan)
        plan.__dict__.update(self.__dict__)
        plan._example = tuple(arrays)
        return plan

    def suits(self, arguments: Sequence[Any]) -> bool:
        """Whether these are arrays of the shapes and types it was made for, and nothing else has changed."""
        for x, (shape, dtype) in zip(arguments, self._given):
            if type(x) is not np.ndarray or x.shape != shape or x.dtype is not dtype:
                return False
        return len(arguments) == len(self._given) and not self.outdated

    @property
    def outdated(self) -> bool:
        """Whether some Tensor requires a gradient now and did not when the plan was made, or the other way round."""
        return bool(self.variables) and [x.requires_grad for x in self._leaves] != self._required

    @cached_property
    def instructions(self) -> list[Instruction]:
        """What a run does, line by line."""
        return self._code.instructions()

    @property
    def flops(self) -> int:
        """About how many floating-point operations a run takes."""
        return sum(i.flops for i in self.instructions)

    def as_trace(self) -> Trace:
        """The forward instructions as a graph to be drawn: ``draw(plan.as_trace())``."""
        if self._example is None:
            raise RuntimeError("this plan has no numbers to show: draw that of a batch, f.plan(X) of a compiled f")
        return pictured(self.program, self._example)

    def __str__(self) -> str:
        return listing(self.instructions, self.memory)

    def __repr__(self) -> str:
        return f"<Plan of {self.name}: {len(self.instructions)} instructions, {self.memory} bytes>"


def forget(graph: Graph) -> None:
    """Drop the numbers a function was traced with: a plan keeps no batch alive."""
    graph.lines.clear()
    for node in graph.order:
        if node.op is not None or node in graph.draws:
            node._data, node._arrays = nothing(node), None
            if getattr(node.op, "saved", None) is not None:
                node.op.saved = None
    for node in graph.arguments:
        node._data = nothing(node)


def nothing(node: Tensor) -> Array:
    """An array of the shape and type of a node that takes no memory."""
    return np.broadcast_to(np.zeros((), node.dtype), node.shape)
