"""The scalar engine: Value, its operators and comparisons, and the backward pass."""

import operator
from fractions import Fraction

import numpy as np
import pytest

import scalargrad as sg
from scalargrad import OPS, NotDifferentiableError, Value
from scalargrad.graph import topological_order
from scalargrad.ops import op, temporary

NUMBERS = [3, 2.5, True, np.float64(2.5), np.float32(2.5), np.int64(3), np.uint8(3), np.bool_(True), np.array(2.5)]
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


def slope(f, x, h=1e-6):
    """The central difference, an oracle that knows no rule."""
    return (f(x + h) - f(x - h)) / (2 * h)


# --- construction ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [*NUMBERS, Fraction(5, 2), np.longdouble(2.5), np.float16(2.5), -0.0, 1e308])
def test_any_real_number_becomes_a_float(number):
    v = Value(number)
    assert type(v.data) is float
    assert v.data == float(number)
    assert (v.grad, v.label, v.op, v.inputs) == (0.0, None, None, ())


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_what_is_not_finite_is_a_number_too(number):
    assert repr(Value(number).data) == repr(number)


@pytest.mark.parametrize(
    "given", [1j, "3", b"3", None, [1.0], {}, object, np.array([3.0]), np.array("3"), np.complex128(1), np.array([])]
)
def test_what_is_no_real_number_is_refused_by_what_was_given(given):
    with pytest.raises(TypeError, match="Value: expected a number, not .*" + type(given).__name__):
        Value(given)


def test_a_huge_wrong_operand_does_not_flood_the_message():
    with pytest.raises(TypeError) as caught:
        Value("x" * 10_000)
    assert len(str(caught.value)) < 120


def test_a_value_of_a_value_is_refused_with_the_way_out():
    with pytest.raises(TypeError, match="detach"):
        Value(Value(1.0))


def test_an_integer_beyond_the_floats_is_refused_with_a_sentence():
    with pytest.raises(OverflowError, match="too large for a float"):
        Value(10**400)


def test_a_label_is_any_text_and_nothing_else():
    assert Value(1, label="ш | <b>").label == "ш | <b>"
    assert Value(1, "w").label == "w"
    with pytest.raises(TypeError, match="a label is a text, not 3"):
        Value(1, label=3)


def test_an_attribute_that_does_not_exist_cannot_be_set():
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0.0  # a typing error must not pass in silence


# --- operators -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", BINARY)
@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("value_first", [True, False])
def test_an_operator_takes_any_number_on_either_side(function, number, value_first):
    def of(x):
        return function(x, float(number)) if value_first else function(float(number), x)

    v = Value(2.0)
    result = function(v, number) if value_first else function(number, v)
    assert type(result) is Value
    assert type(result.data) is float
    assert result.data == pytest.approx(of(2.0), rel=1e-14)
    result.backward()
    assert v.grad == pytest.approx(slope(of, 2.0), rel=1e-6)


@pytest.mark.parametrize("function", BINARY)
def test_an_operator_on_two_values_has_both_derivatives(function):
    a, b = Value(1.7), Value(0.6)
    result = function(a, b)
    result.backward()
    assert result.data == pytest.approx(function(1.7, 0.6), rel=1e-14)
    assert a.grad == pytest.approx(slope(lambda x: function(x, 0.6), 1.7), rel=1e-6)
    assert b.grad == pytest.approx(slope(lambda x: function(1.7, x), 0.6), rel=1e-6)


def test_subtraction_and_division_are_one_op_each():
    a, b = Value(1.0), Value(2.0)
    assert [(a - b).op.name, (a / b).op.name, (1 - a).op.name, (1 / a).op.name] == ["sub", "div", "sub", "div"]


def test_the_unary_operators_are_recorded():
    v = Value(-1.5)
    assert [f(v).data for f in (operator.neg, abs, round)] == [1.5, 1.5, -2.0]
    assert +v is v


@pytest.mark.parametrize("function", [operator.add, operator.sub, operator.truediv, operator.pow])
@pytest.mark.parametrize("other", ["a", None, {}, [1.0], 1j, object()], ids=lambda x: type(x).__name__)
def test_an_operator_on_something_else_is_a_type_error_that_names_both(function, other):
    for operands in ((Value(1.0), other), (other, Value(1.0))):
        with pytest.raises(TypeError) as caught:
            function(*operands)
        assert "Value" in str(caught.value)
        assert type(other).__name__ in str(caught.value)


@pytest.mark.parametrize("other", [np.complex128(1), np.str_("a"), np.datetime64("2020"), np.array(1j)], ids=repr)
def test_a_numpy_scalar_that_is_no_real_number_is_a_type_error_that_names_the_op(other):
    for multiply in (lambda v: v * other, lambda v: other * v):
        with pytest.raises(TypeError, match="mul: expected a number, not"):
            multiply(Value(1.0))


def test_operators_that_have_no_op_say_so():
    for call in (lambda v: v % "2", lambda v: v << 2, lambda v: ~v, lambda v: v @ v):
        with pytest.raises(TypeError, match="Value"):
            call(Value(1.0))


def test_rounding_to_digits_has_no_gradient_either():
    rounded = round(Value(1.234), 2)
    assert rounded.data == 1.23
    with pytest.raises(NotDifferentiableError, match="round has no gradient"):
        rounded.backward()


def test_every_op_is_a_method_with_the_rows_signature():
    for row in OPS.values():
        point = [sum(interval) / 2 for interval in row.domain]
        values = [Value(x) for x in point]
        assert getattr(values[0], row.name)(*values[1:]).op is row
        assert getattr(values[0], row.name)(*point[1:]).data == row(*point)


def test_operands_of_a_method_may_be_named_or_left_out():
    v = Value(-2.0)
    assert [v.leaky_relu().data, v.leaky_relu(0.5).data, v.leaky_relu(slope=0.5).data] == [-0.02, -1.0, -1.0]
    with pytest.raises(TypeError, match=r"leaky_relu takes .* no operand 'slop'"):
        v.leaky_relu(slop=0.5)
    with pytest.raises(TypeError, match="b is missing"):
        sg.add(v)


@pytest.mark.parametrize("name", ["g", "y", "node", "x0", "d0"])
def test_an_op_may_have_any_name(name):
    """The engine writes Python source from the rows; its own names must not get in the way of theirs."""
    with temporary(op(name, lambda xp, a: xp.exp(a), (lambda y, a: OPS[name](a) + 0 * y,))) as row:
        x = Value(1.0)
        row(x).backward()
        assert x.grad == pytest.approx(2.718281828459045)


@pytest.mark.parametrize("name", ["lambda", "None", "a b", ""])
def test_an_op_whose_name_is_no_python_name_is_refused(name):
    with (
        pytest.raises(ValueError, match=r"an op's name must be"),
        temporary(op(name, lambda xp, a: a, (lambda y, a: 1,))),
    ):
        pass


@pytest.mark.parametrize("name", ["data", "backward"])
def test_an_op_whose_name_is_taken_by_an_attribute_is_refused_and_leaves_nothing_behind(name):
    try:
        with pytest.raises(ValueError, match=f"an op cannot be called {name}"):
            op(name, lambda xp, a: a, (lambda y, a: 1,))
        assert name not in OPS
    finally:
        OPS.pop(name, None)


# --- comparing, converting, showing ----------------------------------------------------------------------------------


def test_equality_and_hash_are_identity():
    a, b = Value(2.0), Value(2.0)
    assert a == a
    assert a != b
    assert a != 2.0
    assert len({a, b, a}) == 2
    assert [x for x in (a, b) if x in [b]] == [b]


@pytest.mark.parametrize("number", [np.float64(2), np.array(2.0)])
def test_equality_with_a_numpy_number_is_identity_too(number):
    v = Value(2.0)
    assert not v == number  # noqa: SIM201  (both operators are asked)
    assert not number == v  # noqa: SIM201
    assert v != number


@pytest.mark.parametrize(
    "other", [3, 3.0, np.float64(3), np.int64(3), Value(3.0), float("inf"), pytest.param(10**400, id="huge")]
)
def test_order_looks_at_the_numbers(other):
    v = Value(2.0)
    assert v < other
    assert v <= other
    assert not v > other
    assert not v >= other
    assert other > v
    assert not other <= v


def test_order_with_nan_is_false_and_with_a_text_is_a_type_error():
    assert not Value(float("nan")) < 1
    assert not Value(float("nan")) >= 1
    with pytest.raises(TypeError, match="'Value' and 'str'"):
        _ = Value(1.0) < "a"


def test_order_with_an_array_is_element_by_element_from_either_side():
    v, array = Value(2.0), np.array([1.0, 3.0])
    assert [bool(x) for x in array < v] == [True, False]
    assert [bool(x) for x in v > array] == [True, False]


def test_python_can_sort_and_choose_values():
    a, b, c = Value(3.0), Value(1.0), Value(2.0)
    assert sorted([a, b, c]) == [b, c, a]
    assert max(a, b) is a
    assert (Value(0.0) or b) is b


def test_truth_is_that_of_the_number():
    assert [bool(Value(x)) for x in (0.0, -0.0, 1e-300, float("nan"))] == [False, False, True, True]


def test_a_value_is_read_as_a_python_float():
    v = Value(1.5)
    v.data = np.float64(2.5)
    assert [type(v.item()), type(float(v)), v.item(), float(v)] == [float, float, 2.5, 2.5]
    with pytest.raises(TypeError):
        int(v)


def test_repr_tells_number_label_and_op_but_no_address():
    x = Value(2, label="x")
    assert repr(x) == "Value(2.0, label='x')"
    assert repr(x * 3) == "Value(6.0, op=mul)"
    assert "0x" not in repr([x, x * x, x.tanh()])


# --- sum() -----------------------------------------------------------------------------------------------------------


def test_sum_begins_with_the_first_value():
    values = [Value(i) for i in range(5)]
    total = sum(values)
    assert total.data == 10.0
    assert len(topological_order(total)) == 5 + 4
    assert sum([values[3]]) is values[3]
    total.backward()
    assert [v.grad for v in values] == [1.0] * 5


def test_sum_may_begin_with_a_value_or_a_number():
    v = Value(2.0)
    assert sum([v], Value(1.0)).data == 3.0
    assert sum([v, v], 0.5).data == 4.5


# --- the backward pass -----------------------------------------------------------------------------------------------


def test_leaves_accumulate_and_interior_nodes_show_the_latest_pass():
    x = Value(3.0)
    y = x * x
    z = y * 2
    z.backward()
    z.backward()
    assert (x.grad, y.grad, z.grad) == (24.0, 2.0, 1.0)
    (y * 5).backward()
    assert (x.grad, y.grad) == (24.0 + 30.0, 5.0)


def test_a_leaf_that_is_the_root_accumulates_its_seed():
    x = Value(3.0)
    x.backward()
    x.backward(2)
    assert x.grad == 3.0


@pytest.mark.parametrize("seed", [3, -2.0, 0, True, np.float64(0.5), np.array(2.0), float("inf")])
def test_a_seed_scales_all_gradients(seed):
    x = Value(2.0)
    (x * 5).backward(seed)
    assert x.grad == 5 * float(seed)


@pytest.mark.parametrize("seed", ["a", None, 1j, Value(1.0), np.ones(2)])
def test_a_seed_that_is_no_number_is_refused(seed):
    x = Value(2.0)
    with pytest.raises(TypeError, match="backward: expected a number"):
        (x * 5).backward(seed)
    assert x.grad == 0.0


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda a: a * a, 6.0),
        (lambda a: a + a, 2.0),
        (lambda a: a - a, 0.0),
        (lambda a: a / a, 0.0),
        (lambda a: a**a, 27 * (1 + np.log(3.0))),
        (lambda a: (a + 1) * (a - 1), 6.0),  # a diamond
        (lambda a: sg.where(a, a, a), 1.0),
        (lambda a: a.maximum(a), 1.0),
        (lambda a: (b := a * a) * b + b, 4 * 27 + 6.0),  # diamonds on diamonds
    ],
)
def test_a_node_used_more_than_once_sums_its_shares(function, expected):
    a = Value(3.0)
    function(a).backward()
    assert a.grad == pytest.approx(expected, abs=1e-12)


def test_gradients_reach_nothing_but_what_the_root_depends_on():
    x = Value(2.0)
    y, other = x * 3, x * 4
    y.backward()
    assert (x.grad, other.grad) == (3.0, 0.0)


@pytest.fixture
def cracked():
    """An op whose derivative, when it is evaluated, raises what stands in the list."""
    errors = []

    def burn(xp, a):
        if errors:
            raise errors[0]
        return 1.0

    with (
        temporary(op("fuse", burn, (lambda y, a: 1,))) as fuse,
        temporary(op("cracked", lambda xp, a: a, (lambda y, a: fuse(a),))),
    ):
        yield errors


@pytest.mark.parametrize("error", [RuntimeError("burnt"), KeyboardInterrupt(), MemoryError(), ZeroDivisionError()])
def test_a_backward_that_fails_half_way_changes_no_gradient(cracked, error):
    x, w = Value(2.0), Value(3.0)
    inner = (x * w).cracked()
    y = inner * w + x
    y.backward()
    nodes = topological_order(y)
    before = [node.grad for node in nodes]
    cracked.append(error)
    with pytest.raises(type(error)):
        y.backward()
    assert [node.grad for node in nodes] == before
    cracked.clear()
    y.backward()
    assert x.grad == 2 * (9.0 + 1.0)


def test_an_op_without_a_gradient_fails_before_any_gradient_changes():
    x = Value(1.7)
    y = x * 2 + x.floor()
    with pytest.raises(NotDifferentiableError, match="floor has no gradient"):
        y.backward()
    assert (x.grad, y.grad) == (0.0, 0.0)
