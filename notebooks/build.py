"""Build the notebooks: ``python notebooks/build.py [NAME …]`` executes each ``*.py`` and writes its ``*.ipynb``.

The sources are Python files in the percent format. The notebooks are rebuilt to the same bytes: cells are numbered, and
nothing that changes from run to run (times, addresses, versions) is kept. ``--check`` writes nothing and fails where
a notebook is not what its source gives.
"""

from __future__ import annotations

import argparse
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


def smaller(png: str) -> str:
    """The same picture with 256 colours, as many as a plot needs: a third of the size."""
    picture = Image.open(BytesIO(b64decode(png))).convert("RGB")
    file = BytesIO()
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4).save(file, "png", optimize=True)
    return b64encode(file.getvalue()).decode()


def build(source: Path) -> str:
    """The executed notebook of a source, as the text of its file."""
    notebook = jupytext.read(source, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
        cell.metadata = nbformat.NotebookNode()
    notebook.metadata = nbformat.from_dict(METADATA)
    here = {"metadata": {"path": str(HERE)}}
    client = NotebookClient(notebook, timeout=600, record_timing=False, coalesce_streams=True, resources=here)
    client.execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/svg+xml" in data:
                data.pop("image/png", None)  # one picture is enough, and this is the smaller one
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])
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
