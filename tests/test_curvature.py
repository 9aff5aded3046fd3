"""The largest eigenvalue of the Hessian, and the learning rates that follow from it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath import Tensor
from scalargrad import Value, data, hessian, nn, no_grad, optim
from scalargrad.derivatives.curvature import eta_max, eta_opt, largest_eigenvalue
from scalargrad.ops.elementwise import exp, log
from scalargrad.ops.registry import NotDifferentiableError


def quadratic(H):
    return lambda x: (x @ (np.asarray(H, dtype=float) @ x)) / 2


def lecture():
    """Two Gaussians, means ±(.4, .8), covariance .04·I, with exactly these moments, and their classes ±1."""
    half = np.random.default_rng(0).standard_normal((200, 2))
    half -= half.mean(axis=0)
    half = half @ np.linalg.inv(np.linalg.cholesky(half.T @ half / len(half))).T * 0.2
    mean = np.array([0.4, 0.8])
    X = np.concatenate([half + mean, half - mean])
    return X, np.repeat([1.0, -1.0], len(half))


# --- the lecture's row -----------------------------------------------------------------------------------------------


def test_the_lectures_largest_learning_rate():
    X, y = lecture()
    assert np.allclose(np.linalg.eigvalsh(X.T @ X / len(X)), [0.04, 0.84])
    w = Tensor([0.0, 0.0], requires_grad=True)
    error = 0.5 * ((X @ w - y) ** 2).mean()
    assert largest_eigenvalue(error, w) == pytest.approx(0.84, abs=1e-12)
    assert eta_max(error, w) == pytest.approx(2.380952, abs=1e-6)
    assert eta_opt(error, w) == pytest.approx(1.190476, abs=1e-6)
    few = [Value(0.0), Value(0.0)]
    some = list(range(5)) + list(range(200, 205))
    scalar = sum(((x[0] * few[0] + x[1] * few[1] - t) ** 2 for x, t in zip(X[some].tolist(), y[some].tolist())), 0.0)
    curved = np.linalg.eigvalsh(X[some].T @ X[some])[-1] * 2
    assert largest_eigenvalue(scalar, few) == pytest.approx(curved, rel=1e-12)


def test_the_data_of_the_package_have_the_same_curvature():
    X, y = data.gaussians(100, seed=0)
    t = 2.0 * y - 1 if set(np.unique(y)) == {0, 1} else y
    assert eta_max(lambda w: 0.5 * ((X @ w - t) ** 2).mean(), Tensor([0.0, 0.0])) == pytest.approx(2 / 0.84)


@pytest.mark.parametrize(("lr", "factor"), [(2.5, -1.1), (2 / 0.84, -1.0), (1 / 0.84, 0.0), (0.2, 1 - 0.2 * 0.84)])
def test_one_step_multiplies_the_deviation_in_the_steepest_direction(lr, factor):
    X, y = lecture()
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    steep = np.array([0.4, 0.8]) / math.hypot(0.4, 0.8)
    w = Tensor(best + 0.5 * steep + 0.1 * np.array([-steep[1], steep[0]]), requires_grad=True)
    optimizer = optim.GD([w], lr=lr)
    for step in range(1, 11):
        optimizer.zero_grad()
        (0.5 * ((X @ w - y) ** 2).mean()).backward()
        optimizer.step()
        assert (w.data - best) @ steep == pytest.approx(0.5 * factor**step, abs=1e-9)


# --- eigenvalues -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "H",
    [
        [[3.0]],
        [[-3.0]],
        [[0.0]],
        [[2.0, 0.0], [0.0, 2.0]],
        [[-2.0, 0.0], [0.0, -2.0]],
        [[-5.0, 0.0], [0.0, 1.0]],
        [[0.0, 1.0], [1.0, 0.0]],
        [[0.0, 0.0], [0.0, 0.0]],
        [[-7.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -3.0]],
        [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 0.5]],
        [[1e8, 0.0], [0.0, 1.0]],
        [[1e-9, 0.0], [0.0, -2e-9]],
    ],
)
def test_the_largest_of_positive_negative_and_equal_eigenvalues(H):
    place = np.full(len(H), 0.7)
    expected = np.linalg.eigvalsh(H)[-1]
    scale = np.abs(H).max()
    f = quadratic(H)
    for x in (place, Tensor(place)):
        assert largest_eigenvalue(f, x) == pytest.approx(expected, abs=1e-8 * scale)
    of_a_list = largest_eigenvalue(lambda x: f(np.array(x, dtype=object)), place.tolist())
    assert of_a_list == pytest.approx(expected, abs=1e-8 * scale)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 2**31))
def test_it_is_that_of_the_whole_hessian(n, seed):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n, n))
    H = A + A.T - rng.normal() * 3 * np.eye(n)
    found = largest_eigenvalue(quadratic(H), Tensor(rng.normal(size=n)), tolerance=1e-6, max_iterations=100_000)
    assert found == pytest.approx(np.linalg.eigvalsh(H)[-1], abs=1e-5 * np.abs(H).max())


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_a_network_its_parameters_or_their_list_may_be_given(backend):
    model = nn.MLP(2, [3], 1, seed=0, backend=backend)
    X = np.random.default_rng(0).normal(size=(6, 2))
    loss = nn.mse(model(X), X[:, 0] * X[:, 1])
    twin = nn.MLP(2, [3], 1, seed=0)
    whole = np.array(hessian(nn.mse(twin(X), X[:, 0] * X[:, 1]), twin.parameters())).astype(float)
    expected = np.linalg.eigvalsh(whole)[-1]
    for given_ in (model, model.parameters(), [nodes for _, nodes in model.named_parameters()]):
        assert largest_eigenvalue(loss, given_) == pytest.approx(expected, rel=1e-9)


def test_it_is_measured_at_the_place_given():
    for x in (0.0, 2.0, -1.0):
        assert largest_eigenvalue(lambda t: exp(t), x) == pytest.approx(math.exp(x))
    x = Value(2.0)
    assert largest_eigenvalue(x**3, x) == pytest.approx(12)


def test_of_some_of_the_variables_the_others_are_constants():
    x, y = Value(1.0), Value(3.0)
    assert largest_eigenvalue(x * x * y, x) == pytest.approx(6)
    assert largest_eigenvalue(x * x * y, y) == 0.0


def test_nothing_of_the_graph_is_changed_and_no_grad_does_not_matter():
    x, y = Value(1.0), Value(3.0)
    loss = x * x * y
    loss.backward()
    before = x.grad, y.grad
    with no_grad():
        assert largest_eigenvalue(loss, [x]) == pytest.approx(6)
        assert largest_eigenvalue(lambda t: t * t, 1.0) == pytest.approx(2)
    assert (x.grad, y.grad) == before


def test_the_start_is_seeded():
    H = np.diag([1.0, 0.999, 0.99, -0.9])
    found = [largest_eigenvalue(quadratic(H), np.ones(4), tolerance=1e-2, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


# --- when there is none ----------------------------------------------------------------------------------------------


def test_too_few_products_are_an_error_that_says_what_to_do():
    H = np.diag([1.0, 0.999999, -0.5])
    with pytest.raises(RuntimeError, match=r"not converged after 10 products .* raise tolerance= or max_iterations="):
        largest_eigenvalue(quadratic(H), np.ones(3), max_iterations=10)


@pytest.mark.parametrize(
    ("target", "variables", "error", "message"),
    [
        (lambda x: log(x), 0.0, FloatingPointError, "not finite"),
        (lambda p: [p[0], p[1]], [1.0, 2.0], TypeError, "expected a single Value or Tensor"),
        (lambda p: 3.0, [1.0], TypeError, "expected a single Value or Tensor"),
        (lambda x: x * 2, Tensor([1.0, 2.0]), TypeError, "expected a single Value or Tensor"),
        (Value(1.0), 1.0, TypeError, "not plain numbers"),
        (Value(1.0), [], ValueError, "there are no variables"),
        ("x", [Value(1.0)], TypeError, "expected a single"),
        (lambda x: x * x, "one", TypeError, "largest_eigenvalue"),
    ],
)
def test_what_has_no_largest_eigenvalue_is_refused(target, variables, error, message):
    with pytest.raises(error, match=message):
        largest_eigenvalue(target, variables)


@pytest.mark.parametrize("rate", [eta_opt, eta_max])
def test_where_the_loss_is_not_curved_upwards_there_is_no_rate(rate):
    for f in (lambda x: 3 * x, lambda x: -x * x):
        with pytest.raises(ValueError, match="nowhere curved upwards"):
            rate(f, 1.0)
    assert rate(lambda x: x * x, 1.0, seed=3) == pytest.approx(0.5 if rate is eta_opt else 1.0)


def test_an_operation_without_a_derivative_is_not_passed_over():
    x = Value(1.5)
    with pytest.raises(NotDifferentiableError):
        largest_eigenvalue(x.round() * x, x)
