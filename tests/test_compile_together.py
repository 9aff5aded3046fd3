"""Compiling and tracing in several threads: each sees its own tracing, and none another's."""

import threading

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from fastpath.plan import TracingError
from scalargrad import Value, nn
from tests.running import together

X = np.random.default_rng(0).normal(size=(6, 2))


def test_functions_are_compiled_in_several_threads():
    models = [nn.MLP(2, [4], 1, seed=i) for i in range(6)]
    expected = [m.predict(X).mean() for m in models]
    found = [None] * 6

    def work(i):
        found[i] = compile(lambda x: models[i](x))(X)

    together(*[lambda i=i: work(i) for i in range(6)])
    np.testing.assert_allclose(found, expected)


def test_one_function_is_first_called_in_several_threads_with_several_shapes():
    model = nn.MLP(2, [4], 1, seed=0)
    f = compile(lambda x: model(x), reduction="none")
    W = Tensor(np.ones(2), requires_grad=True)
    g = compile(lambda x: sg.tanh(x * W).sum(axis=1))
    whole = model.predict(X)[:, 0]

    def work(n):
        np.testing.assert_allclose(f(X[:n]), whole[:n])
        np.testing.assert_allclose(g(X[:n]), np.tanh(X[:n]).sum(axis=1))

    together(*[lambda n=n: work(n) for n in (1, 2, 3, 4, 5, 6)], rounds=5)


def test_eager_code_goes_on_undisturbed_while_another_thread_traces():
    model = nn.MLP(2, [6], 1, seed=0)
    stop = threading.Event()

    def trace():
        try:
            for i in range(6):
                compile(lambda x, i=i: sg.max(model(x)) + float(i))(X)
        finally:
            stop.set()

    def eager():
        v = [Value(1.0), Value(1.0), Value(1.0)]
        while not stop.is_set():
            for x in v:
                x.grad = 0.0
            top = sg.max(np.array(v))
            top.backward()
            assert [x.grad for x in v] == pytest.approx([1 / 3] * 3)
            assert v[0] == v[0]
            assert (v[0] > 0.5) is True
            assert float(v[0] * 2) == 2.0
            p = model.parameters()[0]
            assert p.data == float(p)

    together(trace, eager, eager)


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_dropout_is_drawn_anew_whoever_traces_at_the_time(backend):
    models = [
        nn.Sequential(
            nn.Linear(2, 8, seed=i, backend=backend),
            nn.Dropout(0.5, seed=i),
            nn.Linear(8, 1, seed=i + 1, backend=backend),
        )
        for i in range(4)
    ]
    found = {}

    def work(i):
        options = {"reduction": "none"} if backend == "value" else {}
        f = compile(lambda x: models[i](x), backend=backend, **options)
        found[i] = f(X), f(X)

    together(*[lambda i=i: work(i) for i in range(4)])
    for first, second in found.values():
        assert (np.asarray(first) != np.asarray(second)).any()


def test_a_refusal_in_one_thread_is_none_in_another():
    w = Value(2.0)

    def refused():
        with pytest.raises(TracingError):
            compile(lambda x: w * x if w.data > 0 else x)(X[:, 0])

    def reads():
        for _ in range(50):
            assert w.data == 2.0
            assert (w * 3.0).data == 6.0

    together(refused, refused, reads, reads, rounds=5)
    assert w.data == 2.0
