"""Programs written for micrograd run here with only the import changed, and give the same numbers."""

import importlib
import importlib.util
import itertools
import random
import sys
from types import ModuleType

import numpy as np
import pytest

import scalargrad

# The two expressions micrograd tests itself with. All their numbers are rational: worked out in exact fractions.


def rectified(number, x):
    """y(x): sums, products and relu."""
    x = number(x)
    z = 2 * x + 2 + x
    q = relu(z) + z * x
    h = relu(z * z)
    y = h + q + q * x
    return y, x


def everything(number, a, b):
    """g(a, b): every operation, operands both ways round, names assigned again and again."""
    a, b = number(a), number(b)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + relu(b + a)
    d += 3 * d + relu(b - a)
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g, a, b


def relu(x):
    return x.relu()


EXACT = [
    (rectified, (-4.0,), -20.0, (46.0,)),
    (everything, (-4.0, 2.0), 2421 / 98, (47620 / 343, 221433 / 343)),
]


@pytest.mark.parametrize(("program", "at", "value", "gradients"), EXACT)
def test_the_exact_numbers(program, at, value, gradients):
    result, *leaves = program(scalargrad.Value, *at)
    result.backward()
    assert result.data == pytest.approx(value, rel=1e-12)
    assert [x.grad for x in leaves] == pytest.approx(gradients, rel=1e-12)


@pytest.mark.parametrize(("program", "at", "value", "gradients"), EXACT)
def test_micrograd_gives_the_same(program, at, value, gradients):
    engine = pytest.importorskip("micrograd.engine")
    theirs, *their_leaves = program(engine.Value, *at)
    theirs.backward()
    ours, *our_leaves = program(scalargrad.Value, *at)
    ours.backward()
    assert ours.data == pytest.approx(theirs.data, rel=1e-12)
    assert [x.grad for x in our_leaves] == pytest.approx([x.grad for x in their_leaves], rel=1e-12)


@pytest.mark.parametrize(("program", "at", "value", "gradients"), EXACT)
def test_pytorch_gives_the_same(program, at, value, gradients):
    torch = pytest.importorskip("torch")

    def number(x):
        return torch.tensor(x, dtype=torch.float64, requires_grad=True)

    result, *leaves = program(number, *at)
    result.backward()
    assert result.item() == pytest.approx(value, rel=1e-12)
    assert [x.grad.item() for x in leaves] == pytest.approx(gradients, rel=1e-12)


# --- micrograd's networks --------------------------------------------------------------------------------------------


def micrograd_nn(engine):
    """micrograd's own module ``nn``, with only the import changed."""
    spec = importlib.util.find_spec("micrograd.nn")
    source = spec.loader.get_source("micrograd.nn")
    assert "from micrograd.engine import Value" in source
    module = ModuleType(f"nn_on_{engine}")
    code = source.replace("from micrograd.engine import Value", f"from {engine} import Value")
    exec(compile(code, spec.origin, "exec"), module.__dict__)
    return module


def trained(nn, value, steps):
    """The losses of a few steps of a small classifier (hinge loss and L2 term) in micrograd's manner."""
    random.seed(1337)
    model = nn.MLP(2, [6, 5, 1])
    points = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(12)]
    labels = [1 if x * y > 0 else -1 for x, y in points]
    losses = []
    for step in range(steps):
        scores = [model([value(x), value(y)]) for x, y in points]
        hinge = [(1 + -label * score).relu() for label, score in zip(labels, scores)]
        loss = sum(hinge) * (1.0 / len(hinge)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * step / 100) * p.grad
        losses.append(loss.data)
    return losses, [p.grad for p in model.parameters()], model


def test_micrograds_networks_train_alike_on_both_engines():
    engine = pytest.importorskip("micrograd.engine")
    theirs, their_grads, _ = trained(micrograd_nn("micrograd.engine"), engine.Value, steps=8)
    ours, our_grads, model = trained(micrograd_nn("scalargrad"), scalargrad.Value, steps=8)
    assert all(type(p) is scalargrad.Value for p in model.parameters())
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)
    assert our_grads == pytest.approx(their_grads, rel=1e-9, abs=1e-9)
    assert len(set(ours)) == 8
    assert "MLP of [Layer of [ReLUNeuron(2)" in repr(model)


def test_the_benchmarks_moons_network_trains_alike_on_both_engines():
    engine = pytest.importorskip("micrograd.engine")
    problems, training = pytest.importorskip("fastpath.bench.problems"), pytest.importorskip("fastpath.bench.training")
    losses = []
    for value in (engine.Value, scalargrad.Value):
        code = training.ScalarCode(problems.Problem.moons())
        code.net = net = problems.MoonsNet(value, sizes=(2, 4, 1))
        net.inputs, net.labels, code.parameters = net.inputs[:20], net.labels[:20], net.arrays()
        losses.append([code.step() for _ in range(4)])
    assert losses[1] == pytest.approx(losses[0], rel=1e-9, abs=1e-9)
    assert losses[0][-1] != losses[0][0]


def test_the_networks_run_where_micrograd_could_not():
    """A chain deeper than Python's recursion limit, which micrograd's backward cannot walk."""
    x = y = scalargrad.Value(1.0)
    for _ in range(sys.getrecursionlimit() * 2):
        y = y + 0.001 * x
    y.backward()
    assert x.grad == pytest.approx(1 + 0.001 * sys.getrecursionlimit() * 2)


# --- its modules under our names -------------------------------------------------------------------------------------


def micrograds_weights(sizes):
    """What micrograd draws: layer by layer, neuron by neuron."""
    return [[[random.uniform(-1, 1) for _ in range(a)] for _ in range(b)] for a, b in itertools.pairwise(sizes)]


def outputs(weights, x):
    """What micrograd's MLP makes of x, worked out with plain numbers."""
    for i, layer in enumerate(weights):
        x = [sum((w * v for w, v in zip(row, x, strict=True)), 0.0) for row in layer]
        x = x if i == len(weights) - 1 else [max(v, 0.0) for v in x]
    return x


SIZES = [3, 4, 4, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: scalargrad.micrograd.nn.MLP(3, [4, 4, 1]),
        lambda: scalargrad.nn.MLP(3, [4, 4, 1], init="micrograd"),
        lambda: scalargrad.nn.MLP(3, [4, 4], 1, init="micrograd"),
        lambda: scalargrad.nn.Sequential(
            *[scalargrad.nn.Layer(a, b, nonlin=b > 1) for a, b in itertools.pairwise(SIZES)]
        ),
    ],
    ids=["micrograd", "MLP", "outputs", "Layer"],
)
def test_networks_begin_as_micrograds(make):
    random.seed(1337)
    weights = micrograds_weights(SIZES)
    random.seed(1337)
    model = make()
    x = [2.0, 3.0, -1.0]
    y = model(x)
    assert isinstance(y, scalargrad.Value)
    assert y.data == pytest.approx(outputs(weights, x)[0], rel=1e-12)
    assert model([scalargrad.Value(v) for v in x]).data == y.data
    assert len(model.parameters()) == 41
    assert sorted(p.data for p in model.parameters()) == sorted(
        [*itertools.chain(*itertools.chain(*weights)), *[0.0] * 9]
    )
    y.backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_a_seed_is_a_seed():
    random.seed(0)
    first = scalargrad.nn.MLP(2, [3, 1], init="micrograd", seed=7)([1.0, 2.0]).data
    random.seed(1)
    assert scalargrad.nn.MLP(2, [3, 1], init="micrograd", seed=7)([1.0, 2.0]).data == first


def test_one_neuron_and_one_layer():
    nn = scalargrad.nn
    random.seed(3)
    row = [random.uniform(-1, 1) for _ in range(2)]
    for settings in ({"init": "micrograd"}, {"init": "micrograd", "nonlin": True}, {"init": row, "activation": True}):
        random.seed(3)
        z = row[0] - 2 * row[1]
        assert nn.Neuron(2, **settings)([1.0, -2.0]).data == pytest.approx(max(z, 0.0))
        random.seed(3)
        settings.pop("activation", None)
        assert nn.Neuron(2, **settings | {"nonlin": False})([1.0, -2.0]).data == pytest.approx(z)
    assert nn.Neuron(1, init=[2.0])(1.0 * np.ones(1)).data == pytest.approx(np.tanh(2.0))  # as before
    layer = nn.Layer(2, 3, nonlin=False)
    assert [type(y).__name__ for y in layer([1.0, 2.0])] == ["Value"] * 3
    assert layer(np.ones((5, 2))).shape == (5, 3)
    fast = nn.Layer(2, 3, backend="tensor", seed=0)
    assert fast(np.ones((5, 2))).shape == (5, 3)
    assert fast(np.ones(2)).shape == (3,)


def test_its_value_takes_attributes_and_its_layers_give_lists():
    from scalargrad.micrograd import Value, nn

    a, b = Value(1.0), Value(-2.0)
    a.m, a._vis_color = 0.0, "green"
    assert type(a * b) is Value
    layer = nn.Layer(2, 2, nonlin=False)
    assert type(layer([a, b])) is list
    assert repr(nn.MLP(2, [2, 1])).startswith(
        "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)"
    )
    with pytest.raises(ValueError, match="expected 2 inputs, not 3"):
        layer([a, b, a])


def test_its_networks_give_the_same_to_the_last_bit():
    pytest.importorskip("micrograd.engine")
    from micrograd import nn as theirs

    losses, grads, _ = trained(scalargrad.micrograd.nn, scalargrad.micrograd.Value, steps=8)
    their_losses, their_grads, _ = trained(theirs, importlib.import_module("micrograd.engine").Value, steps=8)
    assert losses == pytest.approx(their_losses, rel=1e-13)
    assert grads == pytest.approx(their_grads, rel=1e-12)


def test_its_networks_are_compiled():
    import fastpath

    random.seed(0)
    model = scalargrad.micrograd.MLP(2, [4, 1])
    X = np.random.default_rng(0).normal(size=(6, 2))
    f = fastpath.compile(lambda x: (1 - model(x)).relu())
    loss = sum((1 - model(x)).relu() for x in X) / 6
    loss.backward()
    plain = [p.grad for p in model.parameters()]
    model.zero_grad()
    assert f.backward(X) == pytest.approx(loss.data, rel=1e-12)
    assert [p.grad for p in model.parameters()] == pytest.approx(plain, rel=1e-10, abs=1e-15)
