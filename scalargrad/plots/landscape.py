"""Losses as landscapes over two parameters or two directions, and the paths of optimizers on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.plots.arrays import heights, interval, numbers
from scalargrad.plots.canvas import MARKERS, PALETTE, SMALL, canvas, legend, nth, shades
from scalargrad.plots.directions import along
from scalargrad.settings import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["loss_surface", "optimizer_paths", "surface"]


def surface(
    f: Callable[[Any, Any], Any],
    x: tuple[float, float] = (-2.0, 2.0),
    y: tuple[float, float] = (-2.0, 2.0),
    ax: Axes | None = None,
    *,
    kind: str = "contour",
    resolution: int = 100,
    xlabel: str = "x",
    ylabel: str = "y",
    zlabel: str = "loss",
) -> Axes:
    """The number ``f(x, y)`` over two parameters: contours, lighter where it is higher, or with kind="3d" a surface.

    ``f`` is called with arrays, or, if it cannot take these, with numbers, place by place; it may give a Value or a
    Tensor. ``resolution`` is the number of places along each axis. Places where it is inf or nan stay empty. If most of
    the plane is much lower than the rest, the contours are set closer there, so that there is something to see.

    Raises ValueError if it is finite nowhere.

    >>> from scalargrad import plots
    >>> ax = plots.surface(lambda x, y: x * x + 10 * y * y, xlabel="w1", ylabel="w2")
    >>> ax.get_xlabel(), ax.get_xlim() == (-2.0, 2.0)
    ('w1', True)
    >>> plots.close(ax)
    """
    if kind not in ("contour", "3d"):
        raise ValueError(f"kind is 'contour' or '3d', not {kind!r}")
    if kind == "3d" and ax is not None and not hasattr(ax, "plot_surface"):
        raise ValueError("kind='3d' needs axes made with projection='3d', or none")
    first, second, height = _sampled(f, interval(x, "x"), interval(y, "y"), resolution)
    if kind == "3d":
        with canvas(ax, (5.2, 4.4), projection="3d") as ax:
            solid: Any = ax
            solid.plot_surface(
                first, second, height, cmap=shades(), linewidth=0.15, edgecolor="0.3", rstride=2, cstride=2
            )
            solid.set(xlabel=xlabel, ylabel=ylabel, zlabel=zlabel)
            solid.set_box_aspect(None, zoom=0.85)  # room for the labels
            solid.locator_params(nbins=5)
            solid.tick_params(labelsize=8)
            solid.zaxis.labelpad = 6
        return ax
    with canvas(ax, (5.0, 4.0)) as ax:
        from matplotlib.colors import BoundaryNorm

        levels = _levels(height)
        norm = BoundaryNorm(levels, 256)
        filled = ax.contourf(first, second, height, levels=levels, cmap=shades(), norm=norm)
        if len(levels) > 2:
            lines = ax.contour(first, second, height, levels=levels[1:-1], colors="0.1", linewidths=0.5)
            ax.clabel(lines, levels[1:-1:2], fmt=_short, fontsize=7.5)
        bar = ax.figure.colorbar(filled, ax=ax, format=_short, ticks=levels[::2])
        bar.set_label(zlabel)
        bar.ax.tick_params(labelsize=SMALL)
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.locator_params(nbins=6)
    return ax


def optimizer_paths(
    f: Callable[[Any, Any], Any],
    paths: Any,
    ax: Axes | None = None,
    *,
    x: tuple[float, float] | None = None,
    y: tuple[float, float] | None = None,
    minimum: tuple[float, float] | None = None,
    resolution: int = 120,
    xlabel: str = "x",
    ylabel: str = "y",
) -> Axes:
    """The way optimizers went on the contours of ``f(x, y)``, from a common or different starts.

    ``paths`` maps names to arrays (steps, 2), or is one such array. Every path has its own marks, one for each step,
    and ends in a large one; the start is a black dot and the ``minimum``, if given, a star. ``x`` and ``y`` are what is
    shown; by default all of the paths that is finite.

    Raises ValueError for a path of another shape.

    >>> from scalargrad import plots
    >>> steps = [(1.0, 1.0), (0.5, 0.2), (0.1, 0.0)]
    >>> ax = plots.optimizer_paths(lambda x, y: x * x + y * y, {"SGD": steps}, minimum=(0, 0))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['SGD', 'start', 'minimum']
    >>> plots.close(ax)
    """
    named = paths if isinstance(paths, Mapping) else {"": paths}
    if not named:
        raise ValueError("optimizer_paths: no path was given")
    walks = {str(name): numbers(path, f"the path {name}".rstrip()) for name, path in named.items()}
    for name, walk in walks.items():
        if walk.ndim != 2 or walk.shape[1] != 2 or not len(walk):
            raise ValueError(f"the path {name} must have the shape (steps, 2), not {walk.shape}".replace("  ", " "))
    points = np.concatenate([*walks.values(), *([] if minimum is None else [numbers([minimum], "minimum")])])
    points = points[np.isfinite(points).all(axis=1)]
    shown = [_around(points[:, i]) if given is None else interval(given, "xy"[i]) for i, given in enumerate((x, y))]
    first, second, height = _sampled(f, shown[0], shown[1], resolution)
    with canvas(ax, (5.4, 4.2)) as ax:
        from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap

        levels = _levels(height, closer=True)
        grey = LinearSegmentedColormap.from_list("pale", ["0.87", "1.0"])
        norm = BoundaryNorm(levels, 256)
        ax.contourf(first, second, height, levels=levels, cmap=grey, norm=norm)
        if len(levels) > 2:
            lines = ax.contour(first, second, height, levels=levels[1:-1], colors="0.6", linewidths=0.6)
            ax.clabel(lines, levels[1:-1:2], fmt=_short, fontsize=7)
        for i, (name, walk) in enumerate(walks.items()):
            colour, marker = nth(PALETTE, i), nth(MARKERS, i)
            walk = np.where(np.isfinite(walk).all(axis=1, keepdims=True), walk, np.nan)
            ax.plot(*walk.T, color=colour, marker=marker, markersize=3.5, linewidth=1.3, label=name or None, gid="path")
            ax.plot(*walk[-1], color=colour, marker=marker, markersize=9, markeredgecolor="white", zorder=4)
        starts = np.unique([walk[0] for walk in walks.values()], axis=0)
        ax.plot(*starts.T, "o", color="black", markersize=7, linestyle="", label="start", zorder=5)
        if minimum is not None:
            star: dict[str, Any] = {"color": "black", "markersize": 15, "markeredgecolor": "white", "linestyle": ""}
            ax.plot(*minimum, marker="*", label="minimum", zorder=6, **star)
        ax.set(xlim=shown[0], ylim=shown[1], xlabel=xlabel, ylabel=ylabel)
        legend(ax)
    return ax


def loss_surface(
    loss_of: Callable[..., Any],
    theta: Any,
    ax: Axes | None = None,
    *,
    directions: tuple[Any, Any] | None = None,
    seed: np.random.Generator | int | None = None,
    span: float = 1.0,
    kind: str = "contour",
    resolution: int = 31,
) -> Axes:
    """The loss around the parameters ``theta``, over two directions: loss_of(θ + a·d₁ + b·d₂) for a, b in ±``span``.

    ``theta`` is an array, or a list or mapping of arrays, and ``loss_of`` is called with the same arrangement. Or it
    is a module: then ``loss_of()`` is called while its parameters hold the moved numbers, and they are as before
    afterwards. ``directions`` are two of the same arrangement; by default they are drawn at random (``seed``) and
    scaled, each column of a matrix (the weights of one neuron) to the length this column has in ``theta``, other arrays
    as a whole: only so can the landscapes of two networks be compared (Li et al., Visualizing the Loss Landscape of
    Neural Nets, 2018). The cross in the middle is ``theta`` itself.

    The loss is computed ``resolution``² times: choose a small one for a module of Values.

    Raises ValueError for directions of another shape, and for random ones if all of ``theta`` is 0.

    >>> from scalargrad import plots
    >>> import numpy as np
    >>> ax = plots.loss_surface(lambda w: (w ** 2).sum(), np.array([3.0, 4.0]), seed=0)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('along direction 1', 'along direction 2')
    >>> plots.close(ax)
    """
    reach = interval((-span, span), "(−span, span)")
    with along(loss_of, theta, directions, seed) as moved:
        labels = {"xlabel": "along direction 1", "ylabel": "along direction 2"}
        ax = surface(moved, reach, reach, ax, kind=kind, resolution=resolution, **labels)
    if kind == "contour":
        ax.plot(0, 0, "+", color="white", markersize=11, markeredgewidth=3.5)
        ax.plot(0, 0, "+", color="black", markersize=10, markeredgewidth=1.5)
    return ax


# --- the surface -----------------------------------------------------------------------------------------------------


def _sampled(
    f: Callable[[Any, Any], Any], x: tuple[float, float], y: tuple[float, float], resolution: int
) -> tuple[Array, Array, Array]:
    """The places of a grid and the heights there, with nan for what is not finite."""
    first, second = np.meshgrid(np.linspace(*x, resolution), np.linspace(*y, resolution))
    height = heights(f, first, second)
    finite = np.isfinite(height)
    if not finite.any():
        raise ValueError("f(x, y) is inf or nan everywhere in the part to be drawn: choose other x and y")
    return first, second, np.ma.masked_where(~finite, height)


def _levels(height: Array, n: int = 12, closer: bool = False) -> Array:
    """Where the contours lie: at round numbers, evenly, or closer low down if most of the plane lies there."""
    known = np.sort(np.ma.compressed(height))
    low, high = known[0], known[-1]
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        return np.array([low - 0.5, low + 0.5])
    if np.median(known) - low > 0.1 * (high - low):
        if not closer:
            from matplotlib.ticker import MaxNLocator

            return np.asarray(MaxNLocator(n).tick_values(low, high))
        levels = low + (high - low) * np.linspace(0, 1, n + 1) ** 2
    else:
        levels = np.quantile(known, np.linspace(0, 1, n + 1))
    if 0 < low < 1e-3 * high:
        levels[0] = 0.0
    return np.unique([_rounded(level, np.floor if i == 0 else np.ceil) for i, level in enumerate(levels)])


def _rounded(value: float, towards: Callable[[float], float]) -> float:
    """The next number of two digits."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (np.floor(np.log10(abs(value))) - 1)
    return float(f"{towards(value / unit) * unit:.12g}")


def _around(values: Array) -> tuple[float, float]:
    """An interval that holds the values and some room."""
    low, high = values.min(), values.max()
    room = 0.12 * (high - low) if high > low else 1.0
    return float(low - room), float(high + room)


def _short(value: float, _: Any = None) -> str:
    return f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 or value == 0 else f"{value:.0e}"
