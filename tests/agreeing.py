"""One function of arrays on plain arrays, Values and Tensors, and compiled: numbers and gradients must agree."""

import numpy as np

import fastpath
from fastpath import Tensor
from scalargrad import Value, grad, hvp


def values(array):
    box = np.empty(np.shape(array), dtype=object)
    for place, x in np.ndenumerate(np.asarray(array, float)):
        box[place] = Value(x)
    return box


def numbers(x):
    """A result as an array of floats."""
    if isinstance(x, Tensor):
        return x.data
    box = np.asarray(x, object)
    return np.array([float(v) for v in box.ravel()]).reshape(box.shape)


def gradients(function, arrays, seed):
    """By Tensors."""
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    function(*tensors).backward(seed)
    return [np.zeros(t.shape) if t.grad is None else t.grad for t in tensors]


def require_agreement(function, *arrays, expected=None, compiled=True, rtol=1e-9, atol=1e-11):
    """The same everywhere, to the second derivative; returns the gradients of a weighted sum of the result."""

    def close(got, wanted):
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=atol)

    arrays = [np.asarray(a, float) for a in arrays]
    plain = np.asarray(function(*arrays))
    if expected is not None:
        assert plain.shape == np.shape(expected)
        close(plain, expected)
    seed = np.cos(np.arange(plain.size, dtype=float)).reshape(plain.shape)
    found = gradients(function, arrays, seed)
    close(numbers(function(*map(Tensor, arrays))), plain)

    boxes = [values(a) for a in arrays]
    result = function(*boxes)
    assert np.asarray(result, object).shape == plain.shape
    close(numbers(result), plain)
    total = sum((v * w for v, w in zip(np.asarray(result, object).ravel(), seed.ravel())), Value(0.0))
    total.backward()
    for box, gradient in zip(boxes, found):
        close(np.array([v.grad for v in box.ravel()]).reshape(box.shape), gradient)

    def weighted(*given):
        return fastpath.sum(function(*given) * seed)

    if compiled:
        y, slopes = fastpath.compile(weighted, backend="tensor").value_and_grad(
            *arrays, argnums=tuple(range(len(arrays)))
        )
        close(y, np.sum(plain * seed))
        for slope, gradient in zip(slopes, found):
            close(slope, gradient)
    return found


def require_second(function, *arrays, rtol=1e-4, atol=1e-5):
    """The gradient of the gradient by each array, against differences of gradients."""
    arrays = [np.asarray(a, float) for a in arrays]
    seed = np.cos(np.arange(np.asarray(function(*arrays)).size, dtype=float))
    for place, a in enumerate(arrays):

        def scalar(x, place=place):
            given = [*arrays[:place], x, *arrays[place + 1 :]]
            return fastpath.sum(fastpath.reshape(function(*given), -1) * seed)

        step = np.sin(1.0 + np.arange(a.size, dtype=float)).reshape(a.shape)
        slope = grad(scalar)
        expected = (np.asarray(slope(a + 1e-5 * step)) - np.asarray(slope(a - 1e-5 * step))) / 2e-5
        np.testing.assert_allclose(hvp(scalar)(a, step), expected, rtol=rtol, atol=atol)
