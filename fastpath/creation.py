"""Making Tensors: of zeros, of random numbers, of a range. Names and arguments are PyTorch's; floats are float64.

What is made of whole numbers by :func:`tensor`, :func:`arange`, :func:`randint`, :func:`randperm` stays whole, to be an
index or labels; it takes no gradient. Where there is a ``generator``, that is a :class:`Generator`, a
``numpy.random.Generator`` or a seed; without one, numbers come from one source, which :func:`manual_seed` seeds. (The
numbers of a seed are NumPy's, not PyTorch's.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from fastpath.node import ArrayNode, leaf
from fastpath.numerics import Array
from fastpath.tensor import Tensor
from scalargrad import settings

__all__ = [
    "Generator", "arange", "device", "empty", "eye", "from_numpy", "full", "full_like", "linspace", "manual_seed",
    "multinomial", "ones", "ones_like", "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "tensor",
    "zeros", "zeros_like",
]  # fmt: skip


def here(device: Any) -> None:
    """Refuse every device but this one."""
    if device is not None and str(device) != "cpu":
        raise ValueError(f"Tensors live in the memory of this computer, device='cpu', not on {settings.short(device)}")


def device(name: str) -> str:
    """Where Tensors live: "cpu", and no other place."""
    here(name)
    return "cpu"


DTYPES: dict[str, Any] = {
    "float": np.float32, "float16": np.float16, "half": np.float16, "float32": np.float32, "float64": np.float64,
    "double": np.float64, "int": np.int32, "int32": np.int32, "int64": np.int64, "long": np.int64, "bool": np.bool_,
}  # fmt: skip
"""What PyTorch calls NumPy's types."""


class Generator:
    """A source of random numbers.

    >>> from fastpath import Generator, randn
    >>> g = Generator().manual_seed(7)
    >>> randn(3, generator=g).shape
    (3,)
    """

    def __init__(self, device: Any = "cpu") -> None:
        here(device)
        self.numpy = np.random.default_rng()

    def manual_seed(self, seed: int) -> Self:
        """Begin anew with a seed."""
        self.numpy = settings.generator(settings.count(seed, "manual_seed: seed", least=0))
        return self


_default = Generator()


def manual_seed(seed: int) -> Generator:
    """Seed the source that random Tensors come from when no ``generator`` is given."""
    return _default.manual_seed(seed)


def _source(generator: Any) -> np.random.Generator:
    if generator is None:
        return _default.numpy
    return generator.numpy if isinstance(generator, Generator) else settings.generator(generator, "generator")


def _made(array: Any, dtype: Any, requires_grad: bool, device: Any) -> Any:
    """A leaf of this array, a copy: floats of the dtype or, of whole numbers and bools, as they are."""
    here(device)
    array = np.asarray(array)
    if dtype is None and not requires_grad and array.dtype.kind in "iub":
        return leaf(array.copy())
    if dtype is not None and np.dtype(dtype).kind in "iub":
        if requires_grad:
            raise TypeError(f"a Tensor of {np.dtype(dtype)} takes no gradient: only floats do")
        return leaf(Tensor(array)._data.astype(dtype))
    return Tensor(array, requires_grad=requires_grad, dtype=dtype)


def tensor(data: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A Tensor with these numbers; whole numbers stay whole, unless a ``dtype`` or a gradient is asked for.

    >>> from fastpath import tensor
    >>> tensor([1.0, 2.0], requires_grad=True), tensor([2, 0])
    (Tensor([1., 2.], requires_grad=True), Tensor([2, 0], dtype=int64))
    """
    if isinstance(data, ArrayNode):
        raise TypeError("tensor(…) takes numbers, not a Tensor: use its .clone(), or .detach() for one without a graph")
    if isinstance(data, (list, tuple)) and any(isinstance(x, ArrayNode) for x in data):
        raise TypeError("tensor(…) takes numbers, and a list of Tensors would lose their graph: use stack([...])")
    array = np.asarray(data)
    return _made(array if array.dtype.kind in "fiub" else Tensor(data)._data, dtype, requires_grad, device)


def from_numpy(array: Array) -> Any:
    """A Tensor with a copy of an array."""
    return tensor(array)


def _shape(size: tuple[Any, ...], where: str) -> tuple[int, ...]:
    """A shape given as lengths, or as one tuple or list of them."""
    lengths = size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    return tuple([settings.count(n, f"{where}: a length", least=0) for n in lengths])


def _of_shape(name: str, fill: Callable[[tuple[int, ...], Any], Any], what: str) -> tuple[Any, Any]:
    """The function that makes a Tensor of a shape, and the one that makes it in the shape of another."""

    def make(
        *size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Any:
        return _made(fill(_shape(size, name), generator), dtype, requires_grad, device)

    def make_like(
        x: Any, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Any:
        like = x._data if isinstance(x, ArrayNode) else np.asarray(x)
        return _made(fill(like.shape, generator), like.dtype if dtype is None else dtype, requires_grad, device)

    for function, text in ((make, f"A Tensor of a shape: {what}."), (make_like, f"A Tensor like another: {what}.")):
        function.__name__ = function.__qualname__ = name if function is make else f"{name}_like"
        function.__doc__ = text
    return make, make_like


zeros, zeros_like = _of_shape("zeros", lambda shape, _: np.zeros(shape), "all 0")
ones, ones_like = _of_shape("ones", lambda shape, _: np.ones(shape), "all 1")
empty, _ = _of_shape("empty", lambda shape, _: np.zeros(shape), "to be filled, and 0 until then")
rand, rand_like = _of_shape("rand", lambda shape, g: _source(g).uniform(size=shape), "uniform over [0, 1)")
randn, randn_like = _of_shape(
    "randn", lambda shape, g: _source(g).normal(size=shape), "normal, of mean 0 and variance 1"
)


def full(size: Any, fill_value: float, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A Tensor of a shape, all ``fill_value``."""
    shape = _shape(size if isinstance(size, tuple) else (size,), "full")
    return _made(np.full(shape, fill_value), dtype, requires_grad, device)


def full_like(x: Any, fill_value: float, **settings: Any) -> Any:
    """A Tensor like another, all ``fill_value``."""
    return full(tuple(np.shape(x)), fill_value, **{"dtype": x.dtype, **settings})


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """The identity matrix, n × m: 1 where row and column agree."""
    return _made(np.eye(n, m), dtype, requires_grad, device)


def arange(
    start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """The numbers from ``start`` (0) to ``end``, that not included, in steps; whole if all three are."""
    array = np.arange(start) if end is None else np.arange(start, end, step)
    return _made(array, dtype, requires_grad, device)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """``steps`` numbers at equal distances, from ``start`` to ``end``, both included."""
    return _made(np.linspace(start, end, settings.count(steps, "linspace: steps", 0)), dtype, requires_grad, device)


def randint(
    low: int, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None, device: Any = None
) -> Any:
    """Whole numbers from ``low`` (0) to ``high``, that not included, in a shape: ``randint(10, (3,))``."""
    if isinstance(high, (tuple, list)):
        low, high, size = 0, low, high
    if size is None:
        raise TypeError("randint takes (low, high, size): a shape such as (3,) is missing")
    return _made(_source(generator).integers(low, high, _shape((size,), "randint")), dtype, False, device)


def randperm(n: int, *, generator: Any = None, device: Any = None) -> Any:
    """The whole numbers below ``n`` in random order."""
    return _made(_source(generator).permutation(settings.count(n, "randperm: n", least=0)), None, False, device)


def multinomial(probs: Any, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Any:
    """Places drawn at random: place ``i`` with a probability proportional to ``probs[i]``, in each row of a matrix."""
    weights = probs._data if isinstance(probs, ArrayNode) else np.asarray(probs, dtype=float)
    if isinstance(probs, ArrayNode):
        probs._look("multinomial")
    source, rows = _source(generator), weights.reshape(-1, weights.shape[-1])
    if (rows < 0).any() or not np.isfinite(rows).all() or (rows.sum(axis=1) <= 0).any():
        raise ValueError("multinomial: probabilities are 0 or more and finite, and not all of a row are 0")
    drawn = [source.choice(len(row), num_samples, replace=replacement, p=row / row.sum()) for row in rows]
    return leaf(np.array(drawn).reshape(*weights.shape[:-1], num_samples))
