"""The command line, run as its users run it: as a process, and by what it prints and returns."""

import html
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from scalargrad import OPS, __version__, cli
from scalargrad.cli import console, demo, main
from scalargrad.cli.commands import COMMANDS, NEURON, VALUES
from scalargrad.ops import op, temporary

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "SCALARGRAD_DOT", "UV"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys):
    """Run a command line in this process; its exit code, and what it wrote to both outputs."""

    def run(*arguments):
        code = cli.main(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def process(*arguments, **options):
    """Run a command line in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "scalargrad", *arguments], capture_output=True, env=environment, check=False, **options
    )


# --- commands --------------------------------------------------------------------------------------------------------


def test_steps_tells_both_passes(run):
    code, out, err = run("steps", NEURON, *VALUES)
    assert (code, err) == (0, "")
    assert "v₁ = w₀·x₀ = 2 × (−1) = −2" in out
    assert "dL/dw₀ = dL/dv₁ × ∂v₁/∂w₀ = 0.1966 × x₀ = 0.1966 × (−1) = −0.1966" in out


@pytest.mark.parametrize(
    ("form", "ending", "sign"),
    [([], ".txt", "Forward"), (["--latex"], ".tex", r"\begin{align*}"), (["--markdown"], ".md", "## Forward")],
)
def test_steps_has_three_forms_to_print_and_to_save(run, form, ending, sign):
    code, out, _ = run("steps", "x*x", "x=3", *form)
    assert (code, sign in out) == (0, True)
    assert run("steps", "x*x", "x=3", "-o", f"told{ending}", *form) == (0, f"wrote told{ending}\n", "")
    assert out in Path(f"told{ending}").read_text(encoding="utf-8")


def test_steps_refuses_a_file_of_another_form_than_asked_for(run):
    code, _, err = run("steps", "x", "x=1", "--latex", "-o", "told.md")
    assert (code, err) == (2, "scalargrad: -o told.md: expected a name that ends in .tex\n")


@pytest.mark.parametrize("ending", ["svg", "png", "dot", "json"])
def test_draw_writes_what_the_name_asks_for(run, ending):
    code, out, err = run("draw", NEURON, *VALUES, "-o", f"neuron.{ending}")
    assert (code, out, err) == (0, f"wrote neuron.{ending}\n", "")
    beginning = {"svg": b"<", "png": b"\x89PNG", "dot": b"digraph", "json": b"{"}[ending]
    assert Path(f"neuron.{ending}").read_bytes().lstrip().startswith(beginning)


def test_the_drawing_shows_every_number_of_the_lecture(run):
    assert run("draw", NEURON, *VALUES, "-o", "neuron.svg", "--precision", "2")[0] == 0
    shown = html.unescape(re.sub(r"<[^>]*>", " ", Path("neuron.svg").read_text(encoding="utf-8"))).replace("−", "-")
    for number in (" -2 ", " 6 ", " 4 ", " 1 ", " -1 ", "0.37", "1.37", "0.73"):
        assert number in shown
    for number in ("-0.53", "-0.20", "0.20", "0.39", "-0.39", "-0.59"):
        assert number in shown


def test_draw_passes_its_options_on(run):
    plain = run("draw", "exp(x)", "x=1", "-o", "a.dot")
    changed = run(
        "draw", "exp(x)", "x=1", "-o", "b.dot", "--theme", "dark", "--direction", "TB", "--precision", "7",
        "--show", "values,downstream", "--max-nodes", "3", "--depth", "0",
    )  # fmt: skip
    assert (plain[0], changed[0]) == (0, 0)
    assert "2.7182818" in Path("b.dot").read_text(encoding="utf-8")
    assert "2.7182818" not in Path("a.dot").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "options", [["--theme", "pink"], ["--direction", "up"], ["--show", "everything"], ["--max-nodes", "1"]]
)
def test_draw_refuses_what_it_cannot_draw_in_one_line(run, options):
    code, out, err = run("draw", "exp(x)", "x=1", "-o", "a.svg", *options)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"scalargrad: .+\n", err)
    assert not Path("a.svg").exists()


def test_a_graph_too_large_to_draw_is_told_in_the_words_of_the_command(run):
    assert "--max-nodes 2" in run("draw", "exp(x)", "x=1", "-o", "a.svg", "--max-nodes", "1")[2]


def test_check_passes_right_gradients_of_both_orders_and_methods(run):
    for options in ([], ["--order", "2"], ["--method", "forward"]):
        code, out, err = run("check", "tanh(w*x + b)", "w=2", "x=-1", "b=0.5", *options)
        assert (code, err) == (0, "")
        assert "dL/dw" in out


def test_check_fails_for_a_wrong_rule(run):
    wrong = op("crooked", lambda xp, a: a * a, (lambda y, a: 3 * a,), note="a square with a wrong derivative")
    with temporary(wrong):
        code, out, err = run("check", "crooked(x)", "x=2")
    assert (code, err) == (1, "")
    assert "crooked" in out


def test_ops_lists_every_row_with_its_derivatives(run):
    code, out, _ = run("ops")
    assert code == 0
    for row in OPS.values():
        assert f"{row.name}{row.signature}" in out
        assert row.note.split()[0] in out
    assert "∂/∂b = −a/b²" in out
    assert "σ(a)·(1 − σ(a))" in out
    assert max(map(len, out.splitlines())) <= 80


def test_ops_shows_an_op_as_soon_as_it_is_registered(run):
    with temporary(op("cubed", lambda xp, a: a * a * a, (lambda y, a: 3 * (a * a),), note="the third power")):
        code, out, _ = run("ops", "cubed")
    assert (code, out) == (0, "cubed(a)\n    the third power\n    ∂/∂a = 3·a²\n")
    assert run("ops", "cubed")[0] == 2


def test_ops_suggests_the_name_that_was_meant(run):
    assert "did you mean sigmoid?" in run("ops", "sigmod")[2]


def test_version_and_help(run):
    assert run("--version") == (0, f"scalargrad {__version__}\n", "")
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_examples(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0
    assert f"examples:\n  scalargrad {name}" in out


def pasted(line):
    """The arguments of a command line as a shell would split it."""
    return shlex.split(line)


@pytest.mark.parametrize(
    "example", [e for c in COMMANDS.values() for e in c.examples if e != "doctor" and "bench" not in e]
)
def test_the_examples_in_the_help_work(run, example):
    code, out, err = run(*pasted(example))
    assert (code, err) == (0, "")
    assert out


def test_bench_starts_the_benchmark(capfd):
    assert main(["bench", "parity"]) == 0
    assert "The backends agree." in capfd.readouterr().out
    assert main(["bench", "nonsense"]) == 2
    assert "there is no case 'nonsense'" in capfd.readouterr().err


# --- what is typed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["-x", "x=1"], "−1"),
        (["-x", "x=-1"], "1"),
        (["-x*2", "x=-1e-3"], "0.002"),
        (["-exp(-x)", "x=0"], "−1"),
        (["x", "x=1/3"], "0.3333"),
        (["x", "x=-1/3"], "−0.3333"),
        (["x", "x=pi/2"], "1.571"),
        (["x", "x=−0.5"], "−0.5"),
        (["w₀*2", "w0=3"], "6"),
        (["w0*2", "w₀=3"], "6"),
        (["α*2", "α=0.1"], "0.2"),
        (["--precision", "1", "x*2", "x=3"], "6"),
        (["x*y", "x=3", "--precision", "1", "y=2"], "6"),
        (["--precision=1", "--", "-x", "x=3"], "−3"),
        (["2+3"], "5"),
    ],
)
def test_formulas_and_values_are_taken_as_they_are_typed(run, arguments, result):
    code, out, err = run("steps", *arguments)
    assert (code, err) == (0, "")
    forward = out.split("\n\n")[0].splitlines()
    assert forward[-1].endswith(f"= {result}")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["steps"], "the following arguments are required: EXPR (see scalargrad steps --help)"),
        (["steps", ""], "the formula is empty; for example: "),
        (["steps", "x", "y=1"], "y: not a variable of the formula, it has x"),
        (["steps", "x", "x=1", "x=2"], "x is given twice"),
        (["steps", "x₀", "x0=1", "x₀=2"], "x0 is given twice"),
        (["steps", "x", "=1"], "a value without a name: not a variable of the formula"),
        (["steps", "x", "x="], "x=: expected a number such as 0.5"),
        (["steps", "x", "x=0,5"], "with a point: x=0.5"),
        (["steps", "x", "x=y"], "without variables, not y"),
        (["steps", "x", "x=1/0"], "x=1/0: expected a number"),
        (["steps", "x", "*", "y"], "expected name=value after the formula, not '*'; put a formula in quotes"),
        (["steps", "x", "x=1", "--precision", "-1"], "expected a number of decimals from 0 to 17, not '-1'"),
        (["steps", "x", "x=1", "--precision"], "expected one argument"),
        (["steps", "x", "x=1", "--latex", "--markdown"], "not allowed with"),
        (["steps", "x", "x=1", "-o", "steps.pdf"], "expected a name that ends in .txt, .md, .tex or .html"),
        (["steps", "--x", "x=1"], "a formula that begins so needs parentheses: (--x)"),
        (["draw", "x", "x=1", "-o", "x.pdf"], "expected a name that ends in .svg, .png, .dot, .tex or .json"),
        (["draw", "x", "x=1", "-o"], "expected one argument"),
        (["check", "x", "x=1", "--order", "3"], "--order is 1 or 2, not 3"),
        (["check", "x", "x=1", "--method", "backward"], "invalid choice"),
        (["check", "round(x)", "x=1"], "round has no gradient"),
        (["demo", "extra"], "unrecognized arguments: extra"),
        (["paint", "x"], "there is no command 'paint': expected one of draw, steps"),
        (["--verbose"], "unrecognized arguments: --verbose"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(run, arguments, told):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"scalargrad: .+\n", err)
    assert told in err


def test_no_arguments_at_all_show_the_help_and_count_as_wrong_usage(run):
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "begin with: scalargrad demo" in err


def test_an_error_in_the_formula_shows_its_place_under_the_line(run):
    code, _, err = run("steps", "2*sin(x", "x=1")
    message, formula, caret = err.rstrip("\n").split("\n")
    assert code == 2
    assert message.startswith("scalargrad: ")
    assert formula == "2*sin(x"
    assert caret.strip() == "^"


def test_missing_values_are_named_and_the_command_is_shown_corrected(run):
    code, _, err = run("steps", "-w₀*x + y", "x=2", "--precision", "1")
    assert code == 2
    told, corrected = err.rstrip("\n").split("; for example: scalargrad ")
    assert told == "scalargrad: no value is given for w0, y"
    code, out, err = run(*pasted(corrected))
    assert (code, err) == (0, "")
    assert "y = 1" in out


# --- failures that are not the user's --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["draw", "steps"])
def test_a_file_that_cannot_be_written_is_one_line_and_exit_code_1(run, command):
    ending = "json" if command == "draw" else "txt"
    code, out, err = run(command, "x", "x=1", "-o", f"no/such/folder.{ending}")
    assert (code, out) == (1, "")
    assert err == f"scalargrad: {Path(f'no/such/folder.{ending}')}: No such file or directory\n"


def test_the_output_still_works_after_a_failure(run):
    assert run("steps", "x", "x=1", "-o", "no/such/folder.txt")[0] == 1
    assert run("steps", "x", "x=1")[1].startswith("Forward")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_is_full_is_one_line_and_exit_code_1():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "scalargrad", "ops"], stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"scalargrad: No space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("command", ["ops", "--help"])
def test_a_reader_that_leaves_early_is_no_error(command):
    script = f"'{sys.executable}' -m scalargrad {command} | true; sleep 0.2"
    done = subprocess.run(["sh", "-c", script], capture_output=True, cwd=ROOT, check=False)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_an_interrupt_ends_with_130_and_no_traceback(run, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("scalargrad.stepper.steps", interrupted)
    assert run("steps", "x", "x=1") == (130, "", "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1251", "cp866", "latin-1", "cp1252"])
@pytest.mark.parametrize("arguments", [["ops"], ["steps", "σ(w₀·скорость²) − ½", "w0=1", "скорость=-2"]])
def test_a_console_without_mathematical_signs_gets_the_nearest_ones(encoding, arguments):
    done = process(*arguments, env={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    assert "w0" in done.stdout.decode(encoding) or arguments == ["ops"]


def test_an_error_is_told_on_a_console_without_the_letters_in_it():
    done = process("steps", "скорость", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("−2 × x₁²", "-2 x x1^2"), ("∂v/∂α = Σ", "del v/del alpha = Sigma"), ("é ½ 习", "e 1/2 ?"), ("plain", "plain")],
)
def test_the_nearest_ascii_text(text, nearest):
    assert console.plain(text) == nearest


def test_colours_are_for_terminals_only_and_no_colour_wins(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(console.os, "name", "posix")
    assert console.coloured(Terminal())
    assert not console.coloured(None)
    monkeypatch.setenv("TERM", "dumb")
    assert not console.coloured(Terminal())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert console.coloured(None)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not console.coloured(Terminal())


def test_force_color_colours_what_goes_to_a_file(run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1mexp\x1b[0m(a)" in run("ops", "exp")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("ops", "exp")[1]


# --- demo ------------------------------------------------------------------------------------------------------------


def test_demo_prints_the_numbers_of_the_lecture(run):
    code, out, err = run("demo")
    assert (code, err) == (0, "")
    forward = re.findall(r"= \S.*?(-?\d+\.\d\d)$", out.split("Backward")[0], re.MULTILINE)
    assert forward == ["-2.00", "6.00", "4.00", "1.00", "-1.00", "0.37", "1.37", "0.73"]
    assert re.search(r"L → v₇ +\[ +1\.00\] × \[-0\.53\] = +-0\.53 +-0\.534447 +∂L/∂v₇ = −1/v₇²", out)
    assert re.search(r"v₆ → v₅ +\[ +-0\.53\] × \[ 0\.37\] = +-0\.20 +-0\.196612 +∂v₆/∂v₅ = exp\(v₅\)", out)
    final = dict(re.findall(r"dL/d(\S+) = +(-?\d\.\d{6})$", out, re.MULTILINE))
    assert final == {
        "w₀": "-0.196612", "x₀": "0.393224", "w₁": "-0.393224", "x₁": "-0.589836", "w₂": "0.196612",
    }  # fmt: skip


def test_demo_fits_in_eighty_columns_with_its_columns_aligned(run):
    _, out, _ = run("demo")
    lines = [line for line in out.splitlines() if str(Path.cwd()) not in line]
    assert max(map(len, lines)) <= 80
    rows = [line for line in lines if "] × [" in line]
    assert len(rows) == 13
    for sign in ("[", "] × [", "] = "):
        assert len({line.index(sign) for line in rows[1:]}) == 1


def test_demo_writes_the_drawing_and_says_where(run):
    _, out, _ = run("demo")
    assert str(Path("sigmoid-neuron.svg").resolve()) in out
    assert Path("sigmoid-neuron.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")
    assert "mine.svg" in run("demo", "-o", "mine.svg")[1]
    assert Path("mine.svg").exists()


def test_the_two_commands_demo_suggests_work(run):
    _, out, _ = run("demo")
    suggested = [line.strip() for line in out.split("Try next:\n")[1].splitlines()]
    assert len(suggested) == 2
    for line in suggested:
        name, *arguments = pasted(line)
        assert name == "scalargrad"
        code, out, err = run(*arguments)
        assert (code, err) == (0, "")


def test_demo_puts_the_drawing_elsewhere_if_the_folder_cannot_be_written(run, tmp_path, monkeypatch):
    Path(demo.FILE).mkdir()  # even the superuser cannot write a file over a folder
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    code, out, err = run("demo")
    (written,) = (tmp_path / "tmp").rglob(demo.FILE)
    assert code == 0
    assert err.startswith("scalargrad: sigmoid-neuron.svg cannot be written here")
    assert err.count("\n") == 1
    assert str(written) in out
    assert run("demo", "-o", "no/such/folder.svg")[0] == 1


def test_commands_are_shown_as_the_program_was_called(monkeypatch, tmp_path):
    script = tmp_path / "bin dir" / "scalargrad"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert console.command("demo") == f'"{script}" demo'
    if os.name != "nt":
        monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
        assert console.command("demo") == "scalargrad demo"
        monkeypatch.setenv("UV", "/usr/bin/uv")  # on the PATH for this command only
        assert console.command("demo") == f'"{script}" demo'
    monkeypatch.setattr(sys, "argv", [str(ROOT / "scalargrad" / "__main__.py")])
    assert console.command("demo").endswith(" -m scalargrad demo")


@pytest.mark.parametrize("argument", ["x=1", "a b", "-(x*y)", "it's", 'say "x"', "$HOME", "", "w₀=2", "`x`", "a\\b"])
def test_quoted_arguments_come_back_from_a_shell(argument):
    assert pasted(console.quoted(argument)) == [argument]


# --- doctor ----------------------------------------------------------------------------------------------------------


def test_doctor_finds_this_installation_in_order(run):
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    for name in (
        "python",
        "scalargrad-lab",
        "fastpath",
        "numpy",
        "graphviz-pure",
        "layout engine",
        "drawing",
        "console",
    ):
        assert re.search(rf"^(ok|look) +{name} ", out, re.MULTILINE)
    assert out.rstrip().endswith("Everything works.")


@pytest.mark.parametrize("package", ["scalargrad", "fastpath"])
def test_doctor_finds_another_project_that_put_its_package_here(tmp_path, package):
    record = tmp_path / "site" / f"{package}-9.9.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 9.9\n")
    (record / "RECORD").write_text(f"{package}/__init__.py,,\n")
    done = process("doctor", env={"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path / 'site'}", "PYTHONIOENCODING": "utf-8"})
    out = done.stdout.decode()
    assert done.returncode == 1
    assert f"another project, {package} 9.9, has put its own here" in out
    assert f"pip uninstall {package}" in out
    assert out.rstrip().endswith("Something is broken.")


def test_doctor_says_what_to_do_without_a_layout_engine(tmp_path):
    done = process("doctor", env={"SCALARGRAD_DOT": str(tmp_path / "none"), "PYTHONIOENCODING": "utf-8"})
    out = done.stdout.decode()
    assert done.returncode == 1
    assert re.search(r"^wrong +layout engine ", out, re.MULTILINE)
    assert "What to do" in out
    assert b"Traceback" not in done.stderr


def test_without_a_layout_engine_draw_fails_in_one_line(tmp_path):
    done = process(
        "draw", "exp(exp(x))", "x=1", "-o", str(tmp_path / "a.svg"), env={"SCALARGRAD_DOT": str(tmp_path / "none")}
    )
    assert done.returncode == 1
    assert re.fullmatch(rb"scalargrad: .+\n", done.stderr)


# --- speed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["draw", "--help"], ["--version"], ["steps", "x*x", "x=3"], ["ops"]])
def test_what_needs_no_drawing_loads_neither_numpy_nor_graphviz(arguments):
    code = (
        "import sys; from scalargrad.cli import main; main(sys.argv[1:]); "
        "print([m for m in ('numpy', 'graphviz', 'fastpath') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, cwd=ROOT, check=True, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
