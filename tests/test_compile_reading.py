"""Which rows of the registry a plan reads, and which it calls at run time as they are; faults are not hidden."""

import math

import numpy as np
import pytest

import scalargrad as sg
from fastpath import compile
from fastpath.ir.build import Builder
from fastpath.ir.expr import UnreadableError
from fastpath.ir.rows import Namespace
from scalargrad.ops.registry import op, remove
from scalargrad.ops.structure import STRUCTURAL, structural

RNG = np.random.default_rng(0)


def calls_of(f, arrays, gradient=True):
    """What the plan of a function calls, forward and backward."""
    argnums = tuple(range(len(arrays))) if gradient else None
    plan = compile(lambda *a: f(*a).sum(), backend="tensor").plan(*arrays, argnums=argnums)
    return {i.text.split("= ")[1].split("(")[0] for i in plan.instructions if i.code == "call"}


def calls_of_sample(row, sample):
    shapes = []
    sample(lambda *shape: (shapes.append(shape), RNG.normal(size=shape))[1])

    def f(*arrays):
        rest = iter(arrays)
        return sample(lambda *shape: next(rest))

    return calls_of(f, [RNG.uniform(0.5, 1, shape) for shape in shapes], not row.why_not)


def test_the_rows_that_are_called_at_run_time():
    """All others are read: whoever adds a row here should know why it cannot be."""
    found = {}
    for name, row in sg.OPS.items():
        arrays = [RNG.uniform(0.5, 1, 3) for _ in row.operands]
        found[name] = calls_of(row, arrays, not row.why_not)
    for name, row in STRUCTURAL.items():
        found[name] = set().union(*[calls_of_sample(row, sample) for sample in row.samples])
    assert {name: calls for name, calls in found.items() if calls} == {
        "argmax": {"argmax"},
        "argmin": {"argmin"},
        "cumsum": {"cumsum"},
        "einsum": {"einsum"},
        "cross_entropy": {"check_labels", "cross_entropy", "cross_entropy_pullback"},  # of probabilities
        "l2norm": {"l2norm"},  # its squares may overflow or vanish, std's too
        "std": {"std"},
        **{
            name: {name}
            for name in ("argsort", "cumprod", "cummax", "cummin", "logcumsumexp", "detsign", "inv", "solve")
        },
        "sort": {"sort", "sort_pullback"},
        "det": {"det", "det_pullback"},
        "logabsdet": {"logabsdet", "inv"},
        "cholesky": {"cholesky", "inv"},
        "sliding_window_view": {"sliding_window_view", "overlap_add"},
        "overlap_add": {"sliding_window_view", "overlap_add"},
    }


# --- a row that cannot be read ---------------------------------------------------------------------------------------

UNREADABLE = {
    "a number": lambda xp, a: a * math.sin(float(a.max())),
    "a condition": lambda xp, a: a * 2 if a.sum() > 0 else a,
    "an item set": lambda xp, a: _first_doubled(a),
    "a function that is no ufunc": lambda xp, a: xp.sort(a),
    "a method of arrays": lambda xp, a: a.copy() * 2,
    "a method of ufuncs": lambda xp, a: xp.add.accumulate(a),
    "an option of a ufunc": lambda xp, a: xp.multiply(a, 2.0, dtype=float),
    "an option of a reduction": lambda xp, a: a * xp.add.reduce(a, initial=3.0),
    "an option of a function": lambda xp, a: xp.reshape(a, (-1,), order="F"),
    "a remainder": lambda xp, a: a % 0.5,
    "NumPy itself": lambda xp, a: np.fft.ifft(np.fft.fft(a)).real,
}


def _first_doubled(a):
    a = a * 1.0
    a[0] = 2 * a[0]
    return a


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_called(name):
    row = structural("peculiar", UNREADABLE[name], (lambda g, y, a: g * 3 if float(y.sum()) > 0 else g,))
    try:
        x = np.array([0.7, 0.2, 0.9])
        f = compile(lambda a: row(a).sum(), backend="tensor")
        assert f(x) == pytest.approx(np.asarray(row(x)).sum())
        assert calls_of(row, [x]) == {"peculiar", "peculiar_pullback"}
        _, gradient = f.value_and_grad(x, argnums=0)
        np.testing.assert_array_equal(gradient, [3, 3, 3])
    finally:
        remove(row)


def test_an_elementwise_row_that_cannot_be_read_is_called():
    row = op("peculiar", lambda xp, a: xp.where(a % 1.0 > 0.5, a, -a), (lambda y, a: 2.0,))
    try:
        x = np.array([0.7, 0.2, 0.9])
        assert calls_of(row, [x]) == {"peculiar"}
        np.testing.assert_array_equal(compile(lambda a: row(a), backend="tensor")(x), [0.7, -0.2, 0.9])
    finally:
        remove(row)


@pytest.mark.parametrize("error", [ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError])
@pytest.mark.parametrize("where", ["forward", "pullback", "elementwise"])
def test_a_fault_of_the_compiler_is_not_taken_for_a_row_that_cannot_be_read(error, where, monkeypatch):
    def faulty(*arguments, **named):
        raise error("a fault")

    x = np.ones(3)
    if where == "elementwise":
        f, name = (lambda a: sg.sigmoid(a).sum()), "where"
    elif where == "forward":
        f, name = (lambda a: sg.softmax(a).sum()), "reduce"
    else:
        f, name = (lambda a: sg.var(a)), "ufunc"
        compile(f, backend="tensor")(x)
    monkeypatch.setattr(Builder, name, faulty)
    with pytest.raises(error, match="a fault"):
        compile(f, backend="tensor").value_and_grad(x, argnums=0)


def test_a_namespace_tells_what_it_has_not_got():
    xp = Namespace(Builder())
    assert not hasattr(xp, "sort")
    assert not hasattr(xp.add, "accumulate")
    for ask in (lambda: xp.sort, lambda: xp.frobnicate, lambda: xp.modf, lambda: xp.reshape(order="F")):
        with pytest.raises(UnreadableError):
            ask()
