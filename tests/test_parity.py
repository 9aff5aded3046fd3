"""Floats, Values, Tensors and difference quotients agree: op by op, on random graphs, and on a network."""

import math
import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fastpath import Tensor
from fastpath.bench.problems import Problem
from fastpath.bench.training import OnTensors, OnValues
from scalargrad import OPS, Value, sigmoid

ROWS = [row for row in OPS.values() if not row.why_not]
BY_ROW = pytest.mark.parametrize("op", ROWS, ids=lambda row: row.name)


def points(op, count=5):
    """Operands from the op's domain, away from its kinks."""
    rng = random.Random(op.name)
    found = []
    while len(found) < count:
        point = tuple(rng.uniform(lo, hi) for lo, hi in op.domain)
        if all(abs(kink.distance(*point)) > 1e-3 for kink in op.kinks):
            found.append(point)
    return found


def on_values(function, point):
    """Result and gradients of a scalar function on Values."""
    leaves = [Value(x) for x in point]
    y = function(*leaves)
    y.backward()
    return y.data, [leaf.grad for leaf in leaves]


def on_tensors(function, arrays, dtype=None):
    """Result of a function on Tensors, and the gradients of the sum of its elements."""
    leaves = [Tensor(a, requires_grad=True, dtype=dtype) for a in arrays]
    y = function(*leaves)
    y.backward(np.ones(y.shape))
    return y.data, [np.zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in leaves]


def quotients(function, point, step=1e-5):
    """Central difference quotients by each operand."""
    found = []
    for i, x in enumerate(point):
        above, below = list(point), list(point)
        above[i], below[i] = x + step, x - step
        found.append((function(*above) - function(*below)) / (above[i] - below[i]))
    return found


def agree(a, b, tolerance=1e-12):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@BY_ROW
def test_an_op_gives_the_same_on_floats_values_and_tensors_of_no_axes(op):
    for point in points(op):
        value, gradients = on_values(op, point)
        data, grads = on_tensors(op, point)
        assert data.shape == ()
        assert all(g.shape == () for g in grads)
        agree(op(*point), value)
        agree(data, value)
        agree(grads, gradients)


@BY_ROW
def test_an_op_gives_the_same_element_by_element(op):
    sampled = points(op)
    expected = [on_values(op, point) for point in sampled]
    data, grads = on_tensors(op, np.array(sampled).T)
    agree(data, [value for value, _ in expected])
    agree(grads, np.transpose([gradients for _, gradients in expected]))


@pytest.mark.parametrize("op", [row for row in ROWS if len(row.operands) > 1], ids=lambda row: row.name)
def test_broadcast_operands_get_the_sum_of_their_elements_gradients(op):
    columns = np.array(points(op, 3)).T
    shapes = [(3, 1), (1, 3), (3, 1)]
    arrays = [column.reshape(shape) for column, shape in zip(columns, shapes)]
    assert all(np.all(np.abs(kink.distance(*arrays)) > 1e-9) for kink in op.kinks)
    data, grads = on_tensors(op, arrays)
    total = [np.zeros(a.shape) for a in arrays]
    for place in np.ndindex(3, 3):
        own = [tuple(i if n > 1 else 0 for i, n in zip(place, a.shape)) for a in arrays]
        value, gradients = on_values(op, [a[i] for a, i in zip(arrays, own)])
        agree(data[place], value)
        for t, i, g in zip(total, own, gradients):
            t[i] += g
    for t, g in zip(total, grads):
        agree(g, t)


@BY_ROW
def test_float32_is_kept_and_close(op):
    arrays = np.array(points(op)).T
    data, grads = on_tensors(op, arrays, dtype="float32")
    exact, exact_grads = on_tensors(op, arrays)
    assert data.dtype == np.float32
    assert all(g.dtype == np.float32 or not g.any() for g in grads)
    agree(data, exact, 1e-4)
    agree(grads, exact_grads, 1e-3)


@BY_ROW
def test_both_backends_take_the_slope_a_row_chooses_at_its_kink(op):
    for kink in op.kinks:
        assert on_values(op, kink.at)[1] == list(kink.slopes)
        assert [float(g) for g in on_tensors(op, kink.at)[1]] == list(kink.slopes)


# --- random graphs ---------------------------------------------------------------------------------------------------


@st.composite
def graphs(draw):
    """A number of leaves, and nodes: an op and where its operands come from, counted back from it."""
    leaves = draw(st.integers(1, 3))
    nodes = []
    for made in range(draw(st.integers(1, 6))):
        op = draw(st.sampled_from(ROWS))
        nodes.append((op, [draw(st.integers(0, leaves + made - 1)) for _ in op.operands]))
    return leaves, nodes


numbers = st.integers(-20, 20).map(lambda n: (n + 0.3) / 10)


def evaluate(nodes, leaves, kinks=None):
    """The sum of a graph's nodes on whatever the leaves are. Operands are squeezed into their op's domain by a sigmoid.

    ``kinks`` collects the distances of the operands, if they are floats, from the ops' kinks.
    """
    made = list(leaves)
    for op, sources in nodes:
        operands = [
            lo + (hi - lo) * sigmoid(made[source] + 0.37 * position)  # moved, so that f(a, a) is not on a kink
            for position, (source, (lo, hi)) in enumerate(zip(sources, op.domain))
        ]
        if kinks is not None:
            kinks += [abs(kink.distance(*operands)) for kink in op.kinks]
        made.append(op(*operands))
    return sum(made[len(leaves) :])


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_random_graphs_agree_on_floats_values_tensors_and_difference_quotients(graph, data):
    leaves, nodes = graph
    sampled = [[data.draw(numbers) for _ in range(leaves)] for _ in range(3)]
    kinks = []
    floats = [evaluate(nodes, point, kinks) for point in sampled]
    assume(all(distance > 1e-3 for distance in kinks))

    def function(*operands):
        return evaluate(nodes, operands)

    expected = [on_values(function, point) for point in sampled]
    agree([value for value, _ in expected], floats, 1e-11)
    for point, (value, gradients) in zip(sampled, expected):
        alone, alone_grads = on_tensors(function, point)
        agree(alone, value, 1e-11)
        agree(alone_grads, gradients, 1e-10)
        for analytic, numeric in zip(gradients, quotients(function, point)):
            assert math.isclose(analytic, numeric, rel_tol=1e-4, abs_tol=1e-4)
    together, grads = on_tensors(function, np.transpose(sampled))
    agree(together, floats, 1e-11)
    agree(grads, np.transpose([gradients for _, gradients in expected]), 1e-10)


# --- a network -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(3, 4, 2), (1, 1), (2, 5, 4, 3)])
def test_a_network_has_the_same_loss_and_gradients_on_both_backends_while_it_trains(sizes):
    problem = Problem.random(sizes, batch=4)
    values, tensors = OnValues(problem), OnTensors(problem)
    for _ in range(4):
        (loss, gradients), (other_loss, other_gradients) = values.gradients(), tensors.gradients()
        agree(loss, other_loss)
        for g, other in zip(gradients, other_gradients):
            assert g.shape == other.shape
            agree(g, other)
        agree(values.step(), tensors.step())


def test_a_networks_training_lowers_its_loss():
    training = OnTensors(Problem.random((4, 16, 3), batch=8))
    losses = [training.step() for _ in range(50)]
    assert losses[-1] < losses[0]
