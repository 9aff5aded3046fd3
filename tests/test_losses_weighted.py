"""Every loss × reduction × weights × one example or many × kind of input, against NumPy, PyTorch and scikit-learn."""

import itertools

import numpy as np
import pytest
from losses import EACH, ONE, WITH_CLASSES, N, number

from fastpath import Tensor, compile
from scalargrad import Value, nn
from scalargrad.nn import LOSSES

INPUTS = {
    "array": lambda x: x,
    "list": lambda x: x.tolist(),
    "tensor": lambda x: Tensor(x, requires_grad=True),
    "values": lambda x: np.frompyfunc(Value, 1, 1)(x) if np.ndim(x) else Value(float(x)),
    "float32": lambda x: Tensor(np.asarray(x, np.float32)),
}


def reduced(losses, reduction, weights):
    losses, weights = np.asarray(losses), np.broadcast_to(weights, np.shape(losses))
    if reduction == "none":
        return losses * weights
    return (losses * weights).sum() / (weights.sum() if reduction == "mean" else 1)


def test_every_loss_is_here():
    assert set(EACH) == set(LOSSES)


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", EACH)
def test_every_loss_with_every_kind_of_weights(name, reduction, kind):
    x, y, formula = EACH[name]
    rows = [slice(None), slice(0, 1), 0, 3]  # many, one in a list, one alone
    for row, example, by_class in itertools.product(rows, (False, True), (False, name in WITH_CLASSES)):
        weights, options = np.ones(N), {}
        if example:
            weights = options["sample_weight"] = np.array([5.0, 0.0, 0.5, 2.0, 1.0, 0.25])
            options["sample_weight"] = weights[row].tolist()
        if by_class:
            of_classes = [4.0, 0.5, 2.0][: WITH_CLASSES[name]]
            options["class_weight"] = of_classes if example else dict(enumerate(of_classes))
            weights = weights * np.array(of_classes)[y]
        loss = LOSSES[name](INPUTS[kind](x[row]), y[row].tolist(), reduction, **options)
        wanted = reduced(formula(x[row], y[row]), reduction, weights[row])
        np.testing.assert_allclose(
            number(loss), wanted, rtol=2e-6 if kind == "float32" else 1e-12, atol=1e-6 if kind == "float32" else 1e-15
        )
        assert np.shape(number(loss)) == np.shape(wanted)


@pytest.mark.parametrize("name", EACH)
def test_a_single_example_weighs_the_same_whatever_its_weight(name):
    x, y, _ = EACH[name]
    plain = number(LOSSES[name](x[0], y[0]))
    assert number(LOSSES[name](x[0], y[0], sample_weight=5.0)) == plain
    assert number(LOSSES[name](x[0], y[0], "sum", sample_weight=5.0)) == pytest.approx(5 * plain)


@pytest.mark.parametrize("name", EACH)
def test_weights_may_be_nodes_and_arguments_of_compiled_functions(name):
    x, y, _ = EACH[name]
    w = np.array([1.0, 2.0, 3.0, 0.5, 0.25, 1.0])
    plain = LOSSES[name](Tensor(x), y, sample_weight=w).item()
    assert LOSSES[name](Tensor(x), y, sample_weight=Tensor(w)).item() == pytest.approx(plain, rel=1e-12)
    f = compile(lambda x, w: LOSSES[name](x, y, sample_weight=w))
    assert float(f(x, w)) == pytest.approx(plain, rel=1e-12)
    assert float(f(x, 2 * w[::-1])) == pytest.approx(
        LOSSES[name](Tensor(x), y, sample_weight=w[::-1]).item(), rel=1e-12
    )


def test_the_lines_of_the_report():
    assert nn.nll([0.2, 0.3, 0.5], 0, class_weight=[4, 1, 1]) == pytest.approx(-np.log(0.2))
    assert nn.mse(2.0, 1.0, sample_weight=5.0) == 1.0


@pytest.mark.parametrize("seed", range(20))
def test_pytorch_agrees_with_weights_of_classes_and_pos_weights(seed):
    torch = pytest.importorskip("torch")
    F = torch.nn.functional
    rng = np.random.default_rng(seed)
    n, c = rng.integers(1, 9), rng.integers(2, 6)
    z, y, w = rng.normal(size=(n, c)), rng.integers(0, c, n), rng.uniform(0.1, 3, c)
    t = torch.tensor(z, requires_grad=True)
    for reduction in ("mean", "sum", "none"):
        theirs = F.cross_entropy(t, torch.tensor(y), weight=torch.tensor(w), reduction=reduction)
        ours = Tensor(z, requires_grad=True)
        loss = nn.cross_entropy(ours, y, reduction, class_weight=w)
        np.testing.assert_allclose(loss.data, theirs.detach().numpy(), rtol=1e-12)
        if reduction != "none":
            loss.backward()
            np.testing.assert_allclose(ours.grad, torch.autograd.grad(theirs, t)[0].numpy(), rtol=1e-10, atol=1e-15)
        p = torch.softmax(t, 1)
        nll = nn.nll(p.detach().numpy(), y, reduction, class_weight=w)
        np.testing.assert_allclose(nll, F.nll_loss(p.log(), torch.tensor(y), weight=torch.tensor(w), reduction=reduction).detach().numpy(), rtol=1e-12)  # fmt: skip
        margin = float(rng.uniform(0, 2))
        ours = nn.multiclass_hinge(z, y, reduction, margin=margin)
        theirs = F.multi_margin_loss(t, torch.tensor(y), margin=margin, reduction=reduction).detach().numpy() * c
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)  # PyTorch's is the mean over classes
        p, q = rng.normal(size=n), rng.normal(size=n)
        delta = float(rng.uniform(0.1, 2))
        theirs = F.huber_loss(torch.tensor(p), torch.tensor(q), delta=delta, reduction=reduction)
        np.testing.assert_allclose(nn.huber(p, q, reduction, delta=delta), theirs.numpy(), rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_scikit_learn_agrees_with_weights_of_examples(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    n = rng.integers(2, 9)
    p, y, w = rng.normal(size=n), rng.normal(size=n), rng.uniform(0, 3, n)
    for ours, theirs in [
        ("mse", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("mape", "mean_absolute_percentage_error"),
    ]:
        assert LOSSES[ours](p, y, sample_weight=w) == pytest.approx(
            getattr(metrics, theirs)(y, p, sample_weight=w), rel=1e-12
        )
    two = rng.normal(size=(n, 3))
    assert nn.mse(two, 2 * two, sample_weight=w) == pytest.approx(
        metrics.mean_squared_error(2 * two, two, sample_weight=w)
    )
    bits = np.r_[0, 1, rng.integers(0, 2, n - 2)]
    assert nn.bce(ONE[:1].repeat(n), bits, sample_weight=w) == pytest.approx(
        metrics.log_loss(bits, ONE[:1].repeat(n), sample_weight=w, labels=[0, 1])
    )
    assert nn.hinge(p, 2 * bits - 1, sample_weight=w) == pytest.approx(
        metrics.hinge_loss(2 * bits - 1, p, sample_weight=w)
    )
