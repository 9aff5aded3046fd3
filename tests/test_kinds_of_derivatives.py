"""What the derivatives of a function are: of the kind of its variables, and a graph only where somebody can use one."""

import gc
import weakref

import numpy as np
import pytest

import fastpath
import scalargrad as sg
from fastpath import Tensor
from scalargrad import Value, grad, gradcheck, hessian, hvp, jacobian, no_grad
from scalargrad.graph import Node, topological_order

cube = lambda x: x * x * x
total = lambda p: sum(x * x * x for x in p)


def is_bare(node):
    """Whether a node has no graph behind it, and asks for none."""
    return isinstance(node, Node) and node.op is None and not getattr(node, "requires_grad", False)


def floats(nested):
    return [floats(x) for x in nested] if isinstance(nested, (list, tuple, np.ndarray)) else float(nested)


# --- of the kind of the variables ------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [2.0, 2, True, np.float64(2.0), np.float32(2.0), np.int64(2)])
def test_by_a_number_they_are_floats(x):
    for derivative in (grad(cube), grad(grad(cube)), jacobian(cube), hessian(cube), grad(lambda x: 3.0)):
        assert type(derivative(x)) is float
    assert type(hvp(cube)(x, 1.0)) is float
    assert grad(cube)(x) == 3.0 * float(x) ** 2


def test_by_an_array_of_numbers_they_are_arrays_of_floats():
    x = np.array([1.0, 2.0])
    for given in (x, x.tolist(), np.array([1, 2])):
        slopes, curvature = grad(total)(given), hessian(total)(given)
        along, table = hvp(total)(given, [1.0, 0.0]), jacobian(lambda p: [p[0] * p[1], p[0]])(given)
        assert floats(slopes) == [3.0, 12.0]
        assert floats(curvature) == [[6.0, 0.0], [0.0, 12.0]]
        assert floats(along) == [6.0, 0.0]
        assert floats(table) == [[2.0, 1.0], [1.0, 0.0]]
        if given is x:
            for found in (slopes, curvature, along, *table):
                assert (type(found), found.dtype) == (np.ndarray, np.float64)
    assert grad(total)(np.array([1, 2])).dtype == np.float64
    rows = jacobian(lambda p: p * p)(x)
    assert (rows.dtype, rows.tolist()) == (np.float64, [[2.0, 0.0], [0.0, 4.0]])
    column = jacobian(lambda t: np.array([t, t * t]))(3.0)
    assert (column.dtype, column.tolist()) == (np.float64, [1.0, 6.0])
    assert grad(total)(np.zeros(0)).dtype == np.float64
    assert grad(lambda p: (p * p).sum())(np.ones((2, 3))).tolist() == [[2.0] * 3] * 2


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_by_an_array_they_have_its_precision(dtype):
    x = np.array([1.0, 2.0], dtype)
    assert grad(total)(x).dtype == hessian(total)(x).dtype == jacobian(lambda p: p * p)(x).dtype == dtype
    assert jacobian(lambda p: [p[0], p[1] * p[1]])(x)[1].dtype == dtype
    assert hvp(total)(x, x).dtype == grad(total)(Tensor(x)).dtype == dtype
    assert grad(total, create_graph=True)(Tensor(x)).dtype == dtype
    whole = np.array(2.0, dtype)  # without axes
    found = grad(cube)(whole)
    assert (type(found), found.dtype, found.shape, float(found)) == (np.ndarray, dtype, (), 12.0)
    assert jacobian(lambda t: np.array([t, t * t]))(whole).dtype == dtype


def test_the_number_of_an_inner_derivative_is_not_rounded_to_the_precision_of_the_array():
    x = np.array([1.0], np.float32)
    scaled = grad(lambda t: t * grad(lambda p: p[0] * 0.1 + 0.0 * t)(x)[0])(3.0)
    assert scaled == 0.1


def test_by_values_they_are_values_with_no_graph_behind_them():
    x, w = Value(2.0, label="x"), Value(5.0, label="w")
    for found in (grad(cube)(x), jacobian(cube)(x), hessian(cube)(x), hvp(cube)(x, 1.0), grad(lambda t: w * t)(x)):
        assert type(found) is Value
        assert is_bare(found)
        assert found is not w
    assert grad(grad(cube))(x).data == 12.0
    array = grad(total)(np.array([x, w]))
    assert array.dtype == object
    assert all(map(is_bare, array))
    number, value, (inner,) = grad(lambda a, b, c: a * b * c[0], argnums=(0, 1, 2))(3.0, x, [w])
    assert (number, value.data, inner.data) == (10.0, 15.0, 6.0)
    assert type(number) is float
    assert is_bare(value)
    assert is_bare(inner)


@pytest.mark.parametrize("requires_grad", [False, True])
def test_by_tensors_they_are_tensors_with_no_graph_behind_them(requires_grad):
    t = Tensor([1.0, 2.0], requires_grad=requires_grad, label="t")
    w = Tensor([3.0, 4.0], requires_grad=True, label="w")
    f = lambda t: (t * t * w).sum()
    for found in (grad(f)(t), hessian(f)(t), hvp(f)(t, Tensor([1.0, 0.0])), jacobian(lambda t: t * w)(t)):
        assert type(found) is Tensor
        assert is_bare(found)
    slope = grad(lambda t: (t * w).sum())(t)
    assert is_bare(slope)
    slope.data[:] = 0.0
    assert w.data.tolist() == [3.0, 4.0]
    assert t.grad is w.grad is None


def test_a_loop_of_gradient_steps_keeps_no_graph():
    x = Value(1.0)
    for _ in range(50):
        x = x - 0.1 * grad(lambda t: t * t)(Value(x.data))
    assert x.data == pytest.approx(0.8**50)
    w = [1.0, -2.0]
    for _ in range(50):
        w = [a - 0.1 * b for a, b in zip(w, grad(lambda p: p[0] ** 2 + p[1] ** 2)(w), strict=True)]
    assert all(type(a) is float for a in w)


# --- a graph where one is asked for ----------------------------------------------------------------------------------


@pytest.mark.parametrize("derive", [grad, jacobian, hessian])
def test_a_graph_may_be_asked_for(derive):
    x = Value(2.0, label="x")
    found = derive(cube, create_graph=True)(x)
    assert [leaf.name for leaf in sg.trace(found).leaves] == ["x"]
    found.backward()
    assert x.grad == {grad: 12.0, jacobian: 12.0, hessian: 6.0}[derive]
    again = derive(cube, x, create_graph=True)
    assert grad(again, x).data == x.grad
    assert derive(cube, 2.0, create_graph=True).op is not None
    by_array = derive(total, np.array([1.0, 2.0]), create_graph=True)
    assert isinstance(by_array, Tensor)
    assert by_array.op is not None
    t = Tensor([1.0, 2.0], requires_grad=True)
    by_tensor = derive(total, t, create_graph=True)
    assert by_tensor.op is not None
    by_tensor.sum().backward()
    assert t.grad.tolist() == {grad: [6.0, 12.0], jacobian: [6.0, 12.0], hessian: [6.0, 6.0]}[derive]


def test_a_product_with_the_hessian_may_be_asked_for_as_a_graph():
    x = Value(2.0)
    found = hvp(cube, create_graph=True)(x, 1.0)
    assert grad(found, x).data == 6.0
    v = Value(1.0)
    assert grad(hvp(cube, create_graph=True)(3.0, v * 2.0), v).data == 36.0


def test_of_a_graph_it_is_a_graph_asked_or_not():
    x = Value(2.0)
    for derivative in (grad(cube(x), x), grad(cube(x), x, create_graph=True)):
        assert grad(derivative, x).data == 12.0


def test_a_penalty_on_a_gradient_trains():
    w, x = Value(3.0), Value(2.0)
    penalty = grad(lambda t: w * t * t, create_graph=True)(x) ** 2  # (2wx)²
    penalty.backward()
    assert (w.grad, x.grad) == (8 * 3.0 * 4.0, 8 * 9.0 * 2.0)
    w = Tensor([3.0], requires_grad=True)
    penalty = (grad(lambda t: (w * t * t).sum(), create_graph=True)(np.array(2.0) * Tensor([1.0])) ** 2).sum()
    penalty.backward()
    assert w.grad.tolist() == [96.0]


def test_by_a_variable_that_was_computed_the_graph_goes_on_if_asked_for():
    x = Value(2.0)
    assert is_bare(grad(cube)(x * 2.0))
    grad(cube, create_graph=True)(x * 2.0).backward()
    assert x.grad == 6 * 4.0 * 2.0
    t = Tensor([2.0], requires_grad=True)
    assert is_bare(grad(lambda t: cube(t).sum())(t * 2.0))
    grad(lambda t: cube(t).sum(), create_graph=True)(t * 2.0).sum().backward()
    assert t.grad.tolist() == [48.0]


def test_within_another_derivative_the_graph_goes_on():
    inner = lambda x: x * grad(cube)(x)
    assert grad(inner)(2.0) == 36.0
    assert hessian(inner)(2.0) == 36.0
    assert hvp(inner)(2.0, 1.0) == 36.0
    assert jacobian(lambda p: [grad(cube)(x) for x in p])([1.0, 2.0]) == [[6.0, 0.0], [0.0, 12.0]]
    assert grad(lambda x: grad(lambda t: t * t * x)(3.0))(2.0) == 6.0  # closed over, the inner variable a number
    assert grad(lambda x: grad(lambda p: (p * p).sum() * x)(np.ones(2))[0])(2.0) == 2.0
    assert grad(lambda x: sum(hessian(lambda p: p[0] ** 2 * x)([1.0])[0]))(2.0) == 2.0
    slopes = lambda t: grad(lambda t: cube(t).sum())(t).sum()
    assert grad(slopes)(Tensor([1.0, 2.0])).data.tolist() == [6.0, 12.0]
    assert gradcheck(grad(cube), 2.0, order=2)
    assert gradcheck(slopes, Tensor([1.0, 2.0]), order=2)
    assert sg.largest_eigenvalue(grad(cube), 2.0) == pytest.approx(6.0)


@pytest.mark.parametrize("create_graph", [False, True])
def test_within_compiled_code_the_graph_goes_on(create_graph):
    v = Tensor([3.0, 4.0], requires_grad=True, label="v")
    slope = lambda v: grad(lambda t: (v * t * t).sum(), create_graph=create_graph)(v)  # 2v²
    f = fastpath.compile(lambda x: (x * slope(v) ** 2).sum())
    x = np.array([1.0, 2.0])
    value, by = f.value_and_grad(x)
    assert value == (x * 4 * v.data**4).sum()
    np.testing.assert_allclose(by["v"], 16 * x * v.data**3)


def test_under_no_grad_there_is_none_and_the_kinds_are_the_same():
    x, t = Value(2.0), Tensor([1.0, 2.0])
    with no_grad():
        assert type(grad(cube)(2.0)) is float
        assert is_bare(grad(cube)(x))
        assert grad(cube, create_graph=True)(x).op is None
        assert is_bare(grad(total)(t))
        assert hessian(total)(np.ones(2)).tolist() == [[6.0, 0.0], [0.0, 6.0]]
        assert grad(grad(cube))(x).data == 12.0


def test_nothing_of_the_computation_is_kept():
    gc.collect()
    gc.disable()
    try:
        kept = []

        def f(x):
            y = x * x
            kept.append(weakref.ref(y))
            return y * x

        array = grad(lambda p: f(p[0]))(np.ones(1))
        results = [array, grad(f)(2.0), grad(f)(Value(2.0)), hessian(f)(2.0)]
        assert len(results) == 4
        assert [ref() for ref in kept] == [None] * 4
    finally:
        gc.enable()


def test_numbers_are_those_of_the_graph_bit_for_bit():
    f = lambda p: sg.sin(p[0] * p[1]) / (1 + sg.exp(p[1])) + p[0] ** 3
    for derive in (grad, jacobian, hessian):
        plain, graph = derive(f)([0.3, -0.7]), derive(f, create_graph=True)([0.3, -0.7])
        assert floats(plain) == floats(graph)
    assert topological_order(grad(f, create_graph=True)([0.3, -0.7])[0])
