"""The steps of a computation, told in text, Markdown and LaTeX."""

import re
import shutil
import subprocess

import pytest

from scalargrad import OPS, NotDifferentiableError, Value, graph, steps, trace
from scalargrad.drawing import Drawing
from scalargrad.formatting import decimal
from scalargrad.latex import compilable
from scalargrad.ops import op, temporary
from scalargrad.stepper.markup import Plain
from scalargrad.tracing import ArrayNumber, EdgeGrad, Trace, TraceNode
from tests.graphs import neuron


def lines(told, *kinds):
    return [step.text for step in told if step.kind in kinds]


# --- what the steps say ----------------------------------------------------------------------------------------------


def test_every_forward_line_is_a_formula_the_numbers_put_in_and_the_result():
    assert lines(steps(neuron(), precision=2), "forward") == [
        "v₁ = w₀·x₀ = 2 × (−1) = −2",
        "v₂ = w₁·x₁ = (−3) × (−2) = 6",
        "v₃ = v₁ + v₂ = (−2) + 6 = 4",
        "v₄ = v₃ + w₂ = 4 + (−3) = 1",
        "v₅ = −v₄ = −1",
        "v₆ = exp(v₅) = exp(−1) = 0.37",
        "v₇ = 1 + v₆ = 1 + 0.37 = 1.37",
        "L = 1/v₇ = 1/1.37 = 0.73",
    ]


def test_every_backward_line_is_the_chain_rule_for_one_edge():
    told = lines(steps(neuron()), "backward")
    assert told[0] == "dL/dv₇ = dL/dL × ∂(1/v₇)/∂v₇ = 1 × (−1/v₇²) = 1 × (−0.5344) = −0.5344"
    assert "dL/dv₄ = dL/dv₅ × ∂v₅/∂v₄ = −0.1966 × (−1) = 0.1966" in told
    assert "dL/dw₀ = dL/dv₁ × ∂v₁/∂w₀ = 0.1966 × x₀ = 0.1966 × (−1) = −0.1966" in told
    assert "dL/dx₀ = dL/dv₁ × ∂v₁/∂x₀ = 0.1966 × w₀ = 0.1966 × 2 = 0.3932" in told
    assert len(told) == len(trace(neuron()).edges)


def test_the_backward_pass_starts_by_saying_where_the_one_comes_from():
    seed = next(step for step in steps(neuron()) if step.kind == "seed")
    assert seed.text.startswith("dL/dL = 1 (")
    assert "starts from 1" in seed.note
    assert seed.note in seed.text


def test_a_fork_tells_each_share_and_then_their_sum():
    a, b = Value(3.0, label="a"), Value(2.0, label="b")
    told = lines(steps((a * b + a).square(), precision=1), "backward", "sum")
    assert "dL/da via v₁ = dL/dv₁ × ∂v₁/∂a = 18 × b = 18 × 2 = 36" in told
    assert "dL/da via v₂ = dL/dv₂ × ∂v₂/∂a = 18 × 1 = 18" in told
    (total,) = (line for line in told if " + " in line)
    assert total.startswith("dL/da = dL/da via v₂ + dL/da via v₁ = 18 + 36 = 54 (a is used 2 times")
    assert told.index(total) > max(i for i, line in enumerate(told) if "dL/da via" in line and line != total)


def test_a_node_used_twice_by_one_operation_is_told_by_operand():
    a = Value(3.0, label="a")
    told = lines(steps(a * a, precision=1), "backward", "sum")
    assert told[0] == "dL/da via L, operand 1 = dL/dL × ∂(a·a)/∂a⁽¹⁾ = 1 × a = 1 × 3 = 3"
    assert told[1].startswith("dL/da via L, operand 2 = ")
    assert told[2].startswith("dL/da = dL/da via L, operand 1 + dL/da via L, operand 2 = 3 + 3 = 6")


def test_a_sum_of_many_shares_shows_the_first_and_the_last():
    x = Value(1.0, label="x")
    (total,) = lines(steps(sum((x * k for k in range(2, 22)), Value(0.0))), "sum")
    assert total.count("via") == 6
    assert " + … + " in total
    assert "= 230 (x is used 20 times" in total


def test_a_leaf_alone_has_its_value_and_its_seed():
    told = steps(Value(2.5, label="loss"), precision=1)
    assert [step.text.split(" (")[0] for step in told] == ["loss = 2.5", "dloss/dloss = 1"]


def test_the_numbers_are_those_of_the_trace_for_every_op():
    for row in OPS.values():
        if not row.why_not:
            operands = [Value((low + high) / 2 + 0.1) for low, high in row.domain]
            root = row(*operands)
            told = [step for step in steps(root, precision=6) if step.kind == "backward"]
            assert [step.result for step in told] == [decimal(e.downstream, 6) for e in trace(root).edges], row
            assert all(step.local == edge.named for step, edge in zip(told, trace(root).edges, strict=True)), row


def test_titles_name_what_happens():
    titles = [step.title for step in steps((Value(2.0, label="x") * 3).exp())]
    assert titles == [
        "Input x",
        "Compute v₁: multiply",
        "Compute L: exp",
        "Start at L",
        "From L back to v₁",
        "From v₁ back to x",
    ]


# --- the stepper as a sequence ---------------------------------------------------------------------------------------


def test_a_stepper_is_a_sequence_of_drawings_that_cannot_be_changed():
    told = steps(neuron())
    assert len(told) == 26
    assert [step.index for step in told] == list(range(26))
    assert told[-1] == told[25]
    assert told[1:3] == (told[1], told[2])
    with pytest.raises(IndexError):
        told[26]
    last = told[25]
    assert isinstance(last, Drawing)
    assert (last.formula, last.local, last.numbers, last.result) == (
        "dL/dx₀ = dL/dv₁ × ∂v₁/∂x₀", "w₀", "0.1966 × 2", "0.3932",
    )  # fmt: skip
    with pytest.raises(AttributeError):
        last.result = "0"


def test_steps_of_a_trace_and_of_its_json_are_those_of_the_value():
    root = neuron()
    assert steps(trace(root)).text == steps(root).text
    assert steps(Trace.from_json(trace(root).to_json())).latex == steps(root).latex


def test_steps_touch_no_gradient():
    root = neuron()
    root.backward()
    before = [(node.grad, node.data) for node in graph.topological_order(root)]
    assert steps(root).text
    assert [(node.grad, node.data) for node in graph.topological_order(root)] == before


def test_text_is_numbered_from_one_under_two_headings():
    told = steps(neuron()).text.splitlines()
    assert told[:2] == ["Forward", "   1. w₀ = 2"]
    assert told[14:16] == ["", "Backward"]
    assert told[-1].startswith("  26. dL/dx₀")
    assert str(steps(neuron())) == steps(neuron()).text


# --- edges of the input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", [-1, 18, 2.0, "4", True])
def test_a_precision_that_is_no_number_of_decimals_is_refused(precision):
    with pytest.raises(ValueError, match="precision is a number of decimals from 0 to 17, not"):
        steps(neuron(), precision=precision)


def test_what_is_no_graph_is_refused():
    with pytest.raises(TypeError, match="expected a node of a graph"):
        steps(3.0)


def test_steps_through_what_has_no_gradient_are_refused():
    with pytest.raises(NotDifferentiableError, match="round has no gradient"):
        steps(round(Value(1.2)))


@pytest.mark.parametrize(
    ("x", "precision", "shown"),
    [
        (0.0, 2, "0"),
        (-0.0, 2, "0"),
        (-1.005, 1, "−1.0"),
        (0.01, 2, "0.01"),
        (0.0099, 2, "9.90×10⁻³"),
        (-1e-300, 4, "−1×10⁻³⁰⁰"),
        (12345678.9, 2, "1.23×10⁷"),
        (float("inf"), 2, "∞"),
        (float("-inf"), 2, "−∞"),
        (float("nan"), 2, "nan"),
        (0.4, 0, "4×10⁻¹"),
        (7.0, 0, "7"),
    ],
)
def test_numbers_never_round_to_a_nothing_they_are_not(x, precision, shown):
    assert decimal(x, precision) == shown


def test_infinite_and_undefined_gradients_are_told():
    told = steps(Value(0.0, label="x").log(), precision=1)
    assert told[1].text == "L = log(x) = log(0) = −∞"
    assert told[-1].text == "dL/dx = dL/dL × ∂log(x)/∂x = 1 × (1/x) = 1 × ∞ = ∞"
    assert r"\infty" in told.latex


def test_a_label_that_looks_like_a_formula_is_enclosed():
    rate, w = Value(0.5, label="learning rate"), Value(2.0, label="a+b")
    told = steps(rate * w, precision=1)
    assert told[2].text == "L = (learning rate)·(a+b) = 0.5 × 2 = 1"
    assert (
        told[4].text
        == "dL/d(learning rate) = dL/dL × ∂((learning rate)·(a+b))/∂(learning rate) = 1 × (a+b) = 1 × 2 = 2"
    )


HOSTILE = [
    "a|b",
    "`code`",
    "**bold**",
    "<b>&amp;",
    r"\input{secret}",
    "x$y%z#{}~^",
    "\x1b[31mred",
    "two\n\nlines",
    "\u202eback",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_any_label_stays_text_on_one_line(label):
    told = steps(Value(2.0, label=label).exp())
    assert all(c.isprintable() for step in told for c in step.text + step.latex)
    assert len(told.text.splitlines()) == len(told) + 3
    assert len([line for line in told.markdown.splitlines() if re.match(r"\d+\. `", line)]) == len(told)
    outside = re.sub(r"\\[A-Za-z]+\*?|\\[#$%&_{}\\,]", "", told.latex)
    assert not re.search(r"[#%~]", outside)
    assert "input{" not in told.latex


def test_an_unregistered_op_is_told_by_its_name():
    with temporary(op("triple_", lambda xp, a: a * 3, (lambda y, a: 3,), text="3·#1")):
        kept = trace(Value(2.0, label="x").triple_())
        assert steps(kept, precision=0)[1].text == "L = 3·x = 3 × 2 = 6"
    assert steps(kept, precision=0)[1].text == "L = 3·x = triple_(2) = 6"
    assert r"\operatorname{triple\_}(2)" in steps(kept, precision=0)[1].latex


# --- arrays ----------------------------------------------------------------------------------------------------------


def array(*shape, entries=None):
    return ArrayNumber(shape, "float64", 0.25, 1.0, entries)


def traced_arrays():
    """A trace as a batched backend gives it: W of two rows times x, squared, and its sum."""
    names = ("W", "x", "v₁", "v₂", "L")
    formulas = ("", "", "W·x", "v₁²", "sum(v₂)")
    ops = (None, None, "mul", "square", "sum")
    operands = ((), (), (0, 1), (2,), (3,))
    big, row = array(2, 50), array(2, entries=(1.0, -2.0))
    values = (big, 3.0, row, row, 5.0)
    nodes = [
        TraceNode(i, name, name, ops[i], "", operands[i], formulas[i], formulas[i], values[i], None if i == 1 else row)
        for i, name in enumerate(names)
    ]
    edges = (
        EdgeGrad(nodes[3], 0, nodes[4], 1.0, None, row, "ḡ", "g", "ḡ"),
        EdgeGrad(nodes[2], 0, nodes[3], row, row, row, "2·x", "2v_1", "2·v₁"),
        EdgeGrad(nodes[0], 0, nodes[2], row, 3.0, big, "x", "x", "x"),
    )
    return Trace(tuple(nodes), edges)


def test_arrays_are_shown_whole_if_small_and_by_what_sums_them_up_if_not():
    told = steps(traced_arrays(), precision=2)
    assert lines(told, "leaf", "forward") == [
        "W = (2×50 mean 0.25 norm 1)",
        "x = 3",
        "v₁ = W·x = [1, −2]",
        "v₂ = v₁² = [1, −2]",
        "L = sum(v₂) = 5",
    ]
    assert lines(told, "backward") == [
        "dL/dv₂ = dL/dL × ∂sum(v₂)/∂v₂ = ḡ = [1, −2]",
        "dL/dv₁ = dL/dv₂ × ∂v₂/∂v₁ = dL/dv₂ × (2·v₁) = [1, −2]",
        "dL/dW = dL/dv₁ × ∂v₁/∂W = dL/dv₁ × x = (2×50 mean 0.25 norm 1)",
    ]
    assert r"\text{(2\ensuremath{\times}50 mean 0.25 norm 1)}" in told.latex


# --- documents -------------------------------------------------------------------------------------------------------


def braces_match(latex):
    depth = 0
    for c in re.sub(r"\\[{}\\]", "", latex):
        depth += (c == "{") - (c == "}")
        if depth < 0:
            return False
    return depth == 0


def test_latex_is_balanced_for_every_op():
    for row in OPS.values():
        if not row.why_not:
            root = row(*(Value(sum(interval) / 2, label="x1") for interval in row.domain))
            body = steps(root * root - 1).latex
            assert braces_match(body), row
            assert body.count(r"\left") == body.count(r"\right"), row
            for name in re.findall(r"\\begin\{(\w+\*?)\}", body):
                assert body.count(rf"\begin{{{name}}}") == body.count(rf"\end{{{name}}}"), row
            for block in re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", body, re.DOTALL):
                rows = re.sub(r"\\begin\{cases\}.*?\\end\{cases\}", "", block).split("\\\\\n")
                assert all(line.count("&") == 1 for line in rows), row
                assert not block.startswith(r"\intertext"), row
                assert "\n\n" not in block, row


def test_latex_writes_names_numbers_and_the_chain_rule():
    told = steps(neuron())
    assert told[2].latex == r"v_{1} = w_{0} \cdot x_{0} = 2 \times \left(-1\right) = -2"
    assert told[-1].latex == (
        r"\frac{\mathrm{d} L}{\mathrm{d} x_{0}} = \frac{\mathrm{d} L}{\mathrm{d} v_{1}} \times "
        r"\frac{\partial v_{1}}{\partial x_{0}} = 0.1966 \times w_{0} = 0.1966 \times 2 = 0.3932"
    )
    assert decimal(1e-9, 2) == "1×10⁻⁹"
    assert steps(Value(1e-9, label="ε") * 1, precision=2)[0].latex == r"\epsilon = 1 \cdot 10^{-9}"


def test_latex_has_no_mathematical_character_that_pdflatex_does_not_know():
    a = Value(2.0, label="скорость σ_max′")
    body = steps(a * a + a.relu()).latex
    assert {c for c in body if ord(c) > 127} <= set("скорость")
    assert r"\ensuremath{\sigma}" in compilable("σ")
    assert compilable("a\x00b\x7fc\u202ed") == "a?b?c?d"


def test_save_writes_the_form_the_name_asks_for(tmp_path):
    told = steps(neuron())
    assert told.save(tmp_path / "steps.txt").read_text(encoding="utf-8") == told.text
    assert told.save(str(tmp_path / "steps.MD")).read_text(encoding="utf-8") == told.markdown
    document = told.save(tmp_path / "steps.tex").read_text(encoding="utf-8")
    assert document.startswith(r"\documentclass")
    assert told.latex in document
    assert document.rstrip().endswith(r"\end{document}")


def test_a_document_loads_the_fonts_its_letters_need(tmp_path):
    def document(label):
        return steps(Value(1.0, label=label).exp()).save(tmp_path / "a.tex").read_text(encoding="utf-8")

    assert r"\usepackage[T1]{fontenc}" in document("x")
    assert r"\usepackage[T2A]{fontenc}" in document("скорость")
    assert document("学习").startswith("% compile with lualatex or xelatex, and a font that has the letters: 习学")


def test_an_unknown_form_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"saved as \.txt, \.md, \.tex or \.html, not as 'steps\.pdf'"):
        steps(neuron()).save(tmp_path / "steps.pdf")
    assert not list(tmp_path.iterdir())


def test_a_compound_factor_is_enclosed_and_a_call_is_not():
    assert Plain().enclosed("a·b") == "(a·b)"
    assert Plain().enclosed("exp(a + b)") == "exp(a + b)"


# --- one step as a drawing -------------------------------------------------------------------------------------------


def test_a_step_is_a_drawing_with_its_part_lit_and_its_line_beneath():
    told = steps(neuron(), precision=2)
    forward, backward = told[2], told[14]
    assert forward.dot.count('border="2"') == 1
    assert "3. v₁ = w₀·x₀ = 2 × (−1) = −2" in forward.dot
    assert backward.dot.count("penwidth=2.5") == 1
    assert 'border="2"' not in backward.dot
    assert told[25].dot.count('border="2"') == 1  # the edge of a leaf that stands in its operation
    assert "<text" in told[2].svg


def test_what_is_not_computed_yet_has_the_colour_of_what_is_behind_it():
    told = steps(neuron(), precision=2)
    visible = [dot.count('color="#0a58ad"') for dot in (step.dot for step in told)]
    assert visible[:13] == list(range(1, 14))
    assert set(visible[13:]) == {13}
    assert '<font color="#b34700">' not in told[12].dot
    assert told[25].dot.count("<font") == told[0].dot.count("<font")  # every number keeps its place


def test_a_notebook_shows_a_step_as_a_picture_with_its_line_as_text():
    bundle = steps(neuron())[3]._repr_mimebundle_()
    assert bundle["text/plain"] == "w₁ = −3"
    assert "image/svg+xml" in bundle


# --- rounding as one goes along --------------------------------------------------------------------------------------


def test_rounding_reproduces_the_slides_and_tells_the_exact_numbers():
    told = steps(neuron(), rounding=2)
    values = [step.result for step in told if step.kind == "forward"]
    assert values == ["−2", "6", "4", "1", "−1", "0.37", "1.37", "0.73"]
    grads = {step.formula.split(" = ")[0]: step for step in told if step.kind == "backward"}
    assert grads["dL/dx₀"].text.endswith("= 0.20 × w₀ = 0.20 × 2 = 0.40 (exactly 0.3932)")
    assert (grads["dL/dx₁"].result, grads["dL/dx₁"].exact) == ("−0.60", "−0.5898")
    assert r"\text{exactly 0.3932}" in told.latex
    assert "(exactly 0.3932)" in told.markdown
    assert "0.3932" in told.html


def test_rounding_to_many_decimals_changes_nothing():
    exact, fine = steps(neuron(), precision=6), steps(neuron(), precision=6, rounding=12)
    for a, b in zip(exact.trace.edges, fine.trace.edges, strict=True):
        assert a.downstream == pytest.approx(b.downstream, abs=1e-10)


def test_a_rounded_value_that_is_exact_says_nothing_of_it():
    told = steps(Value(2.0, label="x") * 3, rounding=1)
    assert all(step.exact == "" for step in told)
    assert "(exactly" not in told.text


def test_rounding_at_a_fork_adds_up_rounded_shares():
    x = Value(1 / 3, label="x")
    told = steps(x * 2 + x.square(), rounding=1)
    (total,) = (step for step in told if step.kind == "sum")
    assert "0.6 + 2 = 2.6" in total.text
    assert "exactly 2.667" in total.text


def test_rounding_leaves_the_rule_of_a_function_of_ones_own():
    from tests.test_function import Multiply

    told = steps(Multiply.apply(Value(1.26, label="a"), Value(2.0, label="b")), rounding=1)
    assert [step.result for step in told if step.kind == "forward"] == ["2.5"]


@pytest.mark.parametrize("rounding", [-1, 2.0, True, 18, "2"])
def test_a_wrong_rounding_is_one_sentence(rounding):
    with pytest.raises(ValueError, match="rounding is a number of decimals from 0 to 17"):
        steps(neuron(), rounding=rounding)


def test_arrays_are_not_rounded():
    from fastpath import Tensor

    with pytest.raises(ValueError, match="rounding is for graphs of single numbers"):
        steps(Tensor([1.0, 2.0], requires_grad=True).sum(), rounding=2)


# --- worksheets ------------------------------------------------------------------------------------------------------


def test_a_worksheet_asks_for_every_computed_number_and_its_key_tells_them():
    sheet = steps(neuron(), precision=2).worksheet()
    assert len(sheet.blanks) == 8 + 12
    assert r"8. $`L = \frac{1}{v_{7}} = \underline" in sheet.markdown
    assert "0.73" not in sheet.markdown + sheet.latex + sheet.picture.dot
    assert [b.answer for b in sheet.key.blanks][7] == "L = 1/v₇ = 1/1.37 = 0.73"
    assert "0.73" in sheet.key.picture.dot
    assert sheet.key.key is sheet.key


def test_no_blank_number_can_be_read_anywhere_in_a_worksheet():
    w, x = Value(7.5, label="w"), Value(3.25, label="x")
    sheet = steps((w * x).square(), precision=2).worksheet()
    for leaf in ("7.50", "3.25"):
        assert leaf in sheet.picture.svg
    for answer in ("24.38", "594.14", "594.13", "48.75", "158.44", "158.43", "365.62", "365.63"):
        assert answer not in sheet.picture.dot
        assert f">{answer}<" not in sheet.html
        assert f"{answer} " not in sheet.html


def test_which_numbers_are_blank_can_be_chosen():
    told = steps(neuron())
    assert len(told.worksheet("forward").blanks) == 8
    assert all(blank.is_backward for blank in told.worksheet("backward").blanks)
    few = told.worksheet(5, seed=3)
    assert len(few.blanks) == 5
    assert [b.question for b in few.blanks] == [b.question for b in told.worksheet(5, seed=3).blanks]
    (one,) = told.worksheet([25]).blanks
    assert one.question == "dL/dx₀ = dL/dv₁ × ∂v₁/∂x₀"


@pytest.mark.parametrize(
    ("blanks", "message"),
    [
        ("some", "blanks is 'all', 'forward', 'backward'"),
        ([0], "there is nothing to compute in step 0"),
        ([99], "there is nothing to compute in step 99"),
        ([], "no number to leave blank"),
        (0, "no number to leave blank"),
        (1.5, "blanks is"),
        (True, "blanks is"),
    ],
)
def test_blanks_that_make_no_sense_are_one_sentence(blanks, message):
    with pytest.raises(ValueError, match=message):
        steps(neuron()).worksheet(blanks)


def test_a_worksheet_is_saved_with_its_picture_beside_it(tmp_path):
    sheet = steps(neuron(), lang="ru").worksheet(title="Нейрон & <его> шаги")
    assert "&lt;его&gt;" in sheet.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert "](b.svg)" in sheet.save(tmp_path / "b.md").read_text(encoding="utf-8")
    assert (tmp_path / "b.svg").exists()
    tex = sheet.save(tmp_path / "c.tex").read_text(encoding="utf-8")
    assert r"\usepackage{graphicx}" in tex
    assert "{c.png}" in tex
    assert r"\end{document}" in tex
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="a worksheet is saved as"):
        sheet.save(tmp_path / "d.pdf")


def test_a_fork_on_a_worksheet_shows_which_blanks_are_added():
    a, b = Value(3.0, label="a"), Value(2.0, label="b")
    dot = steps((a * b + a).square(), precision=1).worksheet().picture.dot
    assert re.search(r"= \(\d\) \+ \(\d\)", dot)


# --- opening ---------------------------------------------------------------------------------------------------------


def test_open_shows_the_player_in_the_browser(monkeypatch):
    import webbrowser

    shown = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    path = steps(neuron()).open(predict=True)
    assert shown == [path.as_uri()]
    assert '"predict":true' in path.read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX")
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_what_is_saved_for_latex_compiles(lang, tmp_path):
    hostile = Value(2.0, label="α_1 & <%$#{x}>\\n")
    told = steps((hostile * neuron() + hostile).tanh(), lang=lang, rounding=2)
    told.save(tmp_path / "steps.tex")
    told.worksheet().save(tmp_path / "sheet.tex")
    whole = rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{steps(neuron()).latex}\end{{document}}"
    (tmp_path / "body.tex").write_text(whole, encoding="utf-8")
    for name in ("steps", "sheet", "body"):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, done.stdout[-800:]
