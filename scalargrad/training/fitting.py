"""``fit``: the loop over epochs and batches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from scalargrad import optim
from scalargrad.data.arrays import pair
from scalargrad.data.batching import split
from scalargrad.modes import no_grad
from scalargrad.nn.backends import numbers_of
from scalargrad.settings import Seed, count, generator, number
from scalargrad.training.arguments import Pair, batches_of, functions, functions_by_name, require_batches
from scalargrad.training.history import History
from scalargrad.training.objective import Objective, objective_of
from scalargrad.training.progress import Progress
from scalargrad.training.stopping import EarlyStopping, Watch

__all__ = ["fit"]


def fit(
    model: Any,
    X: Any,
    y: Any,
    *,
    loss: Any,
    optimizer: Any = "sgd",
    lr: Any = None,
    epochs: int = 100,
    batch_size: int | None = None,
    drop_last: bool = False,
    validation: Any = None,
    metrics: Mapping[str, Callable[[Any, Any], float]] | None = None,
    early_stopping: EarlyStopping | int | None = None,
    stop: float | Callable[[History], Any] | None = None,
    schedule: Callable[[int], float] | None = None,
    callbacks: Iterable[Callable[[History], Any]] = (),
    progress: bool | Callable[[History], Any] | None = None,
    seed: Seed = None,
) -> History:
    """Train a model on ``X`` (n, features) and ``y`` (n, …), and return the history.

    What it does is this loop, which can as well be written out; an iteration is one step, an epoch one pass over X::

        for epoch in range(epochs):
            for xb, yb in scalargrad.data.batches(X, y, batch_size):
                optimizer.zero_grad()
                error = loss(model(xb), yb)
                error.backward()
                optimizer.step()

    - ``model``: a function with ``parameters()``. Where it has ``train()`` and ``eval()``, it trains in the one and is
      judged in the other, and is left in the mode it was in.
    - ``loss``: ``loss(predictions, targets)``, or the name of one in ``scalargrad.nn`` ("mse", "cross_entropy"), or a
      compiled objective of ``(X, y)``, whose ``backward(xb, yb)`` gives the loss and leaves the gradients.
    - ``optimizer``: one of ``scalargrad.optim``; or its class or name ("sgd", "adam"), with ``lr``.
    - ``batch_size``: None is the whole set (batch gradient descent), 1 stochastic, else mini-batches, in a new order in
      each epoch. The last may be smaller; ``drop_last`` leaves such a one out. ``epochs``: how many at most.
    - ``validation``: a pair ``(X, y)``, or the share of X, y to keep for it; its loss is computed after each epoch.
    - ``metrics``: functions ``f(targets, predictions)`` of plain arrays, by name: after each epoch, on the validation
      set or else on the training set.
    - ``stop``: end when the loss of an epoch is not above this; or a function of the history that says when.
      ``early_stopping``: an :class:`EarlyStopping`, or its patience. A callback, called with the history after each
      epoch, may end the training by returning True.
    - ``schedule``: the learning rate by epoch, from 0 (:mod:`scalargrad.optim.schedules`).
    - ``progress``: None is one line on a terminal and nothing elsewhere; True, False, or a function of the history.
    - ``seed``: of the split, the order and the dropout of the model; the same seed gives the same training.

    Ctrl-C ends it after the last whole step, with the history so far. Raises FloatingPointError if a loss or a gradient
    is not finite, the model being as after the step before; its attribute ``history`` has what went before.

    >>> from scalargrad import Value
    >>> class Line:
    ...     def __init__(self):
    ...         self.w, self.b = Value(0.0, label="w"), Value(0.0, label="b")
    ...     def parameters(self):
    ...         return [self.w, self.b]
    ...     def __call__(self, X):
    ...         return X[:, 0] * self.w + self.b
    >>> line = Line()
    >>> history = fit(line, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], loss="mse", lr=0.3, epochs=200, stop=1e-6)
    >>> round(line.w.data, 2), round(line.b.data, 2)
    (2.0, 1.0)
    >>> history.stopped, history.loss[-1] <= 1e-6 < history.loss[-2]
    ('the loss is not above 1e-06', True)
    """
    rows, targets = pair(X, y, "fit")
    rng = generator(seed, "fit: seed")
    metrics, callbacks = functions_by_name(metrics), functions(callbacks)
    for what, given in (("schedule", schedule), ("model", model)):
        if not (callable(given) or (given is None and what == "schedule")):
            raise TypeError(f"fit: {what} is a function, not {given!r}")
    if not (stop is None or callable(stop)):
        stop = number(stop, "fit: stop")
    held = None
    if validation is not None:
        if isinstance(validation, (tuple, list)):
            if len(validation) != 2:
                raise ValueError(f"fit: validation is a pair (X, y), not {len(validation)} things")
            held = pair(validation[0], validation[1], "fit: validation")
        else:
            (rows, targets), held = split(rows, targets, validation, seed=rng)
    every = batches_of(rows, targets, batch_size, drop_last, rng)
    require_batches(model, len(rows), batch_size, drop_last)
    history = History(tuple(metrics))
    training = _Training(model, objective_of(model, loss), _optimizer(optimizer, model, lr), history)
    patience = early_stopping
    if not (patience is None or isinstance(patience, EarlyStopping)):
        patience = EarlyStopping(patience)
    watch = None if patience is None else Watch(patience, model, history, held is not None)
    epochs = count(epochs, "fit: epochs", least=0)
    shown = Progress(progress, epochs)
    if seed is not None:
        _reseed(model, rng)
    modes = _modes(model)
    message = ""
    try:
        try:
            for epoch in range(epochs):
                begun = time.perf_counter()
                if schedule is not None:
                    training.optimizer.lr = schedule(epoch)
                training.epoch(epoch + 1, every())
                training.judge(held or (rows, targets), held is not None, metrics)
                history.seconds.append(time.perf_counter() - begun)
                shown.after(history)
                asked = [bool(callback(history)) for callback in callbacks]
                reason = _small_enough(history, stop) or (watch.look() if watch else "")
                history.stopped = reason or ("a callback ended it" if any(asked) else "")
                if history.stopped:
                    break
            else:
                history.stopped = f"all {epochs} epochs done"
            history.stopped += watch.restore() if watch else ""
        except KeyboardInterrupt:
            training.settle()
            history.stopped = f"interrupted, model as after iteration {history.iterations}"
            message = (
                f"training was interrupted in epoch {history.epochs + 1}: the model is as after its last whole step"
            )
        except FloatingPointError as error:
            history.stopped = str(error)
            error.history = history  # type: ignore[attr-defined]
            raise
        finally:
            _switch_back(modes)
            shown.end(message)
    except BaseException:  # Ctrl-C may have come while they were switched back
        _switch_back(modes)
        raise
    return history


class _Training:
    """One run of ``fit``: a model, its objective, its optimizer and the history."""

    def __init__(self, model: Any, objective: Objective, optimizer: Any, history: History) -> None:
        self.model, self.objective, self.optimizer, self.history = model, objective, optimizer, history
        self.begun = getattr(optimizer, "steps", 0)
        """How many steps the optimizer had taken before."""
        self.value = math.nan
        """The loss of the current batch."""

    def settle(self) -> None:
        """After Ctrl-C: the record has each whole step, and each whole epoch."""
        history = self.history
        taken = getattr(self.optimizer, "steps", self.begun) - self.begun
        if taken == history.iterations + 1:
            history.iteration_loss.append(self.value)
        whole = len(history.seconds)
        for record in (history.loss, history.validation_loss, history.lr, *history.metrics.values()):
            del record[whole:]

    def epoch(self, number: int, parts: Iterator[Pair]) -> None:
        """Train on each of the batches."""
        _switch(self.model, True)
        total, seen, losses = 0.0, 0, self.history.iteration_loss
        for batch, (xb, yb) in enumerate(parts, 1):

            def gradients(xb: Any = xb, yb: Any = yb, batch: int = batch) -> float:
                self.optimizer.zero_grad()
                with np.errstate(all="ignore"):  # the message below says it in words
                    value = self.objective.backward(xb, yb)
                if not math.isfinite(value):
                    raise FloatingPointError(
                        f"the loss is {value} in epoch {number}, batch {batch}, and the model was left as before this "
                        "step: try a smaller learning rate, or look for its origin with scalargrad.detect_anomaly()"
                    )
                self.value = value
                return value

            value = self.optimizer.step(gradients)
            losses.append(value)
            total, seen = total + value * len(xb), seen + len(xb)
        self.history.loss.append(total / seen)
        self.history.lr.append(float(self.optimizer.lr))

    def judge(self, examples: Pair, validates: bool, metrics: Mapping[str, Any]) -> None:
        """The loss, where these examples are for validation, and the metrics."""
        if not validates and not metrics:
            return
        features, targets = examples
        _switch(self.model, False)
        with no_grad(), np.errstate(all="ignore"):
            if validates:
                self.history.validation_loss.append(self.objective.value(features, targets))
            if metrics:
                predictions = numbers_of(self.model(features))
                for name, metric in metrics.items():
                    self.history.metrics[name].append(float(metric(targets, predictions)))


def _optimizer(given: Any, model: Any, lr: Any) -> Any:
    """The optimizer, made from its name or class if need be."""
    if isinstance(given, str):
        known = {name.lower(): getattr(optim, name) for name in optim.RULES}
        if given.lower() not in known:
            raise ValueError(f"optimizer is an optimizer, its class or one of {', '.join(known)}, not {given!r}")
        given = known[given.lower()]
    if not (hasattr(given, "step") and hasattr(given, "zero_grad")):
        raise TypeError(f"fit: optimizer is an optimizer, its class or its name, not {given!r}")
    if not isinstance(given, type):
        if lr is not None:
            raise TypeError("lr= is for an optimizer given by its name or class: this one has its own, optimizer.lr")
        return given
    if lr is None and given is optim.SGD:
        raise TypeError("gradient descent needs a learning rate: give lr=, say lr=0.1")
    return given(model) if lr is None else given(model, lr)


def _reseed(model: Any, rng: np.random.Generator) -> None:
    """Give each module that draws random numbers a generator that depends only on the seed."""
    for module in getattr(model, "modules", lambda: ())():
        if isinstance(getattr(module, "rng", None), np.random.Generator):
            module.rng = np.random.default_rng(int(rng.integers(2**63)))


def _switch(model: Any, training: bool) -> None:
    way = getattr(model, "train" if training else "eval", None)
    if callable(way):
        way()


def _modes(model: Any) -> list[tuple[Any, bool]]:
    """The model and all it consists of, where they are in training or in evaluation."""
    parts = getattr(model, "modules", lambda: (model,))()
    return [(part, part.training) for part in parts if isinstance(getattr(part, "training", None), bool)]


def _switch_back(modes: list[tuple[Any, bool]]) -> None:
    for part, training in modes:
        if part.training is training:
            continue
        try:
            part.training = training
        except AttributeError:  # it is read-only
            _switch(part, training)


def _small_enough(history: History, stop: Any) -> str:
    if stop is None:
        return ""
    if callable(stop):
        return "stop said so" if stop(history) else ""
    return f"the loss is not above {stop:g}" if history.loss[-1] <= stop else ""
