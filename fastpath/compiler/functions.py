"""Functions over Tensors, compiled: traced at the shapes they are called with, planned, and run as a plan."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from fastpath.backward import backpropagate, commit
from fastpath.compiler.arguments import Given, given, is_setting, key_of, signature_of
from fastpath.compiler.closure import Surroundings
from fastpath.compiler.copying import copied, reduced
from fastpath.compiler.states import States
from fastpath.numerics import Array, shown
from fastpath.plan import Plan, Traced, TracingError, refuse, traced
from fastpath.tensor import Tensor
from fastpath.traced.comparing import difference, taken_apart
from fastpath.traced.graph import Graph
from fastpath.traced.nesting import Rebuild
from fastpath.traced.randomness import line_of_random
from fastpath.traced.refusing import RandomNumbersError, WholeNumberError
from scalargrad import modes
from scalargrad.ops.given import require_unmasked

T = TypeVar("T")

PLANS = 16
"""How many plans a compiled function keeps: one for each combination of shapes and of what was asked."""

_tracing = threading.RLock()
"""One function is traced at a time: what a user's code changes while it is traced, it changes once."""


class CompiledFunction:
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

    def __init__(self, function: Callable[..., Any], names: Sequence[str] | None = None, is_told: bool = True) -> None:
        self.function = function
        self._is_told = is_told
        """Whether the function is known to be one over arrays, and not of one example."""
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.__doc__ = getattr(function, "__doc__", None)
        self.names = tuple(names) if names is not None else None
        """The arguments of a function of our own, which closes over nothing that could change; else None."""
        self._signature = None if names is not None else signature_of(function)
        self._plans: dict[Any, tuple[Plan, Rebuild]] = {}  # those used last at the end
        self._states = States(function)
        self._last: dict[Any, tuple[Plan, Rebuild, Surroundings | None]] = {}
        self._lock = threading.RLock()
        self._whole: set[str] = set()  # arguments whose number the function needs while it is traced

    # --- running -----------------------------------------------------------------------------------------------------

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the function gives: an array or, for a single number, a float; or these in tuples, lists and dicts.

        Within another function that is traced it is that function's part. Under ``detect_anomaly`` it runs as it is
        first, so that the operation is named.
        """
        if modes.active and (modes.tracer() is not None or modes.detecting()):
            if modes.tracer() is not None:
                return self.function(*arguments, **named)
            self._eagerly(arguments, named)
        plan, rebuild, arrays = self._prepared(arguments, named, None)
        return rebuild(plan.run(*arrays))

    def value_and_grad(self, *arguments: Any, argnums: int | Sequence[int] | None = None, **named: Any) -> Any:
        """The function's value, and its gradients: a dict by the names of the Tensors it closes over that require one.

        With ``argnums`` the gradient by that argument (counted from 0) instead, or a tuple of them. Raises
        ValueError if the value is not a single number.
        """
        if modes.active and modes.detecting():
            self._eagerly(arguments, named, backward=True)
        plan, _, arrays = self._prepared(arguments, named, _wanted(argnums))
        value, *gradients = plan.run(*arrays)
        if argnums is not None:
            return value, gradients[0] if isinstance(argnums, int) else tuple(gradients)
        return value, dict(zip(self._named(plan.variables), gradients))

    def backward(self, *arguments: Any, **named: Any) -> float:
        """The function's value, a single number; the ``grad`` of the Tensors it closes over receives its gradients.

        As with :meth:`fastpath.Tensor.backward` gradients add up, and all of them change or none.
        """
        if modes.active and modes.detecting():
            self._eagerly(arguments, named, backward=True)
        plan, _, arrays = self._prepared(arguments, named, ())
        value, *gradients = plan.run(*arrays)
        commit(dict(zip(plan.variables, gradients)), own=True)
        return value  # type: ignore[no-any-return]

    def step(self, *arguments: Any, lr: float, **named: Any) -> float:
        """One step of gradient descent: every Tensor closed over that requires a gradient −= lr × gradient.

        Gives the value before the step; ``grad`` is neither read nor written. All of the Tensors change, or none.
        """
        if modes.active and modes.detecting():
            self._eagerly(arguments, named, backward=True)
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

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledFunction:
        memo[id(self)] = new = object.__new__(CompiledFunction)
        new.__init__(copied(self.function, memo), self.names, self._is_told)  # type: ignore[misc]
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self, self.function, CompiledFunction, self.names, self._is_told)

    @property
    def _compiled_from(self) -> Callable[..., Any]:
        """What it was made of, for those who look for what that closes over."""
        return self.function

    def _eagerly(self, arguments: tuple[Any, ...], named: dict[str, Any], backward: bool = False) -> None:
        """Run the function on Tensors, as it is, and go backward: for the anomalies on the way."""
        call = self._bound(arguments, named)
        inputs = []
        for name, x in zip(call.names, call.values):
            if not is_setting(x) and not isinstance(x, Tensor):
                array = _array(x, name, float)
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
            call = self._bound(arguments, named)
            dynamic, arrays, settings = self._sorted(call)
            state = self._state(call, settings)
            places = wanted if wanted is None else self._places(wanted, call, dynamic, arrays)
            plan = None
            while plan is None:
                key = (kind, settings, id(state), *[(x.shape, x.dtype) for x in arrays])
                made = self._plans.pop(key, None)
                if made is None or made[0].outdated:
                    try:
                        made = self._made(call, dynamic, arrays, places, descends, state)
                    except WholeNumberError as error:
                        if error.argument.label in self._whole:
                            raise
                        self._whole.add(error.argument.label)
                        dynamic, arrays, settings = self._sorted(call)
                        places = wanted if wanted is None else self._places(wanted, call, dynamic, arrays)
                        continue
                plan, rebuild = self._plans[key] = made
            if len(self._plans) > PLANS:
                del self._plans[next(iter(self._plans))]
            if not settings:
                self._last[kind] = plan, rebuild, state
            else:
                self._last.pop(kind, None)
            return plan, rebuild, arrays

    def _state(self, call: Given, settings: tuple[Any, ...]) -> Surroundings | None:
        """What the function closes over, as it is now; None of a function of our own."""
        if self.names is not None:
            return None
        state = self._states.now(settings, call.settings())
        alive = self._states.alive()
        self._plans = {key: made for key, made in self._plans.items() if key[2] in alive}
        return state

    def _made(
        self,
        call: Given,
        dynamic: list[int],
        arrays: Sequence[Array],
        wanted: tuple[int, ...] | None,
        descends: bool,
        state: Surroundings | None,
    ) -> tuple[Plan, Rebuild]:
        graph = self._traced(call, dynamic, arrays, state)
        labels: dict[Any, str] = state.parameters if state is not None else {}
        labels = {x: name for x, name in labels.items() if isinstance(x, Tensor)}
        if wanted is None:
            return Plan(graph, (), self.__name__, labels=labels), graph.rebuild
        if not graph.single or graph.outputs[0].size != 1:
            what = f"an array of shape {graph.outputs[0].shape}" if graph.single else "several arrays"
            raise _NoGradientError(
                f"compile: a gradient is of a single number, and {self.__name__} gives {what}; take its mean()"
            )
        if wanted:
            return Plan(graph, [graph.arguments[i] for i in wanted], self.__name__, labels=labels), graph.rebuild
        given = set(graph.arguments)
        parameters = [
            x for x in graph.order if x.op is None and x.requires_grad and x not in given and x not in graph.draws
        ]
        if not parameters:
            raise _NoGradientError(
                f"compile: {self.__name__} closes over no Tensor with requires_grad=True; say with argnums= which "
                "arguments to differentiate by"
            )
        return Plan(graph, parameters, self.__name__, descends, labels), graph.rebuild

    def _traced(self, call: Given, dynamic: list[int], arrays: Sequence[Array], state: Surroundings | None) -> Graph:
        """The graph of the function; of a user's function, made sure that it is the same each time."""
        names = [call.names[i] for i in dynamic]

        def function(*leaves: Any) -> Any:
            values = list(call.values)
            for i, leaf in zip(dynamic, leaves):
                values[i] = leaf
            positional, keywords = call.call(values)
            return self.function(*positional, **keywords)

        if state is None:
            return traced(function, arrays, names)
        whole = [_is_whole(call.values[i]) for i in dynamic]
        settings = [
            i for i in range(len(call.names)) if i not in dynamic and not isinstance(call.values[i], (bool, int))
        ]
        with _tracing:
            try:
                trace = partial(traced, function, arrays, names, whole)
                checked = unless_random(self.__name__, trace, state.generators)
                first, second, settled = twice(checked, state)
                where = difference(first, second)
                if where is not None and not settled:  # what the first run changed, the next may not
                    first, second, _ = second, *twice(checked, state)[1:]
                    where = difference(first, second)
            except TracingError:
                raise
            except (TypeError, AttributeError) as error:
                if not settings:
                    raise
                given = ", ".join(f"the argument {call.names[i]} is {shown(call.values[i])}" for i in settings)
                raise TypeError(f"compile: {given}; expected numbers, an array or a Tensor ({error})") from error
        if where is not None:
            raise other_each_time(self.__name__, where)
        apart = None if self._is_told or state.parameters else taken_apart(second)
        if apart is not None:
            raise TypeError(
                f"compile: {self.__name__} takes {apart} apart by its first axis and closes over neither Values nor "
                "Tensors, so it may be meant for one example or for the whole array: say backend='value' or "
                "backend='tensor'"
            )
        return second

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

    # --- arguments ---------------------------------------------------------------------------------------------------

    def _bound(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Given:
        """The arguments one by one."""
        if self.names is not None:
            ours = dict(zip(self.names, arguments))
            twice, unknown = ours.keys() & named.keys(), named.keys() - set(self.names)
            missing = set(self.names) - ours.keys() - named.keys()
            if twice or unknown or missing or len(arguments) > len(self.names):
                raise TypeError(f"{self.__name__} takes ({', '.join(self.names)}), not {self._given(arguments, named)}")
            ours.update(named)
            call = given(None, tuple([ours[name] for name in self.names]), {})
            call.names[:] = self.names
            return call
        try:
            call = given(self._signature, arguments, named, fill=bool(named))
        except TypeError:
            raise TypeError(f"{self.__name__} takes {self._signature}, not {self._given(arguments, named)}") from None
        if self._signature is None:
            call.names[:] = [f"x{i}" if i < len(arguments) else n for i, n in enumerate(call.names)]
        return call

    @staticmethod
    def _given(arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
        parts = [f"{len(arguments)} arguments"] if arguments or not named else []
        return " and ".join([*parts, *[f"{name}=" for name in named]])

    def _sorted(self, call: Given) -> tuple[list[int], list[Array], tuple[Any, ...]]:
        """Which arguments are arrays, these, and what tells the settings among the others."""
        fixed = [is_setting(x) or (n in self._whole and _is_whole(x)) for n, x in zip(call.names, call.values)]
        dynamic = [i for i, setting in enumerate(fixed) if not setting]
        settings = tuple([(n, key_of(x)) for n, x, setting in zip(call.names, call.values, fixed) if setting])
        given = [call.values[i] for i in dynamic]
        if not all(type(x) is np.ndarray and x.dtype.kind in "fiu" for x in given):
            floats = [x.dtype for x in given if isinstance(x, (np.ndarray, Tensor)) and x.dtype.kind == "f"]
            dtype = np.result_type(*floats) if floats else np.dtype(np.float64)
            given = [_array(x, call.names[i], dtype) for i, x in zip(dynamic, given)]
        return dynamic, given, settings

    def _places(
        self, wanted: tuple[int, ...], call: Given, dynamic: list[int], arrays: Sequence[Array]
    ) -> tuple[int, ...]:
        """Where among the arrays the arguments to differentiate by are."""
        count = len(call.names)
        for i in wanted:
            if (
                not -count <= i < count
                or i % count not in dynamic
                or arrays[dynamic.index(i % count)].dtype.kind != "f"
            ):
                floats = sum(x.dtype.kind == "f" for x in arrays)
                raise ValueError(f"compile: argnums has {i}, which is none of the {floats} arguments that are floats")
        return tuple([dynamic.index(i % count) for i in wanted])


def _is_whole(x: Any) -> bool:
    """Whether an argument is a single integer."""
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def unless_random(name: str, trace: Callable[..., T], generators: Sequence[Any], what: str = "") -> Callable[..., T]:
    """The same tracing; it is refused if the function draws random numbers of its own."""

    def checked(**how: Any) -> T:
        try:
            return trace(generators=generators, **how)
        except RandomNumbersError:
            where = line_of_random(partial(trace, generators=None, **how), generators)
            if where is not None:
                raise other_each_time(name, where, what) from None
            return trace(generators=None, **how)  # it was another thread

    return checked


def twice(trace: Callable[[], T], state: Surroundings) -> tuple[T, T, bool]:
    """Two tracings of a function, and whether the first left what it reads as it was.

    What each of them changes, such as counts of its calls, is not compared any more, if they do the same.
    """
    first = trace()
    settled = state.unchanged()
    if not settled:
        state.renew()
    second = trace()
    if not state.unchanged():
        state.forgive()
    return first, second, settled


def other_each_time(name: str, where: str, what: str = "") -> TracingError:
    """The error for a function whose tracings differ."""
    what = what or "does something else each time it is called"
    return TracingError(
        f"compile: {name} {what}, in {where}: what is decided by numbers (.data), by random numbers or by counts of "
        "calls would be decided once, while tracing; write where, maximum, minimum or relu, give such a number as an "
        "argument, or use nn.Dropout"
    )


def _wanted(argnums: int | Sequence[int] | None) -> tuple[int, ...]:
    return () if argnums is None else (argnums,) if isinstance(argnums, int) else tuple(argnums)


class _NoGradientError(ValueError):
    """There is nothing to differentiate by."""


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
