"""Drawings that can be read: at 900 pixels every letter has 9, nothing is cut, nothing lies over another."""

import math
import os
import random
import re
import shutil

import pytest

import fastpath
from fastpath import Tensor, cross_entropy
from scalargrad import Value, data, draw, exp, grad, nn, relu, scope, sigmoid, softmax
from scalargrad.drawing.style import THEMES
from tests.graphs import neuron

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def fork():
    a = Value(3.0, label="a")
    return a * a + a


def loss():
    scores = [Value(v, label=f"z{i}") for i, v in enumerate((5.0, 4.0, 2.0), 1)]
    return -softmax(scores)[0].log()


def layer(inputs, rows, name, weight):
    with scope(name):
        sums = [
            sum(Value(w, label=f"{weight}{i}{j}") * x for j, (w, x) in enumerate(zip(row, inputs, strict=True), 1))
            for i, row in enumerate(rows, 1)
        ]
        return [sigmoid(s) for s in sums]


def network():
    inputs = [Value(v, label=f"x{i}") for i, v in enumerate((0.5, 0.9, -0.3), 1)]
    hidden = layer(inputs, ((1.0, -2.0, 2.0), (2.0, 1.0, -4.0), (1.0, -1.0, 0.0)), "hidden layer", "w")
    first, second = layer(hidden, ((-3.0, 1.0, -3.0), (0.0, 1.0, 2.0)), "output layer", "u")
    return (first - 0.9) ** 2 + (second - 0.1) ** 2


def mlp():
    model = nn.MLP(2, [8, 8], 1, activation="tanh", seed=0)
    y = model([Value(0.5, label="x0"), Value(-1.0, label="x1")])
    return (y - 1.0) ** 2


def recurrence(steps, labels=True):
    w, u, h = Value(0.5, label="w"), Value(-0.3, label="u"), Value(0.0, label="h0")
    for t in range(1, steps + 1):
        h = (w * h + u * Value(0.1 * (t % 7) - 0.3, label=f"x{t}")).tanh()
        if labels:
            h.label = f"h{t}"
    return h


def attention():
    query = [Value(v, label=f"q{i}") for i, v in enumerate((0.5, -1.0))]
    keys = [[Value(0.1 * i + 0.2 * j + 0.2, label=f"k{i}{j}") for j in range(2)] for i in range(3)]
    values = [[Value(0.3 * (i - j) + 0.1, label=f"v{i}{j}") for j in range(2)] for i in range(3)]
    weights = softmax([sum(q * k for q, k in zip(query, key, strict=True)) / math.sqrt(2) for key in keys])
    return sum(sum(p * v[j] for p, v in zip(weights, values, strict=True)) for j in range(2))


def arrays():
    X = Tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.2]], label="X")
    W1 = Tensor([[0.5, -0.5, 0.2], [0.25, 1.0, -0.3]], requires_grad=True, label="W1")
    b1 = Tensor([0.1, 0.2, 0.3], requires_grad=True, label="b1")
    W2 = Tensor([[0.5, -0.5], [0.25, 1.0], [0.3, -0.4]], requires_grad=True, label="W2")
    return cross_entropy(relu(X @ W1 + b1) @ W2, [1, 0, 1])


def second():
    return grad(lambda x: (x * x).tanh() * x, create_graph=True)(Value(0.5, label="x"))


def plan():
    X, y = data.moons(20, noise=0.1, labels=(-1, 1), seed=0)
    model = nn.MLP(2, [16, 16], 1, activation="relu", seed=0)
    return fastpath.compile(lambda x, y: relu(1 - y * model(x)) + 1e-4 * sum(p * p for p in model.parameters())).plan(
        X, y
    )


PICTURES = {
    "neuron": neuron, "a·a + a": fork, "softmax and cross-entropy": loss, "3-3-2": network, "MLP 2-8-8-1": mlp,
    "recurrence of 10": lambda: recurrence(10), "of 30": lambda: recurrence(30), "of 60": lambda: recurrence(60),
    "attention": attention, "arrays": arrays, "second derivative": second, "plan": plan,
}  # fmt: skip
"""The twelve pictures."""

MEASURE = """() => {
  const svg = document.querySelector("svg");
  const all = svg.getBoundingClientRect();
  const size = all.width / svg.viewBox.baseVal.width;
  const box = (e) => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
  const texts = [...svg.querySelectorAll("text")].map((e) => ({
    text: e.textContent, box: box(e),
    size: size * Math.min(...[e, ...e.querySelectorAll("tspan")].filter((x) => x.tagName === "tspan" || !x.children.length)
      .map((x) => parseFloat(getComputedStyle(x).fontSize))),
  }));
  const boxes = [...svg.querySelectorAll(".s-paper, .s-card, .s-again, g.node > .s-leaf")].map(box);
  const inside = [...svg.querySelectorAll("g.node")].flatMap((g) => {
    const rect = g.querySelector(":scope > rect");
    return rect ? [...g.querySelectorAll(":scope > text")].map((t) => [t.textContent, box(rect), box(t)]) : [];
  });
  return { all: [all.left, all.top, all.right, all.bottom], texts, boxes, inside };
}"""


@pytest.fixture(scope="module")
def page():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 900, "height": 800})
        browser.close()


def spent():
    """The seconds of work of this process and of those it has waited for."""
    return sum(os.times()[:4])


def measured(page, svg):
    page.set_content("<body style='margin:0'>" + svg[svg.index("<svg") :] + "</body>")
    return page.evaluate(MEASURE)


def overlap(a, b, by=1.0):
    return min(a[2], b[2]) - max(a[0], b[0]) > by and min(a[3], b[3]) - max(a[1], b[1]) > by


def contains(outer, inner, by=1.0):
    return (
        outer[0] - by <= inner[0]
        and outer[1] - by <= inner[1]
        and inner[2] <= outer[2] + by
        and inner[3] <= outer[3] + by
    )


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_every_text_of_the_twelve_pictures_can_be_read_and_is_where_it_belongs(page, name, lang):
    root = PICTURES[name]()
    before = spent()
    svg = draw(root, lang=lang, theme="dark" if lang == "ru" else "light").svg
    assert spent() - before < 4  # two seconds, on a machine that does nothing else
    found = measured(page, svg)
    assert found["all"][2] <= 900.5
    assert found["texts"]
    for text in found["texts"]:
        assert text["size"] >= 9, text
        assert contains(found["all"], text["box"]), text
    for text, rectangle, box in found["inside"]:
        assert contains(rectangle, box), text
    leaves = found["boxes"]
    for i, box in enumerate(leaves):
        assert not [
            other
            for other in leaves[i + 1 :]
            if overlap(box, other) and not contains(box, other) and not contains(other, box)
        ]
    shown = [t["box"] for t in found["texts"] if t["text"].strip()]
    for i, (left, top, right, low) in enumerate(shown):
        own = (left, top + 3, right, low - 3)  # the height of a line is more than that of its letters
        assert not [other for other in shown[i + 1 :] if overlap(own, (other[0], other[1] + 3, other[2], other[3] - 3))]


# --- any graph -------------------------------------------------------------------------------------------------------


def chain():
    y = Value(1.0, label="x")
    for i in range(499):
        y = y * 0.9 if i % 2 else y.tanh()
    return y


def wide_sum():
    return sum(Value(0.1 * i, label=f"w{i}") * Value(1.0, label=f"x{i}") for i in range(120))


def dense():
    h = [Value(0.1 * i, label=f"x{i}") for i in range(6)]
    for k in range(4):
        h = [sum(Value(0.1, label=f"w{k}{i}{j}") * x for j, x in enumerate(h)).tanh() for i in range(6)]
    return sum(h)


def random_graph(seed=0):
    r = random.Random(seed)
    nodes = [Value(r.uniform(-1, 1), label=f"x{i}") for i in range(10)]
    while len(nodes) < 400:
        a, b = r.choice(nodes), r.choice(nodes[-30:])
        nodes.append(r.choice([a * b, a + b, (a - b).tanh()]))
    return sum(nodes[-30:])


SHAPES = {"chain": chain, "wide sum": wide_sum, "dense": dense, "random": random_graph,
          "recurrence": lambda: recurrence(80, labels=False)}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_hundreds_of_nodes_of_any_shape_are_drawn_soon_and_no_wider_than_can_be_read(shape):
    root = SHAPES[shape]()
    for depth in (None, 9):
        before = spent()
        picture = draw(root, depth=depth, max_nodes=700)
        assert picture.layout.width <= 1110
        assert spent() - before < 6  # two seconds, on a machine that does nothing else


# --- colours ---------------------------------------------------------------------------------------------------------


def linear(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def luminance(rgb):
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), rgb, strict=True))


def contrast(a, b):
    """The contrast of WCAG 2: (L₁ + 0.05)/(L₂ + 0.05)."""
    high, low = sorted((luminance(linear(a)), luminance(linear(b))), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_texts_and_shapes_stand_out_from_what_is_behind_them(theme):
    for ground in (theme.paper, theme.leaf, theme.lit):
        for text in (theme.ink, theme.soft, theme.value, theme.grad, theme.formula):
            assert contrast(text, ground) >= 4.5, (text, ground)
    for shape in (theme.rule, theme.leafrule, theme.edge, theme.scope, theme.grad):
        assert contrast(shape, theme.paper) >= 3, shape


BLIND = {  # Viénot, Brettel and Mollon 1999, on linear RGB
    "protanopia": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deuteranopia": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def lab(rgb):
    """CIELAB of linear RGB."""
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    x, y, z = (
        max(sum(m * c for m, c in zip(row, rgb, strict=True)), 0) / white
        for row, white in zip(rows, (0.9505, 1.0, 1.089), strict=True)
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("kind", BLIND)
def test_values_and_gradients_have_colours_that_colour_blind_readers_tell_apart(theme, kind):
    def seen(color):
        rgb = linear(color)
        return lab([min(max(sum(m * c for m, c in zip(row, rgb, strict=True)), 0), 1) for row in BLIND[kind]])

    assert math.dist(seen(theme.value), seen(theme.grad)) > 40


def test_the_theme_auto_follows_the_page_and_jupyter():
    svg = draw(exp(Value(1.0, label="x")), theme="auto").svg
    light, dark = THEMES["light"], THEMES["dark"]
    assert svg.index(light.paper) < svg.index("@media (prefers-color-scheme:dark)") < svg.index(dark.paper)
    assert '[data-jp-theme-light="false"] .sg-auto' in svg
    assert svg.index('[data-jp-theme-light="true"]') > svg.index("@media")
    assert "@media" not in draw(exp(Value(1.0, label="x")), theme="dark").svg
    assert "text/html" not in draw(exp(Value(1.0, label="x")))._repr_mimebundle_()


def test_in_a_notebook_the_theme_auto_is_that_of_jupyter_and_without_trust_the_png_is_seen(page):
    bundle = draw(exp(Value(1.0, label="x")), theme="auto")._repr_mimebundle_()
    ground = "getComputedStyle(document.querySelector('.s-ground')).fill"
    for told, color in (("true", "rgb(255, 255, 255)"), ("false", "rgb(20, 24, 31)")):
        page.set_content(f'<body data-jp-theme-light="{told}">{bundle["text/html"]}</body>')
        assert page.evaluate(ground) == color
        assert not page.is_visible(".sg-png")
    page.set_content(re.sub(r"<svg.*</svg>", "", bundle["text/html"], flags=re.DOTALL))
    assert page.is_visible(".sg-png")


@pytest.mark.parametrize("width", [390, 868])
def test_in_a_notebook_a_drawing_can_be_read_on_a_narrow_page_too(page, width):
    html = draw(network(), theme="auto")._repr_mimebundle_()["text/html"]
    narrow = page.context.browser.new_page()
    narrow.set_viewport_size({"width": width, "height": 800})
    narrow.set_content(f'<body style="margin:0">{html}</body>')
    sizes = "[...document.querySelectorAll('svg text')].map(t => parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getScreenCTM().a)"
    assert min(narrow.evaluate(sizes)) >= 8.5
    assert narrow.evaluate("document.documentElement.scrollWidth") <= width
    narrow.close()


# --- what is drawn how -----------------------------------------------------------------------------------------------


def test_a_leaf_used_often_is_drawn_at_each_use_and_its_total_once():
    parts = draw(recurrence(10)).parts
    boxes = list(parts.frame.all_nodes())
    assert [box.id for box in boxes if box.kind == "leaf"] == ["node-0", "node-3"]
    w = boxes[0]
    assert [line.text for line in w.lines][0::3] == ["w", "= sum of 10"]
    copies = [chip for box in boxes for chip in box.chips if not chip.id]
    assert len(copies) == 20
    assert not [edge for edge in parts.edges if edge.tail == w.name]


def test_a_network_is_drawn_by_neurons_in_the_order_in_which_they_are_declared():
    picture = draw(mlp())
    cards = [box for box in picture.parts.frame.all_nodes() if box.kind == "neuron"]
    assert [c.lines[0].text.split("  ")[0] for c in cards] == [f"neuron {k}" for k in (*range(1, 9), *range(1, 9), 1)]
    assert {line.role for line in cards[0].lines} == {"head", "operation", "value", "gradient"}
    places = {node.part.name: node.items[0].rectangle for node in picture.layout.nodes}
    for side in (cards[:8], cards[8:16]):
        assert [places[c.name][1] for c in side] == sorted(places[c.name][1] for c in side)
        assert max(places[c.name][0] for c in side) < min(places[c.name][0] + places[c.name][2] for c in side)
    into = [edge for edge in picture.parts.edges if edge.head == cards[8].name]
    assert sorted(edge.tip for edge in into) == [f"W2{'₀₁₂₃₄₅₆₇'[i]}₀" for i in range(8)]
    assert all(re.fullmatch(r"× \S+   ← \S+", edge.lines[0].text) for edge in into)  # the weight, and what goes back
    assert "depth=" in picture.parts.foot[-1].text


def test_a_network_too_dense_is_folded_by_layers_which_count_their_parameters():
    model = nn.MLP(2, [16, 16], 1, seed=0)
    y = model([Value(0.5, label="x0"), Value(-1.0, label="x1")])
    picture = draw(y)
    layers = [box for box in picture.parts.frame.all_nodes() if box.kind == "scope"]
    counts = [line.text for box in layers for line in box.lines if line.text.startswith("parameters")]
    assert counts == ["parameters: 48", "parameters: 272", "parameters: 17"]
    assert any(line.role == "gradient" for line in layers[-1].lines)
    whole = draw(y, depth=0).parts
    assert "parameters: 337" in [line.text for box in whole.frame.all_nodes() for line in box.lines]


def test_gradients_set_by_hand_are_shown_where_they_are_not_what_comes_back():
    x = Value(2.0, label="x")
    y = x * 3.0
    y.backward()
    x.grad = 50.0
    assert "↑ 50" in draw(y, gradients="stored").svg
    assert "↑ 50" not in draw(y).svg


def test_a_matrix_stands_in_brackets():
    svg = draw(arrays()).svg
    assert "[[" not in svg
    assert svg.count('class="s-mark"') >= 10
