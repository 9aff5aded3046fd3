"""A step of training, written once; and what it is in this project, on Values, on Tensors and compiled.

A library is a subclass of :class:`Training` that says how it makes constants and parameters, which functions it has
and how it takes gradients. Other libraries are in :mod:`.peers`; who is compared with whom is in :mod:`.contest`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar, Self

import numpy as np

import fastpath
from fastpath import Tensor
from fastpath.bench.problems import MoonsNet, Problem, loss_function
from scalargrad import Value, optim
from scalargrad.settings import Array


def load(module: str) -> Any:
    """A library's module, or None where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        return None


class Training:
    """A network trained by gradient descent on the whole batch."""

    distribution: ClassVar[str] = "scalargrad-lab"
    """What is installed, whose version is reported."""
    needs: ClassVar[tuple[str, ...]] = ()
    """The modules it imports."""
    relu: Any
    cross_entropy: Any

    @classmethod
    def of(cls, problem: Problem) -> Self | None:
        """Ready to train, or None where the library is not installed."""
        return None if any(load(module) is None for module in cls.needs) else cls(problem)

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.prepare()
        self.x, self.labels = self.constant(problem.x), self.array(problem.labels)
        self.parameters = [self.parameter(p) for p in problem.parameters]
        self.loss_of = loss_function(problem.hinge, self.relu, self.cross_entropy)

    def prepare(self) -> None:
        """Import what is needed; say what ``relu`` and ``cross_entropy`` are."""
        self.relu, self.cross_entropy = fastpath.relu, fastpath.cross_entropy

    def array(self, numbers: Array) -> Any:
        """Labels, and other numbers that no gradient passes."""
        return numbers

    def constant(self, numbers: Array) -> Any:
        """An input that needs no gradient."""
        return self.array(numbers)

    def parameter(self, numbers: Array) -> Any:
        """A parameter that begins with these numbers."""
        raise NotImplementedError

    def loss(self) -> Any:
        """The loss of the batch, with its graph."""
        return self.loss_of(self.parameters, self.x, self.labels)

    def gradients(self) -> tuple[float, list[Array]]:
        """The loss and its gradient by each parameter."""
        loss = self.loss()
        loss.backward()
        return self.number(loss), [self.taken(p) for p in self.parameters]

    def step(self) -> float:
        """Forward, backward and the update; the loss before it."""
        loss = self.loss()
        loss.backward()
        self.update()
        return self.number(loss)

    def number(self, loss: Any) -> float:
        """A loss as a float."""
        return loss.item()  # type: ignore[no-any-return]

    def taken(self, parameter: Any) -> Array:
        """The gradient of a parameter, which is zero from then on."""
        found, parameter.grad = np.asarray(parameter.grad), None
        return found

    def update(self) -> None:
        """Parameter −= rate × gradient, and the gradients are zero again."""
        rate = self.problem.rate
        for p in self.parameters:
            p.data -= rate * p.grad
            p.grad = None

    def addition(self) -> Callable[[], object]:
        """One op: two 16-vectors added, forward and backward."""
        a, b, seed = self.parameter(np.ones(16)), self.parameter(np.ones(16)), self.array(np.ones(16))

        def call() -> None:
            (a + b).backward(seed)
            a.grad = b.grad = None

        return call


class OnTensors(Training):
    """The network as a graph of a few array operations."""

    def constant(self, numbers: Array) -> Any:
        return Tensor(numbers)

    def parameter(self, numbers: Array) -> Any:
        return Tensor(numbers, requires_grad=True)


class OnValues(Training):
    """The network as a scalar graph: NumPy object arrays of Values."""

    def parameter(self, numbers: Array) -> Any:
        return np.frompyfunc(Value, 1, 1)(numbers)

    def taken(self, parameter: Any) -> Array:
        found = np.array([p.grad for p in parameter.flat]).reshape(parameter.shape)
        for p in parameter.flat:
            p.grad = 0.0
        return found

    def update(self) -> None:
        for parameter in self.parameters:
            for p in parameter.flat:
                p.data -= self.problem.rate * p.grad
                p.grad = 0.0


class ScalarCode(OnValues):
    """The moons network as micrograd's demonstration has it: neuron by neuron, point by point."""

    value: Any = Value

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.net = MoonsNet(self.value)
        self.parameters = self.net.arrays()

    def loss(self) -> Any:
        return self.net.loss()

    def number(self, loss: Any) -> float:
        return float(loss.data)


# --- compiled --------------------------------------------------------------------------------------------------------


class Planned(Training):
    """A compiled loss: the step is that of the plan."""

    compiled: Any

    @property
    def plan(self) -> Any:
        """What is run."""
        return self.compiled.plan(self.x, self.labels)

    def gradients(self) -> tuple[float, list[Array]]:
        loss = self.compiled.backward(self.x, self.labels)
        return float(loss), [self.taken(p) for p in self.parameters]

    def step(self) -> float:
        return float(self.compiled.step(self.x, self.labels, lr=self.problem.rate))


class Compiled(Planned, OnTensors):
    """The network of Tensors, compiled."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.x = problem.x
        loss_of, parameters = self.loss_of, self.parameters
        self.compiled = fastpath.compile(lambda x, labels: loss_of(parameters, x, labels))


class Updated(Compiled):
    """The same with the update written out in NumPy."""

    def step(self) -> float:
        loss: float = self.compiled.backward(self.x, self.labels)
        self.update()
        return loss


class CompiledScalarCode(Planned, ScalarCode):
    """The scalar code of one example, compiled."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.labels = problem.labels[:, 0]
        self.compiled = fastpath.compile(self.net.example_loss)


class WithOptimizer(CompiledScalarCode):
    """The same with an optimizer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.optimizer = optim.SGD(self.net.parameters, lr=problem.rate)

    def step(self) -> float:
        loss: float = self.compiled.backward(self.x, self.labels)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss
