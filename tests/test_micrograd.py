"""Programs written for micrograd run here with only the import changed, and give the same numbers."""

import importlib.util
import random
import sys
from types import ModuleType

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
