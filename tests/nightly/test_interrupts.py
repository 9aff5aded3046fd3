"""The part ``interrupts``: KeyboardInterrupt at 500 random lines of the library, or as many as the time allows.

What is left is as before the work or as after it; of ``fit``, as after the last whole step.
"""

import random
import time
from contextvars import copy_context

import numpy as np
import pytest
from interrupting import interrupted, steps_of

import scalargrad as sg
from fastpath import Tensor, compile
from scalargrad import Value, modes, nn, optim
from tests.nightly import SECONDS, SEED

PLACES = 500
RULES = [name for name in optim.RULES if name != "GD"]
X = np.random.default_rng(0).normal(size=(7, 2))
Y = X @ [[1.0], [-2.0]] + 0.5


def swept(make, work, state, share, right=None):
    """Interrupt ``work(made)`` at random places: ``state(made)`` is then the one before, or the one after."""
    numbers, end = random.Random(SEED), time.monotonic() + 0.9 * share * SECONDS
    old = state(make())
    made = make()
    total = steps_of(lambda: work(made))
    new = state(made)
    assert total > 10
    right = right or (lambda made, left, came: same(left, new) or (came and same(left, old)))
    for k in range(PLACES):
        if k and time.monotonic() > end:
            break
        n, made = numbers.randint(1, total), make()
        context = copy_context()
        came = context.run(interrupted, lambda made=made: work(made), n)
        assert right(made, state(made), came), f"a mixture of states after step {n} of {total}"
        assert context.run(modes.recording), f"no_grad was left in force at step {n}"
        assert context.run(modes.current_scope) is None, f"a scope was left in force at step {n}"


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def model_of(backend):
    return nn.Sequential(
        nn.Linear(2, 3, seed=0, backend=backend), nn.BatchNorm1d(3, backend=backend), nn.Tanh(),
        nn.Linear(3, 1, seed=1, backend=backend),
    )  # fmt: skip


def grads(leaves):
    return {str(i): np.array("none" if leaf.grad is None else leaf.grad) for i, leaf in enumerate(leaves)}


BACKENDS = pytest.mark.parametrize("backend", ["value", "tensor"])


@BACKENDS
def test_backward(backend):
    def make():
        model = model_of(backend)
        loss = nn.mse(model(X[:3]), Y[:3])
        return model.parameters(), loss

    swept(make, lambda made: made[1].backward(), lambda made: grads(made[0]), 0.08)


@pytest.mark.parametrize("rule", RULES)
def test_steps_of_optimizers(rule):
    def make():
        x = [Tensor([1.0, 2.0], requires_grad=True), Value(3.0, label="v"), Value(5.0, label="u")]
        optimizer = getattr(optim, rule)(x, lr=0.1, weight_decay=0.1, clip_norm=1.0)
        for k in (1.0, 2.0):
            x[0].grad, x[1].grad, x[2].grad = np.ones(2) * k, 2.0, 4.0
            optimizer.step(lambda: None)
        return optimizer

    def state(optimizer):
        return optimizer.state_dict() | {f"x {name}": np.array(x.data) for name, x in optimizer._parameters}

    swept(make, lambda optimizer: optimizer.step(lambda: None), state, 0.2 / len(RULES))


@BACKENDS
def test_compiled_steps(backend):
    model = nn.MLP(2, [3], 1, seed=0, backend=backend)
    f = compile(lambda x, y: nn.mse(model(x), y)) if backend == "tensor" else compile(lambda x, y: (model(x) - y) ** 2)
    y = Y if backend == "tensor" else Y[:, 0]
    f.backward(X, y)
    initial = model.state_dict()

    def make():
        model.load_state_dict(initial)
        model.zero_grad()
        return optim.Adam(model, lr=0.1)

    def state(optimizer):
        return model.state_dict() | {f"state {k}": v for k, v in optimizer.state_dict().items()}

    swept(make, lambda optimizer: optimizer.step(lambda: f.backward(X, y)), state, 0.08)
    swept(make, lambda _: f.backward(X, y), lambda _: grads(model.parameters()), 0.04)
    model.load_state_dict(initial)
    assert float(f(X, y)) == pytest.approx(float(nn.mse(model(X), Y)), rel=1e-12)


@BACKENDS
def test_fit_ends_after_a_whole_step(backend):
    states = [model_of(backend).state_dict()]

    def make():
        return model_of(backend), []

    def run(made, callbacks=()):
        model, found = made
        options = {"lr": 0.1, "batch_size": 4, "drop_last": True, "epochs": 3, "seed": 0, "progress": False}
        optimizer = optim.Adam(model, lr=options.pop("lr"))
        found.append(optimizer)
        found.append(sg.fit(model, X, Y, loss="mse", optimizer=optimizer, callbacks=callbacks, **options))

    whole = make()
    run(whole, [lambda _: states.append(whole[0].state_dict())])  # a step an epoch

    def right(made, left, came):
        model, found = made
        taken = found[0].steps if found else 0
        weights = {k: v for k, v in left.items() if "running" not in k}  # those follow the forward pass
        ended = len(found) < 2 or found[1].iterations == taken
        return model.training and ended and all(np.array_equal(v, states[taken][k]) for k, v in weights.items())

    swept(make, run, lambda made: made[0].state_dict(), 0.12, right)


@BACKENDS
def test_loading_and_predicting(backend):
    state = model_of(backend).state_dict()
    other = {name: x + 1 for name, x in state.items()}
    swept(lambda: model_of(backend), lambda m: m.load_state_dict(other), lambda m: m.state_dict(), 0.05)

    def switches(model):
        return model.state_dict() | {f"m{i}": np.array(m.training) for i, m in enumerate(model.modules())}

    swept(lambda: model_of(backend), lambda m: m.predict(X), switches, 0.05)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a stream that Python closes by itself
def test_saving(tmp_path):
    old, new, again = nn.Linear(2, 2, seed=0), nn.Linear(2, 2, seed=1), nn.Linear(2, 2)
    path = tmp_path / "model.npz"

    def make():
        old.save(path)
        return new

    def state(_):
        assert [p.name for p in tmp_path.iterdir()] == [path.name]
        return again.load(path).state_dict()

    swept(make, lambda m: m.save(path), state, 0.1)
