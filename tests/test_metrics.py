"""Metrics: the lecture's numbers, agreement with scikit-learn, and what is said about input that makes no sense."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import Tensor
from scalargrad import Value, metrics

pytestmark = pytest.mark.filterwarnings("ignore")  # scikit-learn's, about what is undefined


def sk():
    """scikit-learn's metrics, where it is installed."""
    return pytest.importorskip("sklearn.metrics")


some = settings(max_examples=60, deadline=None)


def labelled(classes, least=1, most=30):
    """True and predicted labels, and weights."""
    label = st.integers(0, classes - 1)
    row = st.tuples(label, label, st.sampled_from([0.5, 1.0, 2.0, 3.25]))
    return st.lists(row, min_size=least, max_size=most).map(lambda rows: [np.array(c) for c in zip(*rows)])


def scored(least=2, most=30):
    """Labels of both classes, scores with many ties, and weights."""
    row = st.tuples(
        st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5, 0.9, 1.0]), st.sampled_from([1, 2, 0.5])
    )
    rows = st.lists(row, min_size=least, max_size=most).filter(lambda rows: len({r[0] for r in rows}) == 2)
    return rows.map(lambda rows: [np.array(c) for c in zip(*rows)])


def probabilities(y, classes, seed):
    """Rows that sum to 1, with ties, and every class among the labels."""
    rng = np.random.default_rng(seed)
    p = rng.integers(1, 4, size=(len(y) + classes, classes)).astype(float)
    return np.r_[y, np.arange(classes)], p / p.sum(axis=1, keepdims=True)


# --- the lecture ------------------------------------------------------------------------------------------------------


def test_the_lectures_roc_table_gives_nine_and_a_half_pairs_of_twelve():
    scores, classes = [0.6, 0.5, 0.3, 0.2, 0.2, 0.1, 0.0], [1, 0, 1, 0, 1, 0, 0]
    assert metrics.roc_auc(classes, scores) == 9.5 / 12


def test_the_lectures_micro_and_macro_precision():
    tp, fp = [20, 0, 19], [5, 1, 0]
    assert metrics.precision_from_counts(tp, fp, average="micro") == pytest.approx(39 / 45)
    assert metrics.precision_from_counts(tp, fp, average="macro") == pytest.approx(0.6)
    np.testing.assert_allclose(metrics.precision_from_counts(tp, fp, average=None), [0.8, 0, 1])


def test_the_micro_average_is_that_of_the_averaged_matrix():
    rng = np.random.default_rng(3)
    y, p = rng.integers(0, 4, 50), rng.integers(0, 4, 50)
    (tn, fp), (fn, tp) = metrics.micro_matrix(metrics.class_matrices(y, p))
    assert tp / (tp + fp) == pytest.approx(metrics.precision(y, p, average="micro"))
    assert tp / (tp + fn) == pytest.approx(metrics.recall(y, p, average="micro"))
    assert tn + fp + fn + tp == pytest.approx(50)


def test_the_lectures_softmax_rows_have_its_mean_log_loss():
    rows = np.exp([[5.0, 4, 2], [4, 2, 8], [4, 4, 1]])
    loss = metrics.log_loss([0, 2, 1], rows / rows.sum(axis=1, keepdims=True))
    assert 3 * loss == pytest.approx(1.087329, abs=1e-6)


# --- labels -----------------------------------------------------------------------------------------------------------


@some
@given(labelled(4), st.booleans())
def test_confusion_matrix_and_accuracy_are_scikit_learns(data, weighted):
    y, p, w = data
    w = w if weighted else None
    ours, theirs = metrics.confusion_matrix(y, p, sample_weight=w), sk().confusion_matrix(y, p, sample_weight=w)
    np.testing.assert_allclose(ours, theirs)
    assert ours.dtype.kind == theirs.dtype.kind
    assert metrics.accuracy(y, p, sample_weight=w) == pytest.approx(sk().accuracy_score(y, p, sample_weight=w))
    np.testing.assert_allclose(
        metrics.class_matrices(y, p, sample_weight=w), sk().multilabel_confusion_matrix(y, p, sample_weight=w)
    )
    for normalize in ("true", "pred", "all"):
        np.testing.assert_allclose(
            metrics.confusion_matrix(y, p, sample_weight=w, normalize=normalize),
            sk().confusion_matrix(y, p, sample_weight=w, normalize=normalize),
        )


@some
@given(
    labelled(4),
    st.sampled_from(["micro", "macro", "weighted", None]),
    st.sampled_from([0.0, 1.0, np.nan]),
    st.sampled_from([None, [0, 1, 2, 3], [2, 0], [3], [0, 1, 2, 3, 7]]),
    st.booleans(),
)
def test_precision_recall_and_f1_of_several_classes_are_scikit_learns(data, average, zero_division, labels, weighted):
    y, p, w = data
    options = {"average": average, "zero_division": zero_division, "labels": labels}
    options["sample_weight"] = w if weighted else None
    for ours, theirs in pairs_of_scores():
        np.testing.assert_allclose(ours(y, p, **options), theirs(y, p, **options), atol=1e-12)


@some
@given(
    labelled(2), st.sampled_from([0.0, 1.0, np.nan]), st.sampled_from([(0, 1, 1), (-1, 1, -1), ("no", "yes", "yes")])
)
def test_precision_recall_and_f1_of_two_classes_are_scikit_learns(data, zero_division, names):
    y, p, w = data
    *names, positive = names
    y, p = np.array(names)[y], np.array(names)[p]
    if positive not in np.union1d(y, p):
        return
    options = {"pos_label": positive, "zero_division": zero_division, "sample_weight": w}
    for ours, theirs in pairs_of_scores():
        np.testing.assert_allclose(ours(y, p, **options), theirs(y, p, **options), atol=1e-12)


def pairs_of_scores():
    return (metrics.precision, sk().precision_score), (metrics.recall, sk().recall_score), (metrics.f1, sk().f1_score)


@some
@given(labelled(3))
def test_f1_from_counts_agrees_with_f1_from_labels(data):
    y, p, _ = data
    matrices = metrics.class_matrices(y, p)
    fp, fn, tp = matrices[:, 0, 1], matrices[:, 1, 0], matrices[:, 1, 1]
    for average in ("micro", "macro", "weighted", None):
        np.testing.assert_allclose(
            metrics.f1_from_counts(tp, fp, fn, average=average), metrics.f1(y, p, average=average)
        )
        np.testing.assert_allclose(
            metrics.recall_from_counts(tp, fn, average=average), metrics.recall(y, p, average=average)
        )


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    y, p = [1, 1, 1, 0, 0, 1], [1, 0, 1, 1, 0, 1]
    a, b = metrics.precision(y, p), metrics.recall(y, p)
    assert metrics.f1(y, p) == pytest.approx(2 * a * b / (a + b))


def test_labels_give_the_order_of_rows_and_classes_that_do_not_occur():
    matrix = metrics.confusion_matrix(["b", "a", "b"], ["b", "b", "b"], labels=["b", "c", "a"])
    assert matrix.tolist() == [[2, 0, 0], [0, 0, 0], [1, 0, 0]]


def test_the_report_has_the_numbers_of_each_class_and_their_averages():
    y, p = [0, 1, 2, 2, 1, 0, 0], [0, 1, 1, 2, 1, 2, 0]
    lines = [line.split() for line in metrics.report(y, p, names=["cat", "dog", "eel"], digits=4).splitlines()]
    theirs = sk().classification_report(y, p, target_names=["cat", "dog", "eel"], digits=4)
    named = {line.split()[0]: line.split()[1:] for line in theirs.splitlines() if line}
    assert lines[0] == ["precision", "recall", "F1", "support"]
    ours = {line[0]: line[1:] for line in lines[1:] if line}
    assert ours["accuracy"] == named["accuracy"]
    assert {name: ours[name] for name in ("cat", "dog", "eel")} == {name: named[name] for name in ("cat", "dog", "eel")}
    assert (ours["macro"], ours["weighted"]) == (named["macro"][1:], named["weighted"][1:])


def test_the_columns_of_a_report_stand_under_one_another():
    text = metrics.report(["a long name", "b"], ["b", "b"], digits=6)
    ends = {len(line) for line in text.splitlines() if line}
    assert len(ends) == 1


# --- scores -----------------------------------------------------------------------------------------------------------


@some
@given(scored(), st.booleans(), st.booleans())
def test_curves_and_areas_of_two_classes_are_scikit_learns(data, weighted, drop):
    y, s, w = data
    w = w if weighted else None
    for ours, theirs in (
        (metrics.roc_curve(y, s, sample_weight=w, drop_intermediate=drop),
         sk().roc_curve(y, s, sample_weight=w, drop_intermediate=drop)),
        (metrics.pr_curve(y, s, sample_weight=w), sk().precision_recall_curve(y, s, sample_weight=w)),
    ):  # fmt: skip
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)
    assert metrics.roc_auc(y, s, sample_weight=w) == pytest.approx(sk().roc_auc_score(y, s, sample_weight=w))
    assert metrics.average_precision(y, s, sample_weight=w) == pytest.approx(
        sk().average_precision_score(y, s, sample_weight=w)
    )
    assert metrics.log_loss(y, s, sample_weight=w) == pytest.approx(sk().log_loss(y, s, sample_weight=w))


@some
@given(scored())
def test_roc_auc_is_the_share_of_pairs_in_the_right_order(data):
    y, s, _ = data
    ordered = [(a > b) + (a == b) / 2 for a in s[y == 1] for b in s[y == 0]]
    assert metrics.roc_auc(y, s) == pytest.approx(np.mean(ordered))
    fpr, tpr, _ = metrics.roc_curve(y, s)
    assert metrics.roc_auc(y, s) == pytest.approx(np.trapezoid(tpr, fpr))


@some
@given(labelled(3), st.sampled_from(["macro", "weighted", "micro", None]), st.integers(0, 99))
def test_scores_of_several_classes_are_averaged_as_scikit_learn_does(data, average, seed):
    y, p = probabilities(data[0], 3, seed)
    np.testing.assert_allclose(
        metrics.roc_auc(y, p, average=average), sk().roc_auc_score(y, p, average=average, multi_class="ovr")
    )
    np.testing.assert_allclose(
        metrics.average_precision(y, p, average=average), sk().average_precision_score(y, p, average=average)
    )
    assert metrics.log_loss(y, p) == pytest.approx(sk().log_loss(y, p))


def test_the_columns_of_scores_can_be_named():
    y, p = probabilities(np.array([0, 2, 1]), 3, 5)
    named = np.array(["x", "y", "z"])[y]
    for labels in (None, ["x", "y", "z"]):
        assert metrics.roc_auc(named, p, labels=labels) == metrics.roc_auc(y, p)
        assert metrics.log_loss(named, p, labels=labels) == metrics.log_loss(y, p)
    assert metrics.log_loss(named, p[:, ::-1], labels=["z", "y", "x"]) == pytest.approx(metrics.log_loss(y, p))


def test_two_columns_of_probabilities_are_two_classes():
    y, p = [0, 1, 1, 0, 1], np.array([0.2, 0.9, 0.4, 0.4, 0.3])
    both = np.column_stack([1 - p, p])
    assert metrics.roc_auc(y, both) == metrics.roc_auc(y, p)
    assert metrics.log_loss(y, both) == pytest.approx(metrics.log_loss(y, p))
    assert metrics.roc_auc(y, p[:, None]) == metrics.roc_auc(y, p)


def test_log_loss_of_labels_minus_one_and_one_and_of_one_class_that_is_known():
    assert metrics.log_loss([-1, 1], [0.2, 0.8]) == metrics.log_loss([0, 1], [0.2, 0.8])
    assert metrics.log_loss([1, 1], [0.5, 0.5]) == pytest.approx(np.log(2))
    assert metrics.log_loss([3, 3], [0.5, 0.5], labels=[3, 4]) == pytest.approx(np.log(2))


def test_a_certain_mistake_costs_much_but_not_infinity():
    assert metrics.log_loss([1, 0], [0.0, 0.0]) == pytest.approx(sk().log_loss([1, 0], [0.0, 0.0]))
    assert metrics.log_loss([1], [1.0]) == pytest.approx(0, abs=1e-15)


# --- numbers ----------------------------------------------------------------------------------------------------------

ERRORS = {
    "mse": "mean_squared_error",
    "rmse": "root_mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "r2": "r2_score",
}


@some
@given(
    st.lists(st.tuples(*[st.integers(-4, 4)] * 4, st.sampled_from([0.5, 1, 2])), min_size=2, max_size=20),
    st.sampled_from(sorted(ERRORS)),
    st.booleans(),
    st.booleans(),
)
def test_regression_measures_are_scikit_learns(rows, name, weighted, two_outputs):
    table = np.array(rows, dtype=float)
    y, p = (table[:, :2], table[:, 2:4]) if two_outputs else (table[:, 0], table[:, 2])
    w = table[:, 4] if weighted else None
    ours, theirs = getattr(metrics, name), getattr(sk(), ERRORS[name])
    assert ours(y, p, sample_weight=w) == pytest.approx(theirs(y, p, sample_weight=w), rel=1e-9, abs=1e-12)
    if not two_outputs:
        assert metrics.max_error(y, p) == sk().max_error(y, p)


def test_mean_bias_error_is_above_zero_where_predictions_are_too_high():
    assert metrics.mean_bias_error([1.0, 2.0], [2.0, 2.0]) == 0.5
    assert metrics.mean_bias_error([1.0, 2.0], [0.0, 3.0]) == 0.0
    assert metrics.mean_bias_error([1.0, 2.0], [0.0, 3.0], sample_weight=[3, 1]) == -0.5


def test_a_column_and_a_row_of_numbers_are_compared_one_by_one():
    assert metrics.mse([1.0, 2.0, 3.0], [[1.0], [2.0], [3.0]]) == 0.0


# --- what the functions take ------------------------------------------------------------------------------------------


def test_nodes_are_read_as_their_numbers():
    y, s = [0, 1, 1, 0, 1], [0.1, 0.8, 0.4, 0.4, 0.7]
    exact = metrics.roc_auc(y, s), metrics.log_loss(y, s), metrics.mse(y, s)
    values = [Value(x) for x in s]
    for given_ in (
        values,
        np.array(values),
        Tensor(s),
        [Tensor(x) for x in s],
        Tensor(s, requires_grad=True) * 1,
        tuple(s),
    ):
        assert (metrics.roc_auc(y, given_), metrics.log_loss(y, given_), metrics.mse(y, given_)) == exact
    for labels in (
        Tensor(y),
        [Value(x) for x in y],
        np.array(y, dtype=np.uint8),
        np.array(y, dtype=bool),
        [float(x) for x in y],
    ):
        assert metrics.accuracy(labels, y) == 1.0
        assert metrics.f1(labels, y) == 1.0
        assert metrics.roc_auc(labels, s) == exact[0]
    matrix = [[Value(0.25), Value(0.75)], [Value(1.0), Value(0.0)]]
    assert metrics.log_loss([1, 0], matrix) == metrics.log_loss([1, 0], [[0.25, 0.75], [1.0, 0.0]])
    assert metrics.log_loss([1, 0], [Tensor([0.25, 0.75]), Tensor([1.0, 0.0])]) == metrics.log_loss([1, 0], matrix)


def test_results_are_plain_floats_and_arrays():
    y, p, s = [0, 1, 1, 0], [0, 1, 0, 0], [0.1, 0.9, 0.4, 0.6]
    for name in ("accuracy", "precision", "recall", "f1", *ERRORS, "max_error", "mean_bias_error"):
        assert type(getattr(metrics, name)(y, p)) is float
    for name in ("roc_auc", "average_precision", "log_loss"):
        assert type(getattr(metrics, name)(y, s)) is float
    assert type(metrics.precision(y, p, average="macro")) is float
    for average in ("micro", "macro"):
        assert type(metrics.precision_from_counts([1, 2], [0, 1], average=average)) is float
    assert type(metrics.precision(y, p, average=None)) is type(metrics.confusion_matrix(y, p)) is np.ndarray


def test_large_whole_labels_are_told_apart():
    big = 2**60
    assert metrics.accuracy([big, big + 1], [big, big]) == 0.5


def test_one_example_is_enough_for_labels_and_numbers():
    assert metrics.accuracy([1], [1]) == metrics.f1([1], [1]) == metrics.precision([1], [1], average="macro") == 1.0
    assert metrics.confusion_matrix([2], [2]).tolist() == [[1]]
    assert metrics.mse([1.0], [3.0]) == 4.0


def test_nothing_is_changed_and_no_warning_comes():
    y, s = np.array([0, 1, 1, 0]), np.array([0.0, 1.0, 0.3, 0.3])
    y.flags.writeable = s.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics.log_loss(y, s), metrics.roc_auc(y, s), metrics.average_precision(y, s), metrics.report(y, s > 2)
        metrics.precision(y, [0, 0, 0, 0]), metrics.mape(y, s), metrics.r2([1, 1], [1, 2])


# --- what makes no sense ----------------------------------------------------------------------------------------------

WRONG = [
    (lambda: metrics.accuracy([], []), "y_true is empty"),
    (lambda: metrics.mse([], []), "y_true is empty"),
    (lambda: metrics.roc_auc([], []), "scores is empty"),
    (lambda: metrics.accuracy([0, 1], [0]), "y_pred has 1 example and y_true has 2"),
    (lambda: metrics.roc_auc([0, 1], [0.5]), "scores has 1 example and y_true has 2"),
    (lambda: metrics.log_loss([0, 1], [0.5]), "probabilities has 1 example and y_true has 2"),
    (lambda: metrics.mse([1.0, 2.0], [1.0]), "y_pred has 1 example and y_true has 2"),
    (lambda: metrics.mse([1.0, 2.0], 1.0), "y_pred has 1 example and y_true has 2"),
    (lambda: metrics.mse([[1.0, 2.0]], [1.0]), "2 outputs for each example and y_pred 1"),
    (lambda: metrics.accuracy([0, 1], [0.2, 0.7]), "0.2, which is no label"),
    (lambda: metrics.accuracy([0, 1], [[0.2, 0.8], [0.7, 0.3]]), "argmax"),
    (lambda: metrics.accuracy([0, np.nan], [0, 1]), "y_true has nan at position 1"),
    (lambda: metrics.mae([0, 1.0], [0, np.inf]), "y_pred has inf at position 1"),
    (lambda: metrics.mae([[0, 1.0]], [[0, np.nan]]), r"y_pred has nan at position \(0, 1\)"),
    (lambda: metrics.roc_curve([0, 1], [0.2, np.nan]), "scores has nan at position 1"),
    (lambda: metrics.roc_auc([1, 1], [0.2, 0.7]), "only one class: every example is of the class 1"),
    (lambda: metrics.roc_curve([0, 0], [0.2, 0.7], pos_label=1), "only one class: no example is of the class 1"),
    (lambda: metrics.roc_auc([0, 1, 1], [0.2, 0.7, 0.1], sample_weight=[0, 1, 1]), "only one class"),
    (lambda: metrics.pr_curve([1, 1], [0.2, 0.7]), "only one class"),
    (lambda: metrics.average_precision([0, 0], [0.2, 0.7]), "only one class"),
    (lambda: metrics.roc_auc([0, 1], np.eye(3)[:2]), "only one class: no example is of the class of column 2"),
    (lambda: metrics.roc_curve([0, 1, 2], [0.2, 0.7, 0.1]), "y_true has 3"),
    (lambda: metrics.roc_curve(["a", "b"], [0.2, 0.7], pos_label="c"), "'c' is not one of the two classes 'a', 'b'"),
    (lambda: metrics.roc_curve([0, 1], np.eye(2)), "choose a column"),
    (lambda: metrics.roc_auc([0, 3, 1], np.eye(3)[[0, 1, 2]], labels=[0, 1, 2]), "y_true has the label 3, but the 3 columns"),
    (lambda: metrics.log_loss([0, 5], np.eye(3)[:2]), "y_true has the label 5, but the 3 columns"),
    (lambda: metrics.log_loss([0, -1], np.eye(3)[:2]), "y_true has the label -1"),
    (lambda: metrics.log_loss([0, 1], np.eye(3)[:2], labels=[0, 1]), "has 3 columns, but labels= names 2"),
    (lambda: metrics.log_loss([0, 1, 2], [0.1, 0.2, 0.3]), "there are 3"),
    (lambda: metrics.log_loss([0, 2], [0.1, 0.2], labels=[0, 1]), "label 2, which is not among"),
    (lambda: metrics.log_loss([0, 1], [0.1, 1.2]), "between 0 and 1, but 1.2 was given"),
    (lambda: metrics.log_loss([0, 1], [-0.1, 1.0]), "between 0 and 1, but -0.1 was given"),
    (lambda: metrics.log_loss([0, 1], [[0.5, 0.5], [0.5, 0.6]]), "row 1 of the probabilities sums to 1.1"),
    (lambda: metrics.confusion_matrix([0, 5], [0, 1], labels=[0, 1]), "y_true has the label 5, which is not among labels=0, 1"),
    (lambda: metrics.confusion_matrix([0, 1], [0, 7], labels=[0, 1]), "y_pred has the label 7"),
    (lambda: metrics.confusion_matrix([0, 1], [0, 1], labels=[0, 1, 1]), "twice"),
    (lambda: metrics.confusion_matrix([0, 1], [0, 1], normalize="rows"), "normalize is"),
    (lambda: metrics.precision([0, 1, 2], [0, 1, 2]), "average='macro'"),
    (lambda: metrics.precision([0, 2], [0, 2]), "pos_label=1 is not one of the classes 0, 2"),
    (lambda: metrics.precision(["a", "b"], ["a", "b"]), "pos_label=1 is not one of the classes 'a', 'b'"),
    (lambda: metrics.precision([0, 1], [0, 1], average="mean"), "average is"),
    (lambda: metrics.roc_auc([0, 1], [0, 1], average="binary"), "average is"),
    (lambda: metrics.precision([0, 1], [0, 1], zero_division=2.0), "zero_division is"),
    (lambda: metrics.accuracy([0, 1], [0, 1], sample_weight=[1]), "one weight for each of the 2"),
    (lambda: metrics.accuracy([0, 1], [0, 1], sample_weight=[1, -1]), "must not be negative"),
    (lambda: metrics.accuracy([0, 1], [0, 1], sample_weight=[0, 0]), "not 0 for every example"),
    (lambda: metrics.precision_from_counts([1, 2], [1]), r"TP \(2,\), FP \(1,\)"),
    (lambda: metrics.precision_from_counts([1, -2], [1, 0]), "cannot be negative"),
    (lambda: metrics.precision_from_counts([1, 2], [1, 0], average="weighted"), "average is one of"),
    (lambda: metrics.micro_matrix([[1, 2], [3, 4]]), "shape"),
    (lambda: metrics.report([0, 1], [0, 1], names=["a"]), "the names are 1, but the classes 2"),
    (lambda: metrics.r2([1.0], [1.0]), "two examples"),
    (lambda: metrics.mse(np.zeros((2, 2, 2)), np.zeros((2, 2, 2))), "shape"),
    (lambda: metrics.mse([[1.0], [1.0, 2.0]], [1.0, 2.0]), "lengths"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_makes_no_sense_is_told_in_one_sentence(call, told):
    with pytest.raises(ValueError, match=told) as error:
        call()
    assert "\n" not in str(error.value)
    assert ". " not in str(error.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.accuracy([0, 1], ["a", "b"]),
        lambda: metrics.accuracy([0, None], [0, 1]),
        lambda: metrics.accuracy([0, 1j], [0, 1]),
        lambda: metrics.mse(["1", "2"], [1, 2]),
        lambda: metrics.mse([1, None], [1, 2]),
        lambda: metrics.confusion_matrix([0, 1], [0, 1], labels=["a", "b"]),
    ],
)
def test_data_of_the_wrong_kind_is_a_type_error(call):
    with pytest.raises(TypeError):
        call()
