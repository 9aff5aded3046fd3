"""How weights begin: variances as in the theory, and what they do to signals in deep networks."""

import numpy as np
import pytest

from scalargrad import nn
from scalargrad.nn.initialisers import INITIALISERS, constant, drawn, fans, normal, uniform

VARIANCES = {
    "zeros": 0.0, "uniform": 1 / 3, "micrograd": 1 / 3, "normal": 1.0, "xavier_uniform": 2 / 700, "xavier_normal": 2 / 700,
    "he_uniform": 2 / 400, "he_normal": 2 / 400,
}  # fmt: skip


@pytest.mark.parametrize("name", INITIALISERS)
def test_the_variance_is_that_of_the_formula(name):
    W = drawn(name, (400, 300), np.random.default_rng(0))
    assert W.shape == (400, 300)
    assert W.var() == pytest.approx(VARIANCES[name], rel=0.02)
    assert W.mean() == pytest.approx(0.0, abs=0.01)


def test_the_same_seed_gives_the_same_weights():
    a, b, c = (nn.Linear(5, 4, seed=s).state_dict()["W"] for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def signal(init, layers=20, width=100):
    """The variance of the activations, and of the gradients, in the first and in the last of many tanh layers."""
    rng = np.random.default_rng(0)
    model = nn.MLP(width, [width] * layers, width, init=init, backend="tensor", seed=rng)
    x = rng.normal(size=(50, width)) * 0.1
    seen = []
    for layer in model.layers:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            seen.append(x)
    x.backward(rng.normal(size=x.shape))
    grads = [np.abs(layer.W.grad).mean() for layer in model.layers if isinstance(layer, nn.Linear)]
    return [h.data.std() for h in seen], grads


def test_xavier_keeps_activations_and_gradients_alive_where_small_weights_let_them_vanish():
    activations, grads = signal("xavier_normal")
    assert 0.3 < activations[-1] / activations[0] < 3
    assert 0.2 < grads[0] / grads[-1] < 5
    activations, grads = signal(normal(0.01))
    assert activations[-1] / activations[0] < 1e-10


def test_he_keeps_the_signal_through_relu():
    rng = np.random.default_rng(0)
    model = nn.MLP(200, [200] * 15, 200, activation="relu", init="he_normal", backend="tensor", seed=rng)
    y = model(rng.normal(size=(50, 200)))
    assert 0.2 < y.data.std() < 5


def test_numbers_functions_and_constants_are_initialisers():
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(drawn([[1, 2]], (1, 2), rng), [[1.0, 2.0]])
    np.testing.assert_array_equal(drawn(constant(3), (2,), rng), [3.0, 3.0])
    np.testing.assert_array_equal(drawn(0.5, (2, 2), rng), np.full((2, 2), 0.5))
    assert (np.abs(drawn(uniform(-0.1, 0.1), (50,), rng)) <= 0.1).all()
    np.testing.assert_array_equal(drawn(lambda shape, rng: np.ones(shape), (3,), rng), np.ones(3))


def test_wrong_initialisers_are_one_sentence():
    with pytest.raises(ValueError, match="init is one of"):
        nn.Linear(2, 2, init="xavier")
    with pytest.raises(ValueError, match="expected numbers of shape"):
        nn.Linear(2, 2, init=[1.0, 2.0, 3.0])


def test_a_vector_of_weights_has_one_output():
    assert fans((5,)) == (5, 1)
    assert fans(()) == (1, 1)
    assert fans((5, 3)) == (5, 3)
