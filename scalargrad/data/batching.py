"""Parts of a set: mini-batches, and a training and a validation set."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np

from scalargrad.data.arrays import pair
from scalargrad.settings import Array, Seed, count, flag, generator, short

__all__ = ["Batches", "batches", "split"]

Pair = tuple[Array, Array]


class Batches:
    """Mini-batches ``(X, y)`` of a set; each ``for`` loop over it is one epoch, in a new order.

    The order of an epoch depends on the seed and on the number of the epoch alone, so a second run gives the same
    batches, and a run taken up at ``batches.epoch = 5`` those it would have had.
    """

    def __init__(
        self, X: Any, y: Any, size: int | None, seed: Seed = None, shuffle: bool = True, drop_last: bool = False
    ) -> None:
        self.X, self.y = pair(X, y, "batches")
        self.size = len(self.X) if size is None else count(size, "batches: size")
        self.shuffle = flag(shuffle, "batches: shuffle")
        self.drop_last = flag(drop_last, "batches: drop_last")
        self.epoch = 0
        """How many epochs have been begun: the number of the next one, from 0."""
        if self.drop_last and self.size > len(self.X):
            raise ValueError(
                f"batches: no batch of {self.size} can be had of {len(self.X)} examples with drop_last: "
                "give a smaller size"
            )
        rng = generator(seed, "batches: seed")
        self._entropy = int(rng.integers(2**63)) if self.shuffle else 0

    def order(self, epoch: int) -> Array:
        """The indices of the examples, in the order of that epoch."""
        n = len(self.X)
        if not self.shuffle:
            return np.arange(n)
        return np.random.default_rng([self._entropy, count(epoch, "batches: epoch", least=0)]).permutation(n)

    def __iter__(self) -> Iterator[Pair]:
        order = self.order(self.epoch)
        self.epoch += 1
        return self._parts(order)

    def _parts(self, order: Array) -> Iterator[Pair]:
        for i in range(len(self)):
            rows = order[i * self.size : (i + 1) * self.size]
            yield self.X[rows], self.y[rows]

    def __len__(self) -> int:
        whole, rest = divmod(len(self.X), self.size)
        return whole + bool(rest and not self.drop_last)

    def __repr__(self) -> str:
        return f"<{len(self)} batches of {self.size} of {len(self.X)} examples, epoch {self.epoch}>"


def batches(
    X: Any,
    y: Any,
    size: int | None = None,
    *,
    seed: Seed = None,
    shuffle: bool = True,
    drop_last: bool = False,
) -> Batches:
    """The set in mini-batches of ``size`` examples: ``X`` (size, features), ``y`` (size,).

    None is the whole set at once (batch gradient descent), 1 is stochastic. Each ``for`` loop is one epoch: every
    example once, in a new order unless ``shuffle=False``. The last batch may be smaller; ``drop_last`` leaves it out.

    Raises ValueError if ``X`` and ``y`` are not as long, or empty, and for a size below 1.

    >>> X, y = [[1.0], [2.0], [3.0]], [1, 2, 3]
    >>> mini = batches(X, y, size=2, seed=0)
    >>> for epoch in range(2):
    ...     print([yb.tolist() for xb, yb in mini])
    [[1, 3], [2]]
    [[3, 2], [1]]
    """
    return Batches(X, y, size, seed, shuffle, drop_last)


def split(
    X: Any,
    y: Any,
    validation: float = 0.2,
    *,
    seed: Seed = None,
    shuffle: bool = True,
    stratify: bool = False,
) -> tuple[Pair, Pair]:
    """Two parts of a set, ``(X_train, y_train), (X_validation, y_validation)``.

    ``validation`` is the share of examples for validation, or their number if it is a whole number; a share is
    rounded, and neither part is left empty. They are drawn at random, or are the last ones if ``shuffle=False``. With
    ``stratify``, each class of ``y`` has that share in both parts, as nearly as whole examples allow.

    Raises ValueError for a share that is not between 0 and 1, a number that leaves no examples to train on, and with
    ``stratify`` for targets that are not classes.

    >>> from scalargrad.data import moons
    >>> (X, y), (X_val, y_val) = split(*moons(100), validation=0.2, stratify=True)
    >>> X.shape, y_val.shape, int(y_val.sum())
    ((80, 2), (20,), 10)
    """
    rows, targets = pair(X, y, "split")
    shuffle, stratify = flag(shuffle, "split: shuffle"), flag(stratify, "split: stratify")
    n, rng = len(rows), generator(seed, "split: seed")
    held_out = _held_out(validation, n)
    order = rng.permutation(n) if shuffle else np.arange(n)
    held = np.zeros(n, dtype=bool)
    if stratify:
        held[_stratified(order, targets, held_out)] = True
    else:
        held[order[n - held_out :]] = True
    first, second = order[~held[order]], order[held[order]]
    return (rows[first], targets[first]), (rows[second], targets[second])


def _held_out(validation: Any, n: int) -> int:
    """How many of n examples are for validation."""
    if n < 2:
        raise ValueError("split: one example cannot be split in two parts: give at least 2")
    if isinstance(validation, Integral) and not isinstance(validation, bool):
        number = int(validation)
        if not 0 < number < n:
            raise ValueError(f"split: validation must be between 1 and {n - 1} of the {n} examples, not {number}")
        return number
    if isinstance(validation, bool) or not isinstance(validation, (float, np.floating)):
        raise TypeError(f"split: validation is a share such as 0.2 or a number of examples, not {short(validation)}")
    if not 0 < validation < 1:
        raise ValueError(
            f"split: validation must be a share between 0 and 1, or a whole number of examples, not {validation}"
        )
    return min(max(round(n * float(validation)), 1), n - 1)


def _stratified(order: Array, targets: Array, wanted: int) -> Array:
    """``wanted`` examples, each class by its share; the classes with the largest remainders get one more."""
    if targets.ndim != 1 or (targets.dtype.kind == "f" and not np.array_equal(targets, np.floor(targets))):
        raise ValueError("split: stratify needs one class for each example in y; leave it out for other targets")
    _, which, sizes = np.unique(targets, return_inverse=True, return_counts=True)
    shares = sizes * wanted / len(targets)
    counts = np.floor(shares).astype(int)
    missing = wanted - int(counts.sum())
    counts[np.argsort(counts - shares, kind="stable")[:missing]] += 1
    return np.concatenate([order[which[order] == c][sizes[c] - counts[c] :] for c in range(len(sizes))])
