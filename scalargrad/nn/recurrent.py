"""Recurrent networks: the same cell at every position of a sequence, with a state that it hands on to itself."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np

from scalargrad.nn.backends import backend_of, parameter
from scalargrad.nn.initialisers import drawn, uniform
from scalargrad.nn.layers import features
from scalargrad.nn.module import Module
from scalargrad.nn.parameters import OtherName
from scalargrad.ops import elementwise as ops
from scalargrad.ops.composite import split, stack, swapaxes
from scalargrad.settings import Seed, flag, generator, short, size

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]


class _Cell(Module):
    """One step: from an input (n, in) and a state (n, hidden) to the next state.

    The sums of all gates stand side by side: x·W_ih + b_ih and h·W_hh + b_hh, W_ih of shape (in, gates·hidden).
    """

    gates = 1
    parameter_labels = MappingProxyType({"W_ih": "W", "W_hh": "U", "b_ih": "b", "b_hh": "c"})
    weight_ih, weight_hh = OtherName("W_ih", transposed=True), OtherName("W_hh", transposed=True)
    bias_ih, bias_hh = OtherName("b_ih"), OtherName("b_hh")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        init: Any = None,
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        where = type(self).__name__
        rng, kind = generator(seed, f"{where}: seed"), backend_of(backend, where)
        self.inputs, self.hidden = size(input_size, f"{where}: input_size"), size(hidden_size, f"{where}: hidden_size")
        init = uniform(-1 / math.sqrt(self.hidden), 1 / math.sqrt(self.hidden)) if init is None else init
        wide = self.gates * self.hidden
        self.W_ih = parameter(drawn(init, (self.inputs, wide), rng, f"{where}: init"), kind, "W")
        self.W_hh = parameter(drawn(init, (self.hidden, wide), rng, f"{where}: init"), kind, "U")
        self.b_ih = self.b_hh = None
        if flag(bias, f"{where}: bias"):
            begin = init if callable(init) or isinstance(init, str) else "zeros"
            self.b_ih = parameter(drawn(begin, (wide,), rng, f"{where}: init"), kind, "b")
            self.b_hh = parameter(drawn(begin, (wide,), rng, f"{where}: init"), kind, "c")

    def forward(self, x: Any, state: Any = None) -> Any:
        """The next state; without one it begins at zeros."""
        x = features(x, self.inputs, type(self).__name__)
        return self._next(x, self._begun(x, state))

    def _begun(self, x: Any, state: Any) -> Any:
        return np.zeros((*x.shape[:-1], self.hidden)) if state is None else self._checked(x, state)

    def _checked(self, x: Any, h: Any) -> Any:
        h = features(h, self.hidden, f"{type(self).__name__}: the state")
        if tuple(h.shape[:-1]) != tuple(x.shape[:-1]):
            raise ValueError(f"{type(self).__name__}: a state of shape {tuple(h.shape)} for x of {tuple(x.shape)}")
        return h

    def _sums(self, x: Any, h: Any) -> tuple[Any, Any]:
        """x·W_ih + b_ih and h·W_hh + b_hh."""
        if isinstance(x, np.ndarray) and x.dtype.kind == "f" and self.W_ih.dtype.kind == "f":
            x = x.astype(self.W_ih.dtype, copy=False)
        if isinstance(h, np.ndarray) and h.dtype.kind == "f" and self.W_hh.dtype.kind == "f":
            h = h.astype(self.W_hh.dtype, copy=False)
        a, b = x @ self.W_ih, h @ self.W_hh
        return (a, b) if self.b_ih is None else (a + self.b_ih, b + self.b_hh)

    def _next(self, x: Any, state: Any) -> Any:
        raise NotImplementedError

    def extra(self) -> str:
        return f"{self.inputs}, {self.hidden}"


class RNNCell(_Cell):
    """h ← tanh(x·W_ih + b_ih + h·W_hh + b_hh). Elman 1990; parameters begin as PyTorch's, uniform over ±1/√hidden.

    >>> from scalargrad import nn
    >>> cell = nn.RNNCell(2, 3, seed=0)
    >>> h = cell([[1.0, 0.0]]); cell([[0.0, 1.0]], h).shape
    (1, 3)
    """

    def _next(self, x: Any, state: Any) -> Any:
        a, b = self._sums(x, state)
        return ops.tanh(a + b)


class LSTMCell(_Cell):
    """A state h and a memory c, with gates i, f, o and a candidate g, all of x·W_ih + b_ih + h·W_hh + b_hh:

    c ← σ(f)·c + σ(i)·tanh(g), h ← σ(o)·tanh(c); in W they stand in the order i, f, g, o, as in PyTorch.
    Hochreiter & Schmidhuber 1997.

    >>> from scalargrad import nn
    >>> cell = nn.LSTMCell(2, 3, seed=0)
    >>> h, c = cell([[1.0, 0.0]])
    >>> h, c = cell([[0.0, 1.0]], (h, c))
    >>> h.shape, c.shape
    ((1, 3), (1, 3))
    """

    gates = 4

    def _begun(self, x: Any, state: Any) -> Any:
        if state is None:
            zeros = np.zeros((*x.shape[:-1], self.hidden))
            return zeros, zeros
        if not isinstance(state, (tuple, list)) or len(state) != 2:
            raise TypeError(f"LSTMCell: a state is a pair (h, c), not {short(state)}")
        return tuple([self._checked(x, part) for part in state])

    def _next(self, x: Any, state: Any) -> Any:
        h, c = state
        a, b = self._sums(x, h)
        i, f, g, o = split(a + b, 4, axis=-1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        return ops.sigmoid(o) * ops.tanh(c), c


class GRUCell(_Cell):
    """h ← (1 − z)·n + z·h with gates r, z and a candidate n, as in PyTorch:

    r, z = σ(…) of x·W_ih + b_ih + h·W_hh + b_hh, n = tanh(x·W_in + b_in + r·(h·W_hn + b_hn)). Cho et al. 2014.

    >>> from scalargrad import nn
    >>> nn.GRUCell(2, 3, seed=0)([[1.0, 0.0]]).shape
    (1, 3)
    """

    gates = 3

    def _next(self, x: Any, state: Any) -> Any:
        a, b = (split(part, 3, axis=-1) for part in self._sums(x, state))
        r, z = ops.sigmoid(a[0] + b[0]), ops.sigmoid(a[1] + b[1])
        n = ops.tanh(a[2] + r * b[2])
        return (1 - z) * n + z * state


class _Layers(Module):
    """Cells along a sequence, one layer on the outputs of the other."""

    cell: type[_Cell] = RNNCell

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        *,
        init: Any = None,
        backend: Any = "value",
        seed: Seed = None,
    ) -> None:
        where = type(self).__name__
        rng = generator(seed, f"{where}: seed")
        inputs, hidden = size(input_size, f"{where}: input_size"), size(hidden_size, f"{where}: hidden_size")
        layers, bias = size(num_layers, f"{where}: num_layers"), flag(bias, f"{where}: bias")
        self.batch_first = flag(batch_first, f"{where}: batch_first")
        backend_of(backend, where)
        try:
            self.cells = [
                self.cell(hidden if i else inputs, hidden, bias, init=init, backend=backend, seed=rng)
                for i in range(layers)
            ]
        except (TypeError, ValueError) as error:
            raise type(error)(str(error).replace(self.cell.__name__, where)) from None

    def forward(self, x: Any, state: Any = None) -> Any:
        """The outputs of the last layer at each position, and the last state of each layer."""
        where = type(self).__name__
        x = features(x, self.cells[0].inputs, where)
        if x.ndim not in (2, 3):
            raise ValueError(f"{where}: expected (positions, n, features), or without n, not shape {tuple(x.shape)}")
        flipped = x.ndim == 3 and self.batch_first
        steps = list(swapaxes(x, 0, 1) if flipped else x)
        begun = self._of_layers(state)
        ends = []
        for cell, now in zip(self.cells, begun):
            outputs = []
            for step in steps:
                now = cell(step, now)
                outputs.append(now[0] if isinstance(now, tuple) else now)
            steps = outputs
            ends.append(now)
        whole = stack(steps, axis=1 if flipped else 0)
        if isinstance(ends[0], tuple):
            return whole, (stack([h for h, _ in ends]), stack([c for _, c in ends]))
        return whole, stack(ends)

    def _of_layers(self, state: Any) -> list[Any]:
        """The state that each layer begins with."""
        if state is None:
            return [None] * len(self.cells)
        pair = isinstance(state, (tuple, list)) and self.cell.gates == 4
        each = list(zip(*state)) if pair else list(state)
        if len(each) != len(self.cells):
            raise ValueError(f"{type(self).__name__}: a state of {len(each)} layers, and there are {len(self.cells)}")
        return each

    def extra(self) -> str:
        first = self.cells[0]
        return f"{first.inputs}, {first.hidden}" + (f", num_layers={len(self.cells)}" if len(self.cells) > 1 else "")


class RNN(_Layers):
    """``RNNCell`` along a sequence: (positions, n, in) → the outputs (positions, n, hidden), and the last states.

    With ``batch_first`` inputs and outputs are (n, positions, …), but not the states (layers, n, hidden); so PyTorch.

    >>> import numpy as np
    >>> from scalargrad import nn
    >>> y, h = nn.RNN(2, 3, backend="tensor")(np.ones((5, 4, 2)))
    >>> y.shape, h.shape
    ((5, 4, 3), (1, 4, 3))
    """


class LSTM(_Layers):
    """``LSTMCell`` along a sequence: (positions, n, in) → the outputs (positions, n, hidden), and the last (h, c).

    With ``batch_first`` inputs and outputs are (n, positions, …), but not the states (layers, n, hidden); so PyTorch.

    >>> import numpy as np
    >>> from scalargrad import nn
    >>> y, (h, c) = nn.LSTM(2, 3, num_layers=2, batch_first=True, backend="tensor")(np.ones((4, 5, 2)))
    >>> y.shape, h.shape, c.shape
    ((4, 5, 3), (2, 4, 3), (2, 4, 3))
    """

    cell = LSTMCell


class GRU(_Layers):
    """``GRUCell`` along a sequence: (positions, n, in) → the outputs (positions, n, hidden), and the last states.

    With ``batch_first`` inputs and outputs are (n, positions, …), but not the states (layers, n, hidden); so PyTorch.

    >>> import numpy as np
    >>> from scalargrad import nn
    >>> y, h = nn.GRU(2, 3, backend="tensor")(np.ones((5, 2)))
    >>> y.shape, h.shape
    ((5, 3), (1, 3))
    """

    cell = GRUCell
