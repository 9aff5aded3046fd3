"""Features of any size: standardised and regressed on as if they were measured in another unit."""

import numpy as np
import pytest

from scalargrad import linear
from scalargrad.data import Standardize

X = np.random.default_rng(0).normal(size=(7, 2)) + np.array([0.0, 3.0])


@pytest.mark.parametrize("unit", [2.0**k for k in (-1000, -600, -40, 1, 40, 600, 1000)])
def test_standardising_does_not_depend_on_the_unit(unit):
    plain, scaled = Standardize().fit(X), Standardize().fit(X * unit)
    np.testing.assert_array_equal(scaled.transform(X * unit), plain.transform(X))
    assert scaled.constant == []
    np.testing.assert_allclose(scaled.inverse(plain.transform(X)) / unit, X, rtol=1e-12)


def test_the_largest_numbers_are_standardised():
    z = Standardize().fit_transform([[1.7e308], [-1.7e308], [0.0], [0.0]])
    np.testing.assert_allclose(z[:, 0], np.sqrt(2) * np.array([1, -1, 0, 0]))


@pytest.mark.parametrize("unit", [2.0**k for k in (-900, -600, 40, 600, 900)])
def test_the_normal_equation_does_not_depend_on_the_unit(unit):
    y = X @ [1.0, -2.0] + 0.5
    model = linear.LinearRegression().fit(X * unit, y)
    np.testing.assert_allclose(model.coef * unit, [1.0, -2.0], rtol=1e-9)
    np.testing.assert_allclose(model.predict(X * unit), y, rtol=1e-9)


@pytest.mark.parametrize("kind", [linear.LinearRegression, linear.LogisticRegression, linear.SoftmaxRegression])
def test_descent_on_features_that_are_too_large_is_one_sentence(kind):
    with pytest.raises(ValueError, match="the features are too large to descend on: standardize them first"):
        kind("gd").fit(X * 1e200, [0, 1, 0, 1, 0, 1, 1])
