"""Every row on Values, on Tensors and compiled, at numbers and shapes that Hypothesis finds: the same everywhere."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

import fastpath
from fastpath import Tensor
from scalargrad import OPS, Value
from scalargrad.ops.structure import STRUCTURAL

inf, nan = np.inf, np.nan
ELEMENTWISE = [row for row in OPS.values() if not row.why_not]
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    -3.0,
    0.5,
    1 / 3,
    1e-310,
    -1e-310,
    1e-160,
    1e160,
    -1e160,
    40.0,
    -40.0,
    800.0,
    -800.0,
]
NOT_FINITE = [inf, -inf, nan]
EVERY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
pytestmark = pytest.mark.filterwarnings("ignore:.* encountered in:RuntimeWarning")


def numbers(special):
    return st.sampled_from(special) | st.integers(-3, 3).map(float) | st.floats(-10, 10, allow_subnormal=False)


def as_values(a):
    return np.frompyfunc(Value, 1, 1)(a)


def flat(x):
    return np.ravel(np.asarray(getattr(x, "data", x) if not isinstance(x, Value) else x, dtype=object)).tolist()


def by_values(function, arrays):
    boxes = [as_values(a) for a in arrays]
    results = flat(function(*boxes))
    for v in results:
        if isinstance(v, Value):
            v.backward()
    return [float(v) for v in results], [[float(v.grad) for v in flat(box)] for box in boxes]


def by_tensors(function, arrays):
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    y = function(*leaves)
    y.backward(np.ones(y.shape))
    return flat(y.data), [flat(t.grad if t.grad is not None else np.zeros(t.shape)) for t in leaves]


def by_plan(function, arrays):
    value = fastpath.compile(function)(*arrays)
    whole = fastpath.compile(lambda *a: fastpath.sum(function(*a)))
    _, gradients = whole.value_and_grad(*arrays, argnums=tuple(range(len(arrays))))
    return flat(value), [flat(g) for g in gradients]


def agree(function, arrays, rtol=1e-11, atol=1e-11, plan=True):
    """The same values and gradients in all ways; a single number of an array is an array, too."""
    arrays = [np.asarray(a, dtype=float) for a in arrays]
    expected, slopes = by_values(function, arrays)
    for way in (by_tensors, by_plan) if plan else (by_tensors,):
        got, gradients = way(function, arrays)
        np.testing.assert_allclose(np.array(got, float), np.array(expected, float), rtol, atol, err_msg=way.__name__)
        for place, (g, s) in enumerate(zip(gradients, slopes)):
            told = f"{way.__name__}: the gradient by operand {place}"
            np.testing.assert_allclose(np.array(g, float), np.array(s, float), rtol, atol, err_msg=told)


@EVERY
@given(st.data())
def test_elementwise_rows(data):
    row = data.draw(st.sampled_from(ELEMENTWISE))
    together = data.draw(
        shapes.mutually_broadcastable_shapes(num_shapes=len(row.operands), max_dims=2, max_side=3, min_side=0)
    )
    some = numbers(SPECIAL + NOT_FINITE)
    arrays = [data.draw(shapes.arrays(float, shape, elements=some)) for shape in together.input_shapes]
    agree(row, arrays, atol=1e-15)  # the derivatives of saturated functions are right to that


@EVERY
@given(st.data())
def test_elementwise_rows_of_whole_numbers(data):
    row = data.draw(st.sampled_from(ELEMENTWISE))
    dtype = data.draw(st.sampled_from([np.int8, np.uint8, np.int64, bool]))
    arrays = [data.draw(shapes.arrays(dtype, (3,))) for _ in row.operands]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(row(*arrays), row(*[a.astype(float) for a in arrays]))
        np.testing.assert_array_equal(row(*map(Tensor, arrays)).data, row(*[a.astype(float) for a in arrays]))


REDUCING = [STRUCTURAL[name] for name in ("sum", "mean", "max", "min", "prod", "var", "std", "l2norm", "logsumexp")]
ALONG = [STRUCTURAL[name] for name in ("softmax", "log_softmax", "cumsum")]


@st.composite
def reductions(draw, some):
    """A reducing row, an array, and settings that fit."""
    row = draw(st.sampled_from(REDUCING + ALONG))
    least = 1 if row.name in ("max", "min") else 0
    shape = draw(shapes.array_shapes(min_dims=0, max_dims=3, max_side=3, min_side=least))
    a = draw(shapes.arrays(float, shape, elements=some))
    one = st.integers(-len(shape), len(shape) - 1) if shape else st.sampled_from([0, -1])
    if row in ALONG:
        return row, a, {"axis": draw(one if row.name != "cumsum" else one | st.none())}
    several = shapes.valid_tuple_axes(len(shape)) if shape else st.nothing()
    named = {"axis": draw(one | several | st.none()), "keepdims": draw(st.booleans())}
    if row.name in ("var", "std"):
        named["ddof"] = draw(st.sampled_from([0, 1]))
        assume((np.add.reduce(np.ones(shape), axis=named["axis"]) > named["ddof"]).all())
    return row, a, named


@EVERY
@given(reductions(numbers([0.0, 1.0, 1.0, -2.0, 2.0, 1e-7, 5.0])))
def test_reductions(drawn):
    row, a, named = drawn
    agree(lambda x: row(x, **named), [a])


@EVERY
@given(reductions(numbers(SPECIAL)))
def test_reductions_far_out(drawn):
    row, a, named = drawn
    if row.name in ("prod", "var"):  # what overflows on the way depends on the way
        a = np.clip(a, -1e5, 1e5)
    size = np.max(np.abs(a), initial=1.0)
    agree(lambda x: row(x, **named), [a], atol=1e-11 * size)


@EVERY
@given(st.data())
def test_a_row_of_minus_infinities_or_an_infinite_number(data):
    name = data.draw(st.sampled_from(["sum", "mean", "max", "min", "l2norm", "logsumexp", "softmax", "log_softmax"]))
    a = data.draw(shapes.arrays(float, (2, 3), elements=st.sampled_from([0.0, 1.0, -inf, -inf, inf])))
    agree(lambda x: STRUCTURAL[name](x, axis=1), [a])


@EVERY
@given(st.data())
def test_matrix_products_of_any_shapes(data):
    signature = data.draw(
        shapes.mutually_broadcastable_shapes(signature="(m?,n),(n,p?)->(m?,p?)", max_dims=2, max_side=3, min_side=0)
    )
    some = st.integers(-3, 3).map(float) | st.floats(-3, 3)
    arrays = [data.draw(shapes.arrays(float, shape, elements=some)) for shape in signature.input_shapes]
    agree(STRUCTURAL["matmul"], arrays)
