"""The notebooks run; what is committed holds nothing that changes from run to run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SOURCES = sorted(NOTEBOOKS.glob("[0-9]*.py"))
BUILT = sorted(NOTEBOOKS.glob("*.ipynb"))


def stem(path):
    return path.stem


def outputs(path):
    """The outputs of each code cell, in order."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


def printed(cell):
    return "".join("".join(output["text"]) for output in cell if output["output_type"] == "stream")


@pytest.mark.parametrize("source", SOURCES, ids=stem)
def test_a_notebook_runs(source):
    """Its pictures may differ from those committed where another version of Graphviz has laid them out."""
    for name in ("jupytext", "nbclient", "ipykernel", "matplotlib", "PIL"):
        pytest.importorskip(name)
    command = [sys.executable, str(NOTEBOOKS / "build.py"), "--check", source.stem]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stdout.startswith(f"{source.stem}.ipynb: ")


def test_every_source_has_its_notebook():
    assert [path.stem for path in BUILT] == [path.stem for path in SOURCES]


@pytest.mark.parametrize("path", BUILT, ids=stem)
def test_no_notebook_holds_a_time_an_address_or_a_warning(path):
    text = path.read_text(encoding="utf-8")
    assert "timestamp" not in text
    assert "iopub" not in text
    assert " at 0x" not in text
    assert len(text) < 400_000
    for cell in outputs(path):
        assert all(output["output_type"] != "error" and output.get("name") != "stderr" for output in cell)


@pytest.mark.parametrize("path", BUILT, ids=stem)
def test_the_exercises_are_open(path):
    """What is given is not yet right, the check says what to think of, and no output holds the answer."""
    told = [line for cell in outputs(path) for line in printed(cell).splitlines()]
    assert sum(line.startswith("not yet: ") for line in told) >= 1
    assert "right" not in told


@pytest.mark.parametrize("path", BUILT, ids=stem)
def test_the_answers_are_folded_and_were_tried(path):
    """The code in them is not a cell: nothing of it was run and kept. ``build.py`` runs it and wants "right"."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    last = "".join(cells[-1]["source"])
    assert cells[-1]["cell_type"] == "markdown"
    assert last.startswith("<details>")
    assert "```python" in last


@pytest.mark.parametrize("path", BUILT, ids=stem)
def test_a_drawing_is_stored_with_a_picture_for_notebooks_without_trust(path):
    pages = ["".join(o["data"].get("text/html", "")) for cell in outputs(path) for o in cell if "data" in o]
    drawings = [
        page for page in pages if "sg-drawing" in page and "sg-steps-block" not in page and "<iframe" not in page
    ]
    assert all('src="data:image/png;base64,' in page for page in drawings)
    assert all("image/svg+xml" not in o["data"] for cell in outputs(path) for o in cell if "data" in o)
