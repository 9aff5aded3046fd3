"""The training steps written for JAX and MyGrad, run where those are not installed: on stand-ins made of our Tensors.

What is tested is the mathematics of the steps: they give the losses, and the gradients, of the one by hand.
"""

from types import SimpleNamespace

import numpy as np
import pytest

import fastpath
from fastpath import Tensor
from fastpath.bench import hinge, peers
from fastpath.bench.network import Problem


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
    for module in (peers, hinge):
        monkeypatch.setattr(module, "load", STAND_INS.get)


@pytest.mark.parametrize("make", [peers.jax_jit, peers.mygrad_tensors])
def test_a_step_on_arrays_is_that_by_hand(make):
    problem = Problem.random((3, 5, 2), 6)
    step, gradients = make(problem)
    by_hand, gradients_by_hand = peers.numpy_by_hand(problem)
    loss, found = gradients()
    expected, wanted = gradients_by_hand()
    assert loss == pytest.approx(expected, rel=1e-12)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-14)
    for _ in range(3):
        assert step() == pytest.approx(by_hand(), rel=1e-12)


@pytest.mark.parametrize("make", [hinge.jax_jit, hinge.mygrad_tensors])
def test_a_step_on_the_moons_is_that_by_hand(make):
    step, by_hand = make(), hinge.numpy_by_hand()
    for _ in range(3):
        assert step() == pytest.approx(by_hand(), rel=1e-10)


@pytest.mark.parametrize(
    "make",
    [
        peers.torch_eager,
        peers.torch_modules,
        peers.autograd_functions,
        hinge.torch_eager,
        hinge.torch_compiled,
        hinge.autograd_functions,
    ],
)
def test_what_is_not_installed_is_left_out(make):
    assert make(*[Problem.random((3, 2), 4)] * (make.__module__ == peers.__name__)) is None
