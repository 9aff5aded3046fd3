"""Statistics and norms, put together from the ops."""

from __future__ import annotations

import math
from typing import Any

from scalargrad.ops import axes as _axes
from scalargrad.ops import elementwise, reducing
from scalargrad.ops.arranging import atleast_2d
from scalargrad.ops.elementwise import add, div, equal, mul, sub, where
from scalargrad.ops.elementwise import pow as power
from scalargrad.ops.given import as_array, axes, is_number, shown
from scalargrad.ops.joining import stack
from scalargrad.ops.moving import broadcast_to, concatenate, index, reshape, transpose
from scalargrad.ops.multiplying import outer
from scalargrad.ops.picking import diagonal
from scalargrad.ops.products import matmul
from scalargrad.ops.rows import composite
from scalargrad.ops.sorting import sort


@composite
def ptp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element minus the smallest, over axes ("peak to peak").

    >>> ptp([1.0, 5.0, 3.0])
    4.0
    """
    a = as_array(a, "ptp")
    return sub(reducing.max(a, axis=axis, keepdims=keepdims), reducing.min(a, axis=axis, keepdims=keepdims))


@composite
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False) -> Any:
    """The mean over axes, or the weighted mean Σ wᵢaᵢ / Σ wᵢ; with ``returned=True`` the sum of the weights, too.

    The weights have the shape of ``a``, or that of the axes.

    >>> average([1.0, 4.0], weights=[3.0, 1.0])
    1.75
    """
    a = as_array(a, "average")
    if weights is None:
        mean = reducing.mean(a, axis=axis, keepdims=keepdims)
        return (mean, add(mul(mean, 0.0), _axes.count(a, axis))) if returned else mean
    w = as_array(weights, "average")
    if w.shape != a.shape:
        along = tuple(range(a.ndim)) if axis is None else axes(axis, "average", a.shape)
        if axis is None or w.shape != tuple([a.shape[i] for i in along]):
            raise ValueError(f"average: weights of shape {w.shape} fit neither shape {a.shape} nor axis {axis}")
        w = transpose(w, tuple(sorted(range(w.ndim), key=along.__getitem__)))
        w = reshape(w, tuple([a.shape[i] if i in along else 1 for i in range(a.ndim)]))
        w = broadcast_to(w, a.shape)
    count = reducing.sum(w, axis=axis, keepdims=keepdims)
    mean = div(reducing.sum(mul(a, w), axis=axis, keepdims=keepdims), count)
    return (mean, count) if returned else mean


@composite
def quantile(a: Any, q: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The value below which the share ``q`` of the elements lies, between two of them by linear interpolation.

    ``q`` is a number from 0 to 1, or a list of them, whose results stand along a new first axis. It is nan where an
    element is.

    >>> quantile([1.0, 2.0, 4.0], 0.75)
    np.float64(3.0)
    """
    return _quantile("quantile", a, q, 1, axis, keepdims)


@composite
def percentile(a: Any, q: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The :func:`quantile` of the share ``q/100``.

    >>> percentile([1.0, 2.0, 4.0], 75)
    np.float64(3.0)
    """
    return _quantile("percentile", a, q, 100, axis, keepdims)


@composite
def median(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle one of the elements in order, or the mean of the middle two; nan where an element is.

    >>> median([1.0, 7.0, 2.0]), median([1.0, 7.0, 2.0, 4.0])
    (np.float64(2.0), np.float64(3.0))
    """
    return _quantile("median", a, 0.5, 1, axis, keepdims)


def _quantile(name: str, a: Any, q: Any, whole: int, axis: Any, keepdims: bool) -> Any:
    a = as_array(a, name)
    over = tuple(range(a.ndim)) if axis is None else axes(axis, name, a.shape)
    if isinstance(q, (list, tuple)) or (hasattr(q, "ndim") and q.ndim):
        return stack([_quantile(name, a, x, whole, axis, keepdims) for x in q])
    if not is_number(q) or not 0 <= q <= whole:
        raise ValueError(f"{name}: q is a number from 0 to {whole}, not {shown(q)}")
    ordered = sort(_axes.together(a, over), -1)
    count = ordered.shape[-1]
    if not count:
        raise ValueError(f"{name}: there is no element in shape {a.shape}")
    share, low = math.modf(float(q) / whole * (count - 1))
    found = index(ordered, (..., int(low)))
    if share:
        found = add(found, mul(sub(index(ordered, (..., int(low) + 1)), found), share))
    last = index(ordered, (..., -1))  # nan, if one of them is
    found = where(equal(last, last), found, last)
    return reshape(found, _axes.restored_shape(a, over)) if keepdims else found


@composite
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Any:
    """The covariances of variables, each a row of observations (a column with ``rowvar=False``), divided by n − 1.

    With ``bias=True`` they are divided by n, with ``ddof`` by n − ddof. ``y`` are more variables.

    >>> cov([[1.0, 2.0, 3.0], [1.0, 2.0, 6.0]])
    array([[1. , 2.5],
           [2.5, 7. ]])
    """
    rows = [_variables(x, rowvar) for x in (m, y) if x is not None]
    x = rows[0] if len(rows) == 1 else concatenate(rows, axis=0)
    gap = sub(x, reducing.mean(x, axis=1, keepdims=True))
    ddof = (0 if bias else 1) if ddof is None else ddof
    if not is_number(ddof):
        raise TypeError(f"cov: ddof is a number, not {shown(ddof)}")
    found = div(matmul(gap, transpose(gap)), max(x.shape[1] - ddof, 0))
    return reshape(found, ()) if found.shape == (1, 1) else found


def _variables(x: Any, rowvar: bool) -> Any:
    x = as_array(x, "cov")
    if x.ndim > 2:
        raise ValueError(f"cov: expected a vector or a matrix, not shape {x.shape}")
    return atleast_2d(x) if rowvar or x.ndim < 2 else transpose(x)


@composite
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """The correlations of variables: their covariances, divided by both standard deviations.

    >>> corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar)
    if not c.ndim:
        return div(c, c)
    deviation = elementwise.sqrt(diagonal(c))
    return div(c, outer(deviation, deviation))


@composite
def nansum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over axes of the elements that are not nan.

    >>> nansum([1.0, float("nan"), 2.0])
    np.float64(3.0)
    """
    a = as_array(a, "nansum")
    return reducing.sum(where(equal(a, a), a, 0.0), axis=axis, keepdims=keepdims)


@composite
def nanmean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over axes of the elements that are not nan; nan where there is none.

    >>> nanmean([1.0, float("nan"), 2.0])
    1.5
    """
    a = as_array(a, "nanmean")
    return div(nansum(a, axis, keepdims), reducing.sum(equal(a, a), axis=axis, keepdims=keepdims))


# --- norms -----------------------------------------------------------------------------------------------------------


@composite
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The length of vectors or matrices, over axes: the root of the sum of squares, if no ``ord`` is given.

    Of vectors (one axis): ``ord`` 1 is Σ|xᵢ|, ``inf`` and ``-inf`` the largest and smallest |xᵢ|, 0 how many are not 0,
    p another power mean (Σ|xᵢ|ᵖ)^(1/p). Of matrices (two axes): ``"fro"`` is the root of the sum of squares, 1 and -1
    the largest and smallest column sum of |xᵢⱼ|, ``inf`` and ``-inf`` the same of rows. The gradient at 0 is 0.

    >>> norm([3.0, 4.0]), norm([3.0, -4.0], 1), norm([[1.0, -5.0], [2.0, 1.0]], 1)
    (np.float64(5.0), np.float64(7.0), array(6.))
    """
    x = as_array(x, "norm")
    if ord is None:
        return reducing.l2norm(x, axis=axis, keepdims=keepdims)
    over = tuple(range(x.ndim)) if axis is None else axes(axis, "norm", x.shape)
    if len(over) == 1 and is_number(ord):
        return _vector_norm(x, ord, over[0], keepdims)
    if len(over) == 2 and isinstance(ord, str) and ord == "fro":
        return reducing.l2norm(x, axis=over, keepdims=keepdims)
    if len(over) == 2 and is_number(ord) and abs(ord) in (1, math.inf):
        rows, columns = over
        inside, outside = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = reducing.sum(elementwise.abs(x), axis=inside, keepdims=True)
        best = (reducing.max if ord > 0 else reducing.min)(sums, axis=outside, keepdims=True)
        return best if keepdims else reshape(best, tuple([n for i, n in enumerate(x.shape) if i not in over]))
    if len(over) == 2 and (ord == "nuc" or (is_number(ord) and abs(ord) == 2)):
        raise ValueError(f"norm: ord={ord!r} over two axes needs singular values, which no op here gives; take 'fro'")
    known = "of one axis it is a number, of two 'fro', 1, -1, inf or -inf"
    raise ValueError(f"norm: ord={ord!r} is no norm over {len(over)} axes: {known}")


def _vector_norm(x: Any, ord: float, axis: int, keepdims: bool) -> Any:
    if ord == 2:
        return reducing.l2norm(x, axis=axis, keepdims=keepdims)
    if ord == 0:
        return reducing.sum(elementwise.not_equal(x, 0.0), axis=axis, keepdims=keepdims)
    size = elementwise.abs(x)
    if ord == 1:
        return reducing.sum(size, axis=axis, keepdims=keepdims)
    if abs(ord) == math.inf:
        return (reducing.max if ord > 0 else reducing.min)(size, axis=axis, keepdims=keepdims)
    powers = reducing.sum(power(size, float(ord)), axis=axis, keepdims=keepdims)
    if ord < 0:
        return power(powers, 1.0 / ord)
    zero = equal(powers, 0.0)
    return where(zero, 0.0, power(where(zero, 1.0, powers), 1.0 / ord))


@composite
def vector_norm(x: Any, ord: Any = 2, axis: Any = None, keepdims: bool = False) -> Any:
    """The :func:`norm` of all elements as one vector, or of vectors along one axis.

    >>> vector_norm([[3.0, 4.0]])
    np.float64(5.0)
    """
    x = as_array(x, "vector_norm")
    over = tuple(range(x.ndim)) if axis is None else axes(axis, "vector_norm", x.shape)
    found = norm(_axes.together(x, over), ord, -1)
    return reshape(found, _axes.restored_shape(x, over)) if keepdims else found


@composite
def matrix_norm(x: Any, ord: Any = "fro", keepdims: bool = False) -> Any:
    """The :func:`norm` of matrices, over the last two axes.

    >>> matrix_norm([[1.0, 1.0], [1.0, 1.0]])
    np.float64(2.0)
    """
    return norm(x, ord, (-2, -1), keepdims)
