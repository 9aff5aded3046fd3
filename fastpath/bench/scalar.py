"""The scalar engine against micrograd: time, memory, depth, and the cost of importing."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from fastpath.bench.peers import Micrograd
from fastpath.bench.problems import Problem
from fastpath.bench.report import Report, Row, seconds, version
from fastpath.bench.timing import allocated, race
from fastpath.bench.training import ScalarCode
from scalargrad import Value
from scalargrad.graph import topological_order


def chain(value: Any, nodes: int) -> Any:
    """A chain of alternating products and sums, differentiated."""
    x = y = value(0.5)
    for _ in range(nodes // 2):
        y = y * 0.999
        y = y + x
    y.backward()
    return y


def peak_bytes_a_node(value: Any, nodes: int = 2000) -> float:
    """The memory a node of a differentiated chain keeps, as Python's allocator counts it."""
    chain(value, 10)
    return allocated(lambda: chain(value, nodes))[0] / nodes


def import_seconds(rounds: int) -> float:
    """What ``import scalargrad`` costs beyond starting the interpreter."""

    def python(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    times = race({"import": python("import scalargrad"), "nothing": python("pass")}, rounds)
    return times["import"].median - times["nothing"].median


def run(quick: bool = False) -> Report:
    """Measure all of it; with ``quick`` in fewer rounds."""
    report = Report("Scalar engine: scalargrad against micrograd" + (f" {version('micrograd')}").rstrip())
    with_deep_recursion(lambda: _fill(report, quick))
    return report


def with_deep_recursion(work: Callable[[], object]) -> None:
    """Run where the peer's recursive backward has room for some thousand levels."""
    limit, size = sys.getrecursionlimit(), threading.stack_size()
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    try:
        sys.setrecursionlimit(100_000)
        threading.stack_size(512 * 1024 * 1024)
        thread = threading.Thread(target=guarded)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if failed:
        raise failed[0]


def _fill(report: Report, quick: bool) -> None:
    problem = Problem.moons()
    nets, peer = {"ours": ScalarCode(problem)}, Micrograd.of(problem)
    if peer:
        nets["peer"] = peer
    else:
        report.notes.append("micrograd is not installed: pip install '.[bench]' adds it, and the ratios.")
    rounds = 2 if quick else 9
    engines = {name: net.value for name, net in nets.items()}
    nodes = len(topological_order(nets["ours"].loss()))
    losses = {name: [net.step() for _ in range(5)] for name, net in nets.items()}
    if peer:
        apart = max(abs(a - b) for a, b in zip(losses["ours"], losses["peer"]))
        if apart > 1e-9:
            raise AssertionError(f"the engines disagree: losses differ by {apart:.1e}")
        report.notes.append(f"Losses of the moons steps agree to {apart:.1e}; {nodes} nodes here.")
    steps: dict[str, Callable[[], object]] = {name: net.step for name, net in nets.items()}
    report.rows.append(_against("moons step", race(steps, rounds, calls=3), ">=8"))
    report.rows.append(_against("moons step, collector off", race(steps, rounds, calls=3, collector=False), ">=3"))
    if peer:
        freeing = {"ours": steps["ours"], "peer": lambda: (steps["peer"](), gc.collect())}
        gc.collect()
        gc.freeze()  # so that the one collection looks at the step's objects only
        times = race(freeing, rounds, calls=3, collector=False)
        gc.unfreeze()
        report.rows.append(_against("moons step, collector off, graph freed", times))
        report.notes.append(
            "With the collector off micrograd's graphs stay in memory, being cycles; the third row frees them within "
            "the time, by one collection a step. Graphs here are freed by reference counting in all rows."
        )

    calls = {name: lambda engine=engine: chain(engine, 2000) for name, engine in engines.items()}
    report.rows.append(_against("chain of 2 000 nodes", race(calls, 3 * rounds), ">=2.5"))

    ours = peak_bytes_a_node(Value)
    theirs = peak_bytes_a_node(peer.value) if peer else None
    report.rows.append(
        Row("bytes a node", f"{ours:.0f}", f"{theirs:.0f}" if theirs else "", theirs and ours / theirs, "<=0.25")
    )
    long = 100_000 if quick else 1_000_000
    lengths: dict[str, Callable[[], object]] = {
        "short": lambda: [chain(Value, 10_000) for _ in range(10)],
        "long": lambda: chain(Value, long),
    }
    for what, collector in ((f"chain of {long:,} nodes", True), (f"chain of {long:,} nodes, collector off", False)):
        times = race(lengths, 3, collector=collector)
        each, base = times["long"].median / long, times["short"].median / 100_000
        report.rows.append(Row(f"{what}, a node", seconds(each), f"{seconds(base)} (of 10,000)", each / base, "<=1.5"))
    cost = import_seconds(5 if quick else 15)
    report.rows.append(Row("import scalargrad, in ms", seconds(cost), ratio=cost * 1e3, wanted="<=40"))


def _against(what: str, times: dict[str, Any], wanted: str = "") -> Row:
    ours, peer = times["ours"].median, times.get("peer")
    spread = (times["ours"].high - times["ours"].low) / ours / 2
    shown = f"{seconds(ours)} ±{spread:.0%}"
    return Row(what, shown, seconds(peer.median) if peer else "", peer.median / ours if peer else None, wanted)
