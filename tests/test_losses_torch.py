"""Losses and their settings beside PyTorch's, values and gradients, on Values, Tensors and compiled; their classes."""

import copy
import inspect
import itertools
import pickle
import pydoc

import numpy as np
import pytest

from fastpath import Tensor, compile
from fastpath.nn import functional
from scalargrad import Value, fit, nn

RNG = np.random.default_rng(3)
Z, P = RNG.normal(size=(6, 4)), RNG.dirichlet(np.ones(4), size=6)
LABELS = np.array([0, 3, -100, 1, 2, -100])
WEIGHTS = np.array([0.5, 2.0, 1.0, 0.25])
BITS = (RNG.random((6, 4)) > 0.5).astype(float)
SIGNS = 2 * BITS - 1
COMBOS = [
    {"weight": w, "label_smoothing": s, "ignore_index": i, "reduction": r}
    for w, s, i, r in itertools.product([None, WEIGHTS], [0.0, 0.3], [-100, 3], ["mean", "sum", "none"])
]
CASES = [  # a class of PyTorch and of ours, predictions, targets, settings
    *[("CrossEntropyLoss", Z, np.where(LABELS < 0, c["ignore_index"], LABELS), c) for c in COMBOS],
    *[("CrossEntropyLoss", Z, P, {"label_smoothing": s, "reduction": r}) for s in (0.0, 0.2) for r in ("mean", "none")],
    *[
        ("NLLLoss", np.log(P), np.where(LABELS < 0, i, LABELS), {"weight": w, "ignore_index": i, "reduction": r})
        for w in (None, WEIGHTS) for i in (-100, 0) for r in ("mean", "sum", "none")
    ],
    *[
        ("BCEWithLogitsLoss", Z, y, {"pos_weight": w, "reduction": r})
        for y in (BITS, P) for w in (None, WEIGHTS, np.array([3.0])) for r in ("mean", "sum", "none")
    ],
    *[
        (name, x, y, settings | {"reduction": r})
        for name, x, y, settings in [
            ("MSELoss", Z, P, {}), ("L1Loss", Z, P, {}), ("BCELoss", P, BITS, {}),
            ("SmoothL1Loss", 3 * Z, P, {"beta": 0.7}), ("SmoothL1Loss", Z, P, {"beta": 0.0}),
            ("HuberLoss", 3 * Z, P, {"delta": 1.3}), ("HingeEmbeddingLoss", 2 * Z, SIGNS, {"margin": 0.8}),
            ("MultiMarginLoss", Z, LABELS % 4, {}), ("MultiMarginLoss", Z, LABELS % 4, {"p": 2, "margin": 0.6}),
            ("SoftMarginLoss", Z, SIGNS, {}), ("PoissonNLLLoss", Z, 3 * BITS, {}),
            ("PoissonNLLLoss", P, 3 * BITS, {"log_input": False}), ("KLDivLoss", np.log(P), P[::-1].copy(), {}),
            ("KLDivLoss", np.log(P), np.log(P[::-1]), {"log_target": True}),
        ]
        for r in ("mean", "sum", "none")
    ],
    ("KLDivLoss", np.log(P), P[::-1].copy(), {"reduction": "batchmean"}),
    ("KLDivLoss", np.log(P), np.where(BITS > 0, 0.0, P), {"reduction": "sum"}),
]  # fmt: skip


def told(case):
    name, _, y, settings = case
    short = [f"{k}={'w' if isinstance(v, np.ndarray) else v}" for k, v in settings.items() if v is not None]
    return "-".join([name, y.dtype.kind, *short])


def summed(loss):
    """One number of losses that may be several, with different weights."""
    if not getattr(loss, "shape", ()):
        return loss
    return (loss * np.arange(1.0, 1 + np.prod(loss.shape)).reshape(loss.shape)).sum()


def peer(name, x, y, settings):
    torch = pytest.importorskip("torch")
    theirs = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in settings.items()}
    other = torch.tensor(x, requires_grad=True)
    loss = getattr(torch.nn, name)(**theirs)(other, torch.tensor(y))
    if loss.ndim:
        loss = (loss * torch.arange(1.0, 1 + loss.numel(), dtype=loss.dtype).reshape(loss.shape)).sum()
    loss.backward()
    return loss.item(), other.grad.numpy()


@pytest.mark.filterwarnings("ignore:reduction. 'mean':UserWarning")
@pytest.mark.parametrize(("name", "x", "y", "settings"), CASES, ids=map(told, CASES))
def test_values_and_gradients_are_those_of_torch(name, x, y, settings):
    value, slope = peer(name, x, y, settings)
    criterion = getattr(nn, name)(**settings)
    tensor, boxed = Tensor(x, requires_grad=True), np.frompyfunc(Value, 1, 1)(x)
    for nodes in (tensor, boxed):
        loss = summed(criterion(nodes, y))
        loss.backward()
        grad = nodes.grad if nodes is tensor else np.array([v.grad for v in nodes.flat]).reshape(x.shape)
        assert float(loss.data) == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(grad, slope, rtol=1e-11, atol=1e-13)
    f = compile(lambda x, y: summed(criterion(x, y)))
    for _ in range(2):
        compiled, grad = f.value_and_grad(x, y, argnums=0)
        assert compiled == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(grad, slope, rtol=1e-11, atol=1e-13)


def test_compiled_labels_are_read_at_each_call_and_checked():
    f = compile(lambda z, y: nn.cross_entropy(z, y, class_weight=WEIGHTS, ignore_index=-1, label_smoothing=0.1))
    for y in ([0, 1, -1, 2, 3, 0], [-1, 1, -1, 2, 2, 2]):
        eager = nn.cross_entropy(Z, np.array(y), class_weight=WEIGHTS, ignore_index=-1, label_smoothing=0.1)
        assert float(f(Z, np.array(y))) == pytest.approx(float(eager), rel=1e-12)
    with pytest.raises(ValueError, match="cross_entropy: there is a label 4 among labels for 4 classes"):
        f(Z, np.array([0, 1, 4, 0, 0, 0]))


def test_scalar_code_is_compiled_with_weights_and_smoothing():
    W = np.frompyfunc(Value, 1, 1)(RNG.normal(size=(4, 3)))
    y = np.array([0, 2, -1, 1, 1, 2])

    def loss(x, y):
        return nn.cross_entropy(x @ W, y, "sum", class_weight=[1.0, 2.0, 3.0], ignore_index=-1, label_smoothing=0.2)

    f = compile(loss)
    found = f.backward(Z, y)
    slopes = [w.grad for w in W.flat]
    for w in W.flat:
        w.grad = 0.0
    each = [loss(x, int(k)) for x, k in zip(Z, y)]
    total = sum(each) / len(each)
    total.backward()
    assert found == pytest.approx(total.data, rel=1e-12)
    np.testing.assert_allclose(slopes, [w.grad for w in W.flat], rtol=1e-11)
    with pytest.raises(ValueError, match="cross_entropy: all weights are 0, so there is no mean"):
        compile(lambda x, y: nn.cross_entropy(x @ W, y, ignore_index=-1))(Z, y)


def test_an_example_weight_and_the_other_settings_go_together():
    s, keep = np.array([1.0, 2.0, 3.0, 0.5, 0.0, 1.0]), LABELS >= 0
    settings = {"class_weight": WEIGHTS, "label_smoothing": 0.3}
    whole = nn.cross_entropy(Z, LABELS, ignore_index=-100, sample_weight=s, **settings)
    each = nn.cross_entropy(Z[keep], LABELS[keep], "none", **settings) * s[keep]
    assert float(whole) == pytest.approx(each.sum() / (WEIGHTS[LABELS[keep]] * s[keep]).sum())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.cross_entropy(Z, LABELS), "cross_entropy: there is a label -100"),
        (lambda: nn.cross_entropy(Z, LABELS, ignore_index=-1), "cross_entropy: there is a label -100"),
        (lambda: nn.cross_entropy(Z, LABELS, ignore_index=1.5), "cross_entropy: ignore_index is an integer"),
        (lambda: nn.cross_entropy(Z, LABELS % 4, label_smoothing=1.5), "cross_entropy: label_smoothing must be"),
        (lambda: nn.cross_entropy(Z, P, ignore_index=1), "ignore_index needs labels that are classes"),
        (lambda: nn.cross_entropy(Z, np.full(6, -1), ignore_index=-1), "cross_entropy: all weights are 0"),
        (lambda: nn.nll_with_logs(0.5, 1), "nll_with_logs: expected scores"),
        (lambda: nn.bce_with_logits(Z, BITS, pos_weight=-1.0), "bce_with_logits: pos_weight has a negative"),
        (lambda: nn.bce_with_logits(Z, BITS, pos_weight=[1.0, 2.0]), r"pos_weight of shape \(2,\)"),
        (lambda: nn.MSELoss(reduction="avg")(Z, P), "mse: reduction is"),
        (lambda: nn.MSELoss(delta=1), "MSELoss: got an unexpected keyword argument 'delta'"),
        (lambda: nn.multi_margin(Z, LABELS % 4, p=3), "multi_margin: p is 1 or 2"),
        (lambda: nn.Loss(3), "Loss: function is a loss"),
    ],
)
def test_what_is_wrong_is_one_sentence(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


# --- the classes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(nn.losses.MODULES))
def test_each_class_is_made_from_its_function(name):
    kind, (function, names) = getattr(nn, name), nn.losses.MODULES[name]
    assert issubclass(kind, nn.Module)
    assert name in nn.__all__
    assert name in dir(nn)
    settings = set(inspect.signature(function).parameters) - {"sample_weight"}
    ours = [names.get(p, p) for p in inspect.signature(kind).parameters]
    assert set(ours) == settings - set(list(inspect.signature(function).parameters)[:2])
    shown = pydoc.plain(pydoc.render_doc(kind))
    assert function.__name__ in shown
    made = kind(reduction="sum")
    assert repr(made) == f"{name}(reduction='sum')"
    assert repr(pickle.loads(pickle.dumps(copy.deepcopy(made)))) == repr(made)
    assert made.parameters() == []


def test_a_loss_of_ones_own_may_be_a_class_too():
    @nn.losses.loss(module="QuarticLoss", power="exponent")
    def quartic_of_test(predictions, targets, reduction="mean", *, exponent=4, sample_weight=None):
        return nn.losses.reducing.reduced("quartic", (predictions - targets) ** exponent, reduction, sample_weight)

    try:
        assert nn.QuarticLoss(2)(np.array([3.0, 1.0]), np.zeros(2)) == 5.0
        model = nn.Linear(1, 1, init=0.0)
        history = fit(model, [[1.0], [2.0]], [[1.0], [1.0]], loss=nn.QuarticLoss(), lr=0.1, epochs=2)
        assert history.loss[1] < history.loss[0] == 1.0
    finally:
        del nn.LOSSES["quartic_of_test"], nn.losses.MODULES["QuarticLoss"], nn.criteria.QuarticLoss


@pytest.mark.parametrize(("name", "of"), functional.LOSSES.items())
def test_functional_losses_are_those_of_torch(name, of):
    torch = pytest.importorskip("torch")
    x, y, settings = next((x, y, settings) for case, x, y, settings in CASES if case == of)
    y = np.abs(y) % 4 if y.dtype.kind == "i" else y
    theirs = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in settings.items()}
    theirs, ours = (s | {"reduction": "sum"} for s in (theirs, settings))
    expected = getattr(torch.nn.functional, name)(torch.tensor(x), torch.tensor(y), **theirs)
    assert float(getattr(functional, name)(Tensor(x), y, **ours)) == pytest.approx(expected.item(), rel=1e-12)
    if of in ("CrossEntropyLoss", "NLLLoss"):
        weighted = getattr(torch.nn.functional, name)(torch.tensor(x), torch.tensor(y), torch.tensor(WEIGHTS))
        assert float(getattr(functional, name)(Tensor(x), y, WEIGHTS)) == pytest.approx(weighted.item(), rel=1e-12)
