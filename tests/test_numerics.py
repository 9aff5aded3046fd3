"""The float namespace: NumPy's names and NumPy's answers, to the last special value."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scalargrad import numerics
from scalargrad.numerics import IEEE

SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1 / 3, 3.0, -8.0, 19.0, 40.0]
SPECIAL += [
    709.0,
    710.0,
    711.0,
    -745.0,
    -746.0,
    1e15 + 0.5,
    2.0**53 + 1,
    1e16,
    1e22,
    1e300,
    -1e300,
    1.7976931348623157e308,
]
SPECIAL += [1e-300, -1e-300, 1e-308, 5e-324, -5e-324, math.pi, math.pi / 2, 1 - 2**-53, 1 + 2**-52, -1 + 2**-53]
COUNT = dict.fromkeys(
    ("maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2", "divide", "power", "heaviside"), 2
)
COUNT |= dict.fromkeys(("hypot", "arctan2", "copysign", "fmod", "remainder", "floor_divide"), 2) | {"where": 3}
FUNCTIONS = sorted(
    name
    for name, function in vars(numerics).items()
    if callable(function) and not name.startswith("_") and hasattr(np, name) and not isinstance(function, type)
)


def test_nearly_every_function_is_compared():
    assert {"exp", "expm1", "log", "log1p", "sqrt", "tan", "sinh", "sign", "rint", "isnan"} | set(COUNT) <= set(
        FUNCTIONS
    )


def same(a, b, ulps):
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == 0 == b:
        return math.copysign(1, a) == math.copysign(1, b)
    return a == b or abs(a - b) <= ulps * math.ulp(max(abs(a), abs(b)))


def agree(name, operands):
    ours = getattr(numerics, name)(*operands)
    with np.errstate(all="ignore"):
        theirs = getattr(np, name)(*(np.array([x]) for x in operands))[0]
    assert type(ours) in (float, bool), f"{name}{operands} is {ours!r}"
    if name in ("maximum", "minimum", "fmax", "fmin") and operands[0] == 0 == operands[1]:
        assert ours == 0 == theirs  # of 0 and −0, NumPy may take either
        return
    assert same(ours, float(theirs), 4), f"{name}{operands} is {ours!r}, in NumPy {theirs!r}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values_give_numpys_answers(name):
    for operands in itertools.product(SPECIAL, repeat=COUNT.get(name, 1)):
        agree(name, operands)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_numbers_give_numpys_answers(name):
    numbers = st.one_of(st.floats(), st.floats(-20, 20))

    @settings(max_examples=60, deadline=None)
    @given(st.tuples(*[numbers] * COUNT.get(name, 1)))
    def check(operands):
        agree(name, operands)

    check()


def test_nothing_raises_and_nothing_is_complex():
    assert numerics.exp(1000.0) == math.inf
    assert numerics.log(0.0) == -math.inf
    assert math.isnan(numerics.log(-1.0))
    assert math.isnan(numerics.power(-8.0, 1 / 3))
    assert numerics.power(0.0, -1.0) == math.inf
    assert numerics.power(-0.0, -3.0) == -math.inf
    assert numerics.power(-2.0, 1025.0) == -math.inf
    assert numerics.divide(-1.0, 0.0) == -math.inf
    assert math.isnan(numerics.divide(0.0, 0.0))


def test_rounding_keeps_the_sign_of_zero_and_goes_to_even():
    assert [numerics.rint(x) for x in (0.5, 1.5, 2.5, -0.5)] == [0.0, 2.0, 2.0, 0.0]
    assert math.copysign(1, numerics.rint(-0.5)) == -1
    assert math.copysign(1, numerics.ceil(-0.3)) == -1
    assert numerics.floor(-0.3) == -1.0


# --- IEEE numbers ----------------------------------------------------------------------------------------------------

OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    lambda a, b: -a / (b - b),
    lambda a, b: 1 / (a * 0) + b,
    lambda a, b: a / b / 0.0,
    lambda a, b: 2 - a / (1 + b),
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_ieee_numbers_compute_as_numpys_do(operation):
    for a, b in itertools.product(SPECIAL, repeat=2):
        result = operation(IEEE(a), IEEE(b))
        with np.errstate(all="ignore"):
            expected = operation(np.float64(a), np.float64(b))
        assert type(result) is IEEE
        assert same(float(result), float(expected), 0), (a, b)


def test_an_ieee_number_and_a_float_give_an_ieee_number():
    for result in (IEEE(1.0) / 0.0, 1.0 / IEEE(0.0), 1 / IEEE(0.0), IEEE(math.inf) * 1, 1 + IEEE(math.inf)):
        assert type(result) is IEEE
        assert result == math.inf


def test_an_ieee_number_goes_through_the_ops():
    from scalargrad.ops.elementwise import exp, softsign, where

    assert type(exp(IEEE(0.0))) is IEEE
    assert exp(IEEE(0.0)) / 0.0 == math.inf
    assert 1 / softsign(IEEE(0.0)) == math.inf
    assert where(IEEE(0.0), 1.0, IEEE(2.0)) == 2.0
