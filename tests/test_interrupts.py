"""KeyboardInterrupt at every line, and at random moments, of backward: all gradients change, or none."""

import numpy as np
import pytest

import fastpath as fp
from scalargrad import Function, Value, modes, nn, no_grad
from tests.interrupts import at_every_line, at_random


class Twice(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, upstream):
        return upstream * 2


def of_values():
    leaves = [Value(float(i + 1), label=f"w{i}") for i in range(6)]
    y = leaves[0]
    for leaf in leaves[1:] * 3:
        y = (y * leaf).tanh() + Twice.apply(leaf)
    return leaves, y.backward


def of_tensors():
    leaves = [fp.Tensor(np.arange(1.0, 4.0) + i, requires_grad=True) for i in range(6)]
    y = leaves[0]
    for leaf in leaves[1:] * 2:
        y = (y * leaf).tanh() + leaf
    return leaves, y.sum().backward


TENSORS = [fp.Tensor(np.arange(1.0, 4.0) + i, requires_grad=True, label=f"w{i}") for i in range(6)]
VALUES = [Value(float(i + 1), label=f"w{i}") for i in range(6)]
X, BATCH = np.array([1.0, 2.0, 3.0]), np.array([[1.0], [2.0]])
compiled_tensors = fp.compile(lambda x: sum((w * x * w for w in TENSORS), TENSORS[0]).tanh().sum())
compiled_values = fp.compile(lambda x: sum((w * x * w for w in VALUES), VALUES[0]))


def of_compiled_tensors():
    return TENSORS, lambda: compiled_tensors.backward(X)


def of_compiled_values():
    return VALUES, lambda: compiled_values.backward(BATCH)


@pytest.mark.parametrize("interrupt", [at_every_line, at_random])
@pytest.mark.parametrize("make", [of_values, of_tensors, of_compiled_tensors, of_compiled_values])
def test_a_backward_that_is_interrupted_changes_all_gradients_or_none(make, interrupt):
    leaves, work = make()
    work()  # whatever is compiled is compiled by now
    for leaf in leaves:
        leaf.grad = None if isinstance(leaf, fp.Tensor) else 0.0
    work()
    own = [np.asarray(leaf.grad).copy() for leaf in leaves]
    state = []

    def prepare():
        leaves, work = make()
        for i, leaf in enumerate(leaves):
            leaf.grad = own[i] * 3 if isinstance(leaf, fp.Tensor) else float(own[i] * 3)
        state[:] = leaves
        return work

    def check(interrupted):
        found = [np.asarray(leaf.grad) for leaf in state]
        none, all_ = ([np.allclose(g, k * o, rtol=1e-12) for g, o in zip(found, own)] for k in (3, 4))
        assert all(none) or all(all_)
        assert interrupted or all(all_)
        assert modes.active == 0

    assert interrupt(prepare, check, 125) > 20
    leaves, work = make()
    for leaf in leaves:
        leaf.grad = None if isinstance(leaf, fp.Tensor) else 0.0
    work()
    assert all(np.allclose(leaf.grad, o, rtol=1e-12) for leaf, o in zip(leaves, own))


@pytest.mark.parametrize("interrupt", [at_every_line, at_random])
def test_no_mode_is_in_force_after_an_interrupt(interrupt):
    model = nn.MLP(2, [3], 1)
    x = Value(1.0)

    def prepare():
        def work():
            with no_grad():
                model(np.array([1.0, 2.0]))
            no_grad()(lambda: x * 2)()

        return work

    def check(interrupted):
        assert modes.recording()
        assert (x * 2).op is not None
        assert modes.current_scope() is None
        assert (modes.active, modes.special) == (0, 0)

    assert interrupt(prepare, check, 125) > 20
