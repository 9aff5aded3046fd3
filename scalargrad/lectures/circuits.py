"""Circuits of lectures 000, 002 and 004, small enough to be drawn by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import scalargrad.ops.elementwise as ops
from scalargrad.engine import Value
from scalargrad.expression import parse
from scalargrad.function import Function
from scalargrad.lectures.claims import Claim, Text
from scalargrad.lectures.system import System
from scalargrad.stepper.rounding import rounded, rounded_along
from scalargrad.tracing import trace

FORMULA_ONLY = Text("the lecture gives the formula only", "в лекции только формула")


def leaves(**numbers: float) -> list[Value]:
    """Values called by these names."""
    return [Value(number, label=name) for name, number in numbers.items()]


# --- downstream = local × upstream -----------------------------------------------------------------------------------


def _chain() -> Value:
    x, y, b = leaves(x=3.0, y=-4.0, b=14.0)
    z = x * y
    z.label = "z"
    return (z + b).square()


def _chain_claims() -> Iterator[Claim]:
    root = _chain()
    root.backward()
    grads = {node.name: node.grad for node in trace(root).nodes}
    for e in trace(root).edges:
        at = {"Local": e.local, "Upstream": e.upstream}
        yield Claim(f"{e.output.name} → {e.input.name}", "Local*Upstream", grads[e.input.name], at=at)  # type: ignore[arg-type]


# --- the sigmoid neuron ----------------------------------------------------------------------------------------------

NEURON = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def _neuron() -> Value:
    w0, x0, w1, x1, w2 = leaves(**NEURON)
    return 1 / (1 + ops.exp((w0 * x0 + w1 * x1 + w2) * -1))


_FORWARD = ("-2.00", "6.00", "4.00", "1.00", "-1.00", "0.37", "1.37", "0.73")
_BACKWARD = ("1.00", "-0.53", "-0.53", "-0.20", "0.20", "0.20")  # from the output to the sum of the two products
_PRODUCTS = {"w₀": "0.2*(-1) = -0.2", "x₀": "0.2*2 = 0.4", "w₂": "0.2*1 = 0.2"}
_MULTIPLIED = Text(
    "the lecture multiplies the rounded upstream 0.2 by the local derivative",
    "лекция умножает локальную производную на округлённый верхний градиент 0.2",
)
_NOT_MULTIPLIED = Text(
    "the lecture writes out the products at w₀ and x₀ only, and this one goes the same way",
    "лекция выписывает произведения только для w₀ и x₀, здесь всё так же",
)


def _neuron_claims() -> Iterator[Claim]:
    t = trace(_neuron())
    short = rounded_along(t, 2)
    gates = [node for node in t.nodes if not node.is_leaf]
    for says, gate in zip(_FORWARD, gates, strict=True):
        along = short.nodes[gate].value
        yield Claim(f"{gate.name} = {gate.formula}", says, gate.value, along=along)  # type: ignore[arg-type]
    behind = [gate for gate in reversed(gates) if gate.op != "mul" or gate.symbol != "×"]
    for says, gate in zip(_BACKWARD, behind, strict=True):
        along = short.nodes[gate].grad
        yield Claim(f"∂L/∂{gate.name}", says, gate.grad, along=along)  # type: ignore[arg-type]
    for edge in (edge for edge in t.edges if edge.input.is_leaf):
        name, exact = edge.input.name, edge.input.grad
        along = rounded(edge.upstream, 1) * edge.local  # type: ignore[arg-type, operator]
        says = _PRODUCTS.get(name, "")
        why = _MULTIPLIED if says else _NOT_MULTIPLIED
        yield Claim(f"∂L/∂{name}", says, exact, why, at={} if says else None, along=along)  # type: ignore[arg-type]
    yield Claim(
        Text("the formula on two slides", "формула на двух слайдах"),
        "1/(1+exp(-(w0*x0+w1*x1+w2*x2)))",
        t.root.value,  # type: ignore[arg-type]
        Text("w₂ is a bias: the circuit has no x₂", "w₂ — это смещение: входа x₂ в схеме нет"),
        at=NEURON,
    )


def _gate() -> Value:
    w0, x0, w1, x1, w2 = leaves(**NEURON)
    return ops.sigmoid(w0 * x0 + w1 * x1 + w2)


def _gate_claims() -> Iterator[Claim]:
    t = trace(_gate())
    (edge,) = t.edges_to(t.root)
    yield Claim("σ(1)", "0.73", t.root.value)  # type: ignore[arg-type]
    at = {"σ": t.root.value}
    local = Text("the local derivative of the gate", "локальная производная узла")
    yield Claim(local, "(1-σ)*σ", edge.local, at=at)  # type: ignore[arg-type]
    yield Claim(Text("its number", "её значение"), "0.2", edge.local)  # type: ignore[arg-type]
    gates = Text(
        "∂L/∂z gate by gate: ×(−1), exp, +1, 1/x", "∂L/∂z по отдельным узлам: ×(−1), exp, +1, 1/x"
    )
    inner = next(node for node in trace(_neuron()).nodes if node.symbol == "×(−1)")
    (source,) = [trace(_neuron()).nodes[i] for i in inner.operands if isinstance(i, int)]
    yield Claim(gates, "(1-σ)*σ", source.grad, at=at)  # type: ignore[arg-type]


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


def _multiply() -> Value:
    x, y, c = leaves(x=3.0, y=-4.0, c=2.5)
    z = Multiply.apply(x, y)
    z.label = "z"
    return z * c  # type: ignore[no-any-return]


def _multiply_claims() -> Iterator[Claim]:
    nodes = {node.name: node for node in trace(_multiply()).nodes}
    at: Any = {"x": nodes["x"].value, "y": nodes["y"].value, "grad_z": nodes["z"].grad}
    x, y = leaves(x=at["x"], y=at["y"])
    (x * y).backward(at["grad_z"])
    yield Claim("z = x·y", "x*y", nodes["z"].value, at=at)  # type: ignore[arg-type]
    for name, says, plain in (("x", "y*grad_z", x), ("y", "x*grad_z", y)):
        yield Claim(f"grad_{name}", says, nodes[name].grad, at=at)  # type: ignore[arg-type]
        usual = Text(f"grad_{name} of the product that is built in", f"grad_{name} встроенного произведения")
        yield Claim(usual, says, plain.grad, at=at)


# --- the sigmoid's backward pass from its output -------------------------------------------------------------------------


def _from_output() -> Value:
    x, g = leaves(x=1.0, gradOutput=2.5)
    z = ops.sigmoid(x)
    z.label = "z"
    return z * g


def _from_output_claims() -> Iterator[Claim]:
    for x in (-2.0, 0.0, 1.0, 5.0):
        given, g = Value(x, label="x"), 2.5
        z = ops.sigmoid(given)
        z.backward(g)
        what = Text(f"gradInput at x = {x:g}, gradOutput = {g}", f"gradInput при x = {x:g}, gradOutput = {g}")
        yield Claim(what, "gradOutput*(1-z)*z", given.grad, at={"gradOutput": g, "z": z.data})


# --- a symbolic graph ------------------------------------------------------------------------------------------------

_D = "B*A + 1"


def _symbolic() -> Value:
    root: Value = parse(_D).graph(B=2.0, A=1.0)
    return root


def _symbolic_claims() -> Iterator[Claim]:
    import numpy as np

    a, b = np.ones(10), np.ones(10) * 2
    at_once = [{"a": x, "b": y} for x, y in zip(a, b)]
    d = parse(_D).evaluate(A=a, B=b)
    yield Claim(Text("d, ten numbers", "d, десять чисел"), "b*a + 1", d, at=at_once)
    c = parse("B*A").evaluate(A=a, B=b)
    yield Claim(Text("c = b·a on the way to it", "c = b·a по пути к нему"), "b*a", c, at=at_once)
    root = _symbolic()
    only = Text(
        "the lecture says that a symbolic graph has derivatives, and gives none",
        "лекция говорит, что по символьному графу берутся производные, но не приводит их",
    )
    for leaf in trace(root).leaves:
        yield Claim(f"∂D/∂{leaf.name}", "", leaf.grad, only)  # type: ignore[arg-type]


# --- root(exp(mul(x3, add(x1, x2)))) ---------------------------------------------------------------------------------


def _rooted() -> Value:
    x1, x2, x3 = leaves(x1=1.0, x2=2.0, x3=0.5)
    first = ops.exp(ops.mul(x3, ops.add(x1, x2)))
    first.label = "output1"
    return ops.sqrt(first)  # type: ignore[no-any-return]


def _rooted_claims() -> Iterator[Claim]:
    nodes = {node.name: node for node in trace(_rooted()).nodes}
    at: Any = {f"input{i}": nodes[name].value for i, name in enumerate(("x₁", "x₂", "x₃"), start=1)}
    first = next(node for node in nodes.values() if node.label == "output1")
    yield Claim("output₁", "exp(mul(input3, add(input1, input2)))", first.value, at=at)  # type: ignore[arg-type]
    root = trace(_rooted()).root.value
    # root is the lecture's word for the square root
    yield Claim("output₂", "sqrt(exp(mul(input3, add(input1, input2))))", root, at=at)  # type: ignore[arg-type]
    why = Text(
        "the lecture leaves the derivatives to the framework", "производные лекция оставляет фреймворку"
    )
    for name in ("x₁", "x₂", "x₃"):
        yield Claim(f"∂output₂/∂{name}", "", nodes[name].grad, why)  # type: ignore[arg-type]


# --- linear layers, one behind the other ---------------------------------------------------------------------------------

LAYERS = {"w11": 0.3, "w12": -2.0, "w21": 1.1, "w22": 0.6, "w1": 1.5, "w2": -0.4}


def _stacked() -> Value:
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
    yield Claim(Text("γ₁, from the product of the matrices", "γ₁ из произведения матриц"), first, gammas[0], at=w)
    yield Claim(Text("γ₂, from the product of the matrices", "γ₂ из произведения матриц"), second, gammas[1], at=w)
    yield Claim(Text("γ₂ as the derivative ∂y/∂x", "γ₂ как производная ∂y/∂x"), second, x.grad, at=w)  # type: ignore[arg-type]
    at: Any = {"γ1": gammas[0], "γ2": gammas[1], "x": x.value}
    yield Claim("y", "γ1 + γ2*x", t.root.value, at=at)  # type: ignore[arg-type]


# --- logic neurons ---------------------------------------------------------------------------------------------------

_LOGIC = {  # the lecture's neuron, and what it is to compute
    "and": ("[x1 + x2 - 3/2 > 0]", lambda p, q: p and q),
    "or": ("[x1 + x2 - 1/2 > 0]", lambda p, q: p or q),
    "not": ("[-x1 + 1/2 > 0]", lambda p, q: not p),
    "xor": ("[x1 + x2 - 2*x1*x2 - 1/2 > 0]", lambda p, q: p != q),
    "xor of neurons": ("[[x1 + x2 - 1/2 > 0] - [x1 + x2 - 3/2 > 0] - 1/2 > 0]", lambda p, q: p != q),
}


def _logic() -> dict[str, Value]:
    roots = {}
    for name, (neuron, _) in _LOGIC.items():
        formula = parse(neuron)
        roots[name] = formula.graph(**{x: number for x, number in (("x1", 1.0), ("x2", 0.0)) if x in formula.names})
    return roots


def _logic_claims() -> Iterator[Claim]:
    from scalargrad.linear import logic

    neurons = (logic.and_, logic.or_, logic.not_, logic.xor, logic.xor_of_neurons)
    for (name, (says, truth)), neuron in zip(_LOGIC.items(), neurons, strict=True):
        table = logic.truth_table(neuron)
        at = [dict(zip(("x1", "x2"), map(float, inputs))) for inputs, _ in table]
        what = Text(f"{name.upper()}, inputs counting up", f"{name.upper()}, входы по порядку")
        if name == "xor of neurons":
            what = Text("XOR, of two layers", "XOR, из двух слоёв")
        yield Claim(what, says, table.outputs, at=at)
        wanted = [float(truth(*row)) for row in product((False, True), repeat=2)][:: 2 if len(at) == 2 else 1]
        yield Claim(
            Text("the truth table", "таблица истинности"), " ".join(f"{x:g}" for x in wanted), table.outputs
        )
    yield Claim(
        Text("how many of XOR's four rows the best single neuron has right", "сколько строк XOR из четырёх верны у лучшего одиночного нейрона"),
        "",
        _best_line(),
        Text(
            "the lecture says that one neuron is not enough, and gives no number",
            "лекция говорит, что одного нейрона мало, но числа не приводит",
        ),
    )
    threshold = Text("Rosenblatt's neuron where Σwx = γ", "нейрон Розенблатта при Σwx = γ")
    yield Claim(threshold, "1", ops.heaviside(0.0))
    strict = Text("the logic neurons' [Σwx − γ > 0] there", "логические нейроны, [Σwx − γ > 0], там же")
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
        "chain-rule", "000",
        Text("The rule of the course: DownStream = Local × Upstream", "Правило курса: DownStream = Local × Upstream"),
        Text(
            "L = (x·y + b)² at x = 3, y = −4, b = 14: on every edge the gradient that flows on is the local derivative "
            "times the gradient that arrives.",
            "L = (x·y + b)² при x = 3, y = −4, b = 14: по каждому ребру дальше идёт локальная производная, умноженная "
            "на пришедший градиент.",
        ),
        _chain_claims, _chain,
    ),
    System(
        "sigmoid-neuron", "004",
        Text("The sigmoid neuron, gate by gate", "Нейрон с сигмоидой, узел за узлом"),
        Text(
            "1/(1 + exp(−(w₀x₀ + w₁x₁ + w₂))) at w₀ = 2, x₀ = −1, w₁ = −3, x₁ = −2, w₂ = −3, forward and backward.",
            "1/(1 + exp(−(w₀x₀ + w₁x₁ + w₂))) при w₀ = 2, x₀ = −1, w₁ = −3, x₁ = −2, w₂ = −3: прямой и обратный проход.",
        ),
        _neuron_claims, _neuron,
    ),
    System(
        "sigmoid-gate", "004",
        Text("The same neuron with one sigmoid gate", "Тот же нейрон с одним узлом-сигмоидой"),
        Text(
            "Four gates of the circuit, ×(−1), exp, +1 and 1/x, put together are σ, whose local derivative is (1 − σ)σ.",
            "Четыре узла схемы, ×(−1), exp, +1 и 1/x, вместе составляют σ с локальной производной (1 − σ)σ.",
        ),
        _gate_claims, _gate,
    ),
    System(
        "multiply-function", "000",
        Text("Multiply, with a backward of its own", "Multiply со своим обратным проходом"),
        Text(
            "The lecture's autograd function: forward stashes x and y, backward multiplies them crosswise by the "
            "upstream gradient. Here x = 3, y = −4, and the upstream is 2.5.",
            "Функция из лекции: forward запоминает x и y, backward умножает их крест-накрест на верхний градиент. "
            "Здесь x = 3, y = −4, верхний градиент 2.5.",
        ),
        _multiply_claims, _multiply,
    ),
    System(
        "sigmoid-from-output", "000",
        Text("The sigmoid's backward pass from its output", "Обратный проход сигмоиды через её выход"),
        Text(
            "The layer keeps its output z = σ(x) alone: gradInput = gradOutput·(1 − z)·z.",
            "Слой хранит только свой выход z = σ(x): gradInput = gradOutput·(1 − z)·z.",
        ),
        _from_output_claims, _from_output,
    ),
    System(
        "symbolic-graph", "002",
        Text("A symbolic graph: C = B·A, D = C + 1", "Символьный граф: C = B·A, D = C + 1"),
        Text(
            "The graph is written first and run later, with A = ones(10) and B = 2·ones(10); NumPy computes the same at "
            "once.",
            "Сначала задаётся граф, затем он исполняется с A = ones(10) и B = 2·ones(10); NumPy считает то же сразу.",
        ),
        _symbolic_claims, _symbolic,
    ),
    System(
        "root-exp-mul", "004",
        Text("root(exp(mul(x₃, add(x₁, x₂))))", "root(exp(mul(x₃, add(x₁, x₂))))"),
        Text(
            "The graph that shows what a framework does; root is the square root. Here at x₁ = 1, x₂ = 2, x₃ = 0.5.",
            "Граф, на котором показано, что делает фреймворк; root — квадратный корень. Здесь x₁ = 1, x₂ = 2, x₃ = 0.5.",
        ),
        _rooted_claims, _rooted,
    ),
    System(
        "logic-neurons", "002",
        Text("Neurons that compute AND, OR, NOT, XOR", "Нейроны, вычисляющие И, ИЛИ, НЕ, XOR"),
        Text(
            "A threshold neuron [w₁x₁ + w₂x₂ + b > 0] on all rows of a truth table. XOR takes the product x₁x₂ as one "
            "more feature, or two layers.",
            "Пороговый нейрон [w₁x₁ + w₂x₂ + b > 0] на всех строках таблицы истинности. Для XOR нужен ещё признак x₁x₂ "
            "или два слоя.",
        ),
        _logic_claims, _logic,
    ),
    System(
        "stacked-linear-layers", "002",
        Text("Two linear layers are one", "Два линейных слоя — это один"),
        Text(
            "y = w₁h₁ + w₂h₂ with h₁ = w₁₁ + w₂₁x and h₂ = w₁₂ + w₂₂x is the line γ₁ + γ₂x.",
            "y = w₁h₁ + w₂h₂, где h₁ = w₁₁ + w₂₁x и h₂ = w₁₂ + w₂₂x, — это прямая γ₁ + γ₂x.",
        ),
        _stacked_claims, _stacked,
    ),
)  # fmt: skip
