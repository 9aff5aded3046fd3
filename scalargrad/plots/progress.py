"""How the loss falls: over the epochs, and for different learning rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.plots.arrays import numbers, row
from scalargrad.plots.canvas import LINES, PALETTE, canvas, grid, legend, look, nth
from scalargrad.settings import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["learning_rates", "loss_curves"]


def loss_curves(
    histories: Any, ax: Axes | None = None, *, log: bool = False, xlabel: str = "epoch", ylabel: str = "loss"
) -> Axes:
    """The loss over the epochs, numbered from 1, one line for each history.

    ``histories`` is one history or a mapping of names to histories; a history is a list of losses, or an object with
    ``loss`` and perhaps ``validation_loss``, which is drawn dashed, with hollow marks, in the same colour. Where a loss
    is inf or nan the line has a gap. ``log`` makes the vertical axis logarithmic.

    Raises TypeError for what holds no losses, ValueError for none at all.

    >>> from scalargrad import plots
    >>> ax = plots.loss_curves({"SGD": [1.0, 0.5, 0.3], "Adam": [1.0, 0.2, 0.1]})
    >>> [line.get_ydata().tolist() for line in ax.get_lines()]
    [[1.0, 0.5, 0.3], [1.0, 0.2, 0.1]]
    >>> plots.close(ax)
    """
    named = histories if isinstance(histories, Mapping) else {"": histories}
    curves = [(str(name), *_losses(history, str(name))) for name, history in named.items()]
    if not curves:
        raise ValueError("loss_curves: no history was given")
    validated = any(validation is not None for *_, validation in curves)
    with canvas(ax) as ax:
        for i, (name, loss, validation) in enumerate(curves):
            style = look(i) | ({"linestyle": "-"} if validated else {})
            training = (f"{name}, training" if name else "training") if validated else name
            _curve(ax, loss, i, label=training, **style)
            if validation is not None:
                label = f"{name}, validation" if name else "validation"
                _curve(ax, validation, i, label=label, hollow=True, **(style | {"linestyle": "--"}))
        if log:
            ax.set_yscale("log")
        _number_whole(ax)
        ax.set(xlabel=xlabel, ylabel=ylabel)
        grid(ax)
        if validated or any(name for name, *_ in curves):
            legend(ax)
    return ax


def _losses(history: Any, name: str) -> tuple[Array, Array | None]:
    """The training losses of a history, and the validation losses if it has them."""
    of = f"the loss of {name}" if name else "the loss"
    if not hasattr(history, "loss"):
        return row(history, of), None
    validation = getattr(history, "validation_loss", None)
    if validation is None or not len(validation):
        return row(history.loss, of), None
    return row(history.loss, of), row(validation, f"the validation loss of {name}" if name else "the validation loss")


def _curve(ax: Axes, loss: Array, i: int, *, hollow: bool = False, **options: Any) -> None:
    """One line, with about eight marks: enough to tell it from the others, and at other places than theirs."""
    every = max(len(loss) // 8, 1)
    loss = np.where(np.isfinite(loss), loss, np.nan)
    face: dict[str, Any] = {"markerfacecolor": "none"} if hollow else {}
    start = (i * every // 3) % every
    ax.plot(
        np.arange(1, len(loss) + 1), loss, linewidth=1.6, markersize=4.5, markevery=(start, every), **face, **options
    )


def _number_whole(ax: Axes) -> None:
    """Whole numbers on the horizontal axis."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def learning_rates(
    results: Mapping[float, Any], ax: Axes | None = None, *, marks: Mapping[str, float] | None = None, log: bool = True
) -> Axes:
    """Learning rates compared.

    ``results`` maps each rate η to its losses over the epochs (a list or a history): then one line is drawn for each,
    and the label says which ones diverge (end above where they began, or in inf or nan). Or it maps it to one
    number, the loss reached: then the loss is drawn over the rate, and ``marks``, such as ``{"ηmax": 2.38}``, are
    upright lines; a rate that ended in inf or nan is marked at the upper edge.

    >>> from scalargrad import plots
    >>> ax = plots.learning_rates({0.1: [1.0, 0.8, 0.64], 1.2: [1.0, 1.4, 1.96]})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['η = 0.1', 'η = 1.2, diverges']
    >>> plots.close(ax)
    """
    if not isinstance(results, Mapping) or not results:
        raise ValueError("learning_rates: a mapping of learning rates to losses is expected, such as {0.1: [1.0, 0.5]}")
    rates = sorted(results, key=float)
    found = [getattr(results[rate], "loss", results[rate]) for rate in rates]
    reached = [numbers(losses, f"the loss for η = {rate:g}") for rate, losses in zip(rates, found)]
    single = [array.ndim == 0 for array in reached]
    if any(single) and not all(single):
        raise ValueError("learning_rates: every rate must have a list of losses, or every rate one number")
    if all(single):
        return _reached(np.array(rates, dtype=float), np.array(reached), ax, marks or {}, log)
    if marks:
        raise ValueError("learning_rates: marks are for results of one number for each rate")
    curves = [row(array, f"the loss for η = {rate:g}") for rate, array in zip(rates, reached)]
    with canvas(ax) as ax:
        for i, (rate, loss) in enumerate(zip(rates, curves)):
            diverges = not np.isfinite(loss[-1]) or loss[-1] > loss[0]
            _curve(ax, loss, i, label=f"η = {rate:g}" + (", diverges" if diverges else ""), **look(i))
        if log:
            ax.set_yscale("log")
            _within_reason(ax, max(abs(loss[0]) for loss in curves))
        _number_whole(ax)
        ax.set(xlabel="epoch", ylabel="loss")
        grid(ax)
        legend(ax)
    return ax


def _within_reason(ax: Axes, first: float) -> None:
    """Limits that neither a diverging run nor a loss of almost 0 can stretch too far."""
    low, high = ax.get_ylim()
    if np.isfinite(first) and first > 0:
        ax.set_ylim(max(low, first * 1e-10), min(high, first * 1e4))


def _reached(rates: Array, losses: Array, ax: Axes | None, marks: Mapping[str, float], log: bool) -> Axes:
    finite = np.isfinite(losses)
    with canvas(ax) as ax:
        ax.plot(rates[finite], losses[finite], color=PALETTE[0], marker="o", markersize=4.5, linewidth=1.6)
        if not finite.all():
            edge = ax.get_xaxis_transform()
            ax.plot(
                rates[~finite],
                np.full((~finite).sum(), 0.97),
                "x",
                color=PALETTE[1],
                transform=edge,
                label="diverges",
                clip_on=False,
            )
        for i, (name, rate) in enumerate(marks.items()):
            ax.axvline(rate, color="0.35", linestyle=nth(LINES, i + 1), linewidth=1.2, label=f"{name} = {rate:.4g}")
        if (rates > 0).all():
            ax.set_xscale("log")
        if log:
            ax.set_yscale("log")
        ax.set(xlabel="learning rate η", ylabel="loss reached")
        grid(ax)
        if marks or not finite.all():
            legend(ax)
    return ax
