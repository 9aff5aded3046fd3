"""The benchmarks run and report; how long anything takes is not tested here."""

import gc
import importlib
import json

import numpy as np
import pytest

from fastpath.bench import __main__ as command
from fastpath.bench import backends, contest, parity, scalar, scaling, tensor, training
from fastpath.bench import compile as compile_case
from fastpath.bench.peers import ByHand
from fastpath.bench.plotting import bars
from fastpath.bench.problems import Problem
from fastpath.bench.report import Column, Report, Row, Table, memory, ratio, seconds, spread
from fastpath.bench.timing import Timing, race
from fastpath.bench.training import OnTensors, OnValues

TINY = (tensor.Size((2, 4, 3), 5, "float64", 1, ((contest.BARE, 0.5), (contest.BY_HAND, 1e9))),)


@pytest.fixture
def no_peers(monkeypatch):
    """Nothing but NumPy is installed."""
    real = importlib.import_module

    def missing(name, package=None):
        if name.split(".")[0] in ("torch", "jax", "mygrad", "autograd", "micrograd", "matplotlib", "threadpoolctl"):
            raise ModuleNotFoundError(name)
        return real(name, package)

    monkeypatch.setattr(training, "import_module", missing)


def column(table, name):
    return {record["library"]: record[name] for record in table.records()}


# --- cases -----------------------------------------------------------------------------------------------------------


def test_the_tensor_case_measures_ours_and_numpy_and_reports_its_aims(no_peers):
    report = tensor.run(sizes=TINY, rounds=2, pause=0)
    steps, one_op = report.tables
    times = column(steps, "a step")
    assert times["scalargrad"].median > 0
    assert times["NumPy by hand"].median > 0
    assert column(steps, "× scalargrad")["scalargrad"] == 1
    assert column(steps, "× by hand")["NumPy by hand"] == 1
    assert column(one_op, "a step")["scalargrad"].median > 0
    assert [row.met for row in report.rows] == [None, True, None]


def test_a_missing_peer_is_a_dash_in_text_and_null_in_json(no_peers):
    report = tensor.run(sizes=TINY, rounds=2, pause=0)
    for library in (contest.BARE, contest.MODULES, "jax.jit", contest.MYGRAD, "autograd"):
        cells = next(row for row in report.tables[0].cells() if row[0] == library)
        assert cells == (library, "–", "–", "–")
        assert column(report.tables[0], "a step")[library] is None
    assert "–" in report.table()
    first = json.loads(report.json())["tables"][0]["rows"]
    assert {row["library"]: row["a step"] for row in first}[contest.BARE] is None


@pytest.mark.parametrize(("slowest", "told"), [(1.1, False), (1.5, True)])
def test_a_disturbed_measurement_is_told(monkeypatch, no_peers, slowest, told):
    monkeypatch.setattr(
        tensor, "race", lambda contenders, *_, **__: dict.fromkeys(contenders, Timing(1.0, 0.95, slowest))
    )
    report = tensor.run(sizes=TINY)
    assert any("Not to be relied on" in note and str(TINY[0]) in note for note in report.notes) == told


def test_every_peer_that_is_installed_gives_the_gradients_by_hand():
    for contenders in (contest.ARRAYS, contest.COMPILED):
        assert contest.check(contest.ready(contenders, Problem.random((3, 5, 2), 6)), 1e-9) < 1e-9


def test_a_wrong_gradient_stops_the_tensor_case():
    class Wrong(ByHand):
        def gradients(self):
            loss, found = super().gradients()
            return loss, [g * 1.01 for g in found]

    contenders = contest.ready({"NumPy by hand": ByHand, "another": Wrong}, Problem.random((3, 5, 2), 6))
    with pytest.raises(AssertionError, match=r"another disagrees .* 1\.0e-02"):
        contest.check(contenders, 1e-9)


def test_an_update_that_is_wrong_stops_the_tensor_case():
    class Still(ByHand):
        def step(self):
            return self.gradients()[0]

    contenders = contest.ready({"NumPy by hand": ByHand, "another": Still}, Problem.random((3, 5, 2), 6))
    with pytest.raises(AssertionError, match="another disagrees"):
        contest.check(contenders, 1e-9)


def test_the_backends_case_counts_nodes_and_memory_and_tells_where_tensors_overtake():
    report = backends.run(quick=True, widths=(1, 3), batches=(1, 4))
    records = report.tables[0].records()
    assert [(r["width"], r["batch"]) for r in records] == [(1, 1), (1, 4), (3, 1), (3, 4)]
    assert len({r["Tensors' nodes"] for r in records}) == 1
    assert records[3]["Values' nodes"] > records[2]["Values' nodes"] > records[0]["Values' nodes"]
    assert all(r["Values' memory"] > 0 < r["Tensors' memory"] for r in records)
    assert sum(note.startswith("Width") for note in report.notes) == 2


def test_where_tensors_overtake_is_the_batch_size_from_which_they_stay_ahead():
    def record(width, batch, times):
        return {"width": width, "batch": batch, "Values ÷ Tensors": times}

    told = backends.crossings([record(1, 1, 1.5), record(1, 10, 0.5), record(1, 100, 8.0), record(2, 1, 0.25)])
    assert told == [
        "Width 1: Tensors are ahead from batch size 100 on.",
        "Width 2: Tensors are ahead at no batch size here.",
        "At width 1, batch 100, Tensors are 8 times as fast as Values.",
        "At width 2, batch 1, Values are 4 times as fast as Tensors.",
    ]


def test_the_parity_case_finds_the_backends_alike():
    report = parity.run(sizes=(2, 3, 2), batch=4, steps=2)
    assert [r["what"] for r in report.tables[0].records()] == [
        "loss", "gradient of W1", "gradient of b1", "gradient of W2", "gradient of b2"
    ]  # fmt: skip
    assert report.rows[0].met
    assert "The backends agree." in report.notes
    assert not report.failed


@pytest.mark.parametrize("error", [1e-6, float("nan")])
def test_the_parity_case_fails_when_one_gradient_differs(monkeypatch, error):
    class Wrong(OnTensors):
        def gradients(self):
            loss, found = super().gradients()
            found[2] = found[2] + error
            return loss, found

    monkeypatch.setattr(parity, "OnTensors", Wrong)
    report = parity.run(sizes=(2, 3, 2), batch=4, steps=2)
    assert "gradient of W2 differs" in report.failed
    assert not report.rows[0].met
    assert report.failed in report.table()


def test_the_scalar_case_runs(monkeypatch, no_peers):
    monkeypatch.setattr(scalar, "import_seconds", lambda rounds: 0.01)
    monkeypatch.setattr(scalar, "race", lambda contenders, *_, **__: dict.fromkeys(contenders, Timing(1.0, 1.0, 1.0)))
    report = scalar.run(quick=True)
    assert report.rows[0].what == "moons step"
    assert report.rows[0].peer == ""


# --- the network -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", [OnValues, OnTensors])
def test_gradients_leave_nothing_behind_for_the_next_pass(backend):
    training = backend(Problem.random((2, 3, 2), 4))
    (loss, first), (again, second) = training.gradients(), training.gradients()
    assert loss == again
    assert all((a == b).all() for a, b in zip(first, second))


# --- the report ------------------------------------------------------------------------------------------------------


@pytest.fixture
def report():
    table = Table("sizes", (Column("what"), Column("time", spread), Column("a|b", ratio)))
    table.rows = [("first", Timing(0.001, 0.0009, 0.0011), 2.0), ("second", None, None)]
    rows = [Row("speed", "1 s", "2 s", 2.0, ">=1.5"), Row("memory", "3 B", ratio=3.0, wanted="<=1"), Row("other", "1")]
    return Report("A title", rows, ["A note."], [table])


def test_a_text_table_is_aligned(report):
    lines = report.table().splitlines()
    assert lines[0] == "A title"
    head = lines.index("what    time       a|b")
    assert lines[head + 1 : head + 4] == ["------  ---------  ---", "first   1 ms ±10%  2", "second  –          –"]
    assert lines[-1] == "A note."
    assert any(line.startswith("speed") and line.endswith("reached") for line in lines)
    assert any(line.startswith("memory") and line.endswith("missed") for line in lines)


def test_every_line_of_a_markdown_table_has_as_many_cells_as_its_head(report):
    tables = [part.splitlines() for part in report.markdown().split("\n\n") if part.startswith("|")]
    assert len(tables) == 2
    for lines in tables:
        assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1
    assert r"| a\|b |" in tables[0][0]


def test_json_holds_the_numbers_as_measured(report):
    read = json.loads(report.json())
    assert read["title"] == "A title"
    first, second = read["tables"][0]["rows"]
    assert first == {"what": "first", "time": {"median": 0.001, "low": 0.0009, "high": 0.0011}, "a|b": 2.0}
    assert second["time"] is None
    assert [row["met"] for row in read["rows"]] == [True, False, None]


def test_numbers_are_shown_in_the_unit_that_suits_them():
    assert [seconds(x) for x in (2.0, 0.0561, 4.5e-6, 3e-8)] == ["2 s", "56.1 ms", "4.5 µs", "30 ns"]
    assert [memory(x) for x in (12, 2_500, 113_000_000, 4e9)] == ["12 B", "2.5 kB", "113 MB", "4 GB"]
    assert [ratio(x) for x in (0.6521, 14.2, 3187.0)] == ["0.652", "14.2", "3,190"]


# --- timing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("collector", [True, False])
def test_a_race_leaves_the_collector_as_it_was_even_if_a_contender_raises(enabled, collector):
    seen = []
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        race({"a": lambda: seen.append(gc.isenabled())}, rounds=2, collector=collector)
        assert gc.isenabled() == enabled
        assert seen == [collector] * 3
        with pytest.raises(ZeroDivisionError):
            race({"a": lambda: 1 / 0}, collector=collector)
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_a_race_calls_the_contenders_in_turn_and_counts_no_first_round():
    seen = []
    times = race({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, rounds=2, calls=2)
    assert seen == ["a", "a", "b", "b"] * 3
    assert all(t.low <= t.median <= t.high for t in times.values())


def test_a_race_with_a_pause_calls_each_once_more_outside_the_time():
    seen = []
    race({"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, rounds=1, calls=2, pause=1e-3)
    assert seen == ["a", "a", "a", "b", "b", "b"] * 2


def test_a_frozen_race_passes_over_what_there_was_before_and_unfreezes_it_in_the_end():
    counts = []
    before = gc.get_freeze_count()
    race({"a": lambda: counts.append(gc.get_freeze_count())}, rounds=1, frozen=True)
    assert min(counts) > before
    assert gc.get_freeze_count() == 0


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["--json", "--markdown", None])
def test_the_command_prints_a_case_in_the_form_asked_for(monkeypatch, capsys, form):
    made = Report("A title", [], ["A note."], [Table("", (Column("x"),), [(1,)])])
    monkeypatch.setattr(parity, "run", lambda quick: made)
    assert command.main(["parity", *([form] if form else [])]) == 0
    expected = {"--json": made.json, "--markdown": made.markdown, None: made.table}[form]()
    assert capsys.readouterr().out == expected + "\n"


def test_the_command_ends_with_1_when_the_backends_disagree(monkeypatch, capsys):
    monkeypatch.setattr(parity, "run", lambda quick: Report("A title", failed="They disagree."))
    assert command.main(["parity", "--quick"]) == 1
    assert "They disagree." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "there is no case 'nothing'"),
        (["backends", "--json", "--markdown"], "not allowed with"),
        (["parity", "--plot", "x.svg"], "--plot draws backends, compile, tensor, one at a time, not parity"),
        (["backends", "--plot", "x.gif"], "--plot writes .svg, .png or .pdf, not 'x.gif'"),
        (["backends", "--plot", "nowhere/x.svg"], "there is no folder 'nowhere'"),
    ],
)
def test_a_wrong_command_line_is_answered_in_one_sentence_before_anything_is_measured(
    monkeypatch, capsys, arguments, message
):
    for case in (backends, parity):
        monkeypatch.setattr(case, "run", lambda quick: pytest.fail("measured"))
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_plot_without_matplotlib_says_what_to_install(no_peers, capsys):
    with pytest.raises(SystemExit):
        command.main(["backends", "--plot", "x.svg"])
    assert "needs matplotlib: pip install 'scalargrad-lab[plot]'" in capsys.readouterr().err


def test_the_backends_case_is_plotted(monkeypatch, capsys, tmp_path):
    pytest.importorskip("matplotlib")
    names = [c.name for c in backends.COLUMNS]
    time = Timing(0.001, 0.001, 0.001)
    same = dict.fromkeys(names, 1) | {"Values": time, "Tensors": time}
    rows = [same | {"width": width, "batch": batch} for width in (1, 4) for batch in (1, 10)]
    table = Table("", backends.COLUMNS, [tuple(row.values()) for row in rows])
    monkeypatch.setattr(backends, "run", lambda quick: Report("A title", tables=[table]))
    target = tmp_path / "out.svg"
    assert command.main(["backends", "--plot", str(target)]) == 0
    drawing = target.read_text(encoding="utf-8")
    assert drawing.lstrip().startswith("<?xml")
    assert "</svg>" in drawing
    capsys.readouterr()


# --- compiled code ---------------------------------------------------------------------------------------------------


def test_every_contender_of_the_moons_step_has_the_same_losses():
    made = contest.ready(contest.MOONS, Problem.moons(), [contest.TORCH_COMPILE, contest.MICROGRAD])
    losses = {name: [training.step() for _ in range(3)] for name, training in made.items() if training}
    assert contest.SCALAR_CODE in losses
    for found in losses.values():
        np.testing.assert_allclose(found, losses[contest.BY_HAND], rtol=1e-9)
    assert contest.check(made, 1e-9) < 1e-9


def test_the_compile_case_measures_and_reports_its_aims(monkeypatch, no_peers):
    monkeypatch.setattr(compile_case, "planning", lambda report: None)
    size = tensor.Size((3, 4, 2), 5, "float64", 1, ())
    made = compile_case.run(sizes=(size,), rounds=1, pause=0.0)
    assert [row.what for row in made.rows][-3:] == [
        f"{size}, of NumPy by hand",
        f"{size}, of jax.jit",
        f"{size}: memory",
    ]
    assert "scalar code, compiled" in made.table()
    assert any(row[0] == "jax.jit" and row[1] is None for row in made.tables[0].rows)


def test_a_contender_that_computes_something_else_stops_the_compile_case(monkeypatch, no_peers):
    class Wrong(OnTensors):
        def step(self):
            return 1.0

    monkeypatch.setitem(contest.MOONS, contest.SCALAR_CODE, Wrong)
    with pytest.raises(AssertionError, match="disagrees with NumPy by hand"):
        compile_case.run(sizes=(), rounds=1, pause=0.0)


def test_the_scaling_case_counts_nodes_and_leaves_out_what_is_too_much_for_values():
    made = scaling._steps("batch", [(1, (2, 3, 2), 1), (5000, (2, 3, 2), 5000)], 1, 0.0)
    assert [row[1] is None for row in made.rows] == [False, True]
    (small, large) = scaling.nodes((1, 2), 1).rows
    assert 0 < small[0] < large[0]


def test_the_tables_are_put_between_the_marks_of_a_text(monkeypatch, capsys, tmp_path):
    made = Report("A title", [], ["A note."], [Table("", (Column("x"),), [(1,)])])
    monkeypatch.setattr(parity, "run", lambda quick: made)
    path = tmp_path / "README.md"
    path.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n", encoding="utf-8")
    assert command.main(["parity", "--readme", str(path)]) == 0
    assert path.read_text(encoding="utf-8") == (
        f"before\n<!-- bench -->\n\n{made.markdown()}\n\n<!-- /bench -->\nafter\n"
    )
    path.write_text("no marks", encoding="utf-8")
    with pytest.raises(SystemExit):
        command.main(["parity", "--readme", str(path)])
    assert "needs one line <!-- bench -->" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "no marks"


def test_steps_are_drawn_as_bars(tmp_path):
    pytest.importorskip("matplotlib")
    time = Timing(0.001, 0.001, 0.002)
    made = Report(
        "A title",
        tables=[
            Table(
                "one",
                contest.times_table("t", ["a"], {"a": time, "NumPy by hand": time}, "a", "compiled").columns,
                [("a", time, 1.0, 1.0), ("b", None, None, None)],
            )
        ],
    )
    bars(made, str(tmp_path / "bars.svg"))
    assert "</svg>" in (tmp_path / "bars.svg").read_text(encoding="utf-8")
