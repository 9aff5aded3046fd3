"""What is asked while a function is traced: once for both backends, which derive their tracers from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Tracer:
    """What traces a function, and is asked wherever running it once would settle what differs from run to run.

    While a function is traced the numbers in its graph stand for others. All ways of a user's code to the number of a
    node ask ``concretized``; the library itself reads ``_data``, and decides nothing by it that a run does not check.
    """

    backend = "value"
    """Of the nodes that a traced function computes with: "value" or "tensor"."""

    def concretized(self, value: Any, what: str) -> None:
        """Code takes the number of a node by ``what``, such as ``float()``: refuse that, if it would be frozen."""
        raise NotImplementedError

    def is_unknown(self, x: Any) -> bool:
        """Whether the numbers of a node, or of an array of nodes, are others at each run."""
        return hasattr(type(x), "_apply_op") or getattr(getattr(x, "dtype", None), "kind", "") == "O"

    def random(self, shape: tuple[int, ...], draw: Callable[[tuple[int, ...]], Any]) -> Any:
        """Nodes that stand for the random numbers ``draw(shape)``, drawn anew at every run."""
        raise NotImplementedError

    def each_run(self, read: Callable[[], Any]) -> Any:
        """The array ``read()``, of numbers that may change, read anew at every run."""
        return read()

    def observe(self, function: Callable[..., Any], *arrays: Any) -> None:
        """Have ``function`` called with the numbers of these arrays at every run. It must not keep the arrays."""
        raise NotImplementedError

    def operands(self, op: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """The operands of an op on arrays, as it is to be computed and recorded."""
        return operands

    def computed(self, node: Any) -> Any:
        """What stands for a node that has just been computed."""
        return node

    def stopped(self, node: Any) -> Any:
        """The same number or array, through which no gradient passes."""
        return node._as_leaf()
