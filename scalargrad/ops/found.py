"""Where something was found among Values: whole numbers that remember what they were found in.

``argmax`` of Values gives one, or an array of them. It counts, indexes and compares as any integer does. In arithmetic
with anything that is not an integer it is a node of the graph, as on Tensors: one through which no gradient passes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import cache
from numbers import Integral
from typing import Any

import numpy as np

from scalargrad.ops.structure import STRUCTURAL
from scalargrad.settings import Array


class Search:
    """The ``op`` of a node that is such a number: it has a value, its first operand, and no derivative."""

    def __init__(self, name: str) -> None:
        self.name = self.symbol = name

    def number(self, place: float, *_: float) -> float:
        """The number itself."""
        return place

    recomputed = number

    def require_derivative(self) -> None:
        """Raise NotDifferentiableError with the reason, as the methods below do."""
        STRUCTURAL[self.name].require_derivative()

    def local(self, *_: Any) -> Any:
        self.require_derivative()

    pullback = formula = local

    def text_of(self, place: Any, *operands: Any, style: str = "text") -> str:
        """The call with these names as operands."""
        from scalargrad.symbolic import STYLES, as_sym

        return f"{self.name}({', '.join(STYLES[style](as_sym(x)) for x in operands)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return search, (self.name,)

    def __deepcopy__(self, memo: object) -> Search:
        return self


@cache
def search(name: str) -> Search:
    """The one op of that name."""
    return Search(name)


def _node(place: Any, found: Any) -> Any:
    return type(found.among[0])._apply_op(search(found.name), (float(place), *found.among))


def _as_nodes(x: Any) -> Any:
    return x._nodes() if isinstance(x, (Found, FoundArray)) else x


def _apply(op: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    return op(*map(_as_nodes, operands))


class Found:
    """One such number: it counts, indexes and compares as an int."""

    __slots__ = ("among", "name", "place")

    def __init__(self, name: str, among: tuple[Any, ...], place: int) -> None:
        self.name = name
        self.among = among
        """The Values it was found among."""
        self.place = place

    _apply_op = staticmethod(_apply)

    def _nodes(self) -> Any:
        return _node(self.place, self)

    def __int__(self) -> int:
        return self.place

    __index__ = __trunc__ = __floor__ = __ceil__ = __int__

    def __float__(self) -> float:
        return float(self.place)

    def __bool__(self) -> bool:
        return bool(self.place)

    def __hash__(self) -> int:
        return hash(self.place)

    def __repr__(self) -> str:
        return repr(self.place)

    def __format__(self, form: str) -> str:
        return format(self.place, form)

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (self.place,)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.place, dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        return _on_arrays(ufunc, method, operands, options)


Integral.register(Found)


def _found(name: str, among: tuple[Any, ...], place: Any) -> Any:
    """A number, or an array of numbers, found among these Values."""
    if np.ndim(place):
        places = place.view(FoundArray)
        places.name, places.among = name, among
        return places
    return Found(name, among, int(place))


def _compared(name: str) -> Callable[[Any, Any], Any]:
    compare = getattr(operator, name)
    return lambda self, other: compare(self.place, other.place if isinstance(other, Found) else other)


def _computed(name: str, reflected: bool) -> Callable[..., Any]:
    function = getattr(operator, f"__{name}__")

    def method(self: Found, *others: Any) -> Any:
        if all(isinstance(x, (int, Found)) for x in others):
            whole = [self.place, *map(int, others)]
            result = function(*(reversed(whole) if reflected else whole))
            if isinstance(result, int):
                return Found(self.name, self.among, result)
        nodes = [self._nodes(), *map(_as_nodes, others)]
        return function(*(reversed(nodes) if reflected else nodes))

    return method


for _name in ("lt", "le", "eq", "ne", "gt", "ge"):
    setattr(Found, f"__{_name}__", _compared(_name))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor"):
    setattr(Found, f"__{_name}__", _computed(_name, False))
    setattr(Found, f"__r{_name}__", _computed(_name, True))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Found, f"__{_name}__", _computed(_name, False))


class FoundArray(np.ndarray):
    """An array of such numbers, each found among all of the Values."""

    name: str
    among: tuple[Any, ...]
    _apply_op = staticmethod(_apply)

    @staticmethod
    def _apply_structural(op: Any, operands: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        given = [np.asarray(x) if i in op.integers else _as_nodes(x) for i, x in enumerate(operands)]
        return op.on_arrays(tuple(given), settings)

    def __array_finalize__(self, like: Any) -> None:
        if isinstance(like, FoundArray):
            self.name, self.among = like.name, like.among

    def _nodes(self) -> Any:
        nodes = np.empty(self.shape, object)
        for place, x in np.ndenumerate(self.view(np.ndarray)):
            nodes[place] = _node(x, self)
        return nodes[()]

    @property
    def data(self) -> Any:
        """The plain array, as of a Tensor."""
        return np.asarray(self)

    _data = data

    def __getitem__(self, key: Any) -> Any:
        return _found(self.name, self.among, np.asarray(self)[key])

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def __reduce__(self) -> Any:
        return np.asarray(self).__reduce__()

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        return _on_arrays(ufunc, method, operands, options)


def _on_arrays(ufunc: Any, method: str, operands: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A ufunc: of whole numbers plainly, if its result is made of whole numbers or bools; else of nodes."""
    own = [not hasattr(type(x), "_apply_op") or isinstance(x, (Found, FoundArray)) for x in operands]
    plain, out = [np.asarray(x) for x in operands] if all(own) else [], options.get("out", ())
    if out:  # in place
        options["out"] = tuple([np.asarray(x) for x in out])
    if plain and all(x.dtype.kind in "iub" for x in plain):
        result = getattr(ufunc, method)(*plain, **options)
        kind = getattr(result, "dtype", np.dtype(object)).kind
        if kind == "b":
            return result
        if kind in "iu":
            found = next(x for x in (*operands, *out) if isinstance(x, (Found, FoundArray)))
            return _found(found.name, found.among, result)
    options.pop("dtype", None)  # nodes are floats
    return getattr(ufunc, method)(*map(_as_nodes, operands), **options)


def found_among(name: str, values: Array, places: Any) -> Any:
    """Places in an object array of Values, as what the op of this name found among them."""
    nodes = tuple([x for x in values.flat if hasattr(type(x), "_apply_op")])
    return _found(name, nodes, places) if nodes else places
