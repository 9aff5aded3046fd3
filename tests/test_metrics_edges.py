"""Metrics against scikit-learn where they were wrong or silent: the positive class, masks, random scores and weights."""

import numpy as np
import pytest

from scalargrad import metrics

RNG = np.random.default_rng(3)


def two_columns(n=40):
    y = np.r_[0, 1, RNG.integers(0, 2, n - 2)]
    p = np.clip(RNG.random(n) * 0.5 + y * RNG.random(n) * 0.5, 0, 1)
    return y, np.column_stack([1 - p, p])


@pytest.mark.parametrize("names", [[0, 1], ["no", "yes"], [1, 2], [-1, 1]])
def test_the_positive_class_chooses_its_column(names):
    reference = pytest.importorskip("sklearn.metrics").average_precision_score
    y, scores = two_columns()
    labels = np.array(names)[y]
    for k, name in enumerate(names):
        wanted = reference(y == k, scores[:, k])
        assert metrics.average_precision(labels, scores, pos_label=name, labels=names) == pytest.approx(wanted)
        assert metrics.average_precision(labels, scores[:, k], pos_label=name) == pytest.approx(wanted)
    with pytest.raises(ValueError, match=r"pos_label='maybe' is not one of the two classes"):
        metrics.average_precision(labels, scores, pos_label="maybe", labels=names)
    with pytest.raises(ValueError, match=r"pos_label=7 is not one of the two classes"):
        metrics.average_precision(labels, scores, pos_label=7, labels=names)


def test_a_positive_class_of_several_columns_is_refused():
    y, scores = np.array([0, 1, 2, 0, 1, 2]), RNG.random((6, 3))
    for average in ("macro", "micro", "weighted", None):
        with pytest.raises(ValueError, match=r"pos_label=2 chooses one of two classes: here each of the 3 columns"):
            metrics.average_precision(y, scores, pos_label=2, average=average)
        assert np.all(np.isfinite(metrics.average_precision(y, scores, average=average)))
    with pytest.raises(ValueError, match="pos_label=0 chooses"):
        metrics.average_precision([0, 1, 1], RNG.random((3, 2)), pos_label=0, average=None)


@pytest.mark.parametrize("seed", range(15))
def test_random_scores_and_weights_are_those_of_scikit_learn(seed):
    theirs = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    n, c = int(rng.integers(4, 30)), int(rng.integers(2, 5))
    y = np.r_[np.arange(c), rng.integers(0, c, n)]
    z = np.r_[np.arange(c), rng.integers(0, c, n)][rng.permutation(n + c)]
    w = rng.uniform(0.1, 3, n + c)
    for average in ("macro", "micro", "weighted", None):
        for name in ("precision", "recall", "f1"):
            ours = getattr(metrics, name)(y, z, average=average, sample_weight=w)
            wanted = getattr(theirs, f"{name}_score")(y, z, average=average, sample_weight=w, zero_division=0)
            np.testing.assert_allclose(ours, wanted, rtol=1e-12)
    np.testing.assert_allclose(
        metrics.confusion_matrix(y, z, sample_weight=w), theirs.confusion_matrix(y, z, sample_weight=w)
    )
    assert metrics.accuracy(y, z, sample_weight=w) == pytest.approx(theirs.accuracy_score(y, z, sample_weight=w))
    scores = np.round(rng.random((n + c, c)), 1)  # with ties
    p = (scores + 0.05) / (scores + 0.05).sum(axis=1, keepdims=True)
    assert metrics.log_loss(y, p, sample_weight=w) == pytest.approx(theirs.log_loss(y, p, sample_weight=w))
    for k in range(c):
        positive = (y == k).astype(int)
        assert metrics.roc_auc(positive, scores[:, k], sample_weight=w) == pytest.approx(
            theirs.roc_auc_score(positive, scores[:, k], sample_weight=w)
        )
        assert metrics.average_precision(positive, scores[:, k], sample_weight=w) == pytest.approx(
            theirs.average_precision_score(positive, scores[:, k], sample_weight=w)
        )
    a, b = rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
    w = w[:n]
    for ours, name in [
        ("mse", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("r2", "r2_score"),
        ("mape", "mean_absolute_percentage_error"),
    ]:
        assert getattr(metrics, ours)(a, b, sample_weight=w) == pytest.approx(
            getattr(theirs, name)(a, b, sample_weight=w)
        )


def test_masked_arrays_are_refused():
    y = np.ma.masked_array([0, 1, 1, 0], [False, True, False, False])
    p = np.ma.masked_array([0.1, 0.2, 0.7, 0.4], [False, True, False, False])
    for call in (
        lambda: metrics.accuracy(y, [0, 1, 1, 0]),
        lambda: metrics.accuracy([0, 1, 1, 0], y),
        lambda: metrics.roc_auc(y, p.data),
        lambda: metrics.roc_auc(y.data, p),
        lambda: metrics.mse(p, p.data),
        lambda: metrics.log_loss(y.data, p),
        lambda: metrics.accuracy(y.data, y.data, sample_weight=p),
    ):
        with pytest.raises(TypeError, match="a masked array"):
            call()
