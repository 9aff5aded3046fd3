"""Convolutions and pooling, put together from windows and products, under PyTorch's names.

They are cross-correlations, as in PyTorch and in all libraries of neural networks: the kernel is not turned round.
"""

from __future__ import annotations

import math
from typing import Any

from scalargrad.ops.elementwise import add, mul, sigmoid
from scalargrad.ops.given import as_array, integer, one_axis, shown
from scalargrad.ops.moving import index, reshape, transpose
from scalargrad.ops.picking import pad
from scalargrad.ops.products import matmul
from scalargrad.ops.reducing import max as largest
from scalargrad.ops.reducing import mean
from scalargrad.ops.rows import composite
from scalargrad.ops.windows import sliding_window_view

Sizes = int | tuple[int, ...]


@composite
def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """Sequences convolved: (N, C, L) with kernels (O, C/groups, k) give (N, O, L′), ``bias`` (O,) added.

    yₙₒₜ = Σ_c Σ_j weightₒ꜀ⱼ · input at (n, c, stride·t + dilation·j − padding), and L′ = ⌊(L + 2·padding −
    dilation·(k − 1) − 1)/stride⌋ + 1. One example (C, L) is taken, too. ``padding`` is also ``"valid"`` (0) or
    ``"same"``. Raises ValueError for shapes that do not fit. As ``torch.nn.functional.conv1d``.

    >>> conv1d([[1.0, 2.0, 3.0, 4.0]], [[[1.0, -1.0]]])
    array([[-1., -1., -1.]])
    """
    return _convolved("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@composite
def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """Images convolved: (N, C, H, W) with kernels (O, C/groups, kh, kw) give (N, O, H′, W′); see :func:`conv1d`.

    As ``torch.nn.functional.conv2d``. The windows of an image become the columns of a matrix (im2col), so that it is
    one product of matrices for each example.

    >>> conv2d([[[1.0, 2.0], [3.0, 4.0]]], [[[[1.0, 0.0], [0.0, 1.0]]]])
    array([[[5.]]])
    """
    return _convolved("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _sizes(given: Any, dims: int, name: str, what: str, least: int = 1) -> tuple[int, ...]:
    """A number for each axis, from one for all or a tuple."""
    several = tuple(given) if isinstance(given, (tuple, list)) else (given,) * dims
    if len(several) == 1:
        several *= dims
    if len(several) != dims:
        raise ValueError(f"{name}: {what} is one number or {dims} of them, not {given}")
    found = tuple([integer(n, name, what) for n in several])
    if min(found) < least:
        raise ValueError(f"{name}: {what} is at least {least}, not {given}")
    return found


def _examples(x: Any, dims: int, name: str) -> tuple[Any, bool]:
    """The input with an axis of examples, and whether it had one."""
    x = as_array(x, name)
    if x.ndim not in (dims + 1, dims + 2):
        axes = "(N, C, H, W) or (C, H, W)" if dims == 2 else "(N, C, L) or (C, L)"
        raise ValueError(f"{name}: the input has the axes {axes}, not shape {x.shape}")
    return (x, True) if x.ndim == dims + 2 else (reshape(x, (1, *x.shape)), False)


def _windows(x: Any, sizes: Any, stride: Any, dilation: Any, name: str) -> Any:
    """The windows of examples, as new last axes."""
    dims = len(sizes)
    for n, k, d in zip(x.shape[2:], sizes, dilation):
        if (k - 1) * d + 1 > n:
            raise ValueError(
                f"{name}: a kernel of {sizes} does not fit into an input of {x.shape[2:]} with its padding"
            )
    return sliding_window_view(x, sizes, tuple(range(2, 2 + dims)), stride, dilation)


def _convolved(
    name: str, dims: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    x, batched = _examples(x, dims, name)
    weight = as_array(weight, name)
    if weight.ndim != dims + 2:
        raise ValueError(f"{name}: the weight has {dims + 2} axes, (out, in/groups, *kernel), not shape {weight.shape}")
    out, channels, *kernel = weight.shape
    (groups,) = _sizes(groups, 1, name, "groups")
    if x.shape[1] != channels * groups or out % groups:
        of = f" in {groups} groups" if groups > 1 else ""
        raise ValueError(f"{name}: an input of {x.shape[1]} channels does not fit a weight of shape {weight.shape}{of}")
    stride, dilation = _sizes(stride, dims, name, "stride"), _sizes(dilation, dims, name, "dilation")
    edges = _edges(name, dims, padding, stride, dilation, kernel)
    if any(map(any, edges)):
        x = pad(x, ((0, 0), (0, 0), *edges))
    windows = _windows(x, tuple(kernel), stride, dilation, name)
    examples, count = len(x), channels * math.prod(kernel)
    lengths, places = windows.shape[2 : 2 + dims], math.prod(windows.shape[2 : 2 + dims])
    windows = transpose(windows, (0, 1, *range(2 + dims, 2 + 2 * dims), *range(2, 2 + dims)))
    if groups == 1:
        y = matmul(reshape(weight, (out, count)), reshape(windows, (examples, count, places)))
    else:
        kernels = reshape(weight, (groups, out // groups, count))
        y = matmul(kernels, reshape(windows, (examples, groups, count, places)))
    y = reshape(y, (examples, out, *lengths))
    if bias is not None:
        bias = as_array(bias, name)
        if bias.shape != (out,):
            raise ValueError(f"{name}: the bias has the shape ({out},), not {bias.shape}")
        y = add(y, reshape(bias, (out,) + (1,) * dims))
    return y if batched else reshape(y, y.shape[1:])


def _edges(name: str, dims: int, padding: Any, stride: Any, dilation: Any, kernel: Any) -> list[tuple[int, int]]:
    """What to add before and after, along each axis."""
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"{name}: padding is a number of zeros, 'same' or 'valid', not {shown(padding)}")
        if padding == "valid":
            return [(0, 0)] * dims
        if max(stride) > 1:
            raise ValueError(f"{name}: padding='same' goes with stride 1, not {stride}")
        return [((k - 1) * d // 2, (k - 1) * d - (k - 1) * d // 2) for k, d in zip(kernel, dilation)]
    return [(n, n) for n in _sizes(padding, dims, name, "padding", 0)]


# --- pooling ---------------------------------------------------------------------------------------------------------


@composite
def max_pool1d(input: Any, kernel_size: Sizes, stride: Any = None, padding: Sizes = 0, dilation: Sizes = 1) -> Any:
    """The largest element of each window of sequences (N, C, L); see :func:`max_pool2d`.

    >>> max_pool1d([[1.0, 5.0, 2.0, 3.0]], 2)
    array([[5., 3.]])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation)


@composite
def max_pool2d(input: Any, kernel_size: Sizes, stride: Any = None, padding: Sizes = 0, dilation: Sizes = 1) -> Any:
    """The largest element of each window of images (N, C, H, W), or of one image (C, H, W).

    ``stride`` is the size of the kernel, if it is not given. The edges are padded with −∞, by half a kernel at most.
    Tied elements share the gradient equally, as in ``max`` (PyTorch gives it to the first). As
    ``torch.nn.functional.max_pool2d``.

    >>> max_pool2d([[[1.0, 2.0], [3.0, 4.0]]], 2)
    array([[[4.]]])
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation)


@composite
def avg_pool1d(
    input: Any, kernel_size: Sizes, stride: Any = None, padding: Sizes = 0, count_include_pad: bool = True
) -> Any:
    """The mean of each window of sequences (N, C, L); see :func:`avg_pool2d`.

    >>> avg_pool1d([[1.0, 5.0, 2.0, 3.0]], 2)
    array([[3. , 2.5]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, count_include_pad)


@composite
def avg_pool2d(
    input: Any, kernel_size: Sizes, stride: Any = None, padding: Sizes = 0, count_include_pad: bool = True
) -> Any:
    """The mean of each window of images (N, C, H, W), or of one image (C, H, W).

    ``stride`` is the size of the kernel, if it is not given. The zeros of the padding count, unless
    ``count_include_pad=False``. As ``torch.nn.functional.avg_pool2d``.

    >>> avg_pool2d([[[1.0, 2.0], [3.0, 4.0]]], 2)
    array([[[2.5]]])
    """
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, count_include_pad)


def _pooled(name: str, dims: int, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, edge: float) -> Any:
    """The elements of each window along the first axis, and whether there was an axis of examples.

    In a copy of that order NumPy reduces them several times as fast as in the windows themselves.
    """
    x, batched = _examples(x, dims, name)
    sizes = _sizes(kernel, dims, name, "kernel_size")
    steps = sizes if stride is None else _sizes(stride, dims, name, "stride")
    edges = _sizes(padding, dims, name, "padding", 0)
    if any(n > k // 2 for n, k in zip(edges, sizes)):
        raise ValueError(f"{name}: padding is at most half of the kernel {sizes}, not {padding}")
    if any(edges):
        x = pad(x, ((0, 0), (0, 0), *[(n, n) for n in edges]), constant_values=edge)
    windows = _windows(x, sizes, steps, _sizes(dilation, dims, name, "dilation"), name)
    elements = transpose(windows, (*range(-dims, 0), *range(2 + dims)))
    return reshape(elements, (math.prod(sizes), *elements.shape[dims:])), batched


def _max_pool(name: str, dims: int, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    windows, batched = _pooled(name, dims, x, kernel, stride, padding, dilation, -math.inf)
    y = largest(windows, axis=0)
    return y if batched else reshape(y, y.shape[1:])


def _avg_pool(name: str, dims: int, x: Any, kernel: Any, stride: Any, padding: Any, include: Any) -> Any:
    import numpy as np

    windows, batched = _pooled(name, dims, x, kernel, stride, padding, 1, 0.0)
    y = mean(windows, axis=0)
    if not include and any(_sizes(padding, dims, name, "padding", 0)):
        shape = (1, 1, *as_array(x, name).shape[-dims:])
        inside, _ = _pooled(name, dims, np.ones(shape), kernel, stride, padding, 1, 0.0)
        share = np.mean(inside, axis=0)
        y = y / share.astype(windows.dtype if windows.dtype.kind == "f" else float)
    return y if batched else reshape(y, y.shape[1:])


# --- gates -----------------------------------------------------------------------------------------------------------


@composite
def glu(a: Any, axis: int = -1) -> Any:
    """The gated linear unit: the first half along an axis times the sigmoid of the second (Dauphin et al., 2017).

    >>> glu([1.0, 2.0, 0.0, 0.0])
    array([0.5, 1. ])
    """
    a = as_array(a, "glu")
    axis = one_axis(axis, "glu", a.shape)
    half, rest = divmod(a.shape[axis], 2)
    if rest:
        raise ValueError(f"glu: axis {axis} of shape {a.shape} has no two halves")
    before = (slice(None),) * axis
    first, second = index(a, (*before, slice(None, half))), index(a, (*before, slice(half, None)))
    return mul(first, sigmoid(second))
