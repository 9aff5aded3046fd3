"""What is no weight, no label, no prediction: one sentence that names the loss and the argument."""

import numpy as np
import pytest
from losses import EACH, LABELS, POINTS, SCORES, SIGNS, WITH_CLASSES, C, N, number

from fastpath import Tensor
from scalargrad import nn
from scalargrad.nn import LOSSES


@pytest.mark.parametrize("name", EACH)
def test_what_is_no_weight_is_one_sentence(name):
    x, y, _ = EACH[name]
    for wrong in (
        -1,
        np.nan,
        np.inf,
        [1.0],
        "heavy",
        ["a"] * N,
        [[1.0] * 2] * N,
        1j,
        [-1.0] + [1.0] * 5,
        np.ma.masked_array(np.ones(N), [True] + [False] * 5),
    ):
        with pytest.raises((ValueError, TypeError), match=f"^{name}: .*(sample_weight|weights)"):
            LOSSES[name](x, y, sample_weight=wrong)
    with pytest.raises(ValueError, match=f"^{name}: all weights are 0"):
        LOSSES[name](x, y, sample_weight=[0.0] * N)
    with pytest.raises(ValueError, match=f"^{name}: all weights are 0"):
        LOSSES[name](x[0], y[0], sample_weight=0)
    assert number(LOSSES[name](x, y, "sum", sample_weight=[0.0] * N)) == 0


@pytest.mark.parametrize("name", WITH_CLASSES)
def test_what_is_no_weight_of_classes_is_one_sentence(name):
    x, y, _ = EACH[name]
    classes = WITH_CLASSES[name]
    for wrong in (
        [-1.0] * classes,
        [np.nan] * classes,
        [1.0] * (classes + 1),
        {0: -1.0, 1: 1.0, 2: 1.0},
        {0: "a", 1: 1, 2: 1},
        {0: 1, 1: 1, 2: 1, 7: 1},
        {0: 1},
        "balanced",
        3.0,
        np.ma.masked_array(np.ones(classes), True),
    ):
        with pytest.raises((ValueError, TypeError), match=f"^{name}: .*class_weight"):
            LOSSES[name](x, y, class_weight=wrong)


@pytest.mark.parametrize("name", ["nll", "multiclass_hinge"])
def test_one_hot_labels_have_one_1_in_each_row(name):
    x, y, _ = EACH[name]
    assert number(LOSSES[name](x, np.eye(C)[y])) == pytest.approx(number(LOSSES[name](x, y)))
    assert number(LOSSES[name](x[0], [1, 0, 0])) == pytest.approx(number(LOSSES[name](x[0], 0)))
    for wrong in (
        np.zeros((N, C), int),
        np.ones((N, C), int),
        np.eye(C)[y] * [[0], [1], [1], [1], [1], [1]],
        np.ones((N, C)),
        np.zeros((N, C), bool),
    ):
        with pytest.raises(ValueError, match=f"^{name}: there is a row with . ones among the one-hot labels"):
            LOSSES[name](x, wrong)
    for wrong in (
        np.full((N, C), 2),
        np.eye(C)[y] * 0.5,
        [0.0] * N,
        [None] * N,
        "abc",
        [0] * (N + 1),
        [C] * N,
        [-1] * N,
    ):
        with pytest.raises((ValueError, TypeError), match=f"^{name}: "):
            LOSSES[name](x, wrong)


def test_settings_of_losses_are_numbers_in_their_bounds():
    for wrong in (-1.0, np.nan, np.inf, None, "1", 1j, [1.0]):
        with pytest.raises((ValueError, TypeError), match="multiclass_hinge: margin"):
            nn.multiclass_hinge(SCORES, LABELS, margin=wrong)
        with pytest.raises((ValueError, TypeError), match="huber: delta"):
            nn.huber(POINTS, POINTS, delta=wrong)
        with pytest.raises((ValueError, TypeError), match="smooth_hinge: alpha"):
            nn.smooth_hinge(POINTS, SIGNS, alpha=wrong)
    with pytest.raises(ValueError, match=r"nll: there is a 1\.5 among the probabilities; of logits take cross_entropy"):
        nn.nll([[0.5, 1.5]], [0])


@pytest.mark.parametrize("name", EACH)
def test_what_is_no_prediction_and_no_target_is_one_sentence(name):
    x, y, _ = EACH[name]
    masked = np.ma.masked_array(x, np.arange(x.size).reshape(x.shape) == 1)
    for wrong in (None, "abc", [None] * N, [1j] * N, np.array(["a"] * N), [[1.0], [1.0, 2.0]], masked, object()):
        with pytest.raises((ValueError, TypeError), match=f"^{name}: "):
            LOSSES[name](wrong, y)
    for wrong in (None, "abc", [None] * N, [1j] * N, np.ma.masked_array(y, np.arange(N) == 1), y[:-1], object()):
        with pytest.raises((ValueError, TypeError), match=f"^{name}: "):
            LOSSES[name](x, wrong)


@pytest.mark.parametrize("name", EACH)
def test_no_example_has_no_mean(name):
    x, y, _ = EACH[name]
    for empty in (x[:0], Tensor(x[:0])):
        with pytest.raises(ValueError, match=f"^{name}: there is no example, so there is no mean"):
            LOSSES[name](empty, y[:0])
    assert number(LOSSES[name](Tensor(x[:0]), y[:0], "sum")) == 0
    assert np.shape(number(LOSSES[name](Tensor(x[:0]), y[:0], "none"))) == (0,)


@pytest.mark.parametrize("name", EACH)
def test_nan_is_never_hidden(name):
    x, y, _ = EACH[name]
    bad = x.copy()
    bad.flat[0] = np.nan
    if name == "bce":
        with pytest.raises(ValueError, match="there is a nan among the probabilities"):
            LOSSES[name](Tensor(bad), y)
    else:
        assert np.isnan(number(LOSSES[name](Tensor(bad), y)))
