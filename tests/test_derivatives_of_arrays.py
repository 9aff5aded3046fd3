"""Derivatives of functions of arrays, as autograd and JAX have them: what goes in, what comes out."""

import collections
import dataclasses
import inspect
import tracemalloc

import numpy as np
import pytest

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value, elementwise_grad, grad, gradcheck, hessian, hvp, jacobian, jvp, tree, value_and_grad, vjp

X = np.array([1.0, -2.0, 0.5])
A = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, -1.0]])


def differences(f, x, step=1e-6):
    """The derivatives of f, a number or an array, by each element of an array: its axes last."""
    columns = []
    for i in range(x.size):
        e = np.zeros(x.size)
        e[i] = step
        e = e.reshape(x.shape)
        columns.append((np.asarray(f(x + e), float) - np.asarray(f(x - e), float)) / (2 * step))
    return np.moveaxis(np.array(columns).reshape(x.shape + np.shape(columns[0])), range(x.ndim), range(-x.ndim, 0))


SCALARS = {
    "square": lambda x: np.sum(x**2),
    "norm": lambda x: np.linalg.norm(x),
    "product": lambda x: x @ A.T @ A @ x,
    "np.dot": lambda x: np.sum(np.dot(A, x) ** 3),
    "tanh": lambda x: np.mean(np.tanh(x) * np.exp(-x)),
    "max": lambda x: np.max(x) * x.max(),
    "index": lambda x: x[0] * x[-1] + np.sum(x[1:] * x[:-1]),
    "loop": lambda x: sum(x[i] ** (i + 1) for i in range(3)),
    "ours": lambda x: sg.logsumexp(sg.sin(x)) + sg.norm(x),
    "np.array": lambda x: np.sum(np.array([x[0] ** 2, x[1] * x[2], 1.0]) * x),
    "a matrix of parts": lambda x: np.sum(np.array([[x[0], 1.0], [0.0, x[1]]]) @ x[:2]),
    "a list in np.dot": lambda x: np.sum(np.dot(A, [x[0], 2.0, x[2]])),
    "np.stack": lambda x: np.sum(np.stack([x, 2 * x]) ** 2),
    "np.concatenate": lambda x: np.sum(np.concatenate([x, x * x])),
    "np.where": lambda x: np.sum(np.where(x > 0, x, 3 * x)),
    "branch": lambda x: np.sum(x) if x[0] > 0 else np.sum(x**2),
    "einsum": lambda x: np.einsum("ij,j->", A, x) ** 2,
}


@pytest.mark.parametrize("name", SCALARS)
def test_gradients_of_numpy_code(name):
    f = SCALARS[name]
    before = X.copy()
    slope = grad(f)(X)
    assert (type(slope), slope.dtype, slope.shape) == (np.ndarray, np.float64, (3,))
    np.testing.assert_allclose(slope, differences(f, X), rtol=1e-7, atol=1e-8)
    value, again = value_and_grad(f)(X)
    assert type(value) is float
    assert value == pytest.approx(float(f(X)), rel=1e-14)
    assert np.array_equal(slope, again)
    curvature = hessian(f)(X)
    np.testing.assert_allclose(curvature, differences(grad(f), X), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(curvature, jacobian(grad(f))(X), rtol=1e-13, atol=1e-13)
    v = np.array([0.3, 1.0, -2.0])
    np.testing.assert_allclose(hvp(f)(X, v), curvature @ v, rtol=1e-12, atol=1e-12)
    out, along = jvp(f, (X,), (v,))
    assert along == pytest.approx(slope @ v, rel=1e-12, abs=1e-13)
    assert out == value
    assert np.array_equal(X, before)


def test_a_jacobian_has_the_axes_of_the_result_and_then_of_the_argument():
    f = lambda W: np.tanh(W @ W.T)
    W = np.arange(6.0).reshape(2, 3) / 10
    J = jacobian(f)(W)
    assert J.shape == (2, 2, 2, 3)
    np.testing.assert_allclose(J, differences(lambda W: np.tanh(W @ W.T), W), atol=1e-9)
    assert jacobian(lambda x: [x[0], x])(X)[1].tolist() == np.eye(3).tolist()
    assert hessian(lambda W: np.sum(W**3))(W).shape == (2, 3, 2, 3)
    assert jacobian(lambda x: np.array([x[0] * x[1], 3.0]))(X).tolist() == [[-2.0, 1.0, 0.0], [0.0, 0.0, 0.0]]


def test_an_elementwise_derivative_is_the_sum_of_each_column():
    x = np.linspace(-2, 2, 7)
    tanh = lambda x: (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-2 * x))
    f, y = tanh, np.tanh(x)
    for expected in (1 - y**2, -2 * y * (1 - y**2), (1 - y**2) * (6 * y**2 - 2)):
        f = elementwise_grad(f)
        np.testing.assert_allclose(f(x), expected, atol=1e-14)
    assert elementwise_grad(lambda x: x**2)(3.0) == 6.0
    np.testing.assert_allclose(elementwise_grad(lambda x: np.cumsum(x))(x[:3]), [3.0, 2.0, 1.0])
    assert elementwise_grad(lambda x, y: x * y, argnums=1)(x, x).tolist() == x.tolist()


# --- which arguments -------------------------------------------------------------------------------------------------


def affine(w, b=1.0, *, scale=2.0):
    return np.sum(w * w) * scale + b


def test_arguments_are_chosen_by_position_and_by_name():
    two, one = (2 * 2 * X).tolist(), (2 * X).tolist()
    assert grad(affine)(X).tolist() == grad(affine, 0)(X).tolist() == grad(affine, "w")(w=X).tolist() == two
    assert grad(affine, "b")(X) == grad(affine, 1)(X, 5.0) == 1.0
    assert grad(affine, "scale")(X) == grad(affine, argnums="scale")(X, scale=7.0) == pytest.approx(float(X @ X))
    by_b, by_w = grad(affine, ("b", "w"))(X, scale=1.0)
    assert (by_b, by_w.tolist()) == (1.0, one)
    assert grad(affine, (0, 1))(X, 1.0)[1] == grad(affine, argnums=(-1, 0))(X, 1.0)[0] == 1.0
    assert grad(lambda *all_: np.sum(all_[0] * all_[1]), 1)(X, X).tolist() == X.tolist()
    assert grad(lambda **all_: np.sum(all_["a"] ** 2), "a")(a=X).tolist() == one
    first, second = grad(lambda a, b: np.sum(a * b), (0, 1))(X, X)  # one array, two arguments
    assert first.tolist() == second.tolist() == X.tolist()
    assert grad(grad(lambda w: w**3), "w")(2.0) == 12.0
    assert inspect.signature(grad(affine)) == inspect.signature(affine)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: grad(affine, "q"), "the function has no argument called 'q', but w, b, scale"),
        (lambda: grad(affine, argnums="q"), "argnums is the number of an argument or its name"),
        (lambda: grad(affine, 5), r"by argument 5, and f takes 3; its value at 5 is grad\(f\)\(5\)"),
        (lambda: grad(affine, "w")(b=1.0), "no argument called 'w' among those given"),
        (lambda: grad(lambda x: 2 * x)(X), r"of shape \(3,\): reduce it with sum\(\) or mean\(\), or take jacobian"),
        (lambda: grad(lambda x: np.ones(3))(X), "a jacobian"),
        (lambda: grad(np.sum, has_aux=True)(X), "with has_aux=True the function returns a pair"),
        (lambda: grad(np.sum)(np.array(["a"])), "grad: expected real numbers, not an array of <U1"),
        (lambda: grad(np.sum)(np.array([1j])), "grad: expected real numbers, not an array of complex128"),
        (lambda: grad(np.sum)(np.ma.array([1.0, 2.0], mask=[0, 1])), "masked array"),
        (lambda: jvp(np.sum, X, X), "primals are a tuple with one for each argument, not a ndarray"),
        (lambda: jvp(np.sum, (X,), (np.ones(2),)), r"tangent has the shape \(2,\), where \(3,\) is expected"),
        (lambda: jvp(np.sum, (X,), ()), "1 primals need as many tangents, not 0"),
        (lambda: vjp(lambda x: x * 2, X)[1](np.ones(2)), r"gradient has the shape \(2,\), where \(3,\)"),
        (lambda: hvp(np.sum)(X, np.ones(2)), r"hvp: v has the shape \(2,\), where \(3,\) is expected"),
        (lambda: hvp(np.sum)(x=X), "hvp"),
        (lambda: value_and_grad(Value(1.0), Value(1.0)), "value_and_grad takes a function"),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence(call, words):
    with pytest.raises((TypeError, ValueError), match=words) as error:
        call()
    assert "\n" not in str(error.value)


# --- auxiliary results -----------------------------------------------------------------------------------------------


def test_what_else_a_function_returns_is_given_back_without_a_graph():
    f = lambda w: (np.sum(w * w), {"twice": 2 * w, "first": w[0], "n": 3, "name": "s", "none": None})
    slope, aux = grad(f, has_aux=True)(X)
    assert slope.tolist() == (2 * X).tolist()
    assert (type(aux["twice"]), aux["twice"].tolist()) == (np.ndarray, (2 * X).tolist())
    assert (type(aux["first"]), aux["first"]) == (float, 1.0)
    assert (aux["n"], aux["name"], aux["none"]) == (3, "s", None)
    (value, again), slope = value_and_grad(f, has_aux=True)(X)
    assert (value, again["n"]) == (float(X @ X), 3)
    out, back, aux = vjp(lambda w: (2 * w, w[0]), X, has_aux=True)
    assert (out.tolist(), aux, back(X)[0].tolist()) == ((2 * X).tolist(), 1.0, (2 * X).tolist())
    assert jvp(lambda w: (2 * w, w[0]), (X,), (X,), has_aux=True)[2] == 1.0
    tensor, aux = grad(lambda w: ((w * w).sum(), 2 * w), has_aux=True)(Tensor(X))
    assert type(tensor) is type(aux) is Tensor
    assert aux.op is None
    assert grad(lambda w: (w * w, w * 3), has_aux=True)(2.0) == (4.0, 6.0)


# --- trees -----------------------------------------------------------------------------------------------------------

Pair = collections.namedtuple("Pair", "w b")


@dataclasses.dataclass(frozen=True)
class Layer:
    w: object
    b: object


TREES = {
    "dict": lambda w, b: {"w": w, "b": b},
    "list": lambda w, b: [w, b],
    "tuple": lambda w, b: (w, b),
    "named tuple": Pair,
    "dataclass": Layer,
    "nested": lambda w, b: {"layers": [(w,), Pair(b, None)], "none": None, "empty": []},
    "ordered": lambda w, b: collections.OrderedDict(w=w, b=b),
}


@pytest.mark.parametrize("name", TREES)
def test_derivatives_are_in_the_containers_of_the_variables(name):
    make = TREES[name]
    f = lambda p: np.sum(tree.flatten(p)[0][0] ** 2) * tree.flatten(p)[0][1]
    given = make(X, 3.0)
    slopes = grad(f)(given)
    assert type(slopes) is type(given)
    assert repr(slopes) == repr(make(6 * X, float(X @ X)))
    assert repr(value_and_grad(f)(given)[1]) == repr(slopes)
    second = hessian(f)(given)
    assert repr(second) == repr(make(make(6 * np.eye(3), 2 * X), make(2 * X, 0.0)))
    v = make(np.ones(3), 1.0)
    assert repr(hvp(f)(given, v)) == repr(make(6 + 2 * X, float(np.sum(2 * X))))
    _, tangent = jvp(lambda p: make(f(p), tree.flatten(p)[0][0]), (given,), (v,))
    assert repr(tangent) == repr(make(float(np.sum(6 * X) + X @ X), np.ones(3)))
    back = vjp(lambda p: make(tree.flatten(p)[0][0], f(p)), given)[1]
    assert repr(back(make(np.ones(3), 0.0))[0]) == repr(make(np.ones(3), 0.0))
    assert repr(tree.map(lambda p, g: p - g, given, slopes)) == repr(make(-5 * X, 3.0 - float(X @ X)))
    rows = jacobian(lambda p: {"y": tree.flatten(p)[0][0] * 2, "z": f(p)})(given)
    assert repr(rows["y"]) == repr(make(2 * np.eye(3), np.zeros(3)))


def test_a_tree_of_another_form_is_refused_with_its_place():
    with pytest.raises(ValueError, match=r"another tree\['b'\] is a list of 1, where a tuple of 2 is expected"):
        tree.map(lambda a, b: a, {"a": 1, "b": (1, 2)}, {"a": 1, "b": [1]})
    assert tree.map(lambda a, b: a + b, {"a": 1, "b": 2}, {"b": 20, "a": 10}) == {"a": 11, "b": 22}
    assert dict(tree.named({"w": [1.0], "l": Layer(2.0, None)}, "p")) == {"p['w'][0]": 1.0, "p['l'].w": 2.0}
    assert list(tree.leaves((1, [2, {"a": 3}], None, 4))) == [1, 2, 3, 4]


# --- kinds of arrays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_derivatives_have_the_dtype_of_the_array(dtype):
    x = X.astype(dtype)
    f = lambda x: np.sum(x**3)
    arrays = [grad(f)(x), hessian(f)(x), jacobian(lambda x: 2 * x)(x), hvp(f)(x, x), elementwise_grad(np.tanh)(x)]
    arrays += [vjp(lambda x: x * x, x)[1](x)[0], jvp(lambda x: x * x, (x,), (x,))[1], vjp(lambda x: x * x, x)[0]]
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}


def test_whole_numbers_and_bools_count_as_floats():
    for x in (np.array([1, 2]), np.array([True, False])):
        assert grad(lambda x: np.sum(x * x))(x).dtype == np.float64
    assert grad(lambda x: np.sum(x * x))(np.array([1, 2])).tolist() == [2.0, 4.0]
    assert jvp(lambda x: x * x, (3,), (1,)) == (9.0, 6.0)


def test_arrays_without_axes_without_elements_in_strides_and_read_only():
    found = grad(lambda x: x * x)(np.array(3.0))
    assert (type(found), found.shape, float(found)) == (np.ndarray, (), 6.0)
    assert grad(np.sum)(np.zeros((0, 2))).shape == (0, 2)
    assert jacobian(lambda x: 2 * x)(np.zeros(0)).shape == (0, 0)
    assert hessian(np.sum)(np.zeros((0, 2))).shape == (0, 2, 0, 2)
    assert grad(lambda p: 3.0)({}) == {}
    turned = np.arange(6.0).reshape(2, 3).T
    turned.flags.writeable = False
    assert grad(lambda x: np.sum(x * x))(turned).tolist() == (2 * turned).tolist()
    assert grad(lambda x: np.sum(x * x))(np.arange(6.0)[::-2]).tolist() == [10.0, 6.0, 2.0]
    assert not turned.flags.writeable


def test_results_share_memory_with_nothing():
    kept = X.copy()
    for f in (lambda a, b: np.sum(a + b), lambda a, b: np.dot(a, b), lambda a, b: np.sum(a * b) + np.sum(b)):
        a, b = X.copy(), X.copy()
        slopes = grad(f, (0, 1))(a, b)
        slopes[0][...] = 9.0
        assert not np.shares_memory(*slopes)
        assert a.tolist() == b.tolist() == X.tolist() == kept.tolist()
        assert 9.0 not in slopes[1]
    x = X.copy()
    out, back = vjp(lambda x: x.reshape((3, 1)), x)
    out[...] = 0.0
    x[...] = 0.0
    assert back(np.ones((3, 1)))[0].tolist() == [1.0, 1.0, 1.0]
    out, back = vjp(lambda x: x * x, kept)
    kept[...] = 0.0
    assert back(np.ones(3))[0].tolist() == (2 * X).tolist()
    g = np.ones(3)
    slope = vjp(lambda x: x + 0.0, X)[1](g)[0]
    assert not np.shares_memory(slope, g)


def test_an_argument_that_is_not_used_has_the_derivative_zero():
    a, b = grad(lambda a, b: np.sum(a), (0, 1))(X, A)
    assert (a.tolist(), b.tolist()) == ([1.0] * 3, np.zeros((2, 3)).tolist())
    assert grad(lambda a: 3.0)(X).tolist() == [0.0] * 3
    assert jvp(lambda a: 3.0, (X,), (X,)) == (3.0, 0.0)
    assert vjp(lambda a: np.ones(2), X)[1](np.ones(2))[0].tolist() == [0.0] * 3


def test_a_number_beside_arrays_is_a_tensor_and_its_derivative_a_float():
    w, b = grad(lambda w, b: np.sum((A @ w + b) ** 2), (0, 1))(X, 0.5)
    assert (type(w), type(b)) == (np.ndarray, float)
    assert b == pytest.approx(float(2 * np.sum(A @ X + 0.5)))
    slope = grad(lambda p, X: np.mean((p[0] * X + p[1]) ** 2))([1.0, 2.0], X)
    assert [type(x) for x in slope] == [float, float]
    assert grad(lambda a: np.sum((a * X - 1) ** 2))(0.5) == pytest.approx(float(2 * np.sum((0.5 * X - 1) * X)))


# --- one within the other --------------------------------------------------------------------------------------------


def test_derivatives_within_derivatives():
    loss = lambda w: np.sum(w**2)
    step = lambda lr: np.sum((X - lr * grad(loss)(X)) ** 2)
    for lr in (0.1, np.array(0.1)):
        assert float(grad(step)(lr)) == pytest.approx(-4 * float(X @ X) * (1 - 0.2))
    assert grad(grad(grad(lambda x: x**5)))(2.0) == grad(grad(grad(lambda x: x**5)))(np.array(2.0)) == 240.0
    scaled = lambda a: sg.sum(vjp(lambda b: b * sg.sum(b) * a, a)[1](a)[0])
    np.testing.assert_allclose(grad(scaled)(X), differences(scaled, X), rtol=1e-6, atol=1e-7)
    along = lambda a: jvp(lambda b: sg.sum(sg.tanh(b) * a), (a,), (a,))[1]
    np.testing.assert_allclose(grad(along)(X), differences(along, X), rtol=1e-6, atol=1e-7)
    assert grad(lambda a: vjp(lambda b: b * a * b, a)[1](1.0)[0])(3.0) == 12.0
    assert grad(lambda a: jvp(lambda b: b * a * b, (a,), (1.0,))[1])(3.0) == 12.0
    back = vjp(lambda b: b**3, X)[1]  # made outside, called within
    np.testing.assert_allclose(grad(lambda t: sg.sum(back(t * t)[0]))(X), 2 * X * 3 * X**2)
    value = lambda a: value_and_grad(lambda b: sg.sum(b * a * b))(a)[0]
    np.testing.assert_allclose(grad(value)(X), 3 * X**2)
    aux = lambda a: sg.sum(grad(lambda b: (sg.sum(b * b), b * a), has_aux=True)(a)[1])
    np.testing.assert_allclose(grad(aux)(X), 2 * X)


def test_compiled_within_derivatives_and_the_other_way_round():
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True, label="w")
    f = lambda a: (np.tanh(a) * w * a).sum()
    compiled = fastpath.compile(f)
    np.testing.assert_allclose(grad(compiled)(X), grad(f)(X))
    assert value_and_grad(compiled)(X)[0] == pytest.approx(f(X).item())
    for derive in (grad, hessian, value_and_grad, elementwise_grad, jacobian):
        made = fastpath.compile(derive(f))
        for x in (X, 2 * X):
            for a, b in zip(tree.leaves(made(x)), tree.leaves(derive(f)(x)), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)
    np.testing.assert_allclose(fastpath.compile(hvp(f))(X, 2 * X), hvp(f)(X, 2 * X))
    along, back = (lambda a: jvp(f, (a,), (a,))[1]), (lambda a: vjp(lambda b: b * np.sum(b), a)[1](a)[0])
    np.testing.assert_allclose(fastpath.compile(along)(X), along(X))
    np.testing.assert_allclose(fastpath.compile(back)(X), back(X))
    v = Value(3.0, label="v")
    scalar = fastpath.compile(lambda a: v * a * a, backend="value")
    assert grad(scalar)(2.0) == 12.0


@pytest.mark.parametrize(
    "f",
    [
        lambda v: fastpath.compile(lambda a: v * a * a, backend="value")(X),
        lambda v: fastpath.compile(lambda a: v * 2 * a, backend="value").value_and_grad(X)[0],
        lambda v: fastpath.compile(v * 2)(),
    ],
)
def test_a_compiled_call_that_would_lose_the_gradient_is_refused(f):
    with pytest.raises(TypeError, match="a compiled call of what depends on the variable"):
        grad(f)(0.5)


def test_loops_of_gradient_steps_keep_nothing():
    loss = lambda W: ((W * W) - 1.0).mean()

    def growth(w, derive):
        for _ in range(5):
            w = w - 0.1 * derive(loss)(w)
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(50):
                w = w - 0.1 * derive(loss)(w)
            return (tracemalloc.get_traced_memory()[0] - before) / 50
        finally:
            tracemalloc.stop()

    big = np.ones((100, 50))
    assert growth(big, grad) < 4000
    assert growth(Tensor(big), grad) < 4000
    assert growth(big, lambda f: lambda w: value_and_grad(f)(w)[1]) < 4000


# --- others' functions -----------------------------------------------------------------------------------------------


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def test_optimizers_of_scipy_take_them():
    optimize = pytest.importorskip("scipy.optimize")
    runs = [
        optimize.minimize(rosenbrock, np.zeros(2), jac=grad(rosenbrock)),
        optimize.minimize(value_and_grad(rosenbrock), [0.0, 0.0], jac=True, method="L-BFGS-B"),
        optimize.minimize(
            rosenbrock, np.zeros(2), jac=grad(rosenbrock), hess=hessian(rosenbrock), method="trust-exact"
        ),
        optimize.minimize(rosenbrock, np.zeros(2), jac=grad(rosenbrock), hessp=hvp(rosenbrock), method="Newton-CG"),
    ]
    for run in runs:
        np.testing.assert_allclose(run.x, [1.0, 1.0], atol=2e-3)
    lines = lambda p: np.array([p[0] + p[1] - 3, p[0] - p[1]])
    np.testing.assert_allclose(optimize.root(lines, np.zeros(2), jac=jacobian(lines)).x, [1.5, 1.5])
    np.testing.assert_allclose(optimize.least_squares(lines, np.zeros(2), jac=jacobian(lines)).x, [1.5, 1.5])
    cube = lambda t: t**3 - 8
    assert optimize.newton(cube, 3.0, fprime=grad(cube), fprime2=grad(grad(cube))) == pytest.approx(2.0)


def test_gradcheck_takes_arrays_and_trees():
    loss = lambda p, x: np.sum(np.tanh(p["w"] @ x + p["b"]) ** 2)
    report = gradcheck(loss, ({"w": A, "b": 0.5}, X), order=2)
    assert report, str(report)
    names = [row.input for row in report.leaves if not row.by]
    assert names[:2] == ["p['w'][0, 0]", "p['w'][0, 1]"]
    assert set(names[6:]) == {"p['b']", "x[0]", "x[1]", "x[2]"}
    labels = np.array([0, 1])
    assert len(gradcheck(lambda w, y: sg.cross_entropy(w, y), (A, labels)).leaves) == 6  # whole numbers stay
    assert not gradcheck(lambda x: np.sum(x * x.data), X)
    assert gradcheck(lambda p: p["a"] * p["b"], ({"a": 2.0, "b": Value(3.0)},))


def test_everything_is_public_in_both_packages():
    for name in ("grad", "value_and_grad", "jacobian", "hessian", "hvp", "jvp", "vjp", "elementwise_grad"):
        assert getattr(fastpath, name) is getattr(sg, name)
        assert name in fastpath.__all__
        assert name in sg.__all__
