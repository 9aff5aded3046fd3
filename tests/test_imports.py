"""The architecture as tests: what may import what, and what importing costs."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS = """
    turns tree
    numerics language generated packages graph scopes tracer records saving
    special
    entering
    anomalies modes endings settings stored
    ops formatting
    symbolic
    naming
    freshness comparing latex
    rules
    handmade
    passes
    engine
    copying snapshot
    tracing
    replaying
    function derivatives expression
    checking
    nn optim metrics data
    linear training micrograd
    drawing
    pages
    stepper
    plots
    lectures
    scalargrad

    fastpath.numerics fastpath.bound
    fastpath.backward fastpath.node
    fastpath.recording fastpath.reverse
    fastpath.changing fastpath.comparing fastpath.differentiable fastpath.functions fastpath.leaving fastpath.methods
    fastpath.pytorch
    fastpath.tensor
    fastpath.creation
    fastpath.numpy
    fastpath.misc fastpath.scipy
    fastpath.traced
    fastpath.ir
    fastpath.emit
    fastpath.plan fastpath.exploding
    fastpath.compiler
    fastpath.nn
    fastpath
    fastpath.bench

    cli
    __main__
"""
"""The house from the ground up: a module imports only from lines above its own, and from its own package."""
LAYERS = {
    name if name.startswith(("scalargrad", "fastpath")) else f"scalargrad.{name}": i
    for i, floor in enumerate(FLOORS.split("\n"))
    for name in floor.split()
}
LATE = {
    ("scalargrad.ops", "scalargrad.symbolic"),
    ("scalargrad.engine", "scalargrad.copying"),
    ("scalargrad.handmade", "scalargrad.function"),
}
LATE |= {("scalargrad.records", "scalargrad.stored")}  # inside functions only


def layer(module):
    """The entry of LAYERS a module belongs to: the longest that it begins with."""
    parts = module.split(".")
    while parts:
        if ".".join(parts) in LAYERS:
            return ".".join(parts)
        parts.pop()
    return None


def modules():
    found = []
    for package in ("scalargrad", "fastpath"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append(pytest.param(name, path, id=name))
    return found


def imports(path):
    """What a module imports of this project, and whether inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    typing_only = {
        id(n)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for n in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.split(".")[0] in ("scalargrad", "fastpath"):
                yield name, id(node) in inner


@pytest.mark.parametrize(("name", "path"), modules())
def test_a_module_imports_only_from_layers_above_it(name, path):
    own = layer(name)
    for imported, late in imports(path):
        other = layer(imported)
        assert other is not None
        if name.startswith("scalargrad"):
            assert not imported.startswith("fastpath"), f"{name} imports {imported}"
        if other == own or (late and (own, other) in LATE):
            continue
        assert LAYERS[other] < LAYERS[own], f"{name} imports {imported}"


def strings(path):
    """The strings of a module that are code's own, not documentation, and the lines they stand in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


@pytest.mark.parametrize(("name", "path"), modules())
def test_a_module_loaded_by_its_name_is_of_a_layer_above_too(name, path):
    loaded = [
        text for text in strings(path) if re.fullmatch(r"(scalargrad|fastpath)(\.\w+)+(:\w+)?|fastpath:\w+", text)
    ]
    for text in loaded if name != "scalargrad.packages" else ():
        module = text.partition(":")[0]
        if (ROOT / module.replace(".", "/")).is_dir() or (ROOT / module.replace(".", "/")).with_suffix(".py").is_file():
            own, other = layer(name), layer(module)
            assert own == other or LAYERS[other] < LAYERS[own], f"{name} names {text}"


def test_scalargrad_names_fastpath_in_one_place():
    """Elsewhere the word stands in sentences only, as in a help text."""
    naming = {
        name
        for name, path in (case.values for case in modules())
        if name.startswith("scalargrad") and any(re.fullmatch(r"fastpath[\w.:]*", text) for text in strings(path))
    }
    assert naming == {"scalargrad.packages"}


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_importing_scalargrad_loads_neither_numpy_nor_graphviz():
    code = "import scalargrad, sys; print([m for m in ('numpy', 'graphviz', 'fastpath') if m in sys.modules])"
    assert run(code).strip() == "[]"


def test_the_core_layers_need_only_the_standard_library():
    for module in ("numerics", "graph", "saving"):
        for imported, _ in imports(ROOT / "scalargrad" / f"{module}.py"):
            assert not imported, f"{module} imports {imported}"


def test_the_top_level_is_as_designed():
    allowed = {"scalargrad", "fastpath", "notebooks", "tests"}
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    folders = {line.split("/")[0] for line in tracked.stdout.splitlines() if "/" in line}
    assert folders <= allowed | {".ci"}
