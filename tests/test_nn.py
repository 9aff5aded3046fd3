"""Modules: parameters, modes, saving, moving between Values and Tensors, and the layers themselves."""

import copy
import inspect
import math
import pickle
import pydoc
import re

import numpy as np
import pytest

from fastpath import Tensor
from fastpath.compiler import compile as fastpath_compile
from scalargrad import OPS, Value, draw, nn, no_grad, scope, trace
from scalargrad.ops.registry import op, temporary

BACKENDS = ["value", "tensor"]


def numbers(x):
    if isinstance(x, Tensor):
        return x.data
    array = np.asarray(x, dtype=object)
    return np.array([float(v) for v in array.flat]).reshape(array.shape)


def lego(backend="value", **settings):
    return nn.MLP(3, [4, 5], 2, seed=0, backend=backend, **settings)


X = np.random.default_rng(1).normal(size=(6, 3))

# --- parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_parameters_have_names_and_shapes(backend):
    shapes = {name: x.shape for name, x in lego(backend).named_parameters()}
    assert shapes == {
        "0.W": (3, 4), "0.b": (4,), "2.W": (4, 5), "2.b": (5,), "4.W": (5, 2),
        "4.b": (2,),
    }  # fmt: skip


def test_values_are_listed_one_by_one_and_tensors_whole():
    values, tensors = lego("value").parameters(), lego("tensor").parameters()
    assert len(values) == 16 + 25 + 12
    assert all(isinstance(v, Value) for v in values)
    assert [t.shape for t in tensors] == [(3, 4), (4,), (4, 5), (5,), (5, 2), (2,)]
    assert values[1].label == "W1_01"


@pytest.mark.parametrize("backend", BACKENDS)
def test_zero_grad_forgets_all_gradients(backend):
    model = lego(backend)
    nn.mse(model(X), np.zeros((6, 2))).backward()
    assert any(np.any(p.grad) for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None or not np.any(p.grad) for p in model.parameters())


def test_both_backends_begin_alike_and_give_the_same():
    a, b = lego("value"), lego("tensor")
    for (name, x), (other, y) in zip(a.named_parameters(), b.named_parameters(), strict=True):
        assert name == other
        np.testing.assert_array_equal(numbers(x), numbers(y))
    np.testing.assert_allclose(numbers(a(X)), numbers(b(X)), rtol=1e-13)


def test_a_module_of_ones_own_may_hold_values_lists_tensors_and_modules():
    class Own(nn.Module):
        def __init__(self):
            self.a = Value(1.0)
            self.many = [Value(2.0), Value(3.0)]
            self.t = Tensor([1.0], requires_grad=True)
            self.constant = Tensor([1.0])
            self.number = 3.0
            self.table = np.array([1.0, 2.0])
            self.parts = [nn.Linear(1, 1), nn.ReLU()]
            self._hidden = Value(5.0)

    own = Own()
    assert [name for name, _ in own.named_parameters()] == ["a", "many", "t", "_hidden", "parts.0.W", "parts.0.b"]
    assert [name for name, _ in own.buffers()] == ["table"]
    assert len(own.parameters()) == 7


def test_a_parameter_used_twice_comes_once():
    layer = nn.Linear(2, 2)
    assert len(nn.Sequential(layer, nn.Tanh(), layer).parameters()) == 6


def test_a_computed_value_is_no_parameter():
    class Own(nn.Module):
        def __init__(self):
            self.w = Value(2.0)
            self.square = self.w * self.w

    assert [name for name, _ in Own().named_parameters()] == ["w"]


# --- calling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_linear_layer_is_x_w_plus_b(backend):
    layer = nn.Linear(3, 2, backend=backend, seed=3, bias_init="normal")
    state = layer.state_dict()
    np.testing.assert_allclose(numbers(layer(X)), X @ state["W"] + state["b"])
    np.testing.assert_allclose(numbers(layer(X[0])), X[0] @ state["W"] + state["b"])


def test_an_input_may_be_a_list_of_numbers_or_of_values():
    layer = nn.Linear(2, 2, seed=0)
    a, b = layer([1.0, 2.0]), layer([Value(1.0), Value(2.0)])
    np.testing.assert_array_equal(numbers(a), numbers(b))
    assert layer([[1, 2], [3, 4]]).shape == (2, 2)


def test_the_scalar_graph_of_a_layer_is_the_obvious_one():
    x = [Value(1.0, label="x0"), Value(2.0, label="x1")]
    y = nn.Linear(2, 1, seed=0, bias_init=1.0)(x)[0]
    assert [n.op for n in trace(y).nodes if n.op] == ["mul", "mul", "add", "add"]
    assert trace(y).root.formula == "v₃ + b₀"


def test_an_mlp_with_one_output_gives_a_single_node_of_a_single_example():
    for backend in BACKENDS:
        model = nn.MLP(2, [3], 1, backend=backend, seed=0)
        assert np.shape(numbers(model([1.0, 2.0]))) == ()
        assert model(np.ones((4, 2))).shape == (4, 1)


def test_micrograds_loop_works():
    model = nn.MLP(2, [4], 1, seed=0)
    loss = sum((1 + -yi * model(xi)).relu() for xi, yi in zip(X[:, :2], (1, -1, 1, -1, 1, -1), strict=True))
    loss = loss * (1 / 6) + 1e-4 * sum(p * p for p in model.parameters())
    loss.backward()
    before = float(loss)
    for p in model.parameters():
        p.data -= 0.01 * p.grad
    after = sum((1 + -yi * model(xi)).relu() for xi, yi in zip(X[:, :2], (1, -1, 1, -1, 1, -1), strict=True))
    assert float(after) / 6 < before


@pytest.mark.parametrize("wrong", [[1.0], np.ones((2, 4)), 3.0, np.ones(0)])
def test_a_wrong_number_of_features_is_one_sentence(wrong):
    with pytest.raises(ValueError, match="expected 3 features along the last axis"):
        nn.Linear(3, 1)(wrong)


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3"])
def test_sizes_are_whole_numbers(n):
    with pytest.raises(ValueError, match="whole number from 1 on"):
        nn.Linear(n, 2)


def test_an_unknown_backend_is_one_sentence():
    with pytest.raises(ValueError, match="backend is 'value' or 'tensor'"):
        nn.Linear(1, 1, backend="gpu")


def test_a_module_without_forward_says_what_to_do():
    with pytest.raises(NotImplementedError, match="define forward"):
        nn.Module()(1.0)


# --- activations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module",
    [
        *[getattr(nn, row.activation)() for row in OPS.values() if row.activation],
        nn.LeakyReLU(0.2), nn.ELU(0.5), nn.GELU(), nn.GELU(approximate="tanh"), nn.Threshold(0.1, 20), nn.Activation(OPS["sin"]),
    ],
    ids=repr,
)  # fmt: skip
def test_an_activation_is_its_row_on_every_kind_of_input(module):
    x = np.array([-1.5, -0.2, 0.3, 2.0])
    expected = np.array([module.op.number(v, *module.op.complete((v,), module.settings)[1:]) for v in x.tolist()])
    np.testing.assert_allclose(module(x), expected, rtol=1e-12)
    np.testing.assert_allclose(numbers(module(Tensor(x))), expected, rtol=1e-12)
    np.testing.assert_allclose([module(Value(v)).data for v in x], expected, rtol=1e-12)


def test_an_activation_is_made_from_its_row():
    assert {row.activation for row in OPS.values()} - {""} == {
        "CELU", "ELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "Heaviside", "LeakyReLU", "LogSigmoid", "Mish",
        "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
    }  # fmt: skip
    assert str(inspect.signature(nn.LeakyReLU)) == "(slope=0.01)"
    assert str(inspect.signature(nn.Tanh)) == "()"
    assert nn.LeakyReLU.__doc__.startswith("leaky_relu(a, slope=0.01) of every element. A, or slope·a below 0;")
    assert "class LeakyReLU(Activation)" in pydoc.render_doc(nn, renderer=pydoc.plaintext)
    assert [repr(nn.ELU(0.5)), repr(nn.ELU(alpha=2)), repr(nn.Tanh())] == ["ELU(alpha=0.5)", "ELU(alpha=2)", "Tanh()"]
    assert repr(pickle.loads(pickle.dumps(nn.LeakyReLU(0.3)))) == "LeakyReLU(slope=0.3)"
    for call, message in {
        (lambda: nn.Tanh(3)): "^Tanh: too many positional arguments",
        (lambda: nn.ELU(slope=3)): "^ELU: got an unexpected keyword argument 'slope'",
        (lambda: nn.LeakyReLU("steep")): "^LeakyReLU: slope is a number, not 'steep'",
    }.items():
        with pytest.raises(TypeError, match=message):
            call()


def test_gelu_is_exact_or_approximated_and_glu_gates():
    assert [repr(nn.GELU()), repr(nn.GELU("tanh")), repr(nn.GLU())] == [
        "GELU()", "GELU(approximate='tanh')", "GLU(axis=-1)",
    ]  # fmt: skip
    assert repr(nn.MLP(1, [2], 1, activation="gelu").layers[1]) == "GELU()"
    assert repr(nn.LeakyReLU(negative_slope=0.2)) == "LeakyReLU(slope=0.2)"
    with pytest.raises(ValueError, match=r"^GELU: approximate is 'none' or 'tanh', not 'erf'"):
        nn.GELU("erf")
    x = np.arange(12.0).reshape(2, 6)
    expected = x[:, :3] / (1 + np.exp(-x[:, 3:]))
    np.testing.assert_allclose(nn.GLU()(x), expected, rtol=1e-15)
    np.testing.assert_allclose(nn.GLU(1)(Tensor(x)).data, expected, rtol=1e-15)
    with pytest.raises(ValueError, match="has no two halves"):
        nn.GLU()(x[:, :5])


def test_a_new_row_that_is_an_activation_is_a_module_until_it_is_removed():
    row = {"forward": lambda xp, a, rate=2.0: rate * a, "partials": (lambda y, a, r: r, lambda y, a, r: a)}
    with temporary(op("stretch", **row, note="rate·a", activation="Stretch")):
        assert repr(nn.MLP(1, [2], 1, activation="stretch").layers[1]) == repr(nn.Stretch()) == "Stretch(rate=2)"
        assert nn.Stretch(3.0)(Value(4.0)).data == 12.0
        assert "Stretch" in dir(nn)
    assert "stretch" not in nn.ACTIVATIONS
    assert "Stretch" not in dir(nn)
    with pytest.raises(AttributeError, match="has no attribute 'Stretch'"):
        _ = nn.Stretch
    with pytest.raises(ValueError, match="stretch: there is a module called Tanh already"):
        op("stretch", **row, activation="Tanh")
    assert "stretch" not in OPS


def test_prelu_learns_its_slope():
    for backend in BACKENDS:
        module = nn.PReLU(0.25, features=2, backend=backend)
        y = module(np.array([[-2.0, 4.0], [1.0, -8.0]]))
        np.testing.assert_array_equal(numbers(y), [[-0.5, 4.0], [1.0, -2.0]])
        nn.mse(y, np.zeros((2, 2)), "sum").backward()
        grads = [p.grad for p in module.parameters()]
        np.testing.assert_allclose(np.ravel(grads), [2 * -0.5 * -2.0, 2 * -2.0 * -8.0])


def test_softmax_gives_probabilities_along_its_axis():
    p = nn.Softmax()(np.array([[5.0, 4.0, 2.0], [4.0, 2.0, 8.0]]))
    np.testing.assert_allclose(nn.LogSoftmax(1)(np.array([[5.0, 4.0, 2.0], [4.0, 2.0, 8.0]])), np.log(p))
    for kind in (nn.Softmax, nn.LogSoftmax):
        with pytest.raises(TypeError, match=rf"{kind.__name__}: what PyTorch calls dim is axis here: .*\(axis=1\)"):
            kind(dim=1)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(p[0], [0.705385, 0.259496, 0.035119], atol=5e-7)


@pytest.mark.parametrize("backend", BACKENDS)
def test_maxout_is_the_largest_of_its_pieces(backend):
    module = nn.Maxout(3, 2, pieces=3, backend=backend, seed=0)
    W, b = module.state_dict()["W"], module.state_dict()["b"]
    pieces = [(X @ W + b)[:, 2 * i : 2 * i + 2] for i in range(3)]
    np.testing.assert_allclose(numbers(module(X)), np.max(pieces, axis=0))


def test_neuron_and_perceptron_give_one_number_of_one_example():
    neuron = nn.Neuron(2, "sigmoid", init=[2.0, -3.0], bias_init=-3.0)
    assert neuron([-1.0, -2.0]).data == pytest.approx(1 / (1 + math.exp(-1)))
    assert neuron(np.ones((5, 2))).shape == (5,)
    assert nn.Perceptron(1, init=1.0, bias_init=-1.0)([1.0]).data == 1.0  # at the threshold it fires


# --- dropout and batch normalisation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_dropout_switches_off_with_p_and_scales_the_rest(backend):
    drop = nn.Dropout(0.25, seed=0)
    x = np.ones((40, 50))
    given = Tensor(x) if backend == "tensor" else np.frompyfunc(Value, 1, 1)(x)
    y = numbers(drop(given))
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    assert abs((y == 0).mean() - 0.25) < 0.03
    np.testing.assert_array_equal(numbers(drop.eval()(given)), x)


def test_dropout_is_repeatable_from_its_seed_and_new_each_time():
    a, b = nn.Dropout(0.5, seed=7), nn.Dropout(0.5, seed=7)
    first = a(np.ones(50))
    np.testing.assert_array_equal(first, b(np.ones(50)))
    assert (first != a(np.ones(50))).any()


def test_dropout_keeps_float32():
    assert nn.Dropout(0.5, seed=0)(Tensor(np.ones(4, np.float32))).dtype == np.float32


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, float("nan")])
def test_a_wrong_probability_is_one_sentence(p):
    with pytest.raises(ValueError, match="probability of switching off"):
        nn.Dropout(p)


@pytest.mark.parametrize("backend", BACKENDS)
def test_batch_normalisation_centres_and_scales_in_training(backend):
    norm = nn.BatchNorm1d(3, eps=0.0, backend=backend)
    x = X * [1.0, 5.0, 0.1] + [3.0, -2.0, 0.0]
    given = Tensor(x) if backend == "tensor" else np.frompyfunc(Value, 1, 1)(x)
    y = numbers(norm(given))
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), 1)
    np.testing.assert_allclose(norm.running_mean, 0.1 * x.mean(axis=0))
    np.testing.assert_allclose(norm.running_var, 0.9 + 0.1 * x.var(axis=0, ddof=1))


@pytest.mark.parametrize("backend", BACKENDS)
def test_batch_normalisation_uses_the_running_averages_in_evaluation(backend):
    norm = nn.BatchNorm1d(2, backend=backend).eval()
    norm.running_mean[...] = [1.0, -1.0]
    norm.running_var[...] = [4.0, 9.0]
    y = numbers(norm(np.array([[3.0, 2.0]])))
    np.testing.assert_allclose(y, [[2 / np.sqrt(4 + 1e-5), 3 / np.sqrt(9 + 1e-5)]])


def test_batch_normalisation_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    ours, theirs = nn.BatchNorm1d(3, backend="tensor"), torch.nn.BatchNorm1d(3, dtype=torch.float64)
    x = Tensor(X, requires_grad=True)
    tx = torch.tensor(X, requires_grad=True)
    for _ in range(3):
        y, ty = ours(x), theirs(tx)
    np.testing.assert_allclose(y.data, ty.detach().numpy(), rtol=1e-9)
    np.testing.assert_allclose(ours.running_var, theirs.running_var.numpy(), rtol=1e-9)
    (y * X).sum().backward()
    (ty * torch.tensor(X)).sum().backward()
    np.testing.assert_allclose(x.grad, tx.grad.numpy(), rtol=1e-7, atol=1e-12)


def test_batch_normalisation_of_one_example_is_one_sentence():
    with pytest.raises(ValueError, match="n ≥ 2"):
        nn.BatchNorm1d(3)(X[:1])


def test_train_and_eval_reach_every_module():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Dropout(0.5)))
    model.eval()
    assert not any(m.training for m in model.modules())
    model.train()
    assert all(m.training for m in model.modules())


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_state_goes_from_one_model_to_another(backend, tmp_path):
    a = nn.Sequential(nn.Linear(3, 4, seed=1, backend=backend), nn.BatchNorm1d(4, backend=backend))
    b = nn.Sequential(nn.Linear(3, 4, seed=2, backend=backend), nn.BatchNorm1d(4, backend=backend))
    a(X)
    path = a.save(tmp_path / "model.npz")
    b.load(path)
    np.testing.assert_array_equal(numbers(a.eval()(X)), numbers(b.eval()(X)))
    for x in a.state_dict().values():
        x[...] = 99.0  # copies
    np.testing.assert_array_equal(numbers(a(X)), numbers(b(X)))


def test_a_state_that_does_not_fit_changes_nothing():
    model = lego()
    before = model.state_dict()
    for change, error, message in (
        (lambda s: s.pop("4.b"), KeyError, "no 4.b"),
        (lambda s: s.update(extra=1.0), KeyError, "unknown extra"),
        (lambda s: s.update({"4.b": np.zeros(3)}), ValueError, re.escape("expected the shape (2,), not (3,)")),
        (lambda s: s.update({"4.b": np.array(["a", "b"])}), ValueError, "expected numbers"),
    ):
        state = {name: x + 1 for name, x in before.items()}
        change(state)
        with pytest.raises(error, match=message):
            model.load_state_dict(state)
        for name, x in model.state_dict().items():
            np.testing.assert_array_equal(x, before[name])


def test_what_is_no_model_file_is_one_sentence(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="is not a file that save"):
        lego().load(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="a module is saved as"):
        lego().save(tmp_path / "a.pickle")
    with (tmp_path / "c.npz").open("wb") as file:
        np.save(file, np.ones(2))  # one array and not several
    with pytest.raises(ValueError, match="is not a file that save"):
        lego().load(tmp_path / "c.npz")
    np.savez(tmp_path / "b.npz", a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="is not a file that save"):
        lego().load(tmp_path / "b.npz")


def test_a_model_moves_to_the_other_backend_with_its_numbers():
    model = lego("value")
    expected = numbers(model(X))
    moved = model.to("tensor")
    assert moved is model
    assert all(isinstance(p, Tensor) for p in model.parameters())
    assert model.layers[0].W.label == "W1"
    np.testing.assert_allclose(numbers(model(X)), expected, rtol=1e-13)
    model.to(Value)
    assert model.parameters()[0].label == "W1_00"
    np.testing.assert_allclose(numbers(model(X)), expected, rtol=1e-13)


def test_a_shared_parameter_stays_shared_when_it_moves():
    layer = nn.Linear(2, 2, seed=0)
    model = nn.Sequential(layer, nn.Tanh(), layer).to("tensor")
    assert model.layers[0].W is model.layers[2].W
    assert len(model.parameters()) == 2


def test_a_copy_is_independent():
    model = lego()
    other = copy.deepcopy(model)
    other.parameters()[0].data = 99.0
    assert model.parameters()[0].data != 99.0


# --- telling ---------------------------------------------------------------------------------------------------------


def test_repr_and_summary_show_the_parts():
    model = nn.Sequential(nn.Linear(3, 4, seed=0), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 1, bias=False))
    assert repr(model).splitlines() == [
        "Sequential(", "  0: Linear(3, 4)", "  1: ReLU()", "  2: Dropout(p=0.5)",
        "  3: Linear(4, 1, bias=False)", ")",
    ]  # fmt: skip
    table = model.summary(X).splitlines()
    assert table[1].split() == ["0", "Linear", "(6,", "4)", "16"]
    assert table[-1].split() == ["total", "20"]
    assert model.training
    assert "forward" not in vars(model.layers[0])


def test_layers_are_scopes_that_a_drawing_folds():
    model = nn.MLP(2, [3], 1, seed=0)
    y = model([Value(1.0, label="x0"), Value(2.0, label="x1")])
    scopes = {n.scope for n in trace(y).nodes if n.op}
    assert scopes == {"MLP/Linear 1", "MLP/Tanh 2", "MLP/Linear 3"}
    assert "Linear 1" in draw(y, depth=1).dot
    assert len(re.findall(r"^\s*b\d", draw(y, depth=1).dot, re.M)) >= 3


@pytest.mark.parametrize("given", ["tanh", OPS["tanh"], nn.Tanh, nn.Tanh()])
def test_an_activation_may_be_named_or_given(given):
    assert isinstance(nn.MLP(1, [2], 1, activation=given).layers[1], nn.Tanh)


def test_an_unknown_activation_is_one_sentence():
    with pytest.raises(ValueError, match="activation is one of"):
        nn.MLP(1, [2], 1, activation="tahn")


def test_an_mlp_takes_micrograds_list_of_layers():
    assert [p.shape for _, p in nn.MLP(2, [3, 1]).named_parameters()] == [(2, 3), (3,), (3, 1), (1,)]
    assert len(nn.MLP(2, [], 1)) == 1
    with pytest.raises(ValueError, match="there is no output"):
        nn.MLP(2, [])


def test_layers_are_numbered_in_the_labels():
    inner = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    model = nn.Sequential(inner, nn.BatchNorm1d(2), nn.Linear(2, 1, bias=False))
    labels = [v.label for v in model.parameters()]
    assert labels == [
        "W1_00",
        "W1_01",
        "W1_10",
        "W1_11",
        "b1_0",
        "b1_1",
        "γ2_0",
        "γ2_1",
        "β2_0",
        "β2_1",
        "W3_00",
        "W3_10",
    ]
    assert nn.Sequential(nn.Linear(1, 1)).parameters()[0].label == "W_00"
    assert nn.MLP(2, [2], 1, backend="tensor").parameters()[2].label == "W2"


class Net(nn.Module):
    """One of a user's own, with operations of its own."""

    def __init__(self, backend="value"):
        self.first, self.w = nn.Linear(2, 2, seed=0, backend=backend), nn.Linear(2, 1, seed=1, backend=backend)
        self.labels = ["anything"]

    def forward(self, x):
        return (
            (self.w(self.first(x)) * 2).tanh() if hasattr(self.w.W, "tanh") else (self.w(self.first(x))[0] * 2).tanh()
        )


@pytest.mark.parametrize("backend", BACKENDS)
def test_scopes_are_the_same_whoever_writes_them(backend):
    def scopes(y):
        return [(n.op, n.scope) for n in trace(y).nodes if n.op]

    model = nn.Sequential(
        nn.Linear(2, 2, seed=0, backend=backend), nn.Tanh(), nn.LeakyReLU(), nn.Dropout(0.5, seed=0), nn.Softmax(),
        Net(backend),
    )  # fmt: skip
    alone = scopes(model([1.0, 2.0]).sum() if backend == "tensor" else model([1.0, 2.0]))
    with scope("mine"):
        y = model([1.0, 2.0])
    inside = scopes(y.sum() if backend == "tensor" else y)
    assert {"Sequential/Linear 1", "Sequential/Softmax 5", "Sequential/Net 6", "Sequential/Net 6/Linear"} <= set(
        dict(inv(alone))
    )
    assert [(op, name and f"mine/{name}") for op, name in alone] == inside


def inv(pairs):
    return [(b, a) for a, b in pairs]


def test_a_scope_is_left_when_a_layer_fails():
    model = nn.MLP(2, [3], 1, seed=0)
    with pytest.raises(ValueError, match="expected 2 features"):
        model([1.0])
    assert {n.scope for n in trace(nn.Linear(2, 1)([1.0, 2.0])[0]).nodes if n.op} == {"Linear"}


@pytest.mark.parametrize("activation", ["tanh", "leaky_relu", "prelu", "softmax"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_recorded_under_no_grad_and_the_numbers_are_the_same(backend, activation):
    model = nn.MLP(3, [4], 2, activation=activation, backend=backend, seed=0)
    recorded = model(X)
    with no_grad():
        free = model(X)
    np.testing.assert_allclose(numbers(free), numbers(recorded), rtol=1e-13)
    if backend == "tensor":
        assert not free.requires_grad
    else:
        assert all(type(v) is Value and v.op is None for v in free.flat)
        assert isinstance(model.eval()(X[0]), np.ndarray)


@pytest.mark.parametrize("backend", BACKENDS)
def test_predict_gives_plain_numbers_in_evaluation(backend):
    model = nn.Sequential(nn.Linear(3, 2, seed=0, backend=backend), nn.Dropout(0.9, seed=0))
    y = model.predict(X)
    assert type(y) is np.ndarray
    assert y.dtype == float
    np.testing.assert_allclose(y, X @ model.state_dict()["0.W"])
    assert model.training
    model[1].eval()
    with pytest.raises(ValueError, match="features"):
        model.predict([1.0])
    assert [m.training for m in model.modules()] == [True, True, False]


def test_a_module_moves_to_float32():
    model = nn.Sequential(nn.Linear(3, 2, seed=0), nn.BatchNorm1d(2)).to("tensor", "float32")
    assert {x.dtype for x in model.state_dict().values()} == {np.dtype(np.float32)}
    y = model(X)  # plain arrays follow the parameters
    assert y.dtype == np.float32
    with pytest.raises(ValueError, match="float type of Tensors"):
        model.to("value", "float32")
    assert model.to("tensor")(X).dtype == np.float32


def test_a_save_that_fails_keeps_what_was_saved_before(tmp_path, monkeypatch):
    model = nn.Linear(2, 2, seed=0)
    path = model.save(tmp_path / "model.npz")
    before = path.read_bytes()

    def full(*given, **settings):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "write_array", full)
        with pytest.raises(OSError, match="no space left"):
            model.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]
    path.write_bytes(before[: len(before) // 2])
    with pytest.raises(ValueError, match="is not a file that save"):
        nn.Linear(2, 2).load(path)


def test_any_name_of_a_parameter_can_be_saved(tmp_path):
    class Odd(nn.Module):
        def __init__(self, x):
            self.file, self.allow_pickle = Value(x), [Value(x), Value(2 * x)]

    path = Odd(3.0).save(tmp_path / "odd.npz")
    assert [float(v) for v in Odd(0.0).load(path).parameters()] == [3.0, 3.0, 6.0]


def test_the_summary_needs_no_input_where_the_features_are_known():
    lines = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)).summary().splitlines()
    assert lines[1].split() == ["0", "Linear", "(n,", "2)", "6"]
    assert lines[2].split() == ["1", "Dropout", "(n,", "2)", "0"]
    assert nn.Tanh().summary().splitlines()[1].split() == ["Tanh", "Tanh", "0"]


# --- compiled --------------------------------------------------------------------------------------------------------


def test_batch_normalisation_keeps_its_averages_when_compiled():
    plain, compiled = (
        nn.Sequential(nn.Linear(3, 4, backend="tensor", seed=0), nn.BatchNorm1d(4, backend="tensor")) for _ in range(2)
    )
    f = fastpath_compile(lambda x: (compiled(x) ** 2).sum())
    for _ in range(3):
        plain(X)
        f(X)
    for name, x in plain.state_dict().items():
        np.testing.assert_allclose(compiled.state_dict()[name], x, rtol=1e-12)
    assert plain.state_dict()["1.running_mean"].any()
    plain.eval()
    compiled.eval()
    for _ in range(2):  # the second time with other averages than those it was traced with
        assert f(X) == pytest.approx((plain(X) ** 2).sum().item())
        for model in (plain, compiled):
            model[1].running_mean[...] += 1.0
