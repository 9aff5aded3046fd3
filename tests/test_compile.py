"""fastpath.compile on functions over Tensors: running, gradients, parameters, guards and errors."""

import gc
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scalargrad as sg
from fastpath import Tensor
from fastpath.bench.peers import ByHand
from fastpath.bench.problems import Problem, logits
from fastpath.compiler import compile
from fastpath.plan import TracingError
from scalargrad import modes, nn, no_grad, optim

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3))
LABELS = np.array([0, 1, 1, 0, 1])


def leaf(*shape, label=None, dtype=None):
    return Tensor(RNG.normal(size=shape), requires_grad=True, label=label, dtype=dtype)


def network(sizes=(3, 4, 2), batch=5, dtype="float64"):
    problem = Problem.random(sizes, batch, dtype)
    parameters = [
        Tensor(p, requires_grad=True, label=n) for p, n in zip(problem.parameters, problem.names, strict=True)
    ]
    return problem, parameters, lambda x, y: sg.cross_entropy(logits(x, parameters), y)


def copies(parameters):
    return [Tensor(p.data, requires_grad=True, label=p.label) for p in parameters]


# --- running ---------------------------------------------------------------------------------------------------------


def test_a_result_is_a_fresh_array_and_a_single_number_a_float():
    f = compile(lambda x: x * 2.0, backend="tensor")
    first = f(X)
    second = f(X + 1)
    np.testing.assert_array_equal(first, X * 2)
    np.testing.assert_array_equal(second, (X + 1) * 2)
    assert type(compile(lambda x: x.sum())(X)) is float


def test_several_results_come_as_a_tuple():
    total, rows, same = compile(lambda x: (x.sum(), x.sum(axis=1), x))(X)
    assert total == pytest.approx(X.sum())
    np.testing.assert_allclose(rows, X.sum(axis=1))
    np.testing.assert_array_equal(same, X)
    assert not np.shares_memory(same, X)


def test_arguments_may_be_lists_numbers_bools_tensors_and_given_by_name():
    f = compile(lambda x, c: (x * c).sum())
    assert f([[1, 2], [3, 4]], 2) == 20.0
    assert f(c=0.5, x=Tensor([1.0, 3.0])) == 2.0
    assert f(np.array([True, False]), np.array([3.0, 5.0])) == 3.0


def test_what_has_a_default_is_left_to_the_function():
    def scaled(x, how="double"):
        return x * 2.0 if how == "double" else x

    np.testing.assert_array_equal(compile(scaled)(X), 2 * X)


def test_a_new_shape_makes_a_new_plan_and_the_old_one_is_kept():
    f = compile(lambda x: x.mean(axis=0))
    for n in (5, 3, 5, 1):
        np.testing.assert_allclose(f(X[:n]), X[:n].mean(axis=0))
    assert repr(f) == "<compiled <lambda>: 3 plans>"


def test_it_stays_in_float32_also_with_python_numbers():
    f = compile(lambda x, c: (x * c + 1).tanh())
    found = f(X.astype(np.float32), 0.5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.tanh(X * 0.5 + 1), rtol=1e-6)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (0, 3), (2, 0)])
def test_arrays_of_no_axes_one_element_or_none_at_all(shape):
    x = np.ones(shape)
    f = compile(lambda x: (x * 3).exp().sum())
    value, slope = f.value_and_grad(x, argnums=0)
    assert value == pytest.approx(np.exp(3 * x).sum())
    np.testing.assert_allclose(slope, 3 * np.exp(3 * x))
    assert slope.shape == shape


def test_arguments_in_any_memory_order():
    f = compile(lambda x, w: sg.relu(x @ w).reshape(-1).sum())
    w = RNG.normal(size=(4, 3)).T
    for x in (X, np.asfortranarray(X), X[::-1], X[::2]):
        assert f(x, w) == pytest.approx(np.maximum(x @ w, 0).sum())


# --- gradients -------------------------------------------------------------------------------------------------------


def test_gradients_of_what_is_closed_over_come_by_name():
    problem, parameters, loss = network()
    value, gradients = compile(loss).value_and_grad(problem.x, problem.labels)
    expected = loss(Tensor(problem.x), problem.labels)
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-12)
    assert list(gradients) == ["W1", "b1", "W2", "b2"]
    for p in parameters:
        np.testing.assert_allclose(gradients[p.label], p.grad, rtol=1e-12, atol=1e-15)


def test_what_has_no_label_is_named_as_the_function_calls_it():
    weights, bias = leaf(3), leaf()
    _, gradients = compile(lambda x: (x @ weights + bias).sum()).value_and_grad(X)
    assert set(gradients) == {"weights", "bias"}


def test_backward_adds_to_the_grads_as_tensors_do():
    problem, parameters, loss = network()
    f = compile(loss)
    assert f.backward(problem.x, problem.labels) == pytest.approx(loss(Tensor(problem.x), problem.labels).item())
    once = [p.grad.copy() for p in parameters]
    f.backward(problem.x, problem.labels)
    for p, g in zip(parameters, once, strict=True):
        np.testing.assert_allclose(p.grad, 2 * g)


def test_no_two_gradients_ever_share_memory():
    w = leaf(3)
    f = compile(lambda x: (x @ w).square().sum())
    f.backward(X)
    first = w.grad
    before = first.copy()
    w.grad = None
    f.backward(2 * X)
    assert not np.shares_memory(first, w.grad)
    np.testing.assert_array_equal(first, before)
    part = w.grad[1:]
    w.grad = None
    f.backward(3 * X)
    assert not np.shares_memory(part, w.grad)


def test_a_gradient_nobody_holds_any_more_is_written_again():
    w = leaf(3)
    f = compile(lambda x: (x @ w).square().sum())
    f.backward(X)
    place = w.grad.__array_interface__["data"]
    w.grad = None
    f.backward(X)
    assert w.grad.__array_interface__["data"] == place


def test_a_gradient_that_is_the_same_for_two_tensors_is_two_arrays():
    a, b = leaf(3), leaf(3)
    f = compile(lambda x: (x * (a + b)).sum())
    f.backward(X)
    np.testing.assert_array_equal(a.grad, b.grad)
    assert not np.shares_memory(a.grad, b.grad)


def test_a_grad_that_does_not_fit_changes_nothing():
    a, b = leaf(3), leaf(3)
    f = compile(lambda x: (x * (a + b)).sum())
    b.grad = np.zeros(2)
    with pytest.raises(ValueError, match="has shape"):
        f.backward(X)
    assert a.grad is None


def test_gradients_by_arguments():
    f = compile(lambda x, w: (x @ w).tanh().sum())
    w = RNG.normal(size=3)
    value, (by_x, by_w) = f.value_and_grad(X, w, argnums=(0, 1))
    leaves = [Tensor(X, requires_grad=True), Tensor(w, requires_grad=True)]
    y = (leaves[0] @ leaves[1]).tanh().sum()
    y.backward()
    assert value == pytest.approx(y.item())
    np.testing.assert_allclose(by_x, leaves[0].grad, rtol=1e-12)
    np.testing.assert_allclose(by_w, leaves[1].grad, rtol=1e-12)
    np.testing.assert_allclose(f.value_and_grad(X, w, argnums=1)[1], by_w)


def test_tensors_are_read_at_each_run():
    w, scale = leaf(3), Tensor(2.0)
    f = compile(lambda x: (x @ w * scale).sum())
    for change in (lambda: None, lambda: w.data.__imul__(2), lambda: setattr(w, "data", np.ones(3))):
        change()
        assert f(X) == pytest.approx((X @ w.data * 2).sum())
    scale.data = 5.0
    assert f(X) == pytest.approx((X @ w.data * 5).sum())
    assert f.value_and_grad(X)[1].keys() == {"w"}


def test_a_frozen_parameter_receives_no_gradient():
    a, b = leaf(3), leaf(3)
    f = compile(lambda x: (x * a * b).sum())
    f.backward(X)
    a.requires_grad, a.grad = False, None
    f.backward(X)
    assert a.grad is None
    a.requires_grad = True
    f.backward(X)
    assert a.grad is not None


def test_a_step_descends_along_the_gradient():
    problem, parameters, loss = network()
    others = copies(parameters)
    f = compile(loss)
    for _ in range(3):
        y = sg.cross_entropy(logits(Tensor(problem.x), others), problem.labels)
        y.backward()
        assert f.step(problem.x, problem.labels, lr=0.1) == pytest.approx(y.item(), rel=1e-12)
        for p in others:
            p.data -= 0.1 * p.grad
            p.grad = None
    for p, q in zip(parameters, others, strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-10)
        assert p.grad is None


def test_a_step_spoils_no_graph_that_uses_the_numbers():
    w = leaf(3)
    y = (w * w).sum()
    expected = 2 * w.data.copy()
    compile(lambda x: (x @ w).sum()).step(X, lr=0.1)
    y.backward()
    np.testing.assert_allclose(w.grad, expected)


def test_parts_of_one_flat_parameter_get_their_gradients_in_place():
    flat = leaf(3 * 4 + 4 + 4)

    def loss(x):
        h = sg.tanh(x @ flat[:12].reshape((3, 4)) + flat[12:16])
        return (h @ flat[16:]).square().mean() + 0.1 * (flat * flat).sum()

    f = compile(loss)
    f.backward(X)
    found, flat.grad = flat.grad, None
    loss(Tensor(X)).backward()
    np.testing.assert_allclose(found, flat.grad, rtol=1e-12)
    assert "∂flat[16:20] = matmul" in str(
        compile(lambda x: (sg.tanh(x @ flat[:12].reshape((3, 4))) @ flat[16:]).sum()).plan(X)
    )
    source = f.plan(X).source
    assert "add_at" not in source
    assert "fill" not in source
    assert "copyto" not in source


def test_an_unused_part_of_a_parameter_has_gradient_zero():
    flat = leaf(6)
    f = compile(lambda x: (x * flat[1:4]).sum())
    for _ in range(2):
        f.backward(X)
        np.testing.assert_allclose(flat.grad, [0, *X.sum(axis=0), 0, 0])
        flat.grad[:] = 7.0  # it is theirs
        flat.grad = None


def test_parts_that_overlap_add_up():
    flat = leaf(4)
    f = compile(lambda x: (flat[:3] * flat[1:]).sum() + x.sum())
    f.backward(X)
    a = flat.data
    np.testing.assert_allclose(flat.grad, [a[1], a[0] + a[2], a[1] + a[3], a[2]])


def test_labels_are_arguments_not_constants():
    problem, parameters, loss = network()
    f = compile(loss)
    for labels in (problem.labels, 1 - problem.labels, problem.labels.astype(np.int32)):
        expected = loss(Tensor(problem.x), labels).item()
        assert f(problem.x, labels) == pytest.approx(expected)
        assert f.value_and_grad(problem.x, labels)[0] == pytest.approx(expected)
    assert parameters[0].grad is None


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_in_all_its_forms(reduction):
    w = leaf(3, 4)
    for labels in (np.array([0, 3, 1, 2, 0]), sg.softmax(RNG.normal(size=(5, 4)))):
        f = compile(lambda x, y: sg.cross_entropy(x @ w, y, reduction=reduction).mean())
        f.backward(X, labels)
        found, w.grad = w.grad, None
        sg.cross_entropy(Tensor(X) @ w, labels, reduction=reduction).mean().backward()
        np.testing.assert_allclose(found, w.grad, rtol=1e-11, atol=1e-15)
        w.grad = None


def test_logits_of_minus_infinity_do_no_harm():
    scores = np.array([[1.0, -np.inf, 2.0], [0.5, 1.0, -np.inf]])
    f = compile(lambda z, y: sg.cross_entropy(z, y))
    leaf_ = Tensor(scores, requires_grad=True)
    y = sg.cross_entropy(leaf_, [0, 1])
    y.backward()
    value, slope = f.value_and_grad(scores, np.array([0, 1]), argnums=0)
    assert value == pytest.approx(y.item())
    np.testing.assert_allclose(slope, leaf_.grad)


def test_places_named_twice_receive_both_gradients_however_they_are_written():
    w = leaf(4, 3)
    f = compile(lambda x: (w[:, [0, -1, 2, 2, -3]] * x).sum() + (w[[3, -1, 0]] ** 2).sum())
    x = RNG.normal(size=(4, 5))
    f.backward(x)
    found, w.grad = w.grad, None
    ((w[:, [0, -1, 2, 2, -3]] * x).sum() + (w[[3, -1, 0]] ** 2).sum()).backward()
    np.testing.assert_allclose(found, w.grad)


def test_an_index_may_be_an_argument():
    table = leaf(6, 2, label="table")
    f = compile(lambda rows: table[rows].square().sum())
    for rows in ([0, 0, 5], [1, 2, 3]):
        rows = np.array(rows)
        value, found = f.value_and_grad(rows)
        table.grad = None
        y = table[rows].square().sum()
        y.backward()
        assert value == pytest.approx(y.item())
        np.testing.assert_allclose(found["table"], table.grad)
    with pytest.raises(IndexError):
        f(np.array([0, 1, 6]))


def test_detach_and_no_grad_stop_the_gradient():
    w = leaf(3)

    def loss(x):
        with no_grad():
            shift = x.max()
        return ((x * w).detach() * w).sum() + (w * shift).sum()

    found = compile(loss).value_and_grad(X)[1]["w"]
    np.testing.assert_allclose(found, (X * w.data).sum(axis=0) + X.max())


def test_what_is_drawn_at_random_is_drawn_anew_at_each_run():
    rng = np.random.default_rng(3)

    def dropout(x):
        mask = modes.tracer().each_run(lambda: rng.integers(0, 2, x.shape) * 2.0)
        return x * mask

    f = compile(dropout)
    x = np.ones((4, 8))
    first, second = f(x), f(x)
    assert not np.array_equal(first, second)
    assert set(np.unique(first)) <= {0.0, 2.0}
    value, slope = compile(lambda x: dropout(x).sum()).value_and_grad(x, argnums=0)
    assert value == slope.sum()


def test_running_averages_are_kept_at_every_run():
    seen = []

    def centred(x):
        mean = x.mean(axis=0)
        modes.tracer().observe(lambda m: seen.append(m.copy()), mean)
        return ((x - mean) * modes.tracer().each_run(lambda: np.full(3, len(seen)))).square().sum()

    f = compile(centred)
    f(X)
    assert f.value_and_grad(2 * X, argnums=0)[0] == pytest.approx(4 * ((X - X.mean(axis=0)) ** 2).sum())
    np.testing.assert_allclose(seen, [X.mean(axis=0), 2 * X.mean(axis=0)])


def test_modules_are_compiled_and_follow_their_training_mode():
    model = nn.Sequential(
        nn.Linear(3, 8, seed=0, backend="tensor"),
        nn.ReLU(),
        nn.Dropout(0.5, seed=0),
        nn.Linear(8, 2, seed=1, backend="tensor"),
    )
    f = compile(lambda x, y: nn.cross_entropy(model(x), y))
    assert f(X, LABELS) != f(X, LABELS)
    model.eval()
    assert f(X, LABELS) == f(X, LABELS) == pytest.approx(nn.cross_entropy(model(X), LABELS).item())
    value, gradients = f.value_and_grad(X, LABELS)
    assert [g.shape for g in gradients.values()] == [(3, 8), (8,), (8, 2), (2,)]
    optimizer = optim.SGD(model, lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        f.backward(X, LABELS)
        optimizer.step()
    assert f(X, LABELS) < value
    assert "Sequential/" in str(f.plan(X, LABELS))
    np.testing.assert_allclose(compile(model)(X), model(Tensor(X)).data)


def test_argmax_and_rounding_run_but_have_no_gradient():
    w = leaf(3, 2)
    accuracy = compile(lambda x, y: sg.equal(sg.argmax(x @ w, axis=1), y).mean())
    assert accuracy(X, LABELS) == pytest.approx(((X @ w.data).argmax(axis=1) == LABELS).mean())
    with pytest.raises(sg.NotDifferentiableError, match="argmax has no gradient"):
        accuracy.value_and_grad(X, LABELS)


class Cubed(sg.Function):
    """The third power times a number, which looks at its operand's numbers."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(x)
        ctx.factor = factor
        return np.asarray(x.data) ** 3 * factor

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * 3 * x * x * ctx.factor, None


def test_a_function_of_ones_own_is_called_at_every_run():
    w = leaf(3)
    f = compile(lambda x: Cubed.apply(x * w, 2).sum() + Cubed.apply(w, 1).sum())
    for x in (X, 2 * X):
        value, gradients = f.value_and_grad(x)
        y = (2 * (Tensor(x) * w) ** 3).sum() + (w**3).sum()
        w.grad = None
        y.backward()
        assert value == pytest.approx(y.item())
        np.testing.assert_allclose(gradients["w"], w.grad)


def test_compiled_functions_may_use_each_other():
    w = leaf(3)
    inner = compile(lambda x: sg.relu(x * w))
    outer = compile(lambda x: inner(x).sum(), backend="tensor")
    assert outer(X) == pytest.approx(np.maximum(X * w.data, 0).sum())
    assert outer(2 * X) == pytest.approx(2 * np.maximum(X * w.data, 0).sum())
    np.testing.assert_allclose(outer.value_and_grad(X)[1].popitem()[1], (X * (X * w.data > 0)).sum(axis=0))


def test_threads_take_turns():
    f = compile(lambda x: (x @ x.T).tanh().sum(axis=0))
    inputs = [RNG.normal(size=(30, 30)) for _ in range(8)]
    f(inputs[0])
    found = [None] * 8

    def work(i):
        for _ in range(20):
            found[i] = f(inputs[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for x, y in zip(inputs, found, strict=True):
        np.testing.assert_allclose(y, np.tanh(x @ x.T).sum(axis=0))


# --- guards ----------------------------------------------------------------------------------------------------------


def branch(x):
    if x.sum() > 0:
        return x
    return -x


def smallest(x):
    return min(x[0], x[1]).sum()


GUARDED = {
    "branch": (branch, "if x.sum() > 0:"),
    "min": (smallest, "min(x[0], x[1])"),
    "truth": (lambda x: x if x.sum() else -x, "the truth value"),
    "float": (lambda x: float(x.sum()) * x, "float()"),
    "int": (lambda x: x * int(x.sum()), "int()"),
    "range": (lambda x: sum(x for _ in range(x.sum())), "int()"),
    "item": (lambda x: x * x.sum().item(), "item()"),
    "data": (lambda x: x * x.data.max(), "the data"),
    "array": (lambda x: x * np.asarray(x), "an array made"),
    "equal": (lambda x: x if x.sum() == 0 else -x, "equal(a, b)"),
    "numpy": (lambda x: x * np.less(x, 0), "np.less"),
    "format": (lambda x: f"{x.sum():.2f}", "the number"),
    "write": (lambda x: x.data.__setitem__(0, 1.0), "the data"),
}


@pytest.mark.parametrize("name", GUARDED)
def test_what_would_be_frozen_is_refused_with_the_line_that_wrote_it(name):
    function, told = GUARDED[name]
    with pytest.raises(TracingError, match=r"test_compile\.py, line \d+") as error:
        compile(function, backend="tensor")(X)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_after_an_error_while_tracing_all_is_as_before():
    f = compile(branch, backend="tensor")
    with pytest.raises(TracingError):
        f(X)
    assert bool(Tensor(1.0) > 0)
    np.testing.assert_array_equal(compile(lambda x: x + 1)(X), X + 1)


def test_one_hot_of_labels_that_are_arguments_is_made_at_each_run():
    f = compile(lambda x, y: (x * sg.one_hot(y, 3)).sum())
    for labels in (LABELS, 1 - LABELS):
        assert f(X, labels) == pytest.approx(X[np.arange(5), labels].sum())


# --- errors ----------------------------------------------------------------------------------------------------------

ERRORS = {
    "too many": (lambda f: f(X, X), TypeError, r"takes \(x\), not 2 arguments"),
    "unknown name": (lambda f: f(z=X), TypeError, r"takes \(x\), not z="),
    "missing": (lambda f: f(), TypeError, r"takes \(x\), not 0 arguments"),
    "text": (lambda f: f("abc"), TypeError, "the argument x is 'abc'"),
    "None": (lambda f: f(None), TypeError, "the argument x is None"),
    "complex": (lambda f: f(np.ones(2, complex)), TypeError, "expected numbers"),
    "ragged": (lambda f: f([[1.0], [1.0, 2.0]]), ValueError, "different lengths"),
    "no gradient": (lambda f: f.value_and_grad(X), ValueError, "closes over no Tensor with requires_grad=True"),
    "no such argument": (lambda f: f.value_and_grad(X, argnums=1), ValueError, "argnums has 1"),
    "whole numbers": (lambda f: f.value_and_grad(LABELS, argnums=0), ValueError, "argnums has 0"),
    "many numbers": (
        lambda f: compile(lambda x: x * 2).value_and_grad(X, argnums=0),
        ValueError,
        r"array of shape \(5, 3\)",
    ),
    "several": (lambda f: compile(lambda x: (x, x)).value_and_grad(X, argnums=0), ValueError, "several arrays"),
    "returns text": (lambda f: compile(lambda x: "a")(X), TypeError, "returned str"),
    "not a function": (lambda f: compile(3), TypeError, "compile takes a function"),
    "backend": (lambda f: compile(branch, backend="gpu"), ValueError, "backend is 'value' or 'tensor', not 'gpu'"),
    "option": (
        lambda f: compile(branch, backend="tensor", reduction="sum"),
        TypeError,
        "reduction= is for scalar code",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_one_sentence(name):
    call, kind, told = ERRORS[name]
    with pytest.raises(kind, match=told) as error:
        call(compile(lambda x: (x * 1.0).sum()))
    assert "\n" not in str(error.value)


def test_shapes_that_do_not_fit_are_told_as_by_tensors():
    w = leaf(4)
    with pytest.raises(ValueError, match=r"matmul: shapes \(5, 3\) and \(4,\) do not fit"):
        compile(lambda x: x @ w)(X)


def test_a_label_out_of_range_is_told_at_every_run():
    problem, _, loss = network()
    f = compile(loss)
    f(problem.x, problem.labels)
    for wrong in (2, -1):
        labels = problem.labels.copy()
        labels[1] = wrong
        with pytest.raises(ValueError, match=f"there is a label {wrong} among labels for 2 classes"):
            f(problem.x, labels)
    assert np.isfinite(f(problem.x, problem.labels))


def test_values_and_tensors_together_ask_which_is_meant():
    w, v = leaf(3), sg.Value(2.0)
    with pytest.raises(TypeError, match="closes over Values and over Tensors"):
        compile(lambda x: (x @ w).sum() * v)


# --- the plan --------------------------------------------------------------------------------------------------------


def test_the_plan_of_a_network_is_three_products_forward_and_five_backward():
    problem, _, loss = network((2, 16, 16, 2), 100)
    plan = compile(loss).plan(problem.x, problem.labels)
    products = [i.phase for i in plan.instructions if i.code == "matmul"]
    assert products == ["forward"] * 3 + ["backward"] * 5
    assert len(plan.instructions) <= 34
    assert not any(i.code in ("copy", "assemble", "scatter") for i in plan.instructions)


@pytest.mark.parametrize(("sizes", "batch"), [((2, 16, 16, 2), 100), ((64, 128, 10), 64), ((200, 64, 32, 5), 32)])
def test_a_plan_needs_no_more_memory_than_the_derivatives_by_hand(sizes, batch):
    problem, _, loss = network(sizes, batch)
    plan = compile(loss).plan(problem.x, problem.labels)
    by_hand = ByHand(problem).gradients
    by_hand()
    tracemalloc.start()
    by_hand()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert plan.memory <= 1.1 * peak


def test_a_plan_prints_as_a_list_of_instructions():
    problem, _, loss = network()
    text = str(compile(loss).plan(problem.x, problem.labels))
    lines = text.splitlines()
    assert lines[0] == "Forward"
    assert "Backward" in lines
    assert "b3 = matmul(x, W1)" in lines[1]
    assert any("∂W2 = matmul(b3ᵀ, b9)" in line for line in lines)
    assert "(5, 4)" in lines[1]
    assert "matmul" in lines[1]
    assert "bytes of buffers and results" in lines[-1]


def test_a_plan_is_drawn_as_the_graph_of_its_forward_instructions():
    problem, _, loss = network()
    trace = compile(loss).plan(problem.x, problem.labels).as_trace()
    symbols = [n.symbol for n in trace.nodes]
    assert symbols.count("@") == 2
    assert {n.name for n in trace.nodes} >= {"x", "y", "W1", "b2"}
    assert trace.root.value == pytest.approx(loss(Tensor(problem.x), problem.labels).item())
    assert "5×4" in sg.draw(trace).dot


def test_flops_and_source_of_a_plan():
    plan = compile(lambda x: x @ x.T).plan(X)
    assert plan.flops >= 2 * 5 * 5 * 3
    assert "def run(x0):" in plan.source


def test_subexpressions_are_shared_constants_folded_and_the_unused_dropped():
    def f(x):
        x.exp()
        return (x * x).tanh() + (x * x).tanh() + sg.square(sg.sqrt(Tensor(16.0)) * 1.0) * 0.0

    codes = [i.code for i in compile(f, backend="tensor").plan(X).instructions]
    assert codes.count("tanh") == 1
    assert "exp" not in codes


def test_a_plan_holds_no_reference_cycle_through_the_function():
    w = leaf(3)
    f = compile(lambda x: (x @ w).sum())
    f(X)
    gc.collect()
    gc.disable()
    try:
        f(X)
        assert gc.collect() == 0
    finally:
        gc.enable()


# --- random functions ------------------------------------------------------------------------------------------------

UNARY = ["tanh", "sigmoid", "relu", "softplus", "sin", "square", "abs", "neg", "softsign", "elu"]
BINARY = ["add", "sub", "mul", "maximum", "minimum", "logaddexp"]
MOVES = {
    "transpose": lambda a: a.transpose(),
    "flatten": lambda a: a.reshape((-1,)).reshape((3, 3)),
    "flip": lambda a: a[::-1, :],
    "roll": lambda a: sg.concatenate([a[1:], a[:1]]),
    "columns": lambda a: sg.concatenate([a[:, 1:], a[:, :1]], axis=1),
    "gather": lambda a: a[[2, 0, 2]],
    "rows": lambda a: a - a.mean(axis=1, keepdims=True),
    "softmax": lambda a: sg.softmax(a, axis=0),
    "columns' max": lambda a: a * a.max(axis=0),
    "scale": lambda a: a * 0.5 / 3 - 1,
}
STEP = st.one_of(
    st.tuples(st.sampled_from(UNARY), st.integers(0, 50)),
    st.tuples(st.sampled_from([*BINARY, "matmul"]), st.integers(0, 50), st.integers(0, 50)),
    st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 50)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=12), st.integers(0, 1000))
def test_random_functions_have_the_tensors_values_and_gradients(steps, seed):
    rng = np.random.default_rng(seed)
    arrays = [0.7 * rng.normal(size=(3, 3)), 0.7 * rng.normal(size=3)]
    w = Tensor(0.7 * rng.normal(size=(3, 3)), requires_grad=True, label="w")

    def function(x, b):
        nodes = [x, x + b, w]
        for name, *places in steps:
            operands = [nodes[i % len(nodes)] for i in places]
            if name in MOVES:
                nodes.append(MOVES[name](*operands))
            else:
                nodes.append(getattr(sg, name)(*operands))
        return sum((n.tanh().sum() for n in nodes[3:]), nodes[-1].mean())

    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    y = function(*leaves)
    y.backward()
    f = compile(function, backend="tensor")
    value, gradients = f.value_and_grad(*arrays, argnums=(0, 1))
    assert value == pytest.approx(y.item(), rel=1e-11, abs=1e-12)
    for g, x in zip(gradients, leaves, strict=True):
        wanted = np.zeros_like(g) if x.grad is None else x.grad
        np.testing.assert_allclose(g, wanted, rtol=1e-10, atol=1e-11)
    if w.grad is not None:
        expected, w.grad = w.grad, None
        f.backward(*arrays)
        np.testing.assert_allclose(w.grad, expected, rtol=1e-10, atol=1e-11)
