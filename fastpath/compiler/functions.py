"""Functions over Tensors, compiled: traced at the shapes they are called with, planned, and run as a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from fastpath.backward import backpropagate, commit
from fastpath.compiler.arguments import Arguments, Given, arguments_of, as_typed, given, is_setting, is_whole
from fastpath.compiler.closure import Surroundings
from fastpath.compiler.compiled import PLANS, Compiled, Recent
from fastpath.compiler.repeating import one_tracing, other_each_time, traced_twice, unless_random
from fastpath.compiler.values import guarded
from fastpath.numerics import Array, shown
from fastpath.plan import Plan
from fastpath.tensor import Tensor
from fastpath.traced.comparing import difference, taken_apart
from fastpath.traced.graph import Graph, traced
from fastpath.traced.nesting import Rebuild
from fastpath.traced.refusing import IntegerNeededError, TracingError, refuse
from fastpath.traced.tensors import Traced
from scalargrad import modes


class CompiledFunction(Compiled):
    """A function over arrays that runs as a plan.

    Called, it gives what the function gives, as arrays (a single number as a float). :meth:`value_and_grad` and
    :meth:`backward` differentiate it. A plan is made for every new combination of shapes and types of the arguments.
    Tensors the function closes over are read at each run: an optimizer may change them in between. Whatever else it
    reads, numbers, flags, arrays, attributes, is looked at before each run, and the function is traced anew where
    something differs. Flags, texts and objects may be arguments; a plan is made for each.

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
        self, function: Callable[..., Any], names: Sequence[str] | None = None, is_certain: bool = True
    ) -> None:
        super().__init__(function, names, is_certain)
        self._is_certain = is_certain
        """Whether the function is known to be one over arrays, and not of one example."""
        self.names = names
        """The arguments of a function of our own, which closes over nothing that could change; else None."""
        self._plans: Recent[Any, tuple[Plan, Rebuild]] = Recent(PLANS)
        self._last: dict[Any, tuple[Plan, Rebuild, Surroundings | None]] = {}
        self._whole: set[str] = set()  # arguments whose number the function needs while it is traced

    # --- running -----------------------------------------------------------------------------------------------------

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the function gives: an array or, for a single number, a float; or these in tuples, lists and dicts.

        Within another function that is traced or differentiated it is that function's part. Under ``detect_anomaly`` it
        runs as it is first, so that the operation is named.
        """
        if modes.active:
            if modes.tracer() is not None or modes.derivers():
                return self.function(*arguments, **named)
            self._look_for_anomalies(arguments, named, backward=False)
        plan, rebuild, arrays = self._prepared(arguments, named, None)
        return rebuild(plan.run(*arrays))

    def value_and_grad(self, *arguments: Any, argnums: int | Sequence[int] | None = None, **named: Any) -> Any:
        """The function's value, and its gradients: a dict by the names of the Tensors it closes over that require one.

        With ``argnums`` the gradient by that argument (counted from 0) instead, or a tuple of them. Raises
        ValueError if the value is not a single number.
        """
        if modes.special:
            self._look_for_anomalies(arguments, named)
        plan, _, arrays = self._prepared(arguments, named, _wanted(argnums))
        self._leave_no_gradient(plan.variables)
        value, *gradients = plan.run(*arrays)
        if argnums is not None:
            return value, gradients[0] if isinstance(argnums, int) else tuple(gradients)
        return value, dict(zip(self._named(plan.variables), gradients))

    def backward(self, *arguments: Any, **named: Any) -> float:
        """The function's value, a single number; the ``grad`` of the Tensors it closes over receives its gradients.

        As with :meth:`fastpath.Tensor.backward` gradients add up, and all of them change or none.
        """
        if modes.special:
            self._look_for_anomalies(arguments, named)
        plan, _, arrays = self._prepared(arguments, named, ())
        self._leave_no_gradient(plan.variables)
        value, *gradients = plan.run(*arrays)
        commit(dict(zip(plan.variables, gradients)), own=True)
        return value  # type: ignore[no-any-return]

    def step(self, *arguments: Any, lr: float, **named: Any) -> float:
        """One step of gradient descent: every Tensor closed over that requires a gradient −= lr × gradient.

        Gives the value before the step; ``grad`` is neither read nor written. All of the Tensors change, or none.
        """
        if modes.special:
            self._look_for_anomalies(arguments, named)
        plan, _, arrays = self._prepared(arguments, named, (), descends=True)
        return plan.run(*arrays, np.asarray(lr, plan.dtype))[0]  # type: ignore[no-any-return]

    def plan(self, *arguments: Any, argnums: int | Sequence[int] | None = None, **named: Any) -> Plan:
        """The plan for arguments like these, forward and, where there is a gradient, backward: print or draw it."""
        try:
            plan, _, arrays = self._prepared(arguments, named, _wanted(argnums))
        except _NoGradientError:
            plan, _, arrays = self._prepared(arguments, named, None)
        return plan.of(arrays)

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}: {len(self._plans)} plans>"

    def _eagerly(self, arguments: tuple[Any, ...], named: dict[str, Any], backward: bool) -> None:
        """Run the function on Tensors, as it is, and go backward."""
        call = self._bound(arguments, named)
        inputs = []
        for name, x in zip(call.names, call.values):
            if not is_setting(x) and not isinstance(x, Tensor):
                array = as_typed(x, name, float)
                x = Tensor(array, requires_grad=True) if array.dtype.kind == "f" else array
            inputs.append(x)
        positional, keywords = call.call(inputs)
        with modes.enable_grad():
            result = self.function(*positional, **keywords)
        if backward and isinstance(result, Tensor) and result.requires_grad:
            backpropagate(result, np.ones(result.shape, result.dtype))

    # --- planning ----------------------------------------------------------------------------------------------------

    def _prepared(
        self, arguments: tuple[Any, ...], named: dict[str, Any], wanted: tuple[int, ...] | None, descends: bool = False
    ) -> tuple[Plan, Rebuild, Sequence[Array]]:
        """The plan for these arguments, how its results are put together, and the arguments as arrays.

        ``wanted`` are the arguments to differentiate by, () the Tensors closed over, None nothing.
        """
        kind = wanted, descends
        last = self._last.get(kind)  # the next call is likely to be like the last
        if last is not None and not named and last[0].suits(arguments):
            state = last[2]
            if state is None or state.unchanged():
                return last[0], last[1], arguments
        with self._lock:
            return self._prepared_anew(kind, self._bound(arguments, named))

    def _prepared_anew(self, kind: Any, call: Given) -> tuple[Plan, Rebuild, Sequence[Array]]:
        if any(isinstance(x, Traced) for x in call.values):
            refuse("a gradient", "take gradients of the outer function instead")
        found = arguments_of(call, self._whole)
        state = None  # of a function of our own
        if self.names is None:
            state = self._states.now(found.settings, call.settings())
            alive = self._states.alive()
            self._plans.keep(lambda key, _: key[2] in alive)
        key = (kind, found.settings, id(state), *found.shapes)
        made = self._plans.get(key)
        if made is None or made[0].outdated:
            try:
                made = self._made(found, state, *kind)
            except IntegerNeededError as error:
                if error.argument.label in self._whole:
                    raise
                self._whole.add(error.argument.label)
                return self._prepared_anew(kind, call)
        plan, rebuild = self._plans.use(key, made)
        if found.settings:
            self._last.pop(kind, None)
        else:
            self._last[kind] = plan, rebuild, state
        return plan, rebuild, found.arrays

    def _made(
        self, found: Arguments, state: Surroundings | None, wanted: tuple[int, ...] | None, descends: bool
    ) -> tuple[Plan, Rebuild]:
        """Trace, and plan."""
        places = None if wanted is None else _places(wanted, found)
        graph = self._traced(found, state)
        variables = () if places is None else self._variables(graph, places)
        labels = {x: name for x, name in state.parameters.items() if isinstance(x, Tensor)} if state else {}
        return Plan(graph, variables, self.__name__, descends, labels), graph.rebuild

    def _variables(self, graph: Graph, places: Sequence[int]) -> list[Tensor]:
        """What to differentiate by: arguments or, if none is named, the Tensors closed over."""
        if not graph.single or graph.outputs[0].size != 1:
            what = f"an array of shape {graph.outputs[0].shape}" if graph.single else "several arrays"
            raise _NoGradientError(
                f"compile: a gradient is of a single number, and {self.__name__} gives {what}; take its mean()"
            )
        if places:
            return [graph.arguments[i] for i in places]
        given = {*graph.arguments, *graph.draws}
        parameters = [x for x in graph.order if x.op is None and x.requires_grad and x not in given]
        if not parameters:
            raise _NoGradientError(
                f"compile: {self.__name__} closes over no Tensor with requires_grad=True; say with argnums= which "
                "arguments to differentiate by"
            )
        return parameters

    def _traced(self, found: Arguments, state: Surroundings | None) -> Graph:
        """The graph of the function; of a user's function, made sure that it is the same each time."""

        def function(*leaves: Any) -> Any:
            positional, keywords = found.with_others(leaves)
            return self.function(*positional, **keywords)

        call, places = found.call, found.places
        if state is None:
            return traced(function, found.arrays, found.names)
        trace = partial(traced, function, found.arrays, found.names, [is_whole(call.values[i]) for i in places])
        read = state.parameters if state.reads("data", "grad") else ()
        with one_tracing, guarded(read):
            try:
                checked = unless_random(self.__name__, trace, state.generators)
                _, graph, where = traced_twice(checked, state, difference)
            except TracingError:
                raise
            except (TypeError, AttributeError) as error:
                pairs = [pair for i, pair in enumerate(zip(call.names, call.values)) if i not in places]
                settings = [f"the argument {n} is {shown(x)}" for n, x in pairs if not isinstance(x, (bool, int))]
                if not settings:
                    raise
                raise TypeError(
                    f"compile: {', '.join(settings)}; expected numbers, an array or a Tensor ({error})"
                ) from error
        if where is not None:
            raise other_each_time(self.__name__, where)
        apart = None if self._is_certain or state.parameters else taken_apart(graph)
        if apart is not None:
            raise TypeError(
                f"compile: {self.__name__} takes {apart} apart by its first axis and closes over neither Values nor "
                "Tensors, so it may be meant for one example or for the whole array: say backend='value' or "
                "backend='tensor'"
            )
        return graph

    def _named(self, tensors: Sequence[Tensor]) -> list[str]:
        """A name for each Tensor, no two alike: its label, or what the function calls it."""
        names = self._states.names()
        labels = [x.label for x in tensors]
        found: list[str] = []
        for i, x in enumerate(tensors):
            own = x.label if labels.count(x.label) == 1 else None
            name = own or names.get(x) or x.label or f"parameter{i}"
            found.append(name if name not in found else f"{name}_{i}")
        return found

    def _bound(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Given:
        """The arguments one by one."""
        if self.names is not None:
            call = given(None, arguments, {})
            call.names[:] = self.names
            return call
        try:
            return given(self._signature, arguments, named, fill=bool(named))
        except TypeError:
            parts = [f"{len(arguments)} arguments"] if arguments or not named else []
            parts += [f"{name}=" for name in named]
            raise TypeError(f"{self.__name__} takes {self._signature}, not {' and '.join(parts)}") from None


def _places(wanted: tuple[int, ...], found: Arguments) -> list[int]:
    """Where among the arrays the arguments to differentiate by are."""
    count = len(found.call.names)
    floats = [i for i, x in zip(found.places, found.arrays) if x.dtype.kind == "f"]
    for i in wanted:
        if not -count <= i < count or i % count not in floats:
            raise ValueError(f"compile: argnums has {i}, which is none of the {len(floats)} arguments that are floats")
    return [found.places.index(i % count) for i in wanted]


def _wanted(argnums: int | Sequence[int] | None) -> tuple[int, ...]:
    return () if argnums is None else (argnums,) if isinstance(argnums, int) else tuple(argnums)


class _NoGradientError(ValueError):
    """There is nothing to differentiate by."""
