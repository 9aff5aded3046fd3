"""grad, jacobian, hvp, hessian and gradcheck on Tensors."""

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor
from scalargrad import grad, gradcheck, hessian, hvp, jacobian
from scalargrad.ops import NotDifferentiableError, op, remove

RNG = np.random.default_rng(0)


def leaf(*shape):
    return Tensor(RNG.normal(size=shape), requires_grad=True)


FUNCTIONS = {
    "matmul": (lambda a, b: sg.tanh(a @ b).sum(), (2, 3), (3, 2)),
    "broadcast": (lambda a, b: (a * b + b / (a * a + 1)).mean(), (2, 3), (3,)),
    "softmax": (lambda a, b: (sg.softmax(a, axis=1) * b).sum(), (2, 3), (2, 1)),
    "cross_entropy": (lambda a, b: sg.cross_entropy(a @ b, [0, 2]), (2, 2), (2, 3)),
    "logsumexp": (lambda a, b: sg.logsumexp(a + b, axis=0).sum(), (3, 2), (2,)),
    "index": (lambda a, b: (a[[0, 0, 1]] ** 2).sum() * b[0], (3,), (2,)),
    "prod": (lambda a, b: sg.prod(a, axis=1).sum() * sg.norm(b), (2, 3), (3,)),
    "concatenate": (lambda a, b: sg.square(sg.concatenate([a, b])).sum().exp(), (2,), (1,)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_grad_is_what_backward_gives_and_gradcheck_passes_at_both_orders(name):
    f, *shapes = FUNCTIONS[name]
    a, b = (Tensor(0.5 * RNG.normal(size=shape), requires_grad=True) for shape in shapes)
    y = f(a, b)
    y.backward()
    for x, slope in zip((a, b), grad(y, [a, b]), strict=True):
        np.testing.assert_allclose(slope.data, x.grad, rtol=1e-12, atol=1e-14)
        assert slope.shape == x.shape
    report = gradcheck(f, (a, b), order=2)
    assert report, str(report)
    assert gradcheck(y)


def test_nothing_touches_grad():
    a = leaf(2, 2)
    hessian((a @ a).sum(), a)
    assert a.grad is None


def test_a_jacobian_has_the_axes_of_both():
    a, x = leaf(2, 3), leaf(3)
    rows = jacobian(lambda x: a @ x, x)
    assert rows.shape == (2, 3)
    np.testing.assert_allclose(rows.data, a.data)


def test_a_hessian_times_a_vector_is_hvp():
    a = leaf(2, 2)
    f = lambda a: sg.tanh(a @ a).sum()
    v = RNG.normal(size=(2, 2))
    expected = np.einsum("ijkl,kl->ij", hessian(f)(a).data, v)
    np.testing.assert_allclose(hvp(f)(a, Tensor(v)).data, expected, rtol=1e-10)


def test_a_third_derivative_is_the_analytic_one():
    x = Tensor([1.0, 2.0], requires_grad=True)

    def slope(f):
        return lambda x: grad(f)(x).sum()

    third = grad(slope(slope(lambda x: (x**4).sum())))(x)
    np.testing.assert_allclose(third.data, [24.0, 48.0])


def test_what_does_not_depend_on_a_tensor_has_the_derivative_zero_of_its_shape():
    a, b = leaf(2, 3), leaf(2)
    assert np.array_equal(grad(b.sum(), a).data, np.zeros((2, 3)))


def test_a_gradient_is_a_graph_that_can_be_drawn():
    a = Tensor([1.0, 2.0], requires_grad=True, label="a")
    slope = grad((a * a * a).sum(), a).sum()
    assert "a" in [n.name for n in sg.trace(slope).nodes]


def test_float32_is_kept():
    a = Tensor(np.ones((2, 2), np.float32), requires_grad=True)
    assert grad((a @ a).sum(), a).dtype == np.float32
    with pytest.raises(TypeError, match="float32 is too coarse"):
        gradcheck((a @ a).sum())


def test_argmax_on_the_way_is_refused_with_its_reason():
    a = leaf(3)
    with pytest.raises(NotDifferentiableError, match="argmax has no gradient"):
        grad(sg.argmax(a) * a.sum(), a)


def test_a_kink_is_not_held_against_the_rule():
    report = gradcheck(lambda a: sg.relu(a).sum(), Tensor([0.0, 1.0, -1.0]))
    assert report
    assert [row.status for row in report.leaves] == ["kink", "ok", "ok"]


def test_a_wrong_rule_is_caught_at_first_and_at_second_order():
    wrong = op("wrong_rule", lambda xp, a: a * a * a, (lambda y, a: 2 * a * a,))
    try:
        assert not gradcheck(lambda a: wrong(a).sum(), Tensor([0.5, 1.0]))
    finally:
        remove(wrong)
    detached = op("detached_rule", lambda xp, a: a * a * a, (lambda y, a: 3 * a * getattr(a, "data", a),))
    try:
        at = Tensor([0.5, 1.0])
        assert gradcheck(lambda a: detached(a).sum(), at)
        assert not gradcheck(lambda a: detached(a).sum(), at, order=2)
    finally:
        remove(detached)


def test_a_result_of_many_numbers_is_refused_in_one_sentence():
    a = leaf(2)
    with pytest.raises(TypeError, match="grad: expected the result to be one"):
        grad(a * 2, a)
    with pytest.raises(TypeError, match="gradcheck: expected the result to be one number"):
        gradcheck(lambda a: a * 2, a)
