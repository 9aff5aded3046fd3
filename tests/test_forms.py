"""Calls in NumPy's and PyTorch's forms: other names of operands, and what these functions take besides."""

import math

import numpy as np
import pytest

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value

X = np.array([-1.25, -0.0, 0.0, 0.125, 2.5])

CALLS = {
    "clip by NumPy's names": (lambda x: sg.clip(x, a_min=-1, a_max=1), np.clip(X, -1, 1), [0, 1, 1, 1, 0]),
    "clip without a lower bound": (lambda x: sg.clip(x, None, 1), np.clip(X, None, 1), [1, 1, 1, 1, 0]),
    "clip without an upper bound": (lambda x: sg.clip(x, -1, None), np.clip(X, -1, None), [0, 1, 1, 1, 1]),
    "clip by name without a bound": (lambda x: sg.clip(x, min=None, max=1), np.clip(X, None, 1), [1, 1, 1, 1, 0]),
    "the method clip": (lambda x: x.clip(a_max=1), np.clip(X, None, 1), [1, 1, 1, 1, 0]),
    "np.clip": (lambda x: np.clip(x, None, 1), np.clip(X, None, 1), [1, 1, 1, 1, 0]),
    "heaviside with its value at 0": (lambda x: sg.heaviside(x, 0.5), np.heaviside(X, 0.5), [0] * 5),
    "the method heaviside": (lambda x: x.heaviside(0.5), np.heaviside(X, 0.5), [0] * 5),
    "np.heaviside": (lambda x: np.heaviside(x, 0.5), np.heaviside(X, 0.5), [0] * 5),
    "gelu approximated": (lambda x: sg.gelu(x, approximate="tanh"), sg.gelu_tanh(X), None),
    "gelu as JAX calls it": (lambda x: sg.gelu(x, approximate=True), sg.gelu_tanh(X), None),
    "gelu exact": (lambda x: sg.gelu(x, approximate="none"), sg.gelu(X), None),
    "leaky_relu": (lambda x: sg.leaky_relu(x, negative_slope=0.2), np.where(X > 0, X, 0.2 * X), [0.2, 0.2, 0.2, 1, 1]),
}


@pytest.mark.parametrize(("call", "expected", "slopes"), CALLS.values(), ids=CALLS)
def test_the_form_is_taken_everywhere_and_has_its_gradient(call, expected, slopes):
    leaf = Tensor(X, requires_grad=True)
    y = call(leaf)
    y.backward(np.ones(5))
    np.testing.assert_array_equal(y.data, expected)
    values = [Value(x) for x in X]
    results = [call(v) for v in values]
    for result in results:
        result.backward()
    np.testing.assert_allclose([r.data for r in results], expected, rtol=1e-15)
    compiled = fastpath.compile(call)
    np.testing.assert_allclose(compiled(X), expected, rtol=1e-15)
    _, by_plan = fastpath.compile(lambda x: call(x).sum()).value_and_grad(X, argnums=0)
    for slope in (leaf.grad, by_plan, [v.grad for v in values]):
        np.testing.assert_allclose(slope, leaf.grad if slopes is None else slopes, rtol=1e-14)


def test_the_value_of_the_step_at_0_has_a_gradient_there():
    h = Value(0.5)
    sg.heaviside(0.0, h).backward()
    assert h.grad == 1.0
    sg.heaviside(2.0, h).backward()
    assert h.grad == 1.0


@pytest.mark.parametrize("decimals", [0, 1, 3, -1, -2])
def test_round_takes_decimals_as_numpy_does(decimals):
    x = np.array([1234.5678, -0.05, 15.0, 2.5, math.inf, math.nan])
    expected = np.round(x, decimals)
    for result in (
        sg.round(x, decimals),
        sg.round(x, decimals=decimals),
        sg.round(x.tolist(), decimals).tolist(),
        Tensor(x).round(decimals).data,
        np.round(Tensor(x), decimals).data,
        [round(Value(a), decimals).data for a in x],
        [Value(a).round(decimals=decimals).data for a in x],
    ):
        np.testing.assert_allclose(result, expected, rtol=1e-15)
    v = Value(1.5)
    with pytest.raises(sg.NotDifferentiableError, match="round has no gradient"):
        round(v, decimals).backward()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sg.clip(1.0, a_min=0.0, min=0.0), "clip takes"),
        (lambda: sg.clip(1.0, 0.0, 1.0, 2.0), "clip takes"),
        (lambda: sg.clip(1.0, None, 2.0, None), "clip takes"),
        (lambda: sg.heaviside(1.0, 2.0, 3.0), "heaviside takes"),
        (lambda: sg.heaviside(1.0, half=3.0), "heaviside takes"),
        (lambda: sg.leaky_relu(1.0, 0.1, negative_slope=0.1), "leaky_relu takes"),
        (lambda: sg.round([1.0], 1.5), "round: decimals is an integer, not 1.5"),
        (lambda: sg.gelu(Value(1.0), approximate="erf"), "gelu: approximate is 'none' or 'tanh', not 'erf'"),
        (lambda: sg.gelu(1.0, approximate="tanh", exact=True), "gelu_tanh takes"),
    ],
)
def test_what_is_no_form_is_refused_in_one_sentence(call, message):
    with pytest.raises((TypeError, ValueError)) as told:
        call()
    assert str(told.value).startswith(message)
    assert "\n" not in str(told.value)
