"""The two forms of a derivative, of a graph and of a function, and what is computed of a result and its variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scalargrad import tree
from scalargrad.derivatives.matching import matching
from scalargrad.derivatives.reverse import gradients
from scalargrad.derivatives.running import (
    Evaluated,
    Variables,
    as_nodes,
    evaluated,
    of_graph,
    one,
    parameters,
    recorded,
    require_nodes,
)
from scalargrad.derivatives.variables import Output, is_array
from scalargrad.graph import Node

# --- what is computed of a result and its variables ------------------------------------------------------------------


def grad_of(result: Any, by: Variables) -> Any:
    return by.arranged(by.pullback([one(result, by.name)])([1.0]))


def value_and_grad_of(result: Any, by: Variables) -> Any:
    return grad_of(result, by)


def elementwise_grad_of(result: Any, by: Variables) -> Any:
    nodes = [node for x in tree.leaves(result) for node in Output(x, by.name).nodes]
    return by.arranged(by.pullback(nodes)([1.0] * len(nodes)))


def jacobian_of(result: Any, by: Variables) -> Any:
    leaves, structure = tree.flatten(result)
    return tree.unflatten(structure, [by.blocks(Output(x, by.name)) for x in leaves])


def hvp_of(result: Any, by: Variables, v: Any) -> Any:
    vector = matching(by.each, by.structure, v, "hvp", "v")
    with recorded():
        slopes = gradients([one(result, by.name)], [1.0], by.nodes)
    return by.arranged(by.pullback(slopes)(vector))


def hessian_of(result: Any, by: Variables) -> Any:
    with recorded():
        slopes = gradients([one(result, by.name)], [1.0], by.nodes)
    return by.arrange([by.blocks(Output.of_slopes(part, x.shape)) for x, part in by.split(slopes)])


# --- the two forms ---------------------------------------------------------------------------------------------------


def read(
    reading: Callable[..., Any], target: Any, args: tuple[Any, ...], argnums: Any, has_aux: bool, create_graph: bool,
    named: dict[str, Any],
) -> Any:  # fmt: skip
    """The derivative that a call of :func:`.grad` and its kin asks for."""
    name = reading.__name__.removesuffix("_of")
    if isinstance(target, (Node, list, tuple)) or is_array(target):
        return _on_graph(reading, name, target, args, named or argnums != 0 or has_aux)
    if not callable(target):
        raise TypeError(f"{name}: expected a Value or a function, not {target!r}")
    says = argnums == 0 and len(args) == 1 and not named and _says_which(args[0])  # as JAX and autograd have it
    if says:
        argnums, args = args[0], ()
    if says or argnums != 0:
        _require_places(name, target, argnums, not says)
    derivative = _of_function(reading, name, target, argnums, has_aux, create_graph)
    return derivative(*args, **named) if args or named else derivative


def _says_which(x: Any) -> bool:
    """Whether this is the number or the name of an argument, or a tuple of such."""
    if isinstance(x, tuple):
        return bool(x) and all(map(_says_which, x)) and not any(isinstance(part, tuple) for part in x)
    return isinstance(x, (int, str)) and not isinstance(x, bool)


def _require_places(name: str, function: Any, argnums: Any, said: bool) -> None:
    """Refuse what is no argument of the function. If it was not ``said`` by argnums=, a number may be meant."""
    each = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(x, (int, str)) for x in each):
        raise TypeError(
            f"{name}: argnums is the number of an argument or its name, or a tuple of such, not {argnums!r}"
        )
    names, open_ended = parameters(function)
    for x in each if names or open_ended is False else ():
        if isinstance(x, str) and x not in names and not open_ended:
            has = f"the function has no argument called {x!r}, but {', '.join(names)}"
            what = "argnums is the number of an argument or its name; " if said else f"expected a number, not {x!r}: "
            raise TypeError(f"{name}: {what}{has}")
        if isinstance(x, int) and not said and not -len(names) <= x < len(names) and not open_ended:
            raise TypeError(
                f"{name}(f, {argnums!r}) is the {name} by argument {x}, and f takes {len(names)}; its value at "
                f"{argnums!r} is {name}(f)({argnums!r})"
            )


def _on_graph(reading: Callable[..., Any], name: str, target: Any, args: tuple[Any, ...], more: Any) -> Any:
    """The reading of a graph."""
    if reading is value_and_grad_of:
        raise TypeError(f"{name} takes a function; of a graph, grad(y, x) is the derivative and y.data the value")
    if len(args) != 1 + _extra(reading) or more:
        takes = "the result, the variables and v" if _extra(reading) else "the result and the variables"
        raise TypeError(f"{name}: on a graph it takes {takes}, nothing more or less")
    for x in tree.flatten(target)[0]:
        require_nodes(x, name, "the result")
    return as_nodes(reading(target, of_graph(name, args[0]), *args[1:]))


def _extra(reading: Callable[..., Any]) -> int:
    """How many arguments it takes after the variables."""
    return int(reading is hvp_of)


def _of_function(
    reading: Callable[..., Any],
    name: str,
    function: Callable[..., Any],
    argnums: Any,
    has_aux: bool,
    create_graph: bool,
) -> Callable[..., Any]:
    """The function that calls ``function`` on variables of its own and reads the derivative off the graph."""
    count = _extra(reading)

    def derivative(*args: Any, **named: Any) -> Any:
        own, extra = (args[:-count], args[-count:]) if count else (args, ())
        ran = evaluated(name, function, argnums, own, named, has_aux, create_graph, count)
        if len(extra) < count:
            raise TypeError(f"{name}: v is missing: it stands after the arguments of the function")
        found = reading(ran.result, ran.by, *extra)
        return ran.given_back(_together(ran, as_nodes(found) if ran.by.as_graph else found))

    def _together(ran: Evaluated, found: Any) -> Any:
        aux = (ran.plain(ran.aux),) if has_aux else ()
        if reading is not value_and_grad_of:
            return (found, *aux) if has_aux else found
        value = one(ran.result, name)
        value = as_nodes(value) if ran.by.as_graph else ran.plain(value, numbers=True)
        return ((value, *aux), found) if has_aux else (value, found)

    title = getattr(function, "__name__", type(function).__name__)
    derivative.__name__ = derivative.__qualname__ = f"{name}({title})"
    if not count:
        derivative.__wrapped__ = function  # type: ignore[attr-defined]  # for its signature
    derivative.__doc__ = f"The {name} of {title} by argument {argnums}."
    return derivative
