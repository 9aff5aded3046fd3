"""What a forward leaves for its backward.

While ``forward`` runs, that is a :class:`Context`. Afterwards it is :class:`Saved`, which has places in it instead of
the operands and the result, so that it holds no node: the graph is freed as soon as nobody uses it, and its copy has
operands of its own. Each backward gets a Context made from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from scalargrad.graph import Node
from scalargrad.ops.registry import is_number


class Context:
    """What ``forward`` hands to ``backward``: saved operands and results, and any attributes."""

    needs_input_grad: tuple[bool, ...]
    """For each operand, whether its gradient is needed."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._saved: tuple[Any, ...] = ()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def save_for_backward(self, *values: Any) -> None:
        """Keep operands, or the result, for ``backward``."""
        self._saved = values

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, in the same order."""
        return self._saved


def called(function: Any, name: str, context: Context, *operands: Any) -> Any:
    """What the ``forward`` or ``backward`` of a Function returns; TypeError if it does not take these operands."""
    method = getattr(function, name)
    try:
        return method(context, *operands)
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise  # it comes from within
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ValueError(f"{function.__name__}.{name} changes an array in place: compute a new one instead") from error
    given = "ctx and the upstream gradient" if name == "backward" else f"ctx and {counted(len(operands), 'operand')}"
    raise TypeError(f"{function.__name__}.{name}{inspect.signature(method)} cannot be called with {given}")


def counted(number: int, what: str) -> str:
    """``1 operand``, ``2 operands``."""
    return f"{number} {what}{'s' * (number != 1)}"


def changed_in_place(function: Any, position: int) -> ValueError:
    """The error for a ``forward`` that has changed the number of an operand."""
    return ValueError(
        f"{function.__name__}.forward changed the data of operand {position} in place: "
        "compute a new number or array, and return that"
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Stands for an operand; -1 is the result."""

    index: int


@dataclass(frozen=True, slots=True)
class Saved:
    """The attributes of a context after ``forward``, with places for the operands and the result."""

    attributes: dict[str, Any]

    @classmethod
    def of(cls, context: Context, operands: Sequence[Any], result: Any) -> Saved:
        """What the context has, now that the result is there."""

        def placed(x: Any) -> Any:
            if isinstance(x, (Node, float)):
                for place, candidate in [*enumerate(operands), (-1, result)]:
                    if x is candidate:
                        return Place(place)
            return x

        return cls({name: _mapped(placed, x) for name, x in vars(context).items()})

    def context(self, operands: Sequence[Any], result: Any, computed: Callable[[Any], Any] | None = None) -> Context:
        """A context with these operands and this result.

        ``computed`` replaces what ``forward`` computed besides: any node, and a number that was saved (as an attribute
        it is a setting).
        """

        def restored(saved: bool, x: Any) -> Any:
            if isinstance(x, Place):
                return result if x.index < 0 else operands[x.index]
            is_result = (is_number(x) and not isinstance(x, int)) or getattr(x, "ndim", 0) != 0
            if computed and (isinstance(x, Node) or (saved and is_result)):
                return computed(x)
            return x

        context = Context(())
        for name, x in self.attributes.items():
            vars(context)[name] = _mapped(partial(restored, name == "_saved"), x)
        return context


def _mapped(change: Callable[[Any], Any], x: Any) -> Any:
    """``x`` with all that is in it changed, if it is a tuple, list or dict; the same object if nothing changes."""
    if type(x) in (tuple, list):
        items = [_mapped(change, item) for item in x]
        return x if all(a is b for a, b in zip(items, x)) else type(x)(items)
    if type(x) is dict:
        values = {key: _mapped(change, item) for key, item in x.items()}
        return x if all(values[key] is x[key] for key in x) else values
    return change(x)
