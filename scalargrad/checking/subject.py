"""What is checked: a graph or a function as a computation that can be run again on other numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from scalargrad import modes, tree
from scalargrad.checking.quotient import Sides
from scalargrad.derivatives.taken import taken_out, uncovered
from scalargrad.derivatives.variables import as_list, backend_for, boxed, is_array
from scalargrad.engine import Value, kind_of, make_node
from scalargrad.graph import Node, reverse, topological_order
from scalargrad.ops.registry import Op, as_number
from scalargrad.rules import LEAF


class Run:
    """The nodes of a computation, in topological order with the root last, and numbers for them."""

    def __init__(self, nodes: list[Any]) -> None:
        self.nodes = nodes
        self.values = [float(node.data) for node in nodes]
        self.index = {node: i for i, node in enumerate(nodes)}

    def copy(self) -> Run:
        """The same nodes, and numbers that may be changed."""
        other = Run.__new__(Run)
        other.nodes, other.index, other.values = self.nodes, self.index, list(self.values)
        return other

    def operands(self, node: Any) -> tuple[float, ...]:
        """The numbers a node is computed from."""
        return tuple(self.values[self.index[x]] if isinstance(x, Node) else float(x) for x in node.inputs)

    def sides(self) -> Sides:
        """Where the computation lies among the kinks of its operations."""
        ops = [node.op for node in self.nodes]
        kinked = (node for node, op in zip(self.nodes, ops) if getattr(op, "kinks", ()))
        found = tuple(d for node in kinked for d in distances(node.op, self.operands(node)))
        return tuple(op.name for op in ops if op is not None), found

    def slopes(self) -> dict[Any, float]:
        """The derivative of the root by each node."""

        def pass_on(node: Any, slope: float) -> Iterator[tuple[Any, float]]:
            value, operands = self.values[self.index[node]], self.operands(node)
            for position, operand in enumerate(node.inputs):
                if isinstance(operand, Node):
                    yield operand, slope * node.op.local(position, value, operands)

        seeds = [*((node, 0.0) for node in self.nodes), (self.nodes[-1], 1.0)]  # 0 + −0 is 0, as in backward()
        return reverse(self.nodes, seeds, pass_on)

    def noise(self) -> float:
        """The rounding of each result, in units of the last place, carried on to the root."""
        slopes = self.slopes()
        return sum(abs(y * slopes[node]) for node, y in zip(self.nodes, self.values) if node.op is not None)


def distances(op: Any, operands: Sequence[float]) -> tuple[float, ...]:
    """How far the operands of an operation are from its kinks; the sign says on which side."""
    return tuple(float(kink.distance(*operands)) for kink in getattr(op, "kinks", ()))


@dataclass(frozen=True)
class Subject:
    """A computation, its leaves, and how to run it with another number in the leaf of a place."""

    base: Run
    leaves: Sequence[Any]
    vary: Callable[[int, float], tuple[Run, Sequence[Any]]]


def subject_of(target: Any, inputs: Any) -> Subject:
    """A graph, or a function at inputs, as what is to be checked."""
    if isinstance(target, Value):
        if inputs is not None:
            raise TypeError("gradcheck: a graph is checked at its own leaves; inputs are for a function")
        return _graph(target)
    if not callable(target):
        raise TypeError(f"gradcheck: expected a Value or a function, not {target!r}")
    if inputs is None:
        raise TypeError("gradcheck: a function is checked at inputs: gradcheck(f, 2.0) or gradcheck(f, (1.0, 2.0))")
    return _function(target, inputs)


def _graph(root: Any) -> Subject:
    base = Run(topological_order(root))
    leaves = [node for node in base.nodes if node.op is None]

    def vary(place: int, x: float) -> tuple[Run, Sequence[Any]]:
        run = base.copy()
        run.values[run.index[leaves[place]]] = x
        changed = {leaves[place]}
        for i, node in enumerate(run.nodes):
            if any(isinstance(operand, Node) and operand in changed for operand in node.inputs):
                changed.add(node)
                run.values[i] = float(node.op.recomputed(base.values[i], run.operands(node)))
        return run, leaves

    return Subject(base, leaves, vary)


def arguments_of(function: Callable[..., Any], inputs: Any) -> tuple[tuple[Any, ...], list[str]]:
    """The arguments that inputs stand for, and their names."""
    names, many = _parameters(function)
    if isinstance(inputs, list) and not (many or len(names) == len(inputs)):
        inputs = (inputs,)
    arguments = inputs if type(inputs) is tuple else tuple(inputs) if isinstance(inputs, list) else (inputs,)
    return arguments, [*names, *(f"x{i}" for i in range(len(names), len(arguments)))]


def checked(function: Callable[..., Any], leaves: Sequence[Any]) -> Any:
    """What a function gives on these leaves, which its arguments are made of; no number of theirs may be taken out."""
    variables = frozenset(node for x in leaves for node in as_list(x))
    backend = backend_for(list(leaves), "")
    with modes.deriving(partial(taken_out, "gradcheck", variables), backend):
        return uncovered(function)


def _labels(name: str, argument: Any) -> list[str]:
    """A name for each number in an argument: ``p0``, ``p1``; ``p['w']`` where it has names of its own."""
    flat = [(called, as_list(x)) for called, x in tree.named(argument, name)]
    if flat and flat[0][1] and flat[0][1][0] is argument:
        return [name]
    if all(called[len(name) :].translate(_INDICES) == "" for called, _ in flat):
        return [f"{name}{i}" for i in range(sum(len(own) for _, own in flat))]
    return [called + f"[{i}]" * (len(own) > 1) for called, own in flat for i in range(len(own))]


_INDICES = dict.fromkeys(map(ord, "0123456789[]"))


def _function(function: Callable[..., Any], inputs: Any) -> Subject:
    arguments, names = arguments_of(function, inputs)
    flat, structure = tree.flatten(arguments)
    labels = [label for name, x in zip(names, arguments) for label in _labels(name, x)]
    given = [x for leaf in flat for x in as_list(leaf)]

    def run(numbers: Sequence[float]) -> tuple[Run, Sequence[Any]]:
        marked = zip(numbers, labels, kinds)
        leaves = [make_node(LEAF, None, None, x, label=label, kind=kind) for x, label, kind in marked]
        rest = iter(leaves)
        each = [boxed(islice(rest, x.size), x.shape) if is_array(x) else next(rest) for x in flat]
        result = checked(lambda: function(*tree.unflatten(structure, each)), leaves)
        root = result if isinstance(result, Value) else Value(as_number(result, "gradcheck: the function's result"))
        return Run(topological_order(root)), leaves

    numbers = [x._data if isinstance(x, Value) else as_number(x, "gradcheck") for x in given]
    labels = [getattr(x, "label", None) or label for x, label in zip(given, labels)]
    kinds = [kind_of((x,)) for x in given]
    require_repeatable(lambda: run(numbers)[0].values[-1])
    return Subject(*run(numbers), lambda place, x: run([*numbers[:place], x, *numbers[place + 1 :]]))


REPEATS = 4
"""How often a function is called at the same inputs, to see whether it always gives the same."""


def require_repeatable(call: Callable[[], float]) -> None:
    """Refuse a function that is random: its differences would be those of its random numbers."""
    first, *others = [call() for _ in range(REPEATS)]
    for other in others:
        if other != first and (other == other or first == first):
            raise ValueError(
                f"gradcheck: the function gives {first:.10g} and then {other:.10g} at the same inputs: it is random "
                "(Dropout, noise) or remembers its calls; hold its random numbers fixed, or put the model in eval mode"
            )


def _parameters(function: Callable[..., Any]) -> tuple[list[str], bool]:
    """The names of the arguments a function needs, and whether it takes any number more."""
    if isinstance(function, Op):
        return list(function.operands), True
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a built-in function without a signature
        return [], False
    needed = [p for p in parameters if p.kind <= p.POSITIONAL_OR_KEYWORD and p.default is p.empty]
    return [p.name for p in needed], any(p.kind == p.VAR_POSITIONAL for p in parameters)
