"""The functions put together from ops, compared with NumPy's own over many arguments, values and gradients."""

import itertools

import numpy as np
import pytest

import scalargrad
from fastpath import Tensor
from scalargrad import Value
from scalargrad.ops.composite import COMPOSITE

SHAPES = [(), (3,), (1,), (2, 3), (1, 3), (2, 1, 3), (2, 2, 3), (3, 2), (2, 3, 2), (0,), (0, 3), (2, 0)]
AXES = [None, 0, 1, 2, -1, -2, -3, 3, (0,), (0, 1), (1, 0), (0, 0), (0, -2), (), (2, 0), (-1, 0), np.int64(1)]


def array_of(shape):
    return np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape) ** 1.5


def values(array):
    return np.frompyfunc(lambda x: Value(float(x)), 1, 1)(np.asarray(array))


def numbers(x):
    """A result as arrays of floats."""
    if isinstance(x, list):
        return [numbers(part) for part in x]
    if isinstance(x, (Tensor, Value)):
        return np.asarray(x.data)
    array = np.asarray(x)
    return np.asarray(np.frompyfunc(float, 1, 1)(array), float) if array.dtype == object else array


def same(found, expected):
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found.shape == expected.shape and bool(np.array_equal(found, expected))


def require_numpys(name, *arguments, place=0, **settings):
    """The same as NumPy's function on arrays, Values and Tensors; refused where NumPy refuses it."""
    ours, theirs = COMPOSITE[name], getattr(np, name)
    try:
        expected = theirs(*arguments, **settings)
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        expected = None
    for make in (np.array, values, lambda a: Tensor(a, requires_grad=True)):
        own = list(arguments)
        own[place] = [make(a) for a in own[place]] if isinstance(own[place], list) else make(own[place])
        what = (name, make, arguments[1:], settings, np.shape(arguments[0]))
        if expected is None:
            with pytest.raises((TypeError, ValueError)) as told:
                ours(*own, **settings)
            assert str(told.value).startswith(name), what
        else:
            found = numbers(ours(*own, **settings))
            wanted = [*map(np.asarray, expected)] if isinstance(expected, list) else np.asarray(expected)
            assert same(found, wanted), what


every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


@every_shape
def test_flip_squeeze_expand_dims_and_stack(shape):
    a = array_of(shape)
    for axis in AXES:
        require_numpys("flip", a, axis=axis)
        require_numpys("expand_dims", a, axis=axis)
        require_numpys("stack", [a, a + 1, a], axis=axis)
        if shape or axis not in (0, -1):  # NumPy takes these of a single number, which has no axis
            require_numpys("squeeze", a, axis=axis)
    require_numpys("flip", a)
    require_numpys("squeeze", a)


@every_shape
def test_swapaxes_and_diagonal(shape):
    a = array_of(shape)
    for axis1, axis2 in itertools.product([0, 1, 2, -1, -3, 5], repeat=2):
        require_numpys("swapaxes", a, axis1, axis2)
        for offset in (0, 1, -1, 2, -2, 5, -5):
            require_numpys("diagonal", a, offset, axis1, axis2)
    require_numpys("diagonal", a)


@every_shape
def test_split(shape):
    a = array_of(shape)
    for where, axis in itertools.product(
        [1, 2, 3, 0, -1, [1], [1, 2], [-1], [5], [0], [], [2, 1], np.int64(2)], [0, 1, -1, 3]
    ):
        require_numpys("split", a, where, axis=axis)
    for where in (2, np.array([1]), (1,)):
        require_numpys("split", a, where)


WIDTHS = [
    0,
    1,
    2,
    (1, 2),
    ((1, 2),),
    ((1, 2), (0, 1)),
    ((1, 2), (0, 1), (1, 1)),
    (1,),
    ((1,), (2,)),
    [1, 2],
    1.5,
    (1, 2, 3),
    np.array(1),
]


@every_shape
def test_pad(shape):
    a = array_of(shape)
    for width in WIDTHS:
        for constant in (0, 1.5, (1, 2), ((1, 2),), ((1, 2), (3, 4)), [5]):
            require_numpys("pad", a, width, constant_values=constant)
        require_numpys("pad", a, width, "constant")
        for mode in ("edge", "reflect", "symmetric", "wrap"):
            require_numpys("pad", a, width, mode)
    for mode in ("constant", "edge", "reflect"):  # a negative width takes away, as in PyTorch
        for make in (np.array, values, lambda a: Tensor(a, requires_grad=True)):
            if shape and min(shape) > 1:
                expected = np.pad(a[1:], [(0, 1), *[(0, 0)] * (a.ndim - 1)], mode=mode)
                widths = [(-1, 1), *[(0, 0)] * (a.ndim - 1)]
                assert same(numbers(COMPOSITE["pad"](make(a), widths, mode)), expected)
    with pytest.raises(ValueError, match=r"^pad: mode is constant, edge"):
        COMPOSITE["pad"](a, 1, "maximum")


def test_padding_whole_numbers_with_a_fraction_gives_fractions():
    assert COMPOSITE["pad"](np.array([1, 2]), 1, constant_values=0.5).tolist() == [0.5, 1.0, 2.0, 0.5]
    assert COMPOSITE["pad"](np.array([1, 2]), 1).dtype == np.array([1, 2]).dtype


@pytest.mark.parametrize("place", [0, 1])
def test_products_of_every_pair_of_shapes(place):
    for shape1, shape2 in itertools.product(SHAPES, repeat=2):
        a, b = array_of(shape1), array_of(shape2) - 2
        for name in ("dot", "outer"):
            try:
                expected = getattr(np, name)(a, b)
            except ValueError:
                expected = None
            for make in (values, lambda x: Tensor(x, requires_grad=True)):
                operands = [a, b]
                operands[place] = make(operands[place])
                if expected is None:
                    with pytest.raises(ValueError, match=f"^{name}: shapes"):
                        COMPOSITE[name](*operands)
                else:
                    found = numbers(COMPOSITE[name](*operands))
                    assert found.shape == np.shape(expected)
                    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("labels", [[2, 0], [[0, 1], [2, 2]], 1, np.array([1], np.uint8), [], np.int64(2)], ids=str)
def test_one_hot_is_the_rows_of_the_identity(labels):
    expected = np.eye(3)[np.asarray(labels, int)]
    assert same(COMPOSITE["one_hot"](labels, 3), expected)
    assert COMPOSITE["one_hot"](labels, 3, dtype=np.float32).dtype == np.float32


def test_one_hot_of_a_single_class_and_of_labels_that_are_none():
    assert COMPOSITE["one_hot"]([0, 0], 1).tolist() == [[1.0], [1.0]]
    for classes in (0, -1):
        with pytest.raises(ValueError, match=f"^one_hot: classes is at least 1, not {classes}$"):
            COMPOSITE["one_hot"]([0], classes)
    for labels, wrong in (([0, 3, 1], 3), ([0, -1, 1], -1), ([4], 4)):
        with pytest.raises(ValueError, match=f"^one_hot: there is a label {wrong} among labels for 3 classes$"):
            COMPOSITE["one_hot"](labels, 3)


LINEAR = {
    "flip": lambda t: scalargrad.flip(t, 1),
    "squeeze": lambda t: scalargrad.squeeze(t),
    "expand_dims": lambda t: scalargrad.expand_dims(t, [0, 2]),
    "swapaxes": lambda t: scalargrad.swapaxes(t, 0, 1),
    "diagonal": lambda t: scalargrad.diagonal(t, 1),
    "pad": lambda t: scalargrad.pad(t, ((1, 0), (2, 1)), "wrap"),
    "pad constant": lambda t: scalargrad.pad(t, 1, constant_values=((1, 2), (3, 4))),
    "stack": lambda t: scalargrad.stack([t, t], axis=1),
    "split": lambda t: scalargrad.split(t, [1], axis=1)[1],
    "dot": lambda t: scalargrad.dot(t, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    "outer": lambda t: scalargrad.outer([1.0, -2.0], t),
}


@pytest.mark.parametrize("name", LINEAR)
def test_gradients_are_those_of_the_matrix_numpy_makes_of_it(name):
    """All of them are linear: pushing basis vectors through NumPy's function gives the matrix to compare with."""
    function, shape = LINEAR[name], (3, 3) if name == "swapaxes" else (2, 3)
    t = Tensor(array_of(shape), requires_grad=True)
    y = function(t)
    seed = array_of(y.shape) - 3
    y.backward(seed)
    base = np.asarray(function(np.zeros(shape)))
    for place in np.ndindex(shape):
        basis = np.zeros(shape)
        basis[place] = 1.0
        assert t.grad[place] == pytest.approx(((np.asarray(function(basis)) - base) * seed).sum())
