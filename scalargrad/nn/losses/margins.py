"""Losses of classification by margins: how far a score is on the right side.

``z`` are scores, ``t`` labels −1 or 1, ``y`` classes from 0 on.
"""

from __future__ import annotations

from typing import Any

from scalargrad.nn.losses.labels import checked, chosen
from scalargrad.nn.losses.reducing import loss, nodes, numbers_in, paired, reduced, shape_of
from scalargrad.ops import elementwise as ops
from scalargrad.ops.structural import reshape
from scalargrad.ops.structural import sum as total
from scalargrad.settings import number, short


def _sign(x: Any) -> Any:
    return (x == 1) | (x == -1)


@loss(module="SoftMarginLoss")
def logistic(z: Any, t: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Two-class log loss with labels t = ±1: log(1 + e^(−t·z)) = −log σ(t·z).

    >>> round(logistic(-1.0, -1), 6), round(logistic(10.0, 1), 7)
    (0.313262, 4.54e-05)
    """
    return reduced("logistic", ops.softplus(-_margin("logistic", z, t)), reduction, sample_weight)


@loss
def hinge(z: Any, t: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Hinge loss, mean of max(0, 1 − t·z), with labels ±1: no loss beyond a margin of 1.

    >>> [hinge(z, 1) for z in (-1.0, 0.5, 2.0)]
    [2.0, 0.5, 0.0]
    """
    return reduced("hinge", ops.relu(1 - _margin("hinge", z, t)), reduction, sample_weight)


@loss
def squared_hinge(z: Any, t: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Squared hinge loss, mean of max(0, 1 − t·z)², with labels ±1."""
    return reduced("squared_hinge", ops.square(ops.relu(1 - _margin("squared_hinge", z, t))), reduction, sample_weight)


@loss
def smooth_hinge(z: Any, t: Any, reduction: str = "mean", *, alpha: float = 1.0, sample_weight: Any = None) -> Any:
    """Generalised smooth hinge loss with labels ±1 (Rennie 2005): with m = t·z,

    α/(α + 1) − m for m ≤ 0;  m^(α+1)/(α + 1) − m + α/(α + 1) for 0 < m < 1;  0 for m ≥ 1.

    >>> [smooth_hinge(z, 1) for z in (-1.0, 0.5, 2.0)]
    [1.5, 0.125, 0.0]
    """
    alpha = number(alpha, "smooth_hinge: alpha")
    if not alpha > 0:
        raise ValueError(f"smooth_hinge: alpha is a number above 0, not {alpha!r}")
    m = _margin("smooth_hinge", z, t)
    inside = ops.clip(m, 0.0, 1.0)
    losses = (inside ** (alpha + 1) - 1) / (alpha + 1) + (1 - inside) + ops.relu(-m)  # 0 exactly beyond 1
    return reduced("smooth_hinge", losses, reduction, sample_weight)


@loss
def exponential(z: Any, t: Any, reduction: str = "mean", *, sample_weight: Any = None) -> Any:
    """Exponential loss, mean of e^(−t·z), with labels ±1: that of boosting."""
    return reduced("exponential", ops.exp(-_margin("exponential", z, t)), reduction, sample_weight)


def _margin(name: str, z: Any, t: Any) -> Any:
    """t·z."""
    z, t = paired(name, z, t)
    numbers_in(name, t, _sign, "labels −1 and 1")
    return t * z


@loss
def multiclass_hinge(z: Any, y: Any, reduction: str = "mean", *, margin: float = 1.0, sample_weight: Any = None) -> Any:
    """Multi-class hinge loss of scores (n, classes): Σ over the other classes j of max(0, margin − z_y + z_j).

    Weston and Watkins 1999.

    >>> multiclass_hinge([[2.0, 1.5, -1.0]], [0]).item()
    0.5
    """
    z, losses = _over("multiclass_hinge", z, y, 1, margin)
    return reduced("multiclass_hinge", losses, reduction, sample_weight)


@loss(module="MultiMarginLoss")
def multi_margin(
    z: Any, y: Any, reduction: str = "mean", *, p: int = 1, margin: float = 1.0, sample_weight: Any = None
) -> Any:
    """Multi-class hinge loss divided by the number of classes C, as PyTorch has it: Σⱼ max(0, margin − z_y + z_j)ᵖ/C.

    >>> multi_margin([[2.0, 1.5, -1.5]], [0], p=2).item() == 0.25 / 3
    True
    """
    if p not in (1, 2):
        raise ValueError(f"multi_margin: p is 1 or 2, not {short(p)}")
    z, losses = _over("multi_margin", z, y, p, margin)
    return reduced("multi_margin", losses * (1 / shape_of(z)[-1]), reduction, sample_weight)


def _over(name: str, z: Any, y: Any, power: int, margin: Any) -> tuple[Any, Any]:
    """The scores, and by how much the other classes are not ``margin`` below the right one, to a power, added up."""
    z = nodes(z, name)
    margin = number(margin, f"{name}: margin", least=0)
    right = chosen(z, checked(name, z, y))
    over = ops.relu(z - (reshape(right, (*right.shape, 1)) if shape_of(right) else right) + margin)
    return z, total(over if power == 1 else ops.square(over), axis=-1) - margin**power  # that of the right class


@loss(module="HingeEmbeddingLoss")
def hinge_embedding(x: Any, t: Any, reduction: str = "mean", *, margin: float = 1.0, sample_weight: Any = None) -> Any:
    """Of distances x: x where t = 1, and max(0, margin − x) where t = −1. Hadsell, Chopra & LeCun 2006.

    >>> [hinge_embedding(x, t).item() for x, t in ((0.25, -1), (2.0, -1), (0.25, 1))]
    [0.75, 0.0, 0.25]
    """
    x, t = paired("hinge_embedding", x, t)
    numbers_in("hinge_embedding", t, _sign, "labels −1 and 1")
    margin = number(margin, "hinge_embedding: margin")
    losses = ops.where(ops.equal(t, 1.0), x, ops.relu(margin - x))
    return reduced("hinge_embedding", losses, reduction, sample_weight)
