"""Losses: the lecture's numbers, both backends, gradients, stability, weights, and bad labels."""

import math

import numpy as np
import pytest
from losses import EACH

from fastpath import Tensor
from fastpath.compiler import compile
from scalargrad import OPS, Value, fit, grad, gradcheck, nn
from scalargrad.modes import Tracer, tracing
from scalargrad.nn import LOSSES
from scalargrad.nn.losses.reducing import reduced

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(4, 3))
CASES = {name: (x, y.tolist()) for name, (x, y, _) in EACH.items()}
CASES |= {
    "bce_with_logits": (RNG.normal(size=5), [0, 1, 0.3, 0, 1]),
    "mse": (RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))),
    "nll": (np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True), [0, 2, 1, 1]),
}
OF_CLASSES = {"cross_entropy", "multi_margin", "multiclass_hinge", "nll", "nll_with_logs"}


def values(x):
    return np.frompyfunc(Value, 1, 1)(np.asarray(x, dtype=float))


def number(x):
    return x.item() if hasattr(x, "item") else float(x)


def test_every_loss_has_a_case():
    assert set(CASES) == set(LOSSES)


def test_a_loss_that_is_registered_is_in_nn_and_has_a_name_for_fit():
    for name, function in LOSSES.items():
        assert getattr(nn, name) is getattr(nn.losses, name) is function
        assert name in nn.__all__
        assert name in nn.losses.__all__

    try:

        @nn.losses.loss
        def quartic(predictions, targets, reduction="mean", *, sample_weight=None):
            return reduced("quartic", (predictions - targets) ** 4, reduction, sample_weight)

        model = nn.Linear(1, 1, init=0.0, bias=False)
        history = fit(model, [[1.0], [1.0]], [[1.0], [2.0]], loss="quartic", lr=0.1, epochs=1)
        assert history.loss == [8.5]
        assert model.parameters()[0].data == pytest.approx(0.1 * 4 * (1 + 8) / 2)
    finally:
        LOSSES.pop("quartic", None)
    with pytest.raises(ValueError, match="there is a loss called mse already"):
        nn.losses.loss(type("mse", (), {}))


# --- on every loss ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_values_tensors_and_arrays_give_the_same_loss_and_gradient(name, reduction):
    x, y = CASES[name]
    scalars, tensor = values(x), Tensor(x, requires_grad=True)
    a, b, c = (LOSSES[name](given, y, reduction) for given in (scalars, tensor, x))
    assert float(a) == pytest.approx(b.item(), rel=1e-12)
    assert number(c) == pytest.approx(b.item(), rel=1e-12)
    a.backward()
    b.backward()
    np.testing.assert_allclose([v.grad for v in scalars.flat], tensor.grad.ravel(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_right(name):
    x, y = CASES[name]
    assert gradcheck(LOSSES[name](Tensor(x, requires_grad=True), y))


@pytest.mark.parametrize("name", CASES)
def test_targets_may_be_arguments_of_a_compiled_function(name):
    x, y = CASES[name]
    f = compile(lambda x, y: LOSSES[name](x, y))
    whole = name in OF_CLASSES
    for targets in (np.asarray(y), np.asarray(y)[::-1].copy()):
        targets = targets if whole else targets.astype(float)
        t = Tensor(x, requires_grad=True)
        loss = LOSSES[name](t, targets)
        loss.backward()
        value, slope = f.value_and_grad(np.asarray(x), targets, argnums=0)
        assert value == pytest.approx(loss.item(), rel=1e-12)
        np.testing.assert_allclose(slope, t.grad, rtol=1e-11, atol=1e-14)


class Refusing(Tracer):
    """What is asked when code looks at a number."""

    def concretized(self, value, what):
        raise AssertionError(f"a loss looked at a traced number: {what}")


@pytest.mark.parametrize("name", sorted(set(CASES) - OF_CLASSES))
def test_losses_of_one_example_do_not_look_at_traced_numbers(name):
    x, y = float(np.ravel(CASES[name][0])[0]), float(np.ravel(CASES[name][1])[0])
    with tracing(Refusing()):
        loss = LOSSES[name](Value(x), Value(y))
    assert loss.data == pytest.approx(number(LOSSES[name](x, y)), rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_mean_is_the_sum_divided_by_the_count_and_none_gives_each(name):
    x, y = CASES[name]
    each = np.asarray(LOSSES[name](np.asarray(x), y, "none"))
    assert number(LOSSES[name](np.asarray(x), y)) == pytest.approx(each.mean())
    assert number(LOSSES[name](np.asarray(x), y, "sum")) == pytest.approx(each.sum())
    with pytest.raises(ValueError, match="reduction is 'mean', 'sum' or 'none', not 'average'"):
        LOSSES[name](np.asarray(x), y, "average")


@pytest.mark.parametrize("name", CASES)
def test_weights_multiply_the_losses_and_divide_the_mean(name):
    x, y = CASES[name]
    each = np.asarray(LOSSES[name](np.asarray(x), y, "none"))
    w = np.arange(1.0, len(each) + 1)
    whole = w.reshape(-1, *[1] * (each.ndim - 1)) * np.ones_like(each)
    weighted = LOSSES[name](Tensor(x, requires_grad=True), y, sample_weight=w)
    assert weighted.item() == pytest.approx((whole * each).sum() / whole.sum())
    assert number(LOSSES[name](np.asarray(x), y, "sum", sample_weight=w)) == pytest.approx((whole * each).sum())


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name):
    x, y = CASES[name]
    t = Tensor(np.asarray(x, np.float32), requires_grad=True)
    loss = LOSSES[name](t, y)
    loss.backward()
    assert loss.dtype == t.grad.dtype == np.float32


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n][0].ndim == 1])
def test_a_column_of_predictions_fits_a_vector_of_targets(name):
    x, y = CASES[name]
    expected = number(LOSSES[name](x, y))
    assert number(LOSSES[name](x[:, None], y)) == pytest.approx(expected)
    assert LOSSES[name](Tensor(x[:, None]), y).item() == pytest.approx(expected)
    assert float(LOSSES[name](values(x)[:, None], y)) == pytest.approx(expected)
    with pytest.raises(ValueError, match="must be the same"):
        LOSSES[name](x, y[:-1])
    with pytest.raises(ValueError, match="must be the same"):
        LOSSES[name](x[None, :], y)


@pytest.mark.parametrize("name", ["bce_with_logits", "hinge", "mse", "logistic", "huber", "exponential"])
def test_a_single_prediction_and_target_work(name):
    v = Value(0.3)
    loss = LOSSES[name](v, 1)
    loss.backward()
    assert isinstance(loss, Value)
    assert math.isfinite(v.grad)
    assert isinstance(number(LOSSES[name](0.3, 1)), float)


# --- the lectures' numbers -------------------------------------------------------------------------------------------


def test_the_two_class_log_loss_of_the_lecture():
    assert nn.logistic(10.0, 1) == pytest.approx(0.0000454, abs=5e-8)
    assert nn.logistic(-1.0, -1) == pytest.approx(0.313262, abs=5e-7)


def test_the_softmax_losses_of_the_lecture():
    scores, labels = [[5.0, 4, 2], [4, 2, 8], [4, 4, 1]], [0, 2, 0]
    each = nn.cross_entropy(scores, labels, "none")
    np.testing.assert_allclose(each, [0.349012, 0.020581, 0.717736], atol=5e-7)
    assert number(nn.cross_entropy(scores, labels, "sum")) == pytest.approx(1.087329, abs=1e-6)


def test_binary_cross_entropy_with_a_soft_label():
    z = Value(0.5)
    nn.bce_with_logits(z, 0.8).backward()
    assert z.grad == pytest.approx(1 / (1 + math.exp(-0.5)) - 0.8)
    assert nn.bce_with_logits(0.5, 0.8) == pytest.approx(0.574077, abs=5e-7)
    assert nn.bce(0.8, 0.8) == pytest.approx(0.500402, abs=5e-7)


def test_the_gradient_of_softmax_and_cross_entropy_is_p_minus_y():
    z = Tensor(SCORES, requires_grad=True)
    nn.cross_entropy(z, [0, 2, 1, 1], "sum").backward()
    p = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(z.grad, p - np.eye(3)[[0, 2, 1, 1]])


# --- far out ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [-1e4, -800.0, 800.0, 1e4])
def test_losses_from_logits_are_finite_far_out(z):
    for name, label in (("bce_with_logits", 1), ("logistic", 1), ("hinge", -1)):
        t = Tensor([z], requires_grad=True)
        loss = LOSSES[name](t, [label])
        loss.backward()
        assert np.isfinite(loss.item())
        assert np.isfinite(t.grad).all()
    t = Tensor([[z, 0.0]], requires_grad=True)
    nn.cross_entropy(t, [1]).backward()
    assert np.isfinite(t.grad).all()


def test_a_certain_probability_that_is_right_costs_nothing_and_one_that_is_wrong_infinity():
    assert nn.bce([1.0, 0.0], [1, 0]) == 0.0
    assert math.isinf(number(nn.bce([1.0], [0])))
    p = Value(1.0)
    nn.bce(p, 1).backward()
    assert p.grad == -1.0


def test_huber_is_smooth_where_its_parts_meet():
    near, far = Value(1.0 - 1e-9), Value(1.0 + 1e-9)
    for v in (near, far):
        nn.huber(v, 0.0).backward()
    assert near.grad == pytest.approx(far.grad, abs=1e-8)
    assert nn.huber(3.0, 0.0, delta=2.0) == 4.0


def test_the_smooth_hinge_is_exactly_0_beyond_the_margin():
    for alpha in (0.1, 0.3, 1.0, 2.0, 7.0):
        assert nn.smooth_hinge([1.0, 1.5, 100.0], [1, 1, 1], "sum", alpha=alpha) == 0.0


def test_the_mean_of_a_single_loss_is_that_loss():
    p = values([2.0])
    loss = nn.mse(p, [1.0])
    assert loss.op is OPS["square"]
    assert nn.mse(p, [1.0], "none").shape == (1,)


def test_weights_of_classes_need_labels_that_are_known():
    f = compile(lambda z, y: nn.bce_with_logits(z, y, class_weight=[1.0, 2.0]))
    with pytest.raises(ValueError, match="known while tracing"):
        f(np.zeros(2), np.zeros(2))


def test_the_smooth_hinge_has_no_corner():
    for m, slope in ((-0.5, -1.0), (0.0, -1.0), (0.5, -0.5), (1.0, 0.0), (2.0, 0.0)):
        assert float(grad(lambda z: nn.smooth_hinge(z, 1))(m)) == pytest.approx(slope), m


def test_pytorch_agrees():
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    x, y = CASES["bce_with_logits"]
    tx = torch.tensor(x)
    ty = torch.tensor(y, dtype=torch.float64)
    assert number(nn.bce_with_logits(x, y)) == pytest.approx(f.binary_cross_entropy_with_logits(tx, ty).item())
    assert number(nn.huber(x, y)) == pytest.approx(f.huber_loss(tx, ty).item())
    weights = [1.0, 2.0, 3.0]
    ours = nn.cross_entropy(SCORES, [0, 2, 1, 1], class_weight=weights)
    theirs = f.cross_entropy(
        torch.tensor(SCORES), torch.tensor([0, 2, 1, 1]), weight=torch.tensor(weights, dtype=torch.float64)
    )
    assert number(ours) == pytest.approx(theirs.item())


# --- weights and bad input -------------------------------------------------------------------------------------------


def test_classes_have_weights():
    each = np.asarray(nn.nll(CASES["nll"][0], [0, 2, 1, 1], "none"))
    weighted = number(nn.nll(CASES["nll"][0], [0, 2, 1, 1], class_weight={0: 1.0, 1: 2.0, 2: 5.0}))
    w = np.array([1.0, 5.0, 2.0, 2.0])
    assert weighted == pytest.approx((w * each).sum() / w.sum())
    assert number(nn.bce([0.5, 0.5], [0, 1], "sum", class_weight=[1.0, 3.0])) == pytest.approx(4 * math.log(2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.bce([0.5], [2]), "there is a 2 among the targets; expected labels from 0 to 1"),
        (lambda: nn.bce([1.5], [1]), "there is a 1.5 among the probabilities; of logits take bce_with_logits"),
        (lambda: nn.hinge([0.5], [0]), "there is a 0 among the targets; expected labels −1 and 1"),
        (lambda: nn.mape([0.5], [0.0]), "numbers other than 0"),
        (lambda: nn.cross_entropy(SCORES, [0, 1, 2, 3]), "there is a label 3 among labels for 3 classes"),
        (lambda: nn.nll(SCORES, [0, 1, 2, -1]), "there is a label -1 among labels for 3 classes"),
        (lambda: nn.nll(SCORES, [0, 1]), "expected integers of shape"),
        (lambda: nn.nll(0.5, 1), "expected scores"),
        (lambda: nn.mse([1.0], [1.0], sample_weight=[1.0, 2.0]), "give one for each example"),
        (lambda: nn.mse([1.0], [1.0], sample_weight=[-1.0]), "weights are 0 or more"),
        (lambda: nn.mse([1.0], [1.0], sample_weight=[0.0]), "all weights are 0"),
        (lambda: nn.nll(SCORES, [0, 1, 2, 1], class_weight={0: 1}), "no weight for class 1"),
        (lambda: nn.nll(SCORES, [0, 1, 2, 1], class_weight=[1.0]), "has not a weight for each class"),
        (lambda: nn.huber([1.0], [1.0], delta=0), "delta is a number above 0"),
        (lambda: nn.smooth_hinge([1.0], [1], alpha=-1), "alpha is a number above 0"),
        (lambda: nn.cross_entropy(SCORES, np.eye(3)[[0, 1, 2, 0]], class_weight=[1, 1, 1]), "labels that are classes"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_targets_that_are_no_numbers_are_one_sentence():
    with pytest.raises(TypeError, match="targets are numbers"):
        nn.mse([1.0], ["a"])


def test_targets_may_be_tensors_that_take_a_gradient():
    p, y = Tensor([1.0, 2.0], requires_grad=True), Tensor([0.0, 5.0], requires_grad=True)
    nn.mse(p, y).backward()
    np.testing.assert_array_equal(p.grad, -y.grad)
