"""``fastpath.numpy``: NumPy's names on arrays, Tensors and Values alike, with the same numbers, and never a lost gradient."""

import inspect
import pickle
import subprocess
import sys

import numpy
import pytest

import fastpath.numpy as np
from fastpath import Tensor
from scalargrad import OPS, STRUCTURAL, Value, gradcheck
from scalargrad.ops.numpys import NUMPYS

A = numpy.array([[0.3, -1.2, 2.0], [0.7, 1.5, -0.4]])
B = numpy.array([[1.0, 0.5], [-0.5, 2.0], [0.25, 1.0]])
S = numpy.array([[2.0, 0.3], [0.1, 1.5]])

CALLS = {
    "sum": lambda np, x: np.sum(x, axis=1), "mean": lambda np, x: np.mean(x), "exp": lambda np, x: np.exp(x), "dot": lambda np, x: np.dot(x, B),
    "dot reflected": lambda np, x: np.dot(B, x), "matmul": lambda np, x: np.matmul(x, B), "einsum": lambda np, x: np.einsum("ij,jk->ik", x, B),
    "concatenate": lambda np, x: np.concatenate([x, A], axis=0), "stack": lambda np, x: np.stack([x, x], axis=1), "maximum": lambda np, x: np.maximum(x, 0.1),
    "where": lambda np, x: np.where(A > 0, x, 2.0 * x), "clip": lambda np, x: np.clip(x, -1.0, 1.0), "reshape": lambda np, x: np.reshape(x, (3, 2)),
    "transpose": lambda np, x: np.transpose(x), "std": lambda np, x: np.std(x, axis=0), "var": lambda np, x: np.var(x, axis=1, ddof=1),
    "norm": lambda np, x: np.linalg.norm(x), "trace": lambda np, x: np.linalg.trace(np.dot(x, B)), "outer": lambda np, x: np.outer(x[0], x[1]),
    "add.reduce": lambda np, x: np.add.reduce(x, axis=1), "maximum.reduce": lambda np, x: np.maximum.reduce(x), "outer of add": lambda np, x: np.add.outer(x, x[0]),
    "array": lambda np, x: np.array([x[0, 0], 2.0, x[1, 1]]), "array of rows": lambda np, x: np.array([x[1], x[0]]), "array nested": lambda np, x: np.array([[x[0, 0], 1.0], [0.0, x[1, 2]]]),
    "array of one": lambda np, x: np.array(x), "sum of a list": lambda np, x: np.sum([x[0, 0], x[1, 1], 3.0]), "mean of rows": lambda np, x: np.mean([x[0], x[1]], axis=0),
    "exp of a list": lambda np, x: np.exp([x[0, 0], 1.0]), "full": lambda np, x: np.full((2, 2), x[0, 0]), "full_like": lambda np, x: np.full_like(A, x[0, 1]),
    "linspace": lambda np, x: np.linspace(x[0, 0], x[1, 1], 5), "append": lambda np, x: np.append(x, [[1.0, 2.0, 3.0]], axis=0), "append flat": lambda np, x: np.append(x, 1.0),
    "take": lambda np, x: np.take(x, [2, 0], axis=1), "take flat": lambda np, x: np.take(x, [4, 0]), "compress": lambda np, x: np.compress([True, False], x, axis=0),
    "extract": lambda np, x: np.extract(A > 0, x), "delete": lambda np, x: np.delete(x, 1, axis=1), "array_split": lambda np, x: np.array_split(x, 2, axis=1)[0],
    "hsplit": lambda np, x: np.hsplit(x, 3)[1], "vsplit": lambda np, x: np.vsplit(x, 2)[1], "unstack": lambda np, x: np.unstack(x, axis=1)[2],
    "dstack": lambda np, x: np.dstack([x, x]), "fliplr": lambda np, x: np.fliplr(x), "flipud": lambda np, x: np.flipud(x), "rot90": lambda np, x: np.rot90(x, 3),
    "rollaxis": lambda np, x: np.rollaxis(np.reshape(x, (1, 2, 3)), 2), "broadcast_arrays": lambda np, x: np.broadcast_arrays(x[0], A)[0], "copy": lambda np, x: np.copy(x),
    "meshgrid": lambda np, x: np.meshgrid(x[0], [1.0, 2.0])[0], "meshgrid ij": lambda np, x: np.meshgrid([1.0, 2.0], x[0], indexing="ij")[1], "unique": lambda np, x: np.unique(x),
    "average": lambda np, x: np.average(x, axis=0, weights=[1.0, 3.0]), "average of all": lambda np, x: np.average(x, weights=A + 2.0), "ptp": lambda np, x: np.ptp(x, axis=1),
    "nan_to_num": lambda np, x: np.nan_to_num(x), "nansum": lambda np, x: np.nansum(x, axis=0), "nanmean": lambda np, x: np.nanmean(x), "cov": lambda np, x: np.cov(x),
    "corrcoef": lambda np, x: np.corrcoef(x), "trapezoid": lambda np, x: np.trapezoid(x, [0.0, 1.0, 3.0], axis=1), "trapezoid dx": lambda np, x: np.trapezoid(x, dx=0.5),
    "quantile": lambda np, x: np.quantile(x, [0.1, 0.6], axis=1), "percentile": lambda np, x: np.percentile(x, 30.0), "median": lambda np, x: np.median(x, axis=0),
    "median kept": lambda np, x: np.median(x, axis=1, keepdims=True), "vdot": lambda np, x: np.vdot(x, A), "vecdot": lambda np, x: np.vecdot(x, A), "matvec": lambda np, x: np.matvec(x, B[:, 0]),
    "vecmat": lambda np, x: np.vecmat(x[0], B), "multi_dot": lambda np, x: np.linalg.multi_dot([x, B, x]), "matrix_power": lambda np, x: np.linalg.matrix_power(np.dot(x, B), 3),
    "cross": lambda np, x: np.cross(x, A[::-1]), "polyval": lambda np, x: np.polyval([1.0, -2.0, 0.5], x), "polyval of coefficients": lambda np, x: np.polyval(x[0], 1.5),
    "vander": lambda np, x: np.vander(x[0], 4), "convolve": lambda np, x: np.convolve(x[0], [1.0, 2.0]), "convolve same": lambda np, x: np.convolve(x[0], [1.0, 2.0, 3.0, 4.0], "same"),
    "convolve valid": lambda np, x: np.convolve(x[0], [1.0, 2.0], "valid"), "correlate": lambda np, x: np.correlate(x[0], [1.0, 2.0], "full"), "gradient": lambda np, x: np.gradient(x[0], 0.5),
    "gradient of an axis": lambda np, x: np.gradient(x, axis=1), "interp": lambda np, x: np.interp(x, [-1.0, 0.0, 1.6], [2.0, 0.5, 3.0]), "interp fp": lambda np, x: np.interp([-2.0, 0.5, 9.0], [0.0, 1.0, 2.0], x[0]),
    "select": lambda np, x: np.select([A > 1, A > 0], [x, 2.0 * x], 5.0), "positive": lambda np, x: np.positive(x), "real": lambda np, x: np.real(x), "conj": lambda np, x: np.conj(x),
    "fabs": lambda np, x: np.fabs(x), "reciprocal": lambda np, x: np.reciprocal(x), "float_power": lambda np, x: np.float_power(x, 2.0), "degrees": lambda np, x: np.degrees(x),
    "radians": lambda np, x: np.deg2rad(x), "logaddexp.reduce": lambda np, x: np.logaddexp.reduce(x, axis=1), "squeeze": lambda np, x: np.squeeze(x[None]),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_function_gives_the_numbers_of_numpy_on_every_kind(call):
    expected = call(numpy, A)
    plain = call(np, A)
    assert type(plain) is type(expected)
    numpy.testing.assert_array_equal(plain, expected)
    t = Tensor(A, requires_grad=True)
    found = call(np, t)
    assert isinstance(found, Tensor)
    assert found.requires_grad
    numpy.testing.assert_allclose(found.data, expected, rtol=1e-12, atol=1e-15)
    values = numpy.frompyfunc(Value, 1, 1)(A)
    of_values = numpy.asarray(call(np, values), object)
    assert any(isinstance(x, Value) for x in of_values.flat)
    numpy.testing.assert_allclose(of_values.astype(float), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_its_gradient_is_that_of_differences(call):
    weights = numpy.cos(numpy.arange(numpy.size(call(numpy, A)))).reshape(numpy.shape(call(numpy, A)))
    assert gradcheck(lambda x: np.sum(call(np, x) * weights), Tensor(A))


INSPECTED = {
    "shape": lambda np, x: np.shape(x), "ndim": lambda np, x: np.ndim(x), "size": lambda np, x: np.size(x), "isnan": lambda np, x: np.isnan(x), "isfinite": lambda np, x: np.isfinite(x),
    "isinf": lambda np, x: np.isinf(x), "allclose": lambda np, x: np.allclose(x, A), "isclose": lambda np, x: np.isclose(x, A), "array_equal": lambda np, x: np.array_equal(x, A),
    "any": lambda np, x: np.any(x), "all": lambda np, x: np.all(x, axis=0), "nonzero": lambda np, x: np.nonzero(x), "where": lambda np, x: np.where(x),
    "count_nonzero": lambda np, x: np.count_nonzero(x), "logical_and": lambda np, x: np.logical_and(x, 0.0), "logical_not": lambda np, x: np.logical_not(x), "greater": lambda np, x: np.greater(x, 0.0),
    "zeros_like": lambda np, x: np.zeros_like(x), "ones_like": lambda np, x: np.ones_like(x), "histogram": lambda np, x: np.histogram(x, [-2, 0, 3]), "searchsorted": lambda np, x: np.searchsorted([0.0, 1.0], x),
    "digitize": lambda np, x: np.digitize(x, [0.0, 1.0]), "argwhere": lambda np, x: np.argwhere(x), "signbit": lambda np, x: np.signbit(x), "a list": lambda np, x: np.isnan([x[0, 0], x[0, 1]]),
}  # fmt: skip


@pytest.mark.parametrize("call", INSPECTED.values(), ids=INSPECTED)
def test_what_looks_at_numbers_gives_plain_arrays(call):
    expected = call(numpy, A)
    for given in (A, Tensor(A, requires_grad=True), numpy.frompyfunc(Value, 1, 1)(A)):
        found = call(np, given)
        assert not isinstance(found, Tensor)
        same = found if isinstance(found, tuple) else (found,)
        for x, y in zip(same, expected if isinstance(expected, tuple) else (expected,), strict=True):
            assert numpy.array_equal(x, y)


def test_the_line_of_half_the_programs_that_tells_the_accuracy():
    scores, y = Tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], requires_grad=True), numpy.array([1, 0, 0])
    assert np.mean(np.argmax(scores, 1) == y) == numpy.mean(numpy.argmax(scores, axis=1) == y) == pytest.approx(2 / 3)


CONSTANT = {"empty_like", "zeros_like", "ones_like", "imag", "histogram", "histogram_bin_edges"}
"""What has no derivative, and is an array of floats."""


@pytest.mark.parametrize("name", sorted(x for x in numpy.__all__ if callable(getattr(numpy, x)) and x[0] != "_"))
def test_every_name_of_numpy_is_there_and_refuses_a_tensor_it_has_no_op_for(name):
    theirs, ours = getattr(numpy, name), getattr(np, name)
    if isinstance(theirs, type) or not hasattr(theirs, "__name__"):
        assert ours is theirs
        return
    if name in ("info", "show_config", "show_runtime"):  # they print
        return
    assert (ours.__name__, ours.__doc__, ours.__wrapped__) == (theirs.__name__, theirs.__doc__, theirs)
    assert pickle.loads(pickle.dumps(ours)).__wrapped__ is theirs
    for node in (Tensor(A, requires_grad=True), Value(0.5)):
        try:
            found = ours(node)
        except (TypeError, ValueError, IndexError):
            continue
        parts = found if isinstance(found, (tuple, list)) else [found]
        recorded = any(
            isinstance(x, (Tensor, Value)) or getattr(getattr(x, "dtype", None), "kind", "") == "O" for x in parts
        )
        if not recorded:  # then it says nothing of the numbers that has a derivative
            kinds = {numpy.asarray(x).dtype.kind for x in parts if not isinstance(x, (type, numpy.dtype))}
            assert kinds <= set("biuU") or name in CONSTANT, name


def test_numpy_has_no_reason_to_be_asked_for_these():
    """Each function that is put together here is NumPy's, and takes arguments under NumPy's names."""
    for name, function in NUMPYS.items():
        theirs = getattr(numpy, name, None) or getattr(numpy.linalg, name, None)
        if theirs is None or function.__name__ == "<lambda>":
            continue
        try:
            names = set(inspect.signature(theirs).parameters)
        except ValueError:
            continue
        extra = set(inspect.signature(function).parameters) - names
        assert not extra or isinstance(theirs, numpy.ufunc) or extra == {"x"}, (name, extra)


def test_ops_numpy_does_not_have_are_there_too():
    assert np.sigmoid is OPS["sigmoid"]
    assert np.softmax is STRUCTURAL["softmax"]
    assert {"sigmoid", "softmax", "sum", "pi", "float64", "linalg", "random"} <= set(dir(np))
    assert dir(np) == sorted(set(dir(np)))
    assert set(np.__all__) == set(dir(np))
    for name in dir(np):
        assert getattr(np, name) is not None or name == "newaxis"
    for module in (np.linalg, np.random, np.fft):
        assert dir(module) == sorted(module.__all__)
        for name in dir(module):
            assert getattr(module, name) is not None
        with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
            _ = module.nonsense
    with pytest.raises(AttributeError, match=r"'fastpath\.numpy' has no attribute 'nonsense'"):
        _ = np.nonsense


def test_constants_types_and_generators_are_numpys_own():
    assert (np.pi, np.inf, np.newaxis, np.float32, np.ndarray) == (
        numpy.pi,
        numpy.inf,
        None,
        numpy.float32,
        numpy.ndarray,
    )
    np.random.seed(3)
    drawn = np.random.randn(2, 3)
    numpy.random.seed(3)
    assert numpy.array_equal(drawn, numpy.random.randn(2, 3))
    for make in (
        lambda np: np.zeros((2, 3)),
        lambda np: np.arange(3.0),
        lambda np: np.eye(2),
        lambda np: np.linspace(0, 1, 3),
        lambda np: np.fft.fft([1.0, 2.0]),
    ):
        assert numpy.array_equal(make(np), make(numpy))


def test_what_has_no_op_is_told_with_its_full_name():
    t = Tensor(S, requires_grad=True)
    for call, name in (
        (np.linalg.eig, "np.linalg.eig"), (np.fft.fft, "np.fft.fft"), (np.random.normal, "np.random.normal"), (np.roots, "np.roots"),
        (np.add.at, "np.add.at"), (np.lcm.outer, "np.lcm.outer"),
    ):  # fmt: skip
        with pytest.raises(
            TypeError, match=rf"^{name} has no registered op, so it cannot be applied to a Tensor; use its \.data"
        ):
            call(t) if name != "np.add.at" and "outer" not in name else call(t, 0)
    assert np.random.choice(2, p=Tensor([0.0, 1.0], requires_grad=True)) == 1


def test_an_array_of_tensors_says_what_does_not_fit():
    t = Tensor([1.0, 2.0], requires_grad=True)
    for items, message in (
        ([t, 1.0], r"^array: the parts have different shapes: \(\), \(2,\)$"),
        ([[t[0], 1.0], [t[1]]], "^array: the rows given have different lengths$"),
    ):
        with pytest.raises(ValueError, match=message):
            np.array(items)
    with pytest.raises(TypeError, match="array: what has a gradient is made of floats, not of int64"):
        np.array([t[0]], dtype=int)
    with pytest.raises(TypeError, match="do not mix"):
        np.array([t[0], Value(1.0)])
    assert np.array([t[0]], dtype=np.float32).dtype == np.float32
    assert np.array(t, ndmin=2).shape == (1, 2)
    assert np.asarray(t) is t
    assert np.array(t) is not t
    assert np.array([Value(1.0)], dtype=float).dtype == object


def test_it_is_loaded_when_it_is_used():
    code = "import fastpath, sys; print('fastpath.numpy' in sys.modules, 'scalargrad.ops.numpys' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
