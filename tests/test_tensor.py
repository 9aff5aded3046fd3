"""Tensors: the elementwise rows on arrays, and what NumPy sees of them."""

import math

import numpy as np
import pytest

import fastpath
from fastpath import Tensor
from fastpath.numerics import unbroadcast_array
from scalargrad import NotDifferentiableError, Value, no_grad
from scalargrad.ops.registry import OPS, op, remove

ROWS = pytest.mark.parametrize("row", OPS.values(), ids=lambda row: row.name)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e-300, 1e300, -1e300, 1000.0, -1000.0, math.inf, -math.inf, math.nan]


def inside(row, shape, seed=0):
    """Random operands inside the row's domain, all of this shape."""
    random = np.random.default_rng(seed)
    return [random.uniform(low, high, size=shape) for low, high in row.domain]


def ulps(a, b):
    with np.errstate(all="ignore"):
        return abs(a - b) / np.spacing(np.maximum(abs(a), abs(b)))


# --- every row -------------------------------------------------------------------------------------------------------


@ROWS
def test_a_row_on_arrays_agrees_with_floats_at_special_values_too(row):
    random = np.random.default_rng(1)
    count = 400 if len(row.operands) > 1 else len(SPECIAL)
    picks = [random.choice(SPECIAL, count) if len(row.operands) > 1 else np.array(SPECIAL) for _ in row.operands]
    picks = [np.concatenate([p, x]) for p, x in zip(picks, inside(row, 50))]
    got = row(*map(Tensor, picks)).data
    expected = np.array([row.number(*map(float, numbers)) for numbers in zip(*picks)])
    same = (got == expected) | (np.isnan(got) & np.isnan(expected)) | (ulps(got, expected) <= 2)
    assert same.all(), [(row.name, *(p[i] for p in picks), got[i], expected[i]) for i in np.flatnonzero(~same)]


@ROWS
def test_a_row_broadcasts_and_its_gradients_are_summed_over_broadcast_axes(row):
    shapes = [(2, 3), (3,), (2, 1)]
    arrays = [
        x.reshape(shape)
        for shape, x in zip(shapes, [inside(row, s)[i] for i, s in enumerate(shapes[: len(row.operands)])])
    ]
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    y = row(*leaves)
    whole = np.broadcast_arrays(*arrays)
    assert y.shape == whole[0].shape
    seed = np.random.default_rng(2).normal(size=y.shape)
    if row.why_not:
        with pytest.raises(NotDifferentiableError, match=row.name):
            y.backward(seed)
        return
    y.backward(seed)
    for i, leaf in enumerate(leaves):
        local = np.empty(y.shape)
        for place in np.ndindex(y.shape):
            numbers = tuple(float(a[place]) for a in whole)
            local[place] = row.local(i, row.number(*numbers), numbers)
        np.testing.assert_allclose(leaf.grad, unbroadcast_array(seed * local, arrays[i]), rtol=1e-12, atol=1e-14)
        assert leaf.grad.shape == leaf.shape


@ROWS
def test_a_row_is_a_method_and_a_function_of_both_packages(row):
    a, *rest = map(Tensor, inside(row, (2,)))
    assert getattr(a, row.name)(*rest).data.tolist() == row(a, *rest).data.tolist()
    assert getattr(fastpath, row.name) is row


@ROWS
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_narrow_float_stays_narrow_forward_and_backward(row, dtype):
    leaves = [Tensor(a.astype(dtype), requires_grad=True) for a in inside(row, (3,))]
    y = row(*leaves)
    assert y.dtype == dtype
    if not row.why_not:
        y.backward(np.ones(3))
        for leaf in leaves:
            assert leaf.grad.dtype == dtype
    for number in (2, 2.0, np.float64(2), np.int64(2), np.array(2.0)):
        assert row(leaves[0], *[number] * (len(leaves) - 1)).dtype == dtype


@ROWS
def test_pullbacks_of_a_row_run_on_tensors(row):
    if row.why_not:
        pytest.skip("no gradient passes through it")
    arrays = inside(row, (3,))
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    y = row(*leaves)
    y.backward(np.full(3, 2.0))
    needed = (True,) * len(leaves)
    for leaf, share in zip(leaves, row.pullback(Tensor(np.full(3, 2.0)), y, tuple(leaves), needed)):
        share = leaf._unbroadcast(share)
        assert share.shape == leaf.shape
        np.testing.assert_allclose(share.data, leaf.grad, rtol=1e-12)


def test_a_row_registered_later_works_on_tensors():
    cube = op("cube", lambda xp, a: a * a * a, (lambda y, a: 3 * a * a,), note="the third power")
    try:
        t = Tensor([1.0, 2.0], requires_grad=True)
        (t.cube() + fastpath.cube(t)).sum().backward()
        assert t.grad.tolist() == [6.0, 24.0]
    finally:
        remove(cube)
    assert not hasattr(Tensor, "cube")


def test_a_partial_may_add_and_subtract_comparisons():
    row = op(
        "odd", lambda xp, a: xp.absolute(a),
        (lambda y, a: 1 - 2 * fastpath.less(a, 0) - (fastpath.equal(a, 0) + fastpath.equal(a, 0)) / 2,), note="abs",
    )  # fmt: skip
    try:
        t = Tensor([-3.0, 0.0, 3.0], requires_grad=True)
        row(t).sum().backward()
        assert t.grad.tolist() == [-1.0, 0.0, 1.0]
    finally:
        remove(row)


# --- making ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [1, True, [1, 2], [[True], [False]], np.arange(3), np.int8(3), (1, 2.5), range(3)])
def test_ints_and_bools_become_float64(data):
    assert Tensor(data).dtype == np.float64
    assert Tensor(data).shape == np.shape(data)


def test_floats_keep_their_type_unless_another_is_given():
    for dtype in (np.float16, np.float32, np.float64, np.longdouble):
        assert Tensor(np.ones(2, dtype)).dtype == dtype
        assert Tensor([1.0, 2.0], dtype=dtype).dtype == dtype
    assert Tensor(np.ones(2, ">f4")).dtype == np.float32
    assert Tensor(np.ones(2), dtype="float32").dtype == np.float32


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (1j, "Tensor: expected real numbers, not 1j (complex)"),
        ("3", "Tensor: expected real numbers, not '3' (str)"),
        (None, "Tensor: expected real numbers, not None (NoneType)"),
        ([1.0, None], "Tensor: expected real numbers, not [1.0, None] (list)"),
        ({"a": 1}, "Tensor: expected real numbers"),
        (np.array(["a"]), "Tensor: expected real numbers"),
        (Value(1.0), "Tensor: expected real numbers, not Value(1.0) (Value)"),
        (Tensor(1.0), "Tensor(…) takes numbers, not a Tensor"),
        ([Tensor(1.0)], "a Tensor is not an array"),
    ],
)
def test_what_is_no_array_of_real_numbers_is_refused(data, message):
    with pytest.raises(TypeError) as told:
        Tensor(data)
    assert str(told.value).startswith(message)


def test_ragged_rows_a_wrong_dtype_and_a_wrong_label_are_refused():
    with pytest.raises(ValueError, match="Tensor: the rows given have different lengths"):
        Tensor([[1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match="Tensor: dtype is a float type, not int64"):
        Tensor([1.0], dtype=np.int64)
    with pytest.raises(TypeError, match="a label is a text, not 3"):
        Tensor([1.0], label=3)


def test_what_a_tensor_shows():
    W = Tensor([[1.0, 2.0]], requires_grad=True, label="W")
    assert repr(W) == "Tensor([[1., 2.]], label='W', requires_grad=True)"
    assert repr(W * 2) == "Tensor([[2., 4.]], op=mul)"
    assert repr(Tensor(np.float32(1))) == "Tensor(1., dtype=float32)"
    assert (W.shape, W.ndim, W.size, len(W), W.T.shape) == ((1, 2), 2, 2, 1, (2, 1))
    assert [row.data.tolist() for row in W] == [[1.0, 2.0]]
    assert f"{W.sum():.2f}" == "3.00"
    assert W.sum().item() == float(W.sum()) == 3.0
    assert bool(Tensor(1.0))
    assert not bool(Tensor([0.0]))
    with pytest.raises(ValueError, match=r"item\(\) needs a Tensor of one element, not of shape \(1, 2\)"):
        float(W)
    with pytest.raises(TypeError, match="without axes has no length"):
        len(Tensor(1.0))
    with pytest.raises(TypeError, match="only a Tensor of integers"):
        [1, 2][Tensor(1.0)]


def test_comparisons_look_at_the_numbers_and_hash_at_identity():
    a, b = Tensor([1.0, 2.0]), Tensor([1.0, 3.0])
    assert (a == b).tolist() == (a == b.data).tolist() == (b.data == a).tolist() == [True, False]
    assert (a != b).tolist() == (a != [1.0, 3.0]).tolist() == [False, True]
    assert len({a, b, a}) == 2
    assert (a < b).tolist() == [False, True]
    assert (a >= 2).tolist() == (a >= 2).tolist() == (np.array([2.0, 2.0]) <= a).tolist() == [False, True]
    assert (a > [0.0, 5.0]).tolist() == [True, False]
    assert (a <= np.float64(1)).dtype == bool
    with pytest.raises(TypeError):
        _ = a < "1"
    assert (1.0 in a, 3.0 in a) == (True, False)


# --- operands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other", [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.array(2.0), np.array([2.0, 4.0]), [2, 4]]
)
def test_operators_work_both_ways_round_with_numbers_and_arrays(other):
    t, a, o = Tensor([3.0, 5.0], requires_grad=True), np.array([3.0, 5.0]), np.asarray(other)
    pairs = [
        (t + other, a + o), (other + t, o + a), (t - other, a - o), (other - t, o - a), (t * other, a * o),
        (other * t, o * a), (t / other, a / o), (other / t, o / a), (t**other, a ** o.astype(float)),
        (other**t, o.astype(float) ** a),
    ]  # fmt: skip
    for got, expected in pairs:
        assert isinstance(got, Tensor)
        assert got.op is not None
        assert got.data.tolist() == expected.tolist()
    assert (-t).data.tolist() == (-a).tolist()
    assert abs(-t).data.tolist() == a.tolist()
    assert +t is t


def test_what_a_constant_array_does_to_the_type():
    t = Tensor(np.ones(2, np.float32), requires_grad=True)
    assert (t * [1.0, 2.0]).dtype == np.float32
    assert (t * np.array([1, 2])).dtype == np.float32
    assert (t * np.array([True, False])).dtype == np.float32
    assert (t @ [1.0, 2.0]).dtype == np.float32
    assert (t * np.ones(2)).dtype == np.float64
    assert (t * Tensor([1.0, 2.0])).dtype == np.float64
    (t * Tensor([1.0, 2.0])).sum().backward()
    assert t.grad.dtype == np.float32
    assert t.grad.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("other", [None, "1", 1j, {}, object()])
def test_an_operand_that_is_no_number_is_a_type_error(other):
    for call in (lambda: Tensor([1.0]) + other, lambda: other * Tensor([1.0]), lambda: Tensor([1.0]) @ other):
        with pytest.raises(TypeError, match=r"unsupported operand|can be an index"):
            call()
    with pytest.raises(TypeError, match="add: expected a Tensor, an array or a number, not"):
        fastpath.add(Tensor([1.0]), other)


def test_a_tensor_and_a_value_do_not_mix():
    t, v = Tensor([1.0, 2.0]), Value(2.0)
    for call in (
        lambda: t + v, lambda: v + t, lambda: v * t[0], lambda: t[0] * v, lambda: fastpath.maximum(t, v),
        lambda: t * np.array([v, v]), lambda: fastpath.add(v, t[0]), lambda: t @ np.array([v, v]),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"a (Tensor|Value) and a (Tensor|Value) do not mix"):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a, b: a + b, "add: shapes (3, 4) and (3,) do not broadcast together"),
        (lambda a, b: a * b.data, "mul: shapes (3, 4) and (3,) do not broadcast together"),
        (lambda a, b: b.data - a, "sub: shapes (3,) and (3, 4) do not broadcast together"),
        (
            lambda a, b: fastpath.where(a > 0, a, b),
            "where: shapes (3, 4) and (3, 4) and (3,) do not broadcast together",
        ),
        (lambda a, b: a.maximum(b), "maximum: shapes (3, 4) and (3,) do not broadcast together"),
        (lambda a, b: a.backward(), "backward of a Tensor of shape (3, 4) needs a seed: call backward(seed)"),
        (lambda a, b: a.backward(np.ones(3)), "backward: a seed of shape (3,) for a Tensor of shape (3, 4)"),
        (lambda a, b: setattr(a, "data", np.ones(2)), "data of shape (2,) given to a Tensor of shape (3, 4)"),
    ],
)
def test_shapes_that_do_not_fit_are_told_in_one_sentence(call, message):
    with pytest.raises(ValueError) as told:  # noqa: PT011
        call(Tensor(np.ones((3, 4)), requires_grad=True), Tensor(np.ones(3)))
    assert str(told.value).startswith(message)


# --- NumPy -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda t, a: np.exp(t), "exp"),
        (lambda t, a: np.absolute(t), "abs"),
        (lambda t, a: np.add(a, t), "add"),
        (lambda t, a: np.subtract(t, a), "sub"),
        (lambda t, a: np.true_divide(a, t), "div"),
        (lambda t, a: np.negative(t), "neg"),
        (lambda t, a: np.maximum(a, t), "maximum"),
        (lambda t, a: a * t, "mul"),
        (lambda t, a: a @ t, "matmul"),
        (lambda t, a: np.matmul(t, a), "matmul"),
        (lambda t, a: np.float64(2) * t, "mul"),
        (lambda t, a: np.float32(2) ** t, "pow"),
        (lambda t, a: np.sum(t, axis=0), "sum"),
        (lambda t, a: np.mean(t), "mean"),
        (lambda t, a: np.max(t, axis=1, keepdims=True), "max"),
        (lambda t, a: np.amin(t), "min"),
        (lambda t, a: np.linalg.norm(t, axis=0), "l2norm"),
        (lambda t, a: np.concatenate([t, a]), "concatenate"),
        (lambda t, a: np.stack([a, t], axis=1), "concatenate"),
        (lambda t, a: np.where(a > 0, t, 0.0), "where"),
        (lambda t, a: np.clip(t, -1, 1), "clip"),
        (lambda t, a: np.einsum("ij,jk->ik", a, t), "einsum"),
        (lambda t, a: np.reshape(t, (4,)), "reshape"),
        (lambda t, a: np.transpose(t), "transpose"),
        (lambda t, a: np.squeeze(t[:1]), "reshape"),
        (lambda t, a: np.argmax(t), "argmax"),
        (lambda t, a: np.round(t), "round"),
        (lambda t, a: np.cumsum(t, axis=0), "cumsum"),
        (lambda t, a: np.dot(a, t), "matmul"),
        (lambda t, a: np.var(t, axis=0, ddof=1), "var"),
    ],
)
def test_a_function_of_numpy_is_the_registered_op_and_recorded(call, name):
    a = np.array([[1.0, -2.0], [0.5, 4.0]])
    t = Tensor([[2.0, 1.0], [3.0, 0.25]], requires_grad=True)
    got = call(t, a)
    assert isinstance(got, Tensor)
    assert got.op.name == name
    np.testing.assert_allclose(got.data, call(t.data, a))


def test_shape_ndim_and_size_of_numpy_are_those_of_the_data():
    t = Tensor(np.ones((2, 3)))
    assert (np.shape(t), np.ndim(t), np.size(t)) == ((2, 3), 2, 6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda t: np.spacing(t),
            "np.spacing has no registered op, so it cannot be applied to a Tensor; use its .data",
        ),
        (lambda t: np.add.reduceat(t, [0]), "np.add.reduceat has no registered op"),
        (lambda t: np.add(t, 1.0, out=np.ones(2)), "np.add with out= has no registered op"),
        (lambda t: np.ones(2).__iadd__(t), "np.add with out= has no registered op"),
        (lambda t: np.choose([0, 1], [t, t]), "np.choose has no registered op"),
        (lambda t: np.exp([t, t]), "a Tensor is not an array: use its .data for the numbers, or stack([...])"),
        (lambda t: np.array([t, t]), "np.array([t, …]) would take the numbers of a Tensor, and lose its gradient"),
        (lambda t: np.array([t, t], dtype=object), "np.array([t, …]) would take the numbers"),
        (lambda t: fastpath.sum([t, t]), "a Tensor is not an array"),
    ],
)
def test_what_numpy_cannot_do_with_a_tensor_is_a_type_error(call, message):
    with pytest.raises(TypeError) as told:
        call(Tensor([1.0, 2.0], requires_grad=True))
    assert str(told.value).startswith(message)


def test_no_warning_escapes_and_the_answers_are_ieee():
    t = Tensor([0.0, -1.0, 1000.0], requires_grad=True)
    assert (1 / t).data.tolist() == [math.inf, -1.0, 0.001]
    assert t.exp().data[2] == math.inf
    assert np.isnan(t.log().data[1])
    (t.log() + t.exp()).sum().backward()
    assert t.grad[0] == math.inf


# --- the graph -------------------------------------------------------------------------------------------------------


def test_a_node_tells_its_op_its_inputs_and_its_leaves():
    x, w = Tensor([1.0]), Tensor([2.0], requires_grad=True)
    y = (x * w).sum()
    assert (y.op.name, y.op.symbol, y.inputs[0].op.name) == ("sum", "Σ", "mul")
    assert y.inputs[0].inputs == (x, w)
    assert repr(y.op) == "<op sum()>"
    assert repr(w.sum(axis=0).op) == "<op sum(axis=0)>"
    assert (w * 3).inputs[1] == 3.0
    assert [t.data.tolist() for t in (w * [3.0]).inputs] == [[2.0], [3.0]]


def test_only_what_depends_on_a_leaf_that_requires_a_gradient_is_recorded():
    x, w = Tensor([1.0]), Tensor([2.0], requires_grad=True)
    assert (x * 2).op is None
    assert not (x.exp() + x).requires_grad
    assert (x * w).requires_grad
    with no_grad():
        assert (x * w).op is None
        assert w.sum().op is None
    assert w.detach().op is None
    assert not w.detach().requires_grad
    with pytest.raises(RuntimeError, match="nothing this Tensor was computed from has requires_grad=True"):
        x.sum().backward()


def test_a_graph_with_forks_adds_up_what_each_edge_sends():
    t = Tensor([1.0, 2.0], requires_grad=True)
    a = t * t
    y = (a * a + a + t + t).sum()
    y.backward()
    assert t.grad.tolist() == [4 * x**3 + 2 * x + 2 for x in (1.0, 2.0)]


def test_backward_with_a_seed_and_without():
    t = Tensor([[1.0, 2.0]], requires_grad=True)
    (t * 3).backward([[1.0, 10.0]])
    assert t.grad.tolist() == [[3.0, 30.0]]
    (t.sum() * 2).backward(5)
    assert t.grad.tolist() == [[13.0, 40.0]]
    t.grad = None
    t.backward(np.float32([[7, 8]]))
    assert t.grad.tolist() == [[7.0, 8.0]]
    one = Tensor([[5.0]], requires_grad=True)
    one.backward()
    one.backward(2.0)
    assert one.grad.tolist() == [[3.0]]


def test_leaves_accumulate_and_a_graph_can_be_gone_through_twice():
    t = Tensor([1.0, 2.0], requires_grad=True)
    y = (t * t).sum()
    y.backward()
    first = t.grad
    y.backward()
    assert t.grad.tolist() == [4.0, 8.0]
    assert first.tolist() == [2.0, 4.0]


def test_the_same_program_gives_the_same_bits_in_every_run():
    def run():
        random = np.random.default_rng(0)
        W, V = (Tensor(random.normal(size=(8, 8)).astype(np.float32), requires_grad=True) for _ in range(2))
        h = (Tensor(random.normal(size=(5, 8)).astype(np.float32)) @ W).tanh()
        fastpath.cross_entropy(h @ V + h * h.sum(axis=0), [0, 1, 2, 3, 4]).backward()
        return W.grad.tobytes() + V.grad.tobytes()

    assert run() == run()


def test_a_network_of_two_layers_learns():
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    W, b = Tensor(random.normal(size=(2, 16)), requires_grad=True), Tensor(np.zeros(16), requires_grad=True)
    V, c = Tensor(random.normal(size=(16, 2)) / 4, requires_grad=True), Tensor(np.zeros(2), requires_grad=True)
    for _ in range(200):
        loss = fastpath.cross_entropy(fastpath.relu(X @ W + b) @ V + c, y)
        loss.backward()
        for p in (W, b, V, c):
            p.data -= 0.5 * p.grad
            p.grad = None
    assert loss.item() < 0.1
