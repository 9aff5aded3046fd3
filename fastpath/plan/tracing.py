"""Running a function once to see what it does: its arguments stand in as Tensors that record everything.

A traced array refuses what would be decided once and for all while tracing: comparisons, ``if``, ``float()``. What
nobody asks an array for, random numbers and counters of the user's own, is found by tracing twice (:func:`difference`).
"""

from __future__ import annotations

import linecache
import pickle
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from fastpath import functions, recording
from fastpath.bound import Bound
from fastpath.numerics import Array
from fastpath.plan.nesting import Rebuild, flattened, is_nested
from fastpath.tensor import Tensor, make
from scalargrad import modes
from scalargrad.graph import topological_order
from scalargrad.ops.operators import Operators
from scalargrad.ops.registry import Op, subscribe
from scalargrad.ops.structural import astype, index, matmul
from scalargrad.ops.structure import StructuralOp, subscribe_structural

_HOMES = (
    *[str(Path(module.__file__ or "").parent) for module in (modes, recording, np)], "<operators of", "<backward of"
)  # fmt: skip


class TracingError(TypeError):
    """A function looks at the numbers of an argument while it is traced: what it decides would be frozen."""


class WholeNumberError(TracingError):
    """A function needs the number of an argument that is a single integer: it is traced again for that number."""

    def __init__(self, message: str, argument: Any) -> None:
        super().__init__(message)
        self.argument = argument


def place_in_code() -> tuple[str, int]:
    """The file and line of the user's code that is at work."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOMES):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def users_line(place: tuple[str, int] | None = None) -> str:
    """A line of the user's code, that at work if none is given, for a message."""
    file, number = place or place_in_code()
    path = Path(file)
    line = linecache.getline(file, number).strip()
    name = "this cell" if path.parent.name.startswith("ipykernel") else path.name
    return f"{name}, line {number}" + (f" (`{line}`)" if line else "")


def refuse(what: str, instead: str = "") -> NoReturn:
    """Say which line of the user's code did what, and what to write there."""
    where = users_line()
    instead = instead or "write where(condition, a, b), maximum, minimum or relu instead"
    raise TracingError(
        f"compile: {what} of a traced array in {where} would be decided once, while tracing, and not at each run; "
        f"{instead}"
    )


def _mixing(operator: Callable[..., Any]) -> Callable[..., Any]:
    """An operator that refuses a Value, rather than leave that to Python."""

    def method(self: Any, other: Any) -> Any:
        if hasattr(type(other), "_apply_op") and not isinstance(other, Tensor):
            raise TypeError("compile: this function computes with Values and with arrays; use one kind throughout")
        return operator(self, other)

    return method


class Traced(Tensor):
    """A Tensor that stands for an argument, or depends on one, while a function is traced.

    Whole numbers, as labels and indices are, stay so while they are moved about and where they are such; in arithmetic
    they are floats, as those of any Tensor.
    """

    __slots__ = ()

    for _name in ("add", "sub", "mul", "truediv", "pow"):
        locals()[f"__{_name}__"] = _mixing(getattr(Operators, f"__{_name}__"))
        locals()[f"__r{_name}__"] = _mixing(getattr(Operators, f"__r{_name}__"))
    del _name

    @staticmethod
    def _apply_op(op: Op, operands: tuple[Any, ...]) -> Any:
        return _recorded(recording.apply, op, _as_floats(operands))

    @staticmethod
    def _apply_structural(op: StructuralOp, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        if any(isinstance(part, Tensor) for part in settings.get("key", ())):
            return _recorded(_indexed, op, operands[0], settings)
        if op.name not in _MOVING or len({_is_whole(x) for x in operands}) > 1:
            operands = _as_floats(operands, op.integers)
        return _recorded(recording.apply_structural, op, operands, settings)

    @staticmethod
    def _apply_function(function: Any, operands: tuple[Any, ...]) -> Any:
        """A Function sees the numbers: it is called as it is, at every run."""
        inputs = tuple(
            [x if isinstance(x, Tensor) else recording.constant(x, function.__name__, operands) for x in operands]
        )
        plain = [x.detached() if isinstance(x, Traced) else x for x in operands]
        result, kept = functions.run(function, tuple(plain))
        op = functions.ArrayFunctionOp(function, tuple([None if isinstance(x, Tensor) else x for x in operands]), kept)
        return _recorded(recording.record, op, result, inputs, tuple([getattr(x, "_data", x) for x in inputs]))

    def detached(self) -> Tensor:
        """The numbers themselves, for a Function to see."""
        leaf = make(self._data, None, (), None, None)
        leaf.requires_grad = self.requires_grad and self._data.dtype.kind == "f"
        return leaf

    def __matmul__(self, other: Any) -> Any:
        return matmul(self, other) if self._takes(other) else NotImplemented

    def __rmatmul__(self, other: Any) -> Any:
        return matmul(other, self) if self._takes(other) else NotImplemented

    def __getitem__(self, key: Any) -> Any:
        return index(self, key)

    def beside(self, a: Any) -> Any:
        """What is to be indexed by this one, as a node of the same graph."""
        if isinstance(a, Traced):
            return a
        a = a if isinstance(a, Tensor) else recording.constant(np.asarray(a), "index", (self,))
        node = make(a._use(), Bound(astype, {"dtype": a.dtype}), (a,), (a._data,), (True,))
        node.__class__ = Traced
        return node

    def detach(self) -> Tensor:
        """The same numbers, through which no gradient passes."""
        return _stopped(self)

    def drawn(self, draw: Callable[[], Any]) -> Tensor:
        """The array ``draw()``, of random numbers or of others that change: drawn anew at every run of the plan."""
        tracer = active()
        tracer.check_generators()
        node = make(np.asarray(draw()), None, (), None, None)
        tracer.states = tracer.states_now()
        node.__class__ = Traced
        node.requires_grad = True
        tracer.draws[node] = draw
        return node

    def observed(self, observe: Callable[..., Any], *arrays: Any) -> None:
        """Have ``observe`` called with the numbers of these arrays at every run of the plan, as running averages need.

        It must not keep the arrays themselves: their memory is used again.
        """
        active().observers.append((observe, arrays))

    def checked(self, check: Callable[[Any], None]) -> None:
        """Have its numbers checked, now and at every run, before they are used."""
        check(self._data)
        active().observers.append((check, (self,)))

    # --- refused -----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """Whole numbers, as labels are, stay what they are in a call; the numbers of others are not to be seen."""
        if self._data.dtype.kind in "iu":
            return self
        return refuse("the data", "use the array itself, or detach() to stop the gradient")

    @data.setter
    def data(self, new: Any) -> None:
        refuse("a change of the data", "return the new array from the function instead")

    array = data

    def __array__(self, *arguments: Any, **named: Any) -> Any:
        return refuse("an array made", "use the functions of scalargrad on it")

    def item(self) -> float:
        return refuse("item()", "return the number from the function instead")

    def __bool__(self) -> bool:
        return refuse("the truth value")

    def __float__(self) -> float:
        return refuse("float()", "use the array itself")

    def __index__(self) -> int:
        return refuse("int()", "use the array itself as the index")

    __int__ = __index__

    def __eq__(self, other: object) -> Any:
        return refuse("==", "write equal(a, b) instead")

    def __ne__(self, other: object) -> Any:
        return refuse("!=", "write not_equal(a, b) instead")

    __hash__ = Tensor.__hash__

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        if ufunc in recording._COMPARISONS:
            refuse(f"np.{ufunc.__name__}", f"write {ufunc.__name__}(a, b) of scalargrad instead")
        return recording._array_ufunc(self, ufunc, method, *operands, **options)

    def _compare(self, compare: Any, other: Any) -> Any:
        return refuse("a comparison", "write greater(a, b), where(greater(a, b), …), maximum, minimum or relu instead")

    def __format__(self, spec: str) -> str:
        return refuse("the number", "format it outside of the function") if spec else str(self)


class TracedInteger(Traced):
    """A single integer among the arguments: a function that needs its number is traced again, for that number."""

    __slots__ = ()

    def __index__(self) -> int:
        raise WholeNumberError(f"compile: int() of an argument in {users_line()}, which is not given as an int", self)

    __int__ = __index__


def _method(op: Any, present: bool) -> None:
    if not present:
        delattr(Traced, op.name)
    elif not getattr(op, "many", False):

        def method(self: Any, *arguments: Any, **settings: Any) -> Any:
            if op.name in ("reshape", "transpose") and len(arguments) > 1:
                arguments = (arguments,)
            return op(self, *arguments, **settings)

        setattr(Traced, op.name, method)


subscribe(_method)
subscribe_structural(_method)


_MOVING = frozenset(["reshape", "transpose", "broadcast_to", "index", "concatenate"])
"""Structural ops that leave whole numbers what they are."""


def _is_whole(x: Any) -> bool:
    return isinstance(x, Tensor) and x._data.dtype.kind in "iu"


def _as_floats(operands: tuple[Any, ...], integers: Sequence[int] = ()) -> tuple[Any, ...]:
    """Operands of arithmetic: whole numbers as floats of the type they meet, but those in the places ``integers``."""
    if not any(map(_is_whole, operands)):
        return operands
    settings = {"dtype": recording.common_dtype(operands)}
    return tuple(
        [
            _recorded(recording.apply_structural, astype, (x,), settings) if _is_whole(x) and i not in integers else x
            for i, x in enumerate(operands)
        ]
    )


def _indexed(op: StructuralOp, a: Tensor, settings: dict[str, Any]) -> Tensor:
    """An index, or its inverse, whose key has arrays that are given anew at every run: they are inputs of the node."""
    key = settings["key"]
    arrays = [x._data if isinstance(x, Tensor) else x for x in key]
    known = {**settings, "key": tuple(arrays)}
    try:
        data = op.forward(np, a._use(), **known)
    except (ValueError, IndexError, TypeError) as error:
        raise op.misfit((a._data,), known, error) from None
    nodes = tuple([x for x in key if isinstance(x, Tensor)])
    return recording.record(Bound(op, settings), data, (a, *nodes), (a._data, *[x._data for x in nodes]))


def _recorded(apply: Callable[..., Tensor], *given: Any) -> Tensor:
    with modes.enable_grad():
        node = apply(*given)
    if node.op is not None:
        node.__class__ = Traced
        if modes.tracer() is not None:
            active().lines[node] = place_in_code()
    return node if modes.recording() else _stopped(node)


class _Stop(Bound):
    """The op of ``detach``."""

    stops = True


_STOP = StructuralOp("detach", lambda xp, a: a, (), why_not="detach stops the gradient")


def _stopped(node: Tensor) -> Tensor:
    stopped = make(node._data, _Stop(_STOP, {}), (node,), (node._data,), (True,))
    stopped.__class__ = Traced
    return stopped


# --- tracing ---------------------------------------------------------------------------------------------------------


@dataclass
class Graph:
    """What was seen: the nodes in topological order, the outputs, and what stands for the arguments."""

    order: list[Any]
    outputs: list[Tensor]
    single: bool
    """Whether the function returned one array rather than a tuple, a list or a dict."""
    arguments: list[Tensor]
    draws: dict[Tensor, Callable[[], Any]]
    """What is computed anew at every run, and how."""
    observers: list[tuple[Callable[..., Any], tuple[Any, ...]]]
    """Functions that are called at every run, with these arrays."""
    lines: dict[Any, tuple[str, int]]
    """The file and line of the user's code that made each node."""
    rebuild: Rebuild
    """Puts results together as the function did."""


class Tracer:
    """What is asked while a function over Tensors is traced."""

    def __init__(self, generators: Sequence[Any] | None = ()) -> None:
        self.draws: dict[Tensor, Callable[[], Any]] = {}
        self.observers: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.lines: dict[Any, tuple[str, int]] = {}
        self.generators = [] if generators is None else [*generators, random, np.random]
        self.states = self.states_now()

    def look(self, value: Any, what: str) -> NoReturn:
        """Refuse what would be decided by the number of a parameter."""
        raise TracingError(
            f"compile: {what} of a parameter in {users_line()} would be decided once, while tracing, and not at each "
            "run; compute with the parameter itself, or with its detach()"
        )

    def states_now(self) -> list[Any]:
        """The states of the random generators that the function can reach."""
        return [_state(g) for g in self.generators]

    @staticmethod
    def is_ours(file: str) -> bool:
        """Whether code is the library's, which may look at numbers."""
        return file.startswith(_HOMES)

    def check_generators(self) -> None:
        """Refuse if any of them has been asked for random numbers, other than by ``drawn``."""
        if self.states_now() != self.states:
            raise RandomNumbersError


class RandomNumbersError(TracingError):
    """A function draws random numbers while it is traced."""


def _state(generator: Any) -> Any:
    if generator is np.random:
        return pickle.dumps(np.random.get_state())
    if isinstance(generator, np.random.RandomState):
        return pickle.dumps(generator.get_state())
    return generator.getstate() if hasattr(generator, "getstate") else pickle.dumps(generator.bit_generator.state)


def line_of_random(run: Callable[[], Any], generators: Sequence[Any]) -> str | None:
    """The line of the user's code that draws random numbers when this is run; None if it is not the code that does.

    Another thread may draw from the same generator at the time, but hardly three times in the same line.
    """
    found = {_line_of_random(run, generators) for _ in range(3)}
    place = found.pop()
    return users_line(place) if place is not None and not found else None


def _line_of_random(run: Callable[[], Any], generators: Sequence[Any]) -> tuple[str, int] | None:
    watched = [*generators, random, np.random]
    before = [_state(g) for g in watched]
    last: dict[Any, int] = {}
    found: list[tuple[str, int]] = []

    def watch(frame: Any, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename.startswith((*_HOMES, random.__file__)) or found:
            return None
        if frame in last and [_state(g) for g in watched] != before:
            found.append((frame.f_code.co_filename, last[frame]))
        last[frame] = frame.f_lineno
        return watch

    debugger = sys.gettrace()
    sys.settrace(watch)
    try:
        run()
    except Exception:
        pass  # it is run for the line only
    finally:
        sys.settrace(debugger)
    return found[0] if found else None


def active() -> Tracer:
    """The tracing that is going on."""
    found: Tracer = modes.tracer()
    return found


def traced(
    function: Callable[..., Any],
    arrays: Sequence[Array],
    names: Sequence[str],
    whole: Sequence[bool] = (),
    generators: Sequence[Any] | None = (),
) -> Graph:
    """Run a function on stand-ins for these arrays, which are labelled with these names.

    Those marked as ``whole`` are single integers that the function may ask for: it is answered by a WholeNumberError.
    """
    tracer = Tracer(generators)
    arguments = []
    for i, (array, name) in enumerate(zip(arrays, names)):
        leaf = make(array, None, (), None, None)
        leaf.__class__ = TracedInteger if i < len(whole) and whole[i] else Traced
        leaf.requires_grad, leaf.label = True, name
        arguments.append(leaf)
    with modes.tracing(tracer), modes.enable_grad():
        returned = function(*arguments)
        tracer.check_generators()
    outputs, rebuild = flattened(returned)
    for i, x in enumerate(outputs):
        if not isinstance(x, Tensor):
            if not isinstance(x, (float, int, np.ndarray, np.generic)) or np.asarray(x).dtype.kind not in "fiub":
                raise TypeError(
                    f"compile: the function returned {type(x).__name__}; expected a Tensor, or Tensors in a tuple, "
                    "list or dict"
                )
            outputs[i] = Tensor(x)
    looked_at = [x for _, arrays in tracer.observers for x in arrays if isinstance(x, Tensor)]
    order = topological_order(*outputs, *looked_at)
    single = not is_nested(returned)
    return Graph(order, outputs, single, arguments, tracer.draws, tracer.observers, tracer.lines, rebuild)


def difference(first: Graph, second: Graph) -> str | None:
    """Where two tracings of a function differ: a line of the user's code; None if they do the same."""
    pairs: dict[Any, Any] = dict(zip(first.arguments, second.arguments))
    pairs.update(zip(first.draws, second.draws))
    alike = len(first.order) == len(second.order) and len(first.observers) == len(second.observers)
    for a, b in zip(first.order, second.order):
        if a in pairs or a is b:
            same = pairs.setdefault(a, b) is b
        elif a.op is None or b.op is None:
            same = a.op is b.op and same_settings(a._data, b._data)
        else:
            same = _same_op(a.op, b.op) and len(a.inputs) == len(b.inputs)
            inputs = [(pairs.get(x, x) if isinstance(x, Tensor) else x, y) for x, y in zip(a.inputs, b.inputs)]
            same = same and all(x is y if isinstance(y, Tensor) else same_settings(x, y) for x, y in inputs)
        if not same:
            users = (n for n in second.order if any(x is b for x in n.inputs))
            place = second.lines.get(b) or second.lines.get(next(users, None))
            return users_line(place) if place else "its result"
        pairs[a] = b
    return None if alike else "its result"


def taken_apart(graph: Graph) -> str | None:
    """The name of an argument, a matrix, that is used only row by row, as ``x[0]`` and ``x[1]``."""
    for x in graph.arguments:
        users = [n for n in graph.order if any(y is x for y in n.inputs)]
        keys = [n.op.settings.get("key", ()) for n in users if isinstance(n.op, Bound) and n.op.name == "index"]
        rows = {key[0] for key in keys if len(key) == 1 and isinstance(key[0], int)}
        if x.ndim == 2 and len(rows) > 1 and len(keys) == len(users):
            return x.label
    return None


def _same_op(a: Any, b: Any) -> bool:
    if isinstance(a, Bound) and isinstance(b, Bound):
        return a.op is b.op and same_settings(a.settings, b.settings)
    if isinstance(a, functions.ArrayFunctionOp) and isinstance(b, functions.ArrayFunctionOp):
        return a.function is b.function and same_settings(a.constants, b.constants)
    return a is b


def same_settings(a: Any, b: Any) -> bool:
    """Whether settings of ops, or constants, are the same: numbers to the bit, arrays number by number."""
    if a is b:
        return True
    if type(a) is not type(b) and not (isinstance(a, Traced) and isinstance(b, Traced)):
        return False
    if isinstance(a, np.ndarray):
        return bool(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes())
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same_settings, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_settings(a[k], b[k]) for k in a)
    if isinstance(a, (float, np.floating)):
        return np.float64(a).tobytes() == np.float64(b).tobytes()
    if isinstance(a, slice):
        return (a.start, a.stop, a.step) == (b.start, b.stop, b.step)
    return isinstance(a, Traced) or bool(a == b)
