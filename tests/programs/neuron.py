"""The neuron of micrograd's lecture, and its net of 41 parameters that learns four examples; as "The spelled-out intro to
neural networks and backpropagation"."""

import random

from scalargrad.micrograd.engine import Value  # micrograd: from micrograd.engine import Value
from scalargrad.micrograd.nn import MLP  # micrograd: from micrograd.nn import MLP


def main():
    x1, x2 = Value(2.0), Value(0.0)
    w1, w2, b = Value(-3.0), Value(1.0), Value(6.8813735870195432)
    o = (x1 * w1 + x2 * w2 + b).relu()
    o.backward()
    leaves = [x1, w1, x2, w2, b]

    random.seed(0)
    n = MLP(3, [4, 4, 1])
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    losses = []
    for _ in range(20):
        loss = sum((guess - y) ** 2 for y, guess in zip(ys, [n(x) for x in xs]))
        for p in n.parameters():
            p.grad = 0.0
        loss.backward()
        for p in n.parameters():
            p.data += -0.01 * p.grad
        losses.append(loss.data)
    return {
        "o": o.data,
        "gradients": [leaf.grad for leaf in leaves],
        "losses": losses[::6],
        "guesses": [n(x).data for x in xs],
        "numbers": len(n.parameters()),
    }


EXPECTED = {
    "o": 0.88137358702,
    "gradients": [-3.0, 2.0, 1.0, 0.0, 1.0],
    "losses": [31.3111021629, 2.72388308697, 1.93069880117, 1.32773148723],
    "guesses": [1.08785691702, -0.712404650789, -0.328635074243, 0.192175314538],
    "numbers": 41.0,
}
