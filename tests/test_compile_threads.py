"""Plans that run in another thread than they were made in, in several at once, and within each other."""

import contextlib
import signal
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from fastpath.compiler.repeating import one_tracing
from fastpath.numerics import quiet
from fastpath.traced.graph import traced
from fastpath.traced.randomness import line_of_random
from scalargrad import Function, Value, nn
from scalargrad.ops.structure import StructuralOp

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 3))
W = Tensor(RNG.normal(size=(3, 4)), requires_grad=True, label="W")


def elsewhere(f, *arguments):
    """What a function gives in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(f, *arguments).result(timeout=60)


def at_once(jobs, threads=4):
    """What these jobs give, run in several threads that begin together."""
    start = threading.Barrier(threads)
    with ThreadPoolExecutor(threads, initializer=start.wait) as pool:
        return [job.result(timeout=60) for job in [pool.submit(f, *arguments) for f, *arguments in jobs]]


def test_a_plan_made_in_one_thread_runs_in_any_other():
    f = compile(lambda x: (sg.log(x @ W) * 0.0).sum())  # warnings, if NumPy gave any, would be errors
    here = f(X)
    assert np.isnan(here)
    assert np.isnan(elsewhere(f, X))
    assert np.isnan(elsewhere(elsewhere, f, X))
    plan = elsewhere(f.plan, X)
    assert np.isnan(plan.run(X)[0])


def test_plans_of_unrelated_functions_run_in_several_threads_at_once():
    functions = [compile(lambda x, k=k: sg.tanh(x @ W * k).sum()) for k in range(4)]
    for f in functions:
        f(X)
    many = [(f, X + i) for i in range(60) for f in functions]
    results = at_once([(lambda f, x: (f(x), f.value_and_grad(x)[1]["W"]), f, x) for f, x in many])
    for (f, x), (value, gradient) in zip(many, results):
        assert value == f(x)
        np.testing.assert_array_equal(gradient, f.value_and_grad(x)[1]["W"])


def test_one_function_called_from_several_threads_at_once_before_it_has_any_plan():
    f = compile(lambda x: sg.softmax(x @ W).sum(axis=0))
    batches = [RNG.normal(size=(1 + i % 3, 3)) for i in range(40)]
    results = at_once([(f, x) for x in batches])
    for x, result in zip(batches, results):
        np.testing.assert_allclose(result, sg.softmax(x @ W.data).sum(axis=0), rtol=1e-12)
    assert len(f._plans) == 3


def test_parameters_are_named_while_another_thread_looks_for_its_state():
    f = compile(lambda x, kind: (sg.tanh(x @ W) if kind == "a" else x @ W).sum())
    f.value_and_grad(X, "a")
    f.value_and_grad(X, "b")
    known = f._states._known

    class Interleaved(list):
        """Is iterated over while another thread, here this one, calls with other settings."""

        def __iter__(self):
            known.setdefault("others", [])
            return super().__iter__()

    for key in list(known):
        known[key] = Interleaved(known[key])
    assert f._states.names() == {W: "W"}


def test_what_a_dropout_draws_is_not_taken_for_random_numbers_of_the_users_own():
    """Another thread that draws from the same generator makes the tracing look for the line that does."""
    drop, own = nn.Dropout(0.5, seed=0), np.random.default_rng(0)

    def line(function):
        run = lambda: traced(function, [np.ones(4)], ["x"], generators=None)
        return line_of_random(run, [drop.rng, own])

    assert line(lambda x: drop(x).sum()) is None
    assert "test_compile_threads.py" in line(lambda x: (drop(x) * own.random()).sum())


def test_scalar_code_and_graphs_from_several_threads_at_once():
    model = nn.MLP(2, [3], 1, seed=0)
    f = compile(lambda x, y: (model([x, y]) - 1) ** 2, reduction="none")
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    graph = compile(sg.exp(a * b) - a)
    rows = RNG.normal(size=(30, 4))
    jobs = [(f, row, row[::-1].copy()) for row in rows]
    jobs += [(lambda row: graph.value_and_grad(a=row, b=0.5)[0], row) for row in rows]
    results = at_once(jobs)
    for row, result in zip(rows, results):
        np.testing.assert_array_equal(result, f(row, row[::-1].copy()))
    for row, result in zip(rows, results[len(rows) :]):
        np.testing.assert_allclose(result, np.exp(row / 2) - row, rtol=1e-12)


def test_results_are_the_callers_own_whichever_thread_takes_them():
    f = compile(lambda x: (x @ W, x * 2), backend="tensor")
    held = at_once([(f, X + i) for i in range(40)])
    for i, (product, double) in enumerate(held):
        np.testing.assert_array_equal(double, (X + i) * 2)
        np.testing.assert_allclose(product, (X + i) @ W.data, rtol=1e-12)


def nested(inner, depth):
    """A Function whose forward, or backward, runs a compiled function."""

    class Nested(Function):
        @staticmethod
        def forward(ctx, x):
            if depth[0] > 0:
                depth[0] -= 1
                depth[1].append(float(inner()(np.full((2, 3), float(depth[0])))))
            return x.data * 2

        @staticmethod
        def backward(ctx, upstream):
            depth[1].append(float(compile(lambda x: (x * 3).sum(), backend="tensor")(X)))
            return upstream * 2

    return Nested


@pytest.mark.parametrize("deep", [1, 3])
def test_a_plan_that_is_run_within_a_run_of_itself_has_memory_of_its_own(deep):
    depth = [0, []]
    op = nested(lambda: f, depth)
    f = compile(lambda x: (sg.tanh(x @ W * 1.5) * 2).sum() + op.apply(sg.exp(x)).sum(), backend="tensor")
    x = X[:2].copy()
    expected = float((np.tanh(x @ W.data * 1.5) * 2).sum() + 2 * np.exp(x).sum())
    assert f(x) == pytest.approx(expected, rel=1e-12)
    depth[:] = deep, []
    assert f(x) == pytest.approx(expected, rel=1e-12)
    inner = [float((np.tanh(np.full((2, 3), k) @ W.data * 1.5) * 2).sum() + 12 * np.exp(k)) for k in range(deep)]
    np.testing.assert_allclose(depth[1], inner, rtol=1e-12)
    value, gradients = f.value_and_grad(x)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradients["W"], x.T @ (3 * (1 - np.tanh(x @ W.data * 1.5) ** 2)), rtol=1e-12)


def test_a_function_in_a_plan_sees_the_modes_in_force():
    seen = []

    class Looks(Function):
        @staticmethod
        def forward(ctx, x):
            seen.append(sg.modes.recording())
            return x.data

        @staticmethod
        def backward(ctx, upstream):
            return upstream

    f = compile(lambda x: Looks.apply(x).sum(), backend="tensor")
    f(X)
    assert elsewhere(f, X) == pytest.approx(X.sum())
    assert seen == [False] * len(seen)  # a forward is run under no_grad


def test_a_signal_handler_may_run_plans_while_a_plan_runs():
    f = compile(lambda x: sg.tanh(x @ W).sum())
    g = compile(lambda x: sg.exp(x).sum(), backend="tensor")
    expected = f(X), g(X)
    found = []

    def handle(number, frame):
        found.append((f(X), g(X)))

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    try:
        for _ in range(3000):
            assert f(X) == expected[0]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(pair == expected for pair in found)


def test_quiet_within_quiet():
    def inner(x):
        return np.log(x)

    def outer(x):
        quiet().run(np.divide, x, x)
        return quiet().run(inner, x) + np.log(x)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quiet().run(outer, np.array(0.0)) == -np.inf
        with pytest.raises(TypeError):
            quiet().run(np.log, "x")
        assert quiet().run(outer, np.array(0.0)) == -np.inf
        with pytest.raises(RuntimeWarning):
            np.log(np.array(0.0))


def test_a_signal_handler_differentiates_in_the_middle_of_a_structural_forward():
    gradients = []

    def handle(number, frame):
        w = Tensor([2.0, 0.0], requires_grad=True)
        (w * w).sum().backward()
        gradients.append(w.grad.tolist())

    def forward(xp, a):
        signal.raise_signal(signal.SIGALRM)
        return a + a

    double = StructuralOp("double", forward, (lambda g, y, a: g + g,))
    before = signal.signal(signal.SIGALRM, handle)
    try:
        x = Tensor([1.0, 2.0], requires_grad=True)
        double(x).sum().backward()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert gradients == [[4.0, 0.0]]
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of an object that is deleted
@pytest.mark.parametrize("traces", [False, True])
def test_no_lock_is_left_by_an_interrupt_anywhere(traces):
    rng = np.random.default_rng(1)
    f = compile(lambda x: (x @ W).tanh().sum())
    v = Value(2.0)
    g = compile(lambda x: v * x)
    X1 = np.array([1.0, 2.0])

    def interrupt(number, frame):
        raise KeyboardInterrupt

    def work():
        end = time.monotonic() + 0.5  # Python drops an interrupt that comes there
        while time.monotonic() < end:
            if traces:
                compile(lambda x: (x @ W).tanh().sum())(X)
            else:
                f.value_and_grad(X)
                g.backward(X1)

    expected = f(X), g(X1)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with ThreadPoolExecutor(1) as pool:
            for _ in range(60 if traces else 500):
                with contextlib.suppress(KeyboardInterrupt):
                    signal.setitimer(signal.ITIMER_REAL, float(rng.uniform(1e-5, 1e-2 if traces else 5e-4)))
                    work()
                signal.setitimer(signal.ITIMER_REAL, 0)
                found = [pool.submit(call, *given) for call, *given in ((f, X), (g, X1), (_is_free, one_tracing))]
                assert [x.result(timeout=60) for x in found] == [*expected, True]  # in another thread
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (f(X), g(X1)) == expected


def _is_free(lock):
    free = lock.acquire(blocking=False)
    if free:
        lock.release()
    return free
