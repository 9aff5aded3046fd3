"""Linear algebra: on arrays, Values and Tensors, compiled, against NumPy and PyTorch, with its derivatives."""

import numpy as np
import pytest

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value, elementwise_grad, grad, hessian
from tests.agreeing import numbers, require_agreement, require_second, values

RANDOM = np.random.default_rng(3)


def regular(*shape):
    """Matrices that are far from singular, but need their rows exchanged."""
    return RANDOM.normal(size=shape) + 3 * np.roll(np.eye(shape[-1]), 1, axis=0)


def definite(*shape):
    a = RANDOM.normal(size=shape)
    return a @ np.swapaxes(a, -1, -2) + np.eye(shape[-1])


STACKS = [(1, 1), (2, 2), (3, 3), (4, 4), (2, 3, 3), (2, 1, 2, 2), (0, 0), (0, 2, 2)]
every_stack = pytest.mark.parametrize("shape", STACKS, ids=str)


@every_stack
def test_inv_det_and_slogdet_are_numpys_on_every_kind_of_array(shape):
    a = regular(*shape)
    compiled = a.size > 0
    require_agreement(sg.inv, a, expected=np.linalg.inv(a), compiled=compiled)
    require_agreement(sg.det, a, expected=np.linalg.det(a), compiled=compiled)
    if compiled:
        require_agreement(sg.logabsdet, a, expected=np.linalg.slogdet(a)[1])
        require_agreement(lambda x: sg.slogdet(x).sign * 1.0, a, expected=np.linalg.slogdet(a)[0])
        for function in (sg.inv, sg.det, sg.logabsdet):
            require_second(function, a)


@pytest.mark.parametrize(
    ("left", "right"),
    [((3, 3), (3,)), ((3, 3), (3, 1)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (2, 3, 3)), ((2, 3, 3), (3, 3)),
     ((3, 3), (4, 3, 2)), ((2, 1, 2, 2), (3, 2, 1)), ((1, 1), (1,))],
    ids=str,
)  # fmt: skip
def test_solve_takes_what_numpy_takes(left, right):
    a, b = regular(*left), RANDOM.normal(size=right)
    require_agreement(sg.solve, a, b, expected=np.linalg.solve(a, b))
    require_second(sg.solve, a, b)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (2, 3, 3)], ids=str)
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_is_numpys_and_its_gradient_is_pytorchs(shape, upper):
    torch = pytest.importorskip("torch")
    a = definite(*shape)
    expected = np.linalg.cholesky(a)
    expected = np.swapaxes(expected, -1, -2) if upper else expected
    (found,) = require_agreement(lambda x: sg.cholesky(x, upper=upper), a, expected=expected)
    np.testing.assert_allclose(found, np.swapaxes(found, -1, -2))
    t = torch.tensor(a, requires_grad=True)
    seed = np.cos(np.arange(a.size, dtype=float)).reshape(a.shape)
    torch.linalg.cholesky(t, upper=upper).backward(torch.tensor(seed))
    np.testing.assert_allclose(found, t.grad.numpy(), rtol=1e-9, atol=1e-12)


SINGULAR = {
    "rank 2": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
    "rank 1": np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0]),
    "zeros": np.zeros((3, 3)),
    "2×2": np.array([[1.0, 2.0], [2.0, 4.0]]),
    "nearly": np.array([[1.0, 2.0], [2.0, 4.0 + 1e-15]]),
    "7×7": np.diag([1.0, 2, 3, 4, 5, 6, 0]),
}


def cofactors(a):
    found = np.empty_like(a)
    for i, j in np.ndindex(a.shape):
        found[i, j] = (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1))
    return found


@pytest.mark.parametrize("name", SINGULAR)
def test_the_gradient_of_det_is_right_for_singular_matrices(name):
    a = SINGULAR[name]
    t = Tensor(a, requires_grad=True)
    sg.det(t).backward()
    np.testing.assert_allclose(t.grad, cofactors(a), atol=1e-9)
    _, compiled = fastpath.compile(lambda x: sg.det(x), backend="tensor").value_and_grad(a, argnums=0)
    np.testing.assert_allclose(compiled, cofactors(a), atol=1e-9)
    if len(a) <= 6:
        box = values(a)
        sg.det(box).backward()
        np.testing.assert_allclose([v.grad for v in box.ravel()], cofactors(a).ravel(), atol=1e-9)


def test_the_second_derivative_of_det_is_right_for_a_singular_matrix():
    require_second(sg.det, SINGULAR["rank 2"])
    require_second(sg.det, SINGULAR["rank 1"])
    found = np.asarray(hessian(lambda x: sg.det(x))(np.zeros((2, 2))))
    np.testing.assert_array_equal(found.reshape(4, 4), np.fliplr(np.diag([1.0, -1.0, -1.0, 1.0])))


@pytest.mark.parametrize("name", ["inv", "solve", "cholesky"])
@pytest.mark.parametrize(
    "make", [np.array, values, Tensor, np.ndarray.tolist], ids=["array", "Values", "Tensor", "list"]
)
def test_what_numpy_cannot_invert_is_a_linalgerror_with_a_sentence(name, make):
    a = make(-SINGULAR["2×2"])
    with pytest.raises(np.linalg.LinAlgError, match=rf"^{name}: the matrix is (singular|not positive)"):
        getattr(sg, name)(*([a, [1.0, 2.0]] if name == "solve" else [a]))


@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "cholesky", "matrix_power", "solve"])
def test_what_is_not_square_is_refused_as_numpy_does(name):
    rest = {"matrix_power": (2,), "solve": (np.ones(2),)}.get(name, ())
    for make in (np.array, values, Tensor):
        for shape in ((2, 3), (3,), ()):
            with pytest.raises(ValueError, match=f"^{name}: "):
                getattr(sg, name)(make(np.ones(shape)), *rest)


@pytest.mark.parametrize("function", [sg.inv, sg.det, sg.logabsdet, lambda x: sg.solve(x, [1.0, 2.0, 3.0])])
def test_compiled_scalar_code_exchanges_rows_by_the_numbers_it_is_given(function):
    box = values(np.eye(3))
    leaves = box.ravel().tolist()

    def total(x):
        return sum(np.asarray(function(box), object).ravel().tolist(), Value(0.0)) * x

    compiled = fastpath.compile(total)
    for seed in range(5):
        a = np.random.default_rng(seed).normal(size=(3, 3))
        for leaf, x in zip(leaves, a.ravel().tolist()):
            leaf.data = x
        y, slopes = compiled.value_and_grad([1.0])
        assert y == pytest.approx(float(np.sum(function(a))))
        t = Tensor(a, requires_grad=True)
        fastpath.sum(function(t)).backward()
        np.testing.assert_allclose([slopes[leaf] for leaf in leaves], t.grad.ravel(), rtol=1e-8)


def test_a_compiled_graph_chooses_its_pivots_anew():
    numbers_ = np.array([[4.0, 1.0], [1.0, 3.0]])
    leaves = np.array([[Value(numbers_[i, j], label=f"a{i}{j}") for j in range(2)] for i in range(2)])
    root = sum(sg.inv(leaves).ravel().tolist())
    compiled = fastpath.compile(root)
    other = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert compiled(**{f"a{i}{j}": other[i, j] for i, j in np.ndindex(2, 2)}) == pytest.approx(
        np.linalg.inv(other).sum()
    )


def test_matrix_power_and_multi_dot_are_numpys():
    a = regular(3, 3)
    for n in (-3, -1, 0, 1, 2, 5):
        require_agreement(lambda x, n=n: sg.matrix_power(x, n), a, expected=np.linalg.matrix_power(a, n), rtol=1e-7)
    shapes = [(2, 5), (5, 1), (1, 4), (4, 3)]
    parts = [RANDOM.normal(size=s) for s in shapes]
    require_agreement(lambda *x: sg.multi_dot(x), *parts, expected=np.linalg.multi_dot(parts))
    parts = [RANDOM.normal(size=s) for s in [(5,), (5, 2), (2,)]]
    require_agreement(lambda *x: sg.multi_dot(x), *parts, expected=np.linalg.multi_dot(parts))


ORDERS = [None, 1, 2, 3, 0.5, -1, np.inf, -np.inf]


@pytest.mark.parametrize("ord", ORDERS)
@pytest.mark.parametrize(("shape", "axis"), [((4,), None), ((2, 3), 0), ((2, 3, 2), -2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_of_vectors_are_numpys(ord, shape, axis, keepdims):
    x = RANDOM.normal(size=shape) + 0.1
    settings = {"ord": ord, "axis": axis, "keepdims": keepdims}
    require_agreement(lambda a: sg.norm(a, **settings), x, expected=np.linalg.norm(x, **settings))
    assert np.linalg.norm(Tensor(x), **settings).data == pytest.approx(np.linalg.norm(x, **settings))


@pytest.mark.parametrize("ord", [None, "fro", 1, -1, np.inf, -np.inf])
@pytest.mark.parametrize(("shape", "axis"), [((2, 3), None), ((2, 3, 4), (0, 2)), ((2, 3, 4), (-1, 0))])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_of_matrices_are_numpys(ord, shape, axis, keepdims):
    x = RANDOM.normal(size=shape)
    settings = {"ord": ord, "axis": axis, "keepdims": keepdims}
    require_agreement(lambda a: sg.norm(a, **settings), x, expected=np.linalg.norm(x, **settings))


def test_norms_have_a_gradient_at_0_and_refuse_what_has_none():
    for ord in (None, 1, 2, 3, np.inf):
        np.testing.assert_array_equal(grad(lambda x, ord=ord: sg.norm(x, ord))(np.zeros(3)), 0.0)
    assert sg.norm([1.0, 0.0, 3.0], 0) == 2.0
    for ord in (2, -2, "nuc"):
        with pytest.raises(ValueError, match=r"^norm: ord=.* needs singular values"):
            sg.norm(np.eye(2), ord)
    for x, ord in (([1.0], "fro"), ([1.0], "x"), (np.eye(2), 3), (np.ones((2, 2, 2)), 1)):
        with pytest.raises(ValueError, match=r"^norm: ord="):
            sg.norm(x, ord)


def test_numpys_own_functions_reach_them():
    a = regular(3, 3)
    t = Tensor(a, requires_grad=True)
    for name in ("inv", "det"):
        np.testing.assert_allclose(numbers(getattr(np.linalg, name)(t)), getattr(np.linalg, name)(a))
    sign, logabsdet = np.linalg.slogdet(t)
    np.testing.assert_allclose([sign.data, logabsdet.data], np.linalg.slogdet(a))
    np.testing.assert_allclose(numbers(np.linalg.solve(t, a[0])), np.linalg.solve(a, a[0]))
    np.testing.assert_allclose(numbers(np.linalg.cholesky(Tensor(a @ a.T))), np.linalg.cholesky(a @ a.T))
    np.testing.assert_allclose(numbers(np.trace(t)), np.trace(a))
    np.testing.assert_allclose(numbers(t.trace()), np.trace(a))
    np.testing.assert_allclose(numbers(np.linalg.matrix_power(t, 3)), np.linalg.matrix_power(a, 3))


def test_half_and_single_precision_stay_what_they_are():
    for dtype in (np.float16, np.float32):
        t = Tensor(regular(2, 2), dtype=dtype, requires_grad=True)
        y = sg.inv(t).sum() + sg.det(t)
        y.backward()
        assert y.dtype == t.grad.dtype == dtype


def test_a_gaussian_process_the_likelihood_of_which_is_made_of_them():
    x = np.linspace(0, 1, 5)[:, None]
    y = np.sin(x[:, 0])

    def likelihood(length):
        k = sg.exp(-(((x - x.T) / length) ** 2)) + 0.1 * np.eye(5)
        factor = sg.cholesky(k)
        return 0.5 * fastpath.sum(y * sg.solve(k, y)) + fastpath.sum(sg.log(sg.diagonal(factor)))

    found = elementwise_grad(likelihood)(np.array(0.7))

    def plain(h):
        return float(likelihood(np.array(h)))

    assert float(found) == pytest.approx((plain(0.7 + 1e-6) - plain(0.7 - 1e-6)) / 2e-6, rel=1e-6)
