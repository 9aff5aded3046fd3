"""``fit`` at the edges: last batches, Ctrl-C at any place, modes, and settings that are none, told before the first step."""

from contextvars import copy_context

import numpy as np
import pytest
from interrupting import interrupted, places, steps_of

from scalargrad import EarlyStopping, Value, fit, nn, optim

X = np.random.default_rng(0).normal(size=(9, 2))
Y = X[:, :1] - X[:, 1:]


def normed(seed=0):
    return nn.Sequential(
        nn.Linear(2, 3, seed=seed, backend="tensor"),
        nn.BatchNorm1d(3, backend="tensor"),
        nn.Linear(3, 1, seed=seed, backend="tensor"),
    )


def numbers(model):
    return {name: x.copy() for name, x in model.state_dict().items()}


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in b)


# --- last batches ----------------------------------------------------------------------------------------------------


def test_a_last_batch_of_one_is_told_before_the_first_step():
    model = normed()
    before = numbers(model)
    with pytest.raises(
        ValueError,
        match="the last batch would have 1 of the 9 examples, and BatchNorm1d needs at least 2: give drop_last=True",
    ):
        fit(model, X, Y, loss="mse", lr=0.1, batch_size=4, epochs=2)
    assert same(numbers(model), before)
    with pytest.raises(ValueError, match="BatchNorm1d needs batches of at least 2 examples, not of 1"):
        fit(model, X, Y, loss="mse", lr=0.1, batch_size=1, drop_last=True)
    with pytest.raises(ValueError, match="not of 1"):
        fit(model, X[:1], Y[:1], loss="mse", lr=0.1)
    assert same(numbers(model), before)
    assert fit(model, X, Y, loss="mse", lr=0.1, batch_size=3, epochs=1).iterations == 3
    assert fit(model, X[:8], Y[:8], loss="mse", lr=0.1, batch_size=4, epochs=1).iterations == 2


def test_the_examples_kept_for_validation_count_as_gone():
    with pytest.raises(ValueError, match="1 of the 7 examples"):
        fit(normed(), X, Y, loss="mse", lr=0.1, batch_size=3, validation=2, epochs=1)


@pytest.mark.parametrize("size", [2, 4, 5, 9])
def test_drop_last_leaves_out_the_smaller_batch(size):
    seen = []

    def loss(p, y):
        seen.append(len(y))
        return nn.mse(p, y)

    history = fit(normed(), X, Y, loss=loss, lr=0.1, batch_size=size, drop_last=True, epochs=2)
    assert seen == [size] * (2 * (9 // size))
    assert history.iterations == len(seen)
    assert len(history.loss) == 2


def test_a_module_of_ones_own_may_need_a_batch():
    class Pairs(nn.Linear):
        least_batch = 4

    with pytest.raises(ValueError, match="Pairs needs batches of at least 4 examples, not of 3"):
        fit(Pairs(2, 1), X, Y, loss="mse", lr=0.1, batch_size=3)


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------


def run(model, optimizer, found):
    options = {"validation": (X[:3], Y[:3]), "metrics": {"off": lambda t, p: float(np.abs(t - p).max())}}
    found.append(
        fit(
            model,
            X,
            Y,
            loss="mse",
            optimizer=optimizer,
            batch_size=3,
            epochs=3,
            seed=0,
            progress=False,
            early_stopping=EarlyStopping(9, restore=False),
            **options,
        )
    )


@pytest.mark.parametrize("opcodes", [False, True], ids=["lines", "instructions"])
def test_ctrl_c_at_any_place_leaves_the_last_whole_step_and_a_whole_record(opcodes):
    states = []
    model = nn.Linear(2, 1, seed=1, backend="tensor")
    states.append(numbers(model))
    optimizer = optim.Momentum(model, lr=0.1)
    commit = optimizer._commit
    optimizer._commit = lambda changes: (commit(changes), states.append(numbers(model)))
    whole = []
    run(model, optimizer, whole)
    assert len(states) == 10

    def fresh():
        model = nn.Linear(2, 1, seed=1, backend="tensor")
        return model, optim.Momentum(model, lr=0.1), []

    made = fresh()
    total = steps_of(lambda: run(*made), opcodes)
    for n in places(total, 400 if not opcodes else 250):
        model, optimizer, found = made = fresh()
        came = copy_context().run(interrupted, lambda made=made: run(*made), n, opcodes)
        assert model.training
        assert same(numbers(model), states[optimizer.steps]), n
        if not came:
            (history,) = found
            assert history.iterations == optimizer.steps, n
            assert history.iteration_loss == whole[0].iteration_loss[: history.iterations]
            records = [history.loss, history.validation_loss, history.lr, history.seconds, history.metrics["off"]]
            assert {len(record) for record in records} == {history.epochs}
            assert history.loss == whole[0].loss[: history.epochs]
            assert history.epochs == history.iterations // 3 or history.epochs == history.iterations // 3 - 1
            assert repr(history)
            assert history.stopped


def test_each_module_is_left_in_the_mode_it_was_in():
    model = normed()
    model.layers[1].eval()
    fit(model, X, Y, loss="mse", lr=0.1, epochs=1)
    assert [m.training for m in model.modules()] == [True, True, False, True]


# --- what is none ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"epochs": None}, "fit: epochs"),
        ({"epochs": np.nan}, "fit: epochs"),
        ({"epochs": "3"}, "fit: epochs"),
        ({"batch_size": "3"}, "size"),
        ({"batch_size": np.nan}, "size"),
        ({"drop_last": "yes"}, "fit: drop_last"),
        ({"drop_last": None}, "fit: drop_last"),
        ({"batch_size": 10, "drop_last": True}, "no batch of 10"),
        ({"validation": (X,)}, "fit: validation is a pair"),
        ({"validation": "some"}, "validation"),
        ({"validation": np.nan}, "validation"),
        ({"metrics": ["accuracy"]}, "fit: metrics"),
        ({"metrics": {"accuracy": 1}}, "fit: metrics"),
        ({"callbacks": 3}, "fit: callbacks"),
        ({"callbacks": ["print"]}, "fit: callbacks"),
        ({"stop": "soon"}, "fit: stop"),
        ({"stop": np.nan}, "fit: stop"),
        ({"schedule": 0.1}, "fit: schedule"),
        ({"early_stopping": "soon"}, "EarlyStopping: patience"),
        ({"early_stopping": 2.5}, "EarlyStopping: patience"),
        ({"early_stopping": np.nan}, "EarlyStopping: patience"),
        ({"seed": "0"}, "fit: seed"),
        ({"seed": 1.5}, "fit: seed"),
        ({"lr": "fast"}, "SGD: lr"),
        ({"lr": np.nan}, "SGD: lr"),
        ({"lr": -1}, "SGD: lr"),
        ({"loss": None}, "loss is a function"),
        ({"optimizer": 3}, "optimizer"),
        ({"optimizer": None}, "optimizer"),
        ({"optimizer": dict}, "optimizer"),
        ({"model": None}, "fit: model"),
        ({"model": "mlp"}, "fit: model"),
        ({"X": None}, "X and y"),
        ({"X": np.ma.masked_array(X, X > 1)}, "X: a masked array"),
        ({"y": np.ma.masked_array(Y, Y > 1)}, "y: a masked array"),
        ({"X": X[:0], "y": Y[:0]}, "X and y are empty"),
        ({"progress": 3}, "fit: progress"),
        ({"progress": "yes"}, "fit: progress"),
    ],
)
def test_what_is_no_setting_is_one_sentence_before_the_first_step(options, what):
    model = nn.Linear(2, 1, seed=0)
    before = numbers(model)
    settings = {"model": model, "X": X, "y": Y, "loss": "mse", "lr": 0.1, "epochs": 1, "progress": False} | options
    with pytest.raises((TypeError, ValueError), match=what) as caught:
        fit(settings.pop("model"), settings.pop("X"), settings.pop("y"), **settings)
    assert "\n" not in str(caught.value)
    assert same(numbers(model), before)


def test_callbacks_may_be_any_iterable():
    seen = []
    fit(nn.Linear(2, 1), X, Y, loss="mse", lr=0.1, epochs=3, callbacks=(seen.append for _ in range(1)))
    assert len(seen) == 3


def test_a_float32_rate_keeps_values_floats():
    x = Value(1.0)
    fit(lambda X: X[:, 0] * x, X, Y[:, 0], loss="mse", optimizer=optim.SGD([x], lr=np.float32(0.1)), epochs=2, schedule=lambda e: np.float32(0.5))  # fmt: skip
    assert type(x.data) is float
