"""Linear algebra of square matrices and stacks of them: one row each, and what is put together from them."""
# fmt: off

from typing import Any as _Any
from typing import NamedTuple as _NamedTuple

from scalargrad.ops import elimination as _elimination
from scalargrad.ops.moving import concatenate as _concatenate
from scalargrad.ops.products import _column, _row, _swapped
from scalargrad.ops.products import matmul as _matmul
from scalargrad.ops.rows import composite as _composite
from scalargrad.ops.structure import structural as _op


def _require_square(xp, name, a):
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise xp.linalg.LinAlgError(f"{name}: expected square matrices, not shape {a.shape}")


def _lapack(xp, name, why, function, *arrays):
    """What NumPy computes, with a sentence where it cannot."""
    try:
        return function(*arrays)
    except xp.linalg.LinAlgError:
        raise xp.linalg.LinAlgError(f"{name}: {why}") from None


_SINGULAR = "the matrix is singular: its rows are linearly dependent"
_INDEFINITE = "the matrix is not positive definite"


def _inv(xp, a):
    _require_square(xp, "inv", a)
    return _lapack(xp, "inv", _SINGULAR, xp.linalg.inv, a)


def _inv_pullback(g, y, a):
    turned = _swapped(y)
    return -(turned @ g @ turned)


# --- solve -----------------------------------------------------------------------------------------------------------


def _solve(xp, a, b):
    _require_square(xp, "solve", a)
    if b.ndim == 1:
        return _lapack(xp, "solve", _SINGULAR, xp.linalg.solve, a, b[:, None])[..., 0]
    b = b.reshape((1,) * (a.ndim - b.ndim) + b.shape)  # else an older NumPy takes a stack of vectors
    return _lapack(xp, "solve", _SINGULAR, xp.linalg.solve, a, b)


def _solve_right(g, y, a, b):
    if b.ndim == 1:
        return solve(_swapped(a), _column(g)).reshape(g.shape)
    return solve(_swapped(a), g)


def _solve_left(g, y, a, b):
    share = _solve_right(g, y, a, b)
    return -(_column(share) * _row(y)) if b.ndim == 1 else -(share @ _swapped(y))


# --- det -------------------------------------------------------------------------------------------------------------


def _det(xp, a):
    _require_square(xp, "det", a)
    return xp.linalg.det(a), True  # whether the pullback is on arrays


def _det_pullback(g, y, a, saved):
    g = g.reshape((*g.shape, 1, 1))
    n = a.shape[-1]
    if saved is not None:
        return g * _cofactors(y, a)
    if n > _elimination.SMALL:
        return g * y.reshape((*y.shape, 1, 1)) * _swapped(inv(a))
    return g * _swapped(_adjugate(a, n))


def _cofactors(y, a):
    """The derivatives of determinants: ``det·A⁻ᵀ``, or by singular values where a matrix is nearly singular."""
    import numpy as np

    from scalargrad.ops.reducing import _products_of_others

    try:
        inverse = np.linalg.inv(a)
        size = np.abs(a).sum(-1).max(-1, initial=0.0) * np.abs(inverse).sum(-1).max(-1, initial=0.0)
        if not (size >= np.finfo(a.dtype).eps ** -0.5).any():
            return y[..., None, None] * inverse.swapaxes(-1, -2)
    except np.linalg.LinAlgError:
        pass
    try:
        u, s, v = np.linalg.svd(a)
    except np.linalg.LinAlgError:  # of nan
        return np.full(a.shape, np.nan, a.dtype)
    others = _products_of_others(s) * (np.linalg.det(u) * np.linalg.det(v))[..., None]
    return (u * others[..., None, :]) @ v


def _adjugate(a, n):
    """The adjugate as a polynomial of the matrix (Faddeev and LeVerrier): right for singular ones, to any derivative."""
    import numpy as np

    eye = np.eye(n, dtype=a.dtype)
    found = eye if n else a
    for k in range(1, n):
        product = a @ found
        found = product - (product * eye).sum(axis=(-2, -1), keepdims=True) / k * eye
    found = found if n % 2 else -found
    return found if n > 1 else found + a * 0.0


# --- log |det| -------------------------------------------------------------------------------------------------------


def _logabsdet(xp, a):
    _require_square(xp, "logabsdet", a)
    return xp.linalg.slogdet(a)[1]


def _detsign(xp, a):
    _require_square(xp, "detsign", a)
    return xp.linalg.slogdet(a)[0]


# --- Cholesky --------------------------------------------------------------------------------------------------------


def _cholesky(xp, a, *, upper=False):
    _require_square(xp, "cholesky", a)
    factor = _lapack(xp, "cholesky", _INDEFINITE, xp.linalg.cholesky, a.swapaxes(-1, -2) if upper else a)
    return factor.swapaxes(-1, -2) if upper else factor


def _cholesky_pullback(g, y, a, upper):
    import numpy as np

    if upper:
        g, y = _swapped(g), _swapped(y)
    n = a.shape[-1]
    half = (np.tri(n) - np.eye(n) / 2).astype(a.dtype) / 2
    inner = (_swapped(y) @ g) * half
    back = inv(y)
    return _swapped(back) @ (inner + _swapped(inner)) @ back


# --- the table -------------------------------------------------------------------------------------------------------
def _definite(a):
    """A positive definite matrix, made of any."""
    from scalargrad.ops.arranging import swapaxes

    wider = _concatenate([a, [[1.5, 0.5], [0.0, 2.0]]], axis=-1)
    return _matmul(wider, swapaxes(wider, -1, -2))


inv       = _op("inv",       _inv,
    (_inv_pullback,),
    note="inverse of square matrices",
    expand=_elimination.inv, decides=True, wide=True, formulas=("−Yᵀ Ḡ Yᵀ",),
    samples=(lambda x: inv(x(2, 2)), lambda x: inv(x(2, 2, 2)), lambda x: inv(x(1, 1))))

solve     = _op("solve",     _solve,
    (_solve_left, _solve_right),
    note="the solution x of a x = b; b is one vector, or matrices, whose columns are solved for",
    expand=_elimination.solve, decides=True, wide=True, formulas=("−solve(#1ᵀ, Ḡ) Yᵀ", "solve(#1ᵀ, Ḡ)"),
    samples=(lambda x: solve(x(2, 2), x(2)), lambda x: solve(x(2, 2), x(2, 3)), lambda x: solve(x(2, 2, 2), x(2)),
             lambda x: solve(x(2, 2, 2), x(2, 3)), lambda x: solve(x(2, 2), x(3, 2, 1))))

det       = _op("det",       _det,
    (_det_pullback,),
    note="determinant of square matrices; its gradient is right for singular ones, too",
    expand=lambda xp, a: (_elimination.det(xp, a), None), decides=True, wide=True, saves=True,
    formulas=("Ḡ·cofactors of #1",),
    samples=(lambda x: det(x(2, 2)), lambda x: det(x(2, 2, 2)), lambda x: det(x(1, 1)), lambda x: det(x(3, 3))))

logabsdet = _op("logabsdet", _logabsdet,
    (lambda g, y, a: g.reshape((*g.shape, 1, 1)) * _swapped(inv(a)),),
    note="logarithm of the absolute value of the determinant, without overflow: what slogdet gives second",
    expand=_elimination.logabsdet, decides=True, wide=True, formulas=("Ḡ·inv(#1)ᵀ",), symbol="log|det|",
    samples=(lambda x: logabsdet(x(2, 2)), lambda x: logabsdet(x(2, 2, 2))))

detsign   = _op("detsign",   _detsign,
    (lambda g, y, a: g.reshape((*g.shape, 1, 1)) * 0.0,),
    note="sign of the determinant, with the derivative 0, as sign has: what slogdet gives first",
    expand=_elimination.detsign, decides=True, wide=True, formulas=("0",),
    samples=(lambda x: detsign(x(2, 2)), lambda x: detsign(x(2, 2, 2))))

cholesky  = _op("cholesky",  _cholesky,
    (_cholesky_pullback,),
    note="the triangular L with L Lᵀ = a, of positive definite matrices; reads the lower triangle, its gradient is symmetric",
    expand=_elimination.cholesky, decides=True, wide=True, formulas=("sym(inv(Y)ᵀ (Yᵀ Ḡ) inv(Y))",),
    samples=(lambda x: cholesky(_definite(x(2, 2))), lambda x: cholesky(_definite(x(2, 2)), upper=True)))


class Slogdet(_NamedTuple):
    """What :func:`slogdet` gives."""

    sign: _Any
    logabsdet: _Any


@_composite
def slogdet(a: _Any) -> Slogdet:
    """The sign of the determinant, whose derivative is 0, and the logarithm of its absolute value.

    >>> slogdet([[0.0, 2.0], [1.0, 0.0]])
    Slogdet(sign=np.float64(-1.0), logabsdet=np.float64(0.6931471805599453))
    """
    return Slogdet(detsign(a), logabsdet(a))
