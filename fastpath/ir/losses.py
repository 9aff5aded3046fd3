"""Cross-entropy on Exprs: the row looks at the labels; its gradient is made of the forward's own parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fastpath.ir.expr import UnreadableError
from fastpath.numerics import Array
from scalargrad.ops.structure import STRUCTURAL

if TYPE_CHECKING:
    from fastpath.ir.build import Builder
    from fastpath.ir.expr import Expr


def checked(classes: int) -> Any:
    """A function that gives labels back as ``intp`` if they are classes from 0, and refuses them otherwise."""
    signed = {n: np.dtype(f"u{n}") for n in (1, 2, 4, 8)}
    largest = np.maximum.reduce

    def labels_in_range(labels: Array) -> Array:
        if labels.size and largest(labels.view(signed[labels.itemsize]), None) >= classes:
            wrong = labels[(labels < 0) | (labels >= classes)].flat[0]
            raise ValueError(
                f"cross_entropy: there is a label {wrong} among labels for {classes} classes; "
                f"expected 0 to {classes - 1}"
            )
        return labels if labels.dtype == np.intp else labels.astype(np.intp)

    return labels_in_range


def _places(build: Builder, logits: Expr, labels: Expr) -> Expr:
    """Where each example's own label stands among all logits, counted through."""
    if labels.dtype.kind not in "iu" or labels.shape != logits.shape[:-1]:
        raise UnreadableError("labels that are no classes")
    classes = logits.shape[-1]
    key = ("labels", id(labels), classes)
    if key not in build.table:
        like = np.broadcast_to(np.zeros((), np.intp), labels.shape)
        build.table[key] = build.call("check_labels", checked(classes), (labels,), like)
    flat = build.reshape(build.table[key], (-1,))
    if labels.size == 1:
        return flat
    return build.make("add", (flat, build.constant(np.arange(labels.size) * classes)), None, flat.shape, flat.dtype)


def _parts(build: Builder, logits: Expr) -> tuple[Expr, Expr, Expr]:
    """``z − max z``, its exponential, and the sums of these."""
    z = build.ufunc("subtract", logits, build.reduce("maximum", logits, -1, True))
    e = build.ufunc("exp", z)
    return z, e, build.reduce("add", e, -1)


def cross_entropy(build: Builder, logits: Expr, labels: Expr, reduction: str) -> Any:
    """The loss of labels that are classes. Others are left to the row itself."""
    places = _places(build, logits, labels)
    z = build.ufunc("subtract", logits, build.reduce("maximum", logits, -1, True))
    chosen = build.make("take", (build.reshape(z, (-1,)), places), ("array",), places.shape, z.dtype)
    logs = build.ufunc("log", _parts(build, logits)[2])
    losses = build.ufunc("subtract", logs, build.reshape(chosen, logs.shape))
    if reduction == "none":
        return losses
    whole = build.reduce("add", losses)
    return whole if reduction == "sum" else build.ufunc("divide", whole, float(math.prod(losses.shape)))


def cross_entropy_gradient(build: Builder, g: Expr, logits: Expr, labels: Expr, reduction: str) -> Expr:
    """``(softmax − y) g / n`` by the logits, y being 1 in the place of the label."""
    places = _places(build, logits, labels)
    _, e, total = _parts(build, logits)
    scale = build.ufunc("divide", g, float(math.prod(labels.shape))) if reduction == "mean" else g
    rows = build.reshape(build.ufunc("divide", scale, total), (*total.shape, 1))
    p = build.ufunc("multiply", e, rows)
    flat = build.reshape(scale, (-1,)) if scale.shape else scale
    return build.make("subtract_at", (p, places, flat), None, p.shape, p.dtype)


def is_known(op: Any, labels: Expr) -> bool:
    """Whether the gradient above is for this op and these labels."""
    return op is STRUCTURAL.get("cross_entropy") and labels.dtype.kind in "iu"
