"""What is asked while a function is traced for a plan: the part of both backends, and that of arrays."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from fastpath.node import make
from fastpath.tensor import Tensor
from fastpath.traced.randomness import after_own_draw, state_of
from fastpath.traced.refusing import RandomNumbersError, TracingError, place_in_code, users_line
from fastpath.traced.tensors import Traced, as_operands, stopped
from scalargrad.modes import Tracer


class CompileTracer(Tracer):
    """It notices random numbers that are not drawn by ``random``, and knows the line that made each node."""

    def __init__(self, generators: Sequence[Any] | None = ()) -> None:
        self.lines: dict[Any, tuple[str, int]] = {}
        """The file and line of the user's code that made each node."""
        self.generators = [] if generators is None else [*generators, random, np.random]
        self._states = self._states_now()

    def _states_now(self) -> list[Any]:
        return [state_of(g) for g in self.generators]

    def check_generators(self) -> None:
        """Refuse if any generator the function can reach has been asked for random numbers, other than here."""
        if self._states_now() != self._states:
            raise RandomNumbersError

    def drawn(self, draw: Callable[[], Any]) -> Any:
        """The numbers ``draw()``, which may come from such a generator."""
        self.check_generators()
        numbers = np.asarray(draw())
        self._states = self._states_now()
        if (noted := after_own_draw.get()) is not None:
            noted()
        return numbers


class ArrayTracer(CompileTracer):
    """What is asked while a function over Tensors is traced."""

    backend = "tensor"

    def __init__(self, generators: Sequence[Any] | None = ()) -> None:
        super().__init__(generators)
        self.draws: dict[Tensor, Callable[[], Any]] = {}
        self.observers: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def concretized(self, value: Any, what: str) -> None:
        """Refuse what would be decided by the number of a parameter; a Traced refuses by itself."""
        raise TracingError(
            f"compile: {what} of a parameter in {users_line()} would be decided once, while tracing, and not at each "
            "run; compute with the parameter itself, or with its detach()"
        )

    def is_unknown(self, x: Any) -> bool:
        return isinstance(x, Traced)

    def random(self, shape: tuple[int, ...], draw: Callable[[tuple[int, ...]], Any]) -> Any:
        return self.each_run(partial(draw, shape))

    def each_run(self, read: Callable[[], Any]) -> Any:
        node = make(self.drawn(read), None, (), None, None)
        node.__class__ = Traced
        node.requires_grad = True
        self.draws[node] = read
        return node

    def observe(self, function: Callable[..., Any], *arrays: Any) -> None:
        self.observers.append((function, arrays))

    def operands(self, op: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        return as_operands(op, operands)

    def computed(self, node: Any) -> Any:
        if isinstance(node, Tensor):
            node.__class__ = Traced
            self.lines[node] = place_in_code()
        return node

    def stopped(self, node: Any) -> Any:
        return stopped(node) if isinstance(node, Tensor) else super().stopped(node)
