"""``nn.Parameter`` and PyTorch's names of parameters: what they take, and what they refuse in one sentence."""

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import Value, nn


@pytest.mark.parametrize("data", [None, "x", object(), np.array(["a"]), np.array([1j])])
def test_what_holds_no_numbers_is_no_parameter(data):
    with pytest.raises(TypeError, match=r"^Parameter: data are numbers"):
        nn.Parameter(data)


def test_a_parameter_is_of_the_kind_of_its_numbers():
    assert isinstance(nn.Parameter(Value(2.0)), Value)
    assert nn.Parameter([1, 2]).dtype == float
    assert isinstance(nn.Parameter(np.ones(2), backend="value")[0], Value)
    assert not nn.Parameter(np.ones(2), requires_grad=False).requires_grad
    with pytest.raises(ValueError, match="a Value always takes a gradient"):
        nn.Parameter(1.0, requires_grad=False, backend="value")


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_weight_and_bias_are_read_and_set(backend):
    layer = nn.Linear(3, 2, seed=0, backend=backend)
    numbers = np.arange(6.0).reshape(2, 3)
    layer.weight = numbers
    layer.bias = [0.5, -0.5]
    assert np.shape(layer.weight) == (2, 3)
    assert np.array_equal(np.vectorize(float)(np.asarray(layer.W if backend == "value" else layer.W.data)), numbers.T)
    with pytest.raises(ValueError, match=r"Linear.weight: expected numbers of shape \(2, 3\), not \(3, 2\)"):
        layer.weight = numbers.T
    with pytest.raises(ValueError, match="a parameter of another module cannot be shared"):
        layer.bias = nn.Linear(3, 2, seed=1, backend=backend).b
    layer.bias = layer.bias
    assert nn.Linear.weight.__doc__.startswith("W transposed")


def test_a_module_without_a_bias_has_none_to_set():
    layer = nn.Linear(3, 2, bias=False, seed=0)
    assert layer.bias is None
    with pytest.raises(AttributeError, match="was made without it"):
        layer.bias = [1.0, 2.0]


def test_the_gradient_of_weight_is_that_of_w():
    layer = nn.Linear(2, 1, seed=0, backend="tensor")
    layer(Tensor([[1.0, 2.0]])).sum().backward()
    assert np.array_equal(layer.weight.grad, [[1.0, 2.0]])


def test_module_lists_and_dicts_hold_modules_and_nothing_else():
    layers = nn.ModuleList([nn.Linear(1, 1, seed=0), nn.ReLU()])
    layers.append(nn.Linear(1, 1, seed=1))
    layers.extend([nn.Tanh()])
    assert len(layers) == 4
    assert isinstance(layers[-1], nn.Tanh)
    assert len(list(layers)) == 4
    for bad in (3, None, "x"):
        with pytest.raises(TypeError):
            layers.append(bad)
    named = nn.ModuleDict({"a": nn.ReLU()})
    named["b"] = nn.Linear(1, 1, seed=0)
    assert sorted(named.keys()) == ["a", "b"]
    assert "a" in named
    del named["a"]
    assert len(named) == 1
    assert [type(x) for x in named.values()] == [nn.Linear]
    with pytest.raises(TypeError):
        named["c"] = 3
