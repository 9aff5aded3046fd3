"""A leaf is changed in place under no_grad; elsewhere the sentence says what to write."""

import operator

import numpy as np
import pytest

from fastpath import Tensor, where
from scalargrad import nn, no_grad

SIGNS = {
    "+=": (operator.iadd, operator.add), "-=": (operator.isub, operator.sub), "*=": (operator.imul, operator.mul),
    "/=": (operator.itruediv, operator.truediv), "**=": (operator.ipow, operator.pow),
    "@=": (operator.imatmul, operator.matmul), "//=": (operator.ifloordiv, operator.floordiv), "%=": (operator.imod, operator.mod),
}  # fmt: skip
HAS = [sign for sign in SIGNS if sign in ("@=",) or hasattr(Tensor, f"__{SIGNS[sign][1].__name__.strip('_')}__")]


def leaf():
    return Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


@pytest.mark.parametrize("sign", HAS)
def test_under_no_grad_a_leaf_changes_itself(sign):
    change, compute = SIGNS[sign]
    for other in (np.array([[1.0, 0.5], [2.0, 1.0]]), Tensor([[1.0, 0.5], [2.0, 1.0]]), *([2.0] * (sign != "@="))):
        p = leaf()
        expected = compute(p.data, other.data if isinstance(other, Tensor) else other)
        with no_grad():
            q = change(p, other)
        assert q is p
        assert p.requires_grad
        np.testing.assert_allclose(p.data, expected)


@pytest.mark.parametrize("sign", SIGNS)
def test_while_it_is_recorded_the_two_ways_out_are_told(sign):
    p = leaf()
    with pytest.raises(RuntimeError) as told:
        SIGNS[sign][0](p, 2.0)
    assert f"p {sign} … would make a new Tensor" in str(told.value)
    assert f"under no_grad(), or p.data {sign} …; for a new Tensor write p = p {sign[:-1]} …" in str(told.value)
    assert p.data.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("sign", HAS)
def test_of_what_was_computed_it_is_a_new_tensor(sign):
    change, compute = SIGNS[sign]
    p, step = leaf(), np.ones((2, 2))
    h = old = p * 1.0
    h = change(h, step)
    assert h is not old
    np.testing.assert_allclose(h.data, compute(p.data, step))


def test_a_graph_keeps_the_numbers_it_was_computed_from():
    p = leaf()
    loss = (p * p).sum()
    with no_grad():
        p -= 1.0
        p[0] = 7.0
    loss.backward()
    assert p.grad.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert p.data.tolist() == [[7.0, 7.0], [2.0, 3.0]]


def test_the_loop_over_the_parameters_of_a_model_changes_them():
    model = nn.Linear(2, 1, backend="tensor")
    X, before = np.ones((3, 2)), [p.data.copy() for p in model.parameters()]
    (model(X) ** 2).sum().backward()
    with no_grad():
        for p in model.parameters():
            p -= 0.1 * p.grad
    for p, old in zip(model.parameters(), before):
        np.testing.assert_allclose(p.data, old - 0.1 * p.grad)
    for p in model.parameters():
        with pytest.raises(RuntimeError, match="no_grad"):
            p -= 0.1 * p.grad


def test_the_data_of_a_leaf_may_be_changed_at_any_time():
    p = leaf()
    p.data -= 1.0
    p.data[0] = 5.0
    assert p.data.tolist() == [[5.0, 5.0], [2.0, 3.0]]


KEYS = [0, (0, 1), slice(None), ..., (slice(None), 0), [1, 0], np.array([[True, False], [False, True]]), (None, 0), (np.array([0, 1]), [1, 0])]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("value", [7.0, 7, Tensor(7.0)], ids=str)
def test_elements_are_set_as_numpy_sets_them(key, value):
    expected = leaf().data.copy()
    expected[key] = 7.0
    for p in (leaf(), leaf().detach()):
        with no_grad():
            p[key] = value
        np.testing.assert_array_equal(p.data, expected)
    free = leaf().detach()
    free[key] = value
    np.testing.assert_array_equal(free.data, expected)


def test_elements_by_a_mask_that_was_compared():
    p = leaf()
    with no_grad():
        p[p > 2] = 0.0
    assert p.data.tolist() == [[1.0, 2.0], [0.0, 0.0]]
    assert where(p > 1, 0.0, p).data.tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_while_it_is_recorded_setting_elements_says_what_to_write():
    p = leaf()
    for t, message in (
        (
            p,
            r"p\[…\] = … would make a new Tensor .* under no_grad\(\), or p\.data\[…\] = …; for a new Tensor: write where",
        ),
        (p * 1.0, r"t\[…\] = …: write where\(mask, value, t\)"),
    ):
        with pytest.raises(RuntimeError, match=message):
            t[0] = 1.0
    with pytest.raises(RuntimeError, match="would lose the gradient of what it is given: write where"):
        Tensor([1.0, 2.0])[0] = p[0, 0]
    with no_grad(), pytest.raises(ValueError, match=r"^t\[…\] = …: "):
        p[0] = [1.0, 2.0, 3.0]
    with no_grad(), pytest.raises(IndexError, match=r"^t\[…\] = …: "):
        p[5] = 1.0
    with no_grad(), pytest.raises(TypeError, match=r"^t\[…\] = …: expected real numbers"):
        p[0] = "text"
    assert p.data.tolist() == [[1.0, 2.0], [3.0, 4.0]]
