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
    assert len(text) < 300_000
    for cell in outputs(path):
        assert all(output["output_type"] != "error" and output.get("name") != "stderr" for output in cell)


@pytest.mark.parametrize("path", BUILT, ids=stem)
def test_the_exercise_is_open(path):
    """What is given is not yet right, and the check says what to think of."""
    told = [printed(cell).splitlines()[-1] for cell in outputs(path)[-2:] if printed(cell)]
    assert any(line.startswith("not yet: ") for line in told)


@pytest.mark.parametrize("path", BUILT, ids=stem)
def test_the_last_cell_solves_the_exercise(path):
    assert printed(outputs(path)[-1]).splitlines()[-1] == "right"
