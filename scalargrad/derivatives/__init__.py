"""Derivatives that are graphs themselves: ``grad``, ``jacobian``, ``hvp`` and ``hessian``.

The partials of the registry are written in ops. Run on numbers they give numbers, and that is
:meth:`Value.backward`; run on Values, as here, they give Values: a gradient that can be drawn, traced and
differentiated again. Nothing here reads or writes a ``grad``.

Each function has two forms. On a **graph**, ``grad(y, x)`` is the derivative of the node ``y`` by the node ``x``,
which may be a leaf or lie in between. On a **function**, ``grad(f)`` is the function that computes the derivative of
``f``, and ``grad(f, 2.0)`` is its value at 2. Variables may come in lists, tuples and arrays, nested as one likes; the
derivatives come in the same arrangement.

- A result that does not depend on a variable has the derivative ``Value(0.0)`` by it.
- Only paths that lead to the variables asked for are computed; what lies off them need not be differentiable.
- A derivative may be a node that exists already: that of ``w * x`` by ``x`` is ``w`` itself.
- Under :class:`no_grad` the results are constants.

Of a graph the derivatives are graphs. Those of a function are of the kind of its variables, numbers of numbers, an
array of floats of an array, Values and Tensors of such, and have no graph behind them, unless there is somebody to use
one: with ``create_graph=True``, within a function that is being differentiated or compiled itself, and by a variable
that was computed from others.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from scalargrad import modes
from scalargrad.derivatives.arrangement import arranged, is_array, parts
from scalargrad.derivatives.results import Variables, as_nodes, is_computed, spliced
from scalargrad.derivatives.reverse import vjp
from scalargrad.engine import Value
from scalargrad.graph import Node, short, topological_order
from scalargrad.ops.registry import NotDifferentiableError, as_number, is_number
from scalargrad.packages import PACKAGES

# --- the four --------------------------------------------------------------------------------------------------------


def grad(target: Any, *args: Any, argnums: int | tuple[int, ...] = 0, create_graph: bool = False, **named: Any) -> Any:
    """The derivative of one number by others.

    On a graph, ``grad(y, x)`` is a Value and ``grad(y, [x1, x2])`` a list of Values. On a function, ``grad(f)`` is the
    function giving the derivative by the first argument, or by the argument of the number ``argnums``; for a tuple of
    numbers it gives a tuple. ``grad(f, *arguments)`` is evaluated at once.

    ``grad(f)(2.0)`` is a float, of an array of numbers it is one, of a Value or Tensor one without a graph. With
    ``create_graph=True`` it is a Value or Tensor (an array of Values of an array) with the graph that gave it, to be
    drawn and differentiated further: a penalty on a gradient needs that.

    Raises NotDifferentiableError if an operation without a derivative lies on the way to a variable.

    >>> from scalargrad import Value, sin, tanh
    >>> x = Value(3.0, label="x")
    >>> slope = grad(x**3, x)
    >>> slope.data, grad(slope, x).data, grad(grad(slope, x), x).data
    (27.0, 18.0, 6.0)
    >>> grad(lambda x, y: x * y * y, 2.0, 3.0, argnums=(0, 1))
    (9.0, 12.0)
    >>> grad(lambda x: x**3, create_graph=True)(x)
    Value(27.0, op=mul)
    >>> grad(grad(grad(sin)))(0.0)  # −cos 0
    -1.0
    """
    return _read(_grad, target, args, argnums, create_graph, named)


def jacobian(
    target: Any, *args: Any, argnums: int | tuple[int, ...] = 0, create_graph: bool = False, **named: Any
) -> Any:
    """The derivatives of several numbers, one row for each: ``J[i][j] = ∂y_i/∂x_j``.

    On a graph, ``jacobian([y1, y2], [x1, x2])`` is a list of rows; on a function that returns several Values,
    ``jacobian(f)`` is the function giving the rows. Of an array by an array it is an array, of a single Value a row.

    >>> from scalargrad import Value
    >>> x, y = Value(2.0), Value(3.0)
    >>> [[float(d) for d in row] for row in jacobian([x * y, x + y], [x, y])]
    [[3.0, 2.0], [1.0, 1.0]]
    """
    return _read(_jacobian, target, args, argnums, create_graph, named)


def hvp(target: Any, *args: Any, argnums: int | tuple[int, ...] = 0, create_graph: bool = False, **named: Any) -> Any:
    """The Hessian times a vector, ``Σ_j ∂²y/∂x_i∂x_j · v_j``, without the Hessian: it costs about two gradients.

    On a graph, ``hvp(y, xs, v)``; on a function, ``hvp(f)`` takes the arguments of ``f`` and then ``v``, which is
    arranged like the variables.

    >>> curved = lambda p: p[0] ** 2 * p[1]
    >>> [float(d) for d in hvp(curved, [2.0, 3.0], [1.0, 0.0])]
    [6.0, 4.0]
    """
    return _read(_hvp, target, args, argnums, create_graph, named)


def hessian(
    target: Any, *args: Any, argnums: int | tuple[int, ...] = 0, create_graph: bool = False, **named: Any
) -> Any:
    """The second derivatives, one row for each variable: ``H[i][j] = ∂²y/∂x_i∂x_j``.

    On a graph, ``hessian(y, [x1, x2])`` is a list of rows; ``hessian(f)`` is the function giving them. By an array it
    is an array, by a single Value the second derivative.

    >>> saddle = lambda p: p[0] * p[0] - 3 * p[0] * p[1]
    >>> [[float(d) for d in row] for row in hessian(saddle, [1.0, 2.0])]
    [[2.0, -3.0], [-3.0, 0.0]]
    """
    return _read(_hessian, target, args, argnums, create_graph, named)


# --- what is computed of a result and its variables ------------------------------------------------------------------


def _grad(result: Any, by: Variables) -> Any:
    return by.arranged(vjp([_one(result, "grad")], [1.0], by.nodes))


def _jacobian(result: Any, by: Variables) -> Any:
    xs = by.nodes
    rows = [_by_element(y, xs) if isinstance(y, Node) else vjp([_one(y, "jacobian")], [1.0], xs) for y in parts(result)]
    return by.rows(result, rows)


def _by_element(y: Any, xs: list[Any]) -> list[Any]:
    """The derivatives of each element of ``y``: of an array by an array, an array with the axes of both."""
    if not isinstance(y, Node):
        return vjp([y], [1.0], xs)
    rows = [vjp([y], [seed], xs) for seed in y._seeds()]
    return [y._gathered(derivatives) for derivatives in zip(*rows)]


def _hvp(result: Any, by: Variables, v: Any) -> Any:
    xs = by.nodes
    vector = parts(v) if len(xs) > 1 or not is_array(v) else [v]
    if not any(is_array(x) for x in vector):
        vector = [x if isinstance(x, Node) else as_number(x, "hvp: v") for x in vector]
    if len(xs) != len(vector):
        raise ValueError(f"hvp: {len(xs)} variables need a v of as many numbers, not {len(vector)}")
    with recorded():
        slopes = vjp([_one(result, "hvp")], [1.0], xs)
    return by.arranged(vjp(slopes, vector, xs))


def _hessian(result: Any, by: Variables) -> Any:
    with recorded():
        slopes = vjp([_one(result, "hessian")], [1.0], by.nodes)
    return by.rows(by.given, [_by_element(slope, by.nodes) for slope in slopes])


def _one(result: Any, name: str) -> Any:
    if is_number(result) or len(getattr(result, "_seeds", list)()) == 1:
        return result
    advice = ""
    if name != "jacobian" and (isinstance(result, (list, tuple)) or is_array(result)):
        advice = "; the derivatives of several Values are a jacobian"
    raise TypeError(f"{name}: expected the result to be one Value, not a {type(result).__name__}{advice}")


# --- the two forms ---------------------------------------------------------------------------------------------------


Reading = Callable[..., Any]
"""What is computed on a graph: of a result and its variables (and v)."""


def _read(
    reading: Reading, target: Any, args: tuple[Any, ...], argnums: Any, create_graph: bool, named: dict[str, Any]
) -> Any:
    name = reading.__name__[1:]
    if isinstance(target, (Node, list, tuple)) or is_array(target):
        if len(args) != 1 + _extra(reading) or named or argnums != 0:
            takes = "the result, the variables and v" if _extra(reading) else "the result and the variables"
            raise TypeError(f"{name}: on a graph it takes {takes}, nothing more or less")
        _require_nodes(target, name, "the result")
        _require_nodes(args[0], name, "the variables")
        return as_nodes(reading(target, Variables(parts(args[0]), args[0]), *args[1:]))
    if not callable(target):
        raise TypeError(f"{name}: expected a Value or a function, not {target!r}")
    derivative = _of_function(reading, target, argnums, create_graph)
    return derivative(*args, **named) if args or named else derivative


def _extra(reading: Reading) -> int:
    """How many arguments it takes after the variables."""
    return int(reading is _hvp)


def _of_function(
    reading: Reading, function: Callable[..., Any], argnums: Any, create_graph: bool
) -> Callable[..., Any]:
    """The function that calls ``function`` on variables of its own and reads the derivative off the graph."""
    name = reading.__name__[1:]
    places = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(place, int) for place in places):
        raise TypeError(f"{name}: argnums is the number of an argument, or a tuple of such, not {argnums!r}")

    def derivative(*args: Any, **named: Any) -> Any:
        count = len(args) - _extra(reading)
        own, extra = args[: max(count, 0)], args[max(count, 0) :]
        if len(extra) != _extra(reading) or not all(-count <= place < count for place in places):
            v = " before v" * _extra(reading)
            raise TypeError(f"{name}: no argument of number {argnums} among the {max(count, 0)} given{v}")
        chosen = {place % count for place in places}
        stand_ins = {i: arranged(own[i], [_stand_in(x, name) for x in parts(own[i])]) for i in chosen}
        leaves = frozenset(x for stand_in in stand_ins.values() for x in parts(stand_in))
        with recorded(), modes.deriving(partial(_taken_out, name, leaves)):
            result = function(*(stand_ins.get(i, x) for i, x in enumerate(own)), **named)
        many = isinstance(argnums, tuple)
        variables, given = (tuple(of[place % count] for place in places) for of in (stand_ins, own))
        nodes, given = parts(variables), given if many else given[0]
        if not create_graph and not modes.is_differentiated() and not any(map(is_computed, parts([given, extra]))):
            return reading(result, Variables(nodes, given, as_graph=False), *extra)
        pairs = [pair for i in chosen for pair in zip(parts(stand_ins[i]), parts(own[i]))]
        read = as_nodes(reading(result, Variables(nodes, given), *extra))
        return spliced(read, {leaf: x for leaf, x in pairs if isinstance(x, Node)})

    title = getattr(function, "__name__", type(function).__name__)
    derivative.__name__ = derivative.__qualname__ = f"{name}({title})"
    derivative.__doc__ = f"The {name} of {title} by argument {argnums}."
    return derivative


class DetachedError(NotDifferentiableError):
    """A number was taken out of the graph, in a function whose derivative was wanted."""


_LOOKING = ("_taken_out", "concretized", "_look", "item", "__float__", "__int__", "__array__", "numpy", "tolist")


def _taken_out(name: str, leaves: frozenset[Any], value: Any, what: str) -> None:
    """Refuse to give away, as a plain number, what depends on the variables: its derivative would be lost."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_name in _LOOKING:
        frame = frame.f_back
    if frame.f_globals.get("__name__", "").partition(".")[0] in PACKAGES:
        return  # our own code looks at numbers to decide, and loses none
    if not any(x in leaves for x in topological_order(value)):
        return
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in (*PACKAGES, "numpy"):
        frame = frame.f_back
    path, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(path, line).strip()
    where = f"{os.path.basename(path)}, line {line}" + f" ({short(text, 80)})" * bool(text)
    raise DetachedError(
        f"{name}: {what} of what depends on the variable, in {where}, gives a number without a derivative: compute "
        "with it as it is, and with scalargrad's functions (scalargrad.exp for math.exp), keep it in a list or an "
        "array of dtype object, or take its .data if it is meant to be a constant"
    )


def _stand_in(x: Any, where: str) -> Any:
    """A new leaf with this number."""
    make: Any = getattr(x, "_as_leaf", None)
    return make() if make else Value(as_number(x, where))


def recorded() -> AbstractContextManager[None]:
    """What is computed in this block is recorded, even under no_grad."""
    return nullcontext() if modes.recording() else modes.enable_grad()


def _require_nodes(given: Any, name: str, what: str) -> None:
    for x in parts(given):
        if not isinstance(x, Node):
            raise TypeError(f"{name}: expected {what} to be Values, not {x!r} ({type(x).__name__})")


__all__ = ["grad", "hessian", "hvp", "jacobian"]
