"""A Function on Tensors: the class that works on Values works on arrays."""

import copy
import pickle

import numpy as np
import pytest

from fastpath import Tensor, exp
from scalargrad import Function, NotDifferentiableError, Value, draw, grad, gradcheck, hessian, no_grad, steps, trace
from tests.graphs import Multiply


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, z):
        y = 1 / (1 + exp(-z))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, upstream):
        (y,) = ctx.saved_tensors
        return upstream * (1 - y) * y


class Steps(Function):
    """Computed with NumPy, with a constant operand."""

    @staticmethod
    def forward(ctx, x, times):
        ctx.times = times
        return np.floor(x.data) * times

    @staticmethod
    def backward(ctx, upstream):
        return upstream * float(ctx.times), None


def leaf(data, label=None):
    return Tensor(np.array(data, dtype=float), requires_grad=True, label=label)


def test_gradients_are_those_of_the_backward_on_whole_arrays():
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([[5.0, 6.0], [7.0, 8.0]])
    z = Multiply.apply(x, y)
    np.testing.assert_array_equal(z.data, x.data * y.data)
    z.sum().backward()
    np.testing.assert_array_equal(x.grad, y.data)
    np.testing.assert_array_equal(y.grad, x.data)


def test_a_broadcast_operand_gets_the_sum_of_its_shares():
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([10.0, 20.0])
    Multiply.apply(x, y).sum().backward()
    np.testing.assert_array_equal(y.grad, [4.0, 6.0])


def test_the_same_class_works_on_values_and_on_tensors():
    numbers = np.linspace(-3, 3, 7)
    t = leaf(numbers)
    Sigmoid.apply(t).sum().backward()
    for x, g in zip(numbers, t.grad, strict=True):
        v = Value(x)
        Sigmoid.apply(v).backward()
        assert v.grad == pytest.approx(g, rel=1e-14)


def test_what_needs_no_gradient_gets_none():
    x = leaf([1.0, 2.0])
    z = Multiply.apply(x, Tensor([3.0, 4.0]))
    z.sum().backward()
    np.testing.assert_array_equal(x.grad, [3.0, 4.0])
    assert not Multiply.apply(Tensor([1.0]), Tensor([2.0])).requires_grad
    with no_grad():
        assert not Multiply.apply(x, x).requires_grad


def test_numbers_and_arrays_are_constants():
    x = leaf([1.5, -2.5])
    Steps.apply(x, 3).sum().backward()
    np.testing.assert_array_equal(x.grad, [3.0, 3.0])
    y = leaf([2.0, 3.0])
    Multiply.apply(y, np.array([4.0, 5.0])).sum().backward()
    np.testing.assert_array_equal(y.grad, [4.0, 5.0])


def test_float32_stays_float32():
    x = Tensor(np.float32([1, 2]), requires_grad=True)
    z = Sigmoid.apply(x)
    z.sum().backward()
    assert z.dtype == x.grad.dtype == np.float32


def test_its_gradient_can_be_differentiated_again():
    x = leaf([0.3, -0.7])
    np.testing.assert_allclose(hessian(lambda t: Multiply.apply(t, t * t).sum(), x).data, np.diag(6 * x.data))
    (s,) = [grad(Sigmoid.apply(x).sum(), x)]
    second = grad(s.sum(), x)
    y = 1 / (1 + np.exp(-x.data))
    np.testing.assert_allclose(second.data, y * (1 - y) * (1 - 2 * y))


def test_what_forward_computed_has_no_second_derivative():
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3 * x.data**2)
            return x.data**3

        @staticmethod
        def backward(ctx, upstream):
            (slope,) = ctx.saved_tensors
            return upstream * slope

    x = leaf([1.0, 2.0])
    first = grad(Cube.apply(x).sum(), x)
    np.testing.assert_array_equal(first.data, [3.0, 12.0])
    with pytest.raises(NotDifferentiableError, match="Cube cannot be differentiated again"):
        grad(first.sum(), x)


def test_it_is_checked_drawn_stepped_and_traced():
    x, y = leaf([1.0, 2.0], "x"), leaf([3.0, -4.0], "y")
    root = Sigmoid.apply(Multiply.apply(x, y)).sum()
    assert gradcheck(root)
    assert trace(root).nodes[2].op == "Multiply"
    text = steps(root).text
    assert "Multiply(x, y)" in text
    assert "= y·Ḡ = " in text
    assert "Sigmoid" in draw(root).dot


def test_a_wrong_backward_is_found():
    class Wrong(Multiply):
        @staticmethod
        def backward(ctx, upstream):
            x, _ = ctx.saved_tensors
            return x * upstream, x * upstream

    assert not gradcheck(Wrong.apply(leaf([1.0, 2.0]), leaf([3.0, 4.0])).sum())


def test_copies_and_pickles_work():
    x = leaf([1.0, 2.0], "x")
    root = Multiply.apply(x, x).sum()
    for other in (copy.deepcopy(root), pickle.loads(pickle.dumps(root))):
        other.backward()
        np.testing.assert_array_equal(trace(other).leaves[0].grad.entries, (2.0, 4.0))
    assert x.grad is None


def test_backward_cannot_write_into_the_graph():
    class Careless(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2.0

        @staticmethod
        def backward(ctx, upstream):
            upstream.data[:] = 0.0
            return upstream

    x = leaf([1.0, 2.0])
    try:
        Careless.apply(x).sum().backward()
    except ValueError:
        assert x.grad is None


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "returned nothing"),
        ((1.0, 2.0), "returned 2 results"),
        ("text", "not a Tensor, an array or a number"),
    ],
)
def test_a_wrong_forward_is_one_sentence(returned, message):
    class Odd(Function):
        @staticmethod
        def forward(ctx, x):
            return returned

        @staticmethod
        def backward(ctx, upstream):
            return upstream

    with pytest.raises(TypeError, match=message):
        Odd.apply(leaf([1.0]))


def test_a_wrong_number_of_gradients_is_one_sentence():
    class Short(Multiply):
        @staticmethod
        def backward(ctx, upstream):
            return upstream

    with pytest.raises(TypeError, match="returned 1 gradients for 2 operands"):
        Short.apply(leaf([1.0]), leaf([2.0])).backward()


def test_values_and_tensors_do_not_mix():
    with pytest.raises(TypeError, match="do not mix"):
        Multiply.apply(leaf([1.0]), Value(2.0))
