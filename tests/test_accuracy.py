"""How many units in the last place (ulp) what is computed may be off, against mpmath; the rows' notes say as much."""

import math

import numpy as np
import pytest

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value

mp = pytest.importorskip("mpmath")
mp.mp.dps = 700  # exp(-745) beside 1
RNG = np.random.default_rng(0)
TYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])

FIXED = [
    0.0,
    1e-300,
    1e-20,
    1e-10,
    1e-3,
    0.5,
    1.0,
    2.0,
    9.0,
    17.0,
    36.0,
    37.5,
    40.0,
    88.0,
    100.0,
    700.0,
    745.0,
    800.0,
    1e4,
    1e10,
]
POINTS = np.array(
    [*FIXED, *[-x for x in FIXED], *RNG.normal(size=40) * 3, *RNG.normal(size=40) * 30, *RNG.choice([-1, 1], 40) * 10.0 ** RNG.uniform(-12, 2, 40)]
)  # fmt: skip


def exact(x):
    return mp.mpf(float(x))


def sigma(x):
    return 1 / (1 + mp.exp(-x))


@np.errstate(all="ignore")
def ulps(got, expected, dtype, size=None):
    """How far a number is from the exact one, in ulp of that (or of ``size``); what over- or underflows is not counted."""
    size = abs(float(expected) if size is None else size)
    if size > np.finfo(dtype).max:
        return 0.0 if math.isinf(got) or abs(got) > np.finfo(dtype).max / 2 else math.inf
    if size < np.finfo(dtype).tiny:
        return 0.0 if abs(got) <= 2 * np.finfo(dtype).tiny else math.inf
    return float(abs(exact(got) - expected) / exact(np.spacing(dtype(size))))


def three_ways(function, *arrays):
    """Value and gradients by Values (in float64), by Tensors and by a plan."""
    dtype = arrays[0].dtype
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    y = function(*leaves)
    y.backward(np.ones(y.shape))
    yield y.data, [leaf.grad for leaf in leaves]
    plan = fastpath.compile(lambda *a: function(*a).sum())
    _, gradients = plan.value_and_grad(*arrays, argnums=tuple(range(len(arrays))))
    yield fastpath.compile(function)(*arrays), list(gradients)
    if dtype == np.float64:
        boxes = [np.frompyfunc(Value, 1, 1)(a) for a in arrays]
        results = function(*boxes)
        for v in np.ravel(np.asarray(results, dtype=object)):
            v.backward()
        grads = [np.array([v.grad for v in box]) for box in boxes]
        yield np.vectorize(float)(np.asarray(results, dtype=object)), grads


ONE = {  # the function and its derivative; how many ulp they may be off (the derivative in ulp of this if it is given)
    "sigmoid": (sigma, lambda x: sigma(x) * sigma(-x), 3, 2, 1.0),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), sigma, 3, 3, None),
    "log1p": (mp.log1p, lambda x: 1 / (1 + x), 2, 3, None),
    "expm1": (mp.expm1, mp.exp, 3, 2, None),
    "tanh": (mp.tanh, lambda x: 1 - mp.tanh(x) ** 2, 3, 3, 1.0),
}


@TYPES
@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_number(name, dtype):
    function, derivative, most, most_of_slope, size = ONE[name]
    x = POINTS.astype(dtype)
    x = x[x > -1] if name == "log1p" else x
    for value, (slope,) in three_ways(getattr(sg, name), x):
        assert max(ulps(got, function(exact(at)), dtype) for got, at in zip(value, x)) <= most
        assert max(ulps(got, derivative(exact(at)), dtype, size) for got, at in zip(slope, x)) <= most_of_slope


@TYPES
def test_logaddexp(dtype):
    a, b = POINTS.astype(dtype), RNG.permutation(POINTS).astype(dtype)
    for value, slopes in three_ways(sg.logaddexp, a, b):
        for got, p, q in zip(value, a, b):
            gap = abs(exact(p) - exact(q))
            more = mp.log1p(mp.exp(-gap))
            expected = max(exact(p), exact(q)) + more
            size = max(abs(float(expected)), abs(float(max(p, q))))
            of_the_gap = float(min(gap, 100) * more / size) if size else 0.0  # what its rounding makes of ``more``
            assert ulps(got, expected, dtype, size) <= 5 + of_the_gap
        for slope, x, other in ((slopes[0], a, b), (slopes[1], b, a)):
            for got, p, q in zip(slope, x, other):  # the rounding of the gap is that of its exponential
                assert ulps(got, sigma(exact(p) - exact(q)), dtype) <= 4 + abs(float(p) - float(q))


@TYPES
def test_bce_with_logits(dtype):
    z = np.concatenate([POINTS, POINTS, POINTS]).astype(dtype)
    y = np.concatenate([np.zeros(len(POINTS)), np.ones(len(POINTS)), RNG.uniform(size=len(POINTS))]).astype(dtype)
    for value, (by_z, _) in three_ways(sg.bce_with_logits, z, y):
        for got, slope, p, label in zip(value, by_z, z, y):
            loss = (
                max(exact(p), 0) * (1 - exact(label))
                - min(exact(p), 0) * exact(label)
                + mp.log1p(mp.exp(-abs(exact(p))))
            )
            assert ulps(got, loss, dtype) <= 4
            derivative = sigma(exact(p)) - exact(label)
            size = None if label in (0.0, 1.0) else 1.0
            assert ulps(slope, derivative, dtype, size) <= 4


# --- of several numbers ----------------------------------------------------------------------------------------------


def rows():
    for i in range(42):
        n = 2 + i % 5
        yield (
            RNG.normal(size=n), RNG.normal(size=n) * 30, RNG.normal(size=n) * 1e3, RNG.normal(size=n) * 1e-9,
            1e5 + RNG.normal(size=n), RNG.normal(size=n) * 1e15, 10.0 ** RNG.uniform(-30, 10, n),
        )[i % 7]  # fmt: skip


ROWS = list(rows())


def logsumexp(v):
    top = max(v)
    return top + mp.log(sum(mp.exp(x - top) for x in v))


def deviation(v):
    mean = sum(v) / len(v)
    root = mp.sqrt(sum((x - mean) ** 2 for x in v) / len(v))
    return root, [(x - mean) / root / len(v) for x in v]


def length(v):
    root = mp.sqrt(sum(x * x for x in v))
    return root, [x / root for x in v]


@TYPES
@pytest.mark.parametrize(("name", "function"), [("std", deviation), ("norm", length)])
@pytest.mark.parametrize("scale", [1.0, 2.0**100, 2.0**-100, 2.0**600, 2.0**-600])
def test_std_and_norm_at_every_size(name, function, dtype, scale):
    for row in ROWS if scale == 1 else ROWS[::7]:
        with np.errstate(all="ignore"):
            row = (row * scale).astype(dtype)
        if len(set(row)) < 2 or not np.isfinite(row).all():
            continue
        expected, slopes = function([exact(x) for x in row])
        for value, (slope,) in three_ways(getattr(sg, name), row):
            assert ulps(float(value), expected, dtype) <= 4
            largest = max(abs(float(x)) for x in slopes)
            assert max(ulps(got, x, dtype, largest) for got, x in zip(slope, slopes)) <= 5


@TYPES
def test_logsumexp(dtype):
    for row in ROWS:
        row = row.astype(dtype)
        expected = logsumexp([exact(x) for x in row])
        for value, (slope,) in three_ways(sg.logsumexp, row):
            assert ulps(float(value), expected, dtype, max(abs(float(expected)), abs(max(row)), 1.0)) <= 3
            for got, x in zip(slope, row):
                assert ulps(got, mp.exp(exact(x) - expected), dtype) <= 8 + 2 * abs(float(x) - float(max(row)))


@TYPES
def test_softmax_and_log_softmax(dtype):
    for row in ROWS:
        row = row.astype(dtype)
        whole = logsumexp([exact(x) for x in row])
        top = float(max(row))
        most = 4 + top - float(sorted(row)[-2])  # the rounding of a gap is that of its exponential
        for value, _ in three_ways(sg.softmax, row):
            for got, x in zip(value, row):
                assert ulps(got, mp.exp(exact(x) - whole), dtype) <= 6 + abs(float(x) - top)
        for i, (value, _) in enumerate(three_ways(sg.log_softmax, row)):
            for got, x in zip(value, row):
                assert ulps(got, exact(x) - whole, dtype, 1.0 + top - float(x) if i == 2 else None) <= most


@TYPES
def test_cross_entropy(dtype):
    for row in ROWS:
        row = row.astype(dtype)
        for label in (0, int(np.argmax(row))):
            whole = logsumexp([exact(x) for x in row])
            expected = whole - exact(row[label])
            size = max(1.0, float(expected))
            most = 4 + float(max(row)) - float(sorted(row)[-2])
            for i, (value, (slope,)) in enumerate(three_ways(lambda z: sg.cross_entropy(z, label), row)):  # noqa: B023
                assert ulps(float(value), expected, dtype, None if i == 0 else size) <= most
                for place, (got, x) in enumerate(zip(slope, row)):
                    assert ulps(got, mp.exp(exact(x) - whole) - (place == label), dtype, 1.0) <= 4
