"""Derivatives of functions and of graphs, as JAX and autograd have them.

Of a **function**, ``grad(f)`` is the function that computes the derivative of ``f``. It takes numbers, NumPy arrays,
Values and Tensors, alone or in dicts, lists and tuples, nested as one likes, and what it gives is of the same kinds in
the same containers: a float by a float, an array of its dtype by an array (float64 by one of integers), a Value by a
Value. While the function runs, Values stand for the numbers, or Tensors if there is an array among the arguments. There
is no graph behind the results, unless there is somebody to use one: with ``create_graph=True``, and within a function
that is being differentiated or compiled itself.

Of a **graph**, ``grad(y, x)`` is the derivative of the node ``y`` by the node ``x``, which may be a leaf or lie in
between. The partials of the registry are written in ops. Run on numbers they give numbers, and that is
:meth:`Value.backward`; run on nodes, they give nodes: a gradient that can be drawn, traced and differentiated again.

- Nothing here reads or writes a ``grad``. A result that does not depend on a variable has the derivative 0 by it.
- Only paths that lead to the variables asked for are computed; what lies off them need not be differentiable.
- A number that is taken out of the function (``math.exp(x)``, ``float(x)``, ``array[i] = x``) is an error with
  its line.
- A derivative may be a node that exists already: that of ``w * x`` by ``x`` is ``w`` itself.
- Under :class:`no_grad` the results are constants.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scalargrad import modes
from scalargrad.derivatives import forms
from scalargrad.derivatives.forms import read
from scalargrad.derivatives.matching import matching
from scalargrad.derivatives.reverse import gradients
from scalargrad.derivatives.running import Variables, as_nodes, evaluated, recorded
from scalargrad.derivatives.taken import DetachedError as DetachedError
from scalargrad.derivatives.variables import Variable

__all__ = ["elementwise_grad", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]

Argnums = int | str | tuple[int | str, ...]

# --- the gradient ----------------------------------------------------------------------------------------------------


def grad(
    target: Any, *args: Any, argnums: Argnums = 0, has_aux: bool = False, create_graph: bool = False, **named: Any
) -> Any:
    """The derivative of one number by others: ``grad(f)(x)``, or ``grad(y, x)`` of a graph.

    ``argnums`` says by which argument, by its position or its name; for a tuple of such the derivatives are a tuple.
    ``grad(f, 1)`` and ``grad(f, "w")`` say it as in JAX; ``grad(f, 2.0)`` is evaluated at once. With ``has_aux=True``
    the function returns a pair ``(loss, aux)``, and the result is ``(derivative, aux)``.

    ``grad(f)(2.0)`` is a float, of an array an array, of a Value or Tensor one without a graph. With
    ``create_graph=True`` it is a Value or Tensor with the graph that gave it, to be drawn and differentiated further: a
    penalty on a gradient needs that. On a graph, ``grad(y, x)`` is a Value and ``grad(y, [x1, x2])`` a list of Values.

    Raises TypeError if the result is not one number, DetachedError where a number is taken out of the function,
    NotDifferentiableError if an operation without a derivative lies on the way to a variable.

    >>> import numpy as np
    >>> from scalargrad import Value, sin, tanh
    >>> grad(lambda w: np.sum(w**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> loss = lambda p, x: (p["w"] * x + p["b"]) ** 2
    >>> grad(loss)({"w": 1.0, "b": 2.0}, 3.0)
    {'w': 30.0, 'b': 10.0}
    >>> grad(lambda x, y: x * y * y, (0, 1))(2.0, 3.0)
    (9.0, 12.0)
    >>> x = Value(3.0, label="x")
    >>> slope = grad(x**3, x)
    >>> slope.data, grad(slope, x).data, grad(grad(slope, x), x).data
    (27.0, 18.0, 6.0)
    >>> grad(grad(grad(sin)))(0.0)  # −cos 0
    -1.0
    """
    return read(forms.grad_of, target, args, argnums, has_aux, create_graph, named)


def value_and_grad(
    target: Any, *args: Any, argnums: Argnums = 0, has_aux: bool = False, create_graph: bool = False, **named: Any
) -> Any:
    """The function that gives the value of ``f`` and its gradient, both from one run: ``(value, derivative)``.

    The value is a float, or a node where derivatives are graphs. With ``has_aux=True`` it is ``((value, aux),
    derivative)``. All else is as in :func:`grad`. ``scipy.optimize.minimize(value_and_grad(f), x0, jac=True)``.

    >>> value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """
    return read(forms.value_and_grad_of, target, args, argnums, has_aux, create_graph, named)


def elementwise_grad(
    target: Any, *args: Any, argnums: Argnums = 0, has_aux: bool = False, create_graph: bool = False, **named: Any
) -> Any:
    """The derivative of each element of a function by the same element of its variable, all in one pass.

    It is that of the sum of all elements (autograd calls it the same): where each element of the result depends on the
    same element of the variable alone, as in a plot, it is the diagonal of the Jacobian.

    >>> import numpy as np
    >>> from scalargrad import tanh
    >>> elementwise_grad(tanh)(np.array([0.0, 100.0]))
    array([1., 0.])
    >>> elementwise_grad(elementwise_grad(lambda x: x**3))(np.array([1.0, 2.0]))
    array([ 6., 12.])
    """
    return read(forms.elementwise_grad_of, target, args, argnums, has_aux, create_graph, named)


# --- matrices of derivatives -----------------------------------------------------------------------------------------


def jacobian(
    target: Any, *args: Any, argnums: Argnums = 0, has_aux: bool = False, create_graph: bool = False, **named: Any
) -> Any:
    """The derivatives of several numbers, one row for each: ``J[i][j] = ∂y_i/∂x_j``.

    Of an array by an array it is one with the axes of both: ``y.shape + x.shape``. Containers of results hold those of
    the variables: of a list by a dict it is a list of dicts. The function runs once, and back once for each element.
    On a graph, ``jacobian([y1, y2], [x1, x2])`` is a list of rows. Arguments as in :func:`grad`.

    >>> import numpy as np
    >>> A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> jacobian(lambda x: A @ x)(np.zeros(2)).tolist() == A.tolist()
    True
    >>> from scalargrad import Value
    >>> x, y = Value(2.0), Value(3.0)
    >>> [[float(d) for d in row] for row in jacobian([x * y, x + y], [x, y])]
    [[3.0, 2.0], [1.0, 1.0]]
    """
    return read(forms.jacobian_of, target, args, argnums, has_aux, create_graph, named)


def hessian(
    target: Any, *args: Any, argnums: Argnums = 0, has_aux: bool = False, create_graph: bool = False, **named: Any
) -> Any:
    """The second derivatives, one row for each variable: ``H[i][j] = ∂²y/∂x_i∂x_j``.

    By an array it has its axes twice. By a dict it is a dict of dicts, of a list one of lists. On a graph,
    ``hessian(y, [x1, x2])`` is a list of rows. Arguments as in :func:`grad`.

    >>> saddle = lambda p: p[0] * p[0] - 3 * p[0] * p[1]
    >>> hessian(saddle)([1.0, 2.0])
    [[2.0, -3.0], [-3.0, 0.0]]
    """
    return read(forms.hessian_of, target, args, argnums, has_aux, create_graph, named)


def hvp(
    target: Any, *args: Any, argnums: Argnums = 0, has_aux: bool = False, create_graph: bool = False, **named: Any
) -> Any:
    """The Hessian times a vector, ``Σ_j ∂²y/∂x_i∂x_j · v_j``, without the Hessian: it costs about two gradients.

    On a function, ``hvp(f)`` takes the arguments of ``f`` and then ``v``, which is arranged like the variables; on a
    graph, ``hvp(y, xs, v)``. ``scipy.optimize.minimize(f, x0, jac=grad(f), hessp=hvp(f))``.

    >>> curved = lambda p: p[0] ** 2 * p[1]
    >>> hvp(curved)([2.0, 3.0], [1.0, 0.0])
    [6.0, 4.0]
    """
    return read(forms.hvp_of, target, args, argnums, has_aux, create_graph, named)


# --- products with the Jacobian --------------------------------------------------------------------------------------


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``function(*primals)``, and the function that takes upstream gradients back to them.

    Vector times Jacobian: ``out, back = vjp(f, x, y)``, then ``back(g)`` is the tuple ``(Σ g·∂out/∂x, Σ g·∂out/∂y)``,
    where ``g`` is arranged like ``out``. It may be called any number of times. With ``has_aux=True`` the function
    returns ``(out, aux)``, and the result is ``(out, back, aux)``. (``jax.vjp``.)

    >>> import numpy as np
    >>> out, back = vjp(lambda x, y: x * y, np.array([1.0, 2.0]), 3.0)
    >>> out, back(np.array([1.0, 10.0]))
    (array([3., 6.]), (array([ 3., 30.]), 21.0))
    """
    within = modes.is_differentiated()
    ran = evaluated("vjp", function, tuple(range(len(primals))), primals, {}, has_aux, connected=within)
    outputs, structure = ran.outputs()
    roots = [node for output in outputs for node in output.nodes]
    known = ran.by.pullback(roots)

    def back(upstream: Any) -> Any:
        given = matching(outputs, structure, upstream, "vjp", "gradient")
        if ran.by.as_graph or not modes.is_differentiated():
            return ran.given_back(ran.by.arranged(known(given)))
        by = ran.by.as_graphs()  # the upstream gradient may depend on what is differentiated by
        return as_nodes(by.arranged(by.pullback(roots)(given)))

    out = ran.given_back(ran.plain(ran.result))
    return (out, back, ran.given_back(ran.plain(ran.aux))) if has_aux else (out, back)


def jvp(function: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """The value of ``function(*primals)``, and how fast it changes along the tangents: ``Σ_i ∂out/∂x_i · t_i``.

    Jacobian times vector. ``primals`` and ``tangents`` are tuples of as many arguments. With ``has_aux=True`` the
    function returns ``(out, aux)``, and the result is ``(out, tangent, aux)``. (``jax.jvp``.) It is computed as the
    derivative of the vjp by its upstream gradient, in which that is linear.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.5))
    (6.0, 4.0)
    """
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"jvp: {what} are a tuple with one for each argument, not a {type(given).__name__}")
    if len(primals) != len(tangents):
        raise ValueError(f"jvp: {len(primals)} primals need as many tangents, not {len(tangents)}")
    primals = tuple(primals)
    ran = evaluated("jvp", function, tuple(range(len(primals))), primals, {}, has_aux)
    outputs, structure = ran.outputs()
    vectors = matching(ran.by.each, ran.by.structure, tuple(tangents), "jvp", "tangent")
    upstreams = [Variable(output.kind(ran.by.as_nodes), output.as_leaf()) for output in outputs]
    ends = Variables("jvp", upstreams, structure, ran.by.as_graph)
    with recorded():
        slopes = gradients([y for output in outputs for y in output.nodes], ends.nodes, ran.by.nodes)
    tangent = ran.given_back(ends.arranged(ends.pullback(slopes)(vectors)))
    out = ran.given_back(ran.plain(ran.result))
    return (out, tangent, ran.given_back(ran.plain(ran.aux))) if has_aux else (out, tangent)
