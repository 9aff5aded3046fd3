"""Compiled functions copied and pickled: what comes out works, and has parameters of its own."""

import copy
import functools
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

from fastpath import Tensor, compile
from scalargrad import Value, nn

W = Tensor([2.0, 3.0], requires_grad=True, label="W")
V = Value(2.0, label="V")
LOCK = threading.Lock()
X = np.array([[1.0, 2.0], [3.0, 4.0]])


def doubled(x):
    return (x * W).sum() * 2


@compile
def by_name(x):
    return doubled(x) + (W * W).sum()


@compile
def scalar_by_name(x):
    with LOCK:
        return x * V + 1


by_alias = compile(doubled)


def pickled(x):
    return pickle.loads(pickle.dumps(x))


class Model:
    def __init__(self):
        self.w = Tensor([1.0, -1.0], requires_grad=True, label="w")

    def __call__(self, x):
        return (x @ self.w).sum()

    def loss(self, x):
        return self(x) ** 2

    @compile
    def compiled(self, x):
        return self(x) ** 2


def is_working_copy(f, g, read, x=X):
    """``g`` gives what ``f`` gives, and its training leaves the parameter that ``read`` reads as it is."""
    before = read()
    value = f(x)
    assert g(x) == value
    g.step(x, lr=0.1)
    np.testing.assert_array_equal(read(), before)
    assert f(x) == value
    assert g(x) != value
    g.backward(x)


def test_a_function_at_the_top_of_a_module_copied():
    is_working_copy(by_name, copy.deepcopy(by_name), lambda: W.data.copy())
    is_working_copy(by_alias, copy.deepcopy(by_alias), lambda: W.data.copy())
    is_working_copy(scalar_by_name, copy.deepcopy(scalar_by_name), lambda: V.data, np.array([1.0, 2.0]))


def test_a_function_at_the_top_of_a_module_is_pickled_by_its_name():
    assert pickled(by_name) is by_name
    assert pickled(scalar_by_name) is scalar_by_name
    assert pickled(by_alias)(X) == by_alias(X)
    code = f"import pickle; print(pickle.loads({pickle.dumps(by_name)!r})({X.tolist()!r}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) == by_name(X)


@pytest.mark.parametrize("copying", [copy.deepcopy, pickled])
def test_objects_and_methods(copying):
    model = Model()
    for f in (compile(model), compile(model.loss)):
        is_working_copy(f, copying(f), lambda: model.w.data.copy())
    net = nn.Linear(2, 1, seed=0)
    f = compile(net, backend="value", reduction="sum")
    f.backward(X)
    g = copying(f)
    assert type(g.function.parameters()[0]) is Value
    is_working_copy(f, g, lambda: [p.data for p in net.parameters()])
    assert (g.reduction, g.dtype) == (f.reduction, f.dtype)


def test_a_model_and_its_function_are_copied_together():
    model = Model()
    other, f = copy.deepcopy((model, compile(model.loss)))
    f.step(X, lr=0.01)
    assert not np.array_equal(other.w.data, model.w.data)
    third, g = pickled((model, compile(model)))
    g.step(X, lr=0.01)
    assert not np.array_equal(third.w.data, model.w.data)


def test_closures_partials_defaults_and_functions_that_are_called():
    w, v = Tensor([1.0, 1.0], requires_grad=True), Value(3.0)
    inner = lambda x: (x * w).sum()
    is_working_copy(f := compile(lambda x: inner(x) ** 2), copy.deepcopy(f), lambda: w.data.copy())
    is_working_copy(f := compile(lambda x, w=w: (x * w).sum()), copy.deepcopy(f), lambda: w.data.copy())
    is_working_copy(
        f := compile(functools.partial(lambda w, x: (x * w).sum(), w)), copy.deepcopy(f), lambda: w.data.copy()
    )
    is_working_copy(f := compile(lambda x: x * v), copy.deepcopy(f), lambda: v.data, np.ones(2))
    outer = compile(lambda x: f(x) + v)
    is_working_copy(outer, copy.deepcopy(outer), lambda: v.data, np.ones(2))


def test_a_function_that_calls_itself():
    w = Tensor([1.5], requires_grad=True)

    def power(x, n):
        return w.sum() if n == 0 else power(x, n - 1) * x.sum()

    f = compile(lambda x: power(x, 2))
    is_working_copy(f, copy.deepcopy(f), lambda: w.data.copy())


def test_a_compiled_method_copied_has_an_object_of_its_own():
    model = Model()
    is_working_copy(model.compiled, copy.deepcopy(model.compiled), lambda: model.w.data.copy())
    other = copy.deepcopy(model)
    other.compiled.step(X, lr=0.1)
    assert model.w.data.tolist() == [1.0, -1.0]


@pytest.mark.parametrize("copying", [copy.deepcopy, copy.copy, pickled])
def test_graphs(copying):
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    f = compile(a * b + 1, reduction="mean")
    f.value_and_grad(a=X, b=2.0)
    g = copying(f)
    assert g.value_and_grad(a=1.0, b=4.0) == (5.0, {"a": 4.0, "b": 1.0})
    assert g.reduction == "mean"
    many = copying(compile(np.array([[a * b, a], [b, a + b]])))
    np.testing.assert_array_equal(many(a=1.0, b=2.0), [[2, 1], [2, 3]])
