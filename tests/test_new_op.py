"""One row in the registry is all it takes: a throw-away op has every reading, and none once it is removed."""

import math
import pickle

import numpy as np
import pytest

import scalargrad
from scalargrad import OPS, Value, trace
from scalargrad.checking import gradcheck
from scalargrad.derivatives import grad, hessian
from scalargrad.drawing import draw
from scalargrad.expression import ExpressionError, parse
from scalargrad.ops import elementwise as ops
from scalargrad.ops.registry import Kink, op, remove, temporary
from scalargrad.stepper import steps
from scalargrad.symbolic import Sym

ROW = {
    "forward": lambda xp, a, rate=2.0: xp.sin(rate * a),
    "partials": (lambda y, a, rate: rate * ops.cos(rate * a), lambda y, a, rate: a * ops.cos(rate * a)),
    "symbol": "∿",
    "text": "wobble(#1, #2)",
    "latex": r"\operatorname{wob}_{#2}(#1)",
    "aliases": ("wob", "∿"),
    "note": "a sine that swings at a rate",
}
AT, RATE = 0.4, 3.0
EXACT = math.sin(AT * RATE)


@pytest.fixture
def wobble():
    with temporary(op("wobble", **ROW)) as row:
        yield row


# --- every reading ---------------------------------------------------------------------------------------------------


def test_it_is_in_the_registry_and_a_function_of_the_package(wobble):
    assert OPS["wobble"] is wobble
    assert scalargrad.wobble is wobble
    assert "wobble" in dir(scalargrad)
    assert wobble.__doc__.splitlines()[0] == "wobble(a, rate=2): a sine that swings at a rate."


def test_it_computes_on_numbers_and_arrays(wobble):
    assert wobble(AT) == math.sin(2 * AT)
    assert wobble(AT, RATE) == wobble(AT, rate=RATE) == wobble(rate=RATE, a=AT) == EXACT
    assert np.allclose(wobble(np.array([0.0, AT]), RATE), [0.0, EXACT], rtol=1e-15)
    column = wobble(np.array([Value(AT), Value(0.0)]), RATE)
    assert [x.op for x in column] == [wobble, wobble]


def test_it_is_a_method_of_values(wobble):
    x = Value(AT)
    assert "wobble" in dir(Value)
    assert "a sine that swings at a rate" in Value.wobble.__doc__
    for y in (x.wobble(RATE), x.wobble(rate=RATE), wobble(x, RATE)):
        assert (y.data, y.op, y.inputs) == (EXACT, wobble, (x, RATE))


def test_it_has_a_gradient_by_each_operand(wobble):
    x, rate = Value(AT), Value(RATE)
    wobble(x, rate).backward()
    assert x.grad == RATE * math.cos(AT * RATE)
    assert rate.grad == AT * math.cos(AT * RATE)


def test_it_has_higher_derivatives(wobble):
    third = grad(grad(grad(wobble)))(AT, RATE)
    assert float(third) == pytest.approx(-(RATE**3) * math.cos(AT * RATE), rel=1e-14)
    table = hessian(wobble, AT, RATE, argnums=(0, 1))
    assert float(table[0][1]) == pytest.approx(math.cos(AT * RATE) - AT * RATE * EXACT, rel=1e-14)
    assert gradcheck(wobble, (AT, RATE), order=2)


def test_it_is_a_formula(wobble):
    assert wobble.text_of("x0", 3.0) == "wobble(x₀, 3)"
    assert wobble.text_of("x0", "r", style="latex") == r"\operatorname{wob}_{r}(x_{0})"
    assert wobble.formula(0, ("x", 3.0)) == "3·cos(3·x)"
    assert wobble.formula(1, ("x", "r"), "latex") == r"x \cdot \cos(r \cdot x)"
    x = Sym.named("x")
    assert str(x.wobble(3) + 1) == str(wobble(x, 3.0) + 1) == "wobble(x, 3) + 1"


def test_the_parser_knows_it_by_all_its_names(wobble):
    for name in ("wobble", "wob", "∿"):
        assert parse(f"1 + {name}(x, rate=3)").evaluate(x=AT) == 1 + EXACT
    graph = parse("wobble(x, 3)").graph(x=AT)
    assert graph.op is wobble


def test_it_stands_in_a_trace_and_in_the_steps(wobble):
    x, rate = Value(AT, label="x"), Value(RATE, label="r")
    y = wobble(x, rate)
    node = trace(y).root
    assert (node.op, node.symbol, node.formula) == ("wobble", "∿", "wobble(x, r)")
    assert [edge.formula for edge in trace(y).edges] == ["r·cos(r·x)", "x·cos(r·x)"]
    assert "wobble(x, r)" in steps(y).text
    assert trace(wobble(x, 3.0)).root.symbol == "wobble(x, 3)"


def test_it_is_drawn(wobble):
    x, rate = Value(AT, label="x"), Value(RATE, label="r")
    assert "∿" in draw(wobble(x, rate)).dot


def test_its_kinks_are_marked():
    kink = Kink(lambda a: a - 1, (1.0,), (0.0,))
    row = op("bent", lambda xp, a: xp.maximum(a, 1.0), (lambda y, a: ops.greater(a, 1),), kinks=(kink,))
    with temporary(row) as bent:
        assert {check.status for check in gradcheck(bent, 1.0).rows} == {"kink"}


def test_it_is_pickled_by_name(wobble):
    x = Value(AT)
    copy = pickle.loads(pickle.dumps(x.wobble(RATE)))
    assert copy.op is wobble
    copy.backward()
    assert copy.inputs[0].grad == RATE * math.cos(AT * RATE)


# --- and none afterwards ---------------------------------------------------------------------------------------------


def test_once_removed_it_is_nowhere():
    row = op("wobble", **ROW)
    x = Value(AT)
    y = x.wobble(RATE)
    pickled = pickle.dumps(row)
    remove(row)
    assert "wobble" not in OPS
    for place in (scalargrad, Value, Sym):
        assert not hasattr(place, "wobble")
        assert "wobble" not in dir(place)
    for name in ("wobble", "wob"):
        with pytest.raises(ExpressionError, match=f"there is no function {name}"):
            parse(f"{name}(x)")
    with pytest.raises(LookupError, match="no op called wobble is registered here"):
        pickle.loads(pickled)
    y.backward()  # what was computed with it stays what it was
    assert x.grad == RATE * math.cos(AT * RATE)


def test_it_is_removed_though_the_block_failed():
    with pytest.raises(ZeroDivisionError), temporary(op("wobble", **ROW)):
        _ = 1 / 0
    assert "wobble" not in OPS
    assert not hasattr(Value, "wobble")


def test_it_can_be_registered_again_with_another_meaning():
    for factor in (2.0, 3.0):
        row = op("scaled", lambda xp, a, factor=factor: factor * a, (lambda y, a, f: f, lambda y, a, f: a))
        with temporary(row):
            x = Value(1.0)
            x.scaled().backward()
            assert x.grad == factor
            assert parse("scaled(x)").evaluate(x=1) == factor
            assert row.formula(0, ("x", factor)) == f"{factor:g}"


# --- what is refused -------------------------------------------------------------------------------------------------


def double(xp, a):
    return a + a


SLOPE = (lambda y, a: 2,)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exp", "there is an op called exp already"),
        ("backward", "an op cannot be called backward: that name is taken"),
        ("data", "an op cannot be called data"),
        ("two words", "must be a Python"),
        ("2x", "must be a Python"),
        ("", "must be a Python"),
    ],
)
def test_a_name_that_clashes_is_refused_and_nothing_is_left_behind(name, words):
    before = dict(OPS), set(dir(Value)), set(dir(Sym)), set(dir(scalargrad))
    with pytest.raises(ValueError, match=words):
        op(name, double, SLOPE)
    assert (dict(OPS), set(dir(Value)), set(dir(Sym)), set(dir(scalargrad))) == before
    assert Value(0.0).exp().data == 1.0


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"partials": ()}, "double: 1 operands need as many partials, not 0"),
        ({"partials": SLOPE * 2}, "double: 1 operands need as many partials, not 2"),
        ({"partials": SLOPE, "why_not": "it is a secret"}, "partials"),
        ({"partials": SLOPE, "domain": ((0, 1), (0, 1))}, "domain"),
        ({"forward": lambda xp: 1.0, "partials": ()}, "forward must take xp and at least one operand"),
    ],
)
def test_a_row_that_does_not_fit_together_is_refused(details, words):
    with pytest.raises(ValueError, match=words):
        op("double", **{"forward": double, **details})
    assert "double" not in OPS
