"""Graphs and Functions that many tests use."""

from scalargrad import Function, Value

NEURON = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
"""The numbers of the lecture's sigmoid neuron."""


def neuron():
    """The lecture's sigmoid neuron, as a circuit of elementary operations."""
    w0, x0, w1, x1, w2 = (Value(number, label=label) for label, number in NEURON.items())
    return 1 / (1 + (-(w0 * x0 + w1 * x1 + w2)).exp())


class Multiply(Function):
    """The lecture's own function: x·y."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, upstream):
        x, y = ctx.saved_tensors
        return y * upstream, x * upstream


class Cube(Function):
    """x³."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return 3 * x * x * upstream
