"""The moons network once more, in arrays: micrograd's step (2-16-16-1, hinge loss, L2, update) in other libraries.

Every contender begins with the same weights; its function takes one step at the rate :data:`RATE` and returns the loss
before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import fastpath
from fastpath import Tensor, matmul, mean, relu
from fastpath import sum as total
from fastpath.bench.moons import MoonsNet, moons
from fastpath.bench.peers import load
from scalargrad import Value, optim
from scalargrad.settings import Array

RATE, ALPHA = 0.01, 1e-4
Step = Callable[[], float]


def examples() -> tuple[Array, Array]:
    """The 100 points and their labels, ±1."""
    inputs, labels = moons()
    return np.array(inputs), np.array(labels, dtype=float)


def weights() -> list[Array]:
    """W, b, W, b, W, b to begin with."""
    found = []
    for layer in MoonsNet(float).layers:
        found.append(np.array([weights for weights, _ in layer]).T.copy())
        found.append(np.array([float(bias) for _, bias in layer]))
    return found


def scalar_loss(net: MoonsNet) -> Callable[[Any, Any], Any]:
    """The loss of one example, in scalar code: what is compiled."""

    def loss(x: Any, y: Any) -> Any:
        for layer in net.layers:
            sums = [sum((w * xi for w, xi in zip(weights, x)), bias) for weights, bias in layer]
            x = sums if layer is net.layers[-1] else [s.relu() for s in sums]
        return (1 - y * x[0]).relu() + ALPHA * sum(p * p for p in net.parameters)

    return loss


def compiled_step() -> Step:
    """Our scalar code, compiled, its own step."""
    X, y = examples()
    f = fastpath.compile(scalar_loss(MoonsNet(Value)))
    return lambda: float(f.step(X, y, lr=RATE))


def compiled_with_optimizer() -> Step:
    """Our scalar code, compiled, with an optimizer."""
    X, y = examples()
    net = MoonsNet(Value)
    f, optimizer = fastpath.compile(scalar_loss(net)), optim.SGD(net.parameters, lr=RATE)

    def step() -> float:
        optimizer.zero_grad()
        loss = f.backward(X, y)
        optimizer.step()
        return float(loss)

    return step


def scalar_engine(value: type = Value) -> Step:
    """Scalar code as it stands, on any ``Value`` class."""
    net = MoonsNet(value)

    def step() -> float:
        loss = net.loss()
        for p in net.parameters:
            p.grad = 0.0
        loss.backward()
        for p in net.parameters:
            p.data -= RATE * p.grad
        return float(loss.data)

    return step


def micrograd() -> Step | None:
    """micrograd, as it runs by default."""
    engine = load("micrograd.engine")
    return None if engine is None else scalar_engine(engine.Value)


def numpy_by_hand() -> Step:
    """The derivatives worked out on paper."""
    X, y = examples()
    W1, b1, W2, b2, W3, b3 = parameters = weights()
    y = y[:, None]

    def step() -> float:
        h1 = X @ W1
        h1 += b1
        np.maximum(h1, 0, out=h1)
        h2 = h1 @ W2
        h2 += b2
        np.maximum(h2, 0, out=h2)
        s = h2 @ W3
        s += b3
        margin = 1 - y * s
        np.maximum(margin, 0, out=margin)
        loss = float(margin.mean()) + ALPHA * sum(float(np.vdot(p, p)) for p in parameters)
        g = (margin > 0) * y
        g *= -1 / len(X)
        found = [g.sum(axis=0), h2.T @ g]
        g = g @ W3.T
        g *= h2 > 0
        found += [g.sum(axis=0), h1.T @ g]
        g = g @ W2.T
        g *= h1 > 0
        found += [g.sum(axis=0), X.T @ g]
        for p, d in zip(parameters, reversed(found)):
            d += 2 * ALPHA * p
            d *= RATE
            p -= d
        return loss

    return step


def tensors() -> Step:
    """Our Tensors."""
    X, y = examples()
    y = y[:, None]
    parameters: list[Any] = [Tensor(p, requires_grad=True) for p in weights()]

    def step() -> float:
        h: Any = X
        for i in range(0, 6, 2):
            h = matmul(h, parameters[i]) + parameters[i + 1]
            h = relu(h) if i < 4 else h
        loss = mean(relu(1 - y * h)) + ALPHA * sum(total(p * p) for p in parameters)
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad
            p.grad = None
        return float(loss.item())

    return step


def torch_eager() -> Step | None:
    """PyTorch as it runs by default."""
    return _torch(lambda torch, f: f)


def torch_compiled() -> Step | None:
    """``torch.compile`` of the loss; None where it has no C++ compiler."""
    try:
        return _torch(lambda torch, f: torch.compile(f), warm=True)
    except Exception:  # whatever its compiler lacks
        return None


def _torch(prepare: Callable[[Any, Any], Any], warm: bool = False) -> Step | None:
    torch = load("torch")
    if torch is None:
        return None
    X, y = (torch.tensor(a) for a in examples())
    y = y[:, None]
    parameters = [torch.tensor(p, requires_grad=True) for p in weights()]

    def loss_of(parameters: Any) -> Any:
        h = X
        for i in range(0, 6, 2):
            h = h @ parameters[i] + parameters[i + 1]
            h = torch.relu(h) if i < 4 else h
        return torch.relu(1 - y * h).mean() + ALPHA * sum((p * p).sum() for p in parameters)

    f = prepare(torch, loss_of)
    if warm:
        f(parameters).backward()
        for p in parameters:
            p.grad = None

    def step() -> float:
        loss = f(parameters)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= RATE * p.grad
                p.grad = None
        return loss.item()  # type: ignore[no-any-return]

    return step


def jax_jit() -> Step | None:
    """The whole step as one XLA program."""
    jax = load("jax")
    if jax is None:
        return None
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    X, y = (jnp.asarray(a) for a in examples())
    y = y[:, None]
    parameters = [jnp.asarray(p) for p in weights()]

    def loss_of(parameters: Any, X: Any, y: Any) -> Any:
        h = X
        for i in range(0, 6, 2):
            h = h @ parameters[i] + parameters[i + 1]
            h = jax.nn.relu(h) if i < 4 else h
        return jax.nn.relu(1 - y * h).mean() + ALPHA * sum((p * p).sum() for p in parameters)

    with_gradients = jax.value_and_grad(loss_of)

    def whole(parameters: Any, X: Any, y: Any) -> Any:
        loss, found = with_gradients(parameters, X, y)
        return loss, [p - RATE * g for p, g in zip(parameters, found)]

    compiled = jax.jit(whole, donate_argnums=0)

    def step() -> float:
        nonlocal parameters
        loss, parameters = compiled(parameters, X, y)
        return float(loss)

    return step


def mygrad_tensors() -> Step | None:
    """MyGrad."""
    mygrad, nnet = load("mygrad"), load("mygrad.nnet")
    if mygrad is None or nnet is None:
        return None
    X, y = examples()
    y = y[:, None]
    parameters = [mygrad.tensor(p) for p in weights()]

    def step() -> float:
        h: Any = X
        for i in range(0, 6, 2):
            h = h @ parameters[i] + parameters[i + 1]
            h = nnet.relu(h) if i < 4 else h
        loss = nnet.relu(1 - y * h).mean() + ALPHA * sum((p * p).sum() for p in parameters)
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad
        return float(loss.item())

    return step


def autograd_functions() -> Step | None:
    """Autograd (HIPS)."""
    autograd, anp = load("autograd"), load("autograd.numpy")
    if autograd is None:
        return None
    X, y = examples()
    y = y[:, None]
    parameters = weights()

    def loss_of(parameters: Any) -> Any:
        h = X
        for i in range(0, 6, 2):
            h = anp.dot(h, parameters[i]) + parameters[i + 1]
            h = anp.maximum(h, 0) if i < 4 else h
        return anp.mean(anp.maximum(1 - y * h, 0)) + ALPHA * sum(anp.sum(p * p) for p in parameters)

    with_gradients = autograd.value_and_grad(loss_of)

    def step() -> float:
        loss, found = with_gradients(parameters)
        for p, g in zip(parameters, found):
            p -= RATE * g
        return float(loss)

    return step


COMPILED, OPTIMIZED, BY_HAND = "scalar code, compiled", "the same, with optim.SGD", "NumPy by hand"
MICROGRAD, EAGER, TORCH_COMPILE, JIT = "micrograd", "PyTorch eager", "torch.compile", "jax.jit"
FAST: dict[str, Callable[[], Step | None]] = {
    COMPILED: compiled_step,
    OPTIMIZED: compiled_with_optimizer,
    "our Tensors": tensors,
    BY_HAND: numpy_by_hand,
    EAGER: torch_eager,
    TORCH_COMPILE: torch_compiled,
    JIT: jax_jit,
    "MyGrad": mygrad_tensors,
    "autograd": autograd_functions,
}
SLOW: dict[str, Callable[[], Step | None]] = {"our scalar engine": scalar_engine, MICROGRAD: micrograd}
