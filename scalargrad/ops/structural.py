"""The table of structural operations: those that move or reduce, one row each.

In a pullback ``g`` is the upstream gradient and ``y`` the output. An expansion is given where the forward does not run
on object arrays of Values as it stands. Functions that are put together from these are in :mod:`.composite`.
"""
# fmt: off

import builtins as _py
import math as _math
from operator import index as _index_of
from typing import Any as _Any

from scalargrad.ops import elementwise as _ops
from scalargrad.ops import expansions as _expansions
from scalargrad.ops.given import require_unmasked as _require_unmasked
from scalargrad.ops.structure import structural as _op
from scalargrad.ops.subscripts import parse as _parse

# --- helpers ---------------------------------------------------------------------------------------------------------


def _axes(axis, ndim):
    """The axes as a tuple of non-negative numbers, each of them once."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    if not ndim and axis in (0, -1):  # NumPy takes a single number as an array of one axis here
        return ()
    axes = []
    for i in axis if isinstance(axis, tuple) else (axis,):
        if not -ndim <= _index_of(i) < ndim:
            raise ValueError(f"axis {i} is out of bounds for array of dimension {ndim}")
        axes.append(_index_of(i) % ndim)
    if len(set(axes)) < len(axes):
        raise ValueError(f"an axis is named twice in {axis}")
    return tuple(axes)


def _count(a, axis):
    """How many elements are reduced to one."""
    return a.size if axis is None else _math.prod([a.shape[i] for i in _axes(axis, a.ndim)])


def _kept(reduced, a, axis, keepdims):
    """A reduced array in a shape that broadcasts against ``a``: the axes it lost put back with length 1."""
    return reduced if keepdims or axis is None else reduced.reshape(_shape_kept(a, axis))


def _shape_kept(a, axis):
    """The shape of ``a`` with length 1 in place of the axes reduced."""
    axes = _axes(axis, a.ndim)
    return tuple([1 if i in axes else n for i, n in enumerate(a.shape)])


def _without(reduced, a, axis, keepdims):
    """An array reduced with ``keepdims=True`` without the axes of length 1, unless they are to be kept."""
    if not keepdims:
        axes = _axes(axis, a.ndim)
        reduced = reduced.reshape(tuple([n for i, n in enumerate(a.shape) if i not in axes]))
    return reduced[()]


def _together(a, axes):
    """``a`` with these axes moved to the end and made one."""
    rest = tuple([i for i in range(a.ndim) if i not in axes])
    shape = (*[a.shape[i] for i in rest], _math.prod([a.shape[i] for i in axes]))
    return a.transpose(rest + axes).reshape(shape)


def _apart(b, a, axes):
    """The inverse: from the shape of ``_together(a, axes)`` back to that of ``a``."""
    order = tuple([i for i in range(a.ndim) if i not in axes]) + axes
    return b.reshape(tuple([a.shape[i] for i in order])).transpose(_inverse(order))


def _inverse(order):
    inverse = [0] * len(order)
    for i, axis in enumerate(order):
        inverse[axis] = i
    return tuple(inverse)


def _along(reduce, xp, a, axis, keepdims):
    """An object array reduced over axes by a function of a list of Values."""
    lists = _together(a, _axes(axis, a.ndim))
    reduced = xp.empty(lists.shape[:-1], object)
    for place in xp.ndindex(reduced.shape):
        reduced[place] = reduce(lists[place].tolist())
    return reduced.reshape(_shape_kept(a, axis)) if keepdims else reduced[()]


def _numbers(xp, a):
    """The plain numbers in an array, in object arrays too."""
    return xp.asarray(xp.frompyfunc(_expansions.number, 1, 1)(a), dtype=float) if a.dtype == object else a


def _top(xp, a, axis):
    """The largest numbers along axes, kept for subtracting before ``exp``: no gradient passes through them."""
    if a.dtype == object and _expansions.traced():
        return _along(_expansions.top, xp, a, axis, True)
    if not a.size:
        return xp.full(_shape_kept(a, axis), -_math.inf, a.dtype)
    return xp.maximum.reduce(_numbers(xp, a), axis=axis, keepdims=True)


# --- moving ----------------------------------------------------------------------------------------------------------
reshape = _op("reshape", lambda xp, a, *, shape: xp.reshape(a, shape),
    (lambda g, y, a, shape: g.reshape(a.shape),),
    formulas=("reshape(Ḡ)",), samples=(lambda x: reshape(x(2, 6), (3, -1)), lambda x: reshape(x(2, 3), -1)),
    note="the same elements in another shape; one length may be −1")

transpose = _op("transpose", lambda xp, a, *, axes=None: xp.transpose(a, axes),
    (lambda g, y, a, axes: g.transpose(None if axes is None else _inverse(_axes(tuple(axes), a.ndim))),),
    formulas=("Ḡᵀ",), symbol="ᵀ", samples=(lambda x: transpose(x(2, 3)), lambda x: transpose(x(2, 3, 4), (1, -1, 0))),
    note="the axes in another order; reversed if none is given")

broadcast_to = _op("broadcast_to", lambda xp, a, *, shape: xp.broadcast_to(a, shape),
    (lambda g, y, a, shape: g,),
    formulas=("Σ Ḡ",), samples=(lambda x: broadcast_to(x(3, 1), (2, 3, 4)),),
    note="repeated along new axes and axes of length 1, to a shape")

astype = _op("astype", lambda xp, a, *, dtype: a.astype(_float_type(xp, dtype)),
    (lambda g, y, a, dtype: g,),
    expand=lambda xp, a, dtype: a[()], formulas=("Ḡ",), samples=(lambda x: astype(x(3), "float64"),),
    note="the same numbers as floats of another type")


def _float_type(xp, dtype):
    if xp.dtype(dtype).kind != "f":
        raise TypeError(f"astype: expected a float type, not {xp.dtype(dtype)}")
    return dtype


def _concatenate_pullback(g, y, *arrays, place, axis):
    return _concatenate_pullbacks(g, y, *arrays, needed=[i == place for i in range(len(arrays))], axis=axis)[place]


def _concatenate_pullbacks(g, y, *arrays, needed, axis):
    found = list[object]()
    end = 0
    for a, need in zip(arrays, needed):
        start, end = end, end + (a.size if axis is None else a.shape[axis])
        part = slice(start, end)
        if not need:
            found.append(None)
        elif axis is None:
            found.append(g[part].reshape(a.shape))
        else:
            found.append(g[(slice(None),) * (axis % g.ndim) + (part,)])
    return found


concatenate = _op("concatenate", lambda xp, *arrays, axis=0: xp.concatenate(arrays, axis=axis),
    (_concatenate_pullback,), many=True, together=_concatenate_pullbacks,
    formulas=("its part of Ḡ",), symbol="⧺",
    samples=(lambda x: concatenate([x(2, 3), x(1, 3)]), lambda x: concatenate([x(2, 1), x(2, 2), x(2, 3)], axis=-1),
             lambda x: concatenate([x(2, 2), x(3)], axis=None)),
    note="arrays joined along an axis they have")


def _index(a, key):
    """The key, with lists and Tensors of integers as arrays of their own: changing them later changes nothing."""
    parts = tuple(map(_key_part, key)) if isinstance(key, tuple) else (_key_part(key),)
    for part in parts:
        if hasattr(type(part), "_apply_structural"):
            a = part._beside(a)
    return (a,), {"key": parts}


def _key_part(part):
    if part is None or part is ... or isinstance(part, (int, slice)):
        return part
    import numpy as np

    _require_unmasked("index", part)
    if hasattr(type(part), "_apply_structural"):
        part = part.data
        if hasattr(type(part), "_apply_structural"):  # integers that are not known yet, while a function is traced
            return part
    array = np.array(part)
    if array.size == 0 and isinstance(part, (list, tuple)):
        array = array.astype(int)
    if array.dtype.kind not in "iub":
        raise TypeError(f"index: a key is made of integers, slices, bools, None and ..., not of {array.dtype}")
    return array[()]


def _repeats(key):
    """Whether a key may name an element twice."""
    return any(getattr(part, "ndim", 0) and part.dtype.kind != "b" for part in key)


def _scatter(xp, a, *, shape, key):
    out = xp.zeros(shape, a.dtype)
    if _repeats(key):
        xp.add.at(out, key, a)
    else:
        out[key] = a
    return out


index = _op("index", lambda xp, a, *, key: a[key],
    (lambda g, y, a, key: scatter(g, shape=a.shape, key=key),),
    arrange=_index, formulas=("scatter(Ḡ)",), symbol="[ ]",
    samples=(lambda x: index(x(4), 2), lambda x: index(x(3, 4), (slice(None, None, 2), slice(-1, 0, -1))),
             lambda x: index(x(3, 4), [2, 0, 2]), lambda x: index(x(3, 4), ([0, 0, 2], [1, 1, -1])),
             lambda x: index(x(3), [True, False, True]), lambda x: index(x(2, 3), (..., None, 1))),
    note="the elements NumPy's a[key] gives; those named twice receive both gradients")

scatter = _op("scatter", _scatter,
    (lambda g, y, a, shape, key: index(g, key),),
    arrange=lambda a, shape, key: (_index(a, key)[0], {"shape": shape, **_index(a, key)[1]}), formulas=("Ḡ[key]",),
    samples=(lambda x: scatter(x(2), (4,), slice(1, 3)), lambda x: scatter(x(3), (4,), [3, 1, 3])),
    note="zeros of a shape with the elements added at a key: what index does backward")

# --- reducing --------------------------------------------------------------------------------------------------------
sum = _op("sum", lambda xp, a, *, axis=None, keepdims=False: xp.add.reduce(a, axis=axis, keepdims=keepdims),
    (lambda g, y, a, axis, keepdims: _kept(g, a, axis, keepdims),),
    wide=True, formulas=("Ḡ",), symbol="Σ",
    samples=(lambda x: sum(x(2, 3)), lambda x: sum(x(2, 3), axis=0), lambda x: sum(x(2, 3, 2), (-1, 0), keepdims=True)),
    note="sum over axes")


def _mean(xp, a, *, axis=None, keepdims=False):
    return xp.add.reduce(a, axis=axis, keepdims=keepdims) / _count(a, axis)


mean = _op("mean", _mean,
    (lambda g, y, a, axis, keepdims: _kept(g / _count(a, axis), a, axis, keepdims),),
    wide=True, formulas=("Ḡ/n",), samples=(lambda x: mean(x(2, 3)), lambda x: mean(x(2, 3), axis=-1, keepdims=True)),
    note="mean over axes")


def _shared_by_ties(g, y, a, axis, keepdims):
    tied = _ops.equal(a, _kept(y, a, axis, keepdims))
    return _kept(g, a, axis, keepdims) * (tied / tied.sum(axis=axis, keepdims=True))


max = _op("max", lambda xp, a, *, axis=None, keepdims=False: xp.maximum.reduce(a, axis=axis, keepdims=keepdims),
    (_shared_by_ties,),
    expand=lambda xp, a, axis, keepdims: _along(_expansions.chosen(_ops.maximum), xp, a, axis, keepdims), decides=True,
    formulas=("Ḡ·[#1 = Y]/ties",),
    samples=(lambda x: max(x(2, 3)), lambda x: max(x(2, 3), axis=1), lambda x: max(x(2, 3, 2), (0, -1), keepdims=True)),
    note="the largest element; tied ones share the gradient equally")

min = _op("min", lambda xp, a, *, axis=None, keepdims=False: xp.minimum.reduce(a, axis=axis, keepdims=keepdims),
    (_shared_by_ties,),
    expand=lambda xp, a, axis, keepdims: _along(_expansions.chosen(_ops.minimum), xp, a, axis, keepdims), decides=True,
    formulas=("Ḡ·[#1 = Y]/ties",),
    samples=(lambda x: min(x(2, 3)), lambda x: min(x(2, 3), axis=-1, keepdims=True)),
    note="the smallest element; tied ones share the gradient equally")

def _place(name):
    """The place of the best element among Values: a whole number, or a node in arithmetic with others."""
    def place(xp, a, axis, keepdims):
        from scalargrad.ops.found import found_among

        find = getattr(xp, name)
        find(a, axis=axis)  # compares the Values themselves, so that whoever traces them is told
        data = xp.frompyfunc(lambda x: x.data if hasattr(type(x), "_apply_op") else x, 1, 1)(a)
        numbers = xp.asarray(data, dtype=float)
        return found_among(name, a, find(numbers, axis=axis, keepdims=keepdims))
    return place


argmax = _op("argmax", lambda xp, a, *, axis=None, keepdims=False: xp.argmax(a, axis=axis, keepdims=keepdims),
    expand=_place("argmax"),
    why_not="which element is the largest changes in jumps; softmax is its differentiable relative",
    samples=(lambda x: argmax(x(2, 3)), lambda x: argmax(x(2, 3), axis=1)),
    note="the index of the largest element, the first of tied ones")

argmin = _op("argmin", lambda xp, a, *, axis=None, keepdims=False: xp.argmin(a, axis=axis, keepdims=keepdims),
    expand=_place("argmin"),
    why_not="which element is the smallest changes in jumps; softmax of the negative numbers is its differentiable relative",
    samples=(lambda x: argmin(x(2, 3)), lambda x: argmin(x(2, 3), axis=1)),
    note="the index of the smallest element, the first of tied ones")


def _products_of_others(b):
    """For each element the product of all others along the last axis, without a division: zeros do no harm."""
    half = b.shape[-1] // 2
    if half == 0:
        return 1.0
    left, right, rest = b[..., :half], b[..., half:2 * half], b[..., 2 * half:]
    pairs = left * right
    if rest.shape[-1]:
        pairs = concatenate([pairs, rest], axis=-1)
    if pairs.shape[-1] == 1:
        return concatenate([right, left], axis=-1)
    others = _products_of_others(pairs)
    parts = [others[..., :half] * right, others[..., :half] * left, others[..., half:]]
    return concatenate(parts, axis=-1)


def _prod_pullback(g, y, a, axis, keepdims):
    if a.size == 0:
        return a
    axes = _axes(axis, a.ndim)
    others = _products_of_others(_together(a, axes))
    return _kept(g, a, axis, keepdims) * (others if isinstance(others, float) else _apart(others, a, axes))


prod = _op("prod", lambda xp, a, *, axis=None, keepdims=False: xp.multiply.reduce(a, axis=axis, keepdims=keepdims),
    (_prod_pullback,),
    wide=True, formulas=("Ḡ·Π of the others",), symbol="Π",
    samples=(lambda x: prod(x(5)), lambda x: prod(x(2, 3), axis=0), lambda x: prod(x(2, 3, 2), (0, 2), keepdims=True)),
    note="product over axes; right with zeros, too")

cumsum = _op("cumsum", lambda xp, a, *, axis=None: xp.cumsum(a, axis=axis),
    (lambda g, y, a, axis: (_backwards(cumsum(_backwards(g, axis or 0), axis or 0), axis or 0)).reshape(a.shape),),
    wide=True, formulas=("Σ of the later Ḡ",), samples=(lambda x: cumsum(x(2, 3)), lambda x: cumsum(x(2, 3), axis=1)),
    note="running sums along an axis, of all elements if none is given")


def _backwards(a, axis):
    return a[(slice(None),) * (axis % a.ndim) + (slice(None, None, -1),)]


# --- spread ----------------------------------------------------------------------------------------------------------


def _var(xp, a, *, axis=None, ddof=0, keepdims=False):
    gap = xp.asarray(a - xp.add.reduce(a, axis=axis, keepdims=True) / _count(a, axis))
    return xp.add.reduce(xp.asarray(gap * gap), axis=axis, keepdims=keepdims) / _py.max(_count(a, axis) - ddof, 0)


def _std(xp, a, *, axis=None, ddof=0, keepdims=False):
    count = _count(a, axis)
    gap = _gaps(xp, a, axis, count)
    spread = _root_of_squares(xp, gap, axis, keepdims, _py.max(count - ddof, 0))
    if a.size == 0 or count <= ddof:
        return spread
    highest = xp.maximum.reduce(a, axis=axis, keepdims=keepdims)
    same = (highest == xp.minimum.reduce(a, axis=axis, keepdims=keepdims)) & (abs(highest) < _math.inf)
    return xp.where(same, 0.0, spread).astype(a.dtype)  # not the rounding of the mean


def _gaps(xp, a, axis, count):
    """How far each element is from the mean, which is subtracted twice, since the first time it is rounded."""
    gap = a - xp.add.reduce(a / count, axis=axis, keepdims=True)  # divided first: no overflow
    return gap - xp.add.reduce(gap, axis=axis, keepdims=True) / count


def _root_of_squares(xp, a, axis, keepdims, count=1):
    """``√(Σ a²/count)``; where the squares would overflow or vanish, those of a multiple are taken."""
    y = xp.sqrt(xp.add.reduce(a * a, axis=axis, keepdims=keepdims) / count)
    if ((y > _least(xp, a.dtype)) & (y < _math.inf)).all():
        return y
    size = xp.maximum.reduce(abs(a), axis=axis, keepdims=True, initial=0.0)
    by = _expansions.scale(xp.where, xp.less, size)
    scaled = a / by
    y = xp.sqrt(xp.add.reduce(scaled * scaled, axis=axis, keepdims=True) / count) * by
    return _without(xp.asarray(y), a, axis, keepdims).astype(a.dtype)


def _least(xp, dtype):
    """From where on a root of squares is right as it is: what vanished among them would not have counted."""
    if dtype not in _LEAST:
        info = xp.finfo(dtype)
        _LEAST[dtype] = float(info.tiny) ** 0.5 / float(info.eps)
    return _LEAST[dtype]


_LEAST: dict[_Any, float] = {}


def _std_pullback(g, y, a, axis, ddof, keepdims):
    gap = a - a.sum(axis=axis, keepdims=True) / _count(a, axis)
    gap = gap - gap.sum(axis=axis, keepdims=True) / _count(a, axis)
    return _kept(g / _py.max(_count(a, axis) - ddof, 0), a, axis, keepdims) * (gap / _kept(_or_infinity(y), a, axis, keepdims))


def _if_any(a, b, c, d):
    """``where(equal(a, b), c, d)``; ``d`` itself if it is seen at once that they are equal nowhere."""
    if type(a).__module__ == "numpy" and not (a == b).any():
        return d
    return _ops.where(_ops.equal(a, b), c, d)


def _or_infinity(y):
    """``y``, but infinity for 0: what is divided by it is 0 there."""
    return _if_any(y, 0.0, _math.inf, y)


var = _op("var", _var,
    (lambda g, y, a, axis, ddof, keepdims: _kept(g * 2.0 / _py.max(_count(a, axis) - ddof, 0), a, axis, keepdims)
        * (a - a.sum(axis=axis, keepdims=True) / _count(a, axis)),),
    wide=True, formulas=("2Ḡ·(#1 − mean)/n",),
    samples=(lambda x: var(x(2, 3)), lambda x: var(x(2, 3), axis=0, ddof=1), lambda x: var(x(2, 3), 1, keepdims=True)),
    note="mean squared distance from the mean; the sum of squares is divided by n − ddof")

std = _op("std", _std,
    (_std_pullback,),
    expand=lambda xp, a, axis, ddof, keepdims: _along(_expansions.std(ddof), xp, a, axis, keepdims), decides=True,
    wide=True, formulas=("Ḡ·(#1 − mean)/(n Y)",),
    samples=(lambda x: std(x(2, 3)), lambda x: std(x(2, 3), axis=0, ddof=1), lambda x: std(x(2, 3), 1, keepdims=True)),
    note="square root of the variance, to 4 ulp at any size; its gradient is 0 where all elements are equal")


def _check_order(x, ord, axis):
    if ord not in (None, 2):
        raise ValueError(f"norm: ord is 2 (or left out), not {ord!r}; sum(abs(x)) and max(abs(x)) are ord 1 and inf")
    if ord == 2 and len(_axes(axis, x.ndim)) != 1:
        raise ValueError("norm: ord=2 over two axes is a singular value; leave ord out for the root of all squares")


def _norm(xp, x, *, ord=None, axis=None, keepdims=False):
    _check_order(x, ord, axis)
    return _root_of_squares(xp, x, axis, keepdims)


def _norm_of_values(xp, x, ord, axis, keepdims):
    _check_order(x, ord, axis)
    return _along(_expansions.norm, xp, x, axis, keepdims)


norm = _op("norm", _norm,
    (lambda g, y, x, ord, axis, keepdims: _kept(g, x, axis, keepdims) * (x / _kept(_or_infinity(y), x, axis, keepdims)),),
    expand=lambda xp, x, ord, axis, keepdims: _norm_of_values(xp, x, ord, axis, keepdims), decides=True,
    wide=True, formulas=("Ḡ·#1/Y",), symbol="‖x‖",
    samples=(lambda x: norm(x(3)), lambda x: norm(x(2, 3), 2, axis=1), lambda x: norm(x(2, 3), axis=0, keepdims=True)),
    note="square root of the sum of squares, to 4 ulp at any size; its gradient at 0 is 0")

# --- products --------------------------------------------------------------------------------------------------------


def _swapped(a):
    """The last two axes exchanged."""
    return a.T if a.ndim == 2 else a.swapaxes(-1, -2)


def _column(a):
    return a.reshape((*a.shape, 1))


def _row(a):
    return a.reshape((*a.shape[:-1], 1, a.shape[-1]))


def _matmul_left(g, y, a, b):
    if a.ndim == b.ndim == 2:
        return g @ b.T
    if b.ndim == 1:
        return _column(g) * b
    return g @ _swapped(b) if a.ndim > 1 else (b @ _column(g)).reshape(b.shape[:-1])


def _matmul_right(g, y, a, b):
    if a.ndim == b.ndim == 2:
        return a.T @ g
    if a.ndim == 1:
        return _column(a) * _row(g) if b.ndim > 1 else g * a
    if b.ndim > 2:
        return _swapped(a) @ g
    rows = a if a.ndim == 2 else a.reshape((_math.prod(a.shape[:-1]), a.shape[-1]))
    return rows.T @ g.reshape((rows.shape[0], *b.shape[1:]))


def _matmul_misfit(a, b):
    if not (a.ndim and b.ndim):
        return "a single number is multiplied by * instead"
    inner = a.shape[-1], b.shape[-2 if b.ndim > 1 else 0]
    return "" if inner[0] == inner[1] else f"the inner sizes are {inner[0]} and {inner[1]}"


matmul = _op("matmul", lambda xp, a, b: xp.matmul(a, b),
    (_matmul_left, _matmul_right), explain=_matmul_misfit,
    wide=True, formulas=("Ḡ #2ᵀ", "#1ᵀ Ḡ"), symbol="@",
    samples=(lambda x: matmul(x(2, 3), x(3, 4)), lambda x: matmul(x(3), x(3)), lambda x: matmul(x(2, 3), x(3)),
             lambda x: matmul(x(3), x(3, 2)), lambda x: matmul(x(2, 2, 3), x(3, 2)), lambda x: matmul(x(2, 3), x(2, 3, 2)),
             lambda x: matmul(x(2, 1, 2, 3), x(3, 3, 2)), lambda x: matmul(x(2, 2, 3), x(3)), lambda x: matmul(x(3), x(2, 3, 2))),
    note="matrix product; stacks of matrices broadcast")


def _einsum(subscripts, *operands):
    from scalargrad.ops.composite import diagonal
    from scalargrad.ops.given import as_array

    if not isinstance(subscripts, str):
        raise TypeError(f"einsum: the subscripts come first, as a text such as 'ij,jk->ik', not {subscripts!r}")
    arrays = [as_array(x, "einsum") for x in operands]
    inputs, output = _parse(subscripts, [a.ndim for a in arrays])
    for i, letters in enumerate(inputs):
        while twice := [c for c in letters if letters.count(c) > 1]:
            first, second = letters.index(twice[0]), letters.rindex(twice[0])
            arrays[i] = diagonal(arrays[i], 0, first, second)
            letters = letters[:first] + letters[first + 1:second] + letters[second + 1:] + twice[0]
        inputs[i] = letters
    return tuple(arrays), {"subscripts": f"{','.join(inputs)}->{output}"}


def _einsum_pullback(g, y, *arrays, place, subscripts):
    left, output = subscripts.split("->")
    inputs = left.split(",")
    own, others = inputs[place], inputs[:place] + inputs[place + 1:]
    found = [c for c in own if c in output + "".join(others)]  # the rest was summed on its own: g is repeated along it
    share = einsum(f"{','.join([output, *others])}->{''.join(found)}", g, *arrays[:place], *arrays[place + 1:])
    lengths = iter(share.shape)
    return share.reshape(tuple([next(lengths) if c in found else 1 for c in own]))


einsum = _op("einsum",
    lambda xp, *arrays, subscripts: xp.einsum(subscripts, *arrays, optimize=_py.sum(a.size for a in arrays) > 4096),
    (_einsum_pullback,), many=True, arrange=_einsum,
    wide=True, formulas=("einsum(Ḡ, the others)",), symbol="Σ∏",
    samples=(lambda x: einsum("ij,jk->ik", x(2, 3), x(3, 2)), lambda x: einsum("ij,jk", x(2, 3), x(3, 2)),
             lambda x: einsum("ii->i", x(3, 3)), lambda x: einsum("ii", x(3, 3)), lambda x: einsum("ij->j", x(2, 3)),
             lambda x: einsum("i,j,k->kji", x(2), x(3), x(2)), lambda x: einsum("...ij,...jk->...ik", x(2, 2, 3), x(3, 2)),
             lambda x: einsum("ij,ij->", x(2, 3), x(1, 3)), lambda x: einsum("iij,j->i", x(2, 2, 3), x(3))),
    note="sums of products, by subscripts as 'ij,jk->ik'")

# --- softmax and its losses ------------------------------------------------------------------------------------------


def _log_of_sum(xp, z, e, total, axis):
    """``log Σ e`` for ``e = exp(z)``, z being 0 at the largest: digits of the others are not lost beside its 1."""
    if e.dtype == object or (type(e).__module__ == "numpy" and not (total < 1.5).any()):
        return xp.log(total)
    largest = xp.where(xp.equal(z, 0.0), e, 0.0)
    rest = xp.add.reduce(xp.asarray(e - largest), axis=axis, keepdims=True)
    ties = xp.add.reduce(xp.asarray(largest), axis=axis, keepdims=True)
    return xp.where(total == 0, -_math.inf, xp.log1p(rest + (ties - 1.0))).astype(e.dtype)


def _logsumexp(xp, a, *, axis=None, keepdims=False):
    top = _top(xp, a, axis)
    top = xp.where(xp.isfinite(top), top, 0.0).astype(top.dtype)
    e = xp.asarray(xp.exp(a - top))
    total = xp.asarray(xp.add.reduce(e, axis=axis, keepdims=True))
    return _without(xp.asarray(_log_of_sum(xp, a - top, e, total, axis) + top), a, axis, keepdims)


def _logsumexp_pullback(g, y, a, axis, keepdims):
    y = _kept(y, a, axis, keepdims)
    below = _if_any(y, -_math.inf, 0.0, y)  # where all are −∞ the gradient is 0
    shares = _ops.exp(a - below)
    if not a.ndim:
        return g * _ops.where(_ops.equal(y, -_math.inf), 0.0, shares / shares)
    total = shares.sum(axis=axis, keepdims=True)  # 1, but for the rounding of y, which is large far out
    return _kept(g, a, axis, keepdims) * (shares / _if_any(abs(y), _math.inf, 1.0, total))


logsumexp = _op("logsumexp", _logsumexp,
    (_logsumexp_pullback,),
    expand=lambda xp, a, axis, keepdims: _along(_expansions.logsumexp, xp, a, axis, keepdims), decides=True,
    wide=True, formulas=("Ḡ·softmax(#1)",), symbol="log Σ exp",
    samples=(lambda x: logsumexp(x(2, 3)), lambda x: logsumexp(x(2, 3), axis=0), lambda x: logsumexp(x(2, 3), -1, True)),
    note="log of the sum of exponentials, without overflow: to 3 ulp of the largest, or of 1; the gradient adds up to 1")


def _softmax(xp, a, *, axis=-1):
    e = xp.asarray(xp.exp(a - _top(xp, a, axis)))
    return e / xp.add.reduce(e, axis=axis, keepdims=True)


def _softmax_pullback(g, y, a, axis):
    shares = g * y
    return shares - y * shares.sum(axis=axis, keepdims=True)


softmax = _op("softmax", _softmax,
    (_softmax_pullback,), decides=True,
    wide=True, formulas=("Y·(Ḡ − Σ Ḡ Y)",), samples=(lambda x: softmax(x(3)), lambda x: softmax(x(2, 3)), lambda x: softmax(x(2, 3), axis=0)),
    note="exp(a) divided by its sum along an axis: probabilities, each to 6 ulp and the rounding of its gap to the largest")


def _log_softmax(xp, a, *, axis=-1):
    z = xp.asarray(a - _top(xp, a, axis))
    e = xp.asarray(xp.exp(z))
    return z - _log_of_sum(xp, z, e, xp.add.reduce(e, axis=axis, keepdims=True), axis)


log_softmax = _op("log_softmax", _log_softmax,
    (lambda g, y, a, axis: g - _ops.exp(y) * g.sum(axis=axis, keepdims=True),),
    decides=True, wide=True, formulas=("Ḡ − softmax(#1)·Σ Ḡ",),
    samples=(lambda x: log_softmax(x(2, 3)), lambda x: log_softmax(x(2, 3), axis=0)),
    note="logarithm of softmax, exact far out and near 0 (of Values: to 4 ulp of 1 there)")


def _cross_entropy_call(logits, labels, reduction="mean"):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"cross_entropy: reduction is 'mean', 'sum' or 'none', not {reduction!r}")
    if hasattr(type(labels), "_apply_structural") and labels.dtype.kind != "f":
        labels = labels.data  # classes found by argmax: no gradient passes through them
    return (logits, labels), {"reduction": reduction}


def _check_labels(xp, logits, labels):
    """Refuse labels that are neither classes 0, 1, … nor probabilities of each class."""
    if not logits.ndim:
        raise ValueError("cross_entropy: the logits are a single number; give one for each class along the last axis")
    classes = logits.shape[-1]
    if labels.dtype.kind in "iu":
        if labels.shape != logits.shape[:-1]:
            raise ValueError(f"cross_entropy: labels of shape {labels.shape} for logits of shape {logits.shape}; "
                             f"expected a class for each example, shape {logits.shape[:-1]}")
        unsigned = labels.view(f"u{labels.dtype.itemsize}")  # in which a negative one is too large
        if labels.size and unsigned.max() >= classes:
            wrong = labels[unsigned >= classes]
            raise ValueError(f"cross_entropy: there is a label {wrong[0]} among labels for {classes} classes; "
                             f"expected 0 to {classes - 1}")
        return
    if labels.shape != logits.shape or labels.dtype.kind == "b":
        raise ValueError(f"cross_entropy: labels of shape {labels.shape} and type {labels.dtype} for logits of shape "
                         f"{logits.shape}; expected integers of shape {logits.shape[:-1]}, or probabilities of shape {logits.shape}")
    if labels.dtype == object and _expansions.traced():
        return
    p = _numbers(xp, labels)
    wrong = p[~((p >= 0) & (p <= 1.001))]
    if wrong.size:
        raise ValueError(f"cross_entropy: there is a {wrong.flat[0]} among the labels, which are probabilities from 0 to 1")
    wrong = p.sum(axis=-1)[abs(p.sum(axis=-1) - 1) > 1e-3]
    if wrong.size:
        raise ValueError(f"cross_entropy: the labels of an example add up to {wrong.flat[0]:g}; probabilities add up to 1")


def _cross_entropy(xp, logits, labels, *, reduction):
    _check_labels(xp, logits, labels)
    z = logits - _top(xp, logits, -1)
    e = xp.exp(z)
    sums = xp.add.reduce(e, axis=-1, keepdims=True)
    total = sums[..., 0]
    logs = _log_of_sum(xp, z, e, sums, -1)
    if labels.dtype.kind in "iu":
        losses = logs[..., 0] - z.reshape((-1, z.shape[-1]))[_each(xp, labels)].reshape(labels.shape)
    else:
        log_p = z - logs
        losses = -xp.add.reduce(_weighed(xp, labels, log_p), axis=-1)
    if reduction != "none" and logits.ndim > 1:
        losses = xp.add.reduce(losses, axis=None)
    if reduction == "mean":
        losses = losses / _math.prod(logits.shape[:-1])
    return losses, (e, total)


def _weighed(xp, labels, log_p):
    """Each class's share of the loss: 0 for a probability of 0, were the class masked by a logit of −∞."""
    if labels.dtype == object:
        return xp.frompyfunc(_expansions.weighed, 2, 1)(labels, log_p)
    return xp.where(labels == 0, 0.0, labels * log_p)


def _each(xp, labels):
    """The key of every example's own label, in a matrix with a row for each."""
    return xp.arange(labels.size), labels.ravel()


def _arange(count):
    import numpy as np

    return np.arange(count)


def _per_example(g, logits, reduction):
    """The upstream of each example's loss, in a shape that broadcasts against the logits."""
    if reduction == "none":
        return _column(g)
    return g / _math.prod(logits.shape[:-1]) if reduction == "mean" else g


def _cross_entropy_logits(g, y, logits, labels, saved, reduction):
    p = softmax(logits) if saved is None else saved[0] / saved[1][..., None]
    if saved is not None and labels.dtype.kind != "f":  # on arrays, with no array for the labels
        p = p if p.flags.c_contiguous else p.copy()  # so that its rows are a view, whatever the order of the logits
        places = _arange(labels.size), labels.ravel()
        p.reshape((-1, p.shape[-1]))[places] -= 1
        p *= _per_example(g, logits, reduction)
        return p
    if labels.dtype.kind == "f":
        local = p * labels.sum(axis=-1, keepdims=True) - labels
    else:
        from scalargrad.ops.composite import one_hot

        local = p - one_hot(labels, logits.shape[-1], logits.dtype)
    return local * _per_example(g, logits, reduction)


cross_entropy = _op("cross_entropy", _cross_entropy,
    (_cross_entropy_logits,
     lambda g, y, logits, labels, saved, reduction: -log_softmax(logits) * _per_example(g, logits, reduction)),
    arrange=_cross_entropy_call, integers=(1,), saves=True, decides=True, wide=True,
    formulas=("Ḡ·(softmax(#1) − #2)/n", "−Ḡ·log softmax(#1)/n"), symbol="CE",
    samples=(lambda x: cross_entropy(x(3, 4), [0, 3, 1]), lambda x: cross_entropy(x(4), 2, reduction="sum"),
             lambda x: cross_entropy(x(2, 3, 2), [[0, 1, 0], [1, 1, 0]], reduction="none"),
             lambda x: cross_entropy(x(2, 3), softmax(x(2, 3)))),
    note="−log of the probability softmax gives the label: a class, or a probability for each class; to 4 ulp of 1, or better")
