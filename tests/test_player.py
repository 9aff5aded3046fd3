"""The player: a page of its own, right in every number, and alive in a browser."""

import json
import math
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest

from scalargrad import Value, steps
from scalargrad.formatting import visible
from scalargrad.pages.svg import compact
from scalargrad.stepper.frames import whole
from tests.graphs import neuron

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def data(page):
    return json.loads(re.search(r'class="sg-data">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_fetches_nothing_and_is_small():
    page = steps(neuron()).html
    urls = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert {u for u in urls if "www.w3.org" not in u} == set()
    assert "{{" not in page
    assert len(page.encode()) < 60_000


def network(width):
    """A layer of tanh neurons, 3 inputs each, and their sum."""
    inputs = [Value(v, label=f"x{i}") for i, v in enumerate((0.5, 0.9, -0.3))]
    sums = [sum(x * Value(0.1 * (i + j), label=f"w{i}{j}") for j, x in enumerate(inputs)) for i in range(width)]
    return sum(s.tanh() for s in sums)


def test_a_page_grows_by_no_more_than_a_kilobyte_a_node():
    small, large = (steps(network(width)) for width in (2, 12))
    nodes = len(large.trace.nodes) - len(small.trace.nodes)
    assert nodes > 90
    assert len(large.html.encode()) - len(small.html.encode()) < 1024 * nodes


def test_the_table_has_every_step_as_the_text_has():
    told = steps(neuron())
    page = told.html
    assert page.count("<tr><td>") == len(told) == len(data(page)["steps"])
    page = re.sub("</?[uib]>", "", page)
    assert "dL/dw₀ = dL/dv₁ × ∂v₁/∂w₀ = 0.1966 × x₀ = 0.1966 × (−1) = −0.1966" in page


def test_every_node_and_edge_a_step_speaks_of_is_in_the_picture():
    page = steps(neuron()).html
    root = ElementTree.fromstring(re.search(r"<svg xmlns.*?</svg>", page, re.DOTALL)[0])
    ids = {element.get("id") for element in root.iter()}
    for step in data(page)["steps"]:
        kind, node, edge, *_ = step
        assert f"sg-node-{node}" in ids
        assert (f"sg-edge-{edge}" in ids) == (kind == "ba")


def test_the_parts_of_the_picture_are_named_by_what_they_mean():
    picture = compact(whole(steps(neuron())))
    for name in ("t-ink", "t-soft", "t-value", "t-grad", "t-flow", "t-formula", "s-paper", "s-leaf", "s-edge"):
        assert f'class="{name}"' in picture


@pytest.mark.parametrize(
    "label", ["</script><script>alert(1)</script>", "{{js}}", "<!--", "&amp;", "\u2028", '"'], ids=ascii
)
def test_a_label_cannot_break_out_of_the_page(label):
    page = steps(Value(2.0, label=label) * 3).html
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert data(page)["steps"][0][0] == "le"


@pytest.mark.parametrize(
    "label", [' d="M x"', ' x="1.2345" rx="9"', ' d="M1.5 2.5C1 1 1 1 1 1"', "\x01u\x02"], ids=ascii
)
def test_a_label_that_looks_like_a_shape_is_a_text_of_the_picture(label):
    picture = compact(whole(steps(Value(2.0, label=label) * 3)))
    texts = [element.text for element in ElementTree.fromstring(picture).iter() if element.text]
    assert any(visible(label) in text for text in texts)


def test_predicting_knows_the_answers_and_the_usual_slips():
    w, x = Value(2.0, label="w"), Value(-3.0, label="x")
    told = steps((w * x).square())
    records = data(told.player(predict=True))["steps"]
    edge = next(
        r
        for r, s in zip(records, told.trace.forward + told.trace.backward, strict=True)
        if s.node.name == "w" and s.edges
    )
    *_, answers, slips = edge
    assert [number for number, _ in answers] == [-12.0, -3.0, 36.0]
    assert {-36.0, -3.0, -12.0, -24.0, -15.0} == {number for number, *_ in slips}
    assert len(data(told.html)["steps"][0]) < len(records[0])


def test_numbers_that_are_not_finite_are_not_asked_for():
    records = data(steps(Value(0.0).log() * 2).player(predict=True))["steps"]
    assert all(math.isfinite(x) for r in records for answer in r[-2] or [] for x in answer)


def test_a_page_is_saved_by_its_ending(tmp_path):
    path = steps(neuron()).save(tmp_path / "neuron.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def run(page, script, tmp_path):
    """The page's text after a script has run in it."""
    path = tmp_path / "page.html"
    done = "<script>window.addEventListener('load', () => {" + script + "});</script></body>"
    path.write_text(page.replace("</body>", done), encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync --virtual-time-budget=3000 --dump-dom"
    command = [CHROMIUM, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


PRESS = "const key = k => document.querySelector('.sg-slider').dispatchEvent(new KeyboardEvent('keydown', {key: k, bubbles: true}));"


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_in_a_browser_buttons_and_keys_go_through_the_steps(tmp_path):
    page = steps(neuron()).html
    after = run(
        page, PRESS + "document.querySelector('.sg-next').click(); key('ArrowRight'); key('ArrowRight');", tmp_path
    )
    assert ">4 / 26<" in after
    assert re.search(r'id="sg-node-0" class="sg-no-grad"', after)  # its value is shown, and it is not lit
    assert 'class="sg-no-value sg-no-grad"' in after
    last = run(page, PRESS + "key('End');", tmp_path)
    assert ">26 / 26<" in last
    assert re.search(r'class="(sg-no-grad|sg-no-value)', last) is None
    line = re.search(r'class="sg-line">(.*?)</p>', last, re.DOTALL)[1]
    assert "dL/dx₀ = dL/dv₁ × ∂v₁/∂x₀" in re.sub("<[^>]*>", "", line)
    assert line.count("sg-caption") == 3


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_in_a_browser_a_wrong_answer_is_explained_and_a_right_one_goes_on(tmp_path):
    page = steps(neuron()).player(predict=True)
    start = "for (let i = 0; i < 9; i++) document.querySelector('.sg-next').click();"
    answer = "document.querySelector('.sg-answer').value = '{}'; document.querySelector('.sg-ask button').click();"
    wrong = run(page, start + answer.format("2"), tmp_path)
    assert ">Look at the sign.<" in wrong
    assert ">3 / 26<" in wrong
    right = run(page, start + answer.format("-2,0") + "document.querySelector('.sg-next').click();", tmp_path)
    assert ">4 / 26<" in right
