"""Programs as PyTorch's tutorials and the makemore lectures write them, with ``fastpath`` in the place of ``torch``.

Each is our own rewriting, takes the library as an argument, and gives the same numbers with PyTorch itself.
"""

import math

import numpy as np
import pytest

import fastpath

torch = pytest.importorskip("torch")

START = np.random.default_rng(0).normal(size=4)


@pytest.fixture(autouse=True)
def floats():
    """In double precision, as ours is."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def curve(lib):
    x = lib.linspace(-math.pi, math.pi, 50)
    return x, lib.sin(x)


def by_hand(lib):
    """A cubic fitted with gradients written out."""
    x, y = curve(lib)
    a, b, c, d = [lib.tensor(float(v)) for v in START]
    for _ in range(30):
        error = a + b * x + c * x**2 + d * x**3 - y
        loss = error.pow(2).sum().item()
        g = 2.0 * error
        a -= 1e-5 * g.sum()
        b -= 1e-5 * (g * x).sum()
        c -= 1e-5 * (g * x**2).sum()
        d -= 1e-5 * (g * x**3).sum()
    return [loss, *[p.item() for p in (a, b, c, d)]]


def by_autograd(lib):
    x, y = curve(lib)
    ps = [lib.tensor(float(v), requires_grad=True) for v in START]
    for _ in range(30):
        a, b, c, d = ps
        loss = (a + b * x + c * x**2 + d * x**3 - y).pow(2).sum()
        loss.backward()
        with lib.no_grad():
            for p in ps:
                p -= 1e-5 * p.grad
                p.grad = None
    return [loss.item(), *[p.item() for p in ps]]


def by_function(lib):
    """The third Legendre polynomial as a function of one's own."""

    class Legendre(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return 0.5 * (5 * x**3 - 3 * x)

        @staticmethod
        def backward(ctx, upstream):
            (x,) = ctx.saved_tensors
            return upstream * 1.5 * (5 * x**2 - 1)

    x, y = curve(lib)
    a, b, c, d = ps = [lib.full((), float(v), requires_grad=True) for v in (0.0, -1.0, 0.0, 0.3)]
    for _ in range(30):
        loss = (a + b * Legendre.apply(c + d * x) - y).pow(2).sum()
        loss.backward()
        with lib.no_grad():
            for p in ps:
                p -= 5e-5 * p.grad
                p.grad = None
    return [loss.item(), *[p.item() for p in ps]]


def by_matrices(lib):
    """Powers as features, made of a whole-number Tensor; one step of a matrix of weights."""
    x, y = curve(lib)
    xx = x.unsqueeze(-1).pow(lib.tensor([1, 2, 3]))
    w = lib.tensor(START[:3].reshape(3, 1).tolist(), requires_grad=True)
    loss = (xx.mm(w).view(-1) - y).pow(2).mean()
    loss.backward()
    with lib.no_grad():
        w.sub_(1e-3 * w.grad)
    return [loss.item(), *w.detach().view(-1).tolist(), xx.size(0), xx.dim(), xx.numel()]


def by_layers(lib):
    """A layer on powers of x, its loss a module, the step PyTorch's loop over the parameters."""
    x, y = curve(lib)
    xx = x.unsqueeze(-1).pow(lib.tensor([1, 2, 3]))
    model = lib.nn.Sequential(lib.nn.Linear(3, 1), lib.nn.Flatten(0, 1))
    model[0].weight = lib.nn.Parameter(lib.tensor([START[:3].tolist()]))
    model[0].bias = lib.nn.Parameter(lib.tensor([float(START[3])]))
    loss_of = lib.nn.MSELoss(reduction="sum")
    for _ in range(30):
        loss = loss_of(model(xx), y)
        model.zero_grad()
        loss.backward()
        with lib.no_grad():
            for p in model.parameters():
                p -= 1e-5 * p.grad
    return [loss.item(), model[0].bias.item(), *model[0].weight[0].tolist()]


def by_optimizer(lib):
    x, y = curve(lib)
    xx = x.unsqueeze(-1).pow(lib.tensor([1, 2, 3]))
    model = lib.nn.Sequential(lib.nn.Linear(3, 1), lib.nn.Flatten(0, 1))
    model[0].weight = lib.nn.Parameter(lib.tensor([START[:3].tolist()]))
    model[0].bias = lib.nn.Parameter(lib.tensor([float(START[3])]))
    loss_of = lib.nn.MSELoss(reduction="sum")
    optimizer = lib.optim.RMSprop(model.parameters(), lr=1e-3)
    for _ in range(30):
        loss = loss_of(model(xx), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [loss.item(), model[0].bias.item(), *model[0].weight[0].tolist()]


def by_module(lib):
    """A module of one's own with five numbers; one of them is used a varying number of times."""

    class Dynamic(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c, self.d = [lib.nn.Parameter(lib.tensor(float(v))) for v in START]
            self.e = lib.nn.Parameter(lib.tensor(0.01))

        def forward(self, x, most):
            y = self.a + self.b * x + self.c * x**2 + self.d * x**3
            for power in range(4, most):
                y = y + self.e * x**power
            return y

    x, y = curve(lib)
    model, loss_of = Dynamic(), lib.nn.MSELoss(reduction="sum")
    optimizer = lib.optim.SGD(model.parameters(), lr=1e-8, momentum=0.9)
    for step in range(30):
        loss = loss_of(model(x, 4 + step % 3), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [loss.item(), *[p.item() for p in model.parameters()]]


PROGRAMS = [by_hand, by_autograd, by_function, by_matrices, by_layers, by_optimizer, by_module]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_polynomial_is_fitted_as_by_pytorch(program):
    assert program(fastpath) == pytest.approx(program(torch), rel=1e-11, abs=1e-14)


NAMES = ["emma", "olivia", "ava", "mia", "liam", "noah", "ivan", "anna"]


def examples(block=3):
    letters = [".", *sorted(set("".join(NAMES)))]
    X, Y = [], []
    for name in NAMES:
        context = [0] * block
        for letter in name + ".":
            X.append(context)
            Y.append(letters.index(letter))
            context = [*context[1:], letters.index(letter)]
    return X, Y, len(letters)


def letters(lib, F, keep, spread, steps=12):
    """Embedding, linear layer, batch normalisation, tanh, linear layer: the shape of makemore's network.

    ``keep`` and ``spread`` are the settings whose names differ: keepdims, and which variance.
    """
    X, Y, count = examples()
    rng = np.random.default_rng(1)
    sizes = {"C": (count, 4), "W1": (12, 16), "W2": (16, count), "b2": (count,)}
    C, W1, W2, b2 = [lib.tensor((rng.normal(size=s) * 0.3).tolist()) for s in sizes.values()]
    gain, bias = lib.ones((1, 16)), lib.zeros((1, 16))
    running = lib.zeros((1, 16))
    with lib.no_grad():
        gain *= 0.9
    parameters = [C, W1, W2, b2, gain, bias]
    for p in parameters:
        p.requires_grad = True
    X, Y = lib.tensor(X), lib.tensor(Y)
    losses, slopes = [], []
    for step in range(steps):
        ix = lib.tensor([(7 * step + 3 * i) % len(Y.tolist()) for i in range(16)])
        emb = C[X[ix]]
        pre = emb.view(emb.shape[0], -1) @ W1
        mean = pre.mean(0, **keep)
        pre = gain * (pre - mean) / (pre.var(0, **keep, **spread) + 1e-5) ** 0.5 + bias
        with lib.no_grad():
            running = 0.9 * running + 0.1 * mean
        h = lib.tanh(pre)
        logits = h @ W2 + b2
        loss = F.cross_entropy(logits, Y[ix])
        for t in (h, logits):
            t.retain_grad()
        for p in parameters:
            p.grad = None
        loss.backward()
        for p in parameters:
            p.data += -0.1 * p.grad
        losses.append(loss.item())
        slopes.append(float((logits.grad**2).sum() + (h.grad**2).sum()))
    return losses + slopes + [float(running.sum()), sum(p.nelement() for p in parameters)]


def test_letters_are_learned_as_by_pytorch():
    from fastpath.nn import functional as F

    ours = letters(fastpath, F, {"keepdims": True}, {"ddof": 1})
    theirs = letters(torch, torch.nn.functional, {"keepdim": True}, {"unbiased": True})
    assert ours == pytest.approx(theirs, rel=1e-11)


# --- fastpath.nn -----------------------------------------------------------------------------------------------------


def test_modules_of_tensors():
    from scalargrad import nn as plain

    nn = fastpath.nn
    model = nn.Sequential(nn.Linear(3, 4, seed=0), nn.Tanh(), nn.Linear(4, 1, seed=1))
    assert all(isinstance(p, fastpath.Tensor) for p in model.parameters())
    assert isinstance(model[0], plain.Linear)
    assert type(model[0]).__name__ == "Linear"
    assert nn.Linear is nn.Linear
    same = plain.Sequential(plain.Linear(3, 4, seed=0), plain.Tanh(), plain.Linear(4, 1, seed=1))
    assert model([1.0, 2.0, 3.0]).data == pytest.approx([same([1.0, 2.0, 3.0])[0].data])
    assert type(nn.Linear(1, 1, backend="value")([1.0])[0]).__name__ == "Value"
    assert type(nn.MLP(2, [3], 1)([1.0, 2.0])).__name__ == "Tensor"
    assert type(nn.Layer(2, 3)([1.0, 2.0])).__name__ == "Tensor"
    assert nn.ReLU is plain.ReLU
    assert set(nn.__all__) <= set(dir(nn))
    optimizer = fastpath.optim.SGD(model.parameters(), lr=0.1)
    before = model[0].W.data.copy()
    nn.functional.mse_loss(model(np.ones((2, 3))), np.zeros((2, 1))).backward()
    optimizer.step()
    assert not np.array_equal(before, model[0].W.data)
    with pytest.raises(AttributeError, match="Linar"):
        nn.Linar  # noqa: B018


def test_a_module_of_ones_own_and_a_copy():
    import copy
    import pickle

    class Line(fastpath.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = fastpath.nn.Linear(1, 1, init=[[2.0]])

        def forward(self, x):
            return self.inner(x) + 1

    for model in (Line(), copy.deepcopy(Line())):
        assert model([[3.0]]).data.tolist() == [[7.0]]
    assert pickle.loads(pickle.dumps(fastpath.nn.Linear(1, 1, init=[[2.0]])))([3.0]).data.tolist() == [6.0]


def test_functions_by_pytorchs_names():
    F = fastpath.nn.functional
    x = fastpath.Tensor([[1.0, -2.0]])
    assert F.relu(x).data.tolist() == [[1.0, 0.0]]
    assert F.softmax(x, 1).sum().item() == pytest.approx(1.0)
    with pytest.raises(TypeError, match="axis= in place of dim="):
        F.softmax(x, dim=1)
    assert F.l1_loss(x, np.zeros((1, 2))).item() == 1.5
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        F.nothing  # noqa: B018


def test_types_and_the_one_device():
    assert (fastpath.float, fastpath.double, fastpath.long) == (np.float32, np.float64, np.int64)
    assert fastpath.zeros(2, dtype=fastpath.float, device=fastpath.device("cpu")).dtype == np.float32
    with pytest.raises(ValueError, match="'cpu', not on 'cuda'"):
        fastpath.device("cuda")
