"""``scipy.special`` on Tensors and Values as on arrays: the ops of these names, and what is put together from them.

A new op appears here under SciPy's name by itself.

>>> from fastpath import Tensor
>>> from fastpath.scipy.special import expit, logsumexp
>>> logsumexp([0.0, 0.0], b=[1.0, 3.0])
array(1.38629436)
>>> expit(Tensor([0.0], requires_grad=True))
Tensor([0.5], op=sigmoid)
"""

from __future__ import annotations

from typing import Any

import fastpath.numpy as np
from scalargrad.ops.composite import COMPOSITE as _COMPOSITE
from scalargrad.ops.registry import OPS as _OPS
from scalargrad.ops.structure import STRUCTURAL as _STRUCTURAL

_NAMES = {
    "expit": "sigmoid", "log_expit": "logsigmoid", "psi": "digamma", "exp2": "exp2", "loggamma": "gammaln"
}  # fmt: skip
"""SciPy's names of ops that have another one."""
_SAME = frozenset({
    "cbrt", "digamma", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "expm1", "gammaln", "i0", "i0e", "i1", "i1e", "j0",
    "j1", "log1p", "log_ndtr", "logit", "ndtr", "ndtri", "polygamma", "sinc", "softplus", "xlogy", "zeta",
})  # fmt: skip
"""SciPy's names that ops have, or may get."""


def _op(name: str) -> Any:
    own = _NAMES.get(name, name)
    return _OPS.get(own) or _STRUCTURAL.get(own) or _COMPOSITE.get(own)


def __getattr__(name: str) -> Any:
    if (name in _NAMES or name in _SAME) and (found := _op(name)) is not None:
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}: there is no op for it")


def __dir__() -> list[str]:
    names = {name for name in (*_NAMES, *_SAME) if _op(name) is not None}
    return sorted(
        names | {name for name, x in globals().items() if getattr(x, "__module__", "") == __name__ and name[0] != "_"}
    )


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    """``log Σ b·exp(a)`` without overflow; ``b`` are weights, 1 if they are not given."""
    if b is None:
        return _STRUCTURAL["logsumexp"](a, axis=axis, keepdims=keepdims)
    a, b = np.asarray(a), np.asarray(b)
    most = np.max(np.where(b == 0, -np.inf, a), axis=axis, keepdims=True)
    most = np.where(np.isfinite(most), most, 0.0)
    found = np.log(np.sum(b * np.exp(np.where(b == 0, 0.0, a) - most), axis=axis, keepdims=True)) + most
    return found if keepdims else np.squeeze(found, axis=axis)


def softmax(x: Any, axis: Any = None) -> Any:
    """``exp(x) / Σ exp(x)`` over all elements, or along an axis."""
    return _along(_STRUCTURAL["softmax"], x, axis)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """The logarithm of :func:`softmax`, exact far out."""
    return _along(_STRUCTURAL["log_softmax"], x, axis)


def _along(op: Any, x: Any, axis: Any) -> Any:
    return op(x, axis=axis) if axis is not None else np.reshape(op(np.reshape(x, -1), axis=-1), np.shape(x))


def xlog1py(x: Any, y: Any) -> Any:
    """``x · log(1 + y)``, which is 0 where x is 0."""
    zero = np.equal(_numbers(x), 0)
    return np.where(zero, 0.0, np.multiply(x, np.log1p(np.where(zero, 0.0, y))))


def entr(x: Any) -> Any:
    """``−x · log x``, 0 at 0 and −∞ below it: a term of an entropy."""
    return np.where(np.less(x, 0), -np.inf, -np.asarray(__getattr__("xlogy")(x, x)))


def rel_entr(x: Any, y: Any) -> Any:
    """``x · log(x / y)``: a term of a relative entropy."""
    xlogy = __getattr__("xlogy")
    return xlogy(x, x) - xlogy(x, y)


def kl_div(x: Any, y: Any) -> Any:
    """``x · log(x / y) − x + y``: a term of the Kullback–Leibler divergence."""
    return rel_entr(x, y) - np.asarray(x) + np.asarray(y)


def exp10(x: Any) -> Any:
    """``10ˣ``."""
    return np.power(10.0, x)


def huber(delta: Any, r: Any) -> Any:
    """``r²/2`` up to ``|r| = δ``, then ``δ(|r| − δ/2)``."""
    size = np.abs(r)
    return np.where(size <= delta, np.square(r) / 2.0, delta * (size - np.asarray(delta) / 2.0))


def pseudo_huber(delta: Any, r: Any) -> Any:
    """``δ²(√(1 + (r/δ)²) − 1)``: a smooth :func:`huber`."""
    return np.square(delta) * (np.sqrt(1.0 + np.square(np.divide(r, delta))) - 1.0)


def _numbers(x: Any) -> Any:
    return getattr(x, "_data", x)
