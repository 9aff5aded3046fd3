"""The worked examples of the lectures, number by number, in scalar code.

What a lecture prints is often rounded on the way. Then the table holds both: what it says, and what is exact.
"""

import math

import numpy as np
import pytest

import scalargrad as sg
from scalargrad import Value, trace
from scalargrad.symbolic import saved
from tests.graphs import NEURON


def values(numbers, name):
    """Leaves called name0, name1, …"""
    return [Value(x, label=f"{name}{i}") for i, x in enumerate(numbers)]


def near(number):
    """Exact to the six digits that the tables here give."""
    return pytest.approx(number, abs=6e-7)


# --- the sigmoid neuron 1/(1 + exp(−(w0·x0 + w1·x1 + w2))) -----------------------------------------------------------

GRADIENTS = [  # lecture says, exact
    ("w0", -0.20, -0.196612),
    ("x0", 0.40, 0.393224),  # the lecture multiplied rounded numbers
    ("w1", -0.40, -0.393224),
    ("x1", -0.60, -0.589836),
    ("w2", 0.20, 0.196612),
]


def neuron(squash):
    leaves = {name: Value(x, label=name) for name, x in NEURON.items()}
    w0, x0, w1, x1, w2 = leaves.values()
    return squash(w0 * x0 + w1 * x1 + w2), leaves


def circuit(z):
    """The sigmoid gate by gate, as it is drawn on the slide: ×(−1), exp, +1, 1/x."""
    return 1 / (1 + (z * -1).exp())


@pytest.mark.parametrize("squash", [circuit, lambda z: z.sigmoid()], ids=["gate by gate", "one gate"])
def test_sigmoid_neuron(squash):
    out, leaves = neuron(squash)
    out.backward()
    assert out.data == near(0.731059)  # lecture: .73
    for name, lecture, exact in GRADIENTS:
        assert leaves[name].grad == near(exact), name
        assert leaves[name].grad == pytest.approx(lecture, abs=0.0105), name


FORWARD = [  # symbol, lecture says, exact
    ("×", -2.00, -2.0),
    ("×", 6.00, 6.0),
    ("+", 4.00, 4.0),
    ("+", 1.00, 1.0),
    ("×(−1)", -1.00, -1.0),
    ("exp", 0.37, 0.367879),
    ("+1", 1.37, 1.367879),
    ("1/x", 0.73, 0.731059),
]
BACKWARD = [  # the slide's row from the output to the left: symbol, gradient at its output, lecture says, exact
    ("1/x", 1.00, 1.0),
    ("+1", -0.53, -0.534447),
    ("exp", -0.53, -0.534447),
    ("×(−1)", -0.20, -0.196612),
    ("+", 0.20, 0.196612),
    ("+", 0.20, 0.196612),
]


def test_sigmoid_neuron_gate_by_gate():
    t = trace(neuron(circuit)[0])
    gates = [n for n in t.nodes if not n.is_leaf]
    assert [g.symbol for g in gates] == [symbol for symbol, _, _ in FORWARD]
    for gate, (_, lecture, exact) in zip(gates, FORWARD, strict=True):
        assert gate.value == near(exact)
        assert round(gate.value, 2) == lecture
    backward = [g for g in reversed(gates) if g.symbol != "×"]
    assert [g.symbol for g in backward] == [symbol for symbol, _, _ in BACKWARD]
    for gate, (_, lecture, exact) in zip(backward, BACKWARD, strict=True):
        assert gate.grad == near(exact)
        assert round(gate.grad, 2) == lecture


def test_downstream_is_local_times_upstream_on_every_edge_of_the_neuron():
    t = trace(neuron(circuit)[0])
    assert len(t.edges) == 12
    assert all(e.downstream == e.local * e.upstream for e in t.edges)
    formulas = {e.output.symbol: e.formula for e in t.edges if e.output.symbol in ("1/x", "exp", "+1", "×(−1)")}
    assert formulas == {"1/x": "−1/x²", "exp": "exp(x)", "+1": "1", "×(−1)": "−1"}


def test_the_local_derivative_of_the_sigmoid_gate_comes_from_its_output():
    z = Value(1.0, label="z")
    (edge,) = trace(z.sigmoid()).edges
    assert edge.local == near(0.196612)  # lecture: (1 − σ)σ = .2
    assert saved(sg.sigmoid, 0) == {"output"}


def test_the_gradients_of_a_product_are_crosswise():
    x, y, upstream = Value(3.0), Value(-4.0), 2.5
    (x * y).backward(upstream)
    assert (x.grad, y.grad) == (-4.0 * upstream, 3.0 * upstream)


# --- the network 3-3-2 without biases --------------------------------------------------------------------------------

X = (0.5, 0.9, -0.3)
HIDDEN = ((1, -2, 2), (2, 1, -4), (1, -1, 0))
OUTPUT = ((-3, 1, -3), (0, 1, 2))
Z_HIDDEN = [(-1.9, -1.9), (3.1, 3.1), (-0.4, -0.4)]  # lecture says, exact
A_HIDDEN = [(0.13, 0.130108), (0.96, 0.956893), (0.40, 0.401312)]
A_OUTPUT = [(0.35, 0.345841), (0.85, 0.853149)]


def layer(rows, inputs):
    """The weighted sums of a layer."""
    return [sum(w * x for w, x in zip(row, inputs, strict=True)) for row in rows]


def network():
    """The network as scalar code: inputs, weights by layer, weighted sums and outputs by layer."""
    x = values(X, "x")
    weights = [
        [values(row, f"{name}{i}") for i, row in enumerate(rows)] for name, rows in (("h", HIDDEN), ("o", OUTPUT))
    ]
    z_hidden = layer(weights[0], x)
    hidden = [z.sigmoid() for z in z_hidden]
    z_output = layer(weights[1], hidden)
    return x, weights, z_hidden, hidden, z_output, [z.sigmoid() for z in z_output]


def test_network_forward():
    _, _, z_hidden, hidden, _, output = network()
    for nodes, table in ((z_hidden, Z_HIDDEN), (hidden, A_HIDDEN), (output, A_OUTPUT)):
        for node, (lecture, exact) in zip(nodes, table, strict=True):
            assert node.data == near(exact)
            assert round(node.data, 2) == lecture


def test_network_forward_from_rounded_hidden_values_as_the_lecture_has_it():
    rounded = [0.13, 0.96, 0.40]
    assert sg.sigmoid(layer(OUTPUT, rounded)[0]) == near(0.347511)


def test_network_forward_as_matrix_times_vector():
    as_values = np.vectorize(Value, otypes=[object])
    hidden = sg.sigmoid(as_values(np.array(HIDDEN)) @ np.array(X))
    output = sg.sigmoid(as_values(np.array(OUTPUT)) @ hidden)
    assert [x.data for x in output] == pytest.approx([exact for _, exact in A_OUTPUT], abs=6e-7)


BACKPROP = [  # of E = ½(O − T)², T = .9, by what; exact
    ("the output's weighted sum", [-0.125370]),
    ("the output's weights", [-0.016312, -0.119966, -0.050313]),
    ("the hidden weighted sums", [0.042568, -0.005171, 0.090365]),
    ("the inputs", [0.122590, -0.180673, 0.105822]),
]


def test_network_backprop():
    x, weights, z_hidden, hidden, z_output, output = network()
    error = 0.5 * (output[0] - 0.9) ** 2
    error.backward()
    found = [[z_output[0]], weights[1][0], z_hidden, x]
    for nodes, (what, exact) in zip(found, BACKPROP, strict=True):
        assert [node.grad for node in nodes] == pytest.approx(exact, abs=6e-7), what
    i, o = hidden[0].data, output[0].data
    assert weights[1][0][0].grad == near(i * (o - 0.9) * o * (1 - o))
    from_rounded_numbers = 0.13 * (0.35 - 0.9) * 0.35 * (1 - 0.35)  # as the lecture has it
    assert from_rounded_numbers == near(-0.016266)
    assert [w.grad for w in weights[1][1]] == [0.0] * 3  # the other output has no part in this error


# --- losses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("t", "label", "p_lecture", "p_exact", "loss_lecture", "loss_exact"),
    [
        (10, 1, 0.99, 0.999955, -math.log(0.99), 0.0000454),  # an error in the lecture: σ(10) is not .99
        (-1, 0, 0.26, 0.268941, -math.log(0.74), 0.313262),  # the lecture cuts digits off
    ],
)
def test_two_class_log_loss(t, label, p_lecture, p_exact, loss_lecture, loss_exact):
    z = Value(t)
    p = z.sigmoid()
    loss = -(label * p.log() + (1 - label) * (1 - p).log())
    assert p.data == near(p_exact)
    assert loss.data == near(loss_exact)
    assert z.bce_with_logits(label).data == near(loss_exact)
    assert p.data == pytest.approx(p_lecture, abs=0.01)
    assert loss.data == pytest.approx(loss_lecture, abs=0.0125)
    loss.backward()
    assert z.grad == pytest.approx(p.data - label)


SOFTMAX = [  # logits, right class, lecture says, exact, loss
    ([5, 4, 2], 0, [0.71, 0.26, 0.04], [0.705385, 0.259496, 0.035119], 0.349012),  # the printed row sums to 1.01
    ([4, 2, 8], 2, [0.02, 0.00, 0.98], [0.017943, 0.002428, 0.979629], 0.020581),
    ([4, 4, 1], 1, [0.49, 0.49, 0.02], [0.487856, 0.487856, 0.024289], 0.717736),
]


def softmax(logits):
    powers = [z.exp() for z in logits]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize(("logits", "right", "lecture", "exact", "loss"), SOFTMAX)
def test_softmax_and_its_cross_entropy(logits, right, lecture, exact, loss):
    z = values(logits, "z")
    p = softmax(z)
    assert [x.data for x in p] == pytest.approx(exact, abs=6e-7)
    assert [round(x.data, 2) for x in p] == lecture
    cross_entropy = -p[right].log()
    assert cross_entropy.data == near(loss)
    cross_entropy.backward()
    y = [float(k == right) for k in range(3)]
    assert [x.grad for x in z] == pytest.approx([q.data - label for q, label in zip(p, y)], abs=1e-12)


def test_the_sum_of_the_three_cross_entropies():
    assert sum(-math.log(exact[right]) for _, right, _, exact, _ in SOFTMAX) == pytest.approx(1.087329, abs=2e-6)
    assert sum(loss for *_, loss in SOFTMAX) == near(1.087329)


JACOBIAN = [  # S_i(δ_ik − S_k) at (5, 4, 2)
    [0.207817, -0.183045, -0.024772],
    [-0.183045, 0.192158, -0.009113],
    [-0.024772, -0.009113, 0.033886],
]


def test_the_jacobian_of_softmax():
    jacobian = []
    for i in range(3):
        z = values((5, 4, 2), "z")
        softmax(z)[i].backward()
        jacobian.append([x.grad for x in z])
    assert np.array(jacobian) == pytest.approx(np.array(JACOBIAN), abs=6e-7)
    assert [sum(row) for row in jacobian] == pytest.approx([0.0] * 3, abs=1e-12)
    s = SOFTMAX[0][3]
    assert np.array(JACOBIAN) == pytest.approx(np.diag(s) - np.outer(s, s), abs=2e-6)


def bce(p, y):
    return -(y * p.log() + (1 - y) * (1 - p).log())


@pytest.mark.parametrize("loss", [lambda z, y: bce(z.sigmoid(), y), lambda z, y: z.bce_with_logits(y)])
def test_the_gradient_of_bce_after_a_sigmoid_is_sigmoid_minus_label(loss):
    z = Value(0.5)
    at = loss(z, 0.8)
    at.backward()
    assert at.data == near(0.574077)
    assert z.grad == near(-0.177541)
    assert z.grad == pytest.approx(1 / (1 + math.exp(-0.5)) - 0.8)


def test_the_least_bce_of_a_soft_label_is_not_zero():
    z = Value(math.log(0.8 / 0.2))  # σ(z) = .8
    loss = z.bce_with_logits(0.8)
    loss.backward()
    assert loss.data == near(0.500402)
    assert z.grad == pytest.approx(0.0, abs=1e-15)


# --- graphs, logic, layers, descent ----------------------------------------------------------------------------------


def test_the_graph_d_is_b_a_plus_one_gives_three_everywhere():
    a = np.array([Value(1.0) for _ in range(10)])
    b = np.array([Value(2.0) for _ in range(10)])
    c = b * a
    d = c + 1
    assert [x.data for x in d] == [3.0] * 10
    d[0].backward()
    assert (a[0].grad, b[0].grad, c[0].grad, a[1].grad) == (2.0, 1.0, 1.0, 0.0)


def test_root_of_exp_of_a_product_with_a_sum():
    x1, x2, x3 = values((1, 2, 0.5), "x")
    y = sg.sqrt(sg.exp(sg.mul(x3, sg.add(x1, x2))))
    y.backward()
    assert y.data == near(2.117000)
    assert [x.grad for x in (x1, x2, x3)] == pytest.approx([0.529250, 0.529250, 3.175500], abs=6e-7)


def fires(z):
    """A neuron with a threshold, [z > 0]."""
    return sg.greater(z, 0)


LOGIC = {
    "and": (lambda x1, x2: fires(x1 + x2 - 3 / 2), lambda p, q: p and q),
    "or": (lambda x1, x2: fires(x1 + x2 - 1 / 2), lambda p, q: p or q),
    "not": (lambda x1, x2: fires(-x1 + 1 / 2), lambda p, q: not p),
    "xor, with a product": (lambda x1, x2: fires(x1 + x2 - 2 * x1 * x2 - 1 / 2), lambda p, q: p != q),
    "xor, of neurons": (
        lambda x1, x2: fires(fires(x1 + x2 - 1 / 2) - fires(x1 + x2 - 3 / 2) - 1 / 2),
        lambda p, q: p != q,
    ),
}


@pytest.mark.parametrize("name", LOGIC)
@pytest.mark.parametrize("p", [False, True])
@pytest.mark.parametrize("q", [False, True])
def test_a_threshold_neuron_computes_a_truth_table(name, p, q):
    network, truth = LOGIC[name]
    assert network(Value(p), Value(q)).data == float(truth(p, q))
    assert network(float(p), float(q)) == float(truth(p, q))


def test_rosenblatts_perceptron_fires_at_zero_already():
    assert Value(0.0).heaviside().data == 1.0
    assert Value(0.0).greater(0).data == 0.0


def test_stacked_linear_layers_are_one_linear_layer():
    x1, x2 = Value(0.7), Value(-1.3)
    (w11, w12, w21, w22), (w1, w2) = (0.3, -2.0, 1.1, 0.6), (1.5, -0.4)
    y = w1 * (w11 * x1 + w21 * x2) + w2 * (w12 * x1 + w22 * x2)
    y.backward()
    gamma1, gamma2 = w1 * w11 + w2 * w12, w1 * w21 + w2 * w22
    assert (x1.grad, x2.grad) == (pytest.approx(gamma1), pytest.approx(gamma2))
    assert y.data == pytest.approx(gamma1 * 0.7 + gamma2 * -1.3)


@pytest.mark.parametrize(
    ("rate", "growth"),
    [
        (2.5, -1.1),  # the lecture's run: the error grows 1.1 times a step
        (2 / 0.84, -1.0),  # the largest rate, 2/λ = 2.380952 (lecture: 2.38)
        (1 / 0.84, 0.0),  # the best rate, 1/λ
        (0.2, 1 - 0.2 * 0.84),
    ],
)
def test_gradient_descent_on_a_parabola_whose_curvature_is_084(rate, growth):
    assert pytest.approx(2.380952, abs=6e-7) == 2 / 0.84
    w = Value(1.0)
    (0.5 * 0.84 * w * w).backward()
    assert w.data - rate * w.grad == pytest.approx(growth, abs=1e-12)
