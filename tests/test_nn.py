"""Modules: parameters, modes, saving, moving between Values and Tensors, and the layers themselves."""

import copy
import math
import re

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import OPS, Value, draw, nn, trace

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
        "layers.0.W": (3, 4), "layers.0.b": (4,), "layers.2.W": (4, 5), "layers.2.b": (5,), "layers.4.W": (5, 2),
        "layers.4.b": (2,),
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
    assert [name for name, _ in own.named_parameters()] == ["a", "many", "t", "parts.0.W", "parts.0.b"]
    assert [name for name, _ in own.buffers()] == ["table"]
    assert len(own.parameters()) == 6


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
        nn.Sigmoid(), nn.Tanh(), nn.ReLU(), nn.LeakyReLU(0.2), nn.ELU(0.5), nn.Softplus(), nn.Softsign(), nn.Heaviside(),
        nn.Activation(OPS["sin"]),
    ],
    ids=repr,
)  # fmt: skip
def test_an_activation_is_its_row_on_every_kind_of_input(module):
    x = np.array([-1.5, -0.2, 0.3, 2.0])
    expected = np.array([module.op.number(v, *module.op.complete((v,), module.settings)[1:]) for v in x.tolist()])
    np.testing.assert_allclose(module(x), expected, rtol=1e-12)
    np.testing.assert_allclose(numbers(module(Tensor(x))), expected, rtol=1e-12)
    np.testing.assert_allclose([module(Value(v)).data for v in x], expected, rtol=1e-12)


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
        (lambda s: s.pop("layers.4.b"), KeyError, "no layers.4.b"),
        (lambda s: s.update(extra=1.0), KeyError, "unknown extra"),
        (lambda s: s.update({"layers.4.b": np.zeros(3)}), ValueError, re.escape("expected the shape (2,), not (3,)")),
        (lambda s: s.update({"layers.4.b": np.array(["a", "b"])}), ValueError, "expected numbers"),
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
        "Sequential(", "  layers.0: Linear(3, 4)", "  layers.1: ReLU()", "  layers.2: Dropout(p=0.5)",
        "  layers.3: Linear(4, 1, bias=False)", ")",
    ]  # fmt: skip
    table = model.summary(X).splitlines()
    assert table[1].split() == ["layers.0", "Linear", "(6,", "4)", "16"]
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
