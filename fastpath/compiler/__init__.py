"""``fastpath.compile``: a function or a graph, written once, as a plan of NumPy calls.

The way of ``compile(f)(x)`` for a function over Tensors, one file a step::

    compile                  which kind of code f is, by what it closes over
      │
    functions                CompiledFunction: the arguments as arrays; is there a plan for arrays like these, and is
      │                      everything f closes over (closure) still what it was? Then only run it.
    traced.graph             f runs once on stand-ins for its arguments: a recorded Graph, plain data. It is traced
      │                      twice (repeating), so that nothing is frozen in silence
    plan                     the Graph read as Exprs, differentiated, rewritten, and emitted as Python: a Plan
      │
    Plan.run(x)              NumPy calls on buffers; the Tensors closed over are read as they are now

Scalar code takes one turn more before it is planned: it is traced on one example (``examples``, ``tracings``), or is a
graph already (``graphs``); the graph of Values becomes array instructions (``vectorizing``), and these are a function
over Tensors, which goes the way above. Its parameters lie in one Tensor (``store``).

Besides: ``arguments`` and ``batches`` (what a call gives), ``closure``, ``walk``, ``codes`` and ``snapshots`` (what a
function reads, and whether it changed), ``values`` (what Values are while they are traced), ``running`` (batches of
results), ``methods`` and ``copying``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from fastpath.compiler.closure import Surroundings
from fastpath.compiler.functions import CompiledFunction as CompiledFunction
from fastpath.compiler.methods import CompiledMethod, is_method
from fastpath.tensor import Tensor
from scalargrad.engine import Value

__all__ = ["CompiledFunction", "compile"]


def compile(function: Any = None, *, backend: Any = None, **options: Any) -> Any:
    """Compile a function, or a graph of Values, into a plan that runs at the speed of hand-written NumPy.

    - A function over Tensors, ``loss(X, y)``: called with arrays it gives arrays. ``.value_and_grad(X, y)`` gives the
      value and the gradients of the Tensors it closes over, ``.backward(X, y)`` leaves those in their ``grad``.
    - Scalar code ``loss(x, y)`` for one example, closing over Values: the same, over a batch of examples.
    - A Value, or an object array of Values: the graph behind it, its labelled leaves being the arguments.

    What a function closes over says which kind it is; ``backend="tensor"`` or ``"value"`` says it, and a
    function that closes over neither is one over Tensors (if it takes the rows of a matrix apart, it has to say).
    ``options`` go to scalar code (``reduction="mean"``, ``dtype="float32"``). As a decorator it stands over functions,
    methods and classes with ``__call__``.

    The parameters, Values and Tensors, are read at each run. Everything else that the function reads besides its
    arguments (numbers, flags, arrays, attributes, items of lists and dicts) is compared at each call with what it was,
    and where it differs, the function is traced anew. What would be decided for good while tracing is an error that
    names the line: the number of an argument or of a parameter, random numbers, counts of calls. Under
    ``detect_anomaly`` the function also runs as it is, so that the operation is named.

    >>> import numpy as np
    >>> from fastpath import Tensor, relu
    >>> from fastpath.compiler import compile
    >>> W = Tensor([[0.5, -0.5], [0.25, 1.0]], requires_grad=True, label="W")
    >>> f = compile(lambda X: relu(X @ W).sum())
    >>> f(np.array([[1.0, 2.0], [3.0, -1.0]]))
    3.75
    >>> f.backward(np.array([[1.0, 2.0], [3.0, -1.0]]))
    3.75
    >>> W.grad
    array([[4., 1.],
           [1., 2.]])
    """
    if function is None:
        return partial(compile, backend=backend, **options)
    if isinstance(function, Value) or (isinstance(function, np.ndarray) and function.dtype == object):
        from fastpath.compiler.graphs import CompiledGraph

        return CompiledGraph(function, **options)
    if not callable(function):
        raise TypeError(f"compile takes a function, a Value or an array of Values, not {type(function).__name__}")
    if isinstance(function, type):
        if "__call__" not in vars(function):
            raise TypeError(f"compile: the class {function.__name__} defines no __call__ to compile")
        setattr(function, "__call__", CompiledMethod(function.__call__, partial(compile, backend=backend, **options)))  # noqa: B010
        return function
    if is_method(function):
        return CompiledMethod(function, partial(compile, backend=backend, **options))
    if _backend(backend, Surroundings(function).parameters) == "value":
        from fastpath.compiler.examples import CompiledScalars

        return CompiledScalars(function, **options)
    if options:
        raise TypeError(f"compile: {min(options)}= is for scalar code, and this function is over Tensors")
    return CompiledFunction(function, is_certain=backend is not None)


def _backend(given: Any, found: dict[Any, str]) -> str:
    """``"value"`` or ``"tensor"``: what was said, or the kind of the parameters."""
    if given is not None:
        name = {Value: "value", Tensor: "tensor"}.get(given, given)
        if name not in ("value", "tensor"):
            raise ValueError(f"compile: backend is 'value' or 'tensor', not {given!r}")
        return str(name)
    kinds = {"tensor" if isinstance(x, Tensor) else "value" for x in found}
    if len(kinds) > 1:
        raise TypeError("compile: this function closes over Values and over Tensors; say backend='value' or 'tensor'")
    return kinds.pop() if kinds else "tensor"
