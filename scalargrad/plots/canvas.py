"""What every picture shares: the axes it is drawn on, its colours and marks, and how it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PALETTE", "close", "save"]

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours that stay apart for colour-blind eyes (Okabe and Ito, Color Universal Design, 2008), without the yellow."""

LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
HATCHES = ("", "//", "..", "\\\\", "xx", "++")
"""Line styles, markers and hatches in the order of the colours, for readers who cannot tell the colours apart."""

SMALL = 8.5
"""The size of text within a picture, in points."""


def pyplot() -> Any:
    """The module ``matplotlib.pyplot``; ImportError with what to do if it is not there."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("scalargrad.plots needs matplotlib, which is not installed: pip install '.[plot]'") from error
    return plt


@contextmanager
def canvas(ax: Axes | None, size: tuple[float, float] = (5.5, 3.6), projection: str | None = None) -> Iterator[Any]:
    """The axes to draw on, for a ``with`` block: those given, or of a new figure, closed if drawing fails."""
    if ax is not None:
        yield ax
        return
    figure, made = new_figure(size, projection=projection)
    try:
        yield made
    except BaseException:
        pyplot().close(figure)
        raise


def new_figure(size: tuple[float, float], rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """A figure with its axes, laid out so that nothing is cut off."""
    projection = options.pop("projection", None)
    figure, axes = pyplot().subplots(
        rows, columns, figsize=size, layout="constrained", subplot_kw={"projection": projection}, **options
    )
    if projection is None:
        for ax in [axes] if rows * columns == 1 else axes.flat:
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(labelsize=9)
    return figure, axes


def grid(ax: Axes) -> None:
    """Thin lines behind the data."""
    ax.set_axisbelow(True)
    ax.grid(True, color="0.5", alpha=0.25, linewidth=0.6)


def legend(ax: Axes, **options: Any) -> None:
    """The legend in the style of all pictures."""
    ax.legend(fontsize=SMALL, framealpha=0.85, edgecolor="0.8", **options)


def nth(choices: tuple[Any, ...], i: int) -> Any:
    """The i-th choice; after the last they repeat."""
    return choices[i % len(choices)]


def look(i: int) -> dict[str, Any]:
    """Colour, line style and marker of the i-th line; when colours repeat, the styles differ."""
    lap = i // len(PALETTE)
    return {"color": nth(PALETTE, i), "linestyle": nth(LINES, i + lap), "marker": nth(MARKERS, i + lap)}


def shades() -> Any:
    """The colour map of heights: lighter evenly, for every eye and on grey paper; black is legible on it."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", pyplot().get_cmap("YlGnBu_r")(np.linspace(0.3, 1, 64)))


def figure_of(drawn: Any) -> Figure:
    """The figure: the argument itself, or that of the axes (or of the first of several)."""
    figure = drawn
    while isinstance(figure, (list, tuple)) or hasattr(figure, "flat"):
        figure = figure[0]
    while figure is not None and not hasattr(figure, "savefig"):
        figure = getattr(figure, "figure", None)  # of axes, or of a subfigure
    if figure is None:
        raise TypeError(f"a figure or axes are expected, not {type(drawn).__name__}")
    found: Figure = figure
    return found


def save(drawn: Any, path: str | Path, *, dpi: float = 150, transparent: bool = False) -> Path:
    """Write a figure, or that of some axes, in the format of the file's ending; gives the path.

    The file holds neither the date nor random names, so the same picture gives the same bytes. ``dpi`` is the number
    of pixels per inch, for PNG.

    Raises ValueError for a format matplotlib cannot write, TypeError for anything but a figure.

    >>> import tempfile
    >>> from scalargrad import plots
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ax = plots.loss_curves([1.0, 0.5])
    ...     first = plots.save(ax, f"{folder}/a.svg").read_bytes()
    ...     plots.save(ax, f"{folder}/b.svg").read_bytes() == first
    True
    >>> plots.close(ax)
    """
    import matplotlib

    figure, target = figure_of(drawn), Path(path)
    kind = target.suffix.lower().removeprefix(".")
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    with matplotlib.rc_context({"svg.hashsalt": "scalargrad"}):
        figure.savefig(target, dpi=dpi, transparent=transparent, metadata=undated.get(kind))
    return target


def close(drawn: Any) -> None:
    """Forget a figure, or that of some axes: pyplot keeps every figure it made until it is closed."""
    pyplot().close(figure_of(drawn))
