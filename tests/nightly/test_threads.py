"""The part ``threads``: several threads differentiate graphs that share leaves, and call what is compiled.

Every number is a small whole one, so that the sums are exact in whatever order the threads add to them.
"""

import sys
import threading
import time

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from scalargrad import Value, nn
from tests.nightly import SECONDS, SEED

THREADS = 6


@pytest.fixture(autouse=True)
def often():
    """Threads take turns as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def rounds(share):
    """Random generators, one a round, for this share of the part's time; one at least."""
    end, number = time.monotonic() + 0.9 * share * SECONDS, 0
    while not number or time.monotonic() < end:
        yield np.random.default_rng([SEED, number])
        number += 1


def in_threads(*work):
    """Run all of these functions at once, a thread each; what the first that fails raises is raised."""
    failed, together = [], threading.Barrier(len(work))

    def run(function):
        try:
            together.wait(60)
            function()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def polynomial(rng, leaves, terms=12):
    """The coefficients of a sum of products of two leaves: what a thread differentiates."""
    return [(int(rng.integers(1, 4)), *rng.integers(0, len(leaves), 2).tolist()) for _ in range(terms)]


def total(terms, leaves, x=1.0):
    return sum((leaves[i] * leaves[j] * float(c) * x for c, i, j in terms), 0.0 * leaves[0])


def slopes(terms, numbers, x=1.0):
    """The gradient of the same by every leaf."""
    found = [0.0 * numbers[0] for _ in numbers]
    for c, i, j in terms:
        found[i] = found[i] + c * numbers[j] * x
        found[j] = found[j] + c * numbers[i] * x
    return found


def repeatedly(function, times):
    return lambda: [function() for _ in range(times)]


@pytest.mark.parametrize(
    "make", [Value, lambda x: Tensor(np.array([x, x + 1, x + 2]), requires_grad=True)], ids=["Value", "Tensor"]
)
def test_eager_gradients_of_shared_leaves_arrive_whole(make):
    for rng in rounds(0.2):
        leaves = [make(float(x)) for x in rng.integers(1, 5, 8)]
        numbers, times = [np.array(leaf.data) for leaf in leaves], 20
        jobs = [polynomial(rng, leaves) for _ in range(THREADS)]
        built_before = total(jobs[0], leaves)  # one graph that several threads differentiate

        def backward(y):
            y.backward(np.ones(y.shape)) if isinstance(y, Tensor) else y.backward()

        def fresh(terms, leaves=leaves):
            backward(total(terms, leaves))

        def shared(y=built_before):
            backward(y)

        in_threads(
            repeatedly(shared, times), repeatedly(shared, times),
            *[repeatedly(lambda terms=terms, fresh=fresh: fresh(terms), times) for terms in jobs],
        )  # fmt: skip
        expected = [times * sum(parts) for parts in zip(*[slopes(t, numbers) for t in [*jobs, jobs[0], jobs[0]]])]
        np.testing.assert_array_equal([leaf.grad for leaf in leaves], expected)


def test_compiled_and_eager_gradients_of_shared_leaves_arrive_whole():
    for rng in rounds(0.2):
        leaves = [Tensor(rng.integers(1, 5, 3).astype(float), requires_grad=True, label=f"w{i}") for i in range(8)]
        numbers, times = [leaf.data.copy() for leaf in leaves], 20
        jobs = [polynomial(rng, leaves) for _ in range(THREADS)]
        x = rng.integers(1, 4, 3).astype(float)
        compiled = [compile(lambda x, terms=terms: total(terms, leaves, x).sum()) for terms in jobs[: THREADS // 2]]  # noqa: B023
        eager = [
            lambda terms=terms, leaves=leaves, x=x: total(terms, leaves, Tensor(x)).sum().backward()
            for terms in jobs[THREADS // 2 :]
        ]
        in_threads(
            *[repeatedly(lambda f=f, x=x: f.backward(x), times) for f in compiled],
            *[repeatedly(f, times) for f in eager],
        )
        expected = [times * sum(parts) for parts in zip(*[slopes(terms, numbers, x) for terms in jobs])]
        np.testing.assert_array_equal([leaf.grad for leaf in leaves], expected)


def test_one_compiled_function_is_right_in_every_thread_from_its_first_call_on():
    for rng in rounds(0.2):
        W = Tensor(rng.normal(size=(3, 4)), requires_grad=True, label="W")
        f = compile(lambda x: sg.tanh(x @ W).sum())  # noqa: B023
        batches = [rng.normal(size=(1 + i % 4, 3)) for i in range(THREADS)]

        def call(x, f=f, W=W):
            for k in range(20):
                value, gradients = f.value_and_grad(x * k)
                y = np.tanh(x * k @ W.data)
                np.testing.assert_allclose(value, y.sum(), rtol=1e-12, atol=1e-12)
                np.testing.assert_allclose(gradients["W"], (x * k).T @ (1 - y * y), rtol=1e-11, atol=1e-12)

        in_threads(*[lambda x=x, call=call: call(x) for x in batches])
        assert W.grad is None


def test_scalar_code_compiled_is_right_in_every_thread():
    for rng in rounds(0.15):
        model = nn.MLP(2, [3], 1, seed=int(rng.integers(1000)))
        weights = model.state_dict()
        f = compile(lambda x, y: (model([x, y]) - 1) ** 2, reduction="none")  # noqa: B023
        rows = rng.normal(size=(THREADS, 2, 5))

        def call(x, y, f=f, weights=weights):
            hidden = np.tanh(np.stack([x, y], axis=1) @ weights["0.W"] + weights["0.b"])
            expected = ((hidden @ weights["2.W"])[:, 0] + weights["2.b"] - 1) ** 2
            for _ in range(20):
                np.testing.assert_allclose(f(x, y), expected, rtol=1e-11, atol=1e-13)

        in_threads(*[lambda row=row, call=call: call(*row) for row in rows])


def test_compiling_changes_nothing_in_other_threads_and_noise_is_drawn_anew():
    for rng in rounds(0.2):
        drop = nn.Dropout(0.5, seed=int(rng.integers(1000)))
        x = np.ones((4, 32))
        found = []

        def compiles(drop=drop, x=x, found=found):
            for _ in range(5):
                f = compile(lambda x: drop(x).sum(axis=1), backend="tensor")
                found.append([tuple(np.asarray(f(x))) for _ in range(4)])

        def ties():
            for _ in range(100):
                leaves = [Value(1.0), Value(1.0), Value(1.0)]
                sg.max(leaves).backward()
                assert [v.grad for v in leaves] == [1 / 3] * 3

        in_threads(compiles, compiles, ties, ties)
        assert all(len(set(calls)) > 1 for calls in found), "a plan's noise was frozen"
