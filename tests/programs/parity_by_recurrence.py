"""A recurrent net that says whether a row of bits has an odd number of ones; after the CogWorks course's recurrent nets,
which use MyGrad."""

import numpy as np

import fastpath as mg  # mygrad: import mygrad as mg
from fastpath import cross_entropy  # mygrad: from mygrad.nnet import softmax_crossentropy as cross_entropy
from fastpath.nn import Parameter as tensor  # mygrad: from mygrad import tensor


def scores(params, bits):
    U, W, b, V = params
    hidden = np.zeros((bits.shape[1], W.shape[0]))
    for bit in bits:
        hidden = mg.tanh(mg.matmul(bit, U) + mg.matmul(hidden, W) + b)
    return mg.matmul(hidden, V)


def main():
    random = np.random.RandomState(3)
    bits = random.randint(0, 2, (4, 16, 1)).astype(float)
    labels = (bits.sum(axis=(0, 2)) % 2).astype(int)
    params = [tensor(0.7 * random.randn(*shape)) for shape in ((1, 8), (8, 8), (8,), (8, 2))]
    losses = []
    for step in range(80):
        loss = cross_entropy(scores(params, bits), labels)
        loss.backward()
        if step == 0:
            first = params[1].grad[0, :4]
        params = [tensor(p.data - 0.3 * p.grad) for p in params]
        losses.append(loss.item())
    return {"losses": losses[::20], "first gradient": first, "V": params[3].data[0]}


EXPECTED = {
    "losses": [0.875390386101, 0.425293387496, 0.338673850384, 0.254157834526],
    "first gradient": [-0.0389009581562, -0.0564864084172, -0.148176172388, 0.00569816681081],
    "V": [0.915915958594, -0.245230307288],
}
TOLERANCE = 1e-8
