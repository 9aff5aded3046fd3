"""What may be given to compiled code, and what it may give: integers, flags, objects, results of every shape."""

import collections
import functools

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from fastpath.plan import TracingError
from scalargrad import Value, nn, optim

RNG = np.random.default_rng(0)
X = np.array([1.0, -2.0, 3.0])
XX = RNG.normal(size=(6, 2))
CLASSES = np.array([0, 2, 1, 1, 0, 2])


def agrees(loss, parameters, *arrays, **named):
    """Values and gradients are those of the mean over the examples, each with its integers as ints."""
    f = compile(loss, backend="value")
    examples = [
        [int(v) if np.asarray(a).dtype.kind in "iu" and not np.ndim(v) else v if np.asarray(a).dtype.kind in "iu"
         else np.frompyfunc(Value, 1, 1)(v) if np.ndim(v) else Value(v) for v, a in zip(row, arrays, strict=True)]
        for row in zip(*arrays, strict=True)
    ]  # fmt: skip
    for p in parameters:
        p.grad = 0.0
    whole = sum(loss(*example, **named) for example in examples) * (1 / len(examples))
    whole.backward()
    slopes = [p.grad for p in parameters]
    for p in parameters:
        p.grad = 0.0
    assert f(*arrays, **named) == pytest.approx(whole.data)
    assert f.backward(*arrays, **named) == pytest.approx(whole.data)
    np.testing.assert_allclose([p.grad for p in parameters], slopes, rtol=1e-10, atol=1e-12)
    return f


# --- integers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_classes_as_integers(dtype):
    model = nn.MLP(2, [4], 3, seed=0)
    labels = CLASSES.astype(dtype)
    parameters = model.parameters()
    for loss in (
        lambda x, y: nn.cross_entropy(model(x), y),
        lambda x, y: nn.nll(sg.softmax(model(x)), y),
        lambda x, y: nn.multiclass_hinge(model(x), y),
        lambda x, y: nn.cross_entropy(model(x), sg.one_hot(y, 3)),
        lambda x, y: -sg.log_softmax(model(x))[y],
        lambda x, y: model(x)[y] * 2.0 + sum(model(x)),
    ):
        agrees(loss, parameters, XX, labels)


def test_integers_that_choose_parameters_and_the_number_of_steps():
    z, w = [Value(1.0), Value(2.0), Value(3.0)], Value(0.5)

    def steps(x, n):
        for _ in range(n):
            x = w * x + 0.1
        return x

    agrees(lambda x, y: z[y] * x, z, X, np.array([0, 2, 1]))
    agrees(lambda x, y: np.array(z)[y] * x, z, X, np.array([0, 2, 1]))
    agrees(steps, [w], X, np.array([3, 1, 4]))
    agrees(lambda x, rows: sum(z[i] for i in rows) * x, z, X, np.array([[0, 1], [2, 2], [1, 0]]))


def test_integers_in_arithmetic_are_numbers_and_not_traced_one_by_one():
    w = Value(0.5)
    calls = []

    def loss(x, y):
        calls.append(1)
        return w * x * y

    f = compile(loss)
    many = np.arange(1000)
    assert f(many * 0.5, many) == pytest.approx(np.mean(0.25 * many * many))
    assert len(calls) == 2


def test_other_integers_in_a_later_batch_and_a_refusal_of_too_many():
    z = [Value(float(i)) for i in range(1000)]
    f = compile(lambda x, y: z[y] * x, reduction="none")
    np.testing.assert_array_equal(f(X, np.array([1, 1, 2])), [1.0, -2.0, 6.0])
    np.testing.assert_array_equal(f(X, np.array([7, 1, 9])), [7.0, -2.0, 27.0])
    np.testing.assert_array_equal(f(X, np.array([2, 2, 2])), [2.0, -4.0, 6.0])
    assert f(np.zeros(0), np.zeros(0, int)).shape == (0,)
    with pytest.raises(TracingError, match=r"more than 256 combinations of them; write lookup\(table, index\)"):
        f(np.ones(1000), np.arange(1000))
    np.testing.assert_array_equal(f(X, np.array([7, 1, 9])), [7.0, -2.0, 27.0])


def test_a_wrong_class_is_told_as_without_compiling():
    model = nn.MLP(2, [4], 3, seed=0)
    f = compile(lambda x, y: nn.nll(sg.softmax(model(x)), y))
    with pytest.raises(ValueError, match="there is a label 3"):
        f(XX, CLASSES + 1)
    assert np.isfinite(f(XX, CLASSES))


def test_lookup_in_scalar_code_and_over_tensors():
    table = np.array([[Value(float(3 * i + j), label=f"t{i}{j}") for j in range(2)] for i in range(5)])
    tokens = np.array([[0, 3, 1], [2, 2, 0], [4, 4, 4]])
    f = compile(lambda t: sum((sg.lookup(table, i) * sg.lookup(table, i)).sum() for i in t))
    eager = np.mean([sum(float((table[i] * table[i]).sum()) for i in row) for row in tokens])
    assert f.backward(tokens) == pytest.approx(eager)
    counts = np.bincount(tokens.ravel(), minlength=5)
    np.testing.assert_allclose(
        [[v.grad for v in row] for row in table],
        counts[:, None] * 2 * np.array([[v.data for v in row] for row in table]) / 3,
    )
    assert np.isnan(f(tokens + 1))
    T = Tensor(np.arange(10.0).reshape(5, 2), requires_grad=True, label="T")
    g = compile(lambda t: sg.lookup(T, t).square().sum())
    value, slopes = g.value_and_grad(tokens)
    assert value == pytest.approx((T.data[tokens] ** 2).sum())
    np.testing.assert_allclose(slopes["T"], counts[:, None] * 2 * T.data)
    for wrong in (5, -1):
        with pytest.raises(ValueError, match=f"there is an index {wrong} for a table of 5 entries"):
            g(np.array([0, wrong]))
        with pytest.raises(ValueError, match=f"there is an index {wrong} for a table of 5 entries"):
            sg.lookup(T, [0, wrong])


def test_lookup_outside_of_compiled_code():
    table = [Value(1.0), Value(2.0)]
    assert sg.lookup(table, 1) is table[1]
    assert sg.lookup(table, Value(1.0)) is table[1]
    assert list(sg.lookup(table, [1, 0])) == [table[1], table[0]]
    with pytest.raises(TypeError, match=r"lookup: an index is a whole number, not 0\.5"):
        sg.lookup(table, Value(0.5))
    with pytest.raises(TypeError, match="lookup: indices are integers"):
        sg.lookup(table, 0.5)
    with pytest.raises(ValueError, match="lookup: the table is empty"):
        sg.lookup([], 0)


@pytest.mark.parametrize("loss", ["nll", "multiclass_hinge", "cross_entropy"])
def test_functions_of_tensors_take_classes_and_check_them_at_each_run(loss):
    W = Tensor(RNG.normal(size=(2, 3)), requires_grad=True, label="W")
    scores = (lambda x: sg.softmax(x @ W)) if loss == "nll" else (lambda x: x @ W)
    f = compile(lambda x, y: getattr(nn, loss)(scores(x), y))
    eager = getattr(nn, loss)(scores(Tensor(XX)), CLASSES)
    eager.backward()
    value, slopes = f.value_and_grad(XX, CLASSES)
    assert value == pytest.approx(eager.item())
    np.testing.assert_allclose(slopes["W"], W.grad)
    g = compile(lambda x, y: (sg.one_hot(y, 3) * (x @ W)).sum())
    assert g(XX, CLASSES) == pytest.approx((np.eye(3)[CLASSES] * (XX @ W.data)).sum())
    with pytest.raises(ValueError, match="3"):
        g(XX, CLASSES + 1)


def test_a_single_integer_that_a_function_of_tensors_needs():
    W = Tensor(np.ones(3), requires_grad=True, label="W")
    f = compile(lambda x, n: sum((x * W).sum() for _ in range(n)))
    assert [f(X, n) for n in (1, 3, 1, 0)] == [2.0, 6.0, 2.0, 0.0]
    assert f.value_and_grad(X, 2)[1]["W"].tolist() == [2.0, -4.0, 6.0]
    assert compile(lambda x, axis: (x * W).sum(axis=axis))(np.ones((2, 3)), 1).tolist() == [3.0, 3.0]


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_flags_texts_none_and_objects_are_arguments(backend):
    w = Value(2.0) if backend == "value" else Tensor(2.0, requires_grad=True)
    reduced = (lambda y: y) if backend == "value" else (lambda y: y.mean())

    def loss(x, doubled, how="plain", activation=None, *, offset=0.0):
        y = w * x * 2 if doubled else w * x
        y = activation(y) if activation is not None else y
        return reduced(y + offset if how == "plain" else -y)

    f = compile(loss, backend=backend)
    eager = lambda *a, **k: (
        np.mean([float(np.mean(loss(sg.Value(x), *a, **k).data)) for x in X])
        if backend == "value"
        else loss(Tensor(X), *a, **k).item()
    )
    for given, named in (
        ((True,), {}), ((False,), {}), ((np.bool_(True), "other"), {}), ((True, "plain", sg.tanh), {}),
        ((True, "plain", sg.sin), {"offset": 2.0}), ((True,), {"how": "plain", "offset": 3}), ((False, "other", None), {}),
    ):  # fmt: skip
        assert f(X, *given, **named) == pytest.approx(eager(*given, **named))
        assert f.backward(X, *given, **named) == pytest.approx(eager(*given, **named))


def test_a_model_may_be_an_argument():
    first, second = nn.MLP(2, [3], 1, seed=0), nn.MLP(2, [3], 1, seed=1)
    f = compile(lambda model, x: model(x)[0] if False else model(x), backend="value")
    for model in (first, second, first):
        assert f(model, XX) == pytest.approx(model.predict(XX).mean())
    first.layers.append(nn.Sigmoid())
    assert f(first, XX) == pytest.approx(first.predict(XX).mean())


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_any_number_of_arguments(backend):
    w = Value(2.0) if backend == "value" else Tensor(2.0, requires_grad=True)
    options = {"reduction": "none"} if backend == "value" else {}
    f = compile(lambda *a: w * a[0] * a[1], backend=backend, **options)
    np.testing.assert_array_equal(f([1, 2, 3], [4, 5, 6]), [8, 20, 36])
    g = compile(lambda x, **k: w * x * k["a"] + k["b"], backend=backend, **options)
    np.testing.assert_array_equal(g([1, 2, 3], a=[4.0, 5.0, 6.0], b=[1.0, 1.0, 1.0]), [9, 21, 37])
    np.testing.assert_array_equal(g([1, 2, 3], b=[1.0, 1.0, 1.0], a=2.0), [5, 9, 13])

    def logged(function):
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    h = compile(logged(lambda x, y: w * x * y), backend=backend, **options)
    np.testing.assert_array_equal(h([1, 2, 3], [4, 5, 6]), [8, 20, 36])
    np.testing.assert_array_equal(h([1, 2, 3], y=[4, 5, 6]), [8, 20, 36])


def test_one_number_for_all_examples():
    w = Value(2.0)
    f = compile(lambda x, scale: w * x * scale)
    assert f(X, 3.0) == pytest.approx(6 * X.mean())
    assert f(X, 4) == pytest.approx(8 * X.mean())
    assert f.value_and_grad(X, np.float32(0.5))[1][w] == pytest.approx(0.5 * X.mean())


# --- results ---------------------------------------------------------------------------------------------------------

Pair = collections.namedtuple("Pair", "first second")


def test_scalar_code_gives_several_results():
    model, w = nn.MLP(2, [4], 3, seed=0), Value(2.0)
    scores = model.predict(XX)
    np.testing.assert_allclose(compile(lambda x: model(x))(XX), scores)
    np.testing.assert_allclose(compile(model, backend="value")(XX), scores)
    listed = compile(lambda x: list(model(x)))(XX)
    assert isinstance(listed, list)
    np.testing.assert_allclose(np.transpose(listed), scores)
    named = compile(lambda x: {"scores": model(x), "first": x[0] * w, "w": w, "one": 1.0})(XX)
    np.testing.assert_allclose(named["scores"], scores)
    np.testing.assert_allclose(named["first"], 2 * XX[:, 0])
    np.testing.assert_allclose(named["w"], np.full(6, 2.0))
    np.testing.assert_allclose(named["one"], np.ones(6))
    pair = compile(lambda x: Pair(w * x, (x,)))(X)
    assert isinstance(pair, Pair)
    np.testing.assert_allclose(pair.first, 2 * X)
    np.testing.assert_allclose(pair.second[0], X)
    mean = compile(lambda x: (w * x, x), reduction="mean")(X)
    assert mean == pytest.approx((2 * X.mean(), X.mean()))
    matrix = compile(lambda x: np.outer(x, x) * w)(XX)
    np.testing.assert_allclose(matrix, 2 * XX[:, :, None] * XX[:, None, :])
    with pytest.raises(ValueError, match="a gradient is of a single number"):
        compile(lambda x: (w * x, x)).backward(X)


def test_functions_of_tensors_give_what_they_give():
    W = Tensor(np.ones(3), requires_grad=True)
    f = compile(lambda x: {"a": x @ W, "b": [x.sum(), (x, 1.0)]})
    found = f(np.ones((2, 3)))
    assert found["a"].tolist() == [3.0, 3.0]
    assert found["b"][0] == 6.0
    assert isinstance(found["b"][1], tuple)
    assert found["b"][1][1] == 1.0
    pair = compile(lambda x: Pair(x.sum() * W.sum(), x))(X)
    assert isinstance(pair, Pair)
    assert pair.first == 6.0


# --- methods, classes, functions in functions ------------------------------------------------------------------------


def test_methods_and_classes_are_compiled_for_each_object():
    class Net:
        def __init__(self, w):
            self.w, self.scale = Value(w), 1.0

        @compile
        def loss(self, x):
            return self.w * x * self.scale

        @compile(reduction="sum")
        def total(this, x):
            return this.w * x

        @staticmethod
        @compile(backend="value", reduction="none")
        def double(x):
            return x * 2.0

    a, b = Net(2.0), Net(5.0)
    assert (a.loss(X), b.loss(X)) == pytest.approx((2 * X.mean(), 5 * X.mean()))
    b.scale = 3.0
    assert (a.loss(X), b.loss(X)) == pytest.approx((2 * X.mean(), 15 * X.mean()))
    assert a.total(X) == pytest.approx(2 * X.sum())
    assert Net.loss(a, X) == a.loss(X)
    assert a.loss is a.loss
    a.loss.backward(X)
    assert a.w.grad == pytest.approx(X.mean())
    np.testing.assert_array_equal(Net.double(X), 2 * X)
    np.testing.assert_array_equal(a.double(X), 2 * X)

    @compile
    class Line:
        def __init__(self, w):
            self.w = Tensor(w, requires_grad=True)

        def __call__(self, x):
            return (x * self.w).sum()

    assert Line(3.0)(X) == pytest.approx(3 * X.sum())
    with pytest.raises(TypeError, match="the class Plain defines no __call__"):
        compile(type("Plain", (), {}))


def test_compiled_functions_within_compiled_functions_and_helpers_of_every_kind():
    w = Value(2.0)
    inner = compile(lambda x: sg.tanh(w * x))
    outer = compile(lambda x: inner(x) * x)
    assert outer(X) == pytest.approx(np.mean(np.tanh(2 * X) * X))
    assert outer.value_and_grad(X)[1][w] == pytest.approx(np.mean((1 - np.tanh(2 * X) ** 2) * X * X))

    @functools.cache
    def power(n):
        return w**n

    def twice(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(function(*args))

        return wrapper

    f = compile(lambda x: twice(lambda v: v * power(2))(x))
    assert f(X) == pytest.approx(16 * X.mean())
    with pytest.raises(TracingError, match="is called with numbers inside of a function that is traced"):
        compile(lambda x: w * x * inner(X))(X)


def test_anomalies_are_named_in_compiled_code():
    w = Value(-1.0, label="w")
    f = compile(lambda x: sg.log(w * x))
    with sg.detect_anomaly(), pytest.raises(FloatingPointError, match="log"):
        f(np.array([1.0, 2.0]))
    g = compile(lambda x: sg.sqrt(w + x))
    with sg.detect_anomaly(), pytest.raises(FloatingPointError, match="backward"):
        g.backward(np.array([1.0]))
    assert w.grad == 0.0
    W = Tensor([-1.0, 1.0], requires_grad=True, label="W")
    h = compile(lambda x: sg.log(x * W).sum())
    with sg.detect_anomaly():
        with pytest.raises(FloatingPointError, match="log"):
            h(np.ones(2))
        assert h(np.array([-1.0, 1.0])) == 0.0
        assert h.value_and_grad(np.array([-1.0, 1.0]))[0] == 0.0


def test_optimizers_train_what_is_compiled_with_classes():
    model = nn.MLP(2, [8], 3, seed=0)
    f = compile(lambda x, y: nn.cross_entropy(model(x), y))
    optimizer = optim.Adam(model, lr=0.05)
    before = f(XX, CLASSES)
    for _ in range(50):
        optimizer.zero_grad()
        f.backward(XX, CLASSES)
        optimizer.step()
    assert f(XX, CLASSES) < 0.2 * before


# --- what kind of function it is -------------------------------------------------------------------------------------


def test_rows_or_features_is_asked_where_it_cannot_be_told():
    XY = np.array([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(TypeError, match=r"may be meant for one example or for the whole array: say backend="):
        compile(lambda x: x[0] * x[1])(XY)
    np.testing.assert_array_equal(compile(lambda x: x[0] * x[1], backend="tensor")(XY), [3.0, 8.0])
    np.testing.assert_array_equal(compile(lambda x: x[0] * x[1], backend="value", reduction="none")(XY), [2.0, 12.0])
    assert compile(lambda a: a[0] * a[1])(np.array([3.0, 4.0])) == 12.0
    np.testing.assert_array_equal(compile(lambda x: x[0])(XY), [1.0, 2.0])


def test_values_and_tensors_do_not_mix_and_say_so():
    w = Value(2.0)
    with pytest.raises(TypeError, match="computes with Values and with arrays; use one kind throughout"):
        compile(lambda x: w * x, backend="tensor")(X)


# --- graphs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_backward_of_a_graph_gives_its_leaves_their_gradients(reduction):
    x, w, c = Value(1.0, label="x"), Value(3.0, label="w"), Value(2.0)
    y = sg.tanh(w * x) * c + x
    g = compile(y, reduction=reduction)
    xs = np.array([0.5, -1.0, 2.0])
    n = 3 if reduction == "mean" else 1
    value = g.backward(x=xs, w=0.7)
    np.testing.assert_allclose(value, np.tanh(0.7 * xs) * 2 + xs)
    slope = 2 * (1 - np.tanh(0.7 * xs) ** 2)
    assert x.grad == pytest.approx((slope * 0.7 + 1).sum() / n)
    assert w.grad == pytest.approx((slope * xs).sum() / n)
    assert c.grad == pytest.approx(np.tanh(0.7 * xs).sum() / n)
    before = c.grad
    g.backward(x=1.0, w=3.0)
    assert c.grad == pytest.approx(before + np.tanh(3.0))
    for leaf in (x, w, c):
        leaf.grad = 0.0
    y.backward()
    eager = [leaf.grad for leaf in (x, w, c)]
    for leaf in (x, w, c):
        leaf.grad = 0.0
    assert compile(y).backward(x=1.0, w=3.0) == pytest.approx(y.data)
    assert [leaf.grad for leaf in (x, w, c)] == pytest.approx(eager)
