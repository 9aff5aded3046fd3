"""A run of everything small, printed bit for bit: ``python -m tests.repeatable`` says the same in every process."""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

import fastpath
import scalargrad as sg
import scalargrad.lectures
import scalargrad.linear
from fastpath import Tensor
from scalargrad import Value, nn, optim

X = np.array([[-1.0, 0.2], [-0.5, 0.9], [0.1, -0.4], [0.3, 0.8], [0.7, -0.9], [1.0, 0.5]])
Y = X[:, 0] - 0.5 * X[:, 1]


def bits(x: Any) -> Any:
    """Numbers as they are stored; other things as they are told."""
    if isinstance(x, dict):
        return [(str(getattr(key, "label", key)), bits(value)) for key, value in x.items()]
    if isinstance(x, (list, tuple)):
        return [bits(item) for item in x]
    if isinstance(x, np.ndarray):
        return bits(x.tolist())
    if isinstance(x, (Value, Tensor)):
        return bits(x.data)
    return x.hex() if isinstance(x, float) else str(x)


def of_values() -> Iterator[Any]:
    names = [Value(0.1 * i + 0.05, label=f"w{i}") for i in range(12)]
    y = sum(sg.tanh(a * b) for a, b in itertools.pairwise(names)) + sg.logsumexp(names) + sg.max(names) * sg.std(names)
    y.backward()
    yield [w.grad for w in names]
    yield sg.draw(y).dot
    yield sg.trace(y).to_json()
    yield sg.steps(y).html
    f = lambda p: sg.sin(p[0] * p[1]) / (1 + sg.exp(p[1])) + sg.norm(p)
    yield from (derive(f)([0.3, -0.7]) for derive in (sg.grad, sg.jacobian, sg.hessian))
    yield sg.draw(sg.grad(f, create_graph=True)([Value(0.3), Value(-0.7)])[0]).dot
    yield sg.largest_eigenvalue(f, [0.3, -0.7])
    yield str(sg.gradcheck(lambda a, b: sg.sin(a * b), (0.3, 0.5), order=2))


def of_tensors() -> Iterator[Any]:
    t, W = (Tensor(x, requires_grad=True, label=n) for x, n in ((X, "X"), (np.ones((2, 3)), "W")))
    y = sg.softmax(t @ W, axis=1)[1:, :2].std() + sg.norm(sg.tanh(W)) + sg.cross_entropy(t @ W, [0, 1, 2, 0, 1, 2])
    y.backward()
    yield [t.grad, W.grad]
    yield sg.draw(y).dot
    yield sg.hessian(lambda w: sg.tanh(X @ w).sum(), Tensor([0.1, 0.2]))


def of_compiled() -> Iterator[Any]:
    for backend in ("value", "tensor"):
        model = nn.MLP(2, [4, 3], 1, seed=0, backend=backend)
        loss = fastpath.compile(lambda x, y, model=model: nn.mse(model(x), y))
        loss.backward(X, Y)
        yield [p.grad for p in model.parameters()]
        yield loss.value_and_grad(X, Y)
        plan = loss.plan(X, Y)
        yield str(plan)
        yield getattr(plan, "source", "")
        yield sg.draw(plan).dot
    a, b, c = (Value(x, label=n) for x, n in ((0.3, "a"), (0.5, "b"), (2.0, "c")))
    graph = fastpath.compile(sg.max([a, b, a * b]) + sg.tanh(a * c) * sg.exp(b - c))
    yield graph.value_and_grad(a=0.3, b=0.5, c=2.0)
    yield str(graph)


def of_training() -> Iterator[Any]:
    for name in optim.RULES:
        model = nn.MLP(2, [3], 1, seed=0)
        optimizer = getattr(optim, name)(model.parameters(), **({} if name == "Rprop" else {"lr": 0.1}))
        for _ in range(3):
            optimizer.zero_grad()
            nn.mse(model(X), Y).backward()
            optimizer.step()
        yield [[p.data for p in model.parameters()], optimizer.state_dict(), model.state_dict()]
    for backend in ("value", "tensor"):
        model = nn.Sequential(
            nn.Linear(2, 4, seed=0, backend=backend), nn.BatchNorm1d(4, backend=backend), nn.Dropout(0.5, seed=0),
            nn.Linear(4, 1, seed=1, backend=backend),
        )  # fmt: skip
        history = sg.fit(model, X, Y[:, None], loss=nn.mse, lr=0.1, epochs=3, batch_size=3, seed=0)
        yield [model.state_dict(), history.loss]
    found = vars(sg.linear.LogisticRegression(seed=0).fit(X, (Y > 0).astype(int)))
    yield {key: x.loss if isinstance(x, sg.History) else x for key, x in found.items()}  # its seconds differ


def of_texts() -> Iterator[Any]:
    expression = sg.parse("sin(x*y) + 2*x^2 - tanh(z)")
    yield [str(expression), str(expression.symbol()), sg.draw(expression.graph(x=1.0, y=2.0, z=0.5)).dot]
    for system in sg.lectures.SYSTEMS.values():
        yield system.text()
        if system.build is not None:
            yield system.draw().dot


if __name__ == "__main__":
    whole = "-v" in sys.argv
    for part in (of_values, of_tensors, of_compiled, of_training, of_texts):
        for number, result in enumerate(part()):
            text = repr(bits(result))
            told = text if whole else hashlib.sha256(text.encode()).hexdigest()[:16]
            print(part.__name__, number, len(text), told)
