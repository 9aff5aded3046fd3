"""``==`` and ``!=`` of Tensors look at the numbers, element by element; the hash is identity. Of Values all is identity."""

import numpy as np
import pytest

from fastpath import Tensor, compile
from scalargrad import Value


def pair():
    return Tensor([1.0, 2.0], requires_grad=True), Tensor([1.0, 3.0])


@pytest.mark.parametrize(
    "other", [lambda b: b, lambda b: b.data, lambda b: b.data.tolist(), lambda b: tuple(b.data.tolist())]
)
def test_they_are_elementwise_with_tensors_arrays_and_lists(other):
    a, b = pair()
    for equal, unequal in ((a == other(b), a != other(b)), (other(b) == a, other(b) != a)):
        assert equal.tolist() == [True, False]
        assert unequal.tolist() == [False, True]
        assert equal.dtype == unequal.dtype == bool


@pytest.mark.parametrize("number", [1.0, 1, True, np.float64(1), np.int8(1), np.array(1.0)])
def test_they_are_elementwise_with_numbers_from_either_side(number):
    a, _ = pair()
    assert (a == number).tolist() == (number == a).tolist() == [True, False]
    assert (a != number).tolist() == (number != a).tolist() == [False, True]


def test_they_broadcast_and_tell_nan_and_zeros_as_ieee_does():
    t = Tensor([[0.0], [float("nan")]])
    assert (t == [-0.0, float("nan")]).tolist() == [[True, False], [False, False]]
    assert (t != t).tolist() == [[False], [True]]
    assert (Tensor(2.0) == 2.0) == np.True_
    assert bool(Tensor(2.0) == Tensor(2.0))


def test_shapes_that_do_not_fit_are_told_with_both():
    for compare, name in (
        (lambda a, b: a == b, "equal"),
        (lambda a, b: a != b, "not_equal"),
        (lambda a, b: a < b, "less"),
    ):
        with pytest.raises(ValueError, match=rf"^{name}: shapes \(2,\) and \(3,\) do not broadcast together$"):
            compare(Tensor([1.0, 2.0]), Tensor([1.0, 2.0, 3.0]))


def test_what_is_no_number_is_unequal_as_a_whole_or_refused():
    a, _ = pair()
    assert (a == None) is False  # noqa: E711
    assert (a != None) is True  # noqa: E711
    assert (a == "text", a != "text", a == Value(1.0)) == (False, True, False)
    with pytest.raises(TypeError, match=r"^equal: expected numbers"):
        _ = a == ["text", None]


def test_the_truth_of_several_comparisons_is_asked_for():
    a, b = pair()
    for x in (a == b, a):
        with pytest.raises(ValueError, match=r"any\(\)"):
            bool(x)
    with pytest.raises(ValueError, match=r"^a Tensor of shape \(2,\) is neither true nor false"):
        bool(a)


def test_hash_is_identity_so_that_nodes_are_keys():
    a, b = pair()
    twin = Tensor(a.data)
    names = {a: "a", b: "b", twin: "twin"}
    assert [names[x] for x in (a, b, twin)] == ["a", "b", "twin"]
    assert len({a, b, twin, a}) == 3
    assert a in names
    assert Tensor([1.0]) not in names


def test_numpys_functions_of_the_same_name_give_the_same_bools():
    a, b = pair()
    assert np.equal(a, b).tolist() == np.equal(b.data, a).tolist() == [True, False]
    assert np.not_equal(a, 1).tolist() == [False, True]
    assert np.less(a.data, b).tolist() == np.greater(b.data, a).tolist() == [False, True]
    assert np.greater_equal(2.0, a).tolist() == [True, True]
    assert np.less_equal(a, [1.0, 1.0]).tolist() == [True, False]


def test_no_gradient_passes_through_a_comparison_which_is_an_array():
    a, b = pair()
    chosen = (a == b) * a
    chosen.sum().backward()
    assert a.grad.tolist() == [1.0, 0.0]
    assert (Tensor([1.0, 2.0, 2.0]) == Tensor([1.0, 2.0, 3.0])).mean() == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "asks", [lambda x, y: x == y, lambda x, y: x != y, lambda x, y: x == 1.0, lambda x, y: x in [y, x], lambda x, y: [x, y].index(y)]
)  # fmt: skip
def test_while_a_function_is_traced_they_are_refused(asks):
    with pytest.raises(TypeError, match=r"[=!]= of a traced array .* would be decided once"):
        compile(lambda x, y: x * (2.0 if asks(x, y) else 1.0), backend="tensor")(np.ones(2), np.ones(2))


def test_of_values_they_are_identity():
    v, w = Value(1.0), Value(1.0)
    assert (v == v, v == w, v != w, v == 1.0, w in [v]) == (True, False, True, False, False)
