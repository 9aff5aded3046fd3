"""A function of one example, written with Values: traced once, lifted to arrays, and run over batches as a plan."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import numpy as np

from fastpath.compiler import store as stores
from fastpath.compiler.arguments import Given, given, is_setting, key_of, signature_of
from fastpath.compiler.closure import Surroundings
from fastpath.compiler.copying import copied, reduced
from fastpath.compiler.functions import PLANS, STATES, CompiledFunction, _tracing, other_each_time, twice, unless_random
from fastpath.compiler.gradients import Gradients
from fastpath.compiler.lifting import Lifted, columns_of, lift, repeated
from fastpath.compiler.repeating import (
    DifferentError,
    TracedValue,
    Tracer,
    WholeNumberNeededError,
    hidden,
    leaves_made,
    line_of,
)
from fastpath.numerics import Array, shown
from fastpath.plan import Plan
from fastpath.plan.nesting import Rebuild, flattened, is_nested
from fastpath.plan.refusing import TracingError
from fastpath.tensor import Tensor
from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.ops.given import require_unmasked
from scalargrad.ops.registry import is_number
from scalargrad.ops.structural import concatenate, index, mean, reshape
from scalargrad.ops.structural import sum as total

_OTHER_GRAPH = "makes another graph of another example"
REDUCTIONS = ("mean", "sum", "none")
CASES = 256
"""For how many combinations of integers a function may be traced that needs to know them."""


@dataclass
class Batch:
    """The arguments of a call: those that are arrays with a row for each example, and what tells the settings."""

    call: Given
    places: list[int]
    """Which of the arguments are arrays."""
    arrays: list[Array]
    settings: tuple[Any, ...]
    integers: list[bool]
    """Which arrays were given as integers."""

    @property
    def names(self) -> list[str]:
        return [self.call.names[i] for i in self.places]


@dataclass
class Made:
    """What a function was made into for arguments of one kind."""

    compiled: CompiledFunction
    lifted: Lifted
    store: Tensor | None
    places: dict[Value, int]
    """Where in the store each parameter is."""
    cases: dict[tuple[int, ...], int]
    """The combinations of integers it was traced for, where it needs to know them, and their numbers."""
    known: list[int]
    """The arrays whose integers it needs to know."""
    rebuild: Callable[[Sequence[Any], tuple[Any, ...]], Any]
    """Puts results together as the function did."""


class CompiledScalars:
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
        self.function = function
        self.reduction = reduction or "mean"
        self._asked = reduction
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.__doc__ = getattr(function, "__doc__", None)
        self._signature = signature_of(function)
        self._made: dict[Any, Made] = {}  # those used last at the end
        self._states: dict[Any, list[Surroundings]] = {}
        self._moves = stores.moves
        self._last: tuple[Any, ...] | None = None
        self._lock = threading.RLock()
        self.parameters: list[Value] = []
        """The Values it is differentiated by, in the order of the store; known after the first call."""
        self.store: Tensor | None = None
        """The Tensor that holds their numbers."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The mean over the examples as a float (or what ``reduction`` says).

        Within another function that is traced it is that function's part, and takes one example.
        """
        if modes.active and (modes.tracer() is not None or modes.detecting()):
            if modes.tracer() is not None:
                return self._within(arguments, named)
            self._eagerly(arguments, named)
        made, arrays, batch = self._prepared(arguments, named)
        return made.rebuild(_several(made.compiled(*arrays)), batch)

    def value_and_grad(self, *arguments: Any, **named: Any) -> tuple[float, Mapping[Value, float]]:
        """The value, and the gradient by each parameter: a dict by the Values."""
        if modes.active and modes.detecting():
            self._eagerly(arguments, named, backward=True)
        made, arrays, _ = self._prepared(arguments, named)
        self._require_gradient()
        value, gradients = made.compiled.value_and_grad(*arrays)
        (gradient,) = gradients.values()
        return value, Gradients(made.places, gradient)

    def backward(self, *arguments: Any, **named: Any) -> float:
        """The value; the ``grad`` of the parameters receives its gradients, as ``Value.backward`` would give them."""
        if modes.active and modes.detecting():
            self._eagerly(arguments, named, backward=True)
        made, arrays, _ = self._prepared(arguments, named)
        if not self._differentiable:
            self._require_gradient()
        return made.compiled.backward(*arrays)

    def step(self, *arguments: Any, lr: float, **named: Any) -> float:
        """One step of gradient descent on all parameters; gives the value before it."""
        if modes.active and modes.detecting():
            self._eagerly(arguments, named, backward=True)
        made, arrays, _ = self._prepared(arguments, named)
        if not self._differentiable:
            self._require_gradient()
        return made.compiled.step(*arrays, lr=lr)

    def plan(self, *arguments: Any, **named: Any) -> Plan:
        """The plan for arguments like these: print or draw it."""
        if modes.active and modes.detecting():
            self._eagerly(arguments, named, backward=True)
        made, arrays, _ = self._prepared(arguments, named)
        return made.compiled.plan(*arrays)

    def lifted(self, *arguments: Any, **named: Any) -> Lifted:
        """The scalar graph as array instructions, before they are planned: print it."""
        return self._prepared(arguments, named)[0].lifted

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}: scalar code, {len(self.parameters)} parameters>"

    def __deepcopy__(self, memo: dict[int, Any]) -> CompiledScalars:
        memo[id(self)] = new = object.__new__(CompiledScalars)
        new.__init__(copied(self.function, memo), self._asked, self.dtype)  # type: ignore[misc]
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self, self.function, CompiledScalars, self._asked, self.dtype)

    @property
    def _compiled_from(self) -> Callable[..., Any]:
        """What it was made of, for those who look for what that closes over."""
        return self.function

    @property
    def _differentiable(self) -> bool:
        return bool(self.parameters) and self.reduction != "none"

    def _within(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The function itself, as a part of another one that is traced."""
        if not any(isinstance(x, Value) or _holds_objects(x) for x in (*arguments, *named.values())):
            raise TracingError(
                f"compile: {self.__name__} is called with numbers inside of a function that is traced, and its result "
                "would be frozen; call it with the Values of the example, or outside"
            )
        return self.function(*arguments, **named)

    def _eagerly(self, arguments: tuple[Any, ...], named: dict[str, Any], backward: bool = False) -> None:
        """Run the function example by example, as it is, and go backward: for the anomalies on the way."""
        batch = self._batch(arguments, named)
        for row in zip(*batch.arrays):
            values = list(batch.call.values)
            for i, x, whole in zip(batch.places, row, batch.integers):
                values[i] = _as_example(x, whole)
            positional, keywords = batch.call.call(values)
            with modes.enable_grad():
                result = self.function(*positional, **keywords)
            if backward and isinstance(result, Value):
                before = [(p, p.grad) for p in self.parameters]
                try:
                    result.backward()
                finally:
                    for p, slope in before:
                        p.grad = slope

    def _require_gradient(self) -> None:
        if not self.parameters:
            raise ValueError(f"compile: {self.__name__} closes over no Value, so there is nothing to differentiate by")
        if self.reduction == "none":
            raise ValueError(
                "compile: a gradient is of a single number, and with reduction='none' there is one for each example; "
                "take 'mean' or 'sum'"
            )

    # --- preparing ---------------------------------------------------------------------------------------------------

    def _prepared(
        self, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[Made, Sequence[Any], tuple[Any, ...]]:
        """What the function was made into for such arguments, these as arrays, and the shape of the batch."""
        last = self._last
        if (
            last is not None and not named and self._moves == stores.moves
        ):  # the next call is likely to be like the last
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
        batch = self._batch(arguments, named)
        arrays = [x.astype(self.dtype, copy=False) for x in batch.arrays]
        state = self._state(batch)
        self._drop_moved()
        key = (id(state), batch.settings, tuple(batch.names), *[x.shape[1:] for x in arrays])
        made = self._made.pop(key, None)
        cases = _cases(batch, made.known) if made is not None and made.known else None
        if made is None or (cases is not None and not cases.keys() <= made.cases.keys()):
            made = self._make(batch, arrays, state, made)
            self._drop_moved()
        self._made[key] = made
        if len(self._made) > PLANS:
            del self._made[next(iter(self._made))]
        self.store, self.parameters = made.store, made.lifted.parameters
        self._last = None
        if made.known:
            arrays = [*arrays, _numbers(batch, made)]
        elif len(batch.places) == len(batch.call.names):
            self._last = made, [x.shape for x in arrays], [x.dtype for x in arrays], state
        return made, arrays, (len(arrays[0]),)

    def _drop_moved(self) -> None:
        """Forget what was made for a store that its parameters have left, as those of several functions join."""
        if self._moves != stores.moves:
            self._moves = stores.moves
            self._made = {k: m for k, m in self._made.items() if stores.are_in(m.store, m.lifted.parameters)}

    def _state(self, batch: Batch) -> Surroundings:
        """What the function closes over, as it is now: a state that was met before, or a new one."""
        known = self._states.pop(batch.settings, [])
        self._states[batch.settings] = known
        if len(self._states) > PLANS:
            del self._states[next(iter(self._states))]
        for i, state in enumerate(known):
            if state.unchanged():
                known.insert(0, known.pop(i))
                return state
        objects = {n: x for n, x in zip(batch.call.names, batch.call.values) if is_setting(x)}
        known.insert(0, Surroundings(self.function, objects))
        del known[STATES:]
        alive = {id(s) for states in self._states.values() for s in states}
        self._made = {key: made for key, made in self._made.items() if key[0] in alive}
        return known[0]

    def _batch(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Batch:
        """The arguments as arrays with a row for each example."""
        try:
            call = given(self._signature, arguments, named)
        except TypeError as error:
            raise TypeError(f"{self.__name__} takes {self._signature}: {error}") from None
        places: list[int] = []
        arrays: list[Array] = []
        single: list[tuple[int, Array]] = []
        for i, (name, x) in enumerate(zip(call.names, call.values)):
            if is_setting(x):
                continue
            try:
                array = np.asarray(x._data if isinstance(x, Tensor) else x)
            except ValueError:
                raise ValueError(f"compile: the rows of the argument {name} have different lengths") from None
            if array is not x:
                require_unmasked(f"compile: the argument {name}", x)
            if array.dtype.kind not in "fiub":
                raise TypeError(f"compile: the argument {name} is {shown(x)}; expected an array of numbers")
            if not array.ndim:
                single.append((len(arrays), array))
            places.append(i)
            arrays.append(array)
        names = [call.names[i] for i in places]
        counts = [f"{name} has {len(x)}" for name, x in zip(names, arrays) if x.ndim]
        if single and not counts:
            first, array = single[0]
            raise ValueError(
                f"compile: the argument {names[first]} is a single number; its first axis counts the examples: "
                f"[{array}]"
            )
        if not arrays:
            raise TypeError(f"compile: {self.__name__} takes no argument, so there is no batch to run it over")
        sizes = {len(x) for x in arrays if x.ndim}
        if len(sizes) > 1:
            raise ValueError(f"compile: the arguments have different numbers of examples: {', '.join(counts)}")
        (size,) = sizes
        for i, array in single:  # the same for every example
            arrays[i] = np.full(size, array)
        fixed = [(n, key_of(x)) for n, x in zip(call.names, call.values) if is_setting(x)]
        return Batch(call, places, arrays, tuple(fixed), [x.dtype.kind in "iu" for x in arrays])

    # --- tracing -----------------------------------------------------------------------------------------------------

    def _make(self, batch: Batch, arrays: list[Array], state: Surroundings, before: Made | None) -> Made:
        """Trace the function on an example like these, and lift what it did."""
        with _tracing:
            if before is None:
                try:
                    return self._made_of(batch, arrays, state, [], [()])
                except WholeNumberNeededError:
                    pass
                except TracingError:
                    raise
                except (TypeError, ValueError, IndexError, KeyError, AttributeError):
                    if not any(batch.integers):
                        raise
            known = [i for i, whole in enumerate(batch.integers) if whole]
            cases = list(dict.fromkeys([*(before.cases if before is not None else []), *_cases(batch, known)]))
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
        run = lambda **how: self._traced(batch, shapes, next(starts), known, cases, state, **how)
        trace = unless_random(self.__name__, run, state.generators, _OTHER_GRAPH)
        first, second, settled = twice(trace, state)
        try:
            constants = _compared(first, second)
        except DifferentError as error:
            if settled:
                self._refuse(error, second, trace)
            first, second, _ = twice(trace, state)  # what the first run changed, the next may not
            try:
                constants = _compared(first, second)
            except DifferentError as error:
                self._refuse(error, second, trace)
        sizes = [int(np.prod(shape)) for shape in shapes]
        sizes += [len(values) for values, _, _ in first.tracer.draws]
        names = [*batch.names, *[f"random{i}" for i in range(len(first.tracer.draws))]]
        several = first.nested
        reduction = self._asked or ("none" if several else "mean")
        self.reduction = reduction
        split = reduction != "none" and not several and len(cases) == 1
        lifting = partial(lift, first.roots, first.places, sizes, names, split=split, constants=constants)
        lifted = lifting()
        store = None
        if lifted.parameters:
            store, order = stores.bind(lifted.parameters)
            if order != list(range(store.size)):  # the store of another function: its order
                known_places = dict(zip(lifted.parameters, order))
                lifted = lifting(known=known_places, size=store.size)
        draws = [(draw, shape) for _, draw, shape in first.tracer.draws]
        given = lifted, store, sizes[: len(shapes)], draws, reduction
        function = _batched(*given) if split else _batched_several(*given, len(cases), several)
        function.__name__ = self.__name__
        argument_names = [*batch.names, *["case"] * bool(known)]
        compiled = CompiledFunction(function, names=argument_names)
        numbers = {case: i for i, case in enumerate(cases)}
        assert first.rebuild is not None
        rebuild = partial(_rebuilt, first.rebuild, reduction) if several else _only
        places = dict(zip(lifted.parameters, order)) if store is not None else {}
        return Made(compiled, lifted, store, places, numbers, known, rebuild)

    def _refuse(self, error: DifferentError, second: _Tracing, trace: Callable[..., _Tracing]) -> NoReturn:
        """Say in which line two tracings differ, as far as a third one tells."""
        third = trace(keeps_lines=True)
        node, roots = error.node, second.roots
        try:
            _compared(second, third)
        except DifferentError as again:
            node, roots = again.node, third.roots
        where = line_of(node, roots, third.tracer)
        raise other_each_time(self.__name__, where, _OTHER_GRAPH) from None

    def _traced(
        self,
        batch: Batch,
        shapes: Sequence[tuple[int, ...]],
        start: float,
        known: list[int],
        cases: list[tuple[int, ...]],
        state: Surroundings,
        generators: Sequence[Any] | None,
        keeps_lines: bool = False,
    ) -> _Tracing:
        """What the function makes of one example of these shapes, for each case of integers that it needs to know."""
        found = _Tracing(Tracer(generators, any(batch.integers) and not known, keeps_lines))
        inputs = {
            i: _example(name, shape, i, found.places, start)
            for i, (name, shape) in enumerate(zip(batch.names, shapes)) if i not in known
        }  # fmt: skip
        names = [p for p in state.parameters if isinstance(p, Value)] if state.reads("data", "grad", "item") else []
        for case in cases:
            values = list(batch.call.values)
            for i, x in {**inputs, **_integers(case, known, shapes)}.items():
                values[batch.places[i]] = x
            positional, keywords = batch.call.call(values)
            with hidden(names), modes.tracing(found.tracer), modes.enable_grad():
                returned = self.function(*positional, **keywords)
                found.tracer.random_numbers.check_generators()
            found.add(returned, self.__name__)
        for number, (nodes, _, _) in enumerate(found.tracer.draws, len(shapes)):
            found.places.update({v: (number, i) for i, v in enumerate(nodes)})
        return found


class _Tracing:
    """One tracing of a function: what it returned in each case, and which leaves stand for what."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.places: dict[Value, tuple[int, int]] = {}
        self.roots: list[Value] = []
        self.nested = False
        self.rebuild: Rebuild | None = None
        self._layout: Any = None

    def add(self, returned: Any, name: str) -> None:
        """What the function returned: a Value, or Values in tuples, lists, dicts and arrays."""
        arrays, rebuild = flattened(returned)
        layout: list[Any] = []
        roots: list[Value] = []
        for x in arrays:
            nodes = list(x.flat) if isinstance(x, np.ndarray) else [x]
            if not all(isinstance(v, Value) or is_number(v) for v in nodes) or x is None or not nodes:
                raise TypeError(
                    f"compile: {name} returned {shown(x)}, not a Value, or Values in a tuple, list or array"
                )
            if not is_nested(returned) and not any(isinstance(v, Value) for v in nodes):
                raise TypeError(f"compile: {name} returned {shown(x)}, not a Value")
            roots += [v if isinstance(v, Value) else Value(v) for v in nodes]
            layout.append(x.shape if isinstance(x, np.ndarray) else None)
        nested = is_nested(returned) or layout[0] not in (None, (), (1,))
        if self._layout is not None and (layout, nested) != self._layout:
            raise TypeError(f"compile: {name} returns results of other shapes for other integers")
        self._layout = layout, nested
        self.nested = nested
        self.roots += roots
        self.rebuild = lambda new: rebuild(_in_shapes(new, layout))


def _in_shapes(columns: Sequence[Any], layout: Sequence[Any]) -> list[Any]:
    """Results, one array for each root, as arrays of the shapes the function gave."""
    rest = iter(columns)
    found = []
    for shape in layout:
        if shape is None:
            found.append(next(rest))
        else:
            parts = [next(rest) for _ in range(int(np.prod(shape)))]
            whole = np.stack(parts, axis=-1) if parts else np.empty(0)
            found.append(whole.reshape((*whole.shape[:-1], *shape)))
    return found


def _compared(first: _Tracing, second: _Tracing) -> set[Value]:
    """The constants of two tracings that do the same."""
    twins = {place: leaf for leaf, place in second.places.items()}
    same = {leaf: twins.get(place, leaf) for leaf, place in first.places.items()}
    return leaves_made(first.roots, second.roots, same)


def _only(results: Sequence[Any], batch: tuple[int, ...]) -> Any:
    return results[0]


def _several(x: Any) -> Sequence[Any]:
    return x if isinstance(x, tuple) else (x,)


def _rebuilt(rebuild: Rebuild, reduction: str, results: Sequence[Any], batch: tuple[int, ...]) -> Any:
    """The columns of the results, put together as the function did."""
    (whole,) = results
    return rebuild([np.ascontiguousarray(c) if reduction == "none" else float(c) for c in np.moveaxis(whole, -1, 0)])


# --- integers that have to be known ----------------------------------------------------------------------------------


def _rows(batch: Batch, known: Sequence[int]) -> Array:
    """The integers that have to be known, a row for each example."""
    columns = [x.reshape(len(x), int(np.prod(x.shape[1:]))) for x in (batch.arrays[i] for i in known)]
    return np.concatenate(columns, axis=1).astype(np.int64)


def _cases(batch: Batch, known: Sequence[int]) -> dict[tuple[int, ...], None]:
    """The combinations of integers in a batch."""
    rows = _rows(batch, known)
    return dict.fromkeys(map(tuple, np.unique(rows, axis=0).tolist())) if len(rows) else {}


def _numbers(batch: Batch, made: Made) -> Array:
    """Which case each example is."""
    rows = _rows(batch, made.known)
    if not len(rows):
        return np.zeros(0, np.intp)
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    return np.array([made.cases[case] for case in map(tuple, unique.tolist())], np.intp)[inverse.reshape(-1)]


def _integers(case: tuple[int, ...], known: Sequence[int], shapes: Sequence[tuple[int, ...]]) -> dict[int, Any]:
    """The integers of a case as the arguments they are."""
    found: dict[int, Any] = {}
    start = 0
    for i in known:
        size = int(np.prod(shapes[i]))
        part = case[start : start + size]
        found[i] = np.array(part, np.int64).reshape(shapes[i]) if shapes[i] else part[0]
        start += size
    return found


def _holds_objects(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == object


def _as_example(x: Any, whole: bool) -> Any:
    """One example of an argument, as the function gets it where nothing is compiled."""
    if whole:
        return int(x) if not np.ndim(x) else x
    return np.frompyfunc(Value, 1, 1)(x) if np.ndim(x) else Value(x)


# --- the batch -------------------------------------------------------------------------------------------------------


def _example(name: str, shape: tuple[int, ...], number: int, places: dict[Value, tuple[int, int]], start: float) -> Any:
    """What stands for one example of an argument: a Value, or an array of Values; they are different numbers."""
    if not shape:
        value = _leaf(start, name)
        places[value] = number, 0
        return value
    box = np.empty(shape, dtype=object)
    for i, place in enumerate(np.ndindex(shape)):
        box[place] = value = _leaf(start + 0.001 * i, f"{name}_{'_'.join(map(str, place))}")
        places[value] = number, i
    return box


def _leaf(number: float, label: str) -> Value:
    leaf = Value(number, label=label)
    leaf.__class__ = TracedValue
    return leaf


def _batched(
    lifted: Lifted, store: Tensor | None, sizes: Sequence[int], draws: Sequence[Any], reduction: str
) -> Callable[..., Any]:
    """The function over Tensors that runs the lifted program on a batch."""

    def batch(*arguments: Any) -> Any:
        columns = [columns_of(x, size) for x, size in zip(arguments, sizes)]
        count = columns[0].shape[0]
        for draw, shape in draws:
            whole = lambda draw=draw, shape=shape: draw((count, *shape)).reshape(count, -1)
            columns.append(columns[0].drawn(whole))
        first, *rest = lifted.run(columns, store)
        if reduction == "none":
            return reshape(repeated(first, count), (count,))
        scale = 1.0 if reduction == "mean" else float(count)
        if not (hasattr(first, "ndim") and first.ndim == 2):  # nothing in it depends on the example
            rest, whole_sum = [first, *rest], None
        else:
            whole_sum = mean(first) if reduction == "mean" else total(first)
        signs = lifted.signs if whole_sum is None else lifted.signs[1:]
        for sign, part in zip(signs, rest):
            part = total(part) if hasattr(part, "ndim") else part
            part = part * (sign * scale) if sign * scale != 1 else part
            whole_sum = part if whole_sum is None else whole_sum + part
        return whole_sum

    return batch


def _batched_several(
    lifted: Lifted,
    store: Tensor | None,
    sizes: Sequence[int],
    draws: Sequence[Any],
    reduction: str,
    cases: int,
    several: bool,
) -> Callable[..., Any]:
    """The function over Tensors that gives (N, results), or of a single result (N,); reduced over the examples.

    Where it was traced for several cases, the last argument says which of them each example is.
    """
    results = len(lifted.outputs) // cases

    def batch(*arguments: Any) -> Any:
        columns = [columns_of(x, size) for x, size in zip(arguments, sizes)]
        count = columns[0].shape[0]
        for draw, shape in draws:
            whole = lambda draw=draw, shape=shape: draw((count, *shape)).reshape(count, -1)
            columns.append(columns[0].drawn(whole))
        parts = [repeated(x, count) for x in lifted.run(columns, store)]
        found = concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        if cases > 1:
            found = index(reshape(found, (count, cases, results)), (np.arange(count), arguments[-1]))
        if not several:
            found = reshape(found, (count,))
        return found if reduction == "none" else (mean if reduction == "mean" else total)(found, axis=0)

    return batch
