"""Graphs of lectures 002 and 004: frameworks, layers, logic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import scalargrad.ops.elementwise as ops
from scalargrad.engine import Value
from scalargrad.expression import parse
from scalargrad.language import Text
from scalargrad.lectures.circuits import leaves
from scalargrad.lectures.claims import Claim
from scalargrad.lectures.system import System
from scalargrad.tracing import trace

# --- a symbolic graph ------------------------------------------------------------------------------------------------

_D = "B*A + 1"


def _symbolic() -> Any:
    return parse(_D).graph(B=2.0, A=1.0)


def _symbolic_claims() -> Iterator[Claim]:
    import numpy as np

    a, b = np.ones(10), np.ones(10) * 2
    at_once = [{"a": x, "b": y} for x, y in zip(a, b)]
    d = parse(_D).evaluate(A=a, B=b)
    yield Claim(Text("d, ten numbers"), "b*a + 1", d, at=at_once)
    c = parse("B*A").evaluate(A=a, B=b)
    yield Claim(Text("c = b·a on the way to it"), "b*a", c, at=at_once)
    root = _symbolic()
    only = Text("the lecture says that a symbolic graph has derivatives, and gives none")
    for leaf in trace(root).leaves:
        yield Claim(f"∂D/∂{leaf.name}", "", leaf.grad, only)


# --- root(exp(mul(x3, add(x1, x2)))) ---------------------------------------------------------------------------------


def _rooted() -> Any:
    x1, x2, x3 = leaves(x1=1.0, x2=2.0, x3=0.5)
    first = ops.exp(ops.mul(x3, ops.add(x1, x2)))
    first.label = "output1"
    return ops.sqrt(first)


def _rooted_claims() -> Iterator[Claim]:
    nodes = {node.name: node for node in trace(_rooted()).nodes}
    at: Any = {f"input{i}": nodes[name].value for i, name in enumerate(("x₁", "x₂", "x₃"), start=1)}
    first = next(node for node in nodes.values() if node.label == "output1")
    yield Claim("output₁", "exp(mul(input3, add(input1, input2)))", first.value, at=at)
    root = trace(_rooted()).root.value
    # root is the lecture's word for the square root
    yield Claim("output₂", "sqrt(exp(mul(input3, add(input1, input2))))", root, at=at)
    why = Text("the lecture leaves the derivatives to the framework")
    for name in ("x₁", "x₂", "x₃"):
        yield Claim(f"∂output₂/∂{name}", "", nodes[name].grad, why)


# --- linear layers, one behind the other -----------------------------------------------------------------------------

LAYERS = {"w11": 0.3, "w12": -2.0, "w21": 1.1, "w22": 0.6, "w1": 1.5, "w2": -0.4}


def _stacked() -> Any:
    x = Value(0.7, label="x")
    w11, w12, w21, w22, w1, w2 = leaves(**LAYERS)
    h1, h2 = w11 + w21 * x, w12 + w22 * x
    h1.label, h2.label = "h1", "h2"
    y = w1 * h1 + w2 * h2
    y.label = "y"
    return y


def _stacked_claims() -> Iterator[Claim]:
    from scalargrad.linear import collapse

    y = _stacked()
    t = trace(y)
    x = next(node for node in t.leaves if node.name == "x")
    w = LAYERS
    gammas = collapse([[w["w11"], w["w12"]], [w["w21"], w["w22"]]], [w["w1"], w["w2"]])
    first, second = "w1*w11 + w2*w12", "w1*w21 + w2*w22"
    yield Claim(Text("γ₁, from the product of the matrices"), first, gammas[0], at=w)
    yield Claim(Text("γ₂, from the product of the matrices"), second, gammas[1], at=w)
    yield Claim(Text("γ₂ as the derivative ∂y/∂x"), second, x.grad, at=w)
    at: Any = {"γ1": gammas[0], "γ2": gammas[1], "x": x.value}
    yield Claim("y", "γ1 + γ2*x", t.root.value, at=at)


# --- logic neurons ---------------------------------------------------------------------------------------------------

_LOGIC = {  # as the lecture writes it, its name in scalargrad.linear.logic, what it is to give
    "AND": ("[x1 + x2 - 3/2 > 0]", "and_", "0 0 0 1"),
    "OR": ("[x1 + x2 - 1/2 > 0]", "or_", "0 1 1 1"),
    "NOT": ("[-x1 + 1/2 > 0]", "not_", "1 0"),
    "XOR": ("[x1 + x2 - 2*x1*x2 - 1/2 > 0]", "xor", "0 1 1 0"),
    "XOR-2": ("[[x1 + x2 - 1/2 > 0] - [x1 + x2 - 3/2 > 0] - 1/2 > 0]", "xor_of_neurons", "0 1 1 0"),
}


def _logic() -> dict[str, Value]:
    inputs = {"x1": 1.0, "x2": 0.0}
    formulas = {name: parse(neuron) for name, (neuron, *_) in _LOGIC.items()}
    return {name: formula.graph(**{x: inputs[x] for x in formula.names}) for name, formula in formulas.items()}


def _logic_claims() -> Iterator[Claim]:
    from scalargrad.linear import logic

    for name, (neuron, function, wanted) in _LOGIC.items():
        table = logic.truth_table(getattr(logic, function))
        yield Claim(Text("{0}, its truth table", name), wanted, table.outputs)
        at = [dict(zip(("x1", "x2"), map(float, inputs))) for inputs, _ in table]
        yield Claim(Text("{0} as a neuron", name), neuron, table.outputs, at=at)
    yield Claim(
        Text("how many of XOR's four rows the best single neuron has right"),
        "",
        _best_line(),
        Text("the lecture says that one neuron is not enough, and gives no number"),
    )
    threshold = Text("Rosenblatt's neuron where Σwx = γ")
    yield Claim(threshold, "1", ops.heaviside(0.0))
    strict = Text("the logic neurons' [Σwx − γ > 0] there")
    yield Claim(strict, "0", ops.greater(0.0, 0.0))


def _best_line() -> float:
    """The most rows of XOR that a neuron [w₁x₁ + w₂x₂ + b > 0] has right, over a grid that holds every kind of line."""
    from scalargrad.linear import logic

    wanted = logic.truth_table(logic.xor).outputs
    rows = list(product((0.0, 1.0), repeat=2))
    found = 0
    for w1, w2, b in product((-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0), (-1.5, -0.5, 0.5, 1.5)):
        guesses = [ops.greater(w1 * x1 + w2 * x2 + b, 0) for x1, x2 in rows]
        found = max(found, sum(int(guess) == right for guess, right in zip(guesses, wanted)))
    return float(found)


SYSTEMS = (
    System(
        "symbolic-graph", "002",
        Text("A symbolic graph: C = B·A, D = C + 1"),
        Text(
            "The graph is written first and run later, with A = ones(10) and B = 2·ones(10); NumPy computes the same "
            "at once."
        ),
        _symbolic_claims, _symbolic,
    ),
    System(
        "root-exp-mul", "004",
        Text("root(exp(mul(x₃, add(x₁, x₂))))"),
        Text("The graph that shows what a framework does; root is the square root. Here at x₁ = 1, x₂ = 2, x₃ = 0.5."),
        _rooted_claims, _rooted,
    ),
    System(
        "logic-neurons", "002",
        Text("Neurons that compute AND, OR, NOT, XOR"),
        Text(
            "A threshold neuron [w₁x₁ + w₂x₂ + b > 0] on all rows of a truth table. XOR takes the product x₁x₂ as one "
            "more feature, or two layers (XOR-2)."
        ),
        _logic_claims, _logic,
    ),
    System(
        "stacked-linear-layers", "002",
        Text("Two linear layers are one"),
        Text("y = w₁h₁ + w₂h₂ with h₁ = w₁₁ + w₂₁x and h₂ = w₁₂ + w₂₂x is the line γ₁ + γ₂x."),
        _stacked_claims, _stacked,
    ),
)  # fmt: skip
