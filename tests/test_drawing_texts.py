"""Drawings of any scope, label and size: no cycle, nothing empty, nothing too long, nothing raised in a notebook."""

import random
import re
from contextlib import ExitStack
from dataclasses import replace
from graphlib import TopologicalSorter
from xml.dom import minidom

import pytest

from scalargrad import Trace, Value, draw, gradcheck, scope, steps, trace
from scalargrad.drawing import layout
from scalargrad.drawing.folding import FRAMES, fold, scopes_of
from scalargrad.formatting import one_line, visible


def scoped(path):
    """A product whose node was made in this scope, whatever a scope may be called."""
    t = trace(Value(2.0, label="x") * 3)
    nodes = tuple(replace(n, scope=path) for n in t.nodes)
    return Trace(nodes, tuple(replace(e, input=nodes[e.input.index], output=nodes[e.output.index]) for e in t.edges))


SCOPES = ["/", "//", "a//b", "a/", "/a", "", " ", "\x00", "<b>&", "\\N", "\ud800", "a\nb", "x" * 5000]
SCOPES += ["/".join(["a"] * 5000), "a/b/c" * 300, "{0}|", "‮abc"]


@pytest.mark.parametrize("path", SCOPES, ids=lambda path: ascii(path)[:20])
def test_a_scope_may_be_any_text(path):
    for depth in (None, 0, 1):
        minidom.parseString(draw(scoped(path), depth=depth).svg)
    assert steps(scoped(path)).html


def test_scopes_without_a_name_are_no_frames_and_very_deep_ones_are_one():
    assert scopes_of("/a//b/") == ["a", "b"]
    assert len(scopes_of("/".join("abc" * 100))) == FRAMES
    assert draw(scoped("//")).dot == draw(scoped(None)).dot


# --- folding ---------------------------------------------------------------------------------------------------------


def require_no_cycle(folded):
    before = {}
    for start, end in [*folded.edges, *folded.plain]:
        before.setdefault(end, set()).add(start)
    list(TopologicalSorter(before).static_order())  # raises CycleError


def test_layers_of_one_name_are_boxes_of_their_own():
    h = Value(1.0, label="x")
    for i in range(3):
        with scope("Linear"):
            h = h * Value(2.0, label=f"w{i}") + 1
        h = h.tanh()
    folded = fold(trace(h), 0)
    assert [(box.name, len(box.nodes)) for box in folded.boxes.values()] == [
        ("Linear (1)", 2), ("Linear (2)", 2), ("Linear (3)", 2),
    ]  # fmt: skip
    require_no_cycle(folded)
    assert "Linear (2)" in draw(h, depth=0).svg


def test_what_only_a_later_part_uses_belongs_to_it():
    x = Value(1.0, label="x")
    with scope("layer"):
        h = x * 2
    h = h.tanh()
    with scope("layer"):
        scale = x * 3  # nothing of the first part, though nothing came before it
        y = h * scale
    boxes = fold(trace(y), 0).boxes
    assert [len(box.nodes) for box in boxes.values()] == [1, 2]


def test_a_scope_that_is_left_and_entered_again_without_a_cycle_is_one_box():
    x = Value(1.0, label="x")
    with scope("a"):
        p = x * 2
    q = x.tanh()
    with scope("a"):
        r = q + 1
    assert [box.name for box in fold(trace(p + r), 0).boxes.values()] == ["a"]


@pytest.mark.parametrize("seed", range(150))
def test_no_scopes_make_a_cycle(seed):
    r = random.Random(seed)
    nodes = [Value(1.0, label="x"), Value(2.0)]
    for _ in range(r.randint(3, 40)):
        with ExitStack() as entered:
            for name in r.choice([[], ["a"], ["b"], ["c"], ["a", "x"], ["b", "x"], ["a", "y"]]):
                entered.enter_context(scope(name))
            nodes.append(r.choice(nodes) + r.choice(nodes[-4:]))
    t = trace(sum(nodes))
    for depth in (0, 1):
        folded = fold(t, depth)
        require_no_cycle(folded)
        inside = [n.index for box in folded.boxes.values() for n in (*box.nodes, *box.leaves)]
        assert sorted([*inside, *(n.index for n in folded.nodes)]) == list(range(len(t.nodes)))


def test_a_folded_box_counts_its_leaves_as_leaves():
    inputs = [Value(float(i), label=f"x{i}") for i in range(9)]
    with scope("layer"):
        y = sum(x * 2 for x in inputs)
    words = draw(y, depth=0).svg
    assert "leaves: 9" in words
    assert "parameters" not in words


# --- labels ----------------------------------------------------------------------------------------------------------


def tooltips(svg):
    return [t.firstChild.data if t.firstChild else "" for t in minidom.parseString(svg).getElementsByTagName("title")]


@pytest.mark.parametrize("label", ["", " ", "\t", "\x00", "\u200b"], ids=ascii)
def test_no_tooltip_is_empty(label):
    x = Value(1.0, label=label)
    with scope("s"):
        y = x * 2
    y.label = label
    assert all(tip.strip() for tip in tooltips(draw(y).svg))


def test_what_is_drawn_of_a_long_label_is_short():
    x = Value(1.0, label="&" * 40_000)
    with scope("<" * 40_000):
        y = x * x + Value(2.0, label="\x00" * 40_000)
    y.label = "\\" * 40_000
    for picture in (draw(y), draw(y, depth=0), steps(y)[-1], steps(y)[2], steps(y).worksheet().picture):
        longest = max(
            len(piece.encode()) for piece in re.findall(r'"(?:[^"\\]|\\.)*"|<<table.*?</table>>', picture.dot)
        )
        assert longest < 16_384  # the buffer of the Graphviz programs of Debian
        minidom.parseString(picture.svg)
    assert max(map(len, tooltips(draw(y).svg))) < 900


def test_what_cannot_be_shown_is_shown_by_its_number():
    x = Value(1.0, label="a\x1b[31m\u202e\ud800b")
    shown = r"a\x1b[31m\u202e\ud800b"
    assert shown in draw(x * 2).svg
    assert shown in draw(x * 2).text
    assert shown in steps(x * 2).text
    y = x * 2
    y.label = x.label
    for told in (repr(draw(y)), repr(steps(y)), repr(steps(y).worksheet()), repr(trace(y)), repr(steps(y)[0])):
        assert told.isprintable()
    assert visible("می\u200cخواهم 👩\u200d🔬 x\u00a0y") == "می\u200cخواهم 👩\u200d🔬 x y"
    assert visible("\n" * 100, 9) == r"\n\n\n\n…"
    assert one_line(ValueError()) == "ValueError"


# --- notebooks -------------------------------------------------------------------------------------------------------


def shown(thing):
    """What a notebook shows of it."""
    if hasattr(thing, "_repr_mimebundle_"):
        return "".join(map(str, thing._repr_mimebundle_().values()))
    return thing._repr_html_()


@pytest.mark.parametrize("trouble", ["no program", "rubbish", "no language"])
def test_a_notebook_shows_something_whatever_is_wrong(trouble, monkeypatch):
    y = Value(2.0, label="x") * 3
    told = steps(y)
    sheet, page = told.worksheet(), told.player(predict=True)
    things = [draw(y), told, sheet, sheet.key, page, told[0]]
    if trouble == "no program":
        monkeypatch.setenv(layout.VARIABLE, "no-such-program")
    elif trouble == "rubbish":
        monkeypatch.setattr(layout, "render", lambda *given: b"<svg")
    else:
        monkeypatch.setenv("SCALARGRAD_LANG", "xx")
        monkeypatch.setenv(layout.VARIABLE, "no-such-program")
    for thing in things:
        assert shown(thing).strip()
    assert "<script>" not in shown(sheet)


def test_the_reason_is_text_in_the_page(monkeypatch):
    told = steps((Value(2.0, label="x") * 3).tanh())
    sheet = told.worksheet()
    monkeypatch.setenv(layout.VARIABLE, "<script>alert(1)</script>")
    assert sheet._repr_html_().startswith("<pre>SCALARGRAD_DOT is")
    assert "&lt;script&gt;" in sheet._repr_html_()


def test_a_graph_that_is_too_large_is_refused_before_it_is_traced(monkeypatch):
    y = Value(1.0, label="x")
    for _ in range(30_000):
        y = y + 1
    monkeypatch.setattr("scalargrad.drawing.trace", lambda root: pytest.fail("traced"))
    for depth in (None, 0, 3):
        with pytest.raises(ValueError, match="would have 30001 nodes, more than 500"):
            draw(y, depth=depth)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "9", None, True])
def test_max_nodes_is_a_whole_number(wrong):
    with pytest.raises(ValueError, match="max_nodes is a whole number from 1 on"):
        draw(Value(1.0), max_nodes=wrong)


def test_a_check_of_gradients_tells_labels_as_text_and_in_short():
    told = gradcheck(Value(2.0, label="\x1b[31m\u202e\n" * 3_000) * 2 + Value(1.0, label="y" * 9_000))
    assert all(line.isprintable() for line in [*str(told).split("\n"), repr(told)])
    assert max(map(len, str(told).split("\n"))) < 400
