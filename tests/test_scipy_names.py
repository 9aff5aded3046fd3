"""``fastpath.scipy``: SciPy's names and numbers, on arrays, Tensors and Values, with gradients."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
import scipy.special
import scipy.stats

import fastpath.scipy
from fastpath import Tensor
from fastpath.misc import flatten
from fastpath.misc.flatten import flatten_func
from fastpath.misc.optimizers import adam, rmsprop, sgd
from fastpath.scipy import special, stats
from scalargrad import OPS, Value, grad, gradcheck
from scalargrad.ops.registry import op, remove

X = np.array([[-2.3, -0.4, 0.2], [0.7, 1.6, 3.1]])
P = np.array([[0.05, 0.3, 0.45], [0.5, 0.62, 0.97]])

SPECIAL = {
    "erf": X, "erfc": X, "erfcx": X, "ndtr": X, "log_ndtr": X, "expit": X, "log_expit": X, "logit": P, "softmax": X, "log_softmax": X, "logsumexp": X,
    "log1p": P, "expm1": X, "cbrt": X, "exp2": X, "exp10": X, "entr": P,
}  # fmt: skip
SPECIAL_OF_TWO = {
    "xlogy": (X, P), "xlog1py": (X, P), "rel_entr": (P, P.T.reshape(2, 3)), "kl_div": (P, P.T.reshape(2, 3)), "huber": (0.8, X), "pseudo_huber": (0.8, X),
}  # fmt: skip


def check(ours, theirs, x):
    """A function of one array: SciPy's numbers on every kind, and the gradient of differences."""
    expected = theirs(x)
    plain = ours(x)
    assert not isinstance(plain, Tensor)
    np.testing.assert_allclose(plain, expected, rtol=1e-12, atol=1e-14)
    found = ours(Tensor(x, requires_grad=True))
    assert found.requires_grad
    np.testing.assert_allclose(found.data, expected, rtol=1e-12, atol=1e-14)
    of_values = np.asarray(ours(np.frompyfunc(Value, 1, 1)(x)), object)
    np.testing.assert_allclose(of_values.astype(float), expected, rtol=1e-12, atol=1e-14)
    assert gradcheck(lambda t: (ours(t) * np.cos(np.arange(expected.size)).reshape(expected.shape)).sum(), Tensor(x))


@pytest.mark.parametrize("name", SPECIAL)
def test_special_functions_are_those_of_scipy(name):
    check(getattr(special, name), getattr(scipy.special, name), SPECIAL[name])


@pytest.mark.parametrize("name", SPECIAL_OF_TWO)
def test_special_functions_of_two_operands_are_those_of_scipy(name):
    a, b = SPECIAL_OF_TWO[name]
    ours, theirs = getattr(special, name), getattr(scipy.special, name)
    check(lambda x: ours(a, x), lambda x: theirs(a, x), b)
    if np.ndim(a):
        check(lambda x: ours(x, b), lambda x: theirs(x, b), a)


@pytest.mark.parametrize(
    "settings", [{"axis": 0}, {"axis": 1, "keepdims": True}, {"b": P}, {"axis": 1, "b": P}, {"axis": 0, "b": np.where(P > 0.4, P, 0.0), "keepdims": True}], ids=str
)  # fmt: skip
def test_logsumexp_has_axes_and_weights(settings):
    check(lambda x: special.logsumexp(x, **settings), lambda x: scipy.special.logsumexp(x, **settings), X)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_is_of_all_elements_if_no_axis_is_given(name):
    check(lambda x: getattr(special, name)(x, axis=0), lambda x: getattr(scipy.special, name)(x, axis=0), X)


def test_at_the_edges_they_are_those_of_scipy():
    edges = np.array([0.0, 1.0, -1.0, np.inf])
    for name in ("entr", "exp10"):
        np.testing.assert_array_equal(getattr(special, name)(edges), getattr(scipy.special, name)(edges))
    for name in ("xlog1py", "rel_entr", "kl_div"):
        for a in (0.0, 1.0):
            expected = getattr(scipy.special, name)(a, np.array([0.0, 0.5]))
            np.testing.assert_allclose(getattr(special, name)(a, np.array([0.0, 0.5])), expected, rtol=1e-15)


def test_a_new_op_of_a_name_of_scipy_is_there_at_once():
    assert not hasattr(special, "j0")
    row = op("j0", lambda xp, a: a * 0.5, (lambda y, a: 0.5,), note="no Bessel function")
    try:
        assert special.j0 is row
        assert "j0" in dir(special)
    finally:
        remove(row)
    with pytest.raises(AttributeError, match="has no attribute 'j0': there is no op for it"):
        _ = special.j0
    assert special.expit is OPS["sigmoid"]
    assert set(dir(special)) >= {*SPECIAL, *SPECIAL_OF_TWO}


DISTRIBUTIONS = {
    "norm": ((), ["pdf", "logpdf", "cdf", "logcdf", "sf", "logsf"]), "laplace": ((), ["pdf", "logpdf", "cdf"]), "cauchy": ((), ["pdf", "logpdf", "cdf"]),
    "logistic": ((), ["pdf", "logpdf", "cdf", "logcdf"]), "expon": ((), ["pdf", "logpdf", "cdf", "sf"]), "lognorm": ((0.7,), ["pdf", "logpdf", "cdf"]),
    "uniform": ((), ["pdf", "logpdf", "cdf"]),
}  # fmt: skip
CASES = [(name, f) for name, (_, functions) in DISTRIBUTIONS.items() for f in functions]
INSIDE = {"uniform": P, "expon": P, "lognorm": P}


@pytest.mark.parametrize(("name", "function"), CASES)
def test_distributions_are_those_of_scipy(name, function):
    shape = DISTRIBUTIONS[name][0]
    ours, theirs = getattr(getattr(stats, name), function), getattr(getattr(scipy.stats, name), function)
    x = INSIDE.get(name, X)
    check(lambda x: ours(x, *shape), lambda x: theirs(x, *shape), x)
    check(lambda x: ours(x, *shape, -0.3, 2.5), lambda x: theirs(x, *shape, -0.3, 2.5), x)
    check(lambda scale: ours(x, *shape, scale=scale), lambda scale: theirs(x, *shape, scale=scale), P + 1)
    check(lambda loc: ours(P, *shape, loc=loc, scale=3.0), lambda loc: theirs(P, *shape, loc=loc, scale=3.0), P - 1)
    with np.errstate(all="ignore"):
        far = theirs(np.array([-50.0, -0.5, 0.0, 1.5, 50.0]), *shape)
    np.testing.assert_allclose(ours(np.array([-50.0, -0.5, 0.0, 1.5, 50.0]), *shape), far, rtol=1e-10)
    assert np.isfinite(
        grad(lambda x: (ours(x, *shape, loc=1.0) * np.array([0.0, 1.0])).sum())(np.array([0.5, 1.5]))
    ).all()


def test_parameters_of_a_shape_may_be_named_and_others_are_refused():
    assert stats.lognorm.pdf(1.5, s=0.5) == pytest.approx(scipy.stats.lognorm.pdf(1.5, s=0.5))
    with pytest.raises(TypeError, match=r"^pdf takes \(x, s, loc=0\.0, scale=1\.0\): missing"):
        stats.lognorm.pdf(1.5)
    with pytest.raises(TypeError, match=r"^logpdf takes \(x, loc=0\.0, scale=1\.0\): .*'sigma'"):
        stats.norm.logpdf(1.5, sigma=2.0)
    assert "exp(−z²/2)" in stats.norm.pdf.__doc__


def test_the_entropy_of_normal_distributions():
    check(lambda s: stats.norm.entropy(0.0, s), lambda s: scipy.stats.norm.entropy(0.0, s), P)
    cov = np.array([[2.0, 0.3], [0.3, 1.0]])
    assert stats.multivariate_normal.entropy(None, cov) == pytest.approx(
        scipy.stats.multivariate_normal(None, cov).entropy()
    )


@pytest.mark.parametrize("function", ["pmf", "logpmf"])
def test_bernoulli_is_that_of_scipy(function):
    ours, theirs = getattr(stats.bernoulli, function), getattr(scipy.stats.bernoulli, function)
    k = np.array([[0, 1, 1], [1, 0, 0]])
    check(lambda p: ours(k, p), lambda p: theirs(k, p), P)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ours(np.array([0, 1, 2, -1, 0.5]), 0.3), theirs(np.array([0, 1, 2, -1, 0.5]), 0.3))


COV = np.array([[2.0, 0.3], [0.3, 1.0]])
MEAN = np.array([0.5, -1.0])
POINTS = np.array([[0.0, 0.0], [1.0, -2.0], [0.5, 0.3]])


@pytest.mark.parametrize("function", ["pdf", "logpdf"])
def test_multivariate_normal_is_that_of_scipy(function):
    ours, theirs = getattr(stats.multivariate_normal, function), getattr(scipy.stats.multivariate_normal, function)
    for x, mean, cov in (
        (POINTS, MEAN, COV), (POINTS[0], MEAN, COV), (POINTS, None, COV), (POINTS, MEAN, 2.0), (POINTS, MEAN, [2.0, 0.5]),
        (POINTS[:, 0], 0.5, 2.0), (0.3, 0.5, 2.0), (POINTS[None], MEAN, COV),
    ):  # fmt: skip
        np.testing.assert_allclose(ours(x, mean, cov), theirs(x, mean, cov), rtol=1e-12)
        assert np.shape(ours(x, mean, cov)) == np.shape(theirs(x, mean, cov))
    for loss in (
        lambda t: ours(t, MEAN, COV),
        lambda t: ours(POINTS, t[0], COV),
        lambda t: ours(POINTS, MEAN, COV + t[:2] @ t[:2].T),
    ):
        found = loss(Tensor(POINTS, requires_grad=True))
        np.testing.assert_allclose(found.data, loss(POINTS), rtol=1e-12)
        report = gradcheck(lambda t, loss=loss: loss(t).sum(), Tensor(POINTS))
        assert all(row.status == "ok" for row in report.leaves)  # cholesky looks at one triangle of what is symmetric
    with pytest.raises(np.linalg.LinAlgError):
        ours(POINTS, MEAN, np.ones((2, 2)) - np.eye(2))
    with pytest.raises(ValueError, match="multivariate_normal: vectors of 2 numbers, and a distribution of 3"):
        ours(POINTS, np.zeros(3), np.eye(3))


def test_every_distribution_is_a_module():
    for name in stats.__all__:
        assert getattr(stats, name) is importlib.import_module(f"fastpath.scipy.stats.{name}")
    for module in (fastpath.scipy, stats):
        with pytest.raises(AttributeError, match="has no attribute 'nonsense': it has"):
            _ = module.nonsense


def test_scipy_is_not_needed():
    code = "import sys; sys.modules['scipy'] = None; from fastpath.scipy.stats import norm; import fastpath.scipy.special; print(norm.cdf(0.0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) == 0.5


TREE = {"W": np.array([[1.0, -2.0], [0.5, 3.0]]), "b": [2.0, np.array([0.5])]}


def test_a_tree_is_one_vector_and_back():
    vector, unflatten = flatten(TREE)
    assert vector.tolist() == [1.0, -2.0, 0.5, 3.0, 2.0, 0.5]
    again = unflatten(vector)
    assert again["W"].tolist() == TREE["W"].tolist()
    assert again["b"][0] == 2.0
    assert again["b"][1].shape == (1,)
    loss = lambda tree: sum(np.sum(x * x * x) for x in flatten(tree)[1](flatten(tree)[0] * 2.0)["b"]) + 0.0
    assert grad(loss)(TREE)["b"][0] == pytest.approx(8 * 3 * 2.0**2)
    f, unflatten, start = flatten_func(lambda tree: np.sum(tree["W"] ** 2), TREE)
    assert f(start).tolist() == [14.25]
    assert flatten([])[0].size == 0


@pytest.mark.parametrize("optimizer", [sgd, rmsprop, adam])
def test_optimizers_of_a_gradient_go_downhill_in_a_tree(optimizer):
    seen = []
    gradient = grad(lambda tree, i: np.sum(tree["W"] ** 2) + tree["b"][0] ** 2 + np.sum(tree["b"][1] ** 2))
    found = optimizer(
        gradient,
        TREE,
        callback=lambda x, i, g: seen.append((i, x["W"][0, 0], g["W"][0, 0])),
        num_iters=400,
        step_size=0.05,
    )
    assert np.abs(flatten(found)[0]).max() < 0.05
    assert [i for i, _, _ in seen] == list(range(400))
    assert seen[0][1:] == (1.0, 2.0)
    assert TREE["W"][0, 0] == 1.0


def test_the_first_steps_of_optimizers_are_those_of_their_formulas():
    gradient = lambda x, i: 2.0 * x
    assert sgd(gradient, 1.0, num_iters=2, step_size=0.1, mass=0.9) == pytest.approx(
        1 - 0.02 + 0.1 * (0.9 * -0.2 - 0.1 * 1.96)
    )
    assert rmsprop(gradient, 1.0, num_iters=1, step_size=0.1, gamma=0.9) == pytest.approx(
        1 - 0.2 / np.sqrt(0.9 + 0.1 * 4)
    )
    assert adam(gradient, 1.0, num_iters=1, step_size=0.1) == pytest.approx(0.9)
