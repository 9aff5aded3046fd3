"""Activations and their derivatives, straight from the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from scalargrad.engine import Value
from scalargrad.modes import enable_grad
from scalargrad.ops.registry import OPS, Kink, Op
from scalargrad.plots.arrays import interval
from scalargrad.plots.canvas import PALETTE, SMALL, canvas, close, grid, legend, new_figure
from scalargrad.settings import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["activation", "activations"]

LECTURE = ("sigmoid", "tanh", "softsign", "heaviside", "softplus", "relu", "leaky_relu", "elu")
"""The activations of the lecture's table (lecture 002)."""

Curve = Callable[[Array], Array]


def activation(
    function: str | Op | Callable[[Any], Any],
    ax: Axes | None = None,
    *,
    x: tuple[float, float] = (-4.0, 4.0),
    derivative: bool = True,
    **operands: float,
) -> Axes:
    """``f`` (solid) and its derivative ``f′`` (dashed) over ``x``.

    ``function`` is a registered operation or its name; operands besides the first are given by name (``slope=0.1``).
    Or it is a function of one Value. Where a curve jumps, a full dot is the value that holds there, and hollow ones are
    the limits it does not take: at its kink relu has the slope 0.

    Raises ValueError for an unknown name, TypeError if operands are missing.

    >>> from scalargrad import plots
    >>> ax = plots.activation("relu")
    >>> [line.get_label() for line in ax.get_lines() if line.get_gid()]
    ['f(x) = relu(x)', 'f′(x) = [x > 0]']
    >>> plots.close(ax)
    """
    low, high = interval(x, "x")
    curves, roots, labels, title = _read(function, operands, low, high, derivative)
    drawn = [_drawn(curve, roots, low, high) for curve in curves]
    with canvas(ax, (5.0, 3.4)) as ax:
        ax.axhline(0, color="0.4", linewidth=0.7)
        ax.axvline(0, color="0.4", linewidth=0.7)
        _limit(ax, np.concatenate([values for _, values, *_ in drawn]))
        floor, ceiling = ax.get_ylim()
        for i, ((places, values, full, hollow), label) in enumerate(zip(drawn, labels)):
            style: dict[str, Any] = {"color": PALETTE[i], "linewidth": 1.8, "linestyle": ("-", "--")[i], "label": label}
            side = (values > ceiling).astype(int) - (values < floor)
            poles = np.flatnonzero(side[1:] * side[:-1] < 0) + 1  # no line from one side of a pole to the other
            ax.plot(
                np.insert(places, poles, np.nan), np.insert(values, poles, np.nan), gid=("f", "derivative")[i], **style
            )
            for marks, face in ((hollow, "white"), (full, PALETTE[i])):
                if marks:
                    ax.plot(*zip(*marks), "o", color=PALETTE[i], markersize=5, markerfacecolor=face, zorder=4)
        ax.set(xlim=(low, high), xlabel="x", title=title)
        ax.title.set_fontsize(11)
        grid(ax)
        legend(ax)
    return ax


def activations(
    names: Sequence[str | Op] = LECTURE,
    *,
    columns: int = 4,
    x: tuple[float, float] = (-4.0, 4.0),
    slope: float = 0.1,
    **operands: float,
) -> Any:
    """Many activations and their derivatives side by side, by default those of the lecture's table (lecture 002).

    ``slope`` and other operands go to the activations that have them. Gives the array of Axes, (rows, columns).

    >>> from scalargrad import plots
    >>> axes = plots.activations(["relu", "leaky_relu"], columns=2)
    >>> [ax.get_title() for ax in axes.flat]
    ['relu', 'leaky_relu, slope=0.1']
    >>> plots.close(axes)
    """
    if isinstance(names, str) or not len(names):
        raise ValueError(f"names must be a list of activations such as ['relu', 'tanh'], not {names!r}")
    given = {"slope": slope, **operands}
    rows_of_table = [_row(name) for name in names]
    columns = min(columns, len(names))
    rows = -(-len(names) // columns)
    _, axes = new_figure((2.3 * columns + 0.2, 2.1 * rows), rows, columns, sharex=True, sharey=True, squeeze=False)
    try:
        for ax, op in zip(axes.flat, rows_of_table):
            own = {name: given[name] for name in op.operands[1:] if name in given}
            activation(op, ax, x=x, derivative=True, **own)
            ax.get_legend().remove()
            ax.title.set_fontsize(9.5)
            ax.set_xlabel("")
        for ax in axes[-1]:
            ax.set_xlabel("x")
        for ax in axes.flat[len(names) :]:
            ax.remove()
        axes.flat[0].set_ylim(-1.5, 2.5)
        lines = [line for line in axes.flat[0].get_lines() if line.get_gid()]
        axes.flat[0].legend(lines, ["f", "f′"], fontsize=SMALL, framealpha=0.85, edgecolor="0.8", loc="upper left")
    except BaseException:
        close(axes)
        raise
    return axes


# --- the curves ------------------------------------------------------------------------------------------------------


def _row(function: str | Op) -> Op:
    if isinstance(function, Op):
        return function
    if function not in OPS:
        raise ValueError(f"no activation is called {function!r}: give a registered one such as 'relu', or a function")
    return OPS[function]


def _read(
    function: Any, operands: dict[str, float], low: float, high: float, derivative: bool
) -> tuple[list[Curve], list[float], list[str], str]:
    """The curves of f and f′, where they may jump, their labels and the title."""
    if not isinstance(function, (str, Op)):
        if not callable(function):
            raise TypeError(f"function must be a name, an operation or a function of one Value, not {function!r}")
        name = str(getattr(function, "__name__", type(function).__name__))
        curves = [lambda x: _by_values(function, x)[0], lambda x: _by_values(function, x)[1]]
        return curves[: 1 + derivative], [], ["f(x)", "f′(x)"], "" if name == "<lambda>" else name
    op = _row(function)
    rest = op.complete((0.0,), operands)[1:]

    def f(x: Array) -> Array:
        return np.broadcast_to(op(x, *rest), x.shape)

    def slope(x: Array) -> Array:
        return np.broadcast_to(np.asarray(op.partials[0](f(x), x, *rest), dtype=float), x.shape)

    title = ", ".join([op.name, *(f"{k}={v:g}" for k, v in operands.items())])
    label = f"f(x) = {op.text_of('x', *rest)}"
    roots = sorted({root for kink in op.kinks for root in _roots(kink, rest, low, high)})
    if op.why_not:  # it is flat between its jumps
        return [f], _jumps(f, low, high), [label], title
    if not derivative:
        return [f], roots, [label], title
    formula = f"f′(x) = {op.formula(0, ('x', *rest))}"
    return [f, slope], roots, [label, formula if len(formula) < 40 else "f′(x)"], title


def _by_values(function: Callable[[Any], Any], places: Array) -> tuple[Array, Array]:
    """Both f and f′ of a function of one Value."""
    found = []
    for place in places:
        x = Value(float(place))
        with enable_grad():
            y = function(x)
        if not isinstance(y, Value):
            raise TypeError(f"the function must give a Value for a Value, not {type(y).__name__}")
        y.backward()
        found.append((y.data, x.grad))
    values, slopes = np.array(found).T
    return values, slopes


def _roots(kink: Kink, rest: tuple[float, ...], low: float, high: float) -> list[float]:
    """Where a kink lies, by bisection of its distance."""

    def distance(x: float) -> float:
        return float(kink.distance(x, *rest))

    if not 1 <= kink.distance.__code__.co_argcount == 1 + len(rest):
        return []
    places = np.linspace(low, high, 401).tolist()
    roots = [x for x in places if distance(x) == 0]
    for a, b in pairwise(places):
        if distance(a) * distance(b) < 0:
            sign = distance(a) > 0
            for _ in range(60):
                middle = (a + b) / 2
                a, b = (middle, b) if (distance(middle) > 0) == sign else (a, middle)
            roots.append(round(b, 12))
    return roots if len(roots) < 100 else []


def _jumps(f: Curve, low: float, high: float) -> list[float]:
    """Where a step function jumps, by bisection."""
    places = np.linspace(low, high, 401)
    values = f(places)
    roots = []
    for i in np.flatnonzero(values[1:] != values[:-1]):
        a, b = float(places[i]), float(places[i + 1])
        for _ in range(60):
            middle = (a + b) / 2
            a, b = (middle, b) if f(np.array([middle]))[0] == values[i] else (a, middle)
        roots.append(round(b, 9))
    return roots if len(roots) < 100 else []


def _drawn(
    curve: Curve, roots: list[float], low: float, high: float
) -> tuple[Array, Array, list[tuple[float, float]], list[tuple[float, float]]]:
    """Places and values of a curve, broken where it jumps; the points it takes there, and those it does not."""
    ends = [low, *(root for root in roots if low < root < high), high]
    near = 1e-9 * (high - low)
    places: list[Array] = []
    values: list[Array] = []
    full, hollow = [], []
    with np.errstate(all="ignore"):
        for i, (a, b) in enumerate(pairwise(ends)):
            part = np.linspace(a + near, b - near, 400)
            y = np.array(curve(part), dtype=float)
            if i:
                left, right = values[-1][-1], y[0]
                here = float(curve(np.array([a]))[0])
                limits = [v for v in (left, right) if abs(v - here) > 1e-6]
                if limits:
                    full.append((a, here))
                    hollow += [(a, v) for v in limits]
                    places.append(np.array([a]))
                    values.append(np.array([np.nan]))
            places.append(part)
            values.append(y)
    x, y = np.concatenate(places), np.concatenate(values)
    return x, np.where(np.isfinite(y), y, np.nan), full, hollow


def _limit(ax: Axes, values: Array) -> None:
    """Limits that show all values, but do not let a pole flatten everything else."""
    values = values[np.isfinite(values)]
    if not values.size:
        return
    low, high = values.min(), values.max()
    inner, outer = np.quantile(values, [0.03, 0.97])
    if high - low > 6 * (outer - inner) > 0:
        low, high = inner - 0.4 * (outer - inner), outer + 0.4 * (outer - inner)
    room = 0.06 * (high - low) or 1.0
    ax.set_ylim(low - room, high + room)
