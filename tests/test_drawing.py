"""The drawing: what stands on nodes and edges, labels that are only text, scopes, themes, files, notebooks."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from xml.dom import minidom
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import StaleGraphError, Value, draw, latex, scope, trace
from scalargrad.drawing import layout
from tests.graphs import neuron


def texts(svg):
    """The words of an SVG, line by line."""
    return [
        "".join(e.itertext()) for e in ElementTree.fromstring(svg.encode()).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_every_number_of_the_lecture_is_in_the_picture():
    words = " ".join(texts(draw(neuron()).svg))
    for value in (" −2 ", " 6 ", " 4 ", " 1 ", " −1 ", "0.3679", "1.368", "0.7311"):
        assert value in words
    for product in ("1 × (−0.5344) = −0.5344", "↑ −0.5344", "−0.5344 × 0.3679 = −0.1966", "0.1966 × 2 = 0.3932"):
        assert product in words
    for symbol in ("×(−1)", "exp", "+1", "1/v₇", "∂ = −1/v₇²", "∂ = exp(v₅)", "∂ = x₀", "∂ = w₁"):
        assert symbol in words
    assert words.count("v₇") == 3  # and in the node whose name it is
    assert "-" not in words
    assert "e-" not in words


def test_the_parts_say_what_each_text_means():
    parts = draw(neuron()).parts
    nodes = {node.id: node for node in parts.frame.all_nodes()}
    assert len(nodes) == 8
    assert [line.role for line in nodes["node-2"].lines] == ["head", "value", "gradient"]
    chip, other = nodes["node-2"].chips
    assert (chip.id, other.id, chip.edge.id) == ("node-0", "node-1", "edge-2-0")
    assert chip.lines[0].text == "w₀ = 2    ∂ = x₀"
    (product,) = chip.edge.lines
    numbers = {piece.role: piece.text for piece in product.pieces if piece.role != "sign"}
    assert numbers == {"upstream": "0.1966", "local": "(−1)", "downstream": "−0.1966"}
    edge = next(edge for edge in parts.edges if edge.id == "edge-10-0")
    assert [line.role for line in edge.lines] == ["product", "formula"]
    (passed,) = next(edge for edge in parts.edges if edge.id == "edge-6-0").lines
    assert passed.text == "← 0.1966"
    a = Value(3.0, label="a")
    (fork, *_) = draw(a * a + a, names=True).parts.frame.nodes
    assert [line.role for line in fork.lines] == ["head", "value", "gradient", "shares"]
    assert json.loads(json.dumps(asdict(parts)))["foot"][0][0] == "legend"


def test_names_are_written_as_people_write_them_and_as_given_in_the_tooltip():
    picture = draw(neuron())
    assert any("w₀ = 2" in line for line in texts(picture.svg))
    assert "<title>w0</title>" in picture.svg


def test_a_fork_shows_its_contributions_and_their_sum():
    a = Value(3.0, label="a")
    words = texts(draw(a * a + a).svg)
    assert "↑ 7" in " ".join(words)
    assert any(w.strip() == "= 1 + 3 + 3" for w in words)


def test_a_fork_of_many_is_only_counted():
    a = Value(3.0, label="a")
    assert "= sum of 6" in " ".join(texts(draw(sum([a] * 6)).svg))


def test_an_automatic_name_stands_in_its_node_if_a_formula_uses_it():
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    words = " ".join(texts(draw(w * x.tanh()).svg))
    assert "∂ = v₁" in words
    assert words.count("v₁") == 2
    assert "v₁" not in " ".join(texts(draw(x.tanh() + w).svg))


def test_a_labelled_result_shows_its_label_and_its_operation():
    x = Value(2.0, label="x")
    y = x.tanh()
    y.label = "выход"
    words = [w.strip() for w in texts(draw(y).svg)]
    assert "выход" in words
    assert "= tanh" in words


def test_show_chooses_the_parts():
    x = Value(2.0, label="x")
    y = x * 3
    forward = " ".join(texts(draw(y, show="values", legend=False).svg))
    assert "6" in forward
    assert "↑" not in forward
    assert "∂" not in forward
    only = " ".join(texts(draw(y, show=["local", "formulas"], legend=False).svg))
    assert only.split() == ["×3", "x", "3"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"show": "everything"}, "show takes values, upstream, local, downstream, formulas, not 'everything'"),
        ({"theme": "blue"}, "theme is 'light', 'dark' or 'auto', not 'blue'"),
        ({"direction": "RL"}, "direction is 'auto', 'LR'"),
        ({"precision": -1}, "precision is a number of decimals"),
        ({"precision": 2.5}, "precision is a number of decimals"),
        ({"depth": -1}, "depth is how many levels"),
    ],
)
def test_an_option_that_does_not_exist_is_refused_in_one_sentence(options, message):
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(")):
        draw(Value(1.0) * 2, **options)


def test_small_and_large_numbers_are_powers_of_ten_and_no_zero_is_negative():
    x = Value(1.23e-5, label="x")
    words = " ".join(texts(draw(x * 1e9 + 0 * x * -1).svg))
    assert "1.23×10⁻⁵" in words
    assert "1×10⁹" in words
    assert "−0 " not in words
    assert "e+" not in words


def test_infinity_and_nan_can_be_drawn():
    x = Value(0.0, label="x")
    words = " ".join(texts(draw(sg.log(x) * 0).svg))
    assert "−∞" in words
    assert "nan: not a number" in words
    assert "∞: more than any number" in words


def test_precision_is_the_number_of_decimals():
    assert "−0.534447" in " ".join(texts(draw(neuron(), precision=6).svg))
    assert "0.20 × 2 = 0.39" in " ".join(texts(draw(neuron(), precision=2).svg))


NASTY = [
    "a|b{}<>",
    "\\N",
    "\\n\\l",
    "]]>",
    "<script>alert(1)</script>",
    "&amp;",
    "%s",
    "\"'",
    "x" * 500,
    "",
    "🙂",
    "a\nb",
]


@pytest.mark.parametrize("label", NASTY, ids=ascii)
def test_a_label_is_shown_as_text(label):
    picture = draw(Value(1.0, label=label) * 2)
    document = minidom.parseString(picture.svg)
    assert not document.getElementsByTagName("script")
    assert not document.getElementsByTagName("a")
    shown = "".join(texts(picture.svg))
    for piece in "".join(c if c.isprintable() else " " for c in label[:27]).split():
        assert piece in shown


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30))
def test_any_label_gives_well_formed_xml(label):
    minidom.parseString(draw(Value(1.0, label=label) * 2).svg)


def net():
    x = [Value(0.5, label="x0"), Value(-0.5, label="x1")]
    for i in range(2):
        with scope("net"), scope(f"layer {i}"):
            weights = [[Value(0.1 * (j + k + 1), label=f"w{i}{j}{k}") for k in range(len(x))] for j in range(4)]
            x = [sum(w * xi for w, xi in zip(row, x, strict=True)).tanh() for row in weights]
    return sum(x)


def test_scopes_are_frames_nested_as_they_were_entered():
    picture = draw(net())
    assert {frame.title for frame in picture.parts.frame.frames} == {"net"}
    assert [frame.title for frame in picture.parts.frame.frames[0].frames] == ["layer 0", "layer 1"]
    assert {"net", "layer 0", "layer 1"} <= set(texts(picture.svg))


def test_depth_folds_what_is_nested_deeper():
    whole, layers, one = draw(net(), depth=9), draw(net(), depth=1), draw(net(), depth=0)
    boxes = [len(texts(p.svg)) for p in (whole, layers, one)]
    assert boxes[0] > boxes[1] > boxes[2]
    assert "layer 1" in texts(layers.svg)
    assert "layer 1" not in texts(one.svg)
    assert any("operations" in t for t in texts(one.svg))


def test_too_many_nodes_are_refused_with_the_two_ways_out():
    y = Value(1.0)
    for _ in range(600):
        y = y + 1
    with pytest.raises(ValueError, match=r"601 nodes, more than 500: .*max_nodes=601.*depth=0"):
        draw(y)
    assert draw(y, max_nodes=601, depth=1).dot.count(" -> ") == 599  # the leaf stands in the first operation


def test_the_bytes_are_the_same_in_every_run():
    code = "from tests.test_drawing import neuron, net, draw; print(draw(neuron()).dot + draw(net(), depth=0).dot)"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, cwd=os.path.dirname(os.path.dirname(__file__)),
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1


def test_ids_have_the_prefix_and_say_which_node_and_edge():
    svg = draw(Value(1.0) * 2, id_prefix="one-").svg.replace("&#45;", "-")
    assert 'id="one-node-0"' in svg
    assert 'id="one-edge-1-0"' in svg


def test_what_is_highlighted_stands_out():
    plain, lit = (draw(neuron(), highlight=h) for h in ((), ("node-2", "edge-6-1")))
    assert plain.dot != lit.dot
    assert "penwidth=2.5" in lit.dot
    assert 'class="s-paper s-lit"' in lit.svg
    assert lit.svg.count('class="s-back"') == 2  # against the forward arrow, on both sides of its label
    assert 'class="s-back"' not in plain.svg


def test_a_trace_is_drawn_like_its_root_and_a_stale_graph_is_refused():
    x = Value(1.0, label="x")
    y = x * 2
    assert draw(trace(y)).dot == draw(y).dot
    x.data = 5.0
    with pytest.raises(StaleGraphError):
        draw(y)


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "start"),
    [("svg", b"<?xml"), ("png", b"\x89PNG"), ("dot", b"digraph"), ("tex", b"\\documentclass"), ("json", b"{")],
)
def test_the_ending_of_the_name_says_how_it_is_saved(tmp_path, ending, start):
    path = draw(Value(1.0) * 2).save(tmp_path / f"picture.{ending}")
    assert path.read_bytes().lstrip().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [f"picture.{ending}"]


def test_what_cannot_be_saved_is_said_in_one_sentence_and_loses_nothing(tmp_path, monkeypatch):
    picture = draw(Value(1.0) * 2)
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.dot, \.tex or \.json, not as 'a.gif'"):
        picture.save(tmp_path / "a.gif")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        picture.save(tmp_path / "missing" / "a.svg")
    old = tmp_path / "a.svg"
    old.write_text("old")
    monkeypatch.setenv(layout.VARIABLE, "no-such-program")
    with pytest.raises(layout.LayoutError, match="SCALARGRAD_DOT is 'no-such-program', which is not a program"):
        draw((Value(2.0) * 2).tanh()).save(old)
    assert old.read_text() == "old"


def test_tikz_has_every_text_in_its_place():
    drawing = draw(neuron(), highlight=("node-2", "edge-6-1"))
    tikz = tikz_of(drawing)
    assert tikz.count(r"\draw[->") == len(drawing.parts.edges)
    assert tikz.count(r"\draw[rounded") == 13
    assert r"\bfseries w\ensuremath{_{0}}" in tikz
    assert tikz.count("fill=sg-lit") == 1
    assert tikz.count("line width=2.5bp") == 2
    for line in (line for node in drawing.parts.frame.all_nodes() for line in node.lines):
        assert latex.words(line.pieces[0].text) in tikz


def tikz_of(drawing):
    return drawing.endings.writers[".tex"](drawing, None)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX")
def test_tikz_compiles(tmp_path):
    a = Value(2.0, label="α_1 & <%$#{x}>\\n²")
    for name, drawing in {
        "neuron": draw(neuron(), theme="dark"),
        "net": draw(net(), depth=0),
        "a": draw(a * a),
    }.items():
        drawing.save(tmp_path / f"{name}.tex")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True)
        assert b"(1 page" in done.stdout, done.stdout[-800:]


# --- notebooks and engines -------------------------------------------------------------------------------------------


def test_a_notebook_gets_svg_png_and_a_table_without_addresses():
    bundle = draw(neuron())._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml", "image/png"}
    assert "0x" not in bundle["text/plain"]
    assert "w₀" in bundle["text/plain"]


def test_a_notebook_without_a_layout_engine_gets_the_table_and_what_to_install(monkeypatch):
    monkeypatch.delenv(layout.VARIABLE, raising=False)
    monkeypatch.setattr(layout, "_in_the_wheel", lambda: None)
    monkeypatch.setenv("PATH", "")
    bundle = draw(neuron())._repr_mimebundle_()
    assert set(bundle) == {"text/plain"}
    assert "pip install graphviz-pure" in bundle["text/plain"]


def test_the_engine_is_the_one_named_else_the_wheel_else_on_the_path(monkeypatch, tmp_path):
    monkeypatch.delenv(layout.VARIABLE, raising=False)
    assert layout.engine().source == "the installed package graphviz-pure"
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv(layout.VARIABLE, str(program))
    assert layout.engine().path == str(program)
    with pytest.raises(layout.LayoutError, match="failed: broken"):
        _ = draw((Value(1.0) * 2).tanh()).svg
    monkeypatch.delenv(layout.VARIABLE)
    monkeypatch.setattr(layout, "_in_the_wheel", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert layout.engine().source == "dot on the PATH"
