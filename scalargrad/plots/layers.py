"""What the layers hold: histograms of weights or gradients, one above the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.plots.arrays import numbers
from scalargrad.plots.canvas import PALETTE, SMALL, canvas
from scalargrad.settings import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["histograms"]


def histograms(
    arrays: Any, ax: Axes | None = None, *, log: bool = False, bins: int | None = None, xlabel: str = "value"
) -> Axes:
    """One histogram for each layer, on a common axis, the first layer on top.

    ``arrays`` maps the names of layers to their weights or gradients (any shape), or is a list of ``(name, array)``.
    With ``log`` it is of log₁₀ |value|: how a vanishing gradient loses one power of ten after the other. Beside each
    stands σ, the standard deviation (without ``log``), or the median of |value|, and how many are 0 or not finite.
    ``bins`` are on the common axis, by default more (up to 40) the more numbers the largest layer has.

    Each histogram is as high as its row; its area means nothing.

    >>> from scalargrad import plots
    >>> ax = plots.histograms({"0.W": [[0.1, -0.2], [0.3, 0.0]], "1.W": [2.0, -2.0]})
    >>> [text.get_text() for text in ax.get_yticklabels()], [text.get_text() for text in ax.texts]
    (['0.W', '1.W'], ['σ = 0.18', 'σ = 2'])
    >>> plots.close(ax)
    """
    pairs = list(arrays.items()) if isinstance(arrays, Mapping) else list(arrays)
    if not pairs or not all(isinstance(p, tuple) and len(p) == 2 for p in pairs):
        raise ValueError("histograms: a mapping of layer names to arrays is expected, such as {'0.W': weights}")
    layers = [(str(name), numbers(array, str(name)).ravel()) for name, array in pairs]
    shown = [_shown(values, log) for _, values in layers]
    every = np.concatenate(shown)
    low, high = (every.min(), every.max()) if every.size else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    if bins is None:
        bins = int(np.clip(1.5 * np.sqrt(max(values.size for values in shown)), 8, 40))
    edges = np.linspace(low, high, bins + 1)
    with canvas(ax, (6.0, 0.9 + 0.55 * len(layers))) as ax:
        for i, ((_, values), drawn) in enumerate(zip(layers, shown)):
            heights, _ = np.histogram(drawn, edges)
            top = i + 0.45 - 0.85 * heights / max(heights.max(), 1)
            ax.stairs(top, edges, baseline=i + 0.45, fill=True, color=PALETTE[0], alpha=0.35)
            ax.stairs(top, edges, baseline=i + 0.45, color=PALETTE[0], linewidth=1.1)
            ax.axhline(i + 0.45, color="0.5", linewidth=0.5)
            ax.text(1.01, i, _summary(values, log), transform=ax.get_yaxis_transform(), va="center", fontsize=SMALL)
        ax.set_yticks(range(len(layers)), [name for name, _ in layers])
        ax.set_ylim(len(layers) - 0.5, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(f"log₁₀ |{xlabel}|" if log else xlabel)
        ax.grid(axis="x", color="0.5", alpha=0.25, linewidth=0.6)
        if not log and low < 0 < high:
            ax.axvline(0, color="0.35", linewidth=0.8, linestyle=":")
    return ax


def _shown(values: Array, log: bool) -> Array:
    """The numbers of a layer that can be drawn."""
    values = values[np.isfinite(values)]
    return np.log10(np.abs(values[values != 0])) if log else values


def _summary(values: Array, log: bool) -> str:
    finite = values[np.isfinite(values)]
    parts = []
    if finite.size:
        parts.append(f"median {np.median(np.abs(finite)):.2g}" if log else f"σ = {finite.std():.2g}")
    zeros, odd = int((finite == 0).sum()), values.size - finite.size
    if zeros and log:
        parts.append(f"{zeros} of {values.size} are 0")
    if odd:
        parts.append(f"{odd} not finite")
    return "\n".join(parts) or "empty"
