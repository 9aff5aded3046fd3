"""No reference cycles, and the same bits in every run.

What is dropped is freed at once, with the garbage collector off, and leaves it nothing to do.
"""

import copy
import gc
import math
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import fastpath
import scalargrad as sg
import scalargrad.lectures
import scalargrad.linear
import scalargrad.training
from fastpath import Tensor
from scalargrad import Value, nn, optim
from scalargrad.graph import topological_order
from tests.graphs import Cube

ROOT = Path(__file__).parent.parent
X = np.array([[-1.0, 0.2], [-0.5, 0.9], [0.1, -0.4], [0.3, 0.8], [0.7, -0.9], [1.0, 0.5]])
Y = X[:, 0] - 0.5 * X[:, 1]
LABELS = (Y > 0).astype(int)


def values():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    y = (
        sg.tanh(a * b + 1)
        + sg.max([a, b, a * b])
        + sg.std([a, b, 1.0])
        + sg.norm([a, b])
        + Cube.apply(a)
        + (a * b) ** 2
    )
    y.backward()
    return y, a


def tensors():
    t = Tensor(X, requires_grad=True)
    W = Tensor(np.ones((2, 3)), requires_grad=True)
    h = sg.softmax(t @ W, axis=1)[1:, :2].reshape(-1)
    y = sg.concatenate([h, h.exp()]).sum() + sg.norm(W) + Cube.apply(t).sum() + sg.max(t, axis=0).sum()
    y.backward()
    return y, t


def modes():
    x = Value(2.0)
    with sg.no_grad(), sg.scope("a"):
        y = x * x
    with sg.detect_anomaly(), sg.scope("b"):
        z = x * x
        z.backward()
    return y, z


def copies():
    y, _ = values()
    t, _ = tensors()
    return copy.deepcopy(y), pickle.loads(pickle.dumps(y)), copy.deepcopy(t), copy.copy(y)


def derivatives():
    f = lambda p: sg.sin(p[0] * p[1]) / (1 + sg.exp(p[1])) + sg.norm(p) + Cube.apply(p[0])
    x = [Value(0.3), Value(-0.7)]
    made = [d(f, create_graph=True)(x) for d in (sg.grad, sg.jacobian, sg.hessian)]
    made += [d(f)(x) for d in (sg.grad, sg.jacobian, sg.hessian)]
    made += [sg.grad(f(x), x), sg.hvp(f)(x, [1.0, 0.0])]
    t = Tensor([0.3, -0.7])
    made += [sg.grad(f)(t), sg.hessian(f, create_graph=True)(t), sg.grad(f)(np.array([0.3, -0.7]))]
    made += [sg.largest_eigenvalue(lambda p: p[0] ** 2 * p[1], [1.0, 1.0]), sg.eta_max(lambda w: w * w, 1.0)]
    return made


def checks():
    f = lambda a, b: sg.sin(a * b) + sg.max([a, b])
    of_tensors = lambda t: (sg.tanh(t) ** 2).sum()
    return [
        sg.gradcheck(f, (0.3, 0.5), order=2), sg.gradcheck(f(Value(0.3), Value(0.5))),
        sg.gradcheck(of_tensors, Tensor([0.3, 0.5]), order=2), sg.gradcheck(of_tensors(Tensor([0.3], requires_grad=True))),
    ]  # fmt: skip


def drawings():
    y, _ = values()
    t, _ = tensors()
    trace = sg.trace(y)
    drawing = sg.draw(y)
    return [trace, sg.Trace.from_json(trace.to_json()), drawing, drawing.svg, drawing.dot, sg.draw(t).svg]


def folded():
    model = nn.MLP(2, [3], 1, seed=0)
    return [sg.draw(model(X[0]), depth=depth).svg for depth in (0, 1)]


def stepper():
    y, _ = values()
    shown = sg.steps(y)
    return [shown, shown.html, str(shown)]


def formulas():
    parsed = sg.parse("sin(x*y) + 2*x^2")
    y = parsed.graph(x=1.0, y=2.0)
    return [parsed, y, parsed.symbol(), parsed.evaluate(x=1.0, y=2.0)]


def compiled_values():
    w, b = Value(2.0, label="w"), Value(0.5, label="b")
    f = fastpath.compile(lambda x: sg.tanh(w * x[0] + b * x[1]) ** 2)
    made = [f(X), f.value_and_grad(X), f.plan(X), str(f.plan(X)), sg.draw(f.plan(X)).svg]
    f.backward(X)
    graph = fastpath.compile(w * b + sg.max([w, b]))
    return [*made, f, graph, graph.value_and_grad(w=1.0, b=2.0)]


def compiled_tensors():
    W = Tensor(np.ones((2, 3)), requires_grad=True)
    f = fastpath.compile(lambda x: (sg.tanh(x @ W) ** 2).sum())
    made = [f(X), f.value_and_grad(X), f.plan(X), str(f.plan(X))]
    f.backward(X)
    return [*made, f, copy.deepcopy(f)]


def compiled_model():
    model = nn.MLP(2, [3], 1, seed=0)
    loss = fastpath.compile(lambda x, y: nn.mse(model(x), y))
    step = optim.Adam(model.parameters(), lr=0.1)
    for _ in range(3):
        step.zero_grad()
        loss.backward(X, Y)
        step.step()
    return [model, loss, step]


OPTIMIZERS = [
    name
    for name in sorted(optim.__all__)
    if isinstance(getattr(optim, name), type) and issubclass(getattr(optim, name), optim.Optimizer)
    and name != "Optimizer"
]  # fmt: skip


def optimizers():
    made = []
    for name in OPTIMIZERS:
        for backend in ("value", "tensor"):
            model = nn.MLP(2, [2], 1, seed=0, backend=backend)
            optimizer = (
                getattr(optim, name)(model.parameters(), lr=0.1) if name != "Rprop" else optim.Rprop(model.parameters())
            )
            for _ in range(2):
                optimizer.zero_grad()
                nn.mse(model(X), Y).backward()
                optimizer.step()
            made += [optimizer, optimizer.state_dict(), model.state_dict()]
    return made


def training():
    from scalargrad.training import fit

    made = []
    for backend in ("value", "tensor"):
        model = nn.MLP(2, [3], 1, seed=0, backend=backend)
        made += [model, fit(model, X, Y, loss=nn.mse, optimizer=optim.SGD(model.parameters(), lr=0.1), epochs=2)]
    return made


def layers():
    made = []
    for backend in ("value", "tensor"):
        kind = {"backend": backend}
        model = nn.Sequential(
            nn.Linear(2, 4, seed=0, **kind), nn.BatchNorm1d(4, **kind), nn.PReLU(**kind), nn.Dropout(0.5, seed=0),
            nn.Maxout(4, 3, seed=0, **kind), nn.Softmax(),
        )  # fmt: skip
        loss = nn.nll(model(X), LABELS)
        loss.backward()
        model.eval()
        f = fastpath.compile(lambda x, model=model: model(x))
        made += [model, loss, f(X), nn.cross_entropy(model(X), LABELS), copy.deepcopy(model), repr(model)]
    return made


def lines():
    kinds = sg.linear.LinearRegression, sg.linear.LogisticRegression, sg.linear.SoftmaxRegression, sg.linear.Perceptron
    return [kind().fit(X, Y if kind is kinds[0] else LABELS) for kind in kinds]


def batched():
    model = nn.MLP(2, [3], 1, seed=0, backend="tensor")
    loss = fastpath.compile(lambda x, y: nn.mse(model(x), y))
    optimizer = optim.SGD(model.parameters(), lr=optim.schedules.exponential(0.1, 0.9))
    for x, y in sg.data.Batches(X, Y, size=4, seed=0):
        optimizer.zero_grad()
        loss.backward(x, y)
        optimizer.step()
    stopping = sg.EarlyStopping(patience=1)
    history = sg.fit(
        model, X, Y, loss=nn.mse, optimizer=optimizer, epochs=3, validation=(X, Y), early_stopping=stopping
    )
    return [model, loss, optimizer, history]


def lectures():
    made = []
    for system in [*sg.lectures.SYSTEMS.values()][:6]:
        made += [system.draw().dot, system.steps().html, system.text(), system.html()]
    return made


def threads():
    y, _ = values()
    W = Tensor(np.ones(2), requires_grad=True)
    f = fastpath.compile(lambda x: (x * W).sum())
    work = [threading.Thread(target=lambda: (y.backward(), f.backward(np.ones(2)))) for _ in range(3)]
    for one in work:
        one.start()
    for one in work:
        one.join()
    return [f, y]


def errors():
    """What a refused call leaves behind, once its error is dropped."""
    kept = []
    for wrong in (
        lambda: Value("no"), lambda: sg.grad(lambda x: math.exp(x) * x)(1.0), lambda: sg.parse("2x + ").evaluate(),
        lambda: Tensor([1.0, 2.0]) + Tensor([1.0, 2.0, 3.0]), lambda: sg.draw(3), lambda: Value(1.2).round().backward(),
        lambda: fastpath.compile(lambda x: x if x > 0 else -x)(X[:, 0]), lambda: optim.SGD([], lr=-1.0),
    ):  # fmt: skip
        try:
            wrong()
        except Exception as error:
            kept.append(str(error))
    assert len(kept) == 8
    return kept


PROGRAMS = [
    values, tensors, modes, copies, derivatives, checks, drawings, folded, stepper, formulas, compiled_values,
    compiled_tensors, compiled_model, optimizers, training, errors,
    layers, lines, batched, lectures, threads,
]  # fmt: skip


def left_by(program):
    """What kinds of things only the collector can free, and how many, after a run of the program."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        program()
        gc.collect()
        return dict(Counter(type(x).__name__ for x in gc.garbage))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_leaves_the_collector_nothing(program):
    program()  # what is imported and looked up once is there
    assert left_by(program) == {}


def test_a_cycle_would_be_seen():
    def program():
        x = Value(2.0)
        x._set_inputs((x, 1.0))

    assert left_by(program) == {"Value": 1}


@pytest.mark.parametrize("program", [values, tensors, derivatives, copies])
def test_nodes_die_when_the_last_name_for_them_is_gone(program):
    gc.collect()
    gc.disable()
    try:
        made = program()
        nodes = [x for root in made if hasattr(root, "op") for x in topological_order(root)]
        refs = [weakref.ref(x) for x in nodes]
        assert refs
        del made, nodes
        assert [ref() for ref in refs if ref() is not None] == []
    finally:
        gc.enable()


def test_everything_is_the_same_bit_for_bit_in_every_process():
    runs = [
        subprocess.run(
            [sys.executable, "-m", "tests.repeatable"],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            cwd=ROOT, capture_output=True, encoding="utf-8",
        )
        for seed in ("0", "1", "random")
    ]  # fmt: skip
    assert [run.stderr for run in runs if run.returncode] == []
    first, *others = [run.stdout.splitlines() for run in runs]
    assert len(first) > 70
    for other in others:
        assert other == first
