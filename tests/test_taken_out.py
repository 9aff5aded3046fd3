"""A number taken out of a function that is differentiated is an error with its line and what to write instead."""

import math
import operator

import numpy as np
import pytest

from scalargrad import (
    NotDifferentiableError,
    Value,
    eta_max,
    grad,
    gradcheck,
    hessian,
    hvp,
    jacobian,
    jvp,
    sin,
    value_and_grad,
    vjp,
)
from scalargrad.derivatives import DetachedError, elementwise_grad

STARTS = {
    "a float": (0.5, [1.0, 2.0]),
    "an array": (np.array(0.5), np.array([1.0, 2.0])),
}


def in_place(p):
    out = np.zeros(2)
    for i in range(2):
        out[i] = p[i] * i
    return np.sum(out)


def half(w):
    return math.exp(w) * w


OF_A_NUMBER = {
    "math.exp": (half, r"half|math\.exp", r"scalargrad\.exp\(…\) for math\.exp"),
    "math.sqrt": (lambda w: math.sqrt(w), "", r"scalargrad\.sqrt\(…\) for math\.sqrt"),
    "math.fabs": (lambda w: math.fabs(w), "", r"scalargrad\.abs\(…\) for math\.fabs"),
    "float": (lambda w: float(w) * w, "", "compute with it as it is"),
    "item": (lambda w: w.item() * w, "", "compute with it as it is"),
    "complex": (lambda w: complex(w).real, "", "compute with it as it is"),
    "np.float64": (lambda w: np.float64(w) * w, "", "put the parts together in a list"),
    "dtype": (lambda w: np.array([w], dtype=float).sum(), "", "put the parts together in a list"),
    "fromiter": (lambda w: np.fromiter([w, w], float).sum(), "", "put the parts together in a list"),
    "astype": (lambda w: np.array([w]).astype(float)[0], "", "put the parts together in a list"),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", OF_A_NUMBER)
def test_a_number_taken_out_is_refused_with_its_line_and_what_to_write(name, start):
    f, line, instead = OF_A_NUMBER[name]
    with pytest.raises(DetachedError, match=rf"in test_taken_out\.py, line \d+ \(.*{instead}") as error:
        grad(f)(STARTS[start][0])
    assert "\n" not in str(error.value)
    if line:
        assert "return math.exp(w) * w" in str(error.value)


@pytest.mark.parametrize("start", STARTS)
def test_a_number_put_into_an_array_is_refused(start):
    with pytest.raises(DetachedError, match=r"\(out\[i\] = p\[i\] \* i\).*put the parts together"):
        grad(in_place)(STARTS[start][1])


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    "f",
    [
        lambda p: np.sum(np.gradient(np.array(p))) if isinstance(p, list) else np.sum(np.gradient(p)),
        lambda p: np.sum(np.asarray(p, dtype=float)),
        lambda p: np.interp(p[0], [0.0, 1.0], [0.0, 1.0]),
        lambda p: math.fsum(p[i] for i in range(2)),
        lambda p: operator.index(p[0]),
        lambda p: int(p[0]),
        lambda p: np.full(2, p[0], dtype=float).sum(),
        lambda p: round(p[0], 1),
    ],
)
def test_what_gives_plain_numbers_is_an_error_of_some_kind_never_a_wrong_derivative(f, start):
    with pytest.raises(TypeError):
        grad(f)(STARTS[start][1])


@pytest.mark.parametrize("start", STARTS)
def test_functions_of_scipy_are_errors(start):
    special, integrate = pytest.importorskip("scipy.special"), pytest.importorskip("scipy.integrate")
    with pytest.raises(TypeError):
        grad(lambda p: np.sum(special.jv(0, p)))(STARTS[start][1])
    with pytest.raises(DetachedError, match=r"test_taken_out\.py"):
        grad(lambda w: integrate.quad(lambda t: w * t, 0.0, 1.0)[0])(STARTS[start][0])


@pytest.mark.parametrize("start", STARTS)
def test_every_derivative_refuses(start):
    w = STARTS[start][0]
    calls = {
        "grad": lambda: grad(half)(w),
        "value_and_grad": lambda: value_and_grad(half)(w),
        "elementwise_grad": lambda: elementwise_grad(half)(w),
        "jacobian": lambda: jacobian(half)(w),
        "hessian": lambda: hessian(half)(w),
        "hvp": lambda: hvp(half)(w, 1.0),
        "vjp": lambda: vjp(half, w),
        "jvp": lambda: jvp(half, (w,), (1.0,)),
        "gradcheck": lambda: gradcheck(half, w),
        "largest_eigenvalue": lambda: eta_max(half, w),
    }
    for name, call in calls.items():
        with pytest.raises(DetachedError, match=rf"^{name}: .*return math\.exp\(w\) \* w"):
            call()
    with pytest.raises(DetachedError):  # of the outer variable, within an inner derivative
        grad(lambda x: grad(lambda t: t * float(x))(2.0))(w)


@pytest.mark.parametrize("start", STARTS)
def test_looking_and_showing_are_no_loss(start):
    w = STARTS[start][0]
    seen = []

    def f(x):
        form, text = "%.2f %s", "%5.1f|"
        seen.append(form % (x, x) + f" {x:.2f} {x!r}")
        text %= x
        return sin(x) * x if x > 0 and x == x and text else x.data * 0.0

    assert float(grad(f)(w)) == pytest.approx(math.cos(0.5) * 0.5 + math.sin(0.5))
    assert seen[0].startswith("0.50 ")


def test_other_numbers_may_leave():
    other = Value(3.0)
    assert grad(lambda x: x * float(other))(2.0) == 3.0
    assert grad(lambda x: x * math.exp(float(other * 0.0)))(np.array(2.0)) == 1.0
    assert float(Value(2.0) * 3.0) == 6.0
    with pytest.raises(NotDifferentiableError, match="round"):
        grad(lambda x: round(x) * x)(2.5)


def test_numbers_put_together_by_numpy_keep_their_derivatives():
    for x in ([1.0, 2.0], np.array([1.0, 2.0])):
        assert list(grad(lambda p: np.sum(np.array([p[0] * p[1], p[1] ** 2])))(x)) == [2.0, 5.0]
        assert list(grad(lambda p: np.dot(np.eye(2), [p[0], p[1]])[1])(x)) == [0.0, 1.0]
        assert list(grad(lambda p: np.sum(np.array([p[0], p[1]]) * np.array([p[1], p[0]])))(x)) == [4.0, 2.0]
    boxes = np.empty(2, dtype=object)

    def f(p):
        for i in range(2):
            boxes[i] = p[i] * (i + 1)
        return np.sum(boxes**2)

    assert grad(f)(np.array([1.0, 2.0])).tolist() == [2.0, 16.0]
