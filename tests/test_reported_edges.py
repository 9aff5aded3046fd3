"""Edges that were reported and stand in no other file by name."""

import threading

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from scalargrad import Value

REDUCTIONS = ["sum", "mean", "max", "min", "prod", "std", "var", "norm", "logsumexp", "softmax", "log_softmax"]


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_single_number_is_reduced_along_its_axis_as_an_array_of_one_is(name, axis):
    function = getattr(sg, name)
    one, single = Tensor([3.0], requires_grad=True), Tensor(3.0, requires_grad=True)
    for x in (one, single):
        y = function(x, axis=axis)
        y.backward(np.ones(y.shape))
    assert single.grad == one.grad[0]


def test_ties_are_shared_equally_while_another_thread_traces():
    tracing, done = threading.Event(), threading.Event()

    def function(x):
        tracing.set()
        assert done.wait(60)
        return x * 2

    thread = threading.Thread(target=lambda: compile(function, backend="tensor")(np.ones(3)))
    thread.start()
    try:
        assert tracing.wait(60)
        leaves = [Value(1.0), Value(1.0), Value(1.0)]
        sg.max(leaves).backward()
        tensor = Tensor([1.0, 1.0, 1.0], requires_grad=True)
        sg.max(tensor).backward()
    finally:
        done.set()
        thread.join()
    assert [leaf.grad for leaf in leaves] == tensor.grad.tolist() == [1 / 3] * 3


def test_a_drawing_of_too_many_nodes_is_refused_before_it_is_traced(monkeypatch):
    y = Value(1.0)
    for _ in range(20_000):
        y = y + 1
    monkeypatch.setattr("scalargrad.drawing.trace", lambda root: pytest.fail("it was traced"))
    with pytest.raises(ValueError, match="20001 nodes, more than 500"):
        sg.draw(y)
