"""Parameter groups: settings of their own, as PyTorch's, schedules, saving, and compiled models."""

import io
import pickle

import numpy as np
import pytest

import fastpath
from fastpath import Tensor
from scalargrad import Value, fit, nn, optim
from scalargrad.optim import schedules

START = np.random.default_rng(0).normal(size=(2, 3))
SCALE = np.array([1.0, 2.0, 0.5])
CASES = [
    ("SGD", {"lr": 0.1, "momentum": 0.9}, {"lr": 0.01}, {"momentum": 0.5, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1}, {"momentum": 0.9, "nesterov": True}, {"maximize": True, "lr": 1e-3}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.9)}, {"amsgrad": True}, {"lr": 0.02, "weight_decay": 0.3, "eps": 1e-3}),
    ("AdamW", {"lr": 0.1}, {"weight_decay": 0.0}, {"betas": (0.5, 0.6)}),
    ("RMSprop", {"lr": 0.1}, {"alpha": 0.5}, {"centered": True, "momentum": 0.3}),
]


def leaves(backend):
    if backend == "tensor":
        return [Tensor(row, requires_grad=True) for row in START]
    return [np.frompyfunc(Value, 1, 1)(row.astype(object)) for row in START]


def numbers(x):
    return x.data if isinstance(x, Tensor) else x.astype(float)


def bowl(a, b, scale=SCALE):
    return ((a - 0.2) ** 2 * scale).sum() + ((b * 2 + 0.1) ** 2 * scale).sum() + (a * b).sum()


def descend(optimizer, loss, steps=1):
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()


@pytest.mark.parametrize("backend", ["value", "tensor"])
@pytest.mark.parametrize(("name", "both", "first", "second"), CASES)
def test_groups_take_the_steps_of_torch(name, both, first, second, backend):
    torch = pytest.importorskip("torch")
    ours, theirs = leaves(backend), [torch.tensor(row, requires_grad=True) for row in START]
    made = []
    for kind, (a, b) in ((getattr(optim, name), ours), (getattr(torch.optim, name), theirs)):
        made.append(
            kind([{"params": [a]} | first, {"params": b if kind.__module__[0] == "t" else [b]} | second], **both)
        )
    for step in range(50):
        if step == 20:
            for optimizer in made:
                for group in optimizer.param_groups:
                    group["lr"] *= 0.5
                optimizer.param_groups[0]["weight_decay"] = 0.2
        descend(made[0], lambda: bowl(*ours))
        descend(made[1], lambda: bowl(*theirs, torch.tensor(SCALE)))
        for x, other in zip(ours, theirs):
            np.testing.assert_allclose(numbers(x), other.detach().numpy(), rtol=1e-12, atol=1e-12)


def test_a_group_is_read_and_set_like_a_dict():
    a, b = leaves("tensor")
    optimizer = optim.SGD([{"params": [a], "lr": 0.5}, {"params": [b], "momentum": 0.9}], lr=0.1, momentum=0.2)
    first, second = optimizer.param_groups
    assert first["params"] == [a]
    assert (first["lr"], first["momentum"], second["lr"], second["momentum"]) == (0.5, 0.2, 0.1, 0.9)
    assert set(second) == {"params", "lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"}
    assert "lr" in first
    assert dict(second)["nesterov"] is False
    second["momentum"] = 0.3
    assert (second["momentum"], first["momentum"]) == (0.3, 0.2)
    with pytest.raises(ValueError, match="momentum must be 0 or more"):
        second["momentum"] = -1
    with pytest.raises(ValueError, match="lr must be"):
        first["lr"] = -1
    with pytest.raises(TypeError, match="no 'learning_rate', but lr, momentum"):
        first["learning_rate"] = 0.1
    with pytest.raises(TypeError, match="keeps its 'lr'"):
        del first["lr"]
    with pytest.raises(KeyError):
        first["gamma"]
    assert (first["lr"], second["momentum"]) == (0.5, 0.3)
    assert "2 parameters in 2 groups" in repr(optimizer)


def test_an_optimizer_without_groups_has_one():
    x = Value(1.0)
    optimizer = optim.SGD([x], lr=0.1)
    (group,) = optimizer.param_groups
    group["lr"] = 0.5
    x.grad = 1.0
    optimizer.step()
    assert (x.data, optimizer.lr) == (0.5, 0.5)


def test_a_group_is_added_with_the_settings_the_optimizer_was_made_with():
    a, b, c = Value(1.0), Value(1.0), Value(1.0)
    optimizer = optim.SGD([a], lr=0.5, momentum=0.9)
    optimizer.param_groups[0]["momentum"] = 0.1
    optimizer.add_param_group({"params": [b], "lr": 0.25})
    optimizer.add_param_group({"params": c})
    assert [g["momentum"] for g in optimizer.param_groups] == [0.1, 0.9, 0.9]
    for x in (a, b, c):
        x.grad = 1.0
    optimizer.step()
    assert (a.data, b.data, c.data) == (0.5, 0.75, 0.5)


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (lambda a, b: [{"params": [a]}, {"params": [b, a]}], ValueError, "is in another parameter group already"),
        (lambda a, b: [{"params": [a]}, {"params": []}], ValueError, "SGD: parameters: there are no parameters"),
        (lambda a, b: [{"params": [a]}, b], TypeError, "a group is a dict with its parameters in 'params'"),
        (lambda a, b: [{"weights": [a]}], TypeError, "a group is a dict with its parameters in 'params'"),
        (lambda a, b: [{"params": [a], "rate": 1.0}], TypeError, "SGD: a parameter group has no 'rate', but lr,"),
        (lambda a, b: [{"params": [a], "clip_norm": 1.0}], TypeError, "SGD: a parameter group has no 'clip_norm'"),
        (lambda a, b: [{"params": [a], "lr": "x"}], TypeError, "SGD: lr is a number"),
        (lambda a, b: [{"params": [a]}, {"params": [b], "momentum": 2}], ValueError, "SGD: momentum must be"),
    ],
)
def test_a_wrong_group_is_one_sentence(groups, error, message):
    with pytest.raises(error, match=message):
        optim.SGD(groups(Value(1.0), Value(2.0)), lr=0.1)


def test_a_group_that_cannot_be_added_leaves_the_optimizer():
    a, b = Value(1.0), Value(2.0)
    optimizer = optim.SGD([a], lr=0.1)
    for wrong in ({"params": [a]}, {"params": [b], "lr": -1}, {"params": [b], "rate": 1}):
        with pytest.raises((TypeError, ValueError)):
            optimizer.add_param_group(wrong)
    assert len(optimizer.param_groups) == 1


def test_a_rate_that_is_set_and_a_schedule_keep_the_proportions_of_the_groups():
    a, b, c = Value(1.0), Value(1.0), Value(1.0)
    groups = [{"params": a}, {"params": b, "lr": 0.03}, {"params": c, "lr": lambda t: 7.0}]
    optimizer = optim.SGD(groups, lr=0.1)
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.03, 7.0]
    optimizer.lr = 0.05
    assert [g["lr"] for g in optimizer.param_groups] == [0.05, pytest.approx(0.015), 7.0]
    optimizer.lr = 0.1
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.03, 7.0]  # exactly as it was
    optimizer.param_groups[0]["lr"] = 0.2  # of this group alone
    assert [g["lr"] for g in optimizer.param_groups] == [0.2, 0.03, 7.0]
    optimizer.lr = schedules.exponential(0.2, 0.5)
    for x in (a, b, c):
        x.grad = 0.0
    for t in range(3):
        assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.2 * 0.5**t, 0.03 * 0.5**t, 7.0])
        optimizer.step()
    made = optim.SGD([{"params": a}, {"params": b, "lr": 1.0}], lr=schedules.exponential(0.1, 0.5))
    made.step()
    assert [g["lr"] for g in made.param_groups] == pytest.approx([0.05, 0.5])
    pickle.loads(pickle.dumps(optim.Adam([{"params": Value(1.0)}, {"params": Value(2.0), "lr": 0.1}])))


def test_fit_schedules_all_groups():
    model = nn.MLP(2, [3], 1, seed=0, backend="tensor")
    first, last = model[0], model[2]
    optimizer = optim.SGD([{"params": first}, {"params": last, "lr": 0.05}], lr=0.1)
    X = np.random.default_rng(1).normal(size=(8, 2))
    history = fit(
        model, X, X[:, 0], loss="mse", optimizer=optimizer, epochs=3, schedule=schedules.exponential(0.1, 0.5)
    )
    assert history.lr == pytest.approx([0.1, 0.05, 0.025])
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.025, 0.0125])


@pytest.mark.parametrize("backend", ["value", "tensor"])
@pytest.mark.parametrize(("name", "both", "first", "second"), CASES)
def test_a_saved_state_with_groups_goes_on_bit_by_bit(name, both, first, second, backend):
    def fresh():
        a, b = leaves(backend)
        return (a, b), getattr(optim, name)([{"params": [a]} | first, {"params": [b]} | second], **both)

    (a, b), optimizer = fresh()
    descend(optimizer, lambda: bowl(a, b), 3)
    optimizer.param_groups[1]["lr"] = 0.0123
    file = io.BytesIO()
    np.savez(file, **optimizer.state_dict())
    kept = [numbers(a).copy(), numbers(b).copy()]
    descend(optimizer, lambda: bowl(a, b), 3)
    (c, d), resumed = fresh()
    for x, array in ((c, kept[0]), (d, kept[1])):
        nn.backends.set_numbers(x, array)
    file.seek(0)
    resumed.load_state_dict(np.load(file))
    assert resumed.param_groups[1]["lr"] == 0.0123
    descend(resumed, lambda: bowl(c, d), 3)
    assert np.array_equal(numbers(a), numbers(c))
    assert np.array_equal(numbers(b), numbers(d))
    with pytest.raises(ValueError, match="the state is of other parameters: this optimizer has none called 'groups"):
        getattr(optim, name)([{"params": [c]} | first], **both).load_state_dict(resumed.state_dict())


def test_groups_of_a_compiled_model_step_alike():
    X, y = np.random.default_rng(1).normal(size=(6, 2)), np.ones(6)
    ends = []
    for compiled in (False, True):
        model = nn.MLP(2, [3], 1, seed=0)
        groups = [{"params": model[0]}, {"params": model[2], "lr": 0.2, "momentum": 0.5}]
        optimizer = optim.SGD(groups, lr=0.1, momentum=0.9, clip_norm=0.5)
        f = fastpath.compile(lambda x, y, model=model: (model(x) - y) ** 2)
        for _ in range(5):
            optimizer.zero_grad()
            if compiled:
                f.backward(X, y)
            else:
                nn.mse(model(X), y).backward()
            optimizer.step()
        ends.append(model.state_dict())
    for name, x in ends[0].items():
        np.testing.assert_allclose(ends[1][name], x, rtol=1e-12)


def test_nesterov_of_the_lecture_looks_ahead_in_all_groups():
    a, b, both = Value(1.0), Value(2.0), [Value(1.0), Value(2.0)]
    one = optim.Nesterov([{"params": a}, {"params": b}], lr=0.1, variant="lecture")
    other = optim.Nesterov(both, lr=0.1, variant="lecture")
    for optimizer, (x, y) in ((one, (a, b)), (other, both)):
        for _ in range(4):

            def closure(x=x, y=y, optimizer=optimizer):
                optimizer.zero_grad()
                (x * x + y * x).backward()

            optimizer.step(closure)
    assert (a.data, b.data) == tuple(x.data for x in both)


def test_gradients_are_set_to_none_or_to_zeros():
    x = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([x], lr=0.1)
    x.grad = np.ones(2)
    optimizer.zero_grad(set_to_none=False)
    assert x.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert x.grad is None
