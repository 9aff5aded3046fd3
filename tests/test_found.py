"""argmax and argmin of Values: integers to count, index and compare with; nodes without a derivative in arithmetic."""

import copy
import operator
import pickle
from numbers import Integral

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor
from scalargrad import NotDifferentiableError, Value, argmax, argmin, grad, metrics, no_grad, trace


def matrix():
    return np.array([[Value(1.0), Value(3.0)], [Value(5.0), Value(2.0)]])


A, B = Value(1.0), Value(2.0)
ARITHMETIC = {
    "times a Value": lambda i: i * A,
    "a Value times": lambda i: A * i,
    "times a float and a Value": lambda i: 2.0 * i * A,
    "a NumPy number times": lambda i: np.float64(2.0) * i * A,
    "a whole NumPy number times": lambda i: np.int64(2) * i * A,
    "an operand of clip": lambda i: A.clip(0.0, i),
    "a float times": lambda i: A + i * 2.0,
    "plus an int": lambda i: (i + 1) * A,
    "an int minus": lambda i: (3 - i) * A,
    "negative": lambda i: -i + A,
    "halved": lambda i: i / 2 + A,
    "a power": lambda i: i**2 * A,
    "in an op": lambda i: sg.exp(i) * A,
    "in a method": lambda i: A.maximum(i),
    "as a choice": lambda i: sg.where(A, i, B),
    "with an array": lambda i: (np.array([1.0, 2.0]) * i)[0] * A,
    "with an array of Values": lambda i: (np.array([A, B]) * i)[1],
    "in a mean": lambda i: sg.mean([i * 1.0, A]),
    "whole-number division": lambda i: (i // 1) * A,
    "absolute": lambda i: abs(i) * A,
}


@pytest.mark.parametrize("how", ARITHMETIC)
@pytest.mark.parametrize("find", [argmax, argmin])
def test_a_gradient_through_it_is_refused_with_the_reason_and_the_number_is_right(find, how):
    i = find([A, B])
    y = ARITHMETIC[how](i)
    assert float(y) == float(ARITHMETIC[how](int(i)))
    for ask in (y.backward, lambda: trace(y), lambda: sg.grad(y, B)):
        with pytest.raises(NotDifferentiableError, match=rf"{find.name} has no gradient: which element .* softmax"):
            ask()
    assert A.grad == B.grad == 0.0


IN_ARRAYS = {
    "times Values": lambda p, m: (p * m[0])[0],
    "Values times": lambda p, m: (m[0] * p)[0],
    "a Value times": lambda p, m: (m[0, 0] * p)[0],
    "times a float": lambda p, m: (p * 2.0)[0] * m[0, 0],
    "a sum": lambda p, m: p.sum() * m[0, 0],
    "a mean": lambda p, m: p.mean() * m[0, 0],
    "the op sum": lambda p, m: sg.sum(p) * m[0, 0],
    "plus one": lambda p, m: (p + 1)[0] * m[0, 0],
    "an op": lambda p, m: sg.exp(p)[0] + m[0, 0],
    "another shape": lambda p, m: p.reshape(2, 1).ravel()[1] * m[0, 0],
    "one by one": lambda p, m: next(x * m[0, 0] for x in p),
    "as floats": lambda p, m: p.astype(float)[0] * m[0, 0],
}


@pytest.mark.parametrize("how", IN_ARRAYS)
def test_the_same_of_an_array_of_them(how):
    m = matrix()
    y = IN_ARRAYS[how](argmax(m, axis=1), m)
    with pytest.raises(NotDifferentiableError, match="argmax has no gradient"):
        y.backward()


def test_it_counts_indexes_and_compares_as_an_integer():
    i = argmax([A, B])
    assert (i == 1, i == 1, i != 0, i < 2, i >= B, int(i), float(i), f"{i} {i:03d}", repr(i)) == (
        True, True, True, True, False, 1, 1.0, "1 001", "1",
    )  # fmt: skip
    assert isinstance(i, Integral)
    assert hash(i) == hash(1)
    assert {1: "one"}[i] == "one"
    assert ["x", "y"][i] == "y"
    assert [0, 10, 20][i + 1] == 20
    assert list(range(i)) == [0]
    assert (i + 1, 3 - i, i % 2, i << 2, ~i, -i) == (2, 2, 1, 4, -2, -1)
    assert bool(i)
    assert not argmin([A, B])
    assert np.array([i, i]).dtype.kind == "i"
    assert (np.array([0, 1]) == i).tolist() == [False, True]


def test_an_array_of_them_counts_indexes_and_compares_as_integers():
    m = matrix()
    p = argmax(m, axis=1)
    assert p.tolist() == [1, 0]
    assert repr(p) == "array([1, 0])"
    assert type(p == [1, 0]) is np.ndarray
    assert (p == np.array([1, 1])).mean() == 0.5
    assert [x.data for x in m[np.arange(2), p]] == [3.0, 5.0]
    assert sg.one_hot(p, 2).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert sg.index(m, (np.arange(2), p))[0] is m[0, 1]
    assert metrics.accuracy([1, 0], p) == metrics.accuracy([1, 0], [argmax(row) for row in m]) == 1.0
    loss = sg.cross_entropy(m, p)
    loss.backward()
    assert m[0, 0].grad > 0
    assert argmax(m, axis=0, keepdims=True).tolist() == [[1, 0]]


def test_an_array_of_them_changed_in_place_stays_one():
    m = matrix()
    p = argmax(m, axis=1)
    p += 1
    assert p.tolist() == [2, 1]
    with pytest.raises(NotDifferentiableError, match="argmax"):
        (p[0] * m[0, 0]).backward()
    with pytest.raises(TypeError):
        p *= 0.5
    whole = np.array([1, 2])
    whole += argmax(m, axis=0)
    assert whole.tolist() == [2, 2]
    assert np.add([1, 1], [0, 2], out=argmax(m, axis=0)).tolist() == [1, 3]
    assert np.argmax(p) == 0
    assert p.max() == 2
    assert p[p > 1].tolist() == [2]


def test_taking_what_it_names_is_differentiable():
    x, y = Value(2.0), Value(3.0)
    [x * x, y * y][argmax([x, y])].backward()
    assert (x.grad, y.grad) == (0.0, 6.0)
    assert float(grad(lambda a, b: [a * a, b * b][argmax([a, b])], argnums=1)(2.0, 3.0)) == 6.0


def test_within_grad_it_is_refused_too():
    with pytest.raises(NotDifferentiableError, match="argmax"):
        grad(lambda a, b: argmax([a, b]) * b)(2.0, 3.0)


def test_with_tensors_it_is_an_index_or_a_label_and_no_operand():
    t, i, p = Tensor([[1.0, 2.0], [4.0, 3.0]], requires_grad=True), argmax([A, B]), argmax(matrix(), axis=1)
    assert t[i].data.tolist() == [4.0, 3.0]
    assert t[np.arange(2), p].data.tolist() == [2.0, 4.0]
    sg.cross_entropy(t, p).backward()
    assert t.grad is not None
    for call in (lambda: t * i, lambda: i * t, lambda: t * p, lambda: p * t, lambda: t.maximum(i)):
        with pytest.raises(TypeError, match=r"a Tensor and a Value do not mix|a Value and a Tensor do not mix"):
            call()


def test_numbers_and_what_is_not_recorded_give_plain_numbers():
    assert type(argmax([1.0, 3.0])) is np.int64
    with no_grad():
        assert (argmax([A, B]) * A).op is None
    nan = Value(float("nan"))
    assert (argmax([nan, A]), argmax([A, nan]), argmin([A, nan, B])) == (0, 1, 1)
    assert argmax([A, A]) == 0
    assert argmin(Tensor([3.0, 1.0])).item() == 1


def test_copies_of_the_number_are_plain_and_copies_of_a_node_are_nodes():
    i = argmax([A, B])
    for copied in (copy.copy(i), copy.deepcopy(i), pickle.loads(pickle.dumps(i))):
        assert type(copied) is int
        assert copied == 1
    p = argmax(matrix(), axis=1)
    assert pickle.loads(pickle.dumps(p)).tolist() == [1, 0]
    for copied in (copy.deepcopy(i * A), pickle.loads(pickle.dumps(i * A))):
        with pytest.raises(NotDifferentiableError, match="argmax"):
            copied.backward()


@pytest.mark.parametrize(
    "function", [operator.add, operator.mul, operator.sub, operator.pow, operator.floordiv, operator.mod], ids=str
)
def test_whole_numbers_computed_of_it_stay_whole_and_remember(function):
    i = argmax([A, B])
    for whole in (function(i, 2), function(2, i), function(i, i)):
        assert isinstance(whole, Integral)
        with pytest.raises(NotDifferentiableError, match="argmax"):
            (whole * A).backward()


def test_an_argmax_of_tensors_refuses_as_it_did():
    t = Tensor([1.0, 3.0], requires_grad=True)
    for find in (argmax, argmin):
        with pytest.raises(NotDifferentiableError, match=f"{find.name} has no gradient"):
            (find(t) * t).sum().backward()
    assert t.grad is None
