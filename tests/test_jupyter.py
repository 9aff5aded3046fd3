"""The steps in a notebook: in JupyterLab, in an exported page, trusted and not, twice on one page."""

import html
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from html.parser import HTMLParser
from urllib.request import urlopen

import pytest

from scalargrad import Value, steps
from tests.processes import server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
CODE = """\
from scalargrad import Value, exp, steps
names = ("w0", "x0", "w1", "x1", "w2")
w0, x0, w1, x1, w2 = (Value(v, label=n) for v, n in zip((2, -1, -3, -2, -3), names))
steps(1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))){}"""


def block():
    return steps(Value(2.0, label="x").exp() * 3)._repr_mimebundle_()["text/html"]


# --- the piece of HTML -----------------------------------------------------------------------------------------------


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_the_block_is_a_picture_and_a_table_and_a_frame():
    tags = [tag for tag, _ in Elements(block()).found]
    assert [tag for tag in tags if tag in ("img", "table", "iframe")] == ["img", "table", "iframe"]
    assert tags.count("tr") == 1 + len(steps(Value(2.0, label="x").exp() * 3))
    assert "script" not in tags  # those of the player are inside the frame's document


def test_nothing_in_the_block_has_an_id_or_an_address():
    found = Elements(block()).found
    assert not [attributes for _, attributes in found if "id" in attributes]
    frame = next(attributes for tag, attributes in found if tag == "iframe")
    assert {url for url in re.findall(r"https?://[\w.]+", block() + frame["srcdoc"]) if "w3.org" not in url} == set()
    assert frame["srcdoc"].startswith("<!DOCTYPE html>")


def test_a_label_cannot_leave_the_frame():
    hostile = '"></iframe><script>alert(1)</script>'
    text = steps(Value(2.0, label=hostile).exp())._repr_mimebundle_()["text/html"]
    tags = [tag for tag, _ in Elements(text).found]
    assert tags.count("iframe") == 1
    assert "script" not in tags


def test_a_notebook_gets_the_text_where_nothing_can_be_drawn(monkeypatch):
    monkeypatch.setenv("SCALARGRAD_DOT", "there-is-no-such-program")
    x = Value(2.0, label="x")
    bundle = steps(x.exp() + x.sin())._repr_mimebundle_()
    assert "SCALARGRAD_DOT" in bundle["text/plain"]
    assert "dL/dx" in bundle["text/plain"]
    assert "text/html" not in bundle


# --- in a browser ----------------------------------------------------------------------------------------------------


@contextmanager
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


def notebook(*sources):
    """An executed notebook."""
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient").NotebookClient
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    book.metadata["kernelspec"] = KERNEL
    client(book, timeout=120).execute()
    return book


def frames(page, count):
    """The players' frames, once they are there and alive."""
    page.wait_for_function(
        "n => [...document.querySelectorAll('.sg-steps-block iframe')].filter("
        "f => f.contentDocument && f.contentDocument.querySelector('.sg-live')).length === n",
        arg=count,
    )
    return [element.content_frame() for element in page.query_selector_all(".sg-steps-block iframe")]


def walk(page, first, second):
    """Click and press through the first player; the second stays where it is."""
    assert first.inner_text(".sg-count") == "1 / 26"
    first.click(".sg-next")
    first.click(".sg-next")
    assert first.inner_text(".sg-count") == "3 / 26"
    assert first.inner_text(".sg-line") == "v₁ = w₀·x₀ = 2 × (−1) = −2"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    assert first.inner_text(".sg-count") == "26 / 26"
    assert "dL/dx₀ = dL/dv₁ × ∂v₁/∂x₀ = 0.1966 × w₀ = 0.1966 × 2 = 0.3932" in first.inner_text(".sg-line")
    page.keyboard.press("Home")
    assert first.inner_text(".sg-count") == "1 / 26"
    assert second.inner_text(".sg-count") == "1 / 26"
    second.click(".sg-last")
    assert (first.inner_text(".sg-count"), second.inner_text(".sg-count")) == ("1 / 26", "26 / 26")


def test_in_an_exported_page_two_players_play_without_a_network(tmp_path):
    exporter = pytest.importorskip("nbconvert").HTMLExporter
    book = notebook(CODE.format(""), CODE.format("  # once more"))
    text, _ = exporter().from_notebook_node(book)
    path = tmp_path / "exported.html"
    path.write_text(text, encoding="utf-8")
    with browser() as chromium:
        page = chromium.new_page()
        page.route(re.compile("^https?:"), lambda route: route.abort())
        page.goto(path.as_uri())
        first, second = frames(page, 2)
        assert not page.is_visible(".sg-still")
        walk(page, first, second)
        height = page.evaluate("document.querySelector('.sg-steps-block iframe').getBoundingClientRect().height")
        assert height > 300


def test_where_scripts_do_not_run_the_picture_and_the_table_are_there(tmp_path):
    path = tmp_path / "still.html"
    path.write_text(f"<!DOCTYPE html><html><body>{block()}</body></html>", encoding="utf-8")
    with browser() as chromium:
        page = chromium.new_context(java_script_enabled=False).new_page()
        page.goto(path.as_uri())
        assert page.locator(".sg-still img").bounding_box()["width"] > 100
        assert page.locator(".sg-still tr").count() == 1 + 6


@contextmanager
def jupyterlab(folder):
    """A JupyterLab that serves a folder; its address."""
    pytest.importorskip("jupyterlab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        "--no-browser",
        "--allow-root",
        "--IdentityProvider.token=",
        f"--port={port}",
        "--ServerApp.port_retries=0",
    ]
    options += [
        "--ip=127.0.0.1",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"]
    address = f"http://127.0.0.1:{port}"
    with server(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder):
        for _ in range(240):
            try:
                urlopen(f"{address}/api", timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        yield address


def run_cell(page, number):
    """Run a cell until its player is there: JupyterLab loses keys while it is still starting."""
    timeout = pytest.importorskip("playwright.sync_api").TimeoutError
    for _ in range(6):
        page.click(f".jp-Notebook .jp-CodeCell .jp-InputPrompt >> nth={number}")
        page.keyboard.press("Shift+Enter")
        try:
            page.wait_for_selector(f".sg-steps-block iframe >> nth={number}", timeout=10_000)
            return
        except timeout:
            continue
    raise AssertionError(f"cell {number} does not run")


def test_in_jupyterlab_the_player_plays_and_the_notebooks_own_keys_are_left_alone(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    cells = [nbformat.v4.new_code_cell(CODE.format("")), nbformat.v4.new_code_cell(CODE.format("  # once more"))]
    book = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    nbformat.write(book, tmp_path / "live.ipynb")
    with jupyterlab(tmp_path) as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1300, "height": 1400})
        page.goto(f"{address}/lab/tree/live.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=60_000)
        for number in (0, 1):
            run_cell(page, number)
        first, second = frames(page, 2)
        assert not page.is_visible(".sg-still")
        walk(page, first, second)
        cells = page.locator(".jp-Notebook .jp-CodeCell").count()
        second.click(".sg-first")
        for key in ("b", "a", "ArrowRight", "d", "d"):  # add a cell below, above, remove one: not from in here
            page.keyboard.press(key)
        assert page.locator(".jp-Notebook .jp-CodeCell").count() == cells
        assert second.inner_text(".sg-count") == "2 / 26"
        page.click(".jp-Notebook .jp-CodeCell .jp-InputPrompt >> nth=0")
        page.keyboard.press("ArrowDown")
        assert second.inner_text(".sg-count") == "2 / 26"
        page.keyboard.press("b")
        page.wait_for_function(f"document.querySelectorAll('.jp-Notebook .jp-CodeCell').length === {cells + 1}")


def test_in_jupyterlab_a_notebook_that_is_not_trusted_shows_the_picture_and_the_table(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbformat.write(notebook(CODE.format("")), tmp_path / "foreign.ipynb")  # never run by this server: not trusted
    with jupyterlab(tmp_path) as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1300, "height": 1400})
        page.goto(f"{address}/lab/tree/foreign.ipynb")
        page.wait_for_selector(".jp-OutputArea img", timeout=60_000)
        assert page.locator(".jp-OutputArea iframe").count() == 0
        assert page.locator(".jp-OutputArea img").bounding_box()["width"] > 100
        assert "dL/dx₀ = dL/dv₁ × ∂v₁/∂x₀" in html.unescape(page.locator(".jp-OutputArea table").inner_text())


def test_a_page_that_asks_is_shown_in_a_notebook_without_the_answers():
    x = Value(2.0, label="x")
    text = steps((x * 4.5).square(), precision=2).player(predict=True)._repr_html_()
    still = text[: text.index("<iframe")]
    assert "v₁ = x·4.5 = ?" in html.unescape(still)
    assert "81.00" not in still
    assert "&quot;predict&quot;:true" in text
