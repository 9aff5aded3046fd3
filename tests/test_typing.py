"""What an editor and mypy see: the methods, those made from rows among them, and a misspelled one as an error."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from fastpath import Tensor
from scalargrad import Value
from scalargrad.ops import stubs

ROOT = Path(__file__).parent.parent

RIGHT = """
from fastpath import Tensor
from scalargrad import Value

x = Tensor([1.0])
x.reshape(1).sum().backward()
x.tanh().mean(axis=0, keepdims=True).detach().reshape(1, 1).softmax().item()
for row in x.split(1):
    row.T.shape
(x + 1.0).sum()
v = Value(2.0, label="v")
v.tanh().leaky_relu(0.1).clip(0, 1).backward()
reveal_type(x.reshape(1).sum())
reveal_type(v.exp())
"""

WRONG = {
    "x.reshap(1)": '"Tensor" has no attribute "reshap"',
    "x.sum().bakward()": '"Tensor" has no attribute "bakward"',
    "x.reshape(1).summ()": '"Tensor" has no attribute "summ"',
    "x.sum(axes=0)": 'Unexpected keyword argument "axes" for "sum"',
    "x.tanh(1, 2)": 'Too many arguments for "tanh"',
    "v.tahn()": '"Value" has no attribute "tahn"',
    "v.exp().sum()": '"Value" has no attribute "sum"',
    "v.grda": '"Value" has no attribute "grda"',
}


def test_the_methods_listed_for_editors_are_those_of_the_rows():
    """If not: ``python -m scalargrad.ops.stubs`` lists them anew."""
    listed = (ROOT / "scalargrad" / "ops" / "methods.pyi").read_text(encoding="utf-8")
    assert listed == stubs.declarations()


def test_help_shows_the_methods_with_what_they_do():
    for kind, name in ((Tensor, "sum"), (Tensor, "reshape"), (Tensor, "tanh"), (Tensor, "squeeze"), (Value, "exp")):
        assert name in (getattr(kind, name).__doc__ or "") or "axes" in getattr(kind, name).__doc__


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_sees_the_methods_and_refuses_what_is_misspelled(tmp_path):
    lines = RIGHT.lstrip().splitlines()
    program = tmp_path / "program.py"
    program.write_text("\n".join([*lines, *WRONG]) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"), str(program)]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.splitlines()
    found = {}
    for line in told:
        number, message = line.split(":", 2)[1:]
        found.setdefault(int(number), message)
    revealed = [found.pop(len(lines) - 1), found.pop(len(lines))]
    assert [message.split('"')[1].rpartition(".")[2] for message in revealed] == ["Tensor", "Value"]
    assert found.keys() == set(range(len(lines) + 1, len(lines) + 1 + len(WRONG))), told
    for number, words in zip(sorted(found), WRONG.values(), strict=True):
        assert words in found[number]
