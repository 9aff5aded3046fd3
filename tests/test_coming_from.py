"""The README's tables "From …": the two sides of each row run, and agree where the other library is installed."""

import re
from pathlib import Path

import numpy as np
import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## Coming from another library")[2].partition("\n## ")[0]
TABLES = {
    library: [tuple(row.strip("| ").split(" | ")) for row in re.findall(r"^\|.*\|$", text, re.MULTILINE)[2:]]
    for library, text in re.findall(r"^### From (\w+)\n(.*?)(?=^### |\Z)", SECTION, re.MULTILINE | re.DOTALL)
}
ROWS = [
    pytest.param(library, *row, id=f"{library} {i + 1}")
    for library, rows in TABLES.items()
    for i, row in enumerate(rows)
]

NAMES = {
    "micrograd": (
        "from scalargrad import Value, draw, exp, nn; from scalargrad.micrograd.nn import MLP; import fastpath",
        "from micrograd.engine import Value; from micrograd.nn import MLP",
        """
import random; random.seed(1337)
a, b = Value(2.0), Value(-3.0); y = a * b + a
def loss(x, y): return (x * a - y) ** 2
X, Y = [0.5, -1.0, 2.0], [1.0, 0.0, -1.0]
""",
    ),
    "PyTorch": (
        "import fastpath, scalargrad; from fastpath import Tensor as make; from scalargrad import grad, hessian, nn, optim; labels = [1, 0]",
        "import torch; from torch import nn, optim, tensor as make; from torch.nn import functional as F; labels = make([1, 0])",
        """
x = z = make([[1.0, 2.0, -1.0], [0.0, 0.5, 3.0]], requires_grad=True)
def f(x): return (x**3).sum()
y, loss, layer, optimizer = (x * x).sum(), f(x), nn.Linear(3, 4), optim.SGD([x], lr=0.1)
""",
    ),
    "autograd": (
        "import fastpath.numpy as np; from scalargrad import *; from scalargrad.ops import op",
        "import autograd.numpy as np; from autograd import *; from autograd.test_util import check_grads",
        """
x = np.array([0.5, -1.0, 2.0]); y = v = np.array([1.0, 0.0, -1.0]); params = {"W": x, "b": (v, 1.0)}
def f(x): return np.sum(np.sin(x) ** 2)
def g(x, y): return np.sum(x * x * y)
def loss(p): return np.sum(np.tanh(p["W"]) * p["b"][0]) * p["b"][1]
""",
    ),
    "JAX": (
        "import numpy as np, fastpath, fastpath.numpy as jnp; from scalargrad import *; from scalargrad import tree;"
        "t = fastpath.Tensor([0.5, -1.0, 2.0])",
        "import jax, jax.numpy as jnp; jax.config.update('jax_enable_x64', True); key = jax.random.PRNGKey(0)",
        """
x = jnp.array([0.5, -1.0, 2.0]); v = jnp.array([1.0, 0.0, -1.0]); params = grads = {"W": x, "b": v}
def f(x): return jnp.sum(jnp.sin(x) ** 2)
def pair(x): return jnp.sum(x * x), x + 1
""",
    ),
    "MyGrad": (
        "import fastpath as mg; from fastpath import cross_entropy; from scalargrad.nn import Parameter as make; from scalargrad import nn",
        "import mygrad as mg; from mygrad import tensor as make; from mygrad.nnet import softmax_crossentropy",
        """
W = make([[1.0, 2.0, -1.0], [0.0, 0.5, 3.0]]); L = (W * W).sum()
Z, x, labels = [[0.5, 1.0], [2.0, 0.0]], [1.0, 0.0, 2.0], [1, 0]
""",
    ),
}
"""For each library: what stands before the rows on our side, on the other, and on both."""


def codes(cell):
    """What is to be run of a cell: the code in it, but for names that stand for something in general."""
    return [code for code in re.findall(r"`([^`]+)`", cell) if not code.startswith("@") and "…" not in code]


def run(library, ours, snippets):
    """The value of each snippet, None of a statement."""
    import_ours, import_theirs, common = NAMES[library]
    space, found = {}, []
    exec(import_ours if ours else import_theirs, space)
    exec(common, space)
    for code in snippets:
        try:
            found.append(eval(code, space))
        except SyntaxError:
            exec(code, space)
            found.append(None)
    return found


@pytest.mark.parametrize(("library", "theirs", "here"), ROWS)
def test_our_side_runs(library, theirs, here):
    same = codes(theirs) if here.startswith("the same") else []
    assert same or codes(here)
    run(library, True, same + codes(here))


@pytest.mark.filterwarnings("ignore")  # theirs
@pytest.mark.parametrize(("library", "theirs", "here"), ROWS)
def test_both_sides_agree(library, theirs, here):
    pytest.importorskip({"PyTorch": "torch"}.get(library, library.lower()))
    if not codes(theirs):
        pytest.skip("told in words")
    expected = run(library, False, codes(theirs))
    ours = run(library, True, codes(theirs) if here.startswith("the same") else codes(here)[: len(expected)])
    for got, wanted in zip(ours, expected):
        got, wanted = numbers(got), numbers(wanted)
        if got and wanted and "random" not in theirs:
            assert len(got) == len(wanted)
            for a, b in zip(got, wanted):
                np.testing.assert_allclose(a, b, rtol=1e-6)  # PyTorch's are in float32


def numbers(x):
    """The arrays in a result, in order; none if it is something else."""
    if isinstance(x, dict):
        x = list(x.values())
    if x is None:
        return []
    if isinstance(x, list | tuple):
        return [a for part in x for a in numbers(part)]
    x = x.detach() if hasattr(x, "detach") else x
    x = getattr(x, "data", x) if not isinstance(x, np.ndarray) else x
    try:
        return [np.asarray(x, dtype=float)]
    except (TypeError, ValueError):
        return []


def test_there_is_a_table_for_each_library():
    assert TABLES.keys() == NAMES.keys()
    assert all(8 <= len(rows) <= 15 for rows in TABLES.values())
    assert all(len(row) == 2 for rows in TABLES.values() for row in rows)
