"""Decision regions: which class a model gives to each place of the plane, with the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.graph import Node
from scalargrad.metrics.arrays import plain
from scalargrad.modes import no_grad
from scalargrad.plots.arrays import numbers
from scalargrad.plots.canvas import HATCHES, MARKERS, PALETTE, canvas, legend, nth
from scalargrad.settings import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["decision_regions"]


def decision_regions(
    predict: Callable[[Array], Any],
    X: Any,
    y: Any,
    ax: Axes | None = None,
    *,
    threshold: float | None = None,
    resolution: int | None = None,
    labels: Sequence[str] | None = None,
    xlabel: str = "x1",
    ylabel: str = "x2",
) -> Axes:
    """The class a model gives to each place, and the examples ``X`` (n, 2) with their true classes ``y`` (n,).

    ``predict`` is a function of arrays (m, 2), or a module on either backend (taken in its evaluation mode, without
    recording a graph). It may give

    - class labels (m,), those of ``y``;
    - one score or probability for each row, (m,) or (m, 1): the greater class from ``threshold`` on, by default ½ if
      all of them lie between 0 and 1 and ``y`` is not −1 and 1, else 0;
    - scores or probabilities (m, classes): the class of the largest.

    ``resolution`` is the number of places along each axis: by default 200, and 40 for Values, which are slower.
    ``labels`` are the names of the classes in the legend.

    Raises ValueError for shapes that do not fit.

    >>> from scalargrad import plots
    >>> ax = plots.decision_regions(lambda X: X[:, 0] - X[:, 1], [[0, 1], [1, 0]], [0, 1])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['class 0', 'class 1']
    >>> plots.close(ax)
    """
    points, targets = numbers(X, "X"), plain(y)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"X must have the shape (n, 2) to be drawn in the plane, not {points.shape}")
    if targets.shape != (len(points),):
        raise ValueError(f"y must have one class for each of the {len(points)} examples, not the shape {targets.shape}")
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.12 * (high - low), 1.0)
    with _evaluating(predict), no_grad():
        if resolution is None:
            resolution = 40 if _slow(predict(points[:1])) else 200
        x1, x2 = (np.linspace(a, b, resolution) for a, b in zip(low - margin, high + margin))
        places = np.stack([a.ravel() for a in np.meshgrid(x1, x2)], axis=1)
        given = plain(predict(places))
    classes, margins = _margins(given, len(places), targets, threshold)
    names = [f"class {c}" for c in classes] if labels is None else [str(name) for name in labels]
    if len(names) != len(classes):
        raise ValueError(f"labels must name each of the {len(classes)} classes, not {len(names)}")
    with canvas(ax, (4.8, 4.0)) as ax, _pale_hatches():
        for i, m in enumerate(margins):
            height = m.reshape(resolution, resolution)
            if np.nanmax(height) > 0:
                top = max(float(np.nanmax(height)), 1.0) * 2
                ax.contourf(x1, x2, height, levels=[0, top], colors=[nth(PALETTE, i)], alpha=0.2)
                ax.contourf(x1, x2, height, levels=[0, top], colors="none", hatches=[nth(HATCHES, i)])
                if np.nanmin(height) < 0:
                    ax.contour(x1, x2, height, levels=[0], colors="0.15", linewidths=1.3)
        for i, (c, name) in enumerate(zip(classes, names)):
            mine = points[targets == c]
            style = {"color": nth(PALETTE, i), "marker": nth(MARKERS, i), "edgecolors": "white", "linewidths": 0.7}
            ax.scatter(mine[:, 0], mine[:, 1], s=32, zorder=3, label=name, **style)
        ax.set(xlim=x1[[0, -1]], ylim=x2[[0, -1]], xlabel=xlabel, ylabel=ylabel)
        legend(ax)
    return ax


@contextmanager
def _pale_hatches() -> Iterator[None]:
    from matplotlib import rc_context

    with rc_context({"hatch.color": "0.6", "hatch.linewidth": 0.35}):
        yield


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Put a module into evaluation mode, and back afterwards."""
    training = getattr(model, "training", False)
    if training:
        model.eval()
    try:
        yield
    finally:
        if training:
            model.train()


def _slow(output: Any) -> bool:
    """Whether the model computes with Values, one number at a time."""
    first = output
    while isinstance(first, (list, tuple, np.ndarray)) and len(first):
        first = first[0]
    return isinstance(first, Node) and not hasattr(first, "shape")


def _margins(given: Array, n: int, targets: Array, threshold: float | None) -> tuple[list[Any], list[Array]]:
    """The classes, and for each how far it is ahead of the others at every place (negative if it is behind)."""
    known = np.unique(targets)
    if given.shape == (n, 1):
        given = given[:, 0]
    if given.ndim not in (1, 2) or len(given) != n:
        raise ValueError(f"predict must give (n,), (n, 1) or (n, classes) for an array of (n, 2), not {given.shape}")
    if given.ndim == 2:
        k = given.shape[1]
        counted = known.dtype.kind in "iub" and known.min() >= 0 and known.max() < k
        if not counted and len(known) != k:
            raise ValueError(f"predict gives scores for {k} classes and y has {len(known)}: they must be as many")
        scores = given.astype(float)
        classes = list(range(k)) if counted else list(known)
        return classes, [scores[:, i] - np.delete(scores, i, axis=1).max(axis=1) for i in range(k)]
    counted = known.dtype.kind in "iufb"
    if threshold is None and (given.dtype.kind != "f" or (counted and np.isin(given, known).all())):
        if (given.dtype.kind in "iufb") != counted:
            raise ValueError(
                f"predict gives classes like {given[0]!s} and y has classes like {known[0]!s}: use one kind"
            )
        classes = list(np.union1d(known, given))
        return classes, [np.where(given == c, 1.0, -1.0) for c in classes]
    if len(known) > 2:
        raise ValueError(f"predict gives one score for each row, which tells 2 classes apart, and y has {len(known)}")
    scores = given.astype(float)
    if threshold is None:
        probabilities = scores.min() >= 0 and scores.max() <= 1 and not (counted and known.min() < 0)
        threshold = 0.5 if probabilities else 0.0
    classes = list(known)
    if len(known) == 1:  # the other class has no example
        classes = next((pair for pair in ([0, 1], [-1, 1]) if known[0] in pair), [])
        if not classes:
            raise ValueError(f"y has one class only, {known[0]!s}: predict must give labels to tell it from others")
    return classes, [threshold - scores, scores - threshold]
