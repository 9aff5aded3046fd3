"""What the forward and the backward of a Function may not do: one sentence with the Function's name, nothing changed."""

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import Function, Value, sum


def doubled(ctx, x):
    return x * 2


def twice(ctx, g):
    return g * 2


def function(forward=doubled, backward=twice):
    return type("Mine", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def value():
    return Value(2.0)


def tensor():
    return Tensor([1.0, 2.0, 3.0], requires_grad=True)


def run(x, **methods):
    y = function(**methods).apply(x)
    (y.sum() if isinstance(y, Tensor) else y).backward()
    return y


def change(ctx, x):
    if isinstance(x, Value):
        x.data = 7.0
    else:
        x.data[...] = 0.0
    return x * 1


def changed_later(ctx, x):
    x.data[0] *= 5.0
    ctx.save_for_backward(x)
    return x.data.sum()


FORWARDS = {
    "takes nothing": (lambda ctx: 1.0, r"Mine\.forward\(ctx\) cannot be called with ctx and 1 operand$"),
    "takes too many": (lambda ctx, x, y: 1.0, r"Mine\.forward\(ctx, x, y\) cannot be called with ctx and 1 operand$"),
    "forgets ctx": (lambda x: x, r"Mine\.forward\(x\) cannot be called with ctx and 1 operand$"),
    "returns a text": (lambda ctx, x: "a", r"Mine\.forward"),
    "returns nothing": (lambda ctx, x: None, r"Mine\.forward returned nothing"),
    "returns a complex number": (lambda ctx, x: 1j, r"Mine\.forward"),
    "returns two": (lambda ctx, x: (x, x), r"Mine\.forward returned 2 results"),
    "returns objects": (lambda ctx, x: np.array([None]), r"Mine\.forward"),
    "returns a dict": (lambda ctx, x: {}, r"Mine\.forward"),
    "returns a masked array": (lambda ctx, x: np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), r"Mine\.forward"),
    "changes an operand": (change, r"Mine\.forward changed the data of operand 0 in place: compute a new"),
}


@pytest.mark.parametrize("make", [value, tensor])
@pytest.mark.parametrize("what", FORWARDS)
def test_a_forward(what, make):
    forward, message = FORWARDS[what]
    x = make()
    before = np.array(x.data)
    with pytest.raises((TypeError, ValueError), match=f"^{message}") as told:
        run(x, forward=forward)
    assert "\n" not in str(told.value)
    assert np.array_equal(x.data, before)


def test_a_forward_that_changes_part_of_an_array_or_writes_to_a_read_only_one():
    x = tensor()
    with pytest.raises(ValueError, match=r"^Mine\.forward changed the data of operand 0 in place"):
        run(x, forward=changed_later)
    assert x.data.tolist() == [1.0, 2.0, 3.0]
    for operand in (x * 1.0, x):
        with pytest.raises(ValueError, match=r"^Mine\.forward changes an array in place: compute a new one instead"):
            run(operand, forward=lambda ctx, x: x._array.fill(0.0))
    assert x.data.tolist() == [1.0, 2.0, 3.0]


def test_a_forward_may_look_at_its_operands_data():
    x = tensor()
    run(x, forward=lambda ctx, x: Tensor(x.data * 2.0))
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    nan = Tensor([float("nan")], requires_grad=True)
    assert np.isnan(function(forward=lambda ctx, x: x.data * 2.0).apply(nan).data[0])
    assert np.isnan(function(forward=lambda ctx, x: x.data * 2.0).apply(Value(float("nan"))).data)


BACKWARDS = {
    "takes too few": (lambda ctx: 1.0, r"Mine\.backward\(ctx\) cannot be called with ctx and the upstream gradient$"),
    "takes too many": (lambda ctx, g, h: g, r"Mine\.backward\(ctx, g, h\) cannot be called with ctx and the upstream"),
    "returns a complex number": (lambda ctx, g: 1j, r"Mine\.backward returned a complex for operand 0"),
    "returns a text": (lambda ctx, g: "x", r"Mine\.backward returned a str for operand 0"),
    "returns a dict": (lambda ctx, g: {}, r"Mine\.backward returned a dict for operand 0"),
    "returns a generator": (lambda ctx, g: (x for x in [g]), r"Mine\.backward returned a generator for operand 0"),
    "returns a list": (lambda ctx, g: [1.0, 2.0, 3.0], r"Mine\.backward returned 3 gradients for 1 operand"),
    "returns two": (lambda ctx, g: (g, g), r"Mine\.backward returned 2 gradients for 1 operand"),
    "returns none": (lambda ctx, g: (), r"Mine\.backward returned 0 gradients for 1 operand"),
    "returns another shape": (lambda ctx, g: np.ones(2), r"Mine\.backward returned a"),
    "returns objects": (lambda ctx, g: np.array([None] * 3), r"Mine\.backward returned a"),
    "returns texts": (lambda ctx, g: np.array(["a"] * 3), r"Mine\.backward returned a"),
    "returns another kind": (
        lambda ctx, g: Tensor(1.0) if isinstance(g, Value) else Value(1.0),
        r"Mine\.backward returned",
    ),
}


@pytest.mark.parametrize("make", [value, tensor])
@pytest.mark.parametrize("what", BACKWARDS)
def test_a_backward(what, make):
    backward, message = BACKWARDS[what]
    x = make()
    with pytest.raises((TypeError, ValueError), match=f"^{message}") as told:
        run(x, backward=backward)
    assert "\n" not in str(told.value)
    assert x.grad is None or x.grad == 0.0


@pytest.mark.parametrize(
    "share",
    [
        lambda g: np.ones((3, 2)),
        lambda g: np.ones(1),
        lambda g: g.sum(),
        lambda g: np.ones(()),
        lambda g: Tensor(np.ones(4)),
    ],
)
def test_a_gradient_smaller_than_its_operand_or_of_another_shape_is_refused(share):
    x = tensor()
    with pytest.raises(
        ValueError, match=r"^Mine\.backward returned a gradient of shape \(.*\) for operand 0 of shape \(3,\)$"
    ):
        run(x, backward=lambda ctx, g: share(g))
    assert x.grad is None


def test_a_gradient_is_summed_where_the_operand_was_broadcast_and_repeated_where_it_is_one_number():
    x = tensor()
    run(x, forward=lambda ctx, x: x * np.ones((2, 1)), backward=lambda ctx, g: g * np.array([[1.0], [2.0]]))
    assert x.grad.tolist() == [3.0, 3.0, 3.0]
    x = tensor()
    run(x, forward=lambda ctx, x: x.data.sum(), backward=lambda ctx, g: g * 2)
    assert x.grad.tolist() == [2.0, 2.0, 2.0]
    x = tensor()
    run(x, backward=lambda ctx, g: 2.0)
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_a_wrong_shape_is_refused_in_a_second_derivative_too():
    from scalargrad import grad

    wrong = function(backward=lambda ctx, g: Tensor(np.ones(2)))
    with pytest.raises(ValueError, match=r"^Mine\.backward returned a gradient of shape \(2,\)"):
        grad(lambda x: sum(wrong.apply(x) * x))(Tensor([1.0, 2.0, 3.0]))


def test_what_the_users_own_code_raises_comes_through_as_it_is():
    for make in (value, tensor):
        with pytest.raises(KeyError, match="k"):
            run(make(), backward=lambda ctx, g: {}["k"])
        with pytest.raises(ZeroDivisionError):
            run(make(), forward=lambda ctx, x: 1 / 0)
        with pytest.raises(TypeError, match="unsupported operand"):
            run(make(), backward=lambda ctx, g: None + 1)
