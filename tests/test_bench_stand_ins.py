"""The training steps written for JAX and MyGrad, run where those are not installed: on stand-ins made of our Tensors.

What is tested is the mathematics of the steps: they give the losses, and the gradients, of the one by hand.
"""

from types import SimpleNamespace

import numpy as np
import pytest

import fastpath
from fastpath import Tensor
from fastpath.bench import peers, training
from fastpath.bench.problems import Problem


def value_and_grad(function):
    def with_gradients(parameters, *others):
        leaves = [Tensor(p, requires_grad=True) for p in parameters]
        loss = function(leaves, *others)
        loss.backward()
        return loss.item(), [leaf.grad for leaf in leaves]

    return with_gradients


JAX = SimpleNamespace(
    numpy=np, nn=fastpath, config=SimpleNamespace(update=lambda *_: None), value_and_grad=value_and_grad,
    jit=lambda function, donate_argnums=(): function,
)  # fmt: skip


class MyGradTensor(Tensor):
    """A Tensor whose gradient is that of the last backward, as MyGrad has it."""

    made: list = []  # noqa: RUF012

    def __init__(self, data, constant=False):
        super().__init__(data, requires_grad=not constant)
        self.made.append(self)

    @classmethod
    def forget(cls):
        for leaf in cls.made:
            leaf.grad = None


def softmax_crossentropy(logits, labels):
    MyGradTensor.forget()
    return fastpath.cross_entropy(logits, labels)


def relu(x):
    MyGradTensor.forget()
    return fastpath.relu(x)


STAND_INS = {
    "jax": JAX,
    "mygrad": SimpleNamespace(tensor=MyGradTensor),
    "mygrad.nnet": SimpleNamespace(relu=relu, softmax_crossentropy=softmax_crossentropy),
}


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch):
    MyGradTensor.made.clear()
    monkeypatch.setattr(training, "load", STAND_INS.get)


PROBLEMS = {"classes": Problem.random((3, 5, 2), 6), "moons": Problem.moons()}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("kind", [peers.Jax, peers.MyGrad])
def test_a_step_on_arrays_is_that_by_hand(kind, problem):
    other, by_hand = kind.of(PROBLEMS[problem]), peers.ByHand(PROBLEMS[problem])
    loss, found = other.gradients()
    expected, wanted = by_hand.gradients()
    assert loss == pytest.approx(expected, rel=1e-12)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-14)
    for _ in range(3):
        assert other.step() == pytest.approx(by_hand.step(), rel=1e-12)


@pytest.mark.parametrize("kind", [peers.Torch, peers.TorchModules, peers.TorchCompiled, peers.Autograd])
def test_what_is_not_installed_is_left_out(kind):
    assert all(kind.of(problem) is None for problem in PROBLEMS.values())
