"""The README does what it says: its Python runs, its commands work, its outputs are those printed."""

import contextlib
import html
import io
import re
import shlex
from pathlib import Path

import pytest

from scalargrad import OPS, cli
from scalargrad.ops import remove
from scalargrad.pages import asset

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PICTURE = "notebooks/pictures/sigmoid-neuron.svg"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_python_blocks_run_in_order_and_print_what_is_shown(tmp_path):
    """One after the other in one namespace; a text block behind one of them is what it prints."""
    before = set(OPS)
    space = {"__name__": "readme"}
    shown = 0
    try:
        for (language, source), (next_language, expected) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
            if language == "python":
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(source, "README.md", "exec"), space)
                if next_language == "text":
                    assert printed.getvalue().rstrip("\n") == expected.rstrip("\n")
                    shown += 1
    finally:
        for name in set(OPS) - before:
            remove(OPS[name])
    assert shown == sum(language == "text" for language, _ in BLOCKS) - 1  # the last is the picture of how it is built
    assert {"neuron.svg", "neuron-dark.png", "slope.svg"} <= {path.name for path in tmp_path.iterdir()}


def test_the_first_example_has_at_most_ten_lines():
    first = next(source for language, source in BLOCKS if language == "python")
    assert len([line for line in first.splitlines() if line]) <= 10


COMMANDS = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_work(line, capsys):
    name, *arguments = shlex.split(line)
    assert name == "scalargrad"
    assert cli.main(arguments) == 0
    assert capsys.readouterr().err == ""


def test_every_command_is_shown():
    assert {shlex.split(line)[1] for line in COMMANDS} == {
        "draw",
        "steps",
        "check",
        "ops",
        "demo",
        "doctor",
        "lecture",
        "bench",
    }


def test_the_two_lines_for_a_newcomer_are_there_and_the_checks_run_the_second():
    install, develop = next(block for language, block in BLOCKS if "pytest" in block).splitlines()
    assert install == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/scalargrad demo"
    assert develop == "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def test_the_picture_stands_first_then_code_then_the_set_up_and_what_the_distribution_is_called():
    order = ["![", "```python", ".venv/bin/pip install .", "`scalargrad-lab`", "On Windows"]
    assert [README.index(text) for text in order] == sorted(README.index(text) for text in order)


def test_the_files_named_in_it_exist():
    for path in re.findall(r"`((?:scalargrad|notebooks)/[\w./-]*)`", README) + re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / path).exists(), path


def texts(svg):
    """The texts in a drawing, whatever the layout."""
    return sorted(html.unescape(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL))


def test_the_picture_is_what_the_command_beside_it_draws():
    assert "`scalargrad demo -o sigmoid-neuron.svg`" in README
    with contextlib.redirect_stdout(io.StringIO()):
        assert cli.main(["demo", "-o", "sigmoid-neuron.svg"]) == 0
    kept = (ROOT / PICTURE).read_text(encoding="utf-8")
    assert texts(kept) == texts(Path("sigmoid-neuron.svg").read_text(encoding="utf-8"))
    assert "0.39" in "".join(texts(kept))


def test_the_page_it_links_to_is_the_player_as_it_is():
    page = (ROOT / "notebooks/pictures/sigmoid-neuron.html").read_text(encoding="utf-8")
    for package, names in (
        ("scalargrad.pages", ("page.css", "zoom.js", "controls.js")),
        ("scalargrad.stepper", ("player.css", "player.js")),
    ):
        for name in names:
            assert asset(name, package) in page, f"{name} has changed: run notebooks/pictures.py"


def test_lines_are_not_too_long_to_read():
    prose = re.sub(r"^```.*?^```$|^\|.*$|^!\[.*$", "", README, flags=re.MULTILINE | re.DOTALL)
    assert max(map(len, prose.splitlines())) <= 120
