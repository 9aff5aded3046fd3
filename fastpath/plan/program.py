"""A plan: a function's computation at given shapes, as straight-line code on buffers, forward and backward."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from fastpath.bound import BoundOp
from fastpath.emit.numpy.emission import Emitter
from fastpath.emit.numpy.memory import Results
from fastpath.functions import ArrayFunctionOp
from fastpath.ir.build import Builder
from fastpath.ir.calling import function_called
from fastpath.ir.differentiation import Reading, gradients
from fastpath.ir.expr import Expr
from fastpath.ir.rows import structural
from fastpath.numerics import Array, ignoring, quiet
from fastpath.plan.listing import Instruction, Names, instructions, listing
from fastpath.plan.picture import pictured
from fastpath.tensor import Tensor
from fastpath.traced.graph import Graph
from scalargrad.ops.registry import Op
from scalargrad.records import Trace


class Plan:
    """A computation at given shapes: instructions that write into buffers made beforehand.

    ``variables`` are the leaves to differentiate by. With ``descends`` a run changes them, instead of giving gradients:
    variable −= rate × gradient. ``labels`` are names for leaves that have no label.

    ``print(plan)`` lists it; ``source`` is the Python it runs, ``memory`` the bytes of its buffers and results, and
    ``flops`` an estimate of the floating-point operations of a run.
    """

    def __init__(
        self,
        graph: Graph,
        variables: Sequence[Tensor],
        name: str = "function",
        descends: bool = False,
        labels: dict[Any, str] | None = None,
    ) -> None:
        self.name = name
        self.single = graph.single
        self.variables = tuple(variables)
        build = Builder()
        reading = read(build, graph)
        exprs = reading.exprs
        outputs = [exprs[x] for x in graph.outputs]
        count = len(outputs)
        self.dtype = outputs[0].dtype
        arguments = len(graph.arguments)
        if variables:
            seed = build.leaf("argument", arguments, (), outputs[0].dtype) if descends else None
            found = gradients(build, graph.order, reading, graph.outputs[0], variables, seed)
            outputs += [found[x] for x in variables]
        own = [x.shape != () for x in outputs[:count]] + [not descends for _ in outputs[count:]]
        observers = reading.observers
        rehearsal = Emitter(build, outputs, own, observers)
        rehearsal.emit()
        emitter = Emitter(build, outputs, own, observers, rehearsal)
        emitter.emit()
        tail = emitter.update([exprs[x] for x in variables], outputs[count:]) if descends else []
        self.source = source_of(emitter, arguments + descends, count, tail)
        self._space = emitter.space
        exec(compile(self.source, f"<plan of {name}>", "exec"), self._space)
        self._function: Callable[..., Any] = self._space.pop("run")  # a function refers to the space it runs in
        if any(e.code == "random" or (e.code == "call" and e.settings[0] != "check_labels") for e in emitter.live):
            self._run: Callable[..., Any] = ignoring(self._function)  # what is called there may look at the modes
        else:
            function = self._function
            self._run = lambda *arrays: quiet().run(function, *arrays)
        self._lock = threading.RLock()
        self._again = partial(Plan, graph, variables, name, descends, labels)
        self._twin: Plan | None = None
        """A plan like this one, for runs within a run."""
        results = [r for r in emitter.results if r is not None]
        self._results = Results(results, self._space)
        self._graph, self._outputs, self._exprs = graph, outputs, emitter.live
        self._written = emitter.written
        self._names = Names(graph, labels or {}, emitter.places, emitter.results)
        self._names.variables = self.variables
        self.memory = emitter.nbytes + sum(r.array.nbytes for r in results)
        self._leaves = [x for x in graph.order if x.op is None and x not in set(graph.arguments)]
        self._given = [(x.shape, x.dtype) for x in graph.arguments]
        self._required = [x.requires_grad for x in self._leaves]
        self._example: tuple[Array, ...] | None = None
        """The batch whose numbers a drawing shows."""
        self._saving = [e.settings[1] for e in emitter.live if e.code == "call" and hasattr(e.settings[1], "saved")]
        build.forget()
        forget(graph)
        for place in [*emitter.places.values(), *[w.place for w in emitter.written]]:
            place.array = None  # what is left in the namespace are the owners that count

    def run(self, *arrays: Array) -> tuple[Any, ...]:
        """The outputs, and the gradients if there are any: floats, and arrays that are the caller's own.

        It may be called from any thread, and from within a run: by a Function that is part of it, by a signal handler.
        """
        with self._lock:
            results = self._results
            if results.busy:  # the buffers are in use, in this very thread
                if self._twin is None:
                    self._twin = self._again()
                return self._twin.run(*arrays)
            results.busy = True  # an interrupt while results are renewed leaves them so, and the twin in their place
            results.renew()
            try:
                return self._run(*arrays)  # type: ignore[no-any-return]
            finally:
                results.busy = False
                if self._saving:
                    for call in self._saving:
                        call.saved = None

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
        return instructions(self._written, self._names)

    @property
    def flops(self) -> int:
        """About how many floating-point operations a run takes."""
        return sum(i.flops for i in self.instructions)

    def as_trace(self) -> Trace:
        """The forward instructions as a graph to be drawn: ``draw(plan.as_trace())``."""
        if self._example is None:
            raise RuntimeError("this plan has no numbers to show: draw that of a batch, f.plan(X) of a compiled f")
        return pictured(self._exprs, self._outputs[: len(self._graph.outputs)], self._example)

    def __str__(self) -> str:
        return listing(self)

    def __repr__(self) -> str:
        return f"<Plan of {self.name}: {len(self.instructions)} instructions, {self.memory} bytes>"


def read(build: Builder, graph: Graph) -> Reading:
    """Every node of a traced graph as an Expr."""
    exprs: dict[Any, Expr] = {}
    settings: dict[Any, Any] = {}
    places = {x: i for i, x in enumerate(graph.arguments)}
    for x, i in places.items():
        build.origin = ("forward", x)
        exprs[x] = build.leaf("argument", i, x.shape, x.dtype)
    early = [pair for pair in graph.observers if all(x in places for x in pair[1])]  # arguments are checked first
    observers = [observer(build, function, arrays, exprs) for function, arrays in early]
    for node in graph.order:
        build.origin = ("forward", node)
        if node in exprs:
            continue
        if node.op is None:
            draw = graph.draws.get(node)
            exprs[node] = build.leaf("tensor" if draw is None else "random", draw or node, node.shape, node.dtype)
            continue
        operands = tuple([exprs[x] if isinstance(x, Tensor) else x for x in node.inputs])
        op = node.op
        if type(op) is Op:
            expr = build.elementwise(op, operands)
            expr = build.broadcast_to(build.cast(expr, node.dtype), node.shape)
        elif isinstance(op, BoundOp):
            if getattr(op, "stops", False):
                exprs[node] = operands[0]
                continue
            settings[node] = filled(op.settings, exprs)
            count = 1 if "key" in op.settings else len(operands)  # the others are in the key
            expr = structural(build, op.op, operands[:count], settings[node], node._data)
        elif isinstance(op, ArrayFunctionOp):
            expr = function_called(build, op, tuple([build.as_expr(x) for x in operands]), node._data)
        else:
            raise TypeError(f"compile: {op.name} is not an op of the registry, and only those can be in a plan")
        exprs[node] = expr
    observers += [observer(build, *pair, exprs) for pair in graph.observers if pair not in early]
    return Reading(exprs, settings, observers)


def observer(build: Builder, function: Callable[..., Any], arrays: tuple[Any, ...], exprs: dict[Any, Expr]) -> Expr:
    """The call of a function that looks at arrays and gives nothing."""
    build.origin = ("forward", next((x for x in arrays if isinstance(x, Tensor)), next(iter(exprs))))
    inputs = tuple([exprs[x] if isinstance(x, Tensor) else build.as_expr(x) for x in arrays])
    return build.call("observe", function, inputs, np.empty(()))


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


def filled(settings: dict[str, Any], exprs: dict[Any, Expr]) -> dict[str, Any]:
    """Settings in which arrays that are given at run time, as in the key of an index, are Exprs."""
    if "key" not in settings:
        return settings
    return {**settings, "key": tuple([exprs[x] if isinstance(x, Tensor) else x for x in settings["key"]])}


def source_of(emitter: Emitter, arguments: int, count: int, tail: list[str]) -> str:
    """The Python source of a plan."""
    lines = [f"def run({', '.join(f'x{i}' for i in range(arguments))}):"]
    lines += [f"    {line}" for line in emitter.prologue]
    lines += [f"    {line}" for w in emitter.written for line in w.lines]
    results = list(zip(emitter.outputs, emitter.results))[: None if not tail else count]
    returned = f"({', '.join([emitter.returned(x, r) for x, r in results])},)"
    if tail:  # the value is that before the step, also where it is a parameter itself
        lines += [f"    value = {returned}", *[f"    {line}" for line in tail]]
    lines.append(f"    return {'value' if tail else returned}")
    return "\n".join(lines) + "\n"
