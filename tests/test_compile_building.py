"""What single lines of the plan decide: types, shapes and forms of instructions, and rows at their edges."""

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from fastpath.ir.build import Builder
from fastpath.ir.rows import Namespace
from fastpath.plan import TracingError

RNG = np.random.default_rng(0)


@pytest.fixture
def build():
    return Builder()


def leaf(build, shape, dtype="float64"):
    return build.leaf("argument", 0, shape, dtype)


# --- types -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "types", "expected"),
    [
        ("divide", ("int64", "int64"), "float64"),
        ("divide", ("int64", "float32"), "float32"),
        ("add", ("int64", "int32"), "int64"),
        ("add", ("bool", "bool"), "float64"),
        ("multiply", ("bool", "float32"), "float32"),
        ("add", ("float32", "float64"), "float64"),
        ("exp", ("int8",), "float64"),
        ("less", ("int64", "int64"), "bool"),
        ("equal", ("bool", "float32"), "bool"),
    ],
)
def test_types_of_ufuncs(build, name, types, expected):
    exprs = [leaf(build, (3,), t) for t in types]
    result = build.ufunc(name, *exprs)
    assert result.dtype == expected
    if expected.startswith("float"):
        assert {x.dtype for x in result.inputs if x.dtype != bool} == {np.dtype(expected)} or "float32" in types


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (("float32", "float32"), "float32"),
        (("float32", "float64"), "float64"),
        (("int64", "float32"), "float32"),
        (("int64", "int64"), "int64"),
    ],
)
def test_types_of_products(build, types, expected):
    a, b = leaf(build, (2, 3), types[0]), leaf(build, (3, 2), types[1])
    product = build.matmul(a, b)
    assert product.dtype == expected
    assert [x.dtype for x in product.inputs] == [expected, expected]


def test_types_of_choices(build):
    mask, a = leaf(build, (3,), "bool"), leaf(build, (3,), "float32")
    chosen = build.where(mask, a, 2.0)
    assert chosen.dtype == np.float32
    assert [x.dtype for x in chosen.inputs] == [bool, np.float32, np.float32]
    assert build.where(mask, a, leaf(build, (3,))).dtype == np.float64
    assert build.where(mask, 1, 2).dtype == np.float64
    assert build.where(mask, leaf(build, (3,), "int64"), a).inputs[1].dtype == np.float32


def test_a_float32_choice_compiled_is_the_tensors():
    x = RNG.normal(size=4).astype("f")
    for f in (lambda a: sg.where(sg.greater(a, 0), a, 2.5), lambda a: sg.where(a, 1.5, a), lambda a: a @ np.arange(4)):
        result, expected = compile(f, backend="tensor")(x), f(Tensor(x)).data
        np.testing.assert_array_equal(result, expected)
        assert np.result_type(result) == expected.dtype or not np.ndim(result)


# --- forms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 1), (1, 5), (1, 1, 5)])
def test_the_sum_of_a_single_row_or_column_is_one_instruction(shape):
    plan = compile(lambda x: sg.exp(x).sum(), backend="tensor").plan(np.zeros(shape))
    assert [i.code for i in plan.instructions] == ["exp", "reduce"]
    assert plan.run(np.zeros(shape)) == (5.0,)


def test_a_known_scatter_is_worked_out_with_the_plan(build):
    part = build.constant(np.array([3.0, 4.0]))
    for key, expected in (([2, 0], [4, 0, 3]), ([1, 1], [0, 7, 0])):
        scattered = Namespace(build)._build.structural(
            sg.STRUCTURAL["scatter"], (part,), {"shape": (3,), "key": (np.array(key),)}
        )
        assert scattered.value.tolist() == expected


def test_operations_are_counted():
    plan = compile(lambda x: x @ x.T, backend="tensor").plan(np.ones((5, 3)))
    assert [i.flops for i in plan.instructions if i.code == "matmul"] == [2 * 5 * 5 * 3]
    plan = compile(lambda x: sg.exp(x).sum(axis=0)[[0, 1]], backend="tensor").plan(np.ones((5, 3)))
    assert {i.code: i.flops for i in plan.instructions} == {"exp": 15, "reduce": 15, "take": 0}


def test_a_refusal_says_what_to_write():
    with pytest.raises(TracingError, match=r"write where\(condition, a, b\), maximum, minimum or relu instead"):
        compile(lambda x: x if x.sum() else -x, backend="tensor")(np.ones(2))
    with pytest.raises(TracingError, match="not at each run; return the number from the function instead") as told:
        compile(lambda x: x.sum().item(), backend="tensor")(np.ones(2))
    assert "write where" not in str(told.value)


# --- listings --------------------------------------------------------------------------------------------------------


def test_a_listing_shows_labels_as_text():
    label = "w\x00\x1b[31m\n\u202eab" + "x" * 200
    w = Tensor([1.0, 2.0], requires_grad=True, label=label)

    def f(x):
        with sg.scope("s\x1b[0m"):
            y = sg.tanh(x * w)
            y.label = "y\u2066\r"
        return y.sum()

    text = str(compile(f).plan(np.ones(2)))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert r"w\x00\x1b[31m\n\u202eab" in text
    assert "x" * 100 not in text
    assert r"s\x1b[0m/y\u2066\r" in text
    scalar = str(compile(lambda x: sg.relu(x * sg.Value(1.0, label=label)) + 1, backend="value").lifted(np.ones(2)))
    assert all(c.isprintable() or c == "\n" for c in scalar)


# --- rows at their edges ---------------------------------------------------------------------------------------------

EDGES = {
    "max of ties": lambda a: (sg.max(a, axis=1) * np.arange(1.0, 4.0)).sum(),
    "min of ties": lambda a: sg.min(a) * 2 + sg.min(a, axis=0, keepdims=True).sum(),
    "clip at its bounds": lambda a: (sg.clip(a, 1.0, 2.0) * 3).sum() + sg.clip(a, 2.0, 2.0).sum(),
    "clip, bounds the wrong way round": lambda a: sg.clip(a, 2.0, 1.0).sum() + a.sum(),
    "norm": lambda a: sg.norm(a) + sg.norm(a, axis=1).sum(),
    "logsumexp": lambda a: (sg.logsumexp(a, axis=1, keepdims=True) * a).sum(),
    "std": lambda a: sg.std(a) + (sg.std(a, axis=0, ddof=1) * 2).sum(),
    "softmax": lambda a: (sg.softmax(a, axis=0) * a).sum() + sg.log_softmax(a)[0, 1],
    "prod": lambda a: sg.prod(a, axis=1).sum() + sg.prod(a) * 1e-3,
    "maximum of itself": lambda a: sg.maximum(a, a).sum() + sg.minimum(a, 1.0).sum(),
    "cumsum": lambda a: (sg.cumsum(a, axis=1) * a).sum() + sg.cumsum(a)[3],
    "var": lambda a: sg.var(a, axis=-1, keepdims=True).sum() * 2,
    "relu and abs": lambda a: (sg.relu(a) + sg.abs(a) + sg.leaky_relu(a) + sg.elu(a)).sum(),
}
ARRAYS = {
    "ties": np.array([[1.0, 2.0, 2.0], [1.0, 1.0, 1.0], [-1.0, 2.0, 0.0]]),
    "zeros": np.zeros((3, 3)),
    "equal": np.full((3, 3), 2.0),
    "large": np.array([[1e3, -1e3, 1e3], [1e200, 1.0, 1e200], [710.0, 709.0, -710.0]]),
    "small": np.full((3, 3), 1e-200) * np.array([1.0, -2.0, 3.0]),
    "infinite": np.array([[np.inf, 1.0, 2.0], [-np.inf, -np.inf, -np.inf], [3.0, np.inf, np.inf]]),
    "nan": np.array([[np.nan, 1.0, 2.0], [3.0, 3.0, 1.0], [0.0, -0.0, 1.0]]),
}


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("name", EDGES)
def test_rows_at_their_edges_are_what_they_are_on_tensors(name, array):
    f, x = EDGES[name], ARRAYS[array]
    leaf = Tensor(x, requires_grad=True)
    y = f(leaf)
    y.backward()
    value, gradient = compile(f, backend="tensor").value_and_grad(x, argnums=0)
    np.testing.assert_allclose(value, y.item(), rtol=1e-12)
    np.testing.assert_allclose(gradient, leaf.grad, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0,), (2, 0, 3)])
def test_batches_of_no_elements(shape):
    w = Tensor(np.ones(shape[-1]), requires_grad=True, label="w")
    x = np.zeros(shape)
    functions = [
        lambda a: (a * w).sum(), lambda a: (sg.relu(a) @ w).sum(), lambda a: sg.exp(a + w).sum(axis=0).sum(),
        lambda a: sg.softmax(a * w).sum() if shape[-1] else (a * w).sum(), lambda a: (a * w)[..., ::-1].sum() * 2 + 1,
        lambda a: sg.concatenate([a * w, a]).sum(), lambda a: (a.reshape(-1) * 2).sum() + w.sum(),
        lambda a: sg.prod(a * w) + sg.logsumexp(w * 2) if w.size else sg.prod(a * w),
    ]  # fmt: skip
    for f in functions:
        w.grad = None
        expected = f(Tensor(x))
        expected.backward()
        value, gradients = compile(f).value_and_grad(x)
        assert value == pytest.approx(expected.item(), nan_ok=True)
        np.testing.assert_array_equal(gradients["w"], w.grad)


def test_scalar_code_over_a_batch_of_no_examples():
    w = sg.Value(2.0, label="w")
    f = compile(lambda x: sg.relu(x * w) + 1, reduction="sum")
    assert f(np.zeros(0)) == 0
    _, gradients = f.value_and_grad(np.zeros(0))
    assert gradients[w] == 0
    each = compile(lambda x: x * w, reduction="none")
    assert each(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("axis", [0, -1, None])
def test_reductions_of_one_number(axis):
    """NumPy lets them have axis 0 or −1; a sum of one element is no instruction."""
    for reduce in (sg.sum, sg.mean, sg.max, sg.logsumexp, sg.norm, sg.prod):
        f = lambda a, reduce=reduce: reduce(a * 2, axis=axis) + reduce(sg.exp(a), axis=axis, keepdims=True)
        leaf = Tensor(0.5, requires_grad=True)
        f(leaf).backward()
        value, gradient = compile(f, backend="tensor").value_and_grad(np.array(0.5), argnums=0)
        assert value == pytest.approx(f(leaf).item(), rel=1e-14)
        assert gradient == pytest.approx(leaf.grad.item(), rel=1e-14)
    plan = compile(lambda a: sg.exp(a).sum(axis=0), backend="tensor").plan(np.ones((1, 3)))
    assert [i.code for i in plan.instructions] == ["exp", "reshape"] or len(plan.instructions) <= 2


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 3), (3, 1), (1, 1)])
def test_a_sum_of_minus_0_is_0_as_in_numpy(shape):
    x = np.full(shape, -0.0)
    for f in (lambda a: 1 / a.sum(), lambda a: 1 / a.sum(axis=0), lambda a: 1 / sg.broadcast_to(a.sum(), (3,)).sum()):
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(compile(f, backend="tensor")(x), f(Tensor(x)).data)
