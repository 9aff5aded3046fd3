"""The player as a reader meets it: legible on a screen and on a phone, by mouse, keys and touch, and open to all."""

import shutil
from importlib import resources

import pytest

from scalargrad import Value, steps
from tests.graphs import neuron

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
SCREEN, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def recurrence(count):
    w, u, h = Value(0.5, label="w"), Value(0.8, label="u"), Value(0.0, label="h0")
    for t in range(count):
        h = (w * h + u * Value(0.1 * t, label=f"x{t}")).tanh()
    return h


def fork():
    a = Value(3.0, label="a")
    return a * a + a


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page and goes to a step; what went wrong in it fails the test."""
    errors = []

    def at(told, step=1, predict=False, size=SCREEN, **options):
        path = told.save(tmp_path / "page.html", predict=predict)
        page = browser.new_page(viewport=size, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri())
        for _ in range(step - 1):
            if predict and page.locator(".sg-ask").is_visible():
                page.click(".sg-tell")
            page.evaluate("document.querySelector('.sg-next').click()")
        return page

    yield at
    assert errors == []


@pytest.mark.parametrize(("size", "least"), [(SCREEN, 11.0), (PHONE, 12.0)], ids=["screen", "phone"])
@pytest.mark.parametrize("graph", [neuron, fork, lambda: recurrence(20)], ids=["neuron", "fork", "recurrence"])
def test_what_a_step_is_about_can_be_read_and_is_seen(graph, size, least, opened):
    told = steps(graph())
    page = opened(told, len(told) - 3, size=size)
    seen = page.evaluate("""() => {
        const svg = document.querySelector('.sg-picture svg'), frame = svg.getBoundingClientRect();
        const node = svg.querySelector('[id*=node-].sg-lit'), box = node.getBoundingClientRect();
        return {
            texts: [...node.querySelectorAll('text')].map(t => parseFloat(getComputedStyle(t).fontSize) * svg.getScreenCTM().a),
            inside: box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1,
            wide: document.documentElement.scrollWidth - innerWidth,
        };
    }""")  # fmt: skip
    assert min(seen["texts"]) >= least
    assert seen["inside"]
    assert seen["wide"] <= 0


@pytest.mark.parametrize("predict", [False, True])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [SCREEN, PHONE], ids=["screen", "phone"])
def test_axe_finds_nothing(predict, scheme, size, opened):
    axe = pytest.importorskip("axe_playwright_python")
    page = opened(steps(neuron()), 18, predict, size, color_scheme=scheme)
    page.evaluate(resources.files(axe).joinpath("axe.min.js").read_text(encoding="utf-8"))
    assert page.evaluate("async () => (await axe.run()).violations.map(v => [v.id, v.nodes[0].html])") == []


def test_buttons_are_large_enough_for_a_finger(opened):
    page = opened(steps(neuron()), 18, True, PHONE)
    sizes = page.eval_on_selector_all(
        "button, select, input:not([type=checkbox])", "all => all.map(e => e.getBoundingClientRect().height).filter(Boolean)"
    )  # fmt: skip
    assert min(sizes) >= 24
    assert min(page.eval_on_selector_all("button", "all => all.map(e => e.getBoundingClientRect()).filter(b => b.width).map(b => Math.min(b.width, b.height))")) >= 44  # fmt: skip


def test_inputs_are_seen_at_once_and_a_sum_lights_all_its_shares(opened):
    page = opened(steps(fork()))
    assert page.locator("[id*=node-0]").first.get_attribute("class").split() == ["sg-no-grad", "sg-lit"]
    page.keyboard.press("End")
    assert page.locator("[id*=edge-].sg-lit").count() == 3
    page.keyboard.press("ArrowLeft")
    assert page.locator("[id*=edge-].sg-lit").count() == 1


def test_a_click_on_a_node_or_an_edge_goes_to_its_step(opened):
    told = steps(fork())
    page = opened(told)
    page.locator("[id*=node-2] text").first.click()
    assert page.inner_text(".sg-count") == "3 / 9"
    page.locator("[id*=edge-1-1] text").first.dispatch_event("click")
    assert page.inner_text(".sg-count") == "8 / 9"
    page.locator("[id*=node-0] text").first.click()  # backward: where its gradient is complete
    assert page.inner_text(".sg-count") == "9 / 9"
    page.click(".sg-turn")
    assert page.inner_text(".sg-line") == "dL/dL = 1"


def test_the_line_has_captions_and_hovering_links_it_to_the_drawing(opened):
    page = opened(steps(neuron()), 16)
    assert page.locator(".sg-line .sg-caption").all_inner_texts() == ["dL/dv₆", "dL/dv₇", "∂v₇/∂v₆"]
    captions = page.eval_on_selector_all(".sg-caption", "all => all.map(e => getComputedStyle(e, '::after').content)")
    assert captions == ['"downstream"', '"upstream"', '"local"']
    page.hover(".sg-line u")
    assert page.locator("svg .sg-linked").count() == 1


def test_keys_and_buttons_zoom_about_the_step_and_print_shows_the_whole(opened):
    page = opened(steps(recurrence(20)), 30)
    box = "[...document.querySelector('.sg-picture svg').viewBox.baseVal ? ['x','y','width','height'].map(k => document.querySelector('.sg-picture svg').viewBox.baseVal[k]) : []]"
    near = page.evaluate(box)
    page.keyboard.press("+")
    closer = page.evaluate(box)
    assert closer[2] < near[2]
    page.keyboard.press("-")
    assert page.evaluate(box)[2] == pytest.approx(near[2], abs=1)
    page.keyboard.press("0")
    whole = page.evaluate(box)
    assert whole[2] >= near[2]
    assert whole[3] > near[3]
    page.click(".sg-near")
    assert page.evaluate(box) == pytest.approx(near, abs=1)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(box) == pytest.approx(whole, abs=1)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(box) == pytest.approx(near, abs=1)


def test_prediction_prints_without_the_answers(opened):
    page = opened(steps(neuron()), 4, predict=True)
    page.emulate_media(media="print")
    visible = "all => all.filter(e => getComputedStyle(e).visibility === 'visible').map(e => e.textContent)"
    assert len(page.eval_on_selector_all("tbody tr:not(.sg-head)", visible)) < 6
    assert not any(
        "0.7311" in text
        for text in page.eval_on_selector_all(
            ".sg-picture text, .sg-picture tspan",
            visible.replace("e.textContent", "(e.firstElementChild ? '' : e.textContent)"),
        )
    )


def answer(page, *texts):
    fields = [page.locator(f".sg-{name}") for name in ("up", "local", "answer")][-len(texts) :]
    for field, text in zip(fields, texts, strict=True):
        field.fill(text)
    page.keyboard.press("Enter")
    return page.inner_text(".sg-verdict")


def product():
    w, x = Value(12.0, label="w"), Value(-0.2, label="x")
    return (w * x) * 2.5


def test_three_fields_are_asked_and_each_slip_is_told(opened):
    told = steps(product())
    page = opened(told, 7, predict=True)
    assert page.inner_text(".sg-line") == "dL/dw = dL/dv₁ × ∂v₁/∂w = ?"
    assert answer(page, "2.6", "-0.2", "-0.5").startswith("The upstream gradient is")
    assert page.locator(".sg-up").evaluate("e => document.activeElement === e")
    assert answer(page, "5/2", "0,2", "-0.5") == "Look at the sign."
    assert answer(page, "2.5", "12", "-0.5").startswith("The local derivative is")
    assert answer(page, "2.5", "−0,2", "0.5") == "Look at the sign."
    assert answer(page, "2.5", "−0,2", "-0.") == "Not yet."
    assert answer(page, "2.5", "−0,2", "one half").startswith("Write a number")
    assert page.locator(".sg-local").input_value() == "−0,2"  # what is right is kept
    assert answer(page, "2.5", "−0,2", "-1/2") == "Right."
    assert page.locator(".sg-next").evaluate("e => document.activeElement === e")


def test_one_field_by_choice_and_too_few_digits_are_told_from_wrong(opened):
    page = opened(steps((Value(2.0, label="w") / 7.0).exp() * 1.0), 3, predict=True)
    assert page.inner_text(".sg-line") == "v₂ = exp(v₁) = ?"
    assert answer(page, "1.3") == "Right as far as it goes: give more digits."
    assert answer(page, "1.4") == "Not yet."
    assert answer(page, "1.331") == "Right."
    page = opened(steps(product()), 6, predict=True)
    page.check(".sg-only")
    assert page.locator(".sg-up").is_hidden()
    assert answer(page, "2.5") == "Right."


def test_what_is_typed_is_kept_while_going_back_and_forth(opened):
    page = opened(steps(product()), 7, predict=True)
    page.fill(".sg-up", "2.5")
    page.evaluate("document.querySelector('.sg-back').click()")
    page.evaluate("document.querySelector('.sg-next').click()")
    assert page.locator(".sg-up").input_value() == "2.5"
