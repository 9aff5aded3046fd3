"""Compiled code decides nothing while it is traced: what would be frozen is refused with its line."""

import itertools
import random

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from fastpath.plan import TracingError
from scalargrad import Value, log, nn, sigmoid

X, Y = np.array([1.0, -2.0, 3.0]), np.array([0.0, 1.0, 1.0])
XX = np.arange(6.0).reshape(2, 3)


def cases(x, w):
    match x:
        case 1:
            return w * x
        case _:
            return w


SCALAR = {
    "==": lambda x, w: -log(sigmoid(w * x)) if x == 1 else -log(1 - sigmoid(w * x)),
    "== of what is computed": lambda x, w: w if x * 2 == 2.0 else x,
    "==, the other way round": lambda x, w: w if x == 1 else x,
    "!=": lambda x, w: w if x != 0 else x,
    "in": lambda x, w: w * x if x in (0, 2) else w,
    "in of a list of one": lambda x, w: w * x if x in [5.0] else w,
    "match": cases,
    "dict.get": lambda x, w: w * {0: 1.0, 1: 2.0}.get(x, 3.0),
    "dict[]": lambda x, w: w * {0: 1.0, 1: 2.0}[x],
    "in a dict": lambda x, w: w if x in {0: 1.0} else x,
    ".data of what is computed": lambda x, w: w * x if (w * x).data > 0 else x,
    ".data of an argument": lambda x, w: w * x if x.data > 0 else x,
    ".data of a parameter": lambda x, w: w * x if w.data > 0 else x,
    ".data as a number": lambda x, w: w * x * w.data,
    ".grad of a parameter": lambda x, w: w * x * (1 + w.grad),
    "max by .data": lambda x, w: max([w * x, w + x], key=lambda v: v.data),
    "sorted": lambda x, w: sorted([w * x, w + x])[0],
    "item()": lambda x, w: w * x * w.item(),
    "float()": lambda x, w: w * float(x * 2),
    "round()": lambda x, w: w * int(x * 2),
    "random.random": lambda x, w: w * x * random.random(),
    "random.choice": lambda x, w: random.choice([w, w]) * x,
    "np.random": lambda x, w: w * x * np.random.random(),
}


@pytest.mark.parametrize("name", SCALAR)
def test_scalar_code_is_refused_with_its_line(name):
    w = Value(2.0)
    with pytest.raises(TracingError, match=r"test_compile_decided\.py, line \d+") as error:
        compile(lambda x: SCALAR[name](x, w), backend="value")(X)
    assert "\n" not in str(error.value)
    assert (w * 3.0).data == 6.0
    assert type(w) is Value
    assert w.data == 2.0


def test_scalar_code_is_refused_again_once_its_parameters_are_in_a_store():
    w = Value(2.0)
    compile(lambda x: w * x)(X)
    with pytest.raises(TracingError, match=r"\.data of a Value in test_compile_decided\.py"):
        compile(lambda x: w * x if w.data > 0 else x)(X)
    assert w.data == 2.0
    assert compile(lambda x: w * x)(X) == pytest.approx(2 * X.mean())


def test_a_function_that_reads_numbers_without_deciding_by_them_is_not_in_the_way():
    w = Value(2.0)
    seen = []

    def loss(x):
        y = w * x
        seen.append(y)
        visited = {y, w}
        return y if y in visited else w

    assert compile(loss)(X) == pytest.approx(2 * X.mean())
    assert float(seen[-1]) == seen[-1].data


TENSOR = {
    "==": lambda x, w: (x @ w).sum() if (x == 1).any() else x.sum(),
    "!=": lambda x, w: (x @ w).sum() if (x != w).any() else x.sum(),
    ".data of a parameter": lambda x, w: (x @ w).sum() if w.data[0] > 0 else x.sum(),
    ".data of what is computed of parameters": lambda x, w: (x @ w).sum() * (w * 2).sum().data,
    "float() of a parameter": lambda x, w: x.sum() * float(w.sum()),
    "if of a parameter": lambda x, w: x.sum() if w.sum() > 0 else -x.sum(),
    "the truth of a parameter": lambda x, w: x.sum() if w.sum() else -x.sum(),
    "item()": lambda x, w: x.sum() * w.sum().item(),
    "np.less": lambda x, w: x.sum() * np.less(w, 0).sum(),
    "random.random": lambda x, w: (x @ w).sum() * random.random(),
    "np.random.normal": lambda x, w: (x * np.random.normal(size=3)).sum(),
}


@pytest.mark.parametrize("name", TENSOR)
def test_a_function_of_tensors_is_refused_with_its_line(name):
    w = Tensor(np.ones(3), requires_grad=True)
    with pytest.raises(TracingError, match=r"test_compile_decided\.py, line \d+") as error:
        compile(lambda x: TENSOR[name](x, w), backend="tensor")(XX)
    assert "\n" not in str(error.value)
    assert w.data[0] == 1.0


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_generators_counters_and_iterators_closed_over_are_refused(backend):
    w = Value(2.0) if backend == "value" else Tensor(2.0, requires_grad=True)
    rng, old, count, numbers = (
        np.random.default_rng(0),
        np.random.RandomState(0),
        itertools.count(),
        iter([1.0, 2.0] * 9),
    )
    calls = 0

    def counted(x):
        nonlocal calls
        calls += 1
        return w * x * calls

    functions = [
        lambda x: w * x * rng.normal(),
        lambda x: w * x if rng.random() < 0.5 else w + x,
        lambda x: w * x * old.rand(),
        lambda x: w * x * next(count),
        lambda x: w * x * next(numbers),
        counted,
    ]
    for f in functions:
        with pytest.raises(TracingError, match=r"test_compile_decided\.py, line \d+"):
            compile(f, backend=backend)(X)


def test_dropout_draws_anew_at_each_call_and_the_generator_of_the_process_is_left_alone():
    model = nn.Sequential(nn.Linear(3, 20, seed=0), nn.Dropout(0.5), nn.Linear(20, 1, seed=1))
    f = compile(lambda x: model(x)[0], reduction="none")
    assert (f(XX) != f(XX)).any()
    state = random.getstate()
    compile(lambda x: model(x)[0] * 2.0)(XX)
    assert random.getstate() == state


def test_what_is_computed_under_no_grad_is_computed_at_each_run():
    w, v = Value(2.0), Value(-1.0)

    def loss(x):
        with sg.no_grad():
            scale = w * x + 1
        return scale * v * x

    f = compile(loss)
    assert f.backward(X) == pytest.approx(np.mean((2 * X + 1) * -X))
    assert w.grad == 0.0
    assert v.grad == pytest.approx(np.mean((2 * X + 1) * X))
    w.data = 5.0
    assert f(X) == pytest.approx(np.mean((5 * X + 1) * -X))


def test_a_function_of_ones_own_may_look_at_numbers():
    class Clipped(sg.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.inside = x.data < 1
            return x if np.all(ctx.inside) else x * 0.5

        @staticmethod
        def backward(ctx, upstream):
            return upstream if np.all(ctx.inside) else upstream * 0.5

    w = Tensor([0.5, 2.0], requires_grad=True)
    f = compile(lambda x: (Clipped.apply(x * w) + Clipped.apply(w)).sum())
    assert f.value_and_grad(np.array([1.0, 1.0]))[0] == 2.5


def test_a_function_of_ones_own_may_take_a_parameter_before_an_argument():
    class Scaled(sg.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(b)
            return a * float(np.sum(b.data))

        @staticmethod
        def backward(ctx, upstream):
            return upstream * float(np.sum(ctx.saved_tensors[0].data)), None

    w = Tensor([0.5, 2.0], requires_grad=True, label="w")
    value, gradients = compile(lambda x: Scaled.apply(w, x).sum()).value_and_grad(np.array([1.0, 3.0]))
    assert value == 10.0
    np.testing.assert_array_equal(gradients["w"], [4.0, 4.0])


def test_a_module_of_values_is_not_touched_by_a_refusal_half_way():
    model = nn.MLP(2, [3], 1, seed=0)
    before = [p.data for p in model.parameters()]
    with pytest.raises(TracingError):
        compile(lambda x: model(x) if model.parameters()[0].data > 0 else model(x) * 2)(np.ones((2, 2)))
    assert [p.data for p in model.parameters()] == before
    assert {type(p) for p in model.parameters()} == {Value}


def under_no_grad(x, w):
    with sg.no_grad():
        scale = w * 2.0
    return (x * scale).sum()


READ_AT_EACH_RUN = {
    "detach()": lambda x, w: (x * w.detach()).sum(),
    "what is computed of it under no_grad": under_no_grad,
    "what is computed of it, and detached": lambda x, w: (x * (w + 1.0).detach()).sum(),
    "its sum": lambda x, w: x.sum() * w.sum(),
    "a norm": lambda x, w: (x * nn.BatchNorm1d(1, backend="tensor").eval()(w.reshape((3, 1))).reshape(3)).sum(),
}


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("name", READ_AT_EACH_RUN)
def test_whatever_is_made_of_a_tensor_is_computed_at_each_run(name, requires_grad):
    w = Tensor([1.0, 2.0, 3.0], requires_grad=requires_grad)
    f = compile(lambda x: READ_AT_EACH_RUN[name](x, w), backend="tensor")
    for numbers in ([1.0, 2.0, 3.0], [5.0, -1.0, 0.5]):
        w.data = np.array(numbers)
        assert f(X) == pytest.approx(READ_AT_EACH_RUN[name](Tensor(X), w).item())


def test_no_gradient_passes_through_what_is_detached():
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    f = compile(lambda x: (x * w.detach() * w).sum() + under_no_grad(x, w), backend="tensor")
    np.testing.assert_allclose(f.value_and_grad(X)[1]["w"], X * w.data)


def test_the_number_of_a_value_is_not_frozen_in_a_function_of_tensors():
    v = Value(2.0)
    with pytest.raises(TracingError, match=r"\.data of a parameter in test_compile_decided\.py, line \d+"):
        compile(lambda x: (x * v.data).sum(), backend="tensor")(X)
    assert type(v) is Value


def test_the_numbers_of_a_tensor_are_not_frozen_in_scalar_code():
    w, scale = Value(1.0), Tensor([2.0])
    with pytest.raises(TracingError, match=r"\.data of a Tensor in test_compile_decided\.py, line \d+"):
        compile(lambda x: w * x * scale.data[0], backend="value")(X)


def test_dropout_of_a_parameter_draws_anew_at_each_run():
    w, drop = Tensor(np.ones((3, 50)), requires_grad=True), nn.Dropout(0.5, seed=0)
    f = compile(lambda x: (x @ drop(w)).sum(axis=0), backend="tensor")
    assert (f(XX) != f(XX)).any()
    g = compile(lambda x: (x @ drop(np.ones((3, 50)))).sum(axis=0), backend="tensor")
    assert (g(XX) != g(XX)).any()


def test_batch_normalisation_of_a_parameter_keeps_its_averages_at_each_run():
    w, norm, same = Tensor(XX.T, requires_grad=True), *(nn.BatchNorm1d(2, backend="tensor") for _ in range(2))
    f = compile(lambda x: (x @ norm(w)).sum(), backend="tensor")
    for _ in range(3):
        f(XX)
        same(w)
    np.testing.assert_allclose(norm.running_mean, same.running_mean)
    np.testing.assert_allclose(norm.running_var, same.running_var)


def test_an_index_of_computed_nodes_needs_the_integers_it_is_computed_of():
    w = Value(2.0)
    f = compile(lambda x, k: w * x * {0: 1.0, 2: 5.0}.get(k * 2, 3.0), reduction="none")
    np.testing.assert_allclose(f(X, np.array([0, 1, 2])), 2 * X * [1.0, 5.0, 3.0])
