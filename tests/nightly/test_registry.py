"""The part ``registry``: every row of both tables, on Values, on Tensors and compiled, at whatever numbers and shapes.

Specials, ties, 0-d and empty arrays, axes that are broadcast, whole numbers, all axes and keepdims.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import OPS, Value
from scalargrad.ops.structure import STRUCTURAL

inf, nan = math.inf, math.nan
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    0.5,
    1e-8,
    1e-200,
    -1e-300,
    5e-324,
    30.0,
    -745.0,
    1e5,
    1e200,
    -1e308,
    inf,
    -inf,
    nan,
]
NUMBERS = st.one_of(st.sampled_from(SPECIAL), st.integers(-3, 3).map(float), st.floats(-3, 3))
TAME = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 0.5]), st.floats(-3, 3).filter(lambda v: v == 0 or abs(v) > 1e-6)
)
ROWS = [row for row in OPS.values() if not row.why_not]


def same(found, expected, what, rtol=1e-9, scale=0.0):
    """Equal up to rounding; nan where nan is, the same infinities."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, what
    finite = np.isfinite(expected)
    assert (np.isnan(found) == np.isnan(expected)).all(), (what, found, expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite], err_msg=what)
    gap = abs(found[finite] - expected[finite])
    assert (gap <= rtol * (abs(expected[finite]) + scale) + 1e-300).all(), (what, found, expected)


@st.composite
def operands(draw, count):
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=count, min_dims=0, max_dims=3, min_side=0, max_side=3)
    ).input_shapes
    arrays = []
    for shape in shapes:
        if draw(st.integers(0, 9)) == 0:
            arrays.append(
                draw(hnp.arrays(draw(st.sampled_from([np.int64, np.int8])), shape, elements=st.integers(-3, 3)))
            )
        else:
            arrays.append(draw(hnp.arrays(float, shape, elements=NUMBERS)))
    return arrays


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(data=st.data())
def test_an_elementwise_row_is_the_same_on_values_tensors_and_compiled(row, data):
    arrays = data.draw(operands(len(row.operands)))
    floats = [np.asarray(a, float) for a in arrays]
    with np.errstate(all="ignore"):
        leaves = [Tensor(a, requires_grad=True) for a in floats]
        y = row(*leaves)
        y.backward(np.ones(y.shape))
        grads = [np.zeros(t.shape) if t.grad is None else t.grad for t in leaves]
        values, shares = on_values(row, floats, y.shape)
        same(y.data, values, "Tensors and Values", 1e-12)
        for i, (a, b) in enumerate(zip(grads, shares, strict=True)):
            size = abs(np.where(np.isfinite(b), b, 0)).max(initial=1.0)
            same(a, b, f"Tensors and Values, operand {i}", 1e-9, size)
        names = ", ".join("abc"[: len(arrays)])
        f = fastpath.compile(eval(f"lambda {names}: row({names})", {"row": row}), backend="tensor")
        same(f(*arrays), y.data, "compiled", 1e-12)
        g = fastpath.compile(eval(f"lambda {names}: row({names}).sum()", {"row": row}), backend="tensor")
        _, found = g.value_and_grad(*floats, argnums=tuple(range(len(arrays))))
        for i, (a, b) in enumerate(zip(found, grads, strict=True)):
            size = abs(np.where(np.isfinite(b), b, 0)).max(initial=1.0)
            same(a, b, f"compiled, operand {i}", 1e-9, size)


def on_values(row, arrays, shape):
    """An elementwise row element by element, and the gradient of the sum by each operand."""
    boxes = [
        np.frompyfunc(lambda v: Value(float(v)), 1, 1)(a) if a.ndim else np.array(Value(float(a)), object)
        for a in arrays
    ]
    wide = [np.broadcast_to(b, shape) for b in boxes]
    out = np.empty(shape)
    slopes = [np.zeros(a.shape) for a in arrays]
    for place in np.ndindex(shape):
        inputs = [w[place] for w in wide]
        y = row(*inputs)
        y.backward()
        out[place] = y.data
    for slope, box in zip(slopes, boxes, strict=True):
        for place in np.ndindex(slope.shape):
            slope[place] = box[place].grad
    return out, slopes


class Given:
    """Makes the operands of a sample from numbers that are drawn."""

    def __init__(self, turn, arrays=None, data=None):
        self.turn, self.arrays, self.data = turn, [] if arrays is None else arrays, data
        self.made = []

    def __call__(self, *shape):
        if self.data is not None:
            self.arrays.append(self.data.draw(hnp.arrays(float, shape, elements=TAME)))
        self.made.append(self.turn(self.arrays[len(self.made)]))
        return self.made[-1]


SAMPLES = [
    pytest.param(row, sample, id=f"{row.name}-{i}")
    for row in STRUCTURAL.values()
    if not row.why_not
    and row.name not in ("inv", "solve", "det", "logabsdet", "detsign", "cholesky")  # see test_linalg
    for i, sample in enumerate(row.samples)
]


def boxed(array):
    return np.frompyfunc(lambda v: Value(float(v)), 1, 1)(array) if array.ndim else Value(float(array))


@pytest.mark.parametrize(("row", "sample"), SAMPLES)
@given(data=st.data())
def test_a_structural_row_is_the_same_on_values_tensors_and_compiled(row, sample, data):
    with np.errstate(all="ignore"):
        tensors = Given(lambda a: Tensor(a, requires_grad=True), data=data)
        y = sample(tensors)
        seed = np.cos(np.arange(y.size)).reshape(y.shape)
        y.backward(seed)
        grads = [np.zeros(t.shape) if t.grad is None else t.grad for t in tensors.made]
        values = Given(boxed, tensors.arrays)
        z = np.asarray(sample(values), dtype=object)
        numbers = np.array([float(v) for v in z.flat]).reshape(z.shape)
        scale = abs(np.where(np.isfinite(y.data), y.data, 0)).max(initial=1.0)
        same(numbers, y.data, "Values and Tensors", 1e-9, scale)
        sum((v * float(s) for v, s in zip(z.flat, seed.flat, strict=True)), Value(0.0)).backward()
        size = max([abs(np.where(np.isfinite(g), g, 0)).max(initial=1.0) for g in grads])
        for i, (a, box) in enumerate(zip(grads, values.made, strict=True)):
            b = np.array([v.grad for v in np.asarray(box, dtype=object).flat]).reshape(a.shape)
            same(b, a, f"Values and Tensors, operand {i}", 1e-8, size)
        leaves = [Tensor(a, requires_grad=True) for a in tensors.arrays]
        rest = itertools.cycle(leaves)
        f = fastpath.compile(
            lambda s: (sample(Given(lambda _: next(rest), tensors.arrays)) * s).sum(), backend="tensor"
        )
        f.backward(seed)
        for i, (a, leaf) in enumerate(zip(grads, leaves, strict=True)):
            b = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
            same(b, a, f"compiled, operand {i}", 1e-9, size)


REDUCTIONS = [
    "sum",
    "mean",
    "max",
    "min",
    "prod",
    "std",
    "var",
    "l2norm",
    "logsumexp",
    "softmax",
    "log_softmax",
    "cumsum",
]


@pytest.mark.parametrize("name", REDUCTIONS)
@given(data=st.data())
def test_a_reduction_is_the_same_over_any_axes_of_any_shape(name, data):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    a = data.draw(hnp.arrays(float, shape, elements=TAME))
    settings = {}
    if name in ("softmax", "log_softmax", "cumsum"):
        if not shape:
            return
        settings["axis"] = data.draw(st.integers(-len(shape), len(shape) - 1))
    else:
        axes = st.none() | (st.integers(-len(shape), len(shape) - 1) if shape else st.none())
        if len(shape) > 1:
            axes = axes | st.permutations(range(len(shape))).map(lambda p: tuple(p[:2]))
        settings = {"axis": data.draw(axes), "keepdims": data.draw(st.booleans())}
    row = STRUCTURAL[name]
    with np.errstate(all="ignore"):
        leaf = Tensor(a, requires_grad=True)
        try:
            y = row(leaf, **settings)
        except ValueError:  # the largest of nothing
            with pytest.raises(ValueError, match=r"\S"):
                fastpath.compile(lambda x: row(x, **settings), backend="tensor")(a)
            return
        y.backward(np.ones(y.shape))
        z = np.asarray(row(boxed(a), **settings), dtype=object)
        scale = abs(np.where(np.isfinite(y.data), y.data, 0)).max(initial=1.0)
        same(np.array([float(v) for v in z.flat]).reshape(z.shape), y.data, "Values and Tensors", 1e-9, scale)
        same(fastpath.compile(lambda x: row(x, **settings), backend="tensor")(a), y.data, "compiled", 1e-9, scale)
        _, g = fastpath.compile(lambda x: sg.sum(row(x, **settings)), backend="tensor").value_and_grad(a, argnums=0)
        size = abs(np.where(np.isfinite(leaf.grad), leaf.grad, 0)).max(initial=1.0)
        same(g, leaf.grad, "compiled, the gradient", 1e-8, size)


KEYS = st.deferred(lambda: st.one_of(st.integers(-4, 3), st.slices(4), st.slices(6), st.just(None), st.just(...),
                                     st.lists(st.integers(-3, 2), min_size=1, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3)))  # fmt: skip


@given(data=st.data())
def test_any_key_gives_what_numpy_gives_and_its_gradient_goes_back_there(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
    key = tuple(data.draw(st.lists(KEYS, max_size=4)))
    a = np.arange(1.0, math.prod(shape) + 1).reshape(shape)
    try:
        expected = a[key]
    except (IndexError, ValueError):
        for function in (lambda: Tensor(a)[key], lambda: fastpath.compile(lambda x: x[key], backend="tensor")(a)):
            with pytest.raises((IndexError, ValueError, TypeError), match=r"\S"):
                function()
        return
    wanted = np.zeros(shape)
    np.add.at(wanted, key, expected)
    leaf = Tensor(a, requires_grad=True)
    y = leaf[key]
    same(y.data, expected, "Tensors")
    y.backward(expected)
    same(leaf.grad, wanted, "the gradient")
    same(fastpath.compile(lambda x: x[key], backend="tensor")(a), expected, "compiled")
    f = fastpath.compile(lambda x: (x[key] * expected).sum(), backend="tensor")
    same(f.value_and_grad(a, argnums=0)[1], wanted, "compiled, the gradient")
    same(fastpath.compile(lambda x: x[key] * 2.0, backend="tensor")(a), expected * 2, "compiled and used")
