"""Every constructor and function of nn, optim, data, metrics, linear and training with every kind of bad argument.

It works, or it is one sentence of the library's own that names the class or function, and the argument.
"""

import inspect
import traceback

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import EarlyStopping, Value, data, linear, metrics, nn, optim, tanh
from scalargrad.optim import schedules

BAD = [
    None, "text", b"bytes", float("nan"), float("inf"), -1, -1.5, 0, 2.5, 1j, [], [1, 2, 3], (1, 2, 3, 4), {}, object(),
    True, np.array([1.0, 2.0]), np.array("a"), np.ma.masked_array([1.0, 2.0], [1, 0]), lambda *a: None, "x" * 500,
    np.float64("nan"), [[1], [1, 2]], [None], set(), Value(2.0), Tensor([1.0, 2.0]), np.float16(-2),
]  # fmt: skip
LABELS, SCORES, NUMBERS = [0, 1, 1, 0], [0.1, 0.8, 0.4, 0.3], [1.0, 2.0, 3.0, 5.0]
GOOD = [  # something to call, and arguments that are right
    (nn.Linear, (2, 3)), (nn.Neuron, (2,)), (nn.Perceptron, (2,)), (nn.Maxout, (2, 2)), (nn.Dropout, ()), (nn.BatchNorm1d, (3,)),
    *[(kind, ()) for kind in nn.ACTIVATIONS.values()], (nn.MLP, (2, [3], 1)), (nn.Activation, (tanh,)),
    *[(getattr(nn, name), ()) for name in nn.losses.MODULES], (nn.Loss, (nn.mse,)), (nn.Parameter, ([1.0],)),
    (nn.ModuleList, ()), (nn.ModuleDict, ()), (nn.LayerNorm, (3,)), (nn.RMSNorm, (3,)), (nn.GroupNorm, (2, 4)),
    (nn.Embedding, (4, 3)), (nn.MultiheadAttention, (4, 2)), (nn.scaled_dot_product_attention, ([[1.0]], [[2.0]], [[3.0]])),
    *[(getattr(nn, name), (2, 3)) for name in ("RNNCell", "LSTMCell", "GRUCell", "RNN", "LSTM", "GRU")],
    (nn.init.normal_, (Value(1.0),)), (nn.init.uniform_, (Value(1.0),)), (nn.init.constant_, (Value(1.0), 2.0)),
    (nn.init.calculate_gain, ("relu",)),
    *[(getattr(nn.init, f"{name}_"), (nn.Linear(2, 2).W,)) for name in ("xavier_uniform", "kaiming_normal", "orthogonal")],
    *[(getattr(nn, f"Conv{n}d"), (2, 2, 2)) for n in (1, 2)], (nn.Flatten, ()),
    *[(getattr(nn, f"{name}Pool{n}d"), (2,)) for n in (1, 2) for name in ("Max", "Avg")],
    (nn.constant, (1.0,)), (nn.uniform, ()), (nn.normal, ()),
    *[(getattr(optim, name), ([Value(1.0)], 0.1)) for name in optim.RULES if name != "GD"],
    (schedules.constant, (0.1,)), (schedules.step, (0.1, 2)), (schedules.exponential, (0.1, 0.5)), (schedules.cosine, (0.1, 4)),
    (schedules.inverse, (0.1,)), (schedules.warmup, (3,)), (schedules.Schedule, (lambda t: 0.1, "x")),
    *[(getattr(data, name), ()) for name in ("gaussians", "moons", "circles", "spirals", "xor", "linear", "sine", "Standardize")],
    (data.batches, ([[1.0], [2.0], [3.0], [4.0]], LABELS)), (data.split, ([[1.0], [2.0], [3.0], [4.0]], LABELS)),
    (data.polynomial, ([[1.0, 2.0]],)), (data.playground, ([[1.0, 2.0]],)),
    (data.centre, ([[1.0], [3.0]],)), (data.normalise, ([[1.0], [3.0]],)),
    *[(getattr(metrics, name), (LABELS, [0, 1, 0, 0])) for name in ("accuracy", "f1", "precision", "recall", "report", "confusion_matrix", "class_matrices")],
    *[(getattr(metrics, name), (LABELS, SCORES)) for name in ("roc_auc", "roc_curve", "pr_curve", "average_precision", "log_loss")],
    *[(getattr(metrics, name), (NUMBERS, [1.0, 2.0, 2.0, 4.0])) for name in ("mse", "rmse", "mae", "mape", "r2", "max_error", "mean_bias_error")],
    *[(getattr(metrics, f"{name}_from_counts"), ([2, 3], [1, 1])) for name in ("precision", "recall")],
    (metrics.f1_from_counts, ([2, 3], [1, 1], [0, 1])), (metrics.micro_matrix, ([[[1, 2], [3, 4]]],)),
    (linear.LinearRegression, ()), (linear.LogisticRegression, ()), (linear.SoftmaxRegression, ()), (linear.Perceptron, ()),
    (EarlyStopping, ()),
]  # fmt: skip
MORE = {nn.Perceptron: ["init", "bias_init", "backend", "seed"]}
MORE |= {getattr(optim, name): ["variant", "weight_decay", "clip_norm", "clip_value"] for name in optim.RULES}
OTHER_NAMES = {  # what an argument is called in a sentence, and who says it
    "tp": "TP", "fp": "FP", "fn": "FN", "low": "high", "y_true": "y_|classes|only one class|pos_label|two classes|average",
    "y_pred": "y_|classes|average", "labels": "labels|y_true|classes", "init": "init", "scores": "scores|y_true", "features": "playground has no feature",
}  # fmt: skip


def arguments(call):
    """The names of its arguments."""
    given = [p for p in inspect.signature(call).parameters if p not in ("options", "settings")]
    return [*given, *[p for p in MORE.get(call, []) if p not in given]]


@pytest.mark.parametrize(("call", "good"), GOOD, ids=lambda x: getattr(x, "__name__", ""))
def test_a_bad_argument_is_one_sentence_that_names_it(call, good):
    call(*good)
    inside = inspect.signature(call).bind_partial(*good).arguments
    for argument in arguments(call):
        for bad in BAD:
            try:
                call(**(dict(inside) | {argument: bad}))
            except (TypeError, ValueError) as error:
                told, where = str(error), traceback.extract_tb(error.__traceback__)[-1].filename
                case = f"{call.__name__}({argument}={bad!r:.50}): {told}"
                assert "scalargrad" in where, case
                assert "\n" not in told, case
                assert len(told) < 500, case
                names = [argument, *OTHER_NAMES.get(argument, argument).split("|")]
                assert any(name in told for name in names), case
                if not call.__module__.startswith("scalargrad.metrics") and call not in (data.centre, data.normalise):
                    assert call.__name__ in told or (call is nn.MLP and "Linear: " in told), case


@pytest.mark.parametrize("module", [nn, optim, data, metrics, linear])
def test_everything_public_is_tried(module):
    tried = {call for call, _ in GOOD}
    plain = {nn.Sequential, nn.Identity, nn.Layer, nn.Module, optim.Optimizer, optim.GD, data.Batches} | set(
        nn.LOSSES.values()
    )  # tried elsewhere
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isfunction(thing) or (inspect.isclass(thing) and not issubclass(thing, Warning)):
            if not inspect.signature(thing).parameters or thing in plain or thing in tried:
                continue
            assert module is linear or name in nn.INITIALISERS, f"{name} is not tried"
