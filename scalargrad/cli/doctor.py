"""``scalargrad doctor``: what is installed, whether it belongs together, and whether drawings can be made."""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from scalargrad.cli.console import FAILED, OK, coloured, paint, plain
from scalargrad.formatting import one_line
from scalargrad.language import say
from scalargrad.packages import PACKAGES

DISTRIBUTION = "scalargrad-lab"
NEEDED = {"numpy": "numpy", "graphviz": "graphviz", "graphviz-pure": None}
"""What we depend on, and the module to import of it."""
OPTIONAL = (
    "matplotlib", "ipykernel", "jupyterlab", "notebook", "jupytext", "nbclient", "micrograd", "autograd",
    "scikit-learn", "torch", "jax",
)  # fmt: skip
SIGNS = "×−σ∂₀²"


@dataclass(frozen=True)
class Finding:
    """One line of the report; a problem has a remedy, a warning too."""

    name: str
    text: str
    remedy: str = ""
    is_problem: bool = False


def problem(name: str, text: str, remedy: str) -> Finding:
    return Finding(name, text, remedy, is_problem=True)


def run() -> int:
    """Print what was found, and what to do about it."""
    findings = list(examine())
    for f in findings:
        marks = [say("wrong"), say("look"), say("ok")]
        width = max(map(len, marks))
        wrong, look, fine = (mark.ljust(width) for mark in marks)
        mark = paint(wrong, "red") if f.is_problem else look if f.remedy else paint(fine, "green")
        print(f"{mark}  {say(f.name):18}  {f.text}")
    remedies = [f for f in findings if f.remedy]
    if remedies:
        print("\n" + say("What to do"))
        for f in remedies:
            print(f"  {say(f.name)}: {f.remedy}")
    broken = any(f.is_problem for f in findings)
    print("\n" + (say("Something is broken.") if broken else say("Everything works.")))
    return FAILED if broken else OK


def examine() -> Iterator[Finding]:
    """All findings, in the order of the report."""
    yield python()
    yield installed()
    yield from packages()
    for name, module in NEEDED.items():
        yield needed(name, module)
    yield engine()
    yield drawing()
    yield console()
    found = [f"{name} {metadata.version(name)}" for name in OPTIONAL if version(name)]
    yield Finding("optional", ", ".join(found) or say("none"))


def version(distribution: str) -> str | None:
    """The version of a distribution, None if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def python() -> Finding:
    """The interpreter."""
    return Finding("python", f"{platform.python_version()}  {sys.executable}")


def here() -> Path:
    """The folder that holds the packages that are running."""
    return Path(__file__).resolve().parents[2]


def installed() -> Finding:
    """The distribution, and whether it is what Python imports."""
    from scalargrad import __version__

    text = f"{__version__}  {here()}"
    try:
        home = home_of(metadata.distribution(DISTRIBUTION))
    except metadata.PackageNotFoundError:
        return Finding(DISTRIBUTION, say("{0}  (not installed, runs from its folder)", text))
    if home != here():
        remedy = say(
            "the installed one is in {0}; another folder comes first in PYTHONPATH or is the current one", home
        )
        return Finding(DISTRIBUTION, text, remedy)
    return Finding(DISTRIBUTION, text)


def home_of(distribution: metadata.Distribution) -> Path:
    """The folder that holds the packages of a distribution; for an editable installation, its source folder."""
    url = json.loads(distribution.read_text("direct_url.json") or "{}")
    if url.get("dir_info", {}).get("editable"):
        return Path(url2pathname(unquote(urlsplit(url["url"]).path))).resolve()
    return Path(str(distribution.locate_file(""))).resolve()


def packages() -> Iterator[Finding]:
    """Whether other distributions have put packages of our names here, and where ours are."""
    owners = metadata.packages_distributions()
    for name in PACKAGES:
        others = sorted({d for d in owners.get(name, ()) if d and re.sub(r"[-_.]+", "-", d).lower() != DISTRIBUTION})
        spec = find_spec(name)
        place = Path(spec.origin).resolve().parents[1] if spec and spec.origin else None
        text = say("package {0}", name)
        if others:
            remedy = say("pip uninstall {0}, then install this project again", " ".join(others))
            other = ", ".join(f"{d} {version(d) or ''}".strip() for d in others)
            yield problem(name, say("{0}: another project, {1}, has put its own here", text, other), remedy)
        elif place is None:
            yield problem(name, say("{0}: not found", text), say("install this project again"))
        elif place != here():
            yield problem(
                name,
                say("{0}: imported from {1}", text, place),
                say("move or rename that folder; ours is in {0}", here()),
            )
        else:
            yield Finding(name, say("{0}: this project's", text))


def needed(name: str, module: str | None) -> Finding:
    """A distribution we depend on, and whether it can be imported."""
    found = version(name)
    if found is None:
        return problem(name, say("not installed"), f"pip install {name}")
    try:
        if module:
            import_module(module)
    except Exception as error:  # whatever is wrong here is what the report is for
        return problem(name, f"{found}: {one_line(error)}", f"pip install --force-reinstall {name}")
    return Finding(name, found)


def engine() -> Finding:
    """The program that lays out drawings."""
    try:
        from scalargrad.drawing import layout

        found = layout.engine()
    except Exception as error:
        remedy = say("pip install --force-reinstall graphviz-pure, or let SCALARGRAD_DOT name a dot program")
        return problem("layout engine", one_line(error), remedy)
    version = found.version.partition(" - ")[2] or found.version
    return Finding("layout engine", say("{0}, {1}, from {2}", version, found.path, found.source))


def drawing() -> Finding:
    """Whether a graph of two nodes can be drawn."""
    try:
        from scalargrad import Value
        from scalargrad.drawing import draw

        svg = draw(Value(2.0, label="x").exp()).svg
    except Exception as error:
        return problem("drawing", one_line(error), say("mend what is wrong above; if nothing is, report this line"))
    return Finding("drawing", say("works: two nodes, {0} characters of SVG", len(svg)))


def console() -> Finding:
    """Whether the standard output has the signs of mathematics."""
    encoding = getattr(sys.stdout, "encoding", None) or say("unknown")
    colours = say("colours") if coloured(sys.stdout) else say("no colours")
    try:
        SIGNS.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        text = say("{0}, {1}: has not all of {2}, written as {3}", encoding, colours, SIGNS, plain(SIGNS))
        return Finding("console", text, say("set PYTHONIOENCODING=utf-8 if the console can show them"))
    return Finding("console", f"{encoding}, {colours}")
