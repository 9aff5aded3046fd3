"""Logistic and softmax regression: one layer, and probabilities behind it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from scalargrad.linear.model import DescentModel, examples, one_each
from scalargrad.metrics.arrays import class_labels, listed
from scalargrad.ops.elementwise import bce_with_logits, sigmoid
from scalargrad.ops.structural import log_softmax, softmax
from scalargrad.settings import Array

__all__ = ["LogisticRegression", "SoftmaxRegression"]


class _Classifier(DescentModel):
    classes: Array
    """The labels, sorted."""

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from X (n, features) and the labels y (n,); the model itself is returned."""
        features, labels = examples(X), class_labels(y, "y")
        one_each(features, labels)
        classes, places = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y has only one class ({listed(classes)}): there must be two to tell apart")
        self._descend(features, self.targets(classes, places))
        self.classes = classes
        return self

    def targets(self, classes: Array, places: Array) -> Array:
        """What the outputs should be: ``places`` are the examples' classes, counted from 0."""
        raise NotImplementedError

    def predict(self, X: Any) -> Array:
        """The most probable label of each example, of shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes[best])

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, of shape (n, classes), in the order of ``classes``; each row sums to 1."""
        raise NotImplementedError


class LogisticRegression(_Classifier):
    """P(y=1|x) = σ(x·w + b), with the least log loss L = −(1/n) Σ [y_i ln p_i + (1 − y_i) ln(1 − p_i)].

    Its gradient is (1/n)·Xᵀ(p − y). ``method`` is "gd" or "sgd"; ``lr``, ``epochs``, ``batch_size``, ``tolerance`` and
    ``seed`` as :class:`~scalargrad.linear.model.DescentModel` says. After ``fit``: ``coef`` (features,), ``intercept``,
    ``classes`` (two labels of any kind; the greater is the 1), ``history`` (the loss), ``converged``. Where a line
    separates the classes the weights grow forever: the epochs end it.

    ``fit`` raises ValueError for other than two classes, and for shapes that do not fit.

    >>> model = LogisticRegression(epochs=200).fit([[0.0], [1.0], [2.0], [3.0]], ["no", "yes", "no", "yes"])
    >>> model.predict([[0.2], [2.8]])
    array(['no', 'yes'], dtype='<U3')
    >>> model.predict_proba([[3.0]]).round(3)
    array([[0.204, 0.796]])
    """

    bend = 0.25  # σ' = σ(1 − σ) ≤ 1/4

    def targets(self, classes: Array, places: Array) -> Array:
        if len(classes) != 2:
            raise ValueError(
                f"LogisticRegression is for two classes, but y has {len(classes)} ({listed(classes)}): "
                "use SoftmaxRegression"
            )
        return places.astype(float)

    def predict_proba(self, X: Any) -> Array:
        p = sigmoid(self.scores(X))
        return np.column_stack([1 - p, p])

    def outputs(self, scores: Array) -> Array:
        return np.asarray(sigmoid(scores))

    def loss(self, scores: Array, targets: Array) -> float:
        return float(bce_with_logits(scores, targets).mean())


class SoftmaxRegression(_Classifier):
    """P(y=k|x) = softmax(x·W + b)_k, with the least cross-entropy L = −(1/n) Σ ln p_i(y_i), for two classes or more.

    Its gradient is (1/n)·Xᵀ(P − Y), Y being the labels as one-hot rows. Arguments as :class:`LogisticRegression`. After
    ``fit``: ``coef`` (features, classes), ``intercept`` (classes,), ``classes``, ``history``, ``converged``.

    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [2.0, 0.0], [2.0, 1.0], [4.0, 0.0], [4.0, 1.0]], [0, 0, 1, 1, 2, 2]
    >>> model = SoftmaxRegression(epochs=300).fit(X, y)
    >>> model.predict(X)
    array([0, 0, 1, 1, 2, 2])
    >>> model.coef.shape, model.intercept.shape
    ((2, 3), (3,))
    """

    bend = 0.5  # the largest eigenvalue of diag(p) − ppᵀ is at most 1/2

    def targets(self, classes: Array, places: Array) -> Array:
        one_hot: Array = np.eye(len(classes))[places]
        return one_hot

    def predict_proba(self, X: Any) -> Array:
        return np.asarray(softmax(self.scores(X), axis=1))

    def outputs(self, scores: Array) -> Array:
        return np.asarray(softmax(scores, axis=1))

    def loss(self, scores: Array, targets: Array) -> float:
        return float(-(targets * log_softmax(scores, axis=1)).sum(axis=1).mean())
