"""What faults planted in the compiler would break, and nothing else noticed: one test for each of the survivors."""

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from fastpath.ir.build import Builder
from fastpath.ir.semantics import scattered
from scalargrad import Value, no_grad

X = np.array([1.0, 2.0, 3.0])


def by_argument(function, x):
    return compile(function, backend="tensor").value_and_grad(x, argnums=0)[1]


def test_positive_and_negative_zero_are_two_constants():
    with np.errstate(all="ignore"):
        plus, minus = compile(lambda x: (x / np.zeros(3), x / -np.zeros(3)), backend="tensor")(X)
        np.testing.assert_array_equal(plus, [np.inf] * 3)
        np.testing.assert_array_equal(minus, [-np.inf] * 3)
        same = compile(lambda x: (x / np.array([0.0, -0.0]), x / np.array([-0.0, 0.0])), backend="tensor")(np.ones(2))
    np.testing.assert_array_equal(same, [[np.inf, -np.inf], [-np.inf, np.inf]])


def test_two_large_constants_are_two():
    a, b = np.arange(5000.0), np.arange(5000.0)[::-1].copy()
    f = compile(lambda x: x * a - x * b, backend="tensor")
    np.testing.assert_array_equal(f(np.full(5000, 2.0)), 2 * a - 2 * b)
    x = np.linspace(0, 1, 5000)
    np.testing.assert_allclose(by_argument(lambda x: (x * a).sum() + (x * b).sum(), x), a + b)


def test_zeros_to_add_and_zeros_to_look_up_are_two_constants():
    f = compile(lambda x: (x * np.zeros(2) + 1.0)[np.zeros(2, int)] * x[np.zeros(2, int)], backend="tensor")
    np.testing.assert_array_equal(f(np.array([3.0, 4.0])), [3.0, 3.0])


def test_nought_minus_something_is_its_opposite_in_every_way_it_can_be_written():
    for function in (
        lambda x: 0.0 - x,
        lambda x: 0 - x,
        lambda x: sg.sub(0.0, x),
        lambda x: -0.0 - x,
        lambda x: x * 0.0 - x,
    ):
        np.testing.assert_array_equal(compile(function, backend="tensor")(X), -X)
        np.testing.assert_array_equal(by_argument(lambda x, function=function: function(x).sum(), X), -np.ones(3))
    np.testing.assert_array_equal(by_argument(lambda x: (0.0 - (0.0 - x * x)).sum(), X), 2 * X)


def test_infinity_times_nought_is_no_number():
    with np.errstate(all="ignore"):
        for function in (
            lambda x: x * 0.0,
            lambda x: 0 * x,
            lambda x: x * -0.0,
            lambda x: (x * 0.0) * 2.0,
            lambda x: x * 2.0 * 0.0,
        ):
            found = compile(function, backend="tensor")(np.array([np.inf, np.nan, 1.0]))
            assert np.isnan(found[:2]).all()
            assert found[2] == 0
            assert np.isnan(
                compile(lambda x, function=function: function(x).sum(), backend="tensor")(np.array([np.inf]))
            )


def test_the_gradient_of_what_is_taken_twice_with_constant_weights():
    c = np.array([1.0, 2.0, 4.0])
    key = np.array([0, 0, 1])
    np.testing.assert_array_equal(by_argument(lambda x: (x[key] * c).sum(), X), [3.0, 4.0, 0.0])
    np.testing.assert_array_equal(by_argument(lambda x: x[key].sum(), X), [2.0, 1.0, 0.0])
    np.testing.assert_array_equal(compile(lambda x: x + sg.scatter(c, (3,), key), backend="tensor")(X), [4.0, 6.0, 3.0])


@pytest.mark.parametrize("first", [(1, 2, 0), (2, 0, 1), (0, 2, 1)])
@pytest.mark.parametrize("second", [(0, 2, 1), (1, 0, 2), (1, 2, 0)])
def test_two_transpositions_in_the_order_in_which_they_are_written(first, second):
    x = np.arange(24.0).reshape(2, 3, 4)
    f = compile(lambda x: sg.transpose(sg.transpose(x, first), second) * 1.5, backend="tensor")
    np.testing.assert_array_equal(f(x), x.transpose(first).transpose(second) * 1.5)
    weights = np.arange(24.0).reshape(x.transpose(first).transpose(second).shape)
    g = by_argument(lambda x: (sg.transpose(sg.transpose(x, first), second) * weights).sum(), x)
    back = weights.transpose(np.argsort(second)).transpose(np.argsort(first))
    np.testing.assert_array_equal(g, back)


def test_a_step_leaves_a_graph_that_was_built_before_it_the_numbers_it_was_built_from():
    w = Tensor([1.0, 2.0], requires_grad=True)
    f = compile(lambda x: (w * x).sum())
    f.step(np.ones(2), lr=0.0)
    y = (w * w * w).sum()
    f.step(np.ones(2), lr=0.5)
    np.testing.assert_array_equal(w.data, [0.5, 1.5])
    y.backward()
    np.testing.assert_array_equal(w.grad, [3.0, 12.0])


def test_two_heads_with_thousands_of_labels_are_each_looked_up_in_their_own_rows():
    n = 5000
    rng = np.random.default_rng(0)
    few, many = rng.normal(size=(n, 3)), rng.normal(size=(n, 4))
    a, b = rng.integers(0, 3, n), rng.integers(0, 4, n)
    f = compile(lambda p, q, a, b: sg.cross_entropy(p, a) + sg.cross_entropy(q, b), backend="tensor")
    expected = sg.cross_entropy(Tensor(few), a).item() + sg.cross_entropy(Tensor(many), b).item()
    assert f(few, many, a, b) == pytest.approx(expected, rel=1e-12)


def test_constants_that_differ_in_type_only_or_are_large_are_told_apart():
    build = Builder()
    assert build.constant(np.zeros(2)).dtype == float
    assert build.constant(np.zeros(2, int)).dtype == int
    first, second = np.arange(5000.0), np.arange(5000.0) + 1
    assert build.constant(first) is not build.constant(second)
    assert build.constant(first) is build.constant(first)


def test_a_number_minus_negative_zero_is_not_the_number():
    x, w = np.array([-0.0, 0.0, 1.0]), Value(1.0)
    with np.errstate(all="ignore"):
        for function in (
            lambda x: 1 / (x - -0.0),
            lambda x: 1 / (x + -0.0),
            lambda x: 1 / (-0.0 - x),
            lambda x: 1 / (0.0 + x),
        ):
            np.testing.assert_array_equal(compile(function, backend="tensor")(x), function(Tensor(x)).data)
            found = compile(lambda x, function=function: function(x) * w, reduction="none", backend="value")(x)
            np.testing.assert_array_equal(found, [function(Value(v)).data for v in x])


def test_the_kernel_of_a_scatter_adds_what_comes_to_one_place():
    a, key = np.array([1.0, 2.0, 4.0]), np.array([0, 0, 1])
    np.testing.assert_array_equal(scattered((3,), (key,), a, False), [3.0, 4.0, 0.0])
    np.testing.assert_array_equal(scattered((3,), (np.array([2, 0, 1]),), a, True), [2.0, 4.0, 1.0])


def test_no_gradient_passes_through_what_is_computed_under_no_grad():
    w = Tensor([2.0, 3.0], requires_grad=True)

    def f(x):
        with no_grad():
            scale = (x * w).sum()
        return (x * w).sum() * scale

    value, by = compile(f).value_and_grad(np.array([1.0, 4.0]))
    assert value == 14 * 14
    np.testing.assert_array_equal(by["w"], [14.0, 56.0])
    v = Value(2.0)

    def g(x):
        with no_grad():
            scale = v * v
        return x * v * scale

    assert compile(g).value_and_grad(np.array([3.0]))[1][v] == 12.0


def test_cubes_in_a_sum_are_cubes():
    w = [Value(v) for v in (2.0, 3.0, -1.0)]
    value, by = compile(lambda x: sum(v**3 for v in w) + w[0] * x).value_and_grad(np.array([5.0]))
    assert value == 8 + 27 - 1 + 10
    assert [by[v] for v in w] == [12 + 5, 27, 3]
    value, by = compile(lambda x: sum(v**3 * w[1] for v in x) + x[0] ** 3 + x[1] ** 2).value_and_grad(
        np.array([[2.0, 3.0]])
    )
    assert value == 35 * 3 + 8 + 9
    assert by[w[1]] == 35


def test_two_factors_of_a_sum_are_both_there():
    w = Value(0.5)
    X = np.arange(12.0).reshape(6, 2)
    for factors in ((2.0, 3.0), (0.5, -4.0), (1.0, 7.0)):
        a, b = factors
        f = compile(lambda x, a=a, b=b: (sum(x) * w * a) * b, backend="value")
        assert f.value_and_grad(X)[1][w] == pytest.approx(X.sum(axis=1).mean() * a * b)
        g = compile(lambda x, a=a, b=b: (x.sum(axis=0) * a * b).sum() * a, backend="tensor")
        assert g(X) == pytest.approx(X.sum() * a * b * a)
        np.testing.assert_allclose(by_argument(lambda x, a=a, b=b: ((x * x).sum(axis=0) * a * b).mean(), X), X * a * b)


@pytest.mark.parametrize("loss", [lambda w, x: w, lambda w, x: w * 1.0, lambda w, x: w + 0.0 * w])
def test_a_step_gives_the_value_before_it_also_of_a_parameter_itself(loss):
    w, v = Tensor(2.0, requires_grad=True), Value(2.0)
    assert compile(lambda x: loss(w, x)).step(np.ones(3), lr=0.5) == 2.0
    assert compile(lambda x: loss(v, x)).step(np.ones(3), lr=0.5) == 2.0
    assert (w.item(), v.data) == (1.5, 1.5)


def test_nan_times_a_single_zero_is_nan_in_products_of_matrices():
    w, b = Value(0.0), Value(1.0)
    found = compile(lambda x: x / x * w + b, backend="value", reduction="none")(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(found, [np.nan, 1.0])
    W = Tensor([[0.0]], requires_grad=True)
    np.testing.assert_array_equal(compile(lambda x: x @ W)(np.array([[np.nan], [1.0]])), [[np.nan], [0.0]])
    np.testing.assert_array_equal(compile(lambda x: W @ x)(np.array([[np.inf, 1.0]])), [[np.nan, 0.0]])


def test_the_mean_of_no_example_is_nan_and_the_sum_is_nothing():
    w = Value(2.0)
    nothing = np.zeros(0)
    for loss in (lambda x: w, lambda x: w * x, lambda x: w * x + w * w):
        assert np.isnan(compile(loss)(nothing))
        assert compile(loss, reduction="sum")(nothing) == 0.0


@pytest.mark.parametrize("reverse", [False, True])
def test_each_type_of_argument_has_a_plan_of_its_own(reverse):
    f = compile(lambda x: sg.tanh(x * 2.0), backend="tensor")
    types = [np.float64, np.float32, np.float64, np.float32]
    for dtype in types[::-1] if reverse else types:
        x = np.array([0.1, 0.2], dtype)
        assert f(x).dtype == dtype
        np.testing.assert_allclose(f(x), np.tanh(x * 2), rtol=1e-6 if dtype == np.float32 else 1e-14)


ROWS = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 1.0]])


def test_what_a_function_of_the_example_is_taken_from_comes_first():
    w, v = Value(3.0), Value(2.0)
    f = compile(lambda x: w - sg.tanh(x[0] * v))
    assert f(ROWS) == pytest.approx(np.mean(3 - np.tanh(2 * ROWS[:, 0])))
    assert f.value_and_grad(ROWS)[1][w] == pytest.approx(1.0)
    g = compile(lambda x: w * w - x[0])
    assert g.value_and_grad(ROWS)[1][w] == pytest.approx(6.0)


def test_sums_with_other_signs_are_computed_apart():
    a = [Value(float(i + 1)) for i in range(4)]
    f = compile(lambda x: [x[0] * a[0] + x[1] * a[1] + x[0].sin(), x[0] * a[2] + x[1] * a[3] - x[1].sin()])
    first, second = f(ROWS)
    np.testing.assert_allclose(first, ROWS @ [1, 2] + np.sin(ROWS[:, 0]))
    np.testing.assert_allclose(second, ROWS @ [3, 4] - np.sin(ROWS[:, 1]))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_of_labels_with_two_axes_has_its_gradient(reduction):
    W = Tensor(np.random.default_rng(0).normal(size=(2, 3, 4)), requires_grad=True, label="W")
    labels = np.array([[0, 1, 2], [3, 0, 1]])
    value, gradients = compile(lambda y: sg.cross_entropy(W, y, reduction)).value_and_grad(labels)
    eager = sg.cross_entropy(W, labels, reduction)
    eager.backward()
    assert value == pytest.approx(eager.item())
    np.testing.assert_allclose(gradients["W"], W.grad)


def test_a_step_leaves_the_numbers_of_a_graph_as_they_were():
    w = Tensor([1.0, 2.0], requires_grad=True)
    f = compile(lambda x: (x * w).sum())
    for before in ([1.0, 2.0], [0.5, 1.5], [0.0, 1.0]):
        np.testing.assert_array_equal(w.data, before)
        loss, w.grad = (w * w).sum(), None
        f.step(np.ones(2), lr=0.5)
        loss.backward()
        np.testing.assert_array_equal(w.grad, 2 * np.array(before))


@pytest.mark.parametrize("columns", [2, 4, 8, 16])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_negated_into_a_column_of_a_result(columns, dtype):
    def f(x):
        return np.array([-x[i] for i in range(columns)]) if columns < 4 else -sg.cumsum(x)

    x = np.arange(1.0, 1 + 3 * columns).reshape(3, columns)
    wanted = -x if columns < 4 else -np.cumsum(x, 1)
    np.testing.assert_array_equal(compile(f, backend="value", dtype=dtype)(x), wanted)


def test_the_sum_over_no_examples_is_0_even_of_an_infinity():
    p = Value(1.0, label="p")
    f = compile(lambda x: p - float("inf"), backend="value", reduction="sum")
    assert f(np.zeros((0, 3))) == 0.0
    assert f(np.zeros((2, 3))) == -np.inf
