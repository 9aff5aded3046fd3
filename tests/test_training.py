"""fit: what it does is the explicit loop, and what goes wrong loses nothing."""

import io
import math
import sys

import numpy as np
import pytest

from fastpath import Tensor
from fastpath.compiler import compile as compiled
from scalargrad import Value, data, nn, optim
from scalargrad.training import Best, EarlyStopping, History, fit

X = np.random.default_rng(0).normal(size=(12, 2))
Y = X @ [1.0, -2.0] + 0.5


class Line:
    """y = wx + b of Values: the least a model must have."""

    def __init__(self, w=0.0, b=0.0):
        self.w, self.b = Value(w, label="w"), Value(b, label="b")

    def parameters(self):
        return [self.w, self.b]

    def __call__(self, X):
        return X[:, 0] * self.w + self.b


def mlp(backend="tensor", outputs=1, seed=1):
    return nn.MLP(2, [4], outputs, seed=seed, backend=backend)


def numbers(model):
    return {name: array.copy() for name, array in model.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


# --- the loop --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, 1, 5])
def test_fit_is_the_explicit_loop(batch_size):
    model, other = mlp(), mlp()
    history = fit(
        model, X, Y, loss="mse", optimizer=optim.Adam(model, lr=0.05), epochs=4, batch_size=batch_size, seed=3
    )
    optimizer, losses = optim.Adam(other, lr=0.05), []
    parts = data.batches(X, Y, batch_size, seed=np.random.default_rng(3), shuffle=batch_size is not None)
    for _ in range(4):
        for xb, yb in parts:
            optimizer.zero_grad()
            error = nn.mse(other(xb), yb)
            error.backward()
            optimizer.step()
            losses.append(error.item())
    assert history.iteration_loss == losses
    assert same(numbers(model), numbers(other))
    assert history.epochs == 4
    assert history.iterations == 4 * {None: 1, 1: 12, 5: 3}[batch_size]


def test_the_loss_of_an_epoch_is_the_mean_over_its_examples():
    history = fit(mlp(), X, Y, loss="mse", lr=0.01, epochs=1, batch_size=5, seed=0)
    assert history.loss == [pytest.approx(np.average(history.iteration_loss, weights=[5, 5, 2]))]


@pytest.mark.parametrize("loss", ["mse", nn.mse, lambda p, t: ((p - t) ** 2).mean()])
def test_the_backends_train_alike(loss):
    histories = []
    for backend in ("value", "tensor"):
        model = nn.MLP(2, [4], 1, seed=1, backend=backend)
        options = {"epochs": 5, "batch_size": 4, "validation": 0.25, "seed": 2}
        histories.append(fit(model, X, Y, loss=loss, optimizer="momentum", lr=0.02, **options))
    for name in ("iteration_loss", "validation_loss", "loss"):
        assert np.allclose(getattr(histories[0], name), getattr(histories[1], name), rtol=0, atol=1e-9)


def test_lists_and_integer_labels_are_taken():
    history = fit(
        mlp(outputs=3), X.tolist(), [0, 1, 2] * 4, loss="cross_entropy", optimizer=optim.Adam, lr=0.1, epochs=30
    )
    assert history.loss[-1] < history.loss[0]


@pytest.mark.parametrize("optimizer", ["gd", "SGD", "rprop", optim.Nesterov])
def test_an_optimizer_may_be_given_by_name_or_class(optimizer):
    line = Line()
    history = fit(line, [[0.0], [1.0]], [1.0, 3.0], loss="mse", optimizer=optimizer, lr=0.1, epochs=150)
    assert history.loss[-1] < 0.01


def test_nesterov_as_in_the_lecture_can_be_used():
    line = Line()
    optimizer = optim.Nesterov([line.w, line.b], lr=0.1, variant="lecture")
    assert fit(line, [[0.0], [1.0]], [1.0, 3.0], loss="mse", optimizer=optimizer, epochs=200).loss[-1] < 1e-3


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_a_compiled_objective_trains_like_the_loss_it_is_of(backend):
    histories, models = [], []
    for compiles in (False, True):
        model = mlp(backend)
        loss = "mse"
        if compiles and backend == "tensor":
            loss = compiled(lambda X, y, model=model: nn.mse(model(X), y))
        elif compiles:
            loss = compiled(lambda x, y, model=model: (model(x) - y) ** 2)
        options = {"epochs": 5, "batch_size": 4, "validation": 0.25, "seed": 2}
        histories.append(fit(model, X, Y, loss=loss, optimizer=optim.Adam(model, lr=0.02), **options))
        models.append(model)
    assert np.allclose(histories[0].iteration_loss, histories[1].iteration_loss, rtol=0, atol=1e-9)
    assert np.allclose(histories[0].validation_loss, histories[1].validation_loss, rtol=0, atol=1e-9)
    for a, b in zip(*[numbers(model).values() for model in models]):
        assert np.allclose(a, b, rtol=0, atol=1e-9)


# --- randomness ------------------------------------------------------------------------------------------------------


def dropped(seed):
    model = nn.Sequential(nn.Linear(2, 8, seed=0, backend="tensor"), nn.Dropout(0.5), nn.Linear(8, 1, seed=1))
    model.to("tensor")
    return fit(model, X, Y, loss="mse", lr=0.01, epochs=3, batch_size=4, validation=0.25, seed=seed)


def test_the_same_seed_gives_the_same_training_with_dropout():
    one, other, third = dropped(5), dropped(5), dropped(6)
    assert one.iteration_loss == other.iteration_loss
    assert one.validation_loss == other.validation_loss
    assert one.iteration_loss != third.iteration_loss


def test_numpys_own_random_state_is_not_touched():
    before = np.random.get_state()[1].tolist()
    dropped(None)
    assert np.random.get_state()[1].tolist() == before


def test_training_is_in_training_mode_and_judging_is_not():
    seen = []

    class Spy(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(2, 1, seed=0)

        def forward(self, x):
            seen.append(self.training)
            return self.inner(x)

    for mode in (True, False):
        model = Spy().train(mode)
        fit(model, X, Y[:, None], loss="mse", lr=0.01, epochs=2, validation=0.25)
        assert seen == [True, False, True, False]
        assert model.training is model.inner.training is mode
        seen.clear()


# --- validation, metrics, stopping -----------------------------------------------------------------------------------


def test_validation_is_a_share_or_a_set():
    line = Line()
    given = fit(line, [[1.0]], [1.0], loss="mse", lr=0.1, epochs=2, validation=([[2.0]], [0.0]))
    w, b = line.w.data, line.b.data
    assert given.validation_loss[-1] == pytest.approx((2 * w + b) ** 2)
    assert given.iterations == 2
    share = fit(mlp(), X, Y, loss="mse", lr=0.1, epochs=2, batch_size=1, validation=0.25, seed=0)
    assert share.iterations == 2 * 9
    assert len(share.validation_loss) == 2
    assert fit(mlp(), X, Y, loss="mse", lr=0.1, epochs=1).validation_loss == []


def test_metrics_get_plain_targets_and_predictions():
    def metric(targets, predictions):
        for array in (targets, predictions):
            assert type(array) is np.ndarray
            assert array.dtype.kind == "f"
        return np.abs(targets - predictions).max()

    for backend in ("value", "tensor"):
        model = mlp(backend)
        history = fit(model, X, Y, loss="mse", lr=0.01, epochs=3, metrics={"worst": metric})
        assert len(history.metrics["worst"]) == 3
        assert list(history.row(1)) == ["loss", "worst", "lr"]


def test_it_stops_when_the_loss_is_small_enough_or_a_function_says_so():
    options = {"loss": "mse", "lr": 0.3, "epochs": 500}
    small = fit(Line(), [[0.0], [1.0]], [1.0, 3.0], stop=1e-3, **options)
    assert small.loss[-1] <= 1e-3 < small.loss[-2]
    assert small.stopped == "the loss is not above 0.001"
    asked = fit(Line(), [[0.0], [1.0]], [1.0, 3.0], stop=lambda history: history.epochs == 7, **options)
    assert (asked.epochs, asked.stopped) == (7, "stop said so")
    called = fit(Line(), [[0.0], [1.0]], [1.0, 3.0], callbacks=[lambda h: None, lambda h: h.epochs > 3], **options)
    assert (called.epochs, called.stopped) == (4, "a callback ended it")
    assert fit(Line(), [[0.0]], [1.0], loss="mse", lr=0.1, epochs=3).stopped == "all 3 epochs done"


class Track(nn.Module):
    """A model whose validation loss goes down, and from the fifth epoch on up again."""

    def __init__(self):
        self.w = Tensor([0.0], requires_grad=True)
        self.count = np.zeros(1)

    def forward(self, x):
        if self.training:
            self.count += 1
            return self.w * x
        return self.w * 0 + abs(self.count - 4)


def test_early_stopping_waits_and_restores_the_best():
    model = Track()
    history = fit(model, [1.0], [-9.0], loss="mse", lr=0.1, epochs=50, validation=([1.0], [0.0]), early_stopping=3)
    assert history.validation_loss == [9.0, 4.0, 1.0, 0.0, 1.0, 4.0, 9.0]
    assert history.best == Best(4, 0.0)
    assert history.stopped == "validation loss no better for 3 epochs, model as after epoch 4"
    again = Track()
    fit(again, [1.0], [-9.0], loss="mse", lr=0.1, epochs=4)
    assert same(numbers(model), numbers(again))  # the buffer, too


def test_early_stopping_without_restoring_leaves_the_last():
    ends = []
    for restore in (True, False):
        model = Track()
        watch = EarlyStopping(patience=2, restore=restore)
        fit(model, [1.0], [-9.0], loss="mse", lr=0.1, epochs=50, validation=([1.0], [0.0]), early_stopping=watch)
        ends.append(model.count[0])
    assert ends == [4, 6]


def test_early_stopping_can_look_at_a_metric_or_at_the_training_loss():
    def rising(targets, predictions):
        rising.calls += 1
        return min(rising.calls, 5)

    rising.calls = 0
    watch = EarlyStopping(patience=2, monitor="rising")
    history = fit(Line(), [[1.0]], [1.0], loss="mse", lr=0.01, metrics={"rising": rising}, early_stopping=watch)
    assert history.stopped == "rising no better for 2 epochs, model as after epoch 5"
    flat = EarlyStopping(patience=3, min_delta=0.5)
    assert fit(Line(), [[1.0]], [1.0], loss="mse", lr=1e-3, early_stopping=flat).epochs == 4


def test_a_model_of_bare_parameters_is_restored_too():
    line = Line()
    line_at = []
    fit(
        line, [[1.0]], [1.0], loss="mse", lr=1.1, epochs=9, early_stopping=2,
        callbacks=[lambda history: line_at.append((line.w.data, line.b.data))],
    )  # fmt: skip
    assert (line.w.data, line.b.data) == line_at[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": 0}, "patience is a number of epochs"),
        ({"patience": True}, "patience is a number of epochs"),
        ({"min_delta": -1.0}, "min_delta must be"),
        ({"mode": "best"}, "mode is"),
    ],
)
def test_wrong_settings_of_early_stopping_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**settings)


def test_the_schedule_counts_epochs():
    rates = [0.1, 0.05, 0.01]
    optimizer = optim.SGD(line := Line(), lr=1.0)
    history = fit(
        line, [[1.0], [2.0]], [1.0, 2.0], loss="mse", optimizer=optimizer, epochs=3, batch_size=1,
        schedule=lambda epoch: rates[epoch],
    )  # fmt: skip
    assert history.lr == rates


# --- when something is wrong -----------------------------------------------------------------------------------------


def test_a_loss_that_is_nan_names_epoch_and_batch_and_changes_nothing():
    model = mlp()
    calls = []

    def loss(p, t):
        calls.append(numbers(model))
        return nn.mse(p, t) * (math.nan if len(calls) == 6 else 1.0)

    with pytest.raises(
        FloatingPointError, match="the loss is nan in epoch 2, batch 2, and the model was left"
    ) as error:
        fit(model, X, Y, loss=loss, lr=0.01, epochs=9, batch_size=3, seed=0)
    assert same(numbers(model), calls[-1])
    assert error.value.history.iterations == 5
    assert error.value.history.epochs == 1


def test_a_rate_that_is_too_large_ends_in_one_sentence():
    line = Line()
    with pytest.raises(FloatingPointError, match=r"(the loss is (inf|nan) in epoch|the gradient of . is)"):
        fit(line, [[10.0]], [1.0], loss="mse", lr=10.0, epochs=1000)
    assert math.isfinite(line.w.data)


@pytest.mark.parametrize("at", [1, 2, 5, 6])
def test_an_interruption_leaves_the_last_whole_step_and_the_history(at, capsys):
    model, calls = mlp(), []

    def loss(p, t):
        calls.append(numbers(model))
        if len(calls) == at:
            raise KeyboardInterrupt
        return nn.mse(p, t)

    history = fit(model, X, Y, loss=loss, lr=0.01, epochs=9, batch_size=4, seed=0)
    assert same(numbers(model), calls[-1])
    assert history.iterations == at - 1
    assert history.epochs == (at - 1) // 3
    assert history.stopped == f"interrupted, model as after iteration {at - 1}"
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert f"interrupted in epoch {(at - 1) // 3 + 1}" in told


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"loss": "msee"}, ValueError, "loss is a function or one of .*mse.*, not 'msee'"),
        ({"loss": 3}, TypeError, "loss is a function"),
        ({"loss": lambda p, t: (p - t) ** 2}, ValueError, r"one number, not an array of shape \(12, 12\)"),
        ({"loss": lambda p, t: 1.0}, TypeError, "a plain number, so it has no gradient"),
        ({"lr": None}, TypeError, "needs a learning rate"),
        ({"optimizer": "sdg"}, ValueError, "one of gd, sgd, .*, not 'sdg'"),
        ({"optimizer": optim.SGD([Value(1.0)], lr=1.0)}, TypeError, "has its own"),
        ({"epochs": -1}, ValueError, "epochs must be at least 0"),
        ({"epochs": 1.5}, TypeError, "epochs is a whole number"),
        ({"batch_size": 0}, ValueError, "size must be at least 1"),
        ({"validation": 1.5}, ValueError, "validation must be a share"),
        ({"early_stopping": EarlyStopping(monitor="f1")}, ValueError, "look at 'f1', but there is only loss"),
        ({"y": Y[:-1]}, ValueError, "X has 12 examples and y has 11"),
        ({"seed": -1}, ValueError, "seed must not be negative"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_changed(options, error, message):
    model = mlp()
    before = numbers(model)
    settings = {"loss": "mse", "lr": 0.1, "y": Y} | options
    with pytest.raises(error, match=message):
        fit(model, X, settings.pop("y"), **settings)
    assert same(numbers(model), before)


def test_no_epochs_are_no_training():
    model = mlp()
    before = numbers(model)
    history = fit(model, X, Y, loss="mse", lr=0.1, epochs=0)
    assert same(numbers(model), before)
    assert (history.epochs, history.iterations) == (0, 0)
    assert "0 epochs, 0 iterations" in repr(history)
    with pytest.raises(ValueError, match="no best epoch"):
        _ = history.best


# --- what is told ----------------------------------------------------------------------------------------------------


def test_the_history_prints_as_a_table():
    history = History(("accuracy",))
    history.loss = [1 / (k + 1) for k in range(30)]
    history.validation_loss = [abs(k - 16) + 0.5 for k in range(30)]
    history.metrics["accuracy"] = [0.5] * 30
    history.lr = [0.1] * 30
    history.seconds = [123.0] * 30
    history.iteration_loss = [0.0] * 60
    history.stopped = "all 30 epochs done"
    lines = repr(history).split("\n")
    assert lines[0] == "30 epochs, 60 iterations: all 30 epochs done"
    assert lines[1].split() == ["epoch", "loss", "validation", "loss", "accuracy", "lr"]
    shown = [int(line.split()[0]) for line in lines[2:-1]]
    assert len(shown) <= 11
    assert {1, 17, 30} <= set(shown)
    assert len({len(line) for line in lines[1:-1]}) == 1
    assert lines[-1] == "best: epoch 17, validation loss 0.5"
    assert "123" not in repr(history)


def test_the_best_epoch_is_the_first_of_the_least_and_never_nan():
    history = History()
    history.loss = [3.0, math.nan, 1.0, 1.0]
    assert history.best == Best(epoch=3, loss=1.0)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_one_line_rewritten_on_a_terminal_and_nothing_elsewhere(monkeypatch, capsys):
    run = {"loss": "mse", "lr": 0.1, "epochs": 40}
    fit(Line(), [[1.0]], [1.0], **run)
    assert capsys.readouterr().out == ""
    fit(Line(), [[1.0]], [1.0], progress=True, **run)
    plain = capsys.readouterr().out
    assert 15 <= plain.count("\n") <= 25
    assert "\r" not in plain
    assert "epoch 40/40  loss " in plain
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    fit(Line(), [[1.0]], [1.0], **run)
    text = screen.getvalue()
    assert text.count("\n") == 1
    assert text.count("\repoch") == 40
    quiet = Terminal()
    monkeypatch.setattr(sys, "stdout", quiet)
    fit(Line(), [[1.0]], [1.0], progress=False, **run)
    assert quiet.getvalue() == ""


def test_progress_may_be_a_function(capsys):
    seen = []
    fit(Line(), [[1.0]], [1.0], loss="mse", lr=0.1, epochs=3, progress=lambda history: seen.append(history.epochs))
    assert seen == [1, 2, 3]
    assert capsys.readouterr().out == ""
