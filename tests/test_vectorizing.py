"""Scalar graphs vectorized to array instructions, before anything is planned: run on Tensors, and read as text."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import Tensor
from fastpath.compiler.vectorizing import vectorize
from fastpath.compiler.vectorizing.layout import runs, step_of
from fastpath.compiler.vectorizing.splitting import FEW
from scalargrad import OPS, Value, nn, relu
from scalargrad.graph import leaves

RNG = np.random.default_rng(0)


def example(k):
    """The Values that stand for one example of k numbers."""
    return [Value(v) for v in RNG.uniform(0.5, 1.5, k)]


def vectorized_of(root, x, **named):
    return vectorize([root], {v: (0, i) for i, v in enumerate(x)}, [len(x)], ["x"], **named)


def agrees(root, x, batch=3, rel=1e-12):
    """The vectorized program gives, on Tensors, the numbers and gradients of the scalar engine for every example."""
    vectorized = vectorized_of(root, x)
    X = np.vstack([[v.data for v in x], RNG.uniform(0.5, 1.5, (batch - 1, len(x)))])
    inputs = Tensor(X, requires_grad=True)
    store = Tensor([p.data for p in vectorized.parameters], requires_grad=True)
    (result,) = vectorized.run([inputs], store)
    assert result.shape == (batch, 1)
    if result.requires_grad:
        result.backward(np.eye(batch, 1))  # the gradients of the first example's result
    for leaf in [*x, *leaves(root)]:
        leaf.grad = 0.0
    root.backward()
    scale = max([1.0, *[abs(v.grad) for v in leaves(root)]])
    assert result.data[0, 0] == pytest.approx(root.data, rel=rel, abs=rel)
    if inputs.grad is not None:
        np.testing.assert_allclose(inputs.grad[0], [v.grad for v in x], rtol=rel, atol=rel * scale)
    if store.grad is not None:
        np.testing.assert_allclose(store.grad, [p.grad for p in vectorized.parameters], rtol=rel, atol=rel * scale)
    return vectorized


def calls(vectorized):
    """What the instructions call that are no mere views."""
    texts = [step.text for step in vectorized.program.instructions]
    return [t for t in texts if not re.fullmatch(r"\w+\[[^\]]*\]|reshape\(.*\)", t)]


# --- networks --------------------------------------------------------------------------------------------------------


def test_a_layer_is_a_product_an_addition_and_its_activation():
    x = example(3)
    layer = nn.Linear(3, 4, seed=0, bias_init=[0.1, 0.2, 0.3, 0.4])
    vectorized = agrees(sum(relu(z) for z in layer(x)), x)
    words = [re.sub(r"\w*\d\w*", "a", t) for t in calls(vectorized)]
    assert words == ["matmul(x, a)", "a + a", "relu(a)", "rows of a summed"]


def test_every_matrix_and_vector_of_a_network_is_a_slice_of_the_store():
    x = example(2)
    y = nn.MLP(2, [5, 4], 1, activation="tanh", seed=0)(x)
    text = str(agrees(y, x))
    assert text.count("matmul(") == 3
    assert "columns]" not in text
    assert "concatenate" not in text
    assert [tuple(map(int, s)) for s in re.findall(r"parameters\[(\d+):(\d+)\]", text)] == [
        (0, 10), (10, 15), (15, 35), (35, 39), (39, 43), (43, 44)
    ]  # fmt: skip


def test_products_in_another_order_are_rows_of_the_same_product():
    x, w = example(3), example(9)
    rows = [
        x[0] * w[0] + x[1] * w[1] + x[2] * w[2],
        w[3] * x[2] + w[4] * x[0] + x[1] * w[5],
        x[1] * w[6] + (x[2] * w[7] + w[8] * x[0]),
    ]
    vectorized = agrees(sum(r.tanh() for r in rows), x)
    assert str(vectorized).count("matmul(") == 1
    assert "3 sums of 3 products" in str(vectorized)


def test_a_layer_read_in_another_order_or_in_part_agrees():
    x, w = example(4), example(6)
    h = [(v * w[i % 2]).tanh() for i, v in enumerate(x)]
    agrees(h[3] * w[2] + h[1] * w[3] + h[2] * w[4] + h[0] * w[5], x)
    agrees(h[3] * w[2] + h[1] * w[3], x)


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
def test_signs_of_products_and_terms_are_kept(signs):
    x, w = example(3), example(4)
    terms = [s * (a * b) if s > 0 else -(a * b) for s, a, b in zip(signs, x, w, strict=False)]
    agrees((terms[0] + terms[1] + terms[2] - w[3]).sin(), x)
    agrees((w[3] - (terms[0] - (terms[1] - terms[2])) - 1.5).sin(), x)


# --- simplifying -----------------------------------------------------------------------------------------------------


def test_equal_nodes_are_computed_once_in_whichever_order_they_are_written():
    x = example(2)
    vectorized = agrees((x[0] * x[1]).sin() + (x[1] * x[0]).sin(), x)
    assert str(vectorized).count("sin(") == 1


def test_constants_are_folded_and_zeros_not_added():
    x, w = example(1), Value(0.0)
    root = sum([x[0].exp(), x[0].sin(), x[0].cos()], 0.0) + (Value(2.0) * 0.5 + w) * 0.0
    vectorized = vectorized_of(root, x, constants={v for v in leaves(root) if v not in x})
    assert vectorized.parameters == []
    assert "+ 0" not in str(vectorized)
    (result,) = vectorized.run([Tensor([[x[0].data]])], Tensor(np.zeros(0)))
    assert result.data[0, 0] == pytest.approx(root.data, rel=1e-15)


def test_a_sum_of_squares_of_all_parameters_is_that_of_the_store():
    x, w = example(2), example(5)
    root = x[0] * w[3] + x[1] * w[1] + 0.5 * sum(p**2 for p in w)
    vectorized = agrees(root, x)
    assert "sum of squares of parameters" in str(vectorized)


def test_a_result_that_is_an_input_a_parameter_or_used_again_agrees():
    x, w = example(2), Value(0.7)
    agrees(x[1], x)
    y = x[0] * w
    vectorized = vectorize([y, w, y.sin(), x[0]], {v: (0, i) for i, v in enumerate(x)}, [2], ["x"])
    results = vectorized.run([Tensor([[2.0, 3.0]])], Tensor([0.7]))
    assert [r.data.ravel().tolist() for r in results] == [[1.4], [0.7], [np.sin(1.4)], [2.0]]


# --- without structure -----------------------------------------------------------------------------------------------


def test_scattered_operands_are_not_put_together():
    x = example(6)
    f = [v.sin() if i % 2 else v.exp() for i, v in enumerate(x)]
    vectorized = agrees(f[0] * f[3] + (f[1] * f[4]).tanh() + (f[2] * f[5]).cos(), x)
    assert "concatenate" not in str(vectorized)


def test_operands_side_by_side_are_computed_together_though_others_are_elsewhere():
    x = example(9)
    first, second = [v.sin() for v in x[:4]], [v.cos() for v in x[4:8]]
    root = sum(v.tanh() for v in first) * x[8] + sum(v.tanh() * v for v in second)
    text = str(agrees(root, x))
    assert text.count("tanh(") == 2
    assert text.count("4 × tanh") == 2


def test_a_large_group_of_crumbs_is_gathered_once():
    count = 3 * FEW
    x = example(count)
    order = [(7 * i + 3) % count for i in range(count)]
    h = [v.sin() for v in x]
    root = sum((h[i] * h[order[i]]).tanh() for i in range(count))
    text = str(agrees(root, x))
    assert f"{count} × mul" in text
    assert text.count("columns]") <= 2


def test_two_products_of_factors_far_apart_are_not_a_matrix_product():
    x, w = example(2), example(2)
    text = str(agrees((x[0].sin() * w[0] - x[1].exp() * w[1]).tanh(), x))
    assert "matmul" not in text
    assert "concatenate" not in text


NAMES = ["add", "sub", "mul", "maximum", "tanh", "neg", "square", "sigmoid", "relu"]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=120),
)
def test_any_graph_agrees(last, program):
    x, w = example(4), example(4)
    nodes = [*x, *w]
    for name, i, j in program:
        a, b = nodes[-1 - i % min(len(nodes), 30)], nodes[j % len(nodes)]
        row = OPS[name]
        made = row(a) if len(row.operands) == 1 else row(a, b)
        nodes.append(made.tanh() if name in ("mul", "square") else made)
    root = sum(nodes[-last:]) * 0.1 + x[0] * w[0]
    if abs(root.data) < 1e9:
        agrees(root, x, rel=1e-10)


# --- layout ----------------------------------------------------------------------------------------------------------


def test_a_store_of_another_order_is_read_where_its_numbers_are():
    x = example(2)
    y = nn.MLP(2, [3], 1, seed=0)(x)
    first = vectorized_of(y, x)
    places = {p: i for i, p in enumerate(reversed(first.parameters))}
    places = {p: i + 2 for p, i in places.items()}  # two of other functions before them
    other = vectorized_of(y, x, known=places, size=len(places) + 2)
    numbers = np.full(len(places) + 2, np.nan)
    for p, i in places.items():
        numbers[i] = p.data
    (result,) = other.run([Tensor([[v.data for v in x]])], Tensor(numbers))
    assert result.data[0, 0] == pytest.approx(y.data, rel=1e-12)
    assert "3 × tanh" in str(other)


def test_columns_side_by_side_are_a_slice():
    assert step_of([3, 4, 5]) == slice(3, 6)
    assert step_of([1, 3, 5]) == slice(1, 6, 2)
    assert step_of([7]) == slice(7, 8)
    assert step_of([2, 1]) is None
    assert step_of([0, 1, 3]) is None
    assert runs([(0, 1), (0, 2), (3, 0), (0, 5)]) == [(0, [1, 2]), (3, [0]), (0, [5])]


def test_the_listing_says_which_nodes_an_instruction_stands_for():
    x = example(3)
    y = nn.MLP(3, [4], 1, activation="relu", seed=0)(x)
    lines = str(vectorized_of(y, x)).splitlines()
    assert any("(N, 4)" in line and "4 sums of 3 products, 24 nodes" in line for line in lines)
    assert any(line.endswith("MLP/ReLU 2: 4 × relu") for line in lines)
