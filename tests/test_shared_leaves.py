"""Several threads, and signal handlers, that differentiate graphs with leaves in common: gradients arrive whole."""

import signal
from functools import partial

import numpy as np
import pytest

import fastpath as fp
from scalargrad import Function, Value
from scalargrad.graph import topological_order
from tests.running import together


def in_threads(work, count=6):
    """``work(i)`` in many threads that begin together."""
    together(*[partial(work, i) for i in range(count)])


# --- threads ---------------------------------------------------------------------------------------------------------


def test_tensors_receive_the_gradients_of_all_threads():
    leaves = [fp.Tensor(np.ones(4), requires_grad=True) for _ in range(20)]

    def work(i):
        for _ in range(50):
            sum((leaf * float(i) for leaf in leaves), fp.Tensor(0.0)).sum().backward()

    in_threads(work)
    assert [leaf.grad.tolist() for leaf in leaves] == [[50.0 * 15] * 4] * 20


def test_compiled_functions_and_eager_ones_give_to_the_same_tensors():
    leaves = [fp.Tensor(np.ones(4), requires_grad=True, label=f"w{i}") for i in range(8)]

    def loss(x):
        return sum((leaf * x for leaf in leaves), fp.Tensor(0.0)).sum()

    compiled = [fp.compile(loss) for _ in range(4)]
    x = np.arange(4.0)
    for f in compiled:
        f(x)

    def work(i):
        for _ in range(100):
            compiled[i].backward(x) if i < 4 else loss(fp.Tensor(x)).backward()

    in_threads(work)
    assert [leaf.grad.tolist() for leaf in leaves] == [(600 * x).tolist()] * 8


def test_values_receive_the_gradients_of_all_threads_eager_and_compiled():
    leaves = [Value(1.0, label=f"w{i}") for i in range(10)]

    def loss(x):
        return sum((leaf * x for leaf in leaves), 0.0) * 1.0

    compiled = fp.compile(lambda x: loss(x))
    batch = np.array([[3.0]])
    compiled.backward(batch)  # from now on the leaves are bound
    for leaf in leaves:
        leaf.grad = 0.0

    def work(i):
        for _ in range(40):
            compiled.backward(batch) if i < 2 else loss(3.0).backward()

    in_threads(work)
    assert [leaf.grad for leaf in leaves] == [6 * 40 * 3.0] * 10


def test_threads_walk_graphs_that_share_nodes():
    shared = Value(1.0)
    for _ in range(300):
        shared = shared + shared
    roots = [shared * i + shared for i in range(6)]
    expected = [topological_order(root) for root in roots]

    def work(i):
        for _ in range(30):
            assert topological_order(roots[i]) == expected[i]

    in_threads(work)


# --- signal handlers -------------------------------------------------------------------------------------------------


class Alarm:
    """Calls a function from a signal handler, again and again, while a block runs."""

    def __init__(self, function):
        self.function = function
        self.count = 0
        self.inside = False
        self.failed = []

    def __enter__(self):
        self.before = signal.signal(signal.SIGALRM, self.handle)
        signal.setitimer(signal.ITIMER_REAL, 1e-3, 2e-3)
        return self

    def handle(self, *_):
        if self.inside:
            return
        self.inside = True
        self.count += 1
        try:
            self.function()
        except BaseException as error:
            self.failed.append(error)
        finally:
            self.inside = False

    def __exit__(self, *_):
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.before)
        assert self.failed == []


def chain(leaf, length):
    y = leaf
    for _ in range(length):
        y = y * 0.5 + leaf
    return y


def test_a_handler_walks_a_graph_while_a_walk_is_under_way():
    root = chain(Value(1.0), 2000)
    part = root.inputs[0].inputs[0]
    whole, inner, found = topological_order(root), topological_order(part), []
    with Alarm(lambda: found.append(topological_order(part) == inner)) as alarm:
        while alarm.count < 50:
            assert topological_order(root) == whole
    assert all(found)


def test_a_handler_differentiates_while_a_pass_is_under_way():
    leaf, other = Value(1.0), Value(1.0)
    root = chain(leaf, 300)
    root.backward()
    once, passes = leaf.grad, 0
    part = root.inputs[0].inputs[0]
    leaf.grad = 0.0
    part.backward()
    of_part, leaf.grad = leaf.grad, 0.0
    alone = chain(other, 3)

    def differentiate():
        if len(numbers) < 60:
            numbers.append(None)
            part.backward()
            other.grad = 0.0
            alone.backward()
            assert other.grad == 1.875

    numbers = []
    with Alarm(differentiate):
        while len(numbers) < 60:
            root.backward()
            passes += 1
    assert leaf.grad == pytest.approx(passes * once + 60 * of_part, rel=1e-12)
    assert part.grad in (1.0, 0.5)
    assert root.grad == 1.0


def test_a_handler_gives_gradients_to_tensors_while_they_are_given_some():
    leaves = [fp.Tensor(np.ones(2), requires_grad=True) for _ in range(50)]

    root = sum(leaves, fp.Tensor(np.zeros(2)))
    passes, numbers, seed = 0, [], np.ones(2)
    with Alarm(lambda: len(numbers) < 50 and (numbers.append(None), root.backward(seed))):
        while len(numbers) < 50:
            root.backward(seed)
            passes += 1
    assert [leaf.grad.tolist() for leaf in leaves] == [[passes + 50.0] * 2] * 50


def test_a_backward_may_differentiate_another_graph_that_shares_leaves_and_nodes():
    class Again(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, upstream):
            from scalargrad import enable_grad

            with enable_grad():
                (inner * inner).backward()
            return upstream * 2

    leaf = Value(3.0)
    inner = leaf * 4
    y = Again.apply(inner) * leaf + inner
    leaf.grad = 100.0
    y.backward()
    assert leaf.grad == 100.0 + (2 * 8 * 3 + 4) + 32 * 3
    assert inner.grad == 2 * 3 + 1
