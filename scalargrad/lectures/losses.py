"""Sigmoid, softmax and their losses: lectures 002 and 003."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import scalargrad.ops.elementwise as ops
from scalargrad.derivatives import jacobian
from scalargrad.engine import Value
from scalargrad.language import Text
from scalargrad.lectures.claims import FORMULA_ONLY, Claim, Verdict, cut
from scalargrad.lectures.system import System
from scalargrad.replaying import rounded
from scalargrad.symbolic import pretty_name
from scalargrad.tracing import trace

# --- log loss of two classes -----------------------------------------------------------------------------------------


def log_loss(z: Value, y: float) -> Any:
    """−y·ln p − (1 − y)·ln(1 − p) with p = σ(z), as a graph."""
    p = ops.sigmoid(z)
    p.label = "p"
    if y == 1:
        return -ops.log(p)
    if y == 0:
        return -ops.log(1 - p)
    return -(y * ops.log(p) + (1 - y) * ops.log(1 - p))


_TWO = {  # t, the label, what the lecture prints
    "t=10": (10.0, 1, "0.99 0.01", "-ln(0.99)"),
    "t=-1": (-1.0, 0, "0.26 0.74", "-ln(0.74)"),
}
_CUT_TEN = Text("σ(10) is cut to .99, as if the network were wrong once in a hundred and not once in 22 000 times")
_LOSS_TEN = Text("−ln .99 is the loss of a p that was cut off; the right loss is some 200 times smaller")
_CUT_ONE = Text("σ(−1) is cut to .26, and .74 is 1 − .26")
_LOSS_ONE = Text("the lecture takes ln of 1 − .26")


def _two_classes() -> dict[str, Value]:
    return {name: log_loss(Value(t, label="t"), y) for name, (t, y, *_) in _TWO.items()}


def _two_classes_claims() -> Iterator[Claim]:
    for name, (t, y, printed, says) in _TWO.items():
        p = ops.sigmoid(t)
        short = cut(p, 2)
        why = _CUT_TEN if t > 0 else _CUT_ONE
        pair = (p, ops.sigmoid(-t))
        yield Claim(f"σ(t), 1 − σ(t), {name}", printed, pair, why, along=(short, 1 - short), by=Verdict.TRUNCATED)
        loss = log_loss(Value(t), y).data
        why = _LOSS_TEN if t > 0 else _LOSS_ONE
        along = -ops.log(short if y else 1 - short)
        what = f"logloss, {name}, y = {y}"
        yield Claim(what, says, loss, why, at={}, along=along, by=Verdict.TRUNCATED)


# --- softmax of three classes ----------------------------------------------------------------------------------------

LOGITS = ((5.0, 4.0, 2.0), (4.0, 2.0, 8.0), (4.0, 4.0, 1.0))
RIGHT = (0, 2, 1)
_PRINTED = ("0.71 0.26 0.04", "0.02 0.00 0.98", "0.49 0.49 0.02")
_LOSSES = ("-ln(0.71)", "-ln(0.98)", "-ln(0.49)")


def softmax(logits: list[Value]) -> list[Value]:
    """e^zᵢ / Σ e^zⱼ node by node, each result labelled p1, p2, …"""
    powers = [ops.exp(z) for z in logits]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    shares = [power / total for power in powers]
    for i, share in enumerate(shares, start=1):
        share.label = f"p{i}"
    return shares


def _logits(numbers: tuple[float, ...]) -> list[Value]:
    return [Value(z, label=f"z{i}") for i, z in enumerate(numbers, start=1)]


def cross_entropy(numbers: tuple[float, ...], right: int) -> Any:
    """−ln p of the right class, as a graph."""
    loss = -ops.log(softmax(_logits(numbers))[right])
    loss.label = "CE"
    return loss


def _three_classes() -> dict[str, Value]:
    return {_row(numbers): cross_entropy(numbers, right) for numbers, right in zip(LOGITS, RIGHT)}


def _row(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{z:g}" for z in numbers)


def _three_classes_claims() -> Iterator[Claim]:
    from scalargrad.ops.structural import softmax as softmax_of_array

    losses = []
    for numbers, right, printed, says in zip(LOGITS, RIGHT, _PRINTED, _LOSSES, strict=True):
        p = softmax_of_array(numbers)
        short = [rounded(float(x), 2) for x in p]
        yield Claim(f"softmax({_row(numbers)})", printed, p)
        loss = cross_entropy(numbers, right).data
        losses.append(loss)
        why = Text("the lecture takes ln of the rounded probability")
        yield Claim(f"−ln {pretty_name(f'p{right + 1}')}", says, loss, why, at={}, along=-ops.log(short[right]))
        if numbers == LOGITS[0]:
            adding = Text("probabilities add up to 1, and rounded ones need not")
            whole = Text("their sum")
            yield Claim(whole, "0.71 + 0.26 + 0.04 = 1.01", float(p.sum()), adding, at={}, along=sum(short))
    yield Claim(
        Text("the sum of the three losses"), "", sum(losses),
        Text("the lecture's loss is a sum, but not added up"),
    )  # fmt: skip


# --- the Jacobian of softmax -----------------------------------------------------------------------------------------


def _first_share() -> Any:
    return softmax(_logits(LOGITS[0]))[0]


def _jacobian_claims() -> Iterator[Claim]:
    z = _logits(LOGITS[0])
    s = softmax(z)
    found = jacobian(s, z)
    names, z_names = [[pretty_name(f"{letter}{i}") for i in (1, 2, 3)] for letter in "Sz"]
    for i, row in enumerate(found):
        exact = [float(x) for x in row]
        at = [{"S_i": s[i].data, "S_k": s[k].data, "δ_ik": float(i == k)} for k in range(3)]
        yield Claim(f"∂{names[i]}/∂z₁, ∂z₂, ∂z₃", "S_i*(δ_ik - S_k)", exact, at=at)
        diagonal = {"SoftMax": s[i].data}
        yield Claim(f"∂{names[i]}/∂{z_names[i]}", "SoftMax*(1 - SoftMax)", exact[i], at=diagonal)
    sums = [float(sum(float(x) for x in row)) for row in found]
    yield Claim(
        Text("the sums of the rows"), "", sums,
        Text("the lecture does not say it: the shares always add up to 1"),
    )  # fmt: skip


# --- p − y -----------------------------------------------------------------------------------------------------------


def _softmax_loss() -> Any:
    return cross_entropy(LOGITS[0], RIGHT[0])


def _softmax_loss_claims() -> Iterator[Claim]:
    for numbers, right in zip(LOGITS, RIGHT):
        nodes = {node.label: node for node in trace(cross_entropy(numbers, right)).nodes}
        p = [ops.exp(z) for z in numbers]
        p = [x / sum(p) for x in p]
        at = [{"p": x, "y": float(k == right)} for k, x in enumerate(p)]
        yield Claim(f"∂CE/∂z, z = {_row(numbers)}", "p - y", [nodes[f"z{k}"].grad for k in (1, 2, 3)], at=at)
    # the slide's sum over i, one term at a time: −yᵢ·∂ln pᵢ/∂z_k, here with yᵢ = 1
    z = _logits(LOGITS[0])
    s = softmax(z)
    terms = [[float(x) for x in row] for row in jacobian([-ops.log(x) for x in s], z)]
    at_i = [{"y_i": 1.0, "p_i": s[i].data} for i in range(3)]
    yield Claim(Text("the term of k = i"), "-y_i + y_i*p_i", [terms[i][i] for i in range(3)], at=at_i)
    others = [(i, k) for i in range(3) for k in range(3) if i != k]
    exact = [terms[i][k] for i, k in others]
    for says, why in (
        ("y_i*p_i", Text("the slide writes pᵢ where it must be pₖ")),
        ("y_i*p_k", None),
    ):
        at = [{"y_i": 1.0, "p_i": s[i].data, "p_k": s[k].data} for i, k in others]
        mended = Text("the same, put right") if why is None else None
        yield Claim(mended or Text("the term of k ≠ i"), says, exact, why, at=at)


# --- BCE behind a sigmoid --------------------------------------------------------------------------------------------


def _bce() -> Any:
    return log_loss(Value(0.5, label="z"), 0.8)


def _bce_claims() -> Iterator[Claim]:
    places: Any = [(0.5, 0.8), (-2.0, 0.0), (3.0, 1.0)]
    for z, y in places:
        leaf = Value(z)
        log_loss(leaf, y).backward()
        what = Text("∂BCE/∂z at z = {0:g}, y = {1:g}", z, y)
        yield Claim(what, "σ(z) - y", leaf.grad, at={"z": z, "y": y})
    yield Claim(Text("BCE at z = .5, y = .8"), "", _bce().data, FORMULA_ONLY)
    y = 0.8
    best = Value(ops.log(y / (1 - y)))
    least = log_loss(best, y)
    least.backward()
    soft = Text("the lecture asks what a label of y = .8 means: the least loss is not 0 but the label's entropy")
    yield Claim(Text("the least BCE of y = .8, at σ = .8"), "", least.data, soft)
    yield Claim(Text("∂BCE/∂z there"), "σ(z) - y", best.grad, at={"z": best.data, "y": y})


SYSTEMS = (
    System(
        "two-class-log-loss", "002",
        Text("Log loss of two classes"),
        Text(
            "Two examples: t = 10 of class 1, t = −1 of class 0; p = σ(t), and the loss is −ln of the right class's "
            "probability."
        ),
        _two_classes_claims, _two_classes, 6,
    ),
    System(
        "softmax", "002",
        Text("Softmax of three classes and its loss"),
        Text("Three examples; the right classes are the first, the third and the second."),
        _three_classes_claims, _three_classes,
    ),
    System(
        "softmax-jacobian", "003",
        Text("The Jacobian of softmax"),
        Text("All nine derivatives at z = (5, 4, 2)."),
        _jacobian_claims, _first_share,
    ),
    System(
        "softmax-cross-entropy", "003",
        Text("The gradient of softmax with cross-entropy: p − y"),
        Text("CE = −Σ yᵢ ln pᵢ with p = softmax(z) and one right class, on the examples of lecture 002."),
        _softmax_loss_claims, _softmax_loss,
    ),
    System(
        "bce-sigmoid", "003",
        Text("The gradient of BCE behind a sigmoid: σ(z) − y"),
        Text("BCE = −[(1 − y) ln(1 − p) + y ln p] with p = σ(z); the label may be soft, such as y = .8."),
        _bce_claims, _bce,
    ),
)  # fmt: skip
