"""The table of structural operations: those that move or reduce, one row each.

In a pullback ``g`` is the upstream gradient and ``y`` the output. An expansion is given where the forward does not run
on object arrays of Values as it stands.
"""
# fmt: off

from scalargrad.ops.structure import structural as _op

# --- helpers for pullbacks -------------------------------------------------------------------------------------------


def _axes(axis, ndim):
    """The axes as a tuple of non-negative numbers."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def _kept(reduced, a, axis, keepdims):
    """A reduced array with the axes of ``a`` it lost put back as axes of length 1."""
    if keepdims or (axis is None and a.ndim == 0):
        return reduced
    axes = _axes(axis, a.ndim)
    return reshape(reduced, tuple(1 if i in axes else n for i, n in enumerate(a.shape)))


def _count(a, axis):
    """How many elements are reduced to one."""
    count = 1
    for i in _axes(axis, a.ndim):
        count *= a.shape[i]
    return count


# --- moving ----------------------------------------------------------------------------------------------------------

reshape = _op("reshape", lambda xp, a, *, shape: xp.reshape(a, shape),
    (lambda g, y, a, shape: reshape(g, a.shape),),
    formulas=("reshape(Ḡ)",), note="the same elements in another shape")

transpose = _op("transpose", lambda xp, a, *, axes=None: xp.transpose(a, axes),
    (lambda g, y, a, axes: transpose(g, None if axes is None else _inverse(_axes(tuple(axes), a.ndim))),),
    formulas=("Ḡᵀ",), symbol="ᵀ", note="the axes in another order; reversed if none is given")

broadcast_to = _op("broadcast_to", lambda xp, a, *, shape: xp.broadcast_to(a, shape),
    (lambda g, y, a, shape: g,),
    formulas=("Σ Ḡ",), note="repeated along new and length-1 axes to a shape")


def _inverse(axes):
    inverse = [0] * len(axes)
    for i, axis in enumerate(axes):
        inverse[axis] = i
    return tuple(inverse)


# --- reducing --------------------------------------------------------------------------------------------------------

sum = _op("sum", lambda xp, a, *, axis=None, keepdims=False: xp.add.reduce(a, axis=axis, keepdims=keepdims),
    (lambda g, y, a, axis, keepdims: broadcast_to(_kept(g, a, axis, keepdims), a.shape),),
    formulas=("Ḡ",), symbol="Σ", note="sum over axes")

mean = _op("mean", lambda xp, a, *, axis=None, keepdims=False: xp.mean(a, axis=axis, keepdims=keepdims),
    (lambda g, y, a, axis, keepdims: broadcast_to(_kept(g / _count(a, axis), a, axis, keepdims), a.shape),),
    formulas=("Ḡ/n",), note="mean over axes")

# --- products --------------------------------------------------------------------------------------------------------


def _swapped(a):
    """The last two axes exchanged."""
    if a.ndim == 2:
        return a.T
    return transpose(a, (*range(a.ndim - 2), a.ndim - 1, a.ndim - 2))


def _column(a):
    return reshape(a, (*a.shape, 1))


def _row(a):
    return reshape(a, (*a.shape[:-1], 1, a.shape[-1]))


def _matmul_left(g, y, a, b):
    if b.ndim == 1:
        return _column(g) * b if a.ndim > 1 else g * b
    return matmul(g, _swapped(b)) if a.ndim > 1 else reshape(matmul(b, _column(g)), b.shape[:-1])


def _matmul_right(g, y, a, b):
    if a.ndim == 1:
        return _column(a) * _row(g) if b.ndim > 1 else g * a
    return matmul(_swapped(a), g) if b.ndim > 1 else reshape(matmul(_swapped(a), _column(g)), (*a.shape[:-2], a.shape[-1]))


matmul = _op("matmul", lambda xp, a, b: xp.matmul(a, b),
    (_matmul_left, _matmul_right),
    formulas=("Ḡ #2ᵀ", "#1ᵀ Ḡ"), symbol="@", note="matrix product; stacks of matrices broadcast")
