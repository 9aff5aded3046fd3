"""The gallery of the lectures: every system, every claim, every graph, in both languages."""

import math
import re
from pathlib import Path

import pytest

from scalargrad import Value, lectures, trace
from scalargrad.cli.console import UsageError
from scalargrad.cli.inputs import Parser
from scalargrad.cli.lecture import EXAMPLES, lecture_arguments, show_lecture
from scalargrad.language import speaking
from scalargrad.lectures import Claim, Text, Verdict
from scalargrad.lectures.claims import cut, prints_as
from scalargrad.lectures.showing import shown

PACKAGE = Path(lectures.__file__).parent

ROWS = {  # the lectures' worked examples, and the systems they are told by
    "the rule of the course": "chain-rule",
    "the sigmoid neuron": "sigmoid-neuron",
    "its backward pass": "sigmoid-neuron",
    "the same as one sigmoid gate": "sigmoid-gate",
    "Multiply as a Function": "multiply-function",
    "the sigmoid's backward pass from its output": "sigmoid-from-output",
    "the network 3-3-2": "network-3-3-2",
    "its backpropagation": "network-3-3-2-backprop",
    "log loss of two classes": "two-class-log-loss",
    "softmax": "softmax",
    "the Jacobian of softmax": "softmax-jacobian",
    "the gradient of softmax and cross-entropy": "softmax-cross-entropy",
    "the gradient of BCE and a sigmoid": "bce-sigmoid",
    "ROC-AUC": "roc-auc",
    "micro and macro precision": "micro-macro-precision",
    "the largest learning rate": "learning-rate",
    "the symbolic graph": "symbolic-graph",
    "root(exp(mul(x3, add(x1, x2))))": "root-exp-mul",
    "the logic neurons": "logic-neurons",
    "stacked linear layers": "stacked-linear-layers",
    "momentum": "momentum",
    "Nesterov": "nesterov",
    "Adagrad": "adagrad",
    "RMSProp": "rmsprop",
    "Adam": "adam",
}
TABLES = {"roc-auc", "micro-macro-precision"}
SYSTEMS = list(lectures.SYSTEMS.values())
EVERY = pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)


def test_every_worked_example_is_there():
    assert set(lectures.names()) == set(ROWS.values())
    assert [lectures.system(name).name for name in lectures.names()] == list(lectures.names())
    assert {system.lecture for system in SYSTEMS} <= {"000", "001", "002", "003", "004"}


# --- verdicts --------------------------------------------------------------------------------------------------------

DIFFERENT = {  # system, what the lecture says: the verdict. All other claims agree, or are of numbers it does not print
    ("sigmoid-neuron", "0.2*2 = 0.4"): Verdict.ROUNDED,
    ("sigmoid-neuron", "0.2*(-1) = -0.2"): Verdict.ROUNDED,
    ("sigmoid-neuron", "0.2*1 = 0.2"): Verdict.ROUNDED,
    ("sigmoid-neuron", "1/(1+exp(-(w0*x0+w1*x1+w2*x2)))"): Verdict.ERROR,
    ("network-3-3-2", "-.63"): Verdict.ROUNDED,
    ("network-3-3-2-backprop", ".13*(.35 - .9)*.35*(1 - .35)"): Verdict.ROUNDED,
    ("two-class-log-loss", "0.99 0.01"): Verdict.ERROR,
    ("two-class-log-loss", "-ln(0.99)"): Verdict.ERROR,
    ("two-class-log-loss", "0.26 0.74"): Verdict.TRUNCATED,
    ("two-class-log-loss", "-ln(0.74)"): Verdict.TRUNCATED,
    ("softmax", "-ln(0.71)"): Verdict.ROUNDED,
    ("softmax", "0.71 + 0.26 + 0.04 = 1.01"): Verdict.ROUNDED,
    ("softmax", "-ln(0.98)"): Verdict.ROUNDED,
    ("softmax", "-ln(0.49)"): Verdict.ROUNDED,
    ("softmax-cross-entropy", "y_i*p_i"): Verdict.ERROR,
}


@EVERY
def test_every_claim_has_the_verdict_it_should_have(system):
    found = {}
    for claim in system.claims:
        if claim.says:
            assert claim.verdict is DIFFERENT.get((system.name, claim.says), Verdict.AGREES), claim
            found[system.name, claim.says] = claim.verdict
        else:
            assert claim.verdict is Verdict.UNSTATED
    assert {key for key in DIFFERENT if key[0] == system.name} <= set(found)


@EVERY
def test_every_difference_has_a_reason_and_every_number_is_finite(system):
    assert system.claims
    for claim in system.claims:
        assert all(map(math.isfinite, claim.numbers)), claim
        assert claim.agrees or claim.why is not None, claim
        if claim.verdict in (Verdict.ROUNDED, Verdict.TRUNCATED):  # the lecture's numbers come out exactly
            assert all(map(prints_as, claim.numbers_along, claim.stated, claim.decimals)), claim


@EVERY
def test_what_a_lecture_gets_from_a_formula_is_what_the_formula_gives(system):
    for claim in system.claims:
        formula, equals, result = claim.says.partition("=")
        if claim.at is not None and equals and not formula.startswith("["):
            assert prints_as(claim.stated[0], float(result), len(result.partition(".")[2])), claim


EXACT = [  # system, what, the exact number to six digits
    ("sigmoid-neuron", "L = 1/v₇", [0.731059]),
    ("sigmoid-neuron", "∂L/∂v₇", [-0.534447]),
    ("sigmoid-neuron", "∂L/∂w₀", [-0.196612]),
    ("sigmoid-neuron", "∂L/∂x₀", [0.393224]),
    ("sigmoid-neuron", "∂L/∂w₁", [-0.393224]),
    ("sigmoid-neuron", "∂L/∂x₁", [-0.589836]),
    ("sigmoid-neuron", "∂L/∂w₂", [0.196612]),
    ("sigmoid-gate", "its number", [0.196612]),
    ("network-3-3-2", "H₁", [0.130108]),
    ("network-3-3-2", "H₂", [0.956893]),
    ("network-3-3-2", "H₃", [0.401312]),
    ("network-3-3-2", "O₁", [0.345841]),
    ("network-3-3-2", "O₂", [0.853149]),
    ("network-3-3-2", "O₁ from the rounded hidden values", [0.347511]),
    ("network-3-3-2-backprop", "∂E/∂w of O1's three weights", [-0.016312, -0.119966, -0.050313]),
    ("network-3-3-2-backprop", "δ_O1 = ∂E/∂z_O1", [-0.125370]),
    ("network-3-3-2-backprop", "δ_H1, δ_H2, δ_H3", [0.042568, -0.005171, 0.090365]),
    ("network-3-3-2-backprop", "∂E/∂x₁, ∂E/∂x₂, ∂E/∂x₃", [0.122590, -0.180673, 0.105822]),
    ("two-class-log-loss", "logloss, t=10, y = 1", [0.0000454]),
    ("two-class-log-loss", "logloss, t=-1, y = 0", [0.313262]),
    ("softmax", "softmax(5 4 2)", [0.705385, 0.259496, 0.035119]),
    ("softmax", "softmax(4 2 8)", [0.017943, 0.002428, 0.979629]),
    ("softmax", "softmax(4 4 1)", [0.487856, 0.487856, 0.024289]),
    ("softmax", "−ln p₁", [0.349012]),
    ("softmax", "−ln p₃", [0.020581]),
    ("softmax", "−ln p₂", [0.717736]),
    ("softmax", "the sum of the three losses", [1.087329]),
    ("softmax-jacobian", "∂S₁/∂z₁, ∂z₂, ∂z₃", [0.207817, -0.183045, -0.024772]),
    ("softmax-jacobian", "∂S₂/∂z₁, ∂z₂, ∂z₃", [-0.183045, 0.192158, -0.009113]),
    ("softmax-jacobian", "∂S₃/∂z₁, ∂z₂, ∂z₃", [-0.024772, -0.009113, 0.033886]),
    ("softmax-jacobian", "the sums of the rows", [0, 0, 0]),
    ("bce-sigmoid", "BCE at z = .5, y = .8", [0.574077]),
    ("bce-sigmoid", "∂BCE/∂z at z = 0.5, y = 0.8", [-0.177541]),
    ("bce-sigmoid", "the least BCE of y = .8, at σ = .8", [0.500402]),
    ("roc-auc", "ROC-AUC", [0.791667]),
    ("roc-auc", "pairs in the right order, of 12", [9.5]),
    ("micro-macro-precision", "micro", [0.866667]),
    ("micro-macro-precision", "macro", [0.6]),
    ("learning-rate", "λ_max", [0.84]),
    ("learning-rate", "η_max", [2.380952]),
    ("learning-rate", "η_opt", [1.190476]),
    ("learning-rate", "the factor of a step at η = 2.5", [-1.1]),
    ("learning-rate", "what the error of the weights grows by in a step of the run", [1.1]),
    ("learning-rate", "λ_max when the bias is a weight, too", [1.0]),
    ("symbolic-graph", "d, ten numbers", [3.0] * 10),
    ("root-exp-mul", "output₂", [2.117000]),
    ("root-exp-mul", "∂output₂/∂x₁", [0.529250]),
    ("root-exp-mul", "∂output₂/∂x₂", [0.529250]),
    ("root-exp-mul", "∂output₂/∂x₃", [3.175500]),
    ("logic-neurons", "XOR-2 as a neuron", [0, 1, 1, 0]),
    ("logic-neurons", "how many of XOR's four rows the best single neuron has right", [3]),
    ("nesterov", "x₁ to x₄ in PyTorch's variant", [0.62, 0.2224, -0.108352, -0.324823]),
    ("adam", "the first step, in units of α", [3.162278]),
    ("adam", "x₁ to x₄ in PyTorch's variant", [0.9, 0.800412, 0.701586, 0.603939]),
]


@pytest.mark.parametrize(("name", "what", "exact"), EXACT)
def test_the_exact_numbers(name, what, exact):
    found = [
        c for c in lectures.system(name).claims if (c.what if isinstance(c.what, str) else c.what.told("en")) == what
    ]
    assert found
    for claim in found:
        assert claim.numbers == pytest.approx(exact, abs=6e-7)


ITERATES = {
    "momentum": [0.8, 0.46, 0.062, -0.3086],
    "nesterov": [0.8, 0.496, 0.17792],
    "adagrad": [0.9, 0.833104, 0.780456],
    "rmsprop": [0.683772, 0.498871, 0.369181],
    "adam": [0.683772, 0.270206, -0.162141],
}


@pytest.mark.parametrize("name", ITERATES)
def test_the_first_iterates_of_the_optimizers(name):
    system = lectures.system(name)
    found = [claim.numbers[0] for claim in system.claims if claim.what in ("x₁", "x₂", "x₃", "x₄")]
    assert found[: len(ITERATES[name])] == pytest.approx(ITERATES[name], abs=6e-7)
    assert system.graph().data == pytest.approx(found[1])  # the graph is the second step


def test_the_imperative_the_symbolic_and_the_compiled_graph_agree():
    import numpy as np

    import fastpath

    A, B = np.ones(10), 2 * np.ones(10)
    compiled = fastpath.compile(lambda A, B: B * A + 1, backend="tensor")
    assert list(compiled(A, B)) == [3.0] * 10
    assert lectures.system("symbolic-graph").claims[0].numbers == (3.0,) * 10


# --- judging ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (Claim("", ".73", 0.731059), Verdict.AGREES),
        (Claim("", ".73", 0.741), Verdict.ERROR),
        (Claim("", "0.26", 0.268941), Verdict.TRUNCATED),
        (Claim("", "-0.26", -0.268941), Verdict.TRUNCATED),
        (Claim("", ".4", 0.3332, along=0.4), Verdict.ERROR),  # rounding does not explain so much
        (Claim("", ".40", 0.393224, along=0.4), Verdict.ROUNDED),
        (Claim("", ".40", 0.393224, along=0.41), Verdict.ERROR),
        (Claim("", ".40", 0.393224, along=0.4, by=Verdict.TRUNCATED), Verdict.TRUNCATED),
        (Claim("", ".71 .26 .04", (0.705385, 0.259496, 0.035119)), Verdict.AGREES),
        (Claim("", ".71 .26 .05", (0.705385, 0.259496, 0.035119)), Verdict.ERROR),
        (Claim("", "0.5", 0.45), Verdict.AGREES),
        (Claim("", "1", 1.4), Verdict.AGREES),
        (Claim("", "", 1.0), Verdict.UNSTATED),
        (Claim("", "x*x", 9.0, at={"x": 3.0}), Verdict.AGREES),
        (Claim("", "x*x", 9.0001, at={"x": 3.0}), Verdict.ERROR),
        (Claim("", "x*x = 10", 9.0, at={"x": 3.0}), Verdict.AGREES),  # what counts is the formula
        (Claim("", "x*x", (9.0, 16.0), at=[{"x": 3.0}, {"x": 4.0}]), Verdict.AGREES),
        (Claim("", "x*y", 9.0, at={"x": 3.0}), Verdict.ERROR),  # there is no y
        (Claim("", "0.5", math.nan), Verdict.ERROR),
    ],
)
def test_the_verdict_follows_from_the_numbers(claim, verdict):
    assert claim.verdict is verdict
    assert claim.agrees == (verdict is Verdict.AGREES)


def test_a_claim_with_more_numbers_than_are_exact_is_refused():
    with pytest.raises(ValueError, match="2 numbers are stated, and 1 are exact"):
        _ = Claim("p", ".7 .3", 0.7).verdict


def test_cutting_drops_digits_toward_zero():
    assert [cut(x, 2) for x in (0.999, -0.999, 0.26, 12.0)] == [0.99, -0.99, 0.26, 12.0]


def test_the_slides_term_for_another_class_is_mended_by_p_k():
    wrong, mended = lectures.system("softmax-cross-entropy").claims[-2:]
    assert (wrong.says, wrong.verdict, mended.says, mended.verdict) == (
        "y_i*p_i", Verdict.ERROR, "y_i*p_k", Verdict.AGREES,
    )  # fmt: skip
    assert wrong.numbers == mended.numbers


# --- graphs ----------------------------------------------------------------------------------------------------------


@EVERY
def test_every_graph_is_traced_drawn_and_stepped_through(system):
    graph = system.graph()
    if system.name in TABLES:
        assert graph is None
        for view in (system.draw, system.steps, system.root):
            with pytest.raises(ValueError, match=f"{system.name} is a table"):
                view()
        return
    outputs = system.outputs() or (None,)
    for output in outputs:
        root = system.root(output)
        assert isinstance(root, Value)
        taken = trace(root)
        assert all(leaf.label for leaf in taken.leaves)
        drawing = system.draw(output)
        assert len(drawing.trace.nodes) == len(taken.nodes) <= 45
        assert drawing.style.precision == system.precision
        assert drawing.dot.startswith("digraph")
        told = system.steps(output, lang="en")
        assert len(told) >= len(taken.nodes)
        assert "Backward" in told.text
    assert system.root() is not system.root()  # built anew: one may change it


def test_an_output_there_is_not_is_told_with_those_there_are():
    with pytest.raises(ValueError, match="network-3-3-2 has no output 'O3': choose one of O1, O2"):
        lectures.system("network-3-3-2").draw("O3")
    with pytest.raises(ValueError, match="chain-rule has no output 'L'"):
        lectures.system("chain-rule").steps("L")


def test_options_reach_the_drawing_and_the_steps():
    neuron = lectures.system("sigmoid-neuron")
    assert "0.393224" in neuron.draw(precision=6).dot
    assert "0.20 × w₀ = 0.20 × 2 = 0.40 (exactly 0.3932)" in neuron.steps(rounding=2, lang="en").text


@pytest.mark.parametrize(
    ("given", "near"), [("softmx", "softmax"), ("sigmoid_neuron", "sigmoid-neuron"), ("ROC AUC", "roc-auc")]
)
def test_an_unknown_name_is_told_with_the_nearest(given, near):
    with pytest.raises(ValueError, match=f"no system '{given}' in the lectures: did you mean '{near}'"):
        lectures.system(given)


@pytest.mark.parametrize("given", ["", "qqqqqqq", 3, None])
def test_a_name_like_no_other_is_told_with_where_they_are_listed(given):
    with pytest.raises(ValueError, match=r"in the lectures: all of them are listed by lectures\.names\(\)"):
        lectures.system(given)


# --- two languages ---------------------------------------------------------------------------------------------------


def texts():
    """Every text a claim is made with, in both languages."""
    for system in SYSTEMS:
        for text in [system.title, system.about, *(t for c in system.claims for t in (c.what, c.why))]:
            if isinstance(text, Text):
                yield system.name, [text.told("en"), text.told("ru")]


# names, and formulas that need no words
ALIKE = {"Adagrad", "Adam", "RMSProp", "root(exp(mul(x₃, add(x₁, x₂))))"}


def test_every_text_is_there_in_english_and_in_russian():
    count = 0
    for where, (english, russian) in texts():
        assert english, where
        assert russian, where
        if english not in ALIKE and not english.startswith("logloss"):
            assert re.search("[а-яё]", russian), (where, russian)
            assert not re.search("[а-яё]", english), (where, english)
        count += 1
    assert count > 100


def test_formulas_that_need_no_translation_have_no_words():
    known = {"logloss", "softmax", "exp", "grad", "output", "ROC", "AUC", "max", "opt", "BCE", "ln"}
    for system in SYSTEMS:
        for claim in system.claims:
            if isinstance(claim.what, str):
                words = set(re.findall("[A-Za-z]{2,}", claim.what)) - known
                assert not {word for word in words if len(word) > 2}, claim.what


@EVERY
def test_a_table_speaks_the_language_that_is_asked_for(system):
    for lang, lecture, head in (("en", "lecture", "why they differ"), ("ru", "лекция", "почему различаются")):
        for form in (system.text(lang), system.markdown(lang), system.html(lang)):
            assert f"{lecture} {system.lecture}" in form
            assert head in form
    with speaking("ru"):
        assert system.text() == system.text("ru") == system.text(None)
        assert str(system.title) == system.title.told("ru")
    assert system.text("en") != system.text("ru")


# --- tables ----------------------------------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_keeps_to_its_width(system, width):
    assert max(map(len, system.text("ru", width).splitlines())) <= width


def test_the_text_of_a_table():
    text = lectures.system("micro-macro-precision").text("en", 100)
    assert text.startswith("Precision, micro and macro averaged (lecture 000)\n")
    assert re.search(r"micro +0\.87 +0\.866667 +agrees", text)


def test_a_rounded_number_is_shown_with_how_it_comes_about():
    html = lectures.system("network-3-3-2-backprop").html("en")
    assert "<td>.13*(.35 - .9)*.35*(1 - .35) = -0.016266</td><td>-0.016312</td>" in html
    assert "rounded on the way: the lecture puts in .13 and .35, which are rounded (computed so: -0.016266)" in html


def test_nothing_in_a_text_is_markup():
    system = lectures.system("logic-neurons")
    assert "x2 - 1/2 &gt; 0" in system.html("en")
    assert "\\[x1 + x2 - 3/2 > 0]" in system.markdown("en")
    for line in lectures.system("sigmoid-neuron").markdown("en").splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5, line


def test_a_notebook_shows_the_table():
    system = lectures.system("roc-auc")
    with speaking("ru"):
        assert system._repr_html_() == system.html("ru")
        assert system._repr_markdown_() == system.markdown("ru")
    assert repr(system) == "<System roc-auc of lecture 000>"


@pytest.mark.parametrize(
    ("x", "text"), [(0.0, "0"), (1e-17, "0"), (-2.0, "-2"), (100.0, "100"), (4.53989e-5, "4.53989e-5"), (2.5, "2.5")]
)
def test_how_an_exact_number_is_written(x, text):
    assert shown(x) == text


# --- the command line ------------------------------------------------------------------------------------------------


def command(*arguments):
    parser = Parser(prog="scalargrad lecture")
    lecture_arguments(parser)
    return show_lecture(parser.parse(list(arguments)))


def test_the_command_lists_all_systems(capsys):
    assert command() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(lectures.names())
    assert lines[1].split(maxsplit=2)[1:] == ["004", "The sigmoid neuron, gate by gate"]


def test_the_command_prints_a_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    assert command("softmax") == 0
    assert capsys.readouterr().out == lectures.system("softmax").text("en", 90) + "\n"
    with speaking("ru"):
        assert command("softmax") == 0
    assert "почему различаются" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["table.txt", "table.md", "table.html"])
def test_the_command_writes_a_table(name, tmp_path, capsys):
    assert command("softmax", "-o", str(tmp_path / name)) == 0
    assert "-ln(0.71)" in (tmp_path / name).read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"wrote {tmp_path / name}\n"


def test_the_command_draws(tmp_path, capsys):
    path = tmp_path / "drawn.dot"
    assert command("network-3-3-2", "--draw", "--graph", "O2", "-o", str(path), "--precision", "3") == 0
    assert "0.853" in path.read_text(encoding="utf-8")


def test_a_drawing_without_a_name_is_called_as_the_system(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command("chain-rule", "--draw") == 0
    assert (tmp_path / "chain-rule.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_the_command_tells_steps(tmp_path, capsys):
    assert command("sigmoid-neuron", "--steps", "--rounding", "2") == 0
    assert "(exactly 0.3932)" in capsys.readouterr().out
    for name in ("steps.txt", "steps.md", "steps.tex", "steps.html"):
        assert command("chain-rule", "--steps", "-o", str(tmp_path / name)) == 0
        assert (tmp_path / name).stat().st_size > 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["softmx"], "did you mean 'softmax'"),
        (["roc-auc", "--draw"], "roc-auc is a table"),
        (["softmax", "--draw", "-o", "x.html"], r"-o x\.html: expected a name that ends in \.svg"),
        (["softmax", "--steps", "-o", "x.svg"], r"-o x\.svg: expected a name that ends in \.txt"),
        (["softmax", "-o", "x.svg"], r"-o x\.svg: expected a name that ends in \.txt"),
        (["softmax", "--draw", "--steps"], "not allowed with"),
        (["softmax", "--rounding", "2"], "--rounding has no effect on the table: add --steps"),
        (["softmax", "--draw", "--rounding", "2"], "--rounding has no effect on the table: add --steps"),
        (["softmax", "--precision", "2"], "--precision has no effect on the table: add --draw / --steps"),
        (["softmax", "--draw", "--graph", "7"], "softmax has no output '7': choose one of 5 4 2, 4 2 8, 4 4 1"),
        (["--draw"], "--draw needs the name of an example"),
        (["-o", "x.md"], "-o needs the name of an example"),
        (["softmax", "roc-auc"], "unrecognized arguments"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        command(*arguments)
    assert not list(tmp_path.iterdir())


def test_wrong_options_are_wrong_usage():
    with pytest.raises(UsageError):
        command("--steps")


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_in_the_help_work(example, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = example.split()
    if "--lang" in words:
        words = words[: words.index("--lang")]
    assert command(*words[1:]) == 0
