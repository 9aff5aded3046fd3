"""Every row on arrays of every layout and kind: in any order of memory, with negative strides, broadcast, empty, narrow."""

import numpy as np
import pytest

import fastpath
import scalargrad
from fastpath import Tensor
from scalargrad import OPS, Value
from scalargrad.ops.structure import STRUCTURAL

ELEMENTWISE = [row for row in OPS.values() if not row.why_not]
SAMPLES = [
    pytest.param(row, sample, id=f"{row.name}-{i}")
    for row in STRUCTURAL.values()
    if not row.why_not
    for i, sample in enumerate(row.samples)
]


def padded(a):
    """The same numbers, some memory apart."""
    wide = np.full(tuple(2 * n for n in a.shape), np.nan, a.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in a.shape)]
    view[...] = a
    return view


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "apart": padded,
    "backwards": lambda a: a[(slice(None, None, -1),) * a.ndim].copy()[(slice(None, None, -1),) * a.ndim],
    "transposed": lambda a: a.T.copy().T,
    "axes turned": lambda a: np.moveaxis(np.moveaxis(a, 0, -1).copy(), -1, 0) if a.ndim else a,
    "read-only": lambda a: np.broadcast_to(a, a.shape),
}


def broadcast(shape, number):
    return np.broadcast_to(np.float64(number), shape)


class Maker:
    """The operands of a sample, turned into something else; what was made is kept."""

    def __init__(self, turn=lambda a: a, seed=5):
        self.random = np.random.default_rng(seed)
        self.turn = turn
        self.made = []

    def __call__(self, *shape):
        self.made.append(self.turn(self.random.normal(size=shape)))
        return self.made[-1]


def run(sample, turn):
    """The result on arrays, the result on Tensors, and their gradients."""
    plain = sample(Maker(turn))
    maker = Maker(lambda a: Tensor(turn(a), requires_grad=True))
    result = sample(maker)
    result.backward(np.random.default_rng(1).normal(size=result.shape))
    return np.asarray(plain), result.data, [t.grad if t.grad is not None else np.zeros(t.shape) for t in maker.made]


def agree(got, expected, rtol=1e-12):
    assert np.shape(got) == np.shape(expected)
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(("row", "sample"), SAMPLES)
def test_the_order_in_memory_changes_nothing(row, sample, layout):
    for got, expected in zip(run(sample, layout), run(sample, lambda a: a)):
        agree(got, expected) if not isinstance(got, list) else [agree(g, e) for g, e in zip(got, expected)]


@pytest.mark.parametrize(("row", "sample"), SAMPLES)
def test_a_number_repeated_by_strides_of_0_is_an_array_of_it(row, sample):
    repeated = run(sample, lambda a: broadcast(a.shape, 0.7))
    for got, expected in zip(repeated, run(sample, lambda a: np.full(a.shape, 0.7))):
        agree(got, expected) if not isinstance(got, list) else [agree(g, e) for g, e in zip(got, expected)]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_elementwise_rows_take_every_layout(row, layout):
    random = np.random.default_rng(3)
    arrays = [random.uniform(low, high, size=(2, 3, 4)) for low, high in row.domain]
    leaves = [Tensor(layout(a), requires_grad=True) for a in arrays]
    seed = random.normal(size=(2, 3, 4))
    result = row(*leaves)
    result.backward(layout(seed))
    numbers = np.array([row.number(*at) for at in zip(*[a.ravel().tolist() for a in arrays])]).reshape(2, 3, 4)
    agree(result.data, numbers, rtol=1e-14)
    agree(np.asarray(row(*map(layout, arrays))), numbers, rtol=1e-14)
    for place, leaf in enumerate(leaves):
        local = [row.local(place, y, at) for y, at in zip(numbers.ravel(), zip(*[a.ravel().tolist() for a in arrays]))]
        agree(leaf.grad, seed * np.reshape(local, (2, 3, 4)))


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1, 1)])
def test_elementwise_rows_take_empty_arrays_and_single_numbers(row, shape):
    leaves = [Tensor(np.full(shape, (low + high) / 2), requires_grad=True) for low, high in row.domain]
    result = row(*leaves)
    result.backward(np.ones(shape))
    assert result.shape == shape
    assert all(leaf.grad.shape == shape for leaf in leaves)


# --- against NumPy itself --------------------------------------------------------------------------------------------

A = np.random.default_rng(0).normal(size=(2, 3, 4))
REDUCING = {
    "sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod, "var": np.var, "std": np.std,
    "l2norm": lambda a, **k: np.sqrt(np.sum(a * a, **k)),
    "logsumexp": lambda a, **k: np.log(np.sum(np.exp(a), **k)),
}  # fmt: skip


@pytest.mark.parametrize("name", REDUCING)
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (-1, 1), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions_are_those_of_numpy(name, axis, keepdims):
    row = STRUCTURAL[name]
    expected = REDUCING[name](A, axis=axis, keepdims=keepdims)
    for a in (A, Tensor(A), np.frompyfunc(Value, 1, 1)(A)):
        result = row(a, axis=axis, keepdims=keepdims)
        numbers = result.data if isinstance(result, (Tensor, Value)) else np.asarray(result, dtype=float)
        agree(np.vectorize(float)(numbers), expected)


@pytest.mark.parametrize("name", [*REDUCING, "softmax", "log_softmax", "cumsum"])
@pytest.mark.parametrize("axis", [0, -1, None])
def test_a_single_number_may_be_reduced_along_axis_0_as_in_numpy(name, axis):
    if name in ("softmax", "log_softmax") and axis is None:
        axis = -1
    t, v = Tensor(2.0, requires_grad=True), Value(2.0)
    result = STRUCTURAL[name](t, axis=axis)
    result.backward(np.ones(result.shape))
    other = np.asarray(STRUCTURAL[name](v, axis=axis), dtype=object).item()
    other.backward()
    assert float(np.asarray(result.data).item()) == pytest.approx(other.data, abs=1e-15)
    assert float(t.grad) == pytest.approx(v.grad, abs=1e-15)
    assert fastpath.compile(lambda x: STRUCTURAL[name](x, axis=axis).sum())(np.array(2.0)) == pytest.approx(other.data)


@pytest.mark.parametrize("ddof", [0, 1, 6, 7, 2.5])
@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.filterwarnings("ignore")
def test_var_and_std_with_any_ddof_are_those_of_numpy(ddof, axis):
    a = A[0][:2, :3]
    for name in ("var", "std"):
        expected = getattr(np, name)(a, axis=axis, ddof=ddof)
        t = Tensor(a)
        np.testing.assert_allclose(getattr(t, name)(axis=axis, ddof=ddof).data, expected, rtol=1e-13)
        of_values = np.asarray(STRUCTURAL[name](np.frompyfunc(Value, 1, 1)(a), axis=axis, ddof=ddof), dtype=object)
        np.testing.assert_allclose(np.vectorize(float)(of_values), expected, rtol=1e-13)
        compiled = fastpath.compile(lambda x: getattr(x, name)(axis=axis, ddof=ddof))  # noqa: B023
        np.testing.assert_allclose(compiled(a), expected, rtol=1e-13)


@pytest.mark.parametrize("step", [-2, -1, 2])
def test_flip_is_that_of_numpy_on_lengths_that_show_a_wrong_step(step):
    a = np.arange(24.0).reshape(2, 3, 4)
    for axis in (None, 0, 1, -1, (0, 2)):
        for x in (a, Tensor(a), np.frompyfunc(Value, 1, 1)(a)):
            got = scalargrad.flip(x, axis)
            np.testing.assert_array_equal(np.vectorize(float)(getattr(got, "data", got)), np.flip(a, axis))
    key = (slice(None), slice(None, None, step))
    np.testing.assert_array_equal(Tensor(a)[key].data, a[key])


@pytest.mark.parametrize(
    "call",
    [
        lambda a: scalargrad.sum(a, axis=(0, 0)),
        lambda a: scalargrad.max(a, axis=(0, -3)),
        lambda a: scalargrad.std(a, axis=(1, 1)),
        lambda a: scalargrad.logsumexp(a, axis=(2, -1)),
        lambda a: scalargrad.softmax(a, axis=(0, 0)),
        lambda a: scalargrad.transpose(a, (0, 0, 1)),
        lambda a: scalargrad.norm(a, axis=(0, 1, 0)),
        lambda a: scalargrad.min(a, axis=3),
        lambda a: scalargrad.std(a, axis=-4),
    ],
)
def test_an_axis_named_twice_or_not_there_is_refused(call):
    for a in (A, Tensor(A), np.frompyfunc(Value, 1, 1)(A)):
        with pytest.raises(ValueError, match=r"twice|repeated|duplicate|out of (bounds|range)"):
            call(a)
