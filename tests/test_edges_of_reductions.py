"""Reductions and products where they go wrong easily: nothing to reduce, numbers far out, narrow floats, whole numbers."""

import numpy as np
import pytest

import fastpath
import scalargrad
from fastpath import Tensor
from scalargrad import Value

inf, nan = np.inf, np.nan


def values(a):
    return np.frompyfunc(Value, 1, 1)(np.asarray(a, dtype=float))


def by_tensor(function, *arrays, dtype=None):
    leaves = [Tensor(a, requires_grad=True, dtype=dtype) for a in arrays]
    y = function(*leaves)
    y.backward(np.ones(y.shape))
    return y.data, [leaf.grad for leaf in leaves]


def by_values(function, *arrays):
    boxes = [values(a) for a in arrays]
    y = np.asarray(function(*boxes), dtype=object)
    for v in y.ravel():
        if isinstance(v, Value):
            v.backward()
    return np.vectorize(float, otypes=[float])(y), [np.vectorize(lambda v: v.grad, otypes=[float])(b) for b in boxes]


def by_plan(function, *arrays, dtype=float):
    arrays = [np.asarray(a, dtype) for a in arrays]
    whole = fastpath.compile(lambda *a: function(*a).sum())
    _, gradients = whole.value_and_grad(*arrays, argnums=tuple(range(len(arrays))))
    return fastpath.compile(function)(*arrays), list(gradients if isinstance(gradients, tuple) else [gradients])


EVERYWHERE = pytest.mark.parametrize("way", [by_tensor, by_values, by_plan])


def check(found, value, *gradients, rtol=1e-14):
    np.testing.assert_allclose(found[0], value, rtol=rtol)
    for got, expected in zip(found[1], gradients, strict=True):
        np.testing.assert_allclose(got, expected, rtol=rtol)


# --- nothing to reduce -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [((2, 3, 0), (0, 4)), ((0, 2, 3), (3, 4)), ((0, 2, 3), (0, 3, 4)), ((2, 3, 0), (0,)), ((0,), (2, 0, 4)),
     ((2, 0, 3), (3,)), ((2, 0), (0, 3)), ((0, 3), (3,)), ((0,), (0,)), ((2, 0, 0), (0, 2)), ((3, 0, 2), (2, 0))],
)  # fmt: skip
@EVERYWHERE
def test_products_of_empty_stacks(way, left, right):
    value, gradients = way(scalargrad.matmul, np.zeros(left), np.zeros(right))
    np.testing.assert_array_equal(value, np.zeros(left) @ np.zeros(right))
    assert [g.shape for g in gradients] == [left, right]


@pytest.mark.parametrize("shape", [(5, 0), (0, 5), (0,), (2, 0, 3)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@EVERYWHERE
def test_softmax_of_nothing_is_nothing(way, name, shape):
    value, (gradient,) = way(getattr(scalargrad, name), np.zeros(shape))
    assert np.shape(value) == gradient.shape == shape


@pytest.mark.parametrize(("shape", "axis"), [((0,), None), ((3, 0), 1), ((0, 3), 0), ((0, 2), None)])
@EVERYWHERE
def test_logsumexp_of_nothing_is_minus_infinity(way, shape, axis):
    value, (gradient,) = way(lambda x: scalargrad.logsumexp(x, axis=axis), np.zeros(shape))
    np.testing.assert_array_equal(value, np.full(np.sum(np.zeros(shape), axis=axis).shape, -inf))
    assert gradient.shape == shape


def test_values_of_which_there_are_none_are_numbers():
    empty = np.empty((2, 0), dtype=object)
    assert scalargrad.sum(empty, axis=1).tolist() == [0.0, 0.0]
    assert scalargrad.prod(empty, axis=1).tolist() == [1.0, 1.0]
    assert scalargrad.norm(empty, axis=1).tolist() == [0.0, 0.0]
    for name in ("mean", "std", "var"):
        assert np.isnan(np.asarray(getattr(scalargrad, name)(empty))).all()
    with pytest.raises(ValueError, match="max: shape"):
        scalargrad.max(empty)


# --- far out ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e-310, 1e150, 1e-160, 1.0, 2.0**50, 1e308 / 4])
@EVERYWHERE
def test_norm_is_right_at_every_size(way, scale):
    check(way(scalargrad.norm, [3 * scale, -4 * scale]), 5 * scale, [0.6, -0.8], rtol=1e-14 if scale > 1e-300 else 1e-9)
    found = way(lambda x: scalargrad.norm(x, axis=1), [[3 * scale, 4 * scale], [5.0, 12.0], [0.0, 0.0]])
    rtol = 1e-14 if scale > 1e-300 else 1e-9
    check(found, [5 * scale, 13.0, 0.0], [[0.6, 0.8], [5 / 13, 12 / 13], [0.0, 0.0]], rtol=rtol)


@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e-160, 1.0, 1e308 / 4])
@EVERYWHERE
def test_std_is_right_at_every_size(way, scale):
    check(way(scalargrad.std, [scale, 3 * scale]), scale, [-0.5, 0.5])
    check(way(lambda x: scalargrad.std(x, ddof=1), [-scale, 0.0, scale]), scale, [-0.5, 0.0, 0.5])


@EVERYWHERE
def test_std_of_numbers_close_together_loses_no_digits(way):
    a = 1e8 + np.array([0.0, 1.0, 5.0, 2.0]) * 2.0**-26
    exact = (a - 1e8) * 2.0**26
    gap = (exact - 2.0) / 4
    check(way(scalargrad.std, a), np.std(exact) * 2.0**-26, gap / np.std(exact), rtol=1e-14)


@EVERYWHERE
@pytest.mark.parametrize("number", [0.1, 3.0, 1e300, 1e-300, 0.0])
def test_std_of_equal_numbers_is_0_with_the_gradient_0(way, number):
    check(way(scalargrad.std, [number] * 3), 0.0, [0.0] * 3)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("far", [0.0, 1e5, -1e5, 1e30])
def test_the_gradient_of_logsumexp_adds_up_to_1(dtype, far):
    x = (far + np.array([0.0, 1.0, -2.5, 0.3])).astype(dtype)
    for way in (by_tensor, by_plan):
        _, (gradient,) = way(scalargrad.logsumexp, x, dtype=dtype)
        assert gradient.dtype == dtype
        assert gradient.sum() == pytest.approx(1.0, abs=4 * float(np.finfo(dtype).eps))
    _, (gradient,) = by_values(scalargrad.logsumexp, x)
    assert gradient.sum() == pytest.approx(1.0, abs=1e-15)


@EVERYWHERE
def test_rows_of_minus_infinity_have_no_gradient_and_spoil_no_other(way):
    x = [[-inf, -inf], [0.0, -inf], [0.0, 0.0]]
    found = way(lambda a: scalargrad.logsumexp(a, axis=1), x)
    check(found, [-inf, 0.0, np.log(2)], [[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]])


def test_logaddexp_of_two_infinities_shares_the_gradient():
    a, b = Value(-inf), Value(-inf)
    y = scalargrad.logaddexp(a, b)
    y.backward()
    assert (y.data, a.grad, b.grad) == (-inf, 0.5, 0.5)
    check(by_tensor(scalargrad.logaddexp, [inf, -inf, -inf, 2.0], [inf, -inf, 1.0, 2.0]),
          [inf, -inf, 1.0, 2.0 + np.log(2)], [0.5, 0.5, 0.0, 0.5], [0.5, 0.5, 1.0, 0.5])  # fmt: skip


def test_the_second_derivative_of_a_norm_and_a_logsumexp_far_out():
    for function, x in ((scalargrad.norm, [3e200, 4e200]), (scalargrad.logsumexp, [1e5, 1e5])):
        a = [Value(v) for v in x]
        (h,) = [np.array([[float(y) for y in row] for row in scalargrad.hessian(function(np.array(a)), a)])]
        expected = [[0.25, -0.25], [-0.25, 0.25]] if x[0] == x[1] else np.array([[16, -12], [-12, 9]]) / 125e200
        np.testing.assert_allclose(h, expected, rtol=1e-9, atol=1e-300)


# --- elementwise -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("near", [0.0, -0.0, 5e-324, 1e-320, 1e-310, -1e-310, 1e-300, 2.0, -3.0])
def test_the_power_0_has_the_derivative_0_at_and_near_0(near):
    for exponent in (0, 0.0, -0.0):
        x = Value(near)
        (x**exponent).backward()
        assert x.grad == 0.0
        check(by_tensor(lambda t: t**exponent, [near]), [1.0], [0.0])  # noqa: B023
        assert by_plan(lambda t: t**exponent, [near])[1][0].tolist() == [0.0]  # noqa: B023
    assert by_tensor(scalargrad.pow, [near], [0.0])[0].tolist() == [1.0]
    assert by_tensor(scalargrad.pow, [near], [0.0])[1][0].tolist() == [0.0]
    x, n = Value(near), Value(0.0)
    (x**n).backward()
    assert x.grad == 0.0
    for t in (Tensor([1e-40, 0.0], requires_grad=True, dtype=np.float32),):
        (t**0).sum().backward()
        assert t.grad.tolist() == [0.0, 0.0]


def test_the_mixed_second_derivative_of_a_power_at_exponent_0():
    x, n = Value(2.0), Value(0.0)
    h = scalargrad.hessian(x**n, [x, n])
    np.testing.assert_allclose([[float(v) for v in row] for row in h], [[0.0, 0.5], [0.5, np.log(2) ** 2]], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_derivative_of_elu_far_below_0_is_its_own_exponential(dtype):
    x = np.array([-1.0, -17.0, -40.0, -80.0], dtype)
    for way in (by_tensor, by_plan):
        _, (gradient,) = way(scalargrad.elu, x, dtype=dtype)
        np.testing.assert_allclose(gradient, np.exp(x), rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(by_values(scalargrad.elu, x.astype(float))[1][0], np.exp(x.astype(float)), rtol=1e-15)


# --- cross_entropy ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "turn",
    [np.asfortranarray, lambda z: z.transpose(1, 0, 2).copy().transpose(1, 0, 2), lambda z: z[::-1].copy()[::-1]],
)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_of_logits_in_any_order_of_memory(turn, reduction):
    z = np.random.default_rng(0).normal(size=(4, 5, 3))
    labels = np.random.default_rng(1).integers(0, 3, (4, 5))
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    expected = (p - np.eye(3)[labels]) / (20 if reduction == "mean" else 1)
    for given in (labels, np.asfortranarray(labels), np.eye(3)[labels]):
        for way in (by_tensor, by_plan):
            got = way(lambda a: scalargrad.cross_entropy(a, given, reduction=reduction), turn(z))[1][0]  # noqa: B023
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-15)
    t = Tensor(z.transpose(2, 0, 1), requires_grad=True)
    loss = scalargrad.cross_entropy(t.transpose(1, 2, 0), labels, reduction=reduction)
    loss.backward(np.ones(loss.shape))
    np.testing.assert_allclose(t.grad.transpose(1, 2, 0), expected, rtol=1e-12, atol=1e-15)


def test_a_masked_class_spoils_no_loss_of_values():
    z, p = values([[1.0, -inf, 1.0]]), values([[1.0, 0.0, 0.0]])
    for labels in ([0], p):
        loss = scalargrad.cross_entropy(z, labels)
        assert loss.data == pytest.approx(np.log(2))
        for v in z.ravel():
            v.grad = 0.0
        loss.backward()
        assert [v.grad for v in z.ravel()] == [-0.5, 0.0, 0.5]


# --- narrow floats and whole numbers ---------------------------------------------------------------------------------

MANY = 100_000
HALF = {
    "mean": (lambda t: t.mean(), 3.0),
    "var": (lambda t: t.var(), 4.0),
    "std": (lambda t: t.std(), 2.0),
    "logsumexp": (lambda t: (t * 0.0).logsumexp(), np.log(MANY)),
    "softmax": (lambda t: t.softmax().sum(), 1.0),
    "log_softmax": (lambda t: (t * 0.0).log_softmax().mean(), -np.log(MANY)),
    "matmul": (lambda t: (t * 0.01) @ (t * 0.01), MANY * 13e-4),
    "broadcast": (lambda t: (t.reshape(-1, 1) * 0.25).mean(), 0.75),
}


@pytest.mark.parametrize("name", HALF)
def test_float16_is_added_up_in_float32(name):
    function, expected = HALF[name]
    x = (np.arange(MANY) % 7).astype(np.float16)
    wide = by_tensor(function, x, dtype=np.float64)[1][0]
    for way in (by_tensor, by_plan):
        value, (gradient,) = way(lambda t: function(t), x, dtype=np.float16)
        assert gradient.dtype == np.float16
        np.testing.assert_allclose(np.float64(value), expected, rtol=2e-3)
        np.testing.assert_allclose(gradient[:50].astype(float), wide[:50], rtol=2e-2, atol=2e-7)


def test_a_bias_in_float16_receives_the_sum_of_many_gradients():
    x, b = np.zeros((MANY, 2), np.float16), np.zeros(2, np.float16)
    for way in (by_tensor, by_plan):
        _, (_, gradient) = way(lambda x, b: ((x + b) * 0.25).sum(), x, b, dtype=np.float16)
        assert gradient.tolist() == [np.float16(MANY / 4)] * 2
        _, (_, gradient) = way(lambda x, b: (x + b).mean(), x, b, dtype=np.float16)
        np.testing.assert_allclose(gradient, [0.5, 0.5], rtol=2e-3)


def test_cross_entropy_in_float16_of_many_examples():
    labels = np.zeros(MANY, int)
    for way in (by_tensor, by_plan):
        value, (gradient,) = way(lambda z: scalargrad.cross_entropy(z, labels), np.zeros((MANY, 2)), dtype=np.float16)
        assert float(value) == pytest.approx(np.log(2), rel=1e-3)
        np.testing.assert_allclose(gradient[0], [-0.5 / MANY, 0.5 / MANY], rtol=2e-2)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, bool])
def test_whole_numbers_are_floats_in_sums_and_products(dtype):
    a = np.array([[100, 100], [27, 100]]).astype(dtype)
    f = a.astype(float)
    for function in (
        scalargrad.sum, scalargrad.mean, scalargrad.prod, scalargrad.cumsum, scalargrad.var, scalargrad.std,
        scalargrad.norm, scalargrad.logsumexp, scalargrad.softmax, scalargrad.log_softmax,
        lambda x: scalargrad.matmul(x, x), lambda x: scalargrad.einsum("ij,jk", x, x),
        lambda x: scalargrad.cross_entropy(x, [0, 1]),
    ):  # fmt: skip
        got = function(a)
        assert np.asarray(got).dtype == np.float64
        np.testing.assert_array_equal(got, function(f))
