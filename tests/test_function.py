"""Operations of one's own: as in the lecture, in every reading of a graph, and every way to get them wrong."""

import copy
import gc
import math
import pickle
import weakref

import numpy as np
import pytest

from scalargrad import NotDifferentiableError, Value, detect_anomaly, enable_grad, gradcheck, no_grad, scope, trace
from scalargrad.derivatives import grad, hessian, hvp
from scalargrad.function import Context, Function
from scalargrad.graph import topological_order
from scalargrad.ops import elementwise as ops
from tests.graphs import Multiply


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        z = 1 / (1 + math.exp(-x))
        ctx.save_for_backward(z)
        return z

    @staticmethod
    def backward(ctx, grad_z):
        (z,) = ctx.saved_tensors
        return grad_z * (1 - z) * z


class Power(Function):
    """With a whole number that must stay one, on the context."""

    @staticmethod
    def forward(ctx, x, n):
        ctx.n, ctx.pair = n, [x, {"x": x}]
        result = 1.0
        for _ in range(n):
            result = result * x
        return result

    @staticmethod
    def backward(ctx, upstream):
        slope = upstream * ctx.n
        for _ in range(ctx.n - 1):
            slope = slope * ctx.pair[1]["x"]
        return slope, None


class Saving(Function):
    """exp(x)², saving a Value that is neither an operand nor the result."""

    @staticmethod
    def forward(ctx, x):
        middle = x.exp()
        ctx.save_for_backward(middle)
        return middle * middle

    @staticmethod
    def backward(ctx, upstream):
        (middle,) = ctx.saved_tensors
        return upstream * 2 * middle * middle


class SavingNumber(Saving):
    @staticmethod
    def forward(ctx, x):
        middle = math.exp(x)
        ctx.save_for_backward(middle)
        return middle * middle


class SavingAttribute(Saving):
    @staticmethod
    def forward(ctx, x):
        ctx.middle = [x.exp()]
        return ctx.middle[0] * ctx.middle[0]

    @staticmethod
    def backward(ctx, upstream):
        return upstream * 2 * ctx.middle[0] * ctx.middle[0]


class Leaving(Function):
    """x³, with a backward that leaves the graph."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return float(upstream) * 3 * float(x) ** 2


def leaves(*numbers):
    return [Value(x, label=label) for x, label in zip(numbers, "xyz")]


# --- the lecture -----------------------------------------------------------------------------------------------------


def test_multiply_as_in_the_lecture():
    x, y = leaves(3.0, 4.0)
    z = Multiply.apply(x, y)
    assert (z.data, z.op.name, z.inputs) == (12.0, "Multiply", (x, y))
    z.backward()
    assert (x.grad, y.grad, z.grad) == (4.0, 3.0, 1.0)


def test_sigmoid_from_its_output_as_in_the_lecture():
    (x,) = leaves(1.0)
    y = Sigmoid.apply(x)
    y.backward()
    assert (round(y.data, 6), round(x.grad, 6)) == (0.731059, 0.196612)


def test_it_stands_in_a_graph_like_any_op():
    x, y = leaves(3.0, 4.0)
    loss = (Multiply.apply(x + 1, y) * Multiply.apply(x, x)).tanh() + Power.apply(y, 3)
    loss.backward()
    twin, other = leaves(3.0, 4.0)
    (((twin + 1) * other * (twin * twin)).tanh() + other**3).backward()
    assert (x.grad, y.grad) == pytest.approx((twin.grad, other.grad))


def test_leaves_accumulate_over_passes_and_seeds_multiply():
    x, y = leaves(3.0, 4.0)
    z = Multiply.apply(x, y)
    z.backward()
    z.backward(seed=-2.0)
    assert (x.grad, y.grad, z.grad) == (-4.0, -3.0, -2.0)


@pytest.mark.parametrize("exp", [math.exp, np.exp, ops.exp, lambda x: x.exp(), lambda x: np.float64(math.exp(x))])
def test_any_exp_may_be_used_in_forward(exp):
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = exp(x)
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, upstream):
            return upstream * ctx.saved_tensors[0]

    (x,) = leaves(0.5)
    y = Exp.apply(x)
    y.backward()
    assert type(y) is Value
    assert type(y.data) is float
    assert y.data == x.grad == math.exp(0.5)
    assert grad(y, x).op.name == "mul"


def test_nothing_in_forward_or_backward_is_recorded():
    seen = []

    class Look(Function):
        @staticmethod
        def forward(ctx, x):
            seen.append((x + 1).op)
            ctx.save_for_backward(x)
            return x

        @staticmethod
        def backward(ctx, upstream):
            seen.append((upstream * ctx.saved_tensors[0]).op)
            return upstream

    (x,) = leaves(2.0)
    y = Look.apply(x)
    y.backward()
    assert seen == [None, None]
    assert y is not x
    assert (y.data, y.inputs, x.grad) == (2.0, (x,), 1.0)


# --- operands --------------------------------------------------------------------------------------------------------


def test_numbers_reach_forward_as_they_are_and_stand_as_constants_in_the_graph():
    x, _ = leaves(2.0, 0.0)
    y = Power.apply(x, 3)
    assert (y.data, y.inputs, type(y.inputs[1])) == (8.0, (x, 3.0), float)
    y.backward()
    assert x.grad == 12.0


def test_numbers_alone_give_a_number():
    assert Multiply.apply(3, 4.0) == 12.0
    assert type(Multiply.apply(3, 4)) is float


def test_the_context_tells_which_gradients_are_needed():
    seen = []

    class Look(Function):
        @staticmethod
        def forward(ctx, x, y, z):
            seen.append(ctx.needs_input_grad)
            return x * y * z

        @staticmethod
        def backward(ctx, upstream):
            seen.append(ctx.needs_input_grad)
            return upstream, upstream, upstream

    x, z = leaves(2.0, 3.0)
    w = Look.apply(x, 1.5, z)
    w.backward()
    grad(w, z)
    assert seen == [(True, False, True), (True, False, True), (False, False, True)]


def test_none_passes_nothing_on_and_what_is_returned_for_a_constant_is_ignored():
    class Pick(Function):
        @staticmethod
        def forward(ctx, x, y, c):
            return x + y

        @staticmethod
        def backward(ctx, upstream):
            return upstream, None, upstream

    x, y = leaves(2.0, 3.0)
    z = Pick.apply(x, y, 7.0)
    z.backward()
    assert (x.grad, y.grad) == (1.0, 0.0)
    assert [edge.downstream for edge in trace(z).edges] == [1.0, 0.0]
    assert [float(d) for d in grad(z, [x, y])] == [1.0, 0.0]


def test_more_than_two_and_more_than_nine_operands():
    class Total(Function):
        @staticmethod
        def forward(ctx, *xs):
            total = sum(xs)
            ctx.save_for_backward(total)
            return total

        @staticmethod
        def backward(ctx, upstream):
            (total,) = ctx.saved_tensors
            return [upstream * total] * 12

    xs = [Value(float(i), label=f"x{i}") for i in range(12)]
    y = Total.apply(*xs)
    y.backward()
    assert [x.grad for x in xs] == [66.0] * 12
    assert y.op.text_of(*"abcdefghijkl") == "Total(a, b, c, d, e, f, g, h, i, j, k, l)"
    assert trace(y).edges[0].formula == "Total(…)"


def test_the_same_value_twice_gets_both_shares():
    (x,) = leaves(3.0)
    y = Multiply.apply(x, x)
    y.backward()
    assert x.grad == 6.0
    assert [edge.local for edge in trace(y).edges] == [3.0, 3.0]


def test_under_no_grad_the_result_is_a_leaf():
    x, y = leaves(3.0, 4.0)
    with no_grad():
        z = Multiply.apply(x, y)
        with enable_grad():
            w = Multiply.apply(x, y)
    assert (z.op, z.data) == (None, 12.0)
    assert w.op.name == "Multiply"


# --- the other readings of a graph -----------------------------------------------------------------------------------


def test_a_trace_shows_the_numbers_and_reads_backward_as_a_formula():
    w, x = Value(2.0, label="w0"), Value(-1.0, label="x0")
    t = trace(Sigmoid.apply(Multiply.apply(w, x)))
    y = 1 / (1 + math.exp(2))
    assert [n.formula for n in t.nodes] == ["", "", "Multiply(w₀, x₀)", "Sigmoid(v₁)"]
    assert t.nodes[2].latex == r"\operatorname{Multiply}(w_{0}, x_{0})"
    assert [n.symbol for n in t.nodes] == ["", "", "Multiply", "Sigmoid"]
    assert [e.formula for e in t.edges] == ["(1 − Sigmoid(x))·Sigmoid(x)", "x₀", "w₀"]
    assert t.edges[1].latex == "x_{0}"
    assert [e.downstream for e in t.edges] == pytest.approx([y - y * y, -(y - y * y), 2 * (y - y * y)])


def test_a_formula_that_cannot_be_read_is_the_partial_derivative():
    for function in (Saving, SavingNumber, SavingAttribute, Leaving):
        op = function.apply(Value(1.0)).op
        name = function.__name__
        assert op.formula(0, ("x0",)) == f"∂{name}/∂x₀"
        assert op.formula(0, ("x0",), "latex") == rf"\frac{{\partial \operatorname{{{name}}}}}{{\partial x_{{0}}}}"


def test_a_constant_shows_its_number():
    t = trace(Power.apply(Value(2.0, label="x"), 3))
    assert (t.root.formula, t.edges[0].formula, t.edges[0].local) == ("Power(x, 3)", "3·x·x", 12.0)


def test_a_changed_leaf_makes_the_graph_stale_and_an_unchanged_one_does_not_run_forward_again():
    runs = []

    class Count(Function):
        @staticmethod
        def forward(ctx, x):
            runs.append(float(x))
            return x * x

        @staticmethod
        def backward(ctx, upstream):
            return upstream

    (x,) = leaves(3.0)
    y = Count.apply(x)
    trace(y)
    assert runs == [3.0]
    x.data = 4.0
    with pytest.raises(RuntimeError, match=r"Count\(x\) was 9.0 when it was computed and would be 16.0"):
        trace(y)
    assert runs == [3.0, 4.0]


def test_a_nan_is_not_stale():
    y = Multiply.apply(Value(math.nan), Value(1.0))
    assert math.isnan(trace(y).root.value)


def test_the_local_derivative_can_be_asked_for_elsewhere_also_of_what_forward_computed():
    for function in (Saving, SavingNumber, SavingAttribute):
        op = function.apply(Value(1.0)).op
        for x in (1.0, 2.0):
            assert op.recomputed(math.exp(2), (x,)) == pytest.approx(math.exp(2 * x))
            assert op.local(0, math.exp(2 * x), (x,)) == pytest.approx(2 * math.exp(2 * x))


class Pole(Function):
    """x·x in Python's numbers, with a derivative 1/x that is not its own."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return float(x) * float(x)

    @staticmethod
    def backward(ctx, upstream):
        x = float(ctx.saved_tensors[0])
        return float(upstream) / x if x else math.inf


def test_detect_anomaly_names_the_function():
    (x,) = leaves(1e200)
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"^forward: Pole\(x\) = inf at x = 1e\+200"):
        Pole.apply(x)
    (x,) = leaves(0.0)
    y = Pole.apply(x)
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"^backward: through Pole\(x\) to x, 1.0 × inf"):
        y.backward()
    assert x.grad == 0.0
    y.backward()
    assert x.grad == math.inf


def test_detect_anomaly_names_the_op_inside_of_a_function():
    x, y = leaves(1e200, 1e200)
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"x·y = inf at x = 1e\+200 and y = 1e\+200"):
        Multiply.apply(x, y)


def test_a_scope_frames_it():
    with scope("layer"):
        assert Multiply.apply(Value(1.0), 2.0).scope == "layer"


# --- higher order ----------------------------------------------------------------------------------------------------


def test_the_gradient_is_a_graph_of_the_real_operands():
    x, y = leaves(3.0, 4.0)
    z = Multiply.apply(x, y)
    dx = grad(z, x)
    assert dx.data == 4.0
    assert grad(dx, y).data == 1.0


def test_third_derivatives_through_the_saved_output():
    y = 1 / (1 + math.exp(-0.7))
    first, second = y * (1 - y), y * (1 - y) * (1 - 2 * y)
    third = y * (1 - y) * (1 - 6 * y + 6 * y * y)
    x = Value(0.7)
    slopes = [Sigmoid.apply(x)]
    for _ in range(3):
        slopes.append(grad(slopes[-1], x))
    assert [s.data for s in slopes] == pytest.approx([y, first, second, third])
    f = Sigmoid.apply
    assert float(grad(grad(grad(lambda x: f(x))))(0.7)) == pytest.approx(third)


def test_settings_and_operands_on_the_context_serve_at_any_order():
    x = Value(2.0)
    y = Power.apply(x, 4)
    assert grad(grad(grad(y, x), x), x).data == 48.0
    rows = hessian(lambda a, b: Multiply.apply(Power.apply(a, 2), b), 3.0, 5.0, argnums=(0, 1))
    assert [[float(h) for h in row] for row in rows] == [[10.0, 6.0], [6.0, 0.0]]
    assert [float(d) for d in hvp(lambda p: Multiply.apply(p[0], Power.apply(p[1], 3)), [2.0, 1.0], [1.0, 1.0])] == [
        3,
        15,
    ]


@pytest.mark.parametrize("function", [Saving, SavingNumber, SavingAttribute, Leaving])
def test_a_number_without_a_graph_gives_the_first_derivative_and_refuses_the_second(function):
    (x,) = leaves(1.0)
    y = function.apply(x)
    y.backward()
    slope = grad(y, x)
    assert slope.data == pytest.approx(x.grad)
    name = function.__name__
    with pytest.raises(NotDifferentiableError, match=f"^{name} cannot be differentiated again: .*\n?$"):
        grad(slope, x)
    before = x.grad
    with pytest.raises(NotDifferentiableError, match="save operands and the result only"):
        slope.backward()
    assert x.grad == before


def test_the_refused_number_still_has_its_value_in_a_graph():
    (x,) = leaves(1.0)
    slope = grad(Saving.apply(x), x)
    copied = pickle.loads(pickle.dumps(slope))
    assert copied.data == copy.deepcopy(slope).data == slope.data
    with pytest.raises(NotDifferentiableError):
        trace(slope)
    with pytest.raises(NotDifferentiableError):
        copied.backward()


def test_a_gradient_of_zero_may_be_a_plain_number():
    class Step(Function):
        @staticmethod
        def forward(ctx, x):
            return 1.0 if x > 0 else 0.0

        @staticmethod
        def backward(ctx, upstream):
            return 0

    x = Value(1.0)
    slope = grad(Step.apply(x) * x, x)
    assert (slope.data, grad(slope, x).data) == (1.0, 0.0)


def test_a_straight_through_estimator_has_the_derivative_it_says():
    class Round(Function):
        @staticmethod
        def forward(ctx, x):
            return round(float(x))

        @staticmethod
        def backward(ctx, upstream):
            return upstream

    x = Value(2.7)
    y = Round.apply(x) ** 2
    y.backward()
    assert (y.data, x.grad) == (9.0, 6.0)
    assert trace(y).edges[-1].formula == "1"


def test_gradcheck_passes_a_right_backward_at_second_order_and_finds_a_wrong_one():
    class Wrong(Multiply):
        @staticmethod
        def backward(ctx, upstream):
            _, y = ctx.saved_tensors
            return y * upstream, y * upstream

    class WrongAgain(Power):
        """Right at first order: the number of the power left the graph in the wrong way."""

        @staticmethod
        def backward(ctx, upstream):
            x = ctx.pair[0]
            return upstream * (ctx.n * float(x) ** (ctx.n - 1)), None

    assert gradcheck(Multiply.apply, (2.0, 3.0), order=2)
    assert gradcheck(Sigmoid.apply, (0.5,), order=2)
    assert gradcheck(lambda x: Power.apply(x, 3), (2.0,), order=2)
    assert not gradcheck(Wrong.apply, (2.0, 3.0))
    assert gradcheck(lambda x: WrongAgain.apply(x, 3), (2.0,))
    assert not gradcheck(lambda x: WrongAgain.apply(x, 3), (2.0,), order=2)


# --- copies and memory -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph))])
@pytest.mark.parametrize("function", [Multiply, Power])
def test_a_copy_of_a_graph_works_alone_and_reaches_its_own_leaves(copied, function):
    x = Value(3.0, label="x")
    other = Value(2.0, label="other") if function is Multiply else 2
    z = function.apply(Sigmoid.apply(x), other) + x
    again = copied(z)
    again.backward()
    assert x.grad == 0.0
    (leaf,) = [n for n in topological_order(again) if n.label == "x"]
    z.backward()
    assert leaf is not x
    assert leaf.grad == x.grad != 0
    assert grad(grad(again, leaf), leaf).data == grad(grad(z, x), x).data
    leaf.data = 4.0
    assert trace(z).root.value == z.data


def test_what_forward_computed_is_copied_with_the_graph():
    x = Value(1.0)
    for function in (Saving, SavingAttribute):
        again = pickle.loads(pickle.dumps(copy.deepcopy(function.apply(x))))
        again.backward()
        assert again.inputs[0].grad == pytest.approx(2 * math.exp(2))


def test_a_shallow_copy_is_another_result_of_the_same_operands():
    x, y = leaves(3.0, 4.0)
    copy.copy(Multiply.apply(x, y)).backward()
    assert (x.grad, y.grad) == (4.0, 3.0)


def test_a_long_chain_is_computed_copied_and_freed():
    y = x = Value(1.0)
    for _ in range(5000):
        y = Multiply.apply(y, 1.0)
    copy.deepcopy(y).backward()
    y.backward()
    assert x.grad == 1.0
    del y


class SavingAll(Function):
    """Everything that could tie a knot."""

    @staticmethod
    def forward(ctx, x, y):
        z = x * y
        ctx.save_for_backward(x, y, z, [z, (x, z)])
        ctx.x, ctx.z, ctx.all = x, z, {"z": z}
        return z

    @staticmethod
    def backward(ctx, upstream):
        x, y, z, _ = ctx.saved_tensors
        ctx.upstream = upstream
        assert ctx.z is z
        assert ctx.all["z"] is z
        assert ctx.saved_tensors[3][1] == (x, z)
        return upstream * z / ctx.x, upstream * z / y


@pytest.fixture
def collector_off():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("collector_off")
@pytest.mark.parametrize(
    "use",
    [Value.backward, trace, copy.deepcopy, pickle.dumps, repr, lambda z: grad(grad(z, z.inputs[0]), z.inputs[1])],
    ids=["backward", "trace", "deepcopy", "pickle", "repr", "grad"],
)
@pytest.mark.parametrize("function", [Multiply, SavingAll])
def test_a_graph_is_freed_without_the_garbage_collector(function, use):
    x, y = leaves(3.0, 4.0)
    z = function.apply(Sigmoid.apply(x), y)
    use(z)
    watched = [weakref.ref(v) for v in (x, y, z, z.inputs[0])]
    del x, y, z
    assert [ref() for ref in watched] == [None] * 4


@pytest.mark.usefixtures("collector_off")
def test_a_graph_whose_backward_raised_is_freed_too():
    x = Value(1.0)
    y = Saving.apply(x)
    slope = grad(y, x)
    with pytest.raises(NotDifferentiableError):
        slope.backward()
    watched = weakref.ref(slope)
    del slope
    assert watched() is None


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, ValueError])
def test_a_backward_that_raises_leaves_no_half_added_gradient(error):
    class Fails(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, upstream):
            raise error("in the middle")

    x, y = leaves(3.0, 4.0)
    z = Multiply.apply(Fails.apply(x), y) + x * y
    x.grad, y.grad, z.grad = 0.25, 0.5, 0.75
    with pytest.raises(error, match="in the middle"):
        z.backward()
    assert (x.grad, y.grad, z.grad) == (0.25, 0.5, 0.75)
    assert (x * 2).op.name == "mul"  # recording goes on


def test_a_forward_that_raises_goes_on_recording():
    class Fails(Multiply):
        @staticmethod
        def forward(ctx, x, y):
            raise KeyError("k")

    with pytest.raises(KeyError):
        Fails.apply(Value(1.0), 2.0)
    assert (Value(1.0) * 2).op.name == "mul"


def returning(forward=lambda ctx, x, y: x, backward=lambda ctx, upstream: (upstream, upstream)):
    return type("Mine", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "Mine.forward returned nothing: end it with return and the result"),
        ((1.0, 2.0), "Mine.forward returned 2 results: a Function has one"),
        ([], "Mine.forward returned 0 results"),
        ("1", "Mine.forward: expected a number, not '1'"),
        (1j, "Mine.forward: expected a number, not 1j"),
    ],
)
def test_what_forward_may_not_return(result, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        returning(forward=lambda ctx, x, y: result).apply(Value(1.0), Value(2.0))


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (1.0, "Mine.backward returned 1 gradient for 2 operands: return one for each, None where there is none"),
        ((), "Mine.backward returned 0 gradients for 2 operands"),
        ((1.0,) * 3, "Mine.backward returned 3 gradients for 2 operands"),
        ((1.0, "2"), "Mine.backward returned a str for operand 1, not a Value or a number"),
        ((np.ones(2), 1.0), "Mine.backward returned a ndarray for operand 0, not a Value or a number"),
        ((1j, 1.0), "Mine.backward returned a complex for operand 0"),
    ],
)
def test_what_backward_may_not_return(result, message):
    x, y = leaves(1.0, 2.0)
    z = returning(backward=lambda ctx, upstream: result).apply(x, y)
    with pytest.raises(TypeError, match=f"^{message}"):
        z.backward()
    with pytest.raises(TypeError, match=f"^{message}"):
        trace(z)
    with pytest.raises(TypeError, match=f"^{message}"):
        grad(z, x)
    assert (x.grad, y.grad) == (0.0, 0.0)


def test_a_function_is_not_called_itself():
    with pytest.raises(TypeError, match=r"^Multiply is not called itself: write Multiply.apply\(…\)$"):
        Multiply(Value(1.0), Value(2.0))
    with pytest.raises(TypeError, match="not called itself"):
        Multiply()


def test_operands_are_given_by_position():
    with pytest.raises(TypeError, match=r"^Multiply.apply takes its operands by position, not by name: y, z$"):
        Multiply.apply(Value(1.0), y=2.0, z=3)


@pytest.mark.parametrize("given", ["2", None, 1j, [1.0], np.ones(2)])
def test_operands_are_values_and_numbers(given):
    with pytest.raises(TypeError, match=r"^Multiply.apply: expected a number, not "):
        Multiply.apply(Value(1.0), given)


@pytest.mark.parametrize("name", ["forward", "backward"])
def test_a_method_that_is_not_static_or_not_there_is_told(name):
    plain = type("Plain", (Multiply,), {name: lambda self, ctx, *rest: None})
    with pytest.raises(TypeError, match=rf"^Plain.{name} must be a static method: put @staticmethod above it$"):
        plain.apply(Value(1.0), Value(2.0))
    others = {"forward", "backward"} - {name}
    bare = type("Bare", (Function,), {other: Multiply.__dict__[other] for other in others})
    with pytest.raises(TypeError, match=rf"^Bare has no {name}: define it, with @staticmethod above it$"):
        bare.apply(Value(1.0), Value(2.0))


def test_an_attribute_that_was_not_set_is_an_attribute_error():
    with pytest.raises(AttributeError, match="alpha"):
        Context((True,)).alpha  # noqa: B018
