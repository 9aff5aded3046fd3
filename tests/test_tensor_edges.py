"""Tensors at the edges: data changed in place, memory, interruptions, depth, copies, anomalies."""

import copy
import gc
import pickle
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import fastpath
from fastpath import Tensor
from fastpath.backward import commit
from fastpath.recording import record
from scalargrad import NotDifferentiableError, detect_anomaly, enable_grad, no_grad, scope
from scalargrad.graph import leaves, topological_order
from scalargrad.ops.structure import STRUCTURAL

# --- data changed between forward and backward -----------------------------------------------------------------------


def squared(t):
    return (t * t).sum()


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.__setattr__("data", t.data - 1.0),
        lambda t: t.data.__isub__(1.0),
        lambda t: t.data.__setitem__(0, 9.0),
        lambda t: t.data.fill(7.0),
        lambda t: t.data.reshape(-1).__setitem__(slice(None), 5.0),
        lambda t: setattr(t, "_array", np.array([5.0, 6.0])),
    ],
)
def test_a_leaf_changed_after_the_forward_leaves_the_gradient_right(change):
    t = Tensor([1.0, 2.0], requires_grad=True)
    for y in (squared(t), squared(t.reshape(2)), squared(t.T), squared(t[:])):
        before, t.grad = t.data.copy(), None
        change(t)
        y.backward()
        assert t.grad.tolist() == (2 * before).tolist()
        t.data = [1.0, 2.0]


def test_an_update_in_place_is_seen_by_the_next_forward():
    t = Tensor([1.0, 2.0], requires_grad=True)
    y = squared(t)
    t.data -= 1.0
    assert t.data.tolist() == [0.0, 1.0]
    assert squared(t).item() == 1.0
    assert y.item() == 5.0


@pytest.mark.parametrize(
    "take", [lambda t: t.data, lambda t: t.data[:1], lambda t: t.data.reshape(1, 2), lambda t: t.data.T]
)
def test_an_alias_taken_before_the_forward_cannot_spoil_the_gradient(take):
    t = Tensor([1.0, 2.0], requires_grad=True)
    alias = take(t)
    for function in (squared, lambda t: squared(t[:]), lambda t: squared(t.reshape(2, 1))):
        y, before = function(t), t.data.copy()
        alias[...] = before.max() + 5
        t.grad = None
        y.backward()
        assert t.grad.tolist() == (2 * before).tolist()
    assert t.data.ravel()[0] == alias.ravel()[0]  # it is an alias still


def test_an_alias_taken_after_the_forward_cannot_spoil_the_gradient():
    t = Tensor([1.0, 2.0], requires_grad=True)
    y = squared(t)
    alias = t.data
    alias[0] = 50.0
    z = squared(t)
    alias[1] = 60.0
    y.backward()
    z.backward()
    assert t.grad.tolist() == [102.0, 8.0]


def test_a_callers_array_changed_later_changes_nothing():
    a, seed, key = np.array([1.0, 2.0]), np.ones(2), [0, 1]
    t = Tensor(a, requires_grad=True)
    y = (t * t)[key]
    a[:], seed_copy = 100.0, seed.copy()
    y.backward(seed)
    seed[:] = 100.0
    key[0] = 1
    assert t.grad.tolist() == [2.0, 4.0]
    assert seed_copy.tolist() == [1.0, 1.0]
    t.data = a
    a[:] = -1.0
    assert t.data.tolist() == [100.0, 100.0]


@pytest.mark.parametrize(
    "function",
    [lambda t, c: t * c, lambda t, c: c * t, lambda t, c: c @ t, lambda t, c: fastpath.where(c > 0, t, c) * c],
)
def test_a_constant_operand_changed_later_changes_nothing(function):
    t, c = Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0])
    y = function(t, c).sum()
    c[:] = -100.0
    y.backward()
    assert t.grad.tolist() == [3.0, 4.0]


def test_labels_and_settings_changed_later_change_nothing():
    t, labels, shape = Tensor([[1.0, 2.0]], requires_grad=True), np.array([0]), [2, 1]
    loss = fastpath.cross_entropy(t, labels) + t.reshape(shape).sum()
    labels[0], shape[0] = 1, 7
    loss.backward()
    assert t.grad[0, 0] < 1 < t.grad[0, 1]


def test_the_data_of_a_result_is_read_only_and_cannot_be_set():
    t = Tensor([1.0, 2.0], requires_grad=True)
    for y in (t * 2, t[:], t.reshape(1, 2), t.T):
        with pytest.raises(ValueError, match="read-only"):
            y.data[...] = 0.0
        with pytest.raises(ValueError, match="read-only"):
            y.data += 1.0
        with pytest.raises(AttributeError, match="the data of a computed Tensor cannot be set"):
            y.data = [0.0, 0.0]


def test_what_was_computed_without_recording_is_a_leaf_of_its_own():
    t = Tensor([1.0, 2.0])
    view = t[:]
    t.data[0] = 9.0
    view.data[1] = 7.0
    assert (t.data.tolist(), view.data.tolist()) == ([9.0, 2.0], [1.0, 7.0])
    d = t.detach()
    d.data[0] = 5.0
    t.data[1] = 4.0
    assert (t.data.tolist(), d.data.tolist()) == ([9.0, 4.0], [5.0, 2.0])
    w = Tensor([1.0, 1.0], requires_grad=True)
    y = (w * t.reshape(2)).sum()
    t.data[:] = 0.0
    y.backward()
    assert w.grad.tolist() == [9.0, 4.0]


def test_data_is_copied_only_while_a_graph_uses_it():
    t = Tensor(np.ones(3), requires_grad=True)
    own = id(t.data)
    y = squared(t)
    del y
    assert id(t.data) == own
    y = squared(t)
    assert id(t.data) != own
    y.backward()
    assert t.grad.tolist() == [2.0] * 3


def test_array_reads_and_sets_without_copies():
    t = Tensor([1.0, 2.0], requires_grad=True)
    read = t._array
    with pytest.raises(ValueError, match="read-only"):
        read[0] = 3.0
    y = squared(t)
    assert t._array is read
    new = read - 1.0
    t._array = new
    assert t._array is new
    y.backward()
    assert t.grad.tolist() == [2.0, 4.0]
    t.data += 1.0
    assert t.data.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="data of shape"):
        t._array = np.ones(3)
    t._array = [3, 4]
    assert t.dtype == np.float64


# --- gradients of their own ------------------------------------------------------------------------------------------


def test_no_two_gradients_share_memory_nor_a_gradient_and_the_seed_or_the_data():
    a, b, c, d = (Tensor(np.ones((2, 2)), requires_grad=True) for _ in range(4))
    seed = np.ones((2, 2))
    y = a + b + c.T.reshape(2, 2) + d[::-1]
    y.backward(seed)
    a.sum().backward()
    leaf = Tensor(np.ones((2, 2)), requires_grad=True)
    leaf.backward(seed)
    arrays = [t.grad for t in (a, b, c, d, leaf)] + [t.data for t in (a, b, c, d, leaf)] + [seed, y.data]
    for i, one in enumerate(arrays):
        for other in arrays[:i]:
            assert not np.shares_memory(one, other)
    for t in (a, b, c, d, leaf):
        t.grad += 1.0  # its own, and writable


def test_a_rule_that_hands_on_an_operand_or_the_upstream_itself_shares_nothing():
    class Handing:
        name = "handing"

        def pullback(self, upstream, y, operands, needed):
            with pytest.raises(ValueError, match="read-only"):
                upstream[0] = 5.0
            return [operands[1], upstream]

    a, b = (Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    y = record(Handing(), a.data + b.data, (a, b), (a._use(), b._use()))
    y.backward([3.0, 4.0])
    assert a.grad.tolist() == [1.0, 2.0]
    assert b.grad.tolist() == [3.0, 4.0]
    a.grad[:] = b.grad[:] = 0.0
    assert b.data.tolist() == [1.0, 2.0]


def test_a_gradient_has_the_type_of_its_leaf_and_is_an_array_even_of_a_single_number():
    a, b = Tensor(np.float32(2), requires_grad=True), Tensor(3.0, requires_grad=True)
    for _ in range(2):
        (a * b).backward()
        assert type(a.grad) is type(b.grad) is np.ndarray
        assert (a.grad.dtype, b.grad.dtype) == (np.float32, np.float64)
    assert (a.grad, b.grad) == (6.0, 4.0)


def test_a_grad_set_by_hand_is_added_to():
    t = Tensor([1.0, 2.0], requires_grad=True)
    for zero in (0, 0.0, np.zeros(2)):
        t.grad = zero
        squared(t).backward()
        assert t.grad.tolist() == [2.0, 4.0]
    t.grad = np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"the grad set on a Tensor of shape \(2,\) has shape \(3, 2\)"):
        squared(t).backward()


# --- backward that fails ---------------------------------------------------------------------------------------------


def test_a_backward_that_fails_half_way_changes_no_gradient():
    a, b = Tensor([1.0], requires_grad=True), Tensor([1.5], requires_grad=True)
    a.grad = np.array([7.0])
    with pytest.raises(NotDifferentiableError, match="round has no gradient"):
        (a * 2 + b.round()).backward()
    assert a.grad.tolist() == [7.0]
    assert b.grad is None
    (a * b).backward()
    assert a.grad.tolist() == [8.5]


def test_an_interrupted_commit_changes_no_gradient():
    class Stubborn(Tensor):
        __slots__ = ("armed",)

        def __setattr__(self, name, value):
            if name == "grad" and value is not None and getattr(self, "armed", False):
                object.__setattr__(self, "armed", False)
                raise KeyboardInterrupt
            object.__setattr__(self, name, value)

    a, b = Tensor([1.0], requires_grad=True), Stubborn([2.0], requires_grad=True)
    a.grad, b.grad = np.array([5.0]), np.array([6.0])
    b.armed = True
    with pytest.raises(KeyboardInterrupt):
        commit({a: np.array([1.0]), b: np.array([1.0])})
    assert (a.grad.tolist(), b.grad.tolist()) == ([5.0], [6.0])


def test_a_subclass_of_tensor_is_an_operand_like_any_other():
    class Parameter(Tensor):
        __slots__ = ()

    p, t = Parameter([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])
    y = (p * t + p @ t + t * p - p.exp() + p.sum()).sum()
    assert type(y) is Tensor
    y.backward()
    np.testing.assert_allclose(p.grad, 2 * t.data + 2 * t.data - np.exp(p.data) + 2)


# --- memory and depth ------------------------------------------------------------------------------------------------


def test_a_graph_is_freed_at_once_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        t = Tensor(np.ones(3), requires_grad=True)
        y = fastpath.cross_entropy((t * t).reshape(1, 3), [0]) + t.std() + t[[0, 1]].prod()
        nodes = [weakref.ref(node) for node in topological_order(y) if node is not t]
        y.backward()
        del y
        assert [node() for node in nodes] == [None] * len(nodes)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_training_does_not_grow():
    random = np.random.default_rng(0)
    X, labels = random.normal(size=(20, 4)), random.integers(0, 3, 20)
    W = Tensor(random.normal(size=(4, 3)), requires_grad=True)

    def steps(count):
        for _ in range(count):
            loss = fastpath.cross_entropy((X @ W).tanh(), labels)
            loss.backward()
            W.data -= 0.1 * W.grad
            W.grad = None

    tracemalloc.start()
    try:
        steps(50)
        before = tracemalloc.get_traced_memory()[0]
        steps(2000)
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()


def test_interior_gradients_are_released_during_the_pass():
    t = Tensor(np.zeros(100_000), requires_grad=True)
    y = t
    for _ in range(30):
        y = y + 1.0
    y = y.sum()
    tracemalloc.start()
    try:
        y.backward()
        assert tracemalloc.get_traced_memory()[1] < 4 * t.data.nbytes
    finally:
        tracemalloc.stop()


def test_a_chain_of_200_000_nodes_is_built_differentiated_and_freed():
    t = Tensor([1.0], requires_grad=True)
    y = t
    for _ in range(200_000):
        y = y + t
    y.backward()
    assert t.grad.tolist() == [200_001.0]
    del y


def test_threads_share_leaves_without_losing_gradients_of_their_own():
    shared = Tensor(np.ones(4))
    results = []

    def work(scale):
        w = Tensor(np.full(4, scale), requires_grad=True)
        for _ in range(50):
            w.grad = None
            ((w * shared).exp() / 0.5).sum().backward()
        results.append(np.allclose(w.grad, 2 * np.exp(scale)))

    threads = [threading.Thread(target=work, args=(s,)) for s in (0.1, 0.2, 0.3, 0.4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 4


# --- copies ----------------------------------------------------------------------------------------------------------


def graph():
    W = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, label="W")
    x = Tensor([1.0, -1.0], label="x")
    with scope("net"):
        h = (x @ W).tanh()
    y = fastpath.cross_entropy((h * h[::-1] + W.sum(axis=0)).reshape(1, 2), [1]) + fastpath.concatenate([h, h]).std()
    return W, y


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y)), lambda y: pickle.loads(pickle.dumps(y, 2))]
)
def test_a_copied_graph_works_on_leaves_of_its_own(copied):
    W, y = graph()
    other = copied(y)
    V = next(leaf for leaf in leaves(other) if leaf.label == "W")
    assert V is not W
    assert [n.scope for n in topological_order(other)] == [n.scope for n in topological_order(y)]
    W.data -= 100.0
    other.backward()
    assert W.grad is None
    y.backward()
    np.testing.assert_array_equal(V.grad, W.grad)
    assert not np.shares_memory(V.data, W.data)
    again = copied(other)
    assert next(leaf for leaf in leaves(again) if leaf.label == "W").grad.tolist() == V.grad.tolist()


def test_a_copy_keeps_the_numbers_of_the_forward_when_a_leaf_has_changed_since():
    t = Tensor([3.0], requires_grad=True)
    y = squared(t)
    t.data[0] = 100.0
    for other in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        other.backward()
        leaf = leaves(other)[0]
        assert (leaf.grad.tolist(), leaf.data.tolist()) == ([6.0], [100.0])


def test_sharing_is_kept_in_a_copy_of_several():
    t = Tensor([1.0], requires_grad=True)
    a, b = t * 2, t * 3
    for t2, a2, b2 in (copy.deepcopy((t, a, b)), pickle.loads(pickle.dumps((t, a, b)))):
        (a2 + b2).backward()
        assert t2.grad.tolist() == [5.0]
    assert t.grad is None
    twin = copy.copy(a)
    twin.backward()
    assert t.grad.tolist() == [2.0]


def test_a_copied_leaf_is_its_own():
    t = Tensor(np.float32([1.0, 2.0]), requires_grad=True, label="t")
    squared(t).backward()
    for twin in (copy.copy(t), copy.deepcopy(t), pickle.loads(pickle.dumps(t))):
        assert (twin.label, twin.requires_grad, twin.dtype, twin.grad.tolist()) == ("t", True, np.float32, [2.0, 4.0])
        twin.data[0] = twin.grad[0] = 9.0
        assert t.data.tolist() == [1.0, 2.0]
        assert t.grad.tolist() == [2.0, 4.0]


def test_a_deep_graph_is_copied_and_pickled():
    t = Tensor([1.0], requires_grad=True)
    y = t
    for _ in range(5_000):
        y = y * 1.0
    for other in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        other.backward()
        assert leaves(other)[0].grad.tolist() == [1.0]


def test_ops_are_pickled_by_name():
    assert pickle.loads(pickle.dumps(fastpath.matmul)) is fastpath.matmul is copy.copy(fastpath.matmul)
    lost = pickle.dumps(fastpath.matmul).replace(b"matmul", b"nonesu")
    with pytest.raises(LookupError, match="no op called nonesu is registered here"):
        pickle.loads(lost)
    assert copy.deepcopy(STRUCTURAL["sum"]) is STRUCTURAL["sum"]


# --- modes -----------------------------------------------------------------------------------------------------------


def test_no_grad_enable_grad_and_scope():
    t = Tensor([1.0], requires_grad=True)
    with no_grad():
        assert (t * 2).op is None
        with enable_grad():
            assert (t * 2).requires_grad
    with scope("net"), scope("layer 1"):
        assert (t * 2).scope == (t @ t).scope == t.tanh().scope == t.sum().scope == "net/layer 1"
        assert (t.detach() * 2).scope is None
    assert (t * 2).scope is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, q: p.log(), "forward: log(p) = -inf at 1, where p = 0.0"),
        (lambda p, q: p / q, "forward: p/b = nan at 1, where p = 0.0 and b = 0.0"),
        (lambda p, q: (p * 1e300) @ [1e300, 1.0], "forward: matmul(a, b) = inf"),
        (lambda p, q: (p * 1e308).reshape(2, 1).sum(axis=0) * 1e9, "forward: a·1000000000 = inf at 0"),
    ],
)
def test_detect_anomaly_names_the_op_and_the_first_bad_place_of_the_forward(call, message):
    p, q = Tensor([1.0, 0.0], requires_grad=True, label="p"), Tensor([1.0, 0.0])
    call(p, q)
    with detect_anomaly(), pytest.raises(FloatingPointError) as told:
        call(p, q)
    assert str(told.value).startswith(message)


def test_detect_anomaly_names_the_edge_of_the_backward():
    p = Tensor([4.0, 0.0], requires_grad=True, label="p")
    with detect_anomaly():
        y = p.sqrt().sum()
        with pytest.raises(FloatingPointError) as told:
            y.backward()
        assert str(told.value) == "backward: through sqrt(p) to p, the downstream gradient is inf at 1, where p = 0.0"
        assert p.grad is None
        (p * 2).sum().backward()
    y.backward()
    assert p.grad.tolist() == [2.25, np.inf]


def test_detect_anomaly_does_not_hold_a_bad_operand_against_the_op():
    p = Tensor([np.inf, 1.0], requires_grad=True)
    with detect_anomaly():
        (p * 2).sum().backward()
    assert p.grad.tolist() == [2.0, 2.0]
