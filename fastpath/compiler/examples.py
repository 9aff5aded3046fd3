"""A function of one example, written with Values: traced once, lifted to arrays, and run over batches as a plan."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import numpy as np

from fastpath.compiler import store as stores
from fastpath.compiler.batches import Batch, as_example, batch_of, cases_in, numbers_of
from fastpath.compiler.closure import Surroundings
from fastpath.compiler.compiled import PLANS, Compiled, Recent
from fastpath.compiler.functions import CompiledFunction
from fastpath.compiler.gradients import Gradients
from fastpath.compiler.repeating import one_tracing, other_each_time, traced_twice, unless_random
from fastpath.compiler.running import batched, batched_several, only, rebuilt, several
from fastpath.compiler.tracings import Difference, Tracing, compared, line_of, trace
from fastpath.compiler.vectorizing import Vectorized, vectorize
from fastpath.numerics import Array
from fastpath.plan import Plan
from fastpath.tensor import Tensor
from fastpath.traced.refusing import IntegerNeededError, TracingError
from scalargrad import modes
from scalargrad.engine import Value

_OTHER_GRAPH = "makes another graph of another example"
REDUCTIONS = ("mean", "sum", "none")
CASES = 256
"""For how many combinations of integers a function may be traced that needs to know them."""


@dataclass
class Made:
    """What a function was made into for arguments of one kind."""

    compiled: CompiledFunction
    lifted: Vectorized
    store: Tensor | None
    places: dict[Value, int]
    """Where in the store each parameter is."""
    cases: dict[tuple[int, ...], int]
    """The combinations of integers it was traced for, where it needs to know them, and their numbers."""
    known: list[int]
    """The arrays whose integers it needs to know."""
    rebuild: Callable[[Sequence[Any], tuple[Any, ...]], Any]
    """Puts results together as the function did."""
    reduction: str


class CompiledScalars(Compiled):
    """A function of one example, written with Values, that runs over a batch.

    Called with arrays whose first axis counts the examples, it gives the mean over them (``reduction="sum"``: the sum;
    ``"none"``: one number each). A function of several results, in a tuple, list, dict or array, gives them likewise
    put together, one number for each example unless a reduction is asked for. A single number among the arguments is
    the same for all examples; flags, texts and objects are what they are. :meth:`backward` leaves the gradients in the
    Values the function closes over, :meth:`step` takes a step of gradient descent, :meth:`value_and_grad` gives value
    and gradients.

    The parameters are all leaves the graph reaches besides the example. Their numbers lie in one Tensor, the
    :attr:`store`, from the first call on: the Values show them whenever they are asked, and an optimizer that is given
    the Values changes the store as a whole. ``dtype`` is the type of all arrays but the store: that keeps float64
    numbers, and code in float32 reads them rounded.
    """

    def __init__(self, function: Callable[..., Any], reduction: str | None = None, dtype: Any = "float64") -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise ValueError(f"compile: dtype is a float type, not {dtype!r}")
        if reduction is not None and reduction not in REDUCTIONS:
            raise ValueError(f"compile: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
        super().__init__(function, reduction, self.dtype)
        self.reduction = reduction or "mean"
        self._asked = reduction
        self._made: Recent[Any, Made] = Recent(PLANS)
        self._moves = stores.moves
        self._last: tuple[Any, ...] | None = None
        self.parameters: list[Value] = []
        """The Values it is differentiated by, in the order of the store; known after the first call."""
        self.store: Tensor | None = None
        """The Tensor that holds their numbers."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The mean over the examples as a float (or what ``reduction`` says).

        Within another function that is traced or differentiated it is that function's part, and takes one example.
        """
        if modes.active:
            if modes.tracer() is not None:
                return self._within(arguments, named)
            if modes.derivers() and _has_nodes(arguments, named):
                return self.function(*arguments, **named)
            self._look_for_anomalies(arguments, named, backward=False)
        made, arrays, batch = self._prepared(arguments, named)
        self._leave_no_gradient(self.parameters)
        return made.rebuild(several(made.compiled(*arrays)), batch)

    def value_and_grad(self, *arguments: Any, **named: Any) -> tuple[float, Mapping[Value, float]]:
        """The value, and the gradient by each parameter: a dict by the Values."""
        made, arrays = self._prepared_to_differentiate(arguments, named)
        value, gradients = made.compiled.value_and_grad(*arrays)
        (gradient,) = gradients.values()
        return value, Gradients(made.places, gradient)

    def backward(self, *arguments: Any, **named: Any) -> float:
        """The value; the ``grad`` of the parameters receives its gradients, as ``Value.backward`` would give them."""
        made, arrays = self._prepared_to_differentiate(arguments, named)
        return made.compiled.backward(*arrays)

    def step(self, *arguments: Any, lr: float, **named: Any) -> float:
        """One step of gradient descent on all parameters; gives the value before it."""
        made, arrays = self._prepared_to_differentiate(arguments, named)
        return made.compiled.step(*arrays, lr=lr)

    def plan(self, *arguments: Any, **named: Any) -> Plan:
        """The plan for arguments like these: print or draw it."""
        made, arrays, _ = self._prepared(arguments, named)
        self._leave_no_gradient(self.parameters)
        return made.compiled.plan(*arrays)

    def lifted(self, *arguments: Any, **named: Any) -> Vectorized:
        """The scalar graph as array instructions, before they are planned: print it."""
        return self._prepared(arguments, named)[0].lifted

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}: scalar code, {len(self.parameters)} parameters>"

    def _within(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The function itself, as a part of another one that is traced."""
        if not _has_nodes(arguments, named):
            raise TracingError(
                f"compile: {self.__name__} is called with numbers inside of a function that is traced, and its result "
                "would be frozen; call it with the Values of the example, or outside"
            )
        return self.function(*arguments, **named)

    def _eagerly(self, arguments: tuple[Any, ...], named: dict[str, Any], backward: bool) -> None:
        """Run the function example by example, as it is, and go backward."""
        batch = batch_of(self.__name__, self._signature, arguments, named)
        for row in zip(*batch.arrays):
            positional, keywords = batch.with_others(list(map(as_example, row, batch.integers)))
            with modes.enable_grad():
                result = self.function(*positional, **keywords)
            if backward and isinstance(result, Value):
                before = [(p, p.grad) for p in self.parameters]
                try:
                    result.backward()
                finally:
                    for p, slope in before:
                        p.grad = slope

    # --- preparing ---------------------------------------------------------------------------------------------------

    def _prepared_to_differentiate(
        self, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[Made, Sequence[Any]]:
        if modes.special:
            self._look_for_anomalies(arguments, named)
        made, arrays, _ = self._prepared(arguments, named)
        self._leave_no_gradient(self.parameters)
        if not made.lifted.parameters:
            raise ValueError(f"compile: {self.__name__} closes over no Value, so there is nothing to differentiate by")
        if made.reduction == "none":
            raise ValueError(
                "compile: a gradient is of a single number, and with reduction='none' there is one for each example; "
                "take 'mean' or 'sum'"
            )
        return made, arrays

    def _prepared(
        self, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[Made, Sequence[Any], tuple[Any, ...]]:
        """What the function was made into for such arguments, these as arrays, and the shape of the batch."""
        last = self._last  # the next call is likely to be like the last
        if last is not None and not named and self._moves == stores.moves:
            made, shapes, dtypes, state = last
            if len(arguments) == len(shapes):
                for x, shape, dtype in zip(arguments, shapes, dtypes):
                    if type(x) is not np.ndarray or x.dtype is not dtype or x.shape != shape:
                        break
                else:
                    if state.unchanged():
                        return made, arguments, shapes[0][:1]
        with self._lock:
            return self._prepared_anew(arguments, named)

    def _prepared_anew(
        self, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[Made, Sequence[Any], tuple[Any, ...]]:
        batch = batch_of(self.__name__, self._signature, arguments, named)
        arrays = [x.astype(self.dtype, copy=False) for x in batch.arrays]
        state = self._states.now(batch.settings, batch.call.settings())
        alive = self._states.alive()
        self._made.keep(lambda key, _: key[0] in alive)
        self._drop_moved()
        key = (id(state), batch.settings, tuple(batch.names), *[x.shape[1:] for x in arrays])
        made = self._made.get(key)
        cases = cases_in(batch, made.known) if made is not None and made.known else None
        if made is None or (cases is not None and not cases.keys() <= made.cases.keys()):
            made = self._make(batch, arrays, state, made)
            self._drop_moved()
        self._made.use(key, made)
        self.store, self.parameters = made.store, made.lifted.parameters
        self._last = None
        if made.known:
            arrays = [*arrays, numbers_of(batch, made.known, made.cases)]
        elif len(batch.places) == len(batch.call.names):
            self._last = made, [x.shape for x in arrays], [x.dtype for x in arrays], state
        return made, arrays, (len(arrays[0]),)

    def _drop_moved(self) -> None:
        """Forget what was made for a store that its parameters have left, as those of several functions join."""
        if self._moves != stores.moves:
            self._moves = stores.moves
            self._made.keep(lambda _, made: stores.are_in(made.store, made.lifted.parameters))

    # --- tracing -----------------------------------------------------------------------------------------------------

    def _make(self, batch: Batch, arrays: list[Array], state: Surroundings, before: Made | None) -> Made:
        """Trace the function on an example like these, and vectorize what it did."""
        with one_tracing:
            if before is None:
                try:
                    return self._made_of(batch, arrays, state, [], [()])
                except IntegerNeededError:
                    pass
                except TracingError:
                    raise
                except (TypeError, ValueError, IndexError, KeyError, AttributeError):
                    if not any(batch.integers):
                        raise
            known = [i for i, whole in enumerate(batch.integers) if whole]
            cases = list(dict.fromkeys([*(before.cases if before is not None else []), *cases_in(batch, known)]))
            if len(cases) > CASES:
                names = ", ".join(batch.names[i] for i in known)
                raise TracingError(
                    f"compile: {self.__name__} needs the numbers of {names} while it is traced, and there are more "
                    f"than {CASES} combinations of them; write lookup(table, index) for table[index]"
                )
            return self._made_of(batch, arrays, state, known, cases or [(0,) * len(known)])

    def _made_of(
        self, batch: Batch, arrays: list[Array], state: Surroundings, known: list[int], cases: list[tuple[int, ...]]
    ) -> Made:
        shapes = [x.shape[1:] for x in arrays]
        starts = itertools.cycle((1.0, -1.7))  # two examples, with other numbers
        run = lambda **how: trace(self.function, self.__name__, batch, shapes, next(starts), known, cases, state, **how)
        traced = unless_random(self.__name__, run, state.generators, _OTHER_GRAPH)
        first, second, difference = traced_twice(traced, state, compared)
        if difference is not None:
            self._refuse(difference, second, traced)
        sizes = [int(np.prod(shape)) for shape in shapes]
        sizes += [len(values) for values, _, _ in first.tracer.draws]
        names = [*batch.names, *[f"random{i}" for i in range(len(first.tracer.draws))]]
        nested = first.nested
        reduction = self._asked or ("none" if nested else "mean")
        self.reduction = reduction
        hoist = reduction != "none" and not nested and len(cases) == 1
        vectorizing = partial(
            vectorize, first.roots, first.places, sizes, names, hoist=hoist, constants=first.constants
        )
        program = vectorizing()
        store = None
        if program.parameters:
            store, order = stores.bind(program.parameters)
            if order != list(range(store.size)):  # the store of another function: its order
                known_places = dict(zip(program.parameters, order))
                program = vectorizing(known=known_places, size=store.size)
        draws = [(draw, shape) for _, draw, shape in first.tracer.draws]
        given = program, store, sizes[: len(shapes)], draws, reduction
        function = batched(*given) if hoist else batched_several(*given, len(cases), nested)
        function.__name__ = self.__name__
        argument_names = [*batch.names, *["case"] * bool(known)]
        compiled = CompiledFunction(function, names=argument_names)
        numbers = {case: i for i, case in enumerate(cases)}
        assert first.rebuild is not None
        rebuild = partial(rebuilt, first.rebuild, reduction) if nested else only
        places = dict(zip(program.parameters, order)) if store is not None else {}
        return Made(compiled, program, store, places, numbers, known, rebuild, reduction)

    def _refuse(self, difference: Difference, second: Tracing, traced: Callable[..., Tracing]) -> NoReturn:
        """Say in which line two tracings differ, as far as a third one tells."""
        third = traced(keeps_lines=True)
        again = compared(second, third)
        where = line_of(again.node, third) if again else line_of(difference.node, second)
        raise other_each_time(self.__name__, where, _OTHER_GRAPH)


def _has_nodes(arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether there are Values among the arguments, or arrays of such."""
    return any(isinstance(x, Value) or _holds_objects(x) for x in (*arguments, *named.values()))


def _holds_objects(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == object
