"""A gradient summed back over the axes along which its operand was broadcast: on arrays, Tensors and Exprs."""

import numpy as np
import pytest

import fastpath
from fastpath import Tensor
from fastpath.numerics import unbroadcast_array
from scalargrad.ops.broadcasting import unbroadcast

SHAPES = [
    ((3,), ()), ((2, 3), ()), ((2, 3), (3,)), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((2, 3), (1, 1)), ((4, 2, 3), (3,)),
    ((4, 2, 3), (2, 1)), ((4, 2, 3), (4, 1, 3)), ((4, 2, 3), (2, 3)), ((1, 3), (3,)), ((2, 0), (2, 1)), ((0, 3), (3,)),
]  # fmt: skip


def summed(gradient, shape):
    """Each element added where the element it was broadcast from stands."""
    whole = np.zeros(shape)
    places = np.broadcast_to(np.arange(whole.size).reshape(shape), gradient.shape)
    np.add.at(whole.reshape(-1), places, gradient)
    return whole


@pytest.mark.parametrize(("large", "small"), SHAPES)
def test_it_is_summed_over_the_axes_that_were_broadcast(large, small):
    gradient = np.random.default_rng(0).normal(size=large)
    operand = Tensor(np.ones(small), requires_grad=True)
    expected = summed(gradient, small)
    for found in (
        unbroadcast(gradient, operand.data),
        unbroadcast_array(gradient, operand.data),
        operand._unbroadcast(Tensor(gradient)).data,
        fastpath.compile(lambda a: (a * gradient).sum()).value_and_grad(operand.data, argnums=0)[1],
    ):
        assert found.shape == small
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("large", "small"), SHAPES)
def test_what_is_left_short_is_repeated(large, small):
    gradient = np.random.default_rng(0).normal(size=small)
    operand = np.zeros(large)
    for found in (unbroadcast(gradient, operand), unbroadcast_array(gradient, operand)):
        np.testing.assert_array_equal(found, np.broadcast_to(gradient, large))
    assert unbroadcast_array(gradient, operand).flags.owndata
    np.testing.assert_array_equal(Tensor(operand)._unbroadcast(Tensor(gradient)).data, found)


@pytest.mark.parametrize("shape", [(4096, 1), (4096,), (4096, 2)])
def test_float16_is_added_up_in_float32(shape):
    gradient, bias = np.ones(shape, np.float16), np.zeros(shape[1:], np.float16)
    for found in (unbroadcast(gradient, bias), unbroadcast_array(gradient, bias)):
        assert found.dtype == np.float16
        assert (found == 4096).all()  # added up in float16 it would stay at 2048
    x, b = Tensor(gradient), Tensor(bias, requires_grad=True)
    (x + b).sum().backward()
    assert (b.grad == 4096).all()
    compiled = fastpath.compile(lambda b: (b + gradient).sum()).value_and_grad(bias, argnums=0)[1]
    assert (compiled == 4096).all()


def test_it_can_be_differentiated_again():
    gradient = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    (Tensor(np.ones(3))._unbroadcast(gradient) * [1.0, 2.0, 3.0]).sum().backward()
    np.testing.assert_array_equal(gradient.grad, [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
