"""Gradients keep the type of their leaf and share memory with nothing, and no array of the caller's is kept."""

import itertools

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value, grad

ROOTS = {
    "sum": lambda a, b: (a + b).sum(),
    "the operands themselves": lambda a, b: a + b,
    "minus": lambda a, b: a - b,
    "a reshape": lambda a, b: a.reshape((3,)) + b.reshape((3,)),
    "a flip": lambda a, b: sg.flip(a) + sg.flip(b),
    "a transpose": lambda a, b: sg.transpose(a) + b,
    "a broadcast": lambda a, b: sg.broadcast_to(a, (2, 3)) + b,
    "parts": lambda a, b: sg.concatenate([a, b]),
    "one twice": lambda a, b: a + a + b,
    "a product": lambda a, b: a * b,
    "an index": lambda a, b: a[::-1] + b[:],
    "a mean": lambda a, b: (a + b).mean(),
    "a choice": lambda a, b: sg.where(np.array([1.0, 0.0, 1.0]), a, b),
    "a maximum": lambda a, b: a.maximum(b),
    "one type to another": lambda a, b: sg.astype(a, np.float64) + b,
}


@pytest.mark.parametrize("what", ROOTS)
def test_no_two_gradients_nor_a_gradient_and_the_seed_or_the_data_share_memory(what):
    a, b = Tensor([1.0, 2.0, 3.0], requires_grad=True), Tensor([4.0, 5.0, 6.0], requires_grad=True)
    root = ROOTS[what](a, b)
    seed = np.ones(root.shape)
    root.backward(seed)
    arrays = [a.grad, b.grad, seed, a.data, b.data, root.data]
    for x, y in itertools.combinations(arrays, 2):
        assert not np.shares_memory(x, y)
    before = [x.copy() for x in arrays]
    a.grad[...] = 99.0
    seed[...] = -1.0
    assert np.array_equal(b.grad, before[1])
    assert a.data.tolist() == [1.0, 2.0, 3.0]
    a.grad = None
    root.backward(np.ones(root.shape))
    assert np.array_equal(a.grad, before[0])


def test_a_second_pass_makes_a_new_array_and_leaves_the_first_as_it_was():
    a = Tensor([1.0, 2.0], requires_grad=True)
    y = (a * a).sum()
    y.backward()
    first = a.grad
    y.backward()
    assert first.tolist() == [2.0, 4.0]
    assert a.grad.tolist() == [4.0, 8.0]
    assert not np.shares_memory(first, a.grad)


@pytest.mark.parametrize(
    "make", [np.array, lambda x: np.array([x, x])[0], lambda x: np.array([*x, 0.0])[:3], np.float32]
)
def test_a_callers_array_changed_later_changes_no_tensor_constant_or_gradient(make):
    array = make(np.array([1.0, 2.0, 3.0]))
    t = Tensor(array, requires_grad=True)
    x = Tensor([1.0, 1.0, 1.0], requires_grad=True)
    y = (x * array + sg.maximum(x, array) + t).sum()
    value, seed = y.item(), np.array(1.0)
    array[...] = 100.0
    assert t.data.tolist() == [1.0, 2.0, 3.0]
    y.backward(seed)
    seed[...] = 7.0
    assert x.grad.tolist() == [1.5, 2.0, 3.0]
    assert y.item() == value


FLOAT32 = {
    "times 2": lambda t: t * 2, "times 2.5": lambda t: t * 2.5, "by 3": lambda t: t / 3, "a power of 2": lambda t: 2**t, "a root": lambda t: t**0.5,
    "a NumPy number": lambda t: t + np.float64(1), "a whole NumPy number": lambda t: t * np.int64(3), "a bool": lambda t: t * True,
    "a list": lambda t: t * [1, 2, 3], "whole numbers": lambda t: t * np.array([1, 2, 3]), "a 0-d array": lambda t: t * np.array(2.0),
    "sum": lambda t: t.sum() * 3, "mean": lambda t: t.mean(), "std": lambda t: t.std(), "var": lambda t: t.var(ddof=1), "norm": lambda t: t.norm(),
    "softmax": lambda t: t.softmax(), "logsumexp": lambda t: t.logsumexp(), "clip": lambda t: t.clip(0, 1), "where": lambda t: sg.where([1, 0, 1], t, 0.0),
    "maximum": lambda t: t.maximum(0), "max": lambda t: t.max(), "matmul": lambda t: t @ np.ones((3, 2), np.float32), "relu": lambda t: t.relu(),
    "elu": lambda t: t.elu(), "leaky": lambda t: t.leaky_relu(0.1), "cross_entropy": lambda t: sg.cross_entropy(t, 1), "pad": lambda t: sg.pad(t, 1),
    "stack": lambda t: sg.stack([t, t]), "cumsum": lambda t: t.cumsum(), "prod": lambda t: t.prod(), "einsum": lambda t: sg.einsum("i,i->", t, t),
    "a list of its own": lambda t: sg.concatenate([t, [1.0]]), "bce": lambda t: t.bce_with_logits(1.0), "outer": lambda t: sg.outer(t, [1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("what", FLOAT32)
def test_float32_stays_float32_through_ops_with_python_numbers(what):
    t = Tensor(np.array([0.5, 1.0, 2.0], np.float32), requires_grad=True)
    y = FLOAT32[what](t)
    y.backward(np.ones(y.shape))
    assert y.dtype == t.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("one", "other"), [(np.float32, np.float64), (np.float64, np.float32), (np.float16, np.float32)]
)
def test_a_gradient_has_the_type_of_its_leaf(one, other):
    a, b = Tensor(np.ones(3, one), requires_grad=True), Tensor(np.ones((2, 3), other), requires_grad=True)
    y = (a * b).sum()
    y.backward()
    assert y.dtype == np.result_type(one, other)
    assert (a.grad.dtype, a.grad.shape) == (one, (3,))
    assert (b.grad.dtype, b.grad.shape) == (other, (2, 3))


def test_the_derivatives_of_a_function_are_of_the_kind_that_was_given():
    cube = lambda x: x * x * x
    assert isinstance(grad(cube)(Tensor(2.0)), Tensor)
    assert isinstance(grad(cube)(Value(2.0)), Value)
    of_array = grad(lambda x: sg.sum(cube(x)))
    assert of_array(np.array([1.0, 2.0])).astype(float).tolist() == [3.0, 12.0]
    found = of_array(Tensor(np.array([1.0, 2.0], np.float32)))
    assert (type(found), found.dtype, found.data.tolist()) == (Tensor, np.float32, [3.0, 12.0])


def test_the_gradients_of_values_are_floats_of_their_own():
    x, y = Value(2.0), Value(3.0)
    (x * y).backward(np.float64(1.0))
    assert (type(x.grad), x.grad, y.grad) == (float, 3.0, 2.0)
