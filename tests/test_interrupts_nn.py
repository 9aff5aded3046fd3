"""Ctrl-C during steps, loading, predicting and saving: what is left is the old state or the new one, never a mixture."""

from contextvars import copy_context

import numpy as np
import pytest
from interrupting import interrupted, places, steps_of

from fastpath import Tensor, compile
from scalargrad import Value, modes, nn, optim, trace
from scalargrad.nn import scoping

RULES = [(getattr(optim, name), variant) for name in optim.RULES if name != "GD" for variant in ("lecture", "torch")]
OPCODES = pytest.mark.parametrize("opcodes", [False, True], ids=["lines", "instructions"])


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def swept(make, work, state, opcodes, check=lambda made, came, is_old, is_new: None, most=500):
    """Interrupt ``work(made)`` at every place: ``state(made)`` is then as before it, or as after it."""
    old = state(make())
    made = make()
    total = steps_of(lambda: work(made), opcodes)
    new = state(made)
    assert total > 10
    for n in places(total, most):
        made = make()
        context = copy_context()
        came = context.run(interrupted, lambda made=made: work(made), n, opcodes)
        left = state(made)
        is_old, is_new = same(left, old), same(left, new)
        assert is_old or is_new, f"neither the old nor the new state after step {n} of {total}"
        assert came or is_new
        assert not context.run(scoping.path.get), f"a scope was left in force at step {n}"
        if not opcodes:  # Python itself interrupts between lines, not between all instructions
            assert context.run(modes.recording), f"no_grad was left in force at step {n}"
        check(made, came, is_old, is_new)


def numbered(optimizer):
    state = {f"state {k}": v for k, v in optimizer.state_dict().items()}
    return state | {name: np.array(x.data) for name, x in optimizer._parameters}


@OPCODES
@pytest.mark.parametrize(("rule", "variant"), RULES, ids=lambda x: getattr(x, "__name__", x))
def test_a_step_is_whole_or_not_at_all(rule, variant, opcodes):
    def make():
        x = [
            Tensor([1.0, 2.0], requires_grad=True),
            Value(3.0, label="v"),
            Tensor([[4.0]], requires_grad=True),
            Value(5.0, label="u"),
        ]
        optimizer = rule(x, lr=0.1, variant=variant, weight_decay=0.1, clip_norm=1.0)
        for _ in range(2):
            x[0].grad, x[1].grad, x[2].grad, x[3].grad = np.ones(2), 2.0, np.array([[3.0]]), 4.0
            optimizer.step(lambda: None)
        return optimizer

    swept(make, lambda optimizer: optimizer.step(lambda: None), numbered, opcodes, most=120)


@OPCODES
def test_nesterov_comes_back_from_where_it_looked(opcodes):
    def make():
        x = [Tensor([1.0, 2.0], requires_grad=True), Value(3.0, label="v")]
        optimizer = optim.Nesterov(x, lr=0.1, variant="lecture")

        def closure():
            x[0].grad, x[1].grad = 2 * x[0].data, 2 * x[1].data

        optimizer.test_closure = closure
        optimizer.step(optimizer.test_closure)
        optimizer.zero_grad()
        return optimizer

    swept(make, lambda optimizer: optimizer.step(optimizer.test_closure), numbered, opcodes)


@OPCODES
def test_a_compiled_step_is_whole_or_not_at_all(opcodes):
    X, y = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1.0, -1.0])

    def make():
        model = nn.MLP(2, [2], 1, seed=0)
        loss = compile(lambda x, t: (model(x) - t) ** 2)
        optimizer = optim.Adam(model, lr=0.1)
        optimizer.test_loss = loss
        optimizer.zero_grad()
        loss.backward(X, y)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward(X, y)
        return optimizer

    swept(make, lambda optimizer: optimizer.step(), numbered, opcodes, most=60)


@OPCODES
@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_a_state_is_loaded_whole_or_not_at_all(backend, opcodes):
    def make():
        return nn.Sequential(
            nn.Linear(2, 2, seed=0, backend=backend),
            nn.BatchNorm1d(2, backend=backend),
            nn.Linear(2, 1, seed=1, backend=backend),
        )

    new = {name: x + 1 for name, x in make().state_dict().items()}
    swept(make, lambda m: m.load_state_dict(new), lambda m: m.state_dict(), opcodes)


@OPCODES
def test_the_state_of_an_optimizer_is_loaded_whole_or_not_at_all(opcodes):
    def make(steps=1):
        x = [Tensor([1.0, 2.0], requires_grad=True), Value(3.0, label="v"), Tensor([[4.0]], requires_grad=True)]
        optimizer = optim.Adam(x, lr=0.1 * steps)
        for _ in range(steps):
            x[0].grad, x[1].grad, x[2].grad = np.ones(2), 2.0, np.array([[3.0]])
            optimizer.step()
        return optimizer

    saved = make(3).state_dict()
    swept(make, lambda o: o.load_state_dict(saved), lambda o: o.state_dict(), opcodes)


@OPCODES
def test_predicting_leaves_the_mode_it_found(opcodes):
    def make():
        model = nn.Sequential(
            nn.Linear(2, 3, seed=0), nn.Dropout(0.5, seed=0), nn.BatchNorm1d(3), nn.Linear(3, 1, seed=1)
        )
        model.layers[2].eval()
        return model

    def state(model):
        return {str(i): np.array(m.training) for i, m in enumerate(model.modules())} | model.state_dict()

    swept(make, lambda m: m.predict([[1.0, 2.0], [3.0, 4.0]]), state, opcodes, most=300)


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_calling_a_model_leaves_no_scope_in_force(backend):
    model = nn.MLP(2, [2], 1, seed=0, backend=backend)
    swept(lambda: model, lambda m: m([[1.0, 2.0]]), lambda m: m.state_dict(), False, most=300)
    assert {n.scope for n in trace(model([1.0, 2.0])).nodes if n.op} <= {
        "MLP",
        "MLP/Linear 1",
        "MLP/Tanh 2",
        "MLP/Linear 3",
    }


@OPCODES
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a stream that Python closes by itself
def test_a_file_is_the_old_one_or_the_new_one(tmp_path, opcodes):
    old, new, again = nn.Linear(2, 2, seed=0), nn.Linear(2, 2, seed=1), nn.Linear(2, 2)
    path = tmp_path / "model.npz"

    def make():
        old.save(path)
        return new

    def check(made, came, is_old, is_new):
        assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]

    swept(make, lambda m: m.save(path), lambda m: again.load(path).state_dict(), opcodes, check)
