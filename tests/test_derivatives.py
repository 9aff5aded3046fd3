"""grad, jacobian, hvp and hessian: against closed forms, finite differences and backward()."""

import math
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad import Value, detect_anomaly, no_grad, trace
from scalargrad.derivatives import grad, hessian, hvp, jacobian
from scalargrad.graph import topological_order
from scalargrad.ops import elementwise as ops
from scalargrad.ops.registry import NotDifferentiableError


def floats(nested):
    return [floats(x) for x in nested] if isinstance(nested, (list, tuple, np.ndarray)) else float(nested)


def size(node):
    return len(topological_order(node))


# --- on a graph ------------------------------------------------------------------------------------------------------


def test_the_arrangement_of_the_variables_is_that_of_the_derivatives():
    a, b = Value(2.0), Value(3.0)
    y = a * b * b
    assert float(grad(y, a)) == 9
    assert floats(grad(y, [a, b])) == [9, 12]
    assert isinstance(grad(y, (a, b)), tuple)
    assert floats(grad(y, [a, (b, [a])])) == [9, [12, [9]]]
    assert grad(y, []) == []
    array = grad(y, np.array([[a, b]]))
    assert array.shape == (1, 2)
    assert floats(array) == [[9, 12]]


def test_the_variable_may_lie_inside_the_graph():
    x = Value(0.5)
    inner = x * 3
    y = inner.square() + x
    assert float(grad(y, inner)) == 3.0
    assert float(grad(y, x)) == 10.0


def test_a_variable_that_depends_on_another_passes_its_derivative_on():
    x = Value(0.5)
    inner = x.square()
    assert floats(grad(inner * x, [inner, x])) == [0.5, 0.75]


def test_the_derivative_by_itself_is_one_and_by_a_stranger_zero():
    x, stranger = Value(4.0), Value(1.0)
    y = x * x
    assert floats(grad(y, [y, stranger])) == [1.0, 0.0]
    assert float(grad(x, x)) == 1.0
    assert float(grad(grad(y, stranger), x)) == 0.0


def test_no_grad_attribute_is_touched():
    x = Value(2.0)
    y = x.exp() * x
    x.grad, y.grad = 7.0, 8.0
    hessian(y, x)
    assert {node.grad for node in topological_order(y)} == {7.0, 8.0, 0.0}


def test_a_gradient_is_a_graph_that_can_be_traced_and_differentiated_backward():
    x = Value(0.5, label="x")
    slope = grad(x**3, x)
    assert trace(slope).leaves[0].name == "x"
    slope.backward()
    assert x.grad == 3.0


def test_a_gradient_has_no_needless_nodes():
    w, x = Value(2.0), Value(3.0)
    assert grad(w * x, x) is w
    assert size(grad(w * x + x + 1, x)) == 2  # w + 1
    assert grad(5 * (x + w) - 1, x).op is None
    assert [n.op and n.op.name for n in topological_order(grad(x.cos(), x))] == [None, "sin", "neg"]
    assert [n.op and n.op.name for n in topological_order(grad(-x.square(), x))] == [None, "mul", "neg"]
    assert size(grad(x.relu() * w, w)) == 2
    assert grad(grad(x.relu(), x), x).op is None


def test_only_the_ways_to_the_variables_are_computed():
    x, other = Value(-2.0), Value(1.5)
    assert float(grad(x * other.round(), x)) == 2.0
    with detect_anomaly():  # the logarithm of the base −2 is not asked for
        assert float(grad(x**3, x)) == 12.0
        assert float(grad(x ** (other * 2), x)) == 12.0
    assert math.isnan(float(grad(x ** (other * 2), other)))


def test_an_operation_without_a_derivative_on_the_way_is_an_error_with_its_reason():
    x = Value(1.2)
    with pytest.raises(NotDifferentiableError, match="round has no gradient: it is flat"):
        grad(x * x.round(), x)


def test_a_division_by_a_constant_zero_is_infinite_as_in_backward():
    x = Value(2.0)
    for y in (x / 0.0, x / -0.0):
        x.grad = 0.0
        y.backward()
        assert float(grad(y, x)) == x.grad
        assert math.isinf(x.grad)


def test_infinite_times_zero_is_nan_as_in_backward():
    x = Value(0.0)
    y = x.sign().sqrt()
    y.backward()
    assert math.isnan(x.grad)
    assert math.isnan(float(grad(y, x)))


def test_under_no_grad_the_results_are_constants():
    x, w = Value(2.0), Value(3.0)
    y = w * x**3
    interior = w * 1.0
    z = interior * x
    with no_grad():
        slope, curvature, vector = grad(y, x), hessian(y, x), hvp(y, [x], [1.0])[0]
        assert grad(z, x).op is None
        assert floats([grad(lambda t: t**3, 2.0), hessian(lambda t: t**3, 2.0)]) == [12, 12]
        assert float(grad(grad(lambda t: t**3))(x)) == 12
    assert floats([slope, curvature, vector]) == [36, 36, 36]
    assert all(node.op is None for node in (slope, curvature, vector))


def test_a_deep_graph_is_differentiated_twice_without_recursion():
    x = Value(0.5)
    y, value, first, second = x, 0.5, 1.0, 0.0
    for _ in range(20_000):
        y = y.sin() + x
        cos, sin = math.cos(value), math.sin(value)
        value, first, second = sin + 0.5, cos * first + 1, cos * second - sin * first * first
    slope = grad(y, x)
    assert float(slope) == pytest.approx(first)
    assert float(grad(slope, x)) == pytest.approx(second)


def test_a_graph_of_100_000_nodes_is_differentiated():
    x = y = Value(0.5)
    for _ in range(50_000):
        y = y * 0.9999 + x
    power = 0.9999**50_000
    assert float(grad(y, x)) == pytest.approx((1 - power) / 1e-4 + power)
    assert float(hessian(y, x)) == 0.0


def test_the_same_program_gives_the_same_derivative_graph():
    def made():
        x, y = Value(0.3, label="x"), Value(0.7, label="y")
        return trace(grad(grad((x * y).tanh() + x.exp() * y, x), y)).to_json()

    assert made() == made()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: grad(2.0, x), "expected a Value or a function, not 2.0"),
        (lambda x: grad(x * x, 2.0), "expected the variables to be Values, not 2.0"),
        (lambda x: grad(x * x), "takes the result and the variables"),
        (lambda x: grad(x * x, x, argnums=1), "takes the result and the variables"),
        (lambda x: grad([x, x], x), "the derivatives of several Values are a jacobian"),
        (lambda x: hvp(x * x, x), "takes the result, the variables and v"),
        (lambda x: hvp(x * x, x, "no"), "hvp: v: expected a number, not 'no'"),
        (lambda x: jacobian([x, 1.0], x), "expected the result to be Values, not 1.0"),
        (lambda x: grad(lambda t: None, 1.0), "expected the result to be one Value, not a NoneType"),
        (lambda x: jacobian(lambda t: [t, "no"], 1.0), "expected the result to be one Value, not a str"),
        (lambda x: grad(lambda t: [t], 1.0), "are a jacobian"),
        (lambda x: grad(lambda t: t, "one"), "grad: expected a number, not 'one'"),
        (lambda x: grad(lambda t: t, argnums=1)(1.0), "no argument of number 1 among the 1 given"),
        (lambda x: grad(lambda t: t)(), "no argument of number 0 among the 0 given"),
        (lambda x: hvp(lambda t: t)(1.0), "no argument of number 0 among the 0 given before v"),
        (lambda x: hvp(lambda t: t)(), "no argument of number 0 among the 0 given before v"),
        (lambda x: grad(lambda t: t, argnums="x"), "argnums is the number of an argument"),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence(call, words):
    with pytest.raises(TypeError) as error:
        call(Value(1.0))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_vector_of_another_length_is_refused():
    x = Value(1.0)
    with pytest.raises(ValueError, match="hvp: 1 variables need a v of as many numbers, not 2"):
        hvp(x * x, [x], [1.0, 2.0])


# --- several results, second derivatives -----------------------------------------------------------------------------


def test_a_jacobian_has_a_row_for_each_result():
    a, b = Value(2.0), Value(3.0)
    assert floats(jacobian([a * b, a, b * b], [a, b])) == [[3, 2], [1, 0], [0, 6]]
    assert floats(jacobian([a * b, a], b)) == [2, 0]
    assert floats(jacobian(a * b, [a, b])) == [3, 2]
    rows = jacobian((a * b, a), (a, b))
    assert isinstance(rows, tuple)
    assert isinstance(rows[0], tuple)


def test_a_jacobian_of_an_array_by_an_array_is_an_array():
    xs = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    table = jacobian(xs * xs, xs)
    assert table.shape == (2, 2, 2, 2)
    assert floats(table.reshape(4, 4)) == np.diag([2.0, 4.0, 6.0, 8.0]).tolist()
    assert jacobian(lambda p: p[0] * p[1], np.ones(2)).shape == (2,)
    assert hessian(lambda p: p[0] * p[1], np.ones(2)).shape == (2, 2)


def test_the_jacobian_of_softmax_is_the_lectures():
    def softmax(zs):
        powers = [z.exp() for z in zs]
        return [p / sum(powers) for p in powers]

    expected = [[0.207817, -0.183045, -0.024772], [-0.183045, 0.192158, -0.009113], [-0.024772, -0.009113, 0.033886]]
    table = floats(jacobian(softmax, [5.0, 4.0, 2.0]))
    assert np.abs(np.array(table) - expected).max() < 1e-6
    assert np.abs(np.sum(table, axis=1)).max() < 1e-15


def rosenbrock(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


@pytest.mark.parametrize(("x", "y"), [(1.0, 1.0), (-1.2, 1.0), (0.0, 0.0)])
def test_the_hessian_of_rosenbrocks_function(x, y):
    expected = [[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200]]
    assert np.allclose(floats(hessian(rosenbrock, [x, y])), expected, rtol=1e-14, atol=0)
    v = [0.3, -2.0]
    assert np.allclose(floats(hvp(rosenbrock, [x, y], v)), np.array(expected) @ v, rtol=1e-13)


def test_the_hessian_gives_the_largest_learning_rate():
    xs = [(0.4, 0.8), (-0.4, -0.8), (0.2, 1.2), (-0.6, -0.4)]
    error = lambda w: sum((w[0] * a + w[1] * b - 1) ** 2 for a, b in xs) / (2 * len(xs))
    table = np.array(floats(hessian(error, [0.1, 0.2])))
    assert np.allclose(table, np.array(xs).T @ np.array(xs) / len(xs))


def test_a_hessian_vector_product_takes_nodes_too():
    x, y, v = Value(2.0), Value(3.0), Value(0.5)
    (along,) = hvp(x * x * y, [x], [v])
    assert float(along) == 3.0
    assert float(grad(along, v)) == 6.0


def test_second_derivatives_of_straight_lines_are_zero():
    x, y = Value(2.0), Value(3.0)
    assert floats(hessian(3 * x - y, [x, y])) == [[0, 0], [0, 0]]
    assert floats(hvp(3 * x - y, [x, y], [1, 1])) == [0, 0]


# --- on a function ---------------------------------------------------------------------------------------------------

THIRD = {  # of each function, its third derivative
    "sin": (ops.sin, lambda x: -math.cos(x)),
    "exp": (ops.exp, math.exp),
    "tanh": (ops.tanh, lambda x: (4 * math.sinh(x) ** 2 - 2) / math.cosh(x) ** 4),
    "sigmoid": (ops.sigmoid, lambda x: _s3(x)),
    "softplus": (ops.softplus, lambda x: _s(x) * (1 - _s(x)) * (1 - 2 * _s(x))),
    "fifth power": (lambda x: x**5, lambda x: 60 * x * x),
    "reciprocal": (lambda x: 1 / x, lambda x: -6 / x**4),
    "log": (ops.log, lambda x: 2 / x**3),
    "sqrt": (ops.sqrt, lambda x: 3 / 8 * x**-2.5),
    "arctan": (ops.arctan, lambda x: (6 * x * x - 2) / (1 + x * x) ** 3),
    "to the power of x": (lambda x: 2**x, lambda x: math.log(2) ** 3 * 2**x),
    "x to the x": (lambda x: x**x, lambda x: x**x * ((1 + math.log(x)) ** 3 + 3 * (1 + math.log(x)) / x - 1 / x**2)),
    "sin of x squared": (
        lambda x: (x * x).sin(),
        lambda x: -12 * x * math.sin(x * x) - 8 * x**3 * math.cos(x * x),
    ),
    "x exp(-x)": (lambda x: x * (-x).exp(), lambda x: (3 - x) * math.exp(-x)),
    "relu cubed": (lambda x: x.relu() ** 3, lambda x: 6.0),
}


def _s(x):
    return 1 / (1 + math.exp(-x))


def _s3(x):
    s = _s(x)
    return s * (1 - s) * (1 - 6 * s + 6 * s * s)


@pytest.mark.parametrize("at", [0.3, 0.5, 1.7])
@pytest.mark.parametrize("name", THIRD)
def test_the_third_derivative_is_the_analytic_one(name, at):
    function, third = THIRD[name]
    assert float(grad(grad(grad(function)))(at)) == pytest.approx(third(at), rel=1e-12)


def test_mixed_partials_of_two_variables():
    f = lambda x, y: x.sin() * (x * y).exp()
    x, y = 0.4, -0.7
    by_x_then_y = grad(grad(f, argnums=0), argnums=1)
    by_y_then_x = grad(grad(f, argnums=1), argnums=0)
    expected = math.exp(x * y) * (x * math.cos(x) + math.sin(x) * (1 + x * y))
    assert float(by_x_then_y(x, y)) == pytest.approx(expected, rel=1e-14)
    assert float(by_y_then_x(x, y)) == pytest.approx(expected, rel=1e-14)


def test_arguments_are_numbers_values_or_arrangements_of_them():
    total = lambda p: p[0] * p[1][0] * p[1][1]
    assert floats(grad(total, [2, (np.float32(3), Value(4.0))])) == [12.0, [8.0, 6.0]]
    assert floats(grad(lambda p: (p * p).sum(), np.array([1, 2]))) == [2.0, 4.0]
    assert float(grad(lambda x: x * x, Value(3.0))) == 6.0


def test_argnums_chooses_the_arguments():
    f = lambda x, y, scale=1: x * y * y * scale
    assert float(grad(f, argnums=1)(2.0, 3.0)) == 12.0
    assert floats(grad(f, 2.0, 3.0, argnums=(0, 1))) == [9.0, 12.0]
    assert floats(grad(f, 2.0, 3.0, argnums=(-1, 0))) == [12.0, 9.0]
    assert float(grad(f)(2.0, 3.0, scale=10)) == 90.0
    assert floats(hessian(f, 2.0, 3.0, argnums=(0, 1))) == [[0.0, 6.0], [6.0, 4.0]]
    assert floats(hvp(f, argnums=(0, 1))(2.0, 3.0, (1.0, 0.0))) == [0.0, 6.0]


def test_an_argument_that_is_not_asked_for_may_be_anything():
    assert float(grad(lambda x, how: x * x if how == "square" else x)(3.0, "square")) == 6.0


def test_a_constant_function_has_the_derivative_zero():
    assert float(grad(lambda x: 3.0, 1.0)) == 0.0
    assert floats(jacobian(lambda x: [x, 1], 1.0)) == [1.0, 0.0]
    assert floats(hessian(lambda x: 3.0, [1.0, 2.0])) == [[0.0, 0.0], [0.0, 0.0]]


def test_the_derivative_of_an_inner_function_takes_what_it_refers_to_as_constant():
    f = lambda x: x * grad(lambda t: x + t)(x)
    assert float(grad(f)(2.0)) == 1.0  # d(x·1)/dx
    x = Value(2.0)
    assert float(grad(lambda t: x * t)(x)) == 2.0
    assert float(grad(lambda x: x * grad(lambda t: x * t)(x))(x)) == 4.0  # d(x·x)/dx


def test_the_derivative_of_a_function_at_a_value_is_a_graph_on_that_value_if_one_is_asked_for():
    x = Value(0.5, label="x")
    third = grad(grad(grad(ops.tanh)), create_graph=True)(x)
    assert [leaf.name for leaf in trace(third).leaves] == ["x"]
    assert all(node.symbol != "×1" for node in trace(third).nodes)
    inner = x * 2
    outer = grad(lambda t: t * t, create_graph=True)(inner)
    assert float(grad(outer, x)) == 4.0
    assert grad(lambda t: t * t / 2, create_graph=True)(x) is not x
    assert grad(lambda t: t * inner, create_graph=True)(x) is inner


def test_the_function_form_has_a_name():
    def loss(w):
        return w * w

    assert grad(loss).__name__ == "grad(loss)"
    assert hessian(ops.tanh).__name__ == "hessian(tanh)"


def test_derivatives_load_no_numpy():
    code = (
        "import sys; from scalargrad import Value, derivatives as d;"
        "d.hessian(lambda p: p[0] * p[1], [1.0, 2.0]); print('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


# --- random expressions ----------------------------------------------------------------------------------------------

SMOOTH = [ops.sin, ops.tanh, ops.sigmoid, ops.softplus, ops.arctan, ops.cos]
BINARY = [ops.add, ops.sub, ops.mul, ops.logaddexp, lambda a, b: a / (2 + ops.sin(b))]
leaf = st.sampled_from([lambda x, y: x, lambda x, y: y, lambda x, y: x + 0.5, lambda x, y: 1.5 * y])
expressions = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda op, f: lambda x, y: op(f(x, y)), st.sampled_from(SMOOTH), inner),
        st.builds(lambda op, f, g: lambda x, y: op(f(x, y), g(x, y)), st.sampled_from(BINARY), inner, inner),
    ),
    max_leaves=6,
)
numbers = st.floats(-2, 2).map(lambda x: x if abs(x) > 1e-3 else 0.0)
STEP = 2e-4


def difference(function, x, y):
    """The derivative by x as a central difference of the fourth order."""
    near = [function(x + k * STEP, y) for k in (-2, -1, 1, 2)]
    return (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * STEP)


@settings(deadline=None)
@given(expressions, numbers, numbers)
def test_gradients_are_bit_for_bit_those_of_backward(f, x, y):
    a, b = Value(x), Value(y)
    result = f(a, b)
    result.backward()
    assert floats(grad(result, [a, b])) == [a.grad, b.grad]


@settings(max_examples=60, deadline=None)
@given(expressions, numbers, numbers)
def test_each_derivative_is_the_finite_difference_of_the_one_before(f, x, y):
    functions = [f, grad(f), grad(grad(f)), grad(grad(grad(f)))]
    for one, following in pairwise(functions):
        estimate = difference(lambda a, b, one=one: float(one(Value(a), Value(b))), x, y)
        exact = float(following(x, y))
        assert exact == pytest.approx(estimate, rel=1e-6, abs=1e-6 * (1 + abs(exact)))


@settings(max_examples=60, deadline=None)
@given(expressions, numbers, numbers)
def test_hessians_are_symmetric_and_agree_with_their_products(f, x, y):
    table = np.array(floats(hessian(lambda p: f(*p), [x, y])))
    assert np.allclose(table, table.T, rtol=1e-9, atol=1e-11)
    v = [0.5, -1.5]
    assert np.allclose(floats(hvp(lambda p: f(*p), [x, y], v)), table @ v, rtol=1e-9, atol=1e-11)
