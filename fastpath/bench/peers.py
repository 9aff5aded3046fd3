"""The same training step in other libraries, each written as its users would, and by hand in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from fastpath.bench.network import OnTensors, Problem
from scalargrad.settings import Array

Step = Callable[[], float]
Gradients = Callable[[], tuple[float, list[Array]]]
Contender = tuple[Step, Gradients]
"""One training step, which returns the loss before it; and the loss with its gradients, without the update."""


def load(module: str) -> Any:
    """A peer's module, or None where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        return None


def ours(problem: Problem) -> Contender:
    """The Tensors of this project."""
    training = OnTensors(problem)
    return training.step, training.gradients


def numpy_by_hand(problem: Problem) -> Contender:
    """The derivatives worked out on paper: the yardstick of what an array library can reach.

    In place where a buffer is no longer needed; the gradient at the logits is softmax − y, made from the forward's
    own exponentials.
    """
    x, labels, parameters = problem.x, problem.labels, [p.copy() for p in problem.parameters]
    rows, last = np.arange(len(x)), len(parameters) - 2

    def forward() -> tuple[float, list[Array], Array]:
        layers = [x]
        for i in range(0, last + 2, 2):
            z = layers[-1] @ parameters[i]
            z += parameters[i + 1]
            if i < last:
                np.maximum(z, 0, out=z)
                layers.append(z)
        z -= z.max(axis=1, keepdims=True)
        chosen = z[rows, labels]
        np.exp(z, out=z)
        total = z.sum(axis=1, keepdims=True)
        loss = float((np.log(total[:, 0]) - chosen).mean())
        z /= total
        z[rows, labels] -= 1
        z *= 1 / len(x)
        return loss, layers, z

    def backward(layers: list[Array], g: Array, use: Callable[[Array, Array], object]) -> None:
        for i in range(last, -1, -2):
            h = layers.pop()
            by_weights, by_bias = h.T @ g, g.sum(axis=0)
            if i:
                g = g @ parameters[i].T
                g *= h > 0
            use(parameters[i], by_weights)
            use(parameters[i + 1], by_bias)

    def descend(parameter: Array, gradient: Array) -> None:
        gradient *= problem.rate
        parameter -= gradient

    def step() -> float:
        loss, layers, g = forward()
        backward(layers, g, descend)
        return loss

    def gradients() -> tuple[float, list[Array]]:
        found: list[Array] = []
        loss, layers, g = forward()
        backward(layers, g, lambda parameter, gradient: found.append(gradient))
        return loss, [found[j] for i in range(last, -1, -2) for j in (i, i + 1)]

    return step, gradients


def torch_eager(problem: Problem) -> Contender | None:
    """PyTorch on bare tensors: the lines are those of the Tensors here."""
    torch = load("torch")
    if torch is None:
        return None
    x, labels = torch.tensor(problem.x), torch.tensor(problem.labels)
    parameters = [torch.tensor(p, requires_grad=True) for p in problem.parameters]
    cross_entropy, last, rate = torch.nn.functional.cross_entropy, len(parameters) - 2, problem.rate

    def forward() -> Any:
        h = x
        for i in range(0, last + 2, 2):
            h = h @ parameters[i] + parameters[i + 1]
            if i < last:
                h = torch.relu(h)
        return cross_entropy(h, labels)

    def step() -> float:
        loss = forward()
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= rate * p.grad
                p.grad = None
        return loss.item()  # type: ignore[no-any-return]

    def gradients() -> tuple[float, list[Array]]:
        loss = forward()
        return loss.item(), [g.numpy() for g in torch.autograd.grad(loss, parameters)]

    return step, gradients


def torch_modules(problem: Problem) -> Contender | None:
    """PyTorch with its modules and its optimizer: Linear, ReLU, CrossEntropyLoss, SGD."""
    torch = load("torch")
    if torch is None:
        return None
    nn = torch.nn
    x, labels = torch.tensor(problem.x), torch.tensor(problem.labels)
    weights, biases = problem.parameters[::2], problem.parameters[1::2]
    layers: list[Any] = []
    for w, b in zip(weights, biases):
        linear = nn.Linear(*w.shape, dtype=x.dtype)
        linear.weight.data, linear.bias.data = torch.tensor(w.T.copy()), torch.tensor(b)
        layers += [linear, nn.ReLU()]
    model, criterion = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=problem.rate)

    def step() -> float:
        optimizer.zero_grad()
        loss = criterion(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()  # type: ignore[no-any-return]

    def gradients() -> tuple[float, list[Array]]:
        loss = criterion(model(x), labels)
        return loss.item(), [g.numpy().T for g in torch.autograd.grad(loss, list(model.parameters()))]

    return step, gradients


def jax_jit(problem: Problem) -> Contender | None:
    """JAX: the whole step compiled into one program, the parameters' memory handed on from step to step."""
    jax = load("jax")
    if jax is None:
        return None
    jax.config.update("jax_enable_x64", True)  # float32 arrays stay float32; without it float64 would not stay float64
    jnp, rate = jax.numpy, problem.rate
    x, labels = jnp.asarray(problem.x), jnp.asarray(problem.labels)
    parameters = [jnp.asarray(p) for p in problem.parameters]

    def loss(parameters: Any, x: Any, labels: Any) -> Any:
        h = x
        for i in range(0, len(parameters), 2):
            h = h @ parameters[i] + parameters[i + 1]
            if i < len(parameters) - 2:
                h = jax.nn.relu(h)
        return -jax.nn.log_softmax(h)[jnp.arange(len(labels)), labels].mean()

    with_gradients = jax.value_and_grad(loss)

    def whole_step(parameters: Any, x: Any, labels: Any) -> Any:
        before, found = with_gradients(parameters, x, labels)
        return before, [p - rate * g for p, g in zip(parameters, found)]

    compiled, compiled_gradients = jax.jit(whole_step, donate_argnums=0), jax.jit(with_gradients)

    def step() -> float:
        nonlocal parameters
        before, parameters = compiled(parameters, x, labels)
        return float(before)  # waits for the result

    def gradients() -> tuple[float, list[Array]]:
        before, found = compiled_gradients(parameters, x, labels)
        return float(before), [np.asarray(g) for g in found]

    return step, gradients


def mygrad_tensors(problem: Problem) -> Contender | None:
    """MyGrad with its fused loss."""
    mygrad, nnet = load("mygrad"), load("mygrad.nnet")
    if mygrad is None or nnet is None:
        return None
    relu, cross_entropy = nnet.relu, nnet.softmax_crossentropy
    parameters = [mygrad.tensor(p.copy()) for p in problem.parameters]
    x, labels, rate = mygrad.tensor(problem.x, constant=True), problem.labels, problem.rate

    def forward() -> Any:
        h = x
        for i in range(0, len(parameters), 2):
            h = h @ parameters[i] + parameters[i + 1]
            if i < len(parameters) - 2:
                h = relu(h)
        return cross_entropy(h, labels)

    def step() -> float:
        loss = forward()
        loss.backward()
        for p in parameters:
            p.data -= rate * p.grad
        return loss.item()  # type: ignore[no-any-return]

    def gradients() -> tuple[float, list[Array]]:
        loss = forward()
        loss.backward()
        return loss.item(), [p.grad.copy() for p in parameters]

    return step, gradients


def autograd_functions(problem: Problem) -> Contender | None:
    """Autograd (HIPS): NumPy code differentiated as a function of its parameters."""
    autograd, anp, tracer = load("autograd"), load("autograd.numpy"), load("autograd.tracer")
    if autograd is None:
        return None
    x, labels, rows = problem.x, problem.labels, np.arange(len(problem.x))
    parameters = [p.copy() for p in problem.parameters]

    def loss(parameters: Any) -> Any:
        h = x
        for i in range(0, len(parameters), 2):
            h = anp.dot(h, parameters[i]) + parameters[i + 1]
            if i < len(parameters) - 2:
                h = anp.maximum(h, 0)
        h = h - tracer.getval(h).max(axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(h), axis=1)) - h[rows, labels])

    with_gradients = autograd.value_and_grad(loss)

    def step() -> float:
        before, found = with_gradients(parameters)
        for p, g in zip(parameters, found):
            p -= problem.rate * g
        return float(before)

    def gradients() -> tuple[float, list[Array]]:
        before, found = with_gradients(parameters)
        return float(before), list(found)

    return step, gradients


TRAINING: dict[str, tuple[str, Callable[[Problem], Contender | None]]] = {
    "scalargrad": ("scalargrad-lab", ours),
    "NumPy by hand": ("numpy", numpy_by_hand),
    "PyTorch eager, bare tensors": ("torch", torch_eager),
    "PyTorch eager, nn and optim": ("torch", torch_modules),
    "jax.jit": ("jax", jax_jit),
    "MyGrad": ("mygrad", mygrad_tensors),
    "autograd": ("autograd", autograd_functions),
}
"""Who trains: the name in the table, the distribution whose version is told, and what makes a contender."""
