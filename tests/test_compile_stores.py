"""Parameters that several compiled functions share, and what it costs to ask for gradients and to train a part."""

import gc
import pickle
import weakref

import numpy as np
import pytest

from fastpath import Tensor, compile
from fastpath.compiler import store as stores
from scalargrad import Function, Value, nn, optim

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 3))


def parts():
    body = nn.Sequential(nn.Linear(3, 4, seed=1), nn.Tanh())
    return body, nn.Linear(4, 1, seed=2), nn.Linear(4, 2, seed=3)


def heads(body, actor, critic, **options):
    """Two functions over one body, and how often each has been traced."""
    traced = [0, 0]

    def act(x):
        traced[0] += 1
        (y,) = actor(body(x))
        return (y - 1) ** 2

    def criticise(x):
        traced[1] += 1
        a, b = critic(body(x))
        return (a * b - 0.5) ** 2

    return compile(act, **options), compile(criticise, **options), traced


def count_of(traced, f, g, rounds=5):
    before = list(traced)
    for _ in range(rounds):
        f.backward(X)
        g.backward(X)
        f.step(X, lr=0.01)
        g.step(X, lr=0.01)
    return [now - then for now, then in zip(traced, before)]


# --- joint stores ----------------------------------------------------------------------------------------------------


def test_functions_over_overlapping_parameters_have_one_store_and_are_traced_once_more_at_most():
    body, actor, critic = parts()
    f, g, traced = heads(body, actor, critic)
    f(X)
    once = traced[0]
    assert count_of(traced, f, g) == [once, once]
    assert count_of(traced, f, g) == [0, 0]
    everything = [p for part in (body, actor, critic) for p in part.parameters()]
    assert {p.store for p in everything} == {f.store} == {g.store}
    assert sorted(p.place for p in everything) == list(range(len(everything)))


def test_the_gradients_of_each_function_are_those_of_its_own_parameters():
    body, actor, critic = parts()
    f, g, _ = heads(body, actor, critic)
    f.backward(X), g.backward(X), f.backward(X)
    for p in (*body.parameters(), *actor.parameters(), *critic.parameters()):
        p.grad = 0.0
    for h, own in ((f, actor), (g, critic)):
        _, gradients = h.value_and_grad(X)
        assert set(gradients) == {*body.parameters(), *own.parameters()}
        loss = sum(h.function([Value(v) for v in row]) for row in X) / len(X)
        loss.backward()
        for p in gradients:
            assert gradients[p] == pytest.approx(p.grad, rel=1e-12)
            p.grad = 0.0


def test_unrelated_functions_do_not_disturb_each_other():
    f, g, traced = heads(*parts())
    count_of(traced, f, g)
    other, again, more = heads(*parts())
    count_of(more, other, again)
    assert count_of(traced, f, g) == [0, 0]
    assert f.store is not other.store


def test_numbers_and_gradients_move_along():
    a, b, c = (Value(v, label=n) for v, n in ((1.0, "a"), (2.0, "b"), (3.0, "c")))
    f, g = compile(lambda x: a * b * x), compile(lambda x: b * c * x)
    f.backward(np.ones(2))
    b.data = 5.0
    g.backward(np.ones(2))
    assert [v.data for v in (a, b, c)] == [1, 5, 3]
    assert [v.grad for v in (a, b, c)] == [2, 4, 5]
    assert f(np.ones(2)) == 5
    a.data = 2.0
    assert (f(np.ones(2)), g(np.ones(2))) == (10, 15)


def test_values_that_are_gone_leave_no_place_in_a_joint_store():
    gone, b, c = [Value(1.0)], Value(2.0), Value(3.0)
    compile(lambda x: gone[0] * b * x)(np.ones(2))
    gone.clear()
    gc.collect()
    g = compile(lambda x: b * c * x)
    assert g(np.ones(2)) == 6
    assert g.store.size == 2


def test_released_values_are_bound_anew():
    a, b = Value(2.0), Value(3.0)
    f = compile(lambda x: a * b * x)
    assert f(np.ones(2)) == 6
    stores.release([a])
    assert type(a) is Value
    a.data = 4.0
    assert f(np.ones(2)) == 12
    f.step(np.ones(2), lr=0.5)
    assert (a.data, b.data) == (2.5, 1.0)


# --- types -----------------------------------------------------------------------------------------------------------


def test_float32_code_leaves_the_users_numbers_what_they_are():
    w = Value(0.1, label="w")
    f, g = compile(lambda x: w * x, dtype="float32"), compile(lambda x: w * x)
    assert f(np.ones(2)) == np.float32(0.1)
    assert w.data == 0.1
    assert g(np.ones(2)) == 0.1
    f.step(np.ones(2), lr=0.25)
    assert w.data == 0.1 - 0.25
    _, gradients = f.value_and_grad(np.array([0.1, 0.1]))
    assert gradients[w] == float(np.float32(0.1))


def test_one_model_in_both_types_in_turn_is_traced_once_in_each():
    body, actor, critic = parts()
    f, _, traced = heads(body, actor, critic)
    g, _, again = heads(body, actor, critic, dtype="float32")
    for _ in range(4):
        assert f.backward(X) == pytest.approx(g.backward(X), rel=1e-5)
        f.step(X, lr=0.1)
        g.step(X, lr=0.1)
    assert traced[0] == again[0] == 2  # each tracing calls a function twice


# --- gradients as a dict ---------------------------------------------------------------------------------------------


def test_gradients_are_read_as_a_dict():
    a, b, c = Value(2.0, label="a"), Value(3.0, label="b"), Value(1.0)
    _, gradients = compile(lambda x: a * b * x).value_and_grad(np.ones(2))
    assert gradients == {a: 3.0, b: 2.0}
    assert {a: 3.0, b: 2.0} == gradients
    assert gradients != {a: 3.0, b: 2.5}
    assert dict(gradients) == {**gradients} == gradients.copy() == {a: 3.0, b: 2.0}
    assert sorted(gradients.values()) == [2, 3]
    assert {p.label for p in gradients} == {"a", "b"}
    assert dict(gradients.items())[a] == 3.0
    assert (len(gradients), a in gradients, c in gradients, gradients.get(c), gradients.get(c, 0.0)) == (
        2, True, False, None, 0.0,
    )  # fmt: skip
    assert type(gradients[a]) is float
    assert gradients | {c: 1.0} == {c: 1.0} | gradients == {a: 3.0, b: 2.0, c: 1.0}
    assert repr(gradients) == repr(dict(gradients))
    assert sorted(pickle.loads(pickle.dumps(gradients)).values()) == [2, 3]
    with pytest.raises(KeyError):
        gradients[c]


def test_gradients_stay_what_they_were():
    a, b = Value(2.0), Value(3.0)
    f = compile(lambda x: a * a * x)
    _, first = f.value_and_grad(np.ones(2))
    a.data = 5.0
    f.value_and_grad(np.ones(2))
    compile(lambda x: a * b * x)(np.ones(2))  # a moves
    assert first == {a: 4.0}


# --- optimizers over a part ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [optim.Adam, lambda p, lr: optim.SGD(p, lr, momentum=0.9), optim.RMSProp])
@pytest.mark.parametrize("some", [slice(None, -1), slice(1, None), slice(None, None, 2), slice(None, None, -1)])
def test_some_parameters_of_a_store_are_trained_as_plain_values_are(make, some):
    def trained(is_compiled):
        w = [Value(v, label=f"w{i}") for i, v in enumerate([0.5, -1.0, 2.0, 0.25])]
        loss = lambda x: sum((w[i] * x - i) ** 2 for i in range(4)) + w[0] * w[3]
        f = compile(loss)
        optimizer = make(w[some], 0.1)
        rest = optim.SGD([v for v in w if v not in w[some]], 0.01) if some != slice(None, None, -1) else None
        for _ in range(5):
            optimizer.zero_grad()
            if is_compiled:
                f.backward(X[:, 0])
            else:
                for v in w:
                    v.grad = 0.0 if v in w[some] else v.grad
                (sum(loss(Value(v)) for v in X[:, 0]) / len(X)).backward()
            optimizer.step()
            if rest:
                rest.step()
        return [v.data for v in w], [v.grad for v in w]

    for compiled, plain in zip(trained(True), trained(False)):
        np.testing.assert_allclose(compiled, plain, rtol=1e-10)


# --- nothing is kept -------------------------------------------------------------------------------------------------


class Double(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.data * 2

    @staticmethod
    def backward(ctx, upstream):
        return upstream * 2


def kinds():
    w, v = Tensor(RNG.normal(size=(3, 2)), requires_grad=True, label="w"), Value(2.0)
    labels = np.zeros(8, int)
    return {
        "tensors": compile(lambda x: (x @ w).tanh().sum()),
        "cross-entropy": compile(lambda x: nn.cross_entropy(x @ w, labels)),
        "probabilities": compile(lambda x: nn.cross_entropy(x @ w, np.full((8, 2), 0.5))),
        "function": compile(lambda x: Double.apply(x @ w).sum()),
        "scalar code": compile(lambda x: x[0] * v + x[1]),
    }


@pytest.mark.parametrize("name", kinds())
def test_a_compiled_function_keeps_no_batch_and_is_freed_with_the_collector_off(name):
    f = kinds()[name]
    batch = X.copy()
    dead = weakref.ref(batch)
    f(batch), f.backward(batch), f.value_and_grad(batch), f.step(batch, lr=0.1), f.plan(batch)
    gc.collect()
    gc.disable()
    try:
        del batch
        assert dead() is None
        gone = weakref.ref(f)
        del f
        assert gone() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_drawing_of_a_plan_shows_the_batch_it_was_asked_for():
    f = compile(lambda x: (x * 2).sum(), backend="tensor")
    for k in (1.0, 3.0):
        assert f.plan(np.full((2, 2), k)).as_trace().root.value == 8 * k
    with pytest.raises(RuntimeError, match="no numbers to show"):
        next(iter(f._plans.values()))[0].as_trace()
