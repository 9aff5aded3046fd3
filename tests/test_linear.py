"""Linear models: the closed forms, the gradients by autograd, the perceptron's rule, the logic neurons."""

import warnings
from itertools import product

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import Value, bce_with_logits, cross_entropy, draw, grad, linear, mean, square, trace
from scalargrad.linear import logic
from scalargrad.linear.model import with_ones

MODELS = (linear.LinearRegression, linear.LogisticRegression, linear.SoftmaxRegression)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def line(rng):
    """A noisy plane over three features: X, y."""
    X = rng.normal(size=(40, 3)) + np.array([0, 1, -0.5])
    return X, X @ [1.0, -2.0, 0.5] + 3 + 0.1 * rng.normal(size=40)


def clouds(rng, classes, n=60):
    """Overlapping clouds, one for each class."""
    labels = rng.integers(0, classes, n)
    return rng.normal(size=(n, 2)) + 1.5 * np.column_stack([np.cos(labels * 2), np.sin(labels * 2)]), labels


# --- linear regression ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("outputs", [None, 1, 2])
def test_the_normal_equation_has_the_least_squared_error(line, rng, intercept, outputs):
    X, y = line
    if outputs is not None:
        y = np.column_stack([y, rng.normal(size=40)])[:, :outputs]
    model = linear.LinearRegression(fit_intercept=intercept).fit(X, y)
    columns = np.column_stack([np.ones(40), X]) if intercept else X
    expected = np.linalg.inv(columns.T @ columns) @ columns.T @ y
    found = np.concatenate([[model.intercept], model.coef]) if intercept else model.coef
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(model.predict(X), columns @ expected)
    assert model.history == [pytest.approx(((columns @ expected - y) ** 2).sum() / 40)]
    assert np.shape(model.intercept) == y.shape[1:]


@pytest.mark.parametrize("options", [{"method": "gd"}, {"method": "sgd", "batch_size": 40}])
def test_descent_over_all_examples_arrives_at_the_normal_equation(line, options):
    X, y = line
    exact = linear.LinearRegression().fit(X, y)
    model = linear.LinearRegression(epochs=20000, tolerance=1e-9, **options).fit(X, y)
    assert model.converged
    np.testing.assert_allclose(model.coef, exact.coef, atol=1e-6)
    assert model.intercept == pytest.approx(exact.intercept, abs=1e-5)
    assert model.history[-1] == pytest.approx(exact.history[-1])
    assert max(np.diff(model.history)) < 1e-12


@pytest.mark.parametrize("size", [1, 7])
def test_stochastic_descent_finds_an_exact_line(line, size):
    X, _ = line
    model = linear.LinearRegression("sgd", epochs=3000, batch_size=size, seed=1).fit(X, X @ [1.0, -2.0, 0.5] + 3)
    np.testing.assert_allclose([*model.coef, model.intercept], [1, -2, 0.5, 3], atol=1e-3)
    assert model.converged


def test_one_step_is_two_over_n_times_the_transposed_examples_times_the_errors():
    X, y = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1.0, 5.0])
    model = linear.LinearRegression("gd", lr=0.1, epochs=1, fit_intercept=False).fit(X, y)
    np.testing.assert_allclose(model.coef, 0.1 * 2 / 2 * X.T @ y)
    assert model.history[0] == 13.0
    assert len(model.history) == 2
    assert not model.converged


@pytest.mark.parametrize("model", MODELS)
def test_the_written_gradient_is_the_one_of_autograd(rng, model):
    X, labels = clouds(rng, 2 if model is linear.LogisticRegression else 3)
    columns = with_ones(X)
    if model is linear.SoftmaxRegression:
        targets, W = np.eye(3)[labels], rng.normal(size=(3, 3))
        losses = {"loss": lambda w: cross_entropy(columns @ w, labels)}
    elif model is linear.LogisticRegression:
        targets, W = labels.astype(float), rng.normal(size=3)
        losses = {"loss": lambda w: mean(bce_with_logits(columns @ w, targets))}
    else:
        targets, W = rng.normal(size=60), rng.normal(size=3)
        losses = {"loss": lambda w: mean(square(columns @ w - targets))}
    written = model().gradient(columns, targets, W)
    w = Tensor(W, requires_grad=True)
    loss = losses["loss"](w)
    loss.backward()
    np.testing.assert_allclose(written, w.grad, rtol=1e-9, atol=1e-12)
    assert model().loss(columns @ W, targets) == pytest.approx(loss.item())
    values = np.array([Value(x) for x in W.flat]).reshape(W.shape)
    on_values = grad(losses["loss"](values), list(values.flat))
    np.testing.assert_allclose(written.ravel(), [g.data for g in on_values], rtol=1e-9, atol=1e-12)


DEPENDENT = [
    ([[1, 2], [2, 4], [3, 6]], True, "column 1 is a multiple of column 0", "drop column 1,"),
    ([[1, 0, 1], [2, 5, 7], [3, 1, 4], [0, 2, 2], [1, 1, 2]], True, "column 2 is a combination of columns 0, 1)", "drop column 2,"),
    ([[1, 3], [2, 5], [0, 1]], True, "column 1 is a combination of column 0 and the intercept", "drop column 1,"),
    ([[1, 4], [2, 4], [7, 4]], True, "column 1 is constant, and so is the intercept's column of ones", "drop column 1,"),
    ([[1, 0], [2, 0], [7, 0]], True, "column 1 is 0 everywhere", "drop column 1,"),
    ([[1, 0], [0, 1], [1, 0], [0, 1]], True, "column 1 is a combination of column 0 and the intercept", "drop column 1,"),
    ([[1, 2, 3], [2, 4, 6], [3, 6, 9]], False, "column 1 is a multiple of column 0; column 2 is a multiple of column 0", "drop columns 1, 2,"),
    ([[0.1, 0.2, 0.3], [0.7, 0.1, 0.8], [0.3, 0.9, 1.2], [0.2, 0.2, 0.4]], False, "column 2 is a combination of columns 0, 1)", "drop column 2,"),
    ([[1e9, 1, 1e9 + 1e-9], [2e9, 5, 2e9], [3e9, 2, 3e9], [4e9, 1, 4e9]], True, "column 2 is a multiple of column 0", "drop column 2,"),
]  # fmt: skip


@pytest.mark.parametrize(("X", "intercept", "which", "drop"), DEPENDENT)
def test_dependent_features_are_named(X, intercept, which, drop):
    with pytest.raises(ValueError, match="the features are dependent, so XᵀX has no inverse") as error:
        linear.LinearRegression(fit_intercept=intercept).fit(X, np.arange(len(X)))
    assert which in str(error.value)
    assert drop in str(error.value)
    assert 'method="gd"' in str(error.value)


def test_of_many_columns_only_the_first_are_named(rng):
    X = rng.normal(size=(40, 20))
    with pytest.raises(ValueError, match="column 20 is a combination of columns 0, 1, 2, 3, 4, 5 and 14 more"):
        linear.LinearRegression().fit(np.column_stack([X, X.sum(axis=1)]), X[:, 0])


def test_what_the_sentence_says_to_do_helps(rng):
    X = rng.normal(size=(20, 2))
    X = np.column_stack([X, X[:, 0] - 2 * X[:, 1]])
    y = X @ [1.0, 2.0, 3.0] + 1
    dropped = linear.LinearRegression().fit(X[:, :2], y)
    np.testing.assert_allclose(dropped.coef, [4, -4])
    descended = linear.LinearRegression("gd", epochs=5000).fit(X, y)
    np.testing.assert_allclose(descended.predict(X), y, atol=1e-4)


def test_columns_of_very_different_size_are_not_called_dependent(rng):
    X = rng.normal(size=(30, 2)) * [1e-12, 1e12]
    model = linear.LinearRegression().fit(X, X @ [3e12, 2e-12] + 1)
    np.testing.assert_allclose([*model.coef, model.intercept], [3e12, 2e-12, 1], rtol=1e-9)


def test_years_are_not_called_dependent_on_the_intercept():
    years = np.arange(2000.0, 2021.0)[:, None]
    model = linear.LinearRegression().fit(years, 3 * years[:, 0] - 5000)
    assert model.coef[0] == pytest.approx(3)
    assert model.intercept == pytest.approx(-5000)


def test_fewer_examples_than_weights_are_too_few():
    with pytest.raises(ValueError, match=r"3 weights \(one is the intercept\) from 2 examples"):
        linear.LinearRegression().fit([[1, 2], [3, 5]], [1, 2])


def test_too_large_a_learning_rate_is_told_with_one_that_is_safe(line):
    X, y = line
    model = linear.LinearRegression("gd").fit(X, y)
    kept = model.coef, model.history
    model.lr = 1.0
    with pytest.raises(FloatingPointError, match=r"with lr=1 the loss was .* choose a smaller one") as error:
        model.fit(X, y)
    assert (model.coef, model.history) == kept
    safe = float(str(error.value).split("smaller one (")[1].split(" ")[0])
    linear.LinearRegression("gd", lr=safe).fit(X, y)


def test_descent_converges_below_two_over_the_largest_eigenvalue_and_not_above(line):
    X, y = line
    columns = with_ones(X)
    largest = np.linalg.eigvalsh(2 / len(X) * columns.T @ columns)[-1]
    below = linear.LinearRegression("gd", lr=1.98 / largest, epochs=300).fit(X, y)
    above = linear.LinearRegression("gd", lr=2.05 / largest, epochs=300).fit(X, y)
    assert below.history[-1] < below.history[0] < above.history[-1]


# --- logistic and softmax regression ----------------------------------------------------------------------------------


def test_logistic_regression_is_scikit_learns(rng):
    sk = pytest.importorskip("sklearn.linear_model")
    X, y = clouds(rng, 2)
    theirs = sk.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, y)
    ours = linear.LogisticRegression(epochs=20000, tolerance=1e-8).fit(X, y)
    assert ours.converged
    np.testing.assert_allclose(ours.coef, theirs.coef_[0], atol=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()


def test_softmax_regression_is_scikit_learns(rng):
    sk = pytest.importorskip("sklearn.linear_model")
    X, y = clouds(rng, 3)
    theirs = sk.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, y)
    ours = linear.SoftmaxRegression(epochs=20000, tolerance=1e-8).fit(X, y)
    assert ours.converged
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()


def test_softmax_of_two_classes_is_logistic_regression(rng):
    X, y = clouds(rng, 2)
    one = linear.LogisticRegression(epochs=5000).fit(X, y)
    two = linear.SoftmaxRegression(epochs=5000).fit(X, y)
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-4)
    np.testing.assert_allclose(two.coef[:, 1] - two.coef[:, 0], one.coef, atol=1e-3)


@pytest.mark.parametrize("model", MODELS[1:])
@pytest.mark.parametrize("method", ["gd", "sgd"])
def test_classifiers_learn_labels_of_any_kind(rng, model, method):
    X, y = clouds(rng, 2, n=80)
    names = np.array(["no", "yes"])[y]
    fitted = model(method, epochs=50, seed=0).fit(X, names)
    assert fitted.classes.tolist() == ["no", "yes"]
    assert np.mean(fitted.predict(X) == names) > 0.7
    np.testing.assert_allclose(fitted.predict_proba(X).sum(axis=1), 1)
    signs = model(method, epochs=50, seed=0).fit(X, 2 * y - 1)
    assert (signs.predict(X) == 2 * y - 1).tolist() == (fitted.predict(X) == names).tolist()


@pytest.mark.parametrize("model", MODELS)
def test_the_rate_chosen_from_the_data_never_lets_the_loss_grow_and_is_no_smaller_than_needed(rng, model):
    X, y = clouds(rng, 2)
    X = X * [30.0, 1.0] + [100.0, 0.0]
    columns = with_ones(X)
    chosen = model(method="gd")._safe_rate(columns, len(X))
    targets = np.eye(2)[y] if model is linear.SoftmaxRegression else y.astype(float)
    # the curvature at weights 0, where it is largest, along its steepest direction, by a difference of gradients
    W = np.zeros((3, *targets.shape[1:]))
    step = 1e-6 * np.linalg.svd(columns)[2][0].reshape(-1, *[1] * (W.ndim - 1)) * ([1, -1] if W.ndim == 2 else 1)
    change = model().gradient(columns, targets, W + step) - model().gradient(columns, targets, W)
    largest = np.linalg.norm(change) / np.linalg.norm(step)
    assert chosen == pytest.approx(1 / largest, rel=1e-3)
    assert max(np.diff(model("gd", epochs=200).fit(X, y).history)) < 1e-12


def test_separated_classes_stay_finite():
    model = linear.LogisticRegression(lr=1000.0, epochs=100).fit([[-1.0], [1.0]], [0, 1])
    assert np.isfinite(model.coef).all()
    assert model.predict([[-500.0], [500.0]]).tolist() == [0, 1]
    assert np.isfinite(model.predict_proba([[1e6], [-1e6]])).all()


@pytest.mark.parametrize("model", MODELS)
def test_the_same_seed_gives_the_same_weights(rng, model):
    X, y = clouds(rng, 2)
    first, again, other = (model("sgd", epochs=3, seed=s).fit(X, y) for s in (5, 5, 6))
    assert first.coef.tobytes() == again.coef.tobytes()
    assert first.history == again.history
    assert first.coef.tobytes() != other.coef.tobytes()
    generator = model("sgd", epochs=3, seed=np.random.default_rng(5)).fit(X, y)
    assert generator.coef.tobytes() == first.coef.tobytes()


def test_numpys_own_random_numbers_are_not_touched(rng):
    X, y = clouds(rng, 2)
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    linear.LogisticRegression("sgd", epochs=2).fit(X, y)
    linear.Perceptron(epochs=5000, shuffle=True).fit([[0.0], [1.0]], [0, 1])
    assert np.random.rand() == expected


def test_tensors_and_values_are_read_as_their_numbers(line):
    X, y = line
    exact = linear.LinearRegression().fit(X, y)
    on_tensors = linear.LinearRegression().fit(Tensor(X), Tensor(y))
    on_values = linear.LinearRegression().fit([[Value(x) for x in row] for row in X], [Value(t) for t in y])
    assert on_tensors.coef.tobytes() == on_values.coef.tobytes() == exact.coef.tobytes()
    np.testing.assert_array_equal(exact.predict(Tensor(X)), exact.predict(X))


# --- the perceptron ---------------------------------------------------------------------------------------------------

SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize("labels", [y for y in product((0, 1), repeat=4) if y not in {(0, 1, 1, 0), (1, 0, 0, 1)}])
def test_the_perceptron_learns_every_function_of_two_inputs_but_xor(labels):
    if len(set(labels)) == 1:
        with pytest.raises(ValueError, match="two classes, but y has 1"):
            linear.Perceptron().fit(SQUARE, labels)
        return
    neuron = linear.Perceptron().fit(SQUARE, labels)
    assert neuron.converged
    assert neuron.predict(SQUARE).tolist() == list(labels)
    assert neuron.history[-1] == 0
    assert neuron.corrections == sum(neuron.history)


@pytest.mark.parametrize("labels", [[0, 1, 1, 0], [1, 0, 0, 1]])
def test_the_perceptron_says_that_it_did_not_learn_xor(labels):
    neuron = linear.Perceptron(epochs=50)
    with pytest.warns(linear.NotSeparatedWarning, match=r"after 50 epochs .* of 4 examples are wrong") as told:
        neuron.fit(SQUARE, labels)
    assert told[0].filename == __file__
    assert not neuron.converged
    assert len(neuron.history) == 50
    assert min(neuron.history) > 0


def test_with_the_product_as_a_feature_the_perceptron_learns_xor():
    X = [[a, b, a * b] for a, b in SQUARE]
    assert linear.Perceptron().fit(X, [0, 1, 1, 0]).predict(X).tolist() == [0, 1, 1, 0]


def test_rosenblatts_rule_step_by_step():
    X, y = [[1.0, 2.0], [-1.0, 1.0], [2.0, -1.0]], [1, 0, 1]
    w, b, corrections = np.zeros(2), 0.0, 0
    while True:
        before = corrections
        for x, target in zip(np.array(X), y):
            says = 1 if w @ x + b >= 0 else 0
            if says != target:
                w, b, corrections = w + 0.5 * (target - says) * x, b + 0.5 * (target - says), corrections + 1
        if corrections == before:
            break
    neuron = linear.Perceptron(lr=0.5).fit(X, y)
    assert (neuron.coef.tolist(), neuron.intercept, neuron.corrections) == (w.tolist(), b, corrections)
    assert corrections > 0


def test_a_score_of_zero_is_the_greater_class():
    neuron = linear.Perceptron().fit([[0.0], [-1.0]], ["b", "a"])
    assert neuron.scores([[0.0]]) == 0
    assert neuron.predict([[0.0]]).tolist() == ["b"]


def test_separated_clouds_are_learned_in_any_order(rng):
    X = rng.normal(size=(50, 2))
    X = X[np.abs(X @ [1.0, 2.0]) > 0.2]
    y = np.where(X @ [1.0, 2.0] > 0, 1, -1)
    neurons = [linear.Perceptron(shuffle=True, seed=s).fit(X, y) for s in (1, 1, 2)]
    assert all(neuron.predict(X).tolist() == y.tolist() for neuron in neurons)
    assert neurons[0].history == neurons[1].history


# --- what makes no sense ----------------------------------------------------------------------------------------------

ALL = (*MODELS, linear.Perceptron)


@pytest.mark.parametrize("model", ALL)
def test_shapes_that_do_not_fit_are_told(model):
    for X, y, told in (
        ([1.0, 2.0], [0, 1], r"reshape\(-1, 1\)"),
        ([[1.0], [2.0]], [0, 1, 1], "X has 2 rows and y has length 3"),
        (np.zeros((0, 2)), [], "X is empty"),
        ([[1.0], [np.nan]], [0, 1], r"X has nan at position \(1, 0\)"),
        ([[1.0], [2.0]], [0, np.nan], "y has nan at position 1"),
    ):
        with pytest.raises(ValueError, match=told):
            model().fit(X, y)
    with pytest.raises(RuntimeError, match=r"call fit\(X, y\) first"):
        model().predict([[1.0]])
    fitted = model().fit([[0.0, 1.0], [1.0, 0.0], [2.0, 2.5]], [0, 1, 1])
    with pytest.raises(ValueError, match="fitted to 2 features, but X has 3 columns"):
        fitted.predict([[1.0, 2.0, 3.0]])


def test_classes_that_do_not_fit_are_told():
    X = [[0.0], [1.0], [2.0]]
    with pytest.raises(ValueError, match="use SoftmaxRegression"):
        linear.LogisticRegression().fit(X, [0, 1, 2])
    for model in MODELS[1:]:
        with pytest.raises(ValueError, match="only one class"):
            model().fit(X, [1, 1, 1])
        with pytest.raises(ValueError, match="no label"):
            model().fit(X, [0.2, 0.7, 1.0])
    with pytest.raises(ValueError, match="two classes, but y has 3"):
        linear.Perceptron().fit(X, [0, 1, 2])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"method": "newton"}, "method is one of"),
        ({"lr": 0.0}, "lr must be"),
        ({"lr": float("nan")}, "lr must be"),
        ({"epochs": -1}, "epochs must be"),
        ({"epochs": 1.5}, "epochs must be"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"tolerance": -1.0}, "tolerance must be"),
    ],
)
def test_options_that_make_no_sense_are_told_at_once(options, told):
    for model in MODELS:
        with pytest.raises(ValueError, match=told):
            model(**options)
    if set(options) <= {"lr", "epochs"}:
        with pytest.raises(ValueError, match=told):
            linear.Perceptron(**options)


def test_no_epochs_leave_the_weights_at_zero():
    model = linear.LogisticRegression(epochs=0).fit([[0.0], [1.0]], [0, 1])
    assert model.coef.tolist() == [0.0]
    assert model.history == [pytest.approx(np.log(2))]


def test_a_model_shows_what_it_learned():
    assert repr(linear.LinearRegression()) == "LinearRegression(method='normal')"
    assert repr(linear.LinearRegression().fit([[0.0], [1.0], [2.0]], [0, 0, 3])).endswith("loss=0.5)")
    assert repr(linear.LogisticRegression(epochs=0).fit([[0.0], [1.0]], [0, 1])).endswith(
        "loss=0.693147 after 0 epochs)"
    )
    assert "converged=True" in repr(linear.Perceptron().fit(SQUARE, [0, 0, 0, 1]))


# --- logic neurons ----------------------------------------------------------------------------------------------------

TABLES = {
    "and_": (0, 0, 0, 1),
    "or_": (0, 1, 1, 1),
    "not_": (1, 0),
    "xor": (0, 1, 1, 0),
    "xor_of_neurons": (0, 1, 1, 0),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_logic_neurons_have_their_truth_tables(name):
    neuron = getattr(logic, name)
    assert logic.truth_table(neuron).outputs == TABLES[name]
    inputs = 1 if name == "not_" else 2
    for row, output in logic.truth_table(neuron):
        values = [Value(x, label=f"x{i + 1}") for i, x in enumerate(row)]
        assert neuron(*values).data == output
        assert neuron(*map(bool, row)) == output
    columns = [np.array(c) for c in zip(*product((0, 1), repeat=inputs))]
    for kind in (float, bool, int):
        assert tuple(neuron(*[c.astype(kind) for c in columns])) == TABLES[name]
    assert tuple(neuron(*[Tensor(c) for c in columns]).data) == TABLES[name]


def test_the_logic_neurons_weigh_as_the_lecture_says():
    for a, b in SQUARE:
        x1, x2 = Value(a), Value(b)
        sums = {"and_": a + b - 1.5, "or_": a + b - 0.5, "xor": a + b - 2 * a * b - 0.5}
        sums["xor_of_neurons"] = (a or b) - (a and b) - 0.5
        for name, expected in sums.items():
            assert getattr(logic, name)(x1, x2).inputs[0].data == expected
        assert logic.not_(x1).inputs[0].data == 0.5 - a


@pytest.mark.parametrize("name", TABLES)
def test_the_logic_neurons_can_be_drawn(name):
    inputs = [Value(1.0, label=f"x{i + 1}") for i in range(1 if name == "not_" else 2)]
    root = getattr(logic, name)(*inputs)
    steps = sum(node.op == "greater" for node in trace(root).nodes)
    assert steps == (3 if name == "xor_of_neurons" else 1)
    assert {leaf.label for leaf in trace(root).leaves} >= {x.label for x in inputs}
    assert "x₁" in draw(root).dot


def test_a_truth_table_prints_and_renders():
    table = logic.truth_table(logic.and_)
    assert str(table).splitlines() == ["x1  x2  and", " 0   0    0", " 0   1    0", " 1   0    0", " 1   1    1"]
    assert table._repr_markdown_().splitlines()[:2] == ["| x1 | x2 | and |", "|---|---|---|"]
    assert len(table) == 4


def test_a_truth_table_can_be_made_of_any_function():
    assert logic.truth_table(lambda a, b, c: (a and b) or c).outputs == (0, 1, 0, 1, 0, 1, 1, 1)
    assert logic.truth_table(lambda *x: sum(x) % 2, inputs=3).outputs == (0, 1, 1, 0, 1, 0, 0, 1)
    with pytest.raises(TypeError, match="say inputs="):
        logic.truth_table(lambda *x: 0)
    with pytest.raises(ValueError, match=r"is 2\.0, neither 0 nor 1"):
        logic.truth_table(lambda a, b: a + b)
    with pytest.raises(ValueError, match="1 to 10"):
        logic.truth_table(lambda: 0)


def test_a_trained_network_of_nodes_has_a_truth_table():
    w = Value(2.0)
    assert logic.truth_table(lambda a: (w * a - 1).heaviside()).outputs == (0, 1)


# --- layers that collapse ---------------------------------------------------------------------------------------------


def test_two_linear_layers_are_one_with_the_lectures_weights(rng):
    (w11, w12), (w21, w22) = W1 = rng.normal(size=(2, 2))
    w1, w2 = W2 = rng.normal(size=2)
    np.testing.assert_allclose(linear.collapse(W1, W2), [w1 * w11 + w2 * w12, w1 * w21 + w2 * w22])
    x = rng.normal(size=10)
    np.testing.assert_allclose((with_ones(x[:, None]) @ W1) @ W2, with_ones(x[:, None]) @ linear.collapse(W1, W2))


def test_layers_with_biases_collapse_into_one_with_a_bias(rng):
    shapes = [(4, 3), (3, 5), (5, 2)]
    layers = [(rng.normal(size=s), rng.normal(size=s[1])) for s in shapes]
    layers[1] = layers[1][0]  # one without
    X = rng.normal(size=(6, 4))
    expected = ((X @ layers[0][0] + layers[0][1]) @ layers[1]) @ layers[2][0] + layers[2][1]
    W, b = linear.collapse(*layers)
    np.testing.assert_allclose(X @ W + b, expected)
    W, b = linear.collapse(layers[1], layers[2])
    np.testing.assert_allclose(b, layers[2][1])


def test_the_collapsed_weights_of_nodes_are_a_graph():
    W1 = np.array(
        [[Value(1.0, label="w11"), Value(2.0, label="w12")], [Value(3.0, label="w21"), Value(4.0, label="w22")]]
    )
    W2 = np.array([Value(10.0, label="w1"), Value(100.0, label="w2")])
    gamma = linear.collapse(W1, W2)
    assert [g.data for g in gamma] == [210.0, 430.0]
    assert {leaf.label for leaf in trace(gamma[0]).leaves} == {"w1", "w11", "w2", "w12"}
    t = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    linear.collapse(t, [10.0, 100.0]).sum().backward()
    assert t.grad.tolist() == [[10.0, 100.0], [10.0, 100.0]]


def test_layers_that_do_not_fit_are_told():
    with pytest.raises(ValueError, match="inner sizes are 3 and 2"):
        linear.collapse(np.ones((2, 3)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="at least one layer"):
        linear.collapse()


def test_no_warning_comes_from_training(line, rng):
    X, y = line
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FloatingPointError):
            linear.LinearRegression("gd", lr=100.0).fit(X, y)
        linear.LogisticRegression(lr=1e6, epochs=20).fit(*clouds(rng, 2))
