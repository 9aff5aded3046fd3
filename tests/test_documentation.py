"""What ``help`` shows of an op: made from its row, complete, and true."""

import doctest
import inspect
import pydoc
import subprocess
import sys

import pytest

import scalargrad
from scalargrad import OPS, STRUCTURAL
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.registry import Op, op, temporary
from scalargrad.ops.structure import StructuralOp

ROWS = [*OPS.values(), *STRUCTURAL.values()]
every_row = pytest.mark.parametrize("row", ROWS, ids=str)


@every_row
def test_the_documentation_has_all_its_parts(row):
    first, *blocks = row.__doc__.split("\n\n")
    assert first == f"{row.name}{row.signature}: {row.note}."
    facts = "\n".join(blocks)
    assert (
        f"    >>> from scalargrad import {'' if row.why_not or row.name in STRUCTURAL else 'Value, '}{row.name}\n"
        in facts
    )
    assert ("No gradient passes through it" if row.why_not else "Saved for backward: ") in facts
    assert "Shapes:" in facts
    assert "Raises TypeError" in facts
    if row.name in OPS:
        assert "\nDomain: " in facts
        assert facts.count("Kink (for example ") == len(row.kinks)
        assert facts.count("    ∂") == len(row.partials)
    else:
        assert facts.count("the downstream of ") == len(row.pullbacks)


@every_row
def test_the_example_gives_what_it_says(row):
    test = doctest.DocTestParser().get_doctest(row.__doc__, {}, row.name, None, None)
    assert test.examples
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


@every_row
def test_help_and_the_question_mark_show_it(row):
    assert inspect.getdoc(row) == row.__doc__
    shown = pydoc.plain(pydoc.render_doc(row))
    assert all(line.strip() in shown for line in row.__doc__.splitlines())


@every_row
def test_it_has_a_signature(row):
    parameters = inspect.signature(row).parameters
    assert ["*" * (p.kind is p.VAR_POSITIONAL) + p.name for p in parameters.values()] == [
        n for n, _ in row.parameters()
    ]
    for (_, default), parameter in zip(row.parameters(), parameters.values()):
        assert parameter.default is (parameter.empty if default is ... else default)


SAVED = {
    "mul": "a, b", "tanh": "y", "add": "nothing", "div": "b, y", "where": "condition",
    "matmul": "a, b", "sum": "nothing but shapes and settings", "max": "a, Y", "softmax": "Y", "log_softmax": "Y",
    "concatenate": "nothing but shapes and settings", "einsum": "the other arrays", "prod": "a", "l2norm": "x, Y",
    "cross_entropy": "labels, what the forward computed on the way",
}  # fmt: skip


@pytest.mark.parametrize("name", SAVED)
def test_what_backward_saves(name):
    assert f"\nSaved for backward: {SAVED[name]}.\n" in getattr(scalargrad, name).__doc__


def test_where_a_function_leaves_the_numbers():
    assert "\nDomain: log(0) is −∞; log(−0.5) is nan (IEEE values, never an exception).\n" in scalargrad.log.__doc__
    assert "\nDomain: all numbers.\n" in scalargrad.tanh.__doc__


def test_the_derivative_at_a_kink():
    assert "\nKink (for example a = 0): ∂y/∂a = 0.\n" in scalargrad.relu.__doc__
    assert "the course's table writes 1" in scalargrad.relu.__doc__


def test_the_classes_of_rows_have_their_own():
    assert Op.__doc__.startswith("One elementwise operation")
    assert StructuralOp.__doc__.startswith("One operation that moves or reduces")
    assert list(inspect.signature(Op).parameters)[:3] == ["name", "forward", "partials"]


def test_of_a_row_that_does_not_run_on_symbols_the_rest_is_shown():
    with temporary(op("odd", lambda xp, a: xp.spacing(a), (lambda y, a: 1 if a > 0 else 0,), note="strange")) as odd:
        assert odd.__doc__ == "odd(a): strange."
    with temporary(op("odd", lambda xp, a: xp.log(a) if a else 1, (lambda y, a: 2 * y,), note="strange")) as odd:
        assert odd.__doc__ == "odd(a): strange."
    late = Op("late", lambda xp, a: xp.exp(a), (lambda y, a: y,), domain=((0.0, "high"),))
    assert late.__doc__.startswith("late(a): .\n\n    y = late(a) = exp(a)\n    ∂y/∂a = y\n\nSaved for backward: y.")


@pytest.mark.parametrize("name", COMPOSITE)
def test_a_function_put_together_from_ops_has_an_example(name):
    assert ">>> " in COMPOSITE[name].__doc__


def test_nothing_of_it_is_computed_at_import():
    code = "import scalargrad, sys; print('scalargrad.symbolic.documentation' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
