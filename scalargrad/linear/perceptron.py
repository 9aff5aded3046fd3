"""Rosenblatt's perceptron: a neuron with a step, which learns from its mistakes only."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np

from scalargrad.linear.model import LinearModel, examples, one_each, positive
from scalargrad.metrics.arrays import class_labels, listed
from scalargrad.settings import Array, Seed, flag, generator, short

__all__ = ["NotSeparatedWarning", "Perceptron"]


class NotSeparatedWarning(UserWarning):
    """A perceptron ran out of epochs while examples were still wrong."""


class Perceptron(LinearModel):
    """ŷ = [x·w + b ≥ 0], trained by Rosenblatt's rule: at each wrong example w ← w + lr·(y − ŷ)·x, b ← b + lr·(y − ŷ).

    Weights begin at 0. Examples are taken in their order, or in one that ``seed`` decides anew in each epoch if
    ``shuffle``. Training ends after the first epoch without a mistake: it comes, after finitely many corrections, if
    and only if a line (a hyperplane) separates the classes. After ``epochs`` without it ``fit`` warns
    (:class:`NotSeparatedWarning`), ``converged`` is False and the last weights are kept.

    After ``fit``: ``coef`` (features,), ``intercept``, ``classes`` (two labels, the greater is the 1), ``corrections``
    (how many were made), ``history`` (how many in each epoch), ``converged``.

    Rosenblatt, The perceptron (1958).

    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> neuron = Perceptron().fit(X, [0, 0, 0, 1])  # AND
    >>> neuron.predict(X), neuron.coef, neuron.intercept
    (array([0, 0, 0, 1]), array([2., 1.]), -3.0)
    >>> neuron.corrections, neuron.history, neuron.converged
    (11, [2, 3, 3, 2, 1, 0], True)
    """

    classes: Array
    corrections: int

    def __init__(self, *, lr: float = 1.0, epochs: int = 1000, shuffle: bool = False, seed: Seed = None) -> None:
        lr = positive(lr, "Perceptron")
        if not isinstance(epochs, (int, np.integer)) or isinstance(epochs, bool) or epochs < 1:
            raise ValueError(f"Perceptron: epochs must be a whole number from 1 on, not {short(epochs)}")
        generator(seed, "Perceptron: seed")
        self.lr, self.epochs, self.shuffle, self.seed = lr, int(epochs), flag(shuffle, "Perceptron: shuffle"), seed

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from X (n, features) and the labels y (n,) of two classes; the model itself is returned."""
        features, labels = examples(X), class_labels(y, "y")
        one_each(features, labels)
        classes = np.unique(labels)
        if len(classes) != 2:
            raise ValueError(f"Perceptron is for two classes, but y has {len(classes)}: {listed(classes)}")
        targets = (labels == classes[1]).astype(float)
        rng = np.random.default_rng(self.seed)
        weights, bias = np.zeros(features.shape[1]), 0.0
        history: list[float] = []
        while len(history) < self.epochs and (not history or history[-1]):
            wrong = 0
            for i in rng.permutation(len(features)) if self.shuffle else range(len(features)):
                error = targets[i] - float(features[i] @ weights + bias >= 0)
                if error:
                    weights = weights + self.lr * error * features[i]
                    bias += self.lr * error
                    wrong += 1
            history.append(wrong)
        self._learned(np.r_[bias, weights], True, history, not history[-1])
        self.classes, self.corrections = classes, int(sum(history))
        if not self.converged:
            missed = int((self.predict(features) != labels).sum())
            warnings.warn(
                f"Perceptron: after {len(history)} epochs and {self.corrections} corrections {missed} of {len(labels)} "
                "examples are wrong: no line may separate the classes (as with XOR), or more epochs are needed",
                NotSeparatedWarning,
                stacklevel=2,
            )
        return self

    def predict(self, X: Any) -> Array:
        """The label of each example, of shape (n,): the greater one where x·w + b ≥ 0."""
        fires = self.scores(X) >= 0
        return np.asarray(self.classes[fires.astype(int)])

    def __repr__(self) -> str:
        if not hasattr(self, "coef"):
            return "Perceptron()"
        return f"Perceptron(corrections={self.corrections}, epochs={len(self.history)}, converged={self.converged})"
