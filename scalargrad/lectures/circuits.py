"""Circuits of lectures 000 and 004, small enough to be drawn by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import scalargrad.ops.elementwise as ops
from scalargrad.engine import Value
from scalargrad.function import Function
from scalargrad.language import Text
from scalargrad.lectures.claims import Claim
from scalargrad.lectures.system import System
from scalargrad.replaying import rounded, rounded_along
from scalargrad.tracing import trace


def leaves(**numbers: float) -> list[Value]:
    """Values called by these names."""
    return [Value(number, label=name) for name, number in numbers.items()]


# --- downstream = local × upstream -----------------------------------------------------------------------------------


def _chain() -> Any:
    x, y, b = leaves(x=3.0, y=-4.0, b=14.0)
    z = x * y
    z.label = "z"
    return (z + b).square()


def _chain_claims() -> Iterator[Claim]:
    for e in trace(_chain()).edges:  # every node is used once, so what flows on along the edge is its gradient
        at = {"Local": e.local, "Upstream": e.upstream}
        yield Claim(f"{e.output.name} → {e.input.name}", "Local*Upstream", e.input.grad, at=at)


# --- the sigmoid neuron ----------------------------------------------------------------------------------------------

NEURON = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def _neuron() -> Any:
    w0, x0, w1, x1, w2 = leaves(**NEURON)
    return 1 / (1 + ops.exp((w0 * x0 + w1 * x1 + w2) * -1))


_FORWARD = ("-2.00", "6.00", "4.00", "1.00", "-1.00", "0.37", "1.37", "0.73")
_BACKWARD = ("1.00", "-0.53", "-0.53", "-0.20", "0.20", "0.20")  # from the output to the sum of the two products
_PRODUCTS = {"w₀": "0.2*(-1) = -0.2", "x₀": "0.2*2 = 0.4", "w₂": "0.2*1 = 0.2"}
_MULTIPLIED = Text("the lecture multiplies the rounded upstream 0.2 by the local derivative")
_NOT_MULTIPLIED = Text("the lecture writes out the products at w₀ and x₀ only, and this one goes the same way")


def _neuron_claims() -> Iterator[Claim]:
    t: Any = trace(_neuron())
    short: Any = rounded_along(t, 2)
    gates = [node for node in t.nodes if not node.is_leaf]
    for says, gate in zip(_FORWARD, gates, strict=True):
        along = short.nodes[gate].value
        yield Claim(f"{gate.name} = {gate.formula}", says, gate.value, along=along)
    behind = [gate for gate in reversed(gates) if gate.op != "mul" or gate.symbol != "×"]
    for says, gate in zip(_BACKWARD, behind, strict=True):
        along = short.nodes[gate].grad
        yield Claim(f"∂L/∂{gate.name}", says, gate.grad, along=along)
    for edge in (edge for edge in t.edges if edge.input.is_leaf):
        name, exact = edge.input.name, edge.input.grad
        along = rounded(edge.upstream, 1) * edge.local
        says = _PRODUCTS.get(name, "")
        why = _MULTIPLIED if says else _NOT_MULTIPLIED
        yield Claim(f"∂L/∂{name}", says, exact, why, at={} if says else None, along=along)
    yield Claim(
        Text("the formula on two slides"),
        "1/(1+exp(-(w0*x0+w1*x1+w2*x2)))",
        t.root.value,
        Text("w₂ is a bias: the circuit has no x₂"),
        at=NEURON,
    )


def _gate() -> Any:
    w0, x0, w1, x1, w2 = leaves(**NEURON)
    return ops.sigmoid(w0 * x0 + w1 * x1 + w2)


def _gate_claims() -> Iterator[Claim]:
    t = trace(_gate())
    (edge,) = [edge for edge in t.edges if edge.output is t.root]
    yield Claim("σ(1)", "0.73", t.root.value)
    at = {"σ": t.root.value}
    local = Text("the local derivative of the gate")
    yield Claim(local, "(1-σ)*σ", edge.local, at=at)
    yield Claim(Text("its number"), "0.2", edge.local)
    gates = Text("∂L/∂z gate by gate: ×(−1), exp, +1, 1/x")
    (z,) = [edge.input for edge in trace(_neuron()).edges if edge.output.symbol == "×(−1)"]
    yield Claim(gates, "(1-σ)*σ", z.grad, at=at)


# --- a product as a Function -----------------------------------------------------------------------------------------


class Multiply(Function):
    """The lecture's example of a function with a backward pass of its own."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: Any, grad_z: Any) -> Any:
        x, y = ctx.saved_tensors
        return y * grad_z, x * grad_z


def _multiply() -> Any:
    x, y, c = leaves(x=3.0, y=-4.0, c=2.5)
    function: Any = Multiply  # whose own call is refused, which a type checker takes for its type
    z = function.apply(x, y)
    z.label = "z"
    return z * c


def _multiply_claims() -> Iterator[Claim]:
    nodes = {node.name: node for node in trace(_multiply()).nodes}
    at: Any = {"x": nodes["x"].value, "y": nodes["y"].value, "grad_z": nodes["z"].grad}
    x, y = leaves(x=at["x"], y=at["y"])
    (x * y).backward(at["grad_z"])
    yield Claim("z = x·y", "x*y", nodes["z"].value, at=at)
    for name, says, plain in (("x", "y*grad_z", x), ("y", "x*grad_z", y)):
        yield Claim(f"grad_{name}", says, nodes[name].grad, at=at)
        usual = Text("grad_{0} of the product that is built in", name)
        yield Claim(usual, says, plain.grad, at=at)


# --- the sigmoid's backward pass from its output ---------------------------------------------------------------------


def _from_output() -> Any:
    x, g = leaves(x=1.0, gradOutput=2.5)
    z = ops.sigmoid(x)
    z.label = "z"
    return z * g


def _from_output_claims() -> Iterator[Claim]:
    for x in (-2.0, 0.0, 1.0, 5.0):
        given, g = Value(x, label="x"), 2.5
        z = ops.sigmoid(given)
        z.backward(g)
        what = Text("gradInput at x = {0:g}, gradOutput = {1}", x, g)
        yield Claim(what, "gradOutput*(1-z)*z", given.grad, at={"gradOutput": g, "z": z.data})


SYSTEMS = (
    System(
        "chain-rule", "000",
        Text("The rule of the course: DownStream = Local × Upstream"),
        Text(
            "L = (x·y + b)² at x = 3, y = −4, b = 14: on every edge the gradient that flows on is the local derivative "
            "times the gradient that arrives."
        ),
        _chain_claims, _chain,
    ),
    System(
        "sigmoid-neuron", "004",
        Text("The sigmoid neuron, gate by gate"),
        Text("1/(1 + exp(−(w₀x₀ + w₁x₁ + w₂))) at w₀ = 2, x₀ = −1, w₁ = −3, x₁ = −2, w₂ = −3, forward and backward."),
        _neuron_claims, _neuron,
    ),
    System(
        "sigmoid-gate", "004",
        Text("The same neuron with one sigmoid gate"),
        Text("Four gates of the circuit, ×(−1), exp, +1 and 1/x, together are σ, whose local derivative is (1 − σ)σ."),
        _gate_claims, _gate,
    ),
    System(
        "multiply-function", "000",
        Text("Multiply, with a backward of its own"),
        Text(
            "The lecture's autograd function: forward stashes x and y, backward multiplies them crosswise by the "
            "upstream gradient. Here x = 3, y = −4, and the upstream is 2.5."
        ),
        _multiply_claims, _multiply,
    ),
    System(
        "sigmoid-from-output", "000",
        Text("The sigmoid's backward pass from its output"),
        Text("The layer keeps its output z = σ(x) alone: gradInput = gradOutput·(1 − z)·z."),
        _from_output_claims, _from_output,
    ),
)  # fmt: skip
