"""Compiled against eager where a number could be taken for another: constants, places, names, views of one number."""

import itertools
import math

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from fastpath.compiler.vectorizing.numbering import Constant, number_values
from fastpath.ir.build import Builder
from scalargrad import Value, clip, log_softmax, maximum, minimum, nn, relu, square

SPECIAL = [0.0, -0.0, 1.0, 2.0, 3.0, math.inf, -math.inf, math.nan]


def as_eager(f, *columns, parameters=(), rel=1e-12):
    """A function of one example gives, compiled, the value and gradient of every example that it gives as it is."""
    compiled = compile(f, backend="value", reduction="none")
    found = compiled(*map(np.array, columns))
    for i, example in enumerate(zip(*columns)):
        np.testing.assert_allclose(found[i], f(*map(Value, example)).data, rtol=rel, atol=rel)
    if not parameters:
        return
    summed = compile(f, backend="value", reduction="sum")
    _, gradients = summed.value_and_grad(*map(np.array, columns))
    for p in parameters:
        p.grad = 0.0
    for example in zip(*columns):
        f(*map(Value, example)).backward()
    for p in parameters:
        np.testing.assert_allclose(gradients.get(p, 0.0), p.grad, rtol=rel, atol=rel)


# --- constants and nodes ---------------------------------------------------------------------------------------------

W, B = Value(1.5, label="w"), Value(0.25, label="b")

MIXED = {
    "x*2 + x*w": lambda x: x * 2 + x * W,
    "(x+2)*(x+w)": lambda x: (x + 2) * (x + W),
    "x**2 + x**w": lambda x: x**2 + x**W,
    "w*2 + w*b": lambda x: W * 2 + W * B + x,
    "(w*x+4)*(w*x+b)": lambda x: (W * x + 4) * (W * x + B),
    "max(x, 1) + max(x, w)": lambda x: maximum(x, 1) + maximum(x, W),
    "x/2 - x/w + 3/x - w/x": lambda x: x / 2 - x / W + 3 / x - W / x,
    "x - 1 + b": lambda x: x - 1 + B,
}


@pytest.mark.parametrize("name", MIXED)
def test_a_constant_is_never_taken_for_the_node_of_that_number(name):
    as_eager(MIXED[name], [1.0, 2.0, 3.0], parameters=[W, B])


@pytest.mark.parametrize("k", range(9))
def test_small_whole_constants_beside_every_node(k):
    def f(x, y):
        a = x * k + x * W
        b = (a + k) * (a + y) + (a + B)
        return b - k + b * k + maximum(b, k) + a ** (k % 3)

    as_eager(f, [0.5, 1.0, 2.0], [0.3, -1.0, 4.0], parameters=[W, B])


def test_a_graph_with_whole_constants():
    x, z = Value(3.0, label="x"), Value(5.0, label="z")
    assert compile(x * 2 + x * z).value_and_grad(x=3.0, z=5.0) == (21.0, {"x": 7.0, "z": 3.0})


@pytest.mark.parametrize("batched", [False, True])
def test_plus_and_minus_0_are_two_constants(batched):
    x = Value(3.0, label="x")
    f = compile(1 / (x * 0.0) - 1 / (x * -0.0))
    assert np.all(f(x=[3.0, 4.0] if batched else 3.0) == math.inf)


@pytest.mark.parametrize(("p", "q"), list(itertools.combinations(SPECIAL, 2)))
def test_special_constants_side_by_side(p, q):
    def f(x):
        return [1 / (x * p), 1 / (x * q), maximum(x, p) + minimum(x, q), (x + p) * 2, (x + q) * 2]

    x = Value(2.0, label="x")
    found = compile(np.array(f(x)))(x=np.array([2.0, -1.0]))
    for row, number in zip(found, [2.0, -1.0]):
        np.testing.assert_array_equal(row, [v.data for v in f(Value(number))])


def test_columns_of_constants_keep_the_signs_of_zeros():
    x = [Value(v, label=f"x{i}") for i, v in enumerate([1.0, 2.0])]
    graph = np.array([1 / (x[0] * 0.0), 1 / (x[1] * -0.0)])
    assert compile(graph)(x0=1.0, x1=2.0).tolist() == [math.inf, -math.inf]


def test_constants_are_equal_bit_for_bit():
    assert Constant(2) == Constant(2.0) != 2
    assert Constant(2.0) != 2.0
    assert Constant(math.nan) == Constant(math.nan)
    assert Constant(0.0) != Constant(-0.0)
    assert len({Constant(0.0), Constant(-0.0), 0, Constant(False), Constant(1), Constant(True), 1}) == 5


def test_equal_nodes_are_one_and_nodes_with_unequal_constants_are_not():
    x = Value(1.0)
    graph = number_values([x * 2 + x * 2.0, x * math.nan - x * math.nan, x * 0.0 + x * -0.0], {x: 0})
    assert [op.name for op in graph.ops if op is not None] == ["mul", "add", "mul", "sub", "mul", "mul", "add"]


def test_a_zero_added_is_left_out_only_where_it_changes_no_sign():
    for f in (lambda x: 1 / (0 + x), lambda x: 1 / (x - 0.0), lambda x: 1 / (x + -0.0), lambda x: 1 / (0 - x)):
        as_eager(f, [0.0, -0.0, 1.0])
    as_eager(lambda x, y: 1 / sum([x, y, x]), [0.0, -0.0, 1.0], [-0.0, -0.0, 2.0])
    plan = compile(lambda x: sum([sg.exp(x), x, B])).plan(np.ones(3))
    assert [i.code for i in plan.instructions if i.phase == "forward"].count("add") == 2


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x - 1e16 + y,
        lambda x, y: y - (x - 1e16),
        lambda x, y: (x - 1e16) + y * W + B,
        lambda x, y: -x + 1e16 - y,
        lambda x, y: 1e16 - x - y,
        lambda x, y: -(x - 1e16) - y,
        lambda x, y: y + (x - 1e16) + (x - 1e16),
    ],
)
def test_terms_are_added_in_the_order_in_which_they_are_written(f):
    as_eager(f, [1e16, 1e16 + 2], [1.0, 0.5])


def test_constants_of_a_builder_are_told_apart_by_bits_and_type():
    build = Builder()
    numbers = [0.0, -0.0, math.nan, -math.nan, 1.0, np.float32(1), True, 1, np.float32(0), [1.0], [[1.0]]]
    exprs = [build.constant(np.asarray(x)) for x in numbers]
    assert len(set(map(id, exprs))) == len(numbers)
    assert all(build.constant(np.asarray(x)) is e for x, e in zip(numbers, exprs))


def test_numbers_alone_on_tensors_keep_their_sign_and_type():
    x = np.array([2.0, -1.0])
    with np.errstate(all="ignore"):
        expected = 1 / (x * 0.0), 1 / (x * -0.0)
    got = compile(lambda x: (1 / (x * 0.0), 1 / (x * -0.0), maximum(x, 0.0), maximum(-x, -0.0)), backend="tensor")(x)
    np.testing.assert_array_equal(got[0], expected[0])
    np.testing.assert_array_equal(got[1], expected[1])
    assert compile(lambda x: x * np.array(2.0) + True, backend="tensor")(x.astype("f")).dtype == np.float32


# --- one number out of an array --------------------------------------------------------------------------------------

A = np.array([[3.0, 4.0, -1.0], [0.5, 2.0, 1.0]])
M = Tensor(np.arange(6.0).reshape(3, 2) / 7 - 0.3, requires_grad=True, label="M")

ONE = {
    "square(a)[0]": lambda a: square(a[0])[0],
    "(a*2)[1, 2]": lambda a: (a * 2)[1, 2],
    "(a@M)[0, 0]": lambda a: (a @ M)[0, 0],
    "(a@M)[-1][1]": lambda a: (a @ M)[-1][1],
    "unpacked": lambda a: (lambda p, q: p * 3 - q)(*(a @ M)[0]),
    "iterated": lambda a: sum(row[0] * row[1] for row in a @ M),
    "-log_softmax(z)[1]": lambda a: -log_softmax(a[0] * 2)[1],
    "nll of one example": lambda a: nn.nll(sg.softmax(a[1] * 2), 2),
    "slice of a slice": lambda a: (a * 2)[0:1, 2][0] * (a + 1)[1][::2][1],
    "of a stored constant": lambda a: (M * 1.0)[2, 1] * a[0, 0],
    "twice": lambda a: (lambda y: y[0, 0] * y[0, 0] + y[1, 1])(relu(a @ M)),
}


@pytest.mark.parametrize("name", ONE)
def test_an_index_down_to_one_number_is_a_view(name):
    f = ONE[name]
    x = Tensor(A, requires_grad=True)
    M.grad = None
    y = f(x)
    y.backward()
    compiled = compile(f, backend="tensor")
    for _ in range(2):
        assert compiled(A) == pytest.approx(y.item(), rel=1e-14)
        value, gradient = compiled.value_and_grad(A, argnums=0)
        assert value == pytest.approx(y.item(), rel=1e-14)
        np.testing.assert_allclose(gradient, x.grad, rtol=1e-13)
    if M.grad is not None:
        _, gradients = compiled.value_and_grad(A)
        np.testing.assert_allclose(gradients["M"], M.grad, rtol=1e-13)


def test_a_network_with_one_output_on_one_example():
    model = nn.MLP(3, [4], 1, backend="tensor", seed=0)
    compiled = compile(model)
    for row in A:
        np.testing.assert_allclose(compiled(row), model(Tensor(row)).data, rtol=1e-14)


# --- repeated constants ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [2, 5, 200])
def test_bounds_of_two_layers_of_different_width(width):
    w = Tensor(np.linspace(-1, 2, 3 * width).reshape(3, width), requires_grad=True, label="w")
    f = lambda x: clip(clip(x, 0.0, 6.0) @ w, 0.0, 6.0).sum() + clip(x * 3, -0.0, 3.0).sum() + relu(x.T).sum()
    f(Tensor(A)).backward()
    value, gradients = compile(f).value_and_grad(A)
    assert value == pytest.approx(f(Tensor(A)).item(), rel=1e-14)
    np.testing.assert_allclose(gradients["w"], w.grad, rtol=1e-13)


def test_bounds_in_scalar_code():
    inner, outer = nn.Linear(2, 3, seed=1), nn.Linear(3, 5, seed=2)
    relu6 = lambda values: [clip(v * 4, 0.0, 6.0) for v in values]
    as_eager(lambda x, y: sum(relu6(outer(relu6(inner([x, y]))))), [1.0, 2.0, -1.0], [0.3, -0.7, 2.0])


def test_bounds_that_are_nan_or_minus_0_have_memory_of_their_own():
    f = compile(lambda x: (maximum(x, 0.0), maximum(x, -0.0), minimum(x, math.nan), maximum(x, 6.0)), backend="tensor")
    got = f(-A)
    for result, bound, ufunc in zip(got, (0.0, -0.0, math.nan, 6.0), (np.maximum, np.maximum, np.minimum, np.maximum)):
        np.testing.assert_array_equal(result, ufunc(-A, bound))


# --- results in the caller's hands -----------------------------------------------------------------------------------


def test_results_that_are_held_are_not_written_again_whatever_else_lay_in_their_memory():
    w = Tensor(np.array([[1.0, 4.0, 9.0, 16.0]]), requires_grad=True, label="w")

    def f(x, y):
        root = sg.sqrt(w)
        return root / root + root[0:0], 1 / x.sum(axis=0), y, y, x[:, 1:], x.sum(axis=0)

    compiled = compile(f)
    x, y = np.arange(1.0, 25.0).reshape(2, 3, 4), np.ones((2, 2))
    held = [(compiled(x + k, y * k), f(Tensor(x + k), y * k)) for k in range(5)]
    for results, expected in held:
        for result, plain in zip(results, expected):
            np.testing.assert_array_equal(result, plain.data if isinstance(plain, Tensor) else plain)
        assert not np.shares_memory(results[2], results[3])
        assert not any(np.shares_memory(r, a) for r in results for a in (x, y))


def test_an_interrupt_while_results_are_renewed_leaves_no_plan_that_writes_to_two_arrays(monkeypatch):
    compiled = compile(lambda x: (x * 2, x + 1), backend="tensor")
    first = compiled(A)
    results = compiled.plan(A)._code._results

    def interrupted(self, space):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(results.results[1]), "renew", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compiled(A)
    for k in range(3):
        double, more = compiled(A * k)
        np.testing.assert_array_equal(double, A * k * 2)
        np.testing.assert_array_equal(more, A * k + 1)
    np.testing.assert_array_equal(first[0], A * 2)


def test_a_sum_of_no_elements_is_0_whatever_is_added():
    f = compile(lambda x, y: sg.broadcast_to(y, x.shape).sum(axis=0), backend="tensor")
    np.testing.assert_array_equal(f(np.zeros((0, 3)), np.array([np.inf])), np.zeros(3))


@pytest.mark.parametrize("special", [1e308, 1e-308, 1e200, math.inf, math.nan, 49.0])
def test_the_forward_pass_neither_rounds_nor_overflows_otherwise(special):
    x = np.array([special, 1.0, -special, 49.0, 3.0])
    with np.errstate(all="ignore"):
        for f in (
            lambda x: sg.floor(x / 49), lambda x: x * 10 * 0.1, lambda x: (x * 1e200) * 1e200, lambda x: (x * 0.1) * 3,
            lambda x: sg.mean(x[:2] * x[:2]), lambda x: sg.mean(sg.abs(x)), lambda x: (sg.abs(x) * 1e-300).sum() * 1e10,
            lambda x: (x * 0).sum(), lambda x: sg.where(x / 49, 1.0, -0.0), lambda x: -(x - x), lambda x: 0.0 - (x - x),
        ):  # fmt: skip
            np.testing.assert_allclose(compile(f, backend="tensor")(x), f(Tensor(x)).data, rtol=1e-15)
    assert compile(lambda x: sg.equal(x / 49, 1.0).sum(), backend="tensor")(x) == (x == 49).sum()


def test_a_partial_of_constants_that_python_refuses():
    w = Tensor([2.0, -1.0], requires_grad=True, label="w")
    _, gradients = compile(lambda x: (w / 0.0 * x).sum()).value_and_grad(np.ones(2))
    np.testing.assert_array_equal(gradients["w"], [np.inf, np.inf])
    (w / 0.0).sum().backward()
    np.testing.assert_array_equal(w.grad, [np.inf, np.inf])


def test_a_constant_of_0_meets_an_infinite_gradient():
    f = compile(lambda a: 1 / (a * 0.0) - 1 / (a * -0.0), backend="tensor")
    value, gradient = f.value_and_grad(np.array(3.0), argnums=0)
    assert (value, np.isnan(gradient)) == (math.inf, True)


def test_a_sum_with_one_product_keeps_the_sign_of_a_zero():
    w, u = Value(0.5), Value(-1.0)
    for f in (lambda x: u / (x * w + x), lambda x: u / (x * w + x + 0.0), lambda x: u / (x * w + 0.0)):
        for x in (-0.0, 0.0):
            assert compile(f, backend="value", reduction="none")([x])[0] == f(Value(x)).data
