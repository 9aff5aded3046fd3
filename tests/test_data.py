"""The data sets, mini-batches, splitting, scaling and features: shapes, moments, seeds, edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad import data, parse

CLASSES = {
    "gaussians": data.gaussians,
    "moons": data.moons,
    "circles": data.circles,
    "spirals": data.spirals,
    "xor": data.xor,
}
REGRESSIONS = {"linear": data.linear, "sine": data.sine}
SETS = CLASSES | REGRESSIONS


@pytest.fixture(params=SETS.values(), ids=SETS)
def make(request):
    return request.param


@pytest.fixture(params=CLASSES.values(), ids=CLASSES)
def make_classes(request):
    return request.param


# --- all sets --------------------------------------------------------------------------------------------------------


def test_a_set_is_a_matrix_and_a_vector_of_finite_numbers(make):
    X, y = make(30, noise=0.1, seed=0)
    assert X.dtype == np.float64
    assert X.ndim == 2
    assert len(X) == 30
    assert y.shape == (30,)
    assert y.dtype.kind == ("f" if make in REGRESSIONS.values() else "i")
    assert np.isfinite(X).all()


def test_the_same_seed_gives_the_same_set_and_another_seed_another(make):
    first, again, other = (make(30, noise=0.1, seed=seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_a_seed_each_call_differs(make):
    assert not np.array_equal(make(30, noise=0.1)[0], make(30, noise=0.1)[0])


def test_a_generator_is_drawn_from(make):
    rng = np.random.default_rng(3)
    first, second = make(30, noise=0.1, seed=rng)[0], make(30, noise=0.1, seed=rng)[0]
    np.testing.assert_array_equal(first, make(30, noise=0.1, seed=3)[0])
    assert not np.array_equal(first, second)


def test_the_global_random_state_is_left_alone(make):
    before = np.random.get_state()[1].copy()
    make(30, noise=0.1, seed=0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"n": 0}, ValueError, "n must be at least 1, not 0"),
        ({"n": 2.5}, TypeError, "n is a whole number, not 2.5"),
        ({"n": True}, TypeError, "n is a whole number, not True"),
        ({"noise": -0.1}, ValueError, "noise must be a finite number that is not negative, not -0.1"),
        ({"noise": float("nan")}, ValueError, "noise must be a finite number"),
        ({"noise": "much"}, TypeError, "noise is a number, not 'much'"),
        ({"seed": -1}, ValueError, "seed must not be negative, not -1"),
        ({"seed": 1.5}, TypeError, "seed is a whole number, a numpy.random.Generator or None, not 1.5"),
    ],
)
def test_bad_input_is_told_in_a_sentence(make, options, error, sentence):
    with pytest.raises(error, match=sentence.replace(".", r"\.")):
        make(**options)


# --- sets of classes -------------------------------------------------------------------------------------------------


def test_the_classes_take_turns(make_classes):
    _, y = make_classes(23, noise=0.1, seed=0)
    counts = np.bincount(y)
    assert counts.max() - counts.min() <= 1
    if make_classes is not data.xor:
        np.testing.assert_array_equal(y, np.arange(23) % 2)


@pytest.mark.parametrize("labels", [(-1, 1), ("no", "yes"), (1.0, 0.0)])
def test_labels_stand_for_the_classes(make_classes, labels):
    X, y = make_classes(20, labels=labels, seed=0)
    same, which = make_classes(20, seed=0)
    np.testing.assert_array_equal(X, same)
    np.testing.assert_array_equal(y, np.array(labels)[which])


@pytest.mark.parametrize("labels", [(1,), (0, 1, 2), (1, 1), 5])
def test_labels_that_do_not_name_the_classes_are_refused(make_classes, labels):
    with pytest.raises(ValueError, match="labels must name each of the 2 classes differently"):
        make_classes(20, labels=labels)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("n", [6, 100, 101])
def test_set_1_has_the_lectures_eigenvalues_exactly(n, seed):
    X, y = data.gaussians(n, seed=seed)
    np.testing.assert_allclose(np.linalg.eigvalsh(X.T @ X / n), [0.04, 0.84], rtol=1e-12)
    for c, mean in ((0, (-0.4, -0.8)), (1, (0.4, 0.8))):
        np.testing.assert_allclose(X[y == c].mean(axis=0), mean, atol=1e-12)
        np.testing.assert_allclose(np.cov(X[y == c].T, bias=True), 0.04 * np.eye(2), atol=1e-12)


def test_with_a_bias_the_largest_eigenvalue_of_set_1_is_1():
    X, _ = data.gaussians(seed=0)
    inputs = np.column_stack([X, np.ones(len(X))])
    np.testing.assert_allclose(np.linalg.eigvalsh(inputs.T @ inputs / len(X)), [0.04, 0.84, 1.0], rtol=1e-12)


def test_inexact_gaussians_have_their_moments_in_the_limit():
    X, _ = data.gaussians(40_000, exact=False, seed=0)
    np.testing.assert_allclose(np.linalg.eigvalsh(X.T @ X / len(X)), [0.04, 0.84], rtol=0.03)
    assert abs(np.linalg.eigvalsh(X.T @ X / len(X))[1] - 0.84) > 1e-9


def test_gaussians_of_more_classes_and_features():
    means = [[0, 0, 5], [5, 0, 0], [0, 5, 0]]
    X, y = data.gaussians(90, means=means, noise=0.5, seed=0)
    assert X.shape == (90, 3)
    for c in range(3):
        np.testing.assert_allclose(X[y == c].mean(axis=0), means[c], atol=1e-12)
        np.testing.assert_allclose(np.cov(X[y == c].T, bias=True), 0.25 * np.eye(3), atol=1e-12)


def test_too_few_examples_for_exact_moments_are_told():
    with pytest.raises(ValueError, match="at least 3 examples of each of the 2 classes, not 2"):
        data.gaussians(5)
    assert data.gaussians(1, exact=False, seed=0)[0].shape == (1, 2)


@pytest.mark.parametrize("means", [[1.0, 2.0], [], [[[1.0]]]])
def test_means_must_be_one_row_for_each_class(means):
    with pytest.raises(ValueError, match="means must have the shape"):
        data.gaussians(means=means)
    with pytest.raises(TypeError, match="means must be an array of numbers"):
        data.gaussians(means=[[1.0], [2.0, 3.0]])


@pytest.mark.parametrize(("ours", "theirs"), [("moons", "make_moons"), ("circles", "make_circles")])
@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_without_noise_they_are_the_points_of_scikit_learn(ours, theirs, n):
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = CLASSES[ours](n, noise=0)
    options = {"factor": 0.5} if ours == "circles" else {}
    sizes = ((n + 1) // 2, n // 2)
    P, c = getattr(datasets, theirs)(sizes, shuffle=False, noise=None, **options)
    for k in (0, 1):
        np.testing.assert_allclose(X[y == k], P[c == k], atol=1e-12)


def test_the_noise_is_the_standard_deviation_of_each_coordinate():
    exact, _ = data.moons(20_000, noise=0)
    noisy, _ = data.moons(20_000, noise=0.3, seed=0)
    np.testing.assert_allclose((noisy - exact).std(axis=0), 0.3, rtol=0.03)


@pytest.mark.parametrize("factor", [0, 1, 1.5])
def test_one_circle_lies_inside_the_other(factor):
    X, y = data.circles(40, noise=0, factor=0.25)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), np.where(y == 0, 1, 0.25))
    with pytest.raises(ValueError, match="factor must lie between 0 and 1"):
        data.circles(factor=factor)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_spirals_are_one_arm_turned(classes):
    X, y = data.spirals(20 * classes, classes=classes, noise=0)
    turn = 2 * np.pi / classes
    rotate = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for c in range(1, classes):
        np.testing.assert_allclose(X[y == c], X[y == c - 1] @ rotate, atol=1e-12)


def test_spirals_need_two_classes():
    with pytest.raises(ValueError, match="classes must be at least 2, not 1"):
        data.spirals(classes=1)


def test_xor_is_the_truth_table_and_its_repetition():
    X, y = data.xor(8)
    np.testing.assert_array_equal(X[:4], [[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(y, [0, 1, 1, 0] * 2)
    noisy, same = data.xor(400, noise=0.1, seed=0)
    np.testing.assert_array_equal((noisy > 0.5).sum(axis=1) % 2, same)


# --- regressions -----------------------------------------------------------------------------------------------------


def test_linear_is_linear_with_noise():
    X, y = data.linear(5000, weights=(1.0, -2.0, 0.5), bias=3.0, noise=0.2, seed=0)
    rest = y - (X @ [1.0, -2.0, 0.5] + 3.0)
    assert X.shape == (5000, 3)
    assert -1 <= X.min() < -0.9 < 0.9 < X.max() < 1
    assert abs(rest.std() - 0.2) < 0.01
    assert data.linear(5, weights=2.0)[0].shape == (5, 1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"weights": []}, "weights must be one number for each feature"),
        ({"weights": [[1.0]]}, "weights must be one number for each feature"),
        ({"weights": [float("inf")]}, "every number must be finite"),
        ({"bias": [1.0, 2.0]}, "bias must be one number"),
    ],
)
def test_linear_refuses_weights_that_are_not_a_row(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.linear(**options)


def test_sine_is_a_sine_over_one_period():
    X, y = data.sine(2000, noise=0, seed=0)
    np.testing.assert_array_equal(y, np.sin(X[:, 0]))
    assert -np.pi <= X.min() < -3
    assert 3 < X.max() < np.pi


# --- batches ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 40), size=st.integers(1, 45), seed=st.integers(0, 9), shuffle=st.booleans())
def test_an_epoch_has_every_example_once_with_its_own_target(n, size, seed, shuffle):
    X, y = np.arange(2 * n).reshape(n, 2), np.arange(n)
    mini = data.batches(X, y, size, seed=seed, shuffle=shuffle)
    parts = list(mini)
    assert len(parts) == len(mini) == -(-n // size)
    assert all(len(xb) == size for xb, _ in parts[:-1])
    for xb, yb in parts:
        np.testing.assert_array_equal(xb[:, 0], 2 * yb)
    assert sorted(np.concatenate([yb for _, yb in parts])) == list(range(n))


def targets(mini):
    return [yb.tolist() for _, yb in mini]


def test_epochs_differ_and_are_the_same_in_a_second_run():
    X, y = np.zeros((50, 1)), np.arange(50)
    first, second = data.batches(X, y, 8, seed=5), data.batches(X, y, 8, seed=5)
    runs = [[targets(mini) for _ in range(3)] for mini in (first, second)]
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1] != runs[0][2]
    assert targets(data.batches(X, y, 8, seed=6)) != runs[0][0]


def test_a_run_taken_up_at_an_epoch_has_the_batches_it_would_have_had():
    X, y = np.zeros((50, 1)), np.arange(50)
    whole = data.batches(X, y, 8, seed=5)
    epochs = [targets(whole) for _ in range(4)]
    later = data.batches(X, y, 8, seed=5)
    later.epoch = 3
    assert targets(later) == epochs[3]
    assert later.epoch == 4


def test_an_epoch_that_is_broken_off_does_not_change_the_next():
    X, y = np.zeros((20, 1)), np.arange(20)
    whole, broken = data.batches(X, y, 4, seed=0), data.batches(X, y, 4, seed=0)
    targets(whole)
    next(iter(broken))
    assert targets(whole) == targets(broken)


def test_without_shuffling_the_order_is_kept():
    assert targets(data.batches([[1], [2], [3]], [1, 2, 3], 2, shuffle=False)) == [[1, 2], [3]]


def test_drop_last_leaves_out_a_smaller_batch_only():
    X, y = np.zeros((10, 1)), np.arange(10)
    assert [len(yb) for _, yb in data.batches(X, y, 4, drop_last=True)] == [4, 4]
    assert [len(yb) for _, yb in data.batches(X, y, 5, drop_last=True)] == [5, 5]
    with pytest.raises(ValueError, match="no batch of 11 can be had of 10 examples"):
        data.batches(X, y, 11, drop_last=True)


def test_no_size_is_the_whole_set():
    (xb, _), *rest = data.batches(np.zeros((7, 2)), np.arange(7), seed=0)
    assert xb.shape == (7, 2)
    assert not rest


def test_a_batch_is_a_copy():
    X, y = np.zeros((4, 1)), np.zeros(4)
    for xb, yb in data.batches(X, y, 2, shuffle=False):
        xb += 1
        yb += 1
    assert not X.any()
    assert not y.any()


@pytest.mark.parametrize(
    ("X", "y", "size", "sentence"),
    [
        (np.zeros((3, 1)), np.zeros(2), 1, "X has 3 examples and y has 2: they must be as many"),
        (np.zeros((0, 1)), np.zeros(0), 1, "X and y are empty"),
        (np.zeros((3, 1)), np.zeros(3), 0, "size must be at least 1, not 0"),
        (1.0, 2.0, 1, "not single numbers"),
        ([[1.0], [2.0, 3.0]], [0, 1], 1, "rows of one length"),
    ],
)
def test_batches_refuse_what_does_not_fit(X, y, size, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.batches(X, y, size)


# --- split -----------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(n=st.integers(2, 60), share=st.floats(0.01, 0.99), seed=st.integers(0, 5), stratify=st.booleans())
def test_a_split_is_a_partition(n, share, seed, stratify):
    X, y = np.arange(n).reshape(n, 1), np.arange(n) % 3
    (Xt, yt), (Xv, yv) = data.split(X, y, share, seed=seed, stratify=stratify)
    assert sorted([*Xt[:, 0], *Xv[:, 0]]) == list(range(n))
    assert len(Xt)
    assert len(Xv)
    assert len(Xv) == min(max(round(n * share), 1), n - 1)
    np.testing.assert_array_equal(yt, Xt[:, 0] % 3)
    np.testing.assert_array_equal(yv, Xv[:, 0] % 3)
    if stratify:
        for c in range(3):
            assert abs((yv == c).sum() - (y == c).sum() * len(yv) / n) < 1


def test_a_split_is_reproducible_and_random():
    X, y = np.arange(50).reshape(50, 1), np.arange(50)
    first, again, other = (data.split(X, y, seed=s)[1][1].tolist() for s in (1, 1, 2))
    assert first == again != other


def test_a_split_without_shuffling_keeps_the_last_ones():
    (_, y_train), (_, y_validation) = data.split(np.zeros((5, 1)), np.arange(5), 0.4, shuffle=False)
    assert (y_train.tolist(), y_validation.tolist()) == ([0, 1, 2], [3, 4])


def test_a_whole_number_is_the_number_of_examples():
    (_, y_train), (_, y_validation) = data.split(np.zeros((5, 1)), np.arange(5), 2, seed=0)
    assert (len(y_train), len(y_validation)) == (3, 2)


def test_stratified_rare_classes_are_shared_by_text_labels_too():
    y = np.array(["rare"] * 10 + ["common"] * 90)
    (_, yt), (_, yv) = data.split(np.zeros((100, 1)), y, 0.2, seed=0, stratify=True)
    assert (yt == "rare").sum() == 8
    assert (yv == "rare").sum() == 2


@pytest.mark.parametrize(
    ("validation", "error", "sentence"),
    [
        (0.0, ValueError, "share between 0 and 1"),
        (1.0, ValueError, "share between 0 and 1"),
        (float("nan"), ValueError, "share between 0 and 1"),
        (5, ValueError, "between 1 and 4 of the 5 examples, not 5"),
        (0, ValueError, "between 1 and 4"),
        (True, TypeError, "a share such as 0.2"),
        ("all", TypeError, "a share such as 0.2"),
    ],
)
def test_a_split_that_leaves_a_part_empty_is_refused(validation, error, sentence):
    with pytest.raises(error, match=sentence):
        data.split(np.zeros((5, 1)), np.arange(5), validation)


def test_one_example_cannot_be_split_nor_can_numbers_be_stratified():
    with pytest.raises(ValueError, match="one example cannot be split"):
        data.split([[1.0]], [1])
    with pytest.raises(ValueError, match="stratify needs one class for each example"):
        data.split(np.zeros((4, 1)), [0.1, 0.2, 0.3, 0.4], stratify=True)


# --- scaling ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 20), st.integers(1, 4), st.integers(0, 99), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_standardized_columns_have_mean_0_and_deviation_1_and_come_back(n, k, seed, spread, shift):
    X = np.random.default_rng(seed).normal(size=(n, k)) * spread + shift
    scale = data.Standardize().fit(X)
    Z = scale.transform(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-7)
    np.testing.assert_allclose(scale.inverse(Z), X, rtol=1e-9, atol=1e-9)


def test_the_test_set_is_scaled_by_the_training_set():
    scale = data.Standardize().fit([[0.0], [2.0]])
    np.testing.assert_array_equal(scale.transform([[5.0], [1.0]]), [[4.0], [0.0]])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 3, -7])
def test_a_constant_column_becomes_0_and_is_named(value):
    X = np.column_stack([np.full(7, value), np.arange(7)])
    scale = data.Standardize()
    Z = scale.fit_transform(X)
    np.testing.assert_array_equal(Z[:, 0], 0)
    assert scale.constant == [0]
    assert "column 0 is constant" in repr(scale)
    np.testing.assert_allclose(scale.inverse(Z), X)


def test_several_constant_columns_are_named_and_one_example_is_constant():
    scale = data.Standardize().fit([[1.0, 2.0]])
    assert repr(scale) == "<Standardize of 2 columns, columns 0, 1 are constant>"
    assert repr(data.Standardize()) == "<Standardize, not fit yet>"
    assert repr(data.Standardize().fit([1.0, 2.0])) == "<Standardize of 1 column>"


def test_centring_and_scaling_alone():
    X = np.array([[1.0, 10.0], [3.0, 30.0]])
    np.testing.assert_array_equal(data.Standardize(scale=False).fit_transform(X), data.centre(X))
    np.testing.assert_array_equal(data.Standardize(centre=False).fit_transform(X), [[1, 1], [3, 3]])
    np.testing.assert_array_equal(data.normalise(X), [[-1, -1], [1, 1]])


def test_a_target_is_scaled_as_one_column():
    scale = data.Standardize().fit([1.0, 3.0])
    np.testing.assert_array_equal(scale.transform([1.0, 3.0, 5.0]), [-1, 1, 3])
    np.testing.assert_array_equal(scale.inverse([-1.0]), [1.0])


@pytest.mark.parametrize(
    ("X", "error", "sentence"),
    [
        ([[1.0]], ValueError, "X has 1 columns and Standardize was fit on 2"),
        ([[1.0, float("nan")]], ValueError, r"X has nan at \[0, 1\]: every number must be finite"),
        ([["a", "b"]], TypeError, "X must be an array of numbers"),
        (3.0, ValueError, "X must have the shape"),
    ],
)
def test_what_cannot_be_scaled_is_refused_and_changes_nothing(X, error, sentence):
    scale = data.Standardize().fit([[0.0, 0.0], [2.0, 4.0]])
    with pytest.raises(error, match=sentence):
        scale.transform(X)
    if "columns" not in sentence:
        with pytest.raises(error, match=sentence):
            scale.fit(X)
    np.testing.assert_array_equal(scale.mean, [1, 2])


def test_scaling_before_fitting_and_fitting_on_nothing_are_told():
    with pytest.raises(ValueError, match="call fit with the training set first"):
        data.Standardize().transform([[1.0]])
    with pytest.raises(ValueError, match="X is empty"):
        data.Standardize().fit(np.zeros((0, 2)))


# --- features --------------------------------------------------------------------------------------------------------


def test_the_playground_has_the_lectures_seven_features():
    X = np.random.default_rng(0).normal(size=(5, 2))
    a, b = X.T
    expected = np.stack([a, b, a**2, b**2, a * b, np.sin(a), np.sin(b)], axis=1)
    np.testing.assert_allclose(data.playground(X), expected)
    assert list(data.PLAYGROUND) == ["x1", "x2", "x1²", "x2²", "x1x2", "sin x1", "sin x2"]


def test_features_are_understood_as_people_type_them():
    X = [[2.0, 3.0]]
    names = ["sin(x2)", "x1^2", "X1*X2", "x₁²", "x1 x2"]
    np.testing.assert_allclose(data.playground(X, names), [[np.sin(3), 4, 6, 4, 6]])


@pytest.mark.parametrize(
    ("X", "features", "sentence"),
    [
        ([[1.0, 2.0]], ["x3"], "playground has no feature 'x3'; it has x1, x2, x1²"),
        ([[1.0, 2.0]], [], "features must be a list of names"),
        ([[1.0, 2.0]], "x1", "features must be a list of names"),
        ([[1.0, 2.0, 3.0]], ["x1"], "makes features of two, and X has 3 columns"),
        ([1.0, 2.0], ["x1"], "X must have the shape"),
    ],
)
def test_the_playground_refuses_what_it_does_not_have(X, features, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.playground(X, features)


@pytest.mark.parametrize(("features", "degree"), [(1, 1), (1, 4), (2, 3), (3, 2), (4, 3)])
def test_polynomial_features_are_those_of_scikit_learn(features, degree):
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X = np.random.default_rng(0).normal(size=(6, features))
    for constant in (False, True):
        ours, names = data.polynomial(X, degree, constant=constant)
        theirs = preprocessing.PolynomialFeatures(degree, include_bias=constant)
        np.testing.assert_allclose(ours, theirs.fit_transform(X))
        assert len(set(names)) == ours.shape[1]


def test_polynomial_names_say_what_the_columns_hold():
    X = np.random.default_rng(0).uniform(0.5, 2, size=(4, 2))
    columns, names = data.polynomial(X, 3, constant=True)
    assert names == ["1", "x1", "x2", "x1²", "x1x2", "x2²", "x1³", "x1²x2", "x1x2²", "x2³"]
    powers = {"²": "**2", "³": "**3"}
    for column, name in zip(columns.T, names):
        formula = "".join(powers.get(c, c) for c in name.replace("x2", "*x2").removeprefix("*"))
        for value, (x1, x2) in zip(column, X):
            assert float(parse(formula).evaluate(**{k: v for k, v in (("x1", x1), ("x2", x2)) if k in formula})) == (
                pytest.approx(value)
            )


def test_a_polynomial_needs_a_degree():
    with pytest.raises(ValueError, match="degree must be at least 1, not 0"):
        data.polynomial([[1.0]], 0)
