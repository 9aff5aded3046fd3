"""Scalar code compiled: the same losses and gradients as the scalar engine, whatever the graph."""

import copy
import gc
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastpath
from fastpath import Tensor, compile
from fastpath.compiler.store import BoundValue, release
from fastpath.compiler.vectorizing import vectorize
from scalargrad import (
    OPS,
    Value,
    cross_entropy,
    data,
    draw,
    exp,
    fit,
    grad,
    lectures,
    maximum,
    nn,
    optim,
    relu,
    sigmoid,
    softmax,
    trace,
    where,
)
from scalargrad.graph import topological_order
from tests.graphs import Cube

RNG = np.random.default_rng(0)


def scalar_reference(loss, parameters, *arrays):
    """The mean loss over the examples and its gradients, by the scalar engine."""
    whole = 0.0
    for example in zip(*arrays, strict=True):
        inputs = [np.frompyfunc(Value, 1, 1)(x) if np.ndim(x) else Value(x) for x in example]
        whole = whole + loss(*inputs)
    mean = whole * (1 / len(arrays[0]))
    for p in parameters:
        p.grad = 0.0
    mean.backward()
    return mean.data, np.array([p.grad for p in parameters])


def agrees(loss, parameters, *arrays, rel=1e-12):
    """The compiled function gives what the scalar engine gives."""
    value, gradients = scalar_reference(loss, parameters, *arrays)
    for p in parameters:
        p.grad = 0.0
    f = compile(loss, backend="value")
    scale = max(1.0, np.abs(gradients).max(initial=0.0))
    assert f(*arrays) == pytest.approx(value, rel=rel, abs=rel)
    assert f.backward(*arrays) == pytest.approx(value, rel=rel, abs=rel)
    np.testing.assert_allclose([p.grad for p in parameters], gradients, rtol=rel, atol=rel * scale)
    return f


# --- every operation, random graphs, networks ------------------------------------------------------------------------


@pytest.mark.parametrize("row", [row for row in OPS.values() if not row.why_not], ids=lambda row: row.name)
def test_every_operation_agrees_per_example_shared_and_with_constants(row):
    low, high = np.array(row.domain).T
    count = len(row.operands)
    X = RNG.uniform(low, high, (5, count))
    parameters = [Value(v) for v in RNG.uniform(low, high)]
    for which in range(2**count):
        chosen = [which >> i & 1 for i in range(count)]

        def loss(x, chosen=chosen):
            operands = [x[i] if one else parameters[i] for i, one in enumerate(chosen)]
            return row(*operands) + 0.1 * parameters[0] * x[0]

        agrees(loss, parameters, X)
        for p in parameters:
            release([p])


NAMES = ["add", "sub", "mul", "div", "maximum", "tanh", "neg", "square", "sigmoid", "relu", "abs"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_graphs_agree(data):
    parameters = [Value(v) for v in RNG.uniform(0.5, 2.0, 5)]
    program = data.draw(
        st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=25)
    )

    def loss(x, y):
        nodes = [*x, y, *parameters]
        for name, i, j in program:
            a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
            row = OPS[name]
            nodes.append(row(a) if len(row.operands) == 1 else row(a, b + 3 if name == "div" else b))
        return sum(nodes[-4:]) * 0.1 + sum(p * 0.01 for p in parameters)

    with np.errstate(all="ignore"):
        expected, _ = scalar_reference(loss, parameters, RNG.normal(size=(4, 3)), RNG.normal(size=4))
    if np.isfinite(expected) and abs(expected) < 1e6:
        agrees(loss, parameters, RNG.normal(size=(4, 3)), RNG.normal(size=4), rel=1e-10)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "elu", "softplus", "leaky_relu", "prelu"])
def test_networks_agree(activation):
    model = nn.MLP(3, [5, 4], 1, activation=activation, seed=0)
    f = agrees(lambda x, y: (model(x) - y) ** 2, model.parameters(), RNG.normal(size=(7, 3)), RNG.normal(size=7))
    X, Y = RNG.normal(size=(7, 3)), RNG.normal(size=7)
    assert str(f.lifted(X, Y)).count("matmul") == 3


def test_maxout_batches_of_matrices_and_several_outputs_agree():
    model = nn.Sequential(nn.Maxout(4, 3, pieces=2, seed=0), nn.Linear(3, 2, seed=1))
    agrees(
        lambda x, y: sum((p - t).square() for p, t in zip(model(x.reshape(-1)), y, strict=True)),
        model.parameters(), RNG.normal(size=(5, 2, 2)), RNG.normal(size=(5, 2)),
    )  # fmt: skip


def test_softmax_and_cross_entropy_agree_and_do_not_overflow():
    model = nn.MLP(3, [4], 3, seed=0)
    X, labels = RNG.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]
    f = agrees(lambda x, y: -_log_loss(model(x), y), model.parameters(), X, labels)
    assert np.isfinite(f(X * 1e4, labels))


def _log_loss(scores, y):
    return sum(t * p.log() for t, p in zip(y, softmax(scores), strict=True))


def test_cross_entropy_of_one_hot_rows_agrees():
    model = nn.Linear(3, 3, seed=0)
    X, labels = RNG.normal(size=(6, 3)), np.eye(3)[[0, 2, 1, 1, 0, 2]]
    f = compile(lambda x, y: cross_entropy(model(x), y))
    other = nn.Linear(3, 3, seed=0, backend="tensor")
    expected = nn.cross_entropy(other(X), labels)
    expected.backward()
    assert f.backward(X, labels) == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose([p.grad for p in model.parameters()][:9], other.W.grad.ravel(), rtol=1e-9, atol=1e-14)


def test_subtractions_in_dot_products_keep_their_signs():
    w = [Value(v) for v in (0.5, -1.0, 2.0, 0.3)]
    agrees(lambda x: (x[0] * w[0] - x[1] * w[1] - (x[2] * w[2] - w[3])).tanh(), w, RNG.normal(size=(5, 3)))


def test_dot_products_of_two_examples_agree():
    w = Value(0.7)
    agrees(
        lambda x, y: w * sum(a * b for a, b in zip(x, y, strict=True)), [w], RNG.normal(size=(5, 6)),
        RNG.normal(size=(5, 6)),
    )  # fmt: skip


def test_a_loss_that_does_not_depend_on_the_example_agrees():
    w = [Value(2.0), Value(3.0)]
    agrees(lambda x: w[0] * w[1] + w[0].square(), w, np.ones((4, 1)))


def test_weights_that_are_shared_computed_or_used_twice_agree():
    a, b = Value(0.5, label="a"), Value(-0.3, label="b")
    agrees(lambda x: ((a * b) * x[0] + a * x[1] + a * x[0] + b).sin(), [a, b], RNG.normal(size=(5, 2)))
    layer = nn.Linear(3, 3, seed=0)
    model = nn.Sequential(layer, nn.Tanh(), layer)
    agrees(lambda x: sum(model(x)), model.parameters(), RNG.normal(size=(4, 3)))


def test_a_function_of_ones_own_agrees():
    w = Value(0.5)
    agrees(lambda x: Cube.apply(w * x + 1), [w], RNG.normal(size=4))


def test_the_lectures_networks_agree():
    numbers = {"w0": 2.0, "w1": -3.0, "w2": -3.0}
    w0, w1, w2 = (Value(v, label=n) for n, v in numbers.items())
    agrees(lambda x: 1 / (1 + exp(-(w0 * x[0] + w1 * x[1] + w2))), [w0, w1, w2], np.array([[-1.0, -2.0], [0.5, 0.1]]))
    hidden = [[Value(v) for v in row] for row in ((1, -2, 2), (2, 1, -4), (1, -1, 0))]
    output = [[Value(v) for v in row] for row in ((-3, 1, -3), (0, 1, 2))]

    def network(x, t):
        h = [sigmoid(sum(w * xi for w, xi in zip(row, x, strict=True))) for row in hidden]
        o = [sigmoid(sum(w * hi for w, hi in zip(row, h, strict=True))) for row in output]
        return 0.5 * (o[0] - t) ** 2

    weights = [w for row in hidden + output for w in row]
    f = agrees(network, weights[:12], np.array([[0.5, 0.9, -0.3]]), np.array([0.9]))
    _, gradients = f.value_and_grad(np.array([[0.5, 0.9, -0.3]]), np.array([0.9]))
    np.testing.assert_allclose([gradients[w] for w in output[0]], [-0.016312, -0.119966, -0.050313], atol=1e-6)


# --- training --------------------------------------------------------------------------------------------------------


def moons():
    X, Y = data.moons(40, noise=0.1, labels=(-1, 1), seed=0)
    return X, Y.astype(float)


def hinge_loss(model):
    return lambda x, y: relu(1 - y * model(x)) + 1e-4 * sum(p * p for p in model.parameters())


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam])
def test_a_whole_training_gives_the_same_numbers_as_the_scalar_engine(rule):
    X, Y = moons()
    compiled, plain = nn.MLP(2, [4, 4], 1, activation="relu", seed=1), nn.MLP(2, [4, 4], 1, activation="relu", seed=1)
    f = compile(hinge_loss(compiled))
    a, b = rule(compiled, lr=0.05), rule(plain, lr=0.05)
    for _ in range(12):
        a.zero_grad()
        loss = f.backward(X, Y)
        a.step()
        b.zero_grad()
        whole = sum(relu(1 - float(y) * plain(x)) for x, y in zip(X, Y, strict=True)) * (1 / len(X))
        whole = whole + 1e-4 * sum(p * p for p in plain.parameters())
        whole.backward()
        b.step()
        assert loss == pytest.approx(whole.data, rel=1e-11)
    for p, q in zip(compiled.parameters(), plain.parameters(), strict=True):
        assert p.data == pytest.approx(q.data, rel=1e-9, abs=1e-12)


def test_step_is_gradient_descent():
    X, Y = moons()
    a, b = (nn.MLP(2, [3], 1, seed=0) for _ in range(2))
    f, g = compile(hinge_loss(a)), compile(hinge_loss(b))
    optimizer = optim.SGD(b, lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        assert f.step(X, Y, lr=0.1) == pytest.approx(g.backward(X, Y), rel=1e-12)
        optimizer.step()
    np.testing.assert_allclose([p.data for p in a.parameters()], [p.data for p in b.parameters()], rtol=1e-12)


def test_the_optimizer_may_be_made_before_the_first_call():
    X, Y = moons()
    model = nn.MLP(2, [3], 1, seed=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    f = compile(hinge_loss(model))
    before = f.backward(X, Y)
    optimizer.step()
    assert f(X, Y) < before


def test_plans_fit_any_batch_size_and_type():
    X, Y = moons()
    model = nn.MLP(2, [3], 1, seed=0)
    f = compile(hinge_loss(model))
    whole = f(X, Y)
    halves = (f(X[:20], Y[:20]) + f(X[20:], Y[20:])) / 2
    assert whole == pytest.approx(halves)
    assert f(X.tolist(), Y.astype(int).tolist()) == pytest.approx(whole)
    assert f(X, y=Y) == pytest.approx(whole)
    assert f(X[:1], Y[:1]) == pytest.approx(float(hinge_loss(model)(X[0], float(Y[0]))))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_reduction_is_over_the_examples(reduction):
    X, Y = moons()
    model = nn.MLP(2, [3], 1, seed=0)
    each = compile(hinge_loss(model), reduction="none")(X, Y)
    assert each.shape == (40,)
    if reduction != "none":
        f = compile(hinge_loss(model), reduction=reduction)
        assert f(X, Y) == pytest.approx(getattr(np, reduction)(each))


def test_dropout_is_drawn_anew_at_every_run_and_for_every_example():
    model = nn.Sequential(nn.Linear(2, 30, seed=0), nn.Dropout(0.5, seed=0), nn.Linear(30, 1, seed=1))
    f = compile(lambda x: model(x)[0], reduction="none")
    X = np.ones((6, 2))
    first, second = f(X), f(X)
    assert len(np.unique(first)) == 6
    assert (first != second).all()
    model.eval()
    np.testing.assert_allclose(f(X), f(X)[0])
    model.train()
    assert (f(X) != f(X)).any()


# --- the store -------------------------------------------------------------------------------------------------------


def test_trained_numbers_are_in_the_values_and_changed_values_are_seen():
    X, Y = moons()
    model = nn.MLP(2, [3], 1, seed=0)
    f = compile(hinge_loss(model))
    before = f(X, Y)
    p = model.parameters()[0]
    assert isinstance(p, BoundValue)
    old = p.data
    f.step(X, Y, lr=0.5)
    assert p.data != old
    p.data = old + 5.0
    assert f(X, Y) != before
    assert p.store is f.store
    assert float(f.store.data[p.place]) == p.data == old + 5.0
    with pytest.raises(TypeError, match="expected a number"):
        p.data = "1"


def test_bound_values_are_values_in_every_other_way():
    w = Value(2.0, label="w")
    f = compile(lambda x: w * x, backend="value")
    f.backward(np.array([1.0, 3.0]))
    assert w.grad == 2.0
    y = w * w + 1
    y.backward()
    assert w.grad == 6.0
    assert trace(y).leaves[0].value == 2.0
    assert "w" in draw(y).dot
    assert repr(w) == "Value(2.0, label='w')"
    assert float(grad(y, w).data) == 4.0
    for other in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert type(other) is Value
        assert (other.data, other.grad, other.label) == (2.0, 6.0, "w")
    w.grad = 0.0
    assert f.store.grad[0] == 0.0


def test_two_functions_share_a_store():
    X, Y = moons()
    model = nn.MLP(2, [3], 1, seed=0)
    f = compile(hinge_loss(model))
    f(X, Y)
    g = compile(lambda x: model(x) ** 2)
    expected = np.mean([float(model(x)) ** 2 for x in X])
    assert g(X) == pytest.approx(expected)
    assert g.store is f.store
    g.backward(X)
    assert f(X, Y) == pytest.approx(np.mean([float(hinge_loss(model)(x, y)) for x, y in zip(X, Y, strict=True)]))


def test_a_value_that_moves_to_a_larger_store_is_found_there():
    a, b = Value(2.0), Value(3.0)
    f = compile(lambda x: a * x, backend="value")
    g = compile(lambda x: a * b * x, backend="value")
    X = np.array([1.0, 2.0])
    assert f(X) == 3.0
    assert g(X) == 9.0
    a.data = 4.0
    assert (f(X), g(X)) == (6.0, 18.0)
    release([a, b])
    assert type(a) is Value
    a.data = 1.0
    assert (f(X), g(X)) == (1.5, 4.5)


def test_a_compiled_function_and_its_model_are_freed_without_the_collector():
    import weakref

    model = nn.MLP(2, [3], 1, seed=0)
    f = compile(hinge_loss(model))
    f(*moons())
    kept = weakref.ref(model.parameters()[0])
    gc.collect()
    gc.disable()
    try:
        del f, model
        assert kept() is None
    finally:
        gc.enable()


# --- a graph ---------------------------------------------------------------------------------------------------------


def test_the_symbolic_graph_of_the_lecture():
    A, B = Value(1.0, label="A"), Value(1.0, label="B")
    f = compile(B * A + 1)
    np.testing.assert_array_equal(f(A=np.ones(10), B=2 * np.ones(10)), np.full(10, 3.0))
    assert f(A=1, B=2) == 3.0
    assert set(f.names) == {"A", "B"}


def test_a_graph_has_gradients_of_its_own_and_shared_arguments():
    a, b, c = Value(1.0, label="a"), Value(2.0, label="b"), Value(3.0)
    f = compile((a * b).tanh() * c)
    x = np.linspace(-1, 1, 5)
    value, gradients = f.value_and_grad(a=x, b=0.5)
    slope = 3 * (1 - np.tanh(0.5 * x) ** 2)
    np.testing.assert_allclose(value, 3 * np.tanh(0.5 * x))
    np.testing.assert_allclose(gradients["a"], slope * 0.5)
    assert gradients["b"] == pytest.approx((slope * x).sum())
    _, means = compile((a * b).tanh() * c, reduction="mean").value_and_grad(a=x, b=0.5)
    assert means["b"] == pytest.approx((slope * x).mean())
    np.testing.assert_allclose(means["a"], slope * 0.5)


def test_arguments_of_a_graph_broadcast():
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    value, gradients = compile(a * b).value_and_grad(a=np.ones((3, 1)), b=np.arange(4.0))
    assert value.shape == (3, 4)
    np.testing.assert_array_equal(gradients["a"], np.full((3, 1), 6.0))
    np.testing.assert_array_equal(gradients["b"], np.full(4, 3.0))


def test_leaves_without_a_label_keep_their_numbers_and_may_be_changed():
    x, w = Value(1.0, label="x"), Value(2.0)
    f = compile(w * x)
    assert f(x=3.0) == 6.0
    w.data = 5.0
    assert f(x=3.0) == 15.0


def test_a_graph_of_several_results_gives_them_last():
    x = Value(1.0, label="x")
    f = compile(np.array([x * 2, x.exp(), Value(7.0)], dtype=object))
    np.testing.assert_allclose(f(x=[0.0, 1.0]), [[0.0, 1.0, 7.0], [2.0, np.e, 7.0]])
    np.testing.assert_allclose(f(x=0.0), [0.0, 1.0, 7.0])
    with pytest.raises(ValueError, match="a gradient is of one result, and this graph has 3"):
        f.value_and_grad(x=1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: f(A=1.0), TypeError, "this graph takes B, A: no B given"),
        (lambda f: f(A=1.0, B=1.0, C=2.0), TypeError, "unknown C given"),
        (lambda f: f(A="1", B=1.0), TypeError, "expected a number or an array"),
        (lambda f: f(A=np.ones(2), B=np.ones(3)), ValueError, "do not broadcast together"),
    ],
)
def test_wrong_arguments_of_a_graph_are_one_sentence(call, error, message):
    f = compile(Value(1.0, label="B") * Value(2.0, label="A"))
    with pytest.raises(error, match=message):
        call(f)


def test_two_leaves_of_one_label_are_one_sentence():
    with pytest.raises(ValueError, match="two leaves are labelled x"):
        compile(Value(1.0, label="x") * Value(2.0, label="x"))


# --- guards ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "what"),
    [
        (lambda x, w: w * x if x > 0 else x, "> of a Value in"),
        (lambda x, w: w * x if x else x, "if of a Value in"),
        (lambda x, w: w * (x if (x * 2) <= w else 1.0), "<= of a Value in"),
        (lambda x, w: w * float(x), r"float\(\) of a Value in"),
        (lambda x, w: max(w * x, w), "> of a Value in"),
    ],
)
def test_what_would_be_frozen_is_refused_with_its_line(loss, what):
    w = Value(2.0)
    f = compile(lambda x: loss(x, w), backend="value")
    with pytest.raises(TypeError, match=what) as caught:
        f(np.ones(3))
    assert "test_compile_scalar.py, line" in str(caught.value)
    assert "while tracing" in str(caught.value)


def test_after_a_refusal_values_compare_again():
    w = Value(2.0)
    with pytest.raises(TypeError):
        compile(lambda x: w * x if x > 0 else x, backend="value")(np.ones(2))
    assert w > 1
    assert float(w) == 2.0


def test_what_takes_their_place_is_not_refused():
    w = Value(2.0)
    loss = lambda x: where(OPS["greater"](x, 0.0), w * x, maximum(x, w))
    agrees(loss, [w], RNG.normal(size=6))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), TypeError, "missing"),
        ((np.ones(3), np.ones(3), np.ones(3)), TypeError, "too many"),
        ((1.0, 2.0), ValueError, "is a single number; its first axis counts the examples"),
        ((np.ones(3), np.ones(4)), ValueError, "x has 3, y has 4"),
        ((["a"], [1.0]), TypeError, "expected an array of numbers"),
        (([[1.0], [1.0, 2.0]], [1.0, 2.0]), ValueError, "different lengths"),
    ],
)
def test_wrong_arguments_are_one_sentence(arguments, error, message):
    w = Value(2.0)
    f = compile(lambda x, y: w * x - y, backend="value")
    with pytest.raises(error, match=message):
        f(*arguments)


def test_a_function_that_returns_no_value_is_one_sentence():
    w = Value(1.0)
    with pytest.raises(TypeError, match="returned None"):
        compile(lambda x: (w, None)[1], backend="value")(np.ones(2))
    with pytest.raises(ValueError, match="reduction is 'mean', 'sum' or 'none'"):
        compile(lambda x: w * x, reduction="max")


# --- seeing it -------------------------------------------------------------------------------------------------------


def test_the_plan_of_a_network_is_three_products_forward_and_five_backward():
    X, Y = moons()
    model = nn.MLP(2, [16, 16], 1, activation="relu", seed=0)
    plan = compile(hinge_loss(model)).plan(X, Y)
    forward, backward = str(plan).split("Backward")
    assert forward.count("matmul(") == 3
    assert backward.count("= matmul(") == 5
    assert plan.memory > 0
    assert plan.flops > 40 * (2 * 16 + 16 * 16 + 16) * 2 * 3
    assert "matmul" in draw(plan).dot or "@" in draw(plan).dot


def test_the_lifted_program_names_what_it_stands_for():
    X, Y = moons()
    model = nn.MLP(2, [16], 1, seed=0)
    text = str(compile(hinge_loss(model)).lifted(X, Y))
    assert "MLP/Linear 1: 16 sums of 2 products, 64 nodes" in text
    assert "tanh(" in text


def test_vectorizing_takes_linear_time_and_keeps_what_has_no_structure():
    x = Value(0.5)
    y = x
    for i in range(3000):
        y = (y * 1.0001).sin() if i % 3 else y + x
    lifted = vectorize([y], {x: (0, 0)}, [1], ["x"])
    assert lifted.nodes == len(topological_order(y)) == len({id(n) for n in topological_order(y)})
    (result,) = lifted.run([Tensor(np.array([[0.5], [0.1]]))], Tensor([]))
    assert result.data[0, 0] == pytest.approx(y.data, rel=1e-12)


def test_compile_is_a_decorator_too():
    w = Value(3.0)

    @fastpath.compile(backend="value")
    def loss(x):
        """The loss."""
        return w * x

    assert loss(np.array([2.0])) == 6.0
    assert loss.__name__ == "loss"
    assert "scalar code, 1 parameters" in repr(loss)


@pytest.mark.parametrize("name", lectures.names())
def test_every_lecture_system_gives_compiled_what_its_graph_gives(name):
    graph = lectures.system(name).graph()
    roots = [] if graph is None else list(graph.values()) if isinstance(graph, dict) else [graph]
    for root in roots:
        taken = trace(root)
        leaves = [x for x in topological_order(root) if x.op is None]
        if taken.root.is_leaf or len({x.label for x in leaves if x.label}) < len([x for x in leaves if x.label]):
            continue
        f = compile(root)
        given = {x.label: x.data for x in leaves if x.label is not None}
        batch = {label: np.full(3, number) for label, number in given.items()}
        value, gradients = f.value_and_grad(**batch)
        np.testing.assert_allclose(value, root.data, rtol=1e-12)
        for leaf in taken.leaves:
            if leaf.label is not None:
                np.testing.assert_allclose(gradients[leaf.label], leaf.grad, rtol=1e-10, atol=1e-14)
        assert f(**given) == pytest.approx(root.data, rel=1e-12)


def test_scalar_code_runs_in_float32():
    X, Y = moons()
    model, twin = nn.MLP(2, [4], 1, seed=0), nn.MLP(2, [4], 1, seed=0)
    f, g = compile(hinge_loss(model), dtype="float32"), compile(hinge_loss(twin))
    assert f.backward(X, Y) == pytest.approx(g.backward(X, Y), rel=1e-6)
    assert f.store.dtype == f.store.grad.dtype == np.float64  # the user's numbers; what is computed is float32
    assert {i.dtype for i in f.plan(X, Y).instructions if i.code in ("matmul", "maximum")} == {"float32"}
    plan = f.plan(X, Y)
    assert {str(x.dtype) for x in plan.instructions if "matmul" in str(x)} <= {"float32"}
    f.step(X, Y, lr=0.1)
    assert f.store.dtype == np.float64
    with pytest.raises(ValueError, match="dtype is a float type"):
        compile(hinge_loss(model), dtype=int)


def test_one_model_may_be_compiled_in_both_types():
    X, Y = moons()
    model = nn.MLP(2, [4], 1, seed=0)
    f, g = compile(hinge_loss(model), dtype="float32"), compile(hinge_loss(model))
    first = f(X, Y)
    assert g(X, Y) == pytest.approx(first, rel=1e-6)
    model.parameters()[0].data = 3.0
    assert f(X, Y) == pytest.approx(g(X, Y), rel=1e-6)


def test_fit_trains_compiled_scalar_code():
    X, Y = moons()
    a, b = nn.MLP(2, [4], 1, seed=0), nn.MLP(2, [4], 1, seed=0)
    f = compile(lambda x, y: nn.hinge(a(x), y))
    first = fit(a, X, Y, loss=f, optimizer="sgd", lr=0.1, epochs=5, batch_size=10, seed=0)
    second = fit(b, X, Y, loss="hinge", optimizer="sgd", lr=0.1, epochs=5, batch_size=10, seed=0)
    np.testing.assert_allclose(first.loss, second.loss, rtol=1e-10)


# --- the same for every example --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda x, w: w * x if x.data > 0 else x, r"\.data of a Value in test_compile_scalar.py, line"),
        (lambda x, w: w * x.item(), r"item\(\) of a Value in test_compile_scalar.py, line"),
        (lambda x, w: w * x if (w * x).data > 0 else x, "makes another graph of another example"),
        (lambda x, w: (w * x).data * x, "makes another graph of another example"),
        (lambda x, w: w * x * RNG.random(), "makes another graph of another example"),
        (lambda x, w: [w, w * x][int(x)], r"int\(\) of a Value in .*one_hot"),
    ],
)
def test_what_is_read_out_of_a_value_while_tracing_is_refused(loss, message):
    w = Value(2.0)
    with pytest.raises(TypeError, match=message):
        compile(lambda x: loss(x, w), backend="value")(np.array([1.0, -1.0]))


def test_leaves_made_while_tracing_are_constants():
    w = Value(2.0)

    def loss(x):
        whole = Value(0.0)
        for _ in range(3):
            whole = whole + w * x * Value(0.5)
        return whole

    f = compile(loss, backend="value")
    assert f.backward(np.array([1.0, 3.0])) == 6.0
    assert f.parameters == [w]
    assert w.grad == 3.0


def test_gradients_are_those_of_the_right_values_in_a_store_of_another_order():
    a, b, c = (Value(v) for v in (2.0, 3.0, 5.0))
    compile(lambda x: a * x + b * x.sin() + c, backend="value")(np.ones(2))
    g = compile(lambda x: c * x + b, backend="value")
    value, gradients = g.value_and_grad(np.array([1.0, 3.0]))
    assert value == 13.0
    assert gradients == {c: 2.0, b: 1.0}


def test_there_must_be_something_to_differentiate():
    with pytest.raises(ValueError, match="closes over no Value"):
        compile(lambda x: x * 2.0, backend="value").backward(np.ones(2))
    w = Value(2.0)
    with pytest.raises(ValueError, match="with reduction='none' there is one for each example"):
        compile(lambda x: w * x, backend="value", reduction="none").backward(np.ones(2))


def test_results_that_do_not_depend_on_an_infinite_argument_are_not_spoilt_by_it():
    x, w = Value(1.0, label="x"), Value(3.0)
    f = compile(np.array([x.exp(), w * 2, Value(4.0)], dtype=object))
    np.testing.assert_array_equal(f(x=[np.inf, 0.0]), [[np.inf, 6.0, 4.0], [1.0, 6.0, 4.0]])
    p = Value(2.0)
    f = compile(lambda x: p * 1.0, backend="value", reduction="none")
    np.testing.assert_array_equal(f(np.array([np.inf, np.nan])), [2.0, 2.0])


def test_a_graph_that_does_not_use_an_argument_for_its_value_has_the_gradient_zero():
    x, y = Value(1.0, label="x"), Value(2.0, label="y")
    value, gradients = compile(x * 0.0 + y * y).value_and_grad(x=[1.0, 2.0], y=3.0)
    np.testing.assert_array_equal(value, [9.0, 9.0])
    np.testing.assert_array_equal(gradients["x"], [0.0, 0.0])
    assert gradients["y"] == 12.0


def test_a_sum_of_single_results_gives_each_of_them_its_gradient():
    w = [Value(v) for v in (0.5, -1.0, 2.0)]
    loss = lambda x: sum((a * v).sin().exp() for a, v in zip(x, w, strict=True)).log()
    agrees(loss, w, RNG.normal(size=(5, 3)))
