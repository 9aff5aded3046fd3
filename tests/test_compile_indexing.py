"""Indexing, compiled against eager: every kind of key, forward and backward, and keys that are arguments."""

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from scalargrad import index, scatter

LIST, MASK = "a list of places", "a mask"


def slices(rng, n):
    """A slice with steps of both signs, and bounds that may lie outside."""
    start, stop = rng.integers(-n - 3, n + 4, 2).tolist()
    return slice(rng.choice([None, start]), rng.choice([None, stop]), rng.choice([None, 1, 2, -1, -2, 3, -3]))


def part_of(rng, n, length):
    """A part of a key for an axis of length n; ``length`` is that of all its arrays."""
    kind = rng.integers(0, 9)
    if kind < 4 or n == 0:
        return slices(rng, n)
    if kind < 6:
        return rng.choice([int, np.int32, np.array])(rng.integers(-n, n))
    if kind == 6:
        mask = np.zeros(n, bool)
        mask[rng.permutation(n)[:length]] = True
        return mask
    places = rng.integers(-n, n, (2, length) if kind == 8 else length)
    return places.tolist() if rng.random() < 0.3 else places


def key_of(rng, shape):
    """A random key for an array of this shape."""
    used = int(rng.integers(0, len(shape) + 1))
    left = int(rng.integers(0, used + 1))
    axes = [*range(left), *range(len(shape) - used + left, len(shape))]
    length = int(rng.integers(0, 4))
    key = []
    for axis in axes:
        if axis >= left and ... not in [p for p in key if p is ...] and (used < len(shape) or rng.random() < 0.3):
            key.append(...)
        if rng.random() < 0.15:
            key.append(None)
        key.append(part_of(rng, shape[axis], length))
    if rng.random() < 0.05:
        key.append(bool(rng.integers(0, 2)))
    return tuple(key)


def whole_parts(key):
    return [isinstance(p, (np.ndarray, np.integer)) and np.asarray(p).dtype.kind in "iu" for p in key]


def agrees(f, *arrays, argnums=0):
    """Value and gradient of a compiled function are those of the function on Tensors."""
    tensors = [Tensor(a, requires_grad=True) if a.dtype.kind == "f" else a for a in arrays]
    y = f(*tensors)
    y.backward()
    value, gradient = compile(f, backend="tensor").value_and_grad(*arrays, argnums=argnums)
    np.testing.assert_allclose(value, y.item(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(gradient, tensors[argnums].grad, rtol=1e-12, atol=1e-12)


def check(rng, shape, key):
    """All that may be done with a key of an array of this shape; whether NumPy takes it."""
    x, other = rng.normal(size=shape), rng.normal(size=shape)
    try:
        expected = x[key]
    except IndexError:  # arrays that do not broadcast together
        return False
    w = rng.normal(size=expected.shape)
    agrees(lambda a: (a[key] * w).sum(), x)
    agrees(lambda a: ((a * 2)[key] * w).sum() + (a * a).sum() + (a[key][..., None] * 3).sum(), x)
    compiled = compile(lambda a: (a[key], (a * 2)[key]), backend="tensor")
    for array in (x, other):
        for result, plain in zip(compiled(array), (array[key], (array * 2)[key])):
            np.testing.assert_array_equal(result, plain)
            assert np.shape(result) == np.shape(plain)
    if expected.ndim:
        scattered = compile(lambda a: scatter(a, shape, key) * 2, backend="tensor")
        np.testing.assert_allclose(scattered(expected), 2 * scatter(expected, shape, key), rtol=1e-14)
    given = [np.asarray(p) for p, whole in zip(key, whole_parts(key)) if whole]

    def by_arguments(a, *places):
        rest = iter(places)
        return ((a * 2)[tuple(next(rest) if whole else p for p, whole in zip(key, whole_parts(key)))] * w).sum()

    compiled = compile(by_arguments, backend="tensor")
    for places in (given, [np.where(p < 0, -1, 0) for p in given]):
        t = Tensor(x, requires_grad=True)
        by_arguments(t, *places).backward()
        _, gradient = compiled.value_and_grad(x, *places, argnums=0)
        np.testing.assert_allclose(gradient, t.grad, rtol=1e-12, atol=1e-12)
    return True


@pytest.mark.parametrize("seed", range(8))
def test_random_keys(seed):
    rng = np.random.default_rng(seed)
    done = 0
    while done < 40:
        shape = tuple(rng.integers(0 if rng.random() < 0.1 else 1, 5, rng.integers(1, 5)).tolist())
        done += check(rng, shape, key_of(rng, shape))


NAMED = {
    "a slice that ends before it begins": (np.arange(4.0), slice(-5, 0, -1)),
    "a slice that overshoots": (np.arange(4.0), slice(9, None, -3)),
    "arrays on both sides of an ellipsis": (np.arange(24.0).reshape(2, 3, 4), (slice(None), [0, 2], ..., [1, 3])),
    "arrays on both sides of None": (np.arange(12.0).reshape(3, 4), ([0, 2, 1], None, [1, 3, 0])),
    "arrays on both sides of a slice": (np.arange(24.0).reshape(2, 3, 4), ([1, 0], slice(None), [1, 3])),
    "an integer beside an array": (np.arange(24.0).reshape(2, 3, 4), (0, slice(None), [1, 3])),
    "an empty list": (np.arange(6.0).reshape(2, 3), ([],)),
    "no elements at all": (np.zeros((0, 3)), (slice(None), [1, 1])),
    "a mask of two axes": (np.arange(6.0).reshape(2, 3), np.eye(2, 3, dtype=bool)),
    "a single True": (np.arange(3.0), True),
    "the empty key": (np.arange(3.0), ()),
}


@pytest.mark.parametrize("name", NAMED)
def test_keys_with_a_twist(name):
    x, key = NAMED[name]
    agrees(lambda a: (a[key] * 2).sum() + (a * a)[key].sum(), x)
    np.testing.assert_array_equal(compile(lambda a: a[key], backend="tensor")(x), x[key])


@pytest.mark.parametrize("flipped", [(slice(None, None, -1),), (slice(None), slice(None, None, -1))])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_the_largest_and_smallest_of_reversed_rows(flipped, axis):
    """NumPy 2.0 itself gives wrong ones, where it is told in which array to put them."""
    x = np.array([[1.0, 5.0, 2.0, 0.0], [7.0, 3.0, 4.0, 1.0], [6.0, 0.0, 9.0, -2.0]])
    for reduce in (sg.max, sg.min):
        for f in (
            lambda a, reduce=reduce: reduce(a[flipped], axis=axis),
            lambda a, reduce=reduce: reduce(a, axis=axis),
        ):
            expected = f(x)
            np.testing.assert_array_equal(compile(f, backend="tensor")(x), expected)
            np.testing.assert_array_equal(compile(f, backend="tensor")(x[::-1][::-1]), expected)
        compiled = compile(lambda a, reduce=reduce: reduce(a, axis=axis), backend="tensor")
        np.testing.assert_array_equal(compiled(x[flipped]), reduce(x[flipped].copy(), axis=axis))


# --- keys that are arguments -----------------------------------------------------------------------------------------

TABLE = np.linspace(-1, 1, 12).reshape(4, 3)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64"])
def test_a_table_looked_up_in_by_an_argument(dtype):
    table = Tensor(TABLE, requires_grad=True, label="table")
    f = compile(lambda tokens: (table[tokens] ** 2).sum())
    for tokens in ([0, 3, 3], [1, 1, 2], [2, 0, 0]):
        places = np.array(tokens, dtype)
        table.grad = None
        loss = (table[places] ** 2).sum()
        loss.backward()
        value, gradients = f.value_and_grad(places)
        assert value == pytest.approx(loss.item(), rel=1e-14)
        np.testing.assert_allclose(gradients["table"], table.grad)


def test_an_index_is_told_from_others_by_what_it_is():
    """Two arguments with the same numbers, views of one array, an argument that is moved about, one number."""
    base = np.array([2, 0, 1, 1])
    f = lambda a, i, j: (a[i] * 3 + a[j[::-1].reshape(-1)] * a[i[0]]).sum() + a[j[1], i[1]]
    for i, j in ((base[:2], base[:2].copy()), (base[:2], base[2:]), (base[1:3], base[:2])):
        agrees(f, TABLE, i, j)
    compiled = compile(f, backend="tensor")
    for i, j in ((base[:2], base[2:]), (base[2:], base[:2]), (base[:2], base[:2])):
        assert compiled(TABLE, i, j) == pytest.approx(f(Tensor(TABLE), i, j).item(), rel=1e-14)
    one = compile(lambda a, i: a[i] * 2, backend="tensor")
    assert [one(np.array([1.0, 2.0, 3.0]), k) for k in (0, 2, -1)] == [2.0, 6.0, 6.0]


def test_an_index_that_is_computed():
    agrees(lambda z: (z[np.arange(4), sg.argmax(z, axis=1)] * 2).sum(), TABLE)
    picked = compile(lambda z, i: index(np.array([10.0, 20.0, 30.0]), i) + z[0, i], backend="tensor")
    np.testing.assert_array_equal(picked(TABLE, np.array([2, 0])), [30 + TABLE[0, 2], 10 + TABLE[0, 0]])


def test_an_index_out_of_range_is_an_error_at_the_first_and_at_every_later_call():
    f = compile(lambda a, i: a[i].sum(), backend="tensor")
    with pytest.raises(IndexError, match="index: shape"):
        f(TABLE, np.array([0, 4]))
    f(TABLE, np.array([0, 3]))
    with pytest.raises(IndexError):
        f(TABLE, np.array([0, 4]))


# --- whole numbers in arithmetic -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int64", "uint64", "bool"])
def test_whole_numbers_in_arithmetic_are_floats(dtype):
    whole = np.array([[100, 90, 1], [0, 120, 77]]).astype(dtype)
    floats = Tensor(whole.astype(float))
    w = Tensor(TABLE[:3], requires_grad=True, label="w")
    functions = [
        lambda x: x * 2.5, lambda x: x + x * x, lambda x: ((x * 0.01) @ w).sum(), lambda x: x @ w, lambda x: x.sum(),
        lambda x: x.mean(axis=0) / 7, lambda x: sg.max(x * 0.1), lambda x: sg.relu(-x), lambda x: 1 / (x + 1),
        lambda x: sg.concatenate([x, w[:2]]), lambda x: sg.einsum("ij,jk->i", x, w), lambda x: x[0] - x[1],
        lambda x: sg.where(x, x, -1.5), lambda x: x.T.reshape(-1) * 300, lambda x: sg.prod(x), lambda x: x ** -1,
    ]  # fmt: skip
    for f in functions:
        result, expected = compile(f, backend="tensor")(whole), f(floats)
        np.testing.assert_allclose(result, expected.data, rtol=1e-14)
        assert np.asarray(result).dtype == np.float64
    _, gradients = compile(lambda x: ((x * 0.01) @ w).sum()).value_and_grad(whole)
    ((floats * 0.01) @ w).sum().backward()
    np.testing.assert_allclose(gradients["w"], w.grad)


@pytest.mark.parametrize("name", [name for name, op in sg.OPS.items() if not op.why_not])
def test_every_row_takes_whole_numbers_as_eager_tensors_do(name):
    op = sg.OPS[name]
    arrays = [np.array([1, 3, 100 // (1 + i)], dtype) for i, dtype in zip(range(len(op.operands)), ["u1", "i1", "i8"])]
    if len(arrays) > 1 and name != "pow":
        arrays[1] = np.array([1, 255, 3], "u1")  # its opposite would be 1: a Tensor stands before it below
    w = Tensor(np.array([0.5, 1.0, 2.0], "f"), requires_grad=True, label="w")
    for f in (lambda *x: (op(*x) * w).sum(), lambda *x: op(w, *x[1:]).sum()):
        w.grad = None
        expected = f(*arrays)
        expected.backward()
        value, gradients = compile(f, backend="tensor").value_and_grad(*arrays)
        np.testing.assert_allclose(value, expected.item(), rtol=1e-5)
        np.testing.assert_allclose(gradients["w"], w.grad, rtol=1e-4)
        assert gradients["w"].dtype == np.float32


def test_labels_stay_whole_numbers_while_they_are_moved_about():
    z = TABLE
    f = lambda z, y: sg.cross_entropy(z, y.reshape(-1)) + sg.cross_entropy(z[::-1], y.T.reshape((4,)))
    agrees(f, z, np.array([[0, 2], [1, 1]], np.uint8))
