"""NumPy's functions of whole arrays: the same as NumPy's on arrays, Values and Tensors, compiled, with gradients."""

import itertools

import numpy as np
import pytest

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value
from tests.agreeing import gradients, numbers, require_agreement, require_second, values

A = np.random.default_rng(4).normal(size=(2, 3, 4))
M = A[0]
ROW = A[0, 0]
NAN = np.where(A > 0.5, np.nan, A)

SAME = {
    "moveaxis": lambda xp, a: xp.moveaxis(a, (0, 1), (-1, 0)),
    "rollaxis": lambda xp, a: xp.rollaxis(a, 2, 1),
    "ravel F": lambda xp, a: xp.ravel(a, order="F"),
    "repeat": lambda xp, a: xp.repeat(a, 2, axis=1),
    "repeat each": lambda xp, a: xp.repeat(a, [0, 2, 1], 1),
    "repeat all": lambda xp, a: xp.repeat(a, 3),
    "tile": lambda xp, a: xp.tile(a, (2, 1, 1, 2)),
    "roll": lambda xp, a: xp.roll(a, -2, axis=2),
    "roll all": lambda xp, a: xp.roll(a, 5),
    "roll axes": lambda xp, a: xp.roll(a, (1, -1), (0, 2)),
    "tril": lambda xp, a: xp.tril(a, 1),
    "triu": lambda xp, a: xp.triu(a, -1),
    "tril of a row": lambda xp, a: xp.tril(a[0, 0]),
    "tensordot": lambda xp, a: xp.tensordot(a, a, ((0, 2), (0, 2))),
    "tensordot 1": lambda xp, a: xp.tensordot(a, a[0, 0], 1),
    "tensordot 0": lambda xp, a: xp.tensordot(a[0, 0], a[0], 0),
    "kron": lambda xp, a: xp.kron(a[0], a[0, 0]),
    "inner": lambda xp, a: xp.inner(a, a[0]),
    "vdot": lambda xp, a: xp.vdot(a, a),
    "vstack": lambda xp, a: xp.vstack([a[0], a[1], a[0, 0]]),
    "hstack": lambda xp, a: xp.hstack([a[0], a[1][:, :1]]),
    "hstack rows": lambda xp, a: xp.hstack([a[0, 0], a[1, 1]]),
    "dstack": lambda xp, a: xp.dstack([a[0], a[1]]),
    "column_stack": lambda xp, a: xp.column_stack([a[0, :, 0], a[0], a[1, :, 1]]),
    "atleast_1d": lambda xp, a: xp.atleast_1d(a[0, 0, 0]),
    "atleast_2d": lambda xp, a: xp.atleast_2d(a[0, 0]),
    "atleast_3d": lambda xp, a: xp.atleast_3d(a[0, 0]),
    "diag": lambda xp, a: xp.diag(a[0, 0], 1),
    "diag below": lambda xp, a: xp.diag(a[0, 0], -2),
    "diag of": lambda xp, a: xp.diag(a[0], -1),
    "cumprod": lambda xp, a: xp.cumprod(a, axis=1),
    "cumprod all": lambda xp, a: xp.cumprod(a),
    "sort": lambda xp, a: xp.sort(a, axis=1),
    "sort all": lambda xp, a: xp.sort(a, axis=None),
    "take": lambda xp, a: xp.take(a, [[3, 0], [-1, 3]], axis=2),
    "take wrap": lambda xp, a: xp.take(a, [7, -9], axis=1, mode="wrap"),
    "take clip": lambda xp, a: xp.take(a, [99, -9], mode="clip"),
    "diff": lambda xp, a: xp.diff(a, 2),
    "diff joined": lambda xp, a: xp.diff(a, axis=0, prepend=1.0, append=a[:1]),
    "array_split": lambda xp, a: xp.concatenate(xp.array_split(a, 3, axis=2)[::-1], axis=2),
    "hsplit": lambda xp, a: xp.hsplit(a, 3)[1],
    "vsplit": lambda xp, a: xp.vsplit(a, 2)[1],
    "dsplit": lambda xp, a: xp.dsplit(a, [1, 3])[1],
    "ptp": lambda xp, a: xp.ptp(a, axis=1),
    "average": lambda xp, a: xp.average(a, axis=2, weights=[1.0, 2.0, 0.5, 4.0]),
    "average of all": lambda xp, a: xp.average(a, weights=a * a + 1),
    "average of axes": lambda xp, a: xp.average(a, (2, 0), weights=a[:, 0].T * a[:, 0].T + 1, keepdims=True),
    "median": lambda xp, a: xp.median(a, axis=1),
    "median of all": lambda xp, a: xp.median(a, keepdims=True),
    "quantile": lambda xp, a: xp.quantile(a, [0.0, 0.3, 1.0], axis=(0, 2)),
    "percentile": lambda xp, a: xp.percentile(a, 62.5, axis=1, keepdims=True),
    "cov": lambda xp, a: xp.cov(a[0]),
    "cov of columns": lambda xp, a: xp.cov(a[0], a[1], rowvar=False, ddof=0),
    "cov of one": lambda xp, a: xp.cov(a[0, 0], bias=True),
    "corrcoef": lambda xp, a: xp.corrcoef(a[0]),
}


@pytest.mark.parametrize("name", SAME)
def test_it_is_numpys(name):
    function = SAME[name]
    require_agreement(lambda a: function(sg, a), A, expected=function(np, A))


@pytest.mark.parametrize("name", SAME)
def test_numpys_own_function_reaches_it(name):
    if name in ("repeat each", "take", "take wrap", "take clip") or "stack" in name:
        pytest.skip("of lists of Tensors and of places NumPy's own tests are enough")
    found = SAME[name](np, Tensor(A, requires_grad=True))
    assert isinstance(found, Tensor)
    assert found.requires_grad
    np.testing.assert_allclose(found.data, SAME[name](np, A))


@pytest.mark.parametrize("name", ["cumprod", "sort", "kron", "quantile", "corrcoef", "average of all", "cumprod all"])
def test_second_derivatives(name):
    require_second(lambda a: SAME[name](sg, a), A)


SHAPES = [(), (1,), (4,), (2, 3), (3, 1, 2), (0,), (2, 0)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_numpy_refuses_is_refused_and_what_it_takes_is_taken(shape):
    a = np.arange(np.prod(shape, dtype=float)).reshape(shape)
    calls = [
        *[("moveaxis", (s, d)) for s, d in itertools.product([0, -1, 2, (0, 1)], repeat=2)],
        *[("rollaxis", (i, j)) for i, j in itertools.product([0, 1, -1, 3], [0, 1, 2, -1, 4])],
        *[("roll", (n, i)) for n, i in itertools.product([0, 1, -5, (1, 2)], [None, 0, 1, -1, (0, 1)])],
        *[("repeat", (n, i)) for n, i in itertools.product([0, 2, [1, 2]], [None, 0, 1, -1] if shape else [None])],
        *[("tile", (n,)) for n in (0, 1, (2, 1), (1, 2, 3))],
        *[(name, (k,)) for name, k in itertools.product(["tril", "triu", "diag"], [0, 1, -1, 5, -5])],
        *[("diff", (n, i)) for n, i in itertools.product([1, 2, 9, -1], [0, -1, 1, 5])],
        *[(name, (i,)) for name, i in itertools.product(["sort", "argsort", "cumprod", "ptp", "median"], [0, -1, 1, None])],
        *[(name, (n,)) for name, n in itertools.product(["hsplit", "vsplit", "dsplit", "array_split"], [1, 2, 3, [1], 0])],
        *[(name, ()) for name in ("ravel", "atleast_1d", "atleast_2d", "atleast_3d", "vstack", "hstack", "column_stack")],
    ]  # fmt: skip
    for name, rest in calls:
        if name == "median" and not a.size:
            continue  # nan, with a warning
        try:
            expected = getattr(np, name)(a, *rest)
        except (ValueError, TypeError, IndexError, ZeroDivisionError):
            expected = None
        for make in (np.array, values, Tensor):
            what = (name, shape, rest, make)
            if name in ("sort", "argsort") and not shape:
                continue  # a single Value is sorted, where NumPy misses an axis
            if expected is None:
                with pytest.raises((ValueError, TypeError)) as told:
                    getattr(sg, name)(make(a), *rest)
                assert str(told.value).startswith(name), what
                continue
            found = getattr(sg, name)(make(a), *rest)
            pairs = zip(found, expected) if isinstance(expected, list) else [(found, expected)]
            for one, other in pairs:
                assert np.array_equal(numbers(one), other), what


# --- sorting ---------------------------------------------------------------------------------------------------------


def test_tied_elements_stay_in_their_order_and_nan_comes_last():
    a = np.array([2.0, np.nan, 1.0, 2.0, -0.0, 0.0, np.inf])
    for make in (np.array, values, Tensor):
        for descending in (False, True):
            order = numbers(sg.argsort(make(a), descending=descending)).astype(int)
            np.testing.assert_array_equal(numbers(sg.sort(make(a), descending=descending)), a[order])
        np.testing.assert_array_equal(numbers(sg.argsort(make(a))), np.argsort(a, kind="stable"))
    np.testing.assert_array_equal(sg.argsort(a, descending=True), [1, 6, 0, 3, 2, 4, 5])


@pytest.mark.parametrize("descending", [False, True])
def test_compiled_scalar_code_sorts_the_numbers_it_is_given(descending):
    box = values(np.zeros(5))
    leaves = box.tolist()
    weights = [1.0, 2.0, 4.0, 8.0, 16.0]
    compiled = fastpath.compile(
        lambda x: sum((v * w for v, w in zip(sg.sort(box, descending=descending), weights)), Value(0.0)) * x
    )
    for given in ([3.0, 1.0, 2.0, 5.0, 4.0], [1.0, 1.0, 0.0, 1.0, 0.0], [5.0, 4.0, 3.0, 2.0, 1.0]):
        for leaf, x in zip(leaves, given):
            leaf.data = x
        y, slopes = compiled.value_and_grad([1.0])
        (expected,) = gradients(lambda t: sg.sort(t, descending=descending), [np.array(given)], np.array(weights))
        np.testing.assert_array_equal([slopes[leaf] for leaf in leaves], expected)
        assert y == np.dot(np.asarray(sg.sort(given, descending=descending)), weights)


def test_topk_gives_values_and_indices_as_pytorch_does():
    torch = pytest.importorskip("torch")
    for k, axis, largest in itertools.product([0, 1, 3], [0, 1, -1], [True, False]):
        if k > A.shape[axis]:
            with pytest.raises(ValueError, match=r"^topk: k is from 0 to"):
                sg.topk(A, k, axis)
            continue
        expected = torch.topk(torch.tensor(A), k, axis, largest)
        found = sg.topk(A, k, axis, largest)
        np.testing.assert_array_equal(found.values, expected.values.numpy())
        np.testing.assert_array_equal(found.indices, expected.indices.numpy())
        require_agreement(lambda a: sg.topk(a, k, axis, largest).values, A)  # noqa: B023
    values_, indices = Tensor(A).topk(2)
    np.testing.assert_array_equal(np.take_along_axis(A, indices.data, -1), values_.data)


def test_take_along_axis_undoes_argsort():
    for axis in (0, 1, -1, None):
        expected = np.take_along_axis(A, np.argsort(A, axis), axis)
        require_agreement(lambda a: sg.take_along_axis(a, np.argsort(A, axis), axis), A, expected=expected)  # noqa: B023
    with pytest.raises(TypeError, match=r"^take_along_axis: indices are integers"):
        sg.take_along_axis(A, A)
    with pytest.raises(sg.NotDifferentiableError, match=r"^argsort has no gradient: the order changes in jumps"):
        (sg.argsort(Tensor(A, requires_grad=True)) * 1.0).sum().backward()


# --- running ---------------------------------------------------------------------------------------------------------

RUNS = {
    "zeros": np.array([[2.0, 0.0, 3.0, 0.0, -1.0], [0.0, 1.0, 2.0, 0.5, 4.0]]),
    "ties": np.array([[1.0, 1.0, 0.0, 2.0, 2.0], [3.0, 3.0, 3.0, -1.0, 3.0]]),
    "random": np.random.default_rng(1).normal(size=(2, 5)),
    "far": np.array([[1000.0, -1000.0, 1000.5, 0.0, 999.0], [-np.inf, -np.inf, 1.0, -np.inf, 2.0]]),
    "one": np.array([[3.0], [0.0]]),
}


@pytest.mark.parametrize("numbers_", RUNS)
@pytest.mark.parametrize("name", ["cumprod", "cummax", "cummin", "logcumsumexp"])
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_running_functions_are_pytorchs(name, axis, numbers_):
    torch = pytest.importorskip("torch")
    a = RUNS[numbers_]
    if name == "cumprod" and numbers_ == "far":
        pytest.skip("0 · inf")
    t = torch.tensor(a if axis is not None else a.ravel(), requires_grad=True)
    expected = getattr(torch, name)(t, dim=axis or 0)
    expected = expected.values if name.startswith("cumm") else expected
    seed = np.cos(np.arange(a.size, dtype=float)).reshape(tuple(expected.shape))
    expected.backward(torch.tensor(seed))
    np.testing.assert_allclose(getattr(sg, name)(a, axis=axis), expected.detach().numpy(), rtol=1e-12)
    (found,) = gradients(lambda x: getattr(sg, name)(x, axis=axis), [a], seed)
    if numbers_ != "far" or name != "logcumsumexp" or axis in (0, None):
        wanted = np.nan_to_num(t.grad.numpy()) if numbers_ == "far" else t.grad.numpy()
        np.testing.assert_allclose(found, wanted.reshape(a.shape), rtol=1e-9, atol=1e-12)
    assert np.isfinite(found).all()
    if numbers_ != "far":
        require_agreement(lambda x: getattr(sg, name)(x, axis=axis), a)


# --- keywords --------------------------------------------------------------------------------------------------------


def test_dtype_and_settings_that_change_nothing():
    t = Tensor(A, requires_grad=True, dtype=np.float32)
    for name in ("sum", "mean", "prod", "std", "cumsum", "cumprod"):
        y = getattr(sg, name)(t, dtype=np.float64)
        assert y.dtype == np.float64
        y.sum().backward()
        assert t.grad.dtype == np.float32
        assert getattr(t, name)(out=None, dtype=None).dtype == np.float32
        assert getattr(sg, name)(A, dtype=np.float32).dtype == np.float32
        with pytest.raises(TypeError, match=f"^{name}: expected a float type, not int64"):
            getattr(sg, name)(values(ROW), dtype=int)
    assert float(sg.sum(values(ROW), dtype=float)) == pytest.approx(ROW.sum())
    np.testing.assert_array_equal(sg.sort(A, kind="mergesort", stable=True), np.sort(A))
    np.testing.assert_array_equal(sg.flip(A, out=None, where=True), np.flip(A))
    for wrong in ({"out": A}, {"where": False}, {"nonsense": None}, {"casting": "unsafe"}):
        with pytest.raises(TypeError):
            sg.sum(A, **wrong)
        with pytest.raises(TypeError):
            sg.flip(A, **wrong)


def test_einsum_by_lists_and_with_optimize():
    b = A[1].T
    for call in (
        lambda xp, x, y: xp.einsum(x, [0, 1], y, [1, 2], [0, 2]),
        lambda xp, x, y: xp.einsum(x, [3, 1], y, [1, 0]),
        lambda xp, x, y: xp.einsum(x, [..., 0], y, [0, 1], [..., 1], optimize="greedy"),
        lambda xp, x, y: xp.einsum("ij,jk", x, y, optimize=True),
    ):
        require_agreement(lambda x, y, call=call: call(sg, x, y), M, b, expected=call(np, M, b))
    assert sg.einsum("ij->", M, dtype=np.float32).dtype == np.float32
    for wrong in (
        lambda: sg.einsum(M, [0, 99]),
        lambda: sg.einsum(M, ["i", "j"]),
        lambda: sg.einsum(M),
        lambda: sg.einsum(M, b),
    ):
        with pytest.raises((TypeError, ValueError), match=r"^einsum: "):
            wrong()


def test_flatten_is_numpys_and_pytorchs():
    np.testing.assert_array_equal(sg.flatten(A), A.ravel())
    np.testing.assert_array_equal(sg.flatten(A, "F"), A.flatten("F"))
    assert Tensor(A).flatten(1).shape == (2, 12)
    assert Tensor(A).flatten(0, 1).shape == (6, 4)
    with pytest.raises(ValueError, match=r"^flatten: start_dim=2, end_dim=0"):
        sg.flatten(A, 2, 0)


def test_nansum_and_nanmean_leave_nan_out():
    for axis in (None, 0, (0, 1)):
        np.testing.assert_allclose(sg.nansum(NAN, axis), np.nansum(NAN, axis))
        t = Tensor(NAN, requires_grad=True)
        sg.nanmean(t).backward()
        assert np.isfinite(t.grad).all()
        assert (t.grad[np.isnan(NAN)] == 0).all()
    assert np.isnan(float(sg.median(NAN)))
    np.testing.assert_allclose(sg.nanmean(NAN, 1), np.nanmean(NAN, 1))
