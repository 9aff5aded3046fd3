"""The sets themselves: classes in the plane, and two regressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scalargrad.data.arrays import amount, finite, named_classes
from scalargrad.settings import Array, Seed, count, flag, generator

__all__ = ["circles", "gaussians", "linear", "moons", "sine", "spirals", "xor"]

# --- classes ---------------------------------------------------------------------------------------------------------


def gaussians(
    n: int = 100,
    *,
    means: Any = ((-0.4, -0.8), (0.4, 0.8)),
    noise: float = 0.2,
    exact: bool = True,
    labels: Sequence[Any] | None = None,
    seed: Seed = None,
) -> tuple[Array, Array]:
    """One normal distribution for each class, of covariance ``noise``²·I: ``X`` (n, features), ``y`` (n,).

    ``means`` has one row for each class. With ``exact``, the sample is whitened, class by class, so that its own means
    and covariances (those with 1/n) are the ones asked for, whatever the seed.

    The defaults are the lecture's set-1 rebuilt (lecture 001: 100 examples, two Gaussians). There the Hessian of a
    linear neuron's E = ½·mean (Xw − y)², XᵀX/n, has the eigenvalues 0.04 and 0.84. (With a bias it has a third, 1, for
    an even ``n``.)

    Raises ValueError if a class gets too few examples to be whitened.

    >>> X, y = gaussians(seed=0)
    >>> (X.T @ X / len(X)).round(6)
    array([[0.2 , 0.32],
           [0.32, 0.68]])
    >>> np.linalg.eigvalsh(X.T @ X / len(X)).round(6)
    array([0.04, 0.84])
    """
    n, noise, rng = _usual("gaussians", n, noise, seed)
    centres = finite(means, "gaussians: means")
    if centres.ndim != 2 or not centres.size:
        raise ValueError(f"gaussians: means must have the shape (classes, features), one row each, not {centres.shape}")
    classes, features = centres.shape
    which = np.arange(n) % classes
    y = named_classes(which, labels, classes, "gaussians")
    spread = rng.standard_normal((n, features))
    if flag(exact, "gaussians: exact"):
        if n // classes <= features:
            raise ValueError(
                f"gaussians: exact moments need at least {features + 1} examples of each of the {classes} classes, "
                f"not {n // classes}: give a larger n, or exact=False"
            )
        for c in range(classes):
            spread[which == c] = _whitened(spread[which == c])
    return centres[which] + noise * spread, y


def _whitened(sample: Array) -> Array:
    """The sample moved and sheared to mean 0 and covariance I, exactly."""
    centred = sample - sample.mean(axis=0)
    root = np.linalg.cholesky(centred.T @ centred / len(sample))
    whitened: Array = np.linalg.solve(root, centred.T).T
    return whitened


def moons(
    n: int = 100, *, noise: float = 0.1, labels: Sequence[Any] | None = None, seed: Seed = None
) -> tuple[Array, Array]:
    """Two interleaved half circles of radius 1, around (0, 0) and (1, ½): ``X`` (n, 2), ``y`` (n,).

    ``noise`` is the standard deviation of what is added to each coordinate. micrograd's demonstration has the labels
    (−1, 1).

    >>> X, y = moons(4, noise=0, labels=(-1, 1))
    >>> X.round(2) + 0.0
    array([[ 1. ,  0. ],
           [ 0. ,  0.5],
           [-1. ,  0. ],
           [ 2. ,  0.5]])
    >>> y
    array([-1,  1, -1,  1])
    """
    n, noise, rng = _usual("moons", n, noise, seed)
    which, share = _in_turns(n, 2)
    upper, angle = which == 0, np.pi * share
    x1 = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    x2 = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return _noisy(np.stack([x1, x2], axis=1), noise, rng), named_classes(which, labels, 2, "moons")


def circles(
    n: int = 100,
    *,
    noise: float = 0.05,
    factor: float = 0.5,
    labels: Sequence[Any] | None = None,
    seed: Seed = None,
) -> tuple[Array, Array]:
    """A circle of radius 1 and, inside it, one of radius ``factor``: ``X`` (n, 2), ``y`` (n,), 0 for the outer one.

    >>> X, y = circles(6, noise=0)
    >>> np.hypot(X[:, 0], X[:, 1]).round(6), y
    (array([1. , 0.5, 1. , 0.5, 1. , 0.5]), array([0, 1, 0, 1, 0, 1]))
    """
    n, noise, rng = _usual("circles", n, noise, seed)
    factor = amount(factor, "circles: factor")
    if not 0 < factor < 1:
        raise ValueError(f"circles: factor must lie between 0 and 1, for one circle inside the other, not {factor:g}")
    which, share = _in_turns(n, 2, closed=True)
    radius, angle = np.where(which == 0, 1.0, factor), 2 * np.pi * share
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _noisy(X, noise, rng), named_classes(which, labels, 2, "circles")


def spirals(
    n: int = 200,
    *,
    classes: int = 2,
    noise: float = 0.03,
    turns: float = 1.0,
    labels: Sequence[Any] | None = None,
    seed: Seed = None,
) -> tuple[Array, Array]:
    """Spiral arms, one for each class, from near the middle out to radius 1: ``X`` (n, 2), ``y`` (n,).

    ``turns`` is how often an arm goes round the middle.

    >>> X, y = spirals(6, classes=3, noise=0)
    >>> np.hypot(X[:, 0], X[:, 1]).round(6), y
    (array([0.1, 0.1, 0.1, 1. , 1. , 1. ]), array([0, 1, 2, 0, 1, 2]))
    """
    n, noise, rng = _usual("spirals", n, noise, seed)
    turns = amount(turns, "spirals: turns")
    classes = count(classes, "spirals: classes", least=2)
    which, share = _in_turns(n, classes)
    radius, angle = 0.1 + 0.9 * share, 2 * np.pi * (which / classes + turns * share)
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _noisy(X, noise, rng), named_classes(which, labels, classes, "spirals")


def xor(
    n: int = 4, *, noise: float = 0.0, labels: Sequence[Any] | None = None, seed: Seed = None
) -> tuple[Array, Array]:
    """Exclusive or: the corners (0, 0), (0, 1), (1, 0), (1, 1) in turn, of class 1 where the coordinates differ.

    ``X`` has the shape (n, 2), ``y`` (n,); as it is, it is the truth table. ``noise`` is the standard deviation of
    what is added to each coordinate. No straight line separates the classes (lecture 002).

    >>> xor()
    (array([[0., 0.],
           [0., 1.],
           [1., 0.],
           [1., 1.]]), array([0, 1, 1, 0]))
    """
    n, noise, rng = _usual("xor", n, noise, seed)
    corner = np.arange(n) % 4
    first, second = corner // 2, corner % 2
    X = np.stack([first, second], axis=1).astype(np.float64)
    return _noisy(X, noise, rng), named_classes(first ^ second, labels, 2, "xor")


# --- regressions -----------------------------------------------------------------------------------------------------


def linear(
    n: int = 100, *, weights: Any = (2.0,), bias: float = 1.0, noise: float = 0.1, seed: Seed = None
) -> tuple[Array, Array]:
    """``y = X·weights + bias`` plus noise, for ``X`` uniform in (−1, 1): ``X`` (n, features), ``y`` (n,).

    There are as many features as weights.

    >>> X, y = linear(50, weights=(2.0, -3.0), bias=0.5, noise=0, seed=0)
    >>> X.shape, bool(np.allclose(y, 2 * X[:, 0] - 3 * X[:, 1] + 0.5))
    ((50, 2), True)
    """
    n, noise, rng = _usual("linear", n, noise, seed)
    w, b = np.atleast_1d(finite(weights, "linear: weights")), finite(bias, "linear: bias")
    if w.ndim != 1 or not w.size:
        raise ValueError(f"linear: weights must be one number for each feature, not an array of shape {w.shape}")
    if b.ndim:
        raise ValueError(f"linear: bias must be one number, not an array of shape {b.shape}")
    X = rng.uniform(-1, 1, size=(n, len(w)))
    return X, X @ w + b + noise * rng.standard_normal(n)


def sine(n: int = 100, *, noise: float = 0.1, seed: Seed = None) -> tuple[Array, Array]:
    """``y = sin x`` plus noise, for x uniform in (−π, π), in radians: ``X`` (n, 1), ``y`` (n,).

    >>> X, y = sine(20, noise=0, seed=0)
    >>> X.shape, bool((y == np.sin(X[:, 0])).all())
    ((20, 1), True)
    """
    n, noise, rng = _usual("sine", n, noise, seed)
    X = rng.uniform(-np.pi, np.pi, size=(n, 1))
    return X, np.sin(X[:, 0]) + noise * rng.standard_normal(n)


# --- both ------------------------------------------------------------------------------------------------------------


def _usual(where: str, n: Any, noise: Any, seed: Seed) -> tuple[int, float, np.random.Generator]:
    """The arguments that all sets have, checked."""
    return count(n, f"{where}: n"), amount(noise, f"{where}: noise"), generator(seed, f"{where}: seed")


def _in_turns(n: int, classes: int, closed: bool = False) -> tuple[Array, Array]:
    """The class of each example, 0, 1, … in turn, and its position along the curve of its class, from 0 to 1.

    On a ``closed`` curve 1 is 0 again, and is left out.
    """
    turn, which = np.divmod(np.arange(n), classes)
    sizes = np.bincount(which, minlength=classes)
    steps = np.maximum(sizes if closed else sizes - 1, 1)
    return which, turn / steps[which]


def _noisy(X: Array, noise: float, rng: np.random.Generator) -> Array:
    return X + noise * rng.standard_normal(X.shape) if noise else X
