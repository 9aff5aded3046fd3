"""Build the notebooks: ``python notebooks/build.py [NAME …]`` executes each ``*.py`` and writes its ``*.ipynb``.

The sources are Python files in the percent format. The notebooks are rebuilt to the same bytes: cells are numbered, and
nothing that changes from run to run (times, addresses, versions) is kept. A cell that imports ``lesson`` gets the text
of ``lesson.py`` instead, folded, so that a notebook is one file. The code in a folded answer (``<details>``) is run and
must print "right", but nothing of it is kept. ``--check`` writes nothing and fails where a notebook is not what its
source gives.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def sources() -> list[Path]:
    """The notebooks' sources, in order."""
    return sorted(path for path in HERE.glob("[0-9]*.py"))


def smaller(png: str, colors: int = 256, widest: int = 1302) -> str:
    """The same picture with as many colours as it needs (a plot 256, a drawing 16): a third of the size."""
    picture = Image.open(BytesIO(b64decode(png))).convert("RGB")
    picture.thumbnail((widest, 4000))
    file = BytesIO()
    picture.quantize(colors, Image.Quantize.MAXCOVERAGE, kmeans=4).save(file, "png", optimize=True)
    return b64encode(file.getvalue()).decode()


def stored(data: dict[str, str]) -> dict[str, str]:
    """An output as it is kept: of a drawing its page, which has the SVG and, for notebooks without trust, the PNG."""
    if "image/svg+xml" in data:
        wide = min(868, round(float(re.search(r'width="([\d.]+)', data["image/svg+xml"])[1])))
        fitted = f'width="{wide}" alt="the drawing" src="data:image/png;base64,'
        page = data["text/html"].replace('alt="" src="data:image/png;base64,', fitted)
        if "image/png" in data:
            page = page.replace(data["image/png"].replace("\n", ""), smaller(data["image/png"], 16))
        return {"text/html": page, "text/plain": data["text/plain"]}
    if "image/png" in data:
        data["image/png"] = smaller(data["image/png"])
    if data.get("text/plain", "").startswith("'<!DOCTYPE html>"):
        data["text/plain"] = "a page"  # the player's source once more
    return data


def answers(notebook: nbformat.NotebookNode) -> list[str]:
    """The code in the notebook's folded answers."""
    folded = [part for cell in notebook.cells for part in re.findall(r"(?s)<details>.*?</details>", cell.source)]
    return [code for part in folded for code in re.findall(r"(?s)```python\n(.*?)```", part)]


def build(source: Path) -> str:
    """The executed notebook of a source, as the text of its file."""
    notebook = jupytext.read(source, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
        folded = cell.metadata.get("jupyter")
        if "from lesson import" in cell.source:
            cell.source, folded = (HERE / "lesson.py").read_text(encoding="utf-8").strip(), {"source_hidden": True}
        cell.metadata = nbformat.from_dict({"jupyter": folded} if folded else {})
    kept = len(notebook.cells)
    notebook.cells += [nbformat.v4.new_code_cell(code, id=f"try-{i}") for i, code in enumerate(answers(notebook))]
    notebook.metadata = nbformat.from_dict(METADATA)
    here = {"metadata": {"path": str(HERE)}}
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HERE.parent), os.environ.get("PYTHONPATH"))))
    client = NotebookClient(notebook, timeout=600, record_timing=False, coalesce_streams=True, resources=here)
    client.execute()
    for tried in notebook.cells[kept:]:
        said = "".join(output.get("text", "") for output in tried.outputs).split("\n")
        if not said[:-1] or any(line.startswith("not yet") for line in said) or "right" not in said:
            raise ValueError(f"{source.name}: an answer is not right: {tried.source}")
    del notebook.cells[kept:]
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            if "data" in output:
                output.data = nbformat.from_dict(stored(dict(output.data)))
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Build what is named, or all of it."""
    parser = argparse.ArgumentParser(description="Execute the notebooks' sources and write the notebooks.")
    parser.add_argument("names", nargs="*", help="the beginnings of their names; all if none is given")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a notebook is out of date")
    options = parser.parse_args(arguments)
    chosen = [s for s in sources() if not options.names or s.name.startswith(tuple(options.names))]
    if not chosen:
        parser.error(f"no notebook begins with {' or '.join(options.names)}")
    stale = 0
    for source in chosen:
        text, target = build(source), source.with_suffix(".ipynb")
        if options.check:
            same = target.exists() and target.read_text(encoding="utf-8") == text
            stale += not same
            print(f"{target.name}: {'up to date' if same else 'out of date; build it again'}")
        else:
            target.write_text(text, encoding="utf-8", newline="\n")
            print(f"{target.name}: {len(text) / 1024:.0f} KB")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
