"""Functions over Tensors, compiled: traced at the shapes they are called with, planned, and run as a plan."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastpath.numerics import Array, shown
from fastpath.plan import Plan, Traced, refuse, traced
from fastpath.tensor import Tensor
from scalargrad.ops.given import require_unmasked

PLANS = 16
"""How many plans a compiled function keeps: one for each combination of shapes and of what was asked."""


class CompiledFunction:
    """A function over arrays that runs as a plan.

    Called, it gives what the function gives, as arrays (a single number as a float). :meth:`value_and_grad` and
    :meth:`backward` differentiate it. A plan is made for every new combination of shapes and types of the arguments.
    Tensors the function closes over are read at each run: an optimizer may change them in between.

    >>> from fastpath import Tensor
    >>> from fastpath.compiler import compile
    >>> w = Tensor([2.0, 3.0], requires_grad=True, label="w")
    >>> loss = compile(lambda x: ((x * w).sum(axis=1) ** 2).mean())
    >>> loss([[1.0, 1.0], [0.0, 2.0]])
    30.5
    >>> loss.value_and_grad([[1.0, 1.0], [0.0, 2.0]])
    (30.5, {'w': array([ 5., 17.])})
    """

    def __init__(
        self,
        function: Callable[..., Any],
        names: Sequence[str] | None = None,
        labels: dict[Tensor, str] | None = None,
        modules: Sequence[Any] = (),
    ) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.__doc__ = getattr(function, "__doc__", None)
        self.names = tuple(names) if names is not None else None
        self._signature = None if names is not None else _signature(function)
        fixed = self._signature.parameters.values() if self._signature else ()
        self._required = sum(p.default is inspect.Parameter.empty for p in fixed)
        self._labels = labels or {}
        self._modules = tuple(modules)
        self._plans: dict[Any, Plan] = {}  # those used last at the end
        self._last: dict[Any, tuple[Plan, tuple[Any, ...]]] = {}

    # --- running -----------------------------------------------------------------------------------------------------

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the function gives: an array or, for a single number, a float; a tuple if it returns several.

        Within another function that is traced it is that function's part.
        """
        if any(isinstance(x, Traced) for x in (*arguments, *named.values())):
            return self.function(*arguments, **named)
        plan, arrays = self._prepared(arguments, named, None)
        outputs = plan.run(*arrays)
        return outputs[0] if plan.single else outputs

    def value_and_grad(self, *arguments: Any, argnums: int | Sequence[int] | None = None, **named: Any) -> Any:
        """The function's value, and its gradients: a dict by the names of the Tensors it closes over that require one.

        With ``argnums`` the gradient by that argument (counted from 0) instead, or a tuple of them. Raises
        ValueError if the value is not a single number.
        """
        plan, arrays = self._prepared(arguments, named, _wanted(argnums))
        value, *gradients = plan.run(*arrays)
        if argnums is not None:
            return value, gradients[0] if isinstance(argnums, int) else tuple(gradients)
        return value, dict(zip(self._named(plan.variables), gradients))

    def backward(self, *arguments: Any, **named: Any) -> float:
        """The function's value, a single number; the ``grad`` of the Tensors it closes over receives its gradients.

        As with :meth:`fastpath.Tensor.backward` gradients add up, and all of them change or none.
        """
        plan, arrays = self._prepared(arguments, named, ())
        value, *gradients = plan.run(*arrays)
        _commit(plan.variables, gradients)
        return value  # type: ignore[no-any-return]

    def step(self, *arguments: Any, lr: float, **named: Any) -> float:
        """One step of gradient descent: every Tensor closed over that requires a gradient −= lr × gradient.

        Gives the value before the step; ``grad`` is neither read nor written. All of the Tensors change, or none.
        """
        plan, arrays = self._prepared(arguments, named, (), descends=True)
        return plan.run(*arrays, np.asarray(lr, plan.dtype))[0]  # type: ignore[no-any-return]

    def plan(self, *arguments: Any, argnums: int | Sequence[int] | None = None, **named: Any) -> Plan:
        """The plan for arguments like these, forward and, where there is a gradient, backward: print or draw it."""
        try:
            return self._prepared(arguments, named, _wanted(argnums))[0]
        except _NoGradientError:
            return self._prepared(arguments, named, None)[0]

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}: {len(self._plans)} plans>"

    # --- planning ----------------------------------------------------------------------------------------------------

    def _prepared(
        self, arguments: tuple[Any, ...], named: dict[str, Any], wanted: tuple[int, ...] | None, descends: bool = False
    ) -> tuple[Plan, tuple[Array, ...]]:
        """The plan for these arguments, and the arguments as arrays.

        ``wanted`` are the arguments to differentiate by, () the Tensors closed over, None nothing.
        """
        kind = wanted, descends
        training = tuple([m.training for m in self._modules])
        last = self._last.get(kind)  # the next call is likely to be like the last
        if last is not None and not named and last[1] == training and last[0].suits(arguments):
            return last[0], arguments
        arrays = self._arrays(arguments, named)
        key = (kind, training, *[(x.shape, x.dtype) for x in arrays])
        plan = self._plans.pop(key, None)
        if plan is None or plan.outdated:
            plan = self._made(arrays, wanted, descends)
        self._plans[key] = plan
        if len(self._plans) > PLANS:
            del self._plans[next(iter(self._plans))]
        self._last[kind] = plan, training
        return plan, arrays

    def _made(self, arrays: tuple[Array, ...], wanted: tuple[int, ...] | None, descends: bool) -> Plan:
        names = self._names(len(arrays))
        graph = traced(self.function, arrays, names)
        if wanted is None:
            return Plan(graph, (), self.__name__, labels=self._labels)
        if not graph.single or graph.outputs[0].size != 1:
            what = f"an array of shape {graph.outputs[0].shape}" if graph.single else "several arrays"
            raise _NoGradientError(
                f"compile: a gradient is of a single number, and {self.__name__} gives {what}; take its mean()"
            )
        if wanted:
            for i in wanted:
                if not -len(arrays) <= i < len(arrays) or arrays[i].dtype.kind != "f":
                    raise ValueError(
                        f"compile: argnums has {i}, which is none of the {len(arrays)} arguments that are floats"
                    )
            return Plan(graph, [graph.arguments[i] for i in wanted], self.__name__, labels=self._labels)
        given = set(graph.arguments)
        parameters = [
            x for x in graph.order if x.op is None and x.requires_grad and x not in given and x not in graph.draws
        ]
        if not parameters:
            raise _NoGradientError(
                f"compile: {self.__name__} closes over no Tensor with requires_grad=True; say with argnums= which "
                "arguments to differentiate by"
            )
        return Plan(graph, parameters, self.__name__, descends, self._labels)

    def _named(self, tensors: Sequence[Tensor]) -> list[str]:
        """A name for each Tensor, no two alike: its label, or what the function calls it."""
        labels = [x.label for x in tensors]
        found: list[str] = []
        for i, x in enumerate(tensors):
            own = x.label if labels.count(x.label) == 1 else None
            name = own or self._labels.get(x) or x.label or f"parameter{i}"
            found.append(name if name not in found else f"{name}_{i}")
        return found

    # --- arguments ---------------------------------------------------------------------------------------------------

    def _names(self, count: int) -> list[str]:
        names = list(self.names or (self._signature.parameters if self._signature else ()))[:count]
        return names + [f"x{i}" for i in range(len(names), count)]

    def _arrays(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Array, ...]:
        if named or self.names is not None or self._signature is not None:
            arguments = self._bound(arguments, named)
        for x in arguments:
            if type(x) is not np.ndarray or x.dtype.kind not in "fiu":
                names = self._names(len(arguments))
                floats = [x.dtype for x in arguments if isinstance(x, (np.ndarray, Tensor)) and x.dtype.kind == "f"]
                dtype = np.result_type(*floats) if floats else np.dtype(np.float64)
                return tuple([_array(x, name, dtype) for x, name in zip(arguments, names)])
        return arguments

    def _bound(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments in order, those given by name and defaults in their places."""
        if self.names is not None:
            given = dict(zip(self.names, arguments))
            twice, unknown = given.keys() & named.keys(), named.keys() - set(self.names)
            missing = set(self.names) - given.keys() - named.keys()
            if twice or unknown or missing or len(arguments) > len(self.names):
                raise TypeError(f"{self.__name__} takes ({', '.join(self.names)}), not {self._given(arguments, named)}")
            given.update(named)
            return tuple([given[name] for name in self.names])
        assert self._signature is not None
        parameters = self._signature.parameters
        if not named and self._required <= len(arguments) <= len(parameters):
            return arguments  # what has a default is left to the function
        try:
            bound = self._signature.bind(*arguments, **named)
        except TypeError:
            raise TypeError(f"{self.__name__} takes {self._signature}, not {self._given(arguments, named)}") from None
        last = max([i for i, name in enumerate(parameters) if name in bound.arguments], default=-1)
        bound.apply_defaults()
        return bound.args[: last + 1]

    @staticmethod
    def _given(arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
        parts = [f"{len(arguments)} arguments"] if arguments or not named else []
        return " and ".join([*parts, *[f"{name}=" for name in named]])


def _wanted(argnums: int | Sequence[int] | None) -> tuple[int, ...]:
    return () if argnums is None else (argnums,) if isinstance(argnums, int) else tuple(argnums)


class _NoGradientError(ValueError):
    """There is nothing to differentiate by."""


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    fixed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return signature if all(p.kind in fixed for p in signature.parameters.values()) else None


def _array(x: Any, name: str, dtype: Any) -> Array:
    """An argument as an array: floats and whole numbers stay so, bools become floats; a number takes ``dtype``."""
    if isinstance(x, Traced):
        refuse("a gradient", "take gradients of the outer function instead")
    if isinstance(x, Tensor):
        return x._data
    try:
        array = np.asarray(x)
    except ValueError:
        raise ValueError(f"compile: the rows of the argument {name} have different lengths") from None
    if array is not x:
        require_unmasked(f"compile: the argument {name}", x)
    kind = array.dtype.kind
    if kind not in "fiub":
        raise TypeError(f"compile: the argument {name} is {shown(x)}; expected numbers, an array or a Tensor")
    if kind == "b" or (kind == "f" and not isinstance(x, (np.ndarray, np.generic))):
        return array.astype(dtype)
    return array


def _commit(leaves: Sequence[Tensor], gradients: Sequence[Array]) -> None:
    """Add gradients to the leaves' own: to all of them or, if interrupted, to none."""
    before: list[Any] = [leaf.grad for leaf in leaves]
    new: Sequence[Array] = gradients
    if any(g is not None for g in before):
        new = [g if old is None else _added(leaf, old, g) for leaf, old, g in zip(leaves, before, gradients)]
    try:
        for leaf, grad in zip(leaves, new):
            leaf.grad = grad
    except BaseException:
        for leaf, grad in zip(leaves, before):
            leaf.grad = grad
        raise


def _added(leaf: Tensor, earlier: Any, g: Array) -> Array:
    if np.shape(earlier) != g.shape:
        raise ValueError(
            f"the grad set on a Tensor of shape {g.shape} has shape {np.shape(earlier)}; set it to None before backward"
        )
    return np.asarray(earlier + g).astype(g.dtype, copy=False)
