"""Reports as figures: bars as long as a contender takes, and lines by batch size."""

from __future__ import annotations

import os

from fastpath.bench.report import Report, seconds
from fastpath.bench.timing import Timing
from fastpath.bench.training import load


def plot_problem(path: str) -> str:
    """Why it cannot be drawn to this file, in one sentence; empty if it can."""
    if not path.endswith((".svg", ".png", ".pdf")):
        return f"--plot writes .svg, .png or .pdf, not {path!r}"
    if not os.path.isdir(os.path.dirname(path) or "."):
        return f"--plot: there is no folder {os.path.dirname(path)!r}; make it first"
    if load("matplotlib") is None:
        return "--plot needs matplotlib: pip install 'scalargrad-lab[plot]'"
    return ""


def bars(report: Report, path: str) -> None:
    """One panel a table, one bar a contender: the time of a step."""
    panels = [(t.title, [(row[0], row[1]) for row in t.rows if isinstance(row[1], Timing)]) for t in report.tables]
    panels = [(title, rows) for title, rows in panels if rows]
    heights = [len(rows) + 1.2 for _, rows in panels]
    figure = load("matplotlib.figure").Figure(figsize=(8, 0.3 * sum(heights) + 0.8), layout="constrained")
    all_axes = figure.subplots(len(panels), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    for axes, (title, rows) in zip(all_axes, panels):
        names = [name for name, _ in rows][::-1]
        medians = [timing.median for _, timing in rows][::-1]
        mine = ("compiled", "our", "the same", "scalargrad")
        ours = ["code, compiled" in name or name.startswith(mine) for name in names]
        colors, hatches = [["#bbbbbb", "#0072b2"][own] for own in ours], [["", "//"][own] for own in ours]
        axes.barh(names, medians, color=colors, hatch=hatches, edgecolor="white")
        for place, median in enumerate(medians):
            axes.text(median * 1.06, place, seconds(median), va="center", fontsize=8)
        axes.set(xscale="log", xlim=(min(medians) / 2, max(medians) * 4))
        axes.set_title(title, fontsize=9, loc="left")
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.xaxis.set_visible(False)
    figure.supxlabel("the time of a step, on a logarithmic scale", fontsize=8)
    figure.savefig(path)


def by_batch_size(report: Report, path: str) -> None:
    """Draw time against batch size, and how far ahead Tensors are, a line per width."""
    records = report.tables[0].records()
    figure = load("matplotlib.figure").Figure(figsize=(10, 4.2), layout="constrained")
    times, ratios = figure.subplots(1, 2)
    for number, width in enumerate(dict.fromkeys(r["width"] for r in records)):
        rows = [r for r in records if r["width"] == width]
        batches, style = [r["batch"] for r in rows], {"color": f"C{number}", "marker": "osD^v<>"[number % 7]}
        times.plot(batches, [r["Values"].median * 1e3 for r in rows], "-", **style)
        times.plot(batches, [r["Tensors"].median * 1e3 for r in rows], "--", **style)
        ratios.plot(batches, [r["Values ÷ Tensors"] for r in rows], label=f"width {width}", **style)
    times.plot([], [], "k-", label="Values")
    times.plot([], [], "k--", label="Tensors")
    ratios.axhline(1, color="grey", linewidth=1)
    for axes, label in ((times, "time of a step, ms"), (ratios, "time on Values ÷ time on Tensors")):
        axes.set(xscale="log", yscale="log", xlabel="batch size", ylabel=label)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    figure.suptitle(report.title)
    figure.savefig(path)


PLOTS = {"backends": by_batch_size, "compile": bars, "tensor": bars}
"""How each case is drawn."""
