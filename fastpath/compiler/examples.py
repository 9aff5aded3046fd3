"""A function of one example, written with Values: traced once, lifted to arrays, and run over batches as a plan."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

import numpy as np

from fastpath.compiler import store as stores
from fastpath.compiler.closure import parameters as closure
from fastpath.compiler.functions import CompiledFunction
from fastpath.compiler.lifting import Lifted, columns_of, lift, repeated
from fastpath.compiler.repeating import Example, leaves_made
from fastpath.numerics import Array, shown
from fastpath.plan import Plan
from fastpath.plan.tracing import TracingError, users_line
from fastpath.tensor import Tensor
from scalargrad import modes
from scalargrad.engine import Value
from scalargrad.ops.structural import mean, reshape
from scalargrad.ops.structural import sum as total

REDUCTIONS = ("mean", "sum", "none")
_WITH_NUMBERS = "compute with the Value itself, or with its functions"
_INSTEAD = dict.fromkeys(["float()", ".data", "item()"], _WITH_NUMBERS)
_INSTEAD["int()"] = "give classes as rows with a 1 in one place: one_hot(labels, classes)"
_BRANCH = "write where(condition, a, b), maximum, minimum or relu instead"


class Tracer:
    """What is asked while scalar code is traced: it refuses to decide by numbers, and notes what is random."""

    def __init__(self) -> None:
        self.draws: list[tuple[list[Value], Callable[[tuple[int, ...]], Array], tuple[int, ...]]] = []

    def look(self, value: Value, what: str) -> NoReturn:
        """Refuse, naming the line of the user's code."""
        raise TracingError(
            f"compile: {what} of a Value in {users_line()} would be decided once, while tracing, and not for each "
            f"example; {_INSTEAD.get(what, _BRANCH)}"
        )

    def random(self, shape: tuple[int, ...], draw: Callable[[tuple[int, ...]], Array]) -> Array:
        """Nodes that stand for random numbers, drawn anew for every example at every run."""
        nodes: Array = np.frompyfunc(Value, 1, 1)(np.asarray(draw(shape), dtype=float))
        self.draws.append((list(nodes.flat), draw, shape))
        return nodes


class CompiledScalars:
    """A function of one example, written with Values, that runs over a batch.

    Called with arrays whose first axis counts the examples, it gives the mean over them (``reduction="sum"``: the sum;
    ``"none"``: one number each). :meth:`backward` leaves the gradients in the Values the function closes over,
    :meth:`step` takes a step of gradient descent, :meth:`value_and_grad` gives value and gradients.

    The parameters are all leaves the graph reaches besides the example. Their numbers lie in one Tensor, the
    :attr:`store`, from the first call on: the Values show them whenever they are asked, and an optimizer that is given
    the Values changes the store as a whole. ``dtype`` is the type of all arrays, the store among them.
    """

    def __init__(self, function: Callable[..., Any], reduction: str = "mean", dtype: Any = "float64") -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise ValueError(f"compile: dtype is a float type, not {dtype!r}")
        if reduction not in REDUCTIONS:
            raise ValueError(f"compile: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
        self.function = function
        self.reduction = reduction
        self.__name__ = getattr(function, "__name__", type(function).__name__)
        self.__doc__ = getattr(function, "__doc__", None)
        self._signature = inspect.signature(function)
        self._modules = closure(function)[1]
        self._made: dict[Any, tuple[CompiledFunction, Lifted, Tensor | None]] = {}
        self._moves = stores.moves
        self._last: tuple[Any, ...] = ()
        self._names: tuple[str, ...] = ()
        self.parameters: list[Value] = []
        """The Values it is differentiated by, in the order of the store; known after the first call."""
        self.store: Tensor | None = None
        """The Tensor that holds their numbers."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The mean over the examples as a float (or what ``reduction`` says)."""
        compiled, arrays = self._prepared(arguments, named)
        return compiled(*arrays)

    def value_and_grad(self, *arguments: Any, **named: Any) -> tuple[float, dict[Value, float]]:
        """The value, and the gradient by each parameter: a dict by the Values."""
        compiled, arrays = self._prepared(arguments, named)
        self._require_gradient()
        value, gradients = compiled.value_and_grad(*arrays)
        (gradient,) = gradients.values()
        numbers = gradient.tolist()
        return value, {p: numbers[p.place] for p in self.parameters}

    def backward(self, *arguments: Any, **named: Any) -> float:
        """The value; the ``grad`` of the parameters receives its gradients, as ``Value.backward`` would give them."""
        compiled, arrays = self._prepared(arguments, named)
        if not self._differentiable:
            self._require_gradient()
        return compiled.backward(*arrays)

    def step(self, *arguments: Any, lr: float, **named: Any) -> float:
        """One step of gradient descent on all parameters; gives the value before it."""
        compiled, arrays = self._prepared(arguments, named)
        if not self._differentiable:
            self._require_gradient()
        return compiled.step(*arrays, lr=lr)

    def plan(self, *arguments: Any, **named: Any) -> Plan:
        """The plan for arguments like these: print or draw it."""
        compiled, arrays = self._prepared(arguments, named)
        return compiled.plan(*arrays)

    def lifted(self, *arguments: Any, **named: Any) -> Lifted:
        """The scalar graph as array instructions, before they are planned: print it."""
        self._prepared(arguments, named)
        return self._made[self._last[0]][1]

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}: scalar code, {len(self.parameters)} parameters>"

    @property
    def _differentiable(self) -> bool:
        return bool(self.parameters) and self.reduction != "none"

    def _require_gradient(self) -> None:
        if not self.parameters:
            raise ValueError(f"compile: {self.__name__} closes over no Value, so there is nothing to differentiate by")
        if self.reduction == "none":
            raise ValueError(
                "compile: a gradient is of a single number, and with reduction='none' there is one for each example; "
                "take 'mean' or 'sum'"
            )

    # --- preparing ---------------------------------------------------------------------------------------------------

    def _prepared(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[CompiledFunction, Sequence[Any]]:
        training = tuple([m.training for m in self._modules])
        if not named and self._last and self._moves == stores.moves:  # the next call is likely to be like the last
            _, shapes, dtypes, kind, compiled = self._last
            if kind == training and len(arguments) == len(shapes):
                for x, shape, dtype in zip(arguments, shapes, dtypes):
                    if type(x) is not np.ndarray or x.dtype is not dtype or x.shape != shape:
                        break
                else:
                    return compiled, arguments
        arrays = self._arrays(arguments, named)
        if self._moves != stores.moves:
            self._made.clear()
            self._moves = stores.moves
        key = (training, self._names, *[x.shape[1:] for x in arrays])
        if key not in self._made:
            self._made[key] = self._make([x.shape[1:] for x in arrays])
            self._moves = stores.moves
        compiled, lifted, self.store = self._made[key]
        self.parameters = lifted.parameters
        floats = [x.dtype for x in arrays]
        self._last = (key, [x.shape for x in arrays], floats, training, compiled)
        return compiled, arrays

    def _arrays(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> list[Array]:
        try:
            bound = self._signature.bind(*arguments, **named)
        except TypeError as error:
            raise TypeError(f"{self.__name__} takes {self._signature}: {error}") from None
        arrays = []
        for name, x in bound.arguments.items():
            try:
                array = np.asarray(x._data if isinstance(x, Tensor) else x)
            except ValueError:
                raise ValueError(f"compile: the rows of the argument {name} have different lengths") from None
            if array.dtype.kind not in "fiub":
                raise TypeError(f"compile: the argument {name} is {shown(x)}; expected an array of numbers")
            if not array.ndim:
                raise ValueError(
                    f"compile: the argument {name} is a single number; its first axis counts the examples: [{array}]"
                )
            arrays.append(array.astype(self.dtype, copy=False))
        if len({len(x) for x in arrays}) > 1:
            counts = ", ".join(f"{name} has {len(x)}" for name, x in zip(bound.arguments, arrays))
            raise ValueError(f"compile: the arguments have different numbers of examples: {counts}")
        if not arrays:
            raise TypeError(f"compile: {self.__name__} takes no argument, so there is no batch to run it over")
        self._names = tuple(bound.arguments)
        return arrays

    def _call(self, inputs: dict[str, Any]) -> Any:
        """The function with these arguments; what has a default and is not given keeps it."""
        call = self._signature.bind_partial()
        call.arguments.update(inputs)
        return self.function(*call.args, **call.kwargs)

    def _traced(self, shapes: Sequence[tuple[int, ...]], start: float) -> tuple[Value, dict[Value, Any], Tracer]:
        """What the function makes of one example of these shapes; its leaves with their places, and what was random."""
        tracer = Tracer()
        places: dict[Value, tuple[int, int]] = {}
        inputs = {
            name: _example(name, shape, i, places, start) for i, (name, shape) in enumerate(zip(self._names, shapes))
        }
        with modes.tracing(tracer), modes.enable_grad():
            root = self._call(inputs)
        root = root.item() if isinstance(root, np.ndarray) and root.size == 1 else root
        if not isinstance(root, Value):
            raise TypeError(f"compile: {self.__name__} returned {shown(root)}, not a Value")
        for number, (values, _, _) in enumerate(tracer.draws, len(shapes)):
            places.update({v: (number, i) for i, v in enumerate(values)})
        return root, places, tracer

    def _make(self, shapes: Sequence[tuple[int, ...]]) -> tuple[CompiledFunction, Lifted, Tensor | None]:
        """Trace the function on an example of these shapes, and lift what it did."""
        root, places, tracer = self._traced(shapes, 1.0)
        other, others, _ = self._traced(shapes, -1.7)
        twins = {place: leaf for leaf, place in others.items()}
        same = {leaf: twins.get(place, leaf) for leaf, place in places.items()}
        constants = leaves_made(root, other, same, self.__name__)
        sizes = [int(np.prod(shape)) for shape in shapes]
        sizes += [len(values) for values, _, _ in tracer.draws]
        names = [*self._names, *[f"random{i}" for i in range(len(tracer.draws))]]
        lifting = partial(lift, [root], places, sizes, names, split=self.reduction != "none", constants=constants)
        lifted = lifting()
        store = None
        if lifted.parameters:
            store, order = stores.bind(lifted.parameters, self.dtype)
            if order != list(range(store.size)):  # the store of another function: its order
                known = dict(zip(lifted.parameters, order))
                lifted = lifting(known=known, size=store.size)
        draws = [(draw, shape) for _, draw, shape in tracer.draws]
        batch = _batched(lifted, store, sizes[: len(shapes)], draws, self.reduction)
        batch.__name__ = self.__name__
        return CompiledFunction(batch, names=self._names, modules=self._modules), lifted, store


def _example(name: str, shape: tuple[int, ...], number: int, places: dict[Value, tuple[int, int]], start: float) -> Any:
    """What stands for one example of an argument: a Value, or an array of Values; they are different numbers."""
    if not shape:
        value = Example(start, label=name)
        places[value] = number, 0
        return value
    box = np.empty(shape, dtype=object)
    for i, place in enumerate(np.ndindex(shape)):
        box[place] = value = Example(start + 0.001 * i, label=f"{name}_{'_'.join(map(str, place))}")
        places[value] = number, i
    return box


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
