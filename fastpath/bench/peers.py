"""The same training step in other libraries, each written as its users would, and by hand in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from fastpath.bench import training
from fastpath.bench.problems import ALPHA, Problem
from fastpath.bench.training import ScalarCode, Training
from scalargrad.settings import Array


class ByHand(Training):
    """The derivatives worked out on paper: the yardstick of what an array library can reach.

    In place where a buffer is no longer needed; the gradient at the logits is softmax − y, made from the forward's
    own exponentials.
    """

    distribution = "numpy"

    def parameter(self, numbers: Array) -> Any:
        return numbers.copy()

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.layers = list(zip(self.parameters[::2], self.parameters[1::2]))
        self.end, self.decay = (self.hinge, 2 * ALPHA) if problem.hinge else (self.softmax, 0.0)

    def backward(self, use: Callable[[Array, Array], object]) -> float:
        """Forward and backward: the loss. ``use`` takes each parameter and its gradient, the last ones first."""
        h, inputs = self.x, []
        for w, b in self.layers:
            inputs.append(h)
            h = h @ w
            h += b
            if w is not self.layers[-1][0]:
                np.maximum(h, 0, out=h)
        loss, g = self.end(h)
        for w, b in reversed(self.layers):
            h = inputs.pop()
            by_bias, by_weights = g.sum(axis=0), h.T @ g
            if inputs:
                g = g @ w.T
                g *= h > 0
            if self.decay:
                by_bias += self.decay * b
                by_weights += self.decay * w
            use(b, by_bias)
            use(w, by_weights)
        return loss

    def softmax(self, z: Array) -> tuple[float, Array]:
        """Cross-entropy, and its gradient."""
        rows = np.arange(len(z))
        z -= z.max(axis=1, keepdims=True)
        chosen = z[rows, self.labels]
        np.exp(z, out=z)
        total = z.sum(axis=1, keepdims=True)
        loss = float((np.log(total[:, 0]) - chosen).mean())
        z /= total
        z[rows, self.labels] -= 1
        z *= 1 / len(z)
        return loss, z

    def hinge(self, z: Array) -> tuple[float, Array]:
        """Hinge loss and the L2 term, and the gradient of the first."""
        margin = 1 - self.labels * z
        np.maximum(margin, 0, out=margin)
        loss = float(margin.mean()) + ALPHA * sum(float(np.vdot(p, p)) for p in self.parameters)
        g = (margin > 0) * self.labels
        g *= -1 / len(z)
        return loss, g

    def gradients(self) -> tuple[float, list[Array]]:
        found: list[Array] = []
        loss = self.backward(lambda parameter, gradient: found.append(gradient))
        return loss, found[::-1]

    def step(self) -> float:
        return self.backward(self.descend)

    def descend(self, parameter: Array, gradient: Array) -> None:
        """Update a parameter."""
        gradient *= self.problem.rate
        parameter -= gradient


class Torch(Training):
    """PyTorch on bare tensors: the lines are those of the Tensors here."""

    distribution, needs = "torch", ("torch",)

    def prepare(self) -> None:
        self.torch = training.load("torch")
        self.relu, self.cross_entropy = self.torch.relu, self.torch.nn.functional.cross_entropy

    def array(self, numbers: Array) -> Any:
        return self.torch.tensor(numbers)

    def parameter(self, numbers: Array) -> Any:
        return self.torch.tensor(numbers, requires_grad=True)

    def update(self) -> None:
        rate = self.problem.rate
        with self.torch.no_grad():
            for p in self.parameters:
                p -= rate * p.grad
                p.grad = None


class TorchCompiled(Torch):
    """``torch.compile`` of the loss."""

    @classmethod
    def of(cls, problem: Problem) -> Self | None:
        """None, too, where it has no C++ compiler, or whatever else its compiler lacks."""
        try:
            return super().of(problem)
        except Exception:
            return None

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.loss_of = self.torch.compile(self.loss_of)
        self.gradients()  # now it is compiled


class TorchModules(Torch):
    """PyTorch with its modules and its optimizer: Linear, ReLU, CrossEntropyLoss, SGD."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        nn, layers = self.torch.nn, []
        for w, b in zip(problem.parameters[::2], problem.parameters[1::2]):
            linear = nn.Linear(*w.shape, dtype=self.x.dtype)
            linear.weight.data, linear.bias.data = self.array(w.T.copy()), self.array(b)
            layers += [linear, nn.ReLU()]
        self.model, self.criterion = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss()
        self.parameters = list(self.model.parameters())
        self.optimizer = self.torch.optim.SGD(self.parameters, lr=problem.rate)

    def loss(self) -> Any:
        return self.criterion(self.model(self.x), self.labels)

    def taken(self, parameter: Any) -> Array:
        return super().taken(parameter).T

    def update(self) -> None:
        self.optimizer.step()
        self.optimizer.zero_grad()


class MyGrad(Training):
    """MyGrad with its fused loss; it drops old gradients by itself."""

    distribution, needs = "mygrad", ("mygrad", "mygrad.nnet")

    def prepare(self) -> None:
        self.mygrad, nnet = training.load("mygrad"), training.load("mygrad.nnet")
        self.relu, self.cross_entropy = nnet.relu, nnet.softmax_crossentropy

    def constant(self, numbers: Array) -> Any:
        return self.mygrad.tensor(numbers, constant=True)

    def parameter(self, numbers: Array) -> Any:
        return self.mygrad.tensor(numbers.copy())

    def taken(self, parameter: Any) -> Array:
        return np.array(parameter.grad)

    def update(self) -> None:
        rate = self.problem.rate
        for p in self.parameters:
            p.data -= rate * p.grad

    def addition(self) -> Callable[[], object]:
        a, b, seed = self.parameter(np.ones(16)), self.parameter(np.ones(16)), np.ones(16)
        return lambda: (a + b).backward(seed)


# --- libraries that differentiate functions --------------------------------------------------------------------------


class Functions(Training):
    """A library whose ``value_and_grad`` takes and gives arrays."""

    with_gradients: Any

    def parameter(self, numbers: Array) -> Any:
        return numbers.copy()

    def gradients(self) -> tuple[float, list[Array]]:
        loss, found = self.with_gradients(self.parameters, self.x, self.labels)
        return float(loss), [np.asarray(g) for g in found]


class Autograd(Functions):
    """Autograd (HIPS): NumPy code differentiated as a function of its parameters."""

    distribution, needs = "autograd", ("autograd", "autograd.numpy", "autograd.tracer")

    def prepare(self) -> None:
        self.autograd, anp, tracer = (training.load(module) for module in self.needs)

        def cross_entropy(h: Any, labels: Array) -> Any:
            h = h - tracer.getval(h).max(axis=1, keepdims=True)
            return anp.mean(anp.log(anp.sum(anp.exp(h), axis=1)) - h[np.arange(len(labels)), labels])

        self.relu, self.cross_entropy = (lambda h: anp.maximum(h, 0)), cross_entropy

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.with_gradients = self.autograd.value_and_grad(self.loss_of)

    def step(self) -> float:
        loss, found = self.with_gradients(self.parameters, self.x, self.labels)
        for p, g in zip(self.parameters, found):
            p -= self.problem.rate * g
        return float(loss)

    def addition(self) -> Callable[[], object]:
        a, b, seed = np.ones(16), np.ones(16), np.ones(16)
        pullback = self.autograd.make_vjp(lambda a, b: a + b, argnum=(0, 1))
        return lambda: pullback(a, b)[0](seed)


class Jax(Functions):
    """JAX: the whole step compiled into one program, the parameters' memory handed on from step to step."""

    distribution, needs = "jax", ("jax",)

    def prepare(self) -> None:
        self.jax = jax = training.load("jax")
        jax.config.update("jax_enable_x64", True)  # else float64 would not stay float64; float32 stays float32
        self.relu = jax.nn.relu
        self.cross_entropy = lambda h, labels: -jax.nn.log_softmax(h)[jax.numpy.arange(len(labels)), labels].mean()

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        rate, with_gradients = problem.rate, self.jax.value_and_grad(self.loss_of)

        def whole_step(parameters: Any, x: Any, labels: Any) -> Any:
            loss, found = with_gradients(parameters, x, labels)
            return loss, [p - rate * g for p, g in zip(parameters, found)]

        self.with_gradients = self.jax.jit(with_gradients)
        self.whole_step = self.jax.jit(whole_step, donate_argnums=0)

    def array(self, numbers: Array) -> Any:
        return self.jax.numpy.asarray(numbers)

    parameter = array

    def step(self) -> float:
        loss, self.parameters = self.whole_step(self.parameters, self.x, self.labels)
        return float(loss)  # waits for the result


class Micrograd(ScalarCode):
    """micrograd, as it runs by default."""

    distribution, needs = "micrograd", ("micrograd.engine",)

    def prepare(self) -> None:
        super().prepare()
        self.value = training.load("micrograd.engine").Value
