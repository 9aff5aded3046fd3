"""The special functions that NumPy lacks, on arrays."""

import math

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from scalargrad import numerics, special

each = pytest.mark.parametrize("name", special.FUNCTIONS)
SPECIAL = [
    0.0,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    1e300,
    -1e300,
    5e-324,
    -5e-324,
    26.5,
    -26.5,
    28.0,
    -28.0,
    0.5,
    -0.5,
]


@each
def test_few_and_many_elements_give_the_same(name):
    function, single = getattr(special, name), getattr(numerics, name)
    x = np.concatenate([np.resize(SPECIAL, 15), np.linspace(-30, 30, 9001)])
    expected = np.array([single(v) for v in x.tolist()])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(function(x), expected, rtol=3e-15, atol=1e-308)
        np.testing.assert_array_equal(function(x[:20]), expected[:20])
        assert np.signbit(function(np.resize([-0.0], 1000))).all() == (name == "erf")


@each
def test_shapes_types_and_places_are_those_of_a_ufunc(name):
    function = getattr(special, name)
    for size in (10, 6000):
        x = np.linspace(-3, 3, size)
        expected = function(x)
        for shape in ((size,), (2, size // 2), (size, 1)):
            assert function(x.reshape(shape)).shape == shape
        np.testing.assert_allclose(function(x[::-1]), expected[::-1], rtol=1e-15)
        place = np.empty((size, 2))
        assert function(x, place[:, 0]) is not None
        np.testing.assert_array_equal(place[:, 0], expected)
        own = x.copy()
        function(own, own)
        np.testing.assert_array_equal(own, expected)
        single = function(x.astype(np.float32))
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, function(x.astype(np.float32).astype(float)), rtol=1e-7)
    assert type(function(0.5)) is np.float64
    assert function(np.float64(0.5)) == function(np.array([0.5]))[0]
    assert function(np.arange(3)).dtype == np.float64
    assert function(np.zeros((0, 3))).shape == (0, 3)


def test_a_plan_writes_them_into_its_buffers():
    f = compile(lambda x: (sg.erf(x * 2) + sg.gelu(x) + sg.log_ndtr(x)).sum())
    x = np.linspace(-5, 5, 999)
    f(x)
    text = str(f.plan(x))
    assert "call" not in text
    for _ in range(2):
        value, slope = f.value_and_grad(x, argnums=0)
        t = Tensor(x, requires_grad=True)
        (sg.erf(t * 2) + sg.gelu(t) + sg.log_ndtr(t)).sum().backward()
        np.testing.assert_allclose(slope, t.grad, rtol=1e-12)
        assert value == f(x)
