"""How good the predictions are: confusion matrix, ROC curve, precision–recall curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.plots.arrays import numbers, row
from scalargrad.plots.canvas import SMALL, canvas, grid, legend, look
from scalargrad.settings import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion_matrix", "pr", "roc"]


def confusion_matrix(
    matrix: Any, labels: Sequence[Any] | None = None, ax: Axes | None = None, *, share: bool = False
) -> Axes:
    """The counts of a confusion matrix (true classes in rows, predicted in columns), darker where there are more.

    ``share`` writes the share of its row in each cell, in per cent. The shade of a cell is the share of its row either
    way, so that rare classes can be judged as well.

    Raises ValueError for a matrix that is not square, or labels of another number.

    >>> from scalargrad import plots
    >>> ax = plots.confusion_matrix([[5, 1], [0, 4]], ["cat", "dog"])
    >>> [text.get_text() for text in ax.texts], [text.get_text() for text in ax.get_xticklabels()]
    (['5', '1', '0', '4'], ['cat', 'dog'])
    >>> plots.close(ax)
    """
    counts = numbers(matrix, "matrix")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ValueError(f"matrix must be square, one row and one column for each class, not of shape {counts.shape}")
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("matrix must hold counts: finite numbers that are not negative")
    n = len(counts)
    names = [str(x) for x in (range(n) if labels is None else labels)]
    if len(names) != n:
        raise ValueError(f"labels must name each of the {n} classes, not {len(names)}")
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    width = min(1.6 + 0.47 * n, 7.0) if n > 2 else 2.9
    with canvas(ax, (width, width * 0.95)) as ax:
        ax.imshow(shares, cmap="Blues", vmin=0, vmax=1.25)
        size = SMALL + 2 if n <= 5 else max(SMALL - 0.3 * (n - 10), 4.5)
        for i in range(n):
            for j in range(n):
                text = f"{shares[i, j]:.0%}".replace("%", " %") if share else f"{counts[i, j]:.10g}"
                dark = shares[i, j] > 0.6
                ax.text(j, i, text, ha="center", va="center", color="white" if dark else "black", fontsize=size)
        long = max(map(len, names)) > 3 and n > 3
        ax.set_xticks(range(n), names, rotation=45 if long else 0, ha="right" if long else "center")
        ax.set_yticks(range(n), names)
        ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        ax.grid(which="minor", color="0.7", linewidth=0.6)
        ax.tick_params(which="both", length=0)
        ax.set(xlabel="predicted class", ylabel="true class")
    return ax


def roc(fpr: Any, tpr: Any, auc: float | None = None, ax: Axes | None = None, *, label: str = "") -> Axes:
    """The ROC curve: true positive rate over false positive rate, and the diagonal of guessing by chance.

    ``auc``, the area under it, is written in the legend. Several curves are compared by drawing on the same ``ax``.

    >>> from scalargrad import plots
    >>> ax = plots.roc([0, 0, 0.5, 0.5, 1], [0, 0.5, 0.5, 1, 1], auc=0.75)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['AUC = 0.7500', 'by chance']
    >>> plots.close(ax)
    """
    x, y = _rates(fpr, "fpr", tpr, "tpr")
    with canvas(ax, (4.2, 4.0)) as ax:
        _judged(ax, x, y, label, "AUC", auc)
        if not any(line.get_gid() == "by chance" for line in ax.get_lines()):
            ax.plot([0, 1], [0, 1], color="0.45", linestyle=":", linewidth=1.2, label="by chance", gid="by chance")
        _unit_square(ax, "false positive rate", "true positive rate", "lower right")
    return ax


def pr(precision: Any, recall: Any, average: float | None = None, ax: Axes | None = None, *, label: str = "") -> Axes:
    """The precision–recall curve: precision over recall, in steps, as average precision adds it up.

    ``average``, the average precision, is written in the legend. Several curves are compared on the same ``ax``.

    >>> from scalargrad import plots
    >>> ax = plots.pr([0.5, 2 / 3, 0.5, 1, 1], [1, 1, 0.5, 0.5, 0], average=0.8333)
    >>> ax.get_xlabel(), ax.get_ylabel(), ax.get_legend().get_texts()[0].get_text()
    ('recall', 'precision', 'average precision = 0.8333')
    >>> plots.close(ax)
    """
    y, x = _rates(precision, "precision", recall, "recall")
    with canvas(ax, (4.2, 4.0)) as ax:
        _judged(ax, x, y, label, "average precision", average, drawstyle="steps-post")
        _unit_square(ax, "recall", "precision", "lower left")
    return ax


def _rates(first: Any, first_name: str, second: Any, second_name: str) -> tuple[Array, Array]:
    """Two lists of rates, of one length."""
    a, b = row(first, first_name), row(second, second_name)
    if len(a) != len(b):
        raise ValueError(f"{first_name} has {len(a)} points and {second_name} has {len(b)}: they must be as many")
    for rates, name in ((a, first_name), (b, second_name)):
        if not ((rates >= 0) & (rates <= 1)).all():
            raise ValueError(f"{name} must lie between 0 and 1")
    return a, b


def _judged(ax: Axes, x: Array, y: Array, label: str, what: str, value: float | None, **options: Any) -> None:
    """The next curve on these axes, with its figure of merit."""
    curves = [line for line in ax.get_lines() if line.get_gid() == "curve"]
    name = ", ".join(filter(None, [label, "" if value is None else f"{what} = {float(value):.4f}"]))
    style = look(len(curves)) | ({} if len(x) <= 25 else {"marker": ""})
    if not curves and "drawstyle" not in options:
        ax.fill_between(x, y, color=style["color"], alpha=0.1, linewidth=0)
    ax.plot(x, y, label=name, markersize=4, linewidth=1.6, gid="curve", clip_on=False, zorder=3, **style, **options)


def _unit_square(ax: Axes, xlabel: str, ylabel: str, place: str) -> None:
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=xlabel, ylabel=ylabel, aspect="equal")
    grid(ax)
    if ax.get_legend_handles_labels()[1]:
        lines = sorted(ax.get_lines(), key=lambda line: line.get_gid() == "by chance")  # which is named last
        legend(ax, handles=[line for line in lines if not str(line.get_label()).startswith("_")], loc=place)
