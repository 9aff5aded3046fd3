"""The gradients by many Values, as a dict of them that is not written out before it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastpath.numerics import Array
from scalargrad.engine import Value


class Gradients(Mapping[Value, float]):
    """The gradient by each parameter: in all that is read of it, it is a dict.

    A dict of thousands of Values takes longer to write than the gradients take to compute.
    """

    __slots__ = ("_numbers", "_places")

    def __init__(self, places: dict[Value, int], numbers: Array) -> None:
        self._places = places
        self._numbers = numbers

    def __getitem__(self, parameter: Value) -> float:
        return float(self._numbers[self._places[parameter]])

    def __iter__(self) -> Iterator[Value]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, parameter: object) -> bool:
        return parameter in self._places

    def copy(self) -> dict[Value, float]:
        """A dict of them."""
        numbers = self._numbers.tolist()
        return {parameter: numbers[place] for parameter, place in self._places.items()}

    def __eq__(self, other: object) -> bool:
        return self.copy() == (other.copy() if isinstance(other, Gradients) else other)

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return self.copy() | dict(other)

    def __ror__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return dict(other) | self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (list(self.copy().items()),)

    def __repr__(self) -> str:
        return repr(self.copy())
