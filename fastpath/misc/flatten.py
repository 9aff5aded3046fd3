"""A tree of arrays as one vector, for optimizers that take no other, as those of SciPy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import fastpath.numpy as np
from scalargrad import tree


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All numbers of a tree in one vector, and the function that makes such a tree of such a vector.

    Of Tensors the vector is one, too, and recorded.

    >>> vector, unflatten = flatten({"W": np.ones((2, 2)), "b": 3.0})
    >>> vector
    array([1., 1., 1., 1., 3.])
    >>> unflatten(2 * vector)
    {'W': array([[2., 2.],
           [2., 2.]]), 'b': np.float64(6.0)}
    """
    leaves, structure = tree.flatten(value)
    shapes = [np.shape(x) for x in leaves]
    ends = np.cumsum([0, *[int(np.prod(shape)) for shape in shapes]]).tolist()

    def unflatten(vector: Any) -> Any:
        parts = [vector[start:end] for start, end in pairwise(ends)]
        arrays = [np.reshape(part, shape) if shape else part[0] for part, shape in zip(parts, shapes)]
        return tree.unflatten(structure, arrays)

    return (np.concatenate([np.reshape(x, -1) for x in leaves]) if leaves else np.zeros(0)), unflatten


def flatten_func(func: Callable[..., Any], example: Any) -> tuple[Callable[..., Any], Callable[[Any], Any], Any]:
    """A function of a tree as one of a vector; what makes a tree of the vector; and the vector of ``example``."""
    vector, unflatten = flatten(example)
    return (lambda x, *args: flatten(func(unflatten(x), *args))[0]), unflatten, vector
