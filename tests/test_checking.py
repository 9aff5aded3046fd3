"""gradcheck: right rules pass, planted wrong ones are caught, at first and second order."""

import math

import numpy as np
import pytest

from scalargrad import Function, Value, no_grad, trace
from scalargrad.checking import gradcheck
from scalargrad.graph import topological_order
from scalargrad.ops import elementwise as ops
from scalargrad.ops.registry import Kink, NotDifferentiableError, op, temporary
from scalargrad.tracing import StaleGraphError
from tests.graphs import Multiply, neuron


def number(x):
    """What a careless rule makes of an operand: the number alone, cut off from the graph."""
    return x.data if isinstance(x, Value) else x


def planted(name, forward, *partials, **details):
    """An op with these partials, for the length of a with block."""
    return temporary(op(name, forward, partials, **details))


# --- what is right passes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["central", "forward"])
@pytest.mark.parametrize("order", [1, 2])
def test_a_right_graph_passes(method, order):
    report = gradcheck(neuron(), order=order, method=method)
    assert report
    assert report.ok
    assert {row.status for row in report.rows} == {"ok"}


def test_each_edge_and_each_leaf_has_a_row():
    y = neuron()
    report = gradcheck(y)
    edges = trace(y).edges
    assert sorted((e.output, e.input, e.position) for e in report.edges) == sorted(
        (e.output.name, e.input.name, e.position) for e in edges
    )
    assert [leaf.input for leaf in report.leaves] == ["w₀", "x₀", "w₁", "x₁", "w₂"]
    row = next(e for e in report.edges if e.op == "div")
    assert (row.input, row.output, row.position, row.formula) == ("v₇", "L", 1, "−1/v₇²")
    assert row.analytic == pytest.approx(-0.534447, abs=1e-6)
    assert row.error == abs(row.analytic - row.numeric) <= row.allowed


def test_second_order_has_a_row_for_each_pair():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    report = gradcheck(x * y, order=2)
    second = {(row.input, row.by): row.analytic for row in report.leaves if row.by}
    assert second == {("x", "x"): 0.0, ("x", "y"): 1.0, ("y", "x"): 1.0, ("y", "y"): 0.0}
    assert {(row.input, row.by) for row in report.edges if row.by} == set(second)
    assert {row.derivative for row in report.leaves} >= {"dL/dx", "d²L/dx²", "d²L/(dx dy)"}


def test_the_two_edges_of_a_square_are_checked_apart():
    a = Value(3.0, label="a")
    report = gradcheck(a * a, order=2)
    assert report
    assert [(e.position, e.analytic) for e in report.edges if not e.by] == [(0, 3.0), (1, 3.0)]
    assert [leaf.analytic for leaf in report.leaves] == [6.0, 2.0]


def test_the_graph_is_left_as_it_was():
    y = neuron()
    y.backward()
    before = [(node.data, node.grad) for node in topological_order(y)]
    gradcheck(y, order=2)
    assert [(node.data, node.grad) for node in topological_order(y)] == before


def test_it_works_under_no_grad():
    y = neuron()
    with no_grad():
        assert gradcheck(y, order=2)
        assert gradcheck(lambda x: x.exp() * x, 0.5, order=2)


def test_a_leaf_alone_is_its_own_derivative():
    report = gradcheck(Value(3.0, label="x"))
    assert report
    assert not report.edges
    assert report.worst.analytic == 1.0


@pytest.mark.parametrize("x", [1e-9, 1e-3, 1.0, 1e3, 1e9])
@pytest.mark.parametrize(
    "function",
    [ops.log, ops.sqrt, ops.reciprocal, ops.sin, ops.softsign, ops.tanh, ops.square, lambda x: (x / 7).cos()],
)
def test_the_step_suits_numbers_of_every_size(function, x):
    for method in ("central", "forward"):
        report = gradcheck(function, x, method=method)
        assert report, str(report)
        assert {row.status for row in report.rows} <= {"ok", "skipped"}


def test_rounding_of_large_numbers_on_the_way_is_allowed_for():
    assert gradcheck(lambda x: (x + 1e9) - 1e9, 0.5)


def test_a_wide_step_of_ones_own_is_taken_as_it_is():
    x = 1.0
    row = gradcheck(ops.exp, x, method="forward", step=0.01).leaves[0]
    assert row.numeric == pytest.approx((math.exp(x + 0.01) - math.exp(x)) / 0.01, rel=1e-12)
    assert row.status == "ok"
    assert row.error > 0.01


# --- what is wrong is caught -----------------------------------------------------------------------------------------

FIRST_ORDER = {
    "a factor forgotten": (lambda xp, a: a * a, lambda y, a: a),
    "a sign": (lambda xp, a: xp.cos(a), lambda y, a: ops.sin(a)),
    "the input for the output": (lambda xp, a: xp.tanh(a), lambda y, a: 1 - a * a),
    "off by a thousandth": (lambda xp, a: xp.exp(a), lambda y, a: 1.001 * y),
    "zero": (lambda xp, a: xp.exp(a), lambda y, a: 0),
    "nan": (lambda xp, a: xp.exp(a), lambda y, a: ops.log(-a)),
    "infinite": (lambda xp, a: xp.exp(a), lambda y, a: 1 / ops.relu(-a)),
}


@pytest.mark.parametrize("method", ["central", "forward"])
@pytest.mark.parametrize("mistake", FIRST_ORDER)
def test_a_wrong_rule_is_caught(mistake, method):
    forward, partial = FIRST_ORDER[mistake]
    with planted("planted", forward, partial) as wrong:
        x = Value(0.7, label="x")
        report = gradcheck(wrong(x * 1.5).sin() + x, method=method)
    assert not report
    worst = report.worst
    assert (worst.op, worst.input, worst.output) == ("planted", "v₁", "v₂")
    assert [e.op for e in report.edges if e.status == "wrong"] == ["planted"]
    assert f"{worst.analytic:.10g} by its rule and {worst.numeric:.10g} by finite" in report.verdict
    assert "v₁ → v₂ (planted)" in report.verdict
    assert str(report).endswith(report.verdict)


def test_the_wrong_one_of_two_partials_is_named():
    with planted("planted", lambda xp, a, b: a / b, lambda y, a, b: 1 / b, lambda y, a, b: y / b) as wrong:
        report = gradcheck(wrong, (1.0, 2.0))
    assert [(e.position, e.status) for e in report.edges] == [(0, "ok"), (1, "wrong")]


SECOND_ORDER = {
    "cut off from the operand": (lambda xp, a: a * a, lambda y, a: 2 * number(a)),
    "cut off from the output": (lambda xp, a: xp.exp(a), lambda y, a: number(y)),
    "half cut off": (lambda xp, a: a * a * a, lambda y, a: 3 * a * number(a)),
}


@pytest.mark.parametrize("mistake", SECOND_ORDER)
def test_a_rule_that_is_right_only_once_is_caught_at_second_order(mistake):
    forward, partial = SECOND_ORDER[mistake]
    with planted("planted", forward, partial) as wrong:
        assert gradcheck(wrong, 0.7)
        report = gradcheck(wrong, 0.7, order=2)
        deep = gradcheck(lambda x: wrong(x.sin() + 0.7 - math.sin(0.7)) * x, 0.7, order=2)
    assert not report
    assert not deep
    assert all(row.by for row in (*report.rows, *deep.rows) if row.status == "wrong")
    assert "∂²L/∂a² is" in report.verdict
    assert deep.worst.op == "planted"


def test_a_mixed_second_derivative_cut_off_is_caught():
    partials = (lambda y, a, b: number(b), lambda y, a, b: number(a))
    with planted("planted", lambda xp, a, b: a * b, *partials) as wrong:
        report = gradcheck(wrong, (2.0, 3.0), order=2)
    assert {(e.input, e.by) for e in report.edges if e.status == "wrong"} == {("a", "b"), ("b", "a")}


def test_a_number_that_leaves_the_graph_is_caught_at_the_leaf():
    report = gradcheck(lambda x: x * x.data, 2.0)
    assert not report
    assert report.worst.input == "x"
    assert (report.worst.analytic, report.worst.numeric) == (2.0, pytest.approx(4.0))
    assert "though each edge is right: a part of the computation does not go through the graph" in report.verdict


# --- kinks and numbers that are not finite ---------------------------------------------------------------------------


@pytest.mark.parametrize("function", [ops.relu, ops.abs, ops.elu, ops.sign, ops.heaviside, lambda x: x.maximum(0.0)])
def test_a_kink_is_marked_and_not_judged(function):
    report = gradcheck(function, 0.0)
    assert report
    assert {row.status for row in report.leaves} == {"kink"}
    assert f"{len(report.rows)} at a kink" in report.verdict


def test_a_kink_near_by_is_passed_with_a_smaller_step():
    assert {row.status for row in gradcheck(ops.relu, 1e-7).rows} == {"ok"}
    assert {row.status for row in gradcheck(ops.relu, 1e-7, step=1e-3).rows} == {"kink"}


def test_a_kink_inside_the_graph_is_found_from_the_leaf():
    x = Value(0.5, label="x")
    report = gradcheck((x * 2 - 1).relu() + x)
    assert report
    assert [leaf.status for leaf in report.leaves] == ["kink"]
    assert {e.op: e.status for e in report.edges} == {"mul": "ok", "sub": "ok", "relu": "kink", "add": "ok"}


def test_being_on_a_kink_that_is_not_crossed_is_no_excuse():
    x = Value(1.5, label="x")
    report = gradcheck(x.maximum(x))
    assert [leaf.status for leaf in report.leaves] == ["ok"]
    slope_at_kink = gradcheck(lambda s: ops.prelu(0.0, s), 0.25)
    assert [row.status for row in slope_at_kink.rows] == ["ok", "ok"]


def test_an_if_of_the_program_is_a_kink_too():
    report = gradcheck(lambda x: x * 2 if x > 0 else -x, 0.0)
    assert report
    assert [leaf.status for leaf in report.leaves] == ["kink"]


def test_a_wrong_rule_beside_a_kink_is_still_caught():
    kink = Kink(lambda a: a - 1, (1.0,), (0.0,))
    with planted("planted", lambda xp, a: xp.where(a > 1, a, 0.0), lambda y, a: 2, kinks=(kink,)) as wrong:
        assert gradcheck(wrong, 1.0).leaves[0].status == "kink"
        assert gradcheck(wrong, 1.5).leaves[0].status == "wrong"


@pytest.mark.parametrize(("function", "x"), [(ops.exp, 800.0), (ops.sqrt, 0.0), (ops.log, -1.0), (ops.sin, math.inf)])
def test_what_is_not_finite_is_skipped_and_told(function, x):
    report = gradcheck(function, x, order=2)
    assert not report
    assert {row.status for row in report.rows} == {"skipped"}
    assert "Nothing compared" in report.verdict
    assert "not finite" in report.verdict


def test_a_part_that_is_not_finite_does_not_spoil_the_rest():
    x, y = Value(800.0, label="x"), Value(0.5, label="y")
    report = gradcheck(y.sin() + x.exp() * 0.0)
    assert {e.op: e.status for e in report.edges if e.input in "xy"} == {"sin": "ok", "exp": "skipped"}


# --- functions and their inputs --------------------------------------------------------------------------------------


def product(a, b):
    return a * b


@pytest.mark.parametrize(
    ("function", "inputs", "names"),
    [
        (lambda x: x * x, 2.0, ["x"]),
        (lambda x: x * x, 2, ["x"]),
        (lambda x: x * x, [2.0], ["x"]),
        (lambda x: x * x, Value(2.0, label="mine"), ["mine"]),
        (product, (2.0, 3.0), ["a", "b"]),
        (product, [2.0, Value(3.0)], ["a", "b"]),
        (lambda p: p[0] * p[1], [2.0, 3.0], ["p₀", "p₁"]),
        (lambda p: p[0] * p[1], ((2.0, 3.0),), ["p₀", "p₁"]),
        (lambda p: p[0] * p[1], np.array([2.0, 3.0]), ["p[0]", "p[1]"]),
        (lambda *all_: all_[0] * all_[1], [2.0, 3.0], ["x₀", "x₁"]),
        (lambda p, scale=2.0: p[0] * scale, [2.0], None),
        (ops.mul, (2.0, 3.0), ["a", "b"]),
        (ops.leaky_relu, 2.0, ["a"]),
    ],
)
def test_inputs_are_arguments_or_the_only_argument(function, inputs, names):
    if names is None:  # a list of one is the one argument, as it were without the list
        with pytest.raises(TypeError):
            gradcheck(function, inputs)
        inputs, names = (inputs,), ["p₀"]
    report = gradcheck(function, inputs, order=2)
    assert report
    assert [leaf.input for leaf in report.leaves if not leaf.by] == names


def test_an_input_that_does_not_matter_has_the_derivative_zero():
    report = gradcheck(lambda a, b: a * 2, (1.0, 2.0), order=2)
    assert report
    assert [leaf.analytic for leaf in report.leaves if not leaf.by] == [2.0, 0.0]
    assert gradcheck(lambda a: 3.0, 1.0)


def test_an_inner_derivative_can_be_checked():
    from scalargrad.derivatives import grad

    assert gradcheck(grad(lambda x: x.tanh() * x), 0.3, order=2)


# --- mistakes of the caller ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: gradcheck(3.0), TypeError, "expected a Value or a function, not 3.0"),
        (lambda: gradcheck(product), TypeError, "a function is checked at inputs"),
        (lambda: gradcheck(Value(1.0) * 2, 1.0), TypeError, "a graph is checked at its own leaves"),
        (lambda: gradcheck(product, (1.0, "b")), TypeError, "gradcheck: expected a number, not 'b'"),
        (lambda: gradcheck(lambda x: [x], 1.0), TypeError, "the function's result: expected a number"),
        (lambda: gradcheck(product, (1.0, 2.0), order=3), ValueError, "the order is 1 or 2, not 3"),
        (lambda: gradcheck(product, (1.0, 2.0), method="best"), ValueError, 'the method is "central" or "forward"'),
        (lambda: gradcheck(product, (1.0, 2.0), step=0), ValueError, "the step is a positive number, not 0"),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence(call, error, words):
    with pytest.raises(error) as raised:
        call()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_operation_without_a_derivative_is_an_error_with_its_reason():
    with pytest.raises(NotDifferentiableError, match="floor has no gradient: it is flat"):
        gradcheck(lambda x: x * ops.floor(x), 1.5)


def test_a_stale_graph_is_refused():
    x = Value(1.0, label="x")
    y = x.exp()
    x.data = 2.0
    with pytest.raises(StaleGraphError, match="the graph is stale"):
        gradcheck(y)


def test_the_report_is_a_table_that_ends_in_the_verdict():
    lines = str(gradcheck(neuron())).splitlines()
    assert lines[0].split() == ["derivative", "rule", "by", "rule", "by", "difference", "error"]
    assert lines[-3].startswith("dL/dw₂")
    assert lines[-2] == ""
    assert lines[-1].startswith("All right: 17 of 17 derivatives agree. The worst: on the edge ")
    assert repr(gradcheck(Value(1.0))).startswith("<gradcheck: All right: 1 of 1 derivatives agree.")


# --- a Function of one's own -----------------------------------------------------------------------------------------


class Wrong(Multiply):
    @staticmethod
    def backward(ctx, upstream):
        y = ctx.saved_tensors[1]
        return y * upstream, y * upstream


class OnlyOnce(Multiply):
    @staticmethod
    def backward(ctx, upstream):
        x, y = ctx.saved_tensors
        return float(y) * upstream, float(x) * upstream


def test_a_function_of_ones_own_is_checked():
    right, wrong, only_once = (
        lambda order, f=f: gradcheck(lambda a, b: f.apply(a, b.sin()) + a, (2.0, 3.0), order=order)
        for f in (Multiply, Wrong, OnlyOnce)
    )
    assert right(1)
    assert right(2)
    assert not wrong(1)
    assert (wrong(1).worst.op, wrong(1).worst.position) == ("Wrong", 1)
    assert only_once(1)
    assert not only_once(2)
    assert only_once(2).worst.op == "OnlyOnce"


def test_a_function_of_ones_own_with_an_operand_twice_is_checked():
    a = Value(3.0, label="a")
    assert gradcheck(Multiply.apply(a, a) + Multiply.apply(a * 2, a), order=2)


def test_a_backward_that_forgets_its_upstream_is_found():
    class Forgetful(Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x / y

        @staticmethod
        def backward(ctx, upstream):
            x, y = ctx.saved_tensors
            return 1 / y, -x / y**2

    assert not gradcheck(Forgetful.apply(Value(3.0), Value(2.0)))
