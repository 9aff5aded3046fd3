"""The first four derivatives of tanh at many places at once; as autograd's tanh.py."""

import fastpath.numpy as np  # autograd: import autograd.numpy as np
from scalargrad import elementwise_grad as egrad  # autograd: from autograd import elementwise_grad as egrad


def tanh(x):
    return (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-(2 * x)))


def main():
    x = np.linspace(-7, 7, 701)
    curves = [tanh(x), egrad(tanh)(x), egrad(egrad(tanh))(x), egrad(egrad(egrad(tanh)))(x)]
    curves.append(egrad(egrad(egrad(egrad(tanh))))(x))
    return {"at 0.7": [curve[385] for curve in curves], "largest": [np.max(curve) for curve in curves]}


EXPECTED = {
    "at 0.7": [0.604367777117, 0.634739589982, -0.767232310092, 0.121592277383, 2.77498342278],
    "largest": [0.999998336944, 1.0, 0.769796801076, 0.666597455485, 4.08584541307],
}
