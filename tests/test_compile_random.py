"""Random programs, compiled against eager: values, gradients, several outputs, results that are held.

``python -m tests.test_compile_random 1000 60`` runs them for 60 seconds, from seed 1000 on, and shows what differs.
"""

import itertools
import math
import sys
import time
from bisect import bisect

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from scalargrad import Value

ORDINARY = [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 4.0, 5.0, 0.5, 6.0, 1.5, -2.0, 49.0, 0.1]
SPECIAL = [*ORDINARY, math.inf, -math.inf, math.nan, 1e308, -1e308, 1e-308, 1e160]
UNARY = [
    "tanh", "sigmoid", "relu", "softplus", "sin", "square", "abs", "neg", "softsign", "exp", "log", "sqrt", "log1p",
    "expm1", "elu", "cos",
]  # fmt: skip
BINARY = ["add", "sub", "mul", "div", "maximum", "minimum", "logaddexp", "pow"]
REDUCING = ["sum", "mean", "max", "min", "prod", "var", "std", "norm", "logsumexp"]
MOVING = [
    lambda a: a.T, lambda a: a.reshape(-1), lambda a: a[0], lambda a: a[..., ::-1], lambda a: a[-1],
    lambda a: sg.concatenate([a, a * 2]), lambda a: a[..., 0], lambda a: a[[0, 0, -1]], sg.softmax,
    lambda a: a @ a.T, lambda a: a[1:], sg.log_softmax, lambda a: a[..., [1, 0]], lambda a: a[..., None] * 0.5,
]  # fmt: skip
SHAPES = [(3, 4), (4,), (1, 4), (3, 1), (), (3, 4), (2, 3, 4), (0, 4)]


class Drawn:
    """What a random program is made of: each draw is one of the generator's."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.numbers = SPECIAL if self.chance(0.3) else ORDINARY

    def chance(self, p):
        return self.rng.random() < p

    def one(self, items):
        return items[self.rng.integers(0, len(items))]

    def constant(self):
        c = self.one(self.numbers)
        return int(c) if math.isfinite(c) and c == int(c) and self.chance(0.5) else c

    def array(self, shape, dtype=float):
        chosen = np.array([float(self.constant()) for _ in range(math.prod(shape))]).reshape(shape)
        return np.where(self.rng.random(shape) < 0.4, chosen, self.rng.normal(size=shape)).astype(dtype)

    def place(self):
        return int(self.rng.integers(0, 60))


def equal(found, expected, rel, scale=None):
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    if scale is None:
        scale = max(1.0, np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=rel, atol=rel * scale)


def elementwise(form, unary, binary, i, j, c):
    """A step that calls a function of one node, of two, of a node and a constant, or of a constant and a node."""
    one, two = getattr(sg, unary), getattr(sg, binary)
    return (
        lambda at: one(at(i)),
        lambda at: two(at(i), at(j)),
        lambda at: two(at(i), c),
        lambda at: two(c, at(i)),
    )[form]


# --- scalar code -----------------------------------------------------------------------------------------------------


def scalar_steps(drawn):
    """The steps of a program on Values: functions of the nodes so far."""
    steps = []
    for _ in range(drawn.rng.integers(2, 14)):
        i, j, c = drawn.place(), drawn.place(), drawn.constant()
        many = [drawn.place() for _ in range(drawn.rng.integers(2, 7))]
        name = drawn.one(BINARY) if drawn.chance(0.6) else drawn.one(["add", "sub", "mul"])
        unary, high = drawn.one(UNARY), float(drawn.rng.integers(0, 7))
        kind = drawn.rng.random()
        if kind < 0.85:
            steps.append(elementwise(bisect((0.25, 0.5, 0.75), kind), unary, name, i, j, c))
        elif kind < 0.93:
            steps.append(lambda at, many=many: sum(at(k) for k in many))
        else:
            steps.append(lambda at, i=i, high=high: sg.clip(at(i), -1.0, high))
    return steps


def run_scalar_program(seed):
    drawn = Drawn(seed)
    steps = scalar_steps(drawn)
    x = drawn.array((drawn.rng.integers(1, 4), drawn.rng.integers(1, 4)))
    parameters = [Value(float(v), label=f"p{i}") for i, v in enumerate(drawn.array((drawn.rng.integers(0, 4),)))]

    def program(example):
        nodes = [*example, *parameters]
        for step in steps:
            nodes.append(step(lambda i: nodes[i % len(nodes)]))
        return nodes[-1] + nodes[-2] * 2

    roots = [program([Value(v) for v in row]) for row in x]
    equal(compile(program, backend="value", reduction="none")(x), [root.data for root in roots], 1e-9)
    for root in roots:
        root.backward()
    compiled = compile(program, backend="value", reduction="sum")
    compiled(x)
    if compiled.parameters:
        slopes = [p.grad for p in parameters]
        _, gradients = compiled.value_and_grad(x)
        equal([gradients.get(p, 0.0) for p in parameters], slopes, 1e-8)


# --- functions of arrays ---------------------------------------------------------------------------------------------


def tensor_steps(drawn, dtype):
    """The steps of a program on arrays; those that do not fit the shapes are left out when it is run."""
    steps = []
    for _ in range(drawn.rng.integers(1, 12)):
        i, j, c = drawn.place(), drawn.place(), drawn.constant()
        c = drawn.one([c, c, np.full(4, c, dtype), np.array(c, dtype), np.float64(c)])
        name, unary, reducing, move = (drawn.one(names) for names in (BINARY, UNARY, REDUCING, MOVING))
        kind = drawn.rng.random()
        if kind < 0.65:
            steps.append(elementwise(bisect((0.2, 0.45, 0.55), kind), unary, name, i, j, c))
        elif kind < 0.8:
            how = {"axis": drawn.one([None, 0, -1, 1]), "keepdims": bool(drawn.chance(0.5))}
            steps.append(lambda at, name=reducing, i=i, how=how: getattr(sg, name)(at(i), **how))
        elif kind < 0.95:
            steps.append(lambda at, move=move, i=i: move(at(i)))
        else:
            steps.append(lambda at, i=i: sg.clip(at(i), -1.0, float(i % 7)))
    return steps


def run_tensor_program(seed):
    drawn = Drawn(seed)
    dtype = np.float32 if drawn.chance(0.3) else np.float64
    rel = 1e-4 if dtype == np.float32 else 1e-9
    arrays = [drawn.array(drawn.one(SHAPES), dtype) for _ in range(drawn.rng.integers(1, 3))]
    weights = [
        Tensor(drawn.array(drawn.one(SHAPES[:6]), dtype), requires_grad=True, label=f"w{i}")
        for i in range(drawn.rng.integers(0, 3))
    ]
    steps = tensor_steps(drawn, dtype)
    several, outputs = drawn.chance(0.4), [drawn.place() for _ in range(3)]
    fitting = []

    def program(*arguments):
        nodes = [*arguments, *weights]
        for k, step in enumerate(steps):
            if fitting and k not in fitting[0]:
                continue
            try:
                y = step(lambda i: nodes[i % len(nodes)])
            except (ValueError, IndexError, TypeError):
                if fitting:
                    raise
                continue
            if y.size > 300:
                continue
            done.append(k)
            nodes.append(y)
        if several:
            return tuple(nodes[i % len(nodes)] if i % 9 else 3.5 for i in outputs)
        return nodes[-1].sum() if outputs[0] % 2 else nodes[-1].mean() + nodes[-2].sum() * 2

    done: list[int] = []
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    expected = program(*leaves)
    fitting.append(set(done))  # what fits is found out once: compiled, it must fit as well
    compiled = compile(program, backend="tensor")
    if several:
        batches = [[a + k for a in arrays] for k in range(3)]
        for results, batch in zip([compiled(*batch) for batch in batches], batches):  # all are held meanwhile
            for found, plain in zip(results, program(*map(Tensor, batch))):
                equal(found, plain.data if isinstance(plain, Tensor) else plain, rel)
                assert not any(np.shares_memory(found, a) for a in batch)
        return
    equal(compiled(*arrays), expected.data, rel)
    expected.backward()
    _, gradients = compiled.value_and_grad(*arrays, argnums=tuple(range(len(arrays))))
    for found, leaf in zip(gradients, leaves):
        equal(found, np.zeros(leaf.shape) if leaf.grad is None else leaf.grad, 10 * rel)
        assert found.dtype == dtype
    if any(w.grad is not None for w in weights):
        slopes = [w.grad for w in weights]
        _, gradients = compiled.value_and_grad(*arrays)
        for w, slope in zip(weights, slopes):
            if slope is not None:
                equal(gradients[w.label], slope, 10 * rel)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("run", [run_scalar_program, run_tensor_program])
def test_random_programs(run, seed):
    with np.errstate(all="ignore"):
        run(seed)


if __name__ == "__main__":
    np.seterr(all="ignore")
    first, until, wrong = int(sys.argv[1]), time.time() + float(sys.argv[2]), 0
    for seed in itertools.count(first):
        if time.time() > until:
            break
        for run in (run_scalar_program, run_tensor_program):
            try:
                run(seed)
            except Exception as error:
                wrong += 1
                print(run.__name__, seed, type(error).__name__, str(error)[:600])
    print(f"{seed - first} programs of each kind, {wrong} wrong")
