"""The program of a traced function: every node of its graph as Exprs, which each emitter gets, and ``print`` shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fastpath.bound import BoundOp
from fastpath.functions import ArrayFunctionOp
from fastpath.ir.build import Builder
from fastpath.ir.calling import function_called
from fastpath.ir.expr import Expr
from fastpath.ir.listing import Names, instructions, listing
from fastpath.ir.rows import elementwise, structural
from fastpath.tensor import Tensor
from scalargrad.ops.registry import Op

if TYPE_CHECKING:
    from fastpath.traced.graph import Graph


@dataclass(frozen=True)
class Program:
    """A computation as Exprs. What it takes stands in ``arguments``; Tensors it closes over are Exprs as well.

    :func:`read` makes it of a traced function, :func:`.differentiation.differentiate` adds the backward pass.
    """

    graph: Graph
    names: Names
    exprs: dict[Any, Expr]
    """The nodes of the graph as Exprs."""
    arguments: tuple[Expr, ...]
    outputs: tuple[Expr, ...]
    """What a run gives: arrays, and floats of those without axes."""
    observers: tuple[Expr, ...] = ()
    """Calls that only look at arrays."""
    gradients: tuple[Expr, ...] = ()
    """What a run gives besides: arrays."""
    steps: tuple[tuple[Expr, Expr], ...] = ()
    """Tensors, and what a run subtracts from them when the outputs are known."""

    @property
    def results(self) -> tuple[Expr, ...]:
        """Whatever a run has to compute, but for what only looks."""
        return (*self.outputs, *self.gradients, *[step for _, step in self.steps])

    @cached_property
    def order(self) -> list[Expr]:
        """What has to be computed, each Expr after its inputs."""
        return needed_for((*self.results, *self.observers))

    def __str__(self) -> str:
        return listing(instructions(self))


def needed_for(results: Sequence[Expr]) -> list[Expr]:
    """The Exprs that these depend on, in the order of their making."""
    found = set(results)
    todo = list(found)
    while todo:
        for x in todo.pop().inputs:
            if x not in found:
                found.add(x)
                todo.append(x)
    return sorted(found, key=lambda e: e.number)


def read(graph: Graph, names: Names, build: Builder) -> Program:
    """Every node of a traced graph as an Expr: the forwards of the rows, run on Exprs."""
    exprs: dict[Any, Expr] = {}
    for i, x in enumerate(graph.arguments):
        build.origin = ("forward", x)
        exprs[x] = build.leaf("argument", i, x.shape, x.dtype)
    arguments = tuple(exprs.values())
    early = [pair for pair in graph.observers if all(x in exprs for x in pair[1])]  # arguments are checked first
    observers = [_observer(build, function, arrays, exprs) for function, arrays in early]
    for node in graph.order:
        build.origin = ("forward", node)
        if node not in exprs:
            exprs[node] = _read(build, node, exprs, graph.draws.get(node))
    observers += [_observer(build, *pair, exprs) for pair in graph.observers if pair not in early]
    return Program(graph, names, exprs, arguments, tuple([exprs[x] for x in graph.outputs]), tuple(observers))


def _read(build: Builder, node: Tensor, exprs: dict[Any, Expr], draw: Callable[[], Any] | None) -> Expr:
    op: Any = node.op
    if op is None:
        return build.leaf("tensor" if draw is None else "random", draw or node, node.shape, node.dtype)
    operands = tuple([exprs[x] if isinstance(x, Tensor) else x for x in node.inputs])
    if type(op) is Op:
        return build.broadcast_to(build.cast(elementwise(build, op, operands), node.dtype), node.shape)
    if isinstance(op, BoundOp):
        if getattr(op, "stops", False):
            return operands[0]
        count = 1 if "key" in op.settings else len(operands)  # the others are in the key
        return structural(build, op.op, operands[:count], filled(op.settings, exprs), node._data)  # type: ignore[no-any-return]
    if isinstance(op, ArrayFunctionOp):
        return function_called(build, op, tuple([build.as_expr(x) for x in operands]), node._data)
    raise TypeError(f"compile: {op.name} is not an op of the registry, and only those can be in a plan")


def filled(settings: dict[str, Any], exprs: dict[Any, Expr]) -> dict[str, Any]:
    """Settings in which arrays that are given at run time, as in the key of an index, are Exprs."""
    if "key" not in settings:
        return settings
    return {**settings, "key": tuple([exprs[x] if isinstance(x, Tensor) else x for x in settings["key"]])}


def _observer(build: Builder, function: Callable[..., Any], arrays: Sequence[Any], exprs: dict[Any, Expr]) -> Expr:
    """The call of a function that looks at arrays and gives nothing."""
    build.origin = ("forward", next((x for x in arrays if isinstance(x, Tensor)), next(iter(exprs))))
    inputs = tuple([exprs[x] if isinstance(x, Tensor) else build.as_expr(x) for x in arrays])
    return build.call("observe", function, inputs, np.empty(()))
