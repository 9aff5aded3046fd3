"""What the two tables of operations have in common: a table, and a row of it, which is also a function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import Parameter, Signature
from typing import Any, Generic, ParamSpec, TypeVar

from scalargrad.ops.given import REFUSALS, called_here, is_neutral, is_raw, named

P = ParamSpec("P")
R = TypeVar("R", bound="Row")
T = TypeVar("T")

NODE = ("backward", "data", "grad", "inputs", "item", "label", "op", "scope")
"""What a Value and a Tensor show besides their ops."""
TENSOR = (
    "T", "detach", "dtype", "ndim", "requires_grad", "retain_grad", "shape", "size",
    "add_", "bmm", "clamp", "clone", "contiguous", "copy_", "cpu", "dim", "div_", "double", "eq", "expand", "fill_",
    "float", "is_leaf", "long", "mT", "masked_fill", "mm", "mul_", "nelement", "numel", "numpy", "permute",
    "requires_grad_", "sub_", "t", "to", "tolist", "type", "unsqueeze", "view", "zero_",
)  # fmt: skip
"""What a Tensor shows besides, in PyTorch's words too."""
RESERVED = frozenset([*NODE, *TENSOR, "args", "atom", "constant", "inf", "named", "names", "nan", "number", "pi"])
"""Names no op can have: attributes of the operand types, loaded or not, and constants of formulas."""


class NotDifferentiableError(TypeError):
    """A gradient was asked for through an operation that has none."""


class _Documented:
    """An attribute of rows that is computed when it is asked for; ``of_class`` is that of their class."""

    def __init__(self, of_row: Callable[[Any], Any], of_class: str | None = None) -> None:
        self.of_row = of_row
        self.of_class = of_class

    def __get__(self, row: Any, kind: type) -> Any:
        if row is not None:
            return self.of_row(row)
        if self.of_class is None:
            raise AttributeError
        return self.of_class


def _document(row: Row) -> str:
    from scalargrad.symbolic.documentation import document

    return document(row)


def _signature(row: Row) -> Signature:
    found = []
    for name, default in row.parameters():
        kind = Parameter.VAR_POSITIONAL if name.startswith("*") else Parameter.POSITIONAL_OR_KEYWORD
        found.append(Parameter(name.lstrip("*"), kind, default=Parameter.empty if default is ... else default))
    return Signature(found)


class Row:
    """One operation: a row of a table, and the function of that name."""

    name: str
    note: str
    why_not: str
    table: Table[Any]
    __signature__ = _Documented(_signature)

    def __init_subclass__(cls) -> None:
        cls.__doc__ = _Documented(_document, cls.__doc__)  # type: ignore[assignment]

    @property
    def __name__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _by_name, (self.name,)

    def __deepcopy__(self, memo: object) -> Row:
        return self

    def __copy__(self) -> Row:
        return self

    def parameters(self) -> list[tuple[str, Any]]:
        """What a call takes: names and defaults, ``...`` for one that must be given."""
        raise NotImplementedError

    @property
    def signature(self) -> str:
        """What a call takes, as text: ``(a, axis=None, keepdims=False)``."""
        return f"({', '.join([name if x is ... else f'{name}={_default(x)}' for name, x in self.parameters()])})"

    def require_derivative(self) -> None:
        """Raise NotDifferentiableError, with the reason, if it has no derivative."""
        if self.why_not:
            from scalargrad.language import say

            raise NotDifferentiableError(say("{0} has no gradient: {1}", self.name, say(self.why_not)))


def _default(x: Any) -> str:
    return f"{x:g}" if type(x) is float else repr(x)


class Table(dict[str, R], Generic[R]):
    """The rows of one kind by name, in the order of registration."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners: list[Callable[[R, bool], None]] = []

    def subscribe(self, listener: Callable[[R, bool], None]) -> None:
        """Call ``listener(row, True)`` for every row there is and will be, ``listener(row, False)`` when one goes."""
        self.listeners.append(listener)
        for row in self.values():
            listener(row, True)

    def add(self, row: R) -> R:
        """Register a row; if a listener refuses it, it is not registered."""
        self[row.name] = row
        notified: list[Callable[[R, bool], None]] = []
        try:
            for listener in self.listeners:
                listener(row, True)
                notified.append(listener)
        except BaseException:
            self.drop(row, notified)
            raise
        return row

    def drop(self, row: R, listeners: list[Callable[[R, bool], None]]) -> None:
        """Take a row out, and notify these listeners."""
        del self[row.name]
        for listener in listeners:
            listener(row, False)


def remove(row: Row) -> None:
    """Take an op out of its table and out of every reading of it."""
    row.table.drop(row, row.table.listeners)


@contextmanager
def temporary(row: R) -> Iterator[R]:
    """Keep an op registered for the length of a ``with`` block."""
    try:
        yield row
    finally:
        remove(row)


def _by_name(name: str) -> Row:
    from scalargrad.ops.structural import OPS, STRUCTURAL

    found = OPS.get(name) or STRUCTURAL.get(name)
    if found is None:
        raise LookupError(f"no op called {name} is registered here")
    return found


COMPOSITE: dict[str, Callable[..., Any]] = {}
"""The functions put together from ops, by name (:mod:`.composite`)."""


def composite(function: Callable[P, T]) -> Callable[P, T]:
    """Register a function; what it refuses, it refuses under its own name and not that of an op it is made from."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @functools.wraps(function)
    def call(*arguments: P.args, **settings: P.kwargs) -> T:
        for name in [name for name in settings if name not in names and is_neutral(name, settings[name])]:
            del settings[name]
        try:
            return function(*arguments, **settings)
        except REFUSALS as error:
            if not is_raw(error):
                raise
            from scalargrad.ops.structural import OPS, STRUCTURAL

            told = named(error, function.__name__, {*OPS, *STRUCTURAL, *COMPOSITE})
            otherwise = called_here(settings.keys() - names)
            raise (type(told)(f"{told}{otherwise}") if otherwise else told) from None

    COMPOSITE[function.__name__] = call
    return call
