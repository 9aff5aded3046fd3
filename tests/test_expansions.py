"""Structural ops on Values: a graph compiled at some numbers is right at all others, as the function is."""

import copy
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest

import fastpath
import scalargrad
from scalargrad import Value, modes
from scalargrad.graph import topological_order
from scalargrad.ops.structure import STRUCTURAL
from scalargrad.rules import Expanded

DECIDING = {"max", "min", "std", "l2norm", "logsumexp", "softmax", "log_softmax", "cross_entropy", "sort"}
LINALG = {"inv", "solve", "det", "logabsdet", "detsign", "cholesky"}
"""They decide, too; at most of the numbers here no two ways of computing them agree. See test_linalg.py."""
SAMPLES = [
    pytest.param(sample, id=f"{row.name}-{i}")
    for row in STRUCTURAL.values()
    if not row.why_not and row.name not in LINALG
    for i, sample in enumerate(row.samples)
]
STARTS = [
    pytest.param(*p.values, start, id=f"{p.id}-{start}")
    for p in SAMPLES
    for start in ("ones", "zeros", "ties", "far", "all masked")
    if p.id.rpartition("-")[0] in DECIDING or start == "zeros"
]
inf = np.inf

NUMBERS = {
    "ones": lambda n: np.ones(n),
    "zeros": lambda n: np.zeros(n),
    "random": lambda n: np.random.default_rng(n).normal(size=n),
    "ties": lambda n: np.array([2.0, 2.0, -1.0, 2.0, 0.5, -1.0])[np.arange(n) % 6],
    "far": lambda n: 1e3 * np.arange(n, dtype=float) - 2345.0,
    "far and equal": lambda n: np.full(n, -1e5),
    "huge": lambda n: np.array([1e200, -3e200, 4.7e200])[np.arange(n) % 3],
    "tiny": lambda n: np.array([1e-200, -3e-200, 4.7e-200])[np.arange(n) % 3],
    "close": lambda n: 1e8 + np.arange(n) * 1e-6,
    "masked": lambda n: np.array([0.0, -inf, 1.0, 1.0])[np.arange(n) % 4],
    "all masked": lambda n: np.full(n, -inf),
    "infinite": lambda n: np.array([1.0, inf, 2.0])[np.arange(n) % 3],
}


class Operands:
    """The operands of a sample: consecutive Values of a list, which it fills if it is empty."""

    def __init__(self, leaves, numbers=None):
        self.leaves = leaves
        self.numbers = numbers
        self.taken = 0

    def __call__(self, *shape):
        box = np.empty(shape, dtype=object)
        for place in np.ndindex(shape):
            if self.numbers is not None:
                self.leaves.append(Value(self.numbers[self.taken], label=f"p{self.taken}"))
            box[place] = self.leaves[self.taken]
            self.taken += 1
        return box if shape else box[()]


def total(result):
    """A number of the result in which each element counts differently."""
    flat = np.ravel(np.asarray(result, dtype=object))
    return sum((v * (1.0 + 0.25 * i) for i, v in enumerate(flat)), Value(0.0))


def built(sample, numbers):
    leaves = []
    return total(sample(Operands(leaves, numbers))), leaves


def eager(sample, numbers):
    root, leaves = built(sample, numbers)
    root.backward()
    return root.data, [leaf.grad for leaf in leaves]


def is_possible(sample, numbers):
    try:
        built(sample, numbers)
    except ValueError:  # labels that are no probabilities
        return False
    return True


def agree(got, expected, numbers, gradient=False):
    size = np.max(np.abs(numbers), initial=1e-300, where=np.isfinite(numbers))
    scale = max(1.0, 1 / size) if gradient else size
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11 * min(1.0, scale), equal_nan=True)


def count_of(sample):
    leaves = []
    sample(Operands(leaves, np.random.default_rng(0).normal(size=100)))
    return len(leaves)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("sample", "start"), STARTS)
def test_a_compiled_graph_is_right_at_other_numbers_than_it_was_built_with(sample, start):
    count = count_of(sample)
    if not is_possible(sample, NUMBERS[start](count)):
        pytest.skip("no labels")
    root, leaves = built(sample, NUMBERS[start](count))
    compiled = fastpath.compile(root)
    for make in NUMBERS.values():
        numbers = make(count)
        if is_possible(sample, numbers):
            expected, gradients = eager(sample, numbers)
            given = {leaf.label: number for leaf, number in zip(leaves, numbers) if leaf.label in compiled.names}
            got, slopes = compiled.value_and_grad(**given)
            agree(got, expected, numbers)
            agree([slopes.get(leaf.label, 0.0) for leaf in leaves], gradients, numbers, gradient=True)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_compiled_function_is_right_at_all_numbers(sample):
    count = count_of(sample)
    leaves = []
    Operands(leaves, NUMBERS["ones"](count))(count)
    compiled = fastpath.compile(lambda x: total(sample(Operands(leaves))) * x)
    compiled.value_and_grad([1.0])  # traced here
    for make in NUMBERS.values():
        numbers = make(count)
        if is_possible(sample, numbers):
            expected, gradients = eager(sample, numbers)
            for leaf, number in zip(leaves, numbers):
                leaf.data = float(number)
            got, slopes = compiled.value_and_grad([1.0])
            agree(got, expected, numbers)
            agree([slopes.get(leaf, 0.0) for leaf in leaves], gradients, numbers, gradient=True)


# --- what is remembered ----------------------------------------------------------------------------------------------


def test_the_rows_that_look_at_numbers_are_known():
    assert {row.name for row in STRUCTURAL.values() if row.decides} == DECIDING | LINALG


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_graph_remembers_it_too(copied):
    a, b, c = (Value(1.0, label=name) for name in "abc")
    other = copied(scalargrad.max([a, b * 2.0, c.exp(), a + 2.0, b + 2.0]))  # the first three are in no edge
    compiled = fastpath.compile(other)
    assert compiled.names == ("a", "b", "c")
    assert compiled(a=0.0, b=1.0, c=3.0) == np.exp(3.0)
    assert other.data == 3.0


def test_a_long_chain_that_remembers_is_copied_without_recursion():
    low, x = Value(0.0, label="low"), Value(1.0, label="x")
    best = x
    for _ in range(3000):
        best = scalargrad.max([best * 0.5, low + 2.0, low + 2.0])
    for other in (copy.deepcopy(best), pickle.loads(pickle.dumps(best))):
        assert fastpath.compile(other).names == ("x", "low")
    del best, other
    gc.collect()


def test_operands_that_an_expansion_returns_are_left_alone():
    a = Value(2.0, label="a") * 3.0
    for result in (scalargrad.max([a]), scalargrad.min(np.array([[a]]), axis=0)[0]):
        assert result is a
    assert not isinstance(a._rule, Expanded)


def test_the_graph_that_is_drawn_is_as_short_as_the_numbers_allow():
    a, b, c = Value(2.0), Value(2.0), Value(1.0)
    assert [x.op.name for x in topological_order(scalargrad.max([a, b, c])) if x.op] == ["add", "div"]
    assert [x.op.name for x in topological_order(scalargrad.norm([a * 0.0])) if x.op] == ["mul", "square"]
    assert [x.op.name for x in topological_order(scalargrad.std([a, b])) if x.op] == ["mul"]


def test_what_remembers_is_freed_with_its_last_use():
    leaf = Value(1.0)
    gone = weakref.ref(leaf)
    gc.disable()
    try:
        result = scalargrad.softmax([leaf, Value(2.0), scalargrad.max([leaf, leaf * 2.0, leaf * 2.0])])
        del leaf
        assert gone() is not None
        del result
        assert gone() is None
    finally:
        gc.enable()


def test_the_operands_may_be_changed_in_their_array_afterwards():
    box = np.array([Value(3.0, label="a"), Value(3.0, label="b"), Value(1.0, label="c")])
    result = scalargrad.max(box)
    box[:] = 0
    assert fastpath.compile(result)(a=1.0, b=2.0, c=7.0) == 7.0


@pytest.mark.parametrize("start", [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0], [1.0, 5.0, 5.0], [900.0, 0.0, -900.0]])
@pytest.mark.parametrize("name", sorted(DECIDING - {"cross_entropy"}))
def test_a_derivative_that_is_compiled_is_right_at_other_numbers(name, start):
    def slopes(numbers):
        leaves = [Value(x, label=label) for x, label in zip(numbers, "abc")]
        root = total(STRUCTURAL[name](np.array(leaves)))
        return total(scalargrad.grad(root * root, leaves)), leaves

    compiled = fastpath.compile(slopes(start)[0])
    for numbers in ([1.0, 2.0, 3.0], [3.0, 3.0, 3.0], [1.0, 4.0, 4.0], [700.0, -800.0, 3.0]):
        expected, _ = slopes(numbers)
        got = compiled(**{k: v for k, v in zip("abc", numbers) if k in compiled.names})
        assert got == pytest.approx(expected.data, rel=1e-9, abs=1e-9)


def test_without_a_graph_nothing_is_remembered():
    with scalargrad.no_grad():
        result = scalargrad.max([Value(1.0), Value(1.0), Value(1.0)])
    assert result.op is None
    assert fastpath.compile(result * Value(2.0, label="x"))(x=3.0) == 3.0


def test_compile_under_no_grad_and_in_a_scope_changes_nothing():
    a, b, c = (Value(0.0, label=name) for name in "abc")
    with scalargrad.modes.scope("outer"):
        root = scalargrad.logsumexp([a, b, c])
    with scalargrad.no_grad():
        compiled = fastpath.compile(root)
    assert compiled(a=0.0, b=0.0, c=800.0) == 800.0


# --- one thread traces, another does not -----------------------------------------------------------------------------


class Seen(modes.Tracer):
    def concretized(self, value, what):
        raise AssertionError(what)


def test_tracing_in_one_thread_changes_nothing_in_another():
    found = {}

    def other():
        x = [Value(2.0) for _ in range(3)]
        scalargrad.max(x).backward()
        found["shares"] = [v.grad for v in x]
        found["zero"] = scalargrad.norm([Value(0.0)]).op.name

    with modes.tracing(Seen()):
        traced = scalargrad.max([Value(2.0) for _ in range(3)])
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == {"shares": [1 / 3] * 3, "zero": "square"}
    assert traced.op.name == "with_gradient_of"


def test_a_function_of_ones_own_sees_numbers_while_it_is_traced():
    class Spread(scalargrad.Function):
        @staticmethod
        def forward(ctx, x, y):
            return float(scalargrad.max([Value(float(x)), Value(float(y))]))

        @staticmethod
        def backward(ctx, upstream):
            return upstream, upstream

    with modes.tracing(Seen()):
        assert Spread.apply(Value(1.0), Value(3.0)).data == 3.0
