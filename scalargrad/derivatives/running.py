"""Running a function on variables of its own: which arguments, what stands for them, and what comes of the result."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from scalargrad import modes, tree
from scalargrad.derivatives.reverse import gradients, on_numbers
from scalargrad.derivatives.taken import taken_out, uncovered
from scalargrad.derivatives.variables import Output, Variable, as_list, backend_for, boxed, is_array
from scalargrad.engine import Value
from scalargrad.graph import Node, topological_order

Place = int | str
"""Of an argument: its position, or its name."""


def recorded() -> AbstractContextManager[None]:
    """What is computed in this block is recorded, even under no_grad."""
    return nullcontext() if modes.recording() else modes.enable_grad()


class Variables:
    """All that is differentiated by, and how derivatives are put together and given back."""

    def __init__(self, name: str, each: list[Variable], structure: tree.Structure, as_graph: bool) -> None:
        self.name = name
        self.each = each
        self.structure = structure
        """Of the tree of the variables."""
        self.as_graph = as_graph
        """Whether derivatives are left as they are found; otherwise they become of the kind of what was given."""
        self.nodes = [node for x in each for node in x.nodes]

    def as_graphs(self) -> Variables:
        """The same, with derivatives left as graphs."""
        return Variables(self.name, self.each, self.structure, as_graph=True)

    def arrange(self, derivatives: list[Any]) -> Any:
        """The tree of the variables with these leaves."""
        return tree.unflatten(self.structure, derivatives)

    @property
    def as_nodes(self) -> bool:
        """Whether numbers and arrays beside the derivatives are given back as nodes."""
        return any(isinstance(x.given, Node) for x in self.each)

    def pullback(self, roots: Sequence[Any]) -> Callable[[Sequence[Any]], list[Any]]:
        """The function of upstreams that gives the derivatives by all nodes."""
        if self.as_graph:
            return lambda upstreams: gradients(roots, upstreams, self.nodes)
        return on_numbers(roots, self.nodes)

    def split(self, found: Sequence[Any]) -> list[tuple[Variable, Sequence[Any]]]:
        """What was found for all nodes, for each variable."""
        parts, at = [], 0
        for x in self.each:
            parts.append((x, found[at : at + len(x.nodes)]))
            at += len(x.nodes)
        return parts

    def arranged(self, found: Sequence[Any]) -> Any:
        """The derivatives by each variable, in the arrangement of the variables."""
        if self.as_graph:
            return self.arrange([x.derivative_node(part) for x, part in self.split(found)])
        return self.arrange([x.of_kind(x.derivative(part)) for x, part in self.split(found)])

    def blocks(self, output: Output) -> Any:
        """The derivatives of each element of an output by each variable, in the arrangement of the variables."""
        pullback = None
        rows: list[list[Any]] = [[] for _ in self.each]
        for node, seed in output.seeds():
            if pullback is None or not output.is_tensor:
                pullback = self.pullback([node])
            for row, (_, part) in zip(rows, self.split(pullback([seed]))):
                row.append(part)
        if self.as_graph and output.nodes and (not output.is_tensor or output.nodes[0].size):
            return self.arrange([x.block_node(row, output) for x, row in zip(self.each, rows)])
        return self.arrange([x.of_kind(x.block(row, output.shape)) for x, row in zip(self.each, rows)])


# --- a graph ---------------------------------------------------------------------------------------------------------


def of_graph(name: str, given: Any) -> Variables:
    """The nodes of a graph that it is to be differentiated by."""
    leaves, structure = tree.flatten(given)
    for x in leaves:
        require_nodes(x, name, "the variables")
    each = [Variable(x, x) for x in leaves]
    return Variables(name, each, structure, as_graph=True)


def require_nodes(given: Any, name: str, what: str) -> None:
    """Refuse what is neither a node nor an array of nodes."""
    for x in as_list(given):
        if not isinstance(x, Node):
            raise TypeError(f"{name}: expected {what} to be Values, not {x!r} ({type(x).__name__})")


# --- a function ------------------------------------------------------------------------------------------------------


class Evaluated:
    """What a function gave on variables of its own."""

    __slots__ = ("aux", "by", "originals", "result")

    def __init__(self, result: Any, aux: Any, by: Variables, originals: dict[Any, Any]) -> None:
        self.result = result
        self.aux = aux
        self.by = by
        self.originals = originals

    def one(self) -> Any:
        """The result, which must be a single number."""
        return one(self.result, self.by.name)

    def outputs(self) -> tuple[list[Output], tree.Structure]:
        """The leaves of the result."""
        leaves, structure = tree.flatten(self.result)
        return [Output(x, self.by.name) for x in leaves], structure

    def plain(self, x: Any, numbers: bool = False) -> Any:
        """A result, or an auxiliary one, beside the derivatives: without a graph where they have none."""
        if self.by.as_graph:
            return x
        as_nodes = self.by.as_nodes and not numbers
        return tree.map(lambda leaf: Output(leaf, self.by.name).plain(as_nodes) if _holds_nodes(leaf) else leaf, x)

    def given_back(self, found: Any) -> Any:
        """What is found, with what the caller gave in the place of what stood for it."""
        if not self.by.as_graph:
            return found
        for x in self.by.each:
            if not isinstance(x.given, Node) and hasattr(x.stand_in, "requires_grad"):
                x.stand_in.requires_grad = False  # it is nobody's parameter
        return spliced(found, self.originals)


def _holds_nodes(x: Any) -> bool:
    return isinstance(x, Node) or (is_array(x) and x.dtype == object and bool(x.size))


def evaluated(
    name: str, function: Callable[..., Any], argnums: Any, args: tuple[Any, ...], named: dict[str, Any],
    has_aux: bool = False, create_graph: bool = False, extra: int = 0, connected: bool = False,
) -> Evaluated:  # fmt: skip
    """Call a function with new leaves for the arguments it is to be differentiated by.

    ``connected``, they stay a part of the graph that they are given from, instead of being put in its place at the end.
    """
    many = isinstance(argnums, tuple)
    places = [place_of(name, function, x, args, named, extra) for x in (argnums if many else (argnums,))]
    own: list[Any] = list(args)
    by_name = dict(named)
    chosen: dict[Place, tuple[list[Variable], tree.Structure]] = {}
    backend = backend_for((*args, *named.values()), modes.backend())
    originals: dict[Any, Any] = {}
    for place in places:
        if place in chosen:
            continue
        given = args[place] if isinstance(place, int) else named[place] if place in named else default(function, place)
        leaves, structure = tree.flatten(given)
        variables = [Variable.standing_for(x, backend, name, connected) for x in leaves]
        chosen[place] = variables, structure
        stand_in = tree.unflatten(structure, [x.stand_in for x in variables])
        if isinstance(place, int):
            own[place] = stand_in
        else:
            by_name[place] = stand_in
        for x in variables:
            if _holds_nodes(x.given) and not connected:
                originals |= {n: g for n, g in zip(x.nodes, as_list(x.given)) if isinstance(g, Node)}
    leaves_ = frozenset([node for variables, _ in chosen.values() for x in variables for node in x.nodes])
    with recorded(), modes.deriving(partial(taken_out, name, leaves_), backend):
        result = uncovered(function, *own, **by_name)
    aux = None
    if has_aux:
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(
                f"{name}: with has_aux=True the function returns a pair, what is differentiated and what else there "
                f"is, not {_described(result)}"
            )
        result, aux = result

    structures = tuple([chosen[place][1] for place in places])
    structure = tree.Structure((), None, structures) if many else structures[0]
    each = [x for place in places for x in chosen[place][0]]
    as_graph = create_graph or modes.is_differentiated()
    return Evaluated(result, aux, Variables(name, each, structure, as_graph), originals)


def _described(result: Any) -> str:
    return f"a {type(result).__name__}" + (f" of {len(result)}" if isinstance(result, (tuple, list)) else "")


def place_of(
    name: str, function: Callable[..., Any], argnum: Any, args: tuple[Any, ...], named: dict[str, Any], extra: int
) -> Place:
    """The position of an argument among those given, or its name if it is given by name or left at its default."""
    if isinstance(argnum, int):
        if not -len(args) <= argnum < len(args):
            v = " before v" * extra
            raise TypeError(f"{name}: no argument of number {argnum} among the {len(args)} given{v}")
        return argnum % len(args)
    if argnum in named:
        return str(argnum)
    names, _ = parameters(function)
    if argnum in names and names.index(argnum) < len(args):
        return names.index(argnum)
    if default(function, argnum) is inspect.Parameter.empty:
        given = ", ".join([*names[: len(args)], *named]) or "none"
        raise TypeError(f"{name}: no argument called {argnum!r} among those given ({given})")
    return str(argnum)


def parameters(function: Callable[..., Any]) -> tuple[list[str], bool]:
    """The names of the arguments of a function, and whether it takes any more; as far as they are known."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [], True
    more = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in found if p.kind not in more], any(p.kind in more for p in found)


def default(function: Callable[..., Any], name: str) -> Any:
    """The default of an argument; ``inspect.Parameter.empty`` if there is none."""
    try:
        return inspect.signature(function).parameters[name].default
    except (TypeError, ValueError, KeyError):
        return inspect.Parameter.empty


def one(result: Any, name: str) -> Any:
    """A result that must be a single number: its node, or the number."""
    if not isinstance(result, (list, tuple, dict)) and not (is_array(result) and result.size != 1):
        output = Output(result, name)
        if output.is_single:
            return output.nodes[0]
    advice = ""
    if isinstance(result, (list, tuple)) or is_array(result):
        advice = "; the derivatives of several Values are a jacobian"
    if isinstance(result, Node):
        advice = f" of shape {result.shape}: reduce it with sum() or mean(), or take jacobian or elementwise_grad"  # type: ignore[attr-defined]
    raise TypeError(f"{name}: expected the result to be one Value, not a {type(result).__name__}{advice}")


# --- graphs that are given back --------------------------------------------------------------------------------------


def _each(function: Callable[[Any], Any], results: Any) -> Any:
    """The same tree with ``function`` of each number and node, in arrays of nodes as well."""
    return tree.map(
        lambda x: boxed(map(function, as_list(x)), x.shape) if _holds_nodes(x) and is_array(x) else function(x), results
    )


def as_nodes(results: Any) -> Any:
    """The results as nodes; constants if nothing is recorded."""
    return _each(_node if modes.recording() else _constant, results)


def _node(x: Any) -> Any:
    return x if isinstance(x, Node) or is_array(x) else Value(x)


def _constant(x: Any) -> Any:
    return x._as_leaf() if isinstance(x, Node) else _node(x)  # type: ignore[attr-defined]


def spliced(results: Any, originals: dict[Any, Any]) -> Any:
    """The results with the Values the caller gave in place of the leaves that stood for them.

    A function is run on new leaves, since it may also refer to the caller's Values from outside, as the inner function
    does in ``grad(lambda x: grad(lambda t: x * t)(x))``: to it they are constants. Once its derivative is computed,
    the two are the same again.
    """
    if not originals or not modes.recording():
        return results
    found = [leaf for leaf in tree.flatten(results)[0] if _holds_nodes(leaf)]
    leaves = [x for leaf in found for x in as_list(leaf) if isinstance(x, Node)]
    for node in topological_order(*leaves):
        if any(isinstance(x, Node) and x in originals for x in node.inputs):
            node._set_inputs(tuple([originals.get(x, x) if isinstance(x, Node) else x for x in node.inputs]))
    return _each(lambda x: originals.get(x, x) if isinstance(x, Node) else x, results)
