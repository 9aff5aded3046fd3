"""The network 3-3-2 of lecture 001: its prediction, and the error's way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import scalargrad.ops.elementwise as ops
from scalargrad.engine import Value
from scalargrad.language import Text
from scalargrad.lectures.claims import FORMULA_ONLY, Claim
from scalargrad.lectures.system import System
from scalargrad.modes import scope
from scalargrad.replaying import rounded, rounded_along
from scalargrad.tracing import trace

INPUTS = (0.5, 0.9, -0.3)
HIDDEN = ((1.0, -2.0, 2.0), (2.0, 1.0, -4.0), (1.0, -1.0, 0.0))
OUTPUT = ((-3.0, 1.0, -3.0), (0.0, 1.0, 2.0))
TARGET = 0.9


def _layer(name: str, rows: Any, inputs: list[Value], to: str) -> list[Value]:
    """A layer of sigmoid neurons, every node of it labelled: weights ``w``, weighted sums ``z``, outputs ``to``."""
    neurons = []
    with scope(name):
        for i, row in enumerate(rows, start=1):
            weights = [Value(w, label=f"{name[0]}{i}{j}") for j, w in enumerate(row, start=1)]
            first, *rest = [w * x for w, x in zip(weights, inputs, strict=True)]
            z = first
            for term in rest:
                z = z + term
            z.label = f"z_{to}{i}"
            neuron = ops.sigmoid(z)
            neuron.label = f"{to}{i}"
            neurons.append(neuron)
    return neurons


def _network() -> dict[str, Value]:
    inputs = [Value(x, label=f"x{i}") for i, x in enumerate(INPUTS, start=1)]
    hidden = _layer("hidden", HIDDEN, inputs, "H")
    return dict(zip(("O1", "O2"), _layer("output", OUTPUT, hidden, "O")))


def _labelled(root: Value, rounding: int | None = None) -> dict[str, Any]:
    """The nodes of the trace by their labels; with ``rounding`` of the computation that rounds as it goes."""
    t = trace(root) if rounding is None else rounded_along(trace(root), rounding)
    return {node.label: node for node in t.nodes if node.label}


_SUMS = {"z_H1": "-1.9", "z_H2": "3.1", "z_H3": "-0.4", "z_O1": "-.63", "z_O2": "1.76"}
_NEURONS = {"H1": ".13", "H2": ".96", "H3": ".40", "O1": ".35", "O2": ".85"}
_ROUNDED = Text("the lecture goes on from the hidden values rounded to .13, .96, .40")


def _network_claims() -> Iterator[Claim]:
    import numpy as np

    from scalargrad.ops.structural import matmul

    roots = _network()
    exact = _labelled(roots["O2"]) | _labelled(roots["O1"])
    along = _labelled(roots["O2"], 2) | _labelled(roots["O1"], 2)
    for label, says in [*_SUMS.items(), *_NEURONS.items()]:
        node = exact[label]
        why = _ROUNDED if label == "z_O1" else None
        yield Claim(node.name, says, node.value, why, along=along[label].value)
    weights, short = OUTPUT[0], [along[label].value for label in ("H1", "H2", "H3")]
    from_rounded = ops.sigmoid(sum(w * h for w, h in zip(weights, short)))
    yield Claim(Text("O₁ from the rounded hidden values"), ".35", from_rounded)
    hidden = ops.sigmoid(matmul(np.array(HIDDEN), np.array(INPUTS)))
    yield Claim(Text("the hidden layer as S(W·x)"), ".13 .96 0.4", hidden)
    outputs = ops.sigmoid(matmul(np.array(OUTPUT), hidden))
    nodes = [{"O": exact[label].value} for label in ("O1", "O2")]
    yield Claim(Text("the outputs, by matrices and node by node"), "O", outputs, at=nodes)


def _error() -> Any:
    output = _network()["O1"]
    error = 0.5 * (output - TARGET).square()
    error.label = "E"
    return error


def _error_claims() -> Iterator[Claim]:
    nodes = _labelled(_error())
    o, hidden = nodes["O1"].value, [nodes[f"H{i}"].value for i in (1, 2, 3)]
    weights = [nodes[f"o1{i}"].grad for i in (1, 2, 3)]
    at = [{"I": i, "O": o, "T": TARGET} for i in hidden]
    yield Claim(Text("∂E/∂w of O1's three weights"), "I*(O - T)*O*(1 - O)", weights, at=at)
    i2, o2 = rounded(hidden[0], 2), rounded(o, 2)
    along = i2 * (o2 - TARGET) * o2 * (1 - o2)
    why = Text("the lecture puts in .13 and .35, which are rounded")
    yield Claim(
        Text("∂E/∂w of the first of them"),
        ".13*(.35 - .9)*.35*(1 - .35)", weights[0], why, at={}, along=along,
    )  # fmt: skip
    yield Claim("δ_O1 = ∂E/∂z_O1", "", nodes["z_O1"].grad, FORMULA_ONLY)
    only = Text("the lecture stops at the output layer; the same rule goes on")
    yield Claim("δ_H1, δ_H2, δ_H3", "", [nodes[f"z_H{i}"].grad for i in (1, 2, 3)], only)
    yield Claim("∂E/∂x₁, ∂E/∂x₂, ∂E/∂x₃", "", [nodes[f"x{i}"].grad for i in (1, 2, 3)], only)


SYSTEMS = (
    System(
        "network-3-3-2", "001",
        Text("The network 3-3-2: its prediction"),
        Text("Inputs (.5, .9, −.3), three sigmoid neurons, two sigmoid outputs, no bias."),
        _network_claims, _network,
    ),
    System(
        "network-3-3-2-backprop", "001",
        Text("The network 3-3-2: backpropagation"),
        Text("The target of O1 is T = .9. The lecture's formula is the derivative of E = ½(O − T)²."),
        _error_claims, _error,
    ),
)  # fmt: skip
